/**
 * The security events of Firepower Threat Defense (430001 intrusion, 430002 and 430003 connection, 430004 file, 430005
 * malware): `Key: value, Key: value`. Values are not quoted and may hold commas, so a pair begins only where `, Name: `
 * stands. `SrcIP` is the initiator of a connection and the sender of an intrusion's packet. Source: Cisco Secure Firewall
 * Threat Defense Syslog Messages, Security Event Syslog Messages.
 *
 * Before release 6.3 the list had no number and stood behind the tag `SFIMS`: what it tells of is known by its keys.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FLAG, SEVERITY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { ascii, isDigit, isWord, readDecimal, readPort, skipBlanks, startsWith, trimEnd } from '../bytes.ts'
import { setCounter, setLowerWord, setText } from '../fields.ts'
import { KeyMemory, ValueSpans } from '../key-spans.ts'
import { KeyTable, WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import { isNotKnown, setProtocol } from '../value-fields.ts'

export const EVENT = {
  intrusion: 430_001,
  start: 430_002,
  end: 430_003,
  file: 430_004,
  malware: 430_005,
} as const

const NAMES = [
  'srcip',
  'dstip',
  'srcport',
  'dstport',
  'protocol',
  'ingressinterface',
  'egressinterface',
  'ingresszone',
  'egresszone',
  'accesscontrolruleaction',
  'accesscontrolrulename',
  'user',
  'applicationprotocol',
  'webapplication',
  'initiatorbytes',
  'responderbytes',
  'initiatorpackets',
  'responderpackets',
  'connectionid',
  'url',
  'uri',
  'filename',
  'eventpriority',
  'priority',
  'sid',
  'message',
  'classification',
  'inlineresult',
  'fileaction',
  'filedirection',
  'threatname',
  'sha-disposition',
  'firstpacketsecond',
  'nat-initiatorip',
  'nat-responderip',
  'nat-responderport',
  'originalclientip',
  'connecttype',
  'username',
] as const
const KEY = Object.fromEntries(NAMES.map((name, i) => [name, i])) as Record<(typeof NAMES)[number], number>
const spans = new ValueSpans(new KeyTable(NAMES), NAMES.length)
const MAX_KEY_BYTES = 40
const memory = new KeyMemory()
/** A list that ends with one of these was cut there. */
const NEVER_LAST = new Uint8Array(NAMES.length)
for (const name of ['srcip', 'dstip', 'srcport', 'dstport', 'nat-initiatorip', 'nat-responderip'] as const) {
  NEVER_LAST[KEY[name]] = 1
}

const { allowed, blocked, alerted } = DISPOSITION
const ACTIONS = new WordCodes({
  allow: allowed,
  trust: allowed,
  fastpath: allowed,
  monitor: alerted,
  block: blocked,
  'block-with-reset': blocked,
  'interactive-block': blocked,
  'interactive-block-with-reset': blocked,
  'block-malware': blocked,
  'block-malware-with-reset': blocked,
  'custom-block': blocked,
  dropped: blocked,
  drop: blocked,
  blocked: blocked,
  'would-have-dropped': alerted,
  'would-block': alerted,
  detect: alerted,
  'malware-cloud-lookup': alerted,
  'cloud-lookup-timeout': alerted,
})
/** `EventPriority`, and Snort's priority, of which 1 is the highest. */
const PRIORITIES = new WordCodes({
  high: SEVERITY.high,
  medium: SEVERITY.medium,
  low: SEVERITY.low,
  '1': SEVERITY.high,
  '2': SEVERITY.medium,
  '3': SEVERITY.low,
  '4': SEVERITY.informational,
})
const NO_ONE = new WordCodes({
  'no-authentication-required': 1,
  unknown: 1,
  'not-found': 1,
  'no-authentication': 1,
})
const DOWNLOADS = new WordCodes({ download: 1 })
const MALWARE = new WordCodes({ malware: 1 })
const BREAK = ascii('<br/>')
const SENSOR = ascii('sfims')
const CONNECTION_START = new WordCodes({ start: 1 })

const SUBTYPES: Readonly<Record<number, Uint8Array>> = {
  [EVENT.intrusion]: ascii('intrusion'),
  [EVENT.start]: ascii('connection-start'),
  [EVENT.end]: ascii('connection-end'),
  [EVENT.file]: ascii('file'),
  [EVENT.malware]: ascii('malware'),
}

export function isSecurityEvent(id: number): boolean {
  return id >= EVENT.intrusion && id <= EVENT.malware
}

/** Whether the text is such a list without a number. */
export function isSensorEvent(line: Line): boolean {
  const { bytes, at, end } = line
  if (!isWord(bytes, line.programStart, line.programEnd, SENSOR)) return false
  const nameEnd = endOfName(bytes, at, end)
  return nameEnd > 0 && spans.table.indexOf(bytes, at, nameEnd) >= 0
}

