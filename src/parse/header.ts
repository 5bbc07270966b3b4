/**
 * The syslog header in front of a firewall's text: PRI, RFC 3164 (with and without host), RFC 5424, the line that
 * rsyslog writes into files (classic or RFC 3339 stamp), none at all, and several one behind the other as relays and
 * Panorama leave them. FIELD.md B.4, B.8 and C show the forms.
 *
 * Reads from `line.start`; sets `line.at`, host, relay and stamp. Never fails: what is not understood is the firewall's
 * text. A header is only looked for at the front, never searched: text that an outsider wrote further back cannot
 * become one.
 */
import {
  BLANK,
  endOfQuoted,
  isBlank,
  isDigit,
  QUOTE,
  readFourDigits,
  readTwoDigits,
  sameBytes,
  skipBlanks,
} from './bytes.ts'
import { isFirewallProgram } from './firewall-programs.ts'
import { type Line, STAMP } from './line.ts'
import { endOfIsoStamp, readClock, readMonth } from './stamp.ts'

/** Headers one behind the other that are read. */
const MAX_HEADERS = 4
const MAX_HOST_BYTES = 255
const MAX_PRI_BYTES = 20
const MAX_TAG_BYTES = 64

export function readHeader(line: Line): void {
  let at = skipBlanks(line.bytes, line.start, line.end)
  at = skipBom(line, at)
  at = skipOctetCount(line, at)
  for (let depth = 0; depth < MAX_HEADERS; depth++) {
    const behind = readOne(line, at)
    if (behind < 0) break
    at = skipOctetCount(line, behind) // a relay's framing of the header behind it, as Strata's forwarder sends it
  }
  // A PRI alone is a header without a stamp.
  at = skipBlanks(line.bytes, skipPri(line, at), line.end)
  line.at = Math.min(skipBom(line, at), line.end)
}

/** One header at `at`; returns where the text behind it begins, or -1 when there is none. */
function readOne(line: Line, from: number): number {
  const { bytes, end } = line
  let at = skipBlanks(bytes, skipPri(line, from), end) // some relays put a blank behind the PRI
  let isRfc5424 = false
  if (bytes[at] === 0x31 && bytes[at + 1] === BLANK && endOfIsoStamp(bytes, at + 2, end) > 0) {
    isRfc5424 = true // version 1; some relays lose the PRI in front of it
    at += 2
  }
  const stampEnd = readStamp(line, at)
  if (stampEnd < 0) return -1
  line.programStart = 0
  line.programEnd = 0
  line.isHeaderOpen = false
  at = skipBlanks(bytes, stampEnd, end)
  const hostEnd = endOfHost(line, at)
  if (hostEnd < 0) return at
  if (!(isRfc5424 && hostEnd === at + 1 && bytes[at] === 0x2d)) takeHost(line, at, hostEnd)
  at = skipBlanks(bytes, hostEnd, end)
  if (!isRfc5424) return at
  const behind = skipRfc5424Tail(line, at)
  if (behind === at) line.isHeaderOpen = true
  return behind
}

/** Whether another header may begin at `at`: a PRI or a stamp. Cheap; true too often does no harm. */
export function mayBeHeader(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] as number
  if (first === 0x3c) return true
  if (bytes[at + 3] === BLANK) return readMonth(bytes, at) > 0 || readMonth(bytes, at + 4) > 0
  return bytes[at + 4] === 0x2d && isDigit(first)
}

/** Several headers: the outermost host is the relay, the innermost the host. */
function takeHost(line: Line, start: number, end: number): void {
  if (line.hostEnd > line.hostStart && line.relayEnd === 0) {
    line.relayStart = line.hostStart
    line.relayEnd = line.hostEnd
  }
  line.hostStart = start
  line.hostEnd = end
}

/** Behind `<14>`. A PRI that is none (`<192>`, `<>`) is skipped all the same: it means nothing here. */
function skipPri(line: Line, at: number): number {
  const { bytes } = line
  if (bytes[at] !== 0x3c) return at
  const limit = Math.min(line.end, at + MAX_PRI_BYTES)
  for (let i = at + 1; i < limit; i++) {
    const byte = bytes[i] as number
    if (byte === 0x3e) return i + 1
    if (!isDigit(byte) && byte !== 0x2d) return at
  }
  return at
}

/** The frame length of RFC 6587 that was left in the text: `535 <14>1 ...`. */
function skipOctetCount(line: Line, at: number): number {
  const { bytes } = line
  let i = at
  while (i < line.end && i - at < 7 && isDigit(bytes[i] as number)) i++
  return i > at && i + 1 < line.end && bytes[i] === BLANK && bytes[i + 1] === 0x3c ? i + 1 : at
}

