/**
 * Finds the lines in text that already lies in a raw batch. A line ends with LF or CRLF; blank ones (spaces, tabs) are
 * counted and skipped, NULs at a line's beginning are skipped (a file truncated under a writer that does not append
 * begins with a hole). A line longer than the message limit is marked at its first 64 KiB and flagged.
 */
import { BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, type RawBatch } from '../model/raw-batch.ts'

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
 * Stops when the batch has no more room for messages. Cost: one native search per line, no copy, no allocation.
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
  let at = from
  while (at < to && batch.count < BATCH_MESSAGES) {
    const lf = bytes.indexOf(LF, at)
    if (lf === -1) break
    markLine(batch, at, lf, sender, counts)
    at = lf + 1
  }
  return at
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
