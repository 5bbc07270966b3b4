/**
 * Suricata's fast.log, its alerts by syslog, and Snort's, which have the same form:
 *
 *   07/11/2022-10:29:32.251216  [**] [1:2008578:4] ET SCAN .. [**] [Classification: ..] [Priority: 2] {UDP} a:1 -> b:2
 *   [Drop] [1:2008578:4] ET SCAN .. [Classification: ..] [Priority: 2] {TCP} a:1 -> b:2      (by syslog)
 *
 * Read from both ends: the front is Suricata's, the signature's text the rule author's, and the addresses stand at the
 * very end. Behind the addresses of ICMP stand type and code, no ports. Stamps are in the sensor's zone; Snort writes no
 * year. Priority 1 is high, 2 medium, 3 low, more informational. Type is ALERT.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, FORMAT, SEVERITY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import {
  ascii,
  isDigit,
  isWord,
  readDecimal,
  readFourDigits,
  readPort,
  readTwoDigits,
  skipBlanks,
  startsWith,
} from '../bytes.ts'
import { dayMs, isDate } from '../calendar.ts'
import { setAddress, setDeviceFromHeader, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { bsdToUnixMs, isSane, readClock } from '../stamp.ts'
import { setProtocol } from '../value-fields.ts'

const REASONS = [
  'suricata-fast: the signature [generator:id:revision] is missing',
  'suricata-fast: {protocol} and addresses are missing at the end',
  'suricata-fast: the source is not an address',
  'suricata-fast: the destination is not an address',
] as const
const REASON = { signature: 0, end: 1, source: 2, destination: 3 } as const

const STARS = ascii('[**]')
const ALERT = ascii('ALERT')
const DROP = ascii('drop')
const DROP_MARKS = [ascii('[drop]'), ascii('[wdrop]')] as const
const CLASSIFICATION = ascii('[Classification: ')
const PRIORITY = ascii('[Priority: ')
const ICMP = ascii('icmp')
/** Digits of `[1:2008578:4]`. */
const MAX_DIGITS = 10
const ARROW = 0x3e

/** Severity of a priority, Suricata's or Snort's: 1 is the highest. */
export function severityOfPriority(priority: number): number {
  if (!(priority >= 1)) return SEVERITY.none
  if (priority > 3) return SEVERITY.informational
  return priority === 1 ? SEVERITY.high : priority === 2 ? SEVERITY.medium : SEVERITY.low
}

/** What stands where in the line in hand. */
const found = { idStart: 0, idEnd: 0, textStart: 0, textEnd: 0, isDrop: false, stampEnd: 0 }

/** A stamp and `[**]`, or at once `[generator:id:revision]`. */
function recognise(line: Line): boolean {
  const { bytes, at, end } = line
  if (end - at < 24) return false
  if (bytes[at] === 0x5b) return readFront(line)
  return (
    isDigit(bytes[at] as number) && bytes[at + 2] === 0x2f && endOfStamp(bytes, at) > 0 && readFront(line)
  )
}

/** End of `MM/DD/YYYY-hh:mm:ss.ffffff`, `MM/DD/YY-..` or `MM/DD-..`; -1 when it is none. */
function endOfStamp(bytes: Uint8Array, at: number): number {
  let to = at
  while (to - at < 12 && (isDigit(bytes[to] as number) || bytes[to] === 0x2f)) to++
  if (bytes[to] !== 0x2d || to - at < 5) return -1
  if (readClock(bytes, to + 1) < 0) return -1
  to += 9
  if (bytes[to] !== 0x2e) return to
  to++
  while (isDigit(bytes[to] as number)) to++
  return to
}

/** Stamp, marks and `[1:2008578:4]`; sets `found`. */
function readFront(line: Line): boolean {
  const { bytes, end } = line
  let { at } = line
  found.isDrop = false
  found.stampEnd = at
  if (isDigit(bytes[at] as number)) {
    at = endOfStamp(bytes, at)
    if (at < 0) return false
    found.stampEnd = at
  }
  for (let mark = 0; mark < 4; mark++) {
    at = skipBlanks(bytes, at, end)
    if (startsWith(bytes, at, end, STARS)) at += STARS.length
    else if (isDropMark(bytes, at, end, DROP_MARKS[0])) at += DROP_MARKS[0].length
    else if (isDropMark(bytes, at, end, DROP_MARKS[1])) at += DROP_MARKS[1].length
    else break
  }
  return readSignatureId(bytes, at, end)
}

