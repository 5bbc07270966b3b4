/**
 * The members of a JSON object in bytes, one after another, without strings, objects or recursion: numbers keep all
 * their digits (sequence numbers pass 2^53) and names such as `__proto__` are only bytes. Nested values are stepped
 * over, at most MAX_DEPTH deep. What is not JSON ends the walk with `isBroken`; it is lenient about what does not matter
 * here (numbers and words are not checked letter by letter).
 */
import { endOfQuoted, indexOfByte } from './bytes.ts'
import { KeyPlaces } from './key-places.ts'
import type { Line } from './line.ts'
import type { WordTable } from './word-table.ts'

export const JSON_KIND = { string: 0, scalar: 1, object: 2, array: 3, null: 4 } as const

const MAX_DEPTH = 64
const BACKSLASHES = 0x5c5c5c5c
const QUOTE = 0x22
const BACKSLASH = 0x5c

export class JsonMembers {
  /** The name of the member in hand, without its quotes. */
  keyStart = 0
  keyEnd = 0
  /** Its number in the table of names, -1 when it has none there. */
  target = -1
  kind = 0
  /** Its value: a string without its quotes, anything else whole. */
  start = 0
  end = 0
  /** True once something was found that is no JSON object. */
  isBroken = false
  /** Behind the object's `}` once the walk is over. */
  behind = 0
  #at = 0
  #limit = 0
  #isFirst = true
  #index = 0
  readonly #names: WordTable
  /** Keys with their quotes and colon. */
  readonly #places = new KeyPlaces()

  constructor(names: WordTable) {
    this.#names = names
  }

  /** Begins with the object whose `{` is at `at`. */
  open(at: number, limit: number): void {
    this.#at = at + 1
    this.#limit = limit
    this.#isFirst = true
    this.#index = 0
    this.isBroken = false
    this.behind = at
  }

  /** Takes the next member; false at the end of the object, or where it is broken. */
  next(bytes: Uint8Array, view: DataView): boolean {
    const limit = this.#limit
    let at = this.#at
    // As most writers have it: no blanks.
    if (bytes[at] === 0x2c && !this.#isFirst) at++
    else {
      at = skipSpace(bytes, at, limit)
      if (bytes[at] === 0x7d && at < limit) {
        this.behind = at + 1
        return false
      }
      if (!this.#isFirst && bytes[at++] !== 0x2c) return this.#break()
    }
    if (bytes[at] !== QUOTE) at = skipSpace(bytes, at, limit)
    this.#isFirst = false
    this.keyStart = at + 1
    const index = this.#index++
    const length = this.#places.match(view, at, limit, index)
    if (length > 0) {
      this.target = this.#places.target
      at += length
      this.keyEnd = at - 2
    } else {
      at = this.#takeKey(bytes, view, at, index)
      if (at < 0) return this.#break()
    }
    if ((bytes[at] as number) <= 0x20) at = skipSpace(bytes, at, limit)
    if (bytes[at] === QUOTE && at < limit) {
      this.kind = JSON_KIND.string
      this.start = at + 1
      this.end = endOfQuoted(bytes, view, at + 1, limit)
      this.#at = this.end + 1
      return this.#at <= limit || this.#break()
    }
    this.#at = this.#takeValue(bytes, view, at)
    return this.#at <= limit || this.#break()
  }

  /** Looks up the name whose quote is at `from`; returns what is behind its colon, or -1 when none is there. */
  #takeKey(bytes: Uint8Array, view: DataView, from: number, index: number): number {
    const limit = this.#limit
    if (from >= limit || bytes[from] !== QUOTE) return -1
    const end = endOfQuoted(bytes, view, from + 1, limit)
    this.keyEnd = end
    this.target = this.#names.find(bytes, view, from + 1, end)
    let at = end + 1
    if (bytes[at] !== 0x3a) at = skipSpace(bytes, at, limit)
    if (at >= limit || bytes[at] !== 0x3a) return -1
    if (at === end + 1) this.#places.keep(view, from, at + 1 - from, this.target, index)
    return at + 1
  }

  #break(): boolean {
    this.isBroken = true
    return false
  }

