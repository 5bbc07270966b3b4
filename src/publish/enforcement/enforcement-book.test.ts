/** The proof of enforcement against firewalls that fetch by the rules of external lists: time lines, leaks, counts, bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeenReport } from '../../model/seen-report.ts'
import { enforcementAlarms } from './enforcement-alarms.ts'
import { EnforcementBook } from './enforcement-book.ts'
import { FEED, MINUTE, net, Site, START_MS } from './testing/enforcement-site.ts'
import { timeLineOf } from './time-line.ts'

test('the time line of a block goes from detected to the first packet that the list denied', () => {
  const site = new Site()
  const firewall = site.firewall({ edl: 'Blacklist' })
  site.pass(10 * MINUTE)
  site.block('198.51.100.7')
  const blockedMs = site.nowMs
  site.packet(firewall, '198.51.100.7') // it has not fetched yet: this one passes, and is no leak
  assert.equal(site.line('198.51.100.7').state, 'waiting')
  site.pass(5 * MINUTE)
  const fetchedMs = blockedMs + 5 * MINUTE
  assert.equal(site.line('198.51.100.7').state, 'idle')
  site.pass(MINUTE)
  site.packet(firewall, '198.51.100.7')
  const line = site.line('198.51.100.7')
  assert.deepEqual(line.published, [{ feed: FEED, revision: 2, atMs: blockedMs + 10 }])
  assert.equal(line.state, 'stopping')
  assert.equal(line.stopped, 1)
  assert.deepEqual(line.firewalls, [
    {
      key: 'fetcher:203.0.113.1',
      name: '203.0.113.1',
      fetchedAtMs: fetchedMs,
      feed: FEED,
      revision: 2,
      loadedAtMs: fetchedMs + MINUTE,
      loadedBy: 'log-line',
      registeredAtMs: null,
      firstDeniedAtMs: fetchedMs + MINUTE,
      lastDeniedAtMs: fetchedMs + MINUTE,
      denied: 1,
      deniedByList: 1,
      allowed: 1,
      lastAllowedAtMs: blockedMs,
      ended: 0,
      rule: 'Active Defense Deny',
      isLeaking: false,
    },
  ])
  assert.deepEqual(site.alarms(), [])
})

test('what convicted the address was denied by other rules: only packets after the fetch prove the block', () => {
  const site = new Site()
  const firewall = site.firewall()
  site.pass(10 * MINUTE)
  site.block('198.51.100.7')
  const sensor: SeenReport = {
    ...firewall.packet('198.51.100.7', site.nowMs),
    allowed: 0,
    lastAllowedAtMs: null,
    denied: 3,
    firstDeniedAtMs: site.nowMs - 5000,
    lastDeniedAtMs: site.nowMs - 1000,
    rule: 'Active Defense sensor',
  }
  site.book.seen('198.51.100.7', [sensor])
  assert.equal(site.line('198.51.100.7').firewalls[0]?.firstDeniedAtMs, null)
})

test('a firewall that has the list and lets a blocked address through leaks, and the alarm ends when it denies', () => {
  const site = new Site()
  const good = site.firewall({ device: 'FW-01', address: '203.0.113.1' })
  const bad = site.firewall({ device: 'FW-02', address: '203.0.113.2', denies: false })
  site.pass(20 * MINUTE)
  site.block('198.51.100.7')
  site.pass(6 * MINUTE)
  site.packet(bad, '198.51.100.7')
  assert.deepEqual(site.alarms(), [], 'within one interval of its fetch it may still be loading')
  site.pass(6 * MINUTE)
  site.packet(good, '198.51.100.7')
  site.packet(bad, '198.51.100.7')
  assert.deepEqual(site.alarms(), ['enforcement-leak:fetcher:203.0.113.2'])
  assert.equal(site.line('198.51.100.7').state, 'leaking')
  const [alarm] = enforcementAlarms(site.book, site.nowMs, START_MS)
  assert.match(alarm?.message ?? '', /"203\.0\.113\.2".*198\.51\.100\.7.*Web servers/)

  const mended = {
    ...good.packet('198.51.100.7', site.nowMs + MINUTE),
    device: 'FW-02',
    sender: '203.0.113.2',
  }
  site.pass(MINUTE)
  site.book.seen('198.51.100.7', [mended])
  site.pass(10 * MINUTE)
  assert.deepEqual(site.alarms(), [])
})

test('ten allowed lines and never a denied one: the deny rule is missing', () => {
  const site = new Site()
  const firewall = site.firewall({ denies: false })
  site.pass(20 * MINUTE)
  site.block('198.51.100.7')
  site.pass(15 * MINUTE)
  for (let i = 0; i < 10; i++) site.packet(firewall, '198.51.100.7')
  assert.deepEqual(site.alarms(), [
    'enforcement-leak:fetcher:203.0.113.1',
    'enforcement-none:fetcher:203.0.113.1',
  ])
  site.lift('198.51.100.7')
  assert.deepEqual(site.alarms(), [], 'a lifted block leaks no more')
})

test('the end of a session that was there before the block is no leak, an hour later it is', () => {
  const site = new Site()
  const firewall = site.firewall()
  site.pass(20 * MINUTE)
  site.block('198.51.100.7')
  site.pass(30 * MINUTE)
  site.packet(firewall, '198.51.100.7', 'end')
  assert.deepEqual(site.alarms(), [])
  site.pass(60 * MINUTE)
  site.packet(firewall, '198.51.100.7', 'end')
  assert.deepEqual(site.alarms(), ['enforcement-leak:fetcher:203.0.113.1'])
})

test('a firewall that cannot reach the list keeps its old copy and does not leak what it never fetched', () => {
  const site = new Site()
  const firewall = site.firewall()
  site.pass(20 * MINUTE)
  firewall.isConnected = false
  site.block('198.51.100.7')
  site.pass(60 * MINUTE)
  site.packet(firewall, '198.51.100.7')
  assert.deepEqual(site.alarms(), [])
  assert.equal(site.line('198.51.100.7').state, 'waiting')
  assert.equal(site.line('198.51.100.7').firewalls[0]?.fetchedAtMs, null)
})

test('a device that reports and never fetches is told of when blocked addresses get through an hour later', () => {
  const site = new Site()
  const firewall = site.firewall({ device: 'FW-09', address: '203.0.113.9', denies: false })
  firewall.isConnected = false
  site.block('198.51.100.7')
  site.pass(30 * MINUTE)
  site.packet(firewall, '198.51.100.7')
  assert.deepEqual(site.alarms(), [])
  site.pass(31 * MINUTE)
  site.packet(firewall, '198.51.100.7')
  assert.deepEqual(site.alarms(), ['enforcement-leak:device:FW-09'])
})

test('people say which device fetches from where, and that a named one does not fetch is told after three intervals', () => {
  const site = new Site()
  const firewall = site.firewall({ device: 'FW-01', address: '203.0.113.1' })
  site.book.name([
    { id: 'f1', name: 'edge', addresses: ['203.0.113.1'], devices: ['001122'], intervalMs: 5 * MINUTE },
    { id: 'f2', name: 'branch', addresses: ['203.0.113.99'], devices: [], intervalMs: 5 * MINUTE },
  ])
  site.pass(20 * MINUTE)
  assert.deepEqual(site.alarms(), ['firewall-not-fetching:f2'])
  site.block('198.51.100.7')
  site.pass(6 * MINUTE)
  // Its lines come by another road: a relay, under the serial that people gave.
  site.book.seen('198.51.100.7', [
    { ...firewall.packet('198.51.100.7', site.nowMs), device: '001122', sender: '203.0.113.200' },
  ])
  const line = site.line('198.51.100.7')
  assert.deepEqual(
    line.firewalls.map(({ key, name, denied }) => ({ key, name, denied })),
    [
      { key: 'f1', name: 'edge', denied: 1 },
      { key: 'f2', name: 'branch', denied: 0 },
    ],
  )
})

test('a count that differs over an interval is told, the moment between fetch and load is not', () => {
  const site = new Site()
  const firewall = site.firewall({ capacity: 3 })
  site.pass(20 * MINUTE)
  site.block('198.51.100.1', '198.51.100.2')
  site.pass(5 * MINUTE)
  site.readBack(firewall) // fetched this moment, the old copy is still in force
  assert.deepEqual(site.alarms(), [])
  site.pass(MINUTE)
  site.readBack(firewall)
  assert.deepEqual(site.alarms(), [])
  assert.equal(site.line('198.51.100.2').firewalls[0]?.loadedBy, 'read-back')
  site.block('198.51.100.3', '198.51.100.4')
  site.pass(6 * MINUTE)
  site.readBack(firewall)
  site.pass(5 * MINUTE)
  site.readBack(firewall)
  assert.deepEqual(site.alarms(), ['enforcement-count:fetcher:203.0.113.1'])
  site.lift('198.51.100.4')
  site.pass(6 * MINUTE)
  site.readBack(firewall)
  assert.deepEqual(site.alarms(), [])
})

test('rows that hold several targets publish each, and merging or splitting them changes nothing', () => {
  const site = new Site()
  const { book } = site
  for (const text of ['198.51.100.6', '198.51.100.7', '203.0.113.0/28'])
    book.blocked({ target: net(text), decisionId: text, detectedAtMs: START_MS })
  const publish = (revision: number, added: string[], removed: string[]): void =>
    book.published({
      feed: FEED,
      revision,
      added: added.map(net),
      removed: removed.map(net),
      whole: null,
      entries: 1,
      atMs: START_MS + revision,
    })
  publish(1, ['198.51.100.6', '203.0.113.0/24'], [])
  publish(2, ['198.51.100.6/31'], ['198.51.100.6'])
  const published = (text: string) => book.record(text)?.publications.map(({ revision }) => revision)
  assert.deepEqual(published('198.51.100.6'), [1])
  assert.deepEqual(published('198.51.100.7'), [2])
  assert.deepEqual(published('203.0.113.0/28'), [1])
  publish(3, [], ['198.51.100.6/31'])
  assert.deepEqual(published('198.51.100.7'), [])
})

test('of a feed in shards a firewall holds the oldest of what it fetched', () => {
  const { book } = new Site()
  book.blocked({ target: net('198.51.100.7'), decisionId: 'd', detectedAtMs: START_MS })
  const fetch = (revision: number, shard: number, atMs: number): void =>
    book.fetched({ feed: FEED, address: '203.0.113.1', revision, shard, atMs })
  fetch(1, 1, START_MS)
  fetch(1, 2, START_MS)
  book.published({
    feed: FEED,
    revision: 2,
    added: [net('198.51.100.7')],
    removed: [],
    whole: null,
    entries: 1,
    atMs: START_MS,
  })
  const fetchedAtMs = () => book.record('198.51.100.7')?.marks.get('fetcher:203.0.113.1')?.fetchedAtMs ?? null
  fetch(2, 1, START_MS + 1000)
  assert.equal(fetchedAtMs(), null)
  fetch(2, 2, START_MS + 2000)
  assert.equal(fetchedAtMs(), START_MS + 2000)
})

test('after a restart the time line is what it was, and what stood on the list before is published at an unknown time', () => {
  const site = new Site()
  const firewall = site.firewall()
  site.pass(10 * MINUTE)
  site.block('198.51.100.7')
  const detectedAtMs = site.nowMs
  site.pass(10 * MINUTE)
  site.packet(firewall, '198.51.100.7')
  const before = site.line('198.51.100.7')

  const book = new EnforcementBook({ keep: () => assert.fail('nothing new happened') })
  for (const text of ['198.51.100.7', '198.51.100.8'])
    book.blocked({ target: net(text), decisionId: `decision-${text}`, detectedAtMs })
  book.restore(site.steps)
  const whole = [net('198.51.100.7'), net('198.51.100.8')]
  book.published({ feed: FEED, revision: 9, added: [], removed: [], whole, entries: 2, atMs: site.nowMs })
  book.fetched({ feed: FEED, address: '203.0.113.1', revision: 9, shard: 1, atMs: site.nowMs })
  const record = book.record('198.51.100.7')
  assert.ok(record)
  const after = timeLineOf(book, record)
  assert.equal(after.state, 'stopping')
  assert.deepEqual(after.published, before.published)
  assert.equal(after.firewalls[0]?.fetchedAtMs, before.firewalls[0]?.fetchedAtMs)
  assert.equal(after.firewalls[0]?.firstDeniedAtMs, before.firewalls[0]?.firstDeniedAtMs)
  assert.deepEqual(book.record('198.51.100.8')?.publications, [{ feed: FEED, revision: 9, atMs: null }])
})

test('memory is bounded: old targets, unnamed firewalls and leaks give way and are counted', () => {
  const site = new Site(100)
  const { book } = site
  const texts = Array.from({ length: 250 }, (_, i) => `198.51.100.${i}`)
  for (const text of texts) site.block(text)
  assert.equal(book.size, 100)
  assert.equal(book.forgotten, 150)
  for (let i = 0; i < 300; i++)
    book.fetched({
      feed: FEED,
      address: `2001:db8::${i.toString(16)}`,
      revision: 300,
      shard: 1,
      atMs: site.nowMs,
    })
  assert.equal(book.firewalls.all().length, 200)
  assert.equal(book.firewalls.forgotten, 100)
  assert.ok((book.record('198.51.100.249')?.marks.size ?? 0) <= 16)
})

test('who has what stood on the list at the start follows from what they fetched and loaded since', () => {
  const site = new Site()
  const { book } = site
  book.blocked({ target: net('198.51.100.7'), decisionId: 'd', detectedAtMs: START_MS - 60_000 })
  const whole = [net('198.51.100.7'), net('203.0.113.0/28')]
  book.published({ feed: FEED, revision: 7, added: [], removed: [], whole, entries: 2, atMs: START_MS })
  book.fetched({ feed: FEED, address: '203.0.113.1', revision: 6, shard: 1, atMs: START_MS + 1000 })
  assert.equal(site.line('198.51.100.7').state, 'waiting')
  book.fetched({ feed: FEED, address: '203.0.113.1', revision: 9, shard: 1, atMs: START_MS + 2000 })
  book.loaded('fetcher:203.0.113.1', { feed: FEED, valid: 5, ignored: 0, invalid: 0 }, START_MS + 3000)
  const [line] = site.line('198.51.100.7').firewalls
  assert.deepEqual([line?.fetchedAtMs, line?.revision, line?.loadedAtMs], [START_MS + 2000, 9, null])
  book.fetched({ feed: FEED, address: '203.0.113.1', revision: 7, shard: 1, atMs: START_MS + 4000 })
  book.loaded('fetcher:203.0.113.1', { feed: FEED, valid: 2, ignored: 0, invalid: 0 }, START_MS + 5000)
  assert.equal(site.line('198.51.100.7').firewalls[0]?.loadedAtMs, START_MS + 5000)
  assert.deepEqual(site.steps, [], 'nothing of it is kept: it would be written anew at every start')
})
