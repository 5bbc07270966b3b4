import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import { FIRST_FEED } from '../publish/feeds/feed-definition.ts'
import { issueLeaf, makeAuthority } from '../publish/made-certificate.ts'
import { certificateNames } from '../publish/machine-names.ts'
import { inspectCertificate } from '../publish/own-certificate.ts'
import { coveredBy, FakeFirewall, FeedSite, fetchList, host, range, START_MS } from './feed-testing.ts'
import { SENTINEL } from './test-server.ts'

const MINUTE_MS = 60_000
const who = { by: 'ann', reason: 'test' }

describe('a firewall that fetches every five minutes', () => {
  let site: FeedSite
  before(async () => {
    site = await FeedSite.open()
    site.decisions.add(range(5))
    site.feeds.takeDecisions(site.decisions)
  })
  after(() => site.close())

  test('keeps its list through wrong credentials, silence and a certificate that ran out, and people are told', async () => {
    const { desk, feeds, clock, alarms } = site
    const credential = { kind: 'basic' as const, name: 'fw', fingerprint: null }
    const definition = { ...FIRST_FEED, name: 'edge', path: '/feeds/edge.txt' }
    const closed = { ...definition, access: { open: false, credentials: [], sources: [] } }
    const made = await desk.add(closed, [credential], who)
    await feeds.idle()
    const authorization = (secret: string | null): Record<string, string> => ({
      authorization: `Basic ${Buffer.from(`fw:${secret ?? ''}`).toString('base64')}`,
    })
    const firewall = new FakeFirewall(site, '/feeds/edge.txt', {
      headers: authorization(made.secrets[0]?.secret ?? ''),
    })
    for (let i = 0; i < 7; i++) {
      await firewall.fetch()
      clock.advance(5 * MINUTE_MS)
    }
    assert.equal(firewall.entries.length, 5)
    feeds.checkSilence()
    assert.ok(!alarms.has('firewall-silent:edge'))

    // Somebody mistyped the password on the firewall: it keeps the list, and an alarm tells.
    const right = firewall.headers
    firewall.headers = authorization('wrong')
    await firewall.fetch()
    assert.equal(firewall.outcome, 'ECONNRESET')
    assert.ok(firewall.isEnforcing)
    assert.equal(firewall.entries.length, 5)
    assert.ok(alarms.has('firewall-refused:edge'))
    clock.advance(16 * MINUTE_MS)
    feeds.checkSilence()
    assert.match(
      alarms.active().find(({ code }) => code === 'firewall-silent:edge')?.message ?? '',
      /127\.0\.0\.1 last fetched the feed edge 21 min ago; it came every 5 min/,
    )

    // The credential is changed with a grace: neither the old nor the new fails.
    const next = await desk.rotate('edge', credential, 60 * MINUTE_MS, who)
    firewall.headers = right
    await firewall.fetch()
    assert.equal(firewall.outcome, '200')
    firewall.headers = authorization(next.secret)
    await firewall.fetch()
    assert.equal(firewall.outcome, '200')
    assert.ok(!alarms.has('firewall-refused:edge'))
    feeds.checkSilence()
    assert.ok(!alarms.has('firewall-silent:edge'))

    // The old one ends; a known firewall that still has it keeps its list.
    clock.advance(61 * MINUTE_MS)
    firewall.headers = right
    await firewall.fetch()
    assert.equal(firewall.outcome, 'ECONNRESET')
    assert.ok(firewall.isEnforcing)
    firewall.headers = authorization(next.secret)
    await firewall.fetch()
    assert.equal(firewall.outcome, '200')

    // An expired certificate ends enforcement at the firewall: it stays away, which does not go unseen.
    const before = site.server
    const authority = await makeAuthority('test', Date.now())
    const leaf = await issueLeaf(
      authority,
      certificateNames(['localhost', '127.0.0.1']),
      Date.now() - 900 * 86_400_000,
    )
    const inspection = inspectCertificate(leaf.cert, leaf.key, 'made', Date.now() - 900 * 86_400_000)
    assert.ok(inspection.ok)
    before.setCertificate(inspection.certificate)
    await firewall.fetch()
    assert.ok(!firewall.isEnforcing, firewall.outcome)
    clock.advance(16 * MINUTE_MS)
    feeds.checkSilence()
    assert.ok(alarms.has('firewall-silent:edge'))
    assert.deepEqual(site.failures, [])
  })

  test('is never answered with an error or an empty list when its feed is gone, empty or fails inside', async () => {
    const other = await FeedSite.open()
    try {
      other.decisions.add(range(3))
      other.feeds.takeDecisions(other.decisions)
      const definition = { ...FIRST_FEED, name: 'edge', path: '/feeds/edge.txt' }
      await other.desk.add(definition, [], who)
      await other.feeds.idle()
      const firewall = new FakeFirewall(other, '/feeds/edge.txt')
      const stranger = new FakeFirewall(other, '/feeds/edge.txt', { from: '127.0.0.2' })
      await firewall.fetch()
      assert.equal(firewall.entries.length, 3)
      other.change([], range(3), 3)
      await other.feeds.idle()
      await firewall.fetch()
      assert.deepEqual(firewall.entries, ['192.0.2.255'])
      const engine = other.feeds.get('edge')?.engine
      assert.ok(engine !== undefined)
      engine.file = () => {
        throw new Error('gone')
      }
      await firewall.fetch()
      assert.equal(firewall.outcome, '200')
      assert.deepEqual(firewall.entries, ['192.0.2.255'])
      assert.deepEqual(other.failures, ['serving a feed'])
      await other.desk.remove('edge', who)
      await firewall.fetch()
      assert.equal(firewall.outcome, 'ECONNRESET')
      assert.ok(firewall.isEnforcing)
      await stranger.fetch()
      assert.equal(stranger.outcome, '404')
    } finally {
      await other.close()
    }
  })
})

