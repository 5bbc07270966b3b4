/**
 * Segments that wait to be stored: `<data>/segments/*.native`, in order of their names. The spool knows what lies
 * there, how many bytes, where inputs resume after a start, and puts aside (`<data>/quarantine/`) what is no segment.
 * One thread uses it: the writer adds at one end, the sender takes at the other.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { FilePosition } from '../../model/raw-batch.ts'
import { Checkpoint, overlay } from './checkpoint.ts'
import { syncFolder } from './durable-file.ts'
import { readFooter, segmentFileName, segmentOfFileName, type SegmentFooter } from './segment-file.ts'
import { UuidV7Source } from './uuid-v7.ts'

export interface SpooledSegment {
  readonly footer: SegmentFooter
  readonly fileName: string
  readonly path: string
  readonly fileBytes: number
  /** True for one that an earlier run left: whether it is stored already is not known, nor that its bytes are whole. */
  readonly isLeftover: boolean
}

/** What an operator should hear of. */
export type StoreEvent =
  | { kind: 'segment-quarantined'; path: string; reason: string }
  | { kind: 'segment-write-failed'; path: string; reason: string }
  /** After `segment-write-failed`: the disk takes what it refused. */
  | { kind: 'segment-write-resumed'; path: string }
  | { kind: 'checkpoint-damaged'; reason: string }
  | { kind: 'store-unavailable'; reason: string }
  | { kind: 'store-available'; waitingSegments: number }
  | { kind: 'segment-repaired'; segment: string; reason: string }

export interface SpoolOptions {
  /** The data folder. */
  readonly folder: string
  /** Bytes of waiting segments at which the writer says "full". */
  readonly maxSpoolBytes: number
  readonly clock: Clock
  readonly report: (event: StoreEvent) => void
}

export class SegmentSpool {
  readonly checkpoint: Checkpoint
  readonly folder: string
  readonly quarantineFolder: string
  readonly #maxBytes: number
  readonly #report: (event: StoreEvent) => void
  readonly #waiting: SpooledSegment[] = []
  readonly #resume = new Map<string, FilePosition>()
  #names: UuidV7Source
  #bytes = 0
  #segments = 0
  #changed = Promise.withResolvers<void>()

  private constructor(options: SpoolOptions, checkpoint: Checkpoint) {
    this.checkpoint = checkpoint
    this.folder = join(options.folder, 'segments')
    this.quarantineFolder = join(options.folder, 'quarantine')
    this.#maxBytes = options.maxSpoolBytes
    this.#report = options.report
    this.#names = new UuidV7Source(options.clock)
  }

  /** Opens the spool of a data folder and takes stock of what an earlier run left. Reads only footers. */
  static async open(options: SpoolOptions): Promise<SegmentSpool> {
    const checkpoint = await Checkpoint.open(options.folder, (reason) =>
      options.report({ kind: 'checkpoint-damaged', reason }),
    )
    const spool = new SegmentSpool(options, checkpoint)
    await mkdir(spool.folder, { recursive: true, mode: 0o700 })
    await mkdir(spool.quarantineFolder, { recursive: true, mode: 0o700 })
    await spool.#takeStock(options.clock)
    return spool
  }

  async #takeStock(clock: Clock): Promise<void> {
    const done = this.checkpoint.lastSegment
    let last = done
    overlay(this.#resume, this.checkpoint.positions)
    for (const fileName of (await readdir(this.folder)).sort()) {
      const path = join(this.folder, fileName)
      const segment = segmentOfFileName(fileName)
      if (fileName.endsWith('.tmp')) {
        await rm(path, { force: true, recursive: true }) // never renamed, so never promised to anybody
        continue
      }
      if (segment !== null && (last === null || segment > last)) last = segment
      if (segment !== null && done !== null && segment <= done) {
        await rm(path, { force: true }) // stored; the crash came between checkpoint and removal
        continue
      }
      await this.#admit(fileName, path, segment)
    }
    this.#names = new UuidV7Source(clock, last)
  }

  async #admit(fileName: string, path: string, segment: string | null): Promise<void> {
    const check =
      segment === null
        ? { ok: false as const, reason: 'not the name of a segment' }
        : await readFooter(path).catch((error: unknown) => ({ ok: false as const, reason: messageOf(error) }))
    if (!check.ok) return this.#putAside(path, fileName, check.reason)
    if (check.footer.segment !== segment)
      return this.#putAside(path, fileName, 'named otherwise than it was written')
    const { size } = await stat(path)
    overlay(this.#resume, check.footer.positions)
    this.#enqueue({ footer: check.footer, fileName, path, fileBytes: size, isLeftover: true })
  }

  /** Where inputs resume: the checkpoint overlaid by the segments found at start. */
  get resumePositions(): FilePosition[] {
    return [...this.#resume.values()]
  }

  /** Segments that are safe and not yet acknowledged by the store. */
  get waitingSegments(): number {
    return this.#segments
  }

  get waitingBytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes
  }

  /** A name greater than every name before it. */
  nextSegment(): string {
    return this.#names.next()
  }

  /** A segment is safe from here on: `path` is renamed and the folder synced. */
  add(footer: SegmentFooter, path: string, fileBytes: number): void {
    const fileName = segmentFileName(footer.segment)
    this.#enqueue({ footer, fileName, path, fileBytes, isLeftover: false })
  }

  #enqueue(segment: SpooledSegment): void {
    this.#waiting.push(segment)
    this.#segments++
    this.#bytes += segment.fileBytes
    this.#notify()
  }

  /** The oldest segment, which is the caller's to finish or put aside; null when none waits. */
  take(): SpooledSegment | null {
    return this.#waiting.shift() ?? null
  }

  /** Checkpoint first, then the file goes. */
  async finish(segment: SpooledSegment): Promise<void> {
    const { footer } = segment
    if (footer.positions.length > 0) await this.checkpoint.advance(footer.segment, footer.positions)
    await rm(segment.path, { force: true })
    this.#release(segment)
  }

  /** Moves a segment that cannot be stored out of the way. Its lines count as read: they lie in `quarantine/`. */
  async quarantine(segment: SpooledSegment, reason: string): Promise<void> {
    const { footer } = segment
    if (footer.positions.length > 0) await this.checkpoint.advance(footer.segment, footer.positions)
    await this.#putAside(segment.path, segment.fileName, reason)
    this.#release(segment)
  }

  async #putAside(path: string, fileName: string, reason: string): Promise<void> {
    const aside = join(this.quarantineFolder, fileName)
    await rename(path, aside)
    await syncFolder(this.quarantineFolder)
    this.#report({ kind: 'segment-quarantined', path: aside, reason })
  }

  #release(segment: SpooledSegment): void {
    this.#segments--
    this.#bytes -= segment.fileBytes
    this.#notify()
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = Promise.withResolvers<void>()
    changed.resolve()
  }

  /** Resolves at the next change: a segment added, finished or put aside. */
  whenChanged(): Promise<void> {
    return this.#changed.promise
  }
}
