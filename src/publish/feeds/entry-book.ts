/**
 * The entries that feeds are made of: what is on the list now, with what its decision knows. It follows the list change by
 * change, so a change costs what it touches; `refresh` reads all decisions again, in slices, for what moves without the
 * list (last seen, lines while blocked, ends).
 */
import type { Network } from '../../lib/address.ts'
import type { Decision } from '../../model/decision.ts'
import { type Key, keyOf } from '../target-chunks.ts'
import { entryOf, type FeedEntry } from './feed-entry.ts'

const SLICE = 5000

/** The decisions, as far as entries need them. */
export interface EntrySource {
  /** The block that puts a target on the list, and lines seen from it since; null when it has ended. */
  blockOf(target: Network): { readonly decision: Decision; readonly lines: number } | null
  /** The targets on the list now. */
  published(): readonly Network[]
}

export class EntryBook {
  readonly #source: EntrySource
  readonly #entries = new Map<Key, FeedEntry>()
  #all: readonly FeedEntry[] | null = null

  constructor(source: EntrySource) {
    this.#source = source
    for (const target of source.published()) this.#read(target)
  }

  get size(): number {
    return this.#entries.size
  }

  /** All entries; the array is never changed afterwards. O(1) while nothing changed, else O(entries). */
  all(): readonly FeedEntry[] {
    this.#all ??= [...this.#entries.values()]
    return this.#all
  }

  of(target: Network): FeedEntry | null {
    return this.#entries.get(keyOf(target)) ?? null
  }

  apply(change: { readonly added: readonly Network[]; readonly removed: readonly Network[] }): void {
    for (const target of change.removed) {
      this.#entries.delete(keyOf(target))
    }
    for (const target of change.added) this.#read(target)
    this.#all = null
  }

  /** Reads every decision again and lets the event loop turn meanwhile. */
  async refresh(): Promise<void> {
    let count = 0
    for (const { network } of this.all()) {
      if (++count % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
      // It may have gone since.
      if (this.#entries.has(keyOf(network))) this.#read(network)
    }
    this.#all = null
  }

  /** Reads the decision of a target again. Null: it has ended, and what was known stays until it is removed. */
  put(target: Network): FeedEntry | null {
    this.#all = null
    return this.#read(target)
  }

  #read(target: Network): FeedEntry | null {
    const block = this.#source.blockOf(target)
    if (block === null) return null
    const entry = entryOf(block.decision, { hits: block.lines })
    this.#entries.set(keyOf(target), entry)
    return entry
  }
}