function eventOf(bytes: Uint8Array): number {
  if (spans.has(KEY.sid) || spans.has(KEY.classification)) return EVENT.intrusion
  if (spans.has(KEY['sha-disposition'])) return EVENT.malware
  if (spans.has(KEY.fileaction)) return EVENT.file
  return codeOf(bytes, KEY.connecttype, CONNECTION_START, 0) === 1 ? EVENT.start : EVENT.end
}

/** End of a name at `at` that `: ` follows, or -1. */
function endOfName(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_KEY_BYTES)
  for (let to = at; to < limit; to++) {
    const byte = bytes[to] as number
    if (byte === 0x3a) return to > at && (to + 1 >= end || bytes[to + 1] === 0x20) ? to : -1
    const lower = byte | 0x20
    const isName =
      (lower >= 0x61 && lower <= 0x7a) || isDigit(byte) || byte === 0x5f || byte === 0x20 || byte === 0x2f
    if (!isName && byte !== 0x2d) return -1
  }
  return -1
}

function findPairs(bytes: Uint8Array, from: number, end: number): void {
  spans.clear()
  let at = skipBlanks(bytes, from, end)
  let start = keyAt(bytes, 0, at, end)
  for (let place = 1; at < end; place++) {
    const key = spans.last
    let comma = nextComma(bytes, Math.max(at, start), end)
    let next = skipBlanks(bytes, comma + 1, end)
    let nextStart = keyAt(bytes, place, next, end)
    while (nextStart < 0 && next < end) {
      comma = nextComma(bytes, comma + 1, end)
      next = skipBlanks(bytes, comma + 1, end)
      nextStart = keyAt(bytes, place, next, end)
    }
    if (start >= 0 && key >= 0)
      spans.set(bytes, key, skipBlanks(bytes, start, comma), trimEnd(bytes, start, comma))
    if (next >= end) {
      spans.last = key
      return
    }
    at = next
    start = nextStart
  }
}

/** Where the value of the pair at `at` begins, or -1 when no pair begins there; `spans.last` is its key then. */
function keyAt(bytes: Uint8Array, place: number, at: number, end: number): number {
  const length = memory.lengthAt(bytes, place, at, end)
  if (length > 0) {
    spans.last = memory.keyAt(place)
    return at + length
  }
  const nameEnd = endOfName(bytes, at, end)
  if (nameEnd < 0) return -1
  spans.last = spans.table.indexOf(bytes, at, nameEnd)
  if (nameEnd + 1 < end) memory.keep(bytes, place, at, nameEnd + 2 - at, spans.last)
  return Math.min(end, nameEnd + 1)
}

function nextComma(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== 0x2c) at++
  return at
}

function text(line: Line, into: RecordBatch, row: number, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start < 0) return
  const end = spans.end[key] as number
  if (end <= start || isNotKnown(line.bytes, start, end)) return
  const isQuoted = line.bytes[start] === 0x22 && end - start > 1
  setText(into, row, slot, line.bytes, isQuoted ? start + 1 : start, isQuoted ? end - 1 : end)
}

function address(into: RecordBatch, row: number, line: Line, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start >= 0)
    readAddress(line.bytes, start, spans.end[key] as number, into.addresses, row * ADDRESS_STRIDE + slot)
}

function port(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? 0 : Math.max(0, readPort(bytes, start, spans.end[key] as number))
}

function quantity(bytes: Uint8Array, key: number): number {
  const start = spans.start[key] as number
  return start < 0 ? Number.NaN : readDecimal(bytes, start, spans.end[key] as number)
}

function codeOf(bytes: Uint8Array, key: number, words: WordCodes, otherwise: number): number {
  const start = spans.start[key] as number
  return start < 0 ? otherwise : words.of(bytes, start, spans.end[key] as number, otherwise)
}

/** Reads the event's text into the row; `number` 0 where it has none. Returns its own time, Unix ms, or NaN. */
export function readSecurityEvent(
  line: Line,
  into: RecordBatch,
  row: number,
  number: number,
  from: number,
): number {
  const { bytes, end } = line
  findPairs(bytes, from, end)
  const id = number === 0 ? eventOf(bytes) : number
  if (spans.ambiguous) line.flags |= FLAG.ambiguous
  if ((line.flags & FLAG.truncated) !== 0) spans.drop(spans.last)
  else if (spans.dropCut(NEVER_LAST, end)) line.flags |= FLAG.truncated
  into.setDecodedText(row, TEXT_SLOT.subtype, SUBTYPES[id] as Uint8Array)
  line.refresh()
  readSides(line, into, row)
  into.severity[row] = codeOf(line.bytes, KEY.eventpriority, PRIORITIES, SEVERITY.none)
  if (id === EVENT.intrusion) readIntrusion(line, into, row)
  else if (id === EVENT.file || id === EVENT.malware) readFile(line, into, row, id)
  else {
    into.category[row] = CATEGORY.traffic
    readAction(line, into, row, KEY.accesscontrolruleaction)
  }
  const start = spans.start[KEY.firstpacketsecond] as number
  // A connection's end is logged when it ends: its first packet's time is too early by the duration.
  return start < 0 || id === EVENT.end
    ? Number.NaN
    : line.fieldMs(start, spans.end[KEY.firstpacketsecond] as number)
}

