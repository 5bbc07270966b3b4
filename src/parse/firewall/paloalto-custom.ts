/**
 * The custom log format of the original system on PAN-OS (FIELD.md B.7 and D): `Key=value; Key=value; ...`, the same
 * for traffic and threat logs. See paloalto-keys.ts for how values are found. A value that is a literal `$variable`
 * (`$threat_name` in a traffic log) or empty is unknown. There is no direction: a threat's attacker is the source.
 */
import { ATTACKER, CATEGORY, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, isBlank, isWord, readPort, skipBlanks, trimEnd } from '../bytes.ts'
import {
  isVariable,
  readThreat,
  setAddress,
  setDeviceFromHeader,
  setLowerWord,
  setText,
  setUpperWord,
} from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { categoryOf, dispositionOf, severityOf } from '../words.ts'
import { beginsWithKey, isFirstLiteral, KEY, KeySpans } from './paloalto-keys.ts'
import { keepUsual, readUsual, readUsualRows, USUAL_BYTES } from './paloalto-usual.ts'

const REASONS = [
  'paloalto-custom: key SrcIP is missing',
  'paloalto-custom: key DstIP is missing',
  'paloalto-custom: neither SrcIP nor DstIP is an address',
] as const

const OK = -1
const TRAFFIC = ascii('TRAFFIC')
const THREAT = ascii('THREAT')
const words = (text: string): readonly Uint8Array[] => text.split(' ').map(ascii)
const TRAFFIC_SUBTYPES = words('start end drop deny')
const THREAT_SUBTYPES = words(
  'vulnerability spyware virus wildfire wildfire-virus ml-virus url file data flood packet scan dlp dlp-non-file',
)
/** Types that the last value of a line without its `;` may be; any other word may be half of one. */
const TYPES = words(
  'traffic threat url data wildfire tunnel auth system config userid globalprotect hipmatch',
)

const spans = new KeySpans()

function recognise(line: Line): boolean {
  if (line.end - line.at > USUAL_BYTES && isFirstLiteral(line.view, line.at)) return true
  return beginsWithKey(spans, line.bytes, line.at, line.end)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (line.flags === 0 && line.end - line.at > USUAL_BYTES && readUsual(line, into, row)) return OK
  const failed = readAny(line, into, row)
  if (failed === OK && line.flags === 0) keepUsual(line, spans, into, row)
  return failed
}

/** The long way: any order, any blanks, any keys. */
function readAny(line: Line, into: RecordBatch, row: number): number {
  const { bytes, view } = line
  spans.find(bytes, view, line.at, line.end)
  const { start } = spans
  if ((start[KEY.SrcIP] as number) < 0) return 0
  if ((start[KEY.DstIP] as number) < 0) return 1
  if (spans.ambiguous) line.flags |= FLAG.ambiguous
  else if (spans.last !== KEY.Type || spans.unterminated || line.flags !== 0) handleCut(line)
  const source = setAddressOf(into, row, line, KEY.SrcIP, ADDRESS_SLOT.sourceAddress)
  const destination = setAddressOf(into, row, line, KEY.DstIP, ADDRESS_SLOT.destinationAddress)
  if (!source && !destination && !spans.ambiguous) return 2
  into.sourcePort[row] = portOf(bytes, KEY.SrcPort)
  into.destinationPort[row] = portOf(bytes, KEY.DstPort)
  text(into, row, bytes, KEY.SrcLocation, TEXT_SLOT.sourceCountry)
  text(into, row, bytes, KEY.SrcUser, TEXT_SLOT.sourceUser)
  text(into, row, bytes, KEY.DstLocation, TEXT_SLOT.destinationCountry)
  text(into, row, bytes, KEY.RuleName, TEXT_SLOT.rule)
  text(into, row, bytes, KEY.RuleID, TEXT_SLOT.ruleId)
  readMeaning(line, into, row)
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  into.eventTimeMs[row] = timeOf(line)
  return OK
}

/**
 * A line cut inside the template is flagged, and a value that may be half of one dropped. Templates of the original end
 * with Type, or in older forms with Subtype, Severity or TimeReceived, and the final `;` is easily left out.
 */
function handleCut(line: Line): void {
  const { last, unterminated } = spans
  const isWhole = !unterminated || isWholeWord(line.bytes, last)
  if (unterminated && (!isWhole || (line.flags & FLAG.truncated) !== 0)) spans.start[last] = -1
  const isEnd =
    last === KEY.Type || last === KEY.Subtype || last === KEY.Severity || last === KEY.TimeReceived
  if (!isWhole || !isEnd || spans.cutInKey) line.flags |= FLAG.truncated
}

/** Whether the last value, without a `;` behind it, is one of the words that may stand there, a time or a variable. */
function isWholeWord(bytes: Uint8Array, key: number): boolean {
  const from = skipBlanks(bytes, spans.start[key] as number, spans.end[key] as number)
  const to = trimEnd(bytes, from, spans.end[key] as number)
  if (key === KEY.Severity) return severityOf(bytes, from, to) !== 0 || isOneOf(VARIABLES, bytes, from, to)
  if (key === KEY.Subtype)
    return isOneOf(TRAFFIC_SUBTYPES, bytes, from, to) || isOneOf(THREAT_SUBTYPES, bytes, from, to)
  if (key === KEY.Type) return isOneOf(TYPES, bytes, from, to)
  return key === KEY.TimeReceived && to - from === 19
}

