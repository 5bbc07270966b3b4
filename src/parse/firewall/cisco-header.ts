/**
 * What Cisco's devices put in front of a message, behind the syslog header that the parser has read:
 *
 *   [sequence: ] [host: ] [*|.]Mmm dd [yyyy] hh:mm:ss[.mmm] [zone]: [host : ] %ASA-6-302013: text
 *
 * in any of the orders that `logging timestamp`, `logging device-id` and relays make. `*` and `.` in front of a stamp
 * mean a clock that is not set; zone words are ignored, the device's zone counts. The level digit is as configured, and a
 * word may stand in front of it (`%ASA-session-6-106100`). Some relays lose the `%`, the level or the colon.
 */
import { BLANK, isDigit, readDecimal, readFourDigits, skipBlanks } from '../bytes.ts'
import { isFirewallProgram } from '../firewall-programs.ts'
import { type Line, STAMP } from '../line.ts'
import { readClock, readMonth } from '../stamp.ts'
import { KeyTable } from '../key-table.ts'

const FIREWALLS = new KeyTable(['asa', 'ftd', 'pix', 'fwsm', 'ngips'])
/** Words that `clock timezone` is usually given, where they stand behind a stamp that the syslog header was taken for. */
const ZONES = new KeyTable(
  'utc gmt est edt cst cdt mst mdt pst pdt akst akdt hst bst ist wet west cet '
    .concat(
      'cest met mest mez mesz eet eest msk trt gst sgt hkt jst kst aest aedt acst acdt awst nzst nzdt brt art sast',
    )
    .split(' '),
)
const MAX_ELEMENTS = 6
const MAX_HOST_BYTES = 128

/** What stands in front of the text; valid until the next line. */
export const header = {
  /** The message's number or mnemonic. */
  idStart: 0,
  idEnd: 0,
  /** The number, 0 for a mnemonic. */
  id: 0,
  facilityStart: 0,
  facilityEnd: 0,
  /** 0 to 7, -1 when there is none. */
  level: -1,
  textAt: 0,
  hostStart: 0,
  hostEnd: 0,
  /** Stamp in front of the message; month 0 when there is none. */
  year: 0,
  month: 0,
  day: 0,
  seconds: 0,
}

/** Reads the front of a message. Returns whether there is one. */
export function readCiscoHeader(line: Line): boolean {
  const { bytes, end } = line
  header.hostStart = 0
  header.hostEnd = 0
  header.month = 0
  let at = line.at
  for (let element = 0; element < MAX_ELEMENTS; element++) {
    at = skipBlanks(bytes, at, end)
    if (at >= end) return false
    const first = bytes[at] as number
    if (first === 0x25) return readMessageId(bytes, at + 1, end, false)
    if (first === 0x3a) at++
    else {
      const behind = readElement(line, at)
      if (behind < 0) return readMessageId(bytes, at, end, true)
      at = behind
    }
  }
  return false
}

/** A sequence number, a stamp or a host; returns what is behind it, or -1. */
function readElement(line: Line, at: number): number {
  const { bytes, end } = line
  const behindStamp = readStamp(bytes, at, end)
  if (behindStamp > 0) return behindStamp
  let to = at
  while (to < end && isDigit(bytes[to] as number)) to++
  // `29: `; six digits may be a message's number whose tag was lost, which is looked at later
  if (to > at && bytes[to] === 0x3a && bytes[to + 1] === BLANK)
    return isFront(bytes, to + 1, end) ? to + 1 : -1
  return readHost(line, at)
}

/** Whether a message, a stamp or a host may begin here: no text of a message does so. */
function isFront(bytes: Uint8Array, from: number, end: number): boolean {
  const at = skipBlanks(bytes, from, end)
  const first = bytes[at]
  if (first === 0x25 || first === 0x2a || first === 0x2e) return true
  if (readStamp(bytes, at, end) > 0) return true
  const to = endOfHost(bytes, at, end)
  return to > 0 && bytes[skipBlanks(bytes, to, end)] === 0x3a
}

/** `host:`, `host :`; only when the syslog header named no host, or as a tag of Cisco's own. */
function readHost(line: Line, at: number): number {
  const { bytes, end } = line
  const to = endOfHost(bytes, at, end)
  if (to < 0) return -1
  const isTag = bytes[to] === 0x5b // `CiscoASA[999]`
  let colon = to
  if (isTag) {
    colon++
    while (colon < end && isDigit(bytes[colon] as number)) colon++
    if (bytes[colon] !== 0x5d) return -1
    colon++
  }
  colon = skipBlanks(bytes, colon, end)
  if (bytes[colon] !== 0x3a) return -1
  const behind = skipBlanks(bytes, colon + 1, end)
  const isMessage = bytes[behind] === 0x25 || bytes[behind] === 0x3a || readStamp(bytes, behind, end) > 0
  if (!isMessage) return -1
  const hasHost = line.hostEnd > line.hostStart
  // Text that another program quotes of a stranger must not become a message.
  if (isTag || (hasHost && header.month === 0)) return isFirewallProgram(bytes, at, to) ? behind : -1
  const isZone = header.month === 0 && line.stampKind === STAMP.bsd && ZONES.indexOf(bytes, at, to) >= 0
  if (header.hostEnd === 0 && bytes[at] !== 0x3c && !isZone) {
    header.hostStart = at
    header.hostEnd = to
  }
  return behind
}

function endOfHost(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_HOST_BYTES)
  let to = at
  while (to < limit && isHostByte(bytes[to] as number)) to++
  return to > at && to < limit ? to : -1
}