test('E05: strangers who guess are answered some times a minute only', async () => {
  const site = await FeedSite.open()
  try {
    const stranger = new FakeFirewall(site, '/feeds/secret.txt', { from: '127.0.0.9' })
    const outcomes: string[] = []
    for (let i = 0; i < 34; i++) {
      await stranger.fetch()
      outcomes.push(stranger.outcome)
    }
    assert.deepEqual(
      [outcomes[0], outcomes[29], outcomes[30], outcomes[33]],
      ['404', '404', 'ECONNRESET', 'ECONNRESET'],
    )
    site.clock.advance(MINUTE_MS)
    await stranger.fetch()
    assert.equal(stranger.outcome, '404')
  } finally {
    await site.close()
  }
})

test('without the state the feeds of the copy on disk are served, with the last good lists', async () => {
  const first = await FeedSite.open()
  first.decisions.add(range(4))
  first.feeds.takeDecisions(first.decisions)
  await first.desk.add({ ...FIRST_FEED, name: 'edge', path: '/feeds/edge.txt', format: 'json' }, [], who)
  await first.feeds.idle()
  const firewall = new FakeFirewall(first, '/feeds/edge.txt')
  await firewall.fetch()
  const { etag } = first.feeds.get('edge')?.engine.file(1) ?? { etag: '' }
  await first.close({ keepFolder: true })
  first.state.isAway = true
  const again = await FeedSite.open({ folder: first.folder, state: first.state })
  try {
    const file = again.feeds.get('edge')?.engine.file(1)
    assert.equal(file?.etag, etag)
    assert.equal(file.origin, 'file')
    assert.match(file.contentType, /json/)
    await assert.rejects(again.desk.remove('edge', who), /the state is away/)
    assert.ok(again.feeds.get('edge') !== undefined, 'what could not be written has not happened')
  } finally {
    await again.close()
  }
})

test('a change concerns the feeds that it matches alone', async () => {
  const site = await FeedSite.open()
  try {
    site.decisions.add(range(10))
    site.feeds.takeDecisions(site.decisions)
    const feed = (name: string, rules: 'port-scan' | 'threat'): typeof FIRST_FEED => ({
      ...FIRST_FEED,
      name,
      path: `/feeds/${name}`,
      filter: { ...FIRST_FEED.filter, rules: [rules] },
    })
    await site.desk.add(feed('scans', 'port-scan'), [], who)
    await site.desk.add(feed('threats', 'threat'), [], who)
    await site.feeds.idle()
    const published: string[] = []
    site.feeds.events.onPublished(({ feed: name, added, removed }) => {
      published.push(`${name} +${added.map(formatNetwork).join()} -${removed.map(formatNetwork).join()}`)
    })
    site.change([host(20)], [host(0)])
    await site.feeds.idle()
    assert.deepEqual(published.sort(), [
      'blacklist +198.18.0.20 -198.18.0.0',
      'scans +198.18.0.20 -198.18.0.0',
    ])
    assert.equal(site.feeds.get('threats')?.engine.facts.entries, 0)
    assert.equal(START_MS, site.clock.nowMs())
  } finally {
    await site.close()
  }
})

