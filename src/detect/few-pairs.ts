/**
 * The (destination, port) pairs of IPv4 sources that have few: what stands before the windows of port scan and host sweep.
 *
 * A source can cross neither threshold before it has as many ports of one destination, or as many destinations of one port,
 * as the rule needs, and most sources never come near. So a source begins here, with one entry and one list of its pairs
 * (16 bytes each, pair-list.ts), where the windows would take two entries of 32 bytes and more for each pair. When a pair makes
 * one of the two counts reach its threshold, whatever the times, the source is opened: its pairs go into both windows (`opened`),
 * and from then on its records do too (`open`), until nothing has touched it for as long as the windows keep a key. Nothing is
 * counted here, so nothing can differ: the windows get each value with its latest time and its line, before the record that
 * may cross. A list that is full, or finds no memory, opens its source as well.
 *
 * A pair is forgotten as a key of a window is: when no record touched it for the time that keys are kept. It is looked at
 * only when a block of its list is full.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import {
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
import {
  classOf,
  DESTINATION,
  DESTINATION_AT,
  HALF_RANGE,
  hasList,
  IN_RING,
  KEPT_TOUCHES,
  LINE_AT,
  MOST_PAIRS,
  OFFSET_AT,
  OPEN_CLASS,
  PairLists,
  PORT,
  PORT_AT,
  PORT_MASK,
  PROVEN,
  touchBits,
} from './pair-list.ts'
import { Sightings } from './sightings.ts'
import { fits, type KeyFilter } from './window-inspect.ts'
import type { WitnessLines } from './witness-lines.ts'

export interface FewPairsLimits {
  /** Ports of one destination, and destinations of one port, that would fire; Infinity for a rule that is off. */
  readonly portsNeeded: number
  readonly hostsNeeded: number
  /** The longer window, and how long an untouched key is kept. */
  readonly windowMs: number
  readonly keepMs: number
  /** False: what is held is opened when it comes again, and nothing more is held. */
  readonly isOn: boolean
}

/** A pair that is held, for a person's question. */
export interface HeldPair {
  readonly source: number
  readonly destination: number
  /** Destination port, with the copy of a weighted destination above its 16 bits. */
  readonly port: number
  readonly timeMs: number
}

const SLOT_BYTES_PER_KEY = 32
const BLOCK = 32
const TICK_MS = 100
/** The count is the largest there is, so that an open source gives way last where the table is full. */
const OPEN_META = (USED | (OPEN_CLASS << CLASS_SHIFT) | (-1 << COUNT_SHIFT)) >>> 0

export class FewPairs {
  readonly #table: KeyTable
  readonly #lists: PairLists
  readonly #lines: WitnessLines
  #limits: FewPairsLimits = { portsNeeded: 0, hostsNeeded: 0, windowMs: 0, keepMs: 0, isOn: false }
  #originMs = Number.NaN
  #ticksPerTouch = 1
  #keepTicks = 0
  /** The touch of the batch at hand, as bits of a port word. */
  #touch = 0
  /** Of the batch at hand: from how many pairs with its destination, or its port, on a pair's line is kept. */
  #keepPortsFrom = 1
  #keepHostsFrom = 1
  /** New sources are opened at once before this tick: while nothing was held, the windows took what came. */
  #openBefore = 0
  /** Sources touched last at this tick or before are opened when they come again: what they have may be enough now. */
  #openTouchedTo = -1
  readonly #hashes = new Int32Array(BATCH_MESSAGES)
  readonly #places = new Int32Array(BATCH_MESSAGES)
  #movesAtLookUp = 0
  /** Records of sources that are open. */
  readonly open = new Sightings()
  /** Pairs of sources that have just been opened; `lineRefs` has their lines. */
  readonly opened = new Sightings()

