/**
 * The counter at which feeds are fetched: a path and what the client brings in, a file or the way to turn it away out.
 *
 * Which way depends on who asks (a firewall drops its list over an error of authentication, and keeps it when the server
 * cannot be reached). A known firewall, one that was given a list before or whose address the feed names, is never answered
 * with an error: its connection is closed, and an alarm says so. A stranger gets 404 as for a path that is not there,
 * after the same work, and after some tries a minute nothing any more.
 */
import type { AlarmSink } from '../../telemetry/alarms.ts'
import { type Admission, type Brought, FeedDoor, isPathToken } from './feed-access.ts'
import type { FeedFile } from './feed-engine.ts'
import { intervalOf } from './feed-fetchers.ts'
import { GuessThrottle } from './guess-throttle.ts'
import type { ManagedFeed } from './managed-feed.ts'
import { parseMineMeldQuery } from './minemeld.ts'
import { SliceDesk } from './slice-desk.ts'

const MOST_FORMER = 1000

export interface FeedRequest extends Omit<Brought, 'pathToken'> {
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
}

export type FeedAnswer =
  | {
      readonly kind: 'file'
      readonly feed: string
      readonly file: FeedFile
      readonly shard: number
      readonly credential: string | null
      /** Nothing was asked for: anybody would get it. */
      readonly isOpen: boolean
    }
  /** A slice: at once or when it has been written; null: too many wait, and the connection is to be closed. */
  | {
      readonly kind: 'slice'
      readonly feed: string
      readonly file: FeedFile | Promise<FeedFile> | null
      readonly shard: number
      readonly credential: string | null
    }
  /** The connection is to be closed without a word. `feed`: of a known fetcher; null: a stranger who tried too often. */
  | { readonly kind: 'close'; readonly feed: string | null }
  | { readonly kind: 'unknown' }

export interface FeedCounterOptions {
  readonly feeds: () => Iterable<ManagedFeed>
  readonly byPath: (path: string) => ManagedFeed | undefined
  readonly sentinel: () => string
  readonly nowMs: () => number
  readonly alarms: AlarmSink
}

/** Asked in place of a feed that is not there, so that both take the same time. */
const NO_DOOR = new FeedDoor({
  open: false,
  credentials: [{ kind: 'bearer', name: '-', hash: '0'.repeat(64), validUntilMs: null }],
  sources: [],
})

export class FeedCounter {
  readonly #options: FeedCounterOptions
  readonly #throttle = new GuessThrottle()
  readonly #slices: SliceDesk
  /** Addresses that fetched feeds which are gone; the oldest are forgotten. */
  readonly #former = new Set<string>()
  /** Cut off since their last good fetch, by feed. */
  readonly #refused = new Map<string, Set<string>>()

  constructor(options: FeedCounterOptions) {
    this.#options = options
    this.#slices = new SliceDesk(options)
  }

  /** O(credentials) and one look into a map. */
  answer(request: FeedRequest): FeedAnswer {
    const { path, pathToken } = splitPath(request.path)
    const feed = this.#options.byPath(path)
    const nowMs = this.#options.nowMs()
    const admission = (feed?.door ?? NO_DOOR).admit({ ...request, pathToken }, nowMs)
    if (feed === undefined || !admission.ok) return this.#turnAway(request, feed, admission, nowMs)
    this.#welcome(feed, request.address)
    const shard = shardOf(request.query, feed.definition.shards)
    const query = parseMineMeldQuery(request.query)
    const whole = feed.engine.file(shard)
    const answer = { feed: feed.definition.name, shard, credential: admission.credential }
    if (query !== null) {
      const file = this.#slices.of({ feed, shard, whole, query })
      return { kind: 'slice', file, ...answer }
    }
    return {
      kind: 'file',
      file: whole,
      ...answer,
      isOpen: feed.definition.access.open && feed.definition.access.sources.length === 0,
    }
  }

