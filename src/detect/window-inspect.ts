/** What a window counts of single keys, for a person's question: read only, and never on the hot path. */
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, type KeyTable, META } from './key-table.ts'

/** A key of a window as a person sees it. */
export interface InspectedKey {
  readonly key: Uint32Array
  /** Values later than the instant that was asked for; no more than fire the rule are known. */
  readonly count: number
  readonly lastAtMs: number
}

/** Whether the key whose words begin at `keyAt` is asked for. */
export type KeyFilter = (words: Uint32Array, keyAt: number) => boolean

/** The keys wanted, with how many of their values lie later than `sinceMs`. Goes through the table: 5 ns a place. */
export function inspectTable(table: KeyTable, wanted: KeyFilter, sinceMs: number): InspectedKey[] {
  const found: InspectedKey[] = []
  const { stride, slots, valueAt, keyWords } = table
  table.words.forEach((words, segment) => {
    const latest = table.times[segment] as Float64Array
    for (let at = 0; at < words.length; at += stride) {
      const meta = words[at + META] as number
      if (meta === 0 || !wanted(words, at + KEY)) continue
      const lastAtMs = latest[at >> 1] as number
      let count = lastAtMs > sinceMs ? 1 : 0
      if ((meta & (CLASS_MASK << CLASS_SHIFT)) !== 0) {
        const address = words[at + valueAt] as number
        const times = slots.times[address >>> slots.chunkBits] as Float64Array
        const base = address & ((1 << slots.chunkBits) - 1)
        count = 0
        for (let n = 0; n < meta >>> COUNT_SHIFT; n++)
          if ((times[(base + n * slots.stride) >> 1] as number) > sinceMs) count++
      }
      found.push({ key: words.slice(at + KEY, at + KEY + keyWords), count, lastAtMs })
    }
  })
  return found
}
