/**
 * Stored records on their way back into detection, for the backtest: only the columns that detection asks for, as
 * blocks of the Native format that become record batches without an object per row. The line itself is not read: people
 * ask for the lines of the few sources that they look at.
 *
 * Traffic needs few columns and is nearly everything; threats and failed logins need more and are few. So they are two
 * reads, each in order of event time. What a read leaves out is unknown in its batches.
 */
import type { AddressField, TextField } from '../../model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../../model/raw-batch.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { CODE_COLUMNS, UNIQUE_TEXT_FIELDS } from './log-table.ts'
import { NativeReader, type ReadBlock, type ReadColumn } from './native-reader.ts'

/** Byte counts fit 32 bits here: detection asks whether there were any, and more than a few packets. */
const QUANTITIES = ['bytesSent', 'bytesReceived', 'packetsReceived'] as const
const NUMBERS = ['sourcePort', 'destinationPort', 'repeatCount', 'threatId'] as const
const ADDRESSES: readonly AddressField[] = ['sourceAddress', 'destinationAddress']
const CODES = Object.keys(CODE_COLUMNS).filter((name) => name !== 'format') as Exclude<
  keyof typeof CODE_COLUMNS,
  'format'
>[]

/** The columns of a read, with the texts that it needs. */
export interface DetectionColumns {
  /** Closed sets beside `category`; traffic needs `disposition` alone. */
  readonly codes: readonly (typeof CODES)[number][]
  readonly numbers: readonly (typeof NUMBERS)[number][]
  readonly quantities: readonly (typeof QUANTITIES)[number][]
  readonly texts: readonly TextField[]
  readonly sender: boolean
  /** Each batch then has the arrival of its last record; else none, as in `replay`. */
  readonly arrival?: boolean
}

/** What the rules for traffic read, beside texts that exceptions and devices ask for. */
export const TRAFFIC_COLUMNS: DetectionColumns = {
  codes: ['category', 'disposition'],
  numbers: ['sourcePort', 'destinationPort'],
  quantities: ['bytesSent', 'bytesReceived', 'packetsReceived'],
  texts: ['protocol', 'application', 'sessionEndReason'],
  sender: false,
}

/** What the rules for threats and logins read, beside their texts. */
export const EVENT_COLUMNS: DetectionColumns = {
  codes: CODES,
  numbers: NUMBERS,
  quantities: QUANTITIES,
  texts: [],
  sender: false,
}

/** The part behind SELECT. */
export function selectList(columns: DetectionColumns): string {
  return [
    'eventTime',
    ...(columns.arrival === true ? ['receivedAt'] : []),
    ...ADDRESSES,
    'flags',
    ...columns.codes,
    ...columns.numbers,
    ...columns.quantities.map((name) => `toUInt32(least(ifNull(${name}, 0), 4294967295)) AS \`${name}32\``),
    ...(columns.sender ? ['sender'] : []),
    ...columns.texts.map((name) => `\`${name}\``),
  ].join(', ')
}

export class DetectionReader {
  readonly #reader = new NativeReader()
  readonly #columns: DetectionColumns
  readonly #records = new RecordBatch(new RawBatch())
  readonly #senders: string[] = []
  #sequence = 0

  constructor(columns: DetectionColumns) {
    this.#columns = columns
    this.#records.raw.transport = 'file'
    // No line is read: each is empty, for rules that keep lines.
    this.#records.raw.start.fill(0)
    this.#records.raw.end.fill(0)
    this.#records.repeatCount.fill(1)
    this.#records.clockOffsetMs.fill(0)
  }

  /** Takes a piece of the result and calls `visit` for each batch; the batch is used again after it. */
  take(piece: Buffer, visit: (records: RecordBatch) => void): void {
    this.#reader.take(piece, (block) => this.#hand(block, visit))
  }

  /** Throws when the result was cut. */
  finish(): void {
    this.#reader.finish()
  }

