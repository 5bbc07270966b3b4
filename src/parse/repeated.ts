/**
 * rsyslog's repeated-message reduction (FIELD.md B.8): `tag message repeated 3 times: [ rest]`. The text is `tag` and
 * `rest` joined; it happened N more times. rsyslog cuts the text in the brackets at 800 bytes.
 */
import { FLAG } from '../model/log-record.ts'
import { ascii, isDigit, startsWith } from './bytes.ts'
import type { Line } from './line.ts'

const MARK = ascii('message repeated ')
const TIMES = ascii(' times: [')
const TAG_LIMIT_BYTES = 128
const CUT_BYTES = 800

/** Rejoins the text in place behind the messages, when the line is a repetition; else does nothing. */
export function joinRepeated(line: Line): void {
  const { bytes, at, end } = line
  const limit = Math.min(end, at + TAG_LIMIT_BYTES)
  let blank = at
  while (blank < limit && bytes[blank] !== 0x20) blank++
  if (bytes[blank + 1] !== 0x6d || blank === limit) return // 'm'
  if (!startsWith(bytes, blank + 1, end, MARK)) return
  let i = blank + 1 + MARK.length
  let count = 0
  const countAt = i
  while (i < end && i - countAt < 9 && isDigit(bytes[i] as number))
    count = count * 10 + (bytes[i++] as number) - 0x30
  if (i === countAt || count === 0 || !startsWith(bytes, i, end, TIMES)) return
  rejoin(line, blank, i + TIMES.length, count)
}

function rejoin(line: Line, tagEnd: number, innerStart: number, count: number): void {
  const { at, end } = line
  const closed = line.bytes[end - 1] === 0x5d
  const innerEnd = closed ? end - 1 : end
  line.repeatCount = count
  line.flags |= FLAG.repeated
  if (!closed || innerEnd - innerStart >= CUT_BYTES) line.flags |= FLAG.truncated
  const tagLength = tagEnd - at
  const innerLength = Math.max(0, innerEnd - innerStart)
  const to = line.appendSpace(tagLength + innerLength)
  line.bytes.copyWithin(to, at, tagEnd)
  line.bytes.copyWithin(to + tagLength, innerStart, innerStart + innerLength)
  line.take(to + tagLength + innerLength)
  line.at = to
  line.end = to + tagLength + innerLength
}
