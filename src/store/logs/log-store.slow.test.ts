/** The log store with its real engine: one child process for the whole file, killed and restarted by some tests. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import type { EmbeddedLogStore } from './embedded.ts'
import { LogStore } from './log-store.ts'
import { SegmentSender } from './segment-sender.ts'
import { SegmentSpool, type SpooledSegment, type StoreEvent } from './segment-spool.ts'
import { SegmentWriter } from './segment-writer.ts'
import { StoreError } from './store-error.ts'
import { batchOf, everyField, numbered, type TestRecord } from './test-batches.ts'
import { openTestStore, type TestStore } from './test-store.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2025, 10, 22, 12)

let opened: TestStore
let folder = ''
let engine: EmbeddedLogStore
let store: LogStore
let spool: SegmentSpool
let events: StoreEvent[] = []
const clock = new ManualClock(NOW)
const report = (event: StoreEvent): void => void events.push(event)
const never = new AbortController().signal

before(async () => {
  opened = await openTestStore()
  ;({ folder, engine, store } = opened)
})
after(() => opened.close())
beforeEach(async () => {
  await store.command('TRUNCATE TABLE logs')
  for (const left of ['segments', 'positions.json', 'positions.json.1'])
    await rm(join(folder, left), { recursive: true, force: true })
  events = []
  spool = await SegmentSpool.open({ folder, maxSpoolBytes: 1e9, clock, report })
})

/** Makes one segment of the batches and takes it out of the spool. */
async function segmentOf(...batches: RecordBatch[]): Promise<SpooledSegment> {
  const writer = new SegmentWriter({ spool, clock, keepRaw: true, report })
  for (const batch of batches) assert.equal(writer.append(batch), true)
  await writer.close()
  const segment = spool.take()
  assert.ok(segment)
  return segment
}

const insert = (segment: SpooledSegment): Promise<void> =>
  store.insertSegment(segment, segment.footer.segment, never)

async function count(): Promise<number> {
  const [row] = await store.rows<{ n: number }>('SELECT count() AS n FROM logs')
  return Number(row?.n)
}

test('every field comes back as it was, with nulls, IPv6 and bytes that are not UTF-8', async () => {
  const batch = batchOf(
    [{ raw: '', eventTimeMs: NOW }, everyField(NOW), { raw: 'third', eventTimeMs: NOW + 1 }],
    {
      receivedAtMs: NOW,
      sender: '198.51.100.200',
    },
  )
  const segment = await segmentOf(batch)
  await insert(segment)
  const stored = await store.records('ORDER BY position', {})
  const { segment: name } = segment.footer
  assert.deepEqual(
    stored,
    [0, 1, 2].map((row) => ({ ...batch.recordAt(row), id: `${name}:${row}` })),
  )
  assert.equal(stored[0]?.bytesSent, null)
  assert.equal(stored[0]?.device, '198.51.100.200')
  const [bytes] = await store.rows<{ raw: string; user: string }>(
    'SELECT hex(raw) AS raw, hex(sourceUser) AS user FROM logs WHERE position = 1',
  )
  assert.deepEqual(bytes, { raw: '3C31343EFFFE000AC3A4', user: '61FF62' })
})

test('a time that is unknown or impossible is stored as arrival', async () => {
  const times = [Number.NaN, -5, 1e17]
  await insert(
    await segmentOf(
      batchOf(
        times.map((eventTimeMs) => ({ raw: 'x', eventTimeMs })),
        { receivedAtMs: NOW },
      ),
    ),
  )
  const stored = await store.records('ORDER BY position', {})
  assert.deepEqual(
    stored.map((record) => record.eventTime),
    times.map(() => new Date(NOW).toISOString()),
  )
})

