/**
 * Check Point's logs in their syslog and text forms; see checkpoint-keys.ts for the grammars.
 *
 *   type      the product (blade) in upper case: VPN-1 & FIREWALL-1, IPS, SMARTCONSOLE, ...
 *   subtype   the part of the product, the type of the protection, or the subject of an administrator's action
 *   device    the gateway's name in `originsicname`; the log server in the header is the relay then
 *   rule      name of the rule of the first layer, else its number; `ruleId` is its UID; of an administrator's line the
 *             rule or exception that was changed
 *   zones     `inzone` and `outzone`
 *   traffic   an action on a connection: both addresses and a protocol or service
 *   threats   lines that name an attack or a protection; the attacker is known for IPS only (it is the source there)
 *   logins    `Log In`, `Failed Log In`, or that operation of an administrator; source is `src` or `client_ip`
 *
 * `sequencenum` counts within a second only, so it is no sequence number.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, FORMAT, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, isWord } from '../bytes.ts'
import { setLowerWord, setUpperWord } from '../fields.ts'
import { WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { setProtocol } from '../value-fields.ts'
import { FORM, formOf, found } from './checkpoint-forms.ts'
import { GROUPS } from './checkpoint-groups.ts'
import {
  findColons,
  findColumns,
  findListed,
  findPiped,
  findStructured,
  KEY,
  LIST,
  NEVER_LAST,
  notes,
  spans,
} from './checkpoint-keys.ts'
import {
  address,
  codeOf,
  natAddress,
  port,
  quantity,
  readApplication,
  readDevice,
  readRule,
  readThreatName,
  readUser,
  text,
  timeOf,
} from './checkpoint-values.ts'
import { ACTIONS, INTRUSION_PRODUCTS, LOGINS, OUTCOMES, SEVERITIES } from './checkpoint-words.ts'
import { ShapeMemory } from './shape-memory.ts'

const REASONS = [
  'checkpoint: no known field is there',
  'checkpoint: the exported line has too few columns',
  'checkpoint: more text stands behind the closing bracket',
] as const
const OK = -1
const NO_LOGIN = -1
const LOGIN_FAILED = ascii('administrator failed to log in')
/** The most frequent product as a relay's JSON leaves it behind. */
const ESCAPED_FIREWALL = new WordCodes({ 'vpn-1-\\u0026-firewall-1': 1 })
const FIREWALL = ascii('VPN-1 & FIREWALL-1')
const shapes = new ShapeMemory(spans, GROUPS)

function recognise(line: Line): boolean {
  return formOf(line.bytes, line.at, line.end) !== FORM.none
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return OK
  const failed = readLong(line, into, row)
  if (failed < 0) shapes.learnNoted(line, into, row, notes, 1 << (into.category[row] as number))
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  const { bytes, end } = line
  const form = formOf(bytes, line.at, end)
  spans.clear()
  notes.clear()
  let ending: number = LIST.closed
  if (form === FORM.listed) ending = findListed(bytes, line.view, found.pairsAt, end)
  else if (form === FORM.structured) ending = findStructured(bytes, line.view, found.pairsAt, end)
  else if (form === FORM.piped) findPiped(bytes, line.view, found.pairsAt, end)
  else if (form === FORM.columns) {
    if (!findColumns(bytes, line.view, found.pairsAt, end)) return 1
  } else readFwLog(line)
  // Then the brackets are structured data of a header, and the text is what stands behind them.
  if (ending === LIST.followed) return 2
  if (ending === LIST.open) line.flags |= FLAG.truncated
  // What is left of a value without quotes may be a wrong one.
  else if ((line.flags & FLAG.truncated) !== 0 && form !== FORM.listed) spans.drop(spans.last)
  if (form !== FORM.columns && spans.dropCut(NEVER_LAST, end)) line.flags |= FLAG.truncated
  if (spans.ambiguous) line.flags |= FLAG.ambiguous
  if (isEmpty()) return 0
  readSides(line, into, row)
  readRule(line, into, row)
  readNames(line, into, row)
  readMeaning(line, into, row)
  readDevice(line, into, row)
  into.eventTimeMs[row] = timeOf(line)
  return OK
}

function readFwLog({ bytes, view, end }: Line): void {
  if (found.actionEnd > found.actionAt) spans.set(bytes, KEY.action, found.actionAt, found.actionEnd)
  if (found.originEnd > found.originAt) spans.set(bytes, KEY.origin, found.originAt, found.originEnd)
  if (found.stampEnd > found.stampAt) spans.set(bytes, KEY.time, found.stampAt, found.stampEnd)
  findColons(bytes, view, found.pairsAt, end)
}

function isEmpty(): boolean {
  for (const start of spans.start) if (start >= 0) return false
  return true
}

