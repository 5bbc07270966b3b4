/**
 * TRAFFIC and THREAT in the columns that Strata Logging Service (Cortex Data Lake, Prisma Access) sends when nobody
 * chose others: those of PAN-OS without the ones that say nothing there (time logged, flags, action flags, ...). The
 * order is that of its JSON and e-mail forms (log reference, "EMAIL fields"). Times are ISO 8601 with Z.
 */
import { FLAG } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { ascii, isDigit, isWord } from '../bytes.ts'
import type { Line } from '../line.ts'
import { dispositionOf } from '../words.ts'
import type { Columns } from './paloalto-columns.ts'
import { readValues } from './paloalto-meaning.ts'
import { flat, type Layout, TARGET, Values } from './paloalto-variables.ts'

const SESSION: Layout = {
  1: 'receivedTime',
  2: 'serial',
  3: 'type',
  4: 'subtype',
  6: 'generatedTime',
  7: 'source',
  8: 'destination',
  9: 'natSource',
  10: 'natDestination',
  11: 'rule',
  12: 'sourceUser',
  13: 'destinationUser',
  14: 'application',
  16: 'sourceZone',
  17: 'destinationZone',
  21: 'sessionId',
  22: 'repeatCount',
  23: 'sourcePort',
  24: 'destinationPort',
  26: 'natDestinationPort',
  27: 'protocol',
  28: 'action',
}
export const STRATA_SESSION = flat(SESSION)
const TRAFFIC = flat({
  30: 'bytesSent',
  31: 'bytesReceived',
  36: 'sequenceNumber',
  37: 'sourceCountry',
  38: 'destinationCountry',
  39: 'packetsSent',
  40: 'packetsReceived',
  41: 'sessionEndReason',
})
const THREAT_FRONT: Layout = {
  31: 'severity',
  32: 'direction',
  33: 'sequenceNumber',
  34: 'sourceCountry',
  35: 'destinationCountry',
}
const THREAT = flat({
  ...THREAT_FRONT,
  29: 'fileName',
  30: 'threat',
  50: 'device',
  58: 'threatCategory',
  61: 'ruleId',
})
const URL = flat({ ...THREAT_FRONT, 29: 'url', 40: 'forwardedFor', 47: 'device', 61: 'ruleId' })
const FILE = flat({ ...THREAT_FRONT, 29: 'fileName', 44: 'device', 54: 'ruleId' })

const PROTOCOL_COLUMN = 27
const ACTION_COLUMN = 28
/** Behind the session end reason: the device groups, which some leave out, then virtual system and device. */
const GROUP_COLUMN = 42
const GROUPS = 4
const WORD = { traffic: ascii('traffic'), url: ascii('url'), file: ascii('file') } as const

const values = new Values()

/** Whether the receive time, which no outsider can reach, is Strata's: ISO 8601. */
export function isStrata(columns: Columns, line: Line): boolean {
  return columns.count > 2 && line.bytes[(columns.start[1] as number) + 10] === 0x54
}

/** Whether a session's columns are these: a protocol in the place of a port. */
export function isStrataSession(columns: Columns, line: Line): boolean {
  if (columns.count <= ACTION_COLUMN || !isStrata(columns, line)) return false
  columns.value(line, PROTOCOL_COLUMN)
  if (columns.from === columns.to || isDigit(line.bytes[columns.from] as number)) return false
  columns.value(line, ACTION_COLUMN)
  return dispositionOf(line.bytes, columns.from, columns.to) !== 0
}

/** Reads a TRAFFIC or THREAT line of which `isStrataSession` is true. Returns a code of MEANING. */
export function readStrata(columns: Columns, line: Line, into: RecordBatch, row: number): number {
  values.clear()
  take(columns, line, STRATA_SESSION)
  columns.value(line, 3)
  if (isWord(line.bytes, columns.from, columns.to, WORD.traffic)) {
    take(columns, line, TRAFFIC)
    columns.value(line, GROUP_COLUMN)
    const hasGroups = columns.to > columns.from && isDigit(line.bytes[columns.from] as number)
    takeOne(columns, line, GROUP_COLUMN + 1 + (hasGroups ? GROUPS : 0), TARGET.device)
  } else {
    columns.value(line, 4)
    const { from, to } = columns
    if (isWord(line.bytes, from, to, WORD.url)) take(columns, line, URL)
    else take(columns, line, isWord(line.bytes, from, to, WORD.file) ? FILE : THREAT)
  }
  if (columns.brokenQuotes) line.flags |= FLAG.ambiguous
  return readValues(values, line, into, row, false)
}

function take(columns: Columns, line: Line, pairs: readonly number[]): void {
  for (let i = 0; i < pairs.length; i += 2) takeOne(columns, line, pairs[i] as number, pairs[i + 1] as number)
}

function takeOne(columns: Columns, line: Line, column: number, target: number): void {
  if (column >= columns.count) return
  columns.value(line, column)
  if (columns.to > columns.from) values.set(line.bytes, target, columns.from, columns.to)
}
