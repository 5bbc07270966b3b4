/**
 * Writes changes to the repository in their order. What a detector decided must not be lost and must not wait: when
 * the repository fails, such changes wait in a bounded queue, the alarm stands, and they are tried again with growing
 * pauses. What a person asked for is written now or the person is told (`writeNow` rejects). When the queue is full its
 * evidence rows go first, then all of it, and the whole mirror is written instead as soon as the repository is back.
 *
 * Calls must not overlap: the keeper runs one at a time.
 */
import { randomUUIDv7 } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { StateChange, StateRepository } from '../model/state.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'

const MAX_WAITING = 20_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Changes in one transaction when the waiting ones are written. */
const CHUNK = 2000

export class StateWriter {
  readonly #repository: StateRepository
  readonly #clock: Clock
  readonly #alarms: AlarmSink
  readonly #everything: () => StateChange[]
  #waiting: StateChange[] = []
  #mustRewrite = false
  #lost = 0
  #pauseMs = 0
  #nextTryMs = Number.NEGATIVE_INFINITY

  constructor(options: {
    repository: StateRepository
    clock: Clock
    alarms: AlarmSink
    /** The whole mirror as changes. */
    everything: () => StateChange[]
  }) {
    this.#repository = options.repository
    this.#clock = options.clock
    this.#alarms = options.alarms
    this.#everything = options.everything
  }

  /** Changes that are in effect and not yet durable. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Evidence and audit rows that were given up for want of room. */
  get lost(): number {
    return this.#lost
  }

  /** Durable when it resolves, or waiting. Never rejects. */
  async write(changes: readonly StateChange[]): Promise<void> {
    if (changes.length === 0) return
    if (this.#isBehind) {
      this.#enqueue(changes)
      await this.retry()
      return
    }
    try {
      await this.#repository.commit(changes)
    } catch (thrown) {
      this.#enqueue(changes)
      this.#failed(thrown)
    }
  }

  /** Durable when it resolves; rejects with AppError `state-unavailable` and then nothing was changed. */
  async writeNow(changes: readonly StateChange[]): Promise<void> {
    try {
      await this.#writeWaiting()
      await this.#repository.commit(changes)
    } catch (thrown) {
      this.#failed(thrown)
      throw new AppError(
        'state-unavailable',
        `nothing was changed: the state could not be written (${messageOf(thrown)})`,
        thrown,
      )
    }
  }

  /** Tries what waits when the pause is over. Never rejects. */
  async retry(): Promise<void> {
    if (!this.#isBehind || this.#clock.monotonicMs() < this.#nextTryMs) return
    try {
      await this.#writeWaiting()
    } catch (thrown) {
      this.#failed(thrown)
    }
  }

  get #isBehind(): boolean {
    return this.#waiting.length > 0 || this.#mustRewrite
  }

  async #writeWaiting(): Promise<void> {
    if (!this.#isBehind) return
    if (this.#mustRewrite) {
      const everything = this.#everything()
      for (let at = 0; at < everything.length; at += CHUNK) {
        await this.#repository.commit(everything.slice(at, at + CHUNK))
      }
      const lost = this.#lost
      await this.#repository.commit([
        {
          kind: 'audit',
          entry: {
            id: randomUUIDv7(),
            atMs: this.#clock.nowMs(),
            actor: 'system',
            action: 'state.rewritten',
            subject: 'state',
            reason: 'the state could not be written for so long that its changes no longer fitted the queue',
            details: { rowsLost: lost },
          },
        },
      ])
      this.#mustRewrite = false
    }
    while (this.#waiting.length > 0) {
      const chunk = this.#waiting.slice(0, CHUNK)
      await this.#repository.commit(chunk)
      this.#waiting = this.#waiting.slice(chunk.length)
    }
    this.#pauseMs = 0
    this.#nextTryMs = Number.NEGATIVE_INFINITY
    this.#alarms.clear('state-not-written')
  }

  #enqueue(changes: readonly StateChange[]): void {
    this.#waiting.push(...changes)
    if (this.#waiting.length <= MAX_WAITING) return
    const kept = this.#waiting.filter((change) => change.kind !== 'detection')
    this.#lost += this.#waiting.length - kept.length
    this.#waiting = kept
    if (kept.length <= MAX_WAITING) return
    this.#lost += kept.filter((change) => change.kind === 'audit').length
    this.#waiting = []
    this.#mustRewrite = true
  }

  #failed(thrown: unknown): void {
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2))
    this.#nextTryMs = this.#clock.monotonicMs() + this.#pauseMs
    this.#alarms.raise({
      code: 'state-not-written',
      severity: 'critical',
      message: `The state could not be written (${messageOf(thrown)}). Blocks take effect all the same; ${this.#waiting.length} changes wait and would be lost by a restart.`,
      mend: 'Look at the disk and at the state database in the data folder; writing is tried again by itself.',
    })
  }
}
