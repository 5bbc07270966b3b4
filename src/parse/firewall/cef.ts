/**
 * CEF of vendors that have no file of their own, by the names of ArcSight's dictionary ("Implementing ArcSight Common
 * Event Format", version 25), and what is asked of every CEF line.
 *
 *   type      TRAFFIC, THREAT, LOGIN or EVENT: CEF has no log types, so it is told by the content
 *   threat    a label says signature, attack, virus or the like, or a word of the class, the name or `cat` does
 *   login     a word of the class, the name or `cat` says login, logon or authentication
 *   traffic   source, destination and an action
 *   severity  of the header: 0 informational, 1-3 low, 4-6 medium, 7-8 high, 9-10 critical, or the words
 *   in, out   bytes from source to destination and back, as the dictionary defines them
 *   time      `rt`, else `end`, else `start`
 */
import { ATTACKER, CATEGORY, DISPOSITION, FORMAT, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii } from '../bytes.ts'
import { setText } from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { HEADER } from './cef-header.ts'
import { header, isOtherCef, readCef } from './cef-reader.ts'
import { dispositionOfAction, kindInText, outcomeInText, severityOfText } from './event-words.ts'
import { commonGroups } from './pair-groups.ts'
import { ESCAPES, numberOf, setCommon } from './pair-record.ts'
import { customDefaults, keyTable, labelTable, REGISTER, REGISTER_COUNT } from './pair-registers.ts'
import { type PairKeys, Pairs, SEPARATOR } from './pair-scan.ts'
import { PairShapes } from './pair-shapes.ts'

/** Keys that mean the same for every vendor but for in, out, users and times. */
export const STANDARD_KEYS = {
  src: 'source',
  sourceAddress: 'source',
  dst: 'destination',
  destinationAddress: 'destination',
  sourceTranslatedAddress: 'natSource',
  destinationTranslatedAddress: 'natDestination',
  spt: 'sourcePort',
  sourcePort: 'sourcePort',
  dpt: 'destinationPort',
  destinationPort: 'destinationPort',
  destinationTranslatedPort: 'natDestinationPort',
  proto: 'protocol',
  transportProtocol: 'protocol',
  act: 'action',
  deviceAction: 'action',
  app: 'application',
  deviceExternalId: 'serial',
  dvchost: 'device',
  cnt: 'count',
  baseEventCount: 'count',
  cat: 'category',
  outcome: 'outcome',
  request: 'url',
  rt: 'receiveTime',
  deviceReceiptTime: 'receiveTime',
  dtz: 'timeZone',
  deviceTimeZone: 'timeZone',
} as const

const GENERIC: PairKeys = {
  keys: keyTable(REGISTER, {
    ...STANDARD_KEYS,
    suser: 'sourceUser',
    duser: 'destinationUser',
    deviceInboundInterface: 'sourceZone',
    deviceOutboundInterface: 'destinationZone',
    in: 'sent',
    bytesIn: 'sent',
    out: 'received',
    bytesOut: 'received',
    end: 'eventTime+1',
    start: 'eventTime',
    // `rt` before both: it is when the event came to the device that tells of it
    rt: 'exactTime',
    deviceReceiptTime: 'exactTime',
    dvc: 'device',
    deviceSeverity: 'level',
    reason: 'reason',
    policy: 'rule',
    rule: 'rule',
    ruleName: 'rule',
    sourceGeoCountryCode: 'sourceCountry',
    destinationGeoCountryCode: 'destinationCountry',
    sourceZoneURI: 'sourceZone',
    destinationZoneURI: 'destinationZone',
  }),
  labels: labelTable(REGISTER, {
    Rule: 'rule',
    'Rule Name': 'rule',
    RuleName: 'rule',
    Policy: 'rule',
    'Policy Name': 'rule',
    policy_name: 'rule',
    fwRule: 'rule',
    'Policy Id': 'ruleId',
    'Policy ID': 'ruleId',
    'Rule ID': 'ruleId',
    'Rule UID': 'ruleId',
    'Source Zone': 'sourceZone',
    'From Zone': 'sourceZone',
    'Destination Zone': 'destinationZone',
    'To Zone': 'destinationZone',
    'Source Country': 'sourceCountry',
    'Destination Country': 'destinationCountry',
    'Source IPv6 Address': 'source6',
    'Destination IPv6 Address': 'destination6',
    'Device IPv6 Address': 'origin',
    SessionID: 'session',
    'Session ID': 'session',
    'Session Id': 'session',
    Signature: 'threatName',
    'Signature Name': 'threatName',
    'Signature ID': 'threatId',
    'Threat Name': 'threatName',
    'Threat ID': 'threatId',
    Threat: 'threatName',
    Attack: 'threatName',
    'Attack Name': 'threatName',
    Virus: 'threatName',
    'Virus Name': 'threatName',
    Malware: 'threatName',
    'Malware Name': 'threatName',
    'Threat Category': 'threatCategory',
    'Attack Type': 'threatCategory',
    attack_type: 'threatCategory',
    'Packets Sent': 'packetsSent',
    'Packets Received': 'packetsReceived',
  }),
  defaults: customDefaults(REGISTER, { c6a2: 'source6', c6a3: 'destination6' }),
}

