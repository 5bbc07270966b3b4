/** What is known of an address beside its lines: what stands on all of it, neighbours, owner, notes with their audit. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { RememberedAlarms, rules } from '../decide/decide-fixture.ts'
import { Decider } from '../decide/decider.ts'
import { ManualClock } from '../lib/clock.ts'
import { decision } from '../store/state/state-fixture.ts'
import { StateStore } from '../store/state/state-store.ts'
import { addressActions } from './address-actions.ts'
import type { Parts } from './parts.ts'

const ADA = { user: 'ada' }
const BEN = { user: 'ben' }
const clock = new ManualClock(Date.UTC(2026, 10, 22, 12))
const geo = {
  countryOf: () => 'Testland',
  ownerOf: (address: string) => ({
    asNumber: address.startsWith('198.51.100.') ? 64_500 : 64_501,
    name: 'Example Net',
  }),
}

let folder = ''
let store: StateStore
let decider: Decider
let actions: ReturnType<typeof addressActions>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'address-'))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  decider = await Decider.open({ repository: store, rules: rules(), clock, alarms: new RememberedAlarms() })
  const parts = { clock, geo } as unknown as Parts
  actions = addressActions(
    parts,
    () => decider,
    () => store,
  )
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function block(...targets: string[]): Promise<void> {
  const blocks = targets.map((target) => ({ target, reason: 'x' }))
  for (const outcome of await decider.blocks.addMany(blocks, 'ada')) assert.ok(outcome.ok)
}

test('the block of an address is also that of a network that holds it, and never one of its parts', async () => {
  await block('198.51.100.0/25', '2001:db8:1::/64')
  assert.equal(
    (await actions.addressProfile({ address: '198.51.100.7' }, ADA)).block?.target,
    '198.51.100.0/25',
  )
  assert.equal((await actions.addressProfile({ address: '198.51.100.200' }, ADA)).block, null)
  const wide = await actions.addressProfile({ address: '198.51.100.0/24' }, ADA)
  assert.equal(wide.block, null)
  assert.deepEqual(
    wide.decisions.map(({ target }) => target),
    ['198.51.100.0/25'],
  )
})

test('neighbours are counted by addresses in the /24, and by /64 in the /48', async () => {
  await block('198.51.100.1', '198.51.100.2', '198.51.100.64/26', '2001:db8:1:1::/64', '203.0.113.1')
  const { neighbours } = await actions.addressProfile({ address: '198.51.100.1' }, ADA)
  assert.equal(neighbours.network, '198.51.100.0/24')
  assert.equal(neighbours.size, 256)
  assert.equal(neighbours.blocked, 66)
  const six = await actions.addressProfile({ address: '2001:db8:1:7::1' }, ADA)
  assert.equal(six.neighbours.network, '2001:db8:1::/48')
  assert.equal(six.neighbours.size, 65_536)
  assert.equal(six.neighbours.blocked, 1)
})

test('blocks in networks of the same owner are counted', async () => {
  await block('198.51.100.1', '198.51.100.2', '192.0.2.1')
  const { owner, country } = await actions.addressProfile({ address: '198.51.100.9' }, ADA)
  assert.deepEqual(owner, { asNumber: 64_500, name: 'Example Net', blocked: 2 })
  assert.equal(country, 'Testland')
})

test('notes of two people at once are both kept, and what is added or removed is in the audit', async () => {
  const address = '198.51.100.7'
  await Promise.all([
    actions.addNote({ address, text: 'our partner' }, ADA),
    actions.addNote({ address, text: 'asked them' }, BEN),
  ])
  const { notes } = await actions.addressProfile({ address }, ADA)
  assert.deepEqual(notes.map(({ by, text }) => `${by}: ${text}`).toSorted(), [
    'ada: our partner',
    'ben: asked them',
  ])
  const [first] = notes
  await actions.removeNote({ address, id: first?.id ?? '' }, BEN)
  const after = await actions.addressProfile({ address }, ADA)
  assert.equal(after.notes.length, 1)
  assert.deepEqual(
    after.audit.map(({ action }) => action),
    ['note.remove', 'note.add', 'note.add'],
  )
  await assert.rejects(
    async () => actions.removeNote({ address, id: first?.id ?? '' }, BEN),
    /there is no such note/,
  )
})

test('notes that cannot be read are told, and kept aside before another is written', async () => {
  const address = '198.51.100.7'
  const body = { notes: 'of a later version', more: [1, 2] }
  await store.changeObject({ kind: 'address-note', id: address, body, onVersion: 0, by: 'ada' }, null)
  assert.equal((await actions.addressProfile({ address }, ADA)).notesUnread, 1)
  await actions.addNote({ address, text: 'asked them' }, BEN)
  await actions.addNote({ address, text: 'they answered' }, BEN)
  const after = await actions.addressProfile({ address }, ADA)
  assert.deepEqual(
    after.notes.map(({ text }) => text),
    ['asked them', 'they answered'],
  )
  assert.equal(after.notesUnread, 1)
  assert.deepEqual((await store.object('address-note-unread', address))?.body, { bodies: [body] })
  assert.deepEqual(
    after.audit.map(({ action }) => action),
    ['note.add', 'note.add', 'note.unread'],
  )
  assert.equal((await actions.addressProfile({ address: '198.51.100.8' }, ADA)).notesUnread, 0)
})

test('a held network with hundreds of newer blocks inside is still what its page shows', async () => {
  const held = decision('203.0.113.0/24', { scope: 'range', mode: 'hold', expiresAtMs: null })
  await store.commit([{ kind: 'decision', decision: held }])
  const alarms = new RememberedAlarms()
  decider = await Decider.open({ repository: store, rules: rules(), clock, alarms })
  clock.advance(1000)
  await block(...Array.from({ length: 240 }, (_, i) => `203.0.113.${i}`))
  const { block: shown } = await actions.addressProfile({ address: '203.0.113.0/24' }, ADA)
  assert.equal(`${shown?.mode} ${shown?.target}`, 'hold 203.0.113.0/24')
})
