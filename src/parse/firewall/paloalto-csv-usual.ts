/**
 * The short way for usual TRAFFIC lines of PAN-OS CSV: plain columns in front, read in one pass, and a tail behind the
 * session end reason (column 47 on) that was read before, but for the high-resolution time. Anything quoted, masked or
 * odd goes the long way (paloalto-csv.ts). (m) half the time of the long way.
 */
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { CATEGORY } from '../../model/log-record.ts'
import { readAddress } from '../address-bytes.ts'
import { COMMA, indexOfByte, isDigit } from '../bytes.ts'
import {
  setCounter,
  setDeviceFromHeader,
  setLowerWord,
  setNatAddress,
  setSerial,
  setText,
} from '../fields.ts'
import type { Line } from '../line.ts'
import { WasmModule } from '../../lib/wasm-assembler.ts'
import { TailMemory } from '../tail-memory.ts'
import { kernelMemory } from '../text-kernel.ts'
import { dispositionOf } from '../words.ts'
import type { Columns } from './paloalto-columns.ts'

/** Shorter lines go the long way, which looks at every bound. */
export const USUAL_CSV_BYTES = 400
/** Bytes that must be left behind each column read here. */
const MIN_TAIL_BYTES = 120
const STAMP_BYTES = 19
const COMMAS = 0x2c2c2c2c
const TAIL_COLUMN = 47
const TIME_COLUMN = 102
/** `TRAFFIC,` as words. */
const TRAFFIC_FIRST = 0x46415254
const TRAFFIC_SECOND = 0x2c434946

/** Hashed: the device, where the rule's UUID usually lies, and the application's kind. */
const tails = new TailMemory([TEXT_SLOT.device, TEXT_SLOT.ruleId, TEXT_SLOT.sourceEdl], {
  fromStart: [8, 16, 24, 56, 64, 72, 80],
  fromEnd: [12, 20],
})

interface Kernel {
  /** The entry of a tail that was read before, but for its time; else -1. */
  readonly find: (start: number, end: number) => number
  /** Where a tail belongs. */
  readonly entryOf: (start: number, end: number) => number
}

function makeKernel(): Kernel {
  const module = new WasmModule()
  tails.define(module, false, 'find')
  tails.define(module, true, 'entryOf')
  return module.run(kernelMemory) as unknown as Kernel
}

const kernel = makeKernel()

/** Number read by the last `digits`, and where the column behind it begins. */
let value = 0
let next = 0

/** Reads a decimal of 1 to 15 digits up to its comma; false when there is something else. */
function digits(bytes: Uint8Array, from: number): boolean {
  let at = from
  let number = 0
  let byte = bytes[at] as number
  while (byte !== COMMA) {
    const digit = byte - 0x30
    if (!(digit >= 0 && digit <= 9)) return false // also behind the end of the buffer
    number = number * 10 + digit
    byte = bytes[++at] as number
  }
  value = number
  next = at + 1
  return at > from && at - from <= 15
}

/** Start of the column behind the one at `from`; -1 when that one is quoted or a brace list. */
function behindColumn(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  const first = bytes[from] as number
  if (first === 0x22 || first === 0x7b) return -1
  return first === COMMA ? from + 1 : indexOfByte(view, from, end, COMMAS) + 1
}

/** Start of the column behind a PAN-OS stamp or an empty one at `from`, else -1. */
function behindStamp(bytes: Uint8Array, from: number): number {
  if (bytes[from] === COMMA) return from + 1
  if (bytes[from + STAMP_BYTES] !== COMMA || bytes[from + 4] !== 0x2f || bytes[from + 13] !== 0x3a) return -1
  return isDigit(bytes[from] as number) && isDigit(bytes[from + 18] as number) ? from + STAMP_BYTES + 1 : -1
}

/** False when it is not such a line; the row may be touched then and must be cleared. */
export function readUsualTraffic(line: Line, into: RecordBatch, row: number): boolean {
  const { bytes, view, at } = line
  const end = line.end - MIN_TAIL_BYTES
  if (bytes[at + 1] !== COMMA || !isDigit(bytes[at] as number)) return false
  const serial = behindStamp(bytes, at + 2)
  if (serial !== at + 3 + STAMP_BYTES) return false
  const type = behindColumn(bytes, view, serial, end)
  if (type < 0 || type > end) return false
  if (view.getInt32(type, true) !== TRAFFIC_FIRST || view.getInt32(type + 4, true) !== TRAFFIC_SECOND)
    return false
  const subtype = type + 8
  const version = behindColumn(bytes, view, subtype, end)
  if (version < 0 || version > end) return false
  const generated = behindColumn(bytes, view, version, end)
  if (generated < 0 || generated > end) return false
  const source = behindStamp(bytes, generated)
  if (source < 0) return false
  const rule = readAddresses(line, into, row, source, end)
  if (rule < 0) return false
  const logged = readRule(line, into, row, rule, end)
  if (logged < 0) return false
  const reason = readNumbers(line, into, row, logged, end)
  if (reason < 0) return false
  const tail = readEndReason(line, into, row, reason)
  if (tail < 0 || !readTail(line, into, row, tail, generated)) return false
  setSerial(into, row, bytes, serial, type - 1)
  into.setText(row, TEXT_SLOT.type, type, type + 7)
  setLowerWord(into, row, TEXT_SLOT.subtype, line, subtype, version - 1)
  into.category[row] = CATEGORY.traffic
  return true
}