  /**
   * The feeds of the format `stix` that the client may have, with the credential that opened each; null: the connection is to
   * be closed, for it tried too often, or has fetched one before (FortiGate takes threat feeds by TAXII as well).
   */
  collectionsFor(
    brought: Brought,
  ): readonly { readonly feed: ManagedFeed; readonly credential: string | null }[] | null {
    const nowMs = this.#options.nowMs()
    const collections = [...this.#options.feeds()].filter(({ definition }) => definition.format === 'stix')
    const admitted = collections.map((feed) => ({ feed, admission: feed.door.admit(brought, nowMs) }))
    const allowed = admitted.flatMap(({ feed, admission }) =>
      admission.ok ? [{ feed, credential: admission.credential }] : [],
    )
    for (const { feed } of allowed) this.#welcome(feed, brought.address)
    if (allowed.length > 0) return allowed
    const known = admitted.find(({ feed }) => feed.fetchers.knows(brought.address))
    if (known !== undefined) {
      this.#tellRefused(known.feed.definition.name, brought.address, reasonOf(known.admission))
      return null
    }
    return this.#throttle.mayTry(brought.address, nowMs) ? [] : null
  }

  /** A feed is gone: so is what is kept for it. */
  forget(feed: string): void {
    this.#refused.delete(feed)
    this.#options.alarms.clear(`firewall-refused:${feed}`)
  }

  /** An address fetched a feed that is gone: it is known all the same. */
  rememberFormer(address: string): void {
    this.#former.delete(address)
    this.#former.add(address)
    const [oldest] = this.#former
    if (this.#former.size > MOST_FORMER && oldest !== undefined) this.#former.delete(oldest)
  }

  #turnAway(
    { address }: FeedRequest,
    feed: ManagedFeed | undefined,
    admission: Admission,
    nowMs: number,
  ): FeedAnswer {
    const all = [...this.#options.feeds()]
    const ofFeed = feed !== undefined && (feed.door.names(address) || feed.fetchers.knows(address))
    const ofAny = all.find(({ door, fetchers }) => fetchers.knows(address) || door.names(address))
    if (!ofFeed && ofAny === undefined && !this.#former.has(address))
      return this.#throttle.mayTry(address, nowMs) ? { kind: 'unknown' } : { kind: 'close', feed: null }
    const name = feed?.definition.name ?? ofAny?.definition.name ?? null
    if (name !== null && (feed !== undefined || this.#isRegular(address)))
      this.#tellRefused(name, address, feed === undefined ? 'no-feed' : reasonOf(admission))
    return { kind: 'close', feed: name }
  }

  /** A person who looked at a list once and mistyped a path is no matter for an alarm. */
  #isRegular(address: string): boolean {
    return [...this.#options.feeds()].some(({ fetchers }) => {
      const fetcher = fetchers.get(address)
      return fetcher !== null && intervalOf(fetcher) !== null
    })
  }

  #tellRefused(feed: string, address: string, why: keyof typeof WHY): void {
    const refused = this.#refused.get(feed) ?? new Set<string>()
    this.#refused.set(feed, refused.size < 100 ? refused.add(address) : refused)
    const others = refused.size > 1 ? ` (${refused.size} addresses in all)` : ''
    this.#options.alarms.raise({
      code: `firewall-refused:${feed}`,
      severity: 'critical',
      message: `${address}${others} has fetched before and was turned away at the feed ${feed}: ${WHY[why]}. Its connection was closed, so that it keeps its last list.`,
      mend: `Give it what the feed asks for (feeds rotate-token ${feed} makes a new credential beside the old), or forget it: feeds fetchers ${feed} --forget ADDRESS.`,
    })
  }

  #welcome({ definition }: ManagedFeed, address: string): void {
    const refused = this.#refused.get(definition.name)
    if (refused?.delete(address) !== true || refused.size > 0) return
    this.forget(definition.name)
  }
}

const WHY = {
  address: 'its address is none of those that may fetch',
  'no-credential': 'it brought no credential',
  'wrong-credential': 'its credential is wrong or has ended',
  'no-feed': 'it asked for a path that no feed has any more',
} as const

function reasonOf(admission: Admission): keyof typeof WHY {
  return admission.ok ? 'no-feed' : admission.why
}

/** `/feeds/TOKEN/partner.txt` is the path `/feeds/partner.txt` with a token. */
function splitPath(path: string): { path: string; pathToken: string | null } {
  const segments = path.split('/')
  const token = segments[2] ?? ''
  if (!isPathToken(token)) return { path, pathToken: null }
  return { path: [...segments.slice(0, 2), ...segments.slice(3)].join('/'), pathToken: token }
}

/** From 1; what is no number of a shard is the first. */
function shardOf(query: URLSearchParams, shards: number): number {
  const text = query.get('shard') ?? ''
  if (shards === 1 || !/^\d{1,4}$/.test(text)) return 1
  return Math.max(1, Number(text))
}
