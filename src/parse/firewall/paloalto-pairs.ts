/**
 * PAN-OS logs as pairs: what CEF and LEEF of Palo Alto Networks share. The pairs fill the values of
 * paloalto-variables.ts, of which paloalto-meaning.ts makes the record; the time is read here, since these forms name
 * its zone (`dtz`, `devTimeFormat`).
 */
import { CATEGORY, SEVERITY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii, isDigit, isWord, readDecimal } from '../bytes.ts'
import { setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { type ByteRange, readWhen } from '../when.ts'
import { clearNoNat, clearUnset } from './pair-record.ts'
import { readValues } from './paloalto-meaning.ts'
import { TARGET, Values } from './paloalto-variables.ts'
import type { Pairs } from './pair-scan.ts'

/** PAN-OS's values, and what only the pair forms have. */
export const PAIR_TARGET = { ...TARGET, category: 250, timeZone: 251, timeFormat: 252 } as const
export const PAIR_TARGETS = 253

const TARGET_NUMBERS = Int32Array.from(Object.values(TARGET))
const BACKSLASH = 0x5c
const SYSTEM = ascii('system')

export const values = new Values()

/** Takes over what the pairs hold; `\=`, `\|` and `\\` are undone where `hasEscapes`. */
export function takeValues(line: Line, pairs: Pairs, hasEscapes: boolean): void {
  values.clear()
  values.isDoubled = pairs.ambiguous
  for (const target of TARGET_NUMBERS) {
    const start = pairs.start[target] as number
    if (start < 0) continue
    const end = pairs.end[target] as number
    const copy = hasEscapes ? unescaped(line, start, end) : start
    values.set(line.bytes, target, copy, copy === start ? end : line.raw.used)
  }
}

/** Start of a copy without escapes that ends where the batch's bytes end; `start` when there is nothing to undo. */
function unescaped(line: Line, start: number, end: number): number {
  let at = start
  while (at < end && line.bytes[at] !== BACKSLASH) at++
  if (at === end) return start
  const copy = line.appendSpace(end - start)
  const { bytes } = line
  let to = copy
  for (let i = start; i < end; i++) {
    const next = bytes[i] === BACKSLASH && i + 1 < end ? bytes[i + 1] : 0
    if (next === BACKSLASH || next === 0x3d || next === 0x7c) i++
    bytes[to++] = bytes[i] as number
  }
  line.take(to)
  return copy
}

/** Whether the range is a threat as PAN-OS writes it: a number, or a text that ends in a number in brackets. */
export function isThreat(bytes: Uint8Array, start: number, end: number): boolean {
  if (!Number.isNaN(readDecimal(bytes, start, end))) return true
  let at = end - 1
  if (at <= start || bytes[at] !== 0x29) return false
  at--
  while (at > start && isDigit(bytes[at] as number)) at--
  return bytes[at] === 0x28 && at < end - 2
}

/**
 * Makes the record. `severity`: what the form's own number says (a code), for lines without the word. Returns MEANING.ok
 * or why there is none.
 */
export function readPairValues(
  line: Line,
  into: RecordBatch,
  row: number,
  pairs: Pairs,
  severity: number,
): number {
  const failed = readValues(values, line, into, row, false)
  if (failed >= 0) return failed
  clearUnset(into, row, ADDRESS_SLOT.sourceAddress)
  clearUnset(into, row, ADDRESS_SLOT.destinationAddress)
  clearNoNat(into, row, ADDRESS_SLOT.natSourceAddress)
  clearNoNat(into, row, ADDRESS_SLOT.natDestinationAddress)
  // Of other types the number is only what the form must have.
  const isThreatLog = into.category[row] === CATEGORY.threat
  if (into.category[row] === CATEGORY.traffic) into.severity[row] = SEVERITY.none
  else if (into.severity[row] === SEVERITY.none && (isThreatLog || isSystem(line)))
    into.severity[row] = severity
  // Strata writes counts of logins with their bytes in the wrong order.
  if (!isThreatLog && into.category[row] !== CATEGORY.traffic) into.repeatCount[row] = 1
  const unixMs = ownTimeOf(line, pairs)
  if (!Number.isNaN(unixMs)) into.eventTimeMs[row] = unixMs
  return -1
}

function isSystem(line: Line): boolean {
  return isWord(line.bytes, values.start[TARGET.type] as number, values.end[TARGET.type] as number, SYSTEM)
}

/** Unix ms of the first of the line's stamps that is one, with the zone that the line names; NaN when none is. */
export function ownTimeOf(line: Line, pairs: Pairs): number {
  const zone = rangeOf(pairs, PAIR_TARGET.timeZone)
  const format = rangeOf(pairs, PAIR_TARGET.timeFormat)
  for (const target of [TARGET.highResolutionTime, TARGET.generatedTime, TARGET.receivedTime]) {
    const { start, end } = rangeOf(pairs, target)
    if (end <= start) continue
    const unixMs = readWhen(line, start, end, zone, format)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  return Number.NaN
}

function rangeOf(pairs: Pairs, target: number): ByteRange {
  return { start: pairs.start[target] as number, end: pairs.end[target] as number }
}

/** Sets the threat's name where the record has none but a number. */
export function setNameOfNumber(
  line: Line,
  into: RecordBatch,
  row: number,
  start: number,
  end: number,
): void {
  const at = row * TEXT_STRIDE + TEXT_SLOT.threatName
  const from = into.text[at] as number
  const to = into.text[at + 1] as number
  if (from === to || !Number.isNaN(readDecimal(line.bytes, from, to))) {
    setText(into, row, TEXT_SLOT.threatName, line.bytes, start, end)
  }
}
