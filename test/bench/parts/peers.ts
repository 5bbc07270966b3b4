/**
 * The table of peers: what it costs an insert (the same records by turns with its view and without), how fast a store from
 * before it is filled, and how long the guard waits for an answer over 30 days of records: 20 times `--lines`, made within
 * the engine, of a million sources, a third of them allowed with bytes both ways: far more peers than a site has.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { KnownPeers } from '../../../src/app/known-peers.ts'
import { detection } from '../../../src/decide/decide-fixture.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { EmbeddedLogStore } from '../../../src/store/logs/embedded.ts'
import { LogStore } from '../../../src/store/logs/log-store.ts'
import { createTableSql } from '../../../src/store/logs/log-table.ts'
import { createPeersSql, dayOf, PEER_DAYS, PeerTable } from '../../../src/store/logs/peer-table.ts'
import { quantile, treeUsage } from '../measure.ts'
import type { Figure, Part } from '../part.ts'

const DAY_MS = 86_400_000
const STORE_BYTES = 2 * 2 ** 30
const TIMES_LINES = 20
const ROWS_AT_ONCE = 2_000_000
/** As many as a segment holds at 100,000 lines a second. */
const SEGMENT_ROWS = 25_000
const SEGMENTS = 12
const ROUNDS = 4
const LOOKS = 60
const ASKED_AT_ONCE = 200
/** So many sources, a third of whose records are of completed sessions. */
const MIXES = { 'some peers': 5000, 'nearly each session with another one': 1_000_000 } as const
const ALL_SOURCES = 1_000_000
const SETTINGS =
  'max_threads = 1, max_insert_threads = 1, max_block_size = 1000000, min_insert_block_size_rows = 1000000, max_partitions_per_insert_block = 0, async_insert = 0'

export const peers: Part = async ({ lines, folder, say }) => {
  const records = lines * TIMES_LINES
  const engine = new EmbeddedLogStore({
    folder,
    memoryBytes: STORE_BYTES,
    clock: systemClock,
    report: () => {},
  })
  await engine.start()
  const store = new LogStore({ socketPath: engine.socketPath })
  await store.prepare()
  say('inserting segments with and without the table of peers')
  const figures: Figure[] = []
  for (const [what, sources] of Object.entries(MIXES)) figures.push(await insertCost(store, what, sources))
  say(`making ${records} records of ${PEER_DAYS} days`)
  for (let from = 0; from < records; from += ROWS_AT_ONCE)
    await store.command(`INSERT INTO logs ${rowsSql()} SETTINGS ${SETTINGS}`, {
      from,
      count: Math.min(ROWS_AT_ONCE, records - from),
      start: systemClock.nowMs() - PEER_DAYS * DAY_MS + 600_000,
      step: ((PEER_DAYS - 1) * DAY_MS) / records,
      sources: ALL_SOURCES,
    })
  say('filling the table of peers')
  const table = new PeerTable(store, systemClock)
  await table.prepare()
  const beganMs = performance.now()
  await table.fill(new AbortController().signal)
  figures.push({
    ...INFORMATION,
    what: `table of peers filled from ${records} stored records, resting half of the time`,
    value: records / ((performance.now() - beganMs) / 1000),
    unit: 'records/s',
    note: await sizeOf(store),
  })
  await quiet(store)
  for (const sources of [1, ASKED_AT_ONCE]) figures.push(await lookUps(store, table, sources, records))
  await store.close()
  await engine.stop()
  return figures
}

const INFORMATION = { row: 7, target: null, work: null } as const

/** Inserts as the sender makes them, one after another, by turns with the view and without. */
async function insertCost(store: LogStore, what: string, sources: number): Promise<Figure> {
  await store.command(createTableSql('source_rows', true, []))
  const nowMs = systemClock.nowMs()
  const parameters = { from: 0, count: SEGMENT_ROWS * SEGMENTS, start: nowMs - 3000, step: 0.01, sources }
  await store.command(`INSERT INTO source_rows ${rowsSql()} SETTINGS ${SETTINGS}`, parameters)
  const [table, view] = createPeersSql(dayOf(nowMs))
  await store.command(table)
  const spent = { with: { cpu: 0, wall: 0 }, without: { cpu: 0, wall: 0 } }
  for (let round = 0; round < ROUNDS * 2; round++) {
    const which = round % 2 === 0 ? 'without' : 'with'
    if (which === 'with') await store.command(view)
    else await store.command('DROP VIEW IF EXISTS peersOfLogs SYNC')
    const cpu = treeUsage(process.pid).cpuSeconds
    const beganMs = performance.now()
    for (let n = 0; n < SEGMENTS; n++)
      await store.command(
        `INSERT INTO logs SELECT * FROM source_rows WHERE position >= {from:UInt32} AND position < {to:UInt32} SETTINGS ${SETTINGS}`,
        { from: n * SEGMENT_ROWS, to: (n + 1) * SEGMENT_ROWS },
      )
    spent[which].wall += (performance.now() - beganMs) / 1000
    await store.command('OPTIMIZE TABLE logs FINAL') // merging belongs to it
    if (which === 'with') await store.command('OPTIMIZE TABLE peers FINAL')
    spent[which].cpu += treeUsage(process.pid).cpuSeconds - cpu
    await store.command('TRUNCATE TABLE logs')
    await store.command('TRUNCATE TABLE peers')
  }
  await store.command('DROP VIEW IF EXISTS peersOfLogs SYNC')
  await store.command('DROP TABLE peers SYNC')
  await store.command('DROP TABLE source_rows SYNC')
  await store.command('TRUNCATE TABLE logs')
  const millions = (ROUNDS * SEGMENTS * SEGMENT_ROWS) / 1e6
  const { with: kept, without } = spent
  return {
    ...INFORMATION,
    what: `insert of segments of ${SEGMENT_ROWS} records with the table of peers, ${what}`,
    value: (kept.cpu - without.cpu) / millions,
    unit: 'CPU-s more per million',
    note: `${(without.cpu / millions).toFixed(2)} CPU-s per million without, ${(kept.cpu / millions).toFixed(2)} with; ${((without.wall * 1000) / ROUNDS / SEGMENTS).toFixed(0)} and ${((kept.wall * 1000) / ROUNDS / SEGMENTS).toFixed(0)} ms a segment`,
  }
}

