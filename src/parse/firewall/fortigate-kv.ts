/**
 * FortiGate's key=value log (FortiOS 4 to 7.6), blank or comma separated; see fortigate-keys.ts for the grammar.
 *
 *   type      as FortiOS says it: TRAFFIC, UTM, EVENT, ANOMALY; subtype likewise
 *   rule      `policyname`, else the policy's number; `ruleId` is the number
 *   zones     the interfaces `srcintf` and `dstintf`
 *   severity  `severity` of the attack, else `crlevel` on threats, else the log level (0-2 critical, 3 high, 4 medium,
 *             5 low, 6-7 informational)
 *   threats   UTM logs that name an attack or a virus. FortiGate logs the session's client as source; what it found in
 *             the server's answer (`direction="incoming"`) has the destination as attacker, unless the ports show that
 *             the answer was logged as it went (attackerByDirection)
 *   logins    events of VPN, administrators and users: source is `remip`, `srcip`, `userip` or the address in `ui`
 *
 * `deny` is blocked; `utmaction` blocked makes an accepted session blocked. A line whose beginning was cut (`date=` is
 * gone) is read and flagged `truncated`.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, FORMAT, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { ascii, isDigit, readDecimal, readFourDigits, readPort, readTwoDigits } from '../bytes.ts'
import { dayMs, isDate } from '../calendar.ts'
import {
  setCounter,
  setDeviceFromHeader,
  setLowerWord,
  setNatAddress,
  setSerial,
  setUpperWord,
} from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { isSane, readClock } from '../stamp.ts'
import { epochMs, isNotKnown, setEscapedText, setProtocol, severityOfLevel } from '../value-fields.ts'
import { beginsLikeFortiGate, findPairs, KEY, NEVER_LAST, spans } from './fortigate-keys.ts'
import {
  ACTIONS,
  ATTACK_SUBTYPES,
  attackerByDirection,
  DIRECTION,
  DIRECTIONS,
  KIND,
  LEVELS,
  LOGINS,
  MAIL_SERVICES,
  OUTBOUND,
  OUTCOMES,
  SESSION_ENDS,
  SEVERITIES,
  SSL_TUNNELS,
  TUNNEL_UP,
  TYPES,
  VISITS,
} from './fortigate-words.ts'

const REASONS = ['fortigate-kv: keys type and logid are missing'] as const
const OK = -1
const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')
const NO_LOGIN = -1

function recognise(line: Line): boolean {
  return beginsLikeFortiGate(line.bytes, line.view, line.at, line.end)
}

function read(line: Line, into: RecordBatch, row: number): number {
  const { bytes } = line
  const isOpen = findPairs(line, line.at)
  if (isOpen || (line.flags & FLAG.truncated) !== 0) {
    // What is left of the last value may be a wrong one.
    line.flags |= FLAG.truncated
    spans.drop(spans.last)
  }
  if (spans.dropCut(NEVER_LAST, line.end)) line.flags |= FLAG.truncated
  if (!spans.has(KEY.date)) line.flags |= FLAG.truncated
  if (spans.ambiguous) line.flags |= FLAG.ambiguous
  if (!spans.isFilled(KEY.type) && !spans.isFilled(KEY.logid)) return 0
  readSides(line, into, row)
  readRule(line, into, row)
  readMeaning(line, into, row)
  text(line, into, row, KEY.devname, TEXT_SLOT.device)
  if (spans.has(KEY.devid)) {
    setSerial(into, row, bytes, spans.start[KEY.devid] as number, spans.end[KEY.devid] as number)
  }
  setDeviceFromHeader(into, row, line)
  const at = row * TEXT_STRIDE + TEXT_SLOT.device
  line.chooseZone(into.text[at] as number, into.text[at + 1] as number)
  into.eventTimeMs[row] = timeOf(line)
  return OK
}

/** Sets a text field to a value, less escapes; `N/A` is unknown. */
function text(line: Line, into: RecordBatch, row: number, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start < 0) return
  const end = spans.end[key] as number
  if (end > start && !isNotKnown(line.bytes, start, end)) setEscapedText(into, row, slot, line, start, end)
}

/** Sets an address; false when there is none (a host name, `N/A`, a masked one). */
function address(into: RecordBatch, row: number, line: Line, key: number, slot: number): boolean {
  const start = spans.start[key] as number
  if (start < 0) return false
  return readAddress(line.bytes, start, spans.end[key] as number, into.addresses, row * ADDRESS_STRIDE + slot)
}

function port(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? 0 : Math.max(0, readPort(bytes, start, spans.end[key] as number))
}

function quantity(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? Number.NaN : readDecimal(bytes, start, spans.end[key] as number)
}

