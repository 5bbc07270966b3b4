import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import type { FilePosition } from '../../model/raw-batch.ts'
import { readFooter, verifySegment } from './segment-file.ts'
import { SegmentSpool, type StoreEvent } from './segment-spool.ts'
import { SEGMENT_AGE_MS, SegmentWriter } from './segment-writer.ts'
import { batchOf, numbered } from './test-batches.ts'

const NOW = Date.UTC(2025, 10, 22)
const position = (offset: number): FilePosition => ({
  fileId: 'f',
  path: '/var/log/Firewall/fw-1.log',
  offset,
})

let folder = ''
let events: StoreEvent[] = []
let durable: { offsets: number[]; records: number }[] = []
/** What the writer asked to be woken for; tests wake it. */
let alarms: { ms: number; run: () => void }[] = []
const report = (event: StoreEvent): void => void events.push(event)

function openSpool(maxSpoolBytes = 1e9): Promise<SegmentSpool> {
  return SegmentSpool.open({ folder, maxSpoolBytes, clock: new ManualClock(NOW), report })
}

function openWriter(spool: SegmentSpool): SegmentWriter {
  return new SegmentWriter({
    spool,
    clock: new ManualClock(NOW),
    keepRaw: true,
    report,
    onDurable: (positions, records) => durable.push({ offsets: positions.map((p) => p.offset), records }),
    after: (ms, run) => {
      const alarm = { ms, run }
      alarms.push(alarm)
      return () => void alarms.splice(alarms.indexOf(alarm), 1)
    },
  })
}

const batch = (count: number, offset: number) =>
  batchOf(numbered(count, offset), { receivedAtMs: NOW, positions: [position(offset)] })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ads-segments-'))
  events = []
  durable = []
  alarms = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a segment is closed by age, is whole on disk and carries the latest positions', async () => {
  const spool = await openSpool()
  const writer = openWriter(spool)
  assert.equal(writer.append(batch(3, 10)), true)
  assert.equal(writer.append(batch(2, 20)), true)
  assert.deepEqual(
    alarms.map((alarm) => alarm.ms),
    [SEGMENT_AGE_MS],
  )
  alarms[0]?.run()
  await writer.flush()
  assert.deepEqual(durable, [{ offsets: [20], records: 5 }])
  const segment = spool.take()
  assert.ok(segment)
  const check = await verifySegment(segment.path)
  assert.ok(check.ok)
  assert.deepEqual([check.footer.records, check.footer.positions], [5, [position(20)]])
  await writer.close()
})

test('a segment is closed at 100,000 records', async () => {
  const spool = await openSpool()
  const writer = openWriter(spool)
  const full = batch(4096, 0)
  for (let i = 0; i < 25; i++) while (!writer.append(full)) await writer.whenFree()
  await writer.close()
  assert.deepEqual(
    durable.map((segment) => segment.records),
    [24 * 4096, 4096],
  )
})

test('a segment is closed at 16 MiB', async () => {
  const writer = openWriter(await openSpool())
  const wide = batchOf(
    Array.from({ length: 100 }, () => ({ raw: 'x'.repeat(50_000) })),
    { receivedAtMs: NOW },
  )
  for (let i = 0; i < 4; i++) assert.equal(writer.append(wide), true)
  await writer.close()
  assert.deepEqual(
    durable.map((segment) => segment.records),
    [300, 100],
  )
})

test('more distinct texts than a dictionary holds only make shorter segments', async () => {
  const writer = openWriter(await openSpool())
  for (let i = 0; i < 17; i++) {
    const users = Array.from({ length: 4096 }, (_, k) => ({ raw: '', sourceUser: `user ${i * 4096 + k}` }))
    while (!writer.append(batchOf(users, { receivedAtMs: NOW }))) await writer.whenFree()
  }
  await writer.close()
  assert.equal(
    durable.reduce((sum, segment) => sum + segment.records, 0),
    17 * 4096,
  )
  assert.equal(durable.length, 2)
})

test('a full spool makes append say full until a segment is gone', async () => {
  const spool = await openSpool(1)
  const writer = openWriter(spool)
  assert.equal(writer.append(batch(1, 1)), true)
  await writer.flush()
  assert.equal(writer.append(batch(1, 2)), false)
  const free = writer.whenFree()
  const segment = spool.take()
  assert.ok(segment)
  await spool.finish(segment)
  await free
  assert.equal(writer.append(batch(1, 2)), true)
  await writer.close()
})