/** A byte order mark, as it is or as rsyslog writes it. */
function skipBom(line: Line, at: number): number {
  const { bytes, end } = line
  if (end - at >= 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return at + 3
  if (end - at >= 12 && bytes[at] === 0x23 && bytes[at + 4] === 0x23 && bytes[at + 8] === 0x23) {
    for (let i = 0; i < 12; i++) if (bytes[at + i] !== '#357#273#277'.charCodeAt(i)) return at
    return at + 12
  }
  return at
}

/** Reads the stamp at `at` into the line; returns its end, or -1 when there is none. */
function readStamp(line: Line, at: number): number {
  const { bytes, view, end } = line
  if (end - at < 14) return -1
  if (isDigit(bytes[at] as number)) {
    let isoEnd = endOfIsoStamp(bytes, at, end)
    if (isoEnd < 0) return readLocalStamp(line, at)
    if (bytes[isoEnd - 1] === 0x3a) isoEnd-- // Cisco without a host: `2025-02-20T12:28:20Z: %ASA-...`
    line.stampKind = STAMP.instant
    line.stampMs = line.stamps.readInstant(bytes, view, at, isoEnd)
    return isoEnd
  }
  return readBsdStamp(line, at)
}

/** `2025-02-20 11:49:43 ` in the device's zone. A fraction of a second is none: pf's own text begins with one. */
function readLocalStamp(line: Line, at: number): number {
  const { bytes, end } = line
  if (end - at < 20 || bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d || bytes[at + 10] !== BLANK) return -1
  const year = readFourDigits(bytes, at)
  const month = readTwoDigits(bytes, at + 5)
  const day = readTwoDigits(bytes, at + 8)
  const seconds = readClock(bytes, at + 11)
  if (year < 0 || month < 1 || month > 12 || day < 1 || seconds < 0 || bytes[at + 19] !== BLANK) return -1
  line.stampKind = STAMP.bsd
  line.stampYear = year
  line.stampMonth = month
  line.stampDay = day
  line.stampSeconds = seconds
  return at + 19
}

/** Whether three letters and a blank stand there, as a weekday in front of a month. */
function isWeekday(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 3; i++) {
    const lower = (bytes[at + i] as number) | 0x20
    if (lower < 0x61 || lower > 0x7a) return false
  }
  return bytes[at + 3] === BLANK
}

/**
 * `Feb 20 11:49:43`, `Jan  1 ...`, `Jan 1 ...`, with a year (`Feb 20 2025 ...`), a fraction of a second, or a weekday
 * (`Thu Feb 20 ...`); behind one the year may stand at the end.
 */
function readBsdStamp(line: Line, start: number): number {
  const { bytes, end } = line
  const hasWeekday = isWeekday(bytes, start) && readMonth(bytes, start + 4) > 0
  const from = hasWeekday ? start + 4 : start
  const month = readMonth(bytes, from)
  if (month === 0 || bytes[from + 3] !== BLANK) return -1
  let at = skipBlanks(bytes, from + 4, end)
  let day = 0
  const dayFrom = at
  while (at < end && at - dayFrom < 2 && isDigit(bytes[at] as number)) {
    day = day * 10 + (bytes[at++] as number) - 0x30
  }
  if (at === dayFrom || bytes[at] !== BLANK) return -1
  at = skipBlanks(bytes, at, end)
  let year = 0
  if (end - at > 5 && bytes[at + 4] === BLANK) {
    year = readFourDigits(bytes, at)
    if (year < 0) return -1
    at += 5
  }
  if (end - at < 8) return -1
  const seconds = readClock(bytes, at)
  if (seconds < 0) return -1
  at += 8
  if (at < end && bytes[at] === 0x2e) {
    at++
    while (at < end && isDigit(bytes[at] as number)) at++
  }
  if (at < end && !isBlank(bytes[at] as number)) return -1
  if (hasWeekday && year === 0 && bytes[at + 5] === BLANK && readFourDigits(bytes, at + 1) > 0) {
    year = readFourDigits(bytes, at + 1)
    at += 5
  }
  line.stampKind = STAMP.bsd
  line.stampYear = year
  line.stampMonth = month
  line.stampDay = day
  line.stampSeconds = seconds
  return at
}

/**
 * End of the host name at `at`, or -1 when the text begins there: a host is letters, digits, `.`, `_`, `-` and `:`, does
 * not end in `:` (that is a tag) and has a blank behind it.
 */
