import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutUserAgent, FetchLog, type ListFetch } from './fetch-log.ts'

const fetch = (address: string, atMs: number, more: Partial<ListFetch> = {}): ListFetch => ({
  address,
  userAgent: 'PAN-OS',
  method: 'GET',
  status: 200,
  revision: atMs,
  etag: '"x"',
  bytes: 10,
  isComplete: true,
  atMs,
  durationMs: 1,
  ...more,
})

test('each fetcher keeps its last fetches, and the one seen last comes first', () => {
  const log = new FetchLog()
  for (let i = 1; i <= 30; i++) log.record(fetch('192.0.2.1', i))
  log.record(fetch('192.0.2.2', 31))
  const [second, first] = log.fetchers()
  assert.equal(second?.address, '192.0.2.2')
  assert.equal(first?.fetches, 30)
  assert.equal(first?.firstMs, 1)
  assert.deepEqual([first?.recent.length, first?.recent[0]?.atMs, first?.recent.at(-1)?.atMs], [20, 11, 30])
})

test('a fetch that was broken off proves no revision', () => {
  const log = new FetchLog()
  log.record(fetch('192.0.2.1', 5))
  log.record(fetch('192.0.2.1', 9, { isComplete: false }))
  const [fetcher] = log.fetchers()
  assert.equal(fetcher?.lastRevision, 5)
  assert.equal(fetcher?.incomplete, 1)
})

test('past the limit the fetcher not seen for longest is forgotten and counted', () => {
  const log = new FetchLog({ maxFetchers: 2 })
  log.record(fetch('192.0.2.1', 1))
  log.record(fetch('192.0.2.2', 2))
  log.record(fetch('192.0.2.1', 3))
  log.record(fetch('192.0.2.3', 4))
  assert.deepEqual(
    log.fetchers().map(({ address }) => address),
    ['192.0.2.3', '192.0.2.1'],
  )
  assert.equal(log.forgotten, 1)
})

test('a user agent is cut to printable ASCII', () => {
  assert.equal(cutUserAgent(undefined), '')
  assert.equal(cutUserAgent('a\u001b\u00e9b'), 'a??b')
  assert.equal(cutUserAgent('x'.repeat(500)).length, 120)
})
