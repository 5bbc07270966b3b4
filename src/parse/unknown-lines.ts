/**
 * Counts lines that were not understood by sender and shape, and keeps the first bytes of one line of each: what a
 * person needs to see what a firewall sends that we cannot read. Bounded in senders, shapes and bytes, since anybody
 * may send anything: what does not fit is counted all the same.
 *
 * A shape is the reason and the front of the text with letters, digits and blanks folded, so that lines of one kind are
 * one shape whatever their addresses and names. A program's name or an event's word at the front is kept.
 */
import { type Diagnosis, Diagnoser } from './diagnose.ts'
import type { Line } from './line.ts'

/** Kept of a line, bytes. */
const SAMPLE_BYTES = 512
/** Bytes of text that make the shape. */
const SHAPE_BYTES = 48
const MAX_SHAPES = 256
const MAX_SHAPES_OF_SENDER = 16

export interface UnknownShape extends Diagnosis {
  readonly sender: string
  /** Lines of this shape. */
  readonly count: number
  /** The beginning of the first of them; bytes that are not UTF-8 show as U+FFFD. */
  readonly sample: string
  readonly reason: string
}

interface Entry {
  readonly sender: string
  readonly sample: string
  readonly reason: string
  count: number
  /** Made when first asked for. */
  diagnosis: Diagnosis | null
}

export class UnknownLines {
  readonly #entries = new Map<string, Entry>()
  readonly #shapesBySender = new Map<string, number>()
  #others = 0
  #diagnoser: Diagnoser | null = null

  /** Counts a line; about 0.5 us, 2 us for a new shape. */
  add(line: Line, sender: string, reason: string): void {
    const key = `${sender}\n${reason}\n${shapeOf(line)}`
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.count++
      return
    }
    const shapes = this.#shapesBySender.get(sender) ?? 0
    if (this.#entries.size >= MAX_SHAPES || shapes >= MAX_SHAPES_OF_SENDER) {
      this.#others++
      return
    }
    this.#shapesBySender.set(sender, shapes + 1)
    const end = Math.min(line.end, line.start + SAMPLE_BYTES)
    const sample = line.raw.bytes.toString('utf8', line.start, end)
    this.#entries.set(key, { sender, sample, reason, count: 1, diagnosis: null })
  }

  /** Lines whose shape found no room. */
  get others(): number {
    return this.#others
  }

  /** The most frequent shapes, at most `limit`. A shape that is asked for first costs up to a millisecond. */
  shapes(limit: number): UnknownShape[] {
    return [...this.#entries.values()]
      .sort((a, b) => b.count - a.count)
      .slice(0, limit)
      .map((entry) => {
        entry.diagnosis ??= (this.#diagnoser ??= new Diagnoser()).diagnose(entry.sample)
        const { sender, count, sample, reason, diagnosis } = entry
        return { sender, count, sample, reason, ...diagnosis }
      })
  }
}

/** The front of the text: letters of the first word as they are, later words `a`, numbers `9`, others as they are. */
function shapeOf(line: Line): string {
  const { bytes, at } = line
  const end = Math.min(line.end, at + SHAPE_BYTES)
  let shape = ''
  let last = 0
  let isFirstWord = true
  for (let i = at; i < end; i++) {
    const byte = bytes[i] as number
    let kind = byte
    if (byte >= 0x30 && byte <= 0x39) kind = 0x39
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) kind = isFirstWord ? byte : 0x61
    else if (byte < 0x20 || byte > 0x7e) kind = 0x3f
    if (byte <= 0x20 || byte === 0x3d || byte === 0x3a) isFirstWord = false
    const folds = kind === 0x39 || kind === 0x20 || kind === 0x3f || (kind === 0x61 && !isFirstWord)
    if (folds && kind === last) continue
    shape += String.fromCharCode(kind)
    last = kind
  }
  return shape
}