test('a segment of many batches and dictionaries beyond 256 texts keeps every row', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ raw: `r${i}`, sourceUser: `user ${i % 700}` }))
  await insert(
    await segmentOf(
      batchOf(rows.slice(0, 1000), { receivedAtMs: NOW }),
      batchOf(rows.slice(1000), { receivedAtMs: NOW }),
    ),
  )
  const [row] = await store.rows<{ n: number; users: number; wrong: number }>(
    `SELECT count() AS n, uniqExact(sourceUser) AS users,
       countIf(raw != concat('r', toString(position)) OR sourceUser != concat('user ', toString(position % 700))) AS wrong FROM logs`,
  )
  assert.deepEqual(row, { n: 3000, users: 700, wrong: 0 })
})

test('the same segment inserted twice gives its rows once, also across a kill of the engine', async () => {
  const segment = await segmentOf(batchOf(numbered(10), { receivedAtMs: NOW }))
  await insert(segment)
  await insert(segment)
  assert.equal(await count(), 10)
  await killEngine()
  await insert(segment)
  assert.equal(await count(), 10)
})

/** SIGKILL, then waits until the supervisor has it up again. */
async function killEngine(): Promise<void> {
  const { pid } = engine.status()
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
  while (engine.status().pid === pid || !(await store.ping())) await new Promise((r) => setTimeout(r, 20))
}

test('an engine killed again and again while it stores loses nothing and doubles nothing', async () => {
  const writer = new SegmentWriter({ spool, clock, keepRaw: true, report })
  const sender = new SegmentSender({ spool, target: store, report })
  const restarts = engine.status().restarts
  sender.start()
  let lines = 0
  for (let round = 0; round < 30; round++) {
    while (!writer.append(batchOf(numbered(500, lines), { receivedAtMs: NOW }))) await writer.whenFree()
    lines += 500
    await writer.flush()
    const { pid } = engine.status()
    if (round % 10 === 5 && pid !== null) process.kill(pid, 'SIGKILL')
  }
  await writer.close()
  await sender.whenIdle()
  await sender.stop()
  const [row] = await store.rows<{ n: number; distinct: number }>(
    'SELECT count() AS n, uniqExact(raw) AS distinct FROM logs',
  )
  assert.deepEqual(row, { n: lines, distinct: lines })
  assert.ok(engine.status().restarts > restarts)
  assert.equal(sender.quarantined, 0)
})

test('segments over three days and over 200 days of arrival are stored, and retention drops whole days', async () => {
  const days = (number: number): RecordBatch[] =>
    Array.from({ length: number }, (_, day) =>
      batchOf(numbered(2, day * 2), { receivedAtMs: NOW - day * DAY_MS }),
    )
  const wide = await segmentOf(...days(200))
  await insert(wide)
  assert.equal(await count(), 400)
  await insert(await segmentOf(...days(3)))
  assert.equal(await count(), 406)
  const dropped = await store.dropPartitionsBefore(NOW - 2 * DAY_MS)
  assert.equal(dropped.length, 197)
  assert.equal(await count(), 12)
  assert.equal((await store.sizes()).partitions, 3)
  assert.deepEqual(await store.dropPartitionsBefore(NOW - 2 * DAY_MS), [])
})

// Without a time limit of its own the query would run for hours: a cancel that fails lets the test run into its own.
test('a heavy query is cancelled while inserts go on', { timeout: 60_000 }, async () => {
  const segment = await segmentOf(batchOf(numbered(5), { receivedAtMs: NOW }))
  const abort = new AbortController()
  const sql = 'SELECT count() FROM numbers(1000000000000000) WHERE sipHash64(number) = 1'
  const heavy = store.query(sql, {}, abort.signal, { max_execution_time: 0 }).next()
  const isRunning = async (): Promise<boolean> => {
    const found = "query LIKE '%sipHash64(number) = 1%' AND query NOT LIKE '%processes%'"
    return (await store.rows(`SELECT 1 FROM system.processes WHERE ${found}`)).length > 0
  }
  while (!(await isRunning())) await new Promise((r) => setTimeout(r, 5))
  await insert(segment)
  assert.equal(await count(), 5)
  abort.abort()
  await assert.rejects(heavy, StoreError)
  while (await isRunning()) await new Promise((r) => setTimeout(r, 20))
})

