/**
 * The text of a shape (shape.ts): a line, its holes, and whether another line is the same outside of them. What stands in
 * a hole must hold nothing that the long way would take for the hole's end, another key or a mark; then the line has the
 * places of the shape by definition. Offsets are from where the firewall's text begins. Memory: about 8 KB.
 */
import {
  BACKSLASH,
  COMMA,
  EQUALS,
  endOfQuoted,
  indexOfByte,
  isBlank,
  isDigit,
  QUOTE,
  sameBytes,
  skipBlanks,
  WORD_SLACK_BYTES,
} from '../bytes.ts'
import type { Line } from '../line.ts'
import { endOfValue, startOfKey } from './pair-scan.ts'
import { END, HOLE, isTight, MAX_PLACES, NO_REGISTER, type Places } from './shape-places.ts'

/** Longer lines have no shape. */
export const MAX_SHAPE_BYTES = 3072
const MAX_FIRST_BYTES = 400
/** How far the reader of LEEF looks for what separates the pairs, at least. */
export const MAX_SEARCHED_BYTES = 2048
const EQUALS_4 = EQUALS * 0x01010101
const QUOTE_4 = QUOTE * 0x01010101
const BACKSLASH_4 = BACKSLASH * 0x01010101
const PIPE = 0x7c
const PIPE_4 = PIPE * 0x01010101
const NONE = -1

/** The line that matched last, and by which text; of use until another one is looked at. */
const matched: { by: ShapeText | null; bytes: Uint8Array | null; at: number; end: number } = {
  by: null,
  bytes: null,
  at: 0,
  end: 0,
}
/** Its runs and holes: how far each run lies behind its place in the shape, and where what stands in each hole lies. */
export const runShift = new Int32Array(MAX_PLACES + 1)
export const holeFrom = new Int32Array(MAX_PLACES)
export const holeTo = new Int32Array(MAX_PLACES)

/** Forgets which line matched last. */
export function forgetMatched(): void {
  matched.by = null
  matched.bytes = null
}

export class ShapeText {
  /** What separates the pairs of CEF and LEEF. */
  separator = 0
  /** The first so many holes must hold nothing that could be taken for a separator of LEEF. */
  plainHoles = 0
  /** 0: there is no line. */
  length = 0
  /** Bytes outside the holes. */
  fixed = 0
  /** Which places are holes. */
  readonly isHole = new Uint8Array(MAX_PLACES)
  places = 0
  readonly #placeStart = new Int16Array(MAX_PLACES)
  readonly #placeEnd = new Int16Array(MAX_PLACES)
  #frontAt = 0
  #front = 0
  readonly #bytes = new Uint8Array(MAX_SHAPE_BYTES + WORD_SLACK_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  #holes = 0
  readonly #holeStart = new Int16Array(MAX_PLACES)
  readonly #holeEnd = new Int16Array(MAX_PLACES)
  readonly #ending = new Uint8Array(MAX_PLACES)
  /** Bytes from the end of a hole to behind the `=` of the next key, where that ends it; 0 when the hole ends the line. */
  readonly #keyLength = new Int16Array(MAX_PLACES)
  readonly #mayBeEmpty = new Uint8Array(MAX_PLACES)
  /** The runs between the holes, behind the key in front: start and length, and their bytes, eight a number. */
  readonly #runStart = new Int16Array(MAX_PLACES + 1)
  readonly #runLength = new Int16Array(MAX_PLACES + 1)
  readonly #runWord = new Int16Array(MAX_PLACES + 1)
  readonly #words = new Float64Array(MAX_SHAPE_BYTES / 8 + MAX_PLACES + 1)

