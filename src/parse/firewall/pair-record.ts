/**
 * Makes a record of the registers that the pairs of a CEF or LEEF line have filled: addresses, ports, names, quantities,
 * device and time. What the line means (type, category, severity, attacker, disposition) is the vendor's part.
 *
 * Values that say "none" (`N/A`, `-`, `null`) and masked or impossible addresses are unknown.
 */
import { FLAG } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { ascii, indexOfByte, isWord, readDecimal, readPort } from '../bytes.ts'
import {
  setAddress,
  setClientAddress,
  setCounter,
  setDeviceFromHeader,
  setLowerWord,
  setSerial,
  setText,
} from '../fields.ts'
import type { Line } from '../line.ts'
import { setProtocol } from '../value-fields.ts'
import { type ByteRange, readWhen } from '../when.ts'
import { REGISTER, type RegisterName } from './pair-registers.ts'
import type { Pairs } from './pair-scan.ts'

/** How a backslash in a value is to be taken. */
export const ESCAPES = { none: 0, cef: 1 } as const

const R = REGISTER
const BACKSLASH = 0x5c
const BACKSLASH_4 = BACKSLASH * 0x01010101
const NONE_WORDS = ['n/a', '-', 'null', '(null)', 'none', 'not-available'].map(ascii)

/** Text fields that are copied as they are. Users may hold `DOMAIN\name`: there `\n` is no line feed. */
const PLAIN: readonly (readonly [register: number, slot: number, isUser: boolean])[] = (
  [
    ['rule', TEXT_SLOT.rule, false],
    ['ruleId', TEXT_SLOT.ruleId, false],
    ['sourceUser', TEXT_SLOT.sourceUser, true],
    ['destinationUser', TEXT_SLOT.destinationUser, true],
    ['sourceZone', TEXT_SLOT.sourceZone, false],
    ['destinationZone', TEXT_SLOT.destinationZone, false],
    ['sourceCountry', TEXT_SLOT.sourceCountry, false],
    ['destinationCountry', TEXT_SLOT.destinationCountry, false],
    ['application', TEXT_SLOT.application, false],
    ['threatName', TEXT_SLOT.threatName, false],
    ['threatCategory', TEXT_SLOT.threatCategory, false],
    ['sourceEdl', TEXT_SLOT.sourceEdl, false],
    ['url', TEXT_SLOT.url, false],
    ['device', TEXT_SLOT.device, false],
    ['reason', TEXT_SLOT.sessionEndReason, false],
  ] as const satisfies readonly (readonly [RegisterName, number, boolean])[]
).map(([name, slot, isUser]) => [R[name], slot, isUser])

/** Fills everything that means the same for every vendor. */
export function setCommon(line: Line, into: RecordBatch, row: number, pairs: Pairs, escapes: number): void {
  if (pairs.ambiguous) line.flags |= FLAG.ambiguous
  setAddresses(line, into, row, pairs)
  for (const [register, slot, isUser] of PLAIN)
    setValue(line, into, row, slot, pairs, register, escapes, isUser)
  setNumbers(line, into, row, pairs)
  if (pairs.has(R.protocol)) setProtocolOf(line, into, row, pairs)
  if (pairs.has(R.action)) {
    setLowerWord(
      into,
      row,
      TEXT_SLOT.action,
      line,
      pairs.start[R.action] as number,
      pairs.end[R.action] as number,
    )
  }
  setDeviceAndTime(line, into, row, pairs)
}

/** `6`, `TCP`, `udp/dns` (SonicWall). */
export function setProtocolOf(line: Line, into: RecordBatch, row: number, pairs: Pairs): void {
  const start = pairs.start[R.protocol] as number
  const end = pairs.end[R.protocol] as number
  let to = start
  while (to < end && line.bytes[to] !== 0x2f) to++
  setProtocol(into, row, line, start, to)
}

