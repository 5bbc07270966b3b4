/**
 * The decider for `replay` and `backtest`: the service's own, over an empty state in memory, with event time as its
 * clock. Nothing is published and nothing is kept on disk. Blocks expire by event time, looked at once an hour of it.
 */
import { ManualClock } from '../lib/clock.ts'
import type { Detection } from '../model/detection.ts'
import { Decider, type SeenSource } from './decider.ts'
import type { DecisionRules } from './decision-rules.ts'
import type { Judgement } from './judge.ts'
import { MemoryRepository } from './memory-repository.ts'

const EXPIRY_EVERY_MS = 3_600_000

export class DryDecider {
  readonly #decider: Decider
  readonly #clock: ManualClock
  #expiredMs = Number.NEGATIVE_INFINITY

  private constructor(decider: Decider, clock: ManualClock) {
    this.#decider = decider
    this.#clock = clock
  }

  static async open(rules: DecisionRules): Promise<DryDecider> {
    const clock = new ManualClock(0)
    const decider = await Decider.open({
      repository: new MemoryRepository({ keepsDetections: false }),
      rules,
      clock,
      alarms: { raise: () => {}, clear: () => {} },
      guardsExpiry: false,
    })
    return new DryDecider(decider, clock)
  }

  /** The verdict on the detection after all that came before it. Time never goes back, however late the detection. */
  async verdictOf(detection: Detection): Promise<Judgement> {
    await this.#advance(detection.detectedAtMs)
    const [judgement] = await this.#decider.decide([detection])
    if (judgement === undefined) throw new TypeError('one detection has one verdict')
    return judgement
  }

  /** Lines came from blocked sources, at most an hour of event time apart: their blocks live on. */
  async seen(sources: readonly SeenSource[]): Promise<void> {
    for (const source of sources) await this.#advance(source.lastSeenAtMs)
    this.#decider.seen(sources)
  }

  async #advance(toMs: number): Promise<void> {
    const nowMs = Math.max(this.#clock.nowMs(), toMs)
    this.#clock.set(nowMs)
    if (nowMs - this.#expiredMs < EXPIRY_EVERY_MS) return
    this.#expiredMs = nowMs
    await this.#decider.expireNow()
  }

  /** What would be on the list now. */
  get decider(): Decider {
    return this.#decider
  }
}
