/**
 * Small readers of bytes for the parsers: no strings, no objects, no allocation. Positions are absolute in the batch's
 * buffer, ranges are `[start, end)`. `view` is the same memory as `bytes`; it may be read up to 3 bytes behind a range,
 * so a batch keeps WORD_SLACK_BYTES free behind its last message.
 */

/** Bytes that must exist in the buffer behind the last message, for reads of whole words. */
export const WORD_SLACK_BYTES = 8

export const BLANK = 0x20
export const TAB = 0x09
export const QUOTE = 0x22
export const COMMA = 0x2c
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const DOLLAR = 0x24
export const BACKSLASH = 0x5c

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function isBlank(byte: number): boolean {
  return byte === BLANK || byte === TAB
}

export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(bytes[at] as number)) at++
  return at
}

/** Where the range ends when blanks at its end are left out. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let to = end
  while (to > start && isBlank(bytes[to - 1] as number)) to--
  return to
}

/** The decimal number that fills the range, up to 15 digits; NaN when anything else is there. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start
  if (digits <= 0 || digits > 15) return Number.NaN
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** A port 0 to 65535, or -1 when the range is not one. */
export function readPort(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start
  if (digits <= 0 || digits > 5) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= 65_535 ? value : -1
}

/** Two digits as a number, or -1. The caller knows that both bytes are in the range. */
export function readTwoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 0x30
  const ones = (bytes[at + 1] as number) - 0x30
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1
  return tens * 10 + ones
}

/** Four digits as a number, or -1. The caller knows that all bytes are in the range. */
export function readFourDigits(bytes: Uint8Array, at: number): number {
  const high = readTwoDigits(bytes, at)
  const low = readTwoDigits(bytes, at + 2)
  return high < 0 || low < 0 ? -1 : high * 100 + low
}

/** Whether the range begins with the given bytes. */
export function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  const length = prefix.length
  if (end - start < length) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== prefix[i]) return false
  return true
}

/** Whether the range is the given lower-case word, in any case. ASCII letters only fold. */
export function isWord(bytes: Uint8Array, start: number, end: number, lowerWord: Uint8Array): boolean {
  const length = lowerWord.length
  if (end - start !== length) return false
  for (let i = 0; i < length; i++) {
    if (lowerByte(bytes[start + i] as number) !== lowerWord[i]) return false
  }
  return true
}

export function lowerByte(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}

/**
 * First position of a byte in the range, or at least `end` when it is not there. `pattern` is the byte four times.
 * Four bytes a step: (m) twice as fast as byte by byte on the values of a log line.
 */
export function indexOfByte(view: DataView, start: number, end: number, pattern: number): number {
  for (let at = start; at < end; at += 4) {
    const word = view.getInt32(at, true) ^ pattern
    const zeros = (word - 0x01010101) & ~word & 0x80808080
    if (zeros !== 0) return at + ((31 - Math.clz32(zeros & -zeros)) >> 3)
  }
  return end
}

const QUOTES = QUOTE * 0x01010101

/** Position of the first quote in the range that no backslash escapes, or `end`; a backslash escapes itself too. */
export function endOfQuoted(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  for (let at = indexOfByte(view, from, end, QUOTES); at < end; at = indexOfByte(view, at + 1, end, QUOTES)) {
    if (bytes[at - 1] !== BACKSLASH) return at
    let slash = at
    while (slash > from && bytes[slash - 1] === BACKSLASH) slash--
    if (((at - slash) & 1) === 0) return at
  }
  return end
}

/** Whether two ranges of the same memory or of two memories hold the same bytes; both may be read in whole words. */
export function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false
    return true
  }
  const last = length - 4
  for (let i = 0; i < last; i += 4) {
    if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false
  }
  return a.getInt32(aStart + last, true) === b.getInt32(bStart + last, true)
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
