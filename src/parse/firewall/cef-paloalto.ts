/**
 * PAN-OS logs in CEF, of three origins:
 *
 *   Strata, Cortex, Prisma  CEF:0|Palo Alto Networks|LF|2.0|TRAFFIC|end|3|dtz=UTC rt=.. cs1=.. cs1Label=Rule ..
 *   firewall (custom format) CEF:0|Palo Alto Networks|PAN-OS|10.1|end|TRAFFIC|1|rt=.. cs1Label=Rule cs1=.. ..
 *                            CEF:0|Palo Alto Networks|PAN-OS|10.1|Name(30845)|THREAT|5|.. cat=vulnerability ..
 *   others of the vendor    CEF:0|Palo Alto Networks|Cortex XDR|..: no log of PAN-OS, read by cef.ts
 *
 * The log type stands in the class or in the name, the other one is the subtype or the threat. Bytes: Strata's `out` is
 * sent and `in` received; the firewall's format has it the other way round. Severity: the word, else the header: 1 to 5
 * on the firewall, 0 to 10 in Strata. Sources: "CEF-style Log Formats" of PAN-OS 8 to 11, Strata Logging Service log
 * reference.
 */
import { CATEGORY, FORMAT } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { ascii, readDecimal } from '../bytes.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { HEADER } from './cef-header.ts'
import { header, isCefOf, readCef, VENDOR } from './cef-reader.ts'
import { severityOfText } from './event-words.ts'
import { customDefaults, keyTable, labelTable } from './pair-registers.ts'
import { type PairKeys, Pairs, SEPARATOR } from './pair-scan.ts'
import { PairShapes } from './pair-shapes.ts'
import { meaningReasons } from './paloalto-meaning.ts'
import { kindOfType, paloaltoPairGroups } from './paloalto-pair-groups.ts'
import {
  isThreat,
  PAIR_TARGET,
  PAIR_TARGETS,
  readPairValues,
  setNameOfNumber,
  takeValues,
  values,
} from './paloalto-pairs.ts'
import { TYPE, TYPES } from './paloalto-types.ts'
import { TARGET } from './paloalto-variables.ts'

const KEYS = {
  src: 'source+1',
  dst: 'destination+1',
  sourceTranslatedAddress: 'natSource',
  destinationTranslatedAddress: 'natDestination',
  PanOSNATSource: 'natSource',
  PanOSNATDestination: 'natDestination',
  spt: 'sourcePort',
  dpt: 'destinationPort',
  destinationTranslatedPort: 'natDestinationPort',
  PanOSNATDestinationPort: 'natDestinationPort',
  proto: 'protocol',
  act: 'action',
  app: 'application',
  PanOSApplication: 'application',
  suser: 'sourceUser',
  suser0: 'sourceUser+1',
  PanOSSourceUser: 'sourceUser+2',
  PanOSSourceUserName: 'sourceUser',
  PanOSAuthenticatedUserName: 'sourceUser',
  duser: 'destinationUser',
  duser0: 'destinationUser+1',
  PanOSDestinationUser: 'destinationUser+2',
  cnt: 'repeatCount',
  externalId: 'sequenceNumber',
  PanOSSequenceNo: 'sequenceNumber',
  deviceExternalId: 'serial',
  PanOSDeviceSN: 'serial',
  dvchost: 'device',
  DeviceName: 'device',
  PanOSDeviceName: 'device',
  reason: 'sessionEndReason',
  PanOSSessionEndReason: 'sessionEndReason',
  PanOSPacketsSent: 'packetsSent',
  PanOSPacketsReceived: 'packetsReceived',
  PanOSSessionID: 'sessionId',
  PanOSSourceLocation: 'sourceCountry',
  PanOSSourceRegion: 'sourceCountry',
  PanOSDestinationLocation: 'destinationCountry',
  PanOSSeverity: 'severity',
  PanOSThreatID: 'threat',
  PanOSThreatCategory: 'threatCategory',
  PanOSRuleUUID: 'ruleId',
  PanOSSourceEDL: 'sourceEdl',
  'PanOSX-Forwarded-ForIP': 'clientAddress',
  'PanOSX-Forwarded-For': 'forwardedFor',
  PanOSXForwarderfor: 'forwardedFor',
  PanOSXFFIP: 'clientAddress',
  request: 'url',
  cat: 'category',
  fname: 'fileName',
  rt: 'receivedTime',
  start: 'generatedTime',
  PanOSEventTime: 'generatedTime',
  PanOSLogTimeStamp: 'generatedTime',
  PanOSTimeGeneratedHighResolution: 'highResolutionTime',
  dtz: 'timeZone',
  PanOSPublicIPv4: 'publicAddress',
  PanOSPublicIPv6: 'publicAddress6',
  PanOSEventIDValue: 'event',
  PanOSEventID: 'event',
  PanOSStage: 'stage',
  PanOSEventStatus: 'status',
  PanOSConnectionError: 'error',
  PanOSEventDescription: 'description',
  msg: 'description',
} as const