/** Columns 7 to 10; returns the start of column 11 or -1. */
function readAddresses(line: Line, into: RecordBatch, row: number, source: number, end: number): number {
  const { bytes, view } = line
  const words = into.addresses
  const at = row * ADDRESS_STRIDE
  const destination = indexOfByte(view, source, end, COMMAS) + 1
  if (!readAddress(bytes, source, destination - 1, words, at + ADDRESS_SLOT.sourceAddress)) return -1
  const natSource = indexOfByte(view, destination, end, COMMAS) + 1
  if (!readAddress(bytes, destination, natSource - 1, words, at + ADDRESS_SLOT.destinationAddress)) return -1
  const natDestination = behindColumn(bytes, view, natSource, end)
  if (natDestination < 0 || natDestination > end) return -1
  const rule = behindColumn(bytes, view, natDestination, end)
  if (rule < 0 || rule > end) return -1
  setNatAddress(into, row, ADDRESS_SLOT.natSourceAddress, bytes, natSource, natDestination - 1)
  setNatAddress(into, row, ADDRESS_SLOT.natDestinationAddress, bytes, natDestination, rule - 1)
  return rule
}

/** Columns 11 to 20; returns the start of column 21 or -1. */
function readRule(line: Line, into: RecordBatch, row: number, rule: number, end: number): number {
  const { bytes, view } = line
  const user = behindColumn(bytes, view, rule, end)
  if (user < 0 || user > end) return -1
  const toUser = behindColumn(bytes, view, user, end)
  if (toUser < 0 || toUser > end) return -1
  const application = behindColumn(bytes, view, toUser, end)
  if (application < 0 || application > end) return -1
  const system = behindColumn(bytes, view, application, end)
  if (system < 0 || system > end) return -1
  const zone = behindColumn(bytes, view, system, end)
  if (zone < 0 || zone > end) return -1
  const toZone = behindColumn(bytes, view, zone, end)
  if (toZone < 0 || toZone > end) return -1
  let at = toZone
  // Destination zone, both interfaces and the log action.
  let toZoneEnd = 0
  for (let column = 17; column <= 20; column++) {
    at = behindColumn(bytes, view, at, end)
    if (at < 0 || at > end) return -1
    if (column === 17) toZoneEnd = at - 1
  }
  setText(into, row, TEXT_SLOT.rule, bytes, rule, user - 1)
  setText(into, row, TEXT_SLOT.sourceUser, bytes, user, toUser - 1)
  setText(into, row, TEXT_SLOT.destinationUser, bytes, toUser, application - 1)
  setText(into, row, TEXT_SLOT.application, bytes, application, system - 1)
  setText(into, row, TEXT_SLOT.sourceZone, bytes, zone, toZone - 1)
  setText(into, row, TEXT_SLOT.destinationZone, bytes, toZone, toZoneEnd)
  return at
}

/** Column 46: a plain word or `n/a`; returns the start of column 47 or -1. */
function readEndReason(line: Line, into: RecordBatch, row: number, from: number): number {
  const { bytes } = line
  if (
    bytes[from] === 0x6e &&
    bytes[from + 1] === 0x2f &&
    bytes[from + 2] === 0x61 &&
    bytes[from + 3] === COMMA
  ) {
    return from + 4
  }
  const tail = behindWord(bytes, from)
  if (tail > 0) into.setText(row, TEXT_SLOT.sessionEndReason, from, tail - 1)
  return tail
}

/** Columns 21 to 45; returns the start of column 46 or -1. */
function readNumbers(line: Line, into: RecordBatch, row: number, from: number, end: number): number {
  const { bytes, view } = line
  const session = behindStamp(bytes, from)
  if (session < 0 || !digits(bytes, session)) return -1
  setCounter(into, row, TEXT_SLOT.sessionId, bytes, session, next - 1)
  if (!digits(bytes, next)) return -1
  if (value >= 1 && value <= 0xffffffff) into.repeatCount[row] = value
  if (!digits(bytes, next) || value > 65_535) return -1
  into.sourcePort[row] = value
  if (!digits(bytes, next) || value > 65_535) return -1
  into.destinationPort[row] = value
  if (!digits(bytes, next) || value > 65_535) return -1
  if (!digits(bytes, next) || value > 65_535) return -1
  into.natDestinationPort[row] = value
  const protocol = behindColumn(bytes, view, next, end)
  if (protocol < 0 || protocol > end) return -1
  const bytesTotal = readWords(line, into, row, protocol, end)
  if (bytesTotal < 0 || !digits(bytes, bytesTotal) || !digits(bytes, next)) return -1
  into.bytesSent[row] = value
  if (!digits(bytes, next)) return -1
  into.bytesReceived[row] = value
  if (!digits(bytes, next)) return -1
  const elapsed = behindStamp(bytes, next)
  if (elapsed < 0 || !digits(bytes, elapsed)) return -1
  return readCounts(line, into, row, next, end)
}

