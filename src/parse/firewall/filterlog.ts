/**
 * filterlog, the packet log of pfSense and OPNsense, also as OpenBSD's pf CSV: read by column from the front.
 *   rule,subrule,anchor,tracker,interface,reason,action,direction,version, then
 *   4: tos,ecn,ttl,id,offset,flags,protocol number,protocol,length,source,destination
 *   6: class,flow label,hop limit,protocol,protocol number,length,source,destination
 *   tcp, udp: source port,destination port,data length,...; other protocols have tails of their own.
 * (Netgate's documentation, "Raw Filter Log Format".) Behind `filterlog: `, `filterlog[72237]: `, an RFC 5424 header
 * that names filterlog, or alone.
 *
 * type FILTERLOG, subtype the protocol (the tail's form goes by it), zones = the interface by direction, rule and ruleId
 * the tracker: a number, 32 hex digits, a UUID, or the label; without one ruleId is the rule's number, which changes with
 * each load of the rules.
 */
import { CATEGORY, DISPOSITION, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, COMMA, isDigit, isWord, readPort } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'

const REASONS = [
  'filterlog: column 9 (IP version) is neither 4 nor 6',
  'filterlog: the line ends before the destination address',
  'filterlog: the source address column is not an address',
  'filterlog: the destination address column is not an address',
] as const
const REASON = { version: 0, short: 1, source: 2, destination: 3 } as const
const OK = -1

/** Columns in front of those that depend on the IP version. */
const COLUMN = { rule: 0, tracker: 3, zone: 4, reason: 5, action: 6, direction: 7, version: 8 } as const
/** Columns by IP version. */
interface Layout {
  readonly protocol: number
  readonly source: number
}
const V4: Layout = { protocol: 16, source: 18 }
const V6: Layout = { protocol: 12, source: 15 }
/** Columns that are looked at: through the TCP data length of IPv4. */
const MAX_COLUMNS = 24

const FILTERLOG = ascii('filterlog')
const PF = ascii('pf')
const TYPE = ascii('FILTERLOG')
const IN = ascii('in')
const OUT = ascii('out')
const PASS = ascii('pass')
const BLOCK = ascii('block')
const REJECT = ascii('reject')
const TCP = ascii('tcp')
const UDP = ascii('udp')
const program = new Program()
const ends = new Uint16Array(MAX_COLUMNS)
let count = 0
let textAt = 0

/** Splits at commas; no column of filterlog is quoted or holds one. */
function split(bytes: Uint8Array, from: number, end: number): void {
  textAt = from
  count = 0
  for (let at = from; at < end && count < MAX_COLUMNS; at++) {
    if (bytes[at] === COMMA) ends[count++] = at - from
  }
  if (count < MAX_COLUMNS) ends[count++] = end - from
}

const startOf = (column: number): number => textAt + (column === 0 ? 0 : (ends[column - 1] as number) + 1)
const endOf = (column: number): number => textAt + (ends[column] as number)

/** Its tag, or columns whose words are those of filterlog and no name of another program. */
function recognise(line: Line): boolean {
  program.read(line)
  if (program.isNamed) return isOurs(line)
  return looksLikeColumns(line.bytes, program.textAt, line.end)
}

function isOurs(line: Line): boolean {
  if (program.is(line.bytes, FILTERLOG)) return true
  return (
    (program.isOfHeader || program.is(line.bytes, PF)) &&
    looksLikeColumns(line.bytes, program.textAt, line.end)
  )
}

/** `rule,subrule,anchor,tracker,interface,reason,action,in|out,4|6,` */
function looksLikeColumns(bytes: Uint8Array, from: number, end: number): boolean {
  if (from >= end || !isDigit(bytes[from] as number)) return false
  const limit = Math.min(end, from + 400)
  let commas = 0
  for (let at = from; at < limit; at++) {
    if (bytes[at] !== COMMA || ++commas !== COLUMN.version) continue
    const version = bytes[at + 1]
    if ((version !== 0x34 && version !== 0x36) || bytes[at + 2] !== COMMA) return false
    return (
      (bytes[at - 3] === COMMA && isWord(bytes, at - 2, at, IN)) ||
      (bytes[at - 4] === COMMA && isWord(bytes, at - 3, at, OUT))
    )
  }
  return false
}

