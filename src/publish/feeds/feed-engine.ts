/** What every feed can do, however its list is made: serve, tell what it serves, hold, show another list, let go. */
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { ListSnapshot } from '../list-snapshot.ts'
import type { FeedPin } from './feed-object.ts'
import type { FeedRow } from './feed-rows.ts'
import type { Hold } from './revision.ts'
import type { KeptRevision } from './revision-store.ts'

/** One file as served: a snapshot of the list and how it is written. */
export interface FeedFile extends ListSnapshot {
  readonly contentType: string
}

/** What waits for a person. */
export interface HeldList {
  readonly holds: readonly Hold[]
  readonly sinceMs: number
  readonly entries: number
  readonly decisions: number
}

/** The list in service, in numbers. */
export interface FeedFacts {
  readonly revision: number
  readonly entries: number
  readonly decisions: number
  /** Of the largest file. */
  readonly bytes: number
  readonly madeAtMs: number
  readonly origin: ListSnapshot['origin']
  readonly leftOutDecisions: number
  readonly refused: number
  readonly collateral: number
}

/** Rows by their index, each made when it is asked for: whoever wants some of a long list need not make all. */
export interface RowsByIndex {
  readonly count: number
  at(i: number): FeedRow
}

export interface FeedEngine {
  /** The file of a shard, from 1; the sentinel alone for a shard that there is not. O(1). */
  file(shard: number): FeedFile
  readonly facts: FeedFacts
  readonly held: HeldList | null
  /** Networks of the list in service, in its order. O(entries). */
  networks(): readonly Network[]
  /** Rows of it. O(entries). */
  rows(): readonly FeedRow[]
  /** Rows of a shard of it, from 1; none of a shard that there is not. */
  rowsByIndex(shard: number): RowsByIndex
  /** Networks of the list that waits; empty when none does. */
  heldNetworks(): readonly Network[]
  /** Something of it changed: it is made again soon. `lifted`: decisions that people ended. */
  touch(liftedByPeople?: number): void
  /** What must not be blocked has changed: it is looked at again, also what is held or pinned. */
  recheck(): void
  /** Null lets it follow the decisions again. While pinned, new lists are held. */
  setPin(pin: FeedPin | null): void
  /** Puts these networks in service, less those that must not be blocked; answers the revision. */
  show(networks: readonly Network[], note: string): Promise<number>
  /** Publishes what is held. False when nothing is. */
  release(note: string): Promise<boolean>
  /** Revisions count on behind this one, which firewalls were given; the list in service bears the next number. */
  continueAfter(revision: number): void
  /** Resolves when nothing is being made or waits to be. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** What an engine serves, as if it came from disk: the start of another engine. */
export function keptOf(engine: FeedEngine): KeptRevision {
  const { revision, madeAtMs, decisions, entries } = engine.facts
  const { body, contentType, etag } = engine.file(1)
  return {
    revision,
    madeAtMs,
    decisions,
    entries,
    contentType,
    files: [{ bytes: body.length, sha256: etag.slice(1, -1), entries }],
    isPlain: false,
    note: null,
    storedBytes: 0,
    bodies: [body],
    networks: engine.networks().map(formatNetwork),
  }
}
