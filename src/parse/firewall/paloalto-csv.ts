/**
 * PAN-OS default CSV logs (FIELD.md B.5): TRAFFIC and THREAT of any version in full, other types by their head. Read by
 * column index from the front, never from the end; fewer and more columns are accepted. Columns whose type is wrong mean
 * that text of an outsider has moved them: such a line is `ambiguous` or not read at all, never guessed.
 */
import { ATTACKER, CATEGORY, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, COMMA, isDigit, isWord, readDecimal, readPort } from '../bytes.ts'
import {
  isVariable,
  readThreat,
  setAddress,
  setClientAddress,
  setCounter,
  setDeviceFromHeader,
  setLowerWord,
  setNatAddress,
  setSerial,
  setText,
  setUpperWord,
} from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { attackerOf, categoryOf, dispositionOf, isPlainWord, severityOf } from '../words.ts'
import { keepUsualTraffic, readUsualTraffic, USUAL_CSV_BYTES } from './paloalto-csv-usual.ts'
import { Columns } from './paloalto-columns.ts'
import { readOtherType, reasonOf } from './paloalto-csv-other.ts'
import { isStrataSession, readStrata } from './paloalto-csv-strata.ts'

const REASONS = [
  'paloalto-csv: the type column does not name a log type of PAN-OS',
  'paloalto-csv: the line ends before column 31 (action)',
  'paloalto-csv: column 8 (source address) is not an address',
  'paloalto-csv: column 9 (destination address) is not an address',
] as const
const REASON = { type: 0, short: 1, source: 2, destination: 3 } as const
const OK = -1

/** Columns that TRAFFIC and THREAT share. */
const COLUMN = {
  receiveTime: 1,
  serial: 2,
  type: 3,
  subtype: 4,
  generatedTime: 6,
  sourceAddress: 7,
  destinationAddress: 8,
  natSource: 9,
  natDestination: 10,
  rule: 11,
  sourceUser: 12,
  destinationUser: 13,
  application: 14,
  sourceZone: 16,
  destinationZone: 17,
  sessionId: 22,
  repeatCount: 23,
  sourcePort: 24,
  destinationPort: 25,
  natDestinationPort: 27,
  protocol: 29,
  action: 30,
} as const
const TRAFFIC = {
  bytesSent: 32,
  bytesReceived: 33,
  sequenceNumber: 39,
  sourceCountry: 41,
  destinationCountry: 42,
  packetsSent: 44,
  packetsReceived: 45,
  sessionEndReason: 46,
  deviceName: 52,
  ruleId: 65,
  clientAddress: 75,
  sourceEdl: 95,
  highResolutionTime: 102,
} as const
const THREAT = {
  url: 31,
  threat: 32,
  severity: 34,
  direction: 35,
  sequenceNumber: 36,
  sourceCountry: 38,
  destinationCountry: 39,
  forwardedFor: 48,
  deviceName: 59,
  threatCategory: 69,
  ruleId: 76,
  clientAddress: 79,
  sourceEdl: 99,
  highResolutionTime: 107,
} as const
/** Least columns of a traffic or threat line: through the action. */
const MIN_COLUMNS = 31

const NOT_AVAILABLE = ascii('n/a')

const columns = new Columns()

/** A digit or nothing and a comma in front of a time, or the time itself where there is no first column. */
function recognise(line: Line): boolean {
  const { bytes, at, end } = line
  if (end - at < 24) return false
  let i = at
  while (i < at + 20 && isDigit(bytes[i] as number)) i++
  if (bytes[i] === COMMA) return isDigit(bytes[i + 1] as number)
  return i === at + 4 && (bytes[i] === 0x2f || bytes[i] === 0x2d) && isDigit(bytes[i + 1] as number)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (line.flags !== 0 || line.end - line.at < USUAL_CSV_BYTES) return readAny(line, into, row)
  if (readUsualTraffic(line, into, row)) return OK
  into.clearRow(row)
  const failed = readAny(line, into, row)
  if (failed === OK && line.flags === 0 && into.category[row] === CATEGORY.traffic) {
    keepUsualTraffic(line, columns, into, row)
  }
  return failed
}