function readSides(line: Line, into: RecordBatch, row: number): void {
  readEndpoints(line, into, row)
  const { bytes } = line
  if (spans.has(KEY.transip)) {
    const end = spans.end[KEY.transip] as number
    setNatAddress(into, row, ADDRESS_SLOT.natSourceAddress, bytes, spans.start[KEY.transip] as number, end)
  }
  if (spans.has(KEY.tranip)) {
    const end = spans.end[KEY.tranip] as number
    setNatAddress(
      into,
      row,
      ADDRESS_SLOT.natDestinationAddress,
      bytes,
      spans.start[KEY.tranip] as number,
      end,
    )
    into.natDestinationPort[row] = port(bytes, KEY.tranport)
  }
  address(into, row, line, KEY.forwardedfor, ADDRESS_SLOT.clientAddress)
  text(line, into, row, KEY.srcintf, TEXT_SLOT.sourceZone)
  text(line, into, row, KEY.dstintf, TEXT_SLOT.destinationZone)
  text(line, into, row, KEY.srccountry, TEXT_SLOT.sourceCountry)
  text(line, into, row, KEY.dstcountry, TEXT_SLOT.destinationCountry)
  text(line, into, row, spans.has(KEY.user) ? KEY.user : KEY.unauthuser, TEXT_SLOT.sourceUser)
  text(line, into, row, KEY.dstuser, TEXT_SLOT.destinationUser)
  if (spans.has(KEY.proto)) {
    setProtocol(into, row, line, spans.start[KEY.proto] as number, spans.end[KEY.proto] as number)
  }
  into.bytesSent[row] = quantity(bytes, KEY.sentbyte)
  into.bytesReceived[row] = quantity(bytes, KEY.rcvdbyte)
  into.packetsSent[row] = quantity(bytes, KEY.sentpkt)
  into.packetsReceived[row] = quantity(bytes, KEY.rcvdpkt)
}

/** Addresses and ports. In events the peer is `remip`; it is the source unless the message went out. */
function readEndpoints(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  if (codeOf(bytes, KEY.dir, OUTBOUND, 0) === 1 && !spans.has(KEY.srcip) && spans.has(KEY.locip)) {
    address(into, row, line, KEY.locip, ADDRESS_SLOT.sourceAddress)
    address(into, row, line, KEY.remip, ADDRESS_SLOT.destinationAddress)
    into.sourcePort[row] = port(bytes, KEY.locport)
    into.destinationPort[row] = port(bytes, KEY.remport)
    return
  }
  if (hasTwoPeers(line)) line.flags |= FLAG.ambiguous
  if (spans.has(KEY.srcip)) {
    address(into, row, line, KEY.srcip, ADDRESS_SLOT.sourceAddress)
    into.sourcePort[row] = port(bytes, KEY.srcport)
  } else if (address(into, row, line, KEY.remip, ADDRESS_SLOT.sourceAddress)) {
    into.sourcePort[row] = port(bytes, KEY.remport)
  } else if (!address(into, row, line, KEY.userip, ADDRESS_SLOT.sourceAddress)) {
    readConsoleAddress(line, into, row)
  }
  if (spans.has(KEY.dstip)) {
    address(into, row, line, KEY.dstip, ADDRESS_SLOT.destinationAddress)
    into.destinationPort[row] = port(bytes, KEY.dstport)
  } else if (address(into, row, line, KEY.locip, ADDRESS_SLOT.destinationAddress)) {
    into.destinationPort[row] = port(bytes, KEY.locport)
  }
}

/** `ui="https(192.0.2.1)"`: the address in the brackets that end the value is the administrator's. */
function readConsoleAddress(line: Line, into: RecordBatch, row: number): void {
  readConsole(line, into.addresses, row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress)
}

function readConsole(line: Line, into: Uint32Array, at: number): boolean {
  const start = spans.start[KEY.ui] as number
  if (start < 0) return false
  const { bytes } = line
  const close = (spans.end[KEY.ui] as number) - 1
  if (close <= start || bytes[close] !== 0x29) return false
  let open = close - 1
  while (open > start && bytes[open] !== 0x28) open--
  return readAddress(bytes, open + 1, close, into, at)
}

/** The peer of an event stands in one of these; no event has two. */
const PEERS = [KEY.srcip, KEY.remip, KEY.userip]
const peer = new Uint32Array(8)

/** Whether an event names two peers: a user's name with a quote inside may have brought the other one. */
function hasTwoPeers(line: Line): boolean {
  if (!spans.has(KEY.remip) && !spans.has(KEY.userip) && !spans.has(KEY.ui)) return false
  let known = 0
  for (const key of PEERS) {
    const start = spans.start[key] as number
    if (start >= 0 && readAddress(line.bytes, start, spans.end[key] as number, peer, known === 0 ? 0 : 4)) {
      if (known > 0 && !isSamePeer()) return true
      known++
    }
  }
  return readConsole(line, peer, known === 0 ? 0 : 4) && known > 0 && !isSamePeer()
}