function read(line: Line, into: RecordBatch, row: number): number {
  program.read(line)
  const { bytes, end } = line
  split(bytes, program.textAt, end)
  if (count <= COLUMN.version || endOf(COLUMN.version) - startOf(COLUMN.version) !== 1) return REASON.version
  const version = bytes[startOf(COLUMN.version)]
  if (version !== 0x34 && version !== 0x36) return REASON.version
  const layout = version === 0x34 ? V4 : V6
  if (count <= layout.source + 1) return REASON.short
  const failed = readAddresses(line, into, row, layout)
  if (failed !== OK) return failed
  readPorts(line, into, row, layout)
  readRule(line, into, row)
  readAction(line, into, row)
  readProtocol(line, into, row, layout)
  into.category[row] = CATEGORY.traffic
  into.setDecodedText(row, TEXT_SLOT.type, TYPE)
  line.refresh()
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

function readAddresses(line: Line, into: RecordBatch, row: number, layout: Layout): number {
  const { bytes, end } = line
  const { source } = layout
  const from = startOf(source)
  const to = endOf(source)
  if (from === to || !isAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, from, to)) return REASON.source
  const destinationEnd = endOf(source + 1)
  if (destinationEnd === end) {
    // Every protocol has columns behind it: the line was cut here, perhaps within the address.
    line.flags |= FLAG.truncated
    return OK
  }
  const isRead = isAddress(
    into,
    row,
    ADDRESS_SLOT.destinationAddress,
    bytes,
    startOf(source + 1),
    destinationEnd,
  )
  return isRead && startOf(source + 1) < destinationEnd ? OK : REASON.destination
}

function isAddress(
  into: RecordBatch,
  row: number,
  slot: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  return setAddress(into, row, slot, bytes, from, to) || looksLikeAddress(bytes, from, to)
}

function readPorts(line: Line, into: RecordBatch, row: number, layout: Layout): void {
  const { bytes, end } = line
  const protocolStart = startOf(layout.protocol)
  const protocolEnd = endOf(layout.protocol)
  if (!isWord(bytes, protocolStart, protocolEnd, TCP) && !isWord(bytes, protocolStart, protocolEnd, UDP))
    return
  into.sourcePort[row] = port(line, layout.source + 2)
  // The data length stands behind the ports.
  if (count > layout.source + 3 && endOf(layout.source + 3) < end) {
    into.destinationPort[row] = port(line, layout.source + 3)
  } else line.flags |= FLAG.truncated
}

function port(line: Line, column: number): number {
  if (column >= count || endOf(column) === line.end) return 0
  const value = readPort(line.bytes, startOf(column), endOf(column))
  if (value >= 0) return value
  line.flags |= FLAG.ambiguous
  return 0
}

function readRule(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  let from = startOf(COLUMN.tracker)
  let to = endOf(COLUMN.tracker)
  const isTracker = to - from > 1 || (to > from && bytes[from] !== 0x30)
  if (isTracker) setText(into, row, TEXT_SLOT.rule, bytes, from, to)
  else {
    from = startOf(COLUMN.rule)
    to = endOf(COLUMN.rule)
  }
  setText(into, row, TEXT_SLOT.ruleId, bytes, from, to)
}

function readAction(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const from = startOf(COLUMN.action)
  const to = endOf(COLUMN.action)
  if (isWord(bytes, from, to, PASS)) into.disposition[row] = DISPOSITION.allowed
  else if (isWord(bytes, from, to, BLOCK) || isWord(bytes, from, to, REJECT)) {
    into.disposition[row] = DISPOSITION.blocked
  }
  const directionStart = startOf(COLUMN.direction)
  const directionEnd = endOf(COLUMN.direction)
  const isIn = isWord(bytes, directionStart, directionEnd, IN)
  if (!isIn && !isWord(bytes, directionStart, directionEnd, OUT)) line.flags |= FLAG.ambiguous
  else {
    const zone = isIn ? TEXT_SLOT.sourceZone : TEXT_SLOT.destinationZone
    setText(into, row, zone, bytes, startOf(COLUMN.zone), endOf(COLUMN.zone))
  }
  setLowerWord(into, row, TEXT_SLOT.action, line, from, to)
}

function readProtocol(line: Line, into: RecordBatch, row: number, layout: Layout): void {
  const from = startOf(layout.protocol)
  const to = endOf(layout.protocol)
  setLowerWord(into, row, TEXT_SLOT.protocol, line, from, to)
  setLowerWord(into, row, TEXT_SLOT.subtype, line, from, to)
}

export const filterlog: LineFormat = {
  code: FORMAT.filterlog,
  name: 'filterlog',
  reasons: REASONS,
  recognise,
  read,
}
