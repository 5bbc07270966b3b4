/**
 * Suricata's EVE JSON (versions 4 to 8, "Eve JSON Format"), one event a line, bare or behind a syslog header:
 *
 *   {"timestamp":"2022-07-10T23:50:05.533101+0000","event_type":"alert","src_ip":..,"alert":{"signature":..,"severity":1}}
 *
 *   type      `event_type`: ALERT, FLOW, DNS, ...; an alert is a threat, a flow or a dropped packet is traffic, the rest
 *             (dns, http, tls, stats, netflow, ...) tells of sessions that flows report, and is neither
 *   severity  of an alert: 1 is high, 2 medium, 3 low, more informational (the rule's priority, 1 is the highest)
 *   attacker  the packet's sender, unless the packet went to the client (`direction`, `flow`, the rule's text or the
 *             ports tell): then the client at the destination, who made the server say it; but where the rule says that
 *             clients are its target (`attack_target`), the server at the source
 *   flow      allowed when the server completed the handshake (TCP) or answered (others), blocked when it was dropped;
 *             otherwise a sensor that only listens cannot know
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii, indexOfByte, isWord, readDecimal, readPort, startsWith } from '../bytes.ts'
import {
  setAddress,
  setClientAddress,
  setCounter,
  setDeviceFromHeader,
  setLowerWord,
  setText,
  setUpperWord,
} from '../fields.ts'
import { JSON_END, KIND } from '../json-spans.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { setProtocol } from '../value-fields.ts'
import { readWhen } from '../when.ts'
import { attackerByPorts, severityOfPriority } from './suricata-fast.ts'
import { R, spans } from './suricata-keys.ts'

const REASONS = [
  'suricata-eve: the line is not JSON',
  'suricata-eve: key src_ip of an alert or a flow is missing or not an address',
  'suricata-eve: key dest_ip of an alert or a flow is missing or not an address',
] as const
const REASON = { json: 0, source: 1, destination: 2 } as const

/** What `recognise` read, so that `read` need not do it again. */
const last: { at: number; end: number; bytes: Uint8Array | null; result: number } = {
  at: -1,
  end: -1,
  bytes: null,
  result: JSON_END.whole,
}

const WORD = {
  alert: ascii('alert'),
  flow: ascii('flow'),
  drop: ascii('drop'),
  failed: ascii('failed'),
  tcp: ascii('tcp'),
  toClient: ascii('to_client'),
  toServer: ascii('to_server'),
  fromServer: ascii('from_server'),
  fromClient: ascii('from_client'),
  established: ascii('established'),
  flowOption: ascii('flow:'),
  allowed: ascii('allowed'),
  blocked: ascii('blocked'),
  client: ascii('client'),
  server: ascii('server'),
} as const
const ALERT = ascii('ALERT')
const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')
const EMPTY = { start: 0, end: 0 } as const
const BACKSLASH = 0x5c
const BACKSLASHES = 0x5c5c5c5c
const SYN = 0x02
const ACK = 0x10

/** An object with `event_type` in it, or, where that was lost, with a signature's number and a flow's. */
function recognise(line: Line): boolean {
  const { bytes, at, end } = line
  if (bytes[at] !== 0x7b || end - at < 24) return false
  last.result = spans.read(line, at)
  last.at = at
  last.end = end
  last.bytes = bytes
  if (spans.has(R.eventType)) return spans.kind[R.eventType] === KIND.string
  return spans.has(R.signatureId) && spans.has(R.flowId)
}

const startOf = (register: number): number => spans.start[register] as number
const endOf = (register: number): number => spans.end[register] as number