function isDropMark(bytes: Uint8Array, at: number, end: number, mark: Uint8Array): boolean {
  if (end - at < mark.length) return false
  for (let i = 0; i < mark.length; i++)
    if (((bytes[at + i] as number) | 0x20) !== ((mark[i] as number) | 0x20)) return false
  if (mark === DROP_MARKS[0]) found.isDrop = true // [wDrop]: would have dropped
  return true
}

function readSignatureId(bytes: Uint8Array, from: number, end: number): boolean {
  if (bytes[from] !== 0x5b) return false
  let at = from + 1
  for (let part = 0; part < 3; part++) {
    const start = at
    while (at < end && at - start < MAX_DIGITS && isDigit(bytes[at] as number)) at++
    if (at === start || at >= end) return false
    if (part === 1) {
      found.idStart = start
      found.idEnd = at
    }
    if (bytes[at] !== (part === 2 ? 0x5d : 0x3a)) return false
    at++
  }
  found.textStart = skipBlanks(bytes, at, end)
  return true
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (!readFront(line)) return REASON.signature
  if ((line.flags & FLAG.truncated) !== 0) return REASON.end
  const brace = readEnd(line, into, row)
  if (brace < 0) return -brace
  readSignature(line, into, row, brace)
  into.category[row] = CATEGORY.threat
  into.setDecodedText(row, TEXT_SLOT.type, ALERT)
  line.refresh()
  into.disposition[row] = found.isDrop ? DISPOSITION.blocked : DISPOSITION.alerted
  if (found.isDrop) {
    into.setDecodedText(row, TEXT_SLOT.action, DROP)
    line.refresh()
  }
  into.attacker[row] = attackerByPorts(into, row)
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  into.eventTimeMs[row] = timeOf(line)
  return -1
}

/** `{TCP} 192.0.2.1:80 -> 198.51.100.1:443`; returns where it begins, or a reason less than 0. */
function readEnd(line: Line, into: RecordBatch, row: number): number {
  const { bytes, end } = line
  let destination = end
  while (destination > found.textStart && bytes[destination - 1] !== 0x20) destination--
  const arrow = destination - 4
  if (bytes[arrow + 1] !== 0x2d || bytes[arrow + 2] !== ARROW || bytes[arrow] !== 0x20) return -REASON.end
  let source = arrow
  while (source > found.textStart && bytes[source - 1] !== 0x20) source--
  const close = source - 2
  let open = close
  while (open > found.textStart && bytes[open] !== 0x7b) open--
  if (bytes[close] !== 0x7d || bytes[open] !== 0x7b) return -REASON.end
  setProtocol(into, row, line, open + 1, close)
  const isIcmp = isIcmpName(bytes, open + 1, close)
  if (!setPeer(line, into, row, ADDRESS_SLOT.sourceAddress, source, arrow, isIcmp)) return -REASON.source
  if (!setPeer(line, into, row, ADDRESS_SLOT.destinationAddress, destination, end, isIcmp))
    return -REASON.destination
  return open
}

/** ICMP, ICMPv6, IPv6-ICMP. */
function isIcmpName(bytes: Uint8Array, start: number, end: number): boolean {
  const behind = start + ICMP.length
  return isWord(bytes, start, Math.min(end, behind), ICMP) || isWord(bytes, end - ICMP.length, end, ICMP)
}

/** `192.0.2.1:80`, `2001:db8::1:80` (the port is behind the last colon), `[2001:db8::1]:80`; `192.0.2.1` without ports. */
function setPeer(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
  isIcmp: boolean,
): boolean {
  let colon = end - 1
  while (colon > start && line.bytes[colon] !== 0x3a) colon--
  const to = colon > start ? colon : end
  const isBracketed = line.bytes[start] === 0x5b && line.bytes[to - 1] === 0x5d
  const inner = isBracketed ? 1 : 0
  if (!setAddress(into, row, slot, line.bytes, start + inner, to - inner)) return false
  if (to === end || isIcmp) return true
  const port = readPort(line.bytes, to + 1, end)
  const ports = slot === ADDRESS_SLOT.sourceAddress ? into.sourcePort : into.destinationPort
  ports[row] = Math.max(0, port)
  return true
}

