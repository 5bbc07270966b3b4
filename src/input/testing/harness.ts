/**
 * For the tests of this folder: a context whose events are kept, and a consumer that takes batches off the queue,
 * copies out what they say and releases them.
 */
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { RawBatch, Transport } from '../../model/raw-batch.ts'
import type { InputContext, InputEvent } from '../context.ts'
import { BatchPool } from '../pool.ts'
import { BatchQueue } from '../queue.ts'

export interface Taken {
  text: string
  sender: string
  transport: Transport
  truncated: boolean
  live: boolean
}

export class Harness implements InputContext {
  readonly pool: BatchPool
  readonly queue: BatchQueue
  readonly clock: Clock
  readonly events: InputEvent[] = []
  readonly taken: Taken[] = []
  batches = 0
  /** Newest offset per file id, as a store would keep it. */
  readonly positions = new Map<string, { fileId: string; path: string; offset: number }>()
  /** Called for every batch after it was copied out. */
  onBatch: ((batch: RawBatch) => void) | null = null
  #wanted: { count: number; resolve: () => void } | null = null
  #abort = new AbortController()
  #consuming: Promise<void> | null = null

  constructor(batches = 8, clock: Clock = systemClock) {
    this.pool = new BatchPool(batches)
    this.queue = new BatchQueue(batches)
    this.clock = clock
  }

  report(event: InputEvent): void {
    this.events.push(event)
  }

  /** Begins to take batches; until then they pile up. */
  consume(): this {
    this.#abort = new AbortController()
    this.#consuming = this.#run(this.#abort.signal)
    return this
  }

  /** Stops taking, after everything queued by now was taken. */
  async finish(): Promise<void> {
    this.queue.close()
    if (this.#consuming === null) this.consume()
    await this.#consuming
  }

  /** Resolves once so many messages were taken in all. */
  async until(count: number): Promise<void> {
    if (this.taken.length >= count) return
    await new Promise<void>((resolve) => {
      this.#wanted = { count, resolve }
    })
  }

  get texts(): string[] {
    return this.taken.map((each) => each.text)
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const batch = await this.queue.next(signal)
      if (batch === null) return
      this.#copy(batch)
      this.onBatch?.(batch)
      this.pool.release(batch)
      if (this.#wanted !== null && this.taken.length >= this.#wanted.count) this.#wanted.resolve()
    }
  }

  #copy(batch: RawBatch): void {
    this.batches++
    for (let i = 0; i < batch.count; i++) {
      this.taken.push({
        text: batch.bytes.toString('latin1', batch.start[i], batch.end[i]),
        sender: batch.senders[batch.sender[i] as number] ?? '?',
        transport: batch.transport,
        truncated: batch.truncated[i] === 1,
        live: batch.live,
      })
    }
    for (const position of batch.positions) this.positions.set(position.fileId, { ...position })
  }
}

/** Resolves when `check` holds, looking every few ms; for states that no event announces. */
export async function eventually(check: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!check()) {
    if (performance.now() > endMs) throw new Error(`did not happen: ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}