  /** Returns where the text behind the value begins; beyond the limit when it never ends. */
  #takeValue(bytes: Uint8Array, view: DataView, at: number): number {
    const limit = this.#limit
    const first = bytes[at]
    if (at >= limit) return limit + 1
    this.start = at
    if (first === 0x7b || first === 0x5b) {
      this.kind = first === 0x7b ? JSON_KIND.object : JSON_KIND.array
      this.end = behindNested(bytes, view, at, limit)
      return this.end
    }
    let end = at
    while (end < limit && !isValueEnd(bytes[end] as number)) end++
    this.kind = bytes[at] === 0x6e ? JSON_KIND.null : JSON_KIND.scalar
    this.end = end
    return end === at || end === limit ? limit + 1 : end
  }
}

/** Blanks, tabs and line ends at `at`. */
export function skipSpace(bytes: Uint8Array, at: number, limit: number): number {
  let to = at
  while (to < limit) {
    const byte = bytes[to]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) break
    to++
  }
  return to
}

function isValueEnd(byte: number): boolean {
  return byte === 0x2c || byte === 0x7d || byte === 0x5d || byte <= 0x20
}

/** Behind the object or array that begins at `from`; beyond the limit when it never ends or is too deep. */
function behindNested(bytes: Uint8Array, view: DataView, from: number, limit: number): number {
  let depth = 0
  let at = from
  while (at < limit) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfQuoted(bytes, view, at + 1, limit)
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) return limit + 1
    } else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at + 1
    at++
  }
  return limit + 1
}

/** Start of the decoded text of the last `decodeString`, and its end. */
export const decoded = { start: 0, end: 0 }

/**
 * Sets `decoded` to the text of a string: the range itself when it has no escapes, else a copy behind the messages. A
 * lone surrogate becomes U+FFFD; control characters become blanks, so that no field holds a line end.
 */
export function decodeString(line: Line, from: number, to: number): void {
  decoded.start = from
  decoded.end = to
  if (indexOfByte(line.view, from, to, BACKSLASHES) >= to) return
  const at = line.appendSpace(to - from)
  const bytes = line.bytes
  let end = at
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte !== BACKSLASH || i + 1 >= to) {
      bytes[end++] = byte
      continue
    }
    const escape = bytes[++i] as number
    if (escape !== 0x75) {
      bytes[end++] = isControlEscape(escape) ? 0x20 : escape
      continue
    }
    let code = readHex(bytes, i + 1, to)
    i += code < 0 ? 0 : 4
    const isHigh = code >= 0xd800 && code < 0xdc00 && bytes[i + 1] === BACKSLASH && bytes[i + 2] === 0x75
    const low = isHigh ? readHex(bytes, i + 3, to) : -1
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
      i += 6
    }
    end = writeUtf8(bytes, end, code)
  }
  line.take(end)
  decoded.start = at
  decoded.end = end
}

/** b, f, n, r, t. */
function isControlEscape(byte: number): boolean {
  return byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74
}

/** Four hexadecimal digits, or -1. */
function readHex(bytes: Uint8Array, at: number, to: number): number {
  if (at + 4 > to) return -1
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] as number
    const letter = (byte | 0x20) - 0x61 + 10
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter
    if (digit < 0 || digit > 15 || (digit === letter && letter < 10)) return -1
    value = value * 16 + digit
  }
  return value
}

/** Never longer than the escape it stands for. */
function writeUtf8(bytes: Uint8Array, at: number, code: number): number {
  const point = code < 0 || (code >= 0xd800 && code < 0xe000) ? 0xfffd : code < 0x20 ? 0x20 : code
  let end = at
  if (point < 0x80) bytes[end++] = point
  else if (point < 0x800) {
    bytes[end++] = 0xc0 | (point >> 6)
    bytes[end++] = 0x80 | (point & 0x3f)
  } else if (point < 0x10000) {
    bytes[end++] = 0xe0 | (point >> 12)
    bytes[end++] = 0x80 | ((point >> 6) & 0x3f)
    bytes[end++] = 0x80 | (point & 0x3f)
  } else {
    bytes[end++] = 0xf0 | (point >> 18)
    bytes[end++] = 0x80 | ((point >> 12) & 0x3f)
    bytes[end++] = 0x80 | ((point >> 6) & 0x3f)
    bytes[end++] = 0x80 | (point & 0x3f)
  }
  return end
}
