/**
 * The header of CEF (ArcSight Common Event Format, version 0 and 1):
 *
 *   CEF:0|Vendor|Product|Version|Event class|Name|Severity|key=value key=value ...
 *
 * `\|` and `\\` stand for themselves. Seen in the field and read all the same: `CEF: 0|` (a relay took `CEF:` for a
 * tag), no `CEF:` at all (a relay left it out), `CEF:0||` (an empty field too many), and a header without severity.
 */
import { SEVERITY } from '../../model/log-record.ts'
import { ascii, isBlank, isWord, skipBlanks } from '../bytes.ts'
import type { Line } from '../line.ts'
import { severityOfText } from './event-words.ts'

/** Fields behind the version. */
export const HEADER = { vendor: 0, product: 1, version: 2, eventClass: 3, name: 4, severity: 5 } as const
const FIELDS = 6
const MAX_HEADER_BYTES = 1024
const PIPE = 0x7c
const UNKNOWN = ascii('unknown')

export class CefHeader {
  readonly start = new Int32Array(FIELDS)
  readonly end = new Int32Array(FIELDS)
  /** Where the extension begins. */
  extension = 0

  /** Reads the header at `line.at`; false when it is none. */
  read(line: Line): boolean {
    const { bytes, at } = line
    const limit = Math.min(line.end, at + MAX_HEADER_BYTES)
    let from = behindVersion(line)
    if (from < 0) return false
    // `CEF:0||Check Point|...`: an empty field in front of the vendor, told by where the severity stands.
    if (bytes[from] === PIPE) {
      if (!this.#split(line, from, limit)) return false
      const severity = this.start[HEADER.severity] as number
      if (isSeverity(line, severity, this.end[HEADER.severity] as number)) return true
      from++
    }
    return this.#split(line, from, limit)
  }

  #split(line: Line, start: number, limit: number): boolean {
    const { bytes } = line
    let from = start
    for (let field = 0; field < FIELDS; field++) {
      let at = from
      let hasEquals = false
      while (at < limit && bytes[at] !== PIPE) {
        if (bytes[at] === 0x3d) hasEquals = true
        at += bytes[at] === 0x5c ? 2 : 1
      }
      at = Math.min(at, limit)
      const isLast = field === HEADER.severity
      if (isLast && hasEquals) {
        // no severity: this is the extension already
        this.#set(line, field, from, from)
        this.extension = from
        return true
      }
      if (at >= limit && !isLast) return false
      this.#set(line, field, from, at)
      from = Math.min(at + 1, line.end)
    }
    this.extension = from
    return true
  }

  #set(line: Line, field: number, from: number, to: number): void {
    let start = from
    let end = to
    while (start < end && isBlank(line.bytes[start] as number)) start++
    while (end > start && isBlank(line.bytes[end - 1] as number)) end--
    this.start[field] = start
    this.end[field] = end
  }

  /** Whether a field is the given lower-case word. */
  is(line: Line, field: number, lowerWord: Uint8Array): boolean {
    return isWord(line.bytes, this.start[field] as number, this.end[field] as number, lowerWord)
  }
}

/** Where the vendor begins, -1 when the text does not begin as CEF: `CEF:0|`, `CEF: 0|`, `0|`. */
export function behindVersion(line: Line): number {
  const { bytes, end } = line
  let { at } = line
  if (end - at < 12) return -1
  const hasPrefix =
    (bytes[at] as number) === 0x43 &&
    bytes[at + 1] === 0x45 &&
    bytes[at + 2] === 0x46 &&
    bytes[at + 3] === 0x3a
  if (hasPrefix) at = skipBlanks(bytes, at + 4, end)
  const version = bytes[at] as number
  return (version === 0x30 || version === 0x31) && bytes[at + 1] === PIPE && at + 2 < end ? at + 2 : -1
}

/** Whether the text begins with `CEF:`. */
export function hasCefPrefix(line: Line): boolean {
  return line.bytes[line.at] === 0x43
}

/** Whether the vendor's name is the given lower-case one; an empty field in front of it is skipped. */
export function isVendor(line: Line, lowerName: Uint8Array): boolean {
  const { bytes, end } = line
  let from = behindVersion(line)
  if (from < 0) return false
  if (bytes[from] === PIPE) from++
  const to = from + lowerName.length
  return to < end && bytes[to] === PIPE && isWord(bytes, from, to, lowerName)
}

/** Whether the product of a line of the given vendor is the given lower-case word. */
export function isProduct(line: Line, lowerVendor: Uint8Array, lowerProduct: Uint8Array): boolean {
  const { bytes, end } = line
  let from = behindVersion(line)
  if (bytes[from] === PIPE) from++
  from += lowerVendor.length + 1
  const to = from + lowerProduct.length
  return to < end && bytes[to] === PIPE && isWord(bytes, from, to, lowerProduct)
}

/** `0` to `10`, or one of CEF's words. */
function isSeverity(line: Line, start: number, end: number): boolean {
  return severityOfText(line, start, end) !== SEVERITY.none || isWord(line.bytes, start, end, UNKNOWN)
}