/** Columns 29 and 30: letters and hyphens only; returns the start of column 31 or -1. */
function readWords(line: Line, into: RecordBatch, row: number, protocol: number, end: number): number {
  const { bytes } = line
  const action = behindWord(bytes, protocol)
  if (action < 0 || isDigit(bytes[protocol] as number) || isDigit(bytes[action] as number)) return -1
  const behind = behindWord(bytes, action)
  if (behind < 0 || behind > end) return -1
  into.setText(row, TEXT_SLOT.protocol, protocol, action - 1)
  into.setText(row, TEXT_SLOT.action, action, behind - 1)
  into.disposition[row] = dispositionOf(bytes, action, behind - 1)
  return behind
}

/** Behind 1 to 40 lower-case letters, digits or hyphens and their comma, else -1. */
function behindWord(bytes: Uint8Array, from: number): number {
  for (let at = from; at <= from + 40; at++) {
    const byte = bytes[at] as number
    if (byte === COMMA) return at > from ? at + 1 : -1
    if ((byte < 0x61 || byte > 0x7a) && byte !== 0x2d && !isDigit(byte)) return -1
  }
  return -1
}

/** Columns 37 to 45; returns the start of column 46 or -1. */
function readCounts(line: Line, into: RecordBatch, row: number, from: number, end: number): number {
  const { bytes, view } = line
  const unused = behindColumn(bytes, view, from, end)
  if (unused < 0 || unused > end) return -1
  const sequence = behindColumn(bytes, view, unused, end)
  if (sequence < 0 || sequence > end) return -1
  const flags = behindColumn(bytes, view, sequence, end)
  if (flags < 0 || flags > end) return -1
  const country = behindColumn(bytes, view, flags, end)
  if (country < 0 || country > end) return -1
  const toCountry = behindColumn(bytes, view, country, end)
  if (toCountry < 0 || toCountry > end) return -1
  const unused2 = behindColumn(bytes, view, toCountry, end)
  if (unused2 < 0 || unused2 > end) return -1
  const packets = behindColumn(bytes, view, unused2, end)
  if (packets < 0 || packets > end || !digits(bytes, packets)) return -1
  into.packetsSent[row] = value
  if (!digits(bytes, next)) return -1
  into.packetsReceived[row] = value
  setCounter(into, row, TEXT_SLOT.sequenceNumber, bytes, sequence, flags - 1)
  setText(into, row, TEXT_SLOT.sourceCountry, bytes, country, toCountry - 1)
  setText(into, row, TEXT_SLOT.destinationCountry, bytes, toCountry, unused2 - 1)
  return next <= end ? next : -1
}

/** Column 47 and what follows, device and time. False when the tail is not remembered or its time is none. */
function readTail(line: Line, into: RecordBatch, row: number, tail: number, generated: number): boolean {
  const { view, end } = line
  if (!line.isCopied()) return false
  const entry = kernel.find(tail, end)
  if (entry < 0) return false
  tails.applyTexts(entry, into, row, tail)
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  // Named by its serial where it has no name: rare enough for the long way.
  if (into.text[device] === into.text[device + 1]) return false
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
  const holeLength = tails.holeLength(entry)
  if (holeLength > 0) {
    const timeAt = tail + tails.holeAt(entry)
    const unixMs = line.stamps.readInstant(line.bytes, view, timeAt, timeAt + holeLength)
    into.eventTimeMs[row] = unixMs
    return !Number.isNaN(unixMs)
  }
  const unixMs = line.fieldMs(generated, generated + STAMP_BYTES)
  into.eventTimeMs[row] = unixMs
  return !Number.isNaN(unixMs)
}

/** Forgets all tails, for tests that want the long way. */
export function forgetUsualTraffic(): void {
  tails.clear()
}

/** Remembers the tail of a TRAFFIC line that was read the long way without any doubt. */
export function keepUsualTraffic(line: Line, columns: Columns, into: RecordBatch, row: number): void {
  const { end } = line
  const start = columns.start
  const tail = start[TAIL_COLUMN] as number
  if (columns.firstQuoted < TAIL_COLUMN || columns.count <= TAIL_COLUMN || end - tail < MIN_TAIL_BYTES) return
  const address = row * ADDRESS_STRIDE + ADDRESS_SLOT.clientAddress
  for (let i = 0; i < 4; i++) if (into.addresses[address + i] !== 0) return
  let holeAt = end
  let holeLength = 0
  if (columns.count > TIME_COLUMN) {
    const timeAt = start[TIME_COLUMN] as number
    holeLength = columns.endOf(TIME_COLUMN) - timeAt
    if (holeLength > 0) holeAt = timeAt
  }
  if (!line.isCopied()) return
  tails.keep(kernel.entryOf(tail, end), line, tail, end, holeAt, holeLength, into, row)
}
