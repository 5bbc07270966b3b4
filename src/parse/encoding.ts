/**
 * What concerns the bytes of a batch and not the meaning of its lines: lines that are not UTF-8 are flagged, and the
 * escapes that rsyslog writes for control bytes (`#011` is a tab) are undone in values. Both look at the whole batch at
 * native speed first and at single lines only where something was found.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { FLAG } from '../model/log-record.ts'
import type { RawBatch } from '../model/raw-batch.ts'
import { type RecordBatch, TEXT_STRIDE } from '../model/record-batch.ts'

/** Lines that are asked about at once. */
const GROUP = 64

/** Flags the lines that are not UTF-8. Cost: (m) 15 ns a line when all is ASCII. Call before anything is appended. */
export function flagInvalidUtf8(raw: RawBatch, into: RecordBatch): void {
  if (raw.count === 0 || isAscii(raw.bytes.subarray(0, raw.used))) return
  for (let from = 0; from < raw.count; from += GROUP) {
    const to = Math.min(from + GROUP, raw.count)
    const start = raw.start[from] as number
    const end = raw.end[to - 1] as number
    if (start <= end && isGroupInOrder(raw, from, to) && isAscii(raw.bytes.subarray(start, end))) continue
    for (let row = from; row < to; row++) {
      const line = raw.bytes.subarray(raw.start[row], raw.end[row])
      if (!isAscii(line) && !isUtf8(line)) into.flags[row] = (into.flags[row] as number) | FLAG.invalidUtf8
    }
  }
}

/** Messages usually lie one behind the other; nothing demands it. */
function isGroupInOrder(raw: RawBatch, from: number, to: number): boolean {
  for (let row = from + 1; row < to; row++)
    if ((raw.start[row] as number) < (raw.end[row - 1] as number)) return false
  return true
}

/**
 * Undoes rsyslog's escapes in the text fields of lines read from files; other inputs carry none. Only after the fields
 * were cut, so that an escaped character never separates anything. In front of `from` there are none.
 */
export function decodeEscapes(raw: RawBatch, into: RecordBatch, from: number): void {
  if (raw.transport !== 'file' || raw.count === 0) return
  const used = raw.used
  if (from === used) return
  // The last byte of the messages and the first behind them are looked at together: joined text may lie anywhere.
  let at = raw.bytes.subarray(0, used).indexOf('#0', Math.max(0, from - 1))
  if (at < 0) return
  for (let row = 0; row < raw.count; row++) {
    const start = raw.start[row] as number
    const end = raw.end[row] as number
    if (at < start) at = raw.bytes.subarray(0, used).indexOf('#0', start)
    if (at < 0) return
    // Joined and decoded values lie behind the messages: such a row is looked at in any case.
    if (at >= end && ((into.flags[row] as number) & FLAG.repeated) === 0) continue
    for (let slot = 0; slot < TEXT_STRIDE; slot += 2) decodeField(raw, into, row, slot)
    at = raw.bytes.subarray(0, used).indexOf('#0', end)
    if (at < 0) return
  }
}

function decodeField(raw: RawBatch, into: RecordBatch, row: number, slot: number): void {
  const start = into.text[row * TEXT_STRIDE + slot] as number
  const end = into.text[row * TEXT_STRIDE + slot + 1] as number
  let found = false
  for (let at = start; at + 4 <= end && !found; at++) found = escapedByte(raw.bytes, at) >= 0
  if (!found) return
  const decoded = new Uint8Array(end - start)
  let length = 0
  for (let at = start; at < end; ) {
    const byte = at + 4 <= end ? escapedByte(raw.bytes, at) : -1
    decoded[length++] = byte >= 0 ? byte : (raw.bytes[at] as number)
    at += byte >= 0 ? 4 : 1
  }
  into.setDecodedText(row, slot, decoded.subarray(0, length))
}

/** The byte of `#000` to `#037` or `#177`, or -1. */
function escapedByte(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x23) return -1
  const high = (bytes[at + 1] as number) - 0x30
  const middle = (bytes[at + 2] as number) - 0x30
  const low = (bytes[at + 3] as number) - 0x30
  if (low < 0 || low > 7 || middle < 0 || middle > 7) return -1
  if (high === 0 && middle <= 3) return middle * 8 + low
  return high === 1 && middle === 7 && low === 7 ? 127 : -1
}
