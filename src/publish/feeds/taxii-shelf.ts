/**
 * What a TAXII collection holds, kept for feeds of the format `stix`: the current version of each indicator and when it was
 * published, and for a week the last version of those that were lifted. After a start all versions count as published
 * then, so a client that asks by `added_after` gets them once more and misses none.
 */
import { formatNetwork } from '../../lib/address.ts'
import type { FeedRow } from './feed-rows.ts'
import { modifiedAtMs, uuidV5 } from './stix-indicator.ts'
import { sortTaxiiEntries, type TaxiiCollection, type TaxiiEntry } from './taxii.ts'

const LIFTED_KEPT_MS = 7 * 86_400_000
const MOST_LIFTED = 100_000

export class TaxiiShelf {
  readonly #feed: string
  #entries = new Map<string, TaxiiEntry>()
  #revision = -1
  #lastAddedMs = 0
  #sorted: readonly TaxiiEntry[] = []

  constructor(feed: string) {
    this.#feed = feed
  }

  /** The collection of a revision; its rows are what is blocked, and asked for when it is another than last time. */
  collection(
    revision: number,
    rows: () => readonly FeedRow[],
    withReason: boolean,
    nowMs: number,
  ): TaxiiCollection {
    if (revision !== this.#revision) this.#take(rows(), nowMs)
    this.#revision = revision
    return {
      id: uuidV5(`collection:${this.#feed}`),
      title: this.#feed,
      description: `Blocked addresses of the feed ${this.#feed}`,
      withReason,
      entries: this.#sorted,
    }
  }

  #take(rows: readonly FeedRow[], nowMs: number): void {
    // Never twice the same: clients ask for what came after the last they saw.
    const addedAtMs = Math.max(nowMs, this.#lastAddedMs + 1)
    this.#lastAddedMs = addedAtMs
    const next = new Map<string, TaxiiEntry>()
    for (const row of rows) {
      const key = formatNetwork(row.network)
      const known = this.#entries.get(key)
      const isSame = known?.endedAtMs === null && modifiedAtMs(known.row, null) === modifiedAtMs(row, null)
      next.set(key, isSame ? { ...known, row } : { row, addedAtMs, endedAtMs: null })
    }
    let lifted = 0
    for (const [key, entry] of this.#entries) {
      if (next.has(key)) continue
      const ended = entry.endedAtMs === null ? { ...entry, addedAtMs, endedAtMs: nowMs } : entry
      if (nowMs - (ended.endedAtMs ?? nowMs) > LIFTED_KEPT_MS || ++lifted > MOST_LIFTED) continue
      next.set(key, ended)
    }
    this.#entries = next
    this.#sorted = sortTaxiiEntries([...next.values()])
  }
}
