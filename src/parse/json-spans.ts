/**
 * Finds values in a JSON object without building it: a table says which keys of which objects are wanted, the rest is
 * skipped. Numbers, true, false, null and strings (less their quotes, escapes as they are) come as spans; of an array
 * that is wanted the span is the text between its brackets. A key that stands twice with different values makes the line
 * ambiguous. Nothing is recursed into but the wanted objects, so deep nesting costs nothing.
 *
 * The grammar is RFC 8259, but what is skipped is only looked through for strings and brackets.
 */
import { endOfQuoted, isDigit, QUOTE, skipBlanks } from './bytes.ts'
import { KeyPlaces } from './key-places.ts'
import type { Line } from './line.ts'
import type { WordTable } from './word-table.ts'

/** Values of a table's words: a register, or with this bit the index of an object's own table. */
export const NESTED = 0x10000

/** Tables by index: 0 is the outermost object, others are pointed to by NESTED. */
export type JsonTables = readonly WordTable[]

/** Hears of the values of an object, from left to right: where they lie, and their register or -1. */
export interface SpanNotes {
  clear(): void
  /** A string, less its quotes. */
  addText(start: number, end: number, register: number): void
  /** A number or a word. */
  addWord(bytes: Uint8Array, start: number, end: number, register: number): void
  /** The inside of an array that is wanted. */
  addFixed(start: number, end: number, register: number): void
}

export const KIND = { none: 0, string: 1, number: 2, literal: 3, array: 4 } as const

const COMMA = 0x2c
const COLON = 0x3a
const OPEN = 0x7b
const CLOSE = 0x7d
/** Where reading ended. */
export const JSON_END = { whole: 0, cut: 1, broken: 2 } as const

/** Bits of what is kept with a key in `KeyPlaces`: 1 + its target, and above it the object that it stands in. */
const TABLE_SHIFT = 18
const TARGET_MASK = (1 << TABLE_SHIFT) - 1

export class JsonSpans {
  readonly start: Int32Array
  readonly end: Int32Array
  readonly kind: Uint8Array
  /** A key twice with different values. */
  ambiguous = false
  readonly #tables: JsonTables
  readonly #places = new KeyPlaces()
  readonly #notes: SpanNotes | null
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #end = 0
  #result: number = JSON_END.whole
  /** Of the member in hand, counted through the objects that are read. */
  #place = 0

  /** `notes` hears of every value, of those that are skipped too. */
  constructor(registers: number, tables: JsonTables, notes: SpanNotes | null = null) {
    this.start = new Int32Array(registers)
    this.end = new Int32Array(registers)
    this.kind = new Uint8Array(registers)
    this.#tables = tables
    this.#notes = notes
  }

  has(register: number): boolean {
    return (this.end[register] as number) > (this.start[register] as number)
  }

  /** Reads the object at `from`; returns one of JSON_END. What was found in front of a cut or a break stays. */
  read(line: Line, from: number): number {
    this.kind.fill(KIND.none)
    this.start.fill(-1)
    this.end.fill(-1)
    this.#notes?.clear()
    this.ambiguous = false
    this.#bytes = line.bytes
    this.#view = line.view
    this.#end = line.end
    this.#result = JSON_END.whole
    this.#place = 0
    if (this.#bytes[from] !== OPEN) return JSON_END.broken
    this.#object(from, 0)
    return this.#result
  }

  /** First byte at or behind `from` that is no blank; -1 at the end of the text, which is cut then. */
  #blank(from: number): number {
    const at = skipBlanks(this.#bytes, from, this.#end)
    return at < this.#end ? at : this.#stop(JSON_END.cut)
  }

  #stop(result: number): -1 {
    this.#result = result
    return -1
  }

