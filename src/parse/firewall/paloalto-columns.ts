/**
 * Columns of a PAN-OS CSV line (FIELD.md B.5): where each begins, with real CSV quoting, unquoted brace lists
 * (`{a,b}` in Link Switches), and what broken quoting leaves. Column 0 is the FUTURE_USE column in front; where a line
 * has none, an empty one is put there, so indexes are those of the documentation.
 */
import { COMMA, isBlank, isDigit, QUOTE } from '../bytes.ts'
import type { Line } from '../line.ts'

/** Columns that are looked at; what newer releases put behind them is not. */
const MAX_COLUMNS = 112
/** Brace lists appear behind this column only; in front of it a brace is somebody's text. */
const BRACES_FROM = 36

export class Columns {
  /** Start of each column; the start of column i + 1 less 1 is the end of column i. One more than `count` is set. */
  readonly start = new Int32Array(MAX_COLUMNS + 2)
  count = 0
  /** True when quotes do not pair up as CSV demands: columns behind the place may not be what they seem. */
  brokenQuotes = false
  /** First column that begins with a quote; MAX_COLUMNS when none does. */
  firstQuoted = MAX_COLUMNS

  /** Splits `[at, end)`; `shift` 1 puts an empty column in front. */
  split(line: Line, shift: number): void {
    const { bytes, at, end } = line
    const start = this.start
    let count = shift
    start[0] = at
    start[count] = at
    if (shift === 1) start[0] = at - 1
    this.brokenQuotes = false
    this.firstQuoted = MAX_COLUMNS
    let i = at
    if (bytes[i] === QUOTE) {
      this.#splitQuoted(bytes, i, end, count)
      return
    }
    while (i < end) {
      if (bytes[i++] !== COMMA) continue
      start[++count] = i
      if (count === MAX_COLUMNS) {
        this.count = count
        return
      }
      const first = bytes[i]
      if (first === QUOTE && i < end) {
        this.#splitQuoted(bytes, i, end, count)
        return
      }
      if (first === 0x7b && count >= BRACES_FROM) i = behindBraces(bytes, i, end)
    }
    this.count = count + 1
    start[this.count] = end + 1
  }

  /** Goes on from a quoted column; from here on a quote inside an unquoted column is a sign of tricks. */
  #splitQuoted(bytes: Uint8Array, from: number, end: number, column: number): void {
    this.firstQuoted = column
    const start = this.start
    let count = column
    let i = from
    while (count < MAX_COLUMNS) {
      if (i < end && bytes[i] === QUOTE) i = this.#behindQuotes(bytes, i, end)
      else if (i < end && bytes[i] === 0x7b && count >= BRACES_FROM) i = behindBraces(bytes, i, end)
      while (i < end && bytes[i] !== COMMA) {
        if (bytes[i] === QUOTE) this.brokenQuotes = true
        i++
      }
      if (i >= end) {
        this.count = count + 1
        start[this.count] = end + 1
        return
      }
      i++
      start[++count] = i
    }
    this.count = count
  }

  /** Behind the closing quote of the column that opens at `from`; `""` inside is a quote. */
  #behindQuotes(bytes: Uint8Array, from: number, end: number): number {
    let i = from + 1
    while (i < end) {
      if (bytes[i] !== QUOTE) {
        i++
        continue
      }
      if (i + 1 >= end || bytes[i + 1] === COMMA) return i + 1
      if (bytes[i + 1] === QUOTE) {
        i += 2
        continue
      }
      this.brokenQuotes = true // a bare quote inside: taken as text
      i++
    }
    this.brokenQuotes = true // never closed
    return end
  }

  /** End of a column. */
  endOf(column: number): number {
    return (this.start[column + 1] as number) - 1
  }

  /**
   * Sets `from` and `to` to a column's value: outer blanks and quotes left out, doubled quotes decoded (behind the
   * messages). Empty when the line has no such column.
   */
  value(line: Line, column: number): void {
    if (column >= this.count) {
      this.from = 0
      this.to = 0
      return
    }
    const bytes = line.bytes
    let from = this.start[column] as number
    let to = (this.start[column + 1] as number) - 1
    while (from < to && isBlank(bytes[from] as number)) from++
    while (to > from && isBlank(bytes[to - 1] as number)) to--
    if (to - from >= 2 && bytes[from] === QUOTE && bytes[to - 1] === QUOTE) {
      from++
      to--
      for (let i = from; i < to - 1; i++) {
        if (bytes[i] === QUOTE && bytes[i + 1] === QUOTE) {
          this.#decode(line, from, to)
          return
        }
      }
    }
    this.from = from
    this.to = to
  }

  /**
   * Whether the columns behind a free text are where the documentation has them: digits at `sequence`, `0x...` (the
   * action flags) behind it, and no `0x...` further back. Text of an outsider with commas in it, not quoted, moves the
   * firewall's own flags back: it may imitate columns, but cannot take those away. `otherFlags`: a column further back
   * that may hold other flags; 0 when there is none.
   */
  isBehindTextInPlace(bytes: Uint8Array, sequence: number, otherFlags = 0): boolean {
    if (this.brokenQuotes || sequence + 1 >= this.count || this.count >= MAX_COLUMNS) return false
    const start = this.start[sequence] as number
    const end = this.endOf(sequence)
    if (end <= start || end - start > 20) return false
    for (let at = start; at < end; at++) if (!isDigit(bytes[at] as number)) return false
    if (!this.#isHex(bytes, sequence + 1)) return false
    for (let column = sequence + 2; column < this.count; column++) {
      if (column !== otherFlags && this.#isHex(bytes, column)) return false
    }
    return true
  }

  /** Whether a column begins `0x`, as flags do, in blanks and quotes or without. */
  #isHex(bytes: Uint8Array, column: number): boolean {
    let at = this.start[column] as number
    const end = this.endOf(column)
    while (at < end && (isBlank(bytes[at] as number) || bytes[at] === QUOTE)) at++
    return at + 2 < end && bytes[at] === 0x30 && ((bytes[at + 1] as number) | 0x20) === 0x78
  }

  /** Range of the value that `value` found. */
  from = 0
  to = 0

  #decode(line: Line, from: number, to: number): void {
    const at = line.appendSpace(to - from)
    const bytes = line.bytes
    let end = at
    for (let i = from; i < to; i++) {
      bytes[end++] = bytes[i] as number
      if (bytes[i] === QUOTE && i + 1 < to && bytes[i + 1] === QUOTE) i++
    }
    line.take(end)
    this.from = at
    this.to = end
  }
}

/** Behind the brace that closes the list at `from` if a comma or the end follows it; else `from`. */
function behindBraces(bytes: Uint8Array, from: number, end: number): number {
  let depth = 0
  for (let i = from; i < end; i++) {
    const byte = bytes[i]
    if (byte === 0x7b) depth++
    else if (byte === 0x7d && --depth === 0) return i + 1 >= end || bytes[i + 1] === COMMA ? i + 1 : from
  }
  return from
}
