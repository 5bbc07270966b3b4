/**
 * The lines of whole files, for the commands `parse` and `replay`: plain files, `.gz` (unpacked as they are read) and
 * `-` for standard input, one after another. A batch holds lines of one file; each line carries its number, from 1,
 * blank lines counted but not given. There is no arrival time (NaN): the lines' own times are all there is.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import { BATCH_BYTES, BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, type RawBatch } from '../model/raw-batch.ts'
import { fileSender, type LineCounts, markLine, splitLines } from './lines.ts'
import type { BatchPool } from './pool.ts'

/** Reads the next bytes into `into` from `at`, at most `length`; 0 at the end. */
type ReadBytes = (into: Buffer, at: number, length: number) => Promise<number>

interface Source {
  readonly read: ReadBytes
  readonly close: () => Promise<void>
}

const STDIN = '-'
const FIRST_GUESS_LINE_BYTES = 256
/** Text read per batch at most; the rest of the buffer is for what decoding adds. */
const READ_LIMIT_BYTES = BATCH_BYTES - MESSAGE_LIMIT_BYTES
/** So much text without a line end is a line over the limit. */
const LEAST_READ_BYTES = MESSAGE_LIMIT_BYTES * 2

/**
 * Yields batches of the files' lines in order. A batch belongs to the consumer, who releases it to `pool`; reading
 * waits while the pool is empty. `sender` is the base name without `.log` and `.gz` (`stdin` for `-`), and
 * `positions[0].path` the file as it was named. Throws AppError 'failed' for a file that cannot be read.
 */
export async function* readLines(
  paths: readonly string[],
  pool: BatchPool,
  stdin: Readable,
): AsyncGenerator<RawBatch, void, void> {
  for (const path of paths) {
    const source = await openSource(path, stdin)
    try {
      yield* readSource(path, source.read, pool)
    } catch (error) {
      throw error instanceof AppError ? error : cannotRead(path, error)
    } finally {
      await source.close()
    }
  }
}

async function* readSource(
  path: string,
  read: ReadBytes,
  pool: BatchPool,
): AsyncGenerator<RawBatch, void, void> {
  const counts: LineCounts = { lines: 0, blankLines: 0, truncatedLines: 0, nextLine: 1 }
  const sender = path === STDIN ? 'stdin' : fileSender(path)
  let lineBytes = FIRST_GUESS_LINE_BYTES
  /** Text of the last read that did not make it into its batch: a line without its end, lines over the 4096. */
  let carry = Buffer.alloc(0)
  let isEnd = false
  while (!isEnd || carry.length > 0) {
    const batch = await pool.takeWhenFree()
    batch.transport = 'file'
    batch.live = false
    batch.senders.push(sender)
    batch.positions.push({ fileId: '', path, offset: 0 })
    const wanted = Math.min(
      READ_LIMIT_BYTES,
      Math.max(LEAST_READ_BYTES, Math.ceil(BATCH_MESSAGES * lineBytes)),
    )
    batch.reserve(carry.length + wanted)
    carry.copy(batch.bytes)
    let filled = carry.length
    // Short reads (pipes, gzip) are gathered, so that batches are full.
    while (!isEnd && filled < wanted) {
      const length = await read(batch.bytes, filled, wanted - filled)
      if (length === 0) isEnd = true
      filled += length
    }
    let rest = splitLines(batch, 0, filled, 0, counts)
    batch.used = rest
    if (rest === 0 && !isEnd) {
      const piece = await takeLongLine(batch, filled, read, counts)
      rest = piece.from
      filled = piece.to
      isEnd = piece.isEnd
    } else if (isEnd && rest < filled && batch.count < BATCH_MESSAGES) {
      // All lines with an end are taken, so this is the last one, without.
      markLine(batch, rest, filled, 0, counts)
      batch.used = filled
      rest = filled
    }
    if (batch.count > 0) lineBytes = batch.used / batch.count
    carry = Buffer.from(batch.bytes.subarray(rest, filled))
    if (batch.isEmpty) pool.release(batch)
    else yield batch
  }
}

/**
 * The batch begins with a line over the limit: keeps its first 64 KiB and reads on, over the same place, to its end.
 * Returns what was read behind that end.
 */
async function takeLongLine(
  batch: RawBatch,
  filled: number,
  read: ReadBytes,
  counts: LineCounts,
): Promise<{ from: number; to: number; isEnd: boolean }> {
  batch.line[batch.count] = counts.nextLine++
  batch.mark(0, MESSAGE_LIMIT_BYTES, 0, true)
  batch.used = MESSAGE_LIMIT_BYTES
  counts.lines++
  counts.truncatedLines++
  const at = MESSAGE_LIMIT_BYTES
  for (let length = filled - at; length > 0; length = await read(batch.bytes, at, batch.bytes.length - at)) {
    const lf = batch.bytes.subarray(at, at + length).indexOf(10)
    if (lf !== -1) return { from: at + lf + 1, to: at + length, isEnd: false }
  }
  return { from: at, to: at, isEnd: true }
}

async function openSource(path: string, stdin: Readable): Promise<Source> {
  if (path === STDIN) return fromStream(stdin)
  if (path.endsWith('.gz')) {
    const unpacked = createGunzip()
    // A failure of either stream destroys `unpacked` with the error, which reading it then throws.
    pipeline(createReadStream(path), unpacked, () => {})
    return fromStream(unpacked)
  }
  try {
    const handle = await open(path, 'r')
    return {
      read: async (into, at, length) => (await handle.read(into, at, length, null)).bytesRead,
      close: () => handle.close(),
    }
  } catch (error) {
    throw cannotRead(path, error)
  }
}

function fromStream(stream: Readable): Source {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  let chunk: Buffer = Buffer.alloc(0)
  let taken = 0
  return {
    read: async (into, at, length) => {
      while (taken === chunk.length) {
        const next = await chunks.next()
        if (next.done) return 0
        chunk = next.value
        taken = 0
      }
      const copied = chunk.copy(into, at, taken, Math.min(chunk.length, taken + length))
      taken += copied
      return copied
    },
    close: async () => {
      await chunks.return?.()
    },
  }
}

function cannotRead(path: string, error: unknown): AppError {
  const name = path === STDIN ? 'standard input' : path
  switch (systemCodeOf(error) ?? '') {
    case 'ENOENT':
      return new AppError('failed', `cannot read ${name}: there is no such file`, error)
    case 'EISDIR':
      return new AppError('failed', `cannot read ${name}: it is a folder; name the files in it`, error)
    case 'EACCES':
      return new AppError('failed', `cannot read ${name}: permission denied`, error)
    default:
      return new AppError('failed', `cannot read ${name}: ${messageOf(error)}`, error)
  }
}
