/**
 * What feeds tell other parts: a revision was published, a firewall fetched one, somebody was turned away. A typed hub;
 * listeners are called at once, in their order, and one that throws is reported and does not keep the others from it.
 */
import type { Network } from '../../lib/address.ts'

/** A feed's new list is in service. */
export interface RevisionPublished {
  readonly feed: string
  readonly revision: number
  /** Rows that the one before had not; empty when `isWhole`. */
  readonly added: readonly Network[]
  readonly removed: readonly Network[]
  /** True: the first since the start, or made after a rollback; the differences were not worked out. */
  readonly isWhole: boolean
  readonly entries: number
  readonly atMs: number
}

/** One answer of a feed, as it went out; or why none did. */
export interface FeedFetch {
  readonly feed: string
  readonly address: string
  /** As the client names itself, printable ASCII only, cut to 120 characters; empty when it does not. */
  readonly userAgent: string
  readonly method: string
  /** 200 or 304; 0: a known fetcher was cut off because its credentials were wrong. */
  readonly status: number
  readonly revision: number
  readonly etag: string
  /** From 1. */
  readonly shard: number
  /** Bytes of the body; 0 for 304 and HEAD. */
  readonly bytes: number
  /** False when the client went away before it had all. */
  readonly isComplete: boolean
  /** Name of the credential that let it in; null with an open feed. */
  readonly credential: string | null
  /** When the request came, Unix ms. */
  readonly atMs: number
  readonly durationMs: number
}

type Listener<Event> = (event: Event) => void

export class FeedEvents {
  readonly #onFailure: (what: string, error: unknown) => void
  readonly #published = new Set<Listener<RevisionPublished>>()
  readonly #fetches = new Set<Listener<FeedFetch>>()

  /** `onFailure` is told of listeners that threw; it must not throw. */
  constructor(onFailure: (what: string, error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** Tells of each published revision; returns the way to stop it. */
  onPublished(listener: Listener<RevisionPublished>): () => void {
    this.#published.add(listener)
    return () => this.#published.delete(listener)
  }

  /** Tells of each answered fetch, after the answer is out; returns the way to stop it. */
  onFetch(listener: Listener<FeedFetch>): () => void {
    this.#fetches.add(listener)
    return () => this.#fetches.delete(listener)
  }

  published(event: RevisionPublished): void {
    this.#tell(this.#published, event, 'telling of a published list')
  }

  fetched(event: FeedFetch): void {
    this.#tell(this.#fetches, event, 'telling of a fetch')
  }

  #tell<Event>(listeners: ReadonlySet<Listener<Event>>, event: Event, what: string): void {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#onFailure(what, error)
      }
    }
  }
}
