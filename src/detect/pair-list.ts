/**
 * The lists of few-pairs.ts: up to MOST_PAIRS (destination, port) pairs of a source, in up to three blocks of 4, 8 and 16
 * elements whose addresses lie in the source's entry. A list never moves when it grows, nor leaves a hole behind: sources grow
 * side by side, so that what one gives back no other would want, and new memory is dearer than all else here.
 *
 * An element has four words: its time, as ms from the entry's base time on; port, copy and bits; line; destination.
 */
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, LINE, META, USED } from './key-table.ts'
import { NO_SLOT, type ValueSlots } from './value-slots.ts'

/** Words of an entry with one pair: its destination, port word and line; its time is the entry's. */
export const DESTINATION = KEY + 1
export const PORT = KEY + 2
/** The same words with a list: the addresses of its blocks. */
const BLOCKS: readonly number[] = [DESTINATION, PORT, LINE]
/** Size class of the first block; each further one is of the next. */
const FIRST_CLASS = 2
const FIRST_ELEMENTS = 1 << FIRST_CLASS
export const MOST_PAIRS = 7 * FIRST_ELEMENTS

export const OFFSET_AT = 0
export const PORT_AT = 1
export const LINE_AT = 2
export const DESTINATION_AT = 3
const STRIDE = 4
/** Elements in a cache line. */
const LINE_ELEMENTS = 4

const MOST_LINES = MOST_PAIRS / LINE_ELEMENTS + 3

/** Port and copy in a port word; then whether a record of the pair proved the source, and whether the line is in the ring. */
export const PORT_MASK = 0xfffff
export const PROVEN = 1 << 20
export const IN_RING = 1 << 21
/** When the pair was touched last, in parts of the time that keys are kept, modulo TOUCHES. */
const TOUCH_SHIFT = 22
const TOUCHES = 1 << 10
export const KEPT_TOUCHES = TOUCHES / 4
/** Times of a list lie so far around its base, in ms: some 24 days. */
export const HALF_RANGE = 2 ** 31
/** In the class of an entry: its source is open. */
export const OPEN_CLASS = CLASS_MASK

/** The bits of a port word that say when. */
export function touchBits(touch: number): number {
  return (touch % TOUCHES) << TOUCH_SHIFT
}

export function classOf(meta: number): number {
  return (meta >>> CLASS_SHIFT) & CLASS_MASK
}

/** Whether an entry has a list: its source has more than one pair, and is not open. */
export function hasList(meta: number): boolean {
  const sizeClass = classOf(meta)
  return sizeClass !== 0 && sizeClass !== OPEN_CLASS
}

export class PairLists {
  readonly #slots: ValueSlots
  readonly #ahead: Uint32Array
  #noted = 0
  /** Only written, so that the compiler keeps the loop that reads ahead. */
  prefetched = 0
  /** Words of the chunk of the element at hand, and where it lies; see `at`. */
  chunk: Uint32Array = new Uint32Array(0)
  ports = 0
  hosts = 0

  /** `most`: lists that are read ahead together. */
  constructor(slots: ValueSlots, most: number) {
    this.#slots = slots
    this.#ahead = new Uint32Array(most * MOST_LINES)
  }

  /** Makes the chunk of element `n` the one at hand, and answers where it lies there. */
  at(words: Uint32Array, entry: number, n: number): number {
    const { words: chunks, chunkBits } = this.#slots
    const block = n < FIRST_ELEMENTS ? 0 : n < 3 * FIRST_ELEMENTS ? 1 : 2
    const address = words[entry + (BLOCKS[block] as number)] as number
    this.chunk = chunks[address >>> chunkBits] as Uint32Array
    return (address & ((1 << chunkBits) - 1)) + (n - ((FIRST_ELEMENTS << block) - FIRST_ELEMENTS)) * STRIDE
  }

  /**
   * Notes the addresses of a list's cache lines, for `readAhead`.
   */
  noteLines(words: Uint32Array, entry: number, count: number): void {
    const ahead = this.#ahead
    let noted = this.#noted
    for (let block = 0, n = 0; n <= count && block < BLOCKS.length; block++) {
      const address = words[entry + (BLOCKS[block] as number)] as number
      if (address === NO_SLOT) break
      const elements = Math.min(count + 1 - n, FIRST_ELEMENTS << block)
      for (let e = 0; e < elements; e += LINE_ELEMENTS) ahead[noted++] = address + e * STRIDE
      n += FIRST_ELEMENTS << block
    }
    this.#noted = noted
  }