async function lookUps(store: LogStore, table: PeerTable, sources: number, records: number): Promise<Figure> {
  const seconds: number[] = []
  let unknown = 0
  for (let look = 0; look < LOOKS; look++) {
    const guard = new KnownPeers({
      clock: systemClock,
      ask: (sql, parameters, signal) => store.rows(sql, parameters, signal),
      completeSinceMs: () => table.completeSinceMs,
      report: () => {},
    })
    const asked = Array.from({ length: sources }, (_, i) => {
      const n = (1_000_000_000 + ((look * 7919 + i * 104_729) % 1_200_000)) >>> 0 // a sixth of them is nobody
      return detection(`${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`)
    })
    const beganMs = performance.now()
    const marked = await guard.mark(asked, () => true)
    seconds.push((performance.now() - beganMs) / 1000)
    unknown += marked.filter(({ peer }) => peer?.isPeer === null).length
  }
  return {
    row: 7,
    what: `known peers: ${sources} source${sources === 1 ? '' : 's'} looked up in ${PEER_DAYS} days of ${records} records, p99`,
    value: quantile(seconds, 0.99),
    unit: 's',
    target: { atMost: 0.2 },
    work: null,
    note: `median ${quantile(seconds, 0.5).toFixed(4)} s of ${LOOKS}; ${unknown} of ${LOOKS * sources} not answered in time`,
  }
}

function rowsSql(): string {
  const v4 = (number: string): string => `IPv4ToIPv6(toIPv4(toUInt32(${number})))`
  return `(eventTime, receivedAt, segment, position, sender, category, disposition, sourceAddress, destinationAddress, sourcePort, destinationPort,
      bytesSent, bytesReceived, type, device, protocol, application, action, rule, sessionId)
    SELECT t, t, toUUID(concat('01900000-0000-7000-8000-', leftPad(hex(intDiv(number, 100000)), 12, '0'))), number, '192.0.2.1', 'traffic',
      if(h % 3 = 0, 'allowed', 'blocked'), ${v4('1000000000 + (intDiv(h, 50) % {sources:UInt32})')}, ${v4('167772160 + (intDiv(h, 7) % 2000)')},
      1024 + h % 60000, if(h % 4 = 0, 443, 1 + intDiv(h, 11) % 60000), h % 5000, h % 70000, 'TRAFFIC', concat('fw-', toString(h % 8)), 'tcp',
      ['web-browsing', 'ssl', 'incomplete', 'dns'][1 + h % 4], if(h % 3 = 0, 'allow', 'deny'), concat('rule ', toString(intDiv(h, 13) % 40)),
      toString(h % 1000000)
    FROM (SELECT number, cityHash64(number) AS h, fromUnixTimestamp64Milli(toInt64({start:Int64} + number * {step:Float64})) AS t
      FROM numbers({from:UInt64}, {count:UInt64}))`
}

async function sizeOf(store: LogStore): Promise<string> {
  const [row] = await store.rows<{ n: number | string; bytes: number | string }>(
    `SELECT sum(rows) AS n, sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = currentDatabase() AND table = 'peers' AND active`,
  )
  return `${Number(row?.n)} rows, ${(Number(row?.bytes) / 2 ** 20).toFixed(0)} MiB`
}

async function quiet(store: LogStore): Promise<void> {
  for (let rounds = 0; rounds < 3; ) {
    await delay(300)
    const [row] = await store.rows<{ n: number | string }>('SELECT count() AS n FROM system.merges')
    rounds = Number(row?.n ?? 0) === 0 ? rounds + 1 : 0
  }
}
