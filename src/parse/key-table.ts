/**
 * Finds a name in a fixed set by its bytes, without making strings: the keys of key=value formats, and words of vendors
 * with a code each. Open addressing over a small table; a hit is compared byte by byte, so a name is never taken for
 * another one.
 */
import { ascii, lowerByte } from './bytes.ts'

const FNV_PRIME = 16_777_619
const FNV_BASIS = 0x811c9dc5 | 0

export class KeyTable {
  readonly #names: readonly Uint8Array[]
  readonly #slots: Int16Array
  readonly #mask: number
  readonly #longest: number

  /** `names` in lower case; they are found in any case. */
  constructor(names: readonly string[]) {
    this.#names = names.map(ascii)
    this.#longest = Math.max(...this.#names.map((name) => name.length))
    const size = 1 << (32 - Math.clz32(names.length * 4))
    this.#mask = size - 1
    this.#slots = new Int16Array(size).fill(-1)
    for (const [index, name] of this.#names.entries()) {
      let slot = hashOf(name, 0, name.length) & this.#mask
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask
      this.#slots[slot] = index
    }
  }

  /** Index of the name that fills the range, or -1. About 2 ns a byte. */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (length <= 0 || length > this.#longest) return -1
    let slot = hashOf(bytes, start, end) & this.#mask
    for (;;) {
      const index = this.#slots[slot] as number
      if (index < 0) return -1
      const name = this.#names[index] as Uint8Array
      if (name.length === length && isSame(name, bytes, start)) return index
      slot = (slot + 1) & this.#mask
    }
  }
}

/** Words with a code each; a blank inside a word is the same as a hyphen or an underscore. */
export class WordCodes {
  readonly #table: KeyTable
  readonly #codes: readonly number[]

  constructor(codes: Readonly<Record<string, number>>) {
    this.#table = new KeyTable(Object.keys(codes))
    this.#codes = Object.values(codes)
  }

  /** The word's code, or `otherwise`. */
  of(bytes: Uint8Array, start: number, end: number, otherwise: number): number {
    const index = this.#table.indexOf(bytes, start, end)
    return index < 0 ? otherwise : (this.#codes[index] as number)
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_BASIS
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ folded(bytes[at] as number), FNV_PRIME)
  return hash ^ (hash >>> 15)
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    if (folded(name[i] as number) !== folded(bytes[start + i] as number)) return false
  }
  return true
}

/** Lower case, and one byte for the marks that vendors put between words. */
function folded(byte: number): number {
  return byte === 0x20 || byte === 0x5f ? 0x2d : lowerByte(byte)
}
