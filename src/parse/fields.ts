/**
 * Setters of record fields that every firewall format shares: text with the rules "a literal `$variable` is unknown" and
 * "blanks around a value say nothing", lower- and upper-case words, addresses, the threat id, and who the device is.
 */
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../model/record-batch.ts'
import { readAddress } from './address-bytes.ts'
import { ascii, DOLLAR, isBlank, isDigit, readDecimal, skipBlanks, trimEnd } from './bytes.ts'
import type { Line } from './line.ts'

const DEVICE = TEXT_SLOT.device
const RELAY = TEXT_SLOT.relay
const THREAT_NAME = TEXT_SLOT.threatName
const URL_FILTERING = 9999

/** A literal `$variable`: the firewall did not know it for this type of log. */
export function isVariable(bytes: Uint8Array, start: number, end: number): boolean {
  return end > start && bytes[start] === DOLLAR
}

/** Sets a text field to the range less its outer blanks; nothing when it is empty or a literal `$variable`. */
export function setText(
  into: RecordBatch,
  row: number,
  slot: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let from = start
  let to = end
  while (from < to && isBlank(bytes[from] as number)) from++
  while (to > from && isBlank(bytes[to - 1] as number)) to--
  if (from >= to || bytes[from] === DOLLAR) return
  const at = row * TEXT_STRIDE + slot
  into.text[at] = from
  into.text[at + 1] = to
}

/** Sets a text field to the word in lower case, blanks inside as hyphens; the slot says where it lies. */
export function setLowerWord(
  into: RecordBatch,
  row: number,
  slot: number,
  line: Line,
  start: number,
  end: number,
): void {
  setFolded(into, row, slot, line, start, end, false)
}

/** Sets a text field to the word in upper case. */
export function setUpperWord(
  into: RecordBatch,
  row: number,
  slot: number,
  line: Line,
  start: number,
  end: number,
): void {
  setFolded(into, row, slot, line, start, end, true)
}

/** A copy is made at the first byte that has to change only. */
function setFolded(
  into: RecordBatch,
  row: number,
  slot: number,
  line: Line,
  start: number,
  end: number,
  isUpper: boolean,
): void {
  const bytes = line.bytes
  setText(into, row, slot, bytes, start, end)
  const at = row * TEXT_STRIDE + slot
  const from = into.text[at] as number
  const to = into.text[at + 1] as number
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    const stays = isUpper ? byte < 0x61 || byte > 0x7a : byte > 0x5a || (byte < 0x41 && byte !== 0x20)
    if (stays) continue
    const copy = isUpper ? line.appendUpper(from, to) : line.appendWord(from, to)
    into.text[at] = copy
    into.text[at + 1] = copy + to - from
    return
  }
}

/** Sets a text field to digits, less when they are only zeros: a counter that was never set names nothing. */
export function setCounter(
  into: RecordBatch,
  row: number,
  slot: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start > 20) return
  let zeros = true
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (!isDigit(byte)) return
    if (byte !== 0x30) zeros = false
  }
  if (!zeros) into.setText(row, slot, start, end)
}

/** Sets an address; false when a text is there that is not an address. Empty and `$variable` are unknown. */
export function setAddress(
  into: RecordBatch,
  row: number,
  slot: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (start >= end) return true
  return (
    readAddress(bytes, start, end, into.addresses, row * ADDRESS_STRIDE + slot) || bytes[start] === DOLLAR
  )
}

/** As `setAddress` for addresses after translation, where `0.0.0.0` means that there was none. */
export function setNatAddress(
  into: RecordBatch,
  row: number,
  slot: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start === 7 && bytes[start] === 0x30 && bytes[start + 6] === 0x30 && bytes[start + 2] === 0x30)
    return
  if (start < end) readAddress(bytes, start, end, into.addresses, row * ADDRESS_STRIDE + slot)
}

/** The forwarded-for value: one address or nothing. */
export function setClientAddress(
  into: RecordBatch,
  row: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (start < end) {
    readAddress(bytes, start, end, into.addresses, row * ADDRESS_STRIDE + ADDRESS_SLOT.clientAddress)
  }
}

/**
 * Reads `Name(12345)`: the number in the last brackets is the threat id, the text before them the name. `9999` is URL
 * filtering and names no threat. A plain number is an id. Returns whether the text has that form.
 */
export function readThreat(
  into: RecordBatch,
  row: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const from = skipBlanks(bytes, start, end)
  const to = trimEnd(bytes, from, end)
  if (from >= to || bytes[from] === DOLLAR) return true
  const plain = readDecimal(bytes, from, to)
  if (!Number.isNaN(plain)) {
    into.threatId[row] = plain
    return true
  }
  for (let close = to - 1; close > from; close--) {
    if (bytes[close] !== 0x29) continue
    let open = close - 1
    while (open >= from && isDigit(bytes[open] as number)) open--
    if (open < from || bytes[open] !== 0x28 || open === close - 1) continue
    const id = readDecimal(bytes, open + 1, close)
    if (Number.isNaN(id)) continue
    into.threatId[row] = id
    if (id !== URL_FILTERING) setText(into, row, THREAT_NAME, bytes, from, open)
    return true
  }
  setText(into, row, THREAT_NAME, bytes, from, to)
  return false
}

/** Sets device and relay from the header, where the line itself did not name the device. */
export function setDeviceFromHeader(into: RecordBatch, row: number, line: Line): void {
  const at = row * TEXT_STRIDE + DEVICE
  if (into.text[at] === into.text[at + 1] && line.hostEnd > line.hostStart) {
    into.text[at] = line.hostStart
    into.text[at + 1] = line.hostEnd
  }
  if (line.relayEnd > line.relayStart) into.setText(row, RELAY, line.relayStart, line.relayEnd)
}

const NO_SERIAL = ascii('no-serial')

/** Sets the serial number; `no-serial` and zeros only are none. */
export function setSerial(
  into: RecordBatch,
  row: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let zeros = true
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte <= 0x20 || byte > 0x7e) return
    if (byte !== 0x30) zeros = false
  }
  if (zeros || end - start > 64 || isNoSerial(bytes, start, end)) return
  setText(into, row, TEXT_SLOT.deviceSerial, bytes, start, end)
}

function isNoSerial(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== NO_SERIAL.length) return false
  for (let i = 0; i < NO_SERIAL.length; i++) if (bytes[start + i] !== NO_SERIAL[i]) return false
  return true
}
