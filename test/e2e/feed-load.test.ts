/**
 * RELIABILITY.md 4.7 under load, for the list of the older system and for a packed feed: E01 (never torn), E08 (150,000
 * entries to many at once), E10 (how long until a block is in the body). The figures are those of `npm run bench`.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:https'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { FeedSite, fetchList, host } from '../../src/api/feed-testing.ts'
import { formatNetwork, networkOf } from '../../src/lib/address.ts'
import { checksumOf } from '../../src/publish/list-snapshot.ts'
import type { FetchedSum, FetcherTask } from './feed-load-fetcher.ts'
import { EDGE, EDGE_FEED, engineAt, LIST, PATHS, serve, WHO } from './feed-lists.ts'

/** Longest wait for a fetch between two revisions. */
const FETCH_LIMIT_MS = 10_000

let site: FeedSite
beforeEach(async () => {
  site = await FeedSite.open()
})
afterEach(async () => {
  await site.close()
})

describe('lists for firewalls under load', () => {
  test('E01: of 1,000 fetches and more during fast revisions of both lists every body is one whole revision, and none fails', async (t) => {
    const COUNT = 500
    const REVISIONS = 200
    await serve(site, COUNT)
    const made = new Map<string, Set<string>>(PATHS.map((path) => [path, new Set()]))
    const note = (): void => {
      for (const path of PATHS) made.get(path)?.add(engineAt(site, path).file(1).etag)
    }
    note()
    site.feeds.events.onPublished(note)
    const came = new Int32Array(new SharedArrayBuffer(4))
    const task: FetcherTask = {
      port: site.server.address?.port ?? 0,
      authority: site.authority,
      paths: PATHS,
      connections: 100,
      least: 1000,
      came: came.buffer,
    }
    const fetcher = new Worker(new URL('./feed-load-fetcher.ts', import.meta.url), { workerData: task })
    const answered = once(fetcher, 'message') as Promise<[FetchedSum[]]>
    const beganMs = performance.now()
    for (let n = 0; n < REVISIONS; n++) {
      const before = Atomics.load(came, 0)
      site.change([host(COUNT + n)], [host(n)])
      await site.feeds.idle()
      const dueMs = beganMs + (n + 1) * 10
      if (dueMs > performance.now()) await sleep(dueMs - performance.now())
      // However slow the machine, firewalls fetch during all of it.
      const lastMs = performance.now() + FETCH_LIMIT_MS
      while (Atomics.load(came, 0) === before && performance.now() < lastMs) await turn()
    }
    const perSecond = (REVISIONS * 1000) / (performance.now() - beganMs)
    fetcher.postMessage('end')
    const [answers] = await answered
    t.diagnostic(
      `${answers.length} fetches during ${REVISIONS} revisions of each list, ${perSecond.toFixed(0)} a second`,
    )
    const seen = new Set<string>()
    for (const { path, status, told, etag, count } of answers) {
      assert.equal(status, 200)
      assert.equal(etag, told, 'the body is of the revision that its head names')
      assert.ok(made.get(path)?.has(etag), 'and was published')
      // What no two revisions mixed, and no part of one, could be: exactly so many addresses without a gap.
      assert.equal(count, COUNT)
      seen.add(`${path} ${etag}`)
    }
    assert.ok(answers.length >= 1000)
    assert.equal(made.get(LIST)?.size, REVISIONS + 1)
    assert.ok(seen.size > 20, `${seen.size} revisions were seen`)
    assert.deepEqual(site.failures, [])
    await site.feeds.journal?.flush()
    assert.equal(site.state.rows.length, answers.length, 'each fetch is in the log')
  })

  test('E08: 150,000 entries to 50 firewalls at once come from one buffer each, whole', async () => {
    const COUNT = 150_000
    const many = Array.from({ length: COUNT }, (_, i) => networkOf([0x20010db8, 0, 0, i], 128))
    site.decisions.add(many)
    site.feeds.takeDecisions(site.decisions)
    await site.desk.add({ ...EDGE_FEED, aggregate: 'none' }, [], WHO)
    await site.feeds.idle()
    const files = PATHS.map((path) => engineAt(site, path).file(1))
    const sums = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { body, status } = await fetchList(site, PATHS[i % 2] as string)
        return `${status} ${createHash('sha256').update(body).digest('hex')}`
      }),
    )
    assert.deepEqual(new Set(sums), new Set(files.map(({ body }) => `200 ${checksumOf(body)}`)))
    for (const [i, path] of PATHS.entries()) {
      const file = engineAt(site, path).file(1)
      assert.equal(file.entries, COUNT)
      assert.ok(file.body === files[i]?.body, 'nothing was written anew for them')
    }
    assert.deepEqual(site.failures, [])
  })

  test('E10: under load a new block is in the body of every list two revisions later at most', async (t) => {
    await serve(site, 10_000)
    for (let i = 0; i < 6; i++)
      await site.desk.add(
        { ...EDGE_FEED, name: `more-${i}`, path: `/feeds/more-${i}.json`, format: 'json' },
        [],
        WHO,
      )
    await site.feeds.idle()
    const agent = new Agent({ keepAlive: true, maxSockets: 20, ca: site.authority, servername: 'localhost' })
    const revisions = new Map<string, number>()
    site.feeds.events.onPublished(({ feed }) => revisions.set(feed, (revisions.get(feed) ?? 0) + 1))
    let isEnding = false
    const load = Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        while (!isEnding) assert.equal((await fetchList(site, PATHS[i % 2] as string, { agent })).status, 200)
      }),
    )
    const tookMs: number[] = []
    try {
      for (let i = 0; i < 8; i++) {
        const target = host(40_000 + 2 * i)
        const text = `${formatNetwork(target)}\n`
        const began = new Map(revisions)
        const beganMs = performance.now()
        site.change([target])
        for (const [path, name] of [
          [LIST, 'blacklist'],
          [EDGE, 'edge'],
        ] as const) {
          while (!(await fetchList(site, path, { agent })).body.includes(text)) {
            const made = (revisions.get(name) ?? 0) - (began.get(name) ?? 0)
            assert.ok(made < 2, `${made} revisions of ${name} were made without ${text}`)
          }
        }
        tookMs.push(performance.now() - beganMs)
      }
    } finally {
      isEnding = true
      await load
      agent.destroy()
    }
    tookMs.sort((a, b) => a - b)
    t.diagnostic(
      `block to body of both lists: median ${tookMs[4]?.toFixed(0)} ms, most ${tookMs.at(-1)?.toFixed(0)} ms`,
    )
    assert.equal(site.failures.length, 0)
  })
})
