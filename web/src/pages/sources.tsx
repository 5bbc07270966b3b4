/** Who sends lines, how their clocks go, what is lost on the way, and what could not be read. */
import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { EventsLink } from '../components/events-link.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
import { Part } from '../components/part.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import { Rows } from '../components/rows.tsx'
import type { Reply } from '../data/api.ts'
import { conditionOf } from '../data/records-filter.ts'
import { statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { RegisteredDevices } from './sources/registered.tsx'
import { Senders } from './sources/senders.tsx'
import { Said } from '../components/said.tsx'

type Status = Reply<'status'>

/** By name: sorted by who sent last, rows would change places at every look. */
const NAMES = new Intl.Collator(undefined, { numeric: true })

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
              next={
                <Button variant="default" renderRoot={(props) => <Link to="/welcome" {...props} />}>
                  {t('sources.setUp')}
                </Button>
              }
              count={told.devices.length}
            >
              <Devices status={told} />
            </Section>
            <RegisteredDevices />
            <Section
              title={t('sources.senders')}
              empty={t('sources.sendersEmpty')}
              count={told.senders.list.length}
            >
              <Senders senders={told.senders} />
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
  next,
  count,
  children,
}: {
  readonly title: string
  readonly empty: string
  readonly next?: ReactNode
  readonly count: number
  readonly children: ReactNode
}) {
  return <Part title={title}>{count === 0 ? <Empty next={next}>{empty}</Empty> : children}</Part>
}

function Devices({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  return (
    <LongRows
      rows={status.devices.toSorted((one, other) => NAMES.compare(one.device, other.device))}
      keyOf={({ device }) => device}
      textOf={({ device }) => device}
      minWidth={640}
      columns={[
        {
          head: t('device.name'),
          cell: ({ device }) => <EventsLink filter={conditionOf('device_name', device)}>{device}</EventsLink>,
        },
        {
          head: t('device.records'),
          isRight: true,
          cell: ({ records }) => records.toLocaleString(language),
        },
        {
          head: t('device.unparsed'),
          isRight: true,
          cell: ({ unparsed }) => unparsed.toLocaleString(language),
        },
        { head: t('device.clock'), cell: (device) => <Clock device={device} /> },
        {
          head: t('device.last'),
          cell: ({ lastSeenAt }) => <Instant at={lastSeenAt} none={t('common.never')} />,
        },
      ]}
    />
  )
}

const RIGHT_MS = 1000

function Clock({ device }: { readonly device: Status['devices'][number] }) {
  const { t } = useWords()
  const offsetMs = device.clockOffsetMs ?? 0
  if (device.clockInsane)
    return (
      <Badge variant="light" color="orange">
        <span aria-hidden>! </span>
        {t('device.clockInsane')}
      </Badge>
    )
  if (Math.abs(offsetMs) < RIGHT_MS) return t('device.clockRight')
  return t('device.clockOff', { seconds: Math.round(offsetMs / 1000) })
}

function Losses({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  return (
    <LongRows
      rows={status.losses}
      keyOf={({ device, type }) => `${device} ${type}`}
      textOf={({ device, type }) => `${device} ${type}`}
      minWidth={480}
      columns={[
        { head: t('device.name'), cell: ({ device }) => device },
        { head: t('sources.column.type'), cell: ({ type }) => type },
        {
          head: t('device.records'),
          isRight: true,
          cell: ({ records }) => records.toLocaleString(language),
        },
        { head: t('sources.column.lost'), isRight: true, cell: ({ lost }) => <Lost count={lost} /> },
        {
          head: t('sources.column.twice'),
          isRight: true,
          cell: ({ duplicates }) => duplicates.toLocaleString(language),
        },
      ]}
    />
  )
}

function Lost({ count }: { readonly count: number }) {
  const { language } = useWords()
  if (count === 0) return '0'
  return <b className="fresh-late">! {count.toLocaleString(language)}</b>
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
    <Rows
      rows={rows}
      keyOf={({ stage }) => stage}
      minWidth={480}
      columns={[
        { head: t('sources.column.stage'), cell: ({ stage }) => stage },
        {
          head: t('sources.column.taken'),
          isRight: true,
          cell: ({ taken }) => taken.toLocaleString(language),
        },
        { head: t('sources.column.lost'), isRight: true, cell: ({ lost }) => <Lost count={lost} /> },
        {
          head: t('sources.column.waits'),
          isRight: true,
          cell: ({ waits }) => waits?.toLocaleString(language) ?? '',
        },
      ]}
    />
  )
}

const SHAPES_SHOWN = 20

function UnknownLines({ status: { unknownLines } }: { readonly status: Status }) {
  const { t } = useWords()
  const [most, setMost] = useState(SHAPES_SHOWN)
  return (
    <>
      <ul className="unread">
        {unknownLines.slice(0, most).map(({ sender, sample, reason, advice, count }) => (
          <li key={sender + sample}>
            <Group gap="xs" mb={4}>
              <span className="mono">{sender}</span>
              <Text size="sm" fw={600} component="span">
                <Said text={reason} />
              </Text>
              <Text size="sm" c="dimmed" component="span">
                {t('sources.seen', { count })}
              </Text>
            </Group>
            <div className="evidence unread-sample">{sample}</div>
            <Text size="sm" className="sentence">
              <Said text={advice} />
            </Text>
          </li>
        ))}
      </ul>
      {unknownLines.length > most && (
        <Group justify="center" mt="sm">
          <Button variant="default" onClick={() => setMost(most + SHAPES_SHOWN)}>
            {t('common.more')}
          </Button>
        </Group>
      )}
    </>
  )
}