test('further evidence brings a block into a feed that asks for its severity or country, at once', async () => {
  const site = await FeedSite.open()
  try {
    const one = host(1)
    site.decisions.add(range(3))
    site.feeds.takeDecisions(site.decisions)
    const edge = { ...FIRST_FEED, aggregate: 'lossless' as const }
    const asking = (name: string, filter: Partial<(typeof FIRST_FEED)['filter']>): typeof FIRST_FEED => ({
      ...edge,
      name,
      path: `/feeds/${name}`,
      filter: { ...edge.filter, ...filter },
    })
    await site.desk.add(asking('worst', { minSeverity: 'critical' }), [], who)
    await site.desk.add(asking('french', { countries: ['FR'] }), [], who)
    await site.desk.add(asking('foreign', { exceptCountries: ['France'] }), [], who)
    await site.feeds.idle()
    const body = async (name: string): Promise<string> =>
      (await fetchList(site, `/feeds/${name}`)).body.toString()
    assert.deepEqual([await body('worst'), await body('french')], [`${SENTINEL}\n`, `${SENTINEL}\n`])
    site.regrade(one, { severity: 'critical', country: 'France' })
    await site.feeds.idle()
    assert.deepEqual([await body('worst'), await body('french')], ['198.18.0.1\n', '198.18.0.1\n'])
    assert.equal(await body('foreign'), '198.18.0.0\n198.18.0.2\n')
    assert.equal(
      site.feeds.get('blacklist')?.engine.facts.revision,
      1,
      'a list that shows neither stays as it is',
    )
  } finally {
    await site.close()
  }
})

test('a feed in shards has an address for each; together they are exactly the decisions, and none is ever empty', async () => {
  const site = await FeedSite.open()
  try {
    // Over thirty networks of /20, by which entries are divided.
    const all = Array.from({ length: 8000 }, (_, i) => host(i * 16))
    site.decisions.add(all)
    site.feeds.takeDecisions(site.decisions)
    const sharded = { ...FIRST_FEED, name: 'sharded', path: '/feeds/sharded.txt', shards: 4 }
    await site.desk.add(sharded, [], who)
    await site.feeds.idle()
    const linesOf = async (query: string): Promise<string[]> => {
      const { status, body } = await fetchList(site, `/feeds/sharded.txt${query}`)
      assert.equal(status, 200)
      return body.toString('latin1').trimEnd().split('\n')
    }
    const shards = await Promise.all([1, 2, 3, 4].map((shard) => linesOf(`?shard=${shard}`)))
    assert.ok(shards.every((lines) => lines.length > 1))
    assert.deepEqual(
      new Set(shards.flat()),
      new Set(all.map(formatNetwork)),
      'no entry is missing, and none is in two of them',
    )
    assert.equal(shards.flat().length, all.length)
    assert.deepEqual(await linesOf(''), shards[0], 'without a number it is the first')
    for (const wrong of ['?shard=5', '?shard=9999']) assert.deepEqual(await linesOf(wrong), [SENTINEL])
    for (const odd of ['?shard=0', '?shard=x', '?shard=-1']) assert.deepEqual(await linesOf(odd), shards[0])
    // MineMeld's arguments cut within a shard.
    assert.deepEqual(await linesOf('?shard=2&s=1&n=3'), shards[1]?.slice(1, 4))
    // What comes and goes does not move others between the files.
    site.change([], all.slice(500, 4400))
    await site.feeds.idle()
    const left = new Set([...all.slice(0, 500), ...all.slice(4400)].map(formatNetwork))
    for (const [i, before] of shards.entries()) {
      const expected = before.filter((line) => left.has(line))
      assert.deepEqual(await linesOf(`?shard=${i + 1}`), expected.length === 0 ? [SENTINEL] : expected)
    }
  } finally {
    await site.close()
  }
})

