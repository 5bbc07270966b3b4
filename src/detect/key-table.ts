/**
 * The table of keys behind a sliding window: open addressing with linear probing over typed arrays, in up to 256
 * segments (by the hash's upper bits) that grow and shrink each for itself, so that the longest pause is the rehash of
 * one segment (20,000 keys of 5 million: about a millisecond). Entries lie whole in one or two cache lines. No objects.
 *
 * Forgetting goes by `tick`, the arrival clock, never by event times. A key that no record touched for `keepTicks` is
 * dropped by a sweep that keeps pace with the records. A full segment evicts, among 16 neighbours, first a key
 * untouched for a whole window, then the oldest key with one value, then the key with the fewest values; a large segment
 * two idle or single ones at once, since looking costs more than evicting.
 */
import { SeededHash } from './seeded-hash.ts'
import { NO_SLOT, ValueSlots } from './value-slots.ts'

export interface KeyTableOptions {
  /** Words per key and per value. */
  readonly keyWords: number
  readonly valueWords: number
  readonly maxKeys: number
  /** Bytes for the values of keys with more than one; by default 64 per key. */
  readonly maxSlotBytes?: number
  readonly seed: number
  /** Gives back what an entry holds that goes. Absent: its slot. */
  readonly release?: (words: Uint32Array, at: number) => void
}

export interface WindowCounters {
  keys: number
  bytes: number
  /** Dropped because nothing touched them for so long that they are over: the normal end. */
  expired: number
  /** Pushed out by a full table: untouched for a window; with one value; with more. The last two are an alarm. */
  evictedIdle: number
  evictedSingle: number
  evictedMulti: number
  /** Values not kept because the memory for values was spent: an alarm. */
  valuesLost: number
}

// Words of an entry: latest time (a double), meta, touch, line, then key words and value words. Where a key has more
// than one value its first value word is the address of a slot. Meta 0 is an empty place.
export const META = 2
export const TOUCH = 3
export const LINE = 4
export const KEY = 5
/** Bits of meta; above them the slot's size class (0: one value, in the entry) and the number of values. */
export const USED = 1
export const CLASS_SHIFT = 4
export const CLASS_MASK = 31
export const COUNT_SHIFT = 12

const MAX_SEGMENTS = 256
const KEYS_PER_SEGMENT = 4096
const FIRST_CAPACITY = 16
/** Segments with fewer places grow fourfold, so that a key is moved once and not three times on the way there. */
const FAST_GROWTH_BELOW = 4096
const NEIGHBOURS = 16
/** In segments for so many keys the look at the neighbours costs far more than one key more or less is worth. */
const TWO_VICTIMS_FROM = 1024
/** Entries swept per batch, at least; else one for two records, so that 8 M places are gone through in 16 M records. */
const SWEEP_AT_LEAST = 256

export class KeyTable {
  readonly keyWords: number
  readonly valueWords: number
  /** Words per entry, and where the value begins in it. */
  readonly stride: number
  readonly valueAt: number
  readonly hash: SeededHash
  readonly slots: ValueSlots
  /** Segment of a hash: `hash >>> segmentShift`; place: `hash & mask[segment]`. */
  readonly segmentShift: number
  readonly words: Uint32Array[] = []
  /** The same memory as doubles. */
  readonly times: Float64Array[] = []
  readonly mask: Int32Array
  /** Grows whenever entries change their places. */
  moves = 0
  /** Only written, so that the compiler keeps the loop that reads ahead. */
  prefetched = 0
  /** Now, in units of the caller; `(tick - touch) >>> 0` is an age. */
  tick = 0
  #windowTicks = 0
  #keepTicks = 0
  readonly #release: ((words: Uint32Array, at: number) => void) | null
  readonly #maxPerSegment: number
  /** Per segment: places taken, and where the search for a victim goes on. */
  readonly #used: Uint32Array
  readonly #hand: Uint32Array
  #sweepSegment = 0
  #sweepAt = 0
  #slotHand = 0
  /** What `#victim` found beside its answer. */
  #second = -1
  readonly counted: WindowCounters = {
    keys: 0,
    bytes: 0,
    expired: 0,
    evictedIdle: 0,
    evictedSingle: 0,
    evictedMulti: 0,
    valuesLost: 0,
  }

  constructor(options: KeyTableOptions) {
    this.keyWords = options.keyWords
    this.#release = options.release ?? null
    this.valueWords = options.valueWords
    this.valueAt = KEY + options.keyWords
    this.stride = (this.valueAt + options.valueWords + 1) & ~1
    this.hash = new SeededHash(options.seed, options.keyWords)
    this.slots = new ValueSlots(options.valueWords, options.maxSlotBytes ?? options.maxKeys * 64)
    const wanted = Math.ceil(Math.log2(Math.max(2, options.maxKeys / KEYS_PER_SEGMENT)))
    const segments = Math.min(MAX_SEGMENTS, 2 ** wanted)
    this.segmentShift = 32 - Math.log2(segments)
    this.#maxPerSegment = Math.max(1, Math.ceil(options.maxKeys / segments))
    this.#used = new Uint32Array(segments)
    this.#hand = new Uint32Array(segments)
    this.mask = new Int32Array(segments).fill(FIRST_CAPACITY - 1)
    for (let s = 0; s < segments; s++) {
      const words = new Uint32Array(FIRST_CAPACITY * this.stride)
      this.words.push(words)
      this.times.push(new Float64Array(words.buffer))
      this.counted.bytes += words.byteLength
    }
  }