test('a write that fails is reported and tried again, and nothing is lost or said to be safe meanwhile', async () => {
  const spool = await openSpool()
  const writer = openWriter(spool)
  await rename(spool.folder, `${spool.folder}.away`)
  writer.append(batch(2, 1))
  const flushed = writer.flush()
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(events[0]?.kind, 'segment-write-failed')
  assert.deepEqual(durable, [])
  await rename(`${spool.folder}.away`, spool.folder)
  await flushed
  assert.deepEqual(durable, [{ offsets: [1], records: 2 }])
  assert.equal(events.at(-1)?.kind, 'segment-write-resumed')
  await writer.close()
})

test('a writer that cannot write ends all the same, and says so', async () => {
  const spool = await openSpool()
  const writer = openWriter(spool)
  await rm(spool.folder, { recursive: true })
  writer.append(batch(1, 1))
  await assert.rejects(writer.close(), { code: 'ENOENT' })
})

async function written(count: number): Promise<void> {
  const writer = openWriter(await openSpool())
  for (let i = 1; i <= count; i++) {
    writer.append(batch(2, i))
    await writer.flush()
  }
  await writer.close()
}

const list = async (name: string): Promise<string[]> => (await readdir(join(folder, name))).sort()

test('after a restart the segments wait in order and inputs resume where the last one says', async () => {
  await written(3)
  const spool = await openSpool()
  assert.equal(spool.waitingSegments, 3)
  assert.deepEqual(spool.resumePositions, [position(3)])
  const names = [spool.take(), spool.take(), spool.take()].map((segment) => segment?.fileName)
  assert.deepEqual(names, await list('segments'))
  assert.ok(spool.nextSegment() > String(names[2]).slice(0, 36))
})

test('a segment acknowledged before the crash is not offered again, and its file goes', async () => {
  await written(2)
  const spool = await openSpool()
  const first = spool.take()
  assert.ok(first)
  await spool.checkpoint.advance(first.footer.segment, first.footer.positions)
  const again = await openSpool()
  assert.equal(again.waitingSegments, 1)
  assert.equal((await list('segments')).length, 1)
  assert.deepEqual(again.resumePositions, [position(2)])
})

test('garbage, a foreign name and a renamed segment go to quarantine; an unfinished write is removed', async () => {
  await written(1)
  const [whole = ''] = await list('segments')
  await writeFile(join(folder, 'segments', 'notes.txt'), 'x')
  const other = `${whole.slice(0, 35)}${whole[35] === '0' ? '1' : '0'}.native`
  await writeFile(join(folder, 'segments', other), await readFile(join(folder, 'segments', whole)))
  await writeFile(join(folder, 'segments', `${whole}.tmp`), 'half')
  const spool = await openSpool()
  assert.equal(spool.waitingSegments, 1)
  assert.deepEqual(await list('segments'), [whole])
  assert.deepEqual(await list('quarantine'), [other, 'notes.txt'].sort())
  assert.deepEqual(
    events.map((event) => event.kind),
    ['segment-quarantined', 'segment-quarantined'],
  )
})

test('a segment cut at any byte or with any bit turned is never taken for whole', async () => {
  await written(1)
  const [name = ''] = await list('segments')
  const path = join(folder, 'segments', name)
  const whole = await readFile(path)
  const copy = join(folder, 'copy')
  for (let size = 0; size < whole.length; size++) {
    await writeFile(copy, whole.subarray(0, size))
    assert.equal((await readFooter(copy)).ok, false, `cut to ${size} bytes`)
  }
  for (let at = 0; at < whole.length; at += 3) {
    const turned = Buffer.from(whole)
    turned[at] = (turned[at] as number) ^ (1 << (at % 8))
    await writeFile(copy, turned)
    assert.equal((await verifySegment(copy)).ok, false, `bit turned at ${at}`)
  }
  await writeFile(copy, whole)
  assert.equal((await verifySegment(copy)).ok, true)
  await appendFile(copy, 'x')
  assert.equal((await verifySegment(copy)).ok, false)
  await truncate(copy, 0)
})
