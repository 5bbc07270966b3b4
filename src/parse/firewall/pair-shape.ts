/**
 * A shape: a line of pairs that was read the long way, with its record, kept to read the next line like it. Most lines of
 * a firewall have the same keys in the same order and many of the same values; where values were seen to differ the
 * shape has a hole. Between the holes a line must be the shape's byte for byte, and what stands in a hole must hold no
 * key: then its pairs are the shape's pairs by definition, and all that does not come from a hole is copied.
 *
 * Offsets are from where the firewall's text begins. Memory: about 10 KB.
 */
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { EQUALS, indexOfByte, isBlank, sameBytes, WORD_SLACK_BYTES } from '../bytes.ts'
import type { Line } from '../line.ts'
import { endOfValue, type Pairs, startOfKey } from './pair-scan.ts'

/** Longer lines, and lines with more pairs, have no shape. */
export const MAX_SHAPE_BYTES = 3072
export const MAX_PLACES = 192
const MAX_DECODED_BYTES = 512
const MAX_REGISTERS = 128
const MAX_FIRST_BYTES = 512
/** How far the reader of LEEF looks for what separates the pairs, at least. */
export const MAX_SEARCHED_BYTES = 2048
const EQUALS_4 = EQUALS * 0x01010101
const NONE = -1
const TEXT_SLOTS = Object.values(TEXT_SLOT)
const ADDRESS_SLOTS = Object.values(ADDRESS_SLOT)

/** Registers that are read together, and what they fill. */
export interface ValueGroup {
  /** Registers whose values may differ from line to line. */
  readonly registers: readonly number[]
  /** Registers that are read besides, and must be the shape's. */
  readonly needs?: readonly number[]
  /** Slots of the text fields and addresses that it fills; numbers are filled in any case. */
  readonly texts?: readonly number[]
  readonly addresses?: readonly number[]
  /** Kinds of lines, a bit each, in which the registers fill just these fields. */
  readonly kinds: number
  /** Depends on more than the line's text (the header, the device's time zone), so it is read of every line. */
  readonly isAlways?: boolean
  /** Fills the row from the registers; false when the line must be read the long way. */
  read(line: Line, into: RecordBatch, row: number): boolean
}

/** A value's place in a line, for `Shape.keep`. */
export interface Places {
  readonly count: number
  /** Where the values begin and end, absolute, blanks included. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** The register that a value fills, NONE when it fills none. */
  readonly register: Int16Array
  /** 1: a hole. 2: a hole whose value must not be empty, since another key's value would stand in. */
  readonly hole: Uint8Array
}

const base = new Int32Array(MAX_PLACES + 1)
const holeFrom = new Int32Array(MAX_PLACES)
const holeTo = new Int32Array(MAX_PLACES)

