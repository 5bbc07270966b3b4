/**
 * The values of an EVE line (suricata-keys.ts) as fields of the record: addresses, numbers, text with its escapes undone,
 * and the time.
 */
import type { RecordBatch } from '../../model/record-batch.ts'
import { BACKSLASH, indexOfByte, isWord, QUOTE, readDecimal, readPort } from '../bytes.ts'
import { setAddress, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { readWhen } from '../when.ts'
import { R, spans } from './suricata-keys.ts'

const EMPTY = { start: 0, end: 0 } as const
const BACKSLASHES = 0x5c5c5c5c

export const startOf = (register: number): number => spans.start[register] as number
export const endOf = (register: number): number => spans.end[register] as number

export function setPeer(line: Line, into: RecordBatch, row: number, slot: number, register: number): boolean {
  return spans.has(register) && setAddress(into, row, slot, line.bytes, startOf(register), endOf(register))
}

export function portOf(bytes: Uint8Array, register: number): number {
  return spans.has(register) ? Math.max(0, readPort(bytes, startOf(register), endOf(register))) : 0
}

export function numberOf(bytes: Uint8Array, register: number): number {
  return spans.has(register) ? readDecimal(bytes, startOf(register), endOf(register)) : Number.NaN
}

/** Sets a text field to a string, its escapes undone. */
export function setString(line: Line, into: RecordBatch, row: number, slot: number, register: number): void {
  const start = startOf(register)
  if (!spans.has(register) || line.bytes[start - 1] !== QUOTE) return
  const end = endOf(register)
  if (indexOfByte(line.view, start, end, BACKSLASHES) >= end) {
    setText(into, row, slot, line.bytes, start, end)
    return
  }
  const at = plainCopy(line, start, end)
  if (at >= 0) {
    into.setText(row, slot, at, line.raw.used)
    return
  }
  const text = decoded(line, start, end)
  if (text === null) return
  into.setDecodedText(row, slot, text)
  line.refresh()
}

/**
 * Start of a copy behind the messages of a printable ASCII string whose escapes are only of `/`, `"` and a backslash; it
 * ends where the batch's bytes end. -1 for any other string.
 */
function plainCopy(line: Line, start: number, end: number): number {
  const at = line.appendSpace(end - start)
  const { bytes } = line
  let to = at
  for (let i = start; i < end; i++) {
    let byte = bytes[i] as number
    if (byte < 0x20 || byte > 0x7e) return -1
    if (byte === BACKSLASH) {
      byte = bytes[++i] as number
      if (byte !== 0x2f && byte !== 0x22 && byte !== BACKSLASH) return -1
    }
    bytes[to++] = byte
  }
  line.take(to)
  return at
}

/** The text of any string with escapes; null when an escape is none. */
function decoded(line: Line, start: number, end: number): Uint8Array | null {
  try {
    const text: unknown = JSON.parse(line.raw.bytes.toString('utf8', start - 1, end + 1))
    return typeof text === 'string' ? Buffer.from(text, 'utf8') : null
  } catch {
    return null // an escape that JSON does not know: the value is unknown
  }
}

export function isSame(bytes: Uint8Array, a: number, b: number): boolean {
  const length = endOf(a) - startOf(a)
  if (length !== endOf(b) - startOf(b)) return false
  for (let i = 0; i < length; i++) if (bytes[startOf(a) + i] !== bytes[startOf(b) + i]) return false
  return true
}

/** Whether the value is there and is this word. */
export function isValue(bytes: Uint8Array, register: number, word: Uint8Array): boolean {
  return spans.has(register) && isWord(bytes, startOf(register), endOf(register), word)
}

/** Two hexadecimal digits, 0 when there is something else. */
export function hexOf(bytes: Uint8Array, register: number): number {
  if (!spans.has(register)) return 0
  let value = 0
  for (let at = startOf(register); at < endOf(register); at++) {
    const byte = bytes[at] as number
    const lower = byte | 0x20
    const digit =
      byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
    if (digit < 0 || value > 0xff) return 0
    value = value * 16 + digit
  }
  return value
}

export function timeOf(line: Line): number {
  if (spans.has(R.timestamp)) {
    const start = startOf(R.timestamp)
    const end = endOf(R.timestamp)
    // As Suricata writes it; older ones and what relays make of it take the longer way.
    const instant = line.stamps.readInstant(line.bytes, line.view, start, end)
    const unixMs = Number.isNaN(instant) ? readWhen(line, start, end, EMPTY, EMPTY) : instant
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}
