/**
 * Lines of a file, a `.gz` file or stdin as raw batches, for `parse` and `replay`: blank lines are counted and left
 * out, line numbers kept, a line longer than 64 KiB is cut and flagged. Memory is one batch and one chunk, whatever
 * the length of the file. Whether it is compressed is told by its first two bytes, not by its name.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
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
  /** Null for stdin. */
  #fd: number | null = null
  readonly #stdin: Readable
  /** Files are read into this again and again: a stream would allocate a buffer per chunk (a third of the time). */
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  /** Stdin, or a compressed file; null until the first bytes are known, and for plain files. */
  #chunks: AsyncIterator<Buffer> | null = null
  /** Bytes read and not yet in a batch. */
  #rest: Buffer = NOTHING
  #atEnd = false
  #isBegun = false
  /** In the middle of a line whose head has been given out already. */
  #isSkipping = false
  readonly #counts: LineCounts = { lines: 0, blankLines: 0, truncatedLines: 0, nextLine: 1 }

  /** `path` is meant from the working directory; `-` is stdin. Throws AppError `failed` when it cannot be opened. */
  constructor(path: string, io: CliIo) {
    this.#path = path
    this.#stdin = io.stdin
    if (path === '-') {
      this.name = '-'
      this.#senders = []
      this.referenceMs = io.clock.nowMs()
      return
    }
    const fd = openFile(path, io.workingDirectory)
    this.#fd = fd
    this.name = basename(path)
    this.#senders = [fileSender(path)]
    this.referenceMs = fstatSync(fd).mtimeMs
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
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
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

  /** Puts the next bytes into `#rest`, which is empty. False at the end. */
  async #read(): Promise<boolean> {
    if (this.#atEnd) return false
    try {
      if (this.#chunks === null && this.#fd !== null) {
        const isFirst = !this.#isBegun
        this.#isBegun = true
        this.#rest = this.#readFile(this.#fd)
        if (isFirst && isGzip(this.#rest)) this.#chunks = gunzip(this.#fileChunks(this.#fd, this.#rest))
        else this.#atEnd = this.#rest.length === 0
      }
      if (this.#chunks !== null || this.#fd === null) {
        this.#chunks ??= await openStream(this.#stdin)
        const next = await this.#chunks.next()
        this.#atEnd = next.done === true
        this.#rest = next.done === true ? NOTHING : next.value
      }
    } catch (error) {
      const what = this.#path === '-' ? 'stdin' : this.#path
      throw new AppError('failed', `cannot read ${what}: ${reasonOf(error)}`, error)
    }
    return !this.#atEnd
  }

  /** The next bytes of the file, valid until the next call. */
  #readFile(fd: number): Buffer {
    return this.#chunk.subarray(0, readSync(fd, this.#chunk, 0, CHUNK_BYTES, null))
  }

  /** Copies, for a reader that keeps them. */
  *#fileChunks(fd: number, first: Buffer): Generator<Buffer, void, undefined> {
    for (let chunk = first; chunk.length > 0; chunk = this.#readFile(fd)) yield Buffer.from(chunk)
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

const NOTHING = Buffer.alloc(0)
const isGzip = (head: Buffer): boolean => GZIP_MAGIC.every((byte, i) => head[i] === byte)

/** The chunks of a stream, decompressed when they begin like gzip. */
async function openStream(stream: Readable): Promise<AsyncIterator<Buffer>> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>
  let head = NOTHING
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next()
    if (next.done === true) break
    head = Buffer.concat([head, asBuffer(next.value)])
  }
  const plain = joined(head, chunks)
  return isGzip(head) ? gunzip(plain) : plain
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

async function* gunzip(
  plain: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = createGunzip({ chunkSize: CHUNK_BYTES })
  const source = Readable.from(plain)
  source.on('error', (error) => stream.destroy(error))
  for await (const chunk of source.pipe(stream) as AsyncIterable<Buffer>) yield chunk
}

const asBuffer = (chunk: Buffer | string): Buffer => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
