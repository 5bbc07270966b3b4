/**
 * Follows log files that others write (`/var/log/Firewall/*.log`, one per firewall; FIELD.md B.8). Every line is read
 * once: each batch says how far its files are read once it is stored, and reading resumes exactly there, found again
 * by identity (file-identity.ts) after renames, truncation and while we were stopped.
 *
 * - New files appear by themselves: the folder is looked through at least every second; fs.watch only hints.
 * - Rotation by rename: the old file is read to its end first, then the new one. By copy and truncate: the copy beside
 *   it is found by its first bytes and its rest is read first (file-discovery.ts).
 * - A last line without an end is held until it has one, or 5 s of silence.
 * - Live files are read before those with a backlog, and share batches; a backlog is read in batches of its own.
 * - With no batch free nothing is read: files wait where they are.
 *
 * Limits: what was written between a copy and the truncation after it exists nowhere and is lost (logrotate's own
 * words); so is the rest of a file that was compressed or removed while we were stopped.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { messageOf } from '../lib/errors.ts'
import { BATCH_MESSAGES, type FilePosition, type RawBatch } from '../model/raw-batch.ts'
import { FLUSH_MS } from './batch-writer.ts'
import { type Finding, type InputContext, RareReporter } from './context.ts'
import { FileDiscovery } from './file-discovery.ts'
import { hasHead, inodeOf, parseFileId } from './file-identity.ts'
import { FileSchedule, type Followed, isLive } from './file-schedule.ts'
import { ROOM_BYTES } from './file-tail.ts'
import { KnownPositions } from './known-positions.ts'
import type { LineCounts } from './lines.ts'

export interface FileOptions {
  readonly globs: readonly string[]
  /** `truncate`: a file is emptied once every line of it is durable. */
  readonly afterRead: 'keep' | 'truncate'
  /** Stored positions of earlier runs, by file id. */
  readonly positions: ReadonlyMap<string, FilePosition>
  readonly rescanMs?: number
  /** Silence after which a last line without an end is a line. */
  readonly partialLineMs?: number
  readonly rotatedGraceMs?: number
  /** A file is emptied at most this often. */
  readonly emptyEveryMs?: number
}

export interface FileStatus {
  readonly received: number
  readonly receivedBytes: number
  readonly blank: number
  readonly truncated: number
  readonly filesFollowed: number
  readonly backlogBytes: number
  readonly filesEmptied: number
  readonly files: readonly {
    readonly path: string
    readonly sizeBytes: number
    readonly offset: number
    readonly isLive: boolean
    readonly isRotated: boolean
  }[]
}

const RESCAN_MS = 1000
const HINT_WAIT_MS = 50
const PARTIAL_LINE_MS = 5000
const ROTATED_GRACE_MS = 30_000
const EMPTY_EVERY_MS = 60_000
/** Readers at once: one that hangs (a network file system) leaves another. */
const READERS = 2
/** Live files join a batch while it has room for so many messages more. */
const ROOM_MESSAGES = BATCH_MESSAGES / 8
const BIG_FILE_BYTES = 2 ** 30

