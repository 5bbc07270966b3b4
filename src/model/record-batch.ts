/**
 * A record batch: the records parsed from one raw batch, column by column, so that a million lines a second cost no
 * objects. Text fields are slices `[start, end)` of the raw batch's bytes (decoded values are appended there); numbers
 * lie in typed arrays; closed sets are small codes (see log-record.ts). `recordAt` makes one record an object, for
 * people, tests and evidence.
 *
 * Message `i` of the raw batch is record `i`: a line that was not understood is a record with the flag `unparsed`.
 * A batch is reused; slices and rows are valid until `reset()`.
 */
import { type Address, formatAddress } from '../lib/address.ts'
import {
  ADDRESS_FIELDS,
  type AddressField,
  ATTACKERS,
  DISPOSITIONS,
  FLAGS,
  FORMATS,
  type LogRecord,
  OUTCOMES,
  PORT_FIELDS,
  QUANTITY_FIELDS,
  SEVERITIES,
  TEXT_FIELDS,
  type TextField,
} from './log-record.ts'
import { BATCH_MESSAGES, type RawBatch } from './raw-batch.ts'

/** Numbers per record in `text`: start and end of each text field. */
export const TEXT_STRIDE = TEXT_FIELDS.length * 2
/** Words per record in `addresses`. */
export const ADDRESS_STRIDE = ADDRESS_FIELDS.length * 4

/** Slot of a text field: its start is at `row * TEXT_STRIDE + slot`, its end right behind. */
export const TEXT_SLOT = Object.fromEntries(TEXT_FIELDS.map((field, i) => [field, i * 2])) as Record<
  TextField,
  number
>
/** Slot of an address: its four words begin at `row * ADDRESS_STRIDE + slot`. */
export const ADDRESS_SLOT = Object.fromEntries(ADDRESS_FIELDS.map((field, i) => [field, i * 4])) as Record<
  AddressField,
  number
>

export class RecordBatch {
  /** The messages; owns the bytes that every slice points into. */
  raw: RawBatch
  /** Never reused number of the batch, counting up; names a line as (batch, row) while it is in memory. */
  sequence = 0
  count = 0
  /** Unix ms; NaN where unknown. */
  readonly eventTimeMs = new Float64Array(BATCH_MESSAGES)
  /** What to add to `eventTimeMs` to get our time: the device's learned clock offset in ms, 0 until learned. */
  readonly clockOffsetMs = new Float64Array(BATCH_MESSAGES)
  readonly text = new Uint32Array(BATCH_MESSAGES * TEXT_STRIDE)
  readonly addresses = new Uint32Array(BATCH_MESSAGES * ADDRESS_STRIDE)
  readonly sourcePort = new Uint16Array(BATCH_MESSAGES)
  readonly destinationPort = new Uint16Array(BATCH_MESSAGES)
  readonly natDestinationPort = new Uint16Array(BATCH_MESSAGES)
  readonly bytesSent = new Float64Array(BATCH_MESSAGES)
  readonly bytesReceived = new Float64Array(BATCH_MESSAGES)
  readonly packetsSent = new Float64Array(BATCH_MESSAGES)
  readonly packetsReceived = new Float64Array(BATCH_MESSAGES)
  /** 0 is none. */
  readonly threatId = new Float64Array(BATCH_MESSAGES)
  readonly repeatCount = new Uint32Array(BATCH_MESSAGES)
  readonly format = new Uint8Array(BATCH_MESSAGES)
  readonly category = new Uint8Array(BATCH_MESSAGES)
  readonly disposition = new Uint8Array(BATCH_MESSAGES)
  readonly attacker = new Uint8Array(BATCH_MESSAGES)
  readonly severity = new Uint8Array(BATCH_MESSAGES)
  readonly outcome = new Uint8Array(BATCH_MESSAGES)
  readonly flags = new Uint8Array(BATCH_MESSAGES)
  /**
   * 1 where every column that the reader of usual rows (`takeRows` of paloalto-usual.ts) does not write is as `clearRows`
   * leaves it: that reader sets the mark, and may write such a row again uncleared. Stages behind the parser may write only
   * what `takeRows` or `open` writes again; another reader clears the row, and the mark with it.
   */
  readonly usual = new Uint8Array(BATCH_MESSAGES)