function read(line: Line, into: RecordBatch, row: number): number {
  if (last.at !== line.at || last.end !== line.end || last.bytes !== line.bytes) recognise(line)
  if (last.result === JSON_END.broken) return REASON.json
  if (last.result === JSON_END.cut) line.flags |= FLAG.truncated
  if (spans.ambiguous) line.flags |= FLAG.ambiguous
  const { bytes } = line
  const category = categoryOf(bytes)
  into.category[row] = category
  if (spans.has(R.eventType)) {
    setUpperWord(into, row, TEXT_SLOT.type, line, startOf(R.eventType), endOf(R.eventType))
  } else {
    into.setDecodedText(row, TEXT_SLOT.type, ALERT)
    line.refresh()
  }
  const failed = readPeers(line, into, row, category !== CATEGORY.other)
  if (failed >= 0) return failed
  if (category === CATEGORY.threat) readAlert(line, into, row)
  else if (category === CATEGORY.traffic) readTraffic(line, into, row)
  set(line, into, row, TEXT_SLOT.url, R.url)
  if (spans.has(R.host)) set(line, into, row, TEXT_SLOT.device, R.host)
  setDeviceFromHeader(into, row, line)
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
  into.eventTimeMs[row] = timeOf(line)
  return -1
}

function categoryOf(bytes: Uint8Array): number {
  if (!spans.has(R.eventType)) return CATEGORY.threat
  const start = startOf(R.eventType)
  const end = endOf(R.eventType)
  if (isWord(bytes, start, end, WORD.alert)) return CATEGORY.threat
  const isTraffic = isWord(bytes, start, end, WORD.flow) || isWord(bytes, start, end, WORD.drop)
  return isTraffic ? CATEGORY.traffic : CATEGORY.other
}

/** Addresses, ports, protocol, application, session. */
function readPeers(line: Line, into: RecordBatch, row: number, isNeeded: boolean): number {
  const hasSource = setPeer(line, into, row, ADDRESS_SLOT.sourceAddress, R.sourceAddress)
  const hasDestination = setPeer(line, into, row, ADDRESS_SLOT.destinationAddress, R.destinationAddress)
  if (isNeeded && !hasSource) return REASON.source
  if (isNeeded && !hasDestination) return REASON.destination
  into.sourcePort[row] = portOf(line.bytes, R.sourcePort)
  into.destinationPort[row] = portOf(line.bytes, R.destinationPort)
  if (spans.has(R.protocol)) setProtocol(into, row, line, startOf(R.protocol), endOf(R.protocol))
  if (
    spans.has(R.application) &&
    !isWord(line.bytes, startOf(R.application), endOf(R.application), WORD.failed)
  ) {
    set(line, into, row, TEXT_SLOT.application, R.application)
  }
  if (spans.has(R.flowId)) {
    setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, startOf(R.flowId), endOf(R.flowId))
  }
  if (spans.has(R.client)) setClientAddress(into, row, line.bytes, startOf(R.client), endOf(R.client))
  return -1
}

function setPeer(line: Line, into: RecordBatch, row: number, slot: number, register: number): boolean {
  return spans.has(register) && setAddress(into, row, slot, line.bytes, startOf(register), endOf(register))
}

function portOf(bytes: Uint8Array, register: number): number {
  return spans.has(register) ? Math.max(0, readPort(bytes, startOf(register), endOf(register))) : 0
}

function numberOf(bytes: Uint8Array, register: number): number {
  return spans.has(register) ? readDecimal(bytes, startOf(register), endOf(register)) : Number.NaN
}

/** Sets a text field to a string, its escapes undone. */
function set(line: Line, into: RecordBatch, row: number, slot: number, register: number): void {
  if (!spans.has(register) || spans.kind[register] !== KIND.string) return
  const start = startOf(register)
  const end = endOf(register)
  if (indexOfByte(line.view, start, end, BACKSLASHES) >= end) {
    setText(into, row, slot, line.bytes, start, end)
    return
  }
  const at = plainCopy(line, start, end)
  if (at >= 0) {
    into.setText(row, slot, at, line.raw.used)
    return
  }
  const text = decoded(line, start, end)
  if (text === null) return
  into.setDecodedText(row, slot, text)
  line.refresh()
}

/**
 * Start of a copy behind the messages of a printable ASCII string whose escapes are only of `/`, `"` and a backslash; it
 * ends where the batch's bytes end. -1 for any other string.
 */
