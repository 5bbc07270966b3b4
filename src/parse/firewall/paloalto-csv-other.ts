/**
 * PAN-OS CSV logs other than TRAFFIC and THREAT: what each column is, by log type (field descriptions of PAN-OS 9.0 to
 * 11.2; 0-based from FUTURE_USE, as in FIELD.md B.5). Older releases are prefixes. The type is not always in column 3:
 * GLOBALPROTECT of 9.1.0 to 9.1.2 has the sequence number and the flags in front of it, Strata's DECRYPTION an empty
 * column, AUDIT no first column and no second time.
 *
 * Text that is not quoted may hold commas and moves what stands behind it. So columns behind a text of outsiders are
 * only believed when the sequence number and the action flags stand where they belong.
 */
import { FLAG } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { looksLikeAddress, readAddress } from '../address-bytes.ts'
import { ascii, isDigit, isWord } from '../bytes.ts'
import type { Line } from '../line.ts'
import { severityOf } from '../words.ts'
import { MEANING, readValues } from './paloalto-meaning.ts'
import type { Columns } from './paloalto-columns.ts'
import { isStrata, isStrataSession, STRATA_SESSION } from './paloalto-csv-strata.ts'
import { TYPE, TYPES } from './paloalto-types.ts'
import { flat, type Layout, TARGET, Values } from './paloalto-variables.ts'

interface Reading {
  /** Columns in front of and at free text. */
  readonly front: readonly number[]
  /** Columns behind free text. */
  readonly back: readonly number[]
  /** Column of the sequence number, with the action flags behind it; 0 where there are none. */
  readonly sequence: number
}

function reading(front: Layout, sequence = 0, back: Layout = {}): Reading {
  return {
    front: flat(front),
    back: flat(sequence === 0 ? back : { ...back, [sequence]: 'sequenceNumber' }),
    sequence,
  }
}

const SESSION: Layout = {
  7: 'source',
  8: 'destination',
  11: 'rule',
  16: 'sourceZone',
  17: 'destinationZone',
  22: 'sessionId',
  24: 'sourcePort',
  25: 'destinationPort',
}
const WHOLE_SESSION: Layout = {
  ...SESSION,
  9: 'natSource',
  10: 'natDestination',
  12: 'sourceUser',
  13: 'destinationUser',
  14: 'application',
  23: 'repeatCount',
  27: 'natDestinationPort',
  29: 'protocol',
  30: 'action',
}
const TUNNEL = reading(WHOLE_SESSION, 32, {
  31: 'severity',
  34: 'sourceCountry',
  35: 'destinationCountry',
  41: 'device',
  48: 'bytesSent',
  49: 'bytesReceived',
  51: 'packetsSent',
  52: 'packetsReceived',
  59: 'sessionEndReason',
  66: 'ruleId',
  69: 'sourceEdl',
  71: 'highResolutionTime',
})
const GLOBALPROTECT = reading(
  {
    8: 'event',
    9: 'stage',
    12: 'sourceUser',
    13: 'sourceCountry',
    15: 'publicAddress',
    16: 'publicAddress6',
    24: 'repeatCount',
    25: 'reason',
    26: 'error',
    28: 'status',
  },
  34,
  { 36: 'highResolutionTime', 47: 'device' },
)
const AUTHENTICATION = reading(
  { 8: 'source', 9: 'sourceUser', 13: 'repeatCount', 18: 'description', 20: 'event' },
  22,
  { 29: 'device', 32: 'ruleId', 33: 'highResolutionTime' },
)
const SYSTEM = reading({ 8: 'event', 13: 'severity' }, 15, {
  14: 'description',
  22: 'device',
  25: 'highResolutionTime',
})
const CONFIG_FRONT: Layout = { 7: 'configHost', 9: 'event', 10: 'sourceUser' }
const CONFIG = reading(CONFIG_FRONT, 14, { 21: 'device', 25: 'highResolutionTime' })
/** With the columns "before change" and "after change", which only custom formats had at first. */
const LONG_CONFIG = reading(CONFIG_FRONT, 16, { 23: 'device', 27: 'highResolutionTime' })
const HIPMATCH = reading({ 7: 'sourceUser', 11: 'source', 12: 'rule', 13: 'repeatCount' }, 17, {
  24: 'device',
  26: 'publicAddress6',
  30: 'highResolutionTime',
})
const DECRYPTION = reading(WHOLE_SESSION, 89, {
  36: 'ruleId',
  68: 'sourceEdl',
  72: 'highResolutionTime',
  96: 'device',
})
const GTP = reading({
  ...SESSION,
  14: 'application',
  29: 'protocol',
  30: 'action',
  41: 'severity',
  49: 'sourceCountry',
  50: 'destinationCountry',
  81: 'ruleId',
  83: 'highResolutionTime',
})
const SCTP = reading({
  ...SESSION,
  23: 'repeatCount',
  30: 'protocol',
  31: 'action',
  37: 'device',
  38: 'sequenceNumber',
  42: 'severity',
  61: 'packetsSent',
  62: 'packetsReceived',
  63: 'ruleId',
  64: 'highResolutionTime',
})
/** As Strata sends it: without the columns that say nothing, the action flags among them. */
const STRATA_SYSTEM = reading({ 8: 'event', 10: 'severity' }, 12, {
  11: 'description',
  18: 'device',
  21: 'highResolutionTime',
})
const STRATA_HIPMATCH = reading({ 7: 'sourceUser', 11: 'source', 12: 'rule', 13: 'repeatCount' }, 15, {
  21: 'device',
  23: 'publicAddress6',
})
const USERID = reading({ 8: 'source', 9: 'sourceUser', 12: 'repeatCount' }, 18, {
  25: 'device',
  33: 'highResolutionTime',
})
/** `0x80` and the like, from PAN-OS 10.0 on. */
const USER_GROUP_FLAGS = 30
const IPTAG = reading({ 8: 'source', 10: 'event', 11: 'repeatCount' }, 16, {
  23: 'device',
  25: 'highResolutionTime',
})
const CORRELATION = reading({
  7: 'source',
  8: 'sourceUser',
  10: 'threatCategory',
  11: 'severity',
  17: 'device',
  19: 'rule',
})
const NOTHING = reading({})