  /** An untouched key counts as idle after a window, and is over after `keepTicks`. */
  configure(windowTicks: number, keepTicks: number): void {
    this.#windowTicks = windowTicks
    this.#keepTicks = Math.max(keepTicks, windowTicks)
  }

  /** Where the entry of a key is in its segment, or -1. */
  find(hash: number, keys: Uint32Array, keyAt: number): number {
    const { mask, segmentShift, stride, keyWords } = this
    const segment = hash >>> segmentShift
    const words = this.words[segment] as Uint32Array
    let at = (hash & (mask[segment] as number)) * stride
    const key0 = keys[keyAt + keyWords - 1]
    while (words[at + META] !== 0) {
      if (words[at + KEY + keyWords - 1] === key0) {
        let k = 0
        while (k < keyWords - 1 && words[at + KEY + k] === keys[keyAt + k]) k++
        if (k === keyWords - 1) return at
      }
      at += stride
      if (at === words.length) at = 0
    }
    return -1
  }

  /**
   * Reads the place of each key from..to: independent loads, so that their cache misses overlap. Both ends, since every other
   * entry lies in two cache lines (malloc gives memory 16 bytes behind the beginning of one).
   */
  prefetch(hashes: Int32Array, from: number, to: number): void {
    const { words: all, mask, segmentShift, stride } = this
    const last = stride - 1
    let sum = 0
    for (let i = from; i < to; i++) {
      const hash = hashes[i] as number
      const segment = hash >>> segmentShift
      const words = all[segment] as Uint32Array
      const at = (hash & (mask[segment] as number)) * stride
      sum ^= (words[at + META] as number) ^ (words[at + last] as number)
    }
    this.prefetched ^= sum
  }

  counters(): WindowCounters {
    return { ...this.counted, bytes: this.counted.bytes + this.slots.bytes }
  }

  /**
   * Makes an entry for a key that is not in the table, and returns where it is; value, line and meta are the caller's.
   * `free`: the empty place where the search for the key ended.
   */
  insert(segment: number, hash: number, keys: Uint32Array, keyAt: number, free: number): number {
    let used = this.#used[segment] as number
    let at = free
    if (used >= this.#maxPerSegment) {
      this.#evict(segment)
      used = this.#used[segment] as number
      at = -1
    }
    used++
    const places = (this.mask[segment] as number) + 1
    if (used * 5 > places * 3) {
      this.#resize(segment, places < FAST_GROWTH_BELOW ? places * 4 : places * 2)
      at = -1
    }
    const words = this.words[segment] as Uint32Array
    if (at === -1) {
      at = (hash & (this.mask[segment] as number)) * this.stride
      while (words[at + META] !== 0) {
        at += this.stride
        if (at === words.length) at = 0
      }
    }
    for (let k = 0; k < this.keyWords; k++) words[at + KEY + k] = keys[keyAt + k] as number
    words[at + TOUCH] = this.tick
    this.#used[segment] = used
    this.counted.keys++
    return at
  }

  /** A slot of at least this size; makes room by evicting keys of other segments (our entry must not move). */
  takeSlot(sizeClass: number, segment: number): number {
    let address = this.slots.take(sizeClass)
    for (let tries = 0; address === NO_SLOT && tries < NEIGHBOURS; tries++) {
      this.#slotHand = (this.#slotHand + 1) % this.words.length
      if (this.#slotHand === segment) continue
      const victim = this.#victim(this.#slotHand, true)
      if (victim === -1) continue
      this.counted.evictedMulti++
      this.#remove(this.#slotHand, victim)
      address = this.slots.take(sizeClass)
    }
    return address
  }

  /** Makes a place in a full segment; in a large one two, where the second goes for being idle or single too. */
  #evict(segment: number): void {
    const at = this.#victim(segment, false)
    if (at === -1) return
    const second = this.#maxPerSegment < TWO_VICTIMS_FROM ? -1 : this.#second
    if (second === -1) {
      this.#evictAt(segment, at)
      return
    }
    // The later one first: taking it out moves what lies behind it, seldom past the table's end to the earlier one.
    const words = this.words[segment] as Uint32Array
    const earlier = Math.min(at, second)
    const meta = words[earlier + META]
    const key = words[earlier + KEY]
    this.#evictAt(segment, Math.max(at, second))
    if (words[earlier + META] === meta && words[earlier + KEY] === key) this.#evictAt(segment, earlier)
  }

