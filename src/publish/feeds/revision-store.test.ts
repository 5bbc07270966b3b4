import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import { Alarms } from '../../telemetry/alarms.ts'
import { NOW_MS } from './feed-fixture.ts'
import { type RevisionToKeep, RevisionStore, revisionsToKeep } from './revision-store.ts'

const HOUR_MS = 3_600_000
let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'ads-revisions-'))
})
after(() => rm(root, { recursive: true, force: true }))

const clock = new ManualClock(NOW_MS)
const open = (name: string): { store: RevisionStore; alarms: Alarms; folder: string } => {
  const alarms = new Alarms({ clock })
  const folder = join(root, name)
  return { store: new RevisionStore({ folder, feed: name, clock, alarms, minIntervalMs: 0 }), alarms, folder }
}

const revision = (number: number, more: Partial<RevisionToKeep> = {}): RevisionToKeep => ({
  revision: number,
  madeAtMs: NOW_MS + number,
  decisions: 2,
  entries: 1,
  contentType: 'application/json',
  note: null,
  files: [
    { body: Buffer.from(`[${number}]\n`), entries: 1 },
    { body: Buffer.from(`[${number}, "second"]\n`), entries: 0 },
  ],
  networks: () => ['198.51.100.0/31'],
  ...more,
})

test('a revision is read back as it was kept, after a restart too', async () => {
  const { store } = open('whole')
  store.save(revision(4, { note: 'released by ann' }))
  await store.close()
  store.save(revision(5))
  await store.close()
  const again = open('whole').store
  const newest = await again.open()
  assert.equal(newest?.revision, 5)
  assert.deepEqual(
    newest.bodies.map((body) => body.toString()),
    ['[5]\n', '[5, "second"]\n'],
  )
  assert.deepEqual(newest.networks, ['198.51.100.0/31'])
  const older = await again.read(4)
  assert.equal(older?.note, 'released by ann')
  assert.equal(await again.read(3), null)
})

test('a plain list is kept once, and its lines are its networks', async () => {
  const { store } = open('plain')
  const body = Buffer.from('198.51.100.1\n2001:db8::/64\n')
  store.save(revision(1, { networks: null, files: [{ body, entries: 2 }], entries: 2 }))
  await store.close()
  const kept = await open('plain').store.open()
  assert.deepEqual(kept?.networks, ['198.51.100.1', '2001:db8::/64'])
  const empty = open('sentinel').store
  empty.save(
    revision(1, { networks: null, files: [{ body: Buffer.from('192.0.2.255\n'), entries: 0 }], entries: 0 }),
  )
  await empty.close()
  assert.deepEqual((await open('sentinel').store.open())?.networks, [], 'the sentinel is no network of it')
})

test('a damaged revision is passed over, told of, and the one before it is served', async () => {
  const { store, folder } = open('damaged')
  for (const number of [1, 2, 3]) {
    store.save(revision(number))
    await store.close()
  }
  await truncate(join(folder, 'revision-3.gz'), 12)
  await writeFile(join(folder, 'revision-2.json'), '{"revision": 2')
  const again = open('damaged')
  assert.equal((await again.store.open())?.revision, 1)
  assert.ok(again.alarms.has('feed-file-damaged:damaged'))
})

test('of a folder that cannot be written an alarm tells, and nothing is thrown', async () => {
  await writeFile(join(root, 'file'), 'in the way')
  const alarms = new Alarms({ clock })
  const store = new RevisionStore({
    folder: join(root, 'file', 'x'),
    feed: 'x',
    clock,
    alarms,
    minIntervalMs: 0,
  })
  store.save(revision(1))
  await store.close()
  assert.ok(alarms.has('feed-file-not-written:x'))
})

test('the newest ten, one an hour for a day and one a day for a week stay on disk', async () => {
  const notes = Array.from({ length: 24 * 6 * 10 }, (_, i) => ({
    revision: 10_000 - i,
    madeAtMs: NOW_MS - i * (HOUR_MS / 6),
    storedBytes: 1000,
  }))
  const kept = revisionsToKeep(notes, NOW_MS)
  for (let i = 0; i < 10; i++) assert.ok(kept.has(10_000 - i))
  assert.ok(kept.size >= 10 + 22 + 6 && kept.size <= 10 + 25 + 8, String(kept.size))
  const oldest = Math.min(...kept)
  assert.ok(NOW_MS - (notes.find((note) => note.revision === oldest)?.madeAtMs ?? 0) > 6 * 24 * HOUR_MS)
  const large = notes.map((note) => ({ ...note, storedBytes: 100 * 1024 * 1024 }))
  assert.equal(revisionsToKeep(large, NOW_MS).size, 2)
  const { store, folder } = open('thin')
  for (let number = 1; number <= 14; number++) {
    store.save(revision(number))
    await store.close()
  }
  assert.equal((await readdir(folder)).length, store.notes.length * 2)
  assert.ok(store.notes.length <= 12)
})