const VARIABLES = words('$severity')

function isOneOf(list: readonly Uint8Array[], bytes: Uint8Array, from: number, to: number): boolean {
  for (const word of list) if (isWord(bytes, from, to, word)) return true
  return false
}

function text(into: RecordBatch, row: number, bytes: Uint8Array, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start >= 0) setText(into, row, slot, bytes, start, spans.end[key] as number)
}

/** False when a value is there that does not even look like an address; it is unknown then. */
function setAddressOf(into: RecordBatch, row: number, line: Line, key: number, slot: number): boolean {
  const bytes = line.bytes
  let start = spans.start[key] as number
  if (start < 0) return true
  let end = spans.end[key] as number
  if (isBlank(bytes[start] as number) || isBlank(bytes[end - 1] as number)) {
    start = skipBlanks(bytes, start, end)
    end = trimEnd(bytes, start, end)
  }
  return setAddress(into, row, slot, bytes, start, end) || looksLikeAddress(bytes, start, end)
}

function portOf(bytes: Uint8Array, key: number): number {
  let start = spans.start[key] as number
  if (start < 0) return 0
  let end = spans.end[key] as number
  start = skipBlanks(bytes, start, end)
  end = trimEnd(bytes, start, end)
  const port = readPort(bytes, start, end)
  return port < 0 ? 0 : port
}

function readMeaning(line: Line, into: RecordBatch, row: number): void {
  const { start, end } = spans
  if ((start[KEY.Action] as number) >= 0) {
    setLowerWord(into, row, TEXT_SLOT.action, line, start[KEY.Action] as number, end[KEY.Action] as number)
    const at = row * TEXT_STRIDE + TEXT_SLOT.action
    into.disposition[row] = dispositionOf(line.bytes, into.text[at] as number, into.text[at + 1] as number)
  }
  if ((start[KEY.Subtype] as number) >= 0) {
    setLowerWord(into, row, TEXT_SLOT.subtype, line, start[KEY.Subtype] as number, end[KEY.Subtype] as number)
  }
  readThreatFields(line.bytes, into, row)
  if ((start[KEY.Type] as number) >= 0) {
    setUpperWord(into, row, TEXT_SLOT.type, line, start[KEY.Type] as number, end[KEY.Type] as number)
  }
  const at = row * TEXT_STRIDE + TEXT_SLOT.type
  if (into.text[at] === into.text[at + 1]) inferType(line, into, row)
  const category = categoryOf(line.bytes, into.text[at] as number, into.text[at + 1] as number)
  into.category[row] = category
  if (category === CATEGORY.threat) into.attacker[row] = ATTACKER.source
  else if (category === CATEGORY.traffic) {
    // A traffic log knows no threat: `unknown`, `0` and the like stand for the variables.
    into.threatId[row] = 0
    into.setText(row, TEXT_SLOT.threatName, 0, 0)
  }
}

function readThreatFields(bytes: Uint8Array, into: RecordBatch, row: number): void {
  const { start, end } = spans
  const severity = start[KEY.Severity] as number
  if (severity >= 0) {
    const from = skipBlanks(bytes, severity, end[KEY.Severity] as number)
    into.severity[row] = severityOf(bytes, from, trimEnd(bytes, from, end[KEY.Severity] as number))
  }
  const id = start[KEY.ThreatID] as number
  if (id >= 0 && (end[KEY.ThreatID] as number) > id)
    readThreat(into, row, bytes, id, end[KEY.ThreatID] as number)
  const name = start[KEY.ThreatName] as number
  if (name < 0 || (end[KEY.ThreatName] as number) <= name) return
  const hasId = into.threatId[row] !== 0
  if (!hasId) readThreat(into, row, bytes, name, end[KEY.ThreatName] as number)
  else if (into.threatId[row] !== 9999) {
    text(into, row, bytes, KEY.ThreatName, TEXT_SLOT.threatName)
  }
}

/**
 * Formats without `Type=` existed: the subtype tells, or the threat; else traffic, as the original took it. Of a line
 * that was cut only a subtype that is known tells.
 */
function inferType(line: Line, into: RecordBatch, row: number): void {
  const bytes = line.bytes
  const at = row * TEXT_STRIDE + TEXT_SLOT.subtype
  const from = into.text[at] as number
  const to = into.text[at + 1] as number
  let isTraffic = isOneOf(TRAFFIC_SUBTYPES, bytes, from, to)
  if (!isTraffic && !isOneOf(THREAT_SUBTYPES, bytes, from, to)) {
    if ((line.flags & FLAG.truncated) !== 0) return
    isTraffic = from === to && into.threatId[row] === 0 && into.severity[row] === 0
  }
  into.setDecodedText(row, TEXT_SLOT.type, isTraffic ? TRAFFIC : THREAT)
  line.refresh()
}

function timeOf(line: Line): number {
  const { bytes } = line
  let start = spans.start[KEY.TimeReceived] as number
  if (start >= 0) {
    let end = spans.end[KEY.TimeReceived] as number
    start = skipBlanks(bytes, start, end)
    end = trimEnd(bytes, start, end)
    const unixMs = isVariable(bytes, start, end) ? Number.NaN : line.fieldMs(start, end)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

export const paloaltoCustom: LineFormat = {
  code: FORMAT.paloaltoCustom,
  name: 'paloalto-custom',
  reasons: REASONS,
  recognise,
  read,
  readRows: readUsualRows,
}
