/**
 * Finds a name in a fixed set by its bytes, without making strings: the keys of key=value formats, and words of vendors
 * with a code each. Open addressing over a small table; a hit is compared byte by byte, so a name is never taken for
 * another one.
 */
import { ascii, lowerByte } from './bytes.ts'

/** Lower case, and one byte for the marks that vendors put between words: blank, `_` and `-`. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x20 || byte === 0x5f ? 0x2d : lowerByte(byte),
)

export class KeyTable {
  readonly #names: readonly Uint8Array[]
  readonly #slots: Int16Array
  readonly #mask: number
  readonly #longest: number

  /** `names` in lower case; they are found in any case. */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => ascii(name).map((byte) => FOLDED[byte] as number))
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

  /** Index of the name that fills the range, or -1. About 10 ns. */
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

/** Length and four bytes: names of one set seldom share them all, and a name that is not in the set costs one probe. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const first = FOLDED[bytes[start] as number] as number
  const middle = FOLDED[bytes[start + (length >> 1)] as number] as number
  const third = FOLDED[bytes[start + (length > 2 ? 2 : 0)] as number] as number
  const last = FOLDED[bytes[end - 1] as number] as number
  const mixed = Math.imul(first | (middle << 8) | (last << 16) | (third << 24), 0x9e3779b1) + length
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 16
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== FOLDED[bytes[start + i] as number]) return false
  }
  return true
}
