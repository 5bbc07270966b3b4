/**
 * The values of a Check Point line (checkpoint-keys.ts) as fields of the record: text, addresses, numbers, codes, the
 * device and the time.
 */
import { ADDRESS_STRIDE, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { ascii, isDigit, isWord, readDecimal, readFourDigits, readPort } from '../bytes.ts'
import { dayMs, isDate } from '../calendar.ts'
import { setDeviceFromHeader, setNatAddress } from '../fields.ts'
import type { WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import { isSane, readClock, readMonth } from '../stamp.ts'
import { epochMs, isNotKnown, setEscapedText } from '../value-fields.ts'
import { endOfClock, endOfDay } from './checkpoint-forms.ts'
import { KEY, spans } from './checkpoint-keys.ts'
import { RULE_OBJECTS } from './checkpoint-words.ts'

const MANAGEMENT = ascii('cp_mgmt')

export function text(line: Line, into: RecordBatch, row: number, key: number, slot: number): boolean {
  const start = spans.start[key] as number
  if (start < 0) return false
  const end = spans.end[key] as number
  if (end <= start || isNotKnown(line.bytes, start, end)) return false
  setEscapedText(into, row, slot, line, start, end)
  return into.text[row * TEXT_STRIDE + slot] !== into.text[row * TEXT_STRIDE + slot + 1]
}

export function address(into: RecordBatch, row: number, line: Line, key: number, slot: number): boolean {
  const start = spans.start[key] as number
  if (start < 0) return false
  return readAddress(line.bytes, start, spans.end[key] as number, into.addresses, row * ADDRESS_STRIDE + slot)
}

export function natAddress(into: RecordBatch, row: number, line: Line, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start >= 0) setNatAddress(into, row, slot, line.bytes, start, spans.end[key] as number)
}

export function port(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? 0 : Math.max(0, readPort(bytes, start, spans.end[key] as number))
}

export function quantity(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? Number.NaN : readDecimal(bytes, start, spans.end[key] as number)
}

export function codeOf(bytes: Uint8Array, key: number, words: WordCodes, otherwise: number): number {
  const start = spans.start[key] as number
  return start < 0 ? otherwise : words.of(bytes, start, spans.end[key] as number, otherwise)
}

/** The gateway by its name in `CN=name,O=...`; else the header's host; else its address. */
export function readDevice(line: Line, into: RecordBatch, row: number): void {
  const slot = TEXT_SLOT.device
  readCommonName(line, into, row)
  const at = row * TEXT_STRIDE + slot
  if (into.text[at] !== into.text[at + 1]) {
    if (line.relayEnd === line.relayStart && line.hostEnd > line.hostStart) takeLogServer(line, into, row, at)
  } else if (line.hostEnd === line.hostStart) text(line, into, row, KEY.origin, slot)
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[at] as number, into.text[at + 1] as number)
}

function readCommonName(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  let from = spans.start[KEY.originName] as number
  if (from < 0) return
  const end = spans.end[KEY.originName] as number
  if (
    end - from < 4 ||
    ((bytes[from] as number) | 0x20) !== 0x63 ||
    ((bytes[from + 1] as number) | 0x20) !== 0x6e
  )
    return
  from += 2
  if (bytes[from] === 0x5c) from++
  if (bytes[from] !== 0x3d) return
  from++
  let to = from
  while (to < end && bytes[to] !== 0x2c && bytes[to] !== 0x5c) to++
  // The management server's own certificate has the same name everywhere.
  if (to > from && !isWord(bytes, from, to, MANAGEMENT)) into.setText(row, TEXT_SLOT.device, from, to)
}

/** The host in the header sent the line on, when it is not the gateway itself. */
function takeLogServer(line: Line, into: RecordBatch, row: number, at: number): void {
  const start = into.text[at] as number
  const length = (into.text[at + 1] as number) - start
  let isSame = length === line.hostEnd - line.hostStart
  for (let i = 0; isSame && i < length; i++) {
    isSame = line.bytes[start + i] === line.bytes[line.hostStart + i]
  }
  if (!isSame) into.setText(row, TEXT_SLOT.relay, line.hostStart, line.hostEnd)
}

/** `time` as seconds or ms since 1970, as an instant, or as `30Jan2005 9:57:53` of the device; else the header. */
export function timeOf(line: Line): number {
  const start = spans.start[KEY.time] as number
  if (start >= 0) {
    const unixMs = stampOf(line, start, spans.end[KEY.time] as number)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

function stampOf(line: Line, start: number, end: number): number {
  const { bytes } = line
  const dayEnd = endOfDay(bytes, start, end)
  if (dayEnd < 0) {
    const unixMs = epochMs(bytes, start, end)
    return Number.isNaN(unixMs) ? line.fieldMs(start, end) : unixMs
  }
  let clock = dayEnd
  while (clock < end && !isDigit(bytes[clock] as number)) clock++
  if (endOfClock(bytes, clock, end) < 0) return Number.NaN
  const isShort = bytes[clock + 1] === 0x3a
  // `9:57:53`: the byte in front is a blank or a quote and no digit
  const seconds = isShort ? shortClock(bytes, clock) : readClock(bytes, clock)
  const year = readFourDigits(bytes, dayEnd - 4)
  const month = readMonth(bytes, dayEnd - 7)
  const day = readDecimal(bytes, start, dayEnd - 7)
  if (seconds < 0 || !isDate(year, month, day)) return Number.NaN
  const unixMs = line.zone.toUnixMs(dayMs(year, month, day) + seconds * 1000, line.arrivalMs)
  return isSane(unixMs) ? unixMs : Number.NaN
}

function shortClock(bytes: Uint8Array, at: number): number {
  const hour = (bytes[at] as number) - 0x30
  const minute = readDecimal(bytes, at + 2, at + 4)
  const second = readDecimal(bytes, at + 5, at + 7)
  return minute <= 59 && second <= 60 ? (hour * 60 + minute) * 60 + second : -1
}

/** A user by the first of the keys that name one. */
export function readUser(line: Line, into: RecordBatch, row: number): void {
  if (
    !text(line, into, row, KEY.sourceUser, TEXT_SLOT.sourceUser) &&
    !text(line, into, row, KEY.user, TEXT_SLOT.sourceUser)
  ) {
    text(line, into, row, KEY.administrator, TEXT_SLOT.sourceUser)
  }
}

/** The rule's name, else its number; of an administrator's line the rule or exception that was changed. */
export function readRule(line: Line, into: RecordBatch, row: number): void {
  if (
    !text(line, into, row, KEY.ruleName, TEXT_SLOT.rule) &&
    !text(line, into, row, KEY.rule, TEXT_SLOT.rule)
  ) {
    const isRule = codeOf(line.bytes, KEY.objectType, RULE_OBJECTS, 0) === 1
    if (isRule) text(line, into, row, KEY.objectName, TEXT_SLOT.rule)
  }
}

export function readApplication(line: Line, into: RecordBatch, row: number): void {
  if (!text(line, into, row, KEY.application, TEXT_SLOT.application)) {
    text(line, into, row, KEY.serviceId, TEXT_SLOT.application)
  }
}

/** The protection, of the kind of attack; else the attack. */
export function readThreatName(line: Line, into: RecordBatch, row: number): void {
  if (text(line, into, row, KEY.protectionName, TEXT_SLOT.threatName)) {
    text(line, into, row, KEY.attack, TEXT_SLOT.threatCategory)
  } else text(line, into, row, KEY.attack, TEXT_SLOT.threatName)
}
