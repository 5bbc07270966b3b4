/**
 * PAN-OS logs in custom formats of the shape `key=value, key=value` or `key=value|key=value`, and Strata's e-mail form
 * (`Key=value Key=value`). Keys are PAN-OS's variables, Strata's names or what administrators usually write
 * (paloalto-variables.ts); others are stepped over. A value ends where the separator is followed by another key, so it may
 * hold separators; numbers and addresses also end at a blank in front of a key, since administrators forget separators.
 * A key twice with different values is `ambiguous`. Formats with other names are read by their template
 * (paloalto-template.ts).
 */
import { FLAG, FORMAT } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { COMMA, EQUALS, isBlank, isDigit, QUOTE, skipBlanks, trimEnd } from '../bytes.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { MEANING, meaningReasons, readValues } from './paloalto-meaning.ts'
import { isTypeWord } from './paloalto-types.ts'
import { NAME_TARGETS, TARGET, type TargetName, Values } from './paloalto-variables.ts'

const NAME = 'paloalto-keyvalue'
const PIPE = 0x7c
const BLANK = 0x20
const MAX_KEY_BYTES = 64
const MAX_KEYS = 1024
/** Keys looked at to tell whose line it is, and how many of them must be known. */
const RECOGNISED_OF = 8
const RECOGNISED = 3

/** Targets whose values have no blanks. */
const IS_ONE_WORD = new Uint8Array(256)
for (const name of [
  'ignoredNumber',
  'type',
  'source',
  'destination',
  'natSource',
  'natDestination',
  'publicAddress',
  'publicAddress6',
  'sourcePort',
  'destinationPort',
  'natDestinationPort',
  'severity',
  'protocol',
  'application',
  'ruleId',
  'sessionId',
  'sequenceNumber',
  'repeatCount',
  'bytesSent',
  'bytesReceived',
  'packetsSent',
  'packetsReceived',
  'serial',
] as const satisfies readonly TargetName[]) {
  IS_ONE_WORD[TARGET[name]] = 1
}

const values = new Values()

/** End of the key that begins at `at` and has a `=` behind it, or -1. */
function endOfKey(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_KEY_BYTES + 1)
  let to = at
  while (to < limit) {
    const byte = bytes[to] as number
    const lower = byte | 0x20
    const isLetter = (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f
    if (!isLetter && !(to > at && (isDigit(byte) || byte === 0x2e || byte === 0x2d))) break
    to++
  }
  return to > at && to < limit && bytes[to] === EQUALS ? to : -1
}

/** Where the value at `from` ends: at a separator with another key behind it, or at the end. */
function endOfValue(bytes: Uint8Array, from: number, end: number, separator: number): number {
  let at = from
  if (bytes[from] === QUOTE) {
    const close = endOfQuotes(bytes, from, end, separator)
    if (close > 0) return close
  }
  for (; at < end; at++) {
    if (bytes[at] !== separator) continue
    const next = skipBlanks(bytes, at + 1, end)
    if (next >= end || endOfKey(bytes, next, end) > 0) return at
    at = next - 1 // the blanks in between are looked at once
  }
  return end
}

/** Behind the closing quote, where the separator or the end follows; -1 when the quotes do not pair. */
function endOfQuotes(bytes: Uint8Array, from: number, end: number, separator: number): number {
  for (let at = from + 1; at < end; at++) {
    if (bytes[at] === 0x5c) at++
    else if (bytes[at] === QUOTE) {
      const next = skipBlanks(bytes, at + 1, end)
      if (next >= end || bytes[next] === separator || (separator === BLANK && next > at + 1)) return at + 1
    }
  }
  return -1
}

/** The separator of the line: what stands in front of its second key. 0 when there is none. */
function separatorOf(bytes: Uint8Array, from: number, end: number): number {
  const key = endOfKey(bytes, from, end)
  if (key < 0) return 0
  const limit = Math.min(end, key + 512)
  for (let at = key + 1; at < limit; at++) {
    const byte = bytes[at] as number
    if (byte !== COMMA && byte !== PIPE && byte !== BLANK) continue
    const next = skipBlanks(bytes, at + 1, end)
    if (next < end && endOfKey(bytes, next, end) > 0) return byte
    at = next - 1
  }
  return 0
}

function recognise(line: Line): boolean {
  const { bytes, view, end } = line
  let at = line.at
  const lower = (bytes[at] as number) | 0x20
  if (lower < 0x61 || lower > 0x7a) return false
  const separator = separatorOf(bytes, at, end)
  if (separator === 0) return false
  let known = 0
  for (let i = 0; i < RECOGNISED_OF && at < end; i++) {
    const key = endOfKey(bytes, at, end)
    if (key < 0) return false
    if (NAME_TARGETS.find(bytes, view, at, key) >= 0) known++
    if (known >= RECOGNISED) return true
    at = skipBlanks(bytes, endOfValue(bytes, key + 1, end, separator) + 1, end)
  }
  return false
}

function read(line: Line, into: RecordBatch, row: number): number {
  values.clear()
  const { bytes, view, end } = line
  const separator = separatorOf(bytes, line.at, end)
  let at = line.at
  for (let i = 0; i < MAX_KEYS && at < end; i++) {
    const key = endOfKey(bytes, at, end)
    if (key < 0) break
    const target = NAME_TARGETS.find(bytes, view, at, key)
    const from = skipBlanks(bytes, key + 1, end)
    let to = endOfValue(bytes, key + 1, end, separator)
    at = skipBlanks(bytes, to + 1, end)
    if (target >= 0 && IS_ONE_WORD[target] === 1) {
      const blank = blankBeforeKey(bytes, from, to)
      if (blank > 0) {
        to = blank
        at = skipBlanks(bytes, blank, end)
      }
    }
    // The last value of a line that was cut may be half of one.
    if (to >= end && (line.flags & FLAG.truncated) !== 0) break
    take(bytes, target, Math.min(from, to), to)
  }
  const type = values.start[TARGET.type] as number
  if (type < 0 || !isTypeWord(bytes, view, type, values.end[TARGET.type] as number)) return MEANING.type
  return readValues(values, line, into, row, false)
}

/** First blank in the range that has a key behind it, or -1: the separator was forgotten. */
function blankBeforeKey(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (!isBlank(bytes[at] as number)) continue
    return endOfKey(bytes, skipBlanks(bytes, at, to), to) > 0 ? at : -1
  }
  return -1
}

function take(bytes: Uint8Array, target: number, from: number, to: number): void {
  if (target <= TARGET.ignoredNumber) return
  let start = from
  let end = trimEnd(bytes, from, to)
  if (end - start >= 2 && bytes[start] === QUOTE && bytes[end - 1] === QUOTE) {
    start++
    end--
  }
  values.set(bytes, target, start, end)
}

export const paloaltoKeyvalue: LineFormat = {
  code: FORMAT.paloaltoKeyvalue,
  name: NAME,
  reasons: meaningReasons(NAME),
  recognise,
  read,
}
