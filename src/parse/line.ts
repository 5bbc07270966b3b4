/**
 * The line in hand: where it lies in the batch, what its syslog header said, and where the firewall's own text begins.
 * One Line serves a whole parser, so a million lines a second cost no objects. Positions are absolute in `bytes`, which
 * may be another buffer after `append...`: read `line.bytes` again then.
 */
import { FLAG } from '../model/log-record.ts'
import { copyBatch } from '../model/kernel-memory.ts'
import type { RawBatch } from '../model/raw-batch.ts'
import { lowerByte, WORD_SLACK_BYTES } from './bytes.ts'
import type { TimeZone } from './calendar.ts'
import { DeviceZones } from './device-zones.ts'
import { bsdToUnixMs, StampReader } from './stamp.ts'
import { SURVEY, surveyText } from './text-kernel.ts'

/** What the header's stamp is. */
export const STAMP = { none: 0, bsd: 1, instant: 2 } as const

let batches = 0

export class Line {
  raw: RawBatch
  /** Number of the batch in hand, of all that were opened in this thread. */
  batch = 0
  bytes: Uint8Array
  view: DataView
  /** The line without blanks and line ends behind it. */
  start = 0
  end = 0
  /** Where the firewall's own text begins. */
  at = 0
  /** Host of the innermost header; empty when there is none. */
  hostStart = 0
  hostEnd = 0
  /** Host of the outermost header when there are several. */
  relayStart = 0
  relayEnd = 0
  /** The program that the innermost header or a skipped tag names; empty when there is none. */
  programStart = 0
  programEnd = 0
  /** An RFC 5424 header whose end the text behind it decides: another line with the same front may have a longer one. */
  isHeaderOpen = false
  /** Stamp of the innermost header that has one. */
  stampKind = 0
  stampYear = 0
  stampMonth = 0
  stampDay = 0
  stampSeconds = 0
  stampMs = Number.NaN
  /** N of `message repeated N times`, else 1. */
  repeatCount = 1
  flags = 0
  zones: DeviceZones
  zone: TimeZone
  senderName = ''
  /** Arrival, Unix ms; NaN when there is none. */
  arrivalMs = Number.NaN
  /** Arrival, or what stands for it, to tell the year of stamps without one. */
  referenceMs = Number.NaN
  readonly stamps = new StampReader()
  /** How much of the batch lies in the kernels' memory. */
  copiedTo = 0

  constructor(raw: RawBatch) {
    this.raw = raw
    this.bytes = raw.bytes
    this.view = viewOf(raw.bytes)
    this.zones = new DeviceZones('UTC', {})
    this.zone = this.zones.standard
  }

  /**
   * Takes over a batch and copies it for the kernels where it is not yet. The buffer gets room for reads of whole words behind the last
   * message. Returns what there is in its text, as `surveyText` tells it; everything where it is too long to be seen.
   */
  openBatch(raw: RawBatch, referenceMs: number): number {
    raw.reserve(WORD_SLACK_BYTES)
    this.raw = raw
    this.batch = ++batches
    this.stamps.forgetLocal()
    this.arrivalMs = raw.receivedAtMs
    this.referenceMs = Number.isNaN(raw.receivedAtMs) ? referenceMs : raw.receivedAtMs
    this.refresh()
    this.copiedTo = copyBatch(raw)
    return this.copiedTo < raw.used ? SURVEY.notAscii | SURVEY.escapes : surveyText(raw.used)
  }

  /** Whether the line lies in the kernels' memory (text-kernel.ts). */
  isCopied(): boolean {
    return this.end <= this.copiedTo
  }

  /** Takes over a message of the batch. */
  open(row: number): void {
    const raw = this.raw
    this.start = raw.start[row] as number
    this.end = raw.end[row] as number
    this.at = this.start
    this.hostStart = 0
    this.hostEnd = 0
    this.relayStart = 0
    this.relayEnd = 0
    this.programStart = 0
    this.programEnd = 0
    this.isHeaderOpen = false
    this.stampKind = STAMP.none
    this.repeatCount = 1
    this.flags = raw.truncated[row] === 1 ? FLAG.truncated : 0
    this.#trim()
  }

  /** CR, LF, NUL and blanks at the end say nothing; rsyslog writes the first three as `#015`, `#012` and `#000`. */
  #trim(): void {
    const bytes = this.bytes
    const start = this.start
    let end = this.end
    while (end > start) {
      const last = bytes[end - 1] as number
      if (last === 0x20 || last === 0x0d || last === 0x0a || last === 0 || last === 0x09) end--
      else if (last <= 0x35 && end - start >= 4 && isEscapedLineEnd(bytes, end - 4)) end -= 4
      else break
    }
    this.end = end
  }

  /** The header's stamp as Unix ms in the device's zone; NaN when there is none. */
  headerMs(): number {
    if (this.stampKind === STAMP.instant) return this.stampMs
    if (this.stampKind !== STAMP.bsd) return Number.NaN
    return bsdToUnixMs(
      this.stampYear,
      this.stampMonth,
      this.stampDay,
      this.stampSeconds,
      this.zone,
      this.referenceMs,
    )
  }

  /** Unix ms of a time field; NaN when it is not one. */
  fieldMs(start: number, end: number): number {
    return this.stamps.readField(this.bytes, this.view, start, end, this.zone, this.arrivalMs)
  }

  /** Takes the zone of the device whose name is the range, or of the sender when it is empty. */
  chooseZone(deviceStart: number, deviceEnd: number): void {
    if (this.zones.isUniform) this.zone = this.zones.standard
    else if (deviceEnd <= deviceStart) this.zone = this.zones.of(this.senderName)
    else this.zone = this.zones.of(this.raw.bytes.toString('utf8', deviceStart, deviceEnd))
  }

  /** Makes room behind the messages for so many bytes and returns where they go. `take` them when written. */
  appendSpace(length: number): number {
    const raw = this.raw
    raw.reserve(length + WORD_SLACK_BYTES)
    this.refresh()
    return raw.used
  }

  /** Claims what was written into `appendSpace`. */
  take(end: number): void {
    this.raw.used = end
  }

  /** Puts a copy of a range behind the messages, A-Z in lower case and blanks as hyphens; returns its start. */
  appendWord(start: number, end: number): number {
    const at = this.appendSpace(end - start)
    const bytes = this.bytes
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      bytes[at + i - start] = byte === 0x20 ? 0x2d : lowerByte(byte)
    }
    this.take(at + end - start)
    return at
  }

  /** Puts a copy of a range behind the messages, a-z in upper case; returns its start. */
  appendUpper(start: number, end: number): number {
    const at = this.appendSpace(end - start)
    const bytes = this.bytes
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      bytes[at + i - start] = byte >= 0x61 && byte <= 0x7a ? byte & 0xdf : byte
    }
    this.take(at + end - start)
    return at
  }

  refresh(): void {
    if (this.bytes === this.raw.bytes) return
    this.bytes = this.raw.bytes
    this.view = viewOf(this.bytes)
  }
}

function isEscapedLineEnd(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x23 || bytes[at + 1] !== 0x30) return false
  const high = bytes[at + 2]
  const low = bytes[at + 3]
  return (high === 0x31 && (low === 0x32 || low === 0x35)) || (high === 0x30 && low === 0x30)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