  /** Reads what was noted: a loop so short that many reads are on their way at once. */
  readAhead(): void {
    const { words: chunks, chunkBits } = this.#slots
    const ahead = this.#ahead
    const inChunk = (1 << chunkBits) - 1
    let sum = 0
    for (let n = 0; n < this.#noted; n++) {
      const address = ahead[n] as number
      sum ^= (chunks[address >>> chunkBits] as Uint32Array)[address & inChunk] as number
    }
    this.prefetched ^= sum
    this.#noted = 0
  }

  /** The number of a pair in a list, or -1; then `ports` and `hosts` tell how many pairs have its destination, and its port. */
  look(words: Uint32Array, entry: number, count: number, destination: number, port: number): number {
    const { words: chunks, chunkBits } = this.#slots
    const inChunk = (1 << chunkBits) - 1
    let ports = 0
    let hosts = 0
    for (let block = 0, n = 0; n < count; block++) {
      const address = words[entry + (BLOCKS[block] as number)] as number
      const chunk = chunks[address >>> chunkBits] as Uint32Array
      const end = Math.min(count, n + (FIRST_ELEMENTS << block))
      for (let e = address & inChunk; n < end; e += STRIDE, n++) {
        const differs = ((chunk[e + PORT_AT] as number) ^ port) & PORT_MASK
        if (chunk[e + DESTINATION_AT] === destination) {
          if (differs === 0) return n
          ports++
        }
        if ((differs & 0xffff) === 0) hosts++
      }
    }
    this.ports = ports
    this.hosts = hosts
    return -1
  }

  /** Makes a list of an entry with one pair, whose time becomes the base. False: memory is spent, and nothing is changed. */
  begin(words: Uint32Array, entry: number, touch: number): boolean {
    const address = this.#take(0)
    if (address === NO_SLOT) return false
    const port = words[entry + PORT] as number
    const line = words[entry + LINE] as number
    const destination = words[entry + DESTINATION] as number
    words[entry + DESTINATION] = address
    words[entry + PORT] = NO_SLOT
    words[entry + LINE] = NO_SLOT
    words[entry + META] = USED | (FIRST_CLASS << CLASS_SHIFT) | (1 << COUNT_SHIFT)
    const e = this.at(words, entry, 0)
    const { chunk } = this
    chunk[e + OFFSET_AT] = HALF_RANGE
    chunk[e + PORT_AT] = (port | touch) >>> 0
    chunk[e + LINE_AT] = line
    chunk[e + DESTINATION_AT] = destination
    return true
  }

  /** A slot of exactly the class of a block: one of the next would be given back as what it is not. */
  #take(block: number): number {
    const slots = this.#slots
    const address = slots.take(FIRST_CLASS + block)
    if (address === NO_SLOT || slots.takenClass === FIRST_CLASS + block) return address
    slots.give(slots.takenClass, address)
    return NO_SLOT
  }

  /** The number of one more element, whose words the caller writes; -1 when the list is full or memory is spent. */
  add(words: Uint32Array, entry: number, touch: number): number {
    let count = (words[entry + META] as number) >>> COUNT_SHIFT
    const block =
      count === FIRST_ELEMENTS ? 1 : count === 3 * FIRST_ELEMENTS ? 2 : count === MOST_PAIRS ? 3 : 0
    if (block > 0) {
      count = this.#forget(words, entry, count, touch)
      const isFull = count === (FIRST_ELEMENTS << block) - FIRST_ELEMENTS
      const next = BLOCKS.at(block)
      if (isFull && next === undefined) return -1
      const at = entry + (next ?? 0)
      if (isFull && words[at] === NO_SLOT) {
        const address = this.#take(block)
        if (address === NO_SLOT) return -1
        words[at] = address
      }
    }
    words[entry + META] = USED | (FIRST_CLASS << CLASS_SHIFT) | ((count + 1) << COUNT_SHIFT)
    return count
  }

  /** Drops the pairs that nothing has touched for as long as keys are kept; answers how many are left. */
  #forget(words: Uint32Array, entry: number, count: number, touch: number): number {
    let left = count
    for (let n = 0; n < left; ) {
      const e = this.at(words, entry, n)
      const { chunk } = this
      const age = (touch - ((chunk[e + PORT_AT] as number) & -(1 << TOUCH_SHIFT))) >>> TOUCH_SHIFT
      // An age beyond TOUCHES looks younger than it is, so such a pair stays: that does no harm.
      if (age <= KEPT_TOUCHES + 1) n++
      else {
        const last = this.at(words, entry, --left)
        for (let w = 0; w < STRIDE; w++) chunk[e + w] = this.chunk[last + w] as number
      }
    }
    return left
  }

  /** Gives the blocks of an entry back. */
  release(words: Uint32Array, entry: number): void {
    if (!hasList(words[entry + META] as number)) return
    BLOCKS.forEach((at, block) => {
      const address = words[entry + at] as number
      if (address !== NO_SLOT) this.#slots.give(FIRST_CLASS + block, address)
    })
  }
}
