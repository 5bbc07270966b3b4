/**
 * MineMeld-style query arguments, so that a firewall that fetched from MineMeld changes the host name only (FIELD.md B.16;
 * minemeld-core feedredis.py):
 *
 *   n=COUNT   at most so many entries        s=START   entries before it are left out, from 0
 *   d         the last first                 tr=1      ranges as CIDR; ours are CIDR always
 *   v=FORMAT  json, json-seq, csv; else plain, also for URL formats (panosurl, mwg, bluecoat, carbonblack)
 *   f, h, ubom  with v=csv: fields, h=0 without header, ubom=1 with a byte order mark
 *
 * MineMeld answers a faulty argument with 400. We do not: a firewall that is known is never answered with an error, so
 * the argument is passed over and `notes` says so. A slice of nothing is the sentinel.
 */
import { formatNetwork } from '../../lib/address.ts'
import type { RowsByIndex } from './feed-engine.ts'
import type { FeedRow } from './feed-rows.ts'
import { asciiJson, csvCell } from './formats/escape.ts'
import { type FormatOptions, isV4Row, PLAIN_TEXT, ruleOfRow, sentinelRow } from './formats/feed-format.ts'

export type MineMeldFormat = 'plain' | 'json' | 'json-seq' | 'csv'

export interface MineMeldQuery {
  readonly start: number
  /** Null: all. */
  readonly count: number | null
  readonly descending: boolean
  readonly format: MineMeldFormat
  readonly csvFields: readonly CsvField[]
  readonly csvHeader: boolean
  readonly byteOrderMark: boolean
  /** One sentence for each argument that was passed over. */
  readonly notes: readonly string[]
}

const CSV_FIELDS = [
  'indicator',
  'type',
  'sources',
  'first_seen',
  'last_seen',
  'confidence',
  'share_level',
] as const
type CsvField = (typeof CSV_FIELDS)[number]

const ARGUMENTS = ['n', 's', 'd', 'tr', 'v', 'f', 'h', 'ubom']
const URL_FORMATS = ['panosurl', 'mwg', 'bluecoat', 'carbonblack']
const CONTENT_TYPES: Readonly<Record<MineMeldFormat, string>> = {
  plain: PLAIN_TEXT,
  json: 'application/json; charset=utf-8',
  'json-seq': 'application/json-seq',
  csv: 'text/csv; charset=utf-8',
}

/** What a query asks for; null when it holds none of the arguments and the feed is served in its own format. */
export function parseMineMeldQuery(query: URLSearchParams): MineMeldQuery | null {
  if (!ARGUMENTS.some((name) => query.has(name))) return null
  const notes: string[] = []
  const wholeNumber = (name: string, least: number): number | null => {
    const text = query.get(name)
    if (text === null) return null
    if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
    notes.push(`${name} is passed over: it is not a whole number of at least ${least}.`)
    return null
  }
  const count = wholeNumber('n', 1)
  const start = wholeNumber('s', 0) ?? 0
  const wanted = query.get('v')
  const format = formatOf(wanted)
  if (wanted !== null && wanted !== format && !URL_FORMATS.includes(wanted))
    notes.push('v is passed over: the formats are json, json-seq and csv.')
  const asked = query.getAll('f').flatMap((text) => text.split(','))
  const csvFields = CSV_FIELDS.filter((field) => asked.some((text) => text.split('|')[0] === field))
  if (asked.length > 0 && csvFields.length === 0) notes.push('f is passed over: it names no known field.')
  return {
    start,
    count,
    descending: query.has('d'),
    format,
    csvFields: csvFields.length > 0 ? csvFields : ['indicator'],
    csvHeader: query.get('h') !== '0',
    byteOrderMark: query.get('ubom') === '1',
    notes,
  }
}

function formatOf(text: string | null): MineMeldFormat {
  return text === 'json' || text === 'json-seq' || text === 'csv' ? text : 'plain'
}

/** Rows written between two turns of the event loop: a few ms. */
const SLICE_ROWS = 1000

/** What the query gets of a list, written beside other work. O(rows of the slice). */
export async function writeMineMeld(
  rows: RowsByIndex,
  query: MineMeldQuery,
  { sentinels }: Pick<FormatOptions, 'sentinels'>,
): Promise<{ readonly contentType: string; readonly body: Buffer }> {
  const { start, count, descending } = query
  const length = Math.min(count ?? rows.count, Math.max(0, rows.count - start))
  const rowOf = (i: number): FeedRow => rows.at(descending ? rows.count - 1 - start - i : start + i)
  const instead = length > 0 ? null : sentinels.map(sentinelRow)
  const written = instead?.length ?? length
  const { before, between, after, text } = writerOf(query)
  const pieces: Buffer[] = [Buffer.from(before, 'utf8')]
  for (let first = 0; first < written; first += SLICE_ROWS) {
    if (first > 0) await new Promise((resolve) => setImmediate(resolve))
    const end = Math.min(written, first + SLICE_ROWS)
    let piece = ''
    for (let i = first; i < end; i++) piece += `${i === 0 ? '' : between}${text(instead?.[i] ?? rowOf(i))}`
    pieces.push(Buffer.from(piece, 'utf8'))
  }
  pieces.push(Buffer.from(after, 'utf8'))
  return { contentType: CONTENT_TYPES[query.format], body: Buffer.concat(pieces) }
}

interface MineMeldWriter {
  readonly before: string
  readonly between: string
  readonly after: string
  readonly text: (row: FeedRow) => string
}

function writerOf(query: MineMeldQuery): MineMeldWriter {
  const { format, csvFields, csvHeader, byteOrderMark } = query
  const plain = { before: '', between: '', after: '' }
  switch (format) {
    case 'plain':
      return { ...plain, text: (row) => `${formatNetwork(row.network)}\n` }
    case 'json':
      return { before: '[\n', between: ',\n', after: ']\n', text: (row) => asciiJson(indicatorOf(row)) }
    case 'json-seq':
      return { ...plain, text: (row) => `\u001e${asciiJson(indicatorOf(row))}\n` }
    case 'csv': {
      const header = csvHeader ? `${csvFields.join(',')}\r\n` : ''
      return {
        ...plain,
        before: `${byteOrderMark ? '\ufeff' : ''}${header}`,
        text: (row) => `${csvLine(row, csvFields)}\r\n`,
      }
    }
  }
}

type IndicatorValue = string | number | null | readonly string[]

function indicatorOf(row: FeedRow): { indicator: string; value: Readonly<Record<string, IndicatorValue>> } {
  return {
    indicator: formatNetwork(row.network),
    value: {
      type: isV4Row(row) ? 'IPv4' : 'IPv6',
      sources: [`active-defense:${ruleOfRow(row)}`],
      first_seen: row.createdAtMs,
      last_seen: row.lastSeenAtMs,
      confidence: row.lead.proof === null ? null : row.lead.proof === 'handshake' ? 85 : 40,
      share_level: null,
    },
  }
}

function csvLine(row: FeedRow, csvFields: readonly CsvField[]): string {
  const { indicator, value } = indicatorOf(row)
  return csvFields.map((field) => cellOf(field === 'indicator' ? indicator : value[field])).join(',')
}

function cellOf(value: IndicatorValue | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : value.join(' ')
  return /^[\w.:/-]*$/.test(text) ? text : csvCell(text)
}