function plainCopy(line: Line, start: number, end: number): number {
  const at = line.appendSpace(end - start)
  const { bytes } = line
  let to = at
  for (let i = start; i < end; i++) {
    let byte = bytes[i] as number
    if (byte < 0x20 || byte > 0x7e) return -1
    if (byte === BACKSLASH) {
      byte = bytes[++i] as number
      if (byte !== 0x2f && byte !== 0x22 && byte !== BACKSLASH) return -1
    }
    bytes[to++] = byte
  }
  line.take(to)
  return at
}

/** The text of any string with escapes; null when an escape is none. */
function decoded(line: Line, start: number, end: number): Uint8Array | null {
  try {
    const text: unknown = JSON.parse(line.raw.bytes.toString('utf8', start - 1, end + 1))
    return typeof text === 'string' ? Buffer.from(text, 'utf8') : null
  } catch {
    return null // an escape that JSON does not know: the value is unknown
  }
}

function readAlert(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const id = numberOf(bytes, R.signatureId)
  if (id > 0) into.threatId[row] = id
  set(line, into, row, TEXT_SLOT.threatName, R.signature)
  set(line, into, row, TEXT_SLOT.threatCategory, R.category)
  into.severity[row] = severityOfPriority(numberOf(bytes, R.severity))
  if (spans.has(R.action)) {
    const start = startOf(R.action)
    const end = endOf(R.action)
    setLowerWord(into, row, TEXT_SLOT.action, line, start, end)
    if (isWord(bytes, start, end, WORD.blocked)) into.disposition[row] = DISPOSITION.blocked
    else if (isWord(bytes, start, end, WORD.allowed)) into.disposition[row] = DISPOSITION.alerted
  }
  readDirection(line, into, row)
}

const WAY = { unknown: 0, toServer: 1, toClient: 2 } as const

function readDirection(line: Line, into: RecordBatch, row: number): void {
  const way = wayOf(line.bytes)
  if (way === WAY.unknown) {
    into.attacker[row] = attackerByPorts(into, row)
    return
  }
  const isToServer = way === WAY.toServer
  into.attacker[row] = isToServer || isClientTarget(line.bytes) ? ATTACKER.source : ATTACKER.destination
  into.setDecodedText(row, TEXT_SLOT.direction, isToServer ? CLIENT_TO_SERVER : SERVER_TO_CLIENT)
  line.refresh()
}

/** Which way the packet went: Suricata 7 says it, or who began the flow; else the rule's `flow` option. */
function wayOf(bytes: Uint8Array): number {
  if (spans.has(R.direction)) {
    const start = startOf(R.direction)
    if (isWord(bytes, start, endOf(R.direction), WORD.toClient)) return WAY.toClient
    if (isWord(bytes, start, endOf(R.direction), WORD.toServer)) return WAY.toServer
  }
  if (spans.has(R.flowSource)) {
    const isSender =
      isSame(bytes, R.flowSource, R.sourceAddress) &&
      (!spans.has(R.flowSourcePort) || isSame(bytes, R.flowSourcePort, R.sourcePort))
    if (isSender) return WAY.toServer
    if (isSame(bytes, R.flowSource, R.destinationAddress)) return WAY.toClient
  }
  return spans.has(R.ruleText) ? wayOfRule(bytes, startOf(R.ruleText), endOf(R.ruleText)) : WAY.unknown
}

function isSame(bytes: Uint8Array, a: number, b: number): boolean {
  const length = endOf(a) - startOf(a)
  if (length !== endOf(b) - startOf(b)) return false
  for (let i = 0; i < length; i++) if (bytes[startOf(a) + i] !== bytes[startOf(b) + i]) return false
  return true
}

/** `... flow:established,to_client; ...` */
function wayOfRule(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0x66 || !startsWith(bytes, at, end, WORD.flowOption)) continue
    for (let to = at; to < end && bytes[to] !== 0x3b; to++) {
      if (bytes[to] !== 0x74 && bytes[to] !== 0x66) continue
      if (startsWith(bytes, to, end, WORD.toClient) || startsWith(bytes, to, end, WORD.fromServer))
        return WAY.toClient
      if (startsWith(bytes, to, end, WORD.toServer) || startsWith(bytes, to, end, WORD.fromClient))
        return WAY.toServer
    }
    return WAY.unknown
  }
  return WAY.unknown
}