/** The signature's text, its class and its priority, from the end of the text. */
function readSignature(line: Line, into: RecordBatch, row: number, brace: number): void {
  const { bytes } = line
  into.threatId[row] = readDecimal(bytes, found.idStart, found.idEnd)
  let end = endOfSignature(bytes, brace)
  const priority = bracketBefore(bytes, end, PRIORITY)
  if (priority >= 0) {
    into.severity[row] = severityOfPriority(readDecimal(bytes, priority + PRIORITY.length, end - 1))
    end = backOverBlanks(bytes, priority)
  }
  const classification = bracketBefore(bytes, end, CLASSIFICATION)
  if (classification >= 0) {
    if (bytes[classification + CLASSIFICATION.length] !== 0x28) {
      setText(into, row, TEXT_SLOT.threatCategory, bytes, classification + CLASSIFICATION.length, end - 1)
    }
    end = backOverBlanks(bytes, classification)
  }
  if (end - found.textStart >= STARS.length && startsWith(bytes, end - STARS.length, end, STARS)) {
    end = backOverBlanks(bytes, end - STARS.length)
  }
  setText(into, row, TEXT_SLOT.threatName, bytes, found.textStart, end)
}

/** Snort's syslog ends the brackets with a colon, and may name the interface: `[Priority: 2] <eth0> {TCP}`. */
function endOfSignature(bytes: Uint8Array, brace: number): number {
  let end = backOverBlanks(bytes, brace)
  if (end > found.textStart && bytes[end - 1] === 0x3e) {
    let open = end - 1
    while (open > found.textStart && bytes[open] !== 0x3c && bytes[open] !== 0x5d) open--
    if (bytes[open] === 0x3c && open > found.textStart) end = backOverBlanks(bytes, open)
  }
  return end - 1 > found.textStart && bytes[end - 1] === 0x3a && bytes[end - 2] === 0x5d ? end - 1 : end
}

function backOverBlanks(bytes: Uint8Array, from: number): number {
  let at = from
  while (at > found.textStart && bytes[at - 1] === 0x20) at--
  return at
}

/** Start of the bracket that ends at `end` and begins with `word`; -1 when another one or none ends there. */
function bracketBefore(bytes: Uint8Array, end: number, word: Uint8Array): number {
  if (end <= found.textStart || bytes[end - 1] !== 0x5d) return -1
  let at = end - 1
  while (at > found.textStart && bytes[at] !== 0x5b) at--
  return startsWith(bytes, at, end, word) ? at : -1
}

/** Servers have ports below, clients above. */
const FIRST_CLIENT_PORT = 1024

/**
 * Suricata names the sender of the packet as source. What a server's port sends to a client's is an answer: the client,
 * at the destination, made the server say it. FIELD.md C.
 */
export function attackerByPorts(into: RecordBatch, row: number): number {
  const source = into.sourcePort[row] as number
  const isAnswer =
    source > 0 && source < FIRST_CLIENT_PORT && (into.destinationPort[row] as number) >= FIRST_CLIENT_PORT
  return isAnswer ? ATTACKER.destination : ATTACKER.source
}

function timeOf(line: Line): number {
  const { bytes, at } = line
  const header = (): number => {
    const unixMs = line.headerMs()
    return Number.isNaN(unixMs) ? line.arrivalMs : unixMs
  }
  if (found.stampEnd === at) return header()
  const month = readTwoDigits(bytes, at)
  const day = readTwoDigits(bytes, at + 3)
  let clock = at
  while (bytes[clock] !== 0x2d) clock++
  const seconds = readClock(bytes, clock + 1)
  const digits = clock - at - 6
  const year =
    digits === 4 ? readFourDigits(bytes, at + 6) : digits === 2 ? 2000 + readTwoDigits(bytes, at + 6) : 0
  const ms = fractionMs(bytes, clock + 9)
  const unixMs =
    year > 0
      ? isDate(year, month, day)
        ? line.zone.toUnixMs(dayMs(year, month, day) + seconds * 1000, line.arrivalMs) + ms
        : Number.NaN
      : bsdToUnixMs(0, month, day, seconds, line.zone, line.referenceMs) + ms
  return isSane(unixMs) ? unixMs : header()
}

/** `.251216` as whole ms. */
function fractionMs(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x2e) return 0
  let ms = 0
  let scale = 100
  for (let i = at + 1; i < found.stampEnd && scale >= 1; i++) {
    ms += ((bytes[i] as number) - 0x30) * scale
    scale /= 10
  }
  return ms
}

export const suricataFast: LineFormat = {
  code: FORMAT.suricataFast,
  name: 'suricata-fast',
  reasons: REASONS,
  recognise,
  read,
}
