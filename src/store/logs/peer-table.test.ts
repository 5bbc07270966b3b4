/** The table of peers with its real engine: one child process for the whole file. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import type { LogStore } from './log-store.ts'
import { dayOf, PeerTable } from './peer-table.ts'
import { openTestStore, type TestStore } from './test-store.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 22, 12)
const never = new AbortController().signal

let opened: TestStore
let store: LogStore
const clock = new ManualClock(NOW_MS)

before(async () => {
  opened = await openTestStore()
  store = opened.store
})
after(() => opened.close())
beforeEach(async () => {
  await store.command('DROP VIEW IF EXISTS peersOfLogs SYNC')
  await store.command('DROP TABLE IF EXISTS peers SYNC')
  await store.command('TRUNCATE TABLE logs')
})

interface Session {
  readonly daysAgo?: number
  readonly from?: string
  readonly to?: string
  readonly protocol?: string
  readonly application?: string
  readonly disposition?: string
  readonly bytesReceived?: number
}

async function insert(...sessions: Session[]): Promise<void> {
  for (const session of sessions) {
    await store.command(
      `INSERT INTO logs (eventTime, receivedAt, segment, category, disposition, protocol, application, sourceAddress, destinationAddress, bytesSent, bytesReceived)
       SELECT fromUnixTimestamp64Milli({at:Int64}), fromUnixTimestamp64Milli({at:Int64}), generateUUIDv4(), 'traffic',
         {disposition:String}, {protocol:String}, {application:String}, toIPv6({from:String}), toIPv6({to:String}), 100, {received:UInt64}`,
      {
        at: NOW_MS - (session.daysAgo ?? 0) * DAY_MS,
        from: session.from ?? '198.51.100.1',
        to: session.to ?? '203.0.113.1',
        protocol: session.protocol ?? 'tcp',
        application: session.application ?? 'ssl',
        disposition: session.disposition ?? 'allowed',
        received: session.bytesReceived ?? 200,
      },
    )
  }
}

async function rows(): Promise<string[]> {
  const found = await store.rows<{ day: string; peer: string; role: string }>(
    "SELECT day, replaceOne(toString(peer), '::ffff:', '') AS peer, toString(role) AS role FROM peers FINAL ORDER BY day, peer, role",
  )
  return found.map(({ day, peer, role }) => `${day.slice(5)} ${peer} ${role}`)
}

test('what is inserted is there at once, both sides with their roles, and only sessions that carried bytes both ways', async () => {
  const peers = new PeerTable(store, clock)
  await peers.prepare()
  await insert(
    {},
    {},
    { from: '198.51.100.2', protocol: 'udp' },
    { from: '198.51.100.3', application: 'incomplete' },
    { from: '198.51.100.4', disposition: 'blocked' },
    { from: '198.51.100.5', bytesReceived: 0 },
    { from: '2001:db8::1', to: '2001:db8::2', protocol: '' },
  )
  assert.deepEqual(await rows(), [
    '11-22 198.51.100.1 caller',
    '11-22 198.51.100.2 other',
    '11-22 198.51.100.3 other',
    '11-22 2001:db8::1 caller',
    '11-22 2001:db8::2 called',
    '11-22 203.0.113.1 called',
    '11-22 203.0.113.1 other',
  ])
})

test('an older store is filled day by day, the newest first, and goes on after it was stopped', async () => {
  await insert({ daysAgo: 40 }, { daysAgo: 29 }, { daysAgo: 3, from: '198.51.100.3' }, { daysAgo: 0 })
  const peers = new PeerTable(store, clock)
  await peers.prepare()
  assert.equal(peers.completeSinceMs, null)
  assert.deepEqual(await rows(), [])
  const stopping = new PeerTable(
    {
      rows: (...all) => store.rows(...all),
      command: async (sql, parameters, signal) => {
        if (parameters?.['day'] === dayOf(NOW_MS - 3 * DAY_MS)) throw new Error('the store ended')
        await store.command(sql, parameters, signal)
      },
    },
    clock,
  )
  await stopping.prepare()
  await assert.rejects(stopping.fill(never), /the store ended/)
  assert.equal(stopping.completeSinceMs, NOW_MS - 2.5 * DAY_MS)
  assert.ok(!(await rows()).includes('10-24 198.51.100.1 caller'))
  await peers.fill(never)
  const oldestMs = NOW_MS - 29.5 * DAY_MS
  assert.equal(peers.completeSinceMs, oldestMs)
  const filled = await rows()
  assert.deepEqual(
    filled.filter((row) => row.endsWith('caller')),
    ['10-24 198.51.100.1 caller', '11-19 198.51.100.3 caller', '11-22 198.51.100.1 caller'],
  )
  const again = new PeerTable(store, clock)
  await again.prepare()
  await again.fill(never)
  assert.equal(again.completeSinceMs, oldestMs)
  assert.deepEqual(await rows(), filled)
})

test('a table that lost its view, or is of another version, is made and filled anew; a stranger is left alone', async () => {
  const peers = new PeerTable(store, clock)
  await peers.prepare()
  await peers.fill(never)
  await store.command('DROP VIEW peersOfLogs SYNC')
  await insert({ from: '198.51.100.9' })
  assert.deepEqual(await rows(), [])
  await peers.prepare()
  await peers.fill(never)
  assert.ok((await rows()).includes('11-22 198.51.100.9 caller'))
  await store.command("ALTER TABLE peers MODIFY COMMENT 'active-defense peers, schema 0, since 2026-01-01'")
  await peers.prepare()
  assert.deepEqual(await rows(), [])
  await store.command("ALTER TABLE peers MODIFY COMMENT 'mine'")
  await assert.rejects(peers.prepare(), /belongs to something else/)
})

test('days of peers are dropped with those of the logs', async () => {
  await new PeerTable(store, clock).prepare()
  await insert({ daysAgo: 5 }, { daysAgo: 1 })
  assert.deepEqual(await store.dropPartitionsBefore(NOW_MS - 2 * DAY_MS), ['20261117'])
  assert.deepEqual(
    (await rows()).map((row) => row.slice(0, 5)),
    ['11-21', '11-21'],
  )
})

test('days of the logs are dropped also when those of peers cannot be, and a stranger of their name is left alone', async () => {
  await insert({ daysAgo: 5 }, { daysAgo: 1 }, { daysAgo: 0 })
  await store.command(
    "CREATE TABLE peers (day Date) ENGINE = MergeTree ORDER BY tuple() COMMENT 'mine' AS SELECT toDate('2026-01-01')",
  )
  assert.deepEqual(await store.dropPartitionsBefore(NOW_MS - 2 * DAY_MS), ['20261117'])
  const [kept] = await store.rows<{ n: number }>('SELECT count() AS n FROM peers')
  assert.equal(Number(kept?.n), 1)
  await store.command('ALTER TABLE peers RENAME COLUMN day TO hour')
  await store.command("ALTER TABLE peers MODIFY COMMENT 'active-defense peers, schema 1, since 2026-01-01'")
  await assert.rejects(store.dropPartitionsBefore(NOW_MS))
  const [left] = await store.rows<{ days: string }>(
    'SELECT toString(min(toDate(receivedAt))) AS days FROM logs',
  )
  assert.equal(left?.days, dayOf(NOW_MS))
})

test('records are stored also when the table of peers cannot take them', async () => {
  await new PeerTable(store, clock).prepare()
  await store.command('DROP TABLE peers SYNC')
  await store.command(
    `INSERT INTO logs (eventTime, receivedAt, segment, category, disposition, bytesSent, bytesReceived) SETTINGS materialized_views_ignore_errors = 1
     SELECT now64(3), now64(3), generateUUIDv4(), 'traffic', 'allowed', 1, 1`,
  )
  const [row] = await store.rows<{ n: number }>('SELECT count() AS n FROM logs')
  assert.equal(Number(row?.n), 1)
})
