/**
 * One ClickHouse Native block, built straight from record batches: the whole content of a segment. Rows in order of
 * arrival; texts keep their bytes, valid UTF-8 or not.
 *
 * Block: varint columns, varint rows, then per column its name, its type (texts with a varint length) and its data.
 * (m) 510 ns a record with 383 bytes of raw text, 430 without; target 600.
 */
import { ADDRESS_FIELDS, PORT_FIELDS, QUANTITY_FIELDS, TEXT_FIELDS } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { CODE_COLUMNS, LOG_COLUMNS, UNIQUE_TEXT_FIELDS } from './log-table.ts'
import {
  AddressColumn,
  Int64Column,
  LowCardinalityColumn,
  type NativeColumn,
  NullableCountColumn,
  PlainColumn,
  StringColumn,
} from './native-columns.ts'

/** Latest event time that is taken for a time at all (year 2262, where other tools end); later becomes arrival. */
const LAST_TIME_MS = 9_223_372_036_854
/** Bytes a record costs in the columns of fixed width, dictionary numbers included; for the segment's size. */
const FIXED_BYTES = 145

/** Rows whose texts are taken column by column before the next rows: their lines stay in the first-level cache. */
const TILE_ROWS = 64

const CODE_NAMES = Object.keys(CODE_COLUMNS) as (keyof typeof CODE_COLUMNS)[]
const EMPTY = new Uint8Array(0)

const typeOf = new Map(LOG_COLUMNS.map((column) => [column.name, column.type]))

function plain(name: string, width: 1 | 2 | 4, defaultValue = 0): PlainColumn {
  return new PlainColumn(name, typeOf.get(name) ?? '', width, defaultValue)
}

