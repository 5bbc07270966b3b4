/**
 * Time stamps of formats that carry any of them (CEF, LEEF, fast.log), to Unix ms:
 *
 *   1593013776000                  epoch in s, ms, us or ns
 *   Feb 27 2021 20:16:21.123 GMT   month first, with or without year, fraction and zone
 *   2021-02-27T20:16:21.123+0100   ISO; also `/` in the date, a blank for the `T`, and no offset
 *   27/02/2021 20:16               by a Java pattern (LEEF's devTimeFormat)
 *
 * A stamp without a zone is in the zone that the line names elsewhere (CEF's `dtz`), else in the device's. Impossible
 * and unset stamps are NaN. The last stamps are remembered: many lines share their second.
 */
import { isBlank, isDigit, readDecimal, sameBytes, skipBlanks, WORD_SLACK_BYTES } from './bytes.ts'
import { dayMs, isDate, TimeZone } from './calendar.ts'
import type { Line } from './line.ts'
import { bsdToUnixMs, isSane, readMonth } from './stamp.ts'
import { epochMs } from './value-fields.ts'

/** Zone names kept; a line may name any. */
const MAX_ZONES = 64
const MAX_STAMP_BYTES = 64
const MAX_ZONE_BYTES = 40
const MAX_OFFSET_MINUTES = 18 * 60

/** A place in the line's bytes. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

const UTC = new TimeZone('UTC')
const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, ms: 0, at: 0 }
let limit = 0

/** Unix ms of the stamp in `[start, end)`, NaN when it is none. `zone` and `pattern` are empty ranges when there is none. */
export function readWhen(
  line: Line,
  start: number,
  end: number,
  zone: ByteRange,
  pattern: ByteRange,
): number {
  if (end <= start || end - start > MAX_STAMP_BYTES) return Number.NaN
  const { bytes } = line
  const epoch = epochMs(bytes, start, end)
  if (!Number.isNaN(epoch)) return epoch
  const isPlain = pattern.end <= pattern.start && end - start >= 8 && zone.end - zone.start <= MAX_ZONE_BYTES
  if (!isPlain) return readAny(line, start, end, zone, pattern)
  const { view } = line
  const mixed = Math.imul(view.getInt32(end - 4, true) ^ (view.getInt32(end - 8, true) << 3), 0x9e3779b1)
  const memory = memories[mixed >>> 28] as StampMemory
  if (memory.isOf(line, start, end, zone)) return memory.unixMs
  const unixMs = readAny(line, start, end, zone, pattern)
  memory.keep(line, start, end, zone, unixMs)
  return unixMs
}

/** A stamp that was read, and all that its time depends on. */
class StampMemory {
  unixMs = Number.NaN
  readonly #bytes = new Uint8Array(MAX_STAMP_BYTES + MAX_ZONE_BYTES + WORD_SLACK_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  #length = 0
  #zoneLength = 0
  #deviceZone: TimeZone | null = null
  #arrivalMs = Number.NaN
  #referenceMs = Number.NaN