function isSamePeer(): boolean {
  return peer[0] === peer[4] && peer[1] === peer[5] && peer[2] === peer[6] && peer[3] === peer[7]
}

function readRule(line: Line, into: RecordBatch, row: number): void {
  text(line, into, row, spans.isFilled(KEY.policyname) ? KEY.policyname : KEY.policyid, TEXT_SLOT.rule)
  text(line, into, row, KEY.policyid, TEXT_SLOT.ruleId)
  text(line, into, row, spans.isFilled(KEY.app) ? KEY.app : KEY.service, TEXT_SLOT.application)
  text(line, into, row, spans.isFilled(KEY.url) ? KEY.url : KEY.filename, TEXT_SLOT.url)
  text(line, into, row, KEY.catdesc, TEXT_SLOT.threatCategory)
  if (spans.has(KEY.sessionid)) {
    const end = spans.end[KEY.sessionid] as number
    setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, spans.start[KEY.sessionid] as number, end)
  }
}

/** Code of a key's word. */
function codeOf(bytes: Uint8Array, key: number, words: typeof ACTIONS, otherwise: number): number {
  const start = spans.start[key] as number
  return start < 0 ? otherwise : words.of(bytes, start, spans.end[key] as number, otherwise)
}

function readMeaning(line: Line, into: RecordBatch, row: number): void {
  const { start, end } = spans
  if (spans.has(KEY.type)) {
    setUpperWord(into, row, TEXT_SLOT.type, line, start[KEY.type] as number, end[KEY.type] as number)
  }
  if (spans.has(KEY.subtype)) {
    setLowerWord(into, row, TEXT_SLOT.subtype, line, start[KEY.subtype] as number, end[KEY.subtype] as number)
  }
  const actionKey = spans.has(KEY.action) ? KEY.action : KEY.status // FortiOS 4 says `status`
  if (spans.has(actionKey)) {
    setLowerWord(into, row, TEXT_SLOT.action, line, start[actionKey] as number, end[actionKey] as number)
  }
  const { bytes } = line
  const kind = codeOf(bytes, KEY.type, TYPES, KIND.none)
  const isEvent = kind === KIND.event
  if (!isEvent) into.disposition[row] = dispositionOf(bytes, actionKey)
  if (kind === KIND.traffic) {
    into.category[row] = CATEGORY.traffic
    if (codeOf(bytes, actionKey, SESSION_ENDS, 0) === 1) {
      setLowerWord(
        into,
        row,
        TEXT_SLOT.sessionEndReason,
        line,
        start[actionKey] as number,
        end[actionKey] as number,
      )
    }
  } else if (isEvent) readLogin(line, into, row)
  else if (kind === KIND.threat) readThreat(line, into, row)
  readSeverity(line.bytes, into, row)
}

function dispositionOf(bytes: Uint8Array, actionKey: number): number {
  const own = codeOf(bytes, actionKey, ACTIONS, DISPOSITION.unknown)
  const byProfile = codeOf(bytes, KEY.utmaction, ACTIONS, DISPOSITION.unknown)
  return byProfile === DISPOSITION.blocked ? DISPOSITION.blocked : own
}

function readSeverity(bytes: Uint8Array, into: RecordBatch, row: number): void {
  const category = into.category[row]
  let severity = codeOf(bytes, KEY.severity, SEVERITIES, SEVERITY.none)
  if (severity === SEVERITY.none && category === CATEGORY.threat) {
    severity = codeOf(bytes, KEY.crlevel, SEVERITIES, SEVERITY.none)
  }
  if (severity === SEVERITY.none) severity = severityOfLevel(codeOf(bytes, KEY.level, LEVELS, -1))
  into.severity[row] = severity
}

function readThreat(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  readDirection(line, into, row)
  const attack = spans.isFilled(KEY.attack)
    ? KEY.attack
    : spans.isFilled(KEY.virus)
      ? KEY.virus
      : KEY.botnetdomain
  const isAttackLog =
    codeOf(bytes, KEY.subtype, ATTACK_SUBTYPES, 0) === 1 || codeOf(bytes, KEY.type, ATTACK_SUBTYPES, 0) === 1
  const id = quantity(bytes, spans.isFilled(KEY.attackid) ? KEY.attackid : KEY.virusid)
  if (id > 0) into.threatId[row] = id
  if (!isAttackLog || (!spans.isFilled(attack) && !(id > 0))) return
  into.category[row] = CATEGORY.threat
  text(line, into, row, attack, TEXT_SLOT.threatName)
  if (into.disposition[row] === DISPOSITION.allowed) into.disposition[row] = DISPOSITION.alerted
  const repeats = quantity(bytes, KEY.count)
  if (repeats > 1) into.repeatCount[row] = Math.min(repeats, 0xffffffff)
  into.attacker[row] = attackerOf(bytes, attack, into, row)
}

