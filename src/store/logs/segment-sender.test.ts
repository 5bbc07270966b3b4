import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import { SegmentSender, type SegmentTarget } from './segment-sender.ts'
import { SegmentSpool, type SpooledSegment, type StoreEvent } from './segment-spool.ts'
import { SegmentWriter } from './segment-writer.ts'
import { StoreError } from './store-error.ts'
import { batchOf, numbered } from './test-batches.ts'

const NOW = Date.UTC(2025, 10, 22)

/** A log store in memory that forgets tokens never and can be made to fail. */
class FakeStore implements SegmentTarget {
  readonly tokens = new Set<string>()
  readonly rows = new Map<string, number>()
  readonly inserts: string[] = []
  /** Runs before an insert; throws to refuse it. */
  before: (token: string) => void = () => {}
  /** Runs after the rows are in; throws to lose the answer. */
  after: (token: string) => void = () => {}

  insertSegment(segment: SpooledSegment, token: string): Promise<void> {
    return this.#do(() => {
      this.inserts.push(token)
      this.before(token)
      const { segment: name, records } = segment.footer
      if (!this.tokens.has(token)) this.rows.set(name, (this.rows.get(name) ?? 0) + records)
      this.tokens.add(token)
      this.after(token)
    })
  }

  countSegment(segment: SpooledSegment): Promise<number> {
    return this.#do(() => this.rows.get(segment.footer.segment) ?? 0)
  }

  removeSegment(segment: SpooledSegment): Promise<void> {
    return this.#do(() => void this.rows.delete(segment.footer.segment))
  }

  async #do<T>(work: () => T): Promise<T> {
    await Promise.resolve()
    return work()
  }
}

let folder = ''
let events: StoreEvent[] = []
let store = new FakeStore()
const report = (event: StoreEvent): void => void events.push(event)
const openSpool = (): Promise<SegmentSpool> =>
  SegmentSpool.open({ folder, maxSpoolBytes: 1e9, clock: new ManualClock(NOW), report })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ads-sender-'))
  events = []
  store = new FakeStore()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Writes segments of two records each. */
async function fill(spool: SegmentSpool, segments: number): Promise<string[]> {
  const writer = new SegmentWriter({ spool, clock: new ManualClock(NOW), keepRaw: true, report })
  for (let i = 0; i < segments; i++) {
    const positions = [{ fileId: 'f', path: '/f', offset: i + 1 }]
    writer.append(batchOf(numbered(2, i), { receivedAtMs: NOW, positions }))
    await writer.flush()
  }
  await writer.close()
  return (await readdir(spool.folder)).sort().map((name) => name.slice(0, 36))
}

async function sendAll(spool: SegmentSpool): Promise<SegmentSender> {
  const sender = new SegmentSender({ spool, target: store, report, wait: () => Promise.resolve() })
  sender.start()
  await sender.whenIdle()
  await sender.stop()
  return sender
}

test('segments are stored in order under their own names, then the checkpoint stands and the files are gone', async () => {
  const spool = await openSpool()
  const names = await fill(spool, 3)
  const sender = await sendAll(spool)
  assert.deepEqual(store.inserts, names)
  assert.deepEqual([sender.records, sender.segments], [6, 3])
  assert.deepEqual(await readdir(spool.folder), [])
  assert.deepEqual([spool.checkpoint.lastSegment, spool.checkpoint.positions[0]?.offset], [names[2], 3])
})

test('a store that is down is waited for, told once, and nothing doubles when an answer was lost', async () => {
  const spool = await openSpool()
  const names = await fill(spool, 2)
  let faults = 5
  store.before = () => {
    if (faults-- > 0) throw new StoreError('connect ENOENT', null)
  }
  let lost = true
  store.after = () => {
    if (lost) {
      lost = false
      throw new StoreError('socket hang up', null)
    }
  }
  await sendAll(spool)
  assert.deepEqual(
    names.map((name) => [name, store.rows.get(name)]),
    names.map((name) => [name, 2]),
  )
  assert.deepEqual(
    events.map((event) => event.kind),
    ['store-unavailable', 'store-available'],
  )
})

test('rows that the engine lost after noting the token are brought in under another', async () => {
  const spool = await openSpool()
  const [name = ''] = await fill(spool, 1)
  // Killed between token and rows: the first insert leaves the token and no rows.
  store.after = (token) => {
    if (store.inserts.length > 1) return
    store.rows.delete(token)
    throw new StoreError('socket hang up', null)
  }
  await sendAll(spool)
  assert.equal(store.rows.get(name), 2)
  assert.deepEqual(store.inserts, [name, name, `${name}-2`])
  assert.ok(events.some((event) => event.kind === 'segment-repaired'))
})

test('a half-stored segment is taken out and stored anew', async () => {
  const spool = await openSpool()
  const [name = ''] = await fill(spool, 1)
  store.after = (token) => {
    if (store.inserts.length > 1) return
    store.rows.set(token, 1)
    throw new StoreError('socket hang up', null)
  }
  await sendAll(spool)
  assert.equal(store.rows.get(name), 2)
})

test('a segment refused three times goes to quarantine and those behind it are stored', async () => {
  const spool = await openSpool()
  const [bad = '', good = ''] = await fill(spool, 2)
  store.before = (token) => {
    if (token === bad) throw new StoreError('Code: 33. DB::Exception: Cannot read all data', 33)
  }
  const sender = await sendAll(spool)
  assert.deepEqual(store.inserts.sort(), [bad, bad, bad, good])
  assert.deepEqual([sender.quarantined, store.rows.get(good)], [1, 2])
  assert.deepEqual(await readdir(spool.quarantineFolder), [`${bad}.native`])
  assert.deepEqual(
    events.map((event) => event.kind),
    ['segment-quarantined'],
  )
})

test('a leftover that is stored already is not inserted; a damaged one goes to quarantine unseen by the store', async () => {
  const first = await openSpool()
  const [stored = '', damaged = '', fresh = ''] = await fill(first, 3)
  store.rows.set(stored, 2)
  const spool = await openSpool()
  const handle = join(spool.folder, `${damaged}.native`)
  const bytes = await readFile(handle)
  bytes[40] = (bytes[40] as number) ^ 255
  await writeFile(handle, bytes)
  await sendAll(spool)
  assert.deepEqual(store.inserts, [fresh])
  assert.deepEqual(await readdir(spool.quarantineFolder), [`${damaged}.native`])
})

test('stop ends while the store is down, and the segments stay', async () => {
  const spool = await openSpool()
  const names = await fill(spool, 2)
  const { promise, resolve } = Promise.withResolvers<void>()
  store.before = () => {
    resolve()
    throw new StoreError('connect ENOENT', null)
  }
  const sender = new SegmentSender({ spool, target: store, report })
  sender.start()
  await promise
  await sender.stop()
  assert.equal((await readdir(spool.folder)).length, names.length)
})
