/**
 * The shapes of the lines of one format (pair-shape.ts): which lines are kept as shapes, and which values of them may
 * differ. A line is read by a shape or the long way, with the same record.
 *
 * A value may be a hole when all that depends on it is known: nothing (a key that we do not read), or a group of
 * registers that the format reads again. Never a hole: the values of keys that stand twice, labels, empty values of keys
 * that we read (their being empty means something), and everything that tells what kind of line it is.
 */
import { FLAG } from '../../model/log-record.ts'
import type { RawBatch } from '../../model/raw-batch.ts'
import { ADDRESS_STRIDE, RecordBatch, TEXT_STRIDE } from '../../model/record-batch.ts'
import { sameBytes, skipBlanks, trimEnd } from '../bytes.ts'
import type { Line } from '../line.ts'
import { CUSTOM_COUNT, ENTRY } from './pair-registers.ts'
import { type PairKeys, type Pairs, SEPARATOR } from './pair-scan.ts'
import {
  MAX_PLACES,
  MAX_SEARCHED_BYTES,
  MAX_SHAPE_BYTES,
  type Places,
  Shape,
  type ValueGroup,
} from './pair-shape.ts'

const SHAPES = 64
/** Shapes whose front is the line's and that are compared at most. */
const MAX_TRIES = 8
/** Identities seen once are noted in so many places; a line is kept when its like is seen the second time. */
const SEEN = 256
/** After so many lines in a row that led to nothing only one of LOOK_EVERY is looked at. */
const PATIENCE = 64
const LOOK_EVERY = 8
const NONE = -1
const FIXED = 0
const HOLE = 1
const FILLED_HOLE = 2

const memories: ShapeMemory[] = []

/** Forgets the lines of all formats: the next ones are read the long way. For tests. */
export function forgetShapes(): void {
  for (const memory of memories) memory.forget()
}

export class ShapeMemory {
  readonly #pairs: Pairs
  readonly #groups: readonly ValueGroup[]
  /** Of each register: kinds of lines in which a group reads it, a bit each. */
  readonly #kinds: Uint8Array
  readonly #shapes: Shape[] = []
  readonly #seen = new Int32Array(SEEN)
  readonly #refused = new Int32Array(SEEN)
  #idle = 0
  /** The line in hand: its places. */
  readonly #register = new Int16Array(MAX_PLACES)
  readonly #hole = new Uint8Array(MAX_PLACES)
  readonly #timesFilled: Uint8Array
  readonly #timesSeen = new Uint8Array(ENTRY.idMask + 1)
  readonly #values = new Uint8Array(CUSTOM_COUNT)
  readonly #labels = new Uint8Array(CUSTOM_COUNT)
  readonly #isValueFirst = new Uint8Array(CUSTOM_COUNT)
  readonly #labelPlace = new Int16Array(CUSTOM_COUNT)

  /** `groups` in the order in which they are to be read. */
  constructor(pairs: Pairs, groups: readonly ValueGroup[]) {
    this.#pairs = pairs
    this.#groups = groups
    this.#kinds = new Uint8Array(pairs.start.length)
    this.#timesFilled = new Uint8Array(pairs.start.length)
    for (const { registers, kinds } of groups) {
      for (const register of registers) this.#kinds[register] = (this.#kinds[register] as number) | kinds
    }
    memories.push(this)
  }

  forget(): void {
    this.#shapes.length = 0
    this.#seen.fill(0)
    this.#refused.fill(0)
    this.#idle = 0
  }

  /** Reads a line that has a shape; false when it has none, or a value needs the long way. */
  read(line: Line, into: RecordBatch, row: number): boolean {
    if ((line.flags & FLAG.truncated) !== 0) return false
    const shapes = this.#shapes
    let tries = 0
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i] as Shape
      if (!shape.mayMatch(line)) continue
      if (++tries > MAX_TRIES) return false
      if (!shape.matches(line)) continue
      if (i > 0) {
        shapes[i] = shapes[i - 1] as Shape
        shapes[i - 1] = shape
      }
      if (shape.apply(line, this.#pairs, into, row)) return true
      clearRow(into, row)
      return false
    }
    return false
  }