  /** Makes holes where the line differs from the one that `before` holds, and keeps those that it has. */
  openHoles(line: Line, places: Places, before: ShapeText | null): void {
    for (let place = 0; place < places.count; place++) {
      const start = places.start[place] as number
      const isOpen =
        before !== null &&
        (before.isHole[place] === 1 || !before.#hasSameValue(place, line, start, places.end[place] as number))
      this.isHole[place] = isOpen && places.hole[place] !== HOLE.never ? 1 : 0
    }
  }

  #hasSameValue(place: number, line: Line, start: number, end: number): boolean {
    const from = this.#placeStart[place] as number
    const length = (this.#placeEnd[place] as number) - from
    return length === end - start && sameBytes(line.view, start, this.#view, from, length)
  }

  /** Takes the line; `frontAt`: four bytes behind it tell lines of different shapes apart, mostly. False when it cannot. */
  keep(line: Line, places: Places, frontAt: number): boolean {
    const { at, end } = line
    this.#bytes.set(line.bytes.subarray(at, end))
    this.#frontAt = frontAt
    this.#front = line.view.getInt32(at + frontAt, true)
    this.#keepHoles(line, places)
    this.#keepRuns(end - at)
    this.length = end - at
    return this.fixed > frontAt + 4 && !this.#bytes.subarray(0, end - at).includes(0)
  }

  #keepHoles(line: Line, places: Places): void {
    const { at, end } = line
    this.places = places.count
    this.fixed = end - at
    let holes = 0
    for (let place = 0; place < places.count; place++) {
      const start = (places.start[place] as number) - at
      const stop = (places.end[place] as number) - at
      this.#placeStart[place] = start
      this.#placeEnd[place] = stop
      if (this.isHole[place] === 0) continue
      const ending = places.ending[place] as number
      this.#holeStart[holes] = start
      this.#holeEnd[holes] = stop
      this.#ending[holes] = ending
      const isLast = place === places.count - 1
      this.#keyLength[holes] =
        isLast || ending > END.firstKeyed
          ? 0
          : indexOfByte(line.view, at + stop, end, EQUALS_4) + 1 - at - stop
      const mayBeEmpty = places.register[place] === NO_REGISTER && places.hole[place] === HOLE.any
      this.#mayBeEmpty[holes] = mayBeEmpty ? 1 : 0
      this.fixed -= stop - start
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

  /** Number of a place's hole. */
  holeOf(place: number): number {
    let hole = 0
    for (let i = 0; i < place; i++) hole += this.isHole[i] as number
    return hole
  }

  /** The run between two holes that holds the range, -1 when none does. */
  runOf(start: number, end: number): number {
    for (let run = 0; run <= this.#holes; run++) {
      const from = run === 0 ? 0 : (this.#holeEnd[run - 1] as number)
      const to = run === this.#holes ? this.length : (this.#holeStart[run] as number)
      if (start >= from && end <= to) return run
    }
    return NONE
  }

  /** Whether a few bytes of the line are the shape's: cheap. */
  mayMatch(line: Line): boolean {
    if (this.length === 0 || line.end - line.at < this.fixed) return false
    return line.view.getInt32(line.at + this.#frontAt, true) === this.#front
  }

  /** Whether this text is the one that matched last, and the line in hand is still that line. */
  isMatched(line: Line): boolean {
    return (
      matched.by === this &&
      matched.at === line.at &&
      matched.end === line.end &&
      matched.bytes === line.bytes
    )
  }

  /** Whether the line, which may match, is the same outside of the holes. Cost: about 0.4 ns a byte. */
  matches(line: Line): boolean {
    matched.by = null
    const { view, end } = line
    let { at } = line
    const holes = this.#holes
    if (this.plainHoles > 1 && end - at > MAX_SEARCHED_BYTES) return false
    for (let hole = 0; hole < holes; hole++) {
      const length = this.#runLength[hole] as number
      if (at + length > end || !this.#isRun(hole, view, at, length)) return false
      runShift[hole] = at - (this.#runStart[hole] as number)
      at = this.#takeHole(line, at + length, hole)
      if (at < 0) return false
    }
    const length = this.#runLength[holes] as number
    if (end - at !== length || !this.#isRun(holes, view, at, length)) return false
    runShift[holes] = at - (this.#runStart[holes] as number)
    matched.by = this
    matched.bytes = line.bytes
    matched.at = line.at
    matched.end = end
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

  /** Notes what stands in the hole at `at`; returns where the next run begins, or -1 when it may not stand there. */
  #takeHole(line: Line, at: number, hole: number): number {
    const { bytes, view, end } = line
    const ending = this.#ending[hole] as number
    let to: number
    if (ending === END.string || ending === END.piped) {
      to = indexOfByte(view, at, end, ending === END.string ? QUOTE_4 : PIPE_4)
      if (to >= end || !isTight(bytes, at, to) || indexOfByte(view, at, to, BACKSLASH_4) < to) return NONE
    } else if (ending === END.number) {
      to = at
      while (to < end && isDigit(bytes[to] as number)) to++
      if (to === at) return NONE
    } else if (ending === END.escaped) {
      to = endOfQuoted(bytes, view, at, end)
      if (to >= end) return NONE
    } else if (ending === END.rest) return this.#takeRest(line, at, hole)
    else return this.#takePair(line, at, hole, ending)
    if (to === at && this.#mayBeEmpty[hole] === 0) return NONE
    holeFrom[hole] = at
    holeTo[hole] = to
    return to
  }

  /** As `takeHole`, for values that end where the next key stands; blanks at their ends are left out. */
  #takePair(line: Line, at: number, hole: number, ending: number): number {
    const { bytes } = line
    const keyLength = this.#keyLength[hole] as number
    const behind =
      ending === END.pair
        ? this.#behindPair(line, at, hole, keyLength)
        : this.#behindKeyed(line, at, hole, keyLength)
    if (behind < 0) return NONE
    let to = behind - keyLength
    if (hole < this.plainHoles && !isPlain(bytes, at, to)) return NONE
    let start = at
    while (start < to && isBlank(bytes[start] as number)) start++
    while (to > start && isBlank(bytes[to - 1] as number)) to--
    if (start === to && this.#mayBeEmpty[hole] === 0) return NONE
    if (ending !== END.pair) {
      if (start < to && bytes[start] === QUOTE) return NONE
      if (ending === END.firstKeyed && !isWithoutMarks(bytes, at, to)) return NONE
    }
    holeFrom[hole] = start
    holeTo[hole] = to
    return behind
  }

  #takeRest(line: Line, at: number, hole: number): number {
    const { bytes, view, end } = line
    const start = skipBlanks(bytes, at, end)
    if (start >= end || bytes[start] === QUOTE || !isWithoutMarks(bytes, at, end)) return NONE
    if (indexOfByte(view, at, end, EQUALS_4) < end) return NONE
    holeFrom[hole] = start
    holeTo[hole] = end
    return end
  }

  /** Behind the `=` of the key that follows the hole (the line's end for the last one); -1 when another key comes first. */
  #behindPair(line: Line, from: number, hole: number, keyLength: number): number {
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

  /** Behind the first `=`, when it is that of the key that follows the hole; else -1. */
  #behindKeyed(line: Line, from: number, hole: number, keyLength: number): number {
    const behind = indexOfByte(line.view, from, line.end, EQUALS_4) + 1
    const start = behind - keyLength
    if (behind > line.end || start < from) return NONE
    return sameBytes(line.view, start, this.#view, this.#holeEnd[hole] as number, keyLength) ? behind : NONE
  }
}

/** Whether there is no tab, `|`, `^` or `#`. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > MAX_FIRST_BYTES) return false
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte === 0x09 || byte === PIPE || byte === 0x5e || byte === 0x23) return false
  }
  return true
}

/** Whether there is no comma and no `|`. */
function isWithoutMarks(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > MAX_FIRST_BYTES) return false
  for (let at = from; at < to; at++) if (bytes[at] === COMMA || bytes[at] === PIPE) return false
  return true
}
