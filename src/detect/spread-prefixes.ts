/**
 * The pairs that each /24 (IPv4) or /48 (IPv6) reaches by its sources together.
 *
 * Most prefixes have one source that is ever seen, whose pairs lie in its own list (spread-sources.ts): their entry only
 * names it. The second source makes a list, which begins with the first one's pairs. A list holds the pairs seen latest,
 * each with the source that sent it last, and the sources seen latest: `need` of each, which decides both counts exactly
 * by the argument of window.ts.
 *
 * Who is convicted then: spread-convictions.ts.
 */
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, LINE, META, TOUCH, USED } from './key-table.ts'
import { PrefixConvictions, type PrefixWindow } from './spread-convictions.ts'
import { locate } from './spread-pairs.ts'
import type { SpreadSources } from './spread-sources.ts'
import {
  EXTRA,
  FIRST_AT,
  IDENTITY,
  IS_SOURCE,
  LAST_SECOND,
  LATEST,
  MINUTE_SECONDS,
  minuteOf,
  minutesOf,
  NOTE_AT,
  PORT_AT,
  SECONDS_AT,
  type SpreadTable,
} from './spread-table.ts'
import type { SpreadWork } from './spread-work.ts'

const SUBNET_ABOVE = 2
const V4_MARK = 0xffff

export interface PrefixLimits {
  readonly windows: readonly PrefixWindow[]
  readonly sources: number
  /** False where a source is as wide as the prefix, or wider. */
  readonly isOn: boolean
}

/** What a look through a list found of its pairs, or of its sources: how many, the oldest, and the time of the next. */
interface Group {
  count: number
  oldest: number
  oldestSeconds: number
  nextSeconds: number
}

interface Scan {
  readonly pairs: Group
  readonly sources: Group
  knownPair: number
  knownSource: number
}

/** In the place of an element: nothing changes; or it is one more. */
const SKIP = -1
const ADD = -2

export class SpreadPrefixes {
  readonly table: SpreadTable
  readonly #sources: SpreadSources
  readonly #keyWords: number
  readonly #key: Uint32Array
  readonly convictions: PrefixConvictions
  #limits: PrefixLimits = { windows: [], sources: 2, isOn: false }
  #capacity = 1
  #leastNeed = 1
  #leastBuckets = 1
  #keepBuckets = 1
  readonly #scanned: Scan = { pairs: emptyGroup(), sources: emptyGroup(), knownPair: -1, knownSource: -1 }

  constructor(table: SpreadTable, sources: SpreadSources) {
    this.table = table
    this.#sources = sources
    this.#keyWords = table.keys.keyWords
    this.#key = new Uint32Array(this.#keyWords)
    this.convictions = new PrefixConvictions(table, sources)
  }

  configure(limits: PrefixLimits): void {
    const windows = limits.windows.toSorted((a, b) => a.windowSeconds - b.windowSeconds)
    this.#limits = { ...limits, windows }
    const needs = windows.map(({ need }) => need)
    this.#capacity = Math.max(1, ...needs)
    this.#leastNeed = Math.min(this.#capacity, ...needs)
    this.#leastBuckets = minutesOf(windows[0]?.windowSeconds ?? 0)
    this.#keepBuckets = minutesOf(Math.max(0, ...windows.map(({ windowSeconds }) => windowSeconds)))
  }

  /** Hashes of the prefixes of the work, for reading ahead. */
  hash(work: SpreadWork, into: Int32Array): void {
    const { hash } = this.table.keys
    const key = this.#key
    if (work.keyWords === 1) {
      for (let i = 0; i < work.count; i++) into[i] = hash.ofOne((work.keys[i] as number) >>> 8)
      return
    }
    for (let i = 0; i < work.count; i++) {
      this.#keyOf(work.keys, i * work.keyWords, work.keyWords)
      into[i] = hash.of(key, 0, this.#keyWords)
    }
  }

  #keyOf(words: Uint32Array, at: number, sourceWords: number): void {
    const key = this.#key
    if (sourceWords === 1) key[0] = (words[at] as number) >>> 8
    else {
      key[0] = words[at] as number
      key[1] = (words[at + 1] as number) & 0xffff0000
    }
  }

