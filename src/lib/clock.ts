/**
 * Time as an argument. Code whose result depends on "now" takes a Clock, so tests and `replay` own time.
 * `nowMs` is wall time (Unix ms, UTC); `monotonicMs` never goes backwards and has no meaning but in differences.
 */
export interface Clock {
  nowMs(): number
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** A clock that stands still until told. For tests and `replay`. */
export class ManualClock implements Clock {
  #nowMs: number

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }
}
