/**
 * A feed's next list: entries filtered, packed, asked about once more and written, without holding the thread. What
 * becomes of it (published, held, shown as a preview) is not decided here.
 */
import { type Network, overlaps } from '../../lib/address.ts'
import { AppError } from '../../lib/errors.ts'
import { checksumOf, etagOf } from '../list-snapshot.ts'
import {
  type FeedDefinition,
  filterOfFeed,
  formatOptionsOf,
  limitsOfFeed,
  packOptionsOf,
} from './feed-definition.ts'
import type { FeedEntry } from './feed-entry.ts'
import { makeFilter } from './feed-filter.ts'
import type { FeedRow } from './feed-rows.ts'
import { feedFormat, renderFeedInSlices } from './format-table.ts'
import type { FeedFormat } from './formats/feed-format.ts'
import type { Packer, RefusedEntry } from './packer.ts'
import { type Hold, judgeRevision, type RevisionVerdict } from './revision.ts'

/** Rows asked about between two turns of the event loop. */
const SLICE = 5000

/** What drafts are made from; the same for all feeds. */
export interface DraftWorld {
  readonly packer: Packer
  readonly entries: () => readonly FeedEntry[]
  /** Why a network must not be published, or null. */
  readonly refuse: (target: Network) => string | null
  readonly never: () => readonly Network[]
  /** Peers with completed sessions; null: they cannot be told now, and nothing is merged with collateral. */
  readonly spared: () => Promise<readonly Network[] | null>
  readonly sentinel: () => string
  readonly nowMs: () => number
}

/** One file of a list: what a fetch gets. */
export interface DraftFile {
  readonly body: Buffer
  readonly etag: string
  readonly entries: number
}

export interface Draft {
  readonly rows: readonly FeedRow[]
  /** One for each shard. */
  readonly files: readonly DraftFile[]
  readonly contentType: string
  /** Decisions that the rows stand for. */
  readonly decisions: number
  readonly matched: number
  readonly leftOutDecisions: number
  readonly leftOut: readonly FeedRow[]
  readonly refusedCount: number
  readonly refused: readonly RefusedEntry[]
  readonly collateral: number
  /** Rows that must not be published after all; found in a last look and not in `files` unless empty. */
  readonly forbidden: readonly Network[]
}

/** Makes the draft of a definition. Rejects with AppError `failed` when packing fails; the caller keeps what it has. */
export async function makeDraft(feed: FeedDefinition, world: DraftWorld): Promise<Draft> {
  const nowMs = world.nowMs()
  const options = packOptionsOf(feed)
  const spared = typeof options.aggregate === 'string' ? [] : await world.spared()
  const outcome = await world.packer.pack({
    entries: world.entries(),
    matches: makeFilter(filterOfFeed(feed), nowMs),
    refuse: world.refuse,
    never: world.never(),
    spared: spared ?? [],
    options: spared === null ? { ...options, aggregate: 'lossless' } : options,
    nowMs,
  })
  const shards = Array.from({ length: feed.shards }, (_, shard) =>
    outcome.rows.slice(outcome.shardStart[shard], outcome.shardStart[shard + 1]),
  )
  const { refused, refusedCount, collateral, matched, leftOut, leftOutDecisions } = outcome
  const written = await writeShards(feed, shards, world)
  return { ...written, matched, leftOut, leftOutDecisions, refused, refusedCount, collateral }
}

/** The draft of given rows (a rollback, a list cleaned of what must not be in it), in the definition's format. */
export async function draftOfRows(
  feed: FeedDefinition,
  shards: readonly (readonly FeedRow[])[],
  world: DraftWorld,
): Promise<Draft> {
  const written = await writeShards(feed, shards, world)
  const nothing = { leftOut: [], leftOutDecisions: 0, refused: [], refusedCount: 0, collateral: 0 }
  return { ...written, ...nothing, matched: written.decisions }
}

type Written = Pick<Draft, 'rows' | 'files' | 'contentType' | 'decisions' | 'forbidden'>

async function writeShards(
  feed: FeedDefinition,
  shards: readonly (readonly FeedRow[])[],
  world: DraftWorld,
): Promise<Written> {
  const format = formatOf(feed)
  const options = formatOptionsOf(feed, world.sentinel(), world.nowMs())
  const forbidden: Network[] = []
  const rows: FeedRow[] = []
  const files: DraftFile[] = []
  let decisions = 0
  for (const shard of shards) {
    // Time has passed since the entries were asked about: an address may have been allowed meanwhile.
    const kept: FeedRow[] = []
    await inSlices(shard, (row) => {
      if (world.refuse(row.network) === null) {
        kept.push(row)
        rows.push(row)
        decisions += row.decisions
      } else forbidden.push(row.network)
    })
    const body = await renderFeedInSlices(format, kept, options)
    files.push({ body, etag: etagOf(checksumOf(body)), entries: kept.length })
  }
  return { rows, files, contentType: format.contentType, decisions, forbidden }
}

export function formatOf(feed: FeedDefinition): FeedFormat {
  const format = feedFormat(feed.format)
  if (format === null) throw new AppError('failed', `there is no format ${feed.format}`)
  return format
}

/** Publish or hold. `previous`: decisions of the list in service; null: none was published yet. */
export function judgeDraft(
  feed: FeedDefinition,
  draft: Pick<Draft, 'files' | 'rows' | 'decisions'>,
  previous: { readonly decisions: number } | null,
  liftedByPeople: number,
): RevisionVerdict {
  const limits = limitsOfFeed(feed)
  const perFile = draft.files.map(({ entries }) => entries)
  return judgeRevision({
    previous: previous === null ? null : { networks: [], decisions: previous.decisions },
    // What must not be published was taken out when it was written.
    next: { networks: [], decisions: draft.decisions },
    refuse: () => null,
    bytes: Math.max(...draft.files.map(({ body }) => body.length)),
    entries: limits.scope === 'list' ? Math.max(...perFile) : draft.rows.length,
    limits,
    liftedByPeople,
  })
}

/** The holds of a verdict; none when it is to be published. */
export function holdsOf(verdict: RevisionVerdict): readonly Hold[] {
  return verdict.publish ? [] : verdict.holds
}

/** Rows that share no address with any of the networks. O(rows × networks). */
export function rowsWithout(rows: readonly FeedRow[], networks: readonly Network[]): readonly FeedRow[] {
  if (networks.length === 0) return rows
  return rows.filter((row) => !networks.some((network) => overlaps(row.network, network)))
}

async function inSlices<Item>(items: readonly Item[], work: (item: Item) => void): Promise<void> {
  let count = 0
  for (const item of items) {
    if (++count % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    work(item)
  }
}
