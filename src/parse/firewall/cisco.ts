/**
 * Messages of Cisco's firewalls: ASA, Firepower Threat Defense, PIX and FWSM (`%ASA-6-302013: text`), and those of
 * Cisco's other devices, which are kept as they are. cisco-header.ts reads what stands in front, cisco-messages.ts lists
 * the messages that mean something here, cisco-events.ts reads the key lists of Threat Defense.
 *
 *   type        the message's number (302013), which is Cisco's log type; the facility for other devices
 *   subtype     what the message is about: connection, icmp, access-group, login, ...
 *   zones       the interfaces
 *   rule        the access group or access list
 *   severity    by the level digit, which an administrator can change; a threat's is fixed at medium, or its threat level
 *
 * In `Built ... connection` the endpoints are named as far and near side; the direction says which one began it, and
 * that one is the source. `Teardown` has no direction: the far side stands as the source, and the line only counts as
 * traffic when the ports show it (from a port of 1024 or more to one below). The number behind an ICMP address is no port.
 * The total of bytes of a teardown is not kept: it is not said how much went which way.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, FORMAT, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, isWord, readDecimal } from '../bytes.ts'
import { setCounter, setDeviceFromHeader, setLowerWord, setText, setUpperWord } from '../fields.ts'
import { KeyTable, WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { isNotKnown, setProtocol, severityOfLevel } from '../value-fields.ts'
import { isSecurityEvent, isSensorEvent, readSecurityEvent } from './cisco-events.ts'
import { PART } from './cisco-form.ts'
import { header, readCiscoHeader, takeHeader } from './cisco-header.ts'
import { type Endpoint, Match } from './cisco-match.ts'
import { MEANING, type Message } from './cisco-meaning.ts'
import { BARE_MESSAGES, MESSAGES, SESSION_FORMS } from './cisco-messages.ts'

const REASONS = [
  'cisco: nothing stands behind the message number',
  'cisco: neither a message number nor a known message is there',
] as const
const OK = -1
const OUTBOUND = ascii('outbound')
const AUTHENTICATION = ascii('authentication')
const SOURCE = ascii('source')
const TCP_FINS = ascii('tcp fins')
/** PAN-OS's word for the same end, which detection knows as proof of a handshake. */
const TCP_FIN = ascii('tcp-fin')
const ICMP_WORDS = new WordCodes({ icmp: 1, 'ipv6-icmp': 1, icmp6: 1 })
const WELL_KNOWN_PORTS = 1024

const LIST_ACTIONS = new WordCodes({
  permitted: DISPOSITION.allowed,
  'est-allowed': DISPOSITION.allowed,
  denied: DISPOSITION.blocked,
})
const FILTER_ACTIONS = new WordCodes({
  dropped: DISPOSITION.blocked,
  permitted: DISPOSITION.alerted,
  monitored: DISPOSITION.alerted,
})
/** Threat levels of the dynamic filter. */
const THREAT_LEVELS = new WordCodes({
  'very-high': SEVERITY.critical,
  high: SEVERITY.high,
  moderate: SEVERITY.medium,
  low: SEVERITY.low,
  'very-low': SEVERITY.informational,
})

const match = new Match()
const words = new Map<string, Uint8Array>()

function wordOf(text: string): Uint8Array {
  const known = words.get(text)
  if (known !== undefined) return known
  const bytes = ascii(text)
  words.set(text, bytes)
  return bytes
}

const BARE_WORDS = new KeyTable([...BARE_MESSAGES.keys()])
const BARE_ROWS = [...BARE_MESSAGES.values()]

function recognise(line: Line): boolean {
  return readCiscoHeader(line) || isSensorEvent(line) || bareMessage(line) !== null
}

/** The message whose form the text has from its first word to its end, when its number is lost. */
function bareMessage(line: Line): Message | null {
  const { bytes, at, end } = line
  let word = at
  while (word < end && bytes[word] !== 0x20) word++
  const index = BARE_WORDS.indexOf(bytes, at, word)
  if (index < 0) return null
  for (const message of BARE_ROWS[index] as readonly Message[]) {
    if (match.any(message.forms, bytes, at, end)) return message
  }
  return null
}

