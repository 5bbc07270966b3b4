/**
 * The clock by which detection forgets, in Unix ms; it never goes back. Live it is the arrival of the newest batch.
 * `replay` has no arrival: there it follows event time, by the median of each batch (one line with a broken stamp must
 * not move it) and at most an hour per batch (nor may a whole batch of them, which would empty the tables).
 */
import type { RecordBatch } from '../model/record-batch.ts'

const LARGEST_STEP_MS = 3_600_000
/** Rows looked at for the median: exactness does not matter, only that the middle is meant. */
const SAMPLE_ROWS = 63

export class ArrivalClock {
  #nowMs = Number.NaN
  readonly #sample = new Float64Array(SAMPLE_ROWS)

  /** The time for this batch; 0 before anything has a time. */
  advance(batch: RecordBatch): number {
    const arrivalMs = batch.raw.receivedAtMs
    const isLive = !Number.isNaN(arrivalMs)
    const candidateMs = isLive ? arrivalMs : this.#medianMs(batch)
    if (Number.isNaN(this.#nowMs)) this.#nowMs = candidateMs
    else if (candidateMs > this.#nowMs)
      this.#nowMs = isLive ? candidateMs : Math.min(candidateMs, this.#nowMs + LARGEST_STEP_MS)
    return Number.isNaN(this.#nowMs) ? 0 : this.#nowMs
  }

  #medianMs(batch: RecordBatch): number {
    const step = Math.max(1, Math.floor(batch.count / SAMPLE_ROWS))
    let count = 0
    for (let row = 0; row < batch.count && count < SAMPLE_ROWS; row += step) {
      const timeMs = batch.eventTimeMs[row] as number
      if (Number.isFinite(timeMs)) this.#sample[count++] = timeMs
    }
    if (count === 0) return Number.NaN
    return this.#sample.subarray(0, count).sort()[count >> 1] as number
  }
}