function readSides(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  address(into, row, line, KEY.srcip, ADDRESS_SLOT.sourceAddress)
  address(into, row, line, KEY.dstip, ADDRESS_SLOT.destinationAddress)
  address(into, row, line, KEY['nat-initiatorip'], ADDRESS_SLOT.natSourceAddress)
  address(into, row, line, KEY['nat-responderip'], ADDRESS_SLOT.natDestinationAddress)
  address(into, row, line, KEY.originalclientip, ADDRESS_SLOT.clientAddress)
  into.sourcePort[row] = port(bytes, KEY.srcport)
  into.destinationPort[row] = port(bytes, KEY.dstport)
  into.natDestinationPort[row] = port(bytes, KEY['nat-responderport'])
  into.bytesSent[row] = quantity(bytes, KEY.initiatorbytes)
  into.bytesReceived[row] = quantity(bytes, KEY.responderbytes)
  into.packetsSent[row] = quantity(bytes, KEY.initiatorpackets)
  into.packetsReceived[row] = quantity(bytes, KEY.responderpackets)
  if (spans.has(KEY.protocol)) {
    setProtocol(into, row, line, spans.start[KEY.protocol] as number, spans.end[KEY.protocol] as number)
  }
  text(
    line,
    into,
    row,
    spans.has(KEY.ingresszone) ? KEY.ingresszone : KEY.ingressinterface,
    TEXT_SLOT.sourceZone,
  )
  text(
    line,
    into,
    row,
    spans.has(KEY.egresszone) ? KEY.egresszone : KEY.egressinterface,
    TEXT_SLOT.destinationZone,
  )
  text(line, into, row, KEY.accesscontrolrulename, TEXT_SLOT.rule)
  const user = spans.has(KEY.user) ? KEY.user : KEY.username
  if (codeOf(line.bytes, user, NO_ONE, 0) === 0) text(line, into, row, user, TEXT_SLOT.sourceUser)
  text(
    line,
    into,
    row,
    spans.has(KEY.webapplication) ? KEY.webapplication : KEY.applicationprotocol,
    TEXT_SLOT.application,
  )
  for (const key of [KEY.url, KEY.uri, KEY.filename]) {
    if (!spans.isFilled(key)) continue
    text(line, into, row, key, TEXT_SLOT.url)
    break
  }
  if (spans.has(KEY.connectionid)) {
    const start = spans.start[KEY.connectionid] as number
    setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, start, spans.end[KEY.connectionid] as number)
  }
}

/** Sets action and disposition; some exporters leave a `<br/>` in front of the word. */
function readAction(line: Line, into: RecordBatch, row: number, key: number): void {
  let start = spans.start[key] as number
  if (start < 0) return
  const end = spans.end[key] as number
  if (startsWith(line.bytes, start, end, BREAK)) start += BREAK.length
  into.disposition[row] = ACTIONS.of(line.bytes, start, end, DISPOSITION.unknown)
  setLowerWord(into, row, TEXT_SLOT.action, line, start, end)
}

function readIntrusion(line: Line, into: RecordBatch, row: number): void {
  into.category[row] = CATEGORY.threat
  into.attacker[row] = ATTACKER.source
  if (spans.has(KEY.inlineresult)) readAction(line, into, row, KEY.inlineresult)
  else into.disposition[row] = DISPOSITION.alerted
  const id = quantity(line.bytes, KEY.sid)
  if (id > 0) into.threatId[row] = id
  text(line, into, row, KEY.message, TEXT_SLOT.threatName)
  text(line, into, row, KEY.classification, TEXT_SLOT.threatCategory)
  const severity = codeOf(line.bytes, KEY.priority, PRIORITIES, SEVERITY.none)
  if (severity !== SEVERITY.none) into.severity[row] = severity
}

function readFile(line: Line, into: RecordBatch, row: number, id: number): void {
  readAction(line, into, row, KEY.fileaction)
  text(line, into, row, KEY.threatname, TEXT_SLOT.threatName)
  const isMalware = codeOf(line.bytes, KEY['sha-disposition'], MALWARE, 0) === 1
  if (id !== EVENT.malware || !(isMalware || spans.isFilled(KEY.threatname))) return
  into.category[row] = CATEGORY.threat
  if (!spans.has(KEY.filedirection)) return
  const isDownload = codeOf(line.bytes, KEY.filedirection, DOWNLOADS, 0) === 1
  into.attacker[row] = isDownload ? ATTACKER.destination : ATTACKER.source
}
