/** Accounts: sign-in, sessions, second factor, tokens, the last administrator, and guessing. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { ManualClock } from '../../lib/clock.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import { StateStore } from '../../store/state/state-store.ts'
import { Accounts } from './accounts.ts'

const PASSWORD = 'correct horse battery'
const HERE = '198.51.100.1'
const box = new SecretBox(randomBytes(32))
let folder = ''
let clock: ManualClock
let store: StateStore
let accounts: Accounts
const administrators = new Map<string, string | null>()

async function open(): Promise<Accounts> {
  return Accounts.open({
    repository: store,
    box,
    clock,
    onAdministrator: (id, address) => administrators.set(id, address),
  })
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'accounts-'))
  clock = new ManualClock(Date.UTC(2026, 10, 22))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  accounts = await open()
  administrators.clear()
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ada = () => accounts.addUser('Ada', 'administrator', PASSWORD, { user: 'setup' }, false)
const signIn = (password = PASSWORD, code: string | null = null, address = HERE, name = 'ada') =>
  accounts.signIn({ name, password, code }, address, 'test')

async function cookieOf(): Promise<string> {
  const signedIn = await signIn()
  assert.ok(signedIn.ok)
  return signedIn.cookie
}

test('the right password opens a session that a restart keeps, a wrong one does not', async () => {
  await ada()
  const cookie = await cookieOf()
  assert.equal((await accounts.bySession(cookie))?.user.name, 'Ada')
  assert.deepEqual([...administrators.values()], [HERE])
  accounts = await open()
  assert.equal((await accounts.bySession(cookie))?.user.name, 'Ada')
  assert.deepEqual(await signIn('wrong password here'), { ok: false, why: 'wrong', waitSeconds: 0 })
  assert.deepEqual(await signIn(PASSWORD, null, HERE, 'nobody'), { ok: false, why: 'wrong', waitSeconds: 0 })
  assert.equal(await accounts.bySession('x'), null)
})

test('a session ends 30 minutes after its last use, 12 hours after its start, and with a changed role', async () => {
  await ada()
  await accounts.addUser('Bob', 'viewer', PASSWORD, { user: 'Ada' }, false)
  const idle = await cookieOf()
  clock.advance(31 * 60_000)
  assert.equal(await accounts.bySession(idle), null)
  const used = await cookieOf()
  for (let hour = 0; hour < 12 * 3; hour++) {
    clock.advance(20 * 60_000 - 1)
    assert.notEqual(await accounts.bySession(used), null)
  }
  clock.advance(20 * 60_000)
  assert.equal(await accounts.bySession(used), null)
  const bob = await signIn(PASSWORD, null, HERE, 'bob')
  assert.ok(bob.ok)
  await accounts.changeUser('bob', { role: 'operator' }, { user: 'Ada' })
  assert.equal(await accounts.bySession(bob.cookie), null)
})

test('a weak password is refused with the reason', async () => {
  for (const [password, why] of [
    ['short', /at least 12/],
    ['aaaaaaaaaaaaaaaa', /repeats/],
    ['ada likes firewalls', /user name/],
    ['password123456', /first that are tried/],
  ] as const)
    await assert.rejects(accounts.addUser('Ada', 'viewer', password, { user: 'x' }, false), why)
})

test('the second factor wants a code, each code opens once, and a recovery code opens once', async () => {
  const user = await ada()
  const { seed, uri } = accounts.beginTotp(user)
  assert.match(uri, /^otpauth:\/\/totp\//)
  const codeNow = () => TOTP.generate({ secret: Secret.fromBase32(seed), timestamp: clock.nowMs() })
  await assert.rejects(accounts.confirmTotp(user, seed, '000000'), /does not fit/)
  const [recovery = ''] = await accounts.confirmTotp(user, seed, codeNow())
  assert.equal((await signIn()).ok, false)
  const code = codeNow()
  assert.equal((await signIn(PASSWORD, code)).ok, true)
  assert.equal((await signIn(PASSWORD, code)).ok, false)
  assert.equal((await signIn(PASSWORD, recovery)).ok, true)
  assert.equal((await signIn(PASSWORD, recovery)).ok, false)
  const kept = JSON.stringify(await store.objects('user'))
  assert.ok(!kept.includes(seed) && !kept.includes(recovery))
})

test('who guesses must wait, and cannot lock out whoever has signed in before', async () => {
  await ada()
  await cookieOf()
  for (let i = 0; i < 40; i++) {
    const stranger = `203.0.113.${i}` // one network
    const answer = await signIn('a wrong password', null, stranger)
    if (i >= 10) assert.equal(answer.ok || answer.why, 'wait')
  }
  assert.equal((await signIn()).ok, true)
  clock.advance(15 * 60_000)
  const later = await signIn('a wrong password', null, '203.0.113.1')
  assert.equal(later.ok || later.why, 'wrong')
})

test('tokens rest while their user has to choose a password, and work again afterwards', async () => {
  const user = await ada()
  const { text } = await accounts.tokens.add(user, {
    name: 'siem',
    role: 'viewer',
    scopes: null,
    expiresAtMs: null,
  })
  await accounts.changeUser(
    user.name,
    { password: 'given by another one', mustChange: true },
    { user: 'Bob' },
  )
  assert.equal(accounts.tokens.find(text), null)
  await accounts.changeUser(user.name, { mustChange: false }, { user: 'Bob' })
  assert.equal(accounts.tokens.find(text)?.user.name, user.name)
})

test('a token has at most the role given, ends at its time, and is not kept as text', async () => {
  const user = await ada()
  const given = {
    name: 'siem',
    role: 'viewer',
    scopes: ['blocks'],
    expiresAtMs: clock.nowMs() + 1000,
  } as const
  const { text, token } = await accounts.tokens.add(user, { ...given, scopes: ['blocks'] })
  assert.equal(accounts.tokens.find(text)?.token.role, 'viewer')
  assert.ok(!JSON.stringify(await store.objects('token')).includes(text))
  clock.advance(1000)
  assert.equal(accounts.tokens.find(text), null)
  await accounts.tokens.remove(token, { user: 'Ada' })
  assert.deepEqual(accounts.tokens.all(), [])
})

test('the last administrator stays, and every edit is in the audit log', async () => {
  await ada()
  await assert.rejects(accounts.removeUser('ada', { user: 'Ada' }), /last administrator/)
  await assert.rejects(accounts.changeUser('ada', { role: 'viewer' }, { user: 'Ada' }), /last administrator/)
  await accounts.addUser('Bob', 'administrator', PASSWORD, { user: 'Ada' }, false)
  await accounts.removeUser('ada', { user: 'Bob' })
  assert.deepEqual(
    (await store.audit({ limit: 10 }))
      .map(({ action, actor, subject }) => `${actor} ${action} ${subject}`)
      .toSorted(),
    ['Ada user.add Bob', 'Bob user.remove Ada', 'setup user.add Ada'],
  )
  assert.ok(!JSON.stringify(await store.audit({ limit: 10 })).includes('argon2'))
})

test('one’s own password is changed with the old one, and ends the other sessions', async () => {
  const user = await ada()
  const first = await cookieOf()
  const second = await cookieOf()
  const session = await accounts.bySession(second)
  await assert.rejects(accounts.changeOwnPassword(user, 'not it', 'another good one', null), /old password/)
  await accounts.changeOwnPassword(user, PASSWORD, 'another good one', session?.session.id ?? null)
  assert.equal(await accounts.bySession(first), null)
  assert.notEqual(await accounts.bySession(second), null)
  assert.equal((await signIn('another good one')).ok, true)
})
