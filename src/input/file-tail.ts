/**
 * One followed file: where reading is, and how the next piece of it gets into a batch. The text is read by one `pread`
 * straight into the batch and only line starts are noted; a line that is not complete yet is read again with the
 * next piece, so nothing is kept in memory between reads but the file's first 1 KiB.
 *
 * After every read the first bytes are compared with those remembered: when they differ, or the file is shorter than
 * what was read, it was truncated and begun anew, however far it has grown since.
 */
import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../lib/clock.ts'
import {
  BATCH_BYTES,
  BATCH_MESSAGES,
  type FilePosition,
  MESSAGE_LIMIT_BYTES,
  type RawBatch,
} from '../model/raw-batch.ts'
import { fileIdOf, HEAD_BYTES } from './file-identity.ts'
import { type LineCounts, markLine, splitLines } from './lines.ts'

/** `begun-anew`: truncated or replaced in place, nothing was taken; call `restart`. */
export type ReadOutcome = 'read' | 'nothing' | 'begun-anew'

/** A batch with less room than this is delivered before another read, so that the longest line fits. */
export const ROOM_BYTES = MESSAGE_LIMIT_BYTES * 2
/** Text read per batch at most; the rest of the buffer is for what decoding adds. */
const READ_LIMIT_BYTES = BATCH_BYTES - MESSAGE_LIMIT_BYTES
const FIRST_GUESS_LINE_BYTES = 256

export interface TailFile {
  readonly handle: FileHandle
  /** `DEVICE:INODE`. */
  readonly inode: string
  /** The path it is followed as; stays when a rotation renames it. */
  readonly path: string
  readonly sender: string
  readonly offset: number
  /** The file's first bytes, 1 KiB or up to `offset`. */
  readonly head: Uint8Array
}

export class FileTail {
  readonly path: string
  readonly sender: string
  readonly inode: string
  readonly handle: FileHandle
  readonly #counts: LineCounts
  readonly #clock: Clock
  #offset: number
  #sizeBytes = 0
  #modifiedNs = 0n
  #grownAtMs: number
  readonly #head = Buffer.alloc(HEAD_BYTES)
  #headLength = 0
  #fileId = ''
  readonly #scratch = Buffer.alloc(HEAD_BYTES)
  /** No line end lies in the file between `#offset` and here. */
  #searchedTo = 0
  #lineBytes = FIRST_GUESS_LINE_BYTES
  #isClosed = false

  /** `counts` is added to; files may share one. */
  constructor(file: TailFile, counts: LineCounts, clock: Clock) {
    this.handle = file.handle
    this.#counts = counts
    this.#clock = clock
    this.#grownAtMs = clock.monotonicMs()
    this.inode = file.inode
    this.path = file.path
    this.sender = file.sender
    this.#offset = file.offset
    this.#headLength = Math.min(HEAD_BYTES, file.offset)
    this.#head.set(file.head.subarray(0, this.#headLength))
  }

  /** Bytes taken over: everything before is in a batch. */
  get offset(): number {
    return this.#offset
  }

  /** Size when last looked at. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get backlogBytes(): number {
    return Math.max(0, this.#sizeBytes - this.#offset)
  }

  /** Monotonic ms of the last change of size seen, or of the opening. */
  get grownAtMs(): number {
    return this.#grownAtMs
  }

