/**
 * One firewall as the proof of enforcement knows it: by which addresses it fetches, under which names its lines come, what
 * it fetched and when, how often, what its lines say of blocked sources, and where it leaks. Made for firewalls that
 * people named, for addresses that fetch, and for devices that report without being known to fetch.
 */

/** What people say of a firewall (object kind `firewall`). */
export interface NamedFirewall {
  readonly id: string
  readonly name: string
  /** From which it fetches or sends its lines, canonical. */
  readonly addresses: readonly string[]
  /** As its lines name it: name or serial. */
  readonly devices: readonly string[]
  /** How often it fetches; null: learned from its fetches. */
  readonly intervalMs: number | null
}

/** `named`: by people; `fetcher`: an address that fetches; `device`: reports, and fetches under no known address. */
export type FirewallOrigin = 'named' | 'fetcher' | 'device'

export interface Leak {
  readonly target: string
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly lines: number
  /** The rule that let it through; hostile text. */
  readonly rule: string | null
}

export interface FeedFetches {
  readonly feed: string
  /** The revision that it holds for certain: of several shards the oldest. */
  readonly revision: number
  readonly lastMs: number
  readonly fetches: number
}

/** What a firewall says that it loaded. */
export interface Loaded {
  readonly feed: string
  readonly atMs: number
  readonly valid: number
  readonly ignored: number | null
  readonly invalid: number | null
  /** How many the revision has that it fetched last, the sentinel of an empty one counted; null when not known. */
  readonly expected: number | null
  /** Since when it differs from what is expected, or entries were passed over; null while it is right. */
  readonly wrongSinceMs: number | null
  /** The revision all of which it loaded; null: not all, or not known. */
  readonly wholeRevision: number | null
}

const DEFAULT_INTERVAL_MS = 300_000
const SHORTEST_INTERVAL_MS = 30_000
/** A firewall that asks daily is given an hour of grace, not a day. */
const LONGEST_GRACE_MS = 3_600_000
const GAPS_KEPT = 8
/** So many even gaps make a stranger one that is missed when it stops. */
const REGULAR_GAPS = 4
const MAX_DEVICES = 32
const MAX_FEEDS = 16
const MAX_SHARDS = 64
const MAX_LEAKS = 1000
/** Fetches of new revisions that are remembered. */
const HELD_KEPT = 64

interface FeedState {
  readonly shards: Map<number, number>
  revision: number
  lastMs: number
  fetches: number
  readonly gapsMs: number[]
  /** When it first held which revision, oldest first. */
  readonly held: { readonly revision: number; readonly atMs: number }[]
  /** Publications up to here are marked as fetched; see EnforcementBook. */
  cursor: number
}

export class Firewall {
  readonly key: string
  readonly origin: FirewallOrigin
  name: string
  readonly addresses = new Set<string>()
  readonly devices = new Set<string>()
  intervalSetMs: number | null = null
  fetches = 0
  firstFetchMs: number | null = null
  lastFetchMs: number | null = null
  /** Lines of blocked sources since they were blocked. */
  denied = 0
  deniedByList = 0
  allowed = 0
  firstDeniedAtMs: number | null = null
  lastDeniedAtMs: number | null = null
  lastAllowedAtMs: number | null = null
  /** By target. */
  readonly leaks = new Map<string, Leak>()
  /** Leaks beyond those that are kept. */
  moreLeaks = 0
  readonly loaded = new Map<string, Loaded>()
  readonly #feeds = new Map<string, FeedState>()

  constructor(key: string, origin: FirewallOrigin, name: string) {
    this.key = key
    this.origin = origin
    this.name = name
  }