export class Shape {
  /** Tells lines that can share a shape: their keys, and the values that may not differ. */
  identity = 0
  separator = 0
  /** The first so many holes must hold nothing that could be taken for a separator. */
  plainHoles = 0
  /** 0: the shape is empty. */
  #length = 0
  /** Bytes outside the holes. */
  #fixed = 0
  #frontAt = 0
  #front = 0
  readonly #bytes = new Uint8Array(MAX_SHAPE_BYTES + WORD_SLACK_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  places = 0
  readonly placeStart = new Int16Array(MAX_PLACES)
  readonly placeEnd = new Int16Array(MAX_PLACES)
  readonly isHole = new Uint8Array(MAX_PLACES)
  #holes = 0
  readonly #holeStart = new Int16Array(MAX_PLACES)
  readonly #holeEnd = new Int16Array(MAX_PLACES)
  /** Bytes from the end of a hole to behind the `=` of the next key; 0 when the hole ends the line. */
  readonly #keyLength = new Int16Array(MAX_PLACES)
  readonly #mayBeEmpty = new Uint8Array(MAX_PLACES)
  /** The runs between the holes, behind the key in front: start and length, and their bytes, eight a number. */
  readonly #runStart = new Int16Array(MAX_PLACES + 1)
  readonly #runLength = new Int16Array(MAX_PLACES + 1)
  readonly #runWord = new Int16Array(MAX_PLACES + 1)
  readonly #words = new Float64Array(MAX_SHAPE_BYTES / 8 + MAX_PLACES + 1)
  #groups: ValueGroup[] = []
  /** Registers that the groups read: number, run or hole that it lies in, start and end (in a run). */
  #registers = 0
  readonly #register = new Int16Array(MAX_REGISTERS)
  readonly #registerRun = new Int16Array(MAX_REGISTERS)
  readonly #registerHole = new Int16Array(MAX_REGISTERS)
  readonly #registerStart = new Int16Array(MAX_REGISTERS)
  readonly #registerEnd = new Int16Array(MAX_REGISTERS)
  #texts = 0
  readonly #textSlot = new Uint8Array(TEXT_STRIDE)
  readonly #textRun = new Int16Array(TEXT_STRIDE)
  readonly #textStart = new Int16Array(TEXT_STRIDE)
  readonly #textEnd = new Int16Array(TEXT_STRIDE)
  /** Texts that were decoded: they lie behind the messages. */
  readonly #decoded = new Uint8Array(MAX_DECODED_BYTES + WORD_SLACK_BYTES)
  readonly #decodedView = new DataView(this.#decoded.buffer)
  #decodedLength = 0
  /** Where they were put last. */
  #decodedAt = 0
  #addressCount = 0
  readonly #addressSlot = new Uint8Array(ADDRESS_STRIDE)
  readonly #addresses = new Uint32Array(ADDRESS_STRIDE)
  readonly #ports = new Uint16Array(3)
  readonly #quantities = new Float64Array(6)
  readonly #codes = new Uint8Array(5)