  /** Reads the object at `from`; returns where what stands behind it begins, or -1 when the text is cut or no JSON. */
  #object(from: number, table: number): number {
    const bytes = this.#bytes
    const end = this.#end
    let at = from + 1
    if (at >= end || bytes[at] !== QUOTE) {
      at = this.#blank(at)
      if (at < 0) return -1
      if (bytes[at] === CLOSE) return at + 1
    }
    for (;;) {
      at = this.#member(at, table)
      if (at < 0) return -1
      if (at >= end || (bytes[at] !== COMMA && bytes[at] !== CLOSE)) {
        at = this.#blank(at)
        if (at < 0) return -1
      }
      if (bytes[at] === CLOSE) return at + 1
      if (bytes[at] !== COMMA) return this.#stop(JSON_END.broken)
      at++
      if (at >= end || bytes[at] !== QUOTE) {
        at = this.#blank(at)
        if (at < 0) return -1
      }
    }
  }

  /** Reads the member at `from`; returns where what stands behind it begins, or -1. */
  #member(from: number, table: number): number {
    const bytes = this.#bytes
    const view = this.#view
    const end = this.#end
    const places = this.#places
    const place = this.#place++
    const length = places.match(view, from, end, place)
    let target = (places.target & TARGET_MASK) - 1
    let at = from + length
    if (length === 0 || places.target >> TABLE_SHIFT !== table) {
      if (bytes[from] !== QUOTE) return this.#stop(JSON_END.broken)
      const keyEnd = endOfQuoted(bytes, view, from + 1, end)
      if (keyEnd >= end) return this.#stop(JSON_END.cut)
      at = this.#blank(keyEnd + 1)
      if (at < 0) return -1
      if (bytes[at++] !== COLON) return this.#stop(JSON_END.broken)
      target = (this.#tables[table] as WordTable).find(bytes, view, from + 1, keyEnd)
      if (at === keyEnd + 2) {
        // with the quote of the value, so that a string's kind needs no look
        if (at < end && bytes[at] === QUOTE) at++
        places.keep(view, from, at - from, (table << TABLE_SHIFT) | (target + 1), place)
      }
    }
    if (bytes[at - 1] !== QUOTE) {
      at = this.#blank(at)
      if (at < 0) return -1
      const first = bytes[at] as number
      if (first !== QUOTE) return this.#other(at, first, target)
      at++
    }
    const close = endOfQuoted(bytes, view, at, end)
    if (close >= end) return this.#stop(JSON_END.cut)
    const isRead = target >= 0 && target < NESTED
    this.#notes?.addText(at, close, isRead ? target : -1)
    if (isRead) this.#set(target, KIND.string, at, close)
    return close + 1
  }

  /** The value at `at`, which is no string; returns where what stands behind it begins, or -1. */
  #other(at: number, first: number, target: number): number {
    if (first === OPEN) return target >= NESTED ? this.#object(at, target - NESTED) : this.#skip(at, true)
    if (first !== 0x5b) return this.#word(at, first, target)
    const behind = this.#skip(at, target < 0 || target >= NESTED)
    if (behind > 0 && target >= 0 && target < NESTED) {
      this.#notes?.addFixed(at + 1, behind - 1, target)
      this.#set(target, KIND.array, at + 1, behind - 1)
    }
    return behind
  }

  /** A number, true, false or null: it ends at a mark, so a cut one is not taken. */
  #word(from: number, first: number, target: number): number {
    const bytes = this.#bytes
    const end = this.#end
    let at = from
    while (at < end && WORD_BYTE[bytes[at] as number] === 1) at++
    if (at >= end) return this.#stop(JSON_END.cut)
    if (at === from) return this.#stop(JSON_END.broken)
    const isRead = target >= 0 && target < NESTED
    this.#notes?.addWord(bytes, from, at, isRead ? target : -1)
    if (!isRead) return at
    const isNumber = isDigit(first) || first === 0x2d
    const isNull = !isNumber && at - from === 4 && first === 0x6e
    this.#set(target, isNumber ? KIND.number : isNull ? KIND.none : KIND.literal, from, at)
    return at
  }

  /** Behind the object or array at `from`, or -1; its values are noted when they are nothing that is wanted. */
  #skip(from: number, isNoted: boolean): number {
    const bytes = this.#bytes
    const end = this.#end
    let depth = 0
    for (let at = from; at < end; at++) {
      const byte = bytes[at] as number
      if (byte === QUOTE) {
        const from = at + 1
        at = endOfQuoted(bytes, this.#view, from, end)
        if (at >= end) break
        if (isNoted && isValueEnd(bytes[at + 1] as number)) this.#notes?.addText(from, at, -1)
      } else if (isNoted && byte === COLON && isDigit(bytes[at + 1] as number)) {
        const from = at + 1
        while (at + 1 < end && isDigit(bytes[at + 1] as number)) at++
        this.#notes?.addWord(bytes, from, at + 1, -1)
      } else if (byte === OPEN || byte === 0x5b) depth++
      else if ((byte === CLOSE || byte === 0x5d) && --depth === 0) return at + 1
    }
    return this.#stop(JSON_END.cut)
  }

  #set(register: number, kind: number, start: number, end: number): void {
    if (this.kind[register] === KIND.none) {
      if (kind === KIND.none) return
      this.kind[register] = kind
      this.start[register] = start
      this.end[register] = end
      return
    }
    const first = this.start[register] as number
    let isSame = (this.end[register] as number) - first === end - start
    for (let i = 0; isSame && i < end - start; i++) isSame = this.#bytes[first + i] === this.#bytes[start + i]
    if (!isSame) this.ambiguous = true
  }
}

/** A comma or a closing bracket. */
function isValueEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE || byte === 0x5d
}

/** 1 for letters, digits, `-`, `+` and `.`. */
const WORD_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const lower = byte | 0x20
  const isLetter = lower >= 0x61 && lower <= 0x7a
  return isLetter || isDigit(byte) || byte === 0x2d || byte === 0x2b || byte === 0x2e ? 1 : 0
})
