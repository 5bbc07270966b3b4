/**
 * Keys of pairs, each with the marks behind it (`srcip=`, `"src_ip":"`), by their place in the line: most lines of a
 * firewall have the same keys in the same order, and a few kinds of lines take turns. A key that stood at its place
 * before is known by comparing whole words, without looking for its end or for its name in a table. Says nothing that
 * the key itself would not say. Bounded: a key has two entries, and pushes out the one that was kept longer ago.
 *
 * In the kernels' memory it may be read by pair-kernel.ts, which compares 16 bytes at a time.
 */
import { allocate, kernelMemory } from '../model/kernel-memory.ts'

/**
 * An entry fills one line of the processor's cache: what it is (its length, and above it 1 + its target; 0 is empty), its
 * last four bytes, its bytes.
 */
export const ENTRY = {
  /** Entries; a power of two. */
  count: 2048,
  bytesShift: 6,
  lengthMask: 0xff,
  targetShift: 8,
  keyAt: 8,
  factor: 0x9e3779b1,
  fifthFactor: 0x85ebca6b,
  hashShift: 18,
  placeShift: 3,
} as const

const LAST = 1
const PAIR_BYTES = 2 << ENTRY.bytesShift
/** Numbers of an entry: the distance of the two entries in which a key may lie. */
const OTHER = 1 << (ENTRY.bytesShift - 2)
const WORDS = ENTRY.keyAt / 4
const KEY_BYTES = (1 << ENTRY.bytesShift) - ENTRY.keyAt

export class KeyPlaces {
  /** Where the entries lie in the kernels' memory: such that the two of a key differ in one bit of their address. */
  readonly address: number
  readonly #entries: Int32Array
  /** What the last `match` found: the number that was kept with the key, up to 23 bits, or -1. */
  target = -1

  /** `forKernel`: takes its 128 KiB from the kernels' memory, for good, so that pair-kernel.ts can read it. */
  constructor(forKernel = false) {
    const size = ENTRY.count << ENTRY.bytesShift
    this.address = forKernel ? (allocate(size + PAIR_BYTES) + PAIR_BYTES) & -PAIR_BYTES : 0
    this.#entries = new Int32Array(
      forKernel ? kernelMemory.buffer : new ArrayBuffer(size),
      this.address,
      size / 4,
    )
  }

  /** Length of the key at `at` with its marks when it was the `place`-th of a line before, else 0. About 5 ns. */
  match(view: DataView, at: number, limit: number, place: number): number {
    const entries = this.#entries
    const first = view.getInt32(at, true)
    let base = entryOf(first, view.getUint16(at + 4, true), place)
    for (let tries = 0; tries < 2; tries++, base ^= OTHER) {
      const what = entries[base] as number
      const length = what & ENTRY.lengthMask
      const last = at + length - 4
      if (length < 4 || at + length > limit || first !== entries[base + WORDS]) continue
      if (view.getInt32(last, true) !== entries[base + LAST]) continue
      let word = base + WORDS + 1
      let i = at + 4
      for (; i < last && view.getInt32(i, true) === entries[word]; i += 4) word++
      if (i < last) continue
      this.target = (what >>> ENTRY.targetShift) - 1
      return length
    }
    return 0
  }

  /**
   * Remembers a key that was looked up; `length` counts its marks. Of one shorter than a word only the kernel takes
   * notice. The key that stood in its entry moves to the other one of the pair.
   */
  keep(view: DataView, at: number, length: number, target: number, place: number): void {
    if (length > KEY_BYTES) return
    const entries = this.#entries
    const base = entryOf(view.getInt32(at, true), view.getUint16(at + 4, true), place)
    entries.copyWithin(base ^ OTHER, base, base + OTHER)
    const words = base + WORDS
    // The last word is whole: what stands behind the key is not compared.
    for (let i = 0; i < length; i += 4) entries[words + i / 4] = view.getInt32(at + i, true)
    entries[base + LAST] = view.getInt32(at + Math.max(0, length - 4), true)
    entries[base] = length | ((target + 1) << ENTRY.targetShift)
  }
}

/** By the first six bytes and the place. */
function entryOf(first: number, fifth: number, place: number): number {
  const hash = Math.imul(first ^ Math.imul(fifth, ENTRY.fifthFactor), ENTRY.factor) >>> ENTRY.hashShift
  return ((hash ^ (place << ENTRY.placeShift)) & (ENTRY.count - 1)) << (ENTRY.bytesShift - 2)
}
