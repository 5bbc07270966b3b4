/**
 * LEEF of vendors that have no file of their own, by the predefined keys of "LEEF: Log Event Extended Format" (IBM
 * QRadar). Type, category and severity as in cef.ts: TRAFFIC, THREAT, LOGIN or EVENT by the content; `sev` is 1 to 10.
 */
import { CATEGORY, FORMAT, SEVERITY } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { setActionMeaning, setGenericMeaning } from './cef.ts'
import { VENDOR } from './cef-reader.ts'
import { kindInText, severityOfText } from './event-words.ts'
import { isLeefOf, LEEF, leefHeader, readLeef } from './leef-reader.ts'
import { commonGroups } from './pair-groups.ts'
import { ESCAPES, setCommon } from './pair-record.ts'
import { keyTable, labelTable, REGISTER, REGISTER_COUNT } from './pair-registers.ts'
import { type PairKeys, Pairs } from './pair-scan.ts'
import { PairShapes } from './pair-shapes.ts'

const R = REGISTER

const GENERIC: PairKeys = {
  keys: keyTable(REGISTER, {
    src: 'source',
    dst: 'destination',
    srcPort: 'sourcePort',
    spt: 'sourcePort',
    dstPort: 'destinationPort',
    dpt: 'destinationPort',
    srcPostNAT: 'natSource',
    dstPostNAT: 'natDestination',
    dstPostNATPort: 'natDestinationPort',
    proto: 'protocol',
    action: 'action',
    act: 'action',
    usrName: 'sourceUser',
    srcUser: 'sourceUser',
    dstUser: 'destinationUser',
    accountName: 'sourceUser',
    srcZone: 'sourceZone',
    dstZone: 'destinationZone',
    srcCountry: 'sourceCountry',
    dstCountry: 'destinationCountry',
    app: 'application',
    application: 'application',
    service: 'application',
    srcBytes: 'sent',
    dstBytes: 'received',
    srcPackets: 'packetsSent',
    dstPackets: 'packetsReceived',
    sessionID: 'session',
    policy: 'rule',
    rule: 'rule',
    ruleName: 'rule',
    policyName: 'rule+1',
    policyID: 'ruleId',
    ruleID: 'ruleId',
    sev: 'severity',
    severity: 'severity',
    cat: 'category',
    url: 'url',
    resource: 'url',
    request: 'url',
    reason: 'reason',
    outcome: 'outcome',
    status: 'outcome',
    result: 'outcome',
    devTime: 'exactTime',
    devTimeFormat: 'timeFormat',
    deviceName: 'device',
    devName: 'device',
    serialNumber: 'serial',
    threatName: 'threatName',
    signature: 'threatName',
    attackName: 'threatName',
    attack: 'threatName',
    virus: 'threatName',
    malware: 'threatName',
    threatID: 'threatId',
    attackID: 'threatId',
  }),
  labels: labelTable(REGISTER, {}),
}

const pairs = new Pairs(REGISTER_COUNT)
const shapes = new PairShapes(pairs, commonGroups(pairs, ESCAPES.none))

function recognise(line: Line): boolean {
  return isLeefOf(line, null) && !isLeefOf(line, VENDOR.paloalto)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const kind = 1 << (into.category[row] as number)
    shapes.learn(line, into, row, GENERIC, leefHeader.used, leefHeader.attributes, kind, true)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!readLeef(line, pairs, GENERIC)) return 0
  setCommon(line, into, row, pairs, ESCAPES.none)
  setActionMeaning(line, into, row)
  const start = leefHeader.start[LEEF.eventId] as number
  const end = leefHeader.end[LEEF.eventId] as number
  setGenericMeaning(line, into, row, pairs, kindOf(line, start, end), start, end)
  into.severity[row] = pairs.has(R.severity)
    ? severityOfText(line, pairs.start[R.severity] as number, pairs.end[R.severity] as number)
    : SEVERITY.none
  return -1
}

function kindOf(line: Line, start: number, end: number): number {
  const byEvent = kindInText(line, start, end)
  if (byEvent === CATEGORY.threat || !pairs.has(R.category)) return byEvent
  const byCategory = kindInText(line, pairs.start[R.category] as number, pairs.end[R.category] as number)
  return byCategory === CATEGORY.other ? byEvent : byCategory
}

export const leef: LineFormat = {
  code: FORMAT.leef,
  name: 'leef',
  reasons: ['leef: the header has fewer than 5 fields'],
  recognise,
  read,
}
