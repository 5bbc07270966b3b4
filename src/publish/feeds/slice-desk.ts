/**
 * Slices of feeds for MineMeld-style queries. They are written beside other work, a thousand rows at a time, and kept while
 * the list stays the same: a firewall that asks every five minutes for what others have asked for gets it from memory.
 *
 * Bounded: two are written at a time and some wait; who comes when too many wait gets the last one that was written for the
 * same question, or nothing. Kept are 32 at most and 64 MiB in all.
 */
import { checksumOf, etagOf } from '../list-snapshot.ts'
import { formatOptionsOf } from './feed-definition.ts'
import type { FeedFile } from './feed-engine.ts'
import type { ManagedFeed } from './managed-feed.ts'
import { type MineMeldQuery, writeMineMeld } from './minemeld.ts'
import { Turns } from './turns.ts'

const WRITTEN_AT_ONCE = 2
const MOST_WAITING = 16
const KEPT = 32
const KEPT_BYTES = 64 * 1024 * 1024

/** What is asked for: a shard of a feed as it is now, and the arguments. */
export interface SliceQuestion {
  readonly feed: Pick<ManagedFeed, 'definition'> & {
    readonly engine: Pick<ManagedFeed['engine'], 'rowsByIndex'>
  }
  readonly shard: number
  readonly whole: FeedFile
  readonly query: MineMeldQuery
}

interface KeptSlice {
  /** Of the whole list that it is a slice of. */
  readonly of: string
  readonly file: FeedFile
}

export interface SliceDeskOptions {
  readonly sentinel: () => string
  readonly nowMs: () => number
  /** For tests. */
  readonly mostWaiting?: number
  readonly mostBytes?: number
}

export class SliceDesk {
  readonly #options: SliceDeskOptions
  readonly #turns = new Turns(WRITTEN_AT_ONCE)
  /** By question, the oldest first. */
  readonly #kept = new Map<string, KeptSlice>()
  #keptBytes = 0
  readonly #writing = new Map<string, Promise<FeedFile>>()

  constructor(options: SliceDeskOptions) {
    this.#options = options
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /**
   * The slice: at once where it is kept or is the whole list, else when it has been written. Null: too many wait, and it was
   * never written before. The promise rejects when writing fails.
   */
  of(question: SliceQuestion): FeedFile | Promise<FeedFile> | null {
    const { feed, shard, whole, query } = question
    const isAll = query.start === 0 && query.count === null && !query.descending
    if (isAll && query.format === 'plain' && feed.definition.format === 'plain') return whole
    // As it was understood: whatever else an address says makes no other slice, and no two slices share a name.
    const { notes: _notes, ...asked } = query
    const name = `${feed.definition.name}\n${shard}\n${JSON.stringify(asked)}`
    const kept = this.#kept.get(name)
    if (kept?.of === whole.etag) return kept.file
    const key = `${name}\n${whole.etag}`
    const writing = this.#writing.get(key)
    if (writing !== undefined) return writing
    if (this.#writing.size >= (this.#options.mostWaiting ?? MOST_WAITING)) return kept?.file ?? null
    const made = this.#turns
      .take(() => this.#write(question))
      .then((file) => {
        this.#keep(name, { of: whole.etag, file })
        return file
      })
      .finally(() => this.#writing.delete(key))
    this.#writing.set(key, made)
    return made
  }

  async #write({ feed, shard, whole, query }: SliceQuestion): Promise<FeedFile> {
    const { definition, engine } = feed
    const options = formatOptionsOf(definition, this.#options.sentinel(), this.#options.nowMs())
    const { body, contentType } = await writeMineMeld(engine.rowsByIndex(shard), query, options)
    return { ...whole, body, contentType, etag: etagOf(checksumOf(body)), dateIsUnique: false }
  }

  #keep(name: string, slice: KeptSlice): void {
    this.#forget(name)
    this.#kept.set(name, slice)
    this.#keptBytes += slice.file.body.length
    const mostBytes = this.#options.mostBytes ?? KEPT_BYTES
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT && this.#keptBytes <= mostBytes) return
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#keptBytes -= this.#kept.get(name)?.file.body.length ?? 0
    this.#kept.delete(name)
  }
}
