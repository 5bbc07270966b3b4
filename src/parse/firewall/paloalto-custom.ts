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
import { keepUsual, readUsual, USUAL_BYTES } from './paloalto-usual.ts'

const REASONS = [
  'paloalto-custom: key SrcIP is missing',
  'paloalto-custom: key DstIP is missing',
  'paloalto-custom: SrcIP is not an address',
  'paloalto-custom: DstIP is not an address',
] as const

const OK = -1
const TRAFFIC = ascii('TRAFFIC')
const THREAT = ascii('THREAT')
const TRAFFIC_SUBTYPES = [ascii('start'), ascii('end'), ascii('drop'), ascii('deny')]

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
  // A line cut inside a value: what is left of that value may be a wrong one.
  else if (spans.unterminated) dropLastValue(line)
  if (!readAddressOf(into, row, line, KEY.SrcIP, ADDRESS_SLOT.sourceAddress)) return 2
  if (!readAddressOf(into, row, line, KEY.DstIP, ADDRESS_SLOT.destinationAddress)) return 3
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

/** The last keys are no sign of a cut: they are where templates end, and the final `;` is easily left out. */
function dropLastValue(line: Line): void {
  for (let key: number = KEY.Type; key >= 0; key--) {
    if ((spans.start[key] as number) < 0) continue
    if (key >= KEY.Severity && (line.flags & FLAG.truncated) === 0) return
    spans.start[key] = -1
    line.flags |= FLAG.truncated
    return
  }
}

function text(into: RecordBatch, row: number, bytes: Uint8Array, key: number, slot: number): void {
  const start = spans.start[key] as number
  if (start >= 0) setText(into, row, slot, bytes, start, spans.end[key] as number)
}

/** False when a value is there that does not even look like an address. */
function readAddressOf(into: RecordBatch, row: number, line: Line, key: number, slot: number): boolean {
  const bytes = line.bytes
  let start = spans.start[key] as number
  if (start < 0) return true
  let end = spans.end[key] as number
  if (isBlank(bytes[start] as number) || isBlank(bytes[end - 1] as number)) {
    start = skipBlanks(bytes, start, end)
    end = trimEnd(bytes, start, end)
  }
  if (setAddress(into, row, slot, bytes, start, end) || looksLikeAddress(bytes, start, end)) return true
  return spans.ambiguous
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
  if (into.text[at] === into.text[at + 1] && (line.flags & FLAG.truncated) === 0) inferType(line, into, row)
  const category = categoryOf(line.bytes, into.text[at] as number, into.text[at + 1] as number)
  into.category[row] = category
  if (category === CATEGORY.threat) into.attacker[row] = ATTACKER.source
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

/** Formats without `Type=` existed: the subtype tells, or the threat; else traffic, as the original took it. */
function inferType(line: Line, into: RecordBatch, row: number): void {
  const bytes = line.bytes
  const at = row * TEXT_STRIDE + TEXT_SLOT.subtype
  const from = into.text[at] as number
  const to = into.text[at + 1] as number
  const isTraffic =
    from === to
      ? into.threatId[row] === 0 && into.severity[row] === 0
      : TRAFFIC_SUBTYPES.some((word) => isWord(bytes, from, to, word))
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
}
