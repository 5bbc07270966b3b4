/** Saved views: each for its owner, shared ones for all, refused to be removed by others. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Caller } from '../api/control-contract.ts'
import { ManualClock } from '../lib/clock.ts'
import { StateStore } from '../store/state/state-store.ts'
import { removeForsakenViews, viewActions } from './view-actions.ts'

const clock = new ManualClock(Date.UTC(2026, 10, 22))
const ADA: Caller = { user: 'ada', userId: '1', role: 'viewer' }
const BOB: Caller = { user: 'bob', userId: '2', role: 'operator' }
const EVE: Caller = { user: 'eve', userId: '3', role: 'administrator' }
const DENIED = {
  name: 'Denied from outside',
  filter: '( action eq deny )',
  from: 'now-24h',
  to: null,
  columns: ['eventTime', 'sourceAddress'],
  shared: false,
}

let folder = ''
let store: StateStore
let actions: ReturnType<typeof viewActions>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'views-'))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  actions = viewActions(() => store, clock)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function names(caller: Caller): Promise<string[]> {
  const views = (await actions.listViews({}, caller)) as Iterable<{ name: string }>
  return Array.from(views, ({ name }) => name)
}

test('a view is seen by its owner, by others only when it is shared, and saved over by its name', async () => {
  const saved = await actions.saveView(DENIED, ADA)
  assert.deepEqual(
    { ...saved, id: '', changedAt: '' },
    { ...DENIED, id: '', changedAt: '', owner: 'ada', own: true },
  )
  assert.deepEqual(await names(BOB), [])
  const again = await actions.saveView({ ...DENIED, shared: true }, ADA)
  assert.equal(again.id, saved.id)
  assert.deepEqual(await names(ADA), [DENIED.name])
  assert.deepEqual(await names(BOB), [DENIED.name])
  assert.equal((await store.audit({ limit: 10 }))[0]?.action, 'view.save')
})

test('two people may use one name; others cannot remove a view, its owner and administrators can', async () => {
  const { id } = await actions.saveView({ ...DENIED, shared: true }, ADA)
  await actions.saveView(DENIED, BOB)
  assert.deepEqual(await names(BOB), [DENIED.name, DENIED.name])
  await assert.rejects(async () => actions.removeView({ id }, BOB), /only they may remove it/)
  await actions.removeView({ id }, EVE)
  assert.deepEqual(await names(ADA), [])
  await assert.rejects(async () => actions.removeView({ id }, ADA), /no such view/)
})

test('a filter that is not understood is not saved', async () => {
  await assert.rejects(
    async () => actions.saveView({ ...DENIED, filter: '( acton eq deny )' }, ADA),
    /character 3/,
  )
  assert.deepEqual(await names(ADA), [])
})

test('private views of a removed user go with the user, audited; shared ones and those of others stay', async () => {
  const LOCAL: Caller = { user: 'root' }
  await actions.saveView(DENIED, ADA)
  await actions.saveView({ ...DENIED, name: 'For all', shared: true }, ADA)
  await actions.saveView(DENIED, BOB)
  await actions.saveView({ ...DENIED, name: 'On the server' }, LOCAL)
  assert.equal(await removeForsakenViews(store, clock, (id) => id !== '1', EVE), 1)
  assert.deepEqual(await names(ADA), ['For all'])
  assert.deepEqual(await names(BOB), [DENIED.name, 'For all'])
  assert.deepEqual(await names(LOCAL), ['For all', 'On the server'])
  const [row] = await store.audit({ limit: 1 })
  assert.deepEqual(
    [row?.actor, row?.action, row?.subject, row?.reason],
    ['eve', 'view.remove', DENIED.name, 'its owner was removed'],
  )
})