  /** Whether all that is left is a line without an end. */
  get hasPartialLine(): boolean {
    return this.backlogBytes > 0 && this.#searchedTo >= this.#sizeBytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The file's first bytes as far as they were read, up to 1 KiB; valid until the next read. */
  get head(): Uint8Array {
    return this.#head.subarray(0, this.#headLength)
  }

  /** Where reading resumes; its id grows with the file up to 1 KiB, then stays. */
  position(): FilePosition {
    if (this.#fileId === '') this.#fileId = fileIdOf(this.inode, this.head)
    return { fileId: this.#fileId, path: this.path, offset: this.#offset }
  }

  /** Looks at size and time of change; true when there may be something to read. */
  async look(): Promise<boolean> {
    return this.note(await this.handle.stat({ bigint: true }))
  }

  /** Notes what somebody else's look at this file told; true when there may be something to read. */
  note(stat: { readonly size: bigint; readonly mtimeNs: bigint }): boolean {
    const size = Number(stat.size)
    const isChanged = stat.mtimeNs !== this.#modifiedNs || size !== this.#sizeBytes
    if (size !== this.#sizeBytes) this.#grownAtMs = this.#clock.monotonicMs()
    this.#modifiedNs = stat.mtimeNs
    this.#sizeBytes = size
    return isChanged || (size !== this.#offset && !this.hasPartialLine)
  }

  /**
   * Reads the next piece into `batch` behind what it holds (it must have ROOM_BYTES). `takePartial`: the rest without
   * a line end is a line too.
   */
  async read(batch: RawBatch, takePartial: boolean): Promise<ReadOutcome> {
    await this.look()
    const available = this.#sizeBytes - this.#offset
    if (available < 0) return 'begun-anew'
    const start = batch.used
    const length = available === 0 ? 0 : await this.#readText(batch, available)
    if (!(await this.#isHeadSame())) return 'begun-anew'
    if (length === 0) return 'nothing'

    const sender = senderIndex(batch, this.sender)
    const before = batch.count
    let behind = splitLines(batch, start, start + length, sender, this.#counts)
    this.#noteLineBytes(behind - start, batch.count - before)
    let taken = behind - start
    if (taken === 0 && length > MESSAGE_LIMIT_BYTES) {
      taken = await this.#takeLongLine(batch, start, length, sender, takePartial)
      behind = start + Math.min(taken, MESSAGE_LIMIT_BYTES)
    } else if (this.#offset + length >= this.#sizeBytes && taken < length) {
      if (takePartial && batch.count < BATCH_MESSAGES) {
        markLine(batch, behind, start + length, sender, this.#counts)
        behind = start + length
        taken = length
      } else this.#searchedTo = batch.count < BATCH_MESSAGES ? this.#offset + length : this.#offset
    }
    if (taken === 0) return 'nothing'
    this.#advance(batch, start, taken)
    batch.used = behind
    return 'read'
  }

  /** The file was truncated: reads from its beginning. */
  restart(): void {
    this.#offset = 0
    this.#headLength = 0
    this.#fileId = ''
    this.#searchedTo = 0
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.handle.close()
  }

  async #readText(batch: RawBatch, available: number): Promise<number> {
    const room = Math.max(ROOM_BYTES, READ_LIMIT_BYTES - batch.used)
    // What would overflow the batch's 4096 messages is read again by the next batch, so no more is read than fits.
    const fitting = Math.ceil((BATCH_MESSAGES - batch.count) * this.#lineBytes * 1.05)
    const wanted = Math.min(available, room, Math.max(ROOM_BYTES - 1, fitting))
    batch.reserve(wanted)
    const { bytesRead } = await this.handle.read(batch.bytes, batch.used, wanted, this.#offset)
    return bytesRead
  }

  async #isHeadSame(): Promise<boolean> {
    if (this.#headLength === 0) return true
    const { bytesRead } = await this.handle.read(this.#scratch, 0, this.#headLength, 0)
    return (
      bytesRead === this.#headLength &&
      this.#scratch.compare(this.#head, 0, this.#headLength, 0, this.#headLength) === 0
    )
  }

  /**
   * A line longer than the limit begins at the offset: looks for its end in further pieces, which overwrite each
   * other behind the kept 64 KiB. Returns the bytes of the file that the line takes, or 0 while it has no end.
   */
  async #takeLongLine(
    batch: RawBatch,
    start: number,
    length: number,
    sender: number,
    takePartial: boolean,
  ): Promise<number> {
    const pieceAt = start + MESSAGE_LIMIT_BYTES
    const pieceBytes = batch.bytes.length - pieceAt
    let at = Math.max(this.#searchedTo, this.#offset + length)
    let end = -1
    while (end === -1) {
      const { bytesRead } = await this.handle.read(batch.bytes, pieceAt, pieceBytes, at)
      if (bytesRead === 0) break
      const lf = batch.bytes.subarray(pieceAt, pieceAt + bytesRead).indexOf(10)
      end = lf === -1 ? -1 : at + lf + 1
      at += bytesRead
    }
    if (end === -1) {
      this.#searchedTo = at
      this.#sizeBytes = Math.max(this.#sizeBytes, at)
      if (!takePartial) return 0
      end = at
    }
    batch.mark(start, start + MESSAGE_LIMIT_BYTES, sender, true)
    this.#counts.lines++
    this.#counts.truncatedLines++
    return end - this.#offset
  }

  #advance(batch: RawBatch, start: number, taken: number): void {
    if (this.#headLength < HEAD_BYTES) {
      const more = Math.min(HEAD_BYTES - this.#headLength, taken)
      batch.bytes.copy(this.#head, this.#headLength, start, start + more)
      this.#headLength += more
      this.#fileId = ''
    }
    this.#offset += taken
    const position = this.position()
    const at = batch.positions.findIndex((each) => each.fileId.startsWith(`${this.inode}:`))
    if (at === -1) batch.positions.push(position)
    else batch.positions[at] = position
  }

  #noteLineBytes(bytes: number, lines: number): void {
    if (lines > 0) this.#lineBytes = this.#lineBytes * 0.5 + (bytes / lines) * 0.5
  }
}

function senderIndex(batch: RawBatch, name: string): number {
  const at = batch.senders.indexOf(name)
  return at === -1 ? batch.senders.push(name) - 1 : at
}