test('leaving a streamed result early ends the query and frees its connection', async () => {
  for (let i = 0; i < 8; i++) {
    for await (const rows of store.query<{ number: number }>('SELECT number FROM numbers(1000000000)')) {
      assert.ok(rows.length > 0)
      break
    }
  }
  assert.deepEqual(await store.rows('SELECT 1 AS one'), [{ one: 1 }])
})

test('a query beyond its memory or its time is ended, with the code of the engine, and nothing else is', async () => {
  const tooBig = store.query('SELECT groupArray(number) FROM numbers(1000000000)', {}, never, {
    max_memory_usage: 50_000_000,
  })
  await assert.rejects(tooBig.next(), { clickhouseCode: 241 })
  const tooLong = store.query(
    'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1',
    {},
    never,
    {
      max_execution_time: 1,
    },
  )
  await assert.rejects(tooLong.next(), { clickhouseCode: 159 })
  const { pid } = engine.status()
  assert.equal(await store.ping(), true)
  assert.equal(engine.status().pid, pid)
})

test('an error in the middle of a result is told as the engine says it', async () => {
  const sql = 'SELECT throwIf(number = 900000) FROM numbers(1000000)'
  await assert.rejects(
    async () => {
      for await (const rows of store.query(sql)) assert.ok(rows.length > 0)
    },
    { clickhouseCode: 395 },
  )
})

test('faulty statements are answered with the codes of ClickHouse', async () => {
  await assert.rejects(store.rows('SELECT nosuch FROM logs'), { clickhouseCode: 47 })
  await assert.rejects(store.rows('SELECT 1 FROM nosuch'), { clickhouseCode: 60 })
  await assert.rejects(store.rows('SELEC 1'), { clickhouseCode: 62 })
  await assert.rejects(store.rows('SELECT {x:UInt8}'), { clickhouseCode: 456 })
})

test('parameters of reads that run at once never mix', async () => {
  const reads = Array.from({ length: 40 }, async (_, i) => {
    const hostile = `${i}' OR 1=1 --\\\n\t{x:String}`
    const [row] = await store.rows<{ n: number; s: string }>(
      'SELECT {n:UInt32} AS n, {s:String} AS s, {a:Array(String)} AS a, sleep(0.001)',
      { n: i, s: hostile, a: ["it's", hostile] },
    )
    assert.deepEqual([row?.n, row?.s], [i, hostile])
  })
  await Promise.all(reads)
})

test('the latest records of a source and the window of an arrival time are found', async () => {
  const early = numbered(3).map((record, i) => ({ ...record, eventTimeMs: NOW + i }))
  const late = [
    { ...numbered(1, 9)[0], raw: 'late', sourceAddress: '2001:db8::7', eventTimeMs: NOW - 50 },
  ] as TestRecord[]
  await insert(
    await segmentOf(batchOf(early, { receivedAtMs: NOW }), batchOf(late, { receivedAtMs: NOW + 10 })),
  )
  const found = await store.recordsOf([0, 0, 0xffff, 0xc6336407], 2)
  assert.deepEqual(
    found.map((record) => record.raw),
    ['line 2', 'line 1'],
  )
  assert.equal((await store.recordsOf([0x20010db8, 0, 0, 7], 5))[0]?.raw, 'late')
  const seen: string[] = []
  await store.window(NOW, (batch) => {
    for (let row = 0; row < batch.count; row++) seen.push(batch.records.rawAt(row))
  })
  assert.deepEqual(seen, ['late', 'line 0', 'line 1', 'line 2'])
  const since: string[] = []
  await store.window(NOW + 1, (batch) => {
    for (let row = 0; row < batch.count; row++) since.push(batch.records.rawAt(row))
  })
  assert.deepEqual(since, ['late'])
})

