/**
 * Who fetched the list, when, and which revision they got: proof that firewalls take it. Kept in memory per address,
 * the last FETCHES_KEPT each; past MAX_FETCHERS addresses the one not seen for longest is forgotten and counted.
 */

/** One answer of the list, as it went out. */
export interface ListFetch {
  readonly address: string
  /** As the client names itself, printable ASCII only, cut to 120 characters; empty when it does not. */
  readonly userAgent: string
  readonly method: string
  /** 200 or 304. */
  readonly status: number
  readonly revision: number
  readonly etag: string
  /** Bytes of the body; 0 for 304 and HEAD. */
  readonly bytes: number
  /** False when the client went away before it had all. */
  readonly isComplete: boolean
  /** When the request came, Unix ms. */
  readonly atMs: number
  readonly durationMs: number
}

export interface Fetcher {
  readonly address: string
  readonly userAgent: string
  readonly firstMs: number
  readonly lastMs: number
  /** Since the service started. */
  readonly fetches: number
  readonly incomplete: number
  readonly lastRevision: number
  readonly lastStatus: number
  /** Oldest first. */
  readonly recent: readonly ListFetch[]
}

const MAX_FETCHERS = 1000
const FETCHES_KEPT = 20

export class FetchLog {
  readonly #fetchers = new Map<string, Fetcher>()
  readonly #maxFetchers: number
  #forgotten = 0

  constructor(options: { maxFetchers?: number } = {}) {
    this.#maxFetchers = options.maxFetchers ?? MAX_FETCHERS
  }

  record(fetch: ListFetch): void {
    const known = this.#fetchers.get(fetch.address)
    // A map keeps the order of insertion: the first key is the one not seen for longest.
    this.#fetchers.delete(fetch.address)
    const oldest = this.#fetchers.keys().next()
    if (this.#fetchers.size >= this.#maxFetchers && oldest.done !== true) {
      this.#fetchers.delete(oldest.value)
      this.#forgotten++
    }
    this.#fetchers.set(fetch.address, {
      address: fetch.address,
      userAgent: fetch.userAgent,
      firstMs: known?.firstMs ?? fetch.atMs,
      lastMs: fetch.atMs,
      fetches: (known?.fetches ?? 0) + 1,
      incomplete: (known?.incomplete ?? 0) + Number(!fetch.isComplete),
      lastRevision: fetch.isComplete ? fetch.revision : (known?.lastRevision ?? 0),
      lastStatus: fetch.status,
      recent: [...(known?.recent ?? []), fetch].slice(-FETCHES_KEPT),
    })
  }

  /** The one seen last first. */
  fetchers(): Fetcher[] {
    return [...this.#fetchers.values()].reverse()
  }

  get forgotten(): number {
    return this.#forgotten
  }
}

/** A user agent as it may be stored and shown: printable ASCII, 120 characters at most. */
export function cutUserAgent(text: string | undefined): string {
  return (text ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 120)
}