/** Sets a text field from a register; nothing when it has no value or one that says "none". */
export function setValue(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  pairs: Pairs,
  register: number,
  escapes: number,
  isUser = false,
): void {
  const start = pairs.start[register] as number
  const end = pairs.end[register] as number
  if (end <= start) return
  const { bytes } = line
  if (end - start <= 13 && isNone(bytes, start, end)) return
  if (escapes === ESCAPES.cef && indexOfByte(line.view, start, end, BACKSLASH_4) < end) {
    setUnescaped(line, into, row, slot, start, end, isUser)
    return
  }
  const isQuoted = end - start >= 2 && bytes[start] === 0x22 && bytes[end - 1] === 0x22
  if (isQuoted) setText(into, row, slot, bytes, start + 1, end - 1)
  else setText(into, row, slot, bytes, start, end)
}

function isNone(bytes: Uint8Array, start: number, end: number): boolean {
  const first = (bytes[start] as number) | 0x20
  if (first !== 0x6e && first !== 0x2d && first !== 0x28) return false
  for (const word of NONE_WORDS) if (isWord(bytes, start, end, word)) return true
  return false
}

/** CEF: `\=`, `\|`, `\\`, and `\n`, `\r` for line ends. */
function setUnescaped(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
  isUser: boolean,
): void {
  let to = line.appendSpace(end - start)
  const from = to
  const { bytes } = line
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    const next = byte === BACKSLASH && at + 1 < end ? (bytes[at + 1] as number) : 0
    const isMark = next === BACKSLASH || next === 0x3d || next === 0x7c || next === 0x22
    const isLineEnd = !isUser && (next === 0x6e || next === 0x72)
    if (isMark || isLineEnd) at++
    bytes[to++] = isLineEnd ? (next === 0x6e ? 0x0a : 0x0d) : isMark ? next : byte
  }
  line.take(to)
  setText(into, row, slot, bytes, from, to)
}

function setAddresses(line: Line, into: RecordBatch, row: number, pairs: Pairs): void {
  setEither(line, into, row, pairs, ADDRESS_SLOT.sourceAddress, R.source, R.source6)
  setEither(line, into, row, pairs, ADDRESS_SLOT.destinationAddress, R.destination, R.destination6)
  setNat(line, into, row, pairs, ADDRESS_SLOT.natSourceAddress, R.natSource)
  setNat(line, into, row, pairs, ADDRESS_SLOT.natDestinationAddress, R.natDestination)
  if (pairs.has(R.client)) {
    setClientAddress(into, row, line.bytes, pairs.start[R.client] as number, pairs.end[R.client] as number)
  }
}

/** The address of one key, or of the key for IPv6 where the first is empty or `0.0.0.0`. */
export function setEither(
  line: Line,
  into: RecordBatch,
  row: number,
  pairs: Pairs,
  slot: number,
  register: number,
  register6: number,
): void {
  if (pairs.has(register)) {
    setAddress(into, row, slot, line.bytes, pairs.start[register] as number, pairs.end[register] as number)
    clearUnset(into, row, slot)
  }
  if (!pairs.has(register6)) return
  const at = row * ADDRESS_STRIDE + slot
  const words = into.addresses
  const isEmpty = (words[at + 2] as number) === 0 && (words[at + 3] as number) === 0 && words[at] === 0
  const isAnyV4 = words[at + 2] === 0xffff && words[at + 3] === 0 && words[at] === 0 && words[at + 1] === 0
  if (!isEmpty && !isAnyV4) return
  setAddress(into, row, slot, line.bytes, pairs.start[register6] as number, pairs.end[register6] as number)
  clearUnset(into, row, slot)
}

/** `::ffff:0` is how Strata writes an IPv6 address that is not set. */
export function clearUnset(into: RecordBatch, row: number, slot: number): void {
  const at = row * ADDRESS_STRIDE + slot
  const words = into.addresses
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0xffff0000)
    words[at + 3] = 0
}