/** The long way: any type, any version, any quoting. */
function readAny(line: Line, into: RecordBatch, row: number): number {
  const { bytes, at } = line
  const isFirstMissing =
    isDigit(bytes[at + 1] as number) && (bytes[at + 4] === 0x2f || bytes[at + 4] === 0x2d)
  columns.split(line, isFirstMissing ? 1 : 0)
  // A line cut somewhere: its last column may be half a value.
  if ((line.flags & FLAG.truncated) !== 0 && columns.count > 1) columns.count--
  const category = columns.count > COLUMN.type ? typeOf(bytes) : CATEGORY.other
  if (category === CATEGORY.other) return readOtherType(columns, line, into, row)
  if (isStrataSession(columns, line)) return reasonOf(readStrata(columns, line, into, row))
  into.category[row] = category
  if (columns.count < MIN_COLUMNS) return REASON.short
  const failed = readAddresses(line, into, row)
  if (failed !== OK) return failed
  readHead(line, into, row, COLUMN.type)
  readShared(line, into, row)
  if (columns.brokenQuotes) line.flags |= FLAG.ambiguous
  if (category === CATEGORY.traffic) readTraffic(line, into, row)
  else readThreatLine(line, into, row)
  return OK
}

function typeOf(bytes: Uint8Array): number {
  return categoryOf(bytes, columns.start[COLUMN.type] as number, columns.endOf(COLUMN.type))
}

function readAddresses(line: Line, into: RecordBatch, row: number): number {
  if (!readAddressOf(line, into, row, COLUMN.sourceAddress, ADDRESS_SLOT.sourceAddress)) return REASON.source
  if (!readAddressOf(line, into, row, COLUMN.destinationAddress, ADDRESS_SLOT.destinationAddress)) {
    return REASON.destination
  }
  columns.value(line, COLUMN.natSource)
  setNatAddress(into, row, ADDRESS_SLOT.natSourceAddress, line.bytes, columns.from, columns.to)
  columns.value(line, COLUMN.natDestination)
  setNatAddress(into, row, ADDRESS_SLOT.natDestinationAddress, line.bytes, columns.from, columns.to)
  return OK
}

function readAddressOf(line: Line, into: RecordBatch, row: number, column: number, slot: number): boolean {
  columns.value(line, column)
  const { from, to } = columns
  return setAddress(into, row, slot, line.bytes, from, to) || looksLikeAddress(line.bytes, from, to)
}

/** Serial, type and subtype. */
function readHead(line: Line, into: RecordBatch, row: number, typeColumn: number): void {
  // Audit logs have the serial number in front of the time.
  columns.value(line, typeColumn > COLUMN.serial ? COLUMN.serial : 0)
  setSerial(into, row, line.bytes, columns.from, columns.to)
  columns.value(line, typeColumn)
  setUpperWord(into, row, TEXT_SLOT.type, line, columns.from, columns.to)
  if (typeColumn !== COLUMN.type) return
  columns.value(line, COLUMN.subtype)
  setLowerWord(into, row, TEXT_SLOT.subtype, line, columns.from, columns.to)
}

function text(line: Line, into: RecordBatch, row: number, column: number, slot: number): void {
  if (column >= columns.count) return
  columns.value(line, column)
  if (columns.to > columns.from) setText(into, row, slot, line.bytes, columns.from, columns.to)
}

