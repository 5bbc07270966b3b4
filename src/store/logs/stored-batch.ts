/**
 * Stored records on their way back: ClickHouse's RowBinary becomes record batches, the shape that detectors, the
 * backtest and `recordAt` know already. Columns are asked for in the order of `SELECT_COLUMNS`; texts keep their bytes.
 *
 * RowBinary: per row the columns one after another; integers little-endian, texts with a varint length, NULL flags
 * one byte, UUID two little-endian 64-bit halves.
 */
import {
  ADDRESS_FIELDS,
  type LogRecord,
  PORT_FIELDS,
  QUANTITY_FIELDS,
  TEXT_FIELDS,
} from '../../model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch } from '../../model/record-batch.ts'
import { CODE_COLUMNS } from './log-table.ts'

const CODE_NAMES = Object.keys(CODE_COLUMNS) as (keyof typeof CODE_COLUMNS)[]

/** The columns of a read, in the order in which `StoredBatchReader` takes them. */
export const SELECT_COLUMNS = [
  'eventTime',
  'receivedAt',
  'segment',
  'position',
  ...CODE_NAMES,
  'flags',
  ...ADDRESS_FIELDS,
  ...PORT_FIELDS,
  ...QUANTITY_FIELDS,
  'threatId',
  'repeatCount',
  'sender',
  ...TEXT_FIELDS,
  'raw',
]
  .map((name) => `\`${name}\``)
  .join(', ')

/** A record as it is stored: `id` names it for good. */
export type StoredRecord = LogRecord & { id: string }

/** Sender, text fields, line. */
const TEXTS = TEXT_FIELDS.length + 2
/** Bytes of a row before its texts. */
const FIXED_BYTES =
  8 + 8 + 16 + 4 + CODE_NAMES.length + 1 + ADDRESS_FIELDS.length * 16 + PORT_FIELDS.length * 2

/** A batch of stored records, valid until the next one is read. */
export class StoredBatch {
  readonly records: RecordBatch
  readonly receivedAtMs = new Float64Array(BATCH_MESSAGES)
  readonly position = new Uint32Array(BATCH_MESSAGES)
  /** 16 bytes a row, as they came. */
  readonly segment = Buffer.alloc(BATCH_MESSAGES * 16)

  constructor() {
    this.records = new RecordBatch(new RawBatch())
  }

  get count(): number {
    return this.records.count
  }

  /** `<segment>:<position>` of a row. */
  idAt(row: number): string {
    const bytes = Buffer.from(this.segment.subarray(row * 16, row * 16 + 16))
    bytes.subarray(0, 8).reverse()
    bytes.subarray(8).reverse()
    const hex = bytes.toString('hex')
    const uuid = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-')
    return `${uuid}:${this.position[row]}`
  }

  recordAt(row: number): StoredRecord {
    const receivedAt = new Date(this.receivedAtMs[row] as number).toISOString()
    return { ...this.records.recordAt(row), receivedAt, id: this.idAt(row) }
  }
}

/** Reads rows out of pieces of any size into one batch that is used again and again. */
export class StoredBatchReader {
  readonly batch = new StoredBatch()
  readonly #senders = new Map<string, number>()
  readonly #slices = new Uint32Array(TEXTS * 2)
  /** What is left of the last piece. */
  #rest: Buffer = Buffer.alloc(0)
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  constructor() {
    this.#begin()
  }

