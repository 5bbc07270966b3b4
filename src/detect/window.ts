/**
 * The sliding window (DESIGN.md section 6): for each key, how many distinct values were seen lately. T is the latest
 * event time seen for the key; after each record the count is the number of distinct values whose latest event time
 * lies in (T - window, T]; the key fires when the count reaches `need`, and again only after it has been below.
 *
 * Only the `need` values seen latest are kept, and that suffices. Let K be those values, v one that was dropped: all
 * times in K are >= the time of v (an update only raises a time, and v comes back as soon as it is seen later than the
 * oldest of K). So while v lies in the window all of K does: the count is >= need with or without v. When no dropped
 * value lies in the window, K gives the exact count. A value at or before T - window can never count again, since T
 * never falls: it is dropped at once.
 *
 * A key with one value holds it in its table entry (key-table.ts, 32 bytes for IPv4); more values go to a slot that
 * grows 2, 4, 8, ... (value-slots.ts). What is forgotten, and when, is the table's matter.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import {
  CLASS_MASK,
  CLASS_SHIFT,
  COUNT_SHIFT,
  KEY,
  KeyTable,
  LINE,
  META,
  TOUCH,
  USED,
  type WindowCounters,
} from './key-table.ts'
import { Sightings } from './sightings.ts'
import { LARGEST_CLASS, LINE_AT, NO_SLOT, VALUE_AT } from './value-slots.ts'
import { type Firing, firingOf } from './window-firing.ts'
import { inspectTable, type InspectedKey, type KeyFilter } from './window-inspect.ts'
import type { WitnessLines } from './witness-lines.ts'

export interface WindowOptions {
  /** Words per key and per value. */
  readonly keyWords: number
  readonly valueWords: number
  /** Distinct values that fire, from 1 to 65,536. */
  readonly need: number
  readonly windowMs: number
  /** An untouched key is kept this long by `nowMs`; at least the window. */
  readonly keepMs: number
  readonly maxKeys: number
  /** Bytes for the values of keys with more than one; by default 64 per key. */
  readonly maxSlotBytes?: number
  readonly seed: number
  readonly lines: WitnessLines
  /** Told of each count of two and more that a sighting leads to, up to `need`: for the curve of a backtest. */
  readonly onCount?: OnCount | undefined
}

export type OnCount = (sightings: Sightings, index: number, count: number) => void

/** Bits of an entry's meta word beside those of the table. */
const ABOVE = 2
const PROVEN = 4
/** The line word is a reference into the witness ring, not a packed (batch, row). */
const IN_RING = 8

/** Records whose entries are fetched together: some 10 cache misses overlap instead of waiting one by one. */
const BLOCK = 64
const TICK_MS = 100
/** Lists up to this length are looked through for a known value first. */
const SHORT_LIST = 8

export class SlidingWindow {
  #need: number
  #windowMs: number
  readonly #table: KeyTable
  readonly #lines: WitnessLines
  readonly #onCount: OnCount | null
  readonly #hashes = new Int32Array(BATCH_MESSAGES)
  #originMs = Number.NaN
  #firings: Firing[] = []
  // The batch at hand.
  #sightings = new Sightings()
  #keys: Uint32Array = new Uint32Array(0)
  #values: Uint32Array = new Uint32Array(0)

  constructor(options: WindowOptions) {
    this.#table = new KeyTable(options)
    this.#lines = options.lines
    this.#onCount = options.onCount ?? null
    this.#need = options.need
    this.#windowMs = options.windowMs
    this.configure(options.need, options.windowMs, options.keepMs)
  }

  /**
   * Changes the rule and keeps what is known. Values that the old rule dropped stay unknown, so after a longer window
   * or a higher threshold counts may be too low until a window has passed.
   */
  configure(need: number, windowMs: number, keepMs: number): void {
    this.#need = need
    this.#windowMs = windowMs
    this.#table.configure(Math.ceil(windowMs / TICK_MS), Math.ceil(keepMs / TICK_MS))
  }

  /** A copy of the figures. */
  counters(): WindowCounters {
    return this.#table.counters()
  }