  constructor(maxKeys: number, seed: number, lines: WitnessLines) {
    this.#table = new KeyTable({
      keyWords: 1,
      valueWords: 1,
      maxKeys,
      maxSlotBytes: maxKeys * SLOT_BYTES_PER_KEY,
      seed,
      release: (words, at) => this.#lists.release(words, at),
    })
    this.#lists = new PairLists(this.#table.slots, BLOCK)
    this.#lines = lines
    this.opened.lineRefs = new Uint32Array(BATCH_MESSAGES)
  }

  /** Acts from the next record on. What is held stays held, and is opened when it comes again and must be. */
  configure(limits: FewPairsLimits): void {
    const { isOn: wasOn, portsNeeded, hostsNeeded } = this.#limits
    if (limits.portsNeeded < portsNeeded || limits.hostsNeeded < hostsNeeded)
      this.#openTouchedTo = this.#table.tick
    this.#limits = limits
    const keepTicks = Math.ceil(limits.keepMs / TICK_MS)
    this.#table.configure(Math.ceil(limits.windowMs / TICK_MS), keepTicks)
    if (limits.isOn && !wasOn && !Number.isNaN(this.#originMs))
      this.#openBefore = this.#table.tick + Math.max(keepTicks, this.#keepTicks)
    this.#keepTicks = keepTicks
    const ticksPerTouch = Math.max(1, Math.ceil(keepTicks / KEPT_TOUCHES))
    if (ticksPerTouch !== this.#ticksPerTouch) {
      this.#ticksPerTouch = ticksPerTouch
      this.#touchAll()
    }
  }

  /** The unit of touches has changed: all pairs count as touched now. */
  #touchAll(): void {
    this.#setTouch()
    this.#forEachList((words, at) => {
      for (let n = (words[at + META] as number) >>> COUNT_SHIFT; n > 0; n--) {
        const e = this.#lists.at(words, at, n - 1)
        const { chunk } = this.#lists
        const kept = (chunk[e + PORT_AT] as number) & (PORT_MASK | PROVEN | IN_RING)
        chunk[e + PORT_AT] = (kept | this.#touch) >>> 0
      }
    })
  }

  #setTouch(): void {
    this.#touch = touchBits(Math.floor(this.#table.tick / this.#ticksPerTouch))
  }

  #forEachList(visit: (words: Uint32Array, at: number) => void): void {
    const { words: all, stride } = this.#table
    for (const words of all)
      for (let at = 0; at < words.length; at += stride) {
        if (hasList(words[at + META] as number)) visit(words, at)
      }
  }

  counters(): WindowCounters {
    return this.#table.counters()
  }

  /**
   * Takes in what is to be held of the sightings and answers the others, in their order: records of open sources. Pairs
   * that must be in the windows before are in `opened` when `takeOpened` is called, which happens before the answer
   * and empties it. `nowMs` is the arrival clock and never falls. The answer is valid until the next call.
   */
  sift(sightings: Sightings, nowMs: number, takeOpened: () => void): Sightings {
    if (Number.isNaN(this.#originMs)) this.#originMs = nowMs
    const table = this.#table
    table.tick = Math.floor((nowMs - this.#originMs) / TICK_MS) >>> 0
    if (!this.#limits.isOn && table.counted.keys === 0) return sightings
    const { count, sources } = sightings
    const hashes = this.#hashes
    const { hash } = table
    for (let i = 0; i < count; i++) hashes[i] = hash.ofOne(sources[i] as number)
    this.open.count = 0
    this.opened.count = 0
    this.#setTouch()
    this.#keepPortsFrom = this.#lines.keepFrom(1, this.#limits.portsNeeded)
    this.#keepHostsFrom = this.#lines.keepFrom(1, this.#limits.hostsNeeded)
    for (let from = 0; from < count; from += BLOCK) {
      const to = Math.min(count, from + BLOCK)
      table.prefetch(hashes, from, to)
      this.#lookUp(sources, from, to)
      for (let i = from; i < to; i++) {
        if (this.opened.count > BATCH_MESSAGES - MOST_PAIRS) this.#handOver(takeOpened)
        if (!this.#isHeld(sightings, i)) this.open.take(sightings, i)
      }
    }
    table.sweep(count)
    if (this.opened.count > 0) this.#handOver(takeOpened)
    return this.open.count === count ? sightings : this.open
  }

  #handOver(takeOpened: () => void): void {
    takeOpened()
    this.opened.count = 0
  }

  /** Finds the entries, and reads the lists ahead. */
  #lookUp(sources: Uint32Array, from: number, to: number): void {
    const { segmentShift, words: all, moves } = this.#table
    const hashes = this.#hashes
    const places = this.#places
    this.#movesAtLookUp = moves
    for (let i = from; i < to; i++) {
      const hash = hashes[i] as number
      const at = this.#table.find(hash, sources, i)
      places[i] = at
      if (at === -1) continue
      const words = all[hash >>> segmentShift] as Uint32Array
      const meta = words[at + META] as number
      if (hasList(meta)) this.#lists.noteLines(words, at, meta >>> COUNT_SHIFT)
    }
    this.#lists.readAhead()
  }

  /** Takes sighting `i` in. False: its source is open, and the windows are to see it. */
  #isHeld(sightings: Sightings, i: number): boolean {
    const table = this.#table
    const hash = this.#hashes[i] as number
    const segment = hash >>> table.segmentShift
    let at = this.#places[i] as number
    if (at === -1 || table.moves !== this.#movesAtLookUp) at = table.find(hash, sightings.sources, i)
    if (at === -1) return this.#limits.isOn && this.#first(segment, hash, sightings, i)
    const words = table.words[segment] as Uint32Array
    const mustOpen = (words[at + TOUCH] as number) <= this.#openTouchedTo
    words[at + TOUCH] = table.tick
    const sizeClass = classOf(words[at + META] as number)
    if (sizeClass === OPEN_CLASS) return false
    if (
      !mustOpen &&
      this.#limits.isOn &&
      (sizeClass === 0 ? this.#second(segment, at, sightings, i) : this.#oneMore(segment, at, sightings, i))
    )
      return true
    this.#open(segment, at, sightings, i)
    return false
  }

  /** A source that is not known. */
  #first(segment: number, hash: number, sightings: Sightings, i: number): boolean {
    const table = this.#table
    const at = table.insert(segment, hash, sightings.sources, i, -1)
    const words = table.words[segment] as Uint32Array
    if (table.tick < this.#openBefore) {
      words[at + META] = OPEN_META
      return false
    }
    ;(table.times[segment] as Float64Array)[at >> 1] = sightings.timesMs[i] as number
    words[at + META] = USED | (1 << COUNT_SHIFT)
    words[at + DESTINATION] = sightings.destinations[i] as number
    const isKept = this.#lines.isQuiet
    words[at + PORT] = portWord(sightings, i) | (isKept ? IN_RING : 0)
    words[at + LINE] = this.#lineOf(sightings, i, isKept)
    return true
  }

  #lineOf(sightings: Sightings, i: number, isKept: boolean): number {
    const row = sightings.rows[i] as number
    return isKept ? this.#lines.keepRow(row) : (this.#lines.batchBits | row) >>> 0
  }

  /** A source with one pair. False: it must be opened. */
  #second(segment: number, at: number, sightings: Sightings, i: number): boolean {
    const words = this.#table.words[segment] as Uint32Array
    const times = this.#table.times[segment] as Float64Array
    const before = words[at + PORT] as number
    const differs = (before ^ (sightings.ports[i] as number)) & PORT_MASK
    const isSameHost = words[at + DESTINATION] === sightings.destinations[i]
    if (!isSameHost || differs !== 0)
      return this.#lists.begin(words, at, this.#touch) && this.#oneMore(segment, at, sightings, i)
    const timeMs = sightings.timesMs[i] as number
    if (timeMs > (times[at >> 1] as number)) times[at >> 1] = timeMs
    if (sightings.proven[i] === 1) words[at + PORT] = before | PROVEN
    if ((before & IN_RING) === 0) words[at + LINE] = this.#lineOf(sightings, i, false)
    return true
  }

  /** A source with a list. False: it must be opened. */
  #oneMore(segment: number, at: number, sightings: Sightings, i: number): boolean {
    const lists = this.#lists
    const words = this.#table.words[segment] as Uint32Array
    const destination = sightings.destinations[i] as number
    const port = sightings.ports[i] as number
    const baseMs = (this.#table.times[segment] as Float64Array)[at >> 1] as number
    const offset = (sightings.timesMs[i] as number) - baseMs + HALF_RANGE
    if (!(offset >= 0 && offset < 2 * HALF_RANGE)) return false
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    const known = lists.look(words, at, count, destination, port)
    if (known !== -1) {
      const e = lists.at(words, at, known)
      const { chunk } = lists
      const word = chunk[e + PORT_AT] as number
      const before = chunk[e + OFFSET_AT] as number
      const proven = sightings.proven[i] === 1 ? PROVEN : 0
      if (offset > before) chunk[e + OFFSET_AT] = offset
      // What has been out of every window begins anew; else the line is the first one once it is kept.
      const isNew = offset - before >= this.#limits.windowMs
      const isKept = isNew && (this.#lines.isQuiet || (word & IN_RING) !== 0)
      if (isNew || (word & IN_RING) === 0) chunk[e + LINE_AT] = this.#lineOf(sightings, i, isKept)
      const kept = word & (isNew ? PORT_MASK : PORT_MASK | PROVEN | IN_RING)
      chunk[e + PORT_AT] = (kept | proven | (isKept ? IN_RING : 0) | this.#touch) >>> 0
      return true
    }
    const { ports, hosts } = lists
    const { portsNeeded, hostsNeeded } = this.#limits
    if (ports + 1 >= portsNeeded || hosts + 1 >= hostsNeeded) return false
    const isAkin = ports >= this.#keepPortsFrom || hosts >= this.#keepHostsFrom
    if (isAkin) this.#keepLines(words, at, count, sightings, i)
    const n = lists.add(words, at, this.#touch)
    if (n === -1) return false
    const isKept = isAkin || this.#lines.isQuiet
    const e = lists.at(words, at, n)
    const { chunk } = lists
    chunk[e + OFFSET_AT] = offset
    chunk[e + PORT_AT] = (portWord(sightings, i) | (isKept ? IN_RING : 0) | this.#touch) >>> 0
    chunk[e + LINE_AT] = this.#lineOf(sightings, i, isKept)
    chunk[e + DESTINATION_AT] = destination
    return true
  }

  /** Keeps the lines of the pairs that have the destination or the port of sighting `i`, while their batches are there. */
  #keepLines(words: Uint32Array, at: number, count: number, sightings: Sightings, i: number): void {
    const lists = this.#lists
    const destination = sightings.destinations[i] as number
    const port = sightings.ports[i] as number
    for (let n = 0; n < count; n++) {
      const e = lists.at(words, at, n)
      const { chunk } = lists
      const word = chunk[e + PORT_AT] as number
      if ((word & IN_RING) !== 0) continue
      if (chunk[e + DESTINATION_AT] !== destination && ((word ^ port) & 0xffff) !== 0) continue
      chunk[e + LINE_AT] = this.#lines.keepNamed(chunk[e + LINE_AT] as number, sightings.rows[i] as number)
      chunk[e + PORT_AT] = (word | IN_RING) >>> 0
    }
  }

  /** Puts the source's pairs into `opened`; sighting `i` is of that source. */
  #open(segment: number, at: number, sightings: Sightings, i: number): void {
    const words = this.#table.words[segment] as Uint32Array
    this.#forEachPair(segment, at, (destination, port, timeMs, line) => {
      const { opened } = this
      const n = opened.count++
      const row = sightings.rows[i] as number
      opened.rows[n] = row
      opened.timesMs[n] = timeMs
      opened.proven[n] = (port & PROVEN) === 0 ? 0 : 1
      opened.copies[n] = (port & PORT_MASK) >>> 16
      opened.sources[n] = sightings.sources[i] as number
      opened.destinations[n] = destination
      opened.ports[n] = port & PORT_MASK
      ;(opened.lineRefs as Uint32Array)[n] = (port & IN_RING) === 0 ? this.#lines.keepNamed(line, row) : line
    })
    this.#lists.release(words, at)
    words[at + META] = OPEN_META
  }

  #forEachPair(
    segment: number,
    at: number,
    visit: (destination: number, port: number, timeMs: number, line: number) => void,
  ): void {
    const words = this.#table.words[segment] as Uint32Array
    const baseMs = (this.#table.times[segment] as Float64Array)[at >> 1] as number
    const meta = words[at + META] as number
    if (classOf(meta) === 0) {
      visit(words[at + DESTINATION] as number, words[at + PORT] as number, baseMs, words[at + LINE] as number)
      return
    }
    for (let n = 0; n < meta >>> COUNT_SHIFT; n++) {
      const e = this.#lists.at(words, at, n)
      const { chunk } = this.#lists
      const timeMs = baseMs + (chunk[e + OFFSET_AT] as number) - HALF_RANGE
      visit(
        chunk[e + DESTINATION_AT] as number,
        chunk[e + PORT_AT] as number,
        timeMs,
        chunk[e + LINE_AT] as number,
      )
    }
  }

  /** The pairs held of the sources wanted. Goes through the table. */
  inspect(wanted: KeyFilter): HeldPair[] {
    const held: HeldPair[] = []
    const { stride } = this.#table
    this.#table.words.forEach((words, segment) => {
      for (let at = 0; at < words.length; at += stride) {
        const meta = words[at + META] as number
        if (meta === 0 || classOf(meta) === OPEN_CLASS || !fits(wanted, words, at + KEY)) continue
        const source = words[at + KEY] as number
        this.#forEachPair(segment, at, (destination, port, timeMs) =>
          held.push({ source, destination, port: port & PORT_MASK, timeMs }),
        )
      }
    })
    return held
  }
}

function portWord(sightings: Sightings, i: number): number {
  return (sightings.ports[i] as number) | (sightings.proven[i] === 1 ? PROVEN : 0)
}
