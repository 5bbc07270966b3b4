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
import { CATEGORY, DISPOSITION, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii, isWord } from '../bytes.ts'
import { setClientAddress, setCounter, setDeviceFromHeader, setLowerWord, setUpperWord } from '../fields.ts'
import { JSON_END, KIND } from '../json-spans.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { setProtocol } from '../value-fields.ts'
import { ShapeMemory } from './shape-memory.ts'
import { severityOfPriority } from './suricata-fast.ts'
import { EVENT_KIND, GROUPS } from './suricata-groups.ts'
import { notes, R, spans } from './suricata-keys.ts'
import { dispositionOfFlow, readDirection } from './suricata-meaning.ts'
import { endOf, isValue, numberOf, portOf, setPeer, setString, startOf, timeOf } from './suricata-values.ts'

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
  allowed: ascii('allowed'),
  blocked: ascii('blocked'),
} as const
const ALERT = ascii('ALERT')
const shapes = new ShapeMemory(spans, GROUPS)

/** An object with `event_type` in it, or, where that was lost, with a signature's number and a flow's. */
function recognise(line: Line): boolean {
  const { bytes, at, end } = line
  if (bytes[at] !== 0x7b || end - at < 24) return false
  if (shapes.knows(line)) {
    last.bytes = null
    return true
  }
  return recogniseLong(line)
}

function recogniseLong(line: Line): boolean {
  const { bytes, at, end } = line
  last.result = spans.read(line, at)
  last.at = at
  last.end = end
  last.bytes = bytes
  if (spans.has(R.eventType)) return spans.kind[R.eventType] === KIND.string
  return spans.has(R.signatureId) && spans.has(R.flowId)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  if (last.at !== line.at || last.end !== line.end || last.bytes !== line.bytes) recogniseLong(line)
  const failed = readLong(line, into, row)
  if (failed < 0) shapes.learnNoted(line, into, row, notes, kindOf(line.bytes))
  return failed
}

/** Lines without `event_type` have no shape. */
function kindOf(bytes: Uint8Array): number {
  if (isValue(bytes, R.eventType, WORD.alert)) return EVENT_KIND.alert
  if (isValue(bytes, R.eventType, WORD.flow)) return EVENT_KIND.flow
  if (isValue(bytes, R.eventType, WORD.drop)) return EVENT_KIND.drop
  return spans.has(R.eventType) ? EVENT_KIND.other : 0
}

function readLong(line: Line, into: RecordBatch, row: number): number {
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
  setString(line, into, row, TEXT_SLOT.url, R.url)
  if (spans.has(R.host)) setString(line, into, row, TEXT_SLOT.device, R.host)
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
    setString(line, into, row, TEXT_SLOT.application, R.application)
  }
  if (spans.has(R.flowId)) {
    setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, startOf(R.flowId), endOf(R.flowId))
  }
  if (spans.has(R.client)) setClientAddress(into, row, line.bytes, startOf(R.client), endOf(R.client))
  return -1
}

function readAlert(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const id = numberOf(bytes, R.signatureId)
  if (id > 0) into.threatId[row] = id
  setString(line, into, row, TEXT_SLOT.threatName, R.signature)
  setString(line, into, row, TEXT_SLOT.threatCategory, R.category)
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

function readTraffic(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  if (isWord(bytes, startOf(R.eventType), endOf(R.eventType), WORD.drop)) {
    into.setDecodedText(row, TEXT_SLOT.action, WORD.drop)
    line.refresh()
    into.disposition[row] = DISPOSITION.blocked
    setString(line, into, row, TEXT_SLOT.threatName, R.signature)
    setString(line, into, row, TEXT_SLOT.sessionEndReason, R.dropReason)
    return
  }
  into.bytesSent[row] = numberOf(bytes, R.bytesSent)
  into.bytesReceived[row] = numberOf(bytes, R.bytesReceived)
  into.packetsSent[row] = numberOf(bytes, R.packetsSent)
  into.packetsReceived[row] = numberOf(bytes, R.packetsReceived)
  if (spans.has(R.flowState)) {
    setLowerWord(into, row, TEXT_SLOT.subtype, line, startOf(R.flowState), endOf(R.flowState))
  }
  setString(line, into, row, TEXT_SLOT.sessionEndReason, R.flowReason)
  if (spans.has(R.flowAction)) {
    setLowerWord(into, row, TEXT_SLOT.action, line, startOf(R.flowAction), endOf(R.flowAction))
  }
  into.disposition[row] = dispositionOfFlow(line.bytes, into, row)
}

export const suricataEve: LineFormat = {
  code: FORMAT.suricataEve,
  name: 'suricata-eve',
  reasons: REASONS,
  recognise,
  read,
}
