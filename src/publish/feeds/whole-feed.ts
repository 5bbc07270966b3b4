/**
 * The first feed while it is what it was made to be: plain, of everything, nothing merged or left out. Its engine is the
 * block list, which renders a change of a long list within milliseconds, and the list file, its last good copy. This part
 * adds what all feeds have: a gate before new revisions, revisions on disk, going back.
 */
import { type Network, parseNetwork } from '../../lib/address.ts'
import type { AlarmSink } from '../../telemetry/alarms.ts'
import {
  BlockList,
  type BlockListOptions,
  type GateQuestion,
  type RenderReport,
  targetsOf,
} from '../block-list.ts'
import type { ListSnapshot } from '../list-snapshot.ts'
import { tellHeld } from './feed-alarms.ts'
import { FIRST_FEED, type FeedDefinition, limitsOfFeed } from './feed-definition.ts'
import type { FeedEngine, FeedFacts, FeedFile, HeldList, RowsByIndex } from './feed-engine.ts'
import type { FeedEntry } from './feed-entry.ts'
import type { FeedEvents } from './feed-events.ts'
import type { FeedPin } from './feed-object.ts'
import type { FeedRow } from './feed-rows.ts'
import { PLAIN_TEXT } from './formats/feed-format.ts'
import { rowOf } from './known-rows.ts'
import { type Hold, judgeRevision } from './revision.ts'
import type { RevisionStore } from './revision-store.ts'

export interface WholeFeedOptions extends Omit<BlockListOptions, 'gate' | 'onRendered'> {
  readonly name: string
  readonly store: RevisionStore
  readonly events: FeedEvents
  readonly alarms: AlarmSink
  readonly entryOf: (network: Network) => FeedEntry | null
  readonly onRendered: (report: RenderReport) => void
}

/** Whether a definition is one that the block list serves: nothing to filter, merge, leave out or write otherwise. */
export function isWhole(feed: FeedDefinition): boolean {
  const { filter, format, capacity, aggregate, shards, comments, timeouts } = feed
  const takesAll =
    JSON.stringify({ ...FIRST_FEED.filter }) === JSON.stringify({ ...FIRST_FEED.filter, ...filter })
  const isPlain = format === 'plain' && !comments && !timeouts
  return takesAll && isPlain && capacity === null && aggregate === 'none' && shards === 1
}

export class WholeFeed implements FeedEngine {
  readonly list: BlockList
  readonly #options: WholeFeedOptions
  #pin: FeedPin | null = null
  #file: FeedFile | null = null
  #added: Network[] = []
  #removed: Network[] = []
  /** The next revision is not the one before plus the changes that were told. */
  #isWhole = true
  #note: string | null = null
  #isServing = true

  constructor(options: WholeFeedOptions) {
    this.#options = options
    this.list = new BlockList({
      ...options,
      gate: (question) => this.#gate(question),
      onRendered: (report) => this.#rendered(report),
    })
  }

  file(_shard: number): FeedFile {
    const { snapshot } = this.list
    if (
      this.#file?.etag !== snapshot.etag ||
      this.#file.origin !== snapshot.origin ||
      this.#file.revision !== snapshot.revision
    )
      this.#file = { ...snapshot, contentType: PLAIN_TEXT }
    return this.#file
  }

  get facts(): FeedFacts {
    const { revision, entries, body, madeAtMs, origin, refused } = this.list.snapshot
    const none = { leftOutDecisions: 0, collateral: 0 }
    return { revision, entries, decisions: entries, bytes: body.length, madeAtMs, origin, refused, ...none }
  }

  get held(): HeldList | null {
    const { held } = this.list
    if (held === null) return null
    const { entries } = held.snapshot
    return { holds: held.holds, sinceMs: held.sinceMs, entries, decisions: entries }
  }

  networks(): readonly Network[] {
    return targetsOf(this.list.snapshot)
  }

