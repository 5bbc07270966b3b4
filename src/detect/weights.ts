/**
 * How much a record counts by where it goes. A weight is a whole number from 0 to 10: the record counts as so many
 * distinct values, 0 means not at all, 1 is the rule. Site weights and learned dark destinations both speak this
 * interface; whoever fills `Sightings.weights` asks them, once per counted record, and the rules read the column.
 */
import type { RecordBatch } from '../model/record-batch.ts'

/** Largest weight. */
export const LARGEST_WEIGHT = 10

export interface DestinationWeights {
  /** The weight of the destination of a row, from 0 to LARGEST_WEIGHT. Makes nothing; some ns. */
  weightOf(batch: RecordBatch, row: number): number
}
