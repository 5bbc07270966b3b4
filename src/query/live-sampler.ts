/**
 * Records of the live tail, taken out of the stream of batches while somebody listens; costs one comparison a batch
 * otherwise. Looks at records for at most BUDGET_MS per batch and keeps at most MOST_RECORDS until they are fetched; what
 * was not looked at or not kept is counted, never silent.
 */
import type { Address, Network } from '../lib/address.ts'
import { maskAddress } from '../lib/address.ts'
import type { LogRecord } from '../model/log-record.ts'
import type { RecordBatch } from '../model/record-batch.ts'
import { BatchRow } from './batch-row.ts'
import { type Matcher, matcherOf } from './evaluate.ts'
import { parseFilter } from './parse-filter.ts'
import type { TimeContext } from './tree.ts'

/** Who listens to what. */
export interface LiveListeners {
  readonly listeners: readonly { readonly id: number; readonly filter: string }[]
  /** What is blocked now by which rule; empty where no filter asks. */
  readonly blocked: readonly { readonly target: Network; readonly rule: string }[]
}

export interface LiveRecords {
  readonly records: readonly { readonly record: LogRecord; readonly listeners: readonly number[] }[]
  /** Fitting records that were not kept. */
  readonly shed: number
  /** Records that were not even looked at. */
  readonly unseen: number
}

const MOST_RECORDS = 500
const BUDGET_MS = 2
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 64

export class LiveSampler {
  readonly #monotonicMs: () => number
  #listeners: readonly { readonly id: number; readonly matches: Matcher }[] = []
  #records: { record: LogRecord; listeners: number[] }[] = []
  #shed = 0
  #unseen = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Filters are texts that the parser took before. Without listeners nothing is looked at any more. */
  configure({ listeners, blocked }: LiveListeners, time: TimeContext): void {
    const context = { ...time, blockOf: blockLookup(blocked) }
    this.#listeners = listeners.map(({ id, filter }) => ({
      id,
      matches: matcherOf(parseFilter(filter), context),
    }))
    if (listeners.length === 0) this.fetch()
  }

  observe(batch: RecordBatch): void {
    if (this.#listeners.length === 0) return
    const endMs = this.#monotonicMs() + BUDGET_MS
    const row = new BatchRow(batch)
    for (row.row = 0; row.row < batch.count; row.row++) {
      if (row.row % ROWS_PER_LOOK === 0 && this.#monotonicMs() > endMs) {
        this.#unseen += batch.count - row.row
        return
      }
      const listeners = this.#listeners.filter(({ matches }) => matches(row)).map(({ id }) => id)
      if (listeners.length === 0) continue
      if (this.#records.length < MOST_RECORDS)
        this.#records.push({ record: batch.recordAt(row.row), listeners })
      else this.#shed++
    }
  }

  /** What was gathered since the last time; null when there is nothing to tell. */
  fetch(): LiveRecords | null {
    if (this.#records.length === 0 && this.#shed === 0 && this.#unseen === 0) return null
    const found = { records: this.#records, shed: this.#shed, unseen: this.#unseen }
    this.#records = []
    this.#shed = 0
    this.#unseen = 0
    return found
  }
}

/** The rule that blocks an address: one look per prefix length that occurs. */
function blockLookup(blocked: LiveListeners['blocked']): (source: Address) => string | null {
  const byLength = new Map<number, Map<string, string>>()
  for (const { target, rule } of blocked) {
    const known = byLength.get(target.prefixLength) ?? new Map<string, string>()
    known.set(target.words.join('.'), rule)
    byLength.set(target.prefixLength, known)
  }
  return (source) => {
    for (const [length, known] of byLength) {
      const rule = known.get(maskAddress(source, length).join('.'))
      if (rule !== undefined) return rule
    }
    return null
  }
}