function readBare(line: Line, into: RecordBatch, row: number): number {
  const isEvent = isSensorEvent(line)
  const message = isEvent ? null : bareMessage(line)
  if (message === null && !isEvent) return 1
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  if (message === null) {
    const eventMs = readSecurityEvent(line, into, row, 0, line.at)
    into.eventTimeMs[row] = Number.isNaN(eventMs) ? timeOf(line) : eventMs
    return OK
  }
  readCommon(line, into, row, message)
  readSides(line, into, row, message)
  readMeaning(line, into, row, message)
  into.eventTimeMs[row] = timeOf(line)
  return OK
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (!readCiscoHeader(line)) return readBare(line, into, row)
  if (header.textAt >= line.end) return 0
  takeHeader(line)
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  into.severity[row] = severityOfLevel(header.level)
  let eventMs = Number.NaN
  if (header.id === 0) readOtherDevice(line, into, row)
  else {
    into.setText(row, TEXT_SLOT.type, header.idStart, header.idEnd)
    if (isSecurityEvent(header.id)) eventMs = readSecurityEvent(line, into, row, header.id, header.textAt)
    else readMessage(line, into, row)
  }
  into.eventTimeMs[row] = Number.isNaN(eventMs) ? timeOf(line) : eventMs
  return OK
}

function timeOf(line: Line): number {
  const headerMs = line.headerMs()
  return Number.isNaN(headerMs) ? line.arrivalMs : headerMs
}

/** `%SYS-5-CONFIG_I`: a router or switch. */
function readOtherDevice(line: Line, into: RecordBatch, row: number): void {
  setUpperWord(into, row, TEXT_SLOT.type, line, header.facilityStart, header.facilityEnd)
  setLowerWord(into, row, TEXT_SLOT.subtype, line, header.idStart, header.idEnd)
}

function readMessage(line: Line, into: RecordBatch, row: number): void {
  const message = MESSAGES.get(header.id)
  if (message === undefined) {
    if (match.any(SESSION_FORMS, line.bytes, header.textAt, line.end)) {
      if (match.isDoubtful) line.flags |= FLAG.ambiguous
      setSide(into, row, match.a, ADDRESS_SLOT.sourceAddress)
      readUser(line, into, row)
    }
    return
  }
  const hasForm = match.any(message.forms, line.bytes, header.textAt, line.end)
  // A line that was cut, or of a version that says more: what was read is right, but it convicts nobody.
  if (!hasForm && match.reach >= line.end) line.flags |= FLAG.truncated
  // What is left of a cut endpoint may be a wrong one.
  if ((line.flags & FLAG.truncated) !== 0) {
    if (match.a.to === line.end) match.a.clear()
    if (match.b.to === line.end) match.b.clear()
  }
  readCommon(line, into, row, message)
  readSides(line, into, row, message)
  if (hasForm) readMeaning(line, into, row, message)
}

function decoded(line: Line, into: RecordBatch, row: number, slot: number, text: string): void {
  if (text === '') return
  into.setDecodedText(row, slot, wordOf(text))
  line.refresh()
}

function readCommon(line: Line, into: RecordBatch, row: number, message: Message): void {
  if (match.isDoubtful) line.flags |= FLAG.ambiguous
  const { start, end } = match
  decoded(line, into, row, TEXT_SLOT.subtype, message.subtype)
  if (match.has(PART.action)) {
    setLowerWord(into, row, TEXT_SLOT.action, line, start[PART.action] as number, end[PART.action] as number)
  } else decoded(line, into, row, TEXT_SLOT.action, message.action)
  if (match.has(PART.proto)) {
    setProtocol(into, row, line, start[PART.proto] as number, end[PART.proto] as number)
  }
  const { bytes } = line
  setText(into, row, TEXT_SLOT.rule, bytes, start[PART.rule] as number, end[PART.rule] as number)
  setText(into, row, TEXT_SLOT.url, bytes, start[PART.url] as number, end[PART.url] as number)
  setCounter(into, row, TEXT_SLOT.sessionId, bytes, start[PART.conn] as number, end[PART.conn] as number)
  const hits = readDecimal(bytes, start[PART.hits] as number, end[PART.hits] as number)
  if (hits > 1) into.repeatCount[row] = Math.min(hits, 0xffffffff)
  into.bytesSent[row] = readDecimal(bytes, start[PART.sent] as number, end[PART.sent] as number)
  into.bytesReceived[row] = readDecimal(bytes, start[PART.received] as number, end[PART.received] as number)
  if (match.has(PART.reason)) readReason(line, into, row)
  readUser(line, into, row)
}

