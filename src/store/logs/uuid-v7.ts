/**
 * Names of segments: UUIDv7 (RFC 9562 section 5.7), so that the order of names is the order of making. Each name is
 * greater than all before it, also when the clock steps back and across restarts (give `after` the greatest known name).
 */
import { randomFillSync } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'

export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** 12 bits of `rand_a` used as a counter within a millisecond. */
const COUNTER_LIMIT = 0x1000

export class UuidV7Source {
  readonly #clock: Clock
  readonly #random = new Uint8Array(8)
  #lastMs: number
  #counter: number

  constructor(clock: Clock, after: string | null = null) {
    this.#clock = clock
    this.#lastMs = after === null ? -1 : Number.parseInt(after.slice(0, 8) + after.slice(9, 13), 16)
    this.#counter = after === null ? 0 : Number.parseInt(after.slice(15, 18), 16)
  }

  next(): string {
    const now = Math.max(0, Math.floor(this.#clock.nowMs()))
    if (now > this.#lastMs) {
      this.#lastMs = now
      this.#counter = 0
    } else if (++this.#counter === COUNTER_LIMIT) {
      this.#lastMs++
      this.#counter = 0
    }
    const random = randomFillSync(this.#random)
    random[0] = ((random[0] as number) & 0x3f) | 0x80
    const time = this.#lastMs.toString(16).padStart(12, '0')
    const tail = Buffer.from(random).toString('hex')
    const counter = this.#counter.toString(16).padStart(3, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`
  }
}