test('a TAXII client is a fetcher as others: noted with the last page, and cut off instead of refused once it is known', async () => {
  const site = await FeedSite.open()
  try {
    site.decisions.add(range(30))
    site.feeds.takeDecisions(site.decisions)
    const intel = { ...FIRST_FEED, name: 'intel', path: '/feeds/intel.json', format: 'stix' }
    const access = { open: false, credentials: [], sources: [] }
    const credential = { kind: 'basic' as const, name: 'forti', fingerprint: null }
    const made = await site.desk.add({ ...intel, access }, [credential], who)
    await site.feeds.idle()
    const basic = (secret: string): Record<string, string> => ({
      accept: 'application/taxii+json;version=2.1',
      authorization: `Basic ${Buffer.from(`forti:${secret}`).toString('base64')}`,
    })
    const headers = basic(made.secrets[0]?.secret ?? '')
    assert.equal((await fetchList(site, '/taxii2/', { headers: basic('wrong') })).status, 401, 'a stranger')
    const read = async (path: string): Promise<Record<string, unknown>> => {
      const { status, body } = await fetchList(site, `/taxii2/${path}`, { headers })
      assert.equal(status, 200)
      return JSON.parse(body.toString()) as Record<string, unknown>
    }
    const { collections } = (await read('root/collections/')) as { collections: { id: string }[] }
    const objects = `root/collections/${collections[0]?.id ?? ''}/objects/`
    const first = await read(`${objects}?limit=20`)
    assert.equal(first['more'], true)
    await read(`${objects}?match[id]=indicator--x`)
    const { fetchers } = site.feeds.get('intel') ?? assert.fail()
    assert.deepEqual(fetchers.all(), [], 'a page or a single object is not the list')
    const last = await read(`${objects}?limit=20&next=${String(first['next'])}`)
    assert.deepEqual([(last['objects'] as unknown[]).length, last['more']], [10, false])
    const [fetcher] = fetchers.all()
    assert.deepEqual([fetcher?.fetches, fetcher?.lastRevision, fetcher?.credential], [1, 1, 'forti'])

    await assert.rejects(
      fetchList(site, `/taxii2/${objects}`, { headers: basic('wrong') }),
      /ECONNRESET|hang up/,
    )
    assert.ok(site.alarms.has('firewall-refused:intel'))
    await read(objects)
    assert.ok(!site.alarms.has('firewall-refused:intel'))
    // What was lifted is told as revoked; many who ask at once for a new revision get the same.
    site.change([], [host(3)])
    await site.feeds.idle()
    const all = await Promise.all(Array.from({ length: 5 }, () => read(objects)))
    for (const answer of all) {
      const revoked = (answer['objects'] as { revoked?: boolean }[]).filter(
        (object) => object.revoked === true,
      )
      assert.equal(revoked.length, 1)
    }
    assert.deepEqual(site.failures, [])
  } finally {
    await site.close()
  }
})

test('a revision that a firewall was given never means another list, though the disk lost it with a kill', async () => {
  const paths = ['/files/blacklist.txt', '/feeds/edge.txt'] as const
  const first = await FeedSite.open()
  first.decisions.add(range(4))
  first.feeds.takeDecisions(first.decisions)
  await first.desk.add({ ...FIRST_FEED, name: 'edge', path: paths[1], aggregate: 'lossless' }, [], who)
  await first.feeds.idle()
  for (let i = 4; i < 9; i++) {
    first.change([host(i)])
    await first.feeds.idle()
  }
  const given = new Map<string, number>()
  for (const path of paths) given.set(path, Number((await fetchList(first, path)).headers['x-ads-revision']))
  await first.close({ keepFolder: true })
  // The last that was written before the kill is older than what was served.
  const folder = join(first.folder, 'feeds/edge')
  for (const name of await readdir(folder)) if (!/revision-1\./.test(name)) await rm(join(folder, name))
  await writeFile(join(folder, 'revision-1.json.tmp'), 'half')

  const again = await FeedSite.open({ folder: first.folder, state: first.state })
  try {
    again.decisions.add(range(12))
    again.feeds.takeDecisions(again.decisions)
    await again.feeds.idle()
    for (const path of paths) {
      const { headers, body } = await fetchList(again, path)
      assert.equal(coveredBy(body).count, 12)
      assert.ok(Number(headers['x-ads-revision']) > (given.get(path) ?? 0), path)
    }
  } finally {
    await again.close()
  }
})
