/**
 * `search` and `top`: stored records of the running service by the filter language (docs/search.md). Tables are for
 * people; json lines and CSV carry the whole record, and CSV is safe in spreadsheets.
 */
import type { Reply } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import { csvLine } from '../lib/csv.ts'
import { PALOALTO_CSV_FIELDS, paloaltoCsvRow } from '../model/paloalto-csv-row.ts'
import { formatInstant, INSTANT_FORMS, parseInstant } from '../lib/time-text.ts'
import { type CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions, sinceOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

type StoredView = Reply<'exportRecords'>

export interface SearchOptions extends ServiceOptions {
  readonly since?: string
  readonly until?: string
  readonly fields?: string
  readonly limit?: string
  readonly output?: string
}

const OUTPUTS = ['table', 'json', 'jsonl', 'csv', 'pan-csv'] as const
type Output = (typeof OUTPUTS)[number]

const PAGE = 1000
const TABLE_LIMIT = 100
const TABLE_FIELDS = [
  'receivedAt',
  'device',
  'action',
  'sourceAddress',
  'destinationAddress',
  'destinationPort',
  'protocol',
  'application',
  'rule',
  'severity',
  'threatName',
]
const CSV_FIELDS = [
  'id',
  'receivedAt',
  'eventTime',
  ...TABLE_FIELDS.slice(1),
  'sourcePort',
  'sourceUser',
  'raw',
]
const HEADINGS: Readonly<Record<string, string>> = {
  receivedAt: 'TIME',
  sourceAddress: 'SOURCE',
  destinationAddress: 'DESTINATION',
  destinationPort: 'PORT',
  threatName: 'THREAT',
}

export async function search(io: CliIo, words: readonly string[], options: SearchOptions): Promise<void> {
  const output = outputOf(options)
  const names = fieldsOf(options, output)
  const limit = limitOf(options.limit)
  const question = {
    filter: words.join(' '),
    ...rangeOf(io, options),
    ...(names === null ? {} : { fields: names }),
  }
  if (output === 'table') await printTable(io, options, question, names ?? TABLE_FIELDS, limit ?? TABLE_LIMIT)
  else await printAll(io, options, question, { output, names: names ?? CSV_FIELDS, limit })
}

interface Question {
  filter: string
  since?: string
  until?: string
  fields?: string[]
}

async function printTable(
  io: CliIo,
  options: SearchOptions,
  question: Question,
  names: readonly string[],
  limit: number,
): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(
      output,
      names.map((name) => HEADINGS[name] ?? name.toUpperCase()),
    )
    let left = limit
    let cursor: string | null = null
    do {
      const page: Reply<'queryRecords'> = await client.call('queryRecords', {
        ...question,
        limit: Math.min(PAGE, left),
        ...(cursor === null ? {} : { cursor }),
      })
      for (const record of page.items) await table.row(names.map((name) => cellOf(io, name, record[name])))
      left -= page.items.length
      cursor = page.nextCursor
    } while (cursor !== null && left > 0)
    await table.end()
    const count = limit - left
    await output.line(
      `${count} ${count === 1 ? 'record' : 'records'}${cursor === null ? '' : '; there are more: --limit shows them'}`,
    )
  })
}

function cellOf(io: CliIo, name: string, value: StoredView[string] | undefined): string {
  if (value === undefined || value === null) return ''
  if ((name === 'receivedAt' || name === 'eventTime') && typeof value === 'string')
    return formatInstant(Date.parse(value), io.timeZone).slice(0, 19)
  return Array.isArray(value) ? value.join(' ') : String(value)
}

async function printAll(
  io: CliIo,
  options: SearchOptions,
  question: Question,
  { output: form, names, limit }: { output: Output; names: readonly string[]; limit: number | null },
): Promise<void> {
  const client = clientOf(io, options)
  const rows = client.rows('exportRecords', { ...question, ...(limit === null ? {} : { limit }) })
  await printing(io, async (output) => {
    if (form === 'csv') await output.line(csvLine(names).trimEnd())
    let count = 0
    if (form === 'json') await output.line('[')
    for await (const record of rows) {
      await printRecord(output, form, names, record, count)
      count++
    }
    if (form === 'json') await output.line(count === 0 ? ']' : '\n]')
  })
}

