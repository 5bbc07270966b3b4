/** What the log store is asked about peers, with its real engine: one child process for the whole file. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import type { PeerNote } from '../model/detection.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import { PeerTable } from '../store/logs/peer-table.ts'
import { openTestStore, type TestStore } from '../store/logs/test-store.ts'
import { KnownPeers } from './known-peers.ts'
import type { LogStoreKeeper } from './log-store-keeper.ts'
import type { Parts } from './parts.ts'
import { sparedPeers } from './spared-peers.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 22, 12)
const US = '203.0.113.1'

let opened: TestStore
let store: LogStore
let table: PeerTable
const clock = new ManualClock(NOW_MS)

before(async () => {
  opened = await openTestStore()
  store = opened.store
  await Promise.all([came('198.51.100.3', 0, 1, 2), called('198.51.100.1', 20), called('2001:db8:1:2::9', 3)])
  table = new PeerTable(store, clock)
  await table.prepare()
  await Promise.all([
    came('198.51.100.2', 0, 12),
    came('198.51.100.4', 27, 28, 29),
    came('198.51.100.5', 28, 29, 30),
    came('198.51.100.6', 0, 1, 2),
    came('2001:db8:1:3::1', 4),
    came('2001:db8:1:3::2', 5),
    came('2001:db8:1:3:4::5', 6),
    session({ from: '198.51.100.7', to: US, daysAgo: 1, protocol: 'udp' }),
  ])
})
after(() => opened.close())

interface Session {
  readonly from: string
  readonly to: string
  readonly daysAgo: number
  readonly protocol?: string
}

async function session({ from, to, daysAgo, protocol = 'tcp' }: Session): Promise<void> {
  await store.command(
    `INSERT INTO logs (eventTime, receivedAt, segment, category, disposition, protocol, sourceAddress, destinationAddress, bytesSent, bytesReceived)
     SELECT fromUnixTimestamp64Milli({at:Int64}), fromUnixTimestamp64Milli({at:Int64}), generateUUIDv4(), 'traffic', 'allowed', {protocol:String}, toIPv6({from:String}), toIPv6({to:String}), 100, 200`,
    { at: NOW_MS - daysAgo * DAY_MS, from, to, protocol },
  )
}

async function came(from: string, ...daysAgo: number[]): Promise<void> {
  for (const days of daysAgo) await session({ from, to: US, daysAgo: days })
}

const called = (to: string, daysAgo: number): Promise<void> => session({ from: US, to, daysAgo })

function notesOf(sources: readonly string[]): Promise<PeerNote[]> {
  const peers = new KnownPeers({
    clock,
    ask: (sql, parameters, signal) => store.rows(sql, parameters, signal),
    completeSinceMs: () => table.completeSinceMs,
    report: (reason) => assert.fail(reason),
  })
  return Promise.all(sources.map((source) => peers.noteOf(parseNetwork(source, true) ?? assert.fail(source))))
}

async function spared(): Promise<string[]> {
  const logs = { isReady: true, client: store, peers: table } as Pick<
    LogStoreKeeper,
    'isReady' | 'client' | 'peers'
  > as LogStoreKeeper
  const asked = { logs, clock, events: { partFailed: assert.fail } } as unknown as Parts
  return ((await sparedPeers(asked)) ?? []).map(formatNetwork).sort()
}

const SPARED = ['2001:db8:1:2::9', '2001:db8:1:3:4::5', '2001:db8:1:3::1', '2001:db8:1:3::2']
const SPARED_V4 = ['198.51.100.2', '198.51.100.3', '198.51.100.6', '198.51.100.7', US]

test('while the table is not filled, peers are known from it and nobody is said to be none; feeds ask the records', async () => {
  const [filledLater, caller, nobody] = await notesOf(['198.51.100.1', '198.51.100.6', '198.51.100.99'])
  assert.equal(caller?.isPeer, true)
  assert.equal(filledLater?.isPeer, null)
  assert.match(nobody?.why ?? '', /in the table of peers so far/)
  assert.deepEqual(await spared(), [...SPARED_V4, ...SPARED].sort())
})

test('when it is filled, 30 days of arrival decide, of an IPv6 prefix those of all its addresses', async () => {
  await table.fill(new AbortController().signal)
  const notes = await notesOf([
    '198.51.100.1',
    '198.51.100.2',
    '198.51.100.3',
    '198.51.100.4',
    '198.51.100.5',
    '198.51.100.7',
    '198.51.100.99',
    '2001:db8:1:2::/64',
    '2001:db8:1:3::/64',
    '2001:db8:1:4::/64',
  ])
  assert.deepEqual(
    notes.map(({ isPeer }) => isPeer),
    [true, false, true, true, false, false, false, true, true, false],
  )
  assert.match(
    notes[0]?.why ?? '',
    /that we began .* on 1 of the last 30 days, last at 2026-11-02T12:00:00.000Z/,
  )
  assert.match(notes[4]?.why ?? '', /completed on 2 days only/)
  assert.match(notes[5]?.why ?? '', /no session with it was completed/, 'UDP makes nobody a peer')
  const earlier = ['198.51.100.1', '198.51.100.4', '198.51.100.5']
  assert.deepEqual(await spared(), [...earlier, ...SPARED_V4, ...SPARED].sort(), 'feeds ask for as many days')
})
