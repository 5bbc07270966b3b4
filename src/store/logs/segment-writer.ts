/**
 * Gathers records into segments and makes them safe: a segment is closed after 100,000 records, 16 MiB or 250 ms,
 * written, fsynced and renamed into `segments/` (DESIGN.md section 2). While one is on its way to the disk the next is
 * filled; at most three are under way, then `append` says "full" and the caller waits with `whenFree`.
 *
 * Files are written side by side but renamed in order: a footer may say that a file is read up to here only when all
 * before it is safe. A write that fails is tried again with a new file, and nothing is forgotten meanwhile.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import { Spares } from '../../lib/spares.ts'
import type { FilePosition } from '../../model/raw-batch.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { overlay } from './checkpoint.ts'
import { syncFolder, writeSynced } from './durable-file.ts'
import { NativeBlock } from './native-block.ts'
import { checksum, encodeFooter, segmentFileName, type SegmentFooter } from './segment-file.ts'
import type { SegmentSpool, StoreEvent } from './segment-spool.ts'

export const SEGMENT_RECORDS = 100_000
export const SEGMENT_BYTES = 16 * 1024 * 1024
export const SEGMENT_AGE_MS = 250
/** Closed segments on their way to the disk. */
const IN_FLIGHT_LIMIT = 3
/** A block that so many segments did not need goes: each has up to 27 MiB, and a slow disk makes four. */
const SPARE_SEGMENTS = 64
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5000

export interface SegmentWriterOptions {
  readonly spool: SegmentSpool
  readonly clock: Clock
  /** False leaves `raw` empty in the store. */
  readonly keepRaw: boolean
  /** Called in order when a segment is safe: followed files may forget what lies before the positions. */
  readonly onDurable?: (positions: readonly FilePosition[], records: number) => void
  readonly report: (event: StoreEvent) => void
  /** Runs something later and returns how to call it off. Default: an unref'd timer. */
  readonly after?: (ms: number, run: () => void) => () => void
}

function timerAfter(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  readonly #after: (ms: number, run: () => void) => () => void
  readonly #spareBlocks = new Spares<NativeBlock>(SPARE_SEGMENTS)
  readonly #positions = new Map<string, FilePosition>()
  #block: NativeBlock
  #cancelTimer: (() => void) | null = null
  /** True when the segment is old enough to close and waits for a place under way. */
  #isDue = false
  #inFlight = 0
  /** Settles when every closed segment so far is renamed. */
  #renamed: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()
  readonly #stop = new AbortController()
  #isClosed = false
  /** Records and segments made safe since the start. */
  records = 0
  segments = 0

  constructor(options: SegmentWriterOptions) {
    this.#options = options
    this.#after = options.after ?? timerAfter
    this.#block = new NativeBlock(options.keepRaw)
  }

  /** Records taken and not yet safe. */
  get pendingRecords(): number {
    return this.#block.rows
  }

  /**
   * Takes all records of a batch, which may be reused at once, or none: false means full, await `whenFree` and offer
   * it again. About 500 ns a record with raw text.
   */
  append(batch: RecordBatch): boolean {
    if (this.#isClosed) throw new AppError('failed', 'the segment writer is closed')
    if (this.#options.spool.isFull) return false
    if (batch.count === 0) {
      overlay(this.#positions, batch.raw.positions)
      return true
    }
    if (!this.#fits(batch) && !this.#closeSegment()) return false
    const isFirst = this.#block.rows === 0
    this.#block.append(batch, this.#options.clock.nowMs())
    overlay(this.#positions, batch.raw.positions)
    if (isFirst) this.#cancelTimer = this.#after(SEGMENT_AGE_MS, () => this.#onAge())
    return true
  }

  #fits(batch: RecordBatch): boolean {
    const block = this.#block
    if (block.rows === 0) return true
    return (
      block.rows + batch.count <= SEGMENT_RECORDS &&
      block.bytes + batch.raw.used <= SEGMENT_BYTES &&
      !block.isNearlyFull(batch.count)
    )
  }

  #onAge(): void {
    this.#cancelTimer = null
    this.#isDue = !this.#closeSegment()
  }

  /** Sends the segment on its way; false when three are under way already. */
  #closeSegment(): boolean {
    if (this.#block.rows === 0) return true
    if (this.#inFlight >= IN_FLIGHT_LIMIT) return false
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#isDue = false
    const block = this.#block
    this.#block = this.#spareBlocks.take() ?? new NativeBlock(this.#options.keepRaw)
    const positions = [...this.#positions.values()]
    this.#positions.clear()
    this.#inFlight++
    this.#renamed = this.#persist(block, positions, this.#renamed).then(() => {
      this.#inFlight--
      block.reset()
      this.#spareBlocks.give(block)
      if (this.#isDue) this.#closeSegment()
      this.#notify()
    })
    // Whoever waits (flush, close) hears of a failure; until then it is no unhandled rejection.
    this.#renamed.catch(() => {})
    return true
  }

  async #persist(block: NativeBlock, positions: FilePosition[], before: Promise<void>): Promise<void> {
    const { spool } = this.#options
    const segment = spool.nextSegment()
    const parts = block.encode(segment)
    const footer: SegmentFooter = {
      version: 1,
      segment,
      records: block.rows,
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      crc: checksum(parts),
      firstReceivedAtMs: block.firstReceivedAtMs,
      lastReceivedAtMs: block.lastReceivedAtMs,
      positions,
    }
    const tail = encodeFooter(footer)
    const path = join(spool.folder, segmentFileName(segment))
    const temporary = `${path}.tmp`
    await this.#insist(path, () => writeSynced(temporary, [...parts, tail]))
    await before
    await this.#insist(path, async () => {
      await rename(temporary, path)
      await syncFolder(spool.folder)
    })
    this.records += footer.records
    this.segments++
    spool.add(footer, path, footer.bytes + tail.length)
    this.#options.onDurable?.(positions, footer.records)
  }

  /** Tries until it succeeds or the writer is told to give up. */
  async #insist(path: string, work: () => Promise<void>): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_LAST_MS)) {
      try {
        await work()
        if (waitMs > RETRY_FIRST_MS) this.#options.report({ kind: 'segment-write-resumed', path })
        return
      } catch (error) {
        this.#options.report({ kind: 'segment-write-failed', path, reason: messageOf(error) })
        if (this.#stop.signal.aborted) throw error
      }
      // Woken early by close(), for one last try.
      await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = Promise.withResolvers<void>()
    changed.resolve()
  }

  /** Resolves when it is worth offering a batch again. */
  whenFree(): Promise<void> {
    return Promise.race([this.#changed.promise, this.#options.spool.whenChanged()])
  }

  /** Closes the segment that is being filled; resolves when all records taken so far are safe. */
  async flush(): Promise<void> {
    while (!this.#closeSegment()) await this.#changed.promise
    await this.#renamed
  }

  /**
   * Flushes and ends. Rejects when the disk refuses: what the inputs handed over after the last safe segment is then
   * lost, and followed files resume before it.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#renamed
    this.#isClosed = true
    this.#stop.abort()
    while (!this.#closeSegment()) await Promise.race([this.#changed.promise, this.#renamed])
    await this.#renamed
  }
}