async function printRecord(
  output: LineOutput,
  form: Output,
  names: readonly string[],
  record: StoredView,
  count: number,
): Promise<void> {
  if (form === 'pan-csv') await output.line(paloaltoCsvRow(record).slice(0, -2))
  else if (form === 'csv') {
    const cells = names.map((name) => {
      const value = record[name] ?? null
      return Array.isArray(value) ? value.join(' ') : value
    })
    await output.line(csvLine(cells).slice(0, -2))
  } else if (form === 'json') await output.line(`${count === 0 ? '' : ','}${jsonLine(record)}`)
  else await output.line(jsonLine(record))
}

export interface TopOptions extends ServiceOptions {
  readonly since?: string
  readonly until?: string
  readonly limit?: string
}

export async function top(
  io: CliIo,
  field: string,
  words: readonly string[],
  options: TopOptions,
): Promise<void> {
  const limit = limitOf(options.limit) ?? 20
  const question = { field, filter: words.join(' '), ...rangeOf(io, { since: '1h', ...options }), limit }
  const reply = await clientOf(io, options).call('topList', question)
  await printing(io, async (output) => {
    const table = new Table(output, [
      field.toUpperCase(),
      'RECORDS',
      'SOURCES',
      'DESTINATIONS',
      'FIRST',
      'LAST',
    ])
    for (const item of reply.items) {
      const { value, count, sources, destinations, firstAt, lastAt } = item
      if (options.json) await output.line(jsonLine(item))
      else
        await table.row([
          value === null ? '(unknown)' : String(value),
          String(count),
          String(sources),
          String(destinations),
          instantText(io, firstAt, ''),
          instantText(io, lastAt, ''),
        ])
    }
    await table.end()
    if (!options.json && reply.items.length === 0) await output.line('no records')
  })
}

/** Until the service ends or a signal comes. */
export async function tail(io: CliIo, words: readonly string[], options: ServiceOptions): Promise<number> {
  const rows = clientOf(io, options).rows('tailRecords', { filter: words.join(' ') })
  const stopped = Promise.withResolvers<null>()
  const endSignals = io.onSignal(() => stopped.resolve(null))
  const output = new LineOutput(io.stdout)
  try {
    for (;;) {
      const next = await Promise.race([rows.next(), stopped.promise])
      if (next === null || next.done === true) return 0
      const event = next.value
      if (options.json) await output.line(jsonLine(event))
      else if (event.kind === 'record') await output.line(tailLine(io, event.record))
      else if (event.kind === 'missed' && event.records > 0)
        await output.line(`... ${event.records} more were not shown`)
      await output.flush()
    }
  } finally {
    endSignals()
    void rows.return().catch(() => undefined) // it waits for a row that nobody wants any more
  }
}

function tailLine(io: CliIo, record: StoredView): string {
  const cell = (name: string): string => cellOf(io, name, record[name])
  const port = cell('destinationPort')
  const parts = [
    cell('receivedAt'),
    cell('device'),
    cell('action'),
    cell('sourceAddress'),
    '->',
    `${cell('destinationAddress')}${port === '' ? '' : ` port ${port}`}`,
    cell('application'),
    cell('rule'),
    cell('severity'),
    cell('threatName'),
  ]
  return safeText(parts.filter((part) => part !== '').join('  '))
}

function outputOf({ output, json }: SearchOptions): Output {
  if (output === undefined) return json === true ? 'jsonl' : 'table'
  const found = OUTPUTS.find((one) => one === output)
  if (found === undefined) throw new AppError('usage', `-o ${output}: expected ${OUTPUTS.join(', ')}`)
  return found
}

/** Null: what the output shows by itself. */
function fieldsOf({ fields }: SearchOptions, output: Output): string[] | null {
  if (output === 'pan-csv') {
    if (fields !== undefined)
      throw new AppError('usage', '--fields: the columns of pan-csv are those of PAN-OS; leave it out')
    return [...PALOALTO_CSV_FIELDS]
  }
  if (fields !== undefined) return fields.split(',').map((name) => name.trim())
  return output === 'csv' ? [...CSV_FIELDS] : output === 'table' ? [...TABLE_FIELDS] : null
}

function limitOf(text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new AppError('usage', `--limit ${text}: expected a number from 1`)
  return Number(text)
}

function rangeOf(
  io: CliIo,
  { since, until }: { since?: string; until?: string },
): { since?: string; until?: string } {
  const untilMs = until === undefined ? null : parseInstant(until, io.clock.nowMs(), io.timeZone)
  if (until !== undefined && untilMs === null)
    throw new AppError('usage', `--until ${until}: expected ${INSTANT_FORMS}`)
  return {
    ...(since === undefined ? {} : { since: sinceOf(io, since) }),
    ...(untilMs === null ? {} : { until: new Date(untilMs).toISOString() }),
  }
}