  #evictAt(segment: number, at: number): void {
    const words = this.words[segment] as Uint32Array
    if ((this.tick - (words[at + TOUCH] as number)) >>> 0 > this.#windowTicks) this.counted.evictedIdle++
    else if (((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) this.counted.evictedMulti++
    else this.counted.evictedSingle++
    this.#remove(segment, at)
  }

  /**
   * The least needed of the next NEIGHBOURS keys: idle, else single, else few values; among equals the oldest. `#second`
   * is the next in this order where it is idle or single, or -1.
   */
  #victim(segment: number, onlyMulti: boolean): number {
    const words = this.words[segment] as Uint32Array
    const stride = this.stride
    let at = this.#hand[segment] as number
    if (at >= words.length) at = 0
    let best = -1
    let bestScore = Number.POSITIVE_INFINITY
    let second = -1
    let secondScore = 2 ** 32
    for (let seen = 0, steps = words.length / stride; steps > 0 && seen < NEIGHBOURS; steps--) {
      const meta = words[at + META] as number
      const isMulti = ((meta >>> CLASS_SHIFT) & CLASS_MASK) !== 0
      if (meta !== 0 && (isMulti || !onlyMulti)) {
        seen++
        const age = (this.tick - (words[at + TOUCH] as number)) >>> 0
        const rank = age > this.#windowTicks ? 0 : isMulti ? meta >>> COUNT_SHIFT : 1
        const score = rank * 2 ** 32 - age
        if (score < bestScore) {
          if (bestScore < secondScore) {
            secondScore = bestScore
            second = best
          }
          bestScore = score
          best = at
        } else if (score < secondScore) {
          secondScore = score
          second = at
        }
      }
      at += stride
      if (at === words.length) at = 0
    }
    this.#hand[segment] = at
    this.#second = second
    return best
  }

  /** Takes an entry out and closes the gap (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm R). */
  #remove(segment: number, at: number): void {
    this.moves++
    const words = this.words[segment] as Uint32Array
    const stride = this.stride
    const mask = this.mask[segment] as number
    const sizeClass = ((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK
    if (this.#release !== null) this.#release(words, at)
    else if (sizeClass !== 0) this.slots.give(sizeClass, words[at + this.valueAt] as number)
    let gap = at / stride
    for (let next = (gap + 1) & mask; words[next * stride + META] !== 0; next = (next + 1) & mask) {
      const home = this.hash.of(words, next * stride + KEY, this.keyWords) & mask
      if (((next - home) & mask) < ((next - gap) & mask)) continue
      for (let k = 0; k < stride; k++) words[gap * stride + k] = words[next * stride + k] as number
      gap = next
    }
    words[gap * stride + META] = 0
    this.#used[segment] = (this.#used[segment] as number) - 1
    this.counted.keys--
  }

  /** Goes on through the table and drops keys untouched for `keepMs`; thins out segments that have become empty. */
  sweep(records: number): void {
    const stride = this.stride
    const tick = this.tick
    const keepTicks = this.#keepTicks
    let left = Math.max(SWEEP_AT_LEAST, records >>> 1)
    while (left > 0) {
      const segment = this.#sweepSegment
      const words = this.words[segment] as Uint32Array
      const end = Math.min(words.length, this.#sweepAt + left * stride)
      let at = this.#sweepAt
      left -= (end - at) / stride
      while (at < end) {
        if ((tick - (words[at + TOUCH] as number)) >>> 0 <= keepTicks) {
          at += stride
        } else if (words[at + META] === 0) {
          words[at + TOUCH] = tick // an empty place is looked into once in a while: asking each costs 4 ns more
          at += stride
        } else {
          this.counted.expired++
          this.#remove(segment, at) // another entry may have moved here: look at it again
        }
      }
      this.#sweepAt = at
      if (at < words.length) return
      const places = words.length / stride
      if (places > FIRST_CAPACITY && (this.#used[segment] as number) * 8 < places)
        this.#resize(segment, places / 4)
      this.#sweepSegment = (segment + 1) % this.words.length
      this.#sweepAt = 0
    }
  }

  #resize(segment: number, places: number): void {
    this.moves++
    const from = this.words[segment] as Uint32Array
    const stride = this.stride
    const capacity = Math.max(FIRST_CAPACITY, places)
    const into = new Uint32Array(capacity * stride)
    const mask = capacity - 1
    for (let at = 0; at < from.length; at += stride) {
      if (from[at + META] === 0) continue
      let to = (this.hash.of(from, at + KEY, this.keyWords) & mask) * stride
      while (into[to + META] !== 0) to = to + stride === into.length ? 0 : to + stride
      for (let k = 0; k < stride; k++) into[to + k] = from[at + k] as number
    }
    this.counted.bytes += into.byteLength - from.byteLength
    this.words[segment] = into
    this.times[segment] = new Float64Array(into.buffer)
    this.mask[segment] = mask
    if (segment === this.#sweepSegment) this.#sweepAt = 0
  }
}