  isOf(line: Line, start: number, end: number, zone: ByteRange): boolean {
    const { view } = line
    const zoneLength = Math.max(0, zone.end - zone.start)
    return (
      this.#length === end - start &&
      this.#zoneLength === zoneLength &&
      this.#deviceZone === line.zone &&
      Object.is(this.#arrivalMs, line.arrivalMs) &&
      Object.is(this.#referenceMs, line.referenceMs) &&
      sameBytes(view, start, this.#view, 0, end - start) &&
      sameBytes(view, zone.start, this.#view, MAX_STAMP_BYTES, zoneLength)
    )
  }

  keep(line: Line, start: number, end: number, zone: ByteRange, unixMs: number): void {
    const { bytes } = line
    const zoneLength = Math.max(0, zone.end - zone.start)
    for (let i = 0; i < end - start; i++) this.#bytes[i] = bytes[start + i] as number
    for (let i = 0; i < zoneLength; i++) this.#bytes[MAX_STAMP_BYTES + i] = bytes[zone.start + i] as number
    this.#length = end - start
    this.#zoneLength = zoneLength
    this.#deviceZone = line.zone
    this.#arrivalMs = line.arrivalMs
    this.#referenceMs = line.referenceMs
    this.unixMs = unixMs
  }
}

const memories = Array.from({ length: 16 }, () => new StampMemory())

function readAny(line: Line, start: number, end: number, zone: ByteRange, pattern: ByteRange): number {
  const { bytes } = line
  limit = end
  if (readByShape(bytes, start)) return toUnixMs(line, zone)
  if (pattern.end > pattern.start && readByPattern(bytes, start, pattern)) return toUnixMs(line, zone)
  return Number.NaN
}

function readByShape(bytes: Uint8Array, start: number): boolean {
  parts.ms = 0
  parts.second = 0
  const isDated = isDigit(bytes[start] as number) ? readIsoDate(bytes, start) : readMonthDate(bytes, start)
  return isDated && readClockAt(bytes)
}

/** `YYYY-MM-DD` or `YYYY/MM/DD` and what parts it from the clock. */
function readIsoDate(bytes: Uint8Array, start: number): boolean {
  const mark = bytes[start + 4]
  if ((mark !== 0x2d && mark !== 0x2f) || bytes[start + 7] !== mark || limit - start < 16) return false
  parts.year = readDecimal(bytes, start, start + 4)
  parts.month = readDecimal(bytes, start + 5, start + 7)
  parts.day = readDecimal(bytes, start + 8, start + 10)
  const between = bytes[start + 10]
  parts.at = start + 11
  return between === 0x20 || between === 0x54 || between === 0x74
}

/** `Feb 27 2021 `, `Feb  7 `. */
function readMonthDate(bytes: Uint8Array, start: number): boolean {
  if (limit - start < 12) return false
  parts.month = readMonth(bytes, start)
  if (parts.month === 0 || bytes[start + 3] !== 0x20) return false
  parts.at = skipBlanks(bytes, start + 4, limit)
  parts.day = readNumber(bytes, 2)
  parts.at = skipBlanks(bytes, parts.at, limit)
  const hasYear =
    limit - parts.at > 5 && isDigit(bytes[parts.at + 3] as number) && bytes[parts.at + 4] === 0x20
  parts.year = hasYear ? readNumber(bytes, 4) : 0
  parts.at = skipBlanks(bytes, parts.at, limit)
  return true
}

/** The number of at most so many digits at `parts.at`, which is moved behind it; NaN when there is none. */
function readNumber(bytes: Uint8Array, maxDigits: number): number {
  const from = parts.at
  while (parts.at < limit && parts.at - from < maxDigits && isDigit(bytes[parts.at] as number)) parts.at++
  return readDecimal(bytes, from, parts.at)
}

/** `hh:mm:ss` and a fraction of a second. */
function readClockAt(bytes: Uint8Array): boolean {
  parts.hour = readNumber(bytes, 2)
  if (bytes[parts.at] !== 0x3a) return false
  parts.at++
  parts.minute = readNumber(bytes, 2)
  if (bytes[parts.at] !== 0x3a || parts.at >= limit) return false
  parts.at++
  parts.second = readNumber(bytes, 2)
  if (parts.at < limit && (bytes[parts.at] === 0x2e || bytes[parts.at] === 0x2c)) {
    parts.at++
    readFraction(bytes)
  }
  return true
}

function readFraction(bytes: Uint8Array): void {
  let scale = 100
  parts.ms = 0
  while (parts.at < limit && isDigit(bytes[parts.at] as number)) {
    parts.ms += Math.floor(((bytes[parts.at] as number) - 0x30) * scale)
    scale = scale > 1 ? scale / 10 : 0
    parts.at++
  }
}

/** The parts with the zone behind them, else the line's zone, else the device's. */
function toUnixMs(line: Line, zone: ByteRange): number {
  const { year, month, day, hour, minute, second, ms } = parts
  if (!(hour < 24 && minute < 60 && second <= 60)) return Number.NaN
  const at = skipBlanks(line.bytes, parts.at, limit)
  const own = at < limit ? zoneOf(line, at, limit) : null
  const named = own ?? (zone.end > zone.start ? zoneOf(line, zone.start, zone.end) : null) ?? line.zone
  const secondOfDay = (hour * 60 + minute) * 60 + second
  if (!(year > 0)) {
    const isOffset = typeof named === 'number'
    const unixMs = bsdToUnixMs(0, month, day, secondOfDay, isOffset ? UTC : named, line.referenceMs)
    return unixMs + ms - (isOffset ? named : 0)
  }
  if (!isDate(year, month, day)) return Number.NaN
  const localMs = dayMs(year, month, day) + secondOfDay * 1000 + ms
  const unixMs = typeof named === 'number' ? localMs - named : named.toUnixMs(localMs, line.arrivalMs)
  return isSane(unixMs) ? unixMs : Number.NaN
}

const zones = new Map<string, TimeZone | null>()

/** A zone by its text: offset in ms, a zone, or null when the text is none. */
function zoneOf(line: Line, start: number, end: number): number | TimeZone | null {
  const { bytes } = line
  let from = start
  let to = end
  while (from < to && (bytes[from] === 0x22 || isBlank(bytes[from] as number))) from++
  while (to > from && (bytes[to - 1] === 0x22 || isBlank(bytes[to - 1] as number))) to--
  if (to - from === 1 && ((bytes[from] as number) | 0x20) === 0x7a) return 0
  const offset = offsetOf(bytes, from, to)
  if (!Number.isNaN(offset)) return offset
  if (to - from < 3 || to - from > 40) return null
  return namedZone(line.raw.bytes.toString('latin1', from, to))
}

/** `+01:00`, `+0100`, `-3`, `UTC+1`, `GMT`. */
function offsetOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  const first = (bytes[at] as number) | 0x20
  if (first === 0x67 || first === 0x75) {
    const word =
      (first << 16) | (((bytes[at + 1] as number) | 0x20) << 8) | ((bytes[at + 2] as number) | 0x20)
    if (end - at < 3 || (word !== 0x67_6d_74 && word !== 0x75_74_63)) return Number.NaN
    at += 3
    if (at === end) return 0
  }
  const sign = bytes[at]
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN
  let digits = 0
  let number = 0
  let minutes = 0
  let colon = false
  for (at++; at < end; at++) {
    const byte = bytes[at] as number
    if (byte === 0x3a && !colon && digits > 0) {
      colon = true
      minutes = number * 60
      number = 0
      continue
    }
    if (!isDigit(byte) || ++digits > 4) return Number.NaN
    number = number * 10 + byte - 0x30
  }
  if (digits === 0) return Number.NaN
  if (colon) minutes += number
  else minutes = digits <= 2 ? number * 60 : Math.floor(number / 100) * 60 + (number % 100)
  if (minutes > MAX_OFFSET_MINUTES) return Number.NaN
  return (sign === 0x2b ? minutes : -minutes) * 60_000
}

/** An IANA zone (`Europe/Berlin`); abbreviations like CEST are many zones' and stay unknown, but for those Intl knows. */
function namedZone(name: string): TimeZone | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  if (zones.size >= MAX_ZONES) zones.clear()
  let zone: TimeZone | null = null
  if (/^[A-Za-z]+\/[A-Za-z_/+-]+\d*$/.test(name)) {
    try {
      zone = new TimeZone(name)
    } catch {
      zone = null // not a zone: the line's text is anyone's
    }
  }
  zones.set(name, zone)
  return zone
}

/** Letters of a Java pattern that we read: year, month, day, hour, minute, second, fraction, zone. */
function readByPattern(bytes: Uint8Array, start: number, pattern: ByteRange): boolean {
  parts.at = start
  parts.year = 0
  parts.month = 0
  parts.day = 0
  parts.hour = 0
  parts.minute = 0
  parts.second = 0
  parts.ms = 0
  let quoted = false
  for (let at = pattern.start; at < pattern.end; ) {
    const letter = bytes[at] as number
    let behind = at + 1
    if (letter === 0x27) {
      quoted = !quoted
      at = behind
      continue
    }
    if (quoted || !isLetter(letter)) {
      if (bytes[parts.at] !== letter) return false
      parts.at++
      at = behind
      continue
    }
    while (behind < pattern.end && bytes[behind] === letter) behind++
    if (letter === 0x7a || letter === 0x5a || letter === 0x58) return parts.month > 0 // z, Z, X: the zone is the rest
    if (!readPart(bytes, letter, behind - at)) return false
    at = behind
  }
  return parts.month > 0
}

function readPart(bytes: Uint8Array, letter: number, width: number): boolean {
  if (letter === 0x4d && width >= 3) {
    parts.month = readMonth(bytes, parts.at)
    while (parts.at < limit && isLetter(bytes[parts.at] as number)) parts.at++
    return parts.month > 0
  }
  if (letter === 0x53) {
    readFraction(bytes)
    return true
  }
  const value = readNumber(bytes, letter === 0x79 ? 4 : 2)
  if (Number.isNaN(value)) return false
  if (letter === 0x79) parts.year = value < 100 ? value + 2000 : value
  else if (letter === 0x4d) parts.month = value
  else if (letter === 0x64) parts.day = value
  else if (letter === 0x48 || letter === 0x6b) parts.hour = value
  else if (letter === 0x6d) parts.minute = value
  else if (letter === 0x73) parts.second = value
  else return false
  return true
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
