/**
 * Time stamps in bytes to Unix ms: PAN-OS local stamps (`2025/02/20 11:49:43`), RFC 3339 with offset and any number of
 * fraction digits, and the year-less BSD stamp of syslog. Impossible dates are NaN, never rolled over. The last stamp
 * of each kind is kept: most lines of a busy log share their second.
 */
import { isDigit, readFourDigits, readTwoDigits, sameBytes } from './bytes.ts'
import { dayMs, isDate, isLeapYear, type TimeZone } from './calendar.ts'

/** Stamps outside are unset clocks (1969, 1970) or nonsense. */
const SANE_FROM_MS = dayMs(2000, 1, 1)
const SANE_TO_MS = dayMs(2100, 1, 1)
/** A year-less stamp may lie this far ahead of its reference before it is taken for last year's. */
const AHEAD_MS = 86_400_000

const STAMP_BYTES = 19
const MINUTE_BYTES = 16

export function isSane(unixMs: number): boolean {
  return unixMs >= SANE_FROM_MS && unixMs < SANE_TO_MS
}

/** Reads the stamps of one parser; remembers the last of each kind. */
export class StampReader {
  readonly #localMemory = new DataView(new ArrayBuffer(STAMP_BYTES + 1))
  #localZone: TimeZone | null = null
  #localMs = Number.NaN
  readonly #minuteMemory = new DataView(new ArrayBuffer(MINUTE_BYTES))
  #minuteMs = Number.NaN

  /**
   * A PAN-OS time field: `YYYY/MM/DD hh:mm:ss` or ISO without offset in the device's zone, or RFC 3339 with its own.
   * Also `YYYY/MM/DD - - - hh:mm:ss`, as a relay leaves it that took the date for a tag. NaN when it is not one or not
   * sane.
   */
  readField(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    zone: TimeZone,
    arrivalMs: number,
  ): number {
    const length = end - start
    if (length < STAMP_BYTES) return Number.NaN
    if (length === STAMP_BYTES) {
      if (this.#localZone === zone && sameBytes(view, start, this.#localMemory, 0, STAMP_BYTES)) {
        return this.#localMs
      }
      const fresh = saneOrNaN(readLocal(bytes, start, start + 11, zone, arrivalMs))
      this.#remember(bytes, start, zone, fresh)
      return fresh
    }
    if (length === STAMP_BYTES + 6 && isDamageMark(bytes, start + 10)) {
      return saneOrNaN(readLocal(bytes, start, start + 17, zone, arrivalMs))
    }
    return this.readInstant(bytes, view, start, end)
  }

  /** For another arrival: it tells which one is meant of the times that the end of summer time gives twice. */
  forgetLocal(): void {
    this.#localZone = null
  }

  #remember(bytes: Uint8Array, start: number, zone: TimeZone, unixMs: number): void {
    for (let i = 0; i < STAMP_BYTES; i++) this.#localMemory.setUint8(i, bytes[start + i] as number)
    this.#localZone = zone
    this.#localMs = unixMs
  }

  /** RFC 3339 with an offset; NaN when it is not one, impossible, or not sane (`1969-12-31T16:00:00.000-08:00`). */
  readInstant(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    if (end - start < STAMP_BYTES + 1) return Number.NaN
    if (!sameBytes(view, start, this.#minuteMemory, 0, MINUTE_BYTES)) {
      this.#minuteMs = isoMinuteMs(bytes, start)
      for (let i = 0; i < MINUTE_BYTES; i++) this.#minuteMemory.setUint8(i, bytes[start + i] as number)
    }
    const second = readTwoDigits(bytes, start + 17)
    if (bytes[start + 16] !== 0x3a || second < 0 || second > 60) return Number.NaN
    let at = start + STAMP_BYTES
    let fractionMs = 0
    if (bytes[at] === 0x2e) {
      let scale = 100
      at++
      const from = at
      for (; at < end && isDigit(bytes[at] as number); at++) {
        if (scale >= 1) fractionMs += ((bytes[at] as number) - 0x30) * scale
        scale = scale >= 10 ? scale / 10 : scale === 1 ? 0 : scale
      }
      if (at === from) return Number.NaN
    }
    const offsetMs = readOffset(bytes, at, end)
    return saneOrNaN(this.#minuteMs + second * 1000 + fractionMs - offsetMs)
  }
}

function saneOrNaN(unixMs: number): number {
  return isSane(unixMs) ? unixMs : Number.NaN
}

/** ` - - - ` less its ends: what an RFC 5424 writer puts between tag and text. */
function isDamageMark(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 7; i++) if (bytes[at + i] !== (i % 2 === 0 ? 0x20 : 0x2d)) return false
  return true
}

/** Midnight UTC of `YYYY/MM/DD` or `YYYY-MM-DD`; NaN when there is no such day. */
function readDay(bytes: Uint8Array, at: number): number {
  const mark = bytes[at + 4]
  if ((mark !== 0x2f && mark !== 0x2d) || bytes[at + 7] !== mark) return Number.NaN
  const year = readFourDigits(bytes, at)
  const month = readTwoDigits(bytes, at + 5)
  const day = readTwoDigits(bytes, at + 8)
  return year >= 0 && isDate(year, month, day) ? dayMs(year, month, day) : Number.NaN
}

