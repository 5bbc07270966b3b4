/** Objects and journal in the state: versions, what others changed meanwhile, audit in one transaction, bounds. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import type { AuditEntry } from '../../model/state.ts'
import { StateStore } from './state-store.ts'

const clock = new ManualClock(Date.UTC(2026, 10, 22))
let folder = ''
let store: StateStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-objects-'))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const audit = (id: string): AuditEntry => ({
  id,
  atMs: clock.nowMs(),
  actor: 'ada',
  action: 'feed.change',
  subject: 'perimeter',
  reason: null,
  details: {},
})
const put = (body: number | null, onVersion: number | null, id = 'perimeter') =>
  store.changeObject({ kind: 'feed', id, body, onVersion, by: 'ada' }, null)

test('an object is made, changed on the version that was read, and removed', async () => {
  assert.deepEqual(await put(1, 0), { ok: true, version: 1 })
  assert.deepEqual(await put(2, 1), { ok: true, version: 2 })
  assert.deepEqual(await put(3, 1), { ok: false, reason: 'changed' })
  assert.equal((await store.object('feed', 'perimeter'))?.body, 2)
  assert.deepEqual(await put(9, 0), { ok: false, reason: 'changed' })
  assert.deepEqual(await put(null, 2), { ok: true, version: 2 })
  assert.deepEqual(await put(null, null), { ok: false, reason: 'missing' })
  assert.deepEqual(await store.objects('feed'), [])
})

test('kinds are kept apart and listed in order of their ids', async () => {
  await put(1, null, 'b')
  await put(2, null, 'a')
  await store.changeObject({ kind: 'user', id: 'c', body: {}, onVersion: null, by: 'ada' }, null)
  assert.deepEqual(
    (await store.objects('feed')).map(({ id }) => id),
    ['a', 'b'],
  )
})

test('an audit row is written with the change, and with a change that is refused there is none', async () => {
  const change = { kind: 'feed', id: 'perimeter', body: 1, onVersion: 0, by: 'ada' } as const
  await store.changeObject(change, audit('00000000-0000-7000-8000-000000000001'))
  await store.changeObject(change, audit('00000000-0000-7000-8000-000000000002'))
  assert.equal((await store.audit({ limit: 10 })).length, 1)
  assert.deepEqual((await store.verifyAudit()).ok, true)
})

test('the journal is read newest first, by subject, and kept within its bounds', async () => {
  const entry = (n: number, subject: string) => ({
    id: `00000000-0000-7000-8000-00000000000${n}`,
    kind: 'fetch',
    subject,
    atMs: n * 1000,
    body: n,
  })
  await store.appendJournal([entry(1, 'a'), entry(2, 'b'), entry(3, 'a'), entry(4, 'a')])
  const bodies = async (query: object) =>
    (await store.journal({ kind: 'fetch', limit: 10, ...query })).map(({ body }) => body)
  assert.deepEqual(await bodies({}), [4, 3, 2, 1])
  assert.deepEqual(await bodies({ subject: 'a', beforeId: entry(4, 'a').id }), [3, 1])
  assert.deepEqual(await bodies({ sinceMs: 3000 }), [4, 3])
  assert.equal(await store.pruneJournal('fetch', 2000, 2), 2)
  assert.deepEqual(await bodies({}), [4, 3])
})
