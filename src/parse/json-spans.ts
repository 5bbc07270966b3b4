/**
 * Finds values in a JSON object without building it: a table says which keys of which objects are wanted, the rest is
 * skipped. Numbers, true, false, null and strings (less their quotes, escapes as they are) come as spans; of an array
 * that is wanted the span is the text between its brackets. A key that stands twice with different values makes the line
 * ambiguous. Nothing is recursed into but the wanted objects, so deep nesting costs nothing.
 *
 * The grammar is RFC 8259, but what is skipped is only looked through for strings and brackets.
 */
import { indexOfByte, isDigit, QUOTE } from './bytes.ts'
import type { Line } from './line.ts'
import type { WordTable } from './word-table.ts'

/** Values of a table's words: a register, or with this bit the index of an object's own table. */
export const NESTED = 0x10000

/** Tables by index: 0 is the outermost object, others are pointed to by NESTED. */
export type JsonTables = readonly WordTable[]

export const KIND = { none: 0, string: 1, number: 2, literal: 3, array: 4 } as const

const QUOTE_4 = QUOTE * 0x01010101
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = 0x7b
const CLOSE = 0x7d
/** Where reading ended. */
export const JSON_END = { whole: 0, cut: 1, broken: 2 } as const

export class JsonSpans {
  readonly start: Int32Array
  readonly end: Int32Array
  readonly kind: Uint8Array
  /** A key twice with different values. */
  ambiguous = false
  readonly #tables: JsonTables
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0
  #end = 0
  #result: number = JSON_END.whole

  constructor(registers: number, tables: JsonTables) {
    this.start = new Int32Array(registers)
    this.end = new Int32Array(registers)
    this.kind = new Uint8Array(registers)
    this.#tables = tables
  }

  has(register: number): boolean {
    return (
      (this.kind[register] as number) !== KIND.none &&
      (this.end[register] as number) > (this.start[register] as number)
    )
  }

  /** Reads the object at `from`; returns one of JSON_END. What was found in front of a cut or a break stays. */
  read(line: Line, from: number): number {
    this.kind.fill(KIND.none)
    this.ambiguous = false
    this.#bytes = line.bytes
    this.#view = line.view
    this.#at = from
    this.#end = line.end
    this.#result = JSON_END.whole
    if (this.#bytes[from] !== OPEN) return JSON_END.broken
    this.#object(0)
    return this.#result
  }

  #blank(): number {
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at] as number
      if (byte !== 0x20 && byte !== 0x09) return byte
      this.#at++
    }
    this.#result = JSON_END.cut
    return -1
  }

  #break(): false {
    if (this.#result === JSON_END.whole) this.#result = JSON_END.broken
    return false
  }

  /** The object at `#at`; false when the text ended or is no JSON. */
  #object(table: number): boolean {
    this.#at++
    if (this.#blank() === CLOSE) {
      this.#at++
      return true
    }
    for (;;) {
      if (this.#blank() !== QUOTE) return this.#break()
      const keyStart = ++this.#at
      const keyEnd = this.#stringEnd()
      if (keyEnd < 0) return false
      if (this.#blank() !== COLON) return this.#break()
      this.#at++
      const first = this.#blank()
      if (first < 0) return false
      const target = (this.#tables[table] as WordTable).find(this.#bytes, this.#view, keyStart, keyEnd)
      if (!this.#value(first, target)) return false
      const next = this.#blank()
      if (next === CLOSE) {
        this.#at++
        return true
      }
      if (next !== COMMA) return this.#break()
      this.#at++
    }
  }

  /** Behind `#at` inside a string: position of the closing quote, with `#at` behind it; -1 when it never closes. */
  #stringEnd(): number {
    let from = this.#at
    for (;;) {
      const quote = indexOfByte(this.#view, from, this.#end, QUOTE_4)
      if (quote >= this.#end) {
        this.#at = this.#end
        this.#result = JSON_END.cut
        return -1
      }
      let slashes = quote
      while (slashes > this.#at && this.#bytes[slashes - 1] === BACKSLASH) slashes--
      if (((quote - slashes) & 1) === 0) {
        this.#at = quote + 1
        return quote
      }
      from = quote + 1
    }
  }

  #value(first: number, target: number): boolean {
    if (first === QUOTE) {
      const start = ++this.#at
      const end = this.#stringEnd()
      if (end < 0) return false
      if (target >= 0 && target < NESTED) this.#set(target, KIND.string, start, end)
      return true
    }
    if (first === OPEN) return target >= NESTED ? this.#object(target - NESTED) : this.#skip()
    if (first === 0x5b) {
      const start = this.#at + 1
      if (!this.#skip()) return false
      if (target >= 0 && target < NESTED) this.#set(target, KIND.array, start, this.#at - 1)
      return true
    }
    return this.#word(first, target)
  }

  /** A number, true, false or null: it ends at a mark, so a cut one is not taken. */
  #word(first: number, target: number): boolean {
    const start = this.#at
    while (this.#at < this.#end && isWordByte(this.#bytes[this.#at] as number)) this.#at++
    if (this.#at >= this.#end) {
      this.#result = JSON_END.cut
      return false
    }
    if (this.#at === start) return this.#break()
    if (target < 0 || target >= NESTED) return true
    const isNumber = isDigit(first) || first === 0x2d
    const isNull = !isNumber && this.#at - start === 4 && first === 0x6e
    this.#set(target, isNumber ? KIND.number : isNull ? KIND.none : KIND.literal, start, this.#at)
    return true
  }

  /** Skips the object or array at `#at`. */
  #skip(): boolean {
    let depth = 0
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at++] as number
      if (byte === QUOTE) {
        if (this.#stringEnd() < 0) return false
      } else if (byte === OPEN || byte === 0x5b) depth++
      else if ((byte === CLOSE || byte === 0x5d) && --depth === 0) return true
    }
    this.#result = JSON_END.cut
    return false
  }

  #set(register: number, kind: number, start: number, end: number): void {
    if (this.kind[register] === KIND.none) {
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

function isWordByte(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(byte) || byte === 0x2d || byte === 0x2b || byte === 0x2e
}