const R = REGISTER
const WORD = {
  traffic: ascii('TRAFFIC'),
  threat: ascii('THREAT'),
  login: ascii('LOGIN'),
  event: ascii('EVENT'),
} as const
const TYPE_WORDS = [WORD.event, WORD.traffic, WORD.threat, WORD.login] as const

const pairs = new Pairs(REGISTER_COUNT)
const shapes = new PairShapes(pairs, commonGroups(pairs, ESCAPES.cef))

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const kind = 1 << (into.category[row] as number)
    shapes.learn(line, into, row, GENERIC, SEPARATOR.blank, header.extension, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!readCef(line, pairs, GENERIC)) return 0
  setCommon(line, into, row, pairs, ESCAPES.cef)
  setActionMeaning(line, into, row)
  const nameStart = header.start[HEADER.name] as number
  const nameEnd = header.end[HEADER.name] as number
  setGenericMeaning(line, into, row, pairs, kindOfHeader(line), nameStart, nameEnd)
  into.severity[row] = severityOfHeader(line)
  return -1
}

/** What class, name and category speak of. */
function kindOfHeader(line: Line): number {
  let kind: number = CATEGORY.other
  for (const field of [HEADER.eventClass, HEADER.name]) {
    const found = kindInText(line, header.start[field] as number, header.end[field] as number)
    if (found === CATEGORY.threat) return found
    if (found !== CATEGORY.other) kind = found
  }
  if (!pairs.has(R.category)) return kind
  const byCategory = kindInText(line, pairs.start[R.category] as number, pairs.end[R.category] as number)
  return byCategory === CATEGORY.other ? kind : byCategory
}

/** Severity that the header says; `Unknown` and nothing are none. */
export function severityOfHeader(line: Line): number {
  const start = header.start[HEADER.severity] as number
  const end = header.end[HEADER.severity] as number
  return end > start ? severityOfText(line, start, end) : SEVERITY.none
}

/** Disposition by the action that was set. */
export function setActionMeaning(line: Line, into: RecordBatch, row: number): void {
  const at = row * TEXT_STRIDE + TEXT_SLOT.action
  into.disposition[row] = dispositionOfAction(line, into.text[at] as number, into.text[at + 1] as number)
}

/** Category, type, threat and outcome of an event of no known vendor; the name names the threat where no key does. */
export function setGenericMeaning(
  line: Line,
  into: RecordBatch,
  row: number,
  found: Pairs,
  kind: number,
  nameStart: number,
  nameEnd: number,
): void {
  const category = categoryOf(into, row, found, kind)
  into.category[row] = category
  into.setDecodedText(row, TEXT_SLOT.type, TYPE_WORDS[category] as Uint8Array)
  line.refresh()
  if (category === CATEGORY.threat) {
    into.attacker[row] = ATTACKER.source
    const id = numberOf(line, found, R.threatId)
    if (id > 0) into.threatId[row] = id
    if (!found.has(R.threatName)) setText(into, row, TEXT_SLOT.threatName, line.bytes, nameStart, nameEnd)
    if (into.disposition[row] === DISPOSITION.allowed) into.disposition[row] = DISPOSITION.alerted
  } else if (category === CATEGORY.login) {
    into.outcome[row] = outcomeOfLogin(line, found, nameStart, nameEnd)
  }
}

function categoryOf(into: RecordBatch, row: number, found: Pairs, kind: number): number {
  const hasSides = found.has(R.source) || found.has(R.source6)
  if (found.has(R.threatName) || found.has(R.threatCategory)) return CATEGORY.threat
  if (kind === CATEGORY.threat && hasSides) return CATEGORY.threat
  if (kind === CATEGORY.login) return CATEGORY.login
  const isTraffic = hasSides && (found.has(R.destination) || found.has(R.destination6))
  return isTraffic && into.disposition[row] !== DISPOSITION.unknown ? CATEGORY.traffic : CATEGORY.other
}

/** By `outcome`, else the action, else the words of the name. */
function outcomeOfLogin(line: Line, found: Pairs, nameStart: number, nameEnd: number): number {
  for (const register of [R.outcome, R.action]) {
    if (!found.has(register)) continue
    const outcome = outcomeInText(line, found.start[register] as number, found.end[register] as number)
    if (outcome !== OUTCOME.none) return outcome
  }
  return outcomeInText(line, nameStart, nameEnd)
}

export const cef: LineFormat = {
  code: FORMAT.cef,
  name: 'cef',
  reasons: ['cef: the header has fewer than 7 fields'],
  recognise: isOtherCef,
  read,
}
