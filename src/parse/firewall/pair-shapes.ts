/**
 * The places of a line of pairs (CEF and LEEF): which register each value fills, and which values may be holes of a shape
 * (shape-memory.ts). Never a hole: labels, and values whose register is not plain to say.
 */
import type { RecordBatch } from '../../model/record-batch.ts'
import { skipBlanks, trimEnd } from '../bytes.ts'
import type { Line } from '../line.ts'
import { CUSTOM_COUNT, ENTRY } from './pair-registers.ts'
import { type PairKeys, type Pairs, SEPARATOR } from './pair-scan.ts'
import type { ValueGroup } from './shape.ts'
import { ShapeMemory } from './shape-memory.ts'
import { END, HOLE, MAX_PLACES, NO_REGISTER, type Places } from './shape-places.ts'
import { MAX_SEARCHED_BYTES } from './shape-text.ts'

const NONE = -1
const UNKNOWN = -2

/** The shapes of a format of pairs. */
export class PairShapes {
  readonly #pairs: Pairs
  readonly #memory: ShapeMemory
  /** The line in hand: its places. */
  readonly #register = new Int16Array(MAX_PLACES)
  readonly #hole = new Uint8Array(MAX_PLACES)
  readonly #ending = new Uint8Array(MAX_PLACES).fill(END.pair)
  readonly #timesFilled: Uint8Array
  readonly #timesSeen = new Uint8Array(ENTRY.idMask + 1)
  readonly #values = new Uint8Array(CUSTOM_COUNT)
  readonly #labels = new Uint8Array(CUSTOM_COUNT)
  readonly #isValueFirst = new Uint8Array(CUSTOM_COUNT)
  readonly #labelPlace = new Int16Array(CUSTOM_COUNT)

  /** `groups` in the order in which they are to be read. */
  constructor(pairs: Pairs, groups: readonly ValueGroup[]) {
    this.#pairs = pairs
    this.#memory = new ShapeMemory(pairs, groups)
    this.#timesFilled = new Uint8Array(pairs.start.length)
  }

  /** Reads a line that has a shape; false when it has none, or a value needs the long way. */
  read(line: Line, into: RecordBatch, row: number): boolean {
    return this.#memory.read(line, into, row)
  }

