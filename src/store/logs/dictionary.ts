/**
 * The distinct texts of one LowCardinality column within one segment: bytes in, small number out, no strings made.
 * Texts are kept the way ClickHouse wants them on the wire (varint length, bytes), so the dictionary is written as it
 * lies. Number 0 is the empty text.
 *
 * A memo, indexed by length and three bytes, answers repeated values with one comparison (logs repeat themselves); a
 * miss goes to open addressing by a hash over all bytes, seeded per process because peers choose some of the texts.
 */
import { randomBytes } from 'node:crypto'

/** Ids fit in 16 bits; the writer closes a segment before a dictionary passes this. */
export const DICTIONARY_LIMIT = 65_536
/** A longest varint of a length below 2^32. */
const VARINT_BYTES = 5
const MEMO_MASK = 255
const FIRST_TABLE = 64
const SEED = randomBytes(4).readUInt32LE(0)

export class Dictionary {
  /** Number of texts, the empty one included. */
  size = 1
  #bytes = new Uint8Array(1024)
  #used = 1
  #start = new Uint32Array(FIRST_TABLE)
  #length = new Uint32Array(FIRST_TABLE)
  #hash = new Uint32Array(FIRST_TABLE)
  /** Ids by hash; 0 is a free slot, since the empty text is never looked up. */
  #table = new Uint32Array(FIRST_TABLE * 2)
  readonly #memo = new Uint32Array(MEMO_MASK + 1)

  /** All texts in order of their ids, each as varint length and bytes: valid until the next `idOf` or `reset`. */
  get serialized(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }

  reset(): void {
    this.size = 1
    this.#used = 1
    this.#table.fill(0)
    this.#memo.fill(0)
  }

  /** The id of a text, which is made when it is new. */
  idOf(text: Uint8Array): number {
    return text.length === 0 ? 0 : this.#find(text, 0, text.length)
  }

  /**
   * Puts the ids of `count` texts into `ids` from `row` on: text `i` is `source[slices[i * stride + slot],
   * slices[i * stride + slot + 1])`. The hot loop of the writer: all it needs lies in locals.
   */
  idsOf(
    source: Uint8Array,
    slices: Uint32Array,
    slot: number,
    stride: number,
    count: number,
    ids: Uint16Array,
    row: number,
  ): void {
    const memo = this.#memo
    let bytes = this.#bytes
    let starts = this.#start
    let lengths = this.#length
    for (let i = 0, at = slot; i < count; i++, at += stride) {
      const start = slices[at] as number
      const end = slices[at + 1] as number
      const length = (end - start) | 0
      if (length <= 0) {
        ids[row + i] = 0
        continue
      }
      const key =
        (Math.imul(length, 31) +
          (source[start] as number) +
          Math.imul(source[end - 1] as number, 7) +
          Math.imul(source[start + (length >>> 1)] as number, 13)) &
        MEMO_MASK
      const guess = memo[key] as number
      if (guess !== 0 && lengths[guess] === length) {
        let from = start
        let to = starts[guess] as number
        while (from < end && source[from] === bytes[to]) {
          from++
          to++
        }
        if (from === end) {
          ids[row + i] = guess
          continue
        }
      }
      const id = this.#find(source, start, end)
      memo[key] = id
      ids[row + i] = id
      bytes = this.#bytes
      starts = this.#start
      lengths = this.#length
    }
  }

  #equals(id: number, source: Uint8Array, start: number, length: number): boolean {
    if (this.#length[id] !== length) return false
    const bytes = this.#bytes
    let at = this.#start[id] as number
    for (let i = start, end = start + length; i < end; i++, at++) if (bytes[at] !== source[i]) return false
    return true
  }

  #find(source: Uint8Array, start: number, end: number): number {
    let hash = SEED
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ (source[i] as number), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    hash >>>= 0
    const mask = this.#table.length - 1
    let slot = hash & mask
    for (;;) {
      const id = this.#table[slot] as number
      if (id === 0) return this.#add(source, start, end, hash, slot)
      if (this.#hash[id] === hash && this.#equals(id, source, start, end - start)) return id
      slot = (slot + 1) & mask
    }
  }

  #add(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.size++
    const length = end - start
    if (id === this.#start.length) this.#growEntries()
    if (this.#used + length + VARINT_BYTES > this.#bytes.length)
      this.#bytes = grown(this.#bytes, this.#used + length + VARINT_BYTES)
    let at = this.#used
    let rest = length
    for (; rest >= 128; rest >>>= 7) this.#bytes[at++] = (rest & 127) | 128
    this.#bytes[at++] = rest
    this.#start[id] = at
    this.#length[id] = length
    this.#hash[id] = hash
    for (let i = start; i < end; i++) this.#bytes[at++] = source[i] as number
    this.#used = at
    this.#table[slot] = id
    if (this.size * 2 > this.#table.length) this.#growTable()
    return id
  }

  #growEntries(): void {
    const entries = this.#start.length * 2
    this.#start = copied(this.#start, entries)
    this.#length = copied(this.#length, entries)
    this.#hash = copied(this.#hash, entries)
  }

  #growTable(): void {
    const table = new Uint32Array(this.#table.length * 2)
    const mask = table.length - 1
    for (let id = 1; id < this.size; id++) {
      let slot = (this.#hash[id] as number) & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = id
    }
    this.#table = table
  }
}

function copied(from: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(length)
  to.set(from)
  return to
}

function grown(from: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(Math.max(needed, from.length * 2))
  to.set(from)
  return to
}
