/** Who sends lines, how their clocks go, what is lost on the way, and what could not be read. */
import { Alert, Badge, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Instant } from '../components/instant.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
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
          <Stack gap="xl">
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
  return (
    <section>
      <Text component="h2" fz="h2" fw={600} mt={0} mb="xs">
        {title}
      </Text>
      {count === 0 ? <Empty>{empty}</Empty> : children}
    </section>
  )
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
              <Table.Td>{device.device}</Table.Td>
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
  const { language } = useWords()
  return (
    <Table>
      <Table.Tbody>
        {status.losses.map(({ device, type, records, lost }) => (
          <Table.Tr key={`${device} ${type}`}>
            <Table.Td>{device}</Table.Td>
            <Table.Td>{type}</Table.Td>
            <Table.Td ta="right">
              {lost.toLocaleString(language)} / {(records + lost).toLocaleString(language)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
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
