/** What a window counts of single keys, for a person's question: read only, and never on the hot path. */
import { isV4, type Network } from '../lib/address.ts'
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, type KeyTable, META } from './key-table.ts'

/** A key of a window as a person sees it. */
export interface InspectedKey {
  readonly key: Uint32Array
  /** Values later than the instant that was asked for; no more than fire the rule are known. */
  readonly count: number
  readonly lastAtMs: number
}

/** The keys whose first words, under the masks, are these. */
export interface KeyFilter {
  readonly words: Uint32Array
  readonly masks: Uint32Array
}

/** Picks keys that begin with a source in the network: one word of an IPv4 key, or four. Null: none can. */
export function sourceFilter(network: Network, isV4Key: boolean): KeyFilter | null {
  const masks = Uint32Array.from({ length: 4 }, (_, k) => {
    const bits = Math.min(32, Math.max(0, network.prefixLength - 32 * k))
    return bits === 0 ? 0 : 0xffffffff << (32 - bits)
  })
  const words = Uint32Array.from(network.words)
  if (!isV4Key) return { words, masks }
  return isV4(network.words) ? { words: words.subarray(3), masks: masks.subarray(3) } : null
}

/** Whether the words from `at` on fit. */
export function fits({ words: wanted, masks }: KeyFilter, words: Uint32Array, at: number): boolean {
  for (let k = wanted.length - 1; k >= 0; k--)
    if ((((words[at + k] as number) ^ (wanted[k] as number)) & (masks[k] as number)) !== 0) return false
  return true
}

/** The keys wanted, with how many of their values lie later than `sinceMs`. Goes through the table. */
export function inspectTable(table: KeyTable, wanted: KeyFilter, sinceMs: number): InspectedKey[] {
  const found: InspectedKey[] = []
  const { stride, slots, valueAt, keyWords } = table
  // The last word tells most apart (IPv4), and is asked without a call.
  const lastAt = KEY + wanted.words.length - 1
  const last = wanted.words.at(-1) ?? 0
  const lastMask = wanted.masks.at(-1) ?? 0
  table.words.forEach((words, segment) => {
    const latest = table.times[segment] as Float64Array
    for (let at = 0; at < words.length; at += stride) {
      if ((((words[at + lastAt] as number) ^ last) & lastMask) !== 0) continue
      const meta = words[at + META] as number
      if (meta === 0 || !fits(wanted, words, at + KEY)) continue
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
