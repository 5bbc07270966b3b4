/**
 * Work by the clock: every second the decider's own housekeeping and that of accounts, every night the clean-up of logs, decisions and
 * detections at `retention.hour` in `time.zone`. A job that fails says so and runs again the next time.
 */
import { Cron } from 'croner'
import type { Settings } from '../config/schema.ts'
import { messageOf } from '../lib/errors.ts'
import { MONTH_MS } from '../model/decision.ts'
import { AccountWatch } from './account-watch.ts'
import { tellFeedAuthorities } from './feed-authorities.ts'
import type { Parts } from './parts.ts'

const TICK_MS = 1000

export class Jobs {
  readonly #parts: Parts
  readonly #settings: () => Settings
  readonly #everySecond: () => void
  readonly #accounts: AccountWatch
  #tick: NodeJS.Timeout | null = null
  #nightly: Cron | null = null
  #isTicking = false

  constructor(parts: Parts, settings: () => Settings, everySecond: () => void) {
    this.#parts = parts
    this.#settings = settings
    this.#everySecond = everySecond
    this.#accounts = new AccountWatch(parts)
  }

  start(): void {
    this.#tick = setInterval(() => void this.#second(), TICK_MS)
    this.plan()
    void this.#accounts.checkAudit() // never rejects; nothing waits for it
  }

  /** Takes over a changed hour or zone. */
  plan(): void {
    this.#nightly?.stop()
    const settings = this.#settings()
    this.#nightly = new Cron(
      `0 ${settings['retention.hour']} * * *`,
      { timezone: settings['time.zone'], protect: true, unref: true },
      () => this.cleanUp(),
    )
  }

  get nextCleanUpAtMs(): number | null {
    return this.#nightly?.nextRun()?.getTime() ?? null
  }

  /** Drops log partitions and forgets ended decisions past their retention. Never rejects: failures are alarms. */
  async cleanUp(): Promise<void> {
    const { clock, logs, decider, events, alarms } = this.#parts
    const beganMs = clock.monotonicMs()
    const beforeMs = clock.nowMs() - this.#settings()['retention.logMonths'] * MONTH_MS
    let dropped: readonly string[] = []
    try {
      dropped = (await logs?.client.dropPartitionsBefore(beforeMs)) ?? []
      alarms.clear('logs-not-pruned')
    } catch (error) {
      alarms.raise({
        code: 'logs-not-pruned',
        severity: 'warning',
        message: `Old log records could not be deleted: ${messageOf(error)}.`,
        mend: 'Look at the log store; it is tried again at the next nightly job.',
      })
    }
    const expired = await decider?.expireNow()
    await decider?.prune()
    await this.#pruneMetrics()
    await this.#accounts.checkAudit()
    tellFeedAuthorities(this.#parts.feeds.all(), alarms, clock.nowMs())
    events.retentionRan({
      droppedPartitions: dropped.length,
      expiredDecisions: expired?.ended ?? 0,
      durationMs: Math.round(clock.monotonicMs() - beganMs),
    })
  }

  async #pruneMetrics(): Promise<void> {
    try {
      await this.#parts.crowdsec?.bouncers.prune()
    } catch (error) {
      this.#parts.events.partFailed('crowdsec', 'forget old metrics of bouncers', error)
    }
  }

  async stop(): Promise<void> {
    if (this.#tick !== null) clearInterval(this.#tick)
    this.#nightly?.stop()
    this.#accounts.stop()
    while (this.#isTicking) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  async #second(): Promise<void> {
    if (this.#isTicking) return
    this.#isTicking = true
    try {
      this.#everySecond()
      await this.#parts.decider?.tick()
      await this.#accounts.tick()
    } catch (error) {
      this.#parts.events.partFailed('jobs', 'the work of every second', error)
    } finally {
      this.#isTicking = false
    }
  }
}