export class FileInput {
  readonly #options: FileOptions
  readonly #context: InputContext
  readonly #reporter: RareReporter
  readonly #schedule = new FileSchedule()
  readonly #discovery: FileDiscovery
  readonly #counts: LineCounts = { lines: 0, blankLines: 0, truncatedLines: 0, nextLine: Number.NaN }
  /** Batches left in the pool for inputs that cannot wait. */
  readonly #keepFree: number
  #receivedBytes = 0
  #filesEmptied = 0
  /** Files that may not be emptied, with the reason. */
  readonly #notEmptied = new Map<string, string>()
  #isStopping = false
  #isHinted = false
  /** Ends the rest between two scans. */
  #endRest: (() => void) | null = null
  /** Called at stop. */
  readonly #wakers = new Set<() => void>()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: FileOptions, context: InputContext) {
    this.#options = options
    this.#context = context
    this.#reporter = new RareReporter(context)
    this.#keepFree = Math.max(3, Math.floor(context.pool.size / 4))
    this.#discovery = new FileDiscovery(
      { globs: options.globs, rotatedGraceMs: options.rotatedGraceMs ?? ROTATED_GRACE_MS },
      context,
      this.#schedule,
      new KnownPositions(options.positions.values()),
      this.#counts,
    )
    this.#discovery.onHint = () => {
      this.#isHinted = true
      this.#endRest?.()
    }
  }

  /** Opens what is there and begins to read. Files that cannot be read are findings, not errors. */
  async start(): Promise<void> {
    await this.#discovery.scan()
    this.#running = Promise.all([this.#rescan(), ...Array.from({ length: READERS }, () => this.#read())])
  }

  /** Ends reading after the batches under way were delivered, and closes the files. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#schedule.wakeAll()
    for (const wake of this.#wakers) wake()
    await this.#running
    await this.#discovery.close()
  }

  /** Everything before `position` is durable now. */
  stored(position: FilePosition): void {
    const identity = parseFileId(position.fileId)
    if (identity === null) return
    const file = this.#discovery.followed.get(identity.inode)
    // Another head: that was the file before it was truncated.
    if (file === undefined || !hasHead(identity, file.tail.head)) return
    file.storedOffset = Math.max(file.storedOffset, position.offset)
  }

  status(): FileStatus {
    const followed = [...this.#discovery.followed.values()]
    return {
      received: this.#counts.lines,
      receivedBytes: this.#receivedBytes,
      blank: this.#counts.blankLines,
      truncated: this.#counts.truncatedLines,
      filesFollowed: followed.length,
      backlogBytes: followed.reduce((sum, file) => sum + file.tail.backlogBytes, 0),
      filesEmptied: this.#filesEmptied,
      files: followed.map((file) => ({
        path: file.tail.path,
        sizeBytes: file.tail.sizeBytes,
        offset: file.tail.offset,
        isLive: isLive(file),
        isRotated: file.isRotated,
      })),
    }
  }

  findings(): Finding[] {
    const findings = this.#discovery.findings()
    for (const { tail } of this.#discovery.followed.values()) {
      if (tail.sizeBytes < BIG_FILE_BYTES) continue
      findings.push({
        code: 'file-large',
        message: `${tail.path} has grown to ${(tail.sizeBytes / BIG_FILE_BYTES).toFixed(1)} GiB`,
        mend: 'rotate it (a logrotate file is shipped), or set files.afterRead to truncate',
      })
    }
    for (const [path, reason] of this.#notEmptied) {
      findings.push({
        code: 'file-not-emptied',
        message: `files.afterRead is truncate, but ${path} cannot be emptied: ${reason}`,
        mend: `let this user write to ${path}, or set files.afterRead to keep and rotate it`,
      })
    }
    return findings
  }

  async #rescan(): Promise<void> {
    while (!this.#isStopping) {
      if (!this.#isHinted) await this.#pause(this.#options.rescanMs ?? RESCAN_MS, true)
      if (this.#isHinted) await this.#pause(HINT_WAIT_MS, false) // rename and create come together
      this.#isHinted = false
      if (this.#isStopping) return
      try {
        await this.#discovery.scan()
      } catch (error) {
        // A folder that fails in an unforeseen way; the files that are open are read on.
        this.#reporter.report('file-failed', 'files', 'scan', `looking for files failed: ${messageOf(error)}`)
      }
      this.#tend()
    }
  }

  /** What is due with time: last lines without an end, files to empty. */
  #tend(): void {
    const nowMs = this.#context.clock.monotonicMs()
    for (const file of this.#discovery.followed.values()) {
      const silentMs = nowMs - file.tail.grownAtMs
      if (file.tail.hasPartialLine && silentMs >= (this.#options.partialLineMs ?? PARTIAL_LINE_MS)) {
        file.isFlushDue = true
        this.#schedule.add(file)
      }
      if (this.#options.afterRead === 'truncate') this.#empty(file, nowMs)
    }
  }

  async #read(): Promise<void> {
    while (!this.#isStopping) {
      if (!this.#schedule.isReady) {
        await this.#schedule.whenAdded()
        continue
      }
      // The batch first: while it is waited for, a live file may come before a backlog.
      const batch = await this.#takeBatch()
      if (batch === null) return
      const file = this.#schedule.next()
      if (file === null) this.#context.pool.release(batch)
      else await this.#fill(batch, file)
    }
  }

  async #fill(batch: RawBatch, first: Followed): Promise<void> {
    const beganMs = this.#context.clock.monotonicMs()
    batch.transport = 'file'
    batch.receivedAtMs = this.#context.clock.nowMs()
    const read: { file: Followed; hasMore: boolean }[] = []
    let file: Followed | null = first
    while (file !== null) {
      if (!isLive(file)) batch.live = false
      read.push({ file, hasMore: await this.#readInto(batch, file) })
      const hasRoom =
        batch.count <= BATCH_MESSAGES - ROOM_MESSAGES && batch.bytes.length - batch.used >= ROOM_BYTES
      const isYoung = this.#context.clock.monotonicMs() - beganMs < FLUSH_MS
      file = batch.live && hasRoom && isYoung && !this.#isStopping ? this.#schedule.next(true) : null
    }
    if (batch.isEmpty) this.#context.pool.release(batch)
    else this.#context.queue.push(batch)
    // Only now may the other reader go on with these files: their lines and positions must reach the queue in order.
    for (const { file: done, hasMore } of read) {
      if (!hasMore) done.isDrained = true
      this.#schedule.done(done, hasMore)
    }
  }

  /** Reads one piece; true when there is more at once. */
  async #readInto(batch: RawBatch, file: Followed): Promise<boolean> {
    const { tail } = file
    const offset = tail.offset
    const isFlushDue = file.isFlushDue
    file.isFlushDue = false
    try {
      const outcome = await tail.read(batch, isFlushDue)
      if (outcome === 'begun-anew') {
        await this.#discovery.begunAnew(file)
        return true
      }
      this.#receivedBytes += tail.offset - offset
      return outcome === 'read' && tail.backlogBytes > 0 && !tail.hasPartialLine
    } catch (error) {
      await this.#discovery.failed(file, error)
      return false
    }
  }

  /**
   * Empties a file of which everything is durable. The size is asked right before the truncation, in the same turn:
   * while it equals what is stored, nothing is lost. A writer with O_APPEND (rsyslog, syslog-ng) goes on at 0; one
   * without leaves a hole of NULs before its next line, which is skipped when read.
   * What remains: a line that is written between the two system calls, some microseconds, is lost; Linux has no call
   * that truncates only if the size is still the same. Rotation by rename does not have this gap.
   */
  #empty(file: Followed, nowMs: number): void {
    const { tail } = file
    if (file.state === 'reading' || file.state === 'reading-again' || file.isRotated) return
    if (tail.offset === 0 || file.storedOffset !== tail.offset) return
    if (file.emptiedAtMs > 0 && nowMs - file.emptiedAtMs < (this.#options.emptyEveryMs ?? EMPTY_EVERY_MS))
      return
    try {
      const fd = openSync(tail.path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
      try {
        const stat = fstatSync(fd, { bigint: true })
        if (!stat.isFile() || inodeOf(stat) !== tail.inode || stat.size !== BigInt(tail.offset)) return
        ftruncateSync(fd, 0)
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      this.#notEmptied.set(tail.path, messageOf(error))
      this.#reporter.report(
        'file-failed',
        'files',
        `empty ${tail.path}`,
        `cannot empty ${tail.path}: ${messageOf(error)}`,
      )
      return
    }
    tail.restart()
    file.storedOffset = 0
    file.emptiedAtMs = nowMs
    this.#filesEmptied++
    this.#notEmptied.delete(tail.path)
    this.#context.report({ kind: 'file-emptied', input: 'files', message: `emptied ${tail.path}`, count: 1 })
  }

  /** Null at stop; a batch that comes after that goes back at once. */
  #takeBatch(): Promise<RawBatch | null> {
    return new Promise((resolve) => {
      const giveUp = (): void => resolve(null)
      this.#wakers.add(giveUp)
      void this.#context.pool.takeWhenFree(this.#keepFree).then((batch) => {
        this.#wakers.delete(giveUp)
        if (this.#isStopping) {
          this.#context.pool.release(batch)
          resolve(null)
        } else resolve(batch)
      })
    })
  }

  async #pause(ms: number, endsAtHint: boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await this.#untilWoken((wake) => {
      timer = setTimeout(wake, ms)
      if (endsAtHint) this.#endRest = wake
    })
    this.#endRest = null
    clearTimeout(timer)
  }

  /** Resolves when `begin`'s callback is called, or at stop. */
  async #untilWoken(begin: (wake: () => void) => void): Promise<void> {
    if (this.#isStopping) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake)
        resolve()
      }
      this.#wakers.add(wake)
      begin(wake)
    })
  }
}
