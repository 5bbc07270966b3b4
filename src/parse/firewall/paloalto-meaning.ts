/**
 * Makes a record of the values of a PAN-OS log, wherever a reader found them (paloalto-variables.ts): CSV types other
 * than TRAFFIC and THREAT, key=value, JSON, and templates. Values of the wrong kind (a port that is no number, an action
 * with commas) mean that text of an outsider has moved them: such a line is `ambiguous`.
 */
import { ATTACKER, CATEGORY, FLAG } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, isWord, readDecimal, readPort } from '../bytes.ts'
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
import { attackerOf, dispositionOf, isPlainWord, severityOf } from '../words.ts'
import { readLogin, readSystem } from './paloalto-login.ts'
import { timeOf } from './paloalto-time.ts'
import { categoryOfType, TYPE, TYPES } from './paloalto-types.ts'
import { TARGET, type Values } from './paloalto-variables.ts'

/** Why values make no record; each reader says it in its own words (`meaningReasons`). */
export const MEANING = {
  ok: -1,
  type: 0,
  noSource: 1,
  noDestination: 2,
  source: 3,
  destination: 4,
} as const

/** The reasons of MEANING in order, for a format whose values have keys. */
export function meaningReasons(format: string): readonly string[] {
  return [
    `${format}: there is no log type of PAN-OS`,
    `${format}: there is no source address`,
    `${format}: there is no destination address`,
    `${format}: the source address is not an address`,
    `${format}: the destination address is not an address`,
  ]
}

/** Targets whose text is kept as it is, and the field of each. */
export const TEXT_TARGETS: ReadonlyMap<number, number> = new Map([
  [TARGET.rule, TEXT_SLOT.rule],
  [TARGET.ruleId, TEXT_SLOT.ruleId],
  [TARGET.sourceUser, TEXT_SLOT.sourceUser],
  [TARGET.destinationUser, TEXT_SLOT.destinationUser],
  [TARGET.application, TEXT_SLOT.application],
  [TARGET.sourceZone, TEXT_SLOT.sourceZone],
  [TARGET.destinationZone, TEXT_SLOT.destinationZone],
  [TARGET.sourceCountry, TEXT_SLOT.sourceCountry],
  [TARGET.destinationCountry, TEXT_SLOT.destinationCountry],
  [TARGET.sourceEdl, TEXT_SLOT.sourceEdl],
])
const TEXTS = Uint8Array.from(TEXT_TARGETS.keys())
const TEXT_SLOTS = Uint8Array.from(TEXT_TARGETS.values())

const NOT_AVAILABLE = [ascii('n/a'), ascii('n-a')]
const TRAFFIC_WORD = ascii('TRAFFIC')
const THREAT_WORD = ascii('THREAT')
const TRAFFIC_SUBTYPES = [ascii('start'), ascii('end'), ascii('drop'), ascii('deny')]

/**
 * Fills the row. `isTypeOptional`: the line's form has no type, so it is told by the subtype and the threat. Returns
 * MEANING.ok or why there is no record.
 */
export function readValues(
  values: Values,
  line: Line,
  into: RecordBatch,
  row: number,
  isTypeOptional: boolean,
): number {
  if (values.isDoubled) line.flags |= FLAG.ambiguous
  const type = typeOf(values, line, into, row, isTypeOptional)
  if (type < 0) return MEANING.type
  into.category[row] = categoryOfType(type)
  const failed = readAddresses(values, line, into, row, type)
  if (failed !== MEANING.ok) return failed
  for (let i = 0; i < TEXTS.length; i++) {
    const target = TEXTS[i] as number
    if (values.isGiven(target)) setValueText(values, line, into, row, target, TEXT_SLOTS[i] as number)
  }
  readNumbers(values, line, into, row)
  readAction(values, line, into, row, type)
  readSeverity(values, line, into, row)
  setKnown(values, line, into, row, TARGET.threatCategory, TEXT_SLOT.threatCategory)
  if (type === TYPE.threat) readThreatValues(values, line, into, row)
  if (type === TYPE.traffic) {
    setKnown(values, line, into, row, TARGET.sessionEndReason, TEXT_SLOT.sessionEndReason)
  }
  if (type === TYPE.globalProtect || type === TYPE.authentication) readLogin(values, line, into, row, type)
  if (type === TYPE.system) readSystem(values, line, into, row)
  readDevice(values, line, into, row)
  into.eventTimeMs[row] = timeOf(values, line)
  return MEANING.ok
}

