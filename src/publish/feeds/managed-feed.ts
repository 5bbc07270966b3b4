/** One feed with all that belongs to it. */
import type { FeedDoor } from './feed-access.ts'
import type { FeedDefinition } from './feed-definition.ts'
import type { FeedEngine } from './feed-engine.ts'
import type { FeedFetchers } from './feed-fetchers.ts'
import type { FeedPin } from './feed-object.ts'
import type { RevisionStore } from './revision-store.ts'
import type { TaxiiShelf } from './taxii-shelf.ts'

export interface ManagedFeed {
  definition: FeedDefinition
  pin: FeedPin | null
  /** Of the kept object; 0: not kept in the state yet. */
  version: number
  door: FeedDoor
  engine: FeedEngine
  readonly store: RevisionStore
  readonly fetchers: FeedFetchers
  readonly shelf: TaxiiShelf
}
