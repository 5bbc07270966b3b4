/**
 * All feeds of the service. It is opened before the state: definitions and last good lists come from disk, so that every
 * feed is served at once; `takeState` then reads the kept objects, `takeDecisions` the decisions, and lists are made.
 *
 * A change of the list goes to the feeds that it concerns; each makes its own list, four at a time at most, in slices and
 * in the packer's thread, so that many feeds do not slow each other or a fetch. People's changes of feeds are in
 * feed-desk.ts.
 */
import { join } from 'node:path'
import type { Network } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Journal, ObjectRepository } from '../../model/object.ts'
import type { AlarmSink } from '../../telemetry/alarms.ts'
import type { RenderReport } from '../block-list.ts'
import type { ListSnapshot } from '../list-snapshot.ts'
import { EntryBook, type EntrySource } from './entry-book.ts'
import { clearFeedAlarms } from './feed-alarms.ts'
import { FeedDoor } from './feed-access.ts'
import { readFeedCopy, writeFeedCopy } from './feed-copy.ts'
import { FeedCounter } from './feed-counter.ts'
import {
  FIRST_FEED,
  filterOfFeed,
  listParts,
  showsGrade,
  showsTime,
  type FeedDefinition,
} from './feed-definition.ts'
import type { DraftWorld } from './feed-draft.ts'
import { keptOf } from './feed-engine.ts'
import { entryOf, type FeedEntry } from './feed-entry.ts'
import { FeedEvents, type FeedFetch } from './feed-events.ts'
import { FeedFetchers } from './feed-fetchers.ts'
import { makeFilter } from './feed-filter.ts'
import { FEED_KIND, feedOfBody, type KeptFeed } from './feed-object.ts'
import { FetchJournal } from './fetch-journal.ts'
import type { ManagedFeed } from './managed-feed.ts'
import { PackedFeed } from './packed-feed.ts'
import { Packer } from './packer.ts'
import { RevisionStore, type KeptRevision } from './revision-store.ts'
import { SilenceWatch } from './silence-watch.ts'
import { TaxiiShelf } from './taxii-shelf.ts'
import { Turns } from './turns.ts'
import { isWhole, WholeFeed } from './whole-feed.ts'

/** Lists made at one time. */
const TURNS = 4
export const MOST_FEEDS = 200
/** What moves without the list (last seen, ages, ends) is looked at so often. */
const REFRESH_MS = 60_000
const SILENCE_CHECK_MS = 15_000
/** Fetches read back at a start, to know again who fetches and how often. */
const FETCHES_READ = 20_000

export interface FeedServiceOptions {
  /** `<data>/lists`. */
  readonly folder: string
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly sentinel: () => string
  /** Why a network must never be published, or null. */
  readonly refuse: (target: Network) => string | null
  /** Networks over which nothing is merged; asked when a list is made. */
  readonly never: () => readonly Network[]
  /** Peers with completed sessions; null: they cannot be told now. */
  readonly spared: () => Promise<readonly Network[] | null>
  /** The last good copy of the whole list. */
  readonly initialList: ListSnapshot | null
  readonly onListRendered: (report: RenderReport) => void
  readonly onFailure: (what: string, error: unknown) => void
  /** Revisions are written so often at most; 1 s unless given. */
  readonly writeEveryMs?: number
}

export class FeedService {
  readonly events: FeedEvents
  readonly counter: FeedCounter
  /** The whole list: the engine of the first feed, and what a lost state is rebuilt from. */
  readonly whole: WholeFeed
  readonly #options: FeedServiceOptions
  readonly #feeds = new Map<string, ManagedFeed>()
  readonly #byPath = new Map<string, ManagedFeed>()
  readonly #packer = new Packer()
  readonly #turns = new Turns(TURNS)
  readonly #wholeStore: RevisionStore
  readonly #silence: SilenceWatch
  #source: EntrySource | null = null
  /** Made when a list is packed for the first time: the whole list alone needs none. */
  #book: EntryBook | null = null
  #journal: FetchJournal | null = null
  #timers: NodeJS.Timeout[] = []
  /** Definitions from the disk: nobody could read the state yet. */
  #isFromCopy = true
  #copying: Promise<void> = Promise.resolve()

