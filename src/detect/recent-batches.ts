/**
 * The last N record batches, kept alive so that a line can be read again by (batch sequence, row): the first line of a
 * key is copied only when a second value makes it evidence. Memory is N batches (about 2.5 MiB each when full).
 */
import type { RecordBatch } from '../model/record-batch.ts'

export class RecentBatches {
  readonly #ring: (RecordBatch | null)[]
  #next = 0
  #newest: RecordBatch | null = null
  #length = 0

  /** `batches`: how many are kept, at least 1. */
  constructor(batches: number) {
    this.#ring = Array<RecordBatch | null>(Math.max(1, batches)).fill(null)
  }

  get length(): number {
    return this.#length
  }

  /** Keeps a batch and returns the one that falls out (the caller's again), or null. Sequences must count up. */
  push(batch: RecordBatch): RecordBatch | null {
    const fallen = this.#ring[this.#next] ?? null
    this.#ring[this.#next] = batch
    this.#next = (this.#next + 1) % this.#ring.length
    this.#newest = batch
    if (fallen === null) this.#length++
    return fallen
  }

  /** The kept batch with this sequence, or null. `bits` low bits of the sequence are enough. O(1) when none was skipped. */
  find(sequence: number, bits = 32): RecordBatch | null {
    const newest = this.#newest
    if (newest === null) return null
    const modulus = 2 ** bits
    const age = (((newest.sequence - sequence) % modulus) + modulus) % modulus
    const size = this.#ring.length
    if (age < this.#length) {
      const likely = this.#ring[(this.#next - 1 - age + 2 * size) % size]
      if (likely?.sequence === newest.sequence - age) return likely
    }
    const oldest = this.#ring[(this.#next - this.#length + size) % size]
    if (oldest == null || age > newest.sequence - oldest.sequence) return null
    return this.#ring.find((batch) => batch?.sequence === newest.sequence - age) ?? null
  }

  /** Takes everything out, oldest first: the pipeline gives the buffers back to its pool when it stops. */
  drain(): RecordBatch[] {
    const size = this.#ring.length
    const kept: RecordBatch[] = []
    for (let i = 0; i < size; i++) {
      const batch = this.#ring[(this.#next + i) % size]
      if (batch != null) kept.push(batch)
    }
    this.#ring.fill(null)
    this.#newest = null
    this.#length = 0
    this.#next = 0
    return kept
  }
}
