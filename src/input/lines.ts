/**
 * Finds the lines in text that already lies in a raw batch. A line ends with LF or CRLF; blank ones (spaces, tabs) are
 * counted and skipped, NULs at a line's beginning are skipped (a file truncated under a writer that does not append
 * begins with a hole). A line longer than the message limit is marked at its first 64 KiB and flagged.
 */
import { copyPiece, TEXT_AT } from '../model/kernel-memory.ts'
import { BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, type RawBatch } from '../model/raw-batch.ts'
import { behindLines, findLines, lineEnds, lineStarts } from './line-kernel.ts'

export interface LineCounts {
  lines: number
  blankLines: number
  truncatedLines: number
  /** Number of the next line, from 1, blank ones counted; NaN where nobody asks. */
  nextLine: number
}

const LF = 10
const CR = 13
const SPACE = 32

/**
 * Marks the complete lines of `batch.bytes[from, to)` as messages and returns the index behind the last one taken.
 * Stops when the batch has no more room for messages. In front of `from` lie pieces that were split before, as they were.
 * Cost: a copy for the kernels, which the parser then needs no more, and 20 ns a line; no allocation.
 */
export function splitLines(
  batch: RawBatch,
  from: number,
  to: number,
  sender: number,
  counts: LineCounts,
): number {
  // The view keeps the search out of what an earlier use left behind `to`.
  const bytes = batch.bytes.subarray(0, to)
  const isCopied = copyPiece(batch, from, to)
  let at = from
  while (at < to && batch.count < BATCH_MESSAGES) {
    if (isCopied) {
      at = markUsualLines(batch, at, to, sender, counts)
      if (batch.count === BATCH_MESSAGES) break
    }
    const lf = bytes.indexOf(LF, at)
    if (lf === -1) break
    markLine(batch, at, lf, sender, counts)
    at = lf + 1
  }
  return at
}

/** Marks lines up to one that needs a second look or has no end; returns the index behind them. */
function markUsualLines(
  batch: RawBatch,
  from: number,
  to: number,
  sender: number,
  counts: LineCounts,
): number {
  const found = findLines(TEXT_AT + from, TEXT_AT + to, BATCH_MESSAGES - batch.count)
  const { start, end, line, truncated, sender: senders, count } = batch
  for (let i = 0; i < found; i++) {
    const row = count + i
    start[row] = (lineStarts[i] as number) - TEXT_AT
    end[row] = (lineEnds[i] as number) - TEXT_AT
    senders[row] = sender
    truncated[row] = 0
    line[row] = counts.nextLine + i
  }
  batch.count += found
  counts.nextLine += found
  counts.lines += found
  return behindLines() - TEXT_AT
}

/** Marks one line `[start, stop)`, its LF not included, or counts it as blank. */
export function markLine(
  batch: RawBatch,
  start: number,
  stop: number,
  sender: number,
  counts: LineCounts,
): void {
  const bytes = batch.bytes
  const line = counts.nextLine++
  const end = stop > start && bytes[stop - 1] === CR ? stop - 1 : stop
  let begin = start
  if (begin === end || (bytes[begin] as number) <= SPACE) {
    while (begin < end && bytes[begin] === 0) begin++
    if (isBlank(bytes, begin, end)) {
      counts.blankLines++
      return
    }
  }
  const isTruncated = end - begin > MESSAGE_LIMIT_BYTES
  batch.line[batch.count] = line
  batch.mark(begin, isTruncated ? begin + MESSAGE_LIMIT_BYTES : end, sender, isTruncated)
  counts.lines++
  if (isTruncated) counts.truncatedLines++
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte !== SPACE && byte !== 9 && byte !== CR) return false
  }
  return true
}

/** The sender of a log file's lines: its base name without `.log` (and without `.gz` before that). */
export function fileSender(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.gz$/, '')
  return base.replace(/\.log$/, '') || base
}
