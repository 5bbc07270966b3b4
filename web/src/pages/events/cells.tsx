/** Values of a record as people read them: words with a sign, times in the browser's zone, strange signs written out. */
import type { ReactNode } from 'react'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import type { Reply } from '../../data/api.ts'
import type { LogRow } from '../../data/records.ts'
import type { TextKey } from '../../i18n/en.ts'
import type { Translate } from '../../i18n/language.tsx'
import type { Column } from './columns.ts'

export type AddressStates = ReadonlyMap<string, Reply<'addressStates'>['states'][number]>

/** What the firewall did: each with a sign of its own, so that it is no matter of colour. */
const SIGNS = { blocked: '■', allowed: '▷', alerted: '▲', unknown: '·' } as const
const LEVELS = { critical: '▮▮▮▮', high: '▮▮▮▯', medium: '▮▮▯▯', low: '▮▯▯▯', informational: '▯▯▯▯' } as const
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

export function textOf(row: LogRow, field: string): string | null {
  const value = row[field] ?? null
  if (value === null || value === '') return null
  return Array.isArray(value) ? value.join(' ') : String(value)
}

export function numberOf(row: LogRow, field: string): number | null {
  const value = row[field]
  return typeof value === 'number' ? value : null
}

export function dispositionOf(row: LogRow): keyof typeof SIGNS {
  const value = textOf(row, 'disposition')
  return value !== null && value in SIGNS ? (value as keyof typeof SIGNS) : 'unknown'
}

/** `1.2 MB` of decimal units. */
export function sizeText(bytes: number, language: string): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const amount = bytes / 1000 ** step
  return `${amount.toLocaleString(language, { maximumFractionDigits: step === 0 || amount >= 100 ? 0 : 1 })} ${UNITS[step]}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(language: string, kind: 'time' | 'date' | 'exact'): Intl.DateTimeFormat {
  const key = `${language} ${kind}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const format = new Intl.DateTimeFormat(
    language,
    kind === 'time'
      ? time
      : kind === 'date'
        ? { day: '2-digit', month: '2-digit' }
        : { ...time, day: 'numeric', month: 'short', year: 'numeric', timeZoneName: 'short' },
  )
  formats.set(key, format)
  return format
}

export function exactTime(iso: string, language: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : formatOf(language, 'exact').format(at)
}

/** The day where it is not today's, then the time to the second. */
export function shortTime(iso: string, language: string): { readonly day: string; readonly time: string } {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return { day: '', time: iso }
  const isToday = at.toDateString() === new Date().toDateString()
  return {
    day: isToday ? '' : formatOf(language, 'date').format(at),
    time: formatOf(language, 'time').format(at),
  }
}

export function TimeText({ iso, language }: { readonly iso: string; readonly language: string }) {
  const { day, time } = shortTime(iso, language)
  return (
    <time dateTime={iso} title={exactTime(iso, language)}>
      {day !== '' && <span className="ev-day">{day} </span>}
      {time}
    </time>
  )
}

export function ActionText({ row, t }: { readonly row: LogRow; readonly t: Translate }) {
  const disposition = dispositionOf(row)
  const word = textOf(row, 'action')
  return (
    <span className={`ev-action ev-${disposition}`}>
      <span aria-hidden className="ev-sign">
        {SIGNS[disposition]}
      </span>
      {word === null ? t(`events.disposition.${disposition}`) : visibleText(word)}
    </span>
  )
}

export function SeverityText({ severity, t }: { readonly severity: string; readonly t: Translate }) {
  const isKnown = severity in LEVELS
  const level = severity as keyof typeof LEVELS
  if (!isKnown) return <>{visibleText(severity)}</>
  return (
    <span className={`ev-level ev-level-${level}`}>
      <span aria-hidden className="ev-bars">
        {LEVELS[level]}
      </span>
      {t(`events.severity.${level}` as TextKey)}
    </span>
  )
}

/** What is decided about a source, beside it. */
export function SourceState({
  address,
  states,
  t,
}: {
  readonly address: string
  readonly states: AddressStates
  readonly t: Translate
}) {
  const known = states.get(address)
  if (known === undefined) return null
  const isBlocked = known.state === 'blocked'
  return (
    <span
      className={isBlocked ? 'ev-chip ev-chip-blocked' : 'ev-chip'}
      title={
        isBlocked ? t('events.source.blockedBy', { rule: known.rule ?? '' }) : t('events.source.allowedHint')
      }
    >
      {isBlocked ? t('events.source.blocked') : t('events.source.allowed')}
    </span>
  )
}

interface CellProps {
  readonly row: LogRow
  readonly column: Column
  readonly states: AddressStates
  readonly language: string
  readonly t: Translate
}

/** The content of one cell; null where the value is unknown. */
export function cellOf({ row, column, states, language, t }: CellProps): ReactNode {
  const { field, kind } = column
  if (kind === 'bytes') {
    const bytes =
      field === 'bytes'
        ? sumOf(numberOf(row, 'bytesSent'), numberOf(row, 'bytesReceived'))
        : numberOf(row, field)
    return bytes === null ? null : sizeText(bytes, language)
  }
  if (kind === 'action') return <ActionText row={row} t={t} />
  const text = textOf(row, field)
  if (text === null) return null
  switch (kind) {
    case 'time':
      return <TimeText iso={text} language={language} />
    case 'severity':
      return <SeverityText severity={text} t={t} />
    case 'source':
      return (
        <span className="ev-source">
          <span className="ev-address">{visibleText(text)}</span>
          <SourceState address={text} states={states} t={t} />
        </span>
      )
    case 'address':
      return <span className="ev-address">{visibleText(text)}</span>
    case 'number':
    case 'list':
    case 'text':
      return visibleText(text)
  }
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0)
}
