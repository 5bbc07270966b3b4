/**
 * How often an address has come with a wrong key: a few are refused as wrong, more are told to wait. Right keys are never
 * kept waiting, whatever else comes from their address.
 *
 * Limits: ADDRESSES; the oldest is forgotten, which lets it begin anew.
 */
import type { Clock } from '../lib/clock.ts'

const MINUTE_MS = 60_000
const PER_MINUTE = 20
const ADDRESSES = 10_000

export class BadKeys {
  readonly #clock: Clock
  readonly #minutes = new Map<string, { beganMs: number; count: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts one; answers in how many seconds the address may try again, 0: it need not wait. */
  note(address: string): number {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#minutes.get(address)
    if (known === undefined || nowMs - known.beganMs >= MINUTE_MS) {
      this.#minutes.delete(address)
      if (this.#minutes.size >= ADDRESSES) {
        const [oldest] = this.#minutes.keys()
        if (oldest !== undefined) this.#minutes.delete(oldest)
      }
      this.#minutes.set(address, { beganMs: nowMs, count: 1 })
      return 0
    }
    known.count++
    return known.count <= PER_MINUTE ? 0 : Math.ceil((known.beganMs + MINUTE_MS - nowMs) / 1000)
  }
}