  constructor(raw: RawBatch) {
    this.raw = raw
  }

  /** Takes over a filled raw batch: as many rows as messages, all fields unknown. */
  reset(raw: RawBatch, sequence: number): void {
    this.open(raw, sequence)
    this.clearRows(0, raw.count)
  }

  /**
   * Takes over a filled raw batch without its rows: whoever fills them calls `clearRows` or `clearUnusual` first. Flags
   * are cleared.
   */
  open(raw: RawBatch, sequence: number): void {
    this.raw = raw
    this.sequence = sequence
    this.count = raw.count
    this.flags.fill(0, 0, raw.count)
  }

  /**
   * Makes all fields of `[from, to)` unknown, but for flags. For some hundred rows at a time, just before they are
   * filled: (m) 10 ns a row less than for all at once, since a batch's rows do not fit a cache of 2 MB with its text.
   */
  clearRows(from: number, to: number): void {
    this.eventTimeMs.fill(Number.NaN, from, to)
    this.clockOffsetMs.fill(0, from, to)
    this.text.fill(0, from * TEXT_STRIDE, to * TEXT_STRIDE)
    this.addresses.fill(0, from * ADDRESS_STRIDE, to * ADDRESS_STRIDE)
    for (const field of PORT_FIELDS) this[field].fill(0, from, to)
    for (const field of QUANTITY_FIELDS) this[field].fill(Number.NaN, from, to)
    this.threatId.fill(0, from, to)
    this.repeatCount.fill(1, from, to)
    this.format.fill(0, from, to)
    this.category.fill(0, from, to)
    this.disposition.fill(0, from, to)
    this.attacker.fill(0, from, to)
    this.severity.fill(0, from, to)
    this.outcome.fill(0, from, to)
    this.usual.fill(0, from, to)
  }

  /**
   * As `clearRows`, but for rows that are marked `usual` where most are: (m) 13 ns a row of a busy firewall, whose rows the
   * same reader reads from batch to batch. A row by itself costs several times as much to clear as one among others.
   */
  clearUnusual(from: number, to: number): void {
    const { usual } = this
    let marked = 0
    for (let row = from; row < to; row++) marked += usual[row] as number
    if (marked === to - from) return
    if (marked * 4 < (to - from) * 3) this.clearRows(from, to)
    else for (let row = from; row < to; row++) if (usual[row] === 0) this.clearRow(row)
  }

  /** Forgets what was read into a row, but for flags, before another parser tries it. */
  clearRow(row: number): void {
    this.eventTimeMs[row] = Number.NaN
    this.clockOffsetMs[row] = 0
    this.text.fill(0, row * TEXT_STRIDE, (row + 1) * TEXT_STRIDE)
    this.addresses.fill(0, row * ADDRESS_STRIDE, (row + 1) * ADDRESS_STRIDE)
    for (const field of PORT_FIELDS) this[field][row] = 0
    for (const field of QUANTITY_FIELDS) this[field][row] = Number.NaN
    this.threatId[row] = 0
    this.repeatCount[row] = 1
    this.format[row] = 0
    this.category[row] = 0
    this.disposition[row] = 0
    this.attacker[row] = 0
    this.severity[row] = 0
    this.outcome[row] = 0
    this.usual[row] = 0
  }

  setText(row: number, slot: number, start: number, end: number): void {
    const at = row * TEXT_STRIDE + slot
    this.text[at] = start
    this.text[at + 1] = end
  }

  /** Sets a text field to bytes that are not in the message: appends them behind the messages. */
  setDecodedText(row: number, slot: number, value: Uint8Array): void {
    const start = this.raw.append(value)
    this.setText(row, slot, start, start + value.length)
  }