function setValueText(
  values: Values,
  line: Line,
  into: RecordBatch,
  row: number,
  target: number,
  slot: number,
): void {
  setText(into, row, slot, line.bytes, values.start[target] as number, values.end[target] as number)
}

/** Sets type and subtype; returns the type's code or -1. */
function typeOf(values: Values, line: Line, into: RecordBatch, row: number, isOptional: boolean): number {
  if (values.has(TARGET.subtype)) {
    const at = TARGET.subtype
    setLowerWord(into, row, TEXT_SLOT.subtype, line, values.start[at] as number, values.end[at] as number)
  }
  const from = values.start[TARGET.type] as number
  if (values.isGiven(TARGET.type) && !isVariable(line.bytes, from, values.end[TARGET.type] as number)) {
    const type = TYPES.find(line.bytes, line.view, from, values.end[TARGET.type] as number)
    if (type >= 0) {
      setUpperWord(into, row, TEXT_SLOT.type, line, from, values.end[TARGET.type] as number)
    }
    return type
  }
  if (!isOptional) return -1
  const isTraffic = isTrafficSubtype(line.bytes, into, row) && !isThreatGiven(values, line.bytes)
  into.setDecodedText(row, TEXT_SLOT.type, isTraffic ? TRAFFIC_WORD : THREAT_WORD)
  line.refresh()
  return isTraffic ? TYPE.traffic : TYPE.threat
}

/** Whether the subtype is one of TRAFFIC, or there is none. */
function isTrafficSubtype(bytes: Uint8Array, into: RecordBatch, row: number): boolean {
  const at = row * TEXT_STRIDE + TEXT_SLOT.subtype
  const from = into.text[at] as number
  const to = into.text[at + 1] as number
  return from === to || TRAFFIC_SUBTYPES.some((word) => isWord(bytes, from, to, word))
}

function isThreatGiven(values: Values, bytes: Uint8Array): boolean {
  for (const target of [TARGET.threat, TARGET.severity]) {
    const from = values.start[target] as number
    if (values.isGiven(target) && !isVariable(bytes, from, values.end[target] as number)) return true
  }
  return false
}

function readAddresses(values: Values, line: Line, into: RecordBatch, row: number, type: number): number {
  const { bytes } = line
  const { start, end } = values
  const isSession = type === TYPE.traffic || type === TYPE.threat
  if (isSession && !values.has(TARGET.source)) return MEANING.noSource
  if (isSession && !values.has(TARGET.destination)) return MEANING.noDestination
  const source = sourceOf(values, bytes, type)
  if (!readAddressOf(values, line, into, row, source, ADDRESS_SLOT.sourceAddress) && isSession) {
    return MEANING.source
  }
  const slot = ADDRESS_SLOT.destinationAddress
  if (!readAddressOf(values, line, into, row, TARGET.destination, slot) && isSession) {
    return MEANING.destination
  }
  if (values.has(TARGET.natSource)) {
    const at = TARGET.natSource
    setNatAddress(into, row, ADDRESS_SLOT.natSourceAddress, bytes, start[at] as number, end[at] as number)
  }
  if (values.has(TARGET.natDestination)) {
    const at = TARGET.natDestination
    setNatAddress(
      into,
      row,
      ADDRESS_SLOT.natDestinationAddress,
      bytes,
      start[at] as number,
      end[at] as number,
    )
  }
  for (const client of [TARGET.forwardedFor, TARGET.clientAddress]) {
    if (values.has(client)) setClientAddress(into, row, bytes, start[client] as number, end[client] as number)
  }
  return MEANING.ok
}

/** The target that holds the source: of a login the public address, IPv6 where IPv4 is `0.0.0.0`. */
function sourceOf(values: Values, bytes: Uint8Array, type: number): number {
  if (type === TYPE.config) return values.has(TARGET.configHost) ? TARGET.configHost : TARGET.source
  if (type === TYPE.globalProtect && values.has(TARGET.publicAddress)) {
    return isUnspecified(values, bytes, TARGET.publicAddress) ? TARGET.publicAddress6 : TARGET.publicAddress
  }
  return type === TYPE.hipMatch && isUnspecified(values, bytes, TARGET.source)
    ? TARGET.publicAddress6
    : TARGET.source
}

