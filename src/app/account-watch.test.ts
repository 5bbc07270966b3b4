/** What is looked after by the clock: guessed passwords, sessions that are over, and an audit log that was changed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { Accounts } from '../api/accounts/accounts.ts'
import { ManualClock } from '../lib/clock.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { NOW_MS, StateFolder } from '../store/state/state-fixture.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { AccountWatch } from './account-watch.ts'
import type { Parts } from './parts.ts'
import { signInPlaces } from './signed-in.ts'

const PASSWORD = 'correct horse battery'

async function begin(t: TestContext) {
  const folder = new StateFolder()
  const state = folder.open()
  t.after(async () => {
    await state.close()
    folder.remove()
  })
  const clock = new ManualClock(NOW_MS)
  const alarms = new Alarms({ clock })
  const ended: string[] = []
  const accounts = await Accounts.open({
    repository: state,
    box: new SecretBox(randomBytes(32)),
    clock,
    onAdministrator: (session, address) => {
      if (address === null) ended.push(session)
    },
  })
  const parts = { accounts, state, alarms, events: { partFailed: assert.fail } } as unknown as Parts
  const watch = new AccountWatch(parts)
  const tick = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await watch.tick()
  }
  const codes = (): string[] => alarms.active().map(({ code }) => code)
  return { folder, state, clock, accounts, watch, tick, codes, ended }
}

test('guessing is an alarm while it lasts', async (t) => {
  const { accounts, clock, tick, codes } = await begin(t)
  await accounts.addUser('ada', 'administrator', PASSWORD, { user: 'test' }, false)
  await tick()
  assert.deepEqual(codes(), [])
  for (let i = 0; i < 10; i++)
    await accounts.signIn({ name: 'nobody', password: 'x', code: null }, '203.0.113.9', '')
  await tick()
  assert.deepEqual(codes(), ['sign-in-guessed'])
  clock.advance(15 * 60_000)
  await tick()
  assert.deepEqual(codes(), [])
})

test('a session that nobody uses any more ends by itself, and so does the protection of its address', async (t) => {
  const { accounts, clock, tick, ended } = await begin(t)
  const ada = await accounts.addUser('ada', 'administrator', PASSWORD, { user: 'test' }, false)
  const { session } = await accounts.beginSession(ada, '198.51.100.1', '', 'test')
  clock.advance(31 * 60_000)
  await tick()
  assert.deepEqual(ended, [session.id])
  assert.deepEqual(accounts.sessions(), [])
})

test('A44: a row of the audit log that was changed or removed by hand is an alarm', async (t) => {
  const { folder, accounts, watch, codes } = await begin(t)
  for (const name of ['ada', 'bob', 'cyd'])
    await accounts.addUser(name, 'administrator', PASSWORD, { user: 'test' }, false)
  await watch.checkAudit()
  assert.deepEqual(codes(), [])
  const database = new DatabaseSync(join(folder.folder, 'state.sqlite'))
  t.after(() => database.close())
  const change = "UPDATE audit SET actor = 'somebody else' WHERE sequence = 2"
  assert.throws(() => database.exec(change), /append only/)
  // Who can write the file can take that away too.
  const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${String(name)}"`)
  database.exec(change)
  await watch.checkAudit()
  assert.deepEqual(codes(), ['audit-broken'])
  database.exec("UPDATE audit SET actor = 'test' WHERE sequence = 2")
  await watch.checkAudit()
  assert.deepEqual(codes(), [])
  database.exec('DELETE FROM audit WHERE sequence = 3')
  await watch.checkAudit()
  assert.deepEqual(codes(), ['audit-broken'])
})

test('after a restart strangers cannot keep out whoever signed in before it', async (t) => {
  const { state, accounts, clock } = await begin(t)
  await accounts.addUser('ada', 'administrator', PASSWORD, { user: 'test' }, false)
  const signIn = (into: Accounts, address: string, password = PASSWORD) =>
    into.signIn({ name: 'ada', password, code: null }, address, '')
  assert.equal((await signIn(accounts, '198.51.100.1')).ok, true)
  clock.advance(29 * 24 * 3_600_000)
  const places = await signInPlaces(state, clock.nowMs())
  assert.deepEqual(
    places.map(({ user, address }) => [user, address]),
    [['ada', '198.51.100.1']],
  )
  const box = new SecretBox(randomBytes(32))
  const again = await Accounts.open({ repository: state, box, clock, places })
  for (let i = 0; i < 30; i++) await signIn(again, `203.0.${i}.1`, 'x')
  assert.deepEqual(await signIn(again, '192.0.2.1'), { ok: false, why: 'wait', waitSeconds: 900 })
  assert.equal((await signIn(again, '198.51.100.77')).ok, true)
  clock.advance(2 * 24 * 3_600_000)
  assert.equal((await signInPlaces(state, clock.nowMs())).length, 1, 'a month is enough')
})
