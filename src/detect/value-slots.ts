/**
 * Memory for the values of keys that have more than one: slots of 2, 4, 8, ... 65,536 elements, cut from chunks of
 * about 1 MiB that are never moved, with a free list per size. A slot is named by a 32-bit address (chunk and word).
 *
 * An element is `stride` words: time (a double, 2 words), line reference (1), value (`valueWords`), padded to an even
 * number. A chunk serves one size; when the budget is spent, a free slot of the next size serves a smaller wish. Small sizes may not
 * take all chunks: a flood of keys with two values each must not keep those with many from growing.
 */

/** No slot. */
export const NO_SLOT = 0xffffffff
/** Size class `k` holds `2 ** k` elements. */
export const LARGEST_CLASS = 16
/** Words of an element before its value. */
export const LINE_AT = 2
export const VALUE_AT = 3

/** Part of the chunks that is left to larger slots, by size class. */
const RESERVES = [0, 1 / 8, 1 / 8, 1 / 10, 1 / 16, 1 / 32]
/** The same in chunks, at least: each larger size has one of its own. */
const LEAST_RESERVES = [0, 4, 4, 3, 2, 1]

const SINGLE_CHUNKS = 4
const TO_LINE = 12
const SLAB_CHUNKS = 8

export class ValueSlots {
  readonly stride: number
  readonly chunkBits: number
  /** Chunks by `address >>> chunkBits`; the slot begins at word `address & (2 ** chunkBits - 1)`. */
  readonly words: Uint32Array[] = []
  /** The same memory as doubles: the time of the element at word `w` is at `w >> 1`. */
  readonly times: Float64Array[] = []
  /** Per class, chunks that it leaves to larger ones. */
  readonly #reserve: readonly number[]
  /** Size class of the slot that `take` gave last; it may be larger than asked for. */
  takenClass = 0
  readonly #maxChunks: number
  #slab = new Uint32Array(0)
  #slabUsed = 0
  readonly #freeHead: number[] = Array<number>(LARGEST_CLASS + 1).fill(NO_SLOT)
  /** Next never used slot of the class's newest chunk, and where that chunk ends. */
  readonly #fresh: number[] = Array<number>(LARGEST_CLASS + 1).fill(0)
  readonly #freshEnd: number[] = Array<number>(LARGEST_CLASS + 1).fill(0)

  constructor(valueWords: number, maxBytes: number) {
    this.stride = (VALUE_AT + valueWords + 1) & ~1
    if (this.stride > 4) this.stride = 8 // a power of two, so that the largest slot fills a chunk exactly
    this.chunkBits = LARGEST_CLASS + Math.log2(this.stride)
    this.#maxChunks = Math.max(LARGEST_CLASS, Math.floor(maxBytes / (4 << this.chunkBits)))
    this.#reserve = Array.from({ length: LARGEST_CLASS + 1 }, (_, k) =>
      Math.max(LEAST_RESERVES[k] ?? 0, Math.ceil(this.#maxChunks * (RESERVES[k] ?? 0))),
    )
  }

  get bytes(): number {
    return this.words.length * (4 << this.chunkBits)
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

  #takeExactly(k: number, mayAddChunk: boolean): number {
    const head = this.#freeHead[k] as number
    if (head !== NO_SLOT) {
      const chunk = this.words[head >>> this.chunkBits] as Uint32Array
      this.#freeHead[k] = chunk[(head & ((1 << this.chunkBits) - 1)) + LINE_AT] as number
      return head
    }
    if (this.#fresh[k] === this.#freshEnd[k]) {
      const most = this.#maxChunks - (this.#reserve[k] as number)
      if (!mayAddChunk || this.words.length >= most) return NO_SLOT
      const base = this.words.length * 2 ** this.chunkBits
      const chunk = this.#newChunk()
      this.words.push(chunk)
      this.times.push(new Float64Array(chunk.buffer, chunk.byteOffset, chunk.length / 2))
      this.#fresh[k] = base
      this.#freshEnd[k] = base + (1 << this.chunkBits)
    }
    const address = this.#fresh[k] as number
    this.#fresh[k] = address + (this.stride << k)
    return address
  }

  /**
   * The first chunks one by one, then eight at once: pages are huge only in memory that is as large (decision 10). The words
   * before a chunk make slots begin where cache lines do, since malloc gives large memory 16 bytes behind that.
   */
  #newChunk(): Uint32Array {
    const length = 1 << this.chunkBits
    if (this.#slabUsed === this.#slab.length) {
      const chunks = this.words.length < SINGLE_CHUNKS ? 1 : SLAB_CHUNKS
      this.#slab = new Uint32Array(TO_LINE + Math.min(chunks, this.#maxChunks - this.words.length) * length)
      this.#slabUsed = TO_LINE
    }
    this.#slabUsed += length
    return this.#slab.subarray(this.#slabUsed - length, this.#slabUsed)
  }

  /** Takes a slot back. */
  give(sizeClass: number, address: number): void {
    const chunk = this.words[address >>> this.chunkBits] as Uint32Array
    chunk[(address & ((1 << this.chunkBits) - 1)) + LINE_AT] = this.#freeHead[sizeClass] as number
    this.#freeHead[sizeClass] = address
  }
}