/** Empty, `0.0.0.0` or `::`. */
function isUnspecified(values: Values, bytes: Uint8Array, target: number): boolean {
  for (let at = values.start[target] as number; at < (values.end[target] as number); at++) {
    const byte = bytes[at]
    if (byte !== 0x30 && byte !== 0x2e && byte !== 0x3a) return false
  }
  return true
}

/** False when a text is there that does not even look like an address. `0.0.0.0` is none. */
function readAddressOf(
  values: Values,
  line: Line,
  into: RecordBatch,
  row: number,
  target: number,
  slot: number,
): boolean {
  if (!values.isGiven(target)) return true
  const from = values.start[target] as number
  const to = values.end[target] as number
  if (isUnspecified(values, line.bytes, target)) return true
  return setAddress(into, row, slot, line.bytes, from, to) || looksLikeAddress(line.bytes, from, to)
}

function readNumbers(values: Values, line: Line, into: RecordBatch, row: number): void {
  into.sourcePort[row] = portOf(values, line, TARGET.sourcePort)
  into.destinationPort[row] = portOf(values, line, TARGET.destinationPort)
  into.natDestinationPort[row] = portOf(values, line, TARGET.natDestinationPort)
  into.bytesSent[row] = quantityOf(values, line, TARGET.bytesSent)
  into.bytesReceived[row] = quantityOf(values, line, TARGET.bytesReceived)
  into.packetsSent[row] = quantityOf(values, line, TARGET.packetsSent)
  into.packetsReceived[row] = quantityOf(values, line, TARGET.packetsReceived)
  const repeats = quantityOf(values, line, TARGET.repeatCount)
  if (repeats >= 1 && repeats <= 0xffffffff) into.repeatCount[row] = repeats
  for (const target of [TARGET.sessionId, TARGET.sequenceNumber]) {
    if (!values.has(target)) continue
    const slot = target === TARGET.sessionId ? TEXT_SLOT.sessionId : TEXT_SLOT.sequenceNumber
    setCounter(into, row, slot, line.bytes, values.start[target] as number, values.end[target] as number)
  }
}

function portOf(values: Values, line: Line, target: number): number {
  if (!values.isGiven(target)) return 0
  const from = values.start[target] as number
  const to = values.end[target] as number
  const port = readPort(line.bytes, from, to)
  if (port >= 0) return port
  if (!isVariable(line.bytes, from, to)) line.flags |= FLAG.ambiguous
  return 0
}

function quantityOf(values: Values, line: Line, target: number): number {
  if (!values.isGiven(target)) return Number.NaN
  const from = values.start[target] as number
  const to = values.end[target] as number
  const found = readDecimal(line.bytes, from, to)
  if (Number.isNaN(found) && !isVariable(line.bytes, from, to)) line.flags |= FLAG.ambiguous
  return found
}

/** Types whose event id or command is the firewall's word for what happened. */
const EVENT_IS_ACTION: ReadonlySet<number> = new Set([
  TYPE.system,
  TYPE.globalProtect,
  TYPE.authentication,
  TYPE.config,
])

function readAction(values: Values, line: Line, into: RecordBatch, row: number, type: number): void {
  if (values.has(TARGET.protocol)) {
    const at = TARGET.protocol
    setLowerWord(into, row, TEXT_SLOT.protocol, line, values.start[at] as number, values.end[at] as number)
    if (!isPlainSlot(line, into, row, TEXT_SLOT.protocol)) line.flags |= FLAG.ambiguous
  }
  const isEvent = EVENT_IS_ACTION.has(type)
  const at = isEvent && values.isGiven(TARGET.event) ? TARGET.event : TARGET.action
  if (!values.has(at)) return
  setLowerWord(into, row, TEXT_SLOT.action, line, values.start[at] as number, values.end[at] as number)
  if (isEvent) return
  if (!isPlainSlot(line, into, row, TEXT_SLOT.action)) line.flags |= FLAG.ambiguous
  const slot = row * TEXT_STRIDE + TEXT_SLOT.action
  into.disposition[row] = dispositionOf(line.bytes, into.text[slot] as number, into.text[slot + 1] as number)
}