/** `"attack_target":["Client_Endpoint"]`, and no server among them. */
function isClientTarget(bytes: Uint8Array): boolean {
  if (!spans.has(R.target)) return false
  return holds(bytes, R.target, WORD.client) && !holds(bytes, R.target, WORD.server)
}

function holds(bytes: Uint8Array, register: number, word: Uint8Array): boolean {
  for (let at = startOf(register); at + word.length <= endOf(register); at++) {
    if (isWord(bytes, at, at + word.length, word)) return true
  }
  return false
}

function readTraffic(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  if (isWord(bytes, startOf(R.eventType), endOf(R.eventType), WORD.drop)) {
    into.setDecodedText(row, TEXT_SLOT.action, WORD.drop)
    line.refresh()
    into.disposition[row] = DISPOSITION.blocked
    set(line, into, row, TEXT_SLOT.threatName, R.signature)
    set(line, into, row, TEXT_SLOT.sessionEndReason, R.dropReason)
    return
  }
  into.bytesSent[row] = numberOf(bytes, R.bytesSent)
  into.bytesReceived[row] = numberOf(bytes, R.bytesReceived)
  into.packetsSent[row] = numberOf(bytes, R.packetsSent)
  into.packetsReceived[row] = numberOf(bytes, R.packetsReceived)
  if (spans.has(R.flowState)) {
    setLowerWord(into, row, TEXT_SLOT.subtype, line, startOf(R.flowState), endOf(R.flowState))
  }
  set(line, into, row, TEXT_SLOT.sessionEndReason, R.flowReason)
  if (spans.has(R.flowAction)) {
    setLowerWord(into, row, TEXT_SLOT.action, line, startOf(R.flowAction), endOf(R.flowAction))
  }
  into.disposition[row] = dispositionOfFlow(line.bytes, into, row)
}

function dispositionOfFlow(bytes: Uint8Array, into: RecordBatch, row: number): number {
  if (spans.has(R.flowAction) && isWord(bytes, startOf(R.flowAction), endOf(R.flowAction), WORD.drop)) {
    return DISPOSITION.blocked
  }
  const isTcp = spans.has(R.protocol) && isWord(bytes, startOf(R.protocol), endOf(R.protocol), WORD.tcp)
  if (!isTcp) return (into.bytesReceived[row] as number) > 0 ? DISPOSITION.allowed : DISPOSITION.unknown
  if (spans.has(R.flagsToClient)) {
    // A closed port answers too, with a reset: only SYN from the server and ACK from the client are a session.
    const isAnswered = (hexOf(bytes, R.flagsToClient) & SYN) !== 0
    return isAnswered && (hexOf(bytes, R.flagsToServer) & ACK) !== 0
      ? DISPOSITION.allowed
      : DISPOSITION.unknown
  }
  const isEstablished =
    spans.has(R.flowState) && isWord(bytes, startOf(R.flowState), endOf(R.flowState), WORD.established)
  return isEstablished ? DISPOSITION.allowed : DISPOSITION.unknown
}

/** Two hexadecimal digits, 0 when there is something else. */
function hexOf(bytes: Uint8Array, register: number): number {
  if (!spans.has(register)) return 0
  let value = 0
  for (let at = startOf(register); at < endOf(register); at++) {
    const byte = bytes[at] as number
    const lower = byte | 0x20
    const digit =
      byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
    if (digit < 0 || value > 0xff) return 0
    value = value * 16 + digit
  }
  return value
}

function timeOf(line: Line): number {
  if (spans.has(R.timestamp)) {
    const start = startOf(R.timestamp)
    const end = endOf(R.timestamp)
    // As Suricata writes it; older ones and what relays make of it take the longer way.
    const instant = line.stamps.readInstant(line.bytes, line.view, start, end)
    const unixMs = Number.isNaN(instant) ? readWhen(line, start, end, EMPTY, EMPTY) : instant
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

export const suricataEve: LineFormat = {
  code: FORMAT.suricataEve,
  name: 'suricata-eve',
  reasons: REASONS,
  recognise,
  read,
}
