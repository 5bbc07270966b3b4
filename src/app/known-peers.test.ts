import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection } from '../decide/decide-fixture.ts'
import { ManualClock } from '../lib/clock.ts'
import { type AskLogs, KnownPeers, type PeerRow } from './known-peers.ts'

interface Asked {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

function peersOf(ask: (asked: Asked, signal: AbortSignal) => Promise<PeerRow[]> | null): {
  peers: KnownPeers
  asked: Asked[]
  clock: ManualClock
  said: string[]
} {
  const asked: Asked[] = []
  const said: string[] = []
  const clock = new ManualClock(Date.UTC(2026, 10, 22))
  const answer: AskLogs = (sql, parameters, signal) => {
    asked.push({ sql, parameters })
    return ask({ sql, parameters }, signal)
  }
  return {
    peers: new KnownPeers({ clock, ask: answer, report: (why) => said.push(why) }),
    asked,
    clock,
    said,
  }
}

const row = (peer: string, days: number, begun: number): PeerRow => ({ peer: `::ffff:${peer}`, days, begun })
const all = (): boolean => true

test('sessions that we began, or its own on three days, make a peer; fewer days do not', async () => {
  const answers = [
    [row('198.51.100.1', 0, 1), row('198.51.100.2', 1, 0)],
    [row('198.51.100.2', 2, 0), row('198.51.100.3', 1, 0)],
    [],
    [row('198.51.100.3', 1, 0)],
  ]
  const { peers, asked } = peersOf(async () => answers.shift() ?? [])
  const sources = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4']
  const marked = await peers.mark(
    sources.map((source) => detection(source)),
    all,
  )
  assert.deepEqual(
    marked.map(({ peer }) => peer?.isPeer),
    [true, true, false, false],
  )
  assert.match(marked[0]?.peer?.why ?? '', /1 session that we began|1 session/)
  assert.match(marked[2]?.peer?.why ?? '', /on 2 days only/)
  const mapped = sources.map((source) => `::ffff:${source}`)
  assert.deepEqual(
    asked.map(({ parameters }) => parameters['addresses']),
    [mapped, mapped.slice(1), mapped.slice(2), mapped.slice(2)],
  )
  const day = 86_400_000
  const midnight = Date.UTC(2026, 10, 22)
  assert.deepEqual(
    asked.map(({ parameters }) => [parameters['since'], parameters['to']]),
    [
      [midnight, midnight + day],
      [midnight - day, midnight],
      [midnight - 6 * day, midnight - day],
      [midnight - 29 * day, midnight - 6 * day],
    ],
  )
  assert.deepEqual(peers.counters, { asked: 4, peers: 2, notAsked: 0 })
})

test('answers are kept for ten minutes, and only what is wanted is asked', async () => {
  const { peers, asked, clock } = peersOf(async () => [row('198.51.100.1', 0, 3)])
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
  const { peers, asked } = peersOf(async () => [{ peer: 'all', days: '4', begun: '0' }])
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
  assert.equal(asked.length, 4)
  assert.equal(marked.filter(({ peer }) => peer?.isPeer === false).length, 200)
  assert.match(marked[999]?.peer?.why ?? '', /too many sources/)
})

test('when time is up after the newest days, it is said how far was looked, and the store is asked again next time', async () => {
  let asked = 0
  const { peers, said } = peersOf(() => {
    asked++
    return asked % 2 === 1 ? Promise.resolve([]) : Promise.reject(new Error('cancelled'))
  })
  const [first] = await peers.mark([detection('198.51.100.1')], all)
  assert.deepEqual(first?.peer, {
    isPeer: null,
    why: 'only today could be searched in time, without finding a peer',
  })
  await peers.mark([detection('198.51.100.1')], all)
  assert.equal(asked, 4)
  assert.deepEqual(said, [])
})