const READINGS: readonly (readonly [Uint8Array, Reading])[] = [
  [ascii('system'), SYSTEM],
  [ascii('globalprotect'), GLOBALPROTECT],
  [ascii('config'), CONFIG],
  [ascii('userid'), USERID],
  [ascii('hipmatch'), HIPMATCH],
  [ascii('hip-match'), HIPMATCH],
  [ascii('authentication'), AUTHENTICATION],
  [ascii('auth'), AUTHENTICATION],
  [ascii('decryption'), DECRYPTION],
  [ascii('start'), TUNNEL],
  [ascii('end'), TUNNEL],
  [ascii('gtp'), GTP],
  [ascii('sctp'), SCTP],
  [ascii('correlation'), CORRELATION],
  [ascii('iptag'), IPTAG],
]

const TYPE_COLUMN = 3
const GENERATED_COLUMN = 6
/** Least columns of a tunnel log: through the action. */
const TUNNEL_COLUMNS = 31
const AUDIT_TYPE_COLUMN = 2
const AUDIT = ascii('audit')
const SCTP_WORD = ascii('sctp')

/** The reasons of paloalto-csv, in its order. */
const REASON = { type: 0, short: 1, source: 2, destination: 3 } as const
const OK = -1

const values = new Values()

/** Reads a line whose column 3 says neither TRAFFIC nor THREAT. Returns -1 or the index of a reason of paloalto-csv. */
export function readOtherType(columns: Columns, line: Line, into: RecordBatch, row: number): number {
  values.clear()
  const last = Math.min(columns.count - 1, 5)
  for (let column = AUDIT_TYPE_COLUMN; column <= last; column++) {
    columns.value(line, column)
    const type = TYPES.find(line.bytes, line.view, columns.from, columns.to)
    if (type < 0) continue
    // `end` further back is no type but a word in some column.
    if (type === TYPE.threat || (type === TYPE.traffic && column !== TYPE_COLUMN)) continue
    values.set(line.bytes, TARGET.type, columns.from, columns.to)
    if (isWord(line.bytes, columns.from, columns.to, AUDIT))
      take(columns, line, column - 1, TARGET.receivedTime)
    else readColumns(columns, line, column, type)
    take(columns, line, column === AUDIT_TYPE_COLUMN ? 0 : 2, TARGET.serial)
    if (type === TYPE.traffic && columns.count < TUNNEL_COLUMNS) return REASON.short
    return reasonOf(readValues(values, line, into, row, false))
  }
  return REASON.type
}