  clear(): void {
    this.#length = 0
    this.identity = 0
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** The shape's own value of a place is the line's. */
  hasSameValue(place: number, line: Line, start: number, end: number): boolean {
    const from = this.placeStart[place] as number
    const length = (this.placeEnd[place] as number) - from
    return length === end - start && sameBytes(line.view, start, this.#view, from, length)
  }

  /** Whether a few bytes of the line are the shape's: cheap. */
  mayMatch(line: Line): boolean {
    if (this.#length === 0 || line.end - line.at < this.#fixed) return false
    return line.view.getInt32(line.at + this.#frontAt, true) === this.#front
  }

  /** Whether the line, which may match, is of this shape. `apply` may follow. Cost: about 0.4 ns a byte. */
  matches(line: Line): boolean {
    const { bytes, view, end } = line
    let { at } = line
    const holes = this.#holes
    if (this.plainHoles > 1 && end - at > MAX_SEARCHED_BYTES) return false
    for (let hole = 0; hole < holes; hole++) {
      const length = this.#runLength[hole] as number
      if (at + length > end || !this.#isRun(hole, view, at, length)) return false
      base[hole] = at - (this.#runStart[hole] as number)
      at += length
      const keyLength = this.#keyLength[hole] as number
      const behind = this.#endOfHole(line, at, hole, keyLength)
      if (behind < 0) return false
      let to = behind - keyLength
      if (hole < this.plainHoles && !isPlain(bytes, at, to)) return false
      let start = at
      while (start < to && isBlank(bytes[start] as number)) start++
      while (to > start && isBlank(bytes[to - 1] as number)) to--
      if (start === to && this.#mayBeEmpty[hole] === 0) return false
      holeFrom[hole] = start
      holeTo[hole] = to
      at = behind
    }
    const length = this.#runLength[holes] as number
    if (end - at !== length || !this.#isRun(holes, view, at, length)) return false
    base[holes] = at - (this.#runStart[holes] as number)
    return true
  }

  /**
   * Whether the run stands at `at`. Eight bytes are compared as one floating-point number: a shape holds no NUL, so no
   * zero of either sign, and what is no number is equal to nothing.
   */
  #isRun(run: number, view: DataView, at: number, length: number): boolean {
    if (length < 8) return sameBytes(view, at, this.#view, this.#runStart[run] as number, length)
    const words = this.#words
    let word = this.#runWord[run] as number
    const last = at + length - 8
    for (let i = at; i < last; i += 8) if (view.getFloat64(i, true) !== words[word++]) return false
    return view.getFloat64(last, true) === words[word]
  }

  /** Behind the `=` of the key that follows the hole (the line's end for the last one); -1 when another key comes first. */
  #endOfHole(line: Line, from: number, hole: number, keyLength: number): number {
    const { bytes, view, end } = line
    const key = this.#holeEnd[hole] as number
    for (let at = from; ; ) {
      const equals = indexOfByte(view, at, end, EQUALS_4)
      if (equals >= end) return keyLength === 0 ? end : NONE
      at = equals + 1
      const start = at - keyLength
      if (keyLength > 0 && start >= from && sameBytes(view, start, this.#view, key, keyLength)) return at
      const other = startOfKey(bytes, from, equals, this.separator)
      if (other < equals && endOfValue(bytes, from, other, this.separator) >= 0) return NONE
    }
  }

  /** Fills the row of a line that matches; false when a value needs the long way (the row is then to be cleared). */
  apply(line: Line, pairs: Pairs, into: RecordBatch, row: number): boolean {
    this.#applyKept(line, into, row)
    for (let i = 0; i < this.#registers; i++) {
      const register = this.#register[i] as number
      const hole = this.#registerHole[i] as number
      if (hole >= 0) {
        pairs.start[register] = holeFrom[hole] as number
        pairs.end[register] = holeTo[hole] as number
      } else {
        const run = this.#registerRun[i] as number
        const from = run < 0 ? 0 : (base[run] as number)
        pairs.start[register] = from + (this.#registerStart[i] as number)
        pairs.end[register] = from + (this.#registerEnd[i] as number)
      }
    }
    for (const group of this.#groups) if (!group.read(line, into, row)) return false
    return true
  }

  #applyKept(line: Line, into: RecordBatch, row: number): void {
    const { text, addresses } = into
    const decodedAt = this.#decodedLength > 0 ? this.#placeDecoded(line) : 0
    const textAt = row * TEXT_STRIDE
    for (let i = 0; i < this.#texts; i++) {
      const run = this.#textRun[i] as number
      const from = run < 0 ? decodedAt : (base[run] as number)
      const slot = textAt + (this.#textSlot[i] as number)
      text[slot] = from + (this.#textStart[i] as number)
      text[slot + 1] = from + (this.#textEnd[i] as number)
    }
    const addressAt = row * ADDRESS_STRIDE
    for (let i = 0; i < this.#addressCount; i++) {
      const slot = this.#addressSlot[i] as number
      for (let k = slot; k < slot + 4; k++) addresses[addressAt + k] = this.#addresses[k] as number
    }
    const ports = this.#ports
    into.sourcePort[row] = ports[0] as number
    into.destinationPort[row] = ports[1] as number
    into.natDestinationPort[row] = ports[2] as number
    const quantities = this.#quantities
    into.bytesSent[row] = quantities[0] as number
    into.bytesReceived[row] = quantities[1] as number
    into.packetsSent[row] = quantities[2] as number
    into.packetsReceived[row] = quantities[3] as number
    into.threatId[row] = quantities[4] as number
    into.repeatCount[row] = quantities[5] as number
    const codes = this.#codes
    into.category[row] = codes[0] as number
    into.disposition[row] = codes[1] as number
    into.attacker[row] = codes[2] as number
    into.severity[row] = codes[3] as number
    into.outcome[row] = codes[4] as number
  }

  /** Where the decoded texts lie in the batch: where they were put last when they are still there, else put there now. */
  #placeDecoded(line: Line): number {
    const { raw } = line
    const length = this.#decodedLength
    const at = this.#decodedAt
    if (at + length <= raw.used && sameBytes(line.view, at, this.#decodedView, 0, length)) return at
    const to = line.appendSpace(length)
    line.bytes.set(this.#decoded.subarray(0, length), to)
    line.take(to + length)
    this.#decodedAt = to
    return to
  }

  /**
   * Takes a line that was just read the long way into the row. `frontAt`: four bytes behind it tell lines of different
   * shapes apart, mostly. Returns whether it could be kept.
   */
  keep(
    line: Line,
    pairs: Pairs,
    places: Places,
    groups: readonly ValueGroup[],
    kind: number,
    frontAt: number,
    into: RecordBatch,
    row: number,
  ): boolean {
    const { at, end } = line
    this.#length = 0
    this.#bytes.set(line.bytes.subarray(at, end))
    this.#frontAt = frontAt
    this.#front = line.view.getInt32(at + frontAt, true)
    this.#keepHoles(line, places)
    this.#keepRuns(end - at)
    this.#groups = groups.filter(
      (group) =>
        group.isAlways === true ||
        ((group.kinds & kind) !== 0 && group.registers.some((r) => this.#isVaried(places, r))),
    )
    this.#length = end - at
    const isKept =
      this.#fixed > frontAt + 4 &&
      !this.#bytes.subarray(0, end - at).includes(0) &&
      this.#keepRegisters(line, pairs, places) &&
      this.#keepTexts(line, into, row) &&
      this.#keepAddresses(into, row)
    this.#keepNumbers(into, row)
    if (!isKept) this.#length = 0
    return isKept
  }

  #isVaried(places: Places, register: number): boolean {
    for (let i = 0; i < places.count; i++) {
      if (places.register[i] === register && this.isHole[i] === 1) return true
    }
    return false
  }

  #keepHoles(line: Line, places: Places): void {
    const { at, end } = line
    this.places = places.count
    this.#fixed = end - at
    let holes = 0
    for (let place = 0; place < places.count; place++) {
      const start = (places.start[place] as number) - at
      const stop = (places.end[place] as number) - at
      this.placeStart[place] = start
      this.placeEnd[place] = stop
      if (this.isHole[place] === 0) continue
      this.#holeStart[holes] = start
      this.#holeEnd[holes] = stop
      const isLast = place === places.count - 1
      this.#keyLength[holes] = isLast ? 0 : (places.start[place + 1] as number) - at - stop
      this.#mayBeEmpty[holes] = places.register[place] === NONE && places.hole[place] === 1 ? 1 : 0
      this.#fixed -= stop - start
      holes++
    }
    this.#holes = holes
  }

  #keepRuns(length: number): void {
    let word = 0
    for (let run = 0; run <= this.#holes; run++) {
      const before = run - 1
      const start = run === 0 ? 0 : (this.#holeEnd[before] as number) + (this.#keyLength[before] as number)
      const end = run === this.#holes ? length : (this.#holeStart[run] as number)
      this.#runStart[run] = start
      this.#runLength[run] = end - start
      this.#runWord[run] = word
      if (end - start < 8) continue
      for (let at = start; at < end - 8; at += 8) this.#words[word++] = this.#view.getFloat64(at, true)
      this.#words[word++] = this.#view.getFloat64(end - 8, true)
    }
  }

  #keepRegisters(line: Line, pairs: Pairs, places: Places): boolean {
    const read = new Set(this.#groups.flatMap(({ registers, needs = [] }) => [...registers, ...needs]))
    if (read.size > MAX_REGISTERS) return false
    this.#registers = 0
    for (const register of read) {
      const i = this.#registers++
      const start = pairs.start[register] as number
      this.#register[i] = register
      this.#registerHole[i] = NONE
      this.#registerRun[i] = NONE
      this.#registerStart[i] = NONE
      this.#registerEnd[i] = NONE
      if (start < 0) continue
      const place = placeAt(places, start)
      if (place < 0) return false
      if (this.isHole[place] === 1) this.#registerHole[i] = this.#holeOf(place)
      else {
        this.#registerStart[i] = start - line.at
        this.#registerEnd[i] = (pairs.end[register] as number) - line.at
        this.#registerRun[i] = this.#runOf(start - line.at, (pairs.end[register] as number) - line.at)
        if ((this.#registerRun[i] as number) < 0) return false
      }
    }
    return true
  }

  #holeOf(place: number): number {
    let hole = 0
    for (let i = 0; i < place; i++) hole += this.isHole[i] as number
    return hole
  }

  /** The run between two holes that holds the range, NONE when none does. */
  #runOf(start: number, end: number): number {
    for (let run = 0; run <= this.#holes; run++) {
      const from = run === 0 ? 0 : (this.#holeEnd[run - 1] as number)
      const to = run === this.#holes ? this.#length : (this.#holeStart[run] as number)
      if (start >= from && end <= to) return run
    }
    return NONE
  }

  #keepTexts(line: Line, into: RecordBatch, row: number): boolean {
    const filled = new Set(this.#groups.flatMap(({ texts = [] }) => texts))
    this.#texts = 0
    this.#decodedLength = 0
    for (const slot of TEXT_SLOTS) {
      const from = into.text[row * TEXT_STRIDE + slot] as number
      const to = into.text[row * TEXT_STRIDE + slot + 1] as number
      if (to <= from || filled.has(slot)) continue
      const i = this.#texts++
      this.#textSlot[i] = slot
      if (from >= line.at && to <= line.end) {
        const run = this.#runOf(from - line.at, to - line.at)
        if (run < 0) return false
        this.#textRun[i] = run
        this.#textStart[i] = from - line.at
        this.#textEnd[i] = to - line.at
      } else {
        // what the header says is read of every line
        if (from >= line.start && from < line.at) return false
        const length = this.#decodedLength
        if (length + to - from > MAX_DECODED_BYTES) return false
        this.#decoded.set(line.bytes.subarray(from, to), length)
        this.#textRun[i] = NONE
        this.#textStart[i] = length
        this.#textEnd[i] = length + to - from
        this.#decodedLength = length + to - from
      }
    }
    return true
  }

  #keepAddresses(into: RecordBatch, row: number): boolean {
    const filled = new Set(this.#groups.flatMap(({ addresses = [] }) => addresses))
    this.#addressCount = 0
    for (const slot of ADDRESS_SLOTS) {
      if (filled.has(slot)) continue
      const at = row * ADDRESS_STRIDE + slot
      const words = into.addresses.subarray(at, at + 4)
      if (words.every((word) => word === 0)) continue
      this.#addresses.set(words, slot)
      this.#addressSlot[this.#addressCount++] = slot
    }
    return true
  }

  #keepNumbers(into: RecordBatch, row: number): void {
    this.#ports.set(
      [into.sourcePort, into.destinationPort, into.natDestinationPort].map((c) => c[row] as number),
    )
    const { bytesSent, bytesReceived, packetsSent, packetsReceived, threatId, repeatCount } = into
    const quantities = [bytesSent, bytesReceived, packetsSent, packetsReceived, threatId, repeatCount]
    this.#quantities.set(quantities.map((column) => column[row] as number))
    const { category, disposition, attacker, severity, outcome } = into
    this.#codes.set(
      [category, disposition, attacker, severity, outcome].map((column) => column[row] as number),
    )
  }
}

/** Whether there is no tab, `|`, `^` or `#`. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > MAX_FIRST_BYTES) return false
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte === 0x09 || byte === 0x7c || byte === 0x5e || byte === 0x23) return false
  }
  return true
}

/** The place whose value holds the position, NONE when none does. */
function placeAt(places: Places, position: number): number {
  for (let i = 0; i < places.count; i++) {
    if (position >= (places.start[i] as number) && position <= (places.end[i] as number)) return i
  }
  return NONE
}
