/**
 * Texts that relays took apart, joined again behind the messages of the batch.
 *
 * rsyslog's repeated-message reduction (FIELD.md B.8): `tag message repeated 3 times: [ rest]`. The text is `tag` and
 * `rest` joined; it happened N more times. rsyslog cuts the text in the brackets at 800 bytes.
 *
 * A relay that reads RFC 3164 takes the first word of a firewall's text for the program's tag, and where it sends on as
 * RFC 5424 puts PROCID, MSGID and structured data behind it: `SrcLocation=United - - -  States; SrcIP=...`.
 */
import { FLAG } from '../model/log-record.ts'
import { ascii, indexOfByte, isDigit, skipBlanks, startsWith } from './bytes.ts'
import { type Line, STAMP } from './line.ts'

const MARK = ascii('message repeated ')
const TIMES = ascii(' times: [')
const NIL_PARTS = ascii(' - - - ')
/** The blank, four times. */
const BLANKS = 0x20202020
const TAG_LIMIT_BYTES = 128
const CUT_BYTES = 800

/** Joins the text when the line is a repetition or its first word was taken for a tag; else does nothing. */
export function joinRepeated(line: Line): void {
  const { bytes, at, end } = line
  const limit = Math.min(end, at + TAG_LIMIT_BYTES)
  const blank = indexOfByte(line.view, at, limit, BLANKS)
  if (blank >= limit) return
  if (bytes[blank + 1] === 0x2d) joinSplitTag(line, blank)
  if (bytes[blank + 1] !== 0x6d) return // 'm'
  if (!startsWith(bytes, blank + 1, end, MARK)) return
  let i = blank + 1 + MARK.length
  let count = 0
  const countAt = i
  while (i < end && i - countAt < 9 && isDigit(bytes[i] as number))
    count = count * 10 + (bytes[i++] as number) - 0x30
  if (i === countAt || count === 0 || !startsWith(bytes, i, end, TIMES)) return
  rejoin(line, blank, i + TIMES.length, count)
}

/**
 * Joins `Key=word - - - rest`. Only behind the stamp that RFC 5424 has, and only a word with a `=` in it, as no tag has;
 * the date of a CSV line that was split in the same way is read as it is (stamp.ts).
 */
function joinSplitTag(line: Line, tagEnd: number): void {
  const { bytes, at, end } = line
  if (line.stampKind !== STAMP.instant || !startsWith(bytes, tagEnd, end, NIL_PARTS)) return
  let hasEquals = false
  for (let i = at; i < tagEnd && !hasEquals; i++) hasEquals = bytes[i] === 0x3d
  if (!hasEquals) return
  const rest = skipBlanks(bytes, tagEnd + NIL_PARTS.length, end)
  const to = line.appendSpace(end - at)
  const behind = to + tagEnd - at + 1
  line.bytes.copyWithin(to, at, tagEnd)
  line.bytes[behind - 1] = 0x20
  line.bytes.copyWithin(behind, rest, end)
  line.at = to
  line.end = behind + end - rest
  line.take(line.end)
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