function isHostByte(byte: number): boolean {
  const lower = byte | 0x20
  if ((lower >= 0x61 && lower <= 0x7a) || isDigit(byte)) return true
  // `<IP>` stands where someone masked the host
  return byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x2f || byte === 0x3c || byte === 0x3e
}

/** Reads `[*.]Mmm dd [yyyy] hh:mm:ss[.mmm] [zone][:]`; returns what is behind it, or -1. */
function readStamp(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  if (bytes[at] === 0x2a || bytes[at] === 0x2e) at++
  if (end - at < 15) return -1
  const month = readMonth(bytes, at)
  if (month === 0 || bytes[at + 3] !== BLANK) return -1
  at = skipBlanks(bytes, at + 4, end)
  const dayAt = at
  while (at < end && at - dayAt < 2 && isDigit(bytes[at] as number)) at++
  const day = readDecimal(bytes, dayAt, at)
  if (Number.isNaN(day) || bytes[at] !== BLANK) return -1
  at = skipBlanks(bytes, at, end)
  let year = 0
  if (end - at > 12 && bytes[at + 4] === BLANK) {
    year = readFourDigits(bytes, at)
    if (year < 0) return -1
    at = skipBlanks(bytes, at + 5, end)
  }
  const seconds = end - at >= 8 ? readClock(bytes, at) : -1
  if (seconds < 0) return -1
  at += 8
  if (bytes[at] === 0x2e) {
    at++
    while (at < end && isDigit(bytes[at] as number)) at++
  }
  header.year = year
  header.month = month
  header.day = day
  header.seconds = seconds
  return skipZone(bytes, at, end)
}

/** Behind ` EST` (letters, at most five) and the colon. */
function skipZone(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] === 0x3a) return from + 1
  let at = skipBlanks(bytes, from, end)
  const word = at
  while (
    at < end &&
    at - word < 6 &&
    ((bytes[at] as number) & 0xdf) >= 0x41 &&
    ((bytes[at] as number) & 0xdf) <= 0x5a
  )
    at++
  return at > word && at - word <= 5 && bytes[at] === 0x3a ? at + 1 : skipBlanks(bytes, from, end)
}

/** `ASA-6-302013: `, `ASA-session-5-106100: `, `SYS-5-CONFIG_I: `; without the `%` only the firewalls' own. */
function readMessageId(bytes: Uint8Array, from: number, end: number, isBare: boolean): boolean {
  let at = from
  while (at < end && isFacilityByte(bytes[at] as number)) at++
  if (at === from || bytes[at] !== 0x2d) return isBare && readBareId(bytes, from, end)
  const isFirewall = FIREWALLS.indexOf(bytes, from, at) >= 0
  if (isBare && !isFirewall) return false
  header.facilityStart = from
  header.facilityEnd = at
  for (let piece = 0; piece < 4; piece++) {
    const start = at + 1
    at = start
    while (at < end && isFacilityByte(bytes[at] as number)) at++
    const isLevel = at - start === 1 && isDigit(bytes[start] as number) && (bytes[start] as number) < 0x38
    if (bytes[at] !== 0x2d) return false
    if (!isLevel) continue
    header.level = (bytes[start] as number) - 0x30
    return readId(bytes, at + 1, end, isFirewall)
  }
  return false
}

function readId(bytes: Uint8Array, from: number, end: number, isFirewall: boolean): boolean {
  let at = from
  while (at < end && isFacilityByte(bytes[at] as number)) at++
  const id = readDecimal(bytes, from, at)
  if (at === from || (isFirewall && Number.isNaN(id))) return false
  header.idStart = from
  header.idEnd = at
  header.id = isFirewall ? id : 0
  let textAt = skipBlanks(bytes, at, end)
  if (bytes[textAt] === 0x3a) textAt++
  else if (!isFirewall) return false
  header.textAt = skipBlanks(bytes, textAt, end)
  return true
}

/** `302020: Built ...`: a relay took the rest of the tag away. */
function readBareId(bytes: Uint8Array, from: number, end: number): boolean {
  const id = readDecimal(bytes, from, from + 6)
  if (Number.isNaN(id) || id < 100_000 || bytes[from + 6] !== 0x3a || bytes[from + 7] !== BLANK) return false
  header.facilityStart = 0
  header.facilityEnd = 0
  header.level = -1
  header.idStart = from
  header.idEnd = from + 6
  header.id = id
  header.textAt = skipBlanks(bytes, from + 7, end)
  return true
}

function isFacilityByte(byte: number): boolean {
  const upper = byte & 0xdf
  return (upper >= 0x41 && upper <= 0x5a) || isDigit(byte) || byte === 0x5f
}

/** Gives the line the stamp and the host that stand in front of the message, where its header had none. */
export function takeHeader(line: Line): void {
  if (header.hostEnd > header.hostStart && line.hostEnd === line.hostStart) {
    line.hostStart = header.hostStart
    line.hostEnd = header.hostEnd
  } else if (header.hostEnd > header.hostStart && line.relayEnd === line.relayStart) {
    line.relayStart = line.hostStart
    line.relayEnd = line.hostEnd
    line.hostStart = header.hostStart
    line.hostEnd = header.hostEnd
  }
  // The device's own clock is nearer to the event than the relay's, but without a year it says less than an instant.
  if (header.month === 0 || (line.stampKind === STAMP.instant && header.year === 0)) return
  line.stampKind = STAMP.bsd
  line.stampYear = header.year
  line.stampMonth = header.month
  line.stampDay = header.day
  line.stampSeconds = header.seconds
}