/** The reason of paloalto-csv for a code of MEANING. */
export function reasonOf(meaning: number): number {
  switch (meaning) {
    case MEANING.ok:
      return OK
    case MEANING.source:
    case MEANING.noSource:
      return REASON.source
    case MEANING.destination:
    case MEANING.noDestination:
      return REASON.destination
    default:
      return REASON.type
  }
}

/** Takes the value of a column; nothing when the line has no such column. */
function take(columns: Columns, line: Line, column: number, target: number): void {
  if (column >= columns.count || column < 0) return
  columns.value(line, column)
  if (columns.to > columns.from) values.set(line.bytes, target, columns.from, columns.to)
}

function readColumns(columns: Columns, line: Line, typeColumn: number, type: number): void {
  const shift = shiftOf(columns, line, typeColumn)
  if (typeColumn - shift === TYPE_COLUMN) take(columns, line, typeColumn + 1, TARGET.subtype)
  take(columns, line, 1, TARGET.receivedTime)
  take(columns, line, GENERATED_COLUMN + shift, TARGET.generatedTime)
  columns.value(line, typeColumn)
  const found = READINGS.find(([word]) => isWord(line.bytes, columns.from, columns.to, word))
  const reading = variantOf(columns, line, found?.[1] ?? NOTHING)
  if (type === TYPE.session && isStrataSession(columns, line)) {
    takeAll(columns, line, STRATA_SESSION, 0)
    return
  }
  const front = reading === SYSTEM ? systemShift(columns, line) : shift
  takeAll(columns, line, reading.front, reading === SCTP ? sctpShift(columns, line) : front)
  const otherFlags = reading === USERID ? USER_GROUP_FLAGS + front : 0
  const place =
    reading.sequence === 0 ? PLACE.usual : placeOf(columns, line, reading.sequence + front, otherFlags)
  const isWhole = reading === STRATA_SYSTEM || reading === STRATA_HIPMATCH
  if (place === PLACE.usual || reading === TUNNEL || (place === PLACE.noFlags && isWhole)) {
    takeAll(columns, line, reading.back, front)
  } else if (place === PLACE.noFlags) takeBack(columns, line, reading)
  if (reading === GLOBALPROTECT && shift === 2) take(columns, line, 3, TARGET.sequenceNumber)
  if (isDoubtful(columns, line, reading, shift, place, type)) line.flags |= FLAG.ambiguous
  if (reading === CORRELATION && !isSeverity(columns, line, 11)) values.start[TARGET.device] = -1
}

/** Forms of a type that differ in columns: CONFIG with the change, and Strata's own. */
function variantOf(columns: Columns, line: Line, reading: Reading): Reading {
  if (reading === CONFIG) {
    return placeOf(columns, line, LONG_CONFIG.sequence) === PLACE.usual ? LONG_CONFIG : CONFIG
  }
  if (!isStrata(columns, line)) return reading
  if (reading === SYSTEM && !isSeverity(columns, line, 13) && isSeverity(columns, line, 10))
    return STRATA_SYSTEM
  if (reading !== HIPMATCH || placeOf(columns, line, HIPMATCH.sequence) === PLACE.usual) return reading
  columns.value(line, STRATA_HIPMATCH.sequence)
  return columns.to > columns.from ? STRATA_HIPMATCH : reading
}

/** Columns behind the sequence number where there are no action flags. */
function takeBack(columns: Columns, line: Line, reading: Reading): void {
  const { back, sequence } = reading
  for (let i = 0; i < back.length; i += 2) {
    const column = back[i] as number
    take(columns, line, column > sequence ? column - 1 : column, back[i + 1] as number)
  }
}

function takeAll(columns: Columns, line: Line, pairs: readonly number[], shift: number): void {
  for (let i = 0; i < pairs.length; i += 2) {
    take(columns, line, (pairs[i] as number) + shift, pairs[i + 1] as number)
  }
}

