/** Signing in over HTTP on a clock of its own: the cookie, its life, what a wrong guess is told, and the first account. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { defaultSettings } from '../../config/schema.ts'
import { ManualClock } from '../../lib/clock.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import { StateStore } from '../../store/state/state-store.ts'
import { addAccountRoutes } from './account-routes.ts'
import { Accounts } from './accounts.ts'
import { OidcSignIn } from './oidc.ts'
import { SESSION_COOKIE } from './session-cookie.ts'

const PASSWORD = 'correct horse battery'
const MINUTE_MS = 60_000
let folder = ''
let clock: ManualClock
let store: StateStore
let accounts: Accounts
let app: FastifyInstance
let address = '198.51.100.1'

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'account-routes-'))
  clock = new ManualClock(Date.UTC(2026, 10, 22))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  const box = new SecretBox(randomBytes(32))
  accounts = await Accounts.open({ repository: store, box, clock })
  app = fastify()
  addAccountRoutes(app, {
    accounts: () => accounts,
    addressOf: () => address,
    redeem: (code) => code === 'the-code',
    onFailure: assert.fail,
    oidc: new OidcSignIn({ settings: defaultSettings, box, clock, isPlainAllowed: false }),
  })
  address = '198.51.100.1'
})
afterEach(async () => {
  await app.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ada = () => accounts.addUser('ada', 'administrator', PASSWORD, { user: 'test' }, false)

const post = (
  url: string,
  payload: object,
  headers: Record<string, string> = { 'x-requested-with': 'test' },
) => app.inject({ method: 'POST', url: `/api/v1${url}`, payload, headers })

const signIn = (password = PASSWORD, headers?: Record<string, string>) =>
  post('/session', { name: 'ada', password }, headers)

async function isAlive(cookie: string): Promise<boolean> {
  const headers = { cookie: `${SESSION_COOKIE}=${cookie}` }
  const told = await app.inject({ url: '/api/v1/session', headers })
  return told.json<{ user: object | null }>().user !== null
}

function cookieIn(header: unknown): string {
  return /^__Host-ads-session=([\w-]{43});/.exec(String(header))?.[1] ?? assert.fail(String(header))
}

test('the cookie is for this host alone, over HTTPS, not for scripts, and of nobody else’s choosing', async () => {
  await ada()
  const planted = { 'x-requested-with': 'test', cookie: `${SESSION_COOKIE}=planted` }
  const header = String((await signIn(PASSWORD, planted)).headers['set-cookie'])
  assert.match(header, /^__Host-ads-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  assert.equal(await isAlive('planted'), false)
  assert.equal(await isAlive(cookieIn(header)), true)
  const twice = { cookie: `${SESSION_COOKIE}=x; ${SESSION_COOKIE}=${cookieIn(header)}` }
  const told = await app.inject({ url: '/api/v1/session', headers: twice })
  assert.equal(told.json<{ user: object | null }>().user, null, 'given twice is given by two')
})

test('a session dies 30 minutes after its last request and 12 hours after its first', async () => {
  await ada()
  const idle = cookieIn((await signIn()).headers['set-cookie'])
  clock.advance(30 * MINUTE_MS)
  assert.equal(await isAlive(idle), true)
  clock.advance(30 * MINUTE_MS + 1)
  assert.equal(await isAlive(idle), false)
  const used = cookieIn((await signIn()).headers['set-cookie'])
  for (let passed = 0; passed < 12 * 60; passed += 20) {
    clock.advance(20 * MINUTE_MS)
    assert.equal(await isAlive(used), true, `after ${passed + 20} min`)
  }
  clock.advance(1)
  assert.equal(await isAlive(used), false)
  accounts = await Accounts.open({ repository: store, box: new SecretBox(randomBytes(32)), clock })
  assert.equal(await isAlive(used), false, 'a restart wakes none')
  assert.deepEqual(accounts.sessions(), [])
})

test('a sign-in or sign-out that another page could have sent is refused', async () => {
  await ada()
  const cookie = cookieIn((await signIn()).headers['set-cookie'])
  for (const headers of [{}, { 'x-requested-with': 'x', 'sec-fetch-site': 'same-site' }]) {
    assert.equal((await signIn(PASSWORD, headers)).json<{ code: string }>().code, 'forged')
    const out = await app.inject({
      method: 'DELETE',
      url: '/api/v1/session',
      headers: { ...headers, cookie: `${SESSION_COOKIE}=${cookie}` },
    })
    assert.equal(out.json<{ code: string }>().code, 'forged')
  }
  assert.equal(await isAlive(cookie), true)
})

test('a wrong name, a wrong password and a disabled user are told the same, and a guesser is told to wait', async () => {
  await ada()
  await accounts.addUser('bob', 'viewer', PASSWORD, { user: 'test' }, false)
  await accounts.changeUser('bob', { isDisabled: true }, { user: 'test' })
  const bodies = new Set<string>()
  for (const given of [
    { name: 'nobody', password: PASSWORD },
    { name: 'ada', password: 'not the password' },
    { name: 'bob', password: PASSWORD },
  ]) {
    const told = await post('/session', given)
    assert.equal(told.statusCode, 401)
    bodies.add(told.body)
  }
  assert.equal(bodies.size, 1)
  for (let i = 3; i < 10; i++) assert.equal((await signIn('not the password')).statusCode, 401)
  const told = await signIn()
  assert.equal(told.statusCode, 429)
  assert.ok(Number(told.headers['retry-after']) > 0)
  address = '192.0.2.1'
  assert.equal((await signIn()).statusCode, 200, 'from elsewhere the right password opens')
})

test('the first account needs the printed code and a good password, and there is no second first one', async () => {
  const given = { setupCode: 'the-code', name: 'ada', password: PASSWORD }
  assert.equal((await post('/setup', { ...given, setupCode: 'guess' })).statusCode, 403)
  assert.equal((await post('/setup', { ...given, password: 'short' })).statusCode, 400)
  assert.equal(
    (await post('/setup', { ...given, role: 'administrator' })).statusCode,
    400,
    'no further fields',
  )
  assert.equal((await post('/setup', given, {})).statusCode, 403)
  const made = await post('/setup', given)
  assert.equal(made.statusCode, 200)
  assert.equal(await isAlive(cookieIn(made.headers['set-cookie'])), true)
  assert.equal((await post('/setup', given)).statusCode, 409)
})