const LABELS = labelTable(PAIR_TARGET, {
  Rule: 'rule',
  SessionID: 'sessionId',
  FromZone: 'sourceZone',
  'Source Zone': 'sourceZone',
  ToZone: 'destinationZone',
  'Destination Zone': 'destinationZone',
  DirectionOfAttack: 'direction',
  Direction: 'direction',
  'Source IPv6 Address': 'source',
  'Destination IPv6 Address': 'destination',
})
const DEFAULTS = customDefaults(PAIR_TARGET, {
  cs1: 'rule',
  cs4: 'sourceZone',
  cs5: 'destinationZone',
  cn1: 'sessionId',
  flexString2: 'direction',
})
const STRATA: PairKeys = {
  keys: keyTable(PAIR_TARGET, { ...KEYS, out: 'bytesSent', in: 'bytesReceived' }),
  labels: LABELS,
  defaults: DEFAULTS,
}
const FIREWALL: PairKeys = {
  keys: keyTable(PAIR_TARGET, { ...KEYS, in: 'bytesSent', out: 'bytesReceived' }),
  labels: LABELS,
  defaults: DEFAULTS,
}

const LF = ascii('lf')
const CATEGORY_KEY = PAIR_TARGET.category
const pairs = new Pairs(PAIR_TARGETS)
const shapes = new PairShapes(pairs, paloaltoPairGroups(pairs, true))

function recognise(line: Line): boolean {
  return isCefOf(line, VENDOR.paloalto)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const isStrata = header.is(line, HEADER.product, LF)
    const kind = kindOfType(typeAt(line, fieldOfType(line, isStrata)))
    const vendor = isStrata ? STRATA : FIREWALL
    shapes.learn(line, into, row, vendor, SEPARATOR.blank, header.extension, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!header.read(line)) return 0
  const isStrata = header.is(line, HEADER.product, LF)
  if (!readCef(line, pairs, isStrata ? STRATA : FIREWALL)) return 0
  takeValues(line, pairs, true)
  const type = fieldOfType(line, isStrata)
  if (type < 0) return 1
  const other = type === HEADER.name ? HEADER.eventClass : HEADER.name
  values.set(line.bytes, TARGET.type, header.start[type] as number, header.end[type] as number)
  takeOther(line, header.start[other] as number, header.end[other] as number)
  if (pairs.has(CATEGORY_KEY) && typeAt(line, type) === TYPE.threat) takeCategory(line)
  const failed = readPairValues(line, into, row, pairs, severityOf(line, isStrata))
  if (failed >= 0) return failed + 1
  if (isStrata && into.category[row] === CATEGORY.threat && pairs.has(CATEGORY_KEY)) {
    setNameOfNumber(line, into, row, pairs.start[CATEGORY_KEY] as number, pairs.end[CATEGORY_KEY] as number)
  }
  return -1
}

/** Which header field names the log type: Strata's class; on the firewall the name, unless it is no type. */
function fieldOfType(line: Line, isStrata: boolean): number {
  const isClass = isType(line, HEADER.eventClass)
  if (isStrata) return isClass ? HEADER.eventClass : -1
  // SYSTEM has subtypes that are called as types are (auth, globalprotect): types are upper case.
  if (isType(line, HEADER.name) && (!isClass || isUpper(line, HEADER.name))) return HEADER.name
  return isClass ? HEADER.eventClass : -1
}

function typeAt(line: Line, field: number): number {
  return TYPES.find(line.bytes, line.view, header.start[field] as number, header.end[field] as number)
}

function isType(line: Line, field: number): boolean {
  return typeAt(line, field) >= 0
}

function isUpper(line: Line, field: number): boolean {
  const first = line.bytes[header.start[field] as number] as number
  return first >= 0x41 && first <= 0x5a
}

/** The header field that is not the type. */
function takeOther(line: Line, start: number, end: number): void {
  if (end <= start) return
  const target = isThreat(line.bytes, start, end) ? TARGET.threat : TARGET.subtype
  values.set(line.bytes, target, start, end)
}

/** `cat` of a threat in the firewall's formats: the threat where the header has the subtype, else the subtype. */
function takeCategory(line: Line): void {
  const start = pairs.start[CATEGORY_KEY] as number
  const end = pairs.end[CATEGORY_KEY] as number
  if (isThreat(line.bytes, start, end)) {
    if (!values.isGiven(TARGET.threat)) values.set(line.bytes, TARGET.threat, start, end)
  } else if (!values.has(TARGET.subtype)) values.set(line.bytes, TARGET.subtype, start, end)
}

/** Code of the header's severity. */
function severityOf(line: Line, isStrata: boolean): number {
  const start = header.start[HEADER.severity] as number
  const end = header.end[HEADER.severity] as number
  const number = readDecimal(line.bytes, start, end)
  if (!isStrata && number >= 1 && number <= 5) return number
  return end > start ? severityOfText(line, start, end) : 0
}

export const paloaltoCef: LineFormat = {
  code: FORMAT.paloaltoCef,
  name: 'paloalto-cef',
  reasons: ['paloalto-cef: the header has fewer than 7 fields', ...meaningReasons('paloalto-cef')],
  recognise,
  read,
}
