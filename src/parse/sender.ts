/**
 * What the parser remembers of one sender: its last headers (most lines of a second share theirs byte for byte, and a
 * relay or a file mixes a few devices), and beside each the format that worked last behind such a header. So the lines
 * of one relay with several kinds of firewalls are as fast as those of several senders.
 */
import { sameBytes } from './bytes.ts'
import { endOfHost, mayBeHeader } from './header.ts'
import { type Line, STAMP } from './line.ts'
import type { LineFormat } from './registry.ts'

/** Longest header that is kept for comparison. */
const HEADER_BYTES = 128
/** Headers kept per sender; a power of two. */
const HEADERS = 32
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
    // What follows may belong to the header: a host where this one had none, or one header more.
    if (mayBeHeader(line.bytes, line.at)) return false
    if (this.#hostLength === 0 && endOfHost(line, line.at) >= 0) return false
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
  /** By place: the format that read the last line there. */
  readonly #formats: (LineFormat | null)[] = Array<LineFormat | null>(HEADERS).fill(null)
  /** Made when first needed: a flood from forged senders must not cost more than its lines. */
  readonly #headers: (HeaderMemory | null)[] = Array<HeaderMemory | null>(HEADERS).fill(null)
  /** Format of the last line that was not of the format expected at its place. */
  lastFormat: LineFormat | null = null
  /** True when it has sent lines of several formats. */
  isMixed = false

  constructor(name: string) {
    this.name = name
  }

  /**
   * The place of a line in this memory, by the bytes where the host usually stands, so that each device behind a relay
   * has its own: many devices share one, which costs time but is never wrong.
   */
  placeOf(view: DataView, start: number, end: number): number {
    if (end - start < HASHED_BYTES) return 0
    const mixed = view.getInt32(start + 16, true) ^ view.getInt32(start + 20, true)
    const hash = Math.imul(mixed ^ view.getInt32(start + 24, true), 0x9e3779b1)
    return (hash >>> 20) & (HEADERS - 1)
  }

  /** The format of the last line at a place, null when there was none. */
  formatAt(place: number): LineFormat | null {
    return this.#formats[place] as LineFormat | null
  }

  keepFormat(place: number, format: LineFormat): void {
    this.#formats[place] = format
    if (this.lastFormat === format) return
    this.isMixed = this.lastFormat !== null
    this.lastFormat = format
  }

  /** Keeps the header that was just read, unless what follows may decide where it ends, or it is too long. */
  keepHeader(place: number, line: Line): void {
    const length = line.at - line.start
    if (length <= 0 || length > HEADER_BYTES || line.end - line.start < HASHED_BYTES) return
    if (line.stampKind === STAMP.none || line.isHeaderOpen) return
    const memory = this.#headers[place] ?? new HeaderMemory()
    this.#headers[place] = memory
    memory.keep(line)
  }

  /** Whether the line begins with the kept header; if so the line is set as if its header had been read. */
  reuseHeader(place: number, line: Line): boolean {
    const memory = this.#headers[place] as HeaderMemory | null
    return memory !== null && memory.reuse(line)
  }
}

/** Shorter lines have no place of their own. */
const HASHED_BYTES = 32
