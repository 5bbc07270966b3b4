/**
 * The short way for usual TRAFFIC lines of PAN-OS CSV: plain columns in front, read in one pass by a kernel
 * (paloalto-csv-kernel.ts), and a tail behind the session end reason (column 47 on) that was read before, but for the
 * high-resolution time. Anything quoted, masked or odd goes the long way (paloalto-csv.ts).
 */
import { CATEGORY } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { setCounter, setDeviceFromHeader, setLowerWord, setNatAddress, setSerial } from '../fields.ts'
import type { Line } from '../line.ts'
import { dispositionOf } from '../words.ts'
import type { Columns } from './paloalto-columns.ts'
import {
  kernel,
  MIN_TAIL_BYTES,
  NUMBER,
  numbers,
  OUT,
  out,
  STAMP_BYTES,
  TAIL_COLUMN,
  tails,
  TEXT_OUT,
  TEXTS,
} from './paloalto-csv-kernel.ts'

/** Shorter lines go the long way, which looks at every bound. */
export const USUAL_CSV_BYTES = 400
const TIME_COLUMN = 102
/** Of `TRAFFIC`. */
const TYPE_BYTES = 7
const V4_MARK = 0xffff

/** False when it is not such a line; the row may be touched then and must be cleared. */
export function readUsualTraffic(line: Line, into: RecordBatch, row: number): boolean {
  if (!line.isCopied()) return false
  const entry = kernel.read(line.at, line.end)
  if (entry < 0) return false
  if (!takeAddress(line, into, row, OUT.source, ADDRESS_SLOT.sourceAddress)) return false
  if (!takeAddress(line, into, row, OUT.destination, ADDRESS_SLOT.destinationAddress)) return false
  if (!takeTail(line, into, row, entry)) return false
  takeNatAddress(line, into, row, OUT.natSource, ADDRESS_SLOT.natSourceAddress)
  takeNatAddress(line, into, row, OUT.natDestination, ADDRESS_SLOT.natDestinationAddress)
  takeTexts(line, into, row)
  into.category[row] = CATEGORY.traffic
  into.sourcePort[row] = out[OUT.sourcePort] as number
  into.destinationPort[row] = out[OUT.destinationPort] as number
  into.natDestinationPort[row] = out[OUT.natDestinationPort] as number
  into.bytesSent[row] = numbers[NUMBER.bytesSent] as number
  into.bytesReceived[row] = numbers[NUMBER.bytesReceived] as number
  into.packetsSent[row] = numbers[NUMBER.packetsSent] as number
  into.packetsReceived[row] = numbers[NUMBER.packetsReceived] as number
  const repeats = numbers[NUMBER.repeats] as number
  if (repeats >= 1 && repeats <= 0xffffffff) into.repeatCount[row] = repeats
  return true
}

function takeAddress(line: Line, into: RecordBatch, row: number, from: number, slot: number): boolean {
  const words = into.addresses
  const at = row * ADDRESS_STRIDE + slot
  if (out[from + 3] === 0) {
    return readAddress(line.bytes, out[from] as number, out[from + 1] as number, words, at)
  }
  words[at] = 0
  words[at + 1] = 0
  words[at + 2] = V4_MARK
  words[at + 3] = out[from + 2] as number
  return true
}

function takeNatAddress(line: Line, into: RecordBatch, row: number, from: number, slot: number): void {
  // Most are `0.0.0.0`: there was no translation.
  if (out[from + 3] !== 0 && out[from + 2] === 0) return
  setNatAddress(into, row, slot, line.bytes, out[from] as number, out[from + 1] as number)
}

function takeTexts(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const { text } = into
  const at = row * TEXT_STRIDE
  for (let i = 0; i < TEXTS.length; i++) {
    const slot = at + (TEXTS[i] as number)
    text[slot] = out[i * 2] as number
    text[slot + 1] = out[i * 2 + 1] as number
  }
  const action = TEXT_OUT[TEXT_SLOT.action] as number
  into.disposition[row] = dispositionOf(bytes, out[action] as number, out[action + 1] as number)
  const type = (out[OUT.subtype] as number) - TYPE_BYTES - 1
  into.setText(row, TEXT_SLOT.type, type, type + TYPE_BYTES)
  takeRange(into, row, TEXT_SLOT.sessionId, OUT.session, NUMBER.session)
  if (out[OUT.serial + 2] === 1) takeRange(into, row, TEXT_SLOT.deviceSerial, OUT.serial, NUMBER.serial)
  else setSerial(into, row, bytes, out[OUT.serial] as number, out[OUT.serial + 1] as number)
  const sequence = out[OUT.sequence] as number
  const sequenceEnd = out[OUT.sequence + 1] as number
  if (out[OUT.sequence + 2] === 1)
    takeRange(into, row, TEXT_SLOT.sequenceNumber, OUT.sequence, NUMBER.sequence)
  else setCounter(into, row, TEXT_SLOT.sequenceNumber, bytes, sequence, sequenceEnd)
  const subtype = out[OUT.subtype] as number
  const subtypeEnd = out[OUT.subtype + 1] as number
  if (out[OUT.subtype + 2] === 1) into.setText(row, TEXT_SLOT.subtype, subtype, subtypeEnd)
  else setLowerWord(into, row, TEXT_SLOT.subtype, line, subtype, subtypeEnd)
}

/** Sets a text field to digits; zeros name nothing. */
function takeRange(into: RecordBatch, row: number, slot: number, from: number, number: number): void {
  if (numbers[number] !== 0) into.setText(row, slot, out[from] as number, out[from + 1] as number)
}

/** Device and time. False when the time is none. */
function takeTail(line: Line, into: RecordBatch, row: number, entry: number): boolean {
  const tail = out[OUT.tail] as number
  tails.applyTexts(entry, into, row, tail)
  const device = row * TEXT_STRIDE + TEXT_SLOT.device
  // Named by its serial where it has no name: rare enough for the long way.
  if (into.text[device] === into.text[device + 1]) return false
  setDeviceFromHeader(into, row, line)
  line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
  const holeLength = tails.holeLength(entry)
  const generated = out[OUT.generated] as number
  const timeAt = tail + tails.holeAt(entry)
  const unixMs =
    holeLength > 0
      ? line.stamps.readInstant(line.bytes, line.view, timeAt, timeAt + holeLength)
      : line.fieldMs(generated, generated + STAMP_BYTES)
  into.eventTimeMs[row] = unixMs
  return !Number.isNaN(unixMs)
}

/** Forgets all tails, for tests that want the long way. */
export function forgetUsualTraffic(): void {
  tails.clear()
}

/** Remembers the tail of a TRAFFIC line that was read the long way without any doubt. */
export function keepUsualTraffic(line: Line, columns: Columns, into: RecordBatch, row: number): void {
  const { end } = line
  const start = columns.start
  const tail = start[TAIL_COLUMN] as number
  if (columns.firstQuoted < TAIL_COLUMN || columns.count <= TAIL_COLUMN || end - tail < MIN_TAIL_BYTES) return
  const address = row * ADDRESS_STRIDE + ADDRESS_SLOT.clientAddress
  for (let i = 0; i < 4; i++) if (into.addresses[address + i] !== 0) return
  let holeAt = end
  let holeLength = 0
  if (columns.count > TIME_COLUMN) {
    const timeAt = start[TIME_COLUMN] as number
    holeLength = columns.endOf(TIME_COLUMN) - timeAt
    if (holeLength > 0) holeAt = timeAt
  }
  if (line.isCopied()) tails.keep(kernel.entryOf(tail, end), line, tail, end, holeAt, holeLength, into, row)
}
