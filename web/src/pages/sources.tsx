/** Who sends lines, how their clocks go, what is lost on the way, and what could not be read. */
import { Alert, Badge, Stack, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { EventsLink } from '../components/events-link.tsx'
import { Instant } from '../components/instant.tsx'
import { Part } from '../components/part.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { conditionOf } from '../data/records-filter.ts'
import { statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { RegisteredDevices } from './sources/registered.tsx'

type Status = Reply<'status'>

export function SourcesPage() {
  const { t } = useWords()
  const status = useQuery(statusQuery)
  return (
    <>
      <PageHead title={t('sources.title')} />
      <Answer query={status}>
        {(told) => (
          <Stack gap="md">
            <Section
              title={t('overview.devices')}
              empty={t('overview.devicesEmpty')}
              count={told.devices.length}
            >
              <Devices status={told} />
            </Section>
            <RegisteredDevices />
            <Section
              title={t('sources.senders')}
              empty={t('overview.devicesEmpty')}
              count={told.senders.list.length}
            >
              <Senders status={told} />
            </Section>
            <Section title={t('sources.stages')} empty="" count={1}>
              <Stages status={told} />
            </Section>
            <Section title={t('sources.loss')} empty={t('sources.lossEmpty')} count={told.losses.length}>
              <Losses status={told} />
            </Section>
            <Section
              title={t('sources.unknownLines')}
              empty={t('sources.unknownEmpty')}
              count={told.unknownLines.length}
            >
              <UnknownLines status={told} />
            </Section>
          </Stack>
        )}
      </Answer>
    </>
  )
}

function Section({
  title,
  empty,
  count,
  children,
}: {
  readonly title: string
  readonly empty: string
  readonly count: number
  readonly children: ReactNode
}) {
  return <Part title={title}>{count === 0 ? <Empty>{empty}</Empty> : children}</Part>
}

function Devices({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('device.name')}</Table.Th>
            <Table.Th ta="right">{t('device.records')}</Table.Th>
            <Table.Th ta="right">{t('device.unparsed')}</Table.Th>
            <Table.Th>{t('device.clock')}</Table.Th>
            <Table.Th>{t('device.last')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.devices.map((device) => (
            <Table.Tr key={device.device}>
              <Table.Td>
                <EventsLink filter={conditionOf('device_name', device.device)}>{device.device}</EventsLink>
              </Table.Td>
              <Table.Td ta="right">{device.records.toLocaleString(language)}</Table.Td>
              <Table.Td ta="right">{device.unparsed.toLocaleString(language)}</Table.Td>
              <Table.Td>
                {device.clockInsane
                  ? t('device.clockInsane')
                  : Math.abs(device.clockOffsetMs ?? 0) < 1000
                    ? t('device.clockRight')
                    : t('device.clockOff', { seconds: Math.round((device.clockOffsetMs ?? 0) / 1000) })}
              </Table.Td>
              <Table.Td>
                <Instant at={device.lastSeenAt} none={t('common.never')} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Senders({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('sources.column.sender')}</Table.Th>
            <Table.Th>{t('sources.column.way')}</Table.Th>
            <Table.Th>{t('blocks.column.state')}</Table.Th>
            <Table.Th ta="right">{t('device.records')}</Table.Th>
            <Table.Th ta="right">{t('device.unparsed')}</Table.Th>
            <Table.Th>{t('device.last')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.senders.list.map((sender) => (
            <Table.Tr key={`${sender.sender} ${sender.transport}`}>
              <Table.Td className="mono">{sender.sender}</Table.Td>
              <Table.Td>{sender.transport}</Table.Td>
              <Table.Td>
                <Badge color={sender.known ? 'blue' : 'orange'} variant="light" tt="none">
                  {sender.known ? t('sources.known') : t('sources.pending')}
                </Badge>
              </Table.Td>
              <Table.Td ta="right">{sender.lines.toLocaleString(language)}</Table.Td>
              <Table.Td ta="right">{sender.unparsed.toLocaleString(language)}</Table.Td>
              <Table.Td>
                <Instant at={sender.lastSeenAt} none={t('common.never')} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Losses({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('device.name')}</Table.Th>
            <Table.Th>{t('sources.column.type')}</Table.Th>
            <Table.Th ta="right">{t('device.records')}</Table.Th>
            <Table.Th ta="right">{t('sources.column.lost')}</Table.Th>
            <Table.Th ta="right">{t('sources.column.twice')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.losses.map(({ device, type, records, lost, duplicates }) => (
            <Table.Tr key={`${device} ${type}`}>
              <Table.Td>{device}</Table.Td>
              <Table.Td>{type}</Table.Td>
              <Table.Td ta="right">{records.toLocaleString(language)}</Table.Td>
              <Table.Td ta="right">{lost.toLocaleString(language)}</Table.Td>
              <Table.Td ta="right">{duplicates.toLocaleString(language)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function sumOf(counters: Readonly<Record<string, number>>, names: RegExp): number {
  return Object.entries(counters).reduce((sum, [name, count]) => (names.test(name) ? sum + count : sum), 0)
}

/** Of all that came, what was lost where: at the socket, in the queue, in reading, on the way into the store. */
function Stages({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  const { inputs, parser, store } = status
  const rows = [
    ...inputs.map(({ name, address, counters }) => ({
      stage: `${name}${address === null ? '' : ` ${address}`}`,
      taken: counters['received'] ?? counters['lines'] ?? 0,
      lost: (counters['kernelDrops'] ?? 0) + (counters['shed'] ?? 0) + (counters['framingErrors'] ?? 0),
      waits: null,
    })),
    {
      stage: t('sources.stage.read'),
      taken: sumOf(parser, /^(?:un)?parsed /),
      lost: sumOf(parser, /^unparsed /),
      waits: null,
    },
    {
      stage: t('sources.stage.store'),
      taken: store.counters['storedRecords'] ?? 0,
      lost: store.counters['quarantinedSegments'] ?? 0,
      waits: store.counters['waitingSegments'] ?? 0,
    },
  ]
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('sources.column.stage')}</Table.Th>
            <Table.Th ta="right">{t('sources.column.taken')}</Table.Th>
            <Table.Th ta="right">{t('sources.column.lost')}</Table.Th>
            <Table.Th ta="right">{t('sources.column.waits')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ stage, taken, lost, waits }) => (
            <Table.Tr key={stage}>
              <Table.Td>{stage}</Table.Td>
              <Table.Td ta="right">{taken.toLocaleString(language)}</Table.Td>
              <Table.Td ta="right">
                {lost > 0 ? (
                  <b className="fresh-late">! {lost.toLocaleString(language)}</b>
                ) : (
                  lost.toLocaleString(language)
                )}
              </Table.Td>
              <Table.Td ta="right">{waits === null ? '' : waits.toLocaleString(language)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function UnknownLines({ status }: { readonly status: Status }) {
  return (
    <Stack gap="sm">
      {status.unknownLines.map(({ sender, sample, reason, advice, count }) => (
        <Alert key={sender + sample} color="gray" variant="light" title={`${sender} · ${count}× · ${reason}`}>
          <div className="evidence">{sample}</div>
          {advice}
        </Alert>
      ))}
    </Stack>
  )
}
