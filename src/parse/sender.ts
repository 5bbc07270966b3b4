/**
 * What the parser remembers of one sender: its last header (most lines of a second share it byte for byte), the format
 * that worked last, and its last line that was not understood.
 */
import type { RawBatch } from '../model/raw-batch.ts'
import { sameBytes } from './bytes.ts'
import type { Line } from './line.ts'
import type { LineFormat } from './registry.ts'

/** Longest header that is kept for comparison. */
const HEADER_BYTES = 128
/** Bytes kept of a line that was not understood. */
const SAMPLE_BYTES = 1024

export class SenderState {
  readonly name: string
  /** Format of the last line that was understood. */
  format: LineFormat | null = null
  unparsed = 0
  sample: string | null = null
  sampleReason = ''
  /** Row of the last line of the batch in hand that was not understood, or -1. */
  sampleRow = -1
  readonly #header = new DataView(new ArrayBuffer(HEADER_BYTES))
  #headerLength = 0
  #host = 0
  #hostLength = 0
  #relay = 0
  #relayLength = 0
  #stampKind = 0
  #stampYear = 0
  #stampMonth = 0
  #stampDay = 0
  #stampSeconds = 0
  #stampMs = Number.NaN

  constructor(name: string) {
    this.name = name
  }

  /** Keeps the header that was just read, unless it is too long or empty. */
  keepHeader(line: Line): void {
    const length = line.at - line.start
    this.#headerLength = 0
    if (length <= 0 || length > HEADER_BYTES) return
    for (let i = 0; i < length; i++) this.#header.setUint8(i, line.bytes[line.start + i] as number)
    this.#headerLength = length
    this.#host = line.hostStart - line.start
    this.#hostLength = line.hostEnd - line.hostStart
    this.#relay = line.relayStart - line.start
    this.#relayLength = line.relayEnd - line.relayStart
    this.#stampKind = line.stampKind
    this.#stampYear = line.stampYear
    this.#stampMonth = line.stampMonth
    this.#stampDay = line.stampDay
    this.#stampSeconds = line.stampSeconds
    this.#stampMs = line.stampMs
  }

  /** Whether the line begins with the kept header; if so the line is set as if its header had been read. */
  reuseHeader(line: Line): boolean {
    const length = this.#headerLength
    if (length === 0 || line.end - line.start <= length) return false
    if (!sameBytes(line.view, line.start, this.#header, 0, length)) return false
    line.at = line.start + length
    if (this.#hostLength > 0) {
      line.hostStart = line.start + this.#host
      line.hostEnd = line.hostStart + this.#hostLength
    }
    if (this.#relayLength > 0) {
      line.relayStart = line.start + this.#relay
      line.relayEnd = line.relayStart + this.#relayLength
    }
    line.stampKind = this.#stampKind
    line.stampYear = this.#stampYear
    line.stampMonth = this.#stampMonth
    line.stampDay = this.#stampDay
    line.stampSeconds = this.#stampSeconds
    line.stampMs = this.#stampMs
    return true
  }

  /** Keeps the text of the batch's last line that was not understood. Call before the batch is reused. */
  keepSample(raw: RawBatch): void {
    const row = this.sampleRow
    this.sampleRow = -1
    if (row < 0) return
    const start = raw.start[row] as number
    const end = Math.min(raw.end[row] as number, start + SAMPLE_BYTES)
    this.sample = raw.bytes.toString('utf8', start, end)
  }
}
