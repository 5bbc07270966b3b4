/**
 * Carries segments from the spool into the log store, oldest first and two at a time, each under its own token, so
 * that a repeated insert adds nothing. They are acknowledged strictly in order. A store that is down makes it wait with back-off while segments gather on disk; a segment that
 * is damaged or that the engine refuses three times goes to quarantine and never blocks the queue.
 *
 * When it is not known whether a segment is stored (an earlier run left it, the connection broke, the engine died) its
 * rows are counted before and after the insert. The token alone is not enough: the engine writes it down just before
 * the rows, so a kill between the two would make it swallow the repeated insert.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../lib/errors.ts'
import { verifySegment } from './segment-file.ts'
import type { SegmentSpool, SpooledSegment, StoreEvent } from './segment-spool.ts'
import { StoreError } from './store-error.ts'

/** What the sender needs of a log store; all reject with StoreError. */
export interface SegmentTarget {
  /** Stores the records of a segment file; the same token never adds rows twice. */
  insertSegment(segment: SpooledSegment, token: string, signal: AbortSignal): Promise<void>
  /** How many records of the segment are stored. */
  countSegment(segment: SpooledSegment, signal: AbortSignal): Promise<number>
  /** Takes out the records of a segment, before it is inserted anew. */
  removeSegment(segment: SpooledSegment, signal: AbortSignal): Promise<void>
}

export interface SegmentSenderOptions {
  readonly spool: SegmentSpool
  readonly target: SegmentTarget
  readonly report: (event: StoreEvent) => void
  /** Waits between tries; an aborted signal ends the wait early. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Segments at the store at once: while one is fsynced there, the next is parsed. */
const UNDER_WAY_LIMIT = 2
const REFUSALS_LIMIT = 3
const RETRY_FIRST_MS = 50
const RETRY_LAST_MS = 5000

async function timerWait(ms: number, signal: AbortSignal): Promise<void> {
  // An abort only ends the wait: the loop looks at the signal itself.
  await sleep(ms, undefined, { signal }).catch(() => {})
}

export class SegmentSender {
  readonly #options: SegmentSenderOptions
  readonly #stop = new AbortController()
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>
  #running: Promise<void> | null = null
  #isStoreDown = false
  #underWay = 0
  /** Resolves when a segment is no longer under way. */
  #freed = Promise.withResolvers<void>()
  /** Acknowledgements in order of the segments, whichever insert ends first. */
  #settled: Promise<void> = Promise.resolve()
  /** Records and segments stored, and segments put aside, since the start. */
  records = 0
  segments = 0
  quarantined = 0

  constructor(options: SegmentSenderOptions) {
    this.#options = options
    this.#wait = options.wait ?? timerWait
  }

  get isStoreDown(): boolean {
    return this.#isStoreDown
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends after the segment in work, at once when the store does not answer. Segments left lie safe on disk. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#settled
  }

  /** Resolves when no segment waits any more. */
  async whenIdle(): Promise<void> {
    while (this.#options.spool.waitingSegments > 0) await this.#options.spool.whenChanged()
  }

  async #run(): Promise<void> {
    const { spool } = this.#options
    const signal = this.#stop.signal
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    while (!signal.aborted) {
      const changed = spool.whenChanged()
      const segment = this.#underWay < UNDER_WAY_LIMIT ? spool.take() : null
      if (segment === null) {
        await Promise.race([changed, this.#freed.promise, stopped])
        continue
      }
      this.#underWay++
      const delivery = this.#deliver(segment)
      const before = this.#settled
      this.#settled = before.then(async () => {
        const outcome = await delivery
        if (outcome !== 'stopped') await this.#settle(segment, outcome)
        this.#underWay--
        this.#freed.resolve()
        this.#freed = Promise.withResolvers<void>()
      })
    }
  }

  /** Checkpoint and removal, until the disk lets it happen. */
  async #settle(segment: SpooledSegment, outcome: 'stored' | { refused: string }): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_LAST_MS)) {
      try {
        if (outcome === 'stored') {
          await this.#options.spool.finish(segment)
          this.records += segment.footer.records
          this.segments++
        } else {
          await this.#options.spool.quarantine(segment, outcome.refused)
          this.quarantined++
        }
        if (waitMs > RETRY_FIRST_MS)
          this.#options.report({ kind: 'segment-write-resumed', path: segment.path })
        return
      } catch (error) {
        this.#options.report({ kind: 'segment-write-failed', path: segment.path, reason: messageOf(error) })
        if (this.#stop.signal.aborted) return // it lies there still, and is found at the next start
        await this.#wait(waitMs, this.#stop.signal)
      }
    }
  }

  async #deliver(segment: SpooledSegment): Promise<'stored' | 'stopped' | { refused: string }> {
    const signal = this.#stop.signal
    if (segment.isLeftover) {
      const check = await verifySegment(segment.path).catch((error: unknown) => ({
        ok: false as const,
        reason: messageOf(error),
      }))
      if (!check.ok) return { refused: check.reason }
    }
    let isDoubtful = segment.isLeftover
    let refusals = 0
    let waitMs = RETRY_FIRST_MS
    while (!signal.aborted) {
      try {
        if (isDoubtful) await this.#storeDoubtful(segment)
        else await this.#options.target.insertSegment(segment, segment.footer.segment, signal)
        this.#up()
        return 'stored'
      } catch (error) {
        const fault = error instanceof StoreError ? error : new StoreError(messageOf(error), null, error)
        if (signal.aborted) break
        isDoubtful = true
        if (fault.isTransient) this.#down(fault.message)
        else if (++refusals === REFUSALS_LIMIT) return { refused: fault.message }
      }
      await this.#wait(waitMs, signal)
      waitMs = Math.min(waitMs * 2, RETRY_LAST_MS)
    }
    return 'stopped'
  }

  async #storeDoubtful(segment: SpooledSegment): Promise<void> {
    const { target } = this.#options
    const signal = this.#stop.signal
    const { records } = segment.footer
    let stored = await target.countSegment(segment, signal)
    if (stored === records) return
    await target.insertSegment(segment, segment.footer.segment, signal)
    stored = await target.countSegment(segment, signal)
    // The engine knows the token and not the rows: only a new token can bring them in.
    for (let round = 2; stored !== records; round++) {
      if (round > REFUSALS_LIMIT + 1)
        throw new StoreError(`${stored} of ${records} records are stored after ${round - 1} inserts`, 0)
      const reason = `${stored} of ${records} records were stored; inserted anew`
      this.#options.report({ kind: 'segment-repaired', segment: segment.footer.segment, reason })
      if (stored > 0) await target.removeSegment(segment, signal)
      await target.insertSegment(segment, `${segment.footer.segment}-${round}`, signal)
      stored = await target.countSegment(segment, signal)
    }
  }

  #down(reason: string): void {
    if (this.#isStoreDown) return
    this.#isStoreDown = true
    this.#options.report({ kind: 'store-unavailable', reason })
  }

  #up(): void {
    if (!this.#isStoreDown) return
    this.#isStoreDown = false
    this.#options.report({ kind: 'store-available', waitingSegments: this.#options.spool.waitingSegments })
  }
}
