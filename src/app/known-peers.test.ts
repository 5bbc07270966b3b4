import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection } from '../decide/decide-fixture.ts'
import { ManualClock } from '../lib/clock.ts'
import { type AskLogs, KnownPeers, type PeerRow } from './known-peers.ts'

interface Asked {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000

function peersOf(
  ask: (asked: Asked, signal: AbortSignal) => Promise<PeerRow[]> | null,
  completeSinceMs: () => number | null = () => 0,
): {
  peers: KnownPeers
  asked: Asked[]
  clock: ManualClock
  said: string[]
} {
  const asked: Asked[] = []
  const said: string[] = []
  const clock = new ManualClock(NOW_MS)
  const answer: AskLogs = (sql, parameters, signal) => {
    asked.push({ sql, parameters })
    return ask({ sql, parameters }, signal)
  }
  return {
    peers: new KnownPeers({ clock, ask: answer, completeSinceMs, report: (why) => said.push(why) }),
    asked,
    clock,
    said,
  }
}

const row = (peer: string, role: string, days: number): PeerRow => ({
  peer: `::ffff:${peer}`,
  role,
  days,
  lastAtMs: String(NOW_MS),
})
const all = (): boolean => true

test('sessions that we began, or its own on three days, make a peer; fewer days do not', async () => {
  const { peers, asked } = peersOf(async () => [
    row('198.51.100.1', 'called', 1),
    row('198.51.100.1', 'caller', 1),
    row('198.51.100.2', 'caller', 3),
    row('198.51.100.3', 'caller', 2),
  ])
  const sources = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4']
  const marked = await peers.mark(
    sources.map((source) => detection(source)),
    all,
  )
  assert.deepEqual(
    marked.map(({ peer }) => peer),
    [
      {
        isPeer: true,
        why: 'sessions that we began with it carried bytes both ways on 1 of the last 30 days, last at 2026-11-22T12:00:00.000Z',
      },
      {
        isPeer: true,
        why: 'its sessions carried bytes both ways on 3 of the last 30 days, last at 2026-11-22T12:00:00.000Z',
      },
      { isPeer: false, why: 'sessions with it were completed on 2 days only in the last 30 days' },
      { isPeer: false, why: 'no session with it was completed in the last 30 days' },
    ],
  )
  assert.deepEqual(
    asked.map(({ parameters }) => parameters),
    [{ since: '2026-10-24', addresses: sources.map((source) => `::ffff:${source}`) }],
  )
  assert.deepEqual(peers.counters, { asked: 4, peers: 2, notAsked: 0 })
})

test('answers are kept for ten minutes, and only what is wanted is asked', async () => {
  const { peers, asked, clock } = peersOf(async () => [row('198.51.100.1', 'called', 3)])
  const two = [detection('198.51.100.1'), detection('198.51.100.2')]
  const marked = await peers.mark(two, ({ sourceAddress }) => sourceAddress.endsWith('1'))
  assert.equal(marked[1]?.peer, undefined)
  await peers.mark(two.slice(0, 1), all)
  assert.equal(asked.length, 1)
  clock.advance(600_001)
  await peers.mark(two.slice(0, 1), all)
  assert.equal(asked.length, 2)
})

test('an IPv6 source is asked by its prefix', async () => {
  const { peers, asked } = peersOf(async () => [{ peer: 'all', role: 'caller', days: '4', lastAtMs: '0' }])
  const [marked] = await peers.mark([detection('2001:db8:7::/64')], all)
  assert.equal(marked?.peer?.isPeer, true)
  assert.deepEqual(
    [asked[0]?.parameters['first'], asked[0]?.parameters['last']],
    ['2001:db8:7::', '2001:db8:7:0:ffff:ffff:ffff:ffff'],
  )
})

test('a store that is away, slow or broken leaves the peer unknown, with the reason, and is left alone a while', async () => {
  const away = peersOf(() => null)
  const [first] = await away.peers.mark([detection('198.51.100.1')], all)
  assert.deepEqual(first?.peer, { isPeer: null, why: 'the log store is away' })

  const broken = peersOf(() => Promise.reject(new Error('no such table')))
  const one = [detection('198.51.100.1')]
  assert.match((await broken.peers.mark(one, all))[0]?.peer?.why ?? '', /could not be asked/)
  assert.match((await broken.peers.mark(one, all))[0]?.peer?.why ?? '', /could not be asked/)
  assert.equal(broken.asked.length, 1)
  assert.equal(broken.said.length, 1)
  broken.clock.advance(60_001)
  await broken.peers.mark(one, all)
  assert.equal(broken.asked.length, 2)
  assert.equal(broken.peers.counters.notAsked, 3)
})

test('a flood is asked about up to a bound; the rest is judged without, and says so', async () => {
  const { peers, asked } = peersOf(async () => [])
  const flood = Array.from({ length: 1000 }, (_, i) => detection(`198.51.${100 + (i >> 8)}.${i & 255}`))
  const marked = await peers.mark(flood, all)
  assert.equal(asked.length, 1)
  assert.equal(marked.filter(({ peer }) => peer?.isPeer === false).length, 200)
  assert.match(marked[999]?.peer?.why ?? '', /too many sources/)
})

test('while the table is being filled a peer is one, and of others it is said how far back was looked, each time anew', async () => {
  let sinceMs: number | null = null
  const { peers, asked, said } = peersOf(
    async () => [row('198.51.100.1', 'called', 1)],
    () => sinceMs,
  )
  const two = [detection('198.51.100.1'), detection('198.51.100.2')]
  const notes = async (): Promise<unknown[]> => (await peers.mark(two, all)).map(({ peer }) => peer)
  const peer = (await notes())[0]
  const unknown = (what: string): unknown => ({
    isPeer: null,
    why: `${what} in the table of peers so far, without showing it as a peer`,
  })
  assert.deepEqual((await notes())[1], unknown('no whole day is'))
  sinceMs = Date.UTC(2026, 10, 22)
  assert.deepEqual(await notes(), [peer, unknown('only today is')])
  sinceMs -= 4 * DAY_MS
  assert.deepEqual(await notes(), [peer, unknown('only the last 5 days are')])
  assert.deepEqual(
    asked.map(({ parameters }) => (parameters['addresses'] as string[]).length),
    [2, 1, 1, 1],
  )
  sinceMs = Date.UTC(2026, 9, 24)
  assert.deepEqual(await notes(), [
    peer,
    { isPeer: false, why: 'no session with it was completed in the last 30 days' },
  ])
  assert.equal(peers.counters.notAsked, 4)
  assert.deepEqual(said, [])
})
