/**
 * The proof of enforcement joined with the running service: decisions, feeds, fetches and lines of blocked sources go into
 * the book (publish/enforcement), its steps into the journal, its findings to the alarms. After a restart the book is
 * filled from the decisions and the journal before it hears anything new.
 */
import { randomUUIDv7 } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Decider } from '../decide/decider.ts'
import { senderAddress } from '../input/sender-address.ts'
import type { Network } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Journal, JournalEntry } from '../model/object.ts'
import { enforcementAlarms } from '../publish/enforcement/enforcement-alarms.ts'
import { EnforcementBook } from '../publish/enforcement/enforcement-book.ts'
import { ENFORCEMENT_KIND, type KeptStep, stepOfBody } from '../publish/enforcement/step.ts'
import type { FeedEvents, FeedFetch, RevisionPublished } from '../publish/feeds/feed-events.ts'
import type { FeedService } from '../publish/feeds/feed-service.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import type { SeenMessage } from '../pipeline-messages.ts'

const FLUSH_MS = 2000
/** Steps in one transaction (some 4 ms of this thread), and those that may wait while the state cannot be written. */
const FLUSH_STEPS = 500
const WAITING_STEPS = 20_000
/** Read back at a start, in pages. */
const RESTORED_STEPS = 60_000
const PAGE_STEPS = 5000
const ALARMS_MS = 5000
const PRUNE_MS = 3_600_000
const KEPT_MS = 90 * 86_400_000
const KEPT_STEPS = 300_000

/** What feeds there are, as the proof needs them. */
export interface FeedSource {
  readonly events: FeedEvents
  /** Those in service now. */
  current(): readonly { readonly feed: string; readonly revision: number; readonly entries: number }[]
  /** Networks of the list in service; null for an unknown feed. O(entries). */
  networks(feed: string): readonly Network[] | null
}

/** The feeds of the service as the proof needs them. */
export function feedSource(service: FeedService): FeedSource {
  return {
    events: service.events,
    current: () =>
      service.all().map(({ definition, engine }) => ({
        feed: definition.name,
        revision: engine.facts.revision,
        entries: engine.facts.entries,
      })),
    networks: (feed) => service.get(feed)?.engine.networks() ?? null,
  }
}

export interface EnforcementOptions {
  readonly journal: Journal
  readonly decider: Pick<Decider, 'published' | 'blockOf' | 'onListChange'>
  readonly feeds: FeedSource
  readonly clock: Clock
  readonly alarms: AlarmSink
}

export class Enforcement {
  readonly book: EnforcementBook
  readonly #options: EnforcementOptions
  readonly #startedAtMs: number
  readonly #stops: (() => void)[] = []
  #waiting: KeptStep[] = []
  #lost = 0
  #flushedMs: number
  #alarmsMs = Number.NEGATIVE_INFINITY
  #prunedMs: number
  #flushing: Promise<void> | null = null
  #raised = new Set<string>()

  private constructor(options: EnforcementOptions) {
    const { clock } = options
    this.#options = options
    this.#startedAtMs = clock.nowMs()
    this.#flushedMs = clock.monotonicMs()
    this.#prunedMs = clock.monotonicMs()
    this.book = new EnforcementBook({ keep: (step) => this.#keep(step) })
  }

  /** Never rejects for the journal's sake: time lines then begin anew, with an alarm. */
  static async open(options: EnforcementOptions): Promise<Enforcement> {
    const enforcement = new Enforcement(options)
    const { decider } = options
    for (const target of decider.published()) enforcement.#blocked(target)
    await enforcement.#restore()
    enforcement.#listen()
    return enforcement
  }

  /** Steps that could not be kept. */
  get lost(): number {
    return this.#lost
  }

  /** What firewalls did with lines of blocked sources. */
  seen(seen: readonly SeenMessage[]): void {
    for (const { target, reports } of seen) if (reports.length > 0) this.book.seen(target, reports)
  }

  /** To be called about every second. */
  tick(): void {
    const { clock } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#alarmsMs >= ALARMS_MS) {
      this.#alarmsMs = nowMs
      this.raiseAlarms()
    }
    if (nowMs - this.#flushedMs < FLUSH_MS || this.#flushing !== null) return
    this.#flushedMs = nowMs
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = null
    })
  }