/** `TCP FINs from outside (user)`: the words in front of ` from ` and of brackets. */
function readReason(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const from = match.start[PART.reason] as number
  const end = match.end[PART.reason] as number
  let to = from
  while (to < end && bytes[to] !== 0x28 && !(bytes[to] === 0x20 && isFrom(bytes, to, end))) to++
  while (to > from && bytes[to - 1] === 0x20) to--
  if (to === from) return
  if (isWord(bytes, from, to, TCP_FINS)) {
    into.setDecodedText(row, TEXT_SLOT.sessionEndReason, TCP_FIN)
    line.refresh()
  } else setLowerWord(into, row, TEXT_SLOT.sessionEndReason, line, from, to)
}

function isFrom(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    end - at > 6 &&
    bytes[at + 1] === 0x66 &&
    bytes[at + 2] === 0x72 &&
    bytes[at + 4] === 0x6d &&
    bytes[at + 5] === 0x20
  )
}

/** The user of the message, else of its first endpoint, else of its second; `*****` is a masked one. */
function readUser(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  for (const part of [PART.user, PART.userRest]) {
    if (match.has(part)) setUser(into, row, bytes, match.start[part] as number, match.end[part] as number)
  }
  if (match.has(PART.name)) {
    setUser(into, row, bytes, match.start[PART.name] as number, match.end[PART.name] as number)
  }
}

function setUser(into: RecordBatch, row: number, bytes: Uint8Array, start: number, end: number): void {
  let stars = start
  while (stars < end && bytes[stars] === 0x2a) stars++
  if (stars < end && !isNotKnown(bytes, start, end))
    setText(into, row, TEXT_SLOT.sourceUser, bytes, start, end)
}

function isSet(words4: Uint32Array): boolean {
  return words4[0] !== 0 || words4[1] !== 0 || words4[2] !== 0 || words4[3] !== 0
}

function setWords(into: RecordBatch, row: number, slot: number, from: Uint32Array): void {
  into.setAddress(row, slot, from[0] as number, from[1] as number, from[2] as number, from[3] as number)
}

function setSide(into: RecordBatch, row: number, side: Endpoint, slot: number): void {
  if (isSet(side.address)) setWords(into, row, slot, side.address)
}

/** A translated address that is another one than the real one. */
function setTranslated(into: RecordBatch, row: number, side: Endpoint, slot: number): boolean {
  const { address, mapped } = side
  if (!isSet(mapped)) return false
  let isSame = side.port === side.mappedPort || side.mappedPort === 0
  for (let i = 0; i < 4; i++) isSame &&= address[i] === mapped[i]
  if (isSame) return false
  setWords(into, row, slot, mapped)
  return true
}

function isIcmp(line: Line): boolean {
  const start = match.start[PART.proto] as number
  return match.has(PART.proto) && ICMP_WORDS.of(line.bytes, start, match.end[PART.proto] as number, 0) === 1
}

function readSides(line: Line, into: RecordBatch, row: number, message: Message): void {
  const { a, b } = match
  const icmp = isIcmp(line)
  if (isSet(match.global.address)) b.mapped.set(match.global.address)
  const isOutbound = isNearFirst(line, message, icmp)
  const from = isOutbound ? b : a
  const to = isOutbound ? a : b
  setSide(into, row, from, ADDRESS_SLOT.sourceAddress)
  setZone(line, into, row, from, TEXT_SLOT.sourceZone, TEXT_SLOT.sourceUser)
  setSide(into, row, to, ADDRESS_SLOT.destinationAddress)
  setZone(line, into, row, to, TEXT_SLOT.destinationZone, TEXT_SLOT.destinationUser)
  // `translation from A to B`: B is both the line's other side and A's translated address. No traffic, so it never counts.
  if (message.meaning === MEANING.translation) setSide(into, row, to, ADDRESS_SLOT.natSourceAddress)
  else setTranslated(into, row, from, ADDRESS_SLOT.natSourceAddress)
  const isTranslated = setTranslated(into, row, to, ADDRESS_SLOT.natDestinationAddress)
  if (icmp) return
  into.sourcePort[row] = from.port
  into.destinationPort[row] = to.port
  if (isTranslated) into.natDestinationPort[row] = to.mappedPort
}

/** Whether the near side, which stands second, began: by the direction, or by the side that has the ICMP query's number. */
function isNearFirst(line: Line, message: Message, icmp: boolean): boolean {
  if (match.has(PART.dir)) {
    return isWord(line.bytes, match.start[PART.dir] as number, match.end[PART.dir] as number, OUTBOUND)
  }
  const isEnd = message.meaning === MEANING.teardown || message.meaning === MEANING.built
  if (!isEnd || !icmp || !isSet(match.global.address)) return false
  return isMulticast(match.a.address) || (match.a.port === 0 && match.b.port !== 0)
}

