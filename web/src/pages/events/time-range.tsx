/** The time that is searched: usual spans, times as typed, and steps to earlier, later and wider. */
import { ActionIcon, Button, Group, Popover, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { instantMs, TIME_ZONE } from '../../data/records.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import { shortTime } from './cells.tsx'
import type { ChangeSearch, EventsSearch } from './state.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const SPANS = [
  ['now-15m', 'minutes', 15],
  ['now-1h', 'hours', 1],
  ['now-4h', 'hours', 4],
  ['now-24h', 'days', 1],
  ['now-7d', 'days', 7],
  ['now-30d', 'days', 30],
] as const

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

interface TimeRangeProps {
  readonly search: EventsSearch
  readonly change: ChangeSearch
  /** What is searched now. */
  readonly span: Span | null
  readonly isOpen: boolean
  readonly onOpen: (isOpen: boolean) => void
}

export function TimeRange({ search, change, span, isOpen, onOpen }: TimeRangeProps) {
  const { t, language } = useWords()
  const move = (next: Span) => change({ ...textsOf(next), record: undefined })
  const width = span === null ? 0 : span.toMs - span.fromMs
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon
        variant="default"
        size={36}
        visibleFrom="sm"
        disabled={span === null}
        aria-label={t('events.time.earlier')}
        title={t('events.time.earlier')}
        onClick={() => span !== null && move({ fromMs: span.fromMs - width, toMs: span.fromMs })}
      >
        <span aria-hidden>‹</span>
      </ActionIcon>
      <Popover
        opened={isOpen}
        onChange={onOpen}
        position="bottom-end"
        width={340}
        trapFocus
        returnFocus
        withinPortal
      >
        <Popover.Target>
          <Button
            variant="default"
            onClick={() => onOpen(!isOpen)}
            aria-label={`${t('events.time')}: ${rangeText(search, t, language)}`}
            px="sm"
          >
            {rangeText(search, t, language)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Choices
            key={`${search.from ?? ''} ${search.to ?? ''} ${isOpen}`}
            search={search}
            onChoose={(from, to) => {
              onOpen(false)
              change({ from, to, record: undefined })
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ActionIcon
        variant="default"
        size={36}
        visibleFrom="sm"
        disabled={span === null || span.toMs >= Date.now() - MINUTE_MS}
        aria-label={t('events.time.later')}
        title={t('events.time.later')}
        onClick={() =>
          span !== null && move({ fromMs: span.toMs, toMs: Math.min(Date.now(), span.toMs + width) })
        }
      >
        <span aria-hidden>›</span>
      </ActionIcon>
      <ActionIcon
        variant="default"
        size={36}
        visibleFrom="sm"
        disabled={span === null}
        aria-label={t('events.time.wider')}
        title={t('events.time.wider')}
        onClick={() =>
          span !== null &&
          move({
            fromMs: span.fromMs - width,
            toMs: Math.min(Date.now(), span.toMs + width),
          })
        }
      >
        <span aria-hidden>⤢</span>
      </ActionIcon>
    </Group>
  )
}

function Choices({
  search,
  onChoose,
}: {
  readonly search: EventsSearch
  readonly onChoose: (from: string, to: string | undefined) => void
}) {
  const { t } = useWords()
  const [from, setFrom] = useState(search.from ?? 'now-24h')
  const [to, setTo] = useState(search.to ?? '')
  const nowMs = Date.now()
  const fromMs = instantMs(from, nowMs)
  const toMs = to.trim() === '' ? nowMs : instantMs(to, nowMs)
  const isBackwards = fromMs !== null && toMs !== null && toMs <= fromMs
  return (
    <Stack gap="sm">
      <SimpleGrid cols={2} spacing={6} verticalSpacing={6}>
        {SPANS.map(([text, unit, count], i) => (
          <Button
            key={text}
            size="compact-sm"
            fw={500}
            variant={text === (search.from ?? 'now-24h') && search.to === undefined ? 'light' : 'default'}
            onClick={() => onChoose(text, undefined)}
            {...(i === 0 ? { 'data-autofocus': true } : {})}
          >
            {t('events.time.last', { span: t(`events.time.${unit}`, { count }) })}
          </Button>
        ))}
      </SimpleGrid>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (fromMs !== null && toMs !== null && !isBackwards)
            onChoose(from.trim(), to.trim() === '' ? undefined : to.trim())
        }}
      >
        <Stack gap="xs">
          <TextInput
            label={t('events.time.from')}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            error={fromMs === null ? t('events.time.bad') : null}
          />
          <TextInput
            label={t('events.time.to')}
            placeholder={t('events.time.now')}
            description={t('events.time.toHint')}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={toMs === null ? t('events.time.bad') : isBackwards ? t('events.time.backwards') : null}
          />
          <Text size="xs" c="dimmed">
            {t('events.time.forms', { zone: TIME_ZONE })}
          </Text>
          <Group justify="flex-end">
            <Button type="submit" disabled={fromMs === null || toMs === null || isBackwards}>
              {t('events.time.apply')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  )
}

/** Times that somebody chose with the mouse, as the URL keeps them. */
export function textsOf({ fromMs, toMs }: Span): { readonly from: string; readonly to: string } {
  return { from: new Date(Math.floor(fromMs)).toISOString(), to: new Date(Math.ceil(toMs)).toISOString() }
}

export function rangeText({ from = 'now-24h', to }: EventsSearch, t: Translate, language: string): string {
  const usual = to === undefined ? SPANS.find(([text]) => text === from) : undefined
  if (usual !== undefined)
    return t('events.time.last', { span: t(`events.time.${usual[1]}`, { count: usual[2] }) })
  return `${oneTime(from, language)} – ${to === undefined ? t('events.time.now') : oneTime(to, language)}`
}

function oneTime(text: string, language: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text)) return text
  const { day, time } = shortTime(text, language)
  return day === '' ? time : `${day} ${time}`
}

/** `10 min`, for the width of a bar. */
export function spanText(ms: number, language: string): string {
  const [unit, size] =
    ms >= DAY_MS
      ? (['day', DAY_MS] as const)
      : ms >= HOUR_MS
        ? (['hour', HOUR_MS] as const)
        : ms >= MINUTE_MS
          ? (['minute', MINUTE_MS] as const)
          : (['second', 1000] as const)
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(ms / size)
}