/** Columns 11 to 30, which both types have alike. */
function readShared(line: Line, into: RecordBatch, row: number): void {
  text(line, into, row, COLUMN.rule, TEXT_SLOT.rule)
  text(line, into, row, COLUMN.sourceUser, TEXT_SLOT.sourceUser)
  text(line, into, row, COLUMN.destinationUser, TEXT_SLOT.destinationUser)
  text(line, into, row, COLUMN.application, TEXT_SLOT.application)
  text(line, into, row, COLUMN.sourceZone, TEXT_SLOT.sourceZone)
  text(line, into, row, COLUMN.destinationZone, TEXT_SLOT.destinationZone)
  columns.value(line, COLUMN.sessionId)
  setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, columns.from, columns.to)
  const repeats = number(line, COLUMN.repeatCount)
  if (repeats >= 1 && repeats <= 0xffffffff) into.repeatCount[row] = repeats
  into.sourcePort[row] = port(line, COLUMN.sourcePort)
  into.destinationPort[row] = port(line, COLUMN.destinationPort)
  into.natDestinationPort[row] = port(line, COLUMN.natDestinationPort)
  columns.value(line, COLUMN.protocol)
  setLowerWord(into, row, TEXT_SLOT.protocol, line, columns.from, columns.to)
  if (!isPlainWord(line.bytes, columns.from, columns.to) || isHex(line.bytes)) line.flags |= FLAG.ambiguous
  columns.value(line, COLUMN.action)
  setLowerWord(into, row, TEXT_SLOT.action, line, columns.from, columns.to)
  // One column too many in front, and the flags (`0x...`) or a port would stand here.
  const startsWithDigit = columns.to > columns.from && isDigit(line.bytes[columns.from] as number)
  if (!isPlainWord(line.bytes, columns.from, columns.to) || startsWithDigit) line.flags |= FLAG.ambiguous
  const action = row * TEXT_STRIDE + TEXT_SLOT.action
  into.disposition[row] = dispositionOf(
    line.bytes,
    into.text[action] as number,
    into.text[action + 1] as number,
  )
}

/** A port; text that is none in its column means that columns have moved. */
function port(line: Line, column: number): number {
  columns.value(line, column)
  const { from, to } = columns
  const value = readPort(line.bytes, from, to)
  if (value >= 0) return value
  if (from !== to && !isVariable(line.bytes, from, to)) line.flags |= FLAG.ambiguous
  return 0
}

/** The number of a column, or NaN. */
function number(line: Line, column: number): number {
  columns.value(line, column)
  return readDecimal(line.bytes, columns.from, columns.to)
}

/** Whether the value in hand is `0x...`. */
function isHex(bytes: Uint8Array): boolean {
  return columns.to - columns.from > 2 && bytes[columns.from] === 0x30 && bytes[columns.from + 1] === 0x78
}

/** A quantity; text that is none in its column means that columns have moved. */
function quantity(line: Line, column: number): number {
  const found = number(line, column)
  if (Number.isNaN(found) && isText(line.bytes)) line.flags |= FLAG.ambiguous
  return found
}

function readTraffic(line: Line, into: RecordBatch, row: number): void {
  into.bytesSent[row] = quantity(line, TRAFFIC.bytesSent)
  into.bytesReceived[row] = quantity(line, TRAFFIC.bytesReceived)
  into.packetsSent[row] = quantity(line, TRAFFIC.packetsSent)
  into.packetsReceived[row] = quantity(line, TRAFFIC.packetsReceived)
  columns.value(line, TRAFFIC.sequenceNumber)
  setCounter(into, row, TEXT_SLOT.sequenceNumber, line.bytes, columns.from, columns.to)
  text(line, into, row, TRAFFIC.sourceCountry, TEXT_SLOT.sourceCountry)
  text(line, into, row, TRAFFIC.destinationCountry, TEXT_SLOT.destinationCountry)
  columns.value(line, TRAFFIC.sessionEndReason)
  if (!isWord(line.bytes, columns.from, columns.to, NOT_AVAILABLE)) {
    setLowerWord(into, row, TEXT_SLOT.sessionEndReason, line, columns.from, columns.to)
  }
  text(line, into, row, TRAFFIC.ruleId, TEXT_SLOT.ruleId)
  text(line, into, row, TRAFFIC.sourceEdl, TEXT_SLOT.sourceEdl)
  readClient(line, into, row, TRAFFIC.clientAddress)
  readDeviceAndTime(line, into, row, TRAFFIC.deviceName, TRAFFIC.highResolutionTime)
}

