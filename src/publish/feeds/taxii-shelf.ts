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

/** Rows taken in between two turns of the event loop. */
const SLICE = 2500

export class TaxiiShelf {
  readonly #feed: string
  readonly #id: string
  #entries = new Map<string, TaxiiEntry>()
  #revision = -1
  #lastAddedMs = 0
  #sorted: readonly TaxiiEntry[] = []
  #taking: Promise<void> | null = null

  constructor(feed: string) {
    this.#feed = feed
    this.#id = uuidV5(`collection:${feed}`)
  }

  get id(): string {
    return this.#id
  }

  /** What the shelf holds. */
  collection(withReason: boolean): TaxiiCollection {
    return {
      id: this.#id,
      title: this.#feed,
      description: `Blocked addresses of the feed ${this.#feed}`,
      withReason,
      entries: this.#sorted,
    }
  }

  /**
   * Takes the rows of a revision in, when it is another than last time, beside other work. Who asks meanwhile waits for the
   * same. O(rows), in slices.
   */
  async bring(revision: number, rows: () => readonly FeedRow[], nowMs: number): Promise<void> {
    while (this.#taking !== null) await this.#taking
    if (revision === this.#revision) return
    this.#taking = this.#take(rows(), nowMs).finally(() => {
      this.#taking = null
    })
    await this.#taking
    this.#revision = revision
  }

  async #take(rows: readonly FeedRow[], nowMs: number): Promise<void> {
    // Never twice the same: clients ask for what came after the last they saw.
    const addedAtMs = Math.max(nowMs, this.#lastAddedMs + 1)
    this.#lastAddedMs = addedAtMs
    const next = new Map<string, TaxiiEntry>()
    await inSlices(rows, (row) => {
      const key = formatNetwork(row.network)
      const known = this.#entries.get(key)
      const isSame = known?.endedAtMs === null && modifiedAtMs(known.row, null) === modifiedAtMs(row, null)
      next.set(key, isSame ? { ...known, row } : { row, addedAtMs, endedAtMs: null })
    })
    let lifted = 0
    await inSlices(this.#entries, ([key, entry]) => {
      if (next.has(key)) return
      const ended = entry.endedAtMs === null ? { ...entry, addedAtMs, endedAtMs: nowMs } : entry
      if (nowMs - (ended.endedAtMs ?? nowMs) > LIFTED_KEPT_MS || ++lifted > MOST_LIFTED) return
      next.set(key, ended)
    })
    this.#entries = next
    this.#sorted = sortTaxiiEntries([...next.values()])
  }
}

async function inSlices<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  let count = 0
  for (const item of items) {
    if (++count % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    work(item)
  }
}
