/**
 * Values of key=value and text formats that several vendors write alike: epoch stamps in seconds to nanoseconds,
 * protocols by number, syslog levels, quantities, and text with backslash escapes.
 */
import { SEVERITY } from '../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { ascii, indexOfByte, isDigit, readDecimal } from './bytes.ts'
import { setLowerWord } from './fields.ts'
import type { Line } from './line.ts'
import { isSane } from './stamp.ts'

const BACKSLASHES = 0x5c5c5c5c

/** IANA protocol numbers that firewalls log; others stay numbers. */
const PROTOCOLS: Readonly<Record<number, Uint8Array>> = {
  1: ascii('icmp'),
  2: ascii('igmp'),
  6: ascii('tcp'),
  17: ascii('udp'),
  41: ascii('ipv6'),
  47: ascii('gre'),
  50: ascii('esp'),
  51: ascii('ah'),
  58: ascii('ipv6-icmp'),
  88: ascii('eigrp'),
  89: ascii('ospf'),
  103: ascii('pim'),
  112: ascii('vrrp'),
  132: ascii('sctp'),
}

/** Unix ms of a count of seconds (10 digits), ms (13), us (16) or ns (19) since 1970; NaN when it is none or not sane. */
export function epochMs(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start
  if (digits !== 10 && digits !== 13 && digits !== 16 && digits !== 19) return Number.NaN
  for (let at = start + 13; at < end; at++) if (!isDigit(bytes[at] as number)) return Number.NaN
  const value = readDecimal(bytes, start, digits === 10 ? end : start + 13)
  const unixMs = digits === 10 ? value * 1000 : value
  return isSane(unixMs) ? unixMs : Number.NaN
}

/** Sets the protocol: a number becomes its name, a word its lower case. */
export function setProtocol(into: RecordBatch, row: number, line: Line, start: number, end: number): void {
  const number = readDecimal(line.bytes, start, end)
  const name = Number.isNaN(number) ? undefined : PROTOCOLS[number]
  if (name === undefined) {
    setLowerWord(into, row, TEXT_SLOT.protocol, line, start, end)
    return
  }
  into.setDecodedText(row, TEXT_SLOT.protocol, name)
  line.refresh()
}

/** A quantity, NaN when the range is not one. */
export function quantityOf(bytes: Uint8Array, start: number, end: number): number {
  return readDecimal(bytes, start, end)
}

/** Severity of a syslog level 0 (emergency) to 7 (debug). */
const LEVELS = [
  SEVERITY.critical,
  SEVERITY.critical,
  SEVERITY.critical,
  SEVERITY.high,
  SEVERITY.medium,
  SEVERITY.low,
  SEVERITY.informational,
  SEVERITY.informational,
] as const

export function severityOfLevel(level: number): number {
  return LEVELS[level] ?? SEVERITY.none
}

/**
 * Sets a text field to a range in which a backslash escapes what `escaped` says; a copy is made only where there is
 * one. Blanks at the ends are left out.
 */
export function setEscapedText(
  into: RecordBatch,
  row: number,
  slot: number,
  line: Line,
  start: number,
  end: number,
): void {
  let from = start
  let to = end
  const { bytes } = line
  while (from < to && bytes[from] === 0x20) from++
  while (to > from && bytes[to - 1] === 0x20) to--
  if (from === to) return
  let at = indexOfByte(line.view, from, to, BACKSLASHES)
  while (at < to - 1 && !isEscape(bytes, at)) at++
  if (at >= to - 1) {
    into.setText(row, slot, from, to)
    return
  }
  const copy = line.appendSpace(to - from)
  const target = line.bytes
  let length = 0
  for (let i = from; i < to; i++) {
    if (i < to - 1 && isEscape(target, i)) i++
    target[copy + length++] = target[i] as number
  }
  line.take(copy + length)
  into.setText(row, slot, copy, copy + length)
}

/** A backslash in front of a mark that formats escape. */
function isEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x5c) return false
  const next = bytes[at + 1]
  return next === 0x22 || next === 0x5c || next === 0x5d || next === 0x7c || next === 0x3d || next === 0x3b
}

const NOT_APPLICABLE = ascii('n/a')
const NONE = ascii('none')
const UNKNOWN = ascii('unknown')

/** Whether a value says that there is none. */
export function isNotKnown(bytes: Uint8Array, start: number, end: number): boolean {
  switch (end - start) {
    case 1:
      return ((bytes[start] as number) | 0x20) === 0x2d
    case 3:
      return isFolded(bytes, start, NOT_APPLICABLE)
    case 4:
      return isFolded(bytes, start, NONE)
    case 7:
      return isFolded(bytes, start, UNKNOWN)
    default:
      return false
  }
}

function isFolded(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) {
    if (((bytes[start + i] as number) | 0x20) !== ((word[i] as number) | 0x20)) return false
  }
  return true
}
