/**
 * Memory for the values of keys that have more than one: slots of 2, 4, 8, ... 65,536 elements, cut from pieces of
 * about 1 MiB that are never moved, with a free list per size. A slot is named by a 32-bit address (chunk and word);
 * large tables have many pieces in a chunk, which takes memory only as they are used.
 *
 * An element is `stride` words: time (a double, 2 words), line reference (1), value (`valueWords`), padded to an even
 * number. A piece serves one size; when the budget is spent, a free slot of the next size serves a smaller wish. Small sizes may not
 * take all pieces: a flood of keys with two values each must not keep those with many from growing.
 */

/** No slot. */
export const NO_SLOT = 0xffffffff
/** Size class `k` holds `2 ** k` elements. */
export const LARGEST_CLASS = 16
/** Words of an element before its value. */
export const LINE_AT = 2
export const VALUE_AT = 3

/** Part of the pieces that is left to larger slots, by size class. */
const RESERVES = [0, 1 / 8, 1 / 8, 1 / 10, 1 / 16, 1 / 32]
/** The same in pieces, at least: each larger size has one of its own. */
const LEAST_RESERVES = [0, 4, 4, 3, 2, 1]

/**
 * Pieces of a chunk. 32 MiB and more: malloc takes so much from the system, untouched, 16 bytes behind the beginning of a page, in huge
 * pages (decision 10); and few chunks are found in the nearest cache.
 */
const MANY_PIECES = 5
/** Where there are fewer, a chunk is one piece: it would be too much for a small table. */
const MANY_FROM = 64
/** Words before a chunk's first slot, so that slots begin where cache lines do. */
const TO_LINE = 12

export class ValueSlots {
  readonly stride: number
  readonly chunkBits: number
  /** Chunks by `address >>> chunkBits`; the slot begins at word `address & (2 ** chunkBits - 1)`. */
  readonly words: Uint32Array[] = []
  /** The same memory as doubles: the time of the element at word `w` is at `w >> 1`. */
  readonly times: Float64Array[] = []
  /** Per class, pieces that it leaves to larger ones. */
  readonly #reserve: readonly number[]
  /** Size class of the slot that `take` gave last; it may be larger than asked for. */
  takenClass = 0
  readonly #maxPieces: number
  readonly #pieceWords: number
  readonly #pieceBits: number
  #pieces = 0
  readonly #freeHead: number[] = Array<number>(LARGEST_CLASS + 1).fill(NO_SLOT)
  /** Next never used slot of the class's newest piece, and where that piece ends. */
  readonly #fresh: number[] = Array<number>(LARGEST_CLASS + 1).fill(0)
  readonly #freshEnd: number[] = Array<number>(LARGEST_CLASS + 1).fill(0)

  constructor(valueWords: number, maxBytes: number) {
    this.stride = (VALUE_AT + valueWords + 1) & ~1
    if (this.stride > 4) this.stride = 8 // a power of two, so that the largest slot fills a piece exactly
    this.#pieceWords = this.stride << LARGEST_CLASS
    this.#maxPieces = Math.max(LARGEST_CLASS, Math.floor(maxBytes / (4 * this.#pieceWords)))
    this.#pieceBits = this.#maxPieces < MANY_FROM ? 0 : MANY_PIECES
    this.chunkBits = Math.log2(this.#pieceWords) + this.#pieceBits
    this.#reserve = Array.from({ length: LARGEST_CLASS + 1 }, (_, k) =>
      Math.max(LEAST_RESERVES[k] ?? 0, Math.ceil(this.#maxPieces * (RESERVES[k] ?? 0))),
    )
  }

  get bytes(): number {
    return this.#pieces * 4 * this.#pieceWords
  }

  /** The address of a free slot of this class or the next one (see `takenClass`), or NO_SLOT when memory is spent. */
  take(sizeClass: number): number {
    for (let k = sizeClass; k <= Math.min(sizeClass + 1, LARGEST_CLASS); k++) {
      const address = this.#takeExactly(k, k === sizeClass)
      if (address === NO_SLOT) continue
      this.takenClass = k
      return address
    }
    return NO_SLOT
  }

  #takeExactly(k: number, mayAddPiece: boolean): number {
    const head = this.#freeHead[k] as number
    if (head !== NO_SLOT) {
      const chunk = this.words[head >>> this.chunkBits] as Uint32Array
      this.#freeHead[k] = chunk[(head & ((1 << this.chunkBits) - 1)) + LINE_AT] as number
      return head
    }
    if (this.#fresh[k] === this.#freshEnd[k]) {
      const most = this.#maxPieces - (this.#reserve[k] as number)
      if (!mayAddPiece || this.#pieces >= most) return NO_SLOT
      const base = this.#pieces * this.#pieceWords
      if (this.#pieces++ >>> this.#pieceBits === this.words.length) this.#addChunk()
      this.#fresh[k] = base
      this.#freshEnd[k] = base + this.#pieceWords
    }
    const address = this.#fresh[k] as number
    this.#fresh[k] = address + (this.stride << k)
    return address
  }

  #addChunk(): void {
    const pieces = Math.min(1 << this.#pieceBits, this.#maxPieces - (this.words.length << this.#pieceBits))
    const chunk = new Uint32Array(TO_LINE + pieces * this.#pieceWords).subarray(TO_LINE)
    this.words.push(chunk)
    this.times.push(new Float64Array(chunk.buffer, chunk.byteOffset, chunk.length / 2))
  }

  /** Takes a slot back. */
  give(sizeClass: number, address: number): void {
    const chunk = this.words[address >>> this.chunkBits] as Uint32Array
    chunk[(address & ((1 << this.chunkBits) - 1)) + LINE_AT] = this.#freeHead[sizeClass] as number
    this.#freeHead[sizeClass] = address
  }
}