  /**
   * Looks at a line that was just read the long way, and keeps it when its like was seen before. `front`: where the
   * header ends, absolute; `kind`: a bit, or 0 when lines of that kind have no shape; `isFirstPlain`: the
   * first value tells what separates the pairs.
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
    const pairs = this.#pairs
    const { count } = pairs
    if (kind === 0 || line.flags !== 0 || pairs.ambiguous || count === 0 || count > MAX_PLACES) return
    const isSearched = isFirstPlain && separator === SEPARATOR.blank
    if (line.end - line.at > (isSearched ? MAX_SEARCHED_BYTES : MAX_SHAPE_BYTES) || front - line.at < 6)
      return
    if (this.#idle > PATIENCE && ++this.#idle % LOOK_EVERY !== 0) return
    const places = this.#placesOf(line, vendor, kind)
    const identity = this.#identityOf(line, places, kind, separator)
    const slot = (identity >>> 3) & (SEEN - 1)
    if (this.#refused[slot] === identity) return
    const known = this.#shapes.find((shape) => shape.identity === identity && shape.places === count)
    if (known === undefined && this.#seen[slot] !== identity) {
      this.#seen[slot] = identity
      this.#idle++
      return
    }
    this.#idle = 0
    if (known !== undefined && this.#moveAhead(known).matches(line)) return
    const shape = known ?? this.#freeShape(identity)
    openHoles(shape, line, places, known !== undefined)
    shape.separator = separator
    // Where the pairs are separated by blanks, that is so since nothing else is found in any value.
    shape.plainHoles = !isFirstPlain ? 0 : isSearched ? MAX_PLACES : 1
    const isKept = shape.keep(line, pairs, places, this.#groups, kind, front - line.at - 6, into, row)
    if (isKept && this.#isSound(shape, line, into, row)) return
    this.#shapes.splice(this.#shapes.indexOf(shape), 1)
    this.#refused[slot] = identity
  }

  /** A shape that too many others stood in front of. */
  #moveAhead(shape: Shape): Shape {
    const shapes = this.#shapes
    const at = shapes.indexOf(shape)
    shapes[at] = shapes[0] as Shape
    shapes[0] = shape
    return shape
  }

  /** A new shape, in the place of the one that is seldom used when there are too many. */
  #freeShape(identity: number): Shape {
    const shapes = this.#shapes
    const shape = shapes.length < SHAPES ? new Shape() : (shapes.pop() as Shape)
    shape.clear()
    shape.identity = identity
    shapes.push(shape)
    return shape
  }

  /** Which register each value fills, and which values may be holes. */
  #placesOf(line: Line, vendor: PairKeys, kind: number): Places {
    const pairs = this.#pairs
    const { count, notedEntry, notedStart, notedEnd } = pairs
    this.#count(line, vendor)
    for (let place = 0; place < count; place++) {
      const entry = notedEntry[place] as number
      this.#register[place] = NONE
      this.#hole[place] = HOLE
      if (entry === NONE) continue
      const start = skipBlanks(line.bytes, notedStart[place] as number, notedEnd[place] as number)
      const isEmpty = start === notedEnd[place]
      const target = this.#targetOf(line, vendor, place)
      if (target === NONE) continue
      const isSingle = this.#timesSeen[entry & ENTRY.idMask] === 1
      if (target < 0 || (!isSingle && !mayRepeat(entry, vendor))) {
        this.#hole[place] = FIXED
      } else if (pairs.start[target] === start) {
        this.#register[place] = target
        this.#hole[place] = !isEmpty && ((this.#kinds[target] as number) & kind) !== 0 ? HOLE : FIXED
      } else this.#hole[place] = !isEmpty && (this.#timesFilled[target] as number) > 1 ? FILLED_HOLE : FIXED
    }
    this.#forgetCounts()
    return { count, start: notedStart, end: notedEnd, register: this.#register, hole: this.#hole }
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

  /** The register that the value of a place would fill, NONE when none, -2 when that is not plain to say. */
  #targetOf(line: Line, vendor: PairKeys, place: number): number {
    const { notedEntry, notedStart, notedEnd } = this.#pairs
    const entry = notedEntry[place] as number
    const index = (entry >>> ENTRY.registerShift) & ENTRY.registerMask
    if ((entry & ENTRY.custom) === 0) return index
    if (isLabel(entry)) return -2
    let label = this.#labelPlace[index] as number
    if ((this.#labels[index] as number) > 1 || (this.#values[index] as number) > 1) {
      // each value is of the label in front of it, when the first one is
      label = this.#labelInFront(place, index)
      if (label === NONE || this.#isValueFirst[index] === 1) return -2
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

  /** Hash of all that may not differ. Two lines may share one by chance: that costs time, and is never wrong. */
  #identityOf(line: Line, places: Places, kind: number, separator: number): number {
    let hash = (kind << 16) ^ (separator << 8) ^ places.count
    let from = line.at
    for (let place = 0; place < places.count; place++) {
      if (places.hole[place] === FIXED) continue
      hash = mixed(hash, line, from, places.start[place] as number)
      from = places.end[place] as number
    }
    return mixed(hash, line, from, line.end) | 1
  }

  /** Whether the shape reads its own line as it was read the long way. */
  #isSound(shape: Shape, line: Line, into: RecordBatch, row: number): boolean {
    const scratch = scratchOf(into.raw)
    if (!shape.matches(line) || !shape.apply(line, this.#pairs, scratch, 0) || line.flags !== 0) return false
    return isSameRow(line, into, row, scratch)
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

/** Makes holes where the line differs from what the shape held, and keeps those that it had. */
function openHoles(shape: Shape, line: Line, places: Places, isKnown: boolean): void {
  for (let place = 0; place < places.count; place++) {
    const isOpen =
      isKnown &&
      (shape.isHole[place] === 1 ||
        !shape.hasSameValue(place, line, places.start[place] as number, places.end[place] as number))
    shape.isHole[place] = isOpen && places.hole[place] !== FIXED ? 1 : 0
  }
}

function mixed(seed: number, line: Line, from: number, to: number): number {
  let hash = seed
  let at = from
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul((hash << 7) ^ (hash >>> 25) ^ line.view.getInt32(at, true), 0x9e3779b1)
  }
  for (; at < to; at++) hash = Math.imul((hash << 7) ^ (hash >>> 25) ^ (line.bytes[at] as number), 0x9e3779b1)
  return hash
}

function clearRow(into: RecordBatch, row: number): void {
  const flags = into.flags[row] as number
  into.clearRow(row)
  into.flags[row] = flags
}

let scratch: RecordBatch | null = null

/** A row beside the batch, for trial. */
function scratchOf(raw: RawBatch): RecordBatch {
  scratch ??= new RecordBatch(raw)
  scratch.raw = raw
  scratch.clearRow(0)
  return scratch
}

/** Whether row 0 of `other` says the same. */
function isSameRow(line: Line, into: RecordBatch, row: number, other: RecordBatch): boolean {
  for (let slot = 0; slot < TEXT_STRIDE; slot += 2) {
    const from = into.text[row * TEXT_STRIDE + slot] as number
    const length = (into.text[row * TEXT_STRIDE + slot + 1] as number) - from
    const at = other.text[slot] as number
    if ((other.text[slot + 1] as number) - at !== length) return false
    if (length > 0 && !sameBytes(line.view, from, line.view, at, length)) return false
  }
  for (let i = 0; i < ADDRESS_STRIDE; i++) {
    if (into.addresses[row * ADDRESS_STRIDE + i] !== other.addresses[i]) return false
  }
  return (
    Object.is(into.eventTimeMs[row], other.eventTimeMs[0]) &&
    into.sourcePort[row] === other.sourcePort[0] &&
    into.destinationPort[row] === other.destinationPort[0] &&
    into.natDestinationPort[row] === other.natDestinationPort[0] &&
    Object.is(into.bytesSent[row], other.bytesSent[0]) &&
    Object.is(into.bytesReceived[row], other.bytesReceived[0]) &&
    Object.is(into.packetsSent[row], other.packetsSent[0]) &&
    Object.is(into.packetsReceived[row], other.packetsReceived[0]) &&
    into.threatId[row] === other.threatId[0] &&
    into.repeatCount[row] === other.repeatCount[0] &&
    into.category[row] === other.category[0] &&
    into.disposition[row] === other.disposition[0] &&
    into.attacker[row] === other.attacker[0] &&
    into.severity[row] === other.severity[0] &&
    into.outcome[row] === other.outcome[0]
  )
}
