import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedFetch } from './feed-events.ts'
import { FeedFetchers, intervalOf } from './feed-fetchers.ts'
import { NOW_MS } from './feed-fixture.ts'

const MINUTE_MS = 60_000

const fetch = (atMs: number, more: Partial<FeedFetch> = {}): FeedFetch => ({
  feed: 'edge',
  address: '192.0.2.7',
  userAgent: 'PAN',
  method: 'GET',
  status: 200,
  revision: 3,
  etag: '"x"',
  shard: 1,
  bytes: 100,
  isComplete: true,
  credential: null,
  atMs,
  durationMs: 1,
  ...more,
})

function fetching(
  gapsMs: readonly number[],
  more: Partial<FeedFetch> = {},
): { fetchers: FeedFetchers; lastMs: number } {
  const fetchers = new FeedFetchers()
  let atMs = NOW_MS
  fetchers.note(fetch(atMs, more))
  for (const gapMs of gapsMs) fetchers.note(fetch((atMs += gapMs), more))
  return { fetchers, lastMs: atMs }
}

const every5 = Array.from({ length: 6 }, () => 5 * MINUTE_MS)

test('a firewall that fetched every five minutes is silent after three intervals, and no sooner', () => {
  const { fetchers, lastMs } = fetching(every5)
  assert.deepEqual(fetchers.silent(lastMs + 15 * MINUTE_MS, 0), [])
  const [silent] = fetchers.silent(lastMs + 15 * MINUTE_MS + 1, 0)
  assert.equal(silent?.fetcher.address, '192.0.2.7')
  assert.equal(silent?.intervalMs, 5 * MINUTE_MS)
  assert.deepEqual(fetchers.silent(lastMs + 8 * 86_400_000, 0), [], 'after a week it is gone for good')
})

test('nobody is silent for the time in which the service was down', () => {
  const { fetchers, lastMs } = fetching(every5)
  const upSinceMs = lastMs + 60 * MINUTE_MS
  assert.deepEqual(fetchers.silent(upSinceMs + 14 * MINUTE_MS, upSinceMs), [])
  assert.equal(fetchers.silent(upSinceMs + 16 * MINUTE_MS, upSinceMs).length, 1)
})

test('who comes now and then, or a few times only, is never called silent', () => {
  const minutes = [1, 40, 3, 300, 7, 90]
  const { fetchers, lastMs } = fetching(minutes.map((count) => count * MINUTE_MS))
  assert.deepEqual(fetchers.silent(lastMs + 86_400_000, 0), [])
  assert.equal(intervalOf({ gapsMs: every5.slice(0, 3) }), null)
})

test('several requests of one fetch, a retry and a late one do not change the interval', () => {
  const gaps = every5.flatMap((gap) => [200, gap - 200])
  const { fetchers } = fetching([...gaps, 9 * MINUTE_MS])
  const [fetcher] = fetchers.all()
  assert.ok(fetcher !== undefined)
  assert.equal(intervalOf(fetcher), 5 * MINUTE_MS - 200)
})

test('who is turned away has not fetched: the silence goes on and it stays known', () => {
  const { fetchers, lastMs } = fetching(every5)
  for (let i = 1; i <= 4; i++)
    fetchers.note(fetch(lastMs + i * 5 * MINUTE_MS, { status: 0, isComplete: false }))
  const [fetcher] = fetchers.all()
  assert.equal(fetcher?.cutOff, 4)
  assert.equal(fetcher?.lastRevision, 3)
  assert.equal(fetchers.silent(lastMs + 16 * MINUTE_MS, 0).length, 1)
  assert.ok(fetchers.knows('192.0.2.7'))
  assert.ok(fetchers.forget('192.0.2.7'))
  assert.ok(!fetchers.knows('192.0.2.7'))
})

test('a stranger who was turned away is not known, and many strangers do not fill the memory', () => {
  const { fetchers } = fetching([], { status: 0, address: '198.51.100.1' })
  assert.ok(!fetchers.knows('198.51.100.1'))
  for (let i = 0; i < 1100; i++) fetchers.note(fetch(NOW_MS + i, { address: `192.0.2.${i}` }))
  assert.equal(fetchers.all().length, 1000)
  assert.equal(fetchers.forgotten, 101)
})