  /**
   * Counts the sightings, in order. Key and value of sighting `i` are the words from `i * keyWords` and
   * `i * valueWords`. `nowMs` is the arrival clock and never falls. About 40 ns a record at a million keys, and `need`
   * comparisons for keys with many values. The result is valid until the next call.
   */
  observe(sightings: Sightings, keys: Uint32Array, values: Uint32Array, nowMs: number): readonly Firing[] {
    if (Number.isNaN(this.#originMs)) this.#originMs = nowMs
    this.#table.tick = Math.floor((nowMs - this.#originMs) / TICK_MS) >>> 0
    this.#firings = []
    this.#sightings = sightings
    this.#keys = keys
    this.#values = values
    const count = sightings.count
    const hash = this.#table.hash
    const width = this.#table.keyWords
    const hashes = this.#hashes
    if (width === 2) for (let i = 0; i < count; i++) hashes[i] = hash.ofTwo(keys, i * 2)
    else for (let i = 0; i < count; i++) hashes[i] = hash.of(keys, i * width, width)
    for (let from = 0; from < count; from += BLOCK) {
      const to = Math.min(count, from + BLOCK)
      this.#table.prefetch(hashes, from, to)
      this.#countBlock(from, to)
    }
    this.#table.sweep(count)
    return this.#firings
  }

  #countBlock(from: number, to: number): void {
    const {
      words: all,
      times: allTimes,
      mask,
      segmentShift,
      stride,
      keyWords,
      valueWords,
      valueAt,
      tick,
    } = this.#table
    const keys = this.#keys
    const values = this.#values
    const hashes = this.#hashes
    const { timesMs, rows, proven, lineRefs } = this.#sightings
    const windowMs = this.#windowMs
    const batchBits = this.#lines.batchBits
    const aboveAtOne = this.#need === 1 ? ABOVE : 0
    const isHistory = lineRefs !== null
    for (let i = from; i < to; i++) {
      const hash = hashes[i] as number
      const segment = hash >>> segmentShift
      const words = all[segment] as Uint32Array
      const key0 = keys[i * keyWords] as number
      const key1 = keys[i * keyWords + 1] as number
      let at = (hash & (mask[segment] as number)) * stride
      let meta = words[at + META] as number
      while (meta !== 0) {
        if (
          words[at + KEY] === key0 &&
          words[at + KEY + 1] === key1 &&
          (keyWords === 2 || this.#sameTail(words, at + KEY, keys, i * keyWords, keyWords))
        )
          break
        at += stride
        if (at === words.length) at = 0
        meta = words[at + META] as number
      }
      if (meta === 0) {
        this.#insert(segment, hash, i, at)
        continue
      }
      words[at + TOUCH] = tick
      if ((meta & (CLASS_MASK << CLASS_SHIFT)) !== 0) {
        this.#countMany(segment, at, i)
        continue
      }
      const times = allTimes[segment] as Float64Array
      const timeMs = timesMs[i] as number
      const latestMs = times[at >> 1] as number
      if (
        words[at + valueAt] === values[i * valueWords] &&
        (valueWords === 1 || this.#sameTail(words, at + valueAt, values, i * valueWords, valueWords))
      ) {
        if (timeMs > latestMs) times[at >> 1] = timeMs
        if ((meta & IN_RING) === 0 && !isHistory) words[at + LINE] = batchBits | (rows[i] as number)
        if (proven[i] === 1) words[at + META] = meta | PROVEN
        if ((meta & ABOVE) !== aboveAtOne) this.#settleSingle(segment, at, i)
      } else if (latestMs <= timeMs - windowMs) {
        this.#writeSingle(segment, at, i, meta & ABOVE)
        if ((meta & ABOVE) !== aboveAtOne) this.#settleSingle(segment, at, i)
      } else if (timeMs > latestMs - windowMs) this.#promote(segment, at, i)
    }
  }

  /** Whether the words after the second (the first, for values) agree. */
  #sameTail(words: Uint32Array, at: number, other: Uint32Array, otherAt: number, count: number): boolean {
    for (let k = 1; k < count; k++) if (words[at + k] !== other[otherAt + k]) return false
    return true
  }

  /** Makes sighting `i` the only value of the entry, whose key stands. */
  #writeSingle(segment: number, at: number, i: number, keptBits: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const sightings = this.#sightings
    const row = sightings.rows[i] as number
    let meta = USED | keptBits | (1 << COUNT_SHIFT)
    if (sightings.proven[i] === 1) meta |= PROVEN
    if (this.#lines.isQuiet || sightings.lineRefs !== null) {
      meta |= IN_RING
      words[at + LINE] = this.#lineOf(i)
    } else words[at + LINE] = this.#lines.batchBits | row
    words[at + META] = meta
    ;(this.#table.times[segment] as Float64Array)[at >> 1] = sightings.timesMs[i] as number
    const valueWords = this.#table.valueWords
    for (let k = 0; k < valueWords; k++)
      words[at + this.#table.valueAt + k] = this.#values[i * valueWords + k] as number
  }

  #lineOf(i: number): number {
    const { lineRefs, rows } = this.#sightings
    return lineRefs === null ? this.#lines.keepRow(rows[i] as number) : (lineRefs[i] as number)
  }

  #insert(segment: number, hash: number, i: number, free: number): void {
    const at = this.#table.insert(segment, hash, this.#keys, i * this.#table.keyWords, free)
    this.#writeSingle(segment, at, i, 0)
    if (this.#need === 1) this.#settleSingle(segment, at, i)
  }

  /** A key with one value crosses when one is enough: a new key, or after `configure`. */
  #settleSingle(segment: number, at: number, i: number): void {
    if (this.#sightings.lineRefs !== null) return
    const words = this.#table.words[segment] as Uint32Array
    const meta = words[at + META] as number
    words[at + META] = this.#need === 1 ? meta | ABOVE : meta & ~ABOVE
    if (this.#need > 1) return
    this.#firings.push({
      index: i,
      values: words.slice(at + this.#table.valueAt, at + this.#table.valueAt + this.#table.valueWords),
      timesMs: Float64Array.of((this.#table.times[segment] as Float64Array)[at >> 1] as number),
      lineRefs: Uint32Array.of(this.#lines.keepRow(this.#sightings.rows[i] as number)),
      proven: (meta & PROVEN) !== 0,
    })
  }

  /** A second value in the window: both move to a slot. */
  #promote(segment: number, at: number, i: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const times = this.#table.times[segment] as Float64Array
    const timeMs = this.#sightings.timesMs[i] as number
    const latestMs = times[at >> 1] as number
    const address = this.#table.takeSlot(1, segment)
    const meta = words[at + META] as number
    if (address === NO_SLOT) {
      this.#table.counted.valuesLost++
      if (timeMs >= latestMs) this.#writeSingle(segment, at, i, meta & (ABOVE | PROVEN))
      return
    }
    const slots = this.#table.slots
    const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
    const base = address & ((1 << slots.chunkBits) - 1)
    ;(slots.times[address >>> slots.chunkBits] as Float64Array)[base >> 1] = latestMs
    const line = words[at + LINE] as number
    chunk[base + LINE_AT] =
      (meta & IN_RING) !== 0 ? line : this.#lines.keepNamed(line, this.#sightings.rows[i] as number)
    for (let k = 0; k < this.#table.valueWords; k++)
      chunk[base + VALUE_AT + k] = words[at + this.#table.valueAt + k] as number
    words[at + this.#table.valueAt] = address
    words[at + META] =
      (meta & (USED | ABOVE | PROVEN)) | (slots.takenClass << CLASS_SHIFT) | (1 << COUNT_SHIFT)
    this.#countMany(segment, at, i)
  }

  /** Counts sighting `i` for a key whose values lie in a slot; drops what has left the window. */
  #countMany(segment: number, at: number, i: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const latest = this.#table.times[segment] as Float64Array
    const slots = this.#table.slots
    const valueWords = this.#table.valueWords
    const values = this.#values
    const stride = slots.stride
    const meta = words[at + META] as number
    const address = words[at + this.#table.valueAt] as number
    const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
    const times = slots.times[address >>> slots.chunkBits] as Float64Array
    const base = address & ((1 << slots.chunkBits) - 1)
    const timeMs = this.#sightings.timesMs[i] as number
    const latestMs = Math.max(latest[at >> 1] as number, timeMs)
    const cutMs = latestMs - this.#windowMs
    const value0 = values[i * valueWords] as number
    const before = meta >>> COUNT_SHIFT
    const endBefore = base + before * stride
    latest[at >> 1] = latestMs
    const wasAbove = (meta & ABOVE) !== 0
    if (valueWords === 1 && before <= SHORT_LIST && wasAbove === before >= this.#need) {
      // The usual record: a value that is known, and nothing is over. No jump hangs on what is read here, so that the
      // processor goes on to the next records while it waits for the slot.
      let known = 0
      let over = 0
      for (let e = base; e < endBefore; e += stride) {
        known |= (e + 1) & -Number(chunk[e + VALUE_AT] === value0)
        over |= Number((times[e >> 1] as number) <= cutMs)
      }
      if (known > over << 30) {
        const knownMs = times[(known - 1) >> 1] as number
        times[(known - 1) >> 1] = timeMs > knownMs ? timeMs : knownMs
        if (this.#sightings.proven[i] === 1 && timeMs > cutMs) words[at + META] = meta | PROVEN
        return
      }
    }
    let end = endBefore
    let isKnown = false
    let oldest = base
    let oldestMs = Number.POSITIVE_INFINITY
    for (let e = base; e < end; ) {
      let elementMs = times[e >> 1] as number
      if (
        chunk[e + VALUE_AT] === value0 &&
        (valueWords === 1 || this.#sameTail(chunk, e + VALUE_AT, values, i * valueWords, valueWords))
      ) {
        isKnown = true
        if (timeMs > elementMs) times[e >> 1] = elementMs = timeMs
      }
      if (elementMs <= cutMs) {
        end -= stride
        for (let k = 0; k < stride; k++) chunk[e + k] = chunk[end + k] as number
        continue
      }
      if (elementMs < oldestMs) {
        oldestMs = elementMs
        oldest = e
      }
      e += stride
    }
    const proven = this.#sightings.proven[i] === 1 && timeMs > cutMs ? PROVEN : 0
    if (isKnown && end === endBefore && wasAbove === before >= this.#need) {
      words[at + META] = meta | proven // as many as before: nothing can have crossed
      return
    }
    const count = (end - base) / stride
    words[at + META] = (meta & ((1 << COUNT_SHIFT) - 1)) | proven | (count << COUNT_SHIFT)
    if (isKnown || timeMs <= cutMs) this.#settle(segment, at, i)
    else if (count < this.#need || this.#sightings.lineRefs !== null) this.#append(segment, at, i)
    else {
      if (timeMs >= oldestMs) this.#writeElement(address, oldest, i)
      this.#settle(segment, at, i)
    }
  }

  #writeElement(address: number, element: number, i: number): void {
    const slots = this.#table.slots
    const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
    ;(slots.times[address >>> slots.chunkBits] as Float64Array)[element >> 1] = this.#sightings.timesMs[
      i
    ] as number
    chunk[element + LINE_AT] = this.#lineOf(i)
    const valueWords = this.#table.valueWords
    for (let k = 0; k < valueWords; k++)
      chunk[element + VALUE_AT + k] = this.#values[i * valueWords + k] as number
  }

  /** Adds sighting `i` as one more value of the key; the slot grows when it is full. */
  #append(segment: number, at: number, i: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const meta = words[at + META] as number
    const slots = this.#table.slots
    const sizeClass = (meta >>> CLASS_SHIFT) & CLASS_MASK
    const count = meta >>> COUNT_SHIFT
    let address = words[at + this.#table.valueAt] as number
    if (count === 1 << sizeClass) {
      const grown = sizeClass === LARGEST_CLASS ? NO_SLOT : this.#table.takeSlot(sizeClass + 1, segment)
      if (grown === NO_SLOT) {
        this.#table.counted.valuesLost++
        this.#settle(segment, at, i)
        return
      }
      const from = slots.words[address >>> slots.chunkBits] as Uint32Array
      const fromAt = address & ((1 << slots.chunkBits) - 1)
      const into = slots.words[grown >>> slots.chunkBits] as Uint32Array
      const to = grown & ((1 << slots.chunkBits) - 1)
      for (let w = 0; w < count * slots.stride; w++) into[to + w] = from[fromAt + w] as number
      slots.give(sizeClass, address)
      address = grown
      words[at + this.#table.valueAt] = grown
      words[at + META] = (meta & ~(CLASS_MASK << CLASS_SHIFT)) | (slots.takenClass << CLASS_SHIFT)
    }
    this.#writeElement(address, (address & ((1 << slots.chunkBits) - 1)) + count * slots.stride, i)
    words[at + META] = (words[at + META] as number) + (1 << COUNT_SHIFT)
    this.#settle(segment, at, i)
  }

  /** The count stands: fires when it has crossed, and takes a key with one value out of its slot. */
  #settle(segment: number, at: number, i: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const meta = words[at + META] as number
    const count = meta >>> COUNT_SHIFT
    const isAbove = count >= this.#need
    if (this.#onCount !== null) this.#onCount(this.#sightings, i, count)
    if (this.#sightings.lineRefs === null) {
      if (isAbove && (meta & ABOVE) === 0)
        this.#firings.push(firingOf(this.#table, words, at, i, (meta & PROVEN) !== 0))
      words[at + META] = isAbove ? meta | ABOVE : meta & ~ABOVE
    }
    if (count === 1) this.#demote(segment, at)
  }

  #demote(segment: number, at: number): void {
    const words = this.#table.words[segment] as Uint32Array
    const meta = words[at + META] as number
    const slots = this.#table.slots
    const address = words[at + this.#table.valueAt] as number
    const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
    const base = address & ((1 << slots.chunkBits) - 1)
    words[at + LINE] = chunk[base + LINE_AT] as number
    for (let k = 0; k < this.#table.valueWords; k++)
      words[at + this.#table.valueAt + k] = chunk[base + VALUE_AT + k] as number
    slots.give((meta >>> CLASS_SHIFT) & CLASS_MASK, address)
    words[at + META] = (meta & (USED | ABOVE | PROVEN)) | IN_RING | (1 << COUNT_SHIFT)
  }

  /** For a person's question, see window-inspect.ts. */
  inspect(wanted: KeyFilter | null, sinceMs: number): InspectedKey[] {
    return wanted === null ? [] : inspectTable(this.#table, wanted, sinceMs)
  }
}