  #hand(block: ReadBlock, visit: (records: RecordBatch) => void): void {
    const byName = new Map(block.columns.map((column) => [column.name, column]))
    const records = this.#records
    const bases = this.#keepTexts(byName)
    for (let from = 0; from < block.rows; from += BATCH_MESSAGES) {
      const count = Math.min(BATCH_MESSAGES, block.rows - from)
      records.count = count
      records.raw.count = count
      records.sequence = ++this.#sequence
      this.#fill(byName, bases, from, count)
      visit(records)
    }
  }

  /** Puts the texts of all columns into the batch's bytes; answers where those of each column begin. */
  #keepTexts(byName: ReadonlyMap<string, ReadColumn>): Map<string, number> {
    const { raw } = this.#records
    raw.used = 0
    const bases = new Map<string, number>()
    for (const name of this.#columns.texts) {
      const column = columnOf(byName, name)
      const size = column.texts === 0 ? 0 : (column.ends[column.texts - 1] as number)
      bases.set(name, raw.used)
      raw.reserve(size)
      column.bytes.copy(raw.bytes, raw.used, 0, size)
      raw.used += size
    }
    if (!this.#columns.sender) return bases
    const column = columnOf(byName, 'sender')
    this.#senders.length = 0
    for (let i = 0; i < column.texts; i++)
      this.#senders.push(column.bytes.toString('utf8', column.starts[i], column.ends[i]))
    raw.senders = this.#senders
    return bases
  }

  #fill(
    byName: ReadonlyMap<string, ReadColumn>,
    bases: ReadonlyMap<string, number>,
    from: number,
    count: number,
  ): void {
    const records = this.#records
    const columns = this.#columns
    copy(columnOf(byName, 'eventTime'), records.eventTimeMs, from, count)
    if (columns.arrival === true)
      records.raw.receivedAtMs = columnOf(byName, 'receivedAt').numbers[from + count - 1] as number
    copy(columnOf(byName, 'flags'), records.flags, from, count)
    for (const name of columns.codes) copy(columnOf(byName, name), records[name], from, count)
    for (const name of columns.numbers) copy(columnOf(byName, name), records[name], from, count)
    for (const name of columns.quantities) copy(columnOf(byName, `${name}32`), records[name], from, count)
    for (const name of ADDRESSES)
      fillAddresses(columnOf(byName, name).bytes, records.addresses, ADDRESS_SLOT[name], from, count)
    for (const name of columns.texts) {
      const column = columnOf(byName, name)
      const isPlain = UNIQUE_TEXT_FIELDS.has(name)
      fillTexts(column, isPlain, bases.get(name) ?? 0, records.text, TEXT_SLOT[name], from, count)
    }
    if (columns.sender) copy(columnOf(byName, 'sender'), records.raw.sender, from, count)
  }
}

function columnOf(byName: ReadonlyMap<string, ReadColumn>, name: string): ReadColumn {
  const column = byName.get(name)
  if (column === undefined) throw new Error(`the result lacks the column ${name}`)
  return column
}

function copy(
  column: ReadColumn,
  into: Uint8Array | Uint16Array | Uint32Array | Float64Array,
  from: number,
  count: number,
): void {
  into.set(column.numbers.subarray(from, from + count))
}

/** Most addresses are IPv4: the mark of three words is written without reading them one by one. */
function fillAddresses(bytes: Buffer, into: Uint32Array, slot: number, from: number, count: number): void {
  for (let i = 0, at = from * 16, to = slot; i < count; i++, at += 16, to += ADDRESS_STRIDE) {
    into[to] = wordAt(bytes, at)
    into[to + 1] = wordAt(bytes, at + 4)
    into[to + 2] = wordAt(bytes, at + 8)
    into[to + 3] = wordAt(bytes, at + 12)
  }
}

function wordAt(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}

function fillTexts(
  column: ReadColumn,
  isPlain: boolean,
  base: number,
  into: Uint32Array,
  slot: number,
  from: number,
  count: number,
): void {
  const { starts, ends, numbers } = column
  for (let i = 0, at = slot; i < count; i++, at += TEXT_STRIDE) {
    const n = isPlain ? from + i : (numbers[from + i] as number)
    into[at] = base + (starts[n] as number)
    into[at + 1] = base + (ends[n] as number)
  }
}
