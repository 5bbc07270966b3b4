/**
 * What the parser remembers of one sender: its last headers (most lines of a second share theirs byte for byte, and a
 * relay or a file mixes a few devices), the format that worked last, and its last line that was not understood.
 */
import type { RawBatch } from '../model/raw-batch.ts'
import { sameBytes } from './bytes.ts'
import type { Line } from './line.ts'
import type { LineFormat } from './registry.ts'

/** Longest header that is kept for comparison. */
const HEADER_BYTES = 128
/** Headers kept per sender; a power of two. */
const HEADERS = 8
/** Bytes kept of a line that was not understood. */
const SAMPLE_BYTES = 1024

/** A header that was read, with what it said; positions are from the start of the line. */
class HeaderMemory {
  readonly #header = new DataView(new ArrayBuffer(HEADER_BYTES))
  #length = 0
  #host = 0
  #hostLength = 0
  #relay = 0
  #relayLength = 0
  #program = 0
  #programLength = 0
  #stampKind = 0
  #stampYear = 0
  #stampMonth = 0
  #stampDay = 0
  #stampSeconds = 0
  #stampMs = Number.NaN

  keep(line: Line): void {
    const length = line.at - line.start
    for (let i = 0; i < length; i++) this.#header.setUint8(i, line.bytes[line.start + i] as number)
    this.#length = length
    this.#host = line.hostStart - line.start
    this.#hostLength = line.hostEnd - line.hostStart
    this.#relay = line.relayStart - line.start
    this.#relayLength = line.relayEnd - line.relayStart
    this.#program = line.programStart - line.start
    this.#programLength = line.programEnd - line.programStart
    this.#stampKind = line.stampKind
    this.#stampYear = line.stampYear
    this.#stampMonth = line.stampMonth
    this.#stampDay = line.stampDay
    this.#stampSeconds = line.stampSeconds
    this.#stampMs = line.stampMs
  }

  reuse(line: Line): boolean {
    const length = this.#length
    const { start } = line
    if (length === 0 || line.end - start <= length) return false
    if (!sameBytes(line.view, start, this.#header, 0, length)) return false
    line.at = start + length
    if (this.#hostLength > 0) {
      line.hostStart = start + this.#host
      line.hostEnd = line.hostStart + this.#hostLength
    }
    if (this.#relayLength > 0) {
      line.relayStart = start + this.#relay
      line.relayEnd = line.relayStart + this.#relayLength
    }
    if (this.#programLength > 0) {
      line.programStart = start + this.#program
      line.programEnd = line.programStart + this.#programLength
    }
    line.stampKind = this.#stampKind
    line.stampYear = this.#stampYear
    line.stampMonth = this.#stampMonth
    line.stampDay = this.#stampDay
    line.stampSeconds = this.#stampSeconds
    line.stampMs = this.#stampMs
    return true
  }
}

export class SenderState {
  readonly name: string
  /** Format of the last line that was understood. */
  format: LineFormat | null = null
  unparsed = 0
  sample: string | null = null
  sampleReason = ''
  /** Row of the last line of the batch in hand that was not understood, or -1. */
  sampleRow = -1
  /** Made when first needed: a flood from forged senders must not cost more than its lines. */
  readonly #headers: (HeaderMemory | null)[] = Array<HeaderMemory | null>(HEADERS).fill(null)

  constructor(name: string) {
    this.name = name
  }

  /** Keeps the header that was just read, unless it is too long or empty. */
  keepHeader(line: Line): void {
    const length = line.at - line.start
    if (length <= 0 || length > HEADER_BYTES || line.end - line.start < HASHED_BYTES) return
    const index = indexOf(line)
    const memory = this.#headers[index] ?? new HeaderMemory()
    this.#headers[index] = memory
    memory.keep(line)
  }

  /** Whether the line begins with a kept header; if so the line is set as if its header had been read. */
  reuseHeader(line: Line): boolean {
    if (line.end - line.start < HASHED_BYTES) return false
    const memory = this.#headers[indexOf(line)] ?? null
    return memory !== null && memory.reuse(line)
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

/** Shorter lines are read afresh. */
const HASHED_BYTES = 32

/** The place for a line's header, by the bytes where the host usually stands. */
function indexOf(line: Line): number {
  const { view, start } = line
  const mixed = view.getInt32(start + 16, true) ^ view.getInt32(start + 20, true)
  const hash = Math.imul(mixed ^ view.getInt32(start + 24, true), 0x9e3779b1)
  return (hash >>> 20) & (HEADERS - 1)
}