export function endOfHost(line: Line, at: number): number {
  const { bytes, end } = line
  const month = end - at >= 15 ? readMonth(bytes, at) : 0
  if (month > 0 && bytes[at + 3] === BLANK && isDigit(bytes[skipBlanks(bytes, at + 4, end)] as number))
    return -1
  if (endOfIsoStamp(bytes, at, end) > 0) return -1
  const limit = Math.min(end, at + MAX_HOST_BYTES + 1)
  let i = at
  while (i < limit && isHostByte(bytes[i] as number)) i++
  if (i === at || i >= limit || bytes[i] !== BLANK || bytes[i - 1] === 0x3a) return -1
  return i
}

function isHostByte(byte: number): boolean {
  if (byte >= 0x30 && byte <= 0x3a) return true
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || byte === 0x2d || byte === 0x2e || byte === 0x5f
}

/**
 * Behind APP-NAME, PROCID, MSGID and STRUCTURED-DATA. Where they are missing, or where a relay put the front of the
 * firewall's text in the place of the APP-NAME (`1,2025/02/20 - - - 12:28:20,...`), the text begins at once.
 */
function skipRfc5424Tail(line: Line, from: number): number {
  const { bytes, end } = line
  let at = from
  let programEnd = from
  for (let token = 0; token < 3; token++) {
    const tokenStart = at
    while (at < end && bytes[at] !== BLANK) {
      const byte = bytes[at] as number
      if (token === 0 && (byte === 0x2c || byte === 0x3d)) return from // no program is called so; a firewall's text is
      at++
    }
    if (at === tokenStart || at >= end) return from
    if (token === 0) programEnd = at
    at++
  }
  if (at >= end) return from
  let behind = -1
  if (bytes[at] === 0x2d && (at + 1 >= end || bytes[at + 1] === BLANK)) behind = at + 1
  else if (bytes[at] === 0x5b) {
    behind = skipStructuredData(line, at)
    // Check Point puts its whole text where structured data stands: with nothing behind it, or cut, it is the text.
    if (behind < 0 || skipBlanks(bytes, behind, end) >= end) {
      behind = at
      line.isHeaderOpen = true
    }
  }
  if (behind < 0) return from
  const isNil = programEnd === from + 1 && bytes[from] === 0x2d
  if (!isNil) takeProgram(line, from, programEnd)
  return skipBlanks(bytes, behind, end)
}

function takeProgram(line: Line, start: number, end: number): void {
  line.programStart = start
  line.programEnd = end
}

/** Behind `[id name="value" ...][...]`; `\"`, `\\` and `\]` inside values end nothing. -1 when it never closes. */
function skipStructuredData(line: Line, from: number): number {
  const { bytes, view, end } = line
  let at = from
  while (at < end && bytes[at] === 0x5b) {
    at++
    while (at < end && bytes[at] !== 0x5d) {
      if (bytes[at] === QUOTE) at = endOfQuoted(bytes, view, at + 1, end)
      at++
    }
    if (at >= end) return -1
    at++
  }
  return at
}

/** What stood at the front of the text. */
export const TAG = { none: 0, firewall: 1, other: 2 } as const

/**
 * Skips a program's tag at `line.at`: `logforwarder: `, `pan[123]: `, a lone `: `, and says whose it was. Behind the tag
 * of another program than a firewall's there is no firewall line, whatever it looks like (firewall-programs.ts).
 * Tried only when no format knows the text as it is.
 */
export function skipTag(line: Line): number {
  const { bytes, end } = line
  const from = line.at
  const limit = Math.min(end, from + MAX_TAG_BYTES)
  let i = from
  while (i < limit && isTagByte(bytes[i] as number)) i++
  const nameEnd = i
  if (bytes[i] === 0x5b) {
    i++
    while (i < limit && isTagByte(bytes[i] as number)) i++
    if (i >= limit || bytes[i] !== 0x5d) return TAG.none
    i++
  }
  if (i >= limit || bytes[i] !== 0x3a) return TAG.none
  const behind = skipBlanks(bytes, i + 1, end)
  if (behind === i + 1) return TAG.none
  line.at = behind
  if (nameEnd === from) return TAG.firewall
  takeProgram(line, from, nameEnd)
  return isFirewallProgram(bytes, from, nameEnd) ? TAG.firewall : TAG.other
}

/** Whether the header names a program that is no firewall's; then the text is none either. */
export function isOtherProgram(line: Line): boolean {
  const { bytes, programStart, programEnd, hostStart, hostEnd } = line
  const length = programEnd - programStart
  if (length === 0 || isFirewallProgram(bytes, programStart, programEnd)) return false
  if (length !== hostEnd - hostStart) return true
  return !sameBytes(line.view, programStart, line.view, hostStart, length)
}

function isTagByte(byte: number): boolean {
  const lower = byte | 0x20
  return (
    isDigit(byte) ||
    (lower >= 0x61 && lower <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x2f
  )
}
