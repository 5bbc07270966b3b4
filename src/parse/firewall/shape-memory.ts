/**
 * The shapes of the lines of one format (shape.ts): which lines are kept as shapes, and which values of them may differ. A
 * line is read by a shape or the long way, with the same record.
 *
 * A value may be a hole when all that depends on it is known: nothing (a key that we do not read), or a group of
 * registers that the format reads again. Never a hole: the values of keys that stand twice, empty values of keys that we
 * read (their being empty means something), and everything that tells what kind of line it is.
 */
import { FLAG } from '../../model/log-record.ts'
import type { RawBatch } from '../../model/raw-batch.ts'
import { ADDRESS_STRIDE, RecordBatch, TEXT_STRIDE } from '../../model/record-batch.ts'
import { sameBytes } from '../bytes.ts'
import type { Line } from '../line.ts'
import { Shape, type ValueGroup } from './shape.ts'
import { HOLE, type PlaceNotes, type Places, type Registers } from './shape-places.ts'
import { forgetMatched, MAX_SHAPE_BYTES } from './shape-text.ts'

const SHAPES = 64
/** Shapes whose front is the line's and that are compared at most. */
const MAX_TRIES = 16
/** Identities seen once are noted in so many places; a line is kept when its like is seen the second time. */
const SEEN = 256
/** After so many lines in a row that led to nothing only one of LOOK_EVERY is looked at. */
const PATIENCE = 64
const LOOK_EVERY = 8
/** After so many lines that a shape could not be made to read (a masked address), only one of so many is tried. */
const PATIENCE_OF_SHAPE = 4
const RETRY_EVERY = 64
/** Bytes in front of the first value that lines are told apart by, at least. */
const FRONT_BYTES = 6

const memories: ShapeMemory[] = []

/** Forgets the lines of all formats: the next ones are read the long way. For tests. */
export function forgetShapes(): void {
  forgetMatched()
  for (const memory of memories) memory.forget()
}

/** How the pairs of CEF and LEEF are parted, for a line that is kept. */
export interface Parting {
  readonly separator: number
  /** The first so many holes must hold nothing that could be taken for a separator. */
  readonly plainHoles: number
}

const NO_PARTING: Parting = { separator: 0, plainHoles: 0 }

export class ShapeMemory {
  readonly #registers: Registers
  readonly #groups: readonly ValueGroup[]
  /** Of each register: kinds of lines in which a group reads it, a bit each. */
  readonly kinds: Uint8Array
  readonly #shapes: Shape[] = []
  readonly #seen = new Int32Array(SEEN)
  readonly #refused = new Int32Array(SEEN)
  /** The one that the next line is put into. */
  #spare = new Shape()
  #idle = 0

  /** `groups` in the order in which they are to be read; they read the registers. */
  constructor(registers: Registers, groups: readonly ValueGroup[]) {
    this.#registers = registers
    this.#groups = groups
    this.kinds = new Uint8Array(registers.start.length)
    for (const { registers: read, kinds } of groups) {
      for (const register of read) this.kinds[register] = (this.kinds[register] as number) | kinds
    }
    memories.push(this)
  }

  forget(): void {
    this.#shapes.length = 0
    this.#seen.fill(0)
    this.#refused.fill(0)
    this.#idle = 0
  }

  /** Whether a line has a shape: then a format has it that knew the shape's. `read` need not look again. */
  knows(line: Line): boolean {
    return this.#find(line) !== null
  }