/** How far the columns behind the type lie from their usual place: told by where the generated time is. */
function shiftOf(columns: Columns, line: Line, typeColumn: number): number {
  for (const behind of [GENERATED_COLUMN - TYPE_COLUMN, GENERATED_COLUMN - TYPE_COLUMN - 1]) {
    columns.value(line, typeColumn + behind)
    const isTime = columns.to - columns.from >= 8 && isDigit(line.bytes[columns.from] as number)
    if (isTime && isStamp(line.bytes, columns.from)) return typeColumn + behind - GENERATED_COLUMN
  }
  return typeColumn - TYPE_COLUMN
}

function isStamp(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 4] === 0x2f || bytes[at + 4] === 0x2d || bytes[at + 2] === 0x2f || bytes[at + 1] === 0x2f
}

function isSeverity(columns: Columns, line: Line, column: number): boolean {
  columns.value(line, column)
  return severityOf(line.bytes, columns.from, columns.to) > 0
}

/** Some SYSTEM lines lack the column of the virtual system. */
function systemShift(columns: Columns, line: Line): number {
  return !isSeverity(columns, line, 13) && isSeverity(columns, line, 12) ? -1 : 0
}

/** The documentation has one column more in front of SCTP's protocol than other sessions have. */
function sctpShift(columns: Columns, line: Line): number {
  columns.value(line, 29)
  return isWord(line.bytes, columns.from, columns.to, SCTP_WORD) ? -1 : 0
}

/** Where the columns behind free text are: moved, where they belong, or there without action flags (Strata). */
const PLACE = { moved: 0, usual: 1, noFlags: 2 } as const

/** Told by the sequence number and the action flags behind it: `0x...`, or a decimal in Strata's lines. */
function placeOf(columns: Columns, line: Line, sequence: number, otherFlags = 0): number {
  if (columns.isBehindTextInPlace(line.bytes, sequence, otherFlags)) return PLACE.usual
  if (columns.brokenQuotes || sequence + 1 >= columns.count || !isStrata(columns, line)) return PLACE.moved
  columns.value(line, sequence)
  if (columns.from === columns.to || !isAllDigits(line.bytes, columns.from, columns.to)) return PLACE.moved
  columns.value(line, sequence + 1)
  const isSigned = line.bytes[columns.from] === 0x2d
  return isSigned && isAllDigits(line.bytes, columns.from + 1, columns.to) ? PLACE.usual : PLACE.noFlags
}

/** Whether a column is digits or empty. */
function isDigits(columns: Columns, line: Line, column: number): boolean {
  columns.value(line, column)
  return isAllDigits(line.bytes, columns.from, columns.to)
}

function isAllDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isDigit(bytes[at] as number)) return false
  return true
}

function isAddress(columns: Columns, line: Line, column: number): boolean {
  columns.value(line, column)
  const { from, to } = columns
  return (
    from === to || readAddress(line.bytes, from, to, scratch, 0) || looksLikeAddress(line.bytes, from, to)
  )
}

const scratch = new Uint32Array(4)
const STATUSES = [ascii('success'), ascii('failure'), ascii('failed'), ascii('fail')]

/** Whether columns that convict somebody (logins, tunnels) may have been moved by text. */
function isDoubtful(
  columns: Columns,
  line: Line,
  reading: Reading,
  shift: number,
  place: number,
  type: number,
): boolean {
  const isLogin = type === TYPE.globalProtect || type === TYPE.authentication
  if (!isLogin && reading !== TUNNEL) return false
  const { sequence } = reading
  const isOdd = columns.brokenQuotes || (place === PLACE.moved && columns.count > sequence + 1 && shift === 0)
  if (isOdd || reading !== GLOBALPROTECT) return isOdd
  for (const column of [15, 16, 17, 18]) if (!isAddress(columns, line, column + shift)) return true
  for (const column of [24, 30, 32]) if (!isDigits(columns, line, column + shift)) return true
  columns.value(line, 28 + shift)
  const { from, to } = columns
  return from !== to && !STATUSES.some((word) => isWord(line.bytes, from, to, word))
}
