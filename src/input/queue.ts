/**
 * Filled batches on their way from the inputs to the pipeline, in order of arrival. Bounded by the number of batches
 * that exist: pushing more than `limit` is a bug and throws. Closing lets what is queued be read, then says null.
 */
import type { RawBatch } from '../model/raw-batch.ts'

export class BatchQueue {
  readonly #limit: number
  readonly #batches: RawBatch[] = []
  readonly #readers: ((batch: RawBatch | null) => void)[] = []
  #isClosed = false

  /** `limit`: the size of the pool that the batches come from. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#batches.length
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  push(batch: RawBatch): void {
    if (this.#isClosed) throw new Error('BUG: a batch was pushed into a closed queue')
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader(batch)
      return
    }
    if (this.#batches.length >= this.#limit)
      throw new Error('BUG: more batches in the queue than in the pool')
    this.#batches.push(batch)
  }

  /** The next batch, which then belongs to the caller; null when the queue is closed and empty, or `signal` aborts. */
  next(signal?: AbortSignal): Promise<RawBatch | null> {
    const batch = this.#batches.shift()
    if (batch !== undefined) return Promise.resolve(batch)
    if (this.#isClosed || signal?.aborted) return Promise.resolve(null)
    return new Promise((resolve) => {
      const answer = (next: RawBatch | null): void => {
        signal?.removeEventListener('abort', abort)
        resolve(next)
      }
      const abort = (): void => {
        const at = this.#readers.indexOf(answer)
        if (at !== -1) this.#readers.splice(at, 1)
        resolve(null)
      }
      this.#readers.push(answer)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** No more batches will come. Stop the inputs first: they flush what they hold. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers.splice(0)) reader(null)
  }
}
