import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Network, networkOf } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import { BlockList } from '../publish/block-list.ts'
import { FetchLog, type ListFetch } from '../publish/fetch-log.ts'
import { bodyFault, checksumOf, etagOf } from '../publish/list-snapshot.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { isFresh } from './list-route.ts'
import { LIST, MADE_AT_MS, SENTINEL, TestServer } from './test-server.ts'

let site: TestServer
before(async () => {
  site = await TestServer.start()
})
beforeEach(() => site.reset())
after(() => site.server.stop())

describe('the list over HTTPS', () => {
  test('is plain text with its length and validators, uncompressed, from memory', async () => {
    const { status, headers, body } = await site.ask(LIST, { headers: { 'accept-encoding': 'gzip, br' } })
    assert.equal(status, 200)
    assert.equal(body.toString(), '198.51.100.1\n203.0.113.0/24\n2001:db8::1\n')
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers['etag'], site.snapshot.etag)
    assert.equal(headers['last-modified'], 'Sat, 31 Jan 2026 12:00:00 GMT')
    assert.equal(headers['cache-control'], 'no-cache')
    assert.equal(headers['content-encoding'], undefined)
    assert.equal(headers['transfer-encoding'], undefined)
    assert.equal(headers['x-ads-stale'], undefined)
  })

  test('is told to be stale when it is the last good copy', async () => {
    site.snapshot = { ...site.snapshot, origin: 'file' }
    assert.equal((await site.ask(LIST)).headers['x-ads-stale'], 'true')
  })

  test('by HEAD has the same headers and no body', async () => {
    const got = await site.ask(LIST)
    const { status, headers, body } = await site.ask(LIST, { method: 'HEAD' })
    assert.equal(status, 200)
    assert.equal(body.length, 0)
    for (const name of ['content-length', 'etag', 'last-modified', 'content-type']) {
      assert.equal(headers[name], got.headers[name], name)
    }
  })

  test('E07: is 304 for its own validators only', async () => {
    const { etag } = site.snapshot
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, headers, body } = await site.ask(LIST, { headers: { 'if-none-match': value } })
      assert.equal(status, 304, value)
      assert.equal(body.length, 0)
      assert.equal(headers['etag'], etag)
    }
    for (const value of ['"other"', 'nonsense', etag.slice(1, -1), '']) {
      assert.equal((await site.ask(LIST, { headers: { 'if-none-match': value } })).status, 200, value)
    }
    const date = 'Sat, 31 Jan 2026 12:00:00 GMT'
    assert.equal((await site.ask(LIST, { headers: { 'if-modified-since': date } })).status, 304)
    for (const other of ['Sat, 31 Jan 2026 12:00:01 GMT', 'Sat, 31 Jan 2026 11:59:59 GMT', 'yesterday']) {
      assert.equal((await site.ask(LIST, { headers: { 'if-modified-since': other } })).status, 200, other)
    }
    // The tag decides alone when both are there.
    const both = { 'if-none-match': '"other"', 'if-modified-since': date }
    assert.equal((await site.ask(LIST, { headers: both })).status, 200)
    assert.equal(isFresh(undefined, date, { ...site.snapshot, dateIsUnique: false }), false)
  })

  test('ignores ranges and queries', async () => {
    const { status, body } = await site.ask(`${LIST}?shard=2`, { headers: { range: 'bytes=0-3' } })
    assert.equal(status, 200)
    assert.equal(body.length, site.snapshot.body.length)
  })

  test('E07: is answered to HTTP/1.0 without a host, and without a server name in TLS', async () => {
    const answer = await site.askRaw(`GET ${LIST} HTTP/1.0\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.[01] 200 /)
    assert.ok(answer.endsWith(`\r\n\r\n${site.snapshot.body.toString()}`))
  })

  test('is the last one that could be served when the list fails, and never an error', async () => {
    await site.ask(LIST)
    site.sources.list = () => {
      throw new Error('gone')
    }
    assert.equal((await site.ask(LIST)).body.toString(), site.snapshot.body.toString())
    site.sources.list = () => ({ ...site.snapshot, body: Buffer.alloc(0) })
    const { status, body } = await site.ask(LIST)
    assert.equal(status, 200)
    assert.equal(body.toString(), site.snapshot.body.toString())
    assert.deepEqual(site.failures, ['serving the block list', 'serving the block list'])
  })

  test('goes on when recording a fetch fails', async () => {
    site.fetches = Object.freeze([]) as unknown as ListFetch[]
    assert.equal((await site.ask(LIST)).status, 200)
    assert.equal((await site.ask(LIST)).status, 200)
    assert.equal(site.failures[0], 'recording a fetch of the block list')
  })

  test('records who fetched what', async () => {
    await site.ask(LIST, { headers: { 'user-agent': `PAN\u00e9${'x'.repeat(200)}` } })
    await site.ask(LIST, { headers: { 'if-none-match': site.snapshot.etag } })
    const log = new FetchLog()
    for (const fetch of site.fetches) log.record(fetch)
    const [fetcher] = log.fetchers()
    assert.equal(fetcher?.address, '127.0.0.1')
    assert.equal(fetcher?.fetches, 2)
    assert.equal(fetcher?.lastRevision, 7)
    assert.deepEqual(
      site.fetches.map(({ status, bytes, isComplete, method }) => ({ status, bytes, isComplete, method })),
      [
        { status: 200, bytes: site.snapshot.body.length, isComplete: true, method: 'GET' },
        { status: 304, bytes: 0, isComplete: true, method: 'GET' },
      ],
    )
    assert.match(site.fetches[0]?.userAgent ?? '', /^PAN\?x{116}$/)
  })
})

test('E01: of many fetches during fast revisions every body is one whole revision', async () => {
  const clock = new ManualClock(MADE_AT_MS)
  const made = new Map<string, number>()
  const list = new BlockList({
    clock,
    sentinel: SENTINEL,
    refuse: () => null,
    alarms: new Alarms({ clock }),
    schedule: () => () => {},
    onRendered: (report) => made.set(report.snapshot.etag, report.snapshot.body.length),
  })
  const target = (i: number): Network => networkOf([0, 0, 0xffff, 0xc6120000 + i], 128)
  list.replace(Array.from({ length: 3000 }, (_, i) => target(i)))
  list.flush()
  site.sources.list = () => list.snapshot
  let next = 3000
  const timer = setInterval(() => {
    list.apply({ added: [target(next)], removed: [target(next - 3000)] })
    next++
    list.flush()
  }, 10)
  const seen = new Set<string>()
  try {
    for (let round = 0; round < 6; round++) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => site.ask(LIST)))
      for (const { status, headers, body } of answers) {
        assert.equal(status, 200)
        const etag = etagOf(checksumOf(body))
        assert.equal(headers['etag'], etag)
        assert.equal(made.get(etag), body.length)
        seen.add(etag)
      }
    }
  } finally {
    clearInterval(timer)
  }
  assert.equal(bodyFault(list.snapshot.body), null)
  assert.ok(seen.size > 1, 'the revisions changed meanwhile')
})