export class NativeBlock {
  rows = 0
  /** Estimate of the encoded size, exact for texts that do not repeat. */
  bytes = 0
  /** Smallest and largest arrival and event time of the rows, Unix ms. */
  firstReceivedAtMs = Number.POSITIVE_INFINITY
  lastReceivedAtMs = Number.NEGATIVE_INFINITY
  readonly #keepRaw: boolean
  readonly #eventTime = new Int64Column('eventTime', typeOf.get('eventTime') ?? '')
  readonly #receivedAt = new Int64Column('receivedAt', typeOf.get('receivedAt') ?? '')
  readonly #sender = new LowCardinalityColumn('sender')
  readonly #codes = CODE_NAMES.map((name) => ({ name, column: plain(name, 1) }))
  readonly #flags = plain('flags', 1)
  readonly #addresses = ADDRESS_FIELDS.map((name) => ({
    slot: ADDRESS_SLOT[name],
    column: new AddressColumn(name),
  }))
  readonly #ports = PORT_FIELDS.map((name) => ({ name, column: plain(name, 2) }))
  readonly #quantities = QUANTITY_FIELDS.map((name) => ({ name, column: new NullableCountColumn(name) }))
  readonly #threatId = new Int64Column('threatId', 'UInt64')
  readonly #repeatCount = plain('repeatCount', 4)
  readonly #repeated = TEXT_FIELDS.filter((name) => !UNIQUE_TEXT_FIELDS.has(name)).map((name) => ({
    name,
    slot: TEXT_SLOT[name],
    column: new LowCardinalityColumn(name),
  }))
  readonly #unique = TEXT_FIELDS.filter((name) => UNIQUE_TEXT_FIELDS.has(name)).map((name) => ({
    slot: TEXT_SLOT[name],
    column: new StringColumn(name),
  }))
  readonly #raw = new StringColumn('raw')
  readonly #device: LowCardinalityColumn
  readonly #columns: readonly NativeColumn[]
  #senderIds = new Uint32Array(16)
  #deviceIds = new Uint32Array(16)

  constructor(keepRaw: boolean) {
    this.#keepRaw = keepRaw
    const device = this.#repeated.find((field) => field.name === 'device')
    if (device === undefined) throw new Error('the record has no field `device`')
    this.#device = device.column
    this.#columns = [
      this.#eventTime,
      this.#receivedAt,
      this.#sender,
      ...this.#codes.map((code) => code.column),
      this.#flags,
      ...this.#addresses.map((address) => address.column),
      ...this.#ports.map((port) => port.column),
      ...this.#quantities.map((quantity) => quantity.column),
      this.#threatId,
      this.#repeatCount,
      ...this.#repeated.map((text) => text.column),
      ...this.#unique.map((text) => text.column),
      this.#raw,
    ]
  }

  /** Whether one more batch could overfill a dictionary (65,536 distinct texts of a column). */
  isNearlyFull(count: number): boolean {
    for (const text of this.#repeated) if (text.column.isNearlyFull(count + 256)) return true
    return this.#sender.isNearlyFull(count)
  }

  /** Takes over all records of a batch. `nowMs` stands for an arrival that is not known. */
  append(batch: RecordBatch, nowMs: number): void {
    const { raw, count } = batch
    const row = this.rows
    const receivedAtMs = Number.isNaN(raw.receivedAtMs) ? nowMs : Math.floor(raw.receivedAtMs)
    this.firstReceivedAtMs = Math.min(this.firstReceivedAtMs, receivedAtMs)
    this.lastReceivedAtMs = Math.max(this.lastReceivedAtMs, receivedAtMs)
    this.#receivedAt.appendConstant(receivedAtMs, count, row)
    this.#eventTime.append(batch.eventTimeMs, count, row, receivedAtMs, LAST_TIME_MS)
    for (const { name, column } of this.#codes) column.append(batch[name], count, row)
    this.#flags.append(batch.flags, count, row)
    for (const { slot, column } of this.#addresses)
      column.append(batch.addresses, slot, ADDRESS_STRIDE, count, row)
    for (const { name, column } of this.#ports) column.append(batch[name], count, row)
    for (const { name, column } of this.#quantities) column.append(batch[name], count, row)
    this.#threatId.append(batch.threatId, count, row, 0, Number.MAX_SAFE_INTEGER)
    this.#repeatCount.append(batch.repeatCount, count, row)
    this.#appendTexts(batch, row)
    this.rows = row + count
    this.bytes = this.rows * FIXED_BYTES + this.#raw.used
    for (const { column } of this.#unique) this.bytes += column.used
  }

  #appendTexts(batch: RecordBatch, row: number): void {
    const { raw, count, text } = batch
    for (let from = 0; from < count; from += TILE_ROWS) {
      const rows = Math.min(TILE_ROWS, count - from)
      for (const { slot, column } of this.#repeated)
        column.append(raw.bytes, text, from * TEXT_STRIDE + slot, TEXT_STRIDE, rows, row + from)
    }
    for (const { slot, column } of this.#unique)
      column.append(raw.bytes, text, text.subarray(1), slot, TEXT_STRIDE, count)
    if (this.#keepRaw) this.#raw.append(raw.bytes, raw.start, raw.end, 0, 1, count)
    const senders = raw.senders
    if (senders.length > this.#senderIds.length) {
      this.#senderIds = new Uint32Array(senders.length * 2)
      this.#deviceIds = new Uint32Array(senders.length * 2)
    }
    for (let i = 0; i < senders.length; i++) {
      const sender = Buffer.from(senders[i] ?? '')
      this.#senderIds[i] = this.#sender.idOf(sender)
      this.#deviceIds[i] = this.#device.idOf(sender)
    }
    this.#sender.appendIndexed(this.#senderIds, raw.sender, count, row)
    this.#device.fillEmpty(this.#deviceIds, raw.sender, count, row)
  }

  /** The block in pieces, to be written one after another: valid until `reset` or the next `append`. */
  encode(segment: string): Uint8Array[] {
    const rows = this.rows
    const columns = this.#columns.filter((column) => !column.isDefault)
    const parts: Uint8Array[] = [
      Buffer.concat([varint(columns.length + 2), varint(rows)]),
      columnHeader('segment', 'UUID'),
      repeated(uuidBytes(segment), rows),
      columnHeader('position', 'UInt32'),
      countingUp(rows),
    ]
    for (const column of columns) {
      parts.push(columnHeader(column.name, column.type))
      for (const part of column.parts(rows)) if (part.length > 0) parts.push(part)
    }
    return parts
  }

  reset(): void {
    this.rows = 0
    this.bytes = 0
    this.firstReceivedAtMs = Number.POSITIVE_INFINITY
    this.lastReceivedAtMs = Number.NEGATIVE_INFINITY
    for (const column of this.#columns) column.reset()
  }
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  bytes.push(value)
  return Uint8Array.from(bytes)
}

/** Name and type of a Native column. */
export function columnHeader(name: string | Uint8Array, type: string): Uint8Array {
  const nameBytes = Buffer.from(name)
  const typeBytes = Buffer.from(type)
  return Buffer.concat([varint(nameBytes.length), nameBytes, varint(typeBytes.length), typeBytes])
}

/** A UUID as ClickHouse keeps it: two little-endian 64-bit halves. */
function uuidBytes(uuid: string): Uint8Array {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 8).reverse()
  bytes.subarray(8).reverse()
  return bytes
}

function repeated(value: Uint8Array, times: number): Uint8Array {
  if (times === 0) return EMPTY
  const bytes = new Uint8Array(value.length * times)
  bytes.set(value)
  for (let filled = value.length; filled < bytes.length; filled *= 2)
    bytes.copyWithin(filled, 0, Math.min(filled, bytes.length - filled))
  return bytes
}

let positions = new Uint32Array(0)

/** 0, 1, 2, ... as UInt32; shared by all segments, never written again. */
function countingUp(rows: number): Uint8Array {
  if (positions.length < rows) positions = Uint32Array.from({ length: Math.max(rows, 65_536) }, (_, i) => i)
  return new Uint8Array(positions.buffer, 0, rows * 4)
}