/** Seconds of the day of `hh:mm:ss`, or -1. A leap second counts as the next second. */
export function readClock(bytes: Uint8Array, at: number): number {
  const hour = readTwoDigits(bytes, at)
  const minute = readTwoDigits(bytes, at + 3)
  const second = readTwoDigits(bytes, at + 6)
  if (bytes[at + 2] !== 0x3a || bytes[at + 5] !== 0x3a) return -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1
  return (hour * 60 + minute) * 60 + second
}

function readLocal(
  bytes: Uint8Array,
  dayAt: number,
  clockAt: number,
  zone: TimeZone,
  arrivalMs: number,
): number {
  const day = readDay(bytes, dayAt)
  const mark = bytes[clockAt - 1] as number
  const seconds = mark === 0x20 || (mark | 0x20) === 0x74 ? readClock(bytes, clockAt) : -1
  if (seconds < 0 || Number.isNaN(day)) return Number.NaN
  return zone.toUnixMs(day + seconds * 1000, arrivalMs)
}

/** `YYYY-MM-DDThh:mm` as if it were UTC. */
function isoMinuteMs(bytes: Uint8Array, at: number): number {
  const day = readDay(bytes, at)
  const hour = readTwoDigits(bytes, at + 11)
  const minute = readTwoDigits(bytes, at + 14)
  const mark = (bytes[at + 10] as number) | 0x20
  if (mark !== 0x74 || bytes[at + 13] !== 0x3a) return Number.NaN
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return Number.NaN
  return day + (hour * 60 + minute) * 60_000
}

/** `Z`, `+hh:mm` or `+hhmm` that fills the rest of the range, in ms; NaN when it is not one. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at
  const sign = bytes[at]
  if (length === 1) return ((sign as number) | 0x20) === 0x7a ? 0 : Number.NaN
  if ((length !== 6 && length !== 5) || (sign !== 0x2b && sign !== 0x2d)) return Number.NaN
  if (length === 6 && bytes[at + 3] !== 0x3a) return Number.NaN
  const hours = readTwoDigits(bytes, at + 1)
  const minutes = readTwoDigits(bytes, end - 2)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
  const offsetMs = (hours * 60 + minutes) * 60_000
  return sign === 0x2b ? offsetMs : -offsetMs
}

/** End of an ISO stamp that begins at `at` (a blank or the end of the line follows), or -1. */
export function endOfIsoStamp(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < STAMP_BYTES + 1 || bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return -1
  if (
    ((bytes[at + 10] as number) | 0x20) !== 0x74 ||
    bytes[at + 13] !== 0x3a ||
    !isDigit(bytes[at] as number)
  ) {
    return -1
  }
  const limit = Math.min(end, at + 48)
  let to = at + STAMP_BYTES
  while (to < limit && (bytes[to] as number) > 0x20) {
    const byte = bytes[to] as number
    const allowed =
      isDigit(byte) ||
      byte === 0x2e ||
      byte === 0x3a ||
      byte === 0x2b ||
      byte === 0x2d ||
      (byte | 0x20) === 0x7a
    if (!allowed) return -1
    to++
  }
  return to === end || bytes[to] === 0x20 ? to : -1
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map(
  (name) => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
)

/** 1 to 12 for an English month's first three letters in any case, else 0. */
export function readMonth(bytes: Uint8Array, at: number): number {
  const code =
    (((bytes[at] as number) | 0x20) << 16) |
    (((bytes[at + 1] as number) | 0x20) << 8) |
    ((bytes[at + 2] as number) | 0x20)
  return MONTHS.indexOf(code) + 1
}

/**
 * Unix ms of a BSD stamp. Without a year (0) it is the latest year in which the stamp is at most a day ahead of
 * `referenceMs`; NaN without a reference, and for dates that do not exist.
 */
export function bsdToUnixMs(
  year: number,
  month: number,
  day: number,
  secondOfDay: number,
  zone: TimeZone,
  referenceMs: number,
): number {
  const at = (someYear: number): number =>
    isDate(someYear, month, day)
      ? zone.toUnixMs(dayMs(someYear, month, day) + secondOfDay * 1000, referenceMs)
      : Number.NaN
  if (year > 0) return saneOrNaN(at(year))
  if (Number.isNaN(referenceMs)) return Number.NaN
  const nextYear = new Date(referenceMs).getUTCFullYear() + 1
  const tries = month === 2 && day === 29 ? 10 : 3
  for (let candidate = nextYear; candidate > nextYear - tries; candidate--) {
    if (month === 2 && day === 29 && !isLeapYear(candidate)) continue
    const unixMs = at(candidate)
    if (unixMs <= referenceMs + AHEAD_MS) return saneOrNaN(unixMs)
  }
  return Number.NaN
}