function readThreatLine(line: Line, into: RecordBatch, row: number): void {
  text(line, into, row, THREAT.url, TEXT_SLOT.url)
  columns.value(line, THREAT.threat)
  let moved = false
  if (columns.to > columns.from) moved = !readThreat(into, row, line.bytes, columns.from, columns.to)
  columns.value(line, THREAT.severity)
  const severity = severityOf(line.bytes, columns.from, columns.to)
  into.severity[row] = severity
  if (severity === 0 && isText(line.bytes)) moved = true
  columns.value(line, THREAT.direction)
  const attacker = attackerOf(line.bytes, columns.from, columns.to)
  into.attacker[row] = attacker
  if (attacker === ATTACKER.none) moved = moved || isText(line.bytes)
  else setDirection(line, into, row, attacker)
  columns.value(line, THREAT.sequenceNumber)
  setCounter(into, row, TEXT_SLOT.sequenceNumber, line.bytes, columns.from, columns.to)
  if (moved) line.flags |= FLAG.ambiguous
  text(line, into, row, THREAT.sourceCountry, TEXT_SLOT.sourceCountry)
  text(line, into, row, THREAT.destinationCountry, TEXT_SLOT.destinationCountry)
  text(line, into, row, THREAT.threatCategory, TEXT_SLOT.threatCategory)
  text(line, into, row, THREAT.ruleId, TEXT_SLOT.ruleId)
  text(line, into, row, THREAT.sourceEdl, TEXT_SLOT.sourceEdl)
  readClient(line, into, row, THREAT.forwardedFor)
  readClient(line, into, row, THREAT.clientAddress)
  readDeviceAndTime(line, into, row, THREAT.deviceName, THREAT.highResolutionTime)
}

/** Whether the value in hand is a text at all: not empty, no `$variable`, not masked. */
function isText(bytes: Uint8Array): boolean {
  return columns.to > columns.from && !isVariable(bytes, columns.from, columns.to)
}

const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')

/** The direction in words, also where the firewall wrote `0` or `1`. */
function setDirection(line: Line, into: RecordBatch, row: number, attacker: number): void {
  if (columns.to - columns.from > 1) {
    setLowerWord(into, row, TEXT_SLOT.direction, line, columns.from, columns.to)
    return
  }
  into.setDecodedText(
    row,
    TEXT_SLOT.direction,
    attacker === ATTACKER.source ? CLIENT_TO_SERVER : SERVER_TO_CLIENT,
  )
  line.refresh()
}

function readClient(line: Line, into: RecordBatch, row: number, column: number): void {
  if (column >= columns.count) return
  columns.value(line, column)
  setClientAddress(into, row, line.bytes, columns.from, columns.to)
}

/**
 * The device is its own name, else its serial, else the header's host. The time is the high-resolution one, else when
 * the log was generated, else when it was received by the log plane, else the header's, else arrival.
 */
function readDeviceAndTime(
  line: Line,
  into: RecordBatch,
  row: number,
  nameColumn: number,
  timeColumn: number,
): void {
  // Where columns have moved, text of an outsider may stand in the name's place.
  if ((line.flags & FLAG.ambiguous) === 0) text(line, into, row, nameColumn, TEXT_SLOT.device)
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  if (into.text[device] === into.text[device + 1]) {
    const serial = row * TEXT_STRIDE + TEXT_SLOT.deviceSerial
    into.text[device] = into.text[serial] as number
    into.text[device + 1] = into.text[serial + 1] as number
  }
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
  into.eventTimeMs[row] = timeOf(line, timeColumn)
}

function timeOf(line: Line, highResolutionColumn: number): number {
  if (highResolutionColumn > 0 && highResolutionColumn < columns.count) {
    columns.value(line, highResolutionColumn)
    const unixMs = line.stamps.readInstant(line.bytes, line.view, columns.from, columns.to)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  columns.value(line, COLUMN.generatedTime)
  const generated = line.fieldMs(columns.from, columns.to)
  if (!Number.isNaN(generated)) return generated
  columns.value(line, COLUMN.receiveTime)
  const received = line.fieldMs(columns.from, columns.to)
  if (!Number.isNaN(received)) return received
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

export const paloaltoCsv: LineFormat = {
  code: FORMAT.paloaltoCsv,
  name: 'paloalto-csv',
  reasons: REASONS,
  recognise,
  read,
}