  /** Raises what stands now and clears what does not; `tick` does it every few seconds. */
  raiseAlarms(): void {
    const { alarms, clock } = this.#options
    const nowMs = clock.nowMs()
    this.book.settle(nowMs)
    const standing = enforcementAlarms(this.book, nowMs, this.#startedAtMs)
    for (const alarm of standing) alarms.raise(alarm)
    const codes = new Set(standing.map(({ code }) => code))
    for (const code of this.#raised) if (!codes.has(code)) alarms.clear(code)
    this.#raised = codes
  }

  /** What waits is written. Never rejects: failure is an alarm. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop()
    await this.#flushing
    while (this.#waiting.length > 0) if (!(await this.#write())) break
  }

  #listen(): void {
    const { decider, feeds } = this.#options
    for (const { feed, revision, entries } of feeds.current())
      this.#published({ feed, revision, entries, added: [], removed: [], isWhole: true, atMs: 0 })
    this.#stops.push(
      decider.onListChange(({ added, removed }) => {
        for (const target of removed) this.book.lifted(target)
        for (const target of added) this.#blocked(target)
      }),
      feeds.events.onPublished((event) => this.#published(event)),
      feeds.events.onFetch((fetch) => this.#fetched(fetch)),
    )
  }

  #blocked(target: Network): void {
    const { decider, clock } = this.#options
    const decision = decider.blockOf(target)?.decision
    if (decision === undefined) return
    const { id, createdAtMs } = decision
    this.book.blocked({ target, decisionId: id, detectedAtMs: Math.min(createdAtMs, clock.nowMs()) })
  }

  #published({ feed, revision, added, removed, isWhole, entries, atMs }: RevisionPublished): void {
    const whole = isWhole ? this.#options.feeds.networks(feed) : null
    if (isWhole && whole === null) return
    this.book.published({ feed, revision, added, removed, whole, entries, atMs })
  }

  #fetched({ feed, address, revision, shard, atMs, status, isComplete, method }: FeedFetch): void {
    // Cut off, cut short, or asked only for the head: it has no list of it.
    if ((status !== 200 && status !== 304) || !isComplete || method !== 'GET') return
    this.book.fetched({ feed, address: senderAddress(address), revision, shard, atMs })
  }

  #keep(step: KeptStep): void {
    if (this.#waiting.length >= WAITING_STEPS) this.#lost++
    else this.#waiting.push(step)
  }

  async #flush(): Promise<void> {
    const { clock, journal } = this.#options
    while (this.#waiting.length > 0) {
      if (!(await this.#write())) return
      await setImmediate() // fetches and clicks come in between
    }
    if (clock.monotonicMs() - this.#prunedMs < PRUNE_MS) return
    this.#prunedMs = clock.monotonicMs()
    try {
      await journal.pruneJournal(ENFORCEMENT_KIND, clock.nowMs() - KEPT_MS, KEPT_STEPS)
    } catch (error) {
      this.#notWritten(error)
    }
  }

  async #write(): Promise<boolean> {
    const steps = this.#waiting.slice(0, FLUSH_STEPS)
    const entries = steps.map(
      ({ subject, atMs, step }): JournalEntry => ({
        id: randomUUIDv7(),
        kind: ENFORCEMENT_KIND,
        subject,
        atMs,
        body: { ...step },
      }),
    )
    try {
      await this.#options.journal.appendJournal(entries)
      this.#waiting.splice(0, steps.length)
      this.#options.alarms.clear('enforcement-not-kept')
      return true
    } catch (error) {
      this.#notWritten(error)
      return false
    }
  }

  #notWritten(error: unknown): void {
    this.#options.alarms.raise({
      code: 'enforcement-not-kept',
      severity: 'warning',
      message: `Time lines of blocks could not be written: ${messageOf(error)}; ${this.#waiting.length} steps wait, ${this.#lost} are lost.`,
      mend: 'Look at the disk and the state database; it is tried again every two seconds.',
    })
  }

  async #restore(): Promise<void> {
    const { journal, alarms } = this.#options
    const steps: KeptStep[] = []
    try {
      let beforeId: string | undefined
      while (steps.length < RESTORED_STEPS && this.book.size > 0) {
        const page = await journal.journal({
          kind: ENFORCEMENT_KIND,
          limit: PAGE_STEPS,
          ...(beforeId === undefined ? {} : { beforeId }),
        })
        for (const { subject, atMs, body } of page) {
          const step = stepOfBody(body)
          if (step !== null) steps.push({ subject, atMs, step })
        }
        beforeId = page.at(-1)?.id
        if (page.length < PAGE_STEPS) break
      }
    } catch (error) {
      alarms.raise({
        code: 'enforcement-not-read',
        severity: 'warning',
        message: `Time lines of blocks from before the start could not be read: ${messageOf(error)}.`,
        mend: 'Look at the disk and the state database. Fetches and denied packets are noted anew.',
      })
    }
    this.book.restore(steps.toReversed())
  }
}
