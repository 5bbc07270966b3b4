/**
 * A feed whose list is filtered, packed and written anew when something of it changes. One making at a time; changes
 * meanwhile make one more after it. Then the list is judged: published at once (one assignment, so a fetch has either the
 * old or the new), or held, with an alarm, while the previous stays.
 *
 * What must never be published leaves a held or pinned list all the same: the list in service is written again without it.
 */
import { formatNetwork, type Network } from '../../lib/address.ts'
import { messageOf } from '../../lib/errors.ts'
import type { AlarmSink } from '../../telemetry/alarms.ts'
import { checksumOf, etagOf } from '../list-snapshot.ts'
import { clearFeedAlarms, tellHeld, tellSize } from './feed-alarms.ts'
import { type FeedDefinition, formatOptionsOf } from './feed-definition.ts'
import {
  type Draft,
  type DraftWorld,
  draftOfRows,
  formatOf,
  holdsOf,
  judgeDraft,
  makeDraft,
} from './feed-draft.ts'
import type { FeedEngine, FeedFacts, FeedFile, HeldList, RowsByIndex } from './feed-engine.ts'
import type { FeedEntry } from './feed-entry.ts'
import type { FeedEvents } from './feed-events.ts'
import type { FeedPin } from './feed-object.ts'
import type { FeedRow } from './feed-rows.ts'
import { renderFeed } from './format-table.ts'
import { sentinelRow } from './formats/feed-format.ts'
import { networksOfTexts, rowOf, rowsByShard } from './known-rows.ts'
import { diffRevisions, type Hold } from './revision.ts'
import type { KeptRevision, RevisionStore } from './revision-store.ts'
import type { Turns } from './turns.ts'

/** Changes of one moment become one revision. */
const FIRST_MS = 10
const MIN_INTERVAL_MS = 100
/** A making that takes long is followed by a pause of so many times its length, so that no feed takes the thread. */
const PAUSE_FACTOR = 4
const MOST_PAUSE_MS = 10_000
const RETRY_MS = 5000
/** Rows that an event names; more are told of as a whole. */
const MOST_TOLD = 100_000

export interface PackedFeedOptions {
  readonly definition: FeedDefinition
  readonly world: DraftWorld
  /** The entry of a network that is on the list now, or null. */
  readonly entryOf: (network: Network) => FeedEntry | null
  readonly store: RevisionStore
  readonly events: FeedEvents
  readonly alarms: AlarmSink
  readonly turns: Turns
  readonly monotonicMs: () => number
  /** False until the decisions are known: the last good copy is served and nothing is made. */
  readonly isReady: () => boolean
  readonly initial: KeptRevision | null
  readonly pin: FeedPin | null
}

interface Published {
  readonly files: readonly FeedFile[]
  readonly facts: FeedFacts
  /** Null for the copy from disk: made from `texts` when asked. */
  readonly rows: readonly (readonly FeedRow[])[] | null
  readonly texts: readonly string[] | null
}

export class PackedFeed implements FeedEngine {
  readonly #options: PackedFeedOptions
  #definition: FeedDefinition
  #pin: FeedPin | null
  #published: Published
  #held: { readonly list: HeldList; readonly draft: Draft } | null = null
  #isDirty = false
  #mustRecheck = false
  #lifted = 0
  #timer: NodeJS.Timeout | null = null
  #working: Promise<void> | null = null
  #pauseMs = MIN_INTERVAL_MS
  #lastMs = Number.NEGATIVE_INFINITY
  /** The last making failed; the next is tried by a timer. */
  #isFailing = false
  #isClosed = false

  constructor(options: PackedFeedOptions) {
    this.#options = options
    this.#definition = options.definition
    this.#pin = options.pin
    this.#published = options.initial === null ? this.#atStart() : fromDisk(options.initial)
  }

  file(shard: number): FeedFile {
    return this.#published.files[shard - 1] ?? this.#atStart().files[0] ?? fault('a feed without a file')
  }