test('an older table gets the columns and enum values it lacks, and its rows stay', async () => {
  await insert(await segmentOf(batchOf(numbered(2), { receivedAtMs: NOW })))
  await store.command('ALTER TABLE logs DROP COLUMN sourceEdl')
  await store.command("ALTER TABLE logs MODIFY COLUMN outcome Enum8('' = 0, 'success' = 1)")
  await store.prepare()
  await insert(
    await segmentOf(batchOf([{ raw: 'new', sourceEdl: 'edl', outcome: 2 }], { receivedAtMs: NOW })),
  )
  const stored = await store.records('ORDER BY raw', {})
  assert.deepEqual(
    stored.map((record) => [record.raw, record.sourceEdl, record.outcome]),
    [
      ['line 0', null, null],
      ['line 1', null, null],
      ['new', 'edl', 'failure'],
    ],
  )
})

test('a segment is counted and taken out again, and comes back under another token', async () => {
  const segment = await segmentOf(batchOf(numbered(4), { receivedAtMs: NOW }))
  const other = await segmentOf(batchOf(numbered(3), { receivedAtMs: NOW }))
  await insert(segment)
  await insert(other)
  assert.equal(await store.countSegment(segment, never), 4)
  await store.removeSegment(segment, never)
  assert.equal(await store.countSegment(segment, never), 0)
  await store.insertSegment(segment, `${segment.footer.segment}-2`, never)
  assert.equal(await store.countSegment(segment, never), 4)
  assert.equal(await store.countSegment(other, never), 3)
})

test('a store at a web address gets the records of a segment in the body', async () => {
  // The engine's socket behind a TCP port stands for a ClickHouse server.
  const proxy = createServer((client) => {
    const socket = connect(engine.socketPath)
    client.pipe(socket).pipe(client)
    client.on('error', () => socket.destroy()) // either side may end first
    socket.on('error', () => client.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  const remote = new LogStore({ url: `http://127.0.0.1:${port}` })
  const segment = await segmentOf(batchOf(numbered(4), { receivedAtMs: NOW }))
  await remote.insertSegment(segment, segment.footer.segment, never)
  await remote.insertSegment(segment, segment.footer.segment, never)
  assert.equal(await remote.countSegment(segment, never), 4)
  await remote.close()
  proxy.close()
})

/** A request as any client could make it. */
function rawRequest(
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: engine.socketPath, path, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('the socket is for its owner only, and a segment name cannot lead out of its folder', async () => {
  assert.equal((await stat(engine.socketPath)).mode & 0o777, 0o600)
  await mkdir(join(folder, 'elsewhere'), { recursive: true })
  await writeFile(join(folder, 'elsewhere', 'x.native'), '')
  for (const name of ['../elsewhere/x.native', '/etc/passwd', 'x.native']) {
    const answer = await rawRequest('/?query=INSERT%20INTO%20logs%20FORMAT%20Native', { 'x-segment': name })
    assert.equal(answer.status, 400, name)
  }
  assert.deepEqual(await rawRequest('/ping', {}), { status: 200, text: 'Ok.\n' })
})

test('rows in the body of an insert are stored, and settings of a request do not outlive it', async () => {
  const query = encodeURIComponent('INSERT INTO logs (raw, receivedAt) FORMAT JSONEachRow')
  const body = '{"raw":"a","receivedAt":"2025-11-22 00:00:00"}\n'
  const token = 'insert_deduplication_token=only-once'
  assert.equal((await rawRequest(`/?query=${query}&${token}`, {}, body)).status, 200)
  assert.equal((await rawRequest(`/?query=${query}&${token}`, {}, body)).status, 200)
  assert.equal(await count(), 1)
  assert.equal((await rawRequest(`/?query=${query}`, {}, body.replace('"a"', '"b"'))).status, 200)
  assert.equal(await count(), 2)
  assert.deepEqual(await readdir(join(folder, 'logs', 'incoming')), [])
})
