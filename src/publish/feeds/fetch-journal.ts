/**
 * Every fetch in the journal of the state (kind `fetch`, subject the feed's name): who, when, which revision, status, bytes,
 * agent. Written in batches, never in the way of an answer; what waits while the state is away is bounded, and what is
 * given up is counted and told. Old rows go: KEPT_MS, MOST_ROWS.
 */
import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Journal, JournalEntry } from '../../model/object.ts'
import type { AlarmSink } from '../../telemetry/alarms.ts'
import type { FeedFetch } from './feed-events.ts'

export const FETCH_KIND = 'fetch'
const WRITE_MS = 5000
const BATCH = 500
const MOST_WAITING = 10_000
/** So many are written at once: a thousand firewalls at a time fill the room within seconds. */
const EARLY = 5000
const PRUNE_MS = 3_600_000
const KEPT_MS = 14 * 86_400_000
const MOST_ROWS = 300_000

const bodySchema = z.object({
  address: z.string(),
  agent: z.string(),
  method: z.string(),
  status: z.int(),
  revision: z.int(),
  etag: z.string(),
  shard: z.int(),
  bytes: z.int(),
  complete: z.boolean(),
  credential: z.string().nullable(),
  durationMs: z.number(),
})

export class FetchJournal {
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #alarms: AlarmSink
  #waiting: JournalEntry[] = []
  #lost = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #prunedMs: number

  constructor(options: { journal: Journal; clock: Clock; alarms: AlarmSink }) {
    this.#journal = options.journal
    this.#clock = options.clock
    this.#alarms = options.alarms
    this.#prunedMs = options.clock.monotonicMs()
  }

  note(fetch: FeedFetch): void {
    this.#waiting.push(entryOf(fetch))
    if (this.#waiting.length > MOST_WAITING) {
      this.#lost += this.#waiting.splice(0, BATCH).length
      this.#tell(
        `${this.#lost} fetches of feeds were not written to the journal, because more came than it takes.`,
      )
    }
    if (this.#waiting.length === EARLY) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), WRITE_MS)
  }

  /** Writes what waits. Never rejects: failures are an alarm, and it is tried again with the next. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#writing
    this.#writing = this.#write()
    await this.#writing
    this.#writing = null
  }

  /** The latest fetches of a feed, or of all, newest first; what cannot be read is left out. */
  async read(query: {
    feed?: string
    beforeId?: string
    limit: number
  }): Promise<(FeedFetch & { id: string })[]> {
    const rows = await this.#journal.journal({
      kind: FETCH_KIND,
      limit: query.limit,
      ...(query.feed === undefined ? {} : { subject: query.feed }),
      ...(query.beforeId === undefined ? {} : { beforeId: query.beforeId }),
    })
    return rows.flatMap((row) => {
      const body = bodySchema.safeParse(row.body)
      if (!body.success) return []
      const { agent, complete, ...rest } = body.data
      return [
        { ...rest, id: row.id, feed: row.subject, atMs: row.atMs, userAgent: agent, isComplete: complete },
      ]
    })
  }

  async close(): Promise<void> {
    await this.flush()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #write(): Promise<void> {
    let batch: JournalEntry[] = []
    try {
      while (this.#waiting.length > 0) {
        batch = this.#waiting.splice(0, BATCH)
        await this.#journal.appendJournal(batch)
        batch = []
      }
      if (this.#clock.monotonicMs() - this.#prunedMs > PRUNE_MS) {
        this.#prunedMs = this.#clock.monotonicMs()
        await this.#journal.pruneJournal(FETCH_KIND, this.#clock.nowMs() - KEPT_MS, MOST_ROWS)
      }
      this.#alarms.clear('fetches-not-written')
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting]
      this.#tell(`Fetches of feeds cannot be written to the journal: ${messageOf(error)}.`)
      this.#timer ??= setTimeout(() => void this.flush(), WRITE_MS)
    }
  }

  #tell(message: string): void {
    this.#alarms.raise({
      code: 'fetches-not-written',
      severity: 'warning',
      message,
      mend: 'Lists are served all the same. Look at the disk and the state database.',
    })
  }
}

function entryOf(fetch: FeedFetch): JournalEntry {
  const { feed, atMs, userAgent, isComplete, address, method, status, revision, etag, shard, bytes } = fetch
  return {
    id: randomUUIDv7(),
    kind: FETCH_KIND,
    subject: feed,
    atMs,
    body: {
      address,
      agent: userAgent,
      method,
      status,
      revision,
      etag,
      shard,
      bytes,
      complete: isComplete,
      credential: fetch.credential,
      durationMs: Math.round(fetch.durationMs),
    },
  }
}