function isPlainSlot(line: Line, into: RecordBatch, row: number, slot: number): boolean {
  const at = row * TEXT_STRIDE + slot
  return isPlainWord(line.bytes, into.text[at] as number, into.text[at + 1] as number)
}

function readSeverity(values: Values, line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  if (values.isGiven(TARGET.severity)) {
    const from = values.start[TARGET.severity] as number
    const to = values.end[TARGET.severity] as number
    into.severity[row] = severityOf(bytes, from, to)
    const isOdd = into.severity[row] === 0 && !isVariable(bytes, from, to)
    if (isOdd && into.category[row] === CATEGORY.threat) line.flags |= FLAG.ambiguous
  } else if (values.isGiven(TARGET.severityNumber)) {
    // 1 informational to 5 critical, as our codes
    const at = TARGET.severityNumber
    const level = readDecimal(bytes, values.start[at] as number, values.end[at] as number)
    if (level >= 1 && level <= 5) into.severity[row] = level
  }
}

const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')

function readThreatValues(values: Values, line: Line, into: RecordBatch, row: number): void {
  const { start, end } = values
  const { bytes } = line
  if (values.isGiven(TARGET.threat)) {
    readThreat(into, row, bytes, start[TARGET.threat] as number, end[TARGET.threat] as number)
  }
  if (values.isGiven(TARGET.threatName) && into.threatId[row] !== 9999) {
    if (into.threatId[row] !== 0) {
      setValueText(values, line, into, row, TARGET.threatName, TEXT_SLOT.threatName)
    } else {
      readThreat(into, row, bytes, start[TARGET.threatName] as number, end[TARGET.threatName] as number)
    }
  }
  const url = values.isGiven(TARGET.url) ? TARGET.url : TARGET.fileName
  if (values.has(url)) setValueText(values, line, into, row, url, TEXT_SLOT.url)
  readDirection(values, line, into, row)
}

/** A form without a direction tells of threats as the original's did: the source attacks. */
function readDirection(values: Values, line: Line, into: RecordBatch, row: number): void {
  if (!values.has(TARGET.direction)) {
    into.attacker[row] = ATTACKER.source
    return
  }
  const from = values.start[TARGET.direction] as number
  const to = values.end[TARGET.direction] as number
  setLowerWord(into, row, TEXT_SLOT.direction, line, from, to)
  const at = row * TEXT_STRIDE + TEXT_SLOT.direction
  const attacker = attackerOf(line.bytes, into.text[at] as number, into.text[at + 1] as number)
  into.attacker[row] = attacker
  if (attacker !== ATTACKER.none && to - from === 1) {
    const word = attacker === ATTACKER.source ? CLIENT_TO_SERVER : SERVER_TO_CLIENT
    into.setDecodedText(row, TEXT_SLOT.direction, word)
    line.refresh()
  }
}

/** Sets a word in lower case, unless it says that there is none. */
export function setKnownWord(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
): void {
  for (const word of NOT_AVAILABLE) if (isWord(line.bytes, start, end, word)) return
  setLowerWord(into, row, slot, line, start, end)
}

function setKnown(
  values: Values,
  line: Line,
  into: RecordBatch,
  row: number,
  target: number,
  slot: number,
): void {
  if (!values.isGiven(target)) return
  const from = values.start[target] as number
  const to = values.end[target] as number
  setKnownWord(line, into, row, slot, from, to)
}

/** Its name, else its serial, else the header's host. Where values have moved a name may be an outsider's text. */
function readDevice(values: Values, line: Line, into: RecordBatch, row: number): void {
  if (values.has(TARGET.serial)) {
    setSerial(
      into,
      row,
      line.bytes,
      values.start[TARGET.serial] as number,
      values.end[TARGET.serial] as number,
    )
  }
  if (values.has(TARGET.device) && (line.flags & FLAG.ambiguous) === 0) {
    setValueText(values, line, into, row, TARGET.device, TEXT_SLOT.device)
  }
  settleDevice(line, into, row)
}

/** Where no name was given the device is its serial, else the header's host; then its zone is chosen. */
export function settleDevice(line: Line, into: RecordBatch, row: number): void {
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  if (into.text[device] === into.text[device + 1]) {
    const serial = row * TEXT_STRIDE + TEXT_SLOT.deviceSerial
    into.text[device] = into.text[serial] as number
    into.text[device + 1] = into.text[serial + 1] as number
  }
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
}
