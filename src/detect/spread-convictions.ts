/**
 * Who is convicted when a prefix is above its threshold: its sources one by one, each with the pairs of its own list.
 * Those that are known when it comes above, and while it stays above further ones as they come; each source once as long
 * as its entry lives, and again when its own record is the one by which the prefix comes above anew. At most CONVICTIONS_PER_HOUR of a prefix and CONVICTIONS_PER_MINUTE of all, by event time: a flood
 * of forged sources puts every prefix above. A source that is proven is convicted all the same.
 */
import { DistinctCounter } from './distinct-counter.ts'
import { COUNT_SHIFT, KEY, META } from './key-table.ts'
import { locate, pairsOf, type Place, type SeenPair } from './spread-pairs.ts'
import { PROVEN, type SpreadSources, TOLD } from './spread-sources.ts'
import {
  EXTRA,
  FIRST_AT,
  hostOf,
  IS_SOURCE,
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

const CONVICTIONS_PER_HOUR = 32
const CONVICTIONS_PER_MINUTE = 600
const HOUR_SECONDS = 3600

/** One window of subnet scan; `need`: values that are enough. */
export interface PrefixWindow {
  readonly windowSeconds: number
  readonly need: number
}

/** A source of a prefix that is above its threshold. */
export interface PrefixFiring {
  /** Index into the work columns of the record that convicts. */
  readonly work: number
  /** Whether the record is of this source. */
  readonly isOwn: boolean
  /** Words of the source as its entry has them, and of the prefix. */
  readonly source: readonly number[]
  readonly prefix: readonly number[]
  readonly need: number
  readonly windowSeconds: number
  /** Of the prefix, within the window. */
  readonly pairs: number
  readonly hosts: number
  readonly sources: number
  readonly own: readonly SeenPair[]
  readonly isProven: boolean
}

/** What a list holds within a window. */
interface Holding {
  pairs: number
  hosts: number
  /** Hash (IPv6) or address (IPv4) of each source. */
  readonly owners: number[]
}

export class PrefixConvictions {
  readonly firings: PrefixFiring[] = []
  /** Sources that were evicted before the prefix came above, and those left out for there being too many. */
  readonly counted = { sourcesForgotten: 0, overBudget: 0 }
  readonly #table: SpreadTable
  readonly #sources: SpreadSources
  readonly #distinct = new DistinctCounter()
  /** The newest minute in which something was told, and how often. */
  #minute = 0
  #toldInMinute = 0

  constructor(table: SpreadTable, sources: SpreadSources) {
    this.#table = table
    this.#sources = sources
  }

  /** The prefix, whose list is at hand, has come above by this window: convicts whom it knows. `own`: the owner word of record `i`. */
  tellAll(segment: number, at: number, work: SpreadWork, i: number, window: PrefixWindow, own: number): void {
    const holding = this.#holding(segment, at, window)
    const words = this.#table.keys.words[segment] as Uint32Array
    for (const owner of [own, ...holding.owners.filter((one) => one !== own)]) {
      const place = locate(this.#sources.table, owner, words, at + KEY)
      if (place === -1) this.counted.sourcesForgotten++
      else if (
        (owner === own || this.isLate(place.segment, place.at)) &&
        this.mayTell(segment, at, place.segment, place.at)
      )
        this.#tell(segment, at, work, i, window, holding, place)
    }
  }

  /** Whether a source has not been convicted yet. */
  isLate(segment: number, sourceAt: number): boolean {
    const words = this.#sources.table.keys.words[segment] as Uint32Array
    return ((words[sourceAt + META] as number) & TOLD) === 0
  }

  /** Convicts the source of record `i`, at `place`, which may be told; the prefix's list is at hand, above by this window. */
  tellLate(
    segment: number,
    at: number,
    work: SpreadWork,
    i: number,
    window: PrefixWindow,
    place: Place,
  ): void {
    this.#tell(segment, at, work, i, window, this.#holding(segment, at, window), place)
  }

  /** Whether a source may be convicted now; counts it. */
  mayTell(segment: number, at: number, sourceSegment: number, sourceAt: number): boolean {
    const sourceWords = this.#sources.table.keys.words[sourceSegment] as Uint32Array
    const words = this.#table.keys.words[segment] as Uint32Array
    const latest = words[at + LATEST] as number
    const hour = ((latest / HOUR_SECONDS) >>> 0) & 0xffffff
    const extra = words[at + EXTRA] as number
    const told = extra >>> 8 === hour ? extra & 255 : 0
    const minute = minuteOf(latest)
    if (minute > this.#minute) {
      this.#minute = minute
      this.#toldInMinute = 0
    }
    const isProven = ((sourceWords[sourceAt + META] as number) & PROVEN) !== 0
    if (!isProven && (told >= CONVICTIONS_PER_HOUR || this.#toldInMinute >= CONVICTIONS_PER_MINUTE)) {
      this.counted.overBudget++
      return false
    }
    this.#toldInMinute++
    words[at + EXTRA] = ((hour << 8) | Math.min(told + 1, 255)) >>> 0
    return true
  }

  #tell(
    segment: number,
    at: number,
    work: SpreadWork,
    i: number,
    window: PrefixWindow,
    holding: Holding,
    place: Place,
  ): void {
    const words = this.#table.keys.words[segment] as Uint32Array
    const { keys } = this.#sources.table
    const sourceWords = keys.words[place.segment] as Uint32Array
    const meta = sourceWords[place.at + META] as number
    sourceWords[place.at + META] = meta | TOLD
    const { windowSeconds, need } = window
    const cut = minuteOf(words[at + LATEST] as number) - minutesOf(windowSeconds)
    const source = [...sourceWords.subarray(place.at + KEY, place.at + KEY + keys.keyWords)]
    const isOwn = source.every((word, k) => word === work.keys[i * work.keyWords + k])
    const fromSeconds = (cut + 1) * MINUTE_SECONDS
    this.firings.push({
      work: i,
      isOwn,
      source,
      prefix: [...words.subarray(at + KEY, at + KEY + this.#table.keys.keyWords)],
      need,
      windowSeconds,
      pairs: holding.pairs,
      hosts: holding.hosts,
      sources: holding.owners.length,
      own: pairsOf(this.#sources.table, this.#sources.lines, place.segment, place.at, fromSeconds),
      isProven: (meta & PROVEN) !== 0,
    })
  }

  /** The list at hand within a window. */
  #holding(segment: number, at: number, window: PrefixWindow): Holding {
    const { chunk, base, stride, valueWords } = this.#table
    const words = this.#table.keys.words[segment] as Uint32Array
    const { windowSeconds } = window
    const cut = minuteOf(words[at + LATEST] as number) - minutesOf(windowSeconds)
    const holding: Holding = { pairs: 0, hosts: 0, owners: [] }
    const count = (words[at + META] as number) >>> COUNT_SHIFT
    this.#distinct.begin(count)
    for (let n = 0, e = base; n < count; n++, e += stride)
      if (minuteOf(chunk[e + SECONDS_AT] as number) > cut && this.#distinct.add(chunk[e + NOTE_AT] as number))
        holding.owners.push(chunk[e + NOTE_AT] as number)
    this.#distinct.begin(count)
    for (let n = 0, e = base; n < count; n++, e += stride) {
      if (minuteOf(chunk[e + SECONDS_AT] as number) <= cut || (chunk[e + PORT_AT] as number) >= IS_SOURCE)
        continue
      holding.pairs++
      if (this.#distinct.add(hostOf(chunk, e + FIRST_AT, valueWords))) holding.hosts++
    }
    return holding
  }
}
