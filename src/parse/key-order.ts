/**
 * The keys of the lines read last, by their place in the line: most lines of a sender have the same ones in the same
 * order, and a few types take turns. A key that stood there before is known by comparing whole words, without looking for
 * its end or for its name in a table.
 */
import { sameBytes } from './bytes.ts'

/** Keys remembered; a power of two. */
const KEYS = 2048
/** Longest key that is remembered. */
const KEY_BYTES = 48

export class KeyOrder {
  readonly #bytes = new Uint8Array(KEYS * KEY_BYTES + 8)
  readonly #view = new DataView(this.#bytes.buffer)
  readonly #length = new Uint8Array(KEYS)
  readonly #target = new Int16Array(KEYS)
  readonly #terminator: number
  /** End and number of the key that `match` found. */
  end = 0
  target = -1

  /** `terminator` is the byte behind every key. */
  constructor(terminator: number) {
    this.#terminator = terminator
  }

  /** Whether a key that was the `index`-th of a line stands at `at`, its terminator behind it in front of `limit`. */
  match(bytes: Uint8Array, view: DataView, at: number, limit: number, index: number): boolean {
    const slot = slotOf(view, at, index)
    const length = this.#length[slot] as number
    const end = at + length
    if (length === 0 || end >= limit || bytes[end] !== this.#terminator) return false
    if (!sameBytes(view, at, this.#view, slot * KEY_BYTES, length)) return false
    this.end = end
    this.target = this.#target[slot] as number
    return true
  }

  /** Remembers a key that was looked up. */
  keep(bytes: Uint8Array, view: DataView, from: number, to: number, target: number, index: number): void {
    if (to - from > KEY_BYTES) return
    const slot = slotOf(view, from, index)
    for (let i = from; i < to; i++) this.#bytes[slot * KEY_BYTES + i - from] = bytes[i] as number
    this.#length[slot] = to - from
    this.#target[slot] = target
  }
}

/** By the first four bytes and the place. */
function slotOf(view: DataView, at: number, index: number): number {
  return ((Math.imul(view.getInt32(at, true), 0x9e3779b1) >>> 18) ^ (index << 3)) & (KEYS - 1)
}
