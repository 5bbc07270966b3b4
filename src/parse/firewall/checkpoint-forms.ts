/**
 * Tells which of Check Point's forms a text has, by its first bytes, and where its pairs begin; checkpoint-keys.ts says
 * what the forms are. `fw log` prints time, action and origin in front of its pairs.
 */
import { ascii, isBlank, isDigit, QUOTE, readFourDigits, skipBlanks, startsWith } from '../bytes.ts'
import { readMonth } from '../stamp.ts'
import { endOfColonKey, endOfKey, fieldAt } from './checkpoint-keys.ts'

const SYSLOG = ascii('syslog[')

export const FORM = { none: 0, listed: 1, structured: 2, piped: 3, colons: 4, columns: 5 } as const
/** Where the text's pairs begin and what stands in front of them; ranges are empty where there is nothing. */
export const found = {
  pairsAt: 0,
  actionAt: 0,
  actionEnd: 0,
  originAt: 0,
  originEnd: 0,
  stampAt: 0,
  stampEnd: 0,
}

/** Which form the text has, by its first bytes; FORM.none when it is not Check Point's. */
export function formOf(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  found.actionAt = 0
  found.actionEnd = 0
  found.originAt = 0
  found.originEnd = 0
  found.stampAt = 0
  found.stampEnd = 0
  if (startsWith(bytes, at, end, SYSLOG)) at += SYSLOG.length - 1
  const first = bytes[at] as number
  if (first === 0x5b) return bracketForm(bytes, at + 1, end)
  if (first === QUOTE) return isColumns(bytes, at, end) ? FORM.columns : FORM.none
  if (isDigit(first)) return fwLogForm(bytes, at, end)
  if (first === 0x7c) at++
  const keyEnd = endOfKey(bytes, at, end, 0x3d)
  if (keyEnd >= 0) return isPiped(bytes, at, keyEnd, end) ? FORM.piped : FORM.none
  found.pairsAt = at
  return isColons(bytes, at, end) ? FORM.colons : FORM.none
}

function bracketForm(bytes: Uint8Array, at: number, end: number): number {
  const keyEnd = endOfKey(bytes, at, end, 0x3a)
  if (keyEnd > 0) {
    found.pairsAt = at
    return bytes[keyEnd + 1] === QUOTE && fieldAt(bytes, at, keyEnd) >= 0 ? FORM.listed : FORM.none
  }
  const limit = Math.min(end, at + 64)
  let to = at
  while (to < limit && bytes[to] !== 0x20 && bytes[to] !== 0x5d) to++
  // 2620 is Check Point's enterprise number
  const isOwn = to - at > 5 && readFourDigits(bytes, to - 4) === 2620 && !isDigit(bytes[to - 5] as number)
  if (!isOwn || bytes[to] !== 0x20) return FORM.none
  found.pairsAt = to
  return FORM.structured
}

/** `"1832941" "20Dec2019" "`: a number, then a date. */
function isColumns(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from + 1
  const digits = at
  while (at < end && at - digits < 12 && isDigit(bytes[at] as number)) at++
  if (at === digits || end - at < 14 || bytes[at] !== QUOTE) return false
  at = skipBlanks(bytes, at + 1, end)
  found.pairsAt = from
  return bytes[at] === QUOTE && endOfDay(bytes, at + 1, end) > 0
}

/** `time=1|hostname=`: two known keys, the first value closed by a pipe. */
function isPiped(bytes: Uint8Array, at: number, keyEnd: number, end: number): boolean {
  if (fieldAt(bytes, at, keyEnd) < 0) return false
  const limit = Math.min(end, keyEnd + 128)
  let pipe = keyEnd + 1
  while (pipe < limit && bytes[pipe] !== 0x7c) pipe++
  if (pipe >= limit) return false
  const second = endOfKey(bytes, pipe + 1, end, 0x3d)
  found.pairsAt = at
  return second >= 0 && fieldAt(bytes, pipe + 1, second) >= 0
}

/** `Action: accept; src: ...;`: two known keys. */
function isColons(bytes: Uint8Array, at: number, end: number): boolean {
  const keyEnd = endOfColonKey(bytes, at, end)
  if (keyEnd < 0 || fieldAt(bytes, at, keyEnd) < 0) return false
  const limit = Math.min(end, keyEnd + 256)
  let semicolon = keyEnd + 1
  while (semicolon < limit && bytes[semicolon] !== 0x3b) semicolon++
  if (semicolon >= limit) return false
  const next = skipBlanks(bytes, semicolon + 1, end)
  const second = endOfColonKey(bytes, next, end)
  return second >= 0 && fieldAt(bytes, next, second) >= 0
}

/** `[30Jan2005] 9:57:53 [words] accept 192.0.2.1 >eth0 product: ...;`: what `fw log` prints. */
function fwLogForm(bytes: Uint8Array, from: number, end: number): number {
  const dayEnd = endOfDay(bytes, from, end)
  let at = skipBlanks(bytes, dayEnd > 0 ? dayEnd : from, end)
  const clockEnd = endOfClock(bytes, at, end)
  if (clockEnd < 0) return FORM.none
  found.stampAt = dayEnd > 0 ? from : 0
  found.stampEnd = dayEnd > 0 ? clockEnd : 0
  at = clockEnd
  for (let word = 0; word < 7; word++) {
    const start = skipBlanks(bytes, at, end)
    if (start >= end) return FORM.none
    const first = bytes[start]
    if (first === 0x3e || first === 0x3c) {
      // the interface, in the same word as the mark or in the next one
      at = endOfWord(bytes, start, end)
      if (at === start + 1) at = endOfWord(bytes, skipBlanks(bytes, at, end), end)
      found.pairsAt = skipBlanks(bytes, at, end)
      const isFound = found.originEnd > 0 && endOfColonKey(bytes, found.pairsAt, end) >= 0
      return isFound ? FORM.colons : FORM.none
    }
    at = endOfWord(bytes, start, end)
    found.actionAt = found.originAt
    found.actionEnd = found.originEnd
    found.originAt = start
    found.originEnd = at
  }
  return FORM.none
}

function endOfWord(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && !isBlank(bytes[at] as number)) at++
  return at
}

/** Behind `30Jan2005` or `9Jan2005`; -1 when it is no day. */
export function endOfDay(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 9) return -1
  const month = isDigit(bytes[at + 1] as number) ? at + 2 : at + 1
  if (!isDigit(bytes[at] as number) || readMonth(bytes, month) === 0) return -1
  return readFourDigits(bytes, month + 3) < 0 ? -1 : month + 7
}

/** Behind `12:04:05` or `9:57:53`; -1 when it is no time. */
export function endOfClock(bytes: Uint8Array, at: number, end: number): number {
  const from = bytes[at + 1] === 0x3a ? at - 1 : at
  if (end - from < 8) return -1
  if (!isDigit(bytes[at] as number) || bytes[from + 2] !== 0x3a || bytes[from + 5] !== 0x3a) return -1
  return isDigit(bytes[from + 7] as number) ? from + 8 : -1
}