export function setNat(
  line: Line,
  into: RecordBatch,
  row: number,
  pairs: Pairs,
  slot: number,
  register: number,
): void {
  if (!pairs.has(register)) return
  setAddress(into, row, slot, line.bytes, pairs.start[register] as number, pairs.end[register] as number)
  clearNoNat(into, row, slot)
}

/** Addresses in 0.0.0.0/8 mean that there was no translation. */
export function clearNoNat(into: RecordBatch, row: number, slot: number): void {
  const at = row * ADDRESS_STRIDE + slot
  const words = into.addresses
  if (words[at + 2] === 0xffff && (words[at + 3] as number) < 0x01000000)
    into.setAddress(row, slot, 0, 0, 0, 0)
  else clearUnset(into, row, slot)
}

function setNumbers(line: Line, into: RecordBatch, row: number, pairs: Pairs): void {
  into.sourcePort[row] = portOf(line, pairs, R.sourcePort)
  into.destinationPort[row] = portOf(line, pairs, R.destinationPort)
  into.natDestinationPort[row] = portOf(line, pairs, R.natDestinationPort)
  into.bytesSent[row] = numberOf(line, pairs, R.sent)
  into.bytesReceived[row] = numberOf(line, pairs, R.received)
  into.packetsSent[row] = numberOf(line, pairs, R.packetsSent)
  into.packetsReceived[row] = numberOf(line, pairs, R.packetsReceived)
  const repeats = numberOf(line, pairs, R.count)
  if (repeats >= 1 && repeats <= 0xffffffff) into.repeatCount[row] = repeats
  if (pairs.has(R.session)) {
    setCounter(
      into,
      row,
      TEXT_SLOT.sessionId,
      line.bytes,
      pairs.start[R.session] as number,
      pairs.end[R.session] as number,
    )
  }
  if (pairs.has(R.sequence)) {
    const start = pairs.start[R.sequence] as number
    setCounter(into, row, TEXT_SLOT.sequenceNumber, line.bytes, start, pairs.end[R.sequence] as number)
  }
}

export function portOf(line: Line, pairs: Pairs, register: number): number {
  if (!pairs.has(register)) return 0
  const port = readPort(line.bytes, pairs.start[register] as number, pairs.end[register] as number)
  return port < 0 ? 0 : port
}

/** The number in a register, NaN when there is none. */
export function numberOf(line: Line, pairs: Pairs, register: number): number {
  if (!pairs.has(register)) return Number.NaN
  return readDecimal(line.bytes, pairs.start[register] as number, pairs.end[register] as number)
}

/** The device is its own name, else its serial, else the header's host. */
export function setDeviceAndTime(line: Line, into: RecordBatch, row: number, pairs: Pairs): void {
  if (pairs.has(R.serial)) {
    setSerial(into, row, line.bytes, pairs.start[R.serial] as number, pairs.end[R.serial] as number)
  }
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  if (into.text[device] === into.text[device + 1]) {
    const serial = row * TEXT_STRIDE + TEXT_SLOT.deviceSerial
    into.text[device] = into.text[serial] as number
    into.text[device + 1] = into.text[serial + 1] as number
  }
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
  into.eventTimeMs[row] = timeOf(line, pairs)
}

/** The high-resolution stamp, else when it happened, else when it was received, else the header, else arrival. */
function timeOf(line: Line, pairs: Pairs): number {
  const zone = rangeOf(pairs, R.timeZone)
  const pattern = rangeOf(pairs, R.timeFormat)
  for (const register of [R.exactTime, R.eventTime, R.receiveTime]) {
    if (!pairs.has(register)) continue
    const unixMs = readWhen(
      line,
      pairs.start[register] as number,
      pairs.end[register] as number,
      zone,
      pattern,
    )
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

function rangeOf(pairs: Pairs, register: number): ByteRange {
  return { start: pairs.start[register] as number, end: pairs.end[register] as number }
}