/** No packet comes from a multicast address. */
function isMulticast(address: Uint32Array): boolean {
  if (address[0] === 0 && address[2] === 0xffff) return (address[3] as number) >>> 28 === 0xe
  return (address[0] as number) >>> 24 === 0xff
}

function setZone(
  line: Line,
  into: RecordBatch,
  row: number,
  side: Endpoint,
  zone: number,
  user: number,
): void {
  if (side.zoneEnd > side.zoneStart) setText(into, row, zone, line.bytes, side.zoneStart, side.zoneEnd)
  else if (zone === TEXT_SLOT.sourceZone && match.has(PART.iface)) {
    setText(into, row, zone, line.bytes, match.start[PART.iface] as number, match.end[PART.iface] as number)
  }
  if (side.userEnd > side.userStart) setText(into, row, user, line.bytes, side.userStart, side.userEnd)
}

function readMeaning(line: Line, into: RecordBatch, row: number, message: Message): void {
  const { traffic, login } = CATEGORY
  switch (message.meaning) {
    case MEANING.deny:
      into.category[row] = traffic
      into.disposition[row] = DISPOSITION.blocked
      return
    case MEANING.built:
      into.category[row] = traffic
      into.disposition[row] = DISPOSITION.allowed
      return
    case MEANING.teardown:
      into.disposition[row] = DISPOSITION.allowed
      if (isTowardsService(into, row)) into.category[row] = traffic
      return
    case MEANING.list:
      into.category[row] = traffic
      into.disposition[row] = codeOf(line, PART.action, LIST_ACTIONS, DISPOSITION.unknown)
      return
    case MEANING.stopped:
      into.disposition[row] = DISPOSITION.blocked
      return
    case MEANING.loginSuccess:
    case MEANING.loginFailure:
    case MEANING.login:
    case MEANING.aaa:
      if (message.meaning === MEANING.aaa && !isAuthentication(line)) return
      into.category[row] = login
      into.outcome[row] = outcomeOf(message.meaning)
      return
    case MEANING.threat:
    case MEANING.attack:
    case MEANING.visit:
      readThreat(line, into, row, message)
      return
    default:
  }
}

function outcomeOf(meaning: number): number {
  if (meaning === MEANING.login) return OUTCOME.none
  return meaning === MEANING.loginFailure ? OUTCOME.failure : OUTCOME.success
}

function isAuthentication(line: Line): boolean {
  return isWord(line.bytes, match.start[PART.word] as number, match.end[PART.word] as number, AUTHENTICATION)
}

function isTowardsService(into: RecordBatch, row: number): boolean {
  const to = into.destinationPort[row] as number
  return to > 0 && to < WELL_KNOWN_PORTS && (into.sourcePort[row] as number) >= WELL_KNOWN_PORTS
}

function codeOf(line: Line, part: number, codes: WordCodes, otherwise: number): number {
  if (!match.has(part)) return otherwise
  return codes.of(line.bytes, match.start[part] as number, match.end[part] as number, otherwise)
}

function readThreat(line: Line, into: RecordBatch, row: number, message: Message): void {
  const { bytes } = line
  const { start, end } = match
  into.category[row] = CATEGORY.threat
  into.disposition[row] = codeOf(line, PART.action, FILTER_ACTIONS, DISPOSITION.alerted)
  into.severity[row] = codeOf(line, PART.level, THREAT_LEVELS, SEVERITY.medium)
  const id = readDecimal(bytes, start[PART.id] as number, end[PART.id] as number)
  if (id > 0) into.threatId[row] = id
  const name = match.has(PART.threat) ? PART.threat : PART.object
  setText(into, row, TEXT_SLOT.threatName, bytes, start[name] as number, end[name] as number)
  setText(into, row, TEXT_SLOT.threatCategory, bytes, start[PART.class] as number, end[PART.class] as number)
  const isNamed = isSet(match.a.address)
  if (message.meaning === MEANING.visit) {
    const isSource = isWord(bytes, start[PART.side] as number, end[PART.side] as number, SOURCE)
    into.attacker[row] = isSource ? ATTACKER.source : ATTACKER.none
  } else if (isNamed) into.attacker[row] = ATTACKER.source
}

export const cisco: LineFormat = {
  code: FORMAT.cisco,
  name: 'cisco',
  reasons: REASONS,
  recognise,
  read,
}
