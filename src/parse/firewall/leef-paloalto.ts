/**
 * PAN-OS logs in LEEF, of the firewall (custom format for QRadar, `|` between the attributes) and of Strata:
 *
 *   LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|10.1.5|allow|cat=TRAFFIC|ReceiveTime=..|SerialNumber=..|Type=TRAFFIC|..
 *   LEEF:2.0|Palo Alto Networks|Next Generation Firewall|10.1|drop|<tab>|TimeReceived=..<tab>cat=traffic<tab>SubType=end..
 *
 * The event id is the action in traffic logs and the threat in threat logs; it stands in for a key that is missing.
 */
import { FORMAT } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { ascii, isWord, readDecimal } from '../bytes.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { VENDOR } from './cef-reader.ts'
import { isLeefOf, LEEF, leefHeader, readLeef } from './leef-reader.ts'
import { keyTable, labelTable } from './pair-registers.ts'
import { type PairKeys, Pairs } from './pair-scan.ts'
import { PairShapes } from './pair-shapes.ts'
import { meaningReasons } from './paloalto-meaning.ts'
import { kindOfType, paloaltoPairGroups } from './paloalto-pair-groups.ts'
import { isThreat, PAIR_TARGET, PAIR_TARGETS, readPairValues, takeValues, values } from './paloalto-pairs.ts'
import { TYPES } from './paloalto-types.ts'
import { TARGET } from './paloalto-variables.ts'

const KEYS: PairKeys = {
  keys: keyTable(PAIR_TARGET, {
    cat: 'type',
    Type: 'type+1',
    Subtype: 'subtype',
    src: 'source',
    dst: 'destination',
    srcPostNAT: 'natSource',
    dstPostNAT: 'natDestination',
    srcPort: 'sourcePort',
    dstPort: 'destinationPort',
    dstPostNATPort: 'natDestinationPort',
    proto: 'protocol',
    action: 'action',
    act: 'action',
    Application: 'application',
    app: 'application',
    RuleName: 'rule',
    Rule: 'rule+1',
    RuleUUID: 'ruleId',
    usrName: 'sourceUser',
    SourceUser: 'sourceUser+1',
    DestinationUser: 'destinationUser',
    SourceZone: 'sourceZone',
    FromZone: 'sourceZone',
    DestinationZone: 'destinationZone',
    ToZone: 'destinationZone',
    SourceLocation: 'sourceCountry',
    DestinationLocation: 'destinationCountry',
    SessionID: 'sessionId',
    RepeatCount: 'repeatCount',
    CountOfRepeats: 'repeatCount',
    sequence: 'sequenceNumber',
    SequenceNo: 'sequenceNumber',
    srcBytes: 'bytesSent',
    dstBytes: 'bytesReceived',
    srcPackets: 'packetsSent',
    dstPackets: 'packetsReceived',
    SessionEndReason: 'sessionEndReason',
    ThreatID: 'threat',
    ThreatCategory: 'threatCategory',
    Severity: 'severity',
    VendorSeverity: 'severity+1',
    sev: 'severityNumber',
    Direction: 'direction',
    DirectionOfAttack: 'direction',
    Miscellaneous: 'url',
    URL: 'url+1',
    FileName: 'fileName',
    Filename: 'fileName',
    SrcEDL: 'sourceEdl',
    SourceEDL: 'sourceEdl',
    XFFIP: 'clientAddress',
    'X-Forwarded-ForIP': 'clientAddress',
    XForwardedFor: 'forwardedFor',
    'X-Forwarded-For': 'forwardedFor',
    SerialNumber: 'serial',
    DeviceSN: 'serial',
    LogSourceID: 'serial',
    DeviceName: 'device',
    LogSourceName: 'device',
    ReceiveTime: 'receivedTime',
    TimeReceived: 'receivedTime',
    LogTime: 'receivedTime',
    devTime: 'generatedTime',
    TimeGeneratedHighResolution: 'highResolutionTime',
    devTimeFormat: 'timeFormat',
    PublicIP: 'publicAddress',
    PublicIPv4: 'publicAddress',
    PublicIPv6: 'publicAddress6',
    EventStatus: 'status',
    EventIDValue: 'event',
    Stage: 'stage',
    msg: 'description',
    EventDescription: 'description',
    Description: 'description',
  }),
  labels: labelTable(PAIR_TARGET, {}),
}

const THREAT_TYPES = ['threat', 'url', 'data', 'file', 'wildfire'].map(ascii)
const TRAFFIC = ascii('traffic')
const pairs = new Pairs(PAIR_TARGETS)
const shapes = new PairShapes(pairs, paloaltoPairGroups(pairs, false))

function recognise(line: Line): boolean {
  return isLeefOf(line, VENDOR.paloalto)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const type = TARGET.type
    const start = values.start[type] as number
    const kind = kindOfType(TYPES.find(line.bytes, line.view, start, values.end[type] as number))
    shapes.learn(line, into, row, KEYS, leefHeader.used, leefHeader.attributes, kind, true)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!readLeef(line, pairs, KEYS)) return 0
  takeValues(line, pairs, false)
  dropQuotes(line, TARGET.url)
  takeEventId(line)
  const failed = readPairValues(line, into, row, pairs, severityOf(line))
  return failed >= 0 ? failed + 1 : -1
}

/** `Miscellaneous="..."`: PAN-OS quotes what a peer wrote. */
function dropQuotes(line: Line, target: number): void {
  const start = values.start[target] as number
  const end = values.end[target] as number
  if (start < 0 || end - start < 2 || line.bytes[start] !== 0x22 || line.bytes[end - 1] !== 0x22) return
  values.start[target] = start + 1
  values.end[target] = end - 1
}

function takeEventId(line: Line): void {
  const { bytes } = line
  const start = leefHeader.start[LEEF.eventId] as number
  const end = leefHeader.end[LEEF.eventId] as number
  const type = values.start[TARGET.type] as number
  const typeEnd = values.end[TARGET.type] as number
  if (type < 0 || end <= start) return
  if (isWord(bytes, type, typeEnd, TRAFFIC)) {
    // `LEEF:1.0|Palo Alto Networks|PAN-OS|8.1|TRAFFIC|..`: the type once more
    if (!values.isGiven(TARGET.action) && !isWord(bytes, start, end, TRAFFIC)) {
      values.set(bytes, TARGET.action, start, end)
    }
  } else if (THREAT_TYPES.some((word) => isWord(bytes, type, typeEnd, word))) {
    if (!values.isGiven(TARGET.threat) && isThreat(bytes, start, end)) {
      values.set(bytes, TARGET.threat, start, end)
    }
  } else if (!values.isGiven(TARGET.event)) values.set(bytes, TARGET.event, start, end)
}

/** `sev`: 1 informational to 5 critical, as our codes. */
function severityOf(line: Line): number {
  const at = TARGET.severityNumber
  const number = readDecimal(line.bytes, pairs.start[at] as number, pairs.end[at] as number)
  return number >= 1 && number <= 5 ? number : 0
}

export const paloaltoLeef: LineFormat = {
  code: FORMAT.paloaltoLeef,
  name: 'paloalto-leef',
  reasons: ['paloalto-leef: the header has fewer than 5 fields', ...meaningReasons('paloalto-leef')],
  recognise,
  read,
}
