/**
 * The stock of empty raw batches: the one bound on how much text is in memory between the wire and the store. An
 * input takes a batch, fills it and pushes it into the queue; whoever is done with it releases it here. With none
 * left, UDP sheds, TCP pauses its sockets and files stop reading, until `whenFree`.
 *
 * Batches are made on first need and then reused; those that nobody needed for a while go. `keepFree` leaves the last
 * ones to inputs that cannot wait: files keep more free than TCP, TCP more than UDP, so a backlog on disk never makes UDP
 * shed.
 */
import { Spares } from '../lib/spares.ts'
import { BATCH_BYTES, RawBatch } from '../model/raw-batch.ts'

/** A batch whose buffer grew beyond this (decoding adds text) gets a fresh one, so one odd batch does not stay big. */
const KEEP_BYTES_LIMIT = BATCH_BYTES * 4
/** A free batch that so many others were taken before goes: 10 s at 100,000 lines/s, more at less. */
const KEEP_TAKINGS = 500

interface Waiter {
  readonly keepFree: number
  /** Called when its share is free: takes a batch, or tells somebody who will. */
  readonly take: () => void
}

export class BatchPool {
  /** Batches at most, taken or free. */
  readonly size: number
  readonly #free = new Spares<RawBatch>(KEEP_TAKINGS)
  #made = 0
  #waiters: Waiter[] = []

  constructor(batches: number) {
    if (!Number.isInteger(batches) || batches < 1) {
      throw new RangeError(`a pool needs at least 1 batch, not ${batches}`)
    }
    this.size = batches
  }

  /** Batches that `take` could still hand out. */
  get freeCount(): number {
    return this.#free.count + this.size - this.#existing
  }

  /** An empty batch, or null when no more than `keepFree` batches are free. The pool's last batch is never kept back. */
  take(keepFree = 0): RawBatch | null {
    if (this.freeCount <= this.#kept(keepFree)) return null
    const batch = this.#free.take()
    if (batch !== undefined) return batch
    this.#made++
    return new RawBatch()
  }

  /** Gives a batch back; its slices are no longer valid. */
  release(batch: RawBatch): void {
    if (this.#free.count >= this.#existing)
      throw new Error('BUG: a batch was released twice or is not of this pool')
    batch.reset()
    if (batch.bytes.length > KEEP_BYTES_LIMIT) batch.bytes = Buffer.allocUnsafeSlow(BATCH_BYTES)
    this.#free.give(batch)
    if (this.#waiters.length > 0) this.#wake()
  }

  /** Resolves once `take(keepFree)` can succeed; another may be quicker, so take in a loop. */
  whenFree(keepFree = 0): Promise<void> {
    if (this.freeCount > this.#kept(keepFree)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ keepFree, take: resolve })
    })
  }

  /** The next batch that may be had with `keepFree`; those who wait are served in order, so none starves. */
  takeWhenFree(keepFree = 0): Promise<RawBatch> {
    const batch = this.take(keepFree)
    if (batch !== null) return Promise.resolve(batch)
    return new Promise((resolve) => {
      this.#waiters.push({ keepFree, take: () => resolve(this.take(keepFree) as RawBatch) })
    })
  }

  get #existing(): number {
    return this.#made - this.#free.dropped
  }

  #kept(keepFree: number): number {
    return Math.min(keepFree, this.size - 1)
  }

  #wake(): void {
    const waiting = this.#waiters
    this.#waiters = []
    for (const waiter of waiting) {
      if (this.freeCount > this.#kept(waiter.keepFree)) waiter.take()
      else this.#waiters.push(waiter)
    }
  }
}