  #begin(): void {
    const { records } = this.batch
    records.raw.reset()
    records.raw.transport = 'file'
    records.raw.count = 0
    records.count = 0
    this.#senders.clear()
  }

  /**
   * Takes a piece and calls `visit` for each full batch; `finish` hands out the last one. Throws when the bytes are no
   * rows.
   */
  take(piece: Buffer, visit: (batch: StoredBatch) => void): void {
    this.#bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    this.#at = 0
    for (;;) {
      const from = this.#at
      if (!this.#readRow()) {
        this.#rest = Buffer.from(this.#bytes.subarray(from)) // a copy: the piece may be the stream's own buffer
        return
      }
      if (this.batch.count === BATCH_MESSAGES) this.#hand(visit)
    }
  }

  finish(visit: (batch: StoredBatch) => void): void {
    if (this.#rest.length > 0) throw new Error('the result ends within a row')
    if (this.batch.count > 0) this.#hand(visit)
  }

  #hand(visit: (batch: StoredBatch) => void): void {
    visit(this.batch)
    this.#begin()
  }

  /** False when the row is not whole yet. */
  #readRow(): boolean {
    const bytes = this.#bytes
    const start = this.#at
    if (start + FIXED_BYTES > bytes.length) return false
    const { records } = this.batch
    const row = records.count
    records.clearRow(row)
    records.eventTimeMs[row] = int64(bytes, start)
    this.batch.receivedAtMs[row] = int64(bytes, start + 8)
    bytes.copy(this.batch.segment, row * 16, start + 16, start + 32)
    this.batch.position[row] = bytes.readUInt32LE(start + 32)
    let at = start + 36
    for (const name of CODE_NAMES) records[name][row] = bytes[at++] as number
    records.flags[row] = bytes[at++] as number
    for (const name of ADDRESS_FIELDS) {
      const slot = ADDRESS_SLOT[name]
      records.setAddress(
        row,
        slot,
        bytes.readUInt32BE(at),
        bytes.readUInt32BE(at + 4),
        bytes.readUInt32BE(at + 8),
        bytes.readUInt32BE(at + 12),
      )
      at += 16
    }
    for (const name of PORT_FIELDS) {
      records[name][row] = bytes.readUInt16LE(at)
      at += 2
    }
    this.#at = at
    return this.#readRest(row)
  }

  #readRest(row: number): boolean {
    const bytes = this.#bytes
    const { records } = this.batch
    for (const name of QUANTITY_FIELDS) {
      if (this.#at >= bytes.length) return false
      const isNull = bytes[this.#at++] === 1
      if (isNull) continue
      if (this.#at + 8 > bytes.length) return false
      records[name][row] = int64(bytes, this.#at)
      this.#at += 8
    }
    if (this.#at + 12 > bytes.length) return false
    records.threatId[row] = int64(bytes, this.#at)
    records.repeatCount[row] = bytes.readUInt32LE(this.#at + 8)
    this.#at += 12
    return this.#readTexts(row)
  }

  /** All texts of a row lie behind one another: they are copied at once, lengths between them and all. */
  #readTexts(row: number): boolean {
    const from = this.#at
    for (let i = 0; i < TEXTS; i++) if (!this.#nextText(i, from)) return false
    const { records } = this.batch
    const { raw } = records
    const slices = this.#slices
    const base = raw.used
    raw.reserve(this.#at - from)
    this.#bytes.copy(raw.bytes, base, from, this.#at)
    raw.used = base + this.#at - from
    for (let i = 0; i < TEXT_FIELDS.length; i++) {
      const start = slices[i * 2 + 2] as number
      const end = slices[i * 2 + 3] as number
      if (end > start) records.setText(row, i * 2, base + start, base + end)
    }
    const sender = raw.bytes.toString('utf8', base + (slices[0] as number), base + (slices[1] as number))
    const line = (TEXTS - 1) * 2
    raw.mark(
      base + (slices[line] as number),
      base + (slices[line + 1] as number),
      this.#senderIndex(sender),
      false,
    )
    records.count++
    return true
  }

  #senderIndex(sender: string): number {
    const known = this.#senders.get(sender)
    if (known !== undefined) return known
    const index = this.batch.records.raw.senders.push(sender) - 1
    this.#senders.set(sender, index)
    return index
  }

  /** Notes where the next text lies, counted from the first; false when it is not whole yet. */
  #nextText(index: number, from: number): boolean {
    const bytes = this.#bytes
    let at = this.#at
    let length = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) return false
      length += (byte & 127) * shift
      if (byte < 128) break
    }
    if (at + length > bytes.length) return false
    this.#slices[index * 2] = at - from
    this.#at = at + length
    this.#slices[index * 2 + 1] = this.#at - from
    return true
  }
}

/** A 64-bit integer from 0 to 2^53; BigInt costs ten times as much. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 4_294_967_296 + bytes.readUInt32LE(at)
}