  private constructor(options: FeedServiceOptions) {
    const { alarms, clock } = options
    this.#options = options
    this.#silence = new SilenceWatch(clock, alarms)
    this.events = new FeedEvents(options.onFailure)
    this.#wholeStore = this.#storeOf(FIRST_FEED.name)
    this.whole = new WholeFeed({
      name: FIRST_FEED.name,
      clock,
      alarms,
      sentinel: options.sentinel(),
      refuse: options.refuse,
      initial: options.initialList,
      store: this.#wholeStore,
      events: this.events,
      entryOf: (network) => this.entryOf(network),
      onRendered: options.onListRendered,
    })
    this.counter = new FeedCounter({
      feeds: () => this.#feeds.values(),
      byPath: (path) => this.#byPath.get(path),
      sentinel: options.sentinel,
      nowMs: () => clock.nowMs(),
      alarms,
    })
  }

  /** Reads definitions and last good lists from disk and serves them. Never rejects for their sake. */
  static async open(options: FeedServiceOptions): Promise<FeedService> {
    const service = new FeedService(options)
    const { feeds, findings } = await readFeedCopy(service.#copyPath)
    if (findings.length > 0) service.#tellUnread(findings)
    const known = feeds.some(({ definition }) => definition.name === FIRST_FEED.name)
    for (const feed of known ? feeds : [{ definition: FIRST_FEED, pin: null }, ...feeds])
      await service.put(feed, 0)
    return service
  }

  get #copyPath(): string {
    return join(this.#options.folder, 'feeds.json')
  }

  /** In the order of their names. */
  all(): ManagedFeed[] {
    return [...this.#feeds.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
  }

  get(name: string): ManagedFeed | undefined {
    return this.#feeds.get(name)
  }

  byPath(path: string): ManagedFeed | undefined {
    return this.#byPath.get(path)
  }

  get journal(): FetchJournal | null {
    return this.#journal
  }

  /** What drafts and previews are made from. */
  get world(): DraftWorld {
    const { refuse, never, spared, sentinel, clock } = this.#options
    return {
      packer: this.#packer,
      entries: () => this.#entries(),
      refuse,
      never,
      spared,
      sentinel,
      nowMs: () => clock.nowMs(),
    }
  }

  entryOf(network: Network): FeedEntry | null {
    if (this.#book !== null) return this.#book.of(network)
    const block = this.#source?.blockOf(network) ?? null
    return block === null ? null : entryOf(block.decision, { hits: block.lines })
  }

  #entries(): readonly FeedEntry[] {
    if (this.#book === null && this.#source !== null) this.#book = new EntryBook(this.#source)
    return this.#book?.all() ?? []
  }

  /** Decisions that drafts are made from are known. */
  get isReady(): boolean {
    return this.#source !== null
  }

  /**
   * The feeds as the state keeps them. `isFresh`: the state was begun anew, so what the copy on disk knows is written into
   * it. Rejects with AppError `state-unavailable`; the feeds of the copy then go on being served.
   */
  async takeState(state: ObjectRepository & Journal, isFresh: boolean): Promise<void> {
    const { clock, alarms } = this.#options
    const objects = await state.objects(FEED_KIND)
    const findings: string[] = []
    const kept = new Map<string, { feed: KeptFeed; version: number }>()
    for (const object of objects) {
      const feed = feedOfBody(object.body)
      if (typeof feed === 'string') findings.push(`The feed ${object.id} is not used: ${feed}`)
      else kept.set(object.id, { feed, version: object.version })
    }
    for (const { definition } of this.all()) {
      const isWanted = kept.has(definition.name) || definition.name === FIRST_FEED.name || isFresh
      // One that cannot be read is served as the copy has it: better an old definition than none.
      const isUnread = objects.some(({ id }) => id === definition.name)
      if (!isWanted && !isUnread) await this.drop(definition.name)
    }
    for (const { feed, version } of kept.values()) await this.put(feed, version)
    if (findings.length > 0) this.#tellUnread(findings)
    this.#isFromCopy = false
    this.#journal = new FetchJournal({ journal: state, clock, alarms })
    for (const fetch of (await this.#journal.read({ limit: FETCHES_READ })).reverse()) {
      const feed = this.#feeds.get(fetch.feed)
      if (feed !== undefined) feed.fetchers.note(fetch)
      else if (fetch.status !== 0) this.counter.rememberFormer(fetch.address)
    }
    // After a kill the disk may lack the last revisions: a number that a firewall was given must not mean another list.
    for (const { engine, fetchers } of this.#feeds.values()) {
      const given = Math.max(0, ...fetchers.all().map(({ lastRevision }) => lastRevision))
      if (given > engine.facts.revision) engine.continueAfter(given)
    }
    await this.keepCopy()
  }

  /** The decisions are known: lists are made from now on. */
  takeDecisions(source: EntrySource): void {
    this.#source = source
    this.whole.replace(source.published())
    for (const { engine } of this.#feeds.values()) engine.recheck()
    this.#timers.push(
      setInterval(() => void this.refresh(), REFRESH_MS),
      setInterval(() => this.checkSilence(), SILENCE_CHECK_MS),
    )
  }

  /** A change of the list: the feeds that it concerns are made again. O(change × feeds). */
  apply(change: {
    readonly added: readonly Network[]
    readonly removed: readonly Network[]
    readonly liftedByPeople?: number
    readonly regraded?: readonly Network[]
  }): void {
    if (this.#source === null) return
    const { added, removed, regraded = [] } = change
    if (regraded.length > 0) this.#regrade(regraded)
    if (added.length === 0 && removed.length === 0) return
    const gone = removed.map((target) => this.#book?.of(target) ?? null).filter((entry) => entry !== null)
    this.#book?.apply(change)
    this.whole.apply(change)
    const packed = [...this.#feeds.values()].filter(({ engine }) => engine !== this.whole)
    if (packed.length === 0) return
    const come = added.map((target) => this.entryOf(target)).filter((entry) => entry !== null)
    const lifted = Math.min(change.liftedByPeople ?? 0, removed.length)
    const nowMs = this.#options.clock.nowMs()
    for (const { definition, engine } of packed) {
      const matches = makeFilter(filterOfFeed(definition), nowMs)
      const left = gone.filter(matches).length
      if (this.#book === null) engine.touch(lifted)
      else if (left > 0 || come.some(matches)) engine.touch(Math.min(lifted, left))
      // What was allowed or protected leaves a held list too.
      if (engine.held !== null && removed.some((target) => this.#options.refuse(target) !== null))
        engine.recheck()
    }
  }

  /** Blocks whose severity or country is another one: feeds that ask for it or show it are made again. */
  #regrade(targets: readonly Network[]): void {
    const entries = targets.flatMap((target) => [
      this.#book?.of(target) ?? null,
      this.#book?.put(target) ?? null,
    ])
    const touched = entries.filter((entry) => entry !== null)
    const nowMs = this.#options.clock.nowMs()
    for (const { definition, engine } of this.#feeds.values()) {
      if (engine === this.whole || !showsGrade(definition)) continue
      if (touched.some(makeFilter(filterOfFeed(definition), nowMs))) engine.touch()
    }
  }

  /** What must never be blocked, or the sentinel, has changed. */
  recheck(): void {
    this.whole.list.setSentinel(this.#options.sentinel())
    this.whole.recheck()
    for (const { engine } of this.#feeds.values()) if (engine !== this.whole) engine.recheck()
  }

  /** Reads the decisions again for what moves without the list, and makes the lists that show it. */
  async refresh(): Promise<void> {
    const isUsed = [...this.#feeds.values()].some(({ engine }) => engine !== this.whole)
    if (!isUsed) this.#book = null
    await this.#book?.refresh()
    for (const { definition, engine } of this.#feeds.values())
      if (showsTime(definition) && engine !== this.whole) engine.touch()
  }

  /** Addresses of a feed's fetchers that should have come by now. */
  silentOf(feed: ManagedFeed): ReadonlySet<string> {
    return this.#silence.of(feed)
  }

  /** Firewalls that stay away for three of their intervals are an alarm. */
  checkSilence(): void {
    this.#silence.check(this.#feeds.values())
  }

  /** To be told of every answered fetch of a feed. */
  noteFetch(fetch: FeedFetch): void {
    this.#feeds.get(fetch.feed)?.fetchers.note(fetch)
    this.#journal?.note(fetch)
    this.events.fetched(fetch)
  }

  /** Takes over a feed as it is kept: a new one, or another definition or pin of a known one. */
  async put({ definition, pin }: KeptFeed, version: number): Promise<void> {
    const known = this.#feeds.get(definition.name)
    if (known === undefined) {
      await this.#add(definition, pin, version)
      return
    }
    this.#byPath.delete(known.definition.path)
    this.#byPath.set(definition.path, known)
    const isListChanged =
      JSON.stringify(listParts(known.definition)) !== JSON.stringify(listParts(definition))
    Object.assign(known, { definition, version, door: new FeedDoor(definition.access) })
    if (isListChanged) await this.#reengine(known)
    if (JSON.stringify(known.pin) !== JSON.stringify(pin)) {
      known.pin = pin
      known.engine.setPin(pin)
    }
  }

  async #add(definition: FeedDefinition, pin: ManagedFeed['pin'], version: number): Promise<void> {
    const isFirst = definition.name === FIRST_FEED.name
    const store = isFirst ? this.#wholeStore : this.#storeOf(definition.name)
    const initial = await store.open()
    const engine =
      isFirst && isWhole(definition) ? this.whole : this.#packedOf(definition, store, initial, pin)
    const feed: ManagedFeed = {
      definition,
      pin,
      version,
      door: new FeedDoor(definition.access),
      engine,
      store,
      fetchers: new FeedFetchers(),
      shelf: new TaxiiShelf(definition.name),
    }
    this.#feeds.set(definition.name, feed)
    this.#byPath.set(definition.path, feed)
    if (engine === this.whole) this.whole.setPin(pin)
    else {
      if (isFirst) this.whole.serve(false)
      engine.touch()
    }
  }

  /** Another list than before: the packed engine takes it over, or the first feed changes its engine. */
  async #reengine(feed: ManagedFeed): Promise<void> {
    const { definition, engine } = feed
    const wantsWhole = definition.name === FIRST_FEED.name && isWhole(definition)
    if (engine instanceof PackedFeed && !wantsWhole) {
      engine.redefine(definition)
      return
    }
    if (wantsWhole === (engine === this.whole)) return
    if (wantsWhole) {
      await engine.close()
      this.whole.serve(true, engine.facts.revision)
      this.whole.setPin(feed.pin)
      feed.engine = this.whole
      return
    }
    feed.engine = this.#packedOf(definition, feed.store, keptOf(engine), feed.pin)
    this.whole.serve(false)
    feed.engine.touch()
  }

  #packedOf(
    definition: FeedDefinition,
    store: RevisionStore,
    initial: KeptRevision | null,
    pin: ManagedFeed['pin'],
  ): PackedFeed {
    const { alarms, clock } = this.#options
    return new PackedFeed({
      definition,
      world: this.world,
      entryOf: (network) => this.entryOf(network),
      store,
      events: this.events,
      alarms,
      turns: this.#turns,
      monotonicMs: () => clock.monotonicMs(),
      isReady: () => this.isReady,
      initial,
      pin,
    })
  }

  #storeOf(name: string): RevisionStore {
    const { folder, clock, alarms, writeEveryMs: minIntervalMs } = this.#options
    return new RevisionStore({
      folder: join(folder, 'feeds', name),
      feed: name,
      clock,
      alarms,
      minIntervalMs,
    })
  }

  /** Ends a feed and removes its revisions. The first feed stays. */
  async drop(name: string): Promise<void> {
    const feed = this.#feeds.get(name)
    if (feed === undefined || name === FIRST_FEED.name) return
    this.#feeds.delete(name)
    this.#byPath.delete(feed.definition.path)
    await feed.engine.close()
    await feed.store.remove()
    this.counter.forget(name)
    for (const { address } of feed.fetchers.all())
      if (feed.fetchers.knows(address)) this.counter.rememberFormer(address)
    for (const code of [`firewall-silent:${name}`, `firewall-refused:${name}`])
      this.#options.alarms.clear(code)
    clearFeedAlarms(this.#options.alarms, name)
  }

  /** Writes the copy of the definitions beside the lists. Never rejects: failure is an alarm. */
  keepCopy(): Promise<void> {
    if (this.#isFromCopy) return Promise.resolve()
    const { alarms } = this.#options
    this.#copying = this.#copying.then(async () => {
      try {
        await writeFeedCopy(this.#copyPath, this.all())
        alarms.clear('feeds-not-copied')
      } catch (error) {
        alarms.raise({
          code: 'feeds-not-copied',
          severity: 'warning',
          message: `The copy of the feeds' definitions cannot be written: ${messageOf(error)}. A start without the state would not know them.`,
          mend: 'Free space on the disk of data.dir and see that its owner may write there.',
        })
      }
    })
    return this.#copying
  }

  /** Resolves when no list is being made or waits to be. */
  async idle(): Promise<void> {
    for (const { engine } of this.#feeds.values()) await engine.idle()
  }

  /** Last lists and fetches are on disk when it resolves. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    for (const { engine, store } of this.#feeds.values()) {
      await engine.close()
      await store.close()
    }
    await this.whole.close()
    await this.#wholeStore.close()
    await this.#packer.close()
    await this.#copying
  }

  /** Writes the fetches that wait; before the state is closed. */
  async closeJournal(): Promise<void> {
    await this.#journal?.close()
    this.#journal = null
  }

  #tellUnread(findings: readonly string[]): void {
    this.#options.alarms.raise({
      code: 'feeds-not-read',
      severity: 'critical',
      message: findings.slice(0, 3).join(' '),
      mend: 'Look at active-defense feeds list; make the feed anew with feeds add.',
    })
  }
}
