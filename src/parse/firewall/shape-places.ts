/**
 * The places of a line: where each value lies, which register it fills, and whether another value may stand there. A
 * reader of the long way notes them as it goes; shape-memory.ts makes a shape of them.
 */
import { BACKSLASH, indexOfByte, isBlank, isDigit } from '../bytes.ts'

/** Lines with more places have no shape. */
export const MAX_PLACES = 192
export const NO_REGISTER = -1
const PIPE = 0x7c

/**
 * How the text in a hole ends:
 *   pair       where the next key of CEF or LEEF stands and no other one does
 *   keyed      in front of the next key, at the first `=` behind the hole; it does not begin with a quote
 *   firstKeyed as keyed, without commas and pipes, which could be taken for what separates the keys
 *   string     at a quote; it has no backslash and no blank at its ends
 *   escaped    at a quote that no backslash escapes
 *   number     behind its digits
 *   piped      at a `|`; it has no backslash and no blank at its ends
 *   rest       with the line; it has no `=` and no commas and pipes, and does not begin with a quote
 */
export const END = {
  fixed: 0,
  pair: 1,
  keyed: 2,
  firstKeyed: 3,
  string: 4,
  escaped: 5,
  number: 6,
  piped: 7,
  rest: 8,
} as const

/** Whether a place may be a hole; a filled one may not be empty, since another key's value would stand in. */
export const HOLE = { never: 0, any: 1, filled: 2 } as const

/** What a shape is made of. */
export interface Places {
  readonly count: number
  /** Where the values begin and end, absolute. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** The register that a value fills, NO_REGISTER when it fills none. */
  readonly register: Int16Array
  /** One of HOLE. */
  readonly hole: Uint8Array
  /** One of END. */
  readonly ending: Uint8Array
}

/** Where the values of a line lie by register; -1 when there is none. */
export interface Registers {
  readonly start: Int32Array
  readonly end: Int32Array
}

/** Places that a reader notes one after the other, from left to right. */
export class PlaceNotes implements Places {
  count = 0
  /** Something is in the line that no line with a shape may have. */
  isOdd = false
  readonly start = new Int32Array(MAX_PLACES)
  readonly end = new Int32Array(MAX_PLACES)
  readonly register = new Int16Array(MAX_PLACES)
  readonly hole = new Uint8Array(MAX_PLACES)
  readonly ending = new Uint8Array(MAX_PLACES)
  readonly #timesFilled = new Uint8Array(256)

  clear(): void {
    this.count = 0
    this.isOdd = false
  }

  /** Notes a value; those of a line with too many are not used. */
  add(start: number, end: number, register: number, ending: number): void {
    const place = this.count
    if (place >= MAX_PLACES) {
      this.isOdd = true
      return
    }
    this.count = place + 1
    this.start[place] = start
    this.end[place] = end
    this.register[place] = register
    this.ending[place] = ending
  }

  /** Notes a value that may not differ. */
  addFixed(start: number, end: number, register: number): void {
    this.add(start, end, register, END.fixed)
  }

  /** Notes text in quotes whose escapes the readers of its register undo. */
  addText(start: number, end: number, register: number): void {
    this.add(start, end, register, END.escaped)
  }

  /** Notes text in quotes without escapes. */
  addString(bytes: Uint8Array, view: DataView, start: number, end: number, register: number): void {
    const isPlain = isTight(bytes, start, end) && indexOfByte(view, start, end, BACKSLASH * 0x01010101) >= end
    this.add(start, end, register, isPlain ? END.string : END.fixed)
  }

  /** Notes text in front of a `|`. */
  addPiped(bytes: Uint8Array, view: DataView, start: number, end: number, register: number): void {
    const isPlain =
      isTight(bytes, start, end) &&
      indexOfByte(view, start, end, BACKSLASH * 0x01010101) >= end &&
      indexOfByte(view, start, end, PIPE * 0x01010101) >= end
    this.add(start, end, register, isPlain ? END.piped : END.fixed)
  }

  /** Notes a word: a hole when it is all digits. */
  addWord(bytes: Uint8Array, start: number, end: number, register: number): void {
    let at = start
    while (at < end && isDigit(bytes[at] as number)) at++
    this.add(start, end, register, at === end && end > start ? END.number : END.fixed)
  }

  /**
   * Says which places may be holes: those that fill nothing, and those whose register a group reads in lines of this
   * kind (`kinds` by register) and no other place fills. A register whose value was decoded is set to where it lies in
   * the line. False when the line can have no shape.
   */
  finish(registers: Registers, kinds: Uint8Array, kind: number): boolean {
    if (this.isOdd || this.count === 0) return false
    const times = this.#timesFilled.fill(0)
    for (let place = 0; place < this.count; place++) {
      const register = this.register[place] as number
      if (register >= 0) times[register] = Math.min(9, (times[register] as number) + 1)
    }
    for (let place = 0; place < this.count; place++) {
      const register = this.register[place] as number
      const isRead = register >= 0
      if (isRead && times[register] === 1 && this.ending[place] === END.escaped)
        this.#unread(registers, place)
      const mayDiffer =
        this.ending[place] !== END.fixed &&
        (!isRead ||
          (times[register] === 1 &&
            (this.end[place] as number) > (this.start[place] as number) &&
            (registers.start[register] as number) >= (this.start[place] as number) &&
            (registers.end[register] as number) <= (this.end[place] as number) &&
            ((kinds[register] as number) & kind) !== 0))
      this.hole[place] = mayDiffer ? HOLE.any : HOLE.never
    }
    return true
  }

  #unread(registers: Registers, place: number): void {
    const register = this.register[place] as number
    const start = registers.start[register] as number
    const end = this.end[place] as number
    if (start >= (this.start[place] as number) && start <= end) return
    registers.start[register] = this.start[place] as number
    registers.end[register] = end
  }
}

/** Whether the range has no blank at its ends. */
export function isTight(bytes: Uint8Array, start: number, end: number): boolean {
  return start >= end || (!isBlank(bytes[start] as number) && !isBlank(bytes[end - 1] as number))
}
