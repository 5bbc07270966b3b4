/** What a key that has crossed its threshold gives away: its values with their times and lines. */
import { COUNT_SHIFT, type KeyTable, META } from './key-table.ts'
import { LINE_AT, VALUE_AT } from './value-slots.ts'

/** A key has crossed the threshold. The arrays run in parallel, in no order. */
export interface Firing {
  /** Index of the convicting record in the sightings. */
  readonly index: number
  readonly values: Uint32Array
  readonly timesMs: Float64Array
  readonly lineRefs: Uint32Array
  /** Whether some counted record of the key proved its source. */
  readonly proven: boolean
}

/** The firing of an entry with a slot; `index`: of the record that convicts. */
export function firingOf(
  table: KeyTable,
  words: Uint32Array,
  at: number,
  index: number,
  proven: boolean,
): Firing {
  const { slots, valueAt, valueWords } = table
  const address = words[at + valueAt] as number
  const chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
  const times = slots.times[address >>> slots.chunkBits] as Float64Array
  const base = address & ((1 << slots.chunkBits) - 1)
  const count = (words[at + META] as number) >>> COUNT_SHIFT
  const firing: Firing = {
    index,
    values: new Uint32Array(count * valueWords),
    timesMs: new Float64Array(count),
    lineRefs: new Uint32Array(count),
    proven,
  }
  for (let n = 0; n < count; n++) {
    const element = base + n * slots.stride
    firing.timesMs[n] = times[element >> 1] as number
    firing.lineRefs[n] = chunk[element + LINE_AT] as number
    for (let k = 0; k < valueWords; k++)
      firing.values[n * valueWords + k] = chunk[element + VALUE_AT + k] as number
  }
  return firing
}
