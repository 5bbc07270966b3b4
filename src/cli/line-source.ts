/**
 * Lines of a file, a `.gz` file or stdin as raw batches, for `parse` and `replay`: blank lines are counted and left
 * out, line numbers kept, a line longer than 64 KiB is cut and flagged. Memory is one batch and one chunk, whatever
 * the length of the file. Whether it is compressed is told by its first two bytes, not by its name.
 */
import { createReadStream, fstatSync, openSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fileSender, type LineCounts, markLine, splitLines } from '../input/lines.ts'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import { BATCH_BYTES, BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, type RawBatch } from '../model/raw-batch.ts'
import type { CliIo } from './io.ts'

const CHUNK_BYTES = 262_144
const LF = 10
/** First bytes of gzip, RFC 1952 section 2.3.1. */
const GZIP_MAGIC = [0x1f, 0x8b]

export class LineSource {
  /** Base name, or `-` for stdin: what the output calls it. */
  readonly name: string
  /** Tells the year of stamps that have none: the file's last change, or now for stdin. Unix ms. */
  readonly referenceMs: number
  readonly #path: string
  readonly #senders: string[]
  readonly #raw: Readable
  #chunks: AsyncIterator<Buffer> | null = null
  /** Bytes read and not yet in a batch. */
  #rest: Buffer = Buffer.alloc(0)
  #atEnd = false
  /** In the middle of a line whose head has been given out already. */
  #isSkipping = false
  readonly #counts: LineCounts = { lines: 0, blankLines: 0, truncatedLines: 0, nextLine: 1 }

  /** `path` is meant from the working directory; `-` is stdin. Throws AppError `failed` when it cannot be opened. */
  constructor(path: string, io: CliIo) {
    this.#path = path
    if (path === '-') {
      this.name = '-'
      this.#senders = []
      this.referenceMs = io.clock.nowMs()
      this.#raw = io.stdin
      return
    }
    const fd = openFile(path, io.workingDirectory)
    this.name = basename(path)
    this.#senders = [fileSender(path)]
    this.referenceMs = fstatSync(fd).mtimeMs
    this.#raw = createReadStream('', { fd, highWaterMark: CHUNK_BYTES })
  }

  /**
   * Fills an empty batch with as many lines as fit. False: the file has ended and the batch is empty. The batch's
   * slices are its own: it may be kept. Rejects with AppError `failed` when the file cannot be read further.
   */
  async next(batch: RawBatch): Promise<boolean> {
    batch.reset()
    batch.transport = 'file'
    batch.live = false
    batch.senders = this.#senders
    let at = 0
    this.#take(batch, 0)
    for (;;) {
      at = splitLines(batch, at, batch.used, 0, this.#counts)
      if (batch.count === BATCH_MESSAGES) break
      if (batch.used - at > MESSAGE_LIMIT_BYTES) {
        markLine(batch, at, batch.used, 0, this.#counts)
        at = batch.used
        this.#isSkipping = true
        continue
      }
      if (this.#rest.length === 0 && !(await this.#read())) {
        if (batch.used > at) markLine(batch, at, batch.used, 0, this.#counts)
        at = batch.used
        break
      }
      if (batch.used === BATCH_BYTES) {
        if (batch.count > 0) break
        batch.bytes.copyWithin(0, at, batch.used) // nothing but blank lines so far
        batch.used -= at
        at = 0
      }
      this.#take(batch, batch.used)
    }
    if (batch.used > at) this.#rest = Buffer.concat([batch.bytes.subarray(at, batch.used), this.#rest])
    batch.used = at
    return batch.count > 0
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#path !== '-') this.#raw.destroy()
  }

  /** Moves as much of the rest into the batch as there is room for. */
  #take(batch: RawBatch, at: number): void {
    if (this.#isSkipping) this.#skip()
    const length = Math.min(this.#rest.length, BATCH_BYTES - at)
    batch.bytes.set(this.#rest.subarray(0, length), at)
    batch.used = at + length
    this.#rest = this.#rest.subarray(length)
  }

  #skip(): void {
    const lf = this.#rest.indexOf(LF)
    this.#rest = lf === -1 ? this.#rest.subarray(this.#rest.length) : this.#rest.subarray(lf + 1)
    if (lf !== -1) this.#isSkipping = false
  }

  async #read(): Promise<boolean> {
    if (this.#atEnd) return false
    try {
      this.#chunks ??= await openChunks(this.#raw)
      const next = await this.#chunks.next()
      this.#atEnd = next.done === true
      if (next.done !== true) this.#rest = next.value
    } catch (error) {
      const what = this.#path === '-' ? 'stdin' : this.#path
      throw new AppError('failed', `cannot read ${what}: ${reasonOf(error)}`, error)
    }
    return !this.#atEnd
  }
}

function openFile(path: string, folder: string): number {
  try {
    const fd = openSync(resolve(folder, path), 'r')
    if (!fstatSync(fd).isDirectory()) return fd
  } catch (error) {
    throw new AppError('failed', `cannot read ${path}: ${reasonOf(error)}`, error)
  }
  throw new AppError('failed', `cannot read ${path}: it is a folder; name its files, such as ${path}/*.log`)
}

function reasonOf(error: unknown): string {
  const code = systemCodeOf(error)
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'no permission (log files often belong to the group adm)'
  const isDamaged = code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR'
  return isDamaged ? `the gzip data is damaged or cut short (${messageOf(error)})` : messageOf(error)
}

/** The chunks of a stream, decompressed when they begin like gzip. */
async function openChunks(raw: Readable): Promise<AsyncIterator<Buffer>> {
  const chunks = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>
  let head = Buffer.alloc(0)
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next()
    if (next.done === true) break
    head = Buffer.concat([head, asBuffer(next.value)])
  }
  const plain = joined(head, chunks)
  if (!GZIP_MAGIC.every((byte, i) => head[i] === byte)) return plain
  return gunzip(plain)
}

async function* joined(
  head: Buffer,
  rest: AsyncIterator<Buffer | string>,
): AsyncGenerator<Buffer, void, undefined> {
  if (head.length > 0) yield head
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield asBuffer(next.value)
  }
}

async function* gunzip(plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const stream = createGunzip({ chunkSize: CHUNK_BYTES })
  const source = Readable.from(plain)
  source.on('error', (error) => stream.destroy(error))
  for await (const chunk of source.pipe(stream) as AsyncIterable<Buffer>) yield chunk
}

const asBuffer = (chunk: Buffer | string): Buffer => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