  #find(line: Line): Shape | null {
    if ((line.flags & FLAG.truncated) !== 0) return null
    const shapes = this.#shapes
    let tries = 0
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i] as Shape
      if (!shape.text.mayMatch(line)) continue
      if (++tries > MAX_TRIES) return null
      if (!shape.text.matches(line)) continue
      if (i > 0) {
        shapes[i] = shapes[i - 1] as Shape
        shapes[i - 1] = shape
      }
      this.#found = shape
      return shape
    }
    return null
  }

  /** The last line had a shape, but a value that only the long way can read. */
  #isUnlike = false
  /** The shape that was found last. */
  #found: Shape | null = null

  /** Reads a line that has a shape; false when it has none, or a value needs the long way. */
  read(line: Line, into: RecordBatch, row: number): boolean {
    this.#isUnlike = false
    const isFound = this.#found?.text.isMatched(line) === true
    const shape = isFound ? this.#found : this.#find(line)
    if (shape === null) return false
    // what the batch holds at the same place the next time is another line
    forgetMatched()
    this.#isUnlike = true
    if (shape.apply(line, this.#registers, into, row)) return true
    into.clearRow(row)
    return false
  }

  /** As `learn`, for places that a reader has noted; `kind` is a bit, or 0 when lines of that kind have no shape. */
  learnNoted(line: Line, into: RecordBatch, row: number, notes: PlaceNotes, kind: number): void {
    if (!this.isWorth(line, kind) || !notes.finish(this.#registers, this.kinds, kind)) return
    this.learn(line, into, row, notes, notes.start[0] as number, kind)
  }

  /** Whether `learn` would look at the line, which was just read the long way. Counts it: ask once. */
  isWorth(line: Line, kind: number): boolean {
    if (this.#isUnlike || kind === 0 || line.flags !== 0 || line.end - line.at > MAX_SHAPE_BYTES) return false
    return this.#idle <= PATIENCE || ++this.#idle % LOOK_EVERY === 0
  }

  /** Keeps a line that is worth it when its like was seen before. `front`: where the first value begins, absolute. */
  learn(
    line: Line,
    into: RecordBatch,
    row: number,
    places: Places,
    front: number,
    kind: number,
    parting: Parting = NO_PARTING,
  ): void {
    if (front - line.at < FRONT_BYTES) return
    const identity = identityOf(line, places, kind, parting.separator)
    const slot = (identity >>> 3) & (SEEN - 1)
    if (this.#refused[slot] === identity) return
    const known = this.#shapes.find(
      ({ identity: other, text }) => other === identity && text.places === places.count,
    )
    if (known === undefined && this.#seen[slot] !== identity) {
      this.#seen[slot] = identity
      this.#idle++
      return
    }
    this.#idle = 0
    if (known !== undefined && this.#moveAhead(known).text.matches(line)) return
    if (known !== undefined && known.failures > PATIENCE_OF_SHAPE && ++known.skipped % RETRY_EVERY !== 0)
      return
    const shape = this.#spare
    shape.text.openHoles(line, places, known?.text ?? null)
    shape.text.separator = parting.separator
    shape.text.plainHoles = parting.plainHoles
    const frontAt = front - line.at - FRONT_BYTES
    const isKept = shape.keep(line, this.#registers, places, this.#groups, kind, frontAt, into, row)
    if (isKept && this.#isSound(shape, line, into, row)) this.#put(shape, identity, known)
    else if (known !== undefined) known.failures++
    else this.#refused[slot] = identity
  }

  /** Puts the spare shape in the place of the known one, or else of one that is seldom used when there are too many. */
  #put(shape: Shape, identity: number, known: Shape | undefined): void {
    const shapes = this.#shapes
    shape.identity = identity
    shape.failures = known?.failures ?? 0
    shape.skipped = 0
    if (known !== undefined) shapes[shapes.indexOf(known)] = shape
    const old = known ?? (shapes.length >= SHAPES ? shapes.pop() : undefined)
    if (known === undefined) shapes.push(shape)
    this.#spare = old ?? new Shape()
    this.#spare.text.length = 0
  }

  /** A shape that too many others stood in front of. */
  #moveAhead(shape: Shape): Shape {
    const shapes = this.#shapes
    const at = shapes.indexOf(shape)
    shapes[at] = shapes[0] as Shape
    shapes[0] = shape
    return shape
  }

  /** Whether the shape reads its own line as it was read the long way. */
  #isSound(shape: Shape, line: Line, into: RecordBatch, row: number): boolean {
    const trial = scratchOf(into.raw)
    const isRead = shape.text.matches(line) && shape.apply(line, this.#registers, trial, 0)
    forgetMatched()
    return isRead && line.flags === 0 && isSameRow(line, into, row, trial)
  }
}

/** Hash of all that may not differ. Two lines may share one by chance: that costs time, and is never wrong. */
function identityOf(line: Line, places: Places, kind: number, separator: number): number {
  let hash = (kind << 16) ^ (separator << 8) ^ places.count
  let from = line.at
  for (let place = 0; place < places.count; place++) {
    if (places.hole[place] === HOLE.never) continue
    hash = mixed(hash, line, from, places.start[place] as number)
    from = places.end[place] as number
  }
  return mixed(hash, line, from, line.end) | 1
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

let scratch: RecordBatch | null = null

/** A row beside the batch, for trial. */
function scratchOf(raw: RawBatch): RecordBatch {
  scratch ??= new RecordBatch(raw)
  scratch.raw = raw
  scratch.clearRow(0)
  scratch.flags[0] = 0
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
