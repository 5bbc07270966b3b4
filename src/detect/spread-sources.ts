/**
 * The (destination, port) pairs of each source over hours: one list serves slow scan and random scan, and has the
 * evidence for subnet scan. Only pairs that were no completed session count; a completed one proves its source.
 *
 * A list keeps the `capacity` pairs seen latest, and that gives the exact count of each window whose threshold is at
 * most `capacity`, by the argument of window.ts. A source with one pair has it in its table entry (32 bytes for IPv4).
 * A list that is full of pairs of the newest bucket is not even looked at: nothing of that bucket or before can change
 * a count. Nor is a short one, below all thresholds, when its sketch says that the pair is new: the sketch has one of 32
 * bits per pair, and lies inverted in the word where a full list keeps its oldest bucket, so that 0 is "not known" of both.
 *
 * Lines: a pair's line is kept when the source has KEEP_LINES_FROM pairs, and in quiet times at once; before, only its
 * place in the recent batches is known, so a source that is slow in a flood has fewer lines.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, LINE, META, TOUCH, USED } from './key-table.ts'
import {
  NOTE_AT,
  FIRST_AT,
  hostOf,
  IDENTITY,
  LAST_SECOND,
  LATEST,
  MINUTE_SECONDS,
  minuteOf,
  minutesOf,
  EXTRA,
  PORT_AT,
  SECONDS_AT,
  SpreadTable,
} from './spread-table.ts'
import { DistinctCounter } from './distinct-counter.ts'
import { NAMED, pairsOf, type SeenPair } from './spread-pairs.ts'
import { bitOfPair, isNew, sketchBit } from './spread-sketch.ts'
import type { SpreadWork } from './spread-work.ts'
import type { WitnessLines } from './witness-lines.ts'

/** Bits of an entry's meta word: the rules above their threshold, and what is known of the source. */
export const SLOW_ABOVE = 2
export const PROVEN = 4
export const RANDOM_ABOVE = 8
/** Subnet scan has convicted this source. */
export const TOLD = 1 << 9
const ABOVE = SLOW_ABOVE | RANDOM_ABOVE
const KEEP_LINES_FROM = 8
const LARGEST_VALUE_WORDS = 5
/** Of a new list: for IPv4 one cache line. */
const FIRST_ELEMENTS = 4
/** Words of a cache line, and how much of a list is read ahead. */
const LINE_WORDS = 16
const READ_AHEAD_WORDS = 128

/** One window of one rule. */
export interface SpreadWindow {
  readonly bit: typeof SLOW_ABOVE | typeof RANDOM_ABOVE
  readonly windowSeconds: number
  /** Values that are enough. */
  readonly need: number
}

export interface SourceLimits {
  readonly windows: readonly SpreadWindow[]
  /** What random scan asks besides. */
  readonly hosts: number
  readonly ports: number
  /** Pairs kept, at least the largest `need`; and for how many seconds at least. */
  readonly capacity: number
  readonly keepSeconds: number
}

/** A source has crossed the threshold of a window. */
export interface SourceFiring {
  readonly bit: number
  /** Index into the work columns. */
  readonly work: number
  readonly need: number
  readonly windowSeconds: number
  readonly pairs: readonly SeenPair[]
  readonly isProven: boolean
}

export class SpreadSources {
  readonly table: SpreadTable
  readonly lines: WitnessLines
  readonly #distinct = new DistinctCounter()
  readonly firings: SourceFiring[] = []
  readonly #places = new Int32Array(BATCH_MESSAGES)
  #movesAtLookUp = 0
  /** Addresses of what is to be read ahead. */
  readonly #ahead = new Uint32Array(BATCH_MESSAGES)
  readonly #value = new Uint32Array(LARGEST_VALUE_WORDS)
  #limits: SourceLimits = { windows: [], hosts: 1, ports: 1, capacity: 1, keepSeconds: 0 }
  /** Of the windows, shortest first: buckets, values that are enough, and the rule's bit. */
  #minutes = new Uint32Array(0)
  #needs = new Uint32Array(0)
  #bits = new Uint32Array(0)
  #counts = new Uint32Array(0)
  #leastNeed = 0
  /** Of the batch at hand: pairs from which on lines are kept. */
  #keepFrom = KEEP_LINES_FROM
  #keepMinutes = 0
  #allBits = 0

