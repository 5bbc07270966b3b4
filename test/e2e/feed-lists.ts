/** For the tests of lists for firewalls: the list of the older system and a packed feed, of the same addresses, on one site. */
import assert from 'node:assert/strict'
import { type FeedSite, range } from '../../src/api/feed-testing.ts'
import { FIRST_FEED, type FeedDefinition } from '../../src/publish/feeds/feed-definition.ts'

/** Served by the engine of the older system's list. */
export const LIST = '/files/blacklist.txt'
/** Served by the engine of packed feeds. */
export const EDGE = '/feeds/edge.txt'
export const PATHS: readonly string[] = [LIST, EDGE]
export const WHO = { by: 'ann', reason: 'test' }
export const EDGE_FEED: FeedDefinition = { ...FIRST_FEED, name: 'edge', path: EDGE, aggregate: 'lossless' }

/** From now on the list and the feed of the site hold so many addresses. */
export async function serve(site: FeedSite, count: number): Promise<void> {
  site.decisions.add(range(count))
  site.feeds.takeDecisions(site.decisions)
  await site.desk.add(EDGE_FEED, [], WHO)
  await site.feeds.idle()
}

/** What serves a path of the site. */
export const engineAt = (site: FeedSite, path: string) => site.feeds.byPath(path)?.engine ?? assert.fail(path)