  /**
   * Looks at a line that was just read the long way, and keeps it when its like was seen before. `front`: where the
   * header ends, absolute; `kind`: a bit, or 0 when lines of that kind have no shape; `isFirstPlain`: the first value
   * tells what separates the pairs.
   */
  learn(
    line: Line,
    into: RecordBatch,
    row: number,
    vendor: PairKeys,
    separator: number,
    front: number,
    kind: number,
    isFirstPlain = false,
  ): void {
    const { count, ambiguous } = this.#pairs
    if (ambiguous || count === 0 || count > MAX_PLACES || !this.#memory.isWorth(line, kind)) return
    // Where the pairs are separated by blanks, that is so since nothing else is found in any value.
    const isSearched = isFirstPlain && separator === SEPARATOR.blank
    if (isSearched && line.end - line.at > MAX_SEARCHED_BYTES) return
    const plainHoles = !isFirstPlain ? 0 : isSearched ? MAX_PLACES : 1
    const places = this.#placesOf(line, vendor, kind)
    this.#memory.learn(line, into, row, places, front, kind, { separator, plainHoles })
  }

  /** Which register each value fills, and which values may be holes. */
  #placesOf(line: Line, vendor: PairKeys, kind: number): Places {
    const pairs = this.#pairs
    const { count, notedEntry, notedStart, notedEnd } = pairs
    this.#count(line, vendor)
    for (let place = 0; place < count; place++) {
      const entry = notedEntry[place] as number
      this.#register[place] = NO_REGISTER
      this.#hole[place] = HOLE.any
      if (entry === NONE) continue
      const start = skipBlanks(line.bytes, notedStart[place] as number, notedEnd[place] as number)
      const isEmpty = start === notedEnd[place]
      const target = this.#targetOf(line, vendor, place)
      if (target === NONE) continue
      const isSingle = this.#timesSeen[entry & ENTRY.idMask] === 1
      if (target < 0 || (!isSingle && !mayRepeat(entry, vendor))) {
        this.#hole[place] = HOLE.never
      } else if (pairs.start[target] === start) {
        this.#register[place] = target
        this.#hole[place] =
          !isEmpty && ((this.#memory.kinds[target] as number) & kind) !== 0 ? HOLE.any : HOLE.never
      } else
        this.#hole[place] = !isEmpty && (this.#timesFilled[target] as number) > 1 ? HOLE.filled : HOLE.never
    }
    this.#forgetCounts()
    const register = this.#register
    return { count, start: notedStart, end: notedEnd, register, hole: this.#hole, ending: this.#ending }
  }

  /** How often each key stands in the line and each register is filled. */
  #count(line: Line, vendor: PairKeys): void {
    const { count, notedEntry } = this.#pairs
    this.#values.fill(0)
    this.#labels.fill(0)
    this.#isValueFirst.fill(0)
    for (let place = 0; place < count; place++) {
      const entry = notedEntry[place] as number
      if (entry === NONE) continue
      const id = entry & ENTRY.idMask
      this.#timesSeen[id] = Math.min(9, (this.#timesSeen[id] as number) + 1)
      if ((entry & ENTRY.custom) === 0) continue
      const index = (entry >>> ENTRY.registerShift) & ENTRY.registerMask
      if (isLabel(entry)) {
        this.#labels[index] = Math.min(9, (this.#labels[index] as number) + 1)
        this.#labelPlace[index] = place
      } else {
        if (this.#labels[index] === 0) this.#isValueFirst[index] = 1
        this.#values[index] = Math.min(9, (this.#values[index] as number) + 1)
      }
    }
    this.#timesFilled.fill(0)
    for (let place = 0; place < count; place++) {
      if (notedEntry[place] === NONE) continue
      const target = this.#targetOf(line, vendor, place)
      if (target >= 0) this.#timesFilled[target] = Math.min(9, (this.#timesFilled[target] as number) + 1)
    }
  }

  #forgetCounts(): void {
    const { count, notedEntry } = this.#pairs
    for (let place = 0; place < count; place++) {
      const entry = notedEntry[place] as number
      if (entry !== NONE) this.#timesSeen[entry & ENTRY.idMask] = 0
    }
  }

  /** The register that the value of a place would fill, NONE when none, UNKNOWN when that is not plain to say. */
  #targetOf(line: Line, vendor: PairKeys, place: number): number {
    const { notedEntry, notedStart, notedEnd } = this.#pairs
    const entry = notedEntry[place] as number
    const index = (entry >>> ENTRY.registerShift) & ENTRY.registerMask
    if ((entry & ENTRY.custom) === 0) return index
    if (isLabel(entry)) return UNKNOWN
    let label = this.#labelPlace[index] as number
    if ((this.#labels[index] as number) > 1 || (this.#values[index] as number) > 1) {
      // each value is of the label in front of it, when the first one is
      label = this.#labelInFront(place, index)
      if (label === NONE || this.#isValueFirst[index] === 1) return UNKNOWN
    }
    let found = vendor.defaults?.[index] ?? NONE
    if ((this.#labels[index] as number) > 0) {
      const start = skipBlanks(line.bytes, notedStart[label] as number, notedEnd[label] as number)
      const end = trimEnd(line.bytes, start, notedEnd[label] as number)
      found = vendor.labels.find(line.bytes, line.view, start, end)
    }
    return found < 0 ? NONE : (found >>> ENTRY.registerShift) & ENTRY.registerMask
  }

  #labelInFront(place: number, index: number): number {
    for (let at = place - 1; at >= 0; at--) {
      const entry = this.#pairs.notedEntry[at] as number
      if (entry === NONE || !isLabel(entry)) continue
      if (((entry >>> ENTRY.registerShift) & ENTRY.registerMask) === index) return at
    }
    return NONE
  }
}

function isLabel(entry: number): boolean {
  return (entry & ENTRY.custom) !== 0 && ((entry >>> ENTRY.rankShift) & ENTRY.rankMask) === 1
}

/** Whether a second value of the key says nothing. */
function mayRepeat(entry: number, vendor: PairKeys): boolean {
  if ((entry & ENTRY.repeats) !== 0) return true
  return (entry & ENTRY.custom) !== 0 && vendor.repeatsCustomKeys === true
}
