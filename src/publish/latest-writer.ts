/**
 * Writes the newest of what it is given, and never in the way of the giver: one write at a time, at most one an interval,
 * a failed one again after RETRY_MS unless something newer has come. What is given while it waits replaces what waited.
 */
import type { Clock } from '../lib/clock.ts'

const MIN_INTERVAL_MS = 1000
const RETRY_MS = 10_000

export interface LatestWriterOptions<Value> {
  readonly clock: Clock
  /** 1 s unless given. */
  readonly minIntervalMs?: number | undefined
  readonly write: (value: Value) => Promise<void>
  readonly onWritten: () => void
  readonly onFailed: (error: unknown) => void
}

export class LatestWriter<Value extends object> {
  readonly #options: LatestWriterOptions<Value>
  #waiting: Value | null = null
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #nextWriteMs = Number.NEGATIVE_INFINITY

  constructor(options: LatestWriterOptions<Value>) {
    this.#options = options
  }

  /** Returns at once. */
  save(value: Value): void {
    this.#waiting = value
    if (this.#writing !== null || this.#timer !== null) return
    const delayMs = this.#nextWriteMs - this.#options.clock.monotonicMs()
    if (delayMs <= 0) this.#start()
    else this.#planIn(delayMs)
  }

  /** Forgets what waits. */
  drop(): void {
    this.#waiting = null
  }

  /** Writes what waits and resolves when it is on disk or has failed, which `onFailed` was told. */
  async close(): Promise<void> {
    this.#cancelTimer()
    await this.#writing
    // The write under way planned the next one; it is done here, at once.
    this.#cancelTimer()
    this.#start()
    await this.#writing
    this.#cancelTimer()
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #planIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#start()
    }, delayMs)
    this.#timer.unref()
  }

  #start(): void {
    const value = this.#waiting
    if (value === null) return
    this.#waiting = null
    const { clock, write, onWritten, onFailed, minIntervalMs = MIN_INTERVAL_MS } = this.#options
    this.#writing = write(value)
      .then(
        () => {
          onWritten()
          return minIntervalMs
        },
        (error: unknown) => {
          onFailed(error)
          this.#waiting ??= value
          return RETRY_MS
        },
      )
      .then((pauseMs) => {
        this.#writing = null
        this.#nextWriteMs = clock.monotonicMs() + pauseMs
        if (this.#waiting !== null) this.#planIn(pauseMs)
      })
  }
}