  rows(): readonly FeedRow[] {
    return this.networks().map((network) => rowOf(network, this.#options.entryOf(network)))
  }

  rowsByIndex(shard: number): RowsByIndex {
    const { body, entries } = this.list.snapshot
    if (entries === 0 || shard !== 1) return { count: 0, at: noRow }
    const lines = body.toString('latin1').trimEnd().split('\n')
    return {
      count: lines.length,
      at: (i) => {
        const network = parseNetwork(lines[i] ?? '')
        return network === null ? noRow() : rowOf(network, this.#options.entryOf(network))
      },
    }
  }

  heldNetworks(): readonly Network[] {
    const { held } = this.list
    return held === null ? [] : targetsOf(held.snapshot)
  }

  /** What the list's own `apply` and `replace` do, and notes the changes for those who are told of the revision. */
  apply(change: {
    readonly added: readonly Network[]
    readonly removed: readonly Network[]
    readonly liftedByPeople?: number
  }): void {
    this.#added.push(...change.added)
    this.#removed.push(...change.removed)
    this.list.apply(change)
  }

  replace(targets: readonly Network[]): void {
    this.#isWhole = true
    this.#added = []
    this.#removed = []
    this.list.replace(targets)
  }

  /** False: another engine serves the feed; this one follows the list on, and holds and tells nothing. */
  serve(isServing: boolean, afterRevision = 0): void {
    this.#isServing = isServing
    if (!isServing) return
    this.#isWhole = true
    this.list.continueAfter(afterRevision)
    this.list.recheck()
  }

  touch(): void {
    // Its changes come by `apply`.
  }

  recheck(): void {
    this.list.recheck()
  }

  setPin(pin: FeedPin | null): void {
    this.#pin = pin
    this.list.recheck()
  }

  show(networks: readonly Network[], note: string): Promise<number> {
    this.#isWhole = true
    this.#note = note
    const { revision } = this.list.showInstead(networks)
    this.#note = null
    this.list.recheck()
    return Promise.resolve(revision)
  }

  release(note: string): Promise<boolean> {
    this.#isWhole = true
    this.#note = note
    const isReleased = this.list.release()
    this.#note = null
    const { alarms, name } = this.#options
    // What a person releases is not asked about at the gate, which would have cleared the alarm.
    if (isReleased) tellHeld(alarms, name, this.facts.revision, this.#pin, [])
    return Promise.resolve(isReleased)
  }

  continueAfter(revision: number): void {
    this.list.continueAfter(revision)
  }

  idle(): Promise<void> {
    this.list.flush()
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.list.flush()
    this.list.close()
    return Promise.resolve()
  }

  #gate({ next, previous, liftedByPeople }: GateQuestion): readonly Hold[] {
    if (!this.#isServing) return []
    const verdict = judgeRevision({
      previous: previous.origin === 'start' ? null : { networks: [], decisions: previous.entries },
      // What must not be blocked was taken out when it was rendered.
      next: { networks: [], decisions: next.entries },
      refuse: () => null,
      bytes: next.body.length,
      entries: next.entries,
      limits: limitsOfFeed(FIRST_FEED),
      liftedByPeople,
    })
    const pinned: readonly Hold[] =
      this.#pin === null
        ? []
        : [
            {
              code: 'pinned',
              reason: `${this.#pin.by} keeps it at revision ${this.#pin.revision}: ${this.#pin.reason}`,
            },
          ]
    const holds = [...pinned, ...(verdict.publish ? [] : verdict.holds)]
    tellHeld(this.#options.alarms, this.#options.name, previous.revision, this.#pin, holds)
    return holds
  }

  #rendered(report: RenderReport): void {
    const { store, events, name } = this.#options
    const { snapshot } = report
    const [added, removed, isWhole, note] = [this.#added, this.#removed, this.#isWhole, this.#note]
    this.#added = []
    this.#removed = []
    this.#isWhole = this.list.held !== null
    this.#options.onRendered(report)
    if (!this.#isServing) return
    store.save({ ...revisionOf(snapshot), note })
    const { revision, entries, madeAtMs } = snapshot
    const told = isWhole ? { added: [], removed: [] } : { added, removed }
    events.published({ feed: name, revision, ...told, isWhole, entries, atMs: madeAtMs })
  }
}

function noRow(): never {
  throw new TypeError('BUG: a row that the list does not have')
}

function revisionOf(snapshot: ListSnapshot): Omit<Parameters<RevisionStore['save']>[0], 'note'> {
  const { revision, madeAtMs, entries, body } = snapshot
  return {
    revision,
    madeAtMs,
    decisions: entries,
    entries,
    contentType: PLAIN_TEXT,
    files: [{ body, entries }],
    networks: null,
  }
}