  constructor(table: SpreadTable, lines: WitnessLines) {
    this.table = table
    this.lines = lines
  }

  configure(limits: SourceLimits): void {
    const windows = limits.windows.toSorted((a, b) => a.windowSeconds - b.windowSeconds)
    if (limits.capacity !== this.#limits.capacity) this.#forgetSketches()
    this.#limits = { ...limits, windows }
    this.#minutes = Uint32Array.from(windows, ({ windowSeconds }) => minutesOf(windowSeconds))
    this.#needs = Uint32Array.from(windows, ({ need }) => need)
    this.#bits = Uint32Array.from(windows, ({ bit }) => bit)
    this.#counts = new Uint32Array(windows.length)
    this.#leastNeed = Math.min(limits.capacity, ...this.#needs)
    this.#keepMinutes = minutesOf(limits.keepSeconds)
    this.#allBits = windows.reduce((bits, { bit }) => bits | bit, 0)
  }

  /** Which lists are full changes: what a full list keeps in that word is no sketch, and the other way round. */
  #forgetSketches(): void {
    const { keys, oldestAt } = this.table
    for (const words of keys.words)
      for (let at = 0; at < words.length; at += keys.stride)
        if ((((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) !== 0) words[at + oldestAt] = 0
  }

  /** Looks up the sources of from..to and reads what will be needed of their lists, so that the misses overlap. */
  lookUp(work: SpreadWork, from: number, to: number): void {
    const { table } = this
    const { keys, oldestAt } = table
    const { slots, valueAt, segmentShift, words: all } = keys
    const leastNeed = this.#leastNeed
    const ahead = this.#ahead
    let found = 0
    let sum = 0
    this.#movesAtLookUp = keys.moves
    this.#keepFrom = this.lines.keepFrom(KEEP_LINES_FROM, leastNeed)
    for (let i = from; i < to; i++) {
      const hash = work.sourceHash[i] as number
      const at = keys.find(hash, work.keys, i * work.keyWords)
      this.#places[i] = at
      if (at === -1) continue
      const words = all[hash >>> segmentShift] as Uint32Array
      const meta = words[at + META] as number
      const sizeClass = (meta >>> CLASS_SHIFT) & CLASS_MASK
      if (sizeClass === 0) continue
      const address = words[at + valueAt] as number
      const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
      const base = address & ((1 << slots.chunkBits) - 1)
      const count = meta >>> COUNT_SHIFT
      // in a full list there is no next place
      const next = Math.min(count, (1 << sizeClass) - 1) * slots.stride
      ahead[found++] = address + next
      if (count + 1 < leastNeed && isNew(words[at + oldestAt] as number, work, i)) continue
      // it will be looked through: one read for a cache line
      for (let w = 0; w < next && w < READ_AHEAD_WORDS; w += LINE_WORDS) sum ^= chunk[base + w] as number
    }
    // the place of the next element, in a loop so short that many reads are on their way at once
    const inChunk = (1 << slots.chunkBits) - 1
    for (let n = 0; n < found; n++) {
      const address = ahead[n] as number
      sum ^= (slots.words[address >>> slots.chunkBits] as Uint32Array)[address & inChunk] as number
    }
    table.prefetched ^= sum
  }

  /** The place that `lookUp` found, unless entries have moved since; -1 when the source is not known. */
  #placeOf(work: SpreadWork, i: number): number {
    const { keys } = this.table
    const at = this.#places[i] as number
    if (at !== -1 && keys.moves === this.#movesAtLookUp) return at
    return keys.find(work.sourceHash[i] as number, work.keys, i * work.keyWords)
  }

  /**
   * Counts record `i` of the work, after `lookUp`; answers where its source's entry is, or -1 when the record says nothing
   * new: a completed session, or a pair that was seen of this source in the same bucket.
   */
  count(work: SpreadWork, i: number): number {
    const { table } = this
    const { keys } = table
    const hash = work.sourceHash[i] as number
    const segment = hash >>> keys.segmentShift
    let at = this.#placeOf(work, i)
    if (work.proven[i] === 1) {
      if (at === -1) return -1
      const words = keys.words[segment] as Uint32Array
      words[at + META] = (words[at + META] as number) | PROVEN
      words[at + TOUCH] = keys.tick
      return -1
    }
    if (at === -1) {
      at = keys.insert(segment, hash, work.keys, i * work.keyWords, -1)
      this.#writeSingle(segment, at, work, i, 0)
      if (this.#leastNeed === 1) this.#promote(segment, at, work, i, true)
      return at
    }
    const words = keys.words[segment] as Uint32Array
    words[at + TOUCH] = keys.tick
    const isNews =
      (((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) === 0
        ? this.#countSecond(segment, at, work, i)
        : this.#countMany(segment, at, work, i)
    return isNews ? at : -1
  }

  /** False when the pair was seen in this bucket. */
  #countSecond(segment: number, at: number, work: SpreadWork, i: number): boolean {
    const words = this.table.keys.words[segment] as Uint32Array
    const seconds = work.seconds[i] as number
    const latest = words[at + LATEST] as number
    const bucket = minuteOf(seconds)
    const latestBucket = minuteOf(latest)
    if (this.#isSame(words, at + this.table.keys.valueAt, words[at + EXTRA] as number, work, i)) {
      if (bucket > latestBucket) words[at + LATEST] = seconds
      return bucket !== latestBucket
    }
    if (bucket + this.#keepMinutes <= latestBucket) return true
    if (latestBucket + this.#keepMinutes <= bucket)
      this.#writeSingle(segment, at, work, i, (words[at + META] as number) & TOLD)
    else this.#promote(segment, at, work, i, false)
    return true
  }

  #isSame(words: Uint32Array, valueAt: number, port: number, work: SpreadWork, i: number): boolean {
    const valueWords = work.valueWords
    if (words[valueAt] !== work.values[i * valueWords]) return false
    if ((port & IDENTITY) !== (work.ports[i] as number)) return false
    for (let k = 1; k < valueWords; k++)
      if (words[valueAt + k] !== work.values[i * valueWords + k]) return false
    return true
  }

  #writeSingle(segment: number, at: number, work: SpreadWork, i: number, keptBits: number): void {
    const words = this.table.keys.words[segment] as Uint32Array
    words[at + LATEST] = work.seconds[i] as number
    words[at + META] = USED | keptBits | (1 << COUNT_SHIFT)
    const isKept = this.lines.isQuiet
    words[at + EXTRA] = (work.ports[i] as number) | (isKept ? 0 : NAMED)
    words[at + LINE] = this.#lineOf(work.rows[i] as number, isKept)
    const valueAt = at + this.table.keys.valueAt
    for (let k = 0; k < work.valueWords; k++)
      words[valueAt + k] = work.values[i * work.valueWords + k] as number
  }

  #lineOf(row: number, isKept: boolean): number {
    return isKept ? this.lines.keepRow(row) : (this.lines.batchBits | row) >>> 0
  }

  /** Moves the one pair of an entry to a list; `isAlone`: that is the record at hand, else this is the second. */
  #promote(segment: number, at: number, work: SpreadWork, i: number, isAlone: boolean): void {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const valueAt = at + table.keys.valueAt
    const value = this.#value
    for (let k = 0; k < work.valueWords; k++) value[k] = words[valueAt + k] as number
    if (!table.openNew(segment, at, FIRST_ELEMENTS)) {
      // Memory is spent: the entry stays as it is, or holds the newer of the two.
      if (!isAlone && (work.seconds[i] as number) >= (words[at + LATEST] as number))
        this.#writeSingle(segment, at, work, i, (words[at + META] as number) & (PROVEN | TOLD))
      return
    }
    const { chunk, base } = table
    chunk[base + SECONDS_AT] = words[at + LATEST] as number
    chunk[base + PORT_AT] = words[at + EXTRA] as number
    chunk[base + NOTE_AT] = words[at + LINE] as number
    for (let k = 0; k < work.valueWords; k++) chunk[base + FIRST_AT + k] = value[k] as number
    words[at + table.oldestAt] = this.#sketchOf(1)
    if (isAlone) this.#evaluate(segment, at, i)
    else this.#countMany(segment, at, work, i)
  }

  /** Counts a record of a source with a list. False when the pair was seen in this bucket. */
  #countMany(segment: number, at: number, work: SpreadWork, i: number): boolean {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    const isFull = count >= this.#limits.capacity
    const seconds = work.seconds[i] as number
    const bucket = minuteOf(seconds)
    if (isFull && bucket <= (words[at + table.oldestAt] as number)) return true
    const latest = words[at + LATEST] as number
    if (bucket + this.#keepMinutes <= minuteOf(latest)) return true
    table.open(segment, at)
    if (count + 1 < this.#leastNeed && isNew(words[at + table.oldestAt] as number, work, i)) {
      if (seconds > latest) words[at + LATEST] = seconds
      this.#append(segment, at, work, i)
      words[at + META] = (words[at + META] as number) & ~ABOVE
      return true
    }
    const { chunk, base, stride } = table
    const end = base + count * stride
    const first = work.values[i * work.valueWords] as number
    const port = work.ports[i] as number
    let known = -1
    let oldest = base
    let oldestSeconds = LAST_SECOND
    let nextSeconds = LAST_SECOND
    for (let e = base; e < end; e += stride) {
      if (
        chunk[e + FIRST_AT] === first &&
        ((chunk[e + PORT_AT] as number) & IDENTITY) === port &&
        this.#isSame(chunk, e + FIRST_AT, port, work, i)
      )
        known = e
      const elementSeconds = chunk[e + SECONDS_AT] as number
      if (elementSeconds < oldestSeconds) {
        nextSeconds = oldestSeconds
        oldestSeconds = elementSeconds
        oldest = e
      } else if (elementSeconds < nextSeconds) nextSeconds = elementSeconds
    }
    if (known !== -1) {
      const knownBucket = minuteOf(chunk[known + SECONDS_AT] as number)
      if (bucket <= knownBucket) return bucket !== knownBucket
      chunk[known + SECONDS_AT] = seconds
      if (known === oldest) oldestSeconds = Math.min(seconds, nextSeconds)
    } else if (!isFull) {
      if (seconds > latest) words[at + LATEST] = seconds
      if (!this.#append(segment, at, work, i)) return true
      if (seconds < oldestSeconds) oldestSeconds = seconds
    } else {
      if (bucket < minuteOf(oldestSeconds)) return true
      this.#writeElement(chunk, oldest, work, i, true)
      oldestSeconds = Math.min(seconds, nextSeconds)
    }
    if (seconds > latest) words[at + LATEST] = seconds
    const meta = words[at + META] as number
    if (meta >>> COUNT_SHIFT >= this.#limits.capacity) {
      const oldestBucket = minuteOf(oldestSeconds)
      words[at + table.oldestAt] = oldestBucket
      // Above in all rules, and full of what lies in the shortest window: it stays so.
      if (
        (meta & ABOVE) === this.#allBits &&
        oldestBucket + (this.#minutes[0] as number) > minuteOf(words[at + LATEST] as number)
      )
        return true
    }
    this.#evaluate(segment, at, i)
    return true
  }

  #writeElement(chunk: Uint32Array, e: number, work: SpreadWork, i: number, isMany: boolean): void {
    const isKept = isMany || this.lines.isQuiet
    chunk[e + SECONDS_AT] = work.seconds[i] as number
    chunk[e + PORT_AT] = (work.ports[i] as number) | (isKept ? 0 : NAMED)
    chunk[e + NOTE_AT] = this.#lineOf(work.rows[i] as number, isKept)
    for (let k = 0; k < work.valueWords; k++)
      chunk[e + FIRST_AT + k] = work.values[i * work.valueWords + k] as number
  }

  /** Adds record `i` to the list at hand; what is over goes before the list grows. */
  #append(segment: number, at: number, work: SpreadWork, i: number): boolean {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const meta = words[at + META] as number
    if (meta >>> COUNT_SHIFT === 1 << ((meta >>> CLASS_SHIFT) & CLASS_MASK)) {
      const cut = minuteOf(words[at + LATEST] as number) - this.#keepMinutes
      table.drop(segment, at, cut, MINUTE_SECONDS)
      if (!table.grow(segment, at)) return false
      words[at + table.oldestAt] = this.#sketchOf((words[at + META] as number) >>> COUNT_SHIFT)
    }
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    this.#writeElement(table.chunk, table.base + count * table.stride, work, i, count >= this.#keepFrom)
    words[at + META] = (words[at + META] as number) + (1 << COUNT_SHIFT)
    words[at + table.oldestAt] = (words[at + table.oldestAt] as number) & ~sketchBit(work, i)
    return true
  }

  /** The sketch of the first `count` elements of the list at hand. */
  #sketchOf(count: number): number {
    const { chunk, base, stride } = this.table
    let sketch = 0
    for (let e = base; e < base + count * stride; e += stride)
      sketch |= bitOfPair(chunk[e + FIRST_AT] as number, (chunk[e + PORT_AT] as number) & IDENTITY)
    return ~sketch
  }

  /** Counts the windows of the list at hand, and fires for the rules that come above their threshold. */
  #evaluate(segment: number, at: number, i: number): void {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const meta = words[at + META] as number
    const count = meta >>> COUNT_SHIFT
    if (count < this.#leastNeed) {
      if ((meta & ABOVE) !== 0) words[at + META] = meta & ~ABOVE
      return
    }
    const latestBucket = minuteOf(words[at + LATEST] as number)
    this.#countWindows(count, latestBucket)
    let above = 0
    let slowest = -1
    let random = -1
    for (let k = 0; k < this.#needs.length; k++) {
      const bit = this.#bits[k] as number
      if ((above & bit) !== 0 || (this.#counts[k] as number) < (this.#needs[k] as number)) continue
      if (bit === RANDOM_ABOVE) {
        if (!this.#isSpread(count, latestBucket - (this.#minutes[k] as number))) continue
        random = k
      } else slowest = k
      above |= bit
    }
    words[at + META] = (meta & ~ABOVE) | above
    const crossed = above & ~meta
    if (crossed === 0) return
    if ((crossed & SLOW_ABOVE) !== 0) this.#fire(segment, at, i, slowest)
    if ((crossed & RANDOM_ABOVE) !== 0) this.#fire(segment, at, i, random)
  }

  /** Fills `#counts`: how many elements of the list at hand lie in each window. */
  #countWindows(count: number, latestBucket: number): void {
    const { chunk, base, stride } = this.table
    const counts = this.#counts.fill(0)
    const buckets = this.#minutes
    const windows = buckets.length
    const end = base + count * stride
    for (let e = base; e < end; e += stride) {
      const age = latestBucket - minuteOf(chunk[e + SECONDS_AT] as number)
      let k = 0
      while (k < windows && age >= (buckets[k] as number)) k++
      if (k < windows) counts[k] = (counts[k] as number) + 1
    }
    for (let k = 1; k < windows; k++) counts[k] = (counts[k] as number) + (counts[k - 1] as number)
  }

  /** Whether the pairs of the list at hand after the bucket `cut` lie on enough hosts and enough ports. */
  #isSpread(count: number, cut: number): boolean {
    const { chunk, base, stride } = this.table
    const { hosts, ports } = this.#limits
    const end = base + count * stride
    const distinct = this.#distinct
    distinct.begin(count)
    let left = ports
    for (let e = base; e < end && left > 0; e += stride)
      if (
        minuteOf(chunk[e + SECONDS_AT] as number) > cut &&
        distinct.add((chunk[e + PORT_AT] as number) & 0xffff)
      )
        left--
    if (left > 0) return false
    distinct.begin(count)
    left = hosts
    for (let e = base; e < end && left > 0; e += stride) {
      if (minuteOf(chunk[e + SECONDS_AT] as number) <= cut) continue
      if (distinct.add(hostOf(chunk, e + FIRST_AT, this.table.valueWords))) left--
    }
    return left <= 0
  }

  #fire(segment: number, at: number, i: number, window: number): void {
    const words = this.table.keys.words[segment] as Uint32Array
    const cut = minuteOf(words[at + LATEST] as number) - (this.#minutes[window] as number)
    this.firings.push({
      bit: this.#bits[window] as number,
      work: i,
      need: this.#needs[window] as number,
      windowSeconds: this.#limits.windows[window]?.windowSeconds ?? 0,
      pairs: pairsOf(this.table, this.lines, segment, at, (cut + 1) * MINUTE_SECONDS),
      isProven: ((words[at + META] as number) & PROVEN) !== 0,
    })
  }
}
