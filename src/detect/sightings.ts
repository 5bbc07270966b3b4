/** What the rules count of a batch, as columns that they go through one after the other. */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'

/** The records of a batch that count, as columns; `rows` are rows of the batch, ascending. */
export class Sightings {
  count = 0
  readonly rows = new Uint16Array(BATCH_MESSAGES)
  /** Event time by our clock, Unix ms; finite. */
  readonly timesMs = new Float64Array(BATCH_MESSAGES)
  /** 1 where the record proves that the source is real. */
  readonly proven = new Uint8Array(BATCH_MESSAGES)
  /** 0: the record itself; above, a further value that a weighted destination adds (weights.ts). */
  readonly copies = new Uint8Array(BATCH_MESSAGES)
  /** References of kept lines, of records of before: they convict nobody. Null: the lines are rows of the batch at hand. */
  lineRefs: Uint32Array | null = null
  // Of IPv4 sightings alone, so that rules need not go through the batch again: both addresses, and the destination port
  // with the copy above its 16 bits.
  readonly sources = new Uint32Array(BATCH_MESSAGES)
  readonly destinations = new Uint32Array(BATCH_MESSAGES)
  readonly ports = new Uint32Array(BATCH_MESSAGES)

  /** Adds sighting `i` of others, all its columns but the line's reference. */
  take(from: Sightings, i: number): void {
    const n = this.count++
    this.rows[n] = from.rows[i] as number
    this.timesMs[n] = from.timesMs[i] as number
    this.proven[n] = from.proven[i] as number
    this.copies[n] = from.copies[i] as number
    this.sources[n] = from.sources[i] as number
    this.destinations[n] = from.destinations[i] as number
    this.ports[n] = from.ports[i] as number
  }
}
