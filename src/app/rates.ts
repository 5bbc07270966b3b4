/** Messages per second of each input over the last few reports of the pipeline thread. */
import type { Clock } from '../lib/clock.ts'
import type { InputStatus } from '../pipeline-messages.ts'

const WINDOW_MS = 5000

interface Sample {
  readonly atMs: number
  readonly received: number
}

export class Rates {
  readonly #clock: Clock
  readonly #samples = new Map<string, Sample[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called about once a second. */
  note(inputs: readonly InputStatus[]): void {
    const atMs = this.#clock.monotonicMs()
    for (const { name, counters } of inputs) {
      const samples = this.#samples.get(name) ?? []
      samples.push({ atMs, received: counters['received'] ?? counters['lines'] ?? 0 })
      while (samples.length > 2 && atMs - (samples[0]?.atMs ?? atMs) > WINDOW_MS) samples.shift()
      this.#samples.set(name, samples)
    }
  }

  perSecond(name: string): number {
    const samples = this.#samples.get(name)
    const first = samples?.[0]
    const last = samples?.at(-1)
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0
    return Math.max(0, Math.round(((last.received - first.received) * 1000) / (last.atMs - first.atMs)))
  }
}