  /** The text of a field, or null when it is unknown (empty). Bytes that are not UTF-8 become U+FFFD. */
  textAt(row: number, slot: number): string | null {
    const at = row * TEXT_STRIDE + slot
    const start = this.text[at] as number
    const end = this.text[at + 1] as number
    return end > start ? this.raw.bytes.toString('utf8', start, end) : null
  }

  setAddress(row: number, slot: number, word0: number, word1: number, word2: number, word3: number): void {
    const at = row * ADDRESS_STRIDE + slot
    const words = this.addresses
    words[at] = word0
    words[at + 1] = word1
    words[at + 2] = word2
    words[at + 3] = word3
  }

  /** The address, or null when it is unknown. */
  addressAt(row: number, slot: number): Address | null {
    const at = row * ADDRESS_STRIDE + slot
    const words = this.addresses
    const address: Address = [
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    ]
    return address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] === 0 ? null : address
  }

  /** The line as it came. Bytes that are not UTF-8 become U+FFFD. */
  rawAt(row: number): string {
    return this.raw.bytes.toString('utf8', this.raw.start[row], this.raw.end[row])
  }

  senderAt(row: number): string | null {
    return this.raw.senders[this.raw.sender[row] as number] ?? null
  }

  recordAt(row: number): LogRecord {
    const text = (field: TextField): string | null => this.textAt(row, TEXT_SLOT[field])
    const address = (field: AddressField): string | null => {
      const words = this.addressAt(row, ADDRESS_SLOT[field])
      return words === null ? null : formatAddress(words)
    }
    const format = FORMATS[this.format[row] as number] ?? FORMATS[0]
    return {
      receivedAt: isoOrNull(this.raw.receivedAtMs),
      eventTime: isoOrNull(this.eventTimeMs[row] as number),
      device: text('device') ?? this.senderAt(row),
      deviceSerial: text('deviceSerial'),
      relay: text('relay'),
      sender: this.senderAt(row),
      format: format.name,
      vendor: format.vendor,
      type: text('type'),
      subtype: text('subtype'),
      outcome: OUTCOMES[this.outcome[row] as number] ?? null,
      sourceAddress: address('sourceAddress'),
      sourcePort: (this.sourcePort[row] as number) || null,
      sourceCountry: text('sourceCountry'),
      sourceUser: text('sourceUser'),
      sourceZone: text('sourceZone'),
      destinationAddress: address('destinationAddress'),
      destinationPort: (this.destinationPort[row] as number) || null,
      destinationCountry: text('destinationCountry'),
      destinationUser: text('destinationUser'),
      destinationZone: text('destinationZone'),
      natSourceAddress: address('natSourceAddress'),
      natDestinationAddress: address('natDestinationAddress'),
      natDestinationPort: (this.natDestinationPort[row] as number) || null,
      clientAddress: address('clientAddress'),
      protocol: text('protocol'),
      application: text('application'),
      action: text('action'),
      disposition: DISPOSITIONS[this.disposition[row] as number] ?? 'unknown',
      attacker: ATTACKERS[this.attacker[row] as number] ?? null,
      rule: text('rule'),
      ruleId: text('ruleId'),
      severity: SEVERITIES[this.severity[row] as number] ?? null,
      threatId: (this.threatId[row] as number) || null,
      threatName: text('threatName'),
      threatCategory: text('threatCategory'),
      direction: text('direction'),
      sessionEndReason: text('sessionEndReason'),
      sessionId: text('sessionId'),
      sequenceNumber: text('sequenceNumber'),
      repeatCount: this.repeatCount[row] as number,
      bytesSent: numberOrNull(this.bytesSent[row] as number),
      bytesReceived: numberOrNull(this.bytesReceived[row] as number),
      packetsSent: numberOrNull(this.packetsSent[row] as number),
      packetsReceived: numberOrNull(this.packetsReceived[row] as number),
      sourceEdl: text('sourceEdl'),
      url: text('url'),
      flags: FLAGS.filter((_, bit) => ((this.flags[row] as number) & (1 << bit)) !== 0),
      raw: this.rawAt(row),
    }
  }
}

function isoOrNull(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
