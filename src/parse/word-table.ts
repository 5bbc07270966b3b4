/**
 * Looks up words in a fixed list without strings: the word's bytes in, the number that stands for it out. A-Z and a-z
 * are the same. The place of a word is found by its length and its last four bytes, so that a word that is not in the
 * list (most keys of a log line) costs one probe, whatever its length.
 */
import { ascii } from './bytes.ts'

const MAX_WORD_BYTES = 64
/** Words are compared four bytes at a time. */
const INTS = MAX_WORD_BYTES / 4

export class WordTable {
  readonly #mask: number
  readonly #tails: Int32Array
  readonly #lengths: Uint8Array
  readonly #values: Int32Array
  /** Folded bytes of each word, four a number, INTS numbers a word; its last four bytes are its tail. */
  readonly #ints: Int32Array

  /** Words of 1 to 64 ASCII bytes; values are any 32-bit numbers but -1. */
  constructor(entries: Readonly<Record<string, number>>) {
    const pairs = Object.entries(entries)
    let size = 16
    while (size < pairs.length * 4) size *= 2
    this.#mask = size - 1
    this.#tails = new Int32Array(size)
    this.#lengths = new Uint8Array(size)
    this.#values = new Int32Array(size)
    this.#ints = new Int32Array(size * INTS)
    for (const [text, value] of pairs) this.#add(ascii(text), value)
  }

  #add(word: Uint8Array, value: number): void {
    const { length } = word
    if (length === 0 || length > MAX_WORD_BYTES)
      throw new RangeError(`a word has 1 to 64 bytes, not ${length}`)
    const folded = word.map((byte) => byte | 0x20)
    const tail = tailOf(folded, new DataView(folded.buffer), 0, length)
    let slot = slotOf(tail, length) & this.#mask
    while (this.#lengths[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#lengths[slot] = length
    this.#tails[slot] = tail
    this.#values[slot] = value
    const view = new DataView(folded.buffer)
    for (let at = 0; at < length - 4; at += 4) this.#ints[slot * INTS + at / 4] = view.getInt32(at, true)
  }

  /** The number of the word that fills the range, or -1 when it is not in the list. */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start
    if (length <= 0 || length > MAX_WORD_BYTES) return -1
    const tail = tailOf(bytes, view, start, end)
    let slot = slotOf(tail, length) & this.#mask
    while (this.#lengths[slot] !== 0) {
      if (
        this.#tails[slot] === tail &&
        this.#lengths[slot] === length &&
        this.#isAt(slot, view, start, end)
      ) {
        return this.#values[slot] as number
      }
      slot = (slot + 1) & this.#mask
    }
    return -1
  }

  /** Whether what stands in front of the tail is the word's. */
  #isAt(slot: number, view: DataView, start: number, end: number): boolean {
    let int = slot * INTS
    for (let at = start; at < end - 4; at += 4) {
      if ((view.getInt32(at, true) | 0x20202020) !== this.#ints[int++]) return false
    }
    return true
  }
}

/** The last four bytes, folded; fewer for a shorter word. */
function tailOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  if (end - start >= 4) return view.getInt32(end - 4, true) | 0x20202020
  let tail = 0
  for (let i = start; i < end; i++) tail = (tail << 8) | (bytes[i] as number) | 0x20
  return tail
}

function slotOf(tail: number, length: number): number {
  return Math.imul(tail ^ (length << 3), 0x9e3779b1) >>> 16
}
