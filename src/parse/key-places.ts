/**
 * Keys of pairs, each with the marks behind it (`srcip=`, `devname="`), by their place in the line: most lines of a
 * firewall have the same keys in the same order, and a few kinds of lines take turns. A key that stood at its place
 * before is known by comparing whole words, without looking for its end or for its name in a table. Says nothing that
 * the key itself would not say. Direct-mapped, bounded: a key that finds its entry taken takes it over.
 */

/** Entries; a power of two. */
const KEYS = 2048
const KEY_BYTES = 48
const KEY_WORDS = KEY_BYTES / 4
const LENGTH_MASK = 0xff
const TARGET_SHIFT = 8

export class KeyPlaces {
  /** Length, and above it the target; 0 is empty. */
  readonly #entries = new Int32Array(KEYS)
  readonly #words = new Int32Array(KEYS * KEY_WORDS)
  /** The last four bytes, which may overlap the words in front. */
  readonly #last = new Int32Array(KEYS)
  /** What the last `match` found: the number that was kept with the key. */
  target = -1

  /** Length of the key at `at` with its marks when it was the `place`-th of a line before, else 0. About 5 ns. */
  match(view: DataView, at: number, limit: number, place: number): number {
    const first = view.getInt32(at, true)
    const slot = slotOf(first, place)
    const entry = this.#entries[slot] as number
    const length = entry & LENGTH_MASK
    if (length === 0 || at + length > limit) return 0
    const words = this.#words
    let word = slot * KEY_WORDS
    if (first !== words[word]) return 0
    const last = at + length - 4
    for (let i = at + 4; i < last; i += 4) if (view.getInt32(i, true) !== words[++word]) return 0
    if (view.getInt32(last, true) !== this.#last[slot]) return 0
    this.target = entry >> TARGET_SHIFT
    return length
  }

  /** Remembers a key that was looked up; `length` counts its marks. Keys shorter than a word are not worth it. */
  keep(view: DataView, at: number, length: number, target: number, place: number): void {
    if (length < 4 || length > KEY_BYTES) return
    const slot = slotOf(view.getInt32(at, true), place)
    const last = length - 4
    for (let i = 0; i === 0 || i < last; i += 4) {
      this.#words[slot * KEY_WORDS + i / 4] = view.getInt32(at + i, true)
    }
    this.#last[slot] = view.getInt32(at + last, true)
    this.#entries[slot] = length | (target << TARGET_SHIFT)
  }
}

/** By the first four bytes and the place. */
function slotOf(first: number, place: number): number {
  return ((Math.imul(first, 0x9e3779b1) >>> 18) ^ (place << 3)) & (KEYS - 1)
}