function attackerOf(bytes: Uint8Array, attack: number, into: RecordBatch, row: number): number {
  if (attack === KEY.botnetdomain) return ATTACKER.none
  if (codeOf(bytes, KEY.eventtype, VISITS, 0) === 1 || codeOf(bytes, KEY.attack, VISITS, 0) === 1)
    return ATTACKER.none
  if (attack === KEY.virus && codeOf(bytes, KEY.service, MAIL_SERVICES, 0) === 1) return ATTACKER.none
  const direction = codeOf(bytes, KEY.direction, DIRECTIONS, DIRECTION.none)
  const sourcePort = into.sourcePort[row] as number
  const destinationPort = into.destinationPort[row] as number
  return attackerByDirection(direction, sourcePort, destinationPort, attack === KEY.attack)
}

function readDirection(line: Line, into: RecordBatch, row: number): void {
  const direction = codeOf(line.bytes, KEY.direction, DIRECTIONS, DIRECTION.none)
  if (direction === DIRECTION.none) return
  const word = direction === DIRECTION.toServer ? CLIENT_TO_SERVER : SERVER_TO_CLIENT
  into.setDecodedText(row, TEXT_SLOT.direction, word)
  line.refresh()
}

function readLogin(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  let outcome = codeOf(bytes, KEY.action, LOGINS, NO_LOGIN)
  if (outcome === NO_LOGIN) {
    const isTunnel =
      codeOf(bytes, KEY.action, TUNNEL_UP, 0) === 1 && codeOf(bytes, KEY.tunneltype, SSL_TUNNELS, 0) === 1
    if (!isTunnel) return
    outcome = OUTCOME.success
  }
  into.category[row] = CATEGORY.login
  if (outcome === OUTCOME.none) outcome = codeOf(bytes, KEY.status, OUTCOMES, OUTCOME.none)
  into.outcome[row] = outcome
}

/** `eventtime`, else date and time with `tz` or the device's zone, else the time FortiAnalyzer got it, else the header. */
function timeOf(line: Line): number {
  const { bytes } = line
  for (const key of [KEY.eventtime, KEY.itime]) {
    if (key === KEY.itime) {
      const local = localTime(line)
      if (!Number.isNaN(local)) return local
    }
    const start = spans.start[key] as number
    const unixMs = start < 0 ? Number.NaN : epochMs(bytes, start, spans.end[key] as number)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

function localTime(line: Line): number {
  const { bytes } = line
  const date = spans.start[KEY.date] as number
  const time = spans.start[KEY.time] as number
  if (date < 0 || time < 0) return Number.NaN
  if ((spans.end[KEY.date] as number) - date !== 10 || (spans.end[KEY.time] as number) - time < 8)
    return Number.NaN
  const year = readFourDigits(bytes, date)
  const month = readTwoDigits(bytes, date + 5)
  const day = readTwoDigits(bytes, date + 8)
  const seconds = readClock(bytes, time)
  if (year < 0 || seconds < 0 || !isDate(year, month, day)) return Number.NaN
  const localMs = dayMs(year, month, day) + seconds * 1000
  const offsetMs = offsetOf(bytes)
  const unixMs = Number.isNaN(offsetMs) ? line.zone.toUnixMs(localMs, line.arrivalMs) : localMs - offsetMs
  return isSane(unixMs) ? unixMs : Number.NaN
}

/** `tz` as `+0100`, `-07:00` or `UTC+2`; NaN when it is not one. */
function offsetOf(bytes: Uint8Array): number {
  let at = spans.start[KEY.tz] as number
  if (at < 0) return Number.NaN
  const end = spans.end[KEY.tz] as number
  while (at < end && bytes[at] !== 0x2b && bytes[at] !== 0x2d) at++
  const sign = bytes[at] === 0x2d ? -1 : 1
  at++
  let digits = 0
  let value = 0
  for (; at < end; at++) {
    const byte = bytes[at] as number
    if (byte === 0x3a) continue
    if (!isDigit(byte)) return Number.NaN
    value = value * 10 + byte - 0x30
    digits++
  }
  if (digits === 0 || digits > 4) return Number.NaN
  const minutes = digits <= 2 ? value * 60 : Math.floor(value / 100) * 60 + (value % 100)
  return minutes > 14 * 60 ? Number.NaN : sign * minutes * 60_000
}

export const fortigateKv: LineFormat = {
  code: FORMAT.fortigateKv,
  name: 'fortigate-kv',
  reasons: REASONS,
  recognise,
  read,
}