  /** Takes over what another one was known to have done: it turned out to be this one. */
  adopt(other: Firewall): void {
    for (const [feed, state] of other.#feeds) if (!this.#feeds.has(feed)) this.#feeds.set(feed, state)
    for (const [feed, loaded] of other.loaded) if (!this.loaded.has(feed)) this.loaded.set(feed, loaded)
    for (const [target, leak] of other.leaks)
      if (!this.leaks.has(target) && this.leaks.size < MAX_LEAKS) this.leaks.set(target, leak)
    this.fetches += other.fetches
    this.denied += other.denied
    this.deniedByList += other.deniedByList
    this.allowed += other.allowed
    this.firstFetchMs = earlier(this.firstFetchMs, other.firstFetchMs)
    this.lastFetchMs = later(this.lastFetchMs, other.lastFetchMs)
    this.firstDeniedAtMs = earlier(this.firstDeniedAtMs, other.firstDeniedAtMs)
    this.lastDeniedAtMs = later(this.lastDeniedAtMs, other.lastDeniedAtMs)
    this.lastAllowedAtMs = later(this.lastAllowedAtMs, other.lastAllowedAtMs)
  }

  addDevice(device: string): void {
    if (this.devices.size < MAX_DEVICES) this.devices.add(device)
  }

  /** Takes a fetch in; returns the revision that it now holds for certain, or null when nothing is certain. */
  fetched(feed: string, shard: number, revision: number, atMs: number): number | null {
    this.fetches++
    this.firstFetchMs ??= atMs
    this.lastFetchMs = Math.max(this.lastFetchMs ?? atMs, atMs)
    let state = this.#feeds.get(feed)
    if (state === undefined) {
      if (this.#feeds.size >= MAX_FEEDS) return null
      state = { shards: new Map(), revision: 0, lastMs: atMs, fetches: 0, gapsMs: [], held: [], cursor: 0 }
      this.#feeds.set(feed, state)
    } else if (shard === 1 && atMs > state.lastMs) {
      state.gapsMs.push(atMs - state.lastMs)
      if (state.gapsMs.length > GAPS_KEPT) state.gapsMs.shift()
    }
    if (shard === 1 || state.fetches === 0) state.lastMs = atMs
    state.fetches++
    if (state.shards.size < MAX_SHARDS || state.shards.has(shard)) state.shards.set(shard, revision)
    state.revision = Math.min(...state.shards.values())
    if (state.revision > (state.held.at(-1)?.revision ?? -1)) {
      state.held.push({ revision: state.revision, atMs })
      if (state.held.length > HELD_KEPT) state.held.shift()
    }
    return state.revision
  }

  /** When it first held the revision or a later one, as far as is remembered; null: it does not. */
  heldSince(feed: string, revision: number): { readonly revision: number; readonly atMs: number } | null {
    return this.#feeds.get(feed)?.held.find((held) => held.revision >= revision) ?? null
  }

  feed(name: string): (FeedFetches & { cursor: number }) | null {
    const state = this.#feeds.get(name)
    if (state === undefined) return null
    const { revision, lastMs, fetches, cursor } = state
    return { feed: name, revision, lastMs, fetches, cursor }
  }

  moveCursor(feed: string, cursor: number): void {
    const state = this.#feeds.get(feed)
    if (state !== undefined) state.cursor = cursor
  }

  feeds(): FeedFetches[] {
    return Array.from(this.#feeds, ([feed, { revision, lastMs, fetches }]) => ({
      feed,
      revision,
      lastMs,
      fetches,
    }))
  }

  /** Between two fetches: as people set it, else the median of the last gaps, else five minutes. */
  get intervalMs(): number {
    if (this.intervalSetMs !== null) return this.intervalSetMs
    const gaps = this.#longestHistory().toSorted((a, b) => a - b)
    const median = gaps.length < 2 ? DEFAULT_INTERVAL_MS : (gaps[Math.floor(gaps.length / 2)] as number)
    return Math.max(SHORTEST_INTERVAL_MS, median)
  }

  /** How long after a fetch a packet may still pass: the firewall loads the list some time after it has it. */
  get graceMs(): number {
    return Math.min(this.intervalMs, LONGEST_GRACE_MS)
  }

  /** Whether somebody misses it when it stops: people named it, or it has fetched evenly, as no person does. */
  get isExpected(): boolean {
    if (this.origin === 'named') return true
    const gaps = this.#longestHistory()
    if (this.origin !== 'fetcher' || gaps.length < REGULAR_GAPS) return false
    const last = gaps.slice(-REGULAR_GAPS)
    return Math.max(...last) <= 2 * Math.min(...last)
  }

  leak(target: string, atMs: number, lines: number, rule: string | null): void {
    const known = this.leaks.get(target)
    if (known === undefined && this.leaks.size >= MAX_LEAKS) {
      this.moreLeaks++
      return
    }
    this.leaks.set(target, {
      target,
      firstAtMs: known?.firstAtMs ?? atMs,
      lastAtMs: Math.max(known?.lastAtMs ?? atMs, atMs),
      lines: (known?.lines ?? 0) + lines,
      rule: rule ?? known?.rule ?? null,
    })
  }

  #longestHistory(): readonly number[] {
    let longest: readonly number[] = []
    for (const { gapsMs } of this.#feeds.values()) if (gapsMs.length > longest.length) longest = gapsMs
    return longest
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}