function readSides(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const source = ADDRESS_SLOT.sourceAddress
  if (!spans.isFilled(KEY.source) && !address(into, row, line, KEY.clientAddress, source)) {
    address(into, row, line, KEY.endpointAddress, source)
  }
  address(into, row, line, KEY.source, source)
  address(into, row, line, KEY.destination, ADDRESS_SLOT.destinationAddress)
  natAddress(into, row, line, KEY.natSource, ADDRESS_SLOT.natSourceAddress)
  natAddress(into, row, line, KEY.natDestination, ADDRESS_SLOT.natDestinationAddress)
  address(into, row, line, KEY.forwardedFor, ADDRESS_SLOT.clientAddress)
  if (spans.has(KEY.protocol)) {
    setProtocol(into, row, line, spans.start[KEY.protocol] as number, spans.end[KEY.protocol] as number)
  }
  into.sourcePort[row] = port(bytes, KEY.sourcePort)
  into.destinationPort[row] = port(bytes, KEY.service)
  into.natDestinationPort[row] = port(bytes, KEY.natPort)
  into.bytesSent[row] = quantity(bytes, KEY.bytesSent)
  into.bytesReceived[row] = quantity(bytes, KEY.bytesReceived)
  into.packetsSent[row] = quantity(bytes, KEY.packetsSent)
  into.packetsReceived[row] = quantity(bytes, KEY.packetsReceived)
  text(line, into, row, KEY.sourceCountry, TEXT_SLOT.sourceCountry)
  text(line, into, row, KEY.destinationCountry, TEXT_SLOT.destinationCountry)
  text(line, into, row, KEY.inZone, TEXT_SLOT.sourceZone)
  text(line, into, row, KEY.outZone, TEXT_SLOT.destinationZone)
  readUser(line, into, row)
  text(line, into, row, KEY.destinationUser, TEXT_SLOT.destinationUser)
}

function readNames(line: Line, into: RecordBatch, row: number): void {
  text(line, into, row, KEY.ruleUid, TEXT_SLOT.ruleId)
  readApplication(line, into, row)
  text(line, into, row, KEY.resource, TEXT_SLOT.url)
  for (const key of [KEY.subproduct, KEY.protectionType, KEY.subject]) {
    if (!spans.isFilled(key)) continue
    setLowerWord(into, row, TEXT_SLOT.subtype, line, spans.start[key] as number, spans.end[key] as number)
    break
  }
}

function readMeaning(line: Line, into: RecordBatch, row: number): void {
  const { start, end } = spans
  if (spans.has(KEY.product) && codeOf(line.bytes, KEY.product, ESCAPED_FIREWALL, 0) === 1) {
    into.setDecodedText(row, TEXT_SLOT.type, FIREWALL)
    line.refresh()
  } else if (spans.has(KEY.product)) {
    setUpperWord(into, row, TEXT_SLOT.type, line, start[KEY.product] as number, end[KEY.product] as number)
  }
  if (spans.has(KEY.action)) {
    setLowerWord(into, row, TEXT_SLOT.action, line, start[KEY.action] as number, end[KEY.action] as number)
  }
  const { bytes } = line
  into.severity[row] = codeOf(bytes, KEY.severity, SEVERITIES, 0)
  if (readLogin(bytes, into, row)) return
  const disposition = codeOf(bytes, KEY.action, ACTIONS, DISPOSITION.unknown)
  const isConnection = spans.isFilled(KEY.source) && spans.isFilled(KEY.destination)
  if (spans.isFilled(KEY.attack) || spans.isFilled(KEY.protectionName)) {
    readThreat(line, into, row)
    into.disposition[row] = disposition === DISPOSITION.allowed ? DISPOSITION.alerted : disposition
  } else if (isConnection) {
    into.disposition[row] = disposition
    // A key exchange has addresses too; only connections have a protocol or a service.
    const hasService = spans.isFilled(KEY.protocol) || spans.isFilled(KEY.service)
    if (hasService && disposition !== DISPOSITION.unknown) into.category[row] = CATEGORY.traffic
  }
}

function readThreat(line: Line, into: RecordBatch, row: number): void {
  into.category[row] = CATEGORY.threat
  readThreatName(line, into, row)
  if (codeOf(line.bytes, KEY.product, INTRUSION_PRODUCTS, 0) === 1) into.attacker[row] = ATTACKER.source
}

/** Whether the line is an attempt to log in. */
function readLogin(bytes: Uint8Array, into: RecordBatch, row: number): boolean {
  let outcome = codeOf(bytes, KEY.action, LOGINS, NO_LOGIN)
  if (outcome === NO_LOGIN) outcome = codeOf(bytes, KEY.operation, LOGINS, NO_LOGIN)
  if (outcome === NO_LOGIN) return false
  into.category[row] = CATEGORY.login
  if (outcome === OUTCOME.none) outcome = codeOf(bytes, KEY.auditStatus, OUTCOMES, OUTCOME.none)
  if (outcome === OUTCOME.none) outcome = codeOf(bytes, KEY.authStatus, OUTCOMES, OUTCOME.none)
  // Without a status the attempt is told as done, unless its text says otherwise.
  if (outcome === OUTCOME.none) outcome = saysFailed(bytes) ? OUTCOME.failure : OUTCOME.success
  into.outcome[row] = outcome
  return true
}

function saysFailed(bytes: Uint8Array): boolean {
  const start = spans.start[KEY.info] as number
  if (start < 0 || (spans.end[KEY.info] as number) - start < LOGIN_FAILED.length) return false
  return isWord(bytes, start, start + LOGIN_FAILED.length, LOGIN_FAILED)
}

export const checkpoint: LineFormat = {
  code: FORMAT.checkpoint,
  name: 'checkpoint',
  reasons: REASONS,
  recognise,
  read,
}
