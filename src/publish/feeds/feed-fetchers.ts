/**
 * Who fetches a feed: per address when first and last, how often, what they got, and the interval that they keep. A
 * fetcher whose fetches come regularly and that then stays away for three intervals is silent: its firewall keeps an old
 * list. Bounded: past MOST_FETCHERS the one not seen for longest is forgotten and counted.
 */
import type { FeedFetch } from './feed-events.ts'

const MOST_FETCHERS = 1000
const GAPS_KEPT = 12
/** So many gaps say how regular a fetcher is. */
const GAPS_NEEDED = 4
/** Of the gaps, so many must be near the middle one. */
const REGULAR_SHARE = 0.7
/** Requests within this time are one fetch (several connections, a retry, HEAD before GET). */
const SAME_FETCH_MS = 2000
/** Nobody is called silent sooner. */
const LEAST_SILENCE_MS = 60_000
const SILENT_INTERVALS = 3
/** After so long it is gone for good, and nothing is said of it any more. */
const GONE_MS = 7 * 86_400_000

export interface FeedFetcher {
  readonly address: string
  readonly userAgent: string
  readonly firstMs: number
  readonly lastMs: number
  readonly fetches: number
  readonly incomplete: number
  /** Refused since the last that was answered. */
  readonly cutOff: number
  /** The last that it got whole, or confirmed by 304. */
  readonly lastRevision: number
  readonly lastStatus: number
  readonly lastBytes: number
  readonly credential: string | null
  /** Of its fetches, oldest first, ms. */
  readonly gapsMs: readonly number[]
}

export class FeedFetchers {
  readonly #fetchers = new Map<string, FeedFetcher>()
  #forgotten = 0

  get forgotten(): number {
    return this.#forgotten
  }

  note(fetch: FeedFetch): void {
    const known = this.#fetchers.get(fetch.address)
    // A map keeps the order of insertion: the first key is the one not seen for longest.
    this.#fetchers.delete(fetch.address)
    const oldest = this.#fetchers.keys().next()
    if (this.#fetchers.size >= MOST_FETCHERS && oldest.done !== true) {
      this.#fetchers.delete(oldest.value)
      this.#forgotten++
    }
    this.#fetchers.set(fetch.address, known === undefined ? firstOf(fetch) : nextOf(known, fetch))
  }

  /** The one seen last first. */
  all(): FeedFetcher[] {
    return [...this.#fetchers.values()].reverse()
  }

  get(address: string): FeedFetcher | null {
    return this.#fetchers.get(address) ?? null
  }

  /** Whether the address has ever been given the list. */
  knows(address: string): boolean {
    return (this.#fetchers.get(address)?.fetches ?? 0) > 0
  }

  /** False when nobody of that address is known. */
  forget(address: string): boolean {
    return this.#fetchers.delete(address)
  }

  /** Those that should have come by now. `upSinceMs`: nobody is blamed for the time before. */
  silent(nowMs: number, upSinceMs: number): { readonly fetcher: FeedFetcher; readonly intervalMs: number }[] {
    return this.all().flatMap((fetcher) => {
      const intervalMs = intervalOf(fetcher)
      if (intervalMs === null || nowMs - fetcher.lastMs > GONE_MS) return []
      const awayMs = nowMs - Math.max(fetcher.lastMs, upSinceMs)
      const isSilent = awayMs > Math.max(LEAST_SILENCE_MS, SILENT_INTERVALS * intervalMs)
      return isSilent ? [{ fetcher, intervalMs }] : []
    })
  }
}

/** The interval that a fetcher keeps, or null when it has not shown one. */
export function intervalOf({ gapsMs }: Pick<FeedFetcher, 'gapsMs'>): number | null {
  if (gapsMs.length < GAPS_NEEDED) return null
  const sorted = gapsMs.toSorted((a, b) => a - b)
  const middle = sorted[sorted.length >> 1] as number
  const near = gapsMs.filter((gap) => gap >= middle * 0.5 && gap <= middle * 1.5).length
  return near >= gapsMs.length * REGULAR_SHARE ? middle : null
}

function firstOf(fetch: FeedFetch): FeedFetcher {
  const isCut = fetch.status === 0
  return {
    address: fetch.address,
    userAgent: fetch.userAgent,
    firstMs: fetch.atMs,
    lastMs: isCut ? 0 : fetch.atMs,
    fetches: isCut ? 0 : 1,
    incomplete: Number(!isCut && !fetch.isComplete),
    cutOff: Number(isCut),
    lastRevision: fetch.isComplete && !isCut ? fetch.revision : 0,
    lastStatus: fetch.status,
    lastBytes: fetch.bytes,
    credential: fetch.credential,
    gapsMs: [],
  }
}

function nextOf(known: FeedFetcher, fetch: FeedFetch): FeedFetcher {
  // Cut off, it has not fetched: the silence goes on.
  if (fetch.status === 0) return { ...known, cutOff: known.cutOff + 1, lastStatus: 0 }
  const gapMs = fetch.atMs - known.lastMs
  const isOther = known.lastMs > 0 && gapMs >= SAME_FETCH_MS
  return {
    ...known,
    userAgent: fetch.userAgent,
    lastMs: Math.max(known.lastMs, fetch.atMs),
    fetches: known.fetches + 1,
    incomplete: known.incomplete + Number(!fetch.isComplete),
    cutOff: 0,
    lastRevision: fetch.isComplete ? fetch.revision : known.lastRevision,
    lastStatus: fetch.status,
    lastBytes: fetch.bytes,
    credential: fetch.credential,
    gapsMs: isOther ? [...known.gapsMs, gapMs].slice(-GAPS_KEPT) : known.gapsMs,
  }
}
