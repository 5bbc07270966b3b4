/**
 * The header of LEEF (IBM Log Event Extended Format 1.0 and 2.0) and how its attributes are told apart:
 *
 *   LEEF:1.0|Vendor|Product|Version|EventID|key=value<tab>key=value
 *   LEEF:2.0|Vendor|Product|Version|EventID|^|key=value^key=value      the byte, or its number: x5E, 0x5E
 *
 * In the field LEEF 1.0 also comes with `|` between the attributes (PAN-OS), and tabs come as blanks or as `#011`. Where
 * the header does not say, what stands in front of the second key tells.
 */
import { FLAG } from '../../model/log-record.ts'
import { EQUALS, isBlank, isWord, skipBlanks } from '../bytes.ts'
import type { Line } from '../line.ts'
import { type PairKeys, type Pairs, SEPARATOR } from './pair-scan.ts'

/** Fields behind the version. */
export const LEEF = { vendor: 0, product: 1, version: 2, eventId: 3 } as const
const FIELDS = 4
const MAX_HEADER_BYTES = 1024
/** How far the second key is looked for. */
const MAX_FIRST_VALUE_BYTES = 2048
const PIPE = 0x7c
const AUTOMATIC = -1

export class LeefHeader {
  readonly start = new Int32Array(FIELDS)
  readonly end = new Int32Array(FIELDS)
  /** Where the attributes begin. */
  attributes = 0
  /** One of SEPARATOR, a byte, or AUTOMATIC when the header does not say. */
  separator = AUTOMATIC
  /** What separated the pairs in the end. */
  used: number = SEPARATOR.blank

  /** Reads the header at `line.at`; false when it is none. */
  read(line: Line): boolean {
    const { bytes } = line
    const limit = Math.min(line.end, line.at + MAX_HEADER_BYTES)
    let from = behindVersion(line)
    if (from < 0) return false
    const isSecond = bytes[from - 4] === 0x32
    for (let field = 0; field < FIELDS; field++) {
      let at = from
      while (at < limit && bytes[at] !== PIPE) at += bytes[at] === 0x5c ? 2 : 1
      if (at >= limit) return false
      this.start[field] = from
      this.end[field] = at
      from = at + 1
    }
    this.separator = AUTOMATIC
    this.attributes = isSecond ? this.#readSeparator(line, from) : from
    return true
  }

  /** LEEF 2.0: the field that names the separator; it may be missing. Returns where the attributes begin. */
  #readSeparator(line: Line, from: number): number {
    const { bytes } = line
    const limit = Math.min(line.end, from + 8)
    let at = from
    while (at < limit && bytes[at] !== PIPE) {
      if (bytes[at] === EQUALS && at > from) return from
      at++
    }
    if (at >= limit) return from
    if (at === from && bytes[at + 1] === PIPE) {
      this.separator = SEPARATOR.pipe
      return at + 2
    }
    this.separator = separatorOf(bytes, from, at)
    return at + 1
  }
}

/** `^`, `x5E`, `0x5E`, `\t`; AUTOMATIC for nothing, a blank (a tab once) and what cannot part keys. */
function separatorOf(bytes: Uint8Array, from: number, to: number): number {
  const first = bytes[from] as number
  if (to - from === 1) return isSeparatorByte(first) ? first : AUTOMATIC
  const digits = first === 0x30 ? from + 1 : from
  if (((bytes[digits] as number) | 0x20) === 0x78) {
    let value = 0
    for (let at = digits + 1; at < to; at++) {
      const digit = Number.parseInt(String.fromCharCode(bytes[at] as number), 16)
      if (Number.isNaN(digit)) return AUTOMATIC
      value = value * 16 + digit
    }
    return to > digits + 1 && isSeparatorByte(value) ? value : AUTOMATIC
  }
  return first === 0x5c && bytes[from + 1] === 0x74 ? SEPARATOR.tab : AUTOMATIC
}

/** No letter, digit or mark that keys are made of, no blank. */
function isSeparatorByte(byte: number): boolean {
  const lower = byte | 0x20
  const isKeyByte = (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39)
  return (
    !isKeyByte &&
    byte !== 0x20 &&
    byte !== 0x2e &&
    byte !== 0x5f &&
    byte !== 0x2d &&
    byte !== EQUALS &&
    byte < 0x100
  )
}

/** Where the vendor begins, -1 when the text does not begin as LEEF: `LEEF:1.0|`, `LEEF: 2.0|`, `1.0|`. */
function behindVersion(line: Line): number {
  const { bytes, end } = line
  let { at } = line
  if (end - at < 12) return -1
  const hasPrefix =
    bytes[at] === 0x4c &&
    bytes[at + 1] === 0x45 &&
    bytes[at + 2] === 0x45 &&
    bytes[at + 3] === 0x46 &&
    bytes[at + 4] === 0x3a
  if (hasPrefix) at = skipBlanks(bytes, at + 5, end)
  const major = bytes[at]
  if ((major !== 0x31 && major !== 0x32) || bytes[at + 1] !== 0x2e || bytes[at + 2] !== 0x30) return -1
  return bytes[at + 3] === PIPE ? at + 4 : -1
}

/** Whether the text begins as LEEF of a vendor (lower case), or with null of any. */
export function isLeefOf(line: Line, lowerVendor: Uint8Array | null): boolean {
  const from = behindVersion(line)
  if (from < 0) return false
  if (lowerVendor === null) return line.bytes[line.at] === 0x4c
  const to = from + lowerVendor.length
  return to < line.end && line.bytes[to] === PIPE && isWord(line.bytes, from, to, lowerVendor)
}

/** What stands in front of the second key; blanks when there is none. */
function findSeparator(line: Line, from: number): number {
  const { bytes } = line
  const limit = Math.min(line.end, from + MAX_FIRST_VALUE_BYTES)
  let at = from
  while (at < limit && bytes[at] !== EQUALS) at++
  for (at++; at < limit; at++) {
    const byte = bytes[at] as number
    const isEscapedTab =
      byte === 0x23 && bytes[at + 1] === 0x30 && bytes[at + 2] === 0x31 && bytes[at + 3] === 0x31
    const isCandidate = byte === SEPARATOR.tab || byte === PIPE || byte === 0x5e || isEscapedTab
    if (!isCandidate || !isKeyAt(bytes, isEscapedTab ? at + 4 : at + 1, line.end)) continue
    return isEscapedTab ? SEPARATOR.escapedTab : byte
  }
  return SEPARATOR.blank
}

function isKeyAt(bytes: Uint8Array, from: number, end: number): boolean {
  const start = skipBlanks(bytes, from, end)
  let at = start
  while (at < end && at - start < 64) {
    const byte = bytes[at] as number
    if (byte === EQUALS) return at > start
    if (byte === PIPE || isBlank(byte)) return false
    at++
  }
  return false
}

export const leefHeader = new LeefHeader()

/** Reads header and attributes; false when the header is none. */
export function readLeef(line: Line, pairs: Pairs, vendor: PairKeys): boolean {
  if (!leefHeader.read(line)) return false
  const isCut = (line.flags & FLAG.truncated) !== 0
  const from = leefHeader.attributes
  const said = leefHeader.separator
  if (said !== AUTOMATIC) {
    pairs.read(line, from, vendor, said, isCut)
    leefHeader.used = said
    if (pairs.count > 1) return true
  }
  const found = findSeparator(line, from)
  leefHeader.used = found
  if (found !== said) pairs.read(line, from, vendor, found, isCut)
  return true
}