  get facts(): FeedFacts {
    return this.#published.facts
  }

  get held(): HeldList | null {
    return this.#held?.list ?? null
  }

  networks(): readonly Network[] {
    const { rows, texts } = this.#published
    return rows === null ? networksOfTexts(texts ?? []) : rows.flat().map(({ network }) => network)
  }

  rows(): readonly FeedRow[] {
    return this.#published.rows?.flat() ?? this.#rowsOf(this.networks())
  }

  rowsByIndex(shard: number): RowsByIndex {
    const { rows, texts } = this.#published
    const made = rows?.[shard - 1] ?? (texts === null ? [] : this.#shardsOf(this.rows())[shard - 1]) ?? []
    return { count: made.length, at: (i) => made[i] ?? fault('a row that the list does not have') }
  }

  heldNetworks(): readonly Network[] {
    return this.#held?.draft.rows.map(({ network }) => network) ?? []
  }

  touch(liftedByPeople = 0): void {
    this.#isDirty = true
    this.#lifted += liftedByPeople
    this.#plan()
  }

  recheck(): void {
    this.#mustRecheck = true
    this.touch()
  }

  setPin(pin: FeedPin | null): void {
    this.#pin = pin
    this.touch()
  }

  /** Another definition: the next list is made by it; until then the list in service stays. */
  redefine(definition: FeedDefinition): void {
    this.#definition = definition
    this.touch()
  }

  show(networks: readonly Network[], note: string): Promise<number> {
    return this.#alone(async () => {
      const draft = await draftOfRows(
        this.#definition,
        this.#shardsOf(this.#rowsOf(networks)),
        this.#options.world,
      )
      this.#held = null
      this.#publish(draft, note)
      return this.#published.facts.revision
    })
  }

  release(note: string): Promise<boolean> {
    return this.#alone(async () => {
      if (this.#held === null) return false
      const { draft } = this.#held
      const { world } = this.#options
      const clean = await draftOfRows(this.#definition, this.#shardsOf(draft.rows), world)
      this.#held = null
      this.#tellHeld([])
      this.#publish({ ...draft, ...pickWritten(clean) }, note)
      return true
    })
  }

  continueAfter(after: number): void {
    const { files, facts } = this.#published
    const revision = Math.max(facts.revision, after + 1)
    const counted = files.map((file): FeedFile => ({ ...file, revision, dateIsUnique: false }))
    this.#published = { ...this.#published, files: counted, facts: { ...facts, revision } }
  }

  async idle(): Promise<void> {
    while (this.#working !== null || (this.#timer !== null && this.#isDirty)) {
      if (this.#working === null) this.#start()
      await this.#working
      if (this.#isFailing) return
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#working
    clearFeedAlarms(this.#options.alarms, this.#definition.name)
  }

  #plan(): void {
    if (this.#isClosed || this.#timer !== null || this.#working !== null || !this.#options.isReady()) return
    const sinceMs = this.#options.monotonicMs() - this.#lastMs
    this.#planIn(Math.max(FIRST_MS, this.#pauseMs - sinceMs))
  }

  #planIn(delayMs: number): void {
    this.#cancel()
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#start()
    }, delayMs)
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #start(): void {
    this.#cancel()
    if (this.#working !== null) return
    let retryMs = 0
    this.#working = this.#options.turns
      .take(() => this.#make())
      .then(
        () => {
          this.#isFailing = false
          this.#options.alarms.clear(`feed-not-made:${this.#definition.name}`)
        },
        (error: unknown) => {
          // Whatever it was: firewalls keep the last whole list, people learn of it, and it is tried again.
          this.#options.alarms.raise({
            code: `feed-not-made:${this.#definition.name}`,
            severity: 'critical',
            message: `The feed ${this.#definition.name} could not be made (${messageOf(error)}); revision ${this.facts.revision} is still served.`,
            mend: 'It is tried again by itself every few seconds; look at the log for the cause.',
          })
          this.#isDirty = true
          this.#isFailing = true
          retryMs = RETRY_MS
        },
      )
      .finally(() => {
        this.#working = null
        if (retryMs > 0) this.#planIn(retryMs)
        else if (this.#isDirty) this.#plan()
      })
  }

  /** Work that a person asked for, between two makings. */
  async #alone<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#cancel()
    while (this.#working !== null) await this.#working
    this.#cancel()
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    this.#working = this.#options.turns
      .take(work)
      .then(resolve, reject)
      .finally(() => {
        this.#working = null
        if (this.#isDirty) this.#plan()
      })
    return await promise
  }

  async #make(): Promise<void> {
    const beganMs = this.#options.monotonicMs()
    const lifted = this.#lifted
    this.#isDirty = false
    if (this.#mustRecheck && (this.#held !== null || this.#pin !== null)) await this.#clean()
    this.#mustRecheck = false
    const draft = await makeDraft(this.#definition, this.#options.world)
    const previous = this.facts.origin === 'start' ? null : this.facts
    const holds = [...pinHold(this.#pin), ...holdsOf(judgeDraft(this.#definition, draft, previous, lifted))]
    const isSame = this.#isServed(draft)
    if (holds.length === 0 || (isSame && this.#pin === null)) {
      this.#lifted -= lifted
      this.#held = null
      this.#publish(draft, null)
    } else this.#hold(draft, holds)
    this.#tellHeld(isSame && this.#pin === null ? [] : holds)
    tellSize(this.#options.alarms, this.#definition, draft)
    if (draft.forbidden.length > 0) this.#isDirty = true
    const tookMs = this.#options.monotonicMs() - beganMs
    this.#lastMs = this.#options.monotonicMs()
    this.#pauseMs = Math.min(MOST_PAUSE_MS, Math.max(MIN_INTERVAL_MS, tookMs * PAUSE_FACTOR))
  }

  #isServed(draft: Draft): boolean {
    const { files } = this.#published
    return (
      draft.files.length === files.length &&
      draft.files.every(({ etag, body }, i) => files[i]?.etag === etag && files[i]?.body.equals(body))
    )
  }

  #hold(draft: Draft, holds: readonly Hold[]): void {
    const sinceMs = this.#held?.list.sinceMs ?? this.#options.world.nowMs()
    const { decisions, rows } = draft
    this.#held = { draft, list: { holds, sinceMs, decisions, entries: rows.length } }
  }

  /** The list in service without what must not be in it any more. */
  async #clean(): Promise<void> {
    const { world } = this.#options
    const shards = this.#published.rows ?? this.#shardsOf(this.rows())
    if (!shards.flat().some(({ network }) => world.refuse(network) !== null)) return
    this.#publish(await draftOfRows(this.#definition, shards, world), 'without what may no longer be blocked')
  }

  #publish(draft: Draft, note: string | null): void {
    const previous = this.#published
    const { world, store, events } = this.#options
    const facts = {
      decisions: draft.decisions,
      entries: draft.rows.length,
      bytes: Math.max(...draft.files.map(({ body }) => body.length)),
      leftOutDecisions: draft.leftOutDecisions,
      refused: draft.refusedCount,
      collateral: draft.collateral,
      origin: 'decisions' as const,
    }
    const rows = shardRows(draft)
    if (this.#isServed(draft) && previous.facts.revision > 0) {
      // The same content is the same revision, so that every validator handed out stays good.
      const files = previous.files.map((file) => ({ ...file, origin: 'decisions' as const }))
      this.#published = { files, rows, texts: null, facts: { ...previous.facts, ...facts } }
      return
    }
    const revision = previous.facts.revision + 1
    const madeAtMs = Math.max(world.nowMs(), previous.facts.madeAtMs)
    const dateIsUnique = Math.floor(madeAtMs / 1000) > Math.floor(previous.facts.madeAtMs / 1000)
    const files = draft.files.map(
      (file): FeedFile => ({
        ...file,
        contentType: draft.contentType,
        revision,
        refused: draft.refusedCount,
        madeAtMs,
        dateIsUnique,
        origin: 'decisions',
      }),
    )
    const before = previous.facts.origin === 'start' ? null : this.networks()
    this.#published = { files, rows, texts: null, facts: { ...facts, revision, madeAtMs } }
    const networks = draft.rows.map(({ network }) => network)
    const { decisions, entries } = facts
    const { contentType } = draft
    store.save({
      revision,
      madeAtMs,
      decisions,
      entries,
      contentType,
      note,
      files,
      networks: () => networks.map(formatNetwork),
    })
    const isWhole = before === null || before.length + networks.length > MOST_TOLD
    const { added, removed } = isWhole ? { added: [], removed: [] } : diffRevisions(before, networks)
    events.published({
      feed: this.#definition.name,
      revision,
      added,
      removed,
      isWhole,
      entries,
      atMs: madeAtMs,
    })
  }

  #tellHeld(holds: readonly Hold[]): void {
    tellHeld(this.#options.alarms, this.#definition.name, this.facts.revision, this.#pin, holds)
  }

  #rowsOf(networks: readonly Network[]): readonly FeedRow[] {
    return networks.map((network) => rowOf(network, this.#options.entryOf(network)))
  }

  #shardsOf(rows: readonly FeedRow[]): readonly (readonly FeedRow[])[] {
    return rowsByShard(rows, this.#definition.shards)
  }

  /** What is served before anything is known. */
  #atStart(): Published {
    const { world } = this.#options
    const options = formatOptionsOf(this.#definition, world.sentinel(), 0)
    const format = formatOf(this.#definition)
    const body = renderFeed(format, options.sentinels.map(sentinelRow), options)
    const file: FeedFile = {
      body,
      etag: etagOf(checksumOf(body)),
      contentType: format.contentType,
      revision: 0,
      entries: 0,
      refused: 0,
      madeAtMs: 0,
      dateIsUnique: false,
      origin: 'start',
    }
    const facts: FeedFacts = {
      ...NO_FACTS,
      bytes: body.length,
      origin: 'start',
    }
    const files = Array.from({ length: this.#definition.shards }, () => file)
    return { files, facts, rows: [], texts: null }
  }
}

const NO_FACTS = {
  revision: 0,
  entries: 0,
  decisions: 0,
  madeAtMs: 0,
  leftOutDecisions: 0,
  refused: 0,
  collateral: 0,
}

function fromDisk(kept: KeptRevision): Published {
  const { revision, madeAtMs, decisions, entries, contentType, networks, bodies } = kept
  const files = bodies.map(
    (body, i): FeedFile => ({
      body,
      etag: etagOf(kept.files[i]?.sha256 ?? checksumOf(body)),
      contentType,
      revision,
      entries: kept.files[i]?.entries ?? 0,
      refused: 0,
      madeAtMs,
      dateIsUnique: false,
      origin: 'file',
    }),
  )
  const bytes = Math.max(...bodies.map((body) => body.length))
  const facts: FeedFacts = { ...NO_FACTS, revision, madeAtMs, decisions, entries, bytes, origin: 'file' }
  return { files, facts, rows: null, texts: networks }
}

function pinHold(pin: FeedPin | null): readonly Hold[] {
  if (pin === null) return []
  return [{ code: 'pinned', reason: `${pin.by} keeps it at revision ${pin.revision}: ${pin.reason}` }]
}

function pickWritten({ rows, files, contentType, decisions, forbidden }: Draft): Partial<Draft> {
  return { rows, files, contentType, decisions, forbidden }
}

/** The rows of a draft by the file that holds them. */
function shardRows({ rows, files }: Draft): readonly (readonly FeedRow[])[] {
  let at = 0
  return files.map(({ entries }) => rows.slice(at, (at += entries)))
}

function fault(what: string): never {
  throw new TypeError(`BUG: ${what}`)
}
