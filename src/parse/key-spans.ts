/**
 * Where the values of a line's keys lie, for formats whose lines are a list of keys and values. One per format, used
 * again for every line. A key that stands twice with other values makes the line ambiguous; the first one is kept.
 */
import type { KeyTable } from './key-table.ts'
import { kernelInts } from './pair-kernel.ts'

export class ValueSpans {
  /** Start of a key's value, -1 when the key is not there. */
  readonly start: Int32Array
  readonly end: Int32Array
  readonly table: KeyTable
  /** A key stood twice with other values, or quotes were broken. */
  ambiguous = false
  /** Key of the last known pair, -1 when the last pair was of an unknown key. */
  last = -1
  readonly #mayRepeat: Uint8Array

  /** `forKernel`: takes its memory from the kernels', for good, so that pair-kernel.ts can write it. */
  constructor(table: KeyTable, count: number, mayRepeat: readonly number[] = [], forKernel = false) {
    this.table = table
    this.start = forKernel ? kernelInts(count) : new Int32Array(count).fill(-1)
    this.end = forKernel ? kernelInts(count) : new Int32Array(count).fill(-1)
    this.#mayRepeat = new Uint8Array(count)
    for (const key of mayRepeat) this.#mayRepeat[key] = 1
  }

  clear(): void {
    this.start.fill(-1)
    this.ambiguous = false
    this.last = -1
  }

  /** Notes a pair whose key fills `keyStart` to `keyEnd`. */
  add(bytes: Uint8Array, keyStart: number, keyEnd: number, start: number, end: number): void {
    const key = this.table.indexOf(bytes, keyStart, keyEnd)
    this.last = key
    if (key >= 0) this.set(bytes, key, start, end)
  }

  set(bytes: Uint8Array, key: number, start: number, end: number): void {
    const first = this.start[key] as number
    if (first < 0) {
      this.start[key] = start
      this.end[key] = end
    } else if (
      this.#mayRepeat[key] === 0 &&
      !isSameRange(bytes, first, this.end[key] as number, start, end)
    ) {
      this.ambiguous = true
    }
  }

  has(key: number): boolean {
    return (this.start[key] as number) >= 0
  }

  /** Whether the key is there with a value. */
  isFilled(key: number): boolean {
    const start = this.start[key] as number
    return start >= 0 && (this.end[key] as number) > start
  }

  /**
   * Drops the last value when it is one that no whole line ends with, and that would be a wrong one when cut (`isNever`
   * by key: 198.51.100.77 cut is 198.51.100.7). Returns whether it was.
   */
  dropCut(isNever: Uint8Array, end: number): boolean {
    const key = this.last
    if (key < 0 || isNever[key] !== 1 || this.end[key] !== end) return false
    this.start[key] = -1
    return true
  }

  drop(key: number): void {
    if (key >= 0) this.start[key] = -1
  }
}

function isSameRange(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false
  for (let i = 0; i < aEnd - a; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

const MEMORY_PAIRS = 128
const MEMORY_BYTES = 48

/**
 * The keys of the last line by their place in it, each with the mark behind it: most lines of a firewall have the same
 * keys in the same order, and comparing is cheaper than finding. Says nothing that the key itself would not say.
 */
export class KeyMemory {
  readonly #bytes = new Uint8Array(MEMORY_PAIRS * MEMORY_BYTES)
  readonly #length = new Uint8Array(MEMORY_PAIRS)
  readonly #key = new Int16Array(MEMORY_PAIRS)

  /** Length of the key of pair `place` with its mark when it stands at `at` again, else 0. */
  lengthAt(bytes: Uint8Array, place: number, at: number, end: number): number {
    if (place >= MEMORY_PAIRS) return 0
    const length = this.#length[place] as number
    if (at + length > end) return 0
    const from = place * MEMORY_BYTES
    for (let i = 0; i < length; i++) if (bytes[at + i] !== this.#bytes[from + i]) return 0
    return length
  }

  /** The key of pair `place`: its index, or -1 for one that we do not read. */
  keyAt(place: number): number {
    return this.#key[place] as number
  }

  keep(bytes: Uint8Array, place: number, at: number, length: number, key: number): void {
    if (place >= MEMORY_PAIRS || length > MEMORY_BYTES) return
    const from = place * MEMORY_BYTES
    for (let i = 0; i < length; i++) this.#bytes[from + i] = bytes[at + i] as number
    this.#length[place] = length
    this.#key[place] = key
  }
}