  /** Counts record `i`, no completed session, whose source's entry is at `sourceAt`. */
  count(work: SpreadWork, i: number, hash: number, sourceAt: number): void {
    if (!this.#limits.isOn) return
    const keyAt = i * work.keyWords
    // an IPv4 source before an IPv6 destination: mapped addresses are no /48
    if (
      work.keyWords === 4 &&
      work.keys[keyAt + 2] === V4_MARK &&
      work.keys[keyAt] === 0 &&
      work.keys[keyAt + 1] === 0
    )
      return
    const { table } = this
    const { keys } = table
    this.#keyOf(work.keys, keyAt, work.keyWords)
    const segment = hash >>> keys.segmentShift
    const owner = this.#ownerOf(work, i)
    const seconds = work.seconds[i] as number
    const at = keys.find(hash, this.#key, 0)
    if (at === -1) {
      const made = keys.insert(segment, hash, this.#key, 0, -1)
      this.#writeAlone(segment, made, owner, seconds)
      return
    }
    const words = keys.words[segment] as Uint32Array
    words[at + TOUCH] = keys.tick
    if ((((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) === 0) {
      if (words[at + LINE] === owner) {
        if (seconds > (words[at + LATEST] as number)) words[at + LATEST] = seconds
        return
      }
      if (!this.#begin(segment, at, owner, seconds)) return
    }
    this.#countMany(segment, at, work, i, owner)
    if (((words[at + META] as number) & SUBNET_ABOVE) !== 0) this.#tellLate(segment, at, work, i, sourceAt)
  }

  #ownerOf(work: SpreadWork, i: number): number {
    return work.keyWords === 1 ? (work.keys[i] as number) : (work.sourceHash[i] as number) >>> 0
  }

  #writeAlone(segment: number, at: number, owner: number, seconds: number): void {
    const words = this.table.keys.words[segment] as Uint32Array
    words[at + LATEST] = seconds
    words[at + EXTRA] = 0
    words[at + META] = USED | (1 << COUNT_SHIFT)
    words[at + LINE] = owner
  }

  /** A second source: makes the list from the first one's pairs. False when the entry stays with one source. */
  #begin(segment: number, at: number, owner: number, seconds: number): boolean {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const first = words[at + LINE] as number
    const latest = Math.max(words[at + LATEST] as number, seconds)
    const cut = minuteOf(latest) - this.#keepBuckets
    const place = locate(this.#sources.table, first, words, at + KEY)
    const own = this.#sources.table
    const from = place === -1 ? null : (own.keys.words[place.segment] as Uint32Array)
    const isGone = from === null || place === -1
    // Its pairs are over, or its entry had to go: the second source is the only one now.
    if (isGone || minuteOf(from[place.at + LATEST] as number) <= cut) {
      this.#writeAlone(segment, at, owner, latest)
      return false
    }
    const isList = (((from[place.at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) !== 0
    const count = isList ? (from[place.at + META] as number) >>> COUNT_SHIFT : 1
    if (!table.openNew(segment, at, count + 2)) return false
    const { chunk, base, stride } = table
    let end = base
    let latestOfFirst = 0
    const put = (source: Uint32Array, time: number, port: number, valueAt: number): void => {
      if (minuteOf(time) <= cut) return
      chunk[end + SECONDS_AT] = time
      chunk[end + PORT_AT] = port & IDENTITY
      chunk[end + NOTE_AT] = first
      for (let k = 0; k < table.valueWords; k++) chunk[end + FIRST_AT + k] = source[valueAt + k] as number
      end += stride
      if (time > latestOfFirst) latestOfFirst = time
    }
    if (isList) {
      own.open(place.segment, place.at)
      for (let e = own.base, n = 0; n < count; n++, e += own.stride)
        put(own.chunk, own.chunk[e + SECONDS_AT] as number, own.chunk[e + PORT_AT] as number, e + FIRST_AT)
    } else
      put(
        from,
        from[place.at + LATEST] as number,
        from[place.at + EXTRA] as number,
        place.at + own.keys.valueAt,
      )
    writeSource(chunk, end, first, latestOfFirst)
    end += stride
    words[at + EXTRA] = 0
    words[at + LINE] = 0
    words[at + META] =
      ((words[at + META] as number) & ((1 << COUNT_SHIFT) - 1)) | (((end - base) / stride) << COUNT_SHIFT)
    return true
  }

  #countMany(segment: number, at: number, work: SpreadWork, i: number, owner: number): void {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const seconds = work.seconds[i] as number
    const bucket = minuteOf(seconds)
    if (bucket <= (words[at + table.oldestAt] as number)) return
    const latest = words[at + LATEST] as number
    if (bucket + this.#keepBuckets <= minuteOf(latest)) return
    if (seconds > latest) words[at + LATEST] = seconds
    table.open(segment, at)
    const scan = this.#scan(segment, at, work, i, owner)
    const { chunk } = table
    // What stays in its place first: growing moves the list.
    const pair = placeFor(scan.knownPair, scan.pairs, this.#capacity, chunk, bucket)
    if (pair !== SKIP && pair !== ADD) this.#writePair(chunk, pair, work, i, owner)
    const source = placeFor(scan.knownSource, scan.sources, this.#limits.sources, chunk, bucket)
    if (source !== SKIP && source !== ADD) writeSource(chunk, source, owner, seconds)
    if (pair === ADD && this.#makeRoom(segment, at))
      this.#writePair(table.chunk, this.#takeLast(segment, at), work, i, owner)
    if (source === ADD && this.#makeRoom(segment, at))
      writeSource(table.chunk, this.#takeLast(segment, at), owner, seconds)
    const oldest = Math.min(
      oldestAfter(scan.pairs, pair, this.#capacity, seconds),
      oldestAfter(scan.sources, source, this.#limits.sources, seconds),
    )
    words[at + table.oldestAt] = oldest
    if (pair !== SKIP || source !== SKIP) this.#evaluate(segment, at, work, i, oldest)
  }

  /** Looks through the list at hand once. */
  #scan(segment: number, at: number, work: SpreadWork, i: number, owner: number): Scan {
    const { chunk, base, stride, keys } = this.table
    const end = base + (((keys.words[segment] as Uint32Array)[at + META] as number) >>> COUNT_SHIFT) * stride
    const first = work.values[i * work.valueWords] as number
    const port = work.ports[i] as number
    const scan = this.#scanned
    const { pairs, sources } = scan
    scan.knownPair = -1
    scan.knownSource = -1
    reset(sources)
    // The pairs are many: what is known of them stays in registers.
    let count = 0
    let oldest = -1
    let oldestSeconds = LAST_SECOND
    let nextSeconds = LAST_SECOND
    for (let e = base; e < end; e += stride) {
      const elementPort = chunk[e + PORT_AT] as number
      const seconds = chunk[e + SECONDS_AT] as number
      if (elementPort >= IS_SOURCE) {
        if (chunk[e + FIRST_AT] === owner) scan.knownSource = e
        note(sources, e, seconds)
        continue
      }
      count++
      if (
        elementPort === port &&
        chunk[e + FIRST_AT] === first &&
        this.#sameTail(chunk, e + FIRST_AT, work, i)
      )
        scan.knownPair = e
      if (seconds < oldestSeconds) {
        nextSeconds = oldestSeconds
        oldestSeconds = seconds
        oldest = e
      } else if (seconds < nextSeconds) nextSeconds = seconds
    }
    pairs.count = count
    pairs.oldest = oldest
    pairs.oldestSeconds = oldestSeconds
    pairs.nextSeconds = nextSeconds
    return scan
  }

  #sameTail(words: Uint32Array, valueAt: number, work: SpreadWork, i: number): boolean {
    for (let k = 1; k < work.valueWords; k++)
      if (words[valueAt + k] !== work.values[i * work.valueWords + k]) return false
    return true
  }

  #writePair(chunk: Uint32Array, e: number, work: SpreadWork, i: number, owner: number): void {
    chunk[e + SECONDS_AT] = work.seconds[i] as number
    chunk[e + PORT_AT] = work.ports[i] as number
    chunk[e + NOTE_AT] = owner
    for (let k = 0; k < work.valueWords; k++)
      chunk[e + FIRST_AT + k] = work.values[i * work.valueWords + k] as number
  }

  /** Room for one more element of the list at hand: what is over goes first. */
  #makeRoom(segment: number, at: number): boolean {
    const { table } = this
    const words = table.keys.words[segment] as Uint32Array
    const meta = words[at + META] as number
    if (meta >>> COUNT_SHIFT < 1 << ((meta >>> CLASS_SHIFT) & CLASS_MASK)) return true
    table.drop(segment, at, minuteOf(words[at + LATEST] as number) - this.#keepBuckets, MINUTE_SECONDS)
    return table.grow(segment, at)
  }

  /** The place behind the last element, which is the list's from now on. */
  #takeLast(segment: number, at: number): number {
    const words = this.table.keys.words[segment] as Uint32Array
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    words[at + META] = (words[at + META] as number) + (1 << COUNT_SHIFT)
    return this.table.base + count * this.table.stride
  }

  /** The window that is above its threshold, the shortest, or -1. */
  #aboveWindow(segment: number, at: number): number {
    const { table } = this
    const { chunk, base, stride } = table
    const words = table.keys.words[segment] as Uint32Array
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    if (count < this.#leastNeed) return -1
    const latest = minuteOf(words[at + LATEST] as number)
    const { windows, sources } = this.#limits
    for (let k = 0; k < windows.length; k++) {
      const { windowSeconds, need } = windows[k] as PrefixWindow
      // a comparison of seconds: a division for each element costs more than all else here
      const from = Math.max(0, (latest - minutesOf(windowSeconds) + 1) * MINUTE_SECONDS)
      let seen = 0
      let sourcesSeen = 0
      for (let e = base, end = base + count * stride; e < end; e += stride) {
        if ((chunk[e + SECONDS_AT] as number) < from) continue
        seen++
        sourcesSeen += (chunk[e + PORT_AT] as number) >>> 31
      }
      if (seen - sourcesSeen >= need && sourcesSeen >= sources) return k
    }
    return -1
  }

  #evaluate(segment: number, at: number, work: SpreadWork, i: number, oldest: number): void {
    const words = this.table.keys.words[segment] as Uint32Array
    const meta = words[at + META] as number
    // Above, and both lists are full of what lies in the shortest window: it stays above.
    if (oldest + this.#leastBuckets > minuteOf(words[at + LATEST] as number) && (meta & SUBNET_ABOVE) !== 0)
      return
    const window = this.#aboveWindow(segment, at)
    const isAbove = window !== -1
    words[at + META] = isAbove ? meta | SUBNET_ABOVE : meta & ~SUBNET_ABOVE
    if (isAbove && (meta & SUBNET_ABOVE) === 0)
      this.convictions.tellAll(
        segment,
        at,
        work,
        i,
        this.#limits.windows[window] as PrefixWindow,
        this.#ownerOf(work, i),
      )
  }

  /** Convicts the source of the record at hand when it has not been, and the prefix is still above. */
  #tellLate(segment: number, at: number, work: SpreadWork, i: number, sourceAt: number): void {
    const sourceSegment = (work.sourceHash[i] as number) >>> this.#sources.table.keys.segmentShift
    if (!this.convictions.isLate(sourceSegment, sourceAt)) return
    if (!this.convictions.mayTell(segment, at, sourceSegment, sourceAt)) return
    const place = { segment: sourceSegment, at: sourceAt }
    this.table.open(segment, at)
    const window = this.#limits.windows[this.#aboveWindow(segment, at)]
    if (window === undefined) return
    this.convictions.tellLate(segment, at, work, i, window, place)
  }
}

function emptyGroup(): Group {
  return { count: 0, oldest: -1, oldestSeconds: 0, nextSeconds: 0 }
}

function reset(group: Group): void {
  group.count = 0
  group.oldest = -1
  group.oldestSeconds = LAST_SECOND
  group.nextSeconds = LAST_SECOND
}

function note(group: Group, e: number, seconds: number): void {
  group.count++
  if (seconds < group.oldestSeconds) {
    group.nextSeconds = group.oldestSeconds
    group.oldestSeconds = seconds
    group.oldest = e
  } else if (seconds < group.nextSeconds) group.nextSeconds = seconds
}

/** Where a value seen in `bucket` goes: its own place, that of the oldest of a full group, ADD or SKIP. */
function placeFor(known: number, group: Group, capacity: number, chunk: Uint32Array, bucket: number): number {
  if (known !== -1) return bucket > minuteOf(chunk[known + SECONDS_AT] as number) ? known : SKIP
  if (group.count < capacity) return ADD
  return bucket < minuteOf(group.oldestSeconds) ? SKIP : group.oldest
}

/** The bucket of the oldest of a full group, after a value went to `place`; 0 when the group is not full. */
function oldestAfter(group: Group, place: number, capacity: number, seconds: number): number {
  if (group.count < capacity) return 0
  return minuteOf(place === group.oldest ? Math.min(seconds, group.nextSeconds) : group.oldestSeconds)
}

function writeSource(chunk: Uint32Array, e: number, owner: number, seconds: number): void {
  chunk[e + SECONDS_AT] = seconds
  chunk[e + PORT_AT] = IS_SOURCE
  chunk[e + NOTE_AT] = owner
  chunk[e + FIRST_AT] = owner
}
