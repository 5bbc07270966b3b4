/** A limit of events in any 60 seconds: remembers the instants of the last `limit` ones, in a ring. */
const WINDOW_MS = 60_000

export class MinuteLimit {
  #instants: Float64Array
  #next = 0

  constructor(limit: number) {
    this.#instants = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY)
  }

  get limit(): number {
    return this.#instants.length
  }

  /** Counts an event and answers true, or answers false when it would be one too many. `nowMs` never goes back. */
  take(nowMs: number): boolean {
    const oldest = this.#instants[this.#next] as number
    if (nowMs - oldest < WINDOW_MS) return false
    this.#instants[this.#next] = nowMs
    this.#next = (this.#next + 1) % this.#instants.length
    return true
  }

  /** Forgets what was counted. */
  reset(limit = this.limit): void {
    this.#instants = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY)
    this.#next = 0
  }
}
