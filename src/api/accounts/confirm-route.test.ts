/** The password once more, over HTTP and on a clock of its own: when it is asked for, what it opens, and guessing at it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { Secret, TOTP } from 'otpauth'
import { defaultSettings } from '../../config/schema.ts'
import { ManualClock } from '../../lib/clock.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import { StateStore } from '../../store/state/state-store.ts'
import type { ServiceActions } from '../control-contract.ts'
import { addHttpApi } from '../http/http-api.ts'
import { addAccountRoutes, authenticator } from './account-routes.ts'
import { Accounts } from './accounts.ts'
import { OidcSignIn } from './oidc.ts'
import { SESSION_COOKIE } from './session-cookie.ts'

const PASSWORD = 'correct horse battery'
const HERE = '198.51.100.1'
const MINUTE_MS = 60_000
const box = new SecretBox(randomBytes(32))
let folder = ''
let clock: ManualClock
let store: StateStore
let accounts: Accounts
let app: FastifyInstance
let switched: string[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'confirm-'))
  clock = new ManualClock(Date.UTC(2026, 10, 22))
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  accounts = await Accounts.open({ repository: store, box, clock })
  app = fastify()
  switched = []
  const shared = { addressOf: () => HERE, onFailure: assert.fail }
  const oidc = new OidcSignIn({ settings: defaultSettings, box, clock, isPlainAllowed: false })
  addAccountRoutes(app, { ...shared, accounts: () => accounts, redeem: () => false, oidc })
  const actions = {
    setEngine: ({ action }: { action: string }) => {
      switched.push(action)
      return { changed: true, message: 'x' }
    },
  } as unknown as ServiceActions
  addHttpApi(app, { ...shared, actions: () => actions, accounts: authenticator(() => accounts) })
})
afterEach(async () => {
  await app.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function begin(role: 'administrator' | 'viewer' = 'administrator'): Promise<string> {
  await accounts.addUser('ada', role, PASSWORD, { user: 'test' }, false)
  const given = { name: 'ada', password: PASSWORD, code: null }
  const signedIn = await accounts.signIn(given, HERE, 'test')
  assert.ok(signedIn.ok)
  return signedIn.cookie
}

const asBrowser = (cookie: string): Record<string, string> => ({
  cookie: `${SESSION_COOKIE}=${cookie}`,
  'x-requested-with': 'test',
})
const post = (url: string, payload: object, headers: Record<string, string>) =>
  app.inject({ method: 'POST', url: `/api/v1${url}`, payload, headers })
const engineOff = (headers: Record<string, string>) =>
  post('/engine', { action: 'off', reason: 'x' }, headers)
const confirm = (cookie: string, password = PASSWORD, code: string | null = null) =>
  post('/account/confirm', { password, code }, asBrowser(cookie))
const told = (answer: LightMyRequestResponse): string =>
  `${answer.statusCode} ${answer.json<{ code?: string }>().code ?? 'done'}`

test('a dangerous edit is taken for ten minutes after the sign-in, refused later, and taken after the password', async () => {
  const cookie = await begin()
  clock.advance(10 * MINUTE_MS)
  assert.equal(told(await engineOff(asBrowser(cookie))), '200 done')
  clock.advance(MINUTE_MS)
  const refused = await engineOff(asBrowser(cookie))
  assert.equal(told(refused), '403 confirm-password')
  assert.equal(refused.json<{ type: string }>().type, '/problems/confirm-password')
  assert.match(String(refused.headers['content-type']), /^application\/problem\+json/)
  assert.match(refused.json<{ detail: string }>().detail, /nothing was changed/)
  const on = await post('/engine', { action: 'on', reason: 'x' }, asBrowser(cookie))
  assert.equal(told(on), '200 done', 'what adds protection asks nothing')
  assert.deepEqual(switched, ['off', 'on'])
  assert.equal(told(await confirm(cookie)), '200 done')
  assert.equal(told(await engineOff(asBrowser(cookie))), '200 done')
  const [row] = await store.audit({ action: 'session.confirm', limit: 1 })
  assert.deepEqual([row?.actor, row?.details], ['ada', { address: HERE }])
  clock.advance(11 * MINUTE_MS)
  assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
})

test('a restart keeps the confirmation and its age, and a session of before this was kept has none', async () => {
  const cookie = await begin()
  clock.advance(11 * MINUTE_MS)
  await confirm(cookie)
  clock.advance(9 * MINUTE_MS)
  accounts = await Accounts.open({ repository: store, box, clock })
  assert.equal(told(await engineOff(asBrowser(cookie))), '200 done')
  clock.advance(2 * MINUTE_MS)
  assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
  const [object] = await store.objects('session')
  assert.ok(object !== undefined)
  const { confirmedAtMs: _, ...body } = object.body as Record<string, string | number>
  const change = { kind: 'session', id: object.id, body, onVersion: null, by: 'test' }
  await store.changeObject(change, null)
  accounts = await Accounts.open({ repository: store, box, clock })
  assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
})

test('a wrong password confirms nothing and is slowed down as at sign-in; the session goes on', async () => {
  const cookie = await begin()
  clock.advance(11 * MINUTE_MS)
  // Ada has signed in from here, so that guesses from here count five times less.
  for (let i = 0; i < 50; i++) {
    const answer = await confirm(cookie, 'not the password')
    assert.equal(told(answer), '403 wrong', `try ${i}`)
    if (i === 0) assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
  }
  const waiting = await confirm(cookie)
  assert.equal(told(waiting), '429 wait')
  assert.ok(Number(waiting.headers['retry-after']) > 0)
  assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
  const atSignIn = await accounts.signIn({ name: 'ada', password: PASSWORD, code: null }, HERE, 'test')
  assert.ok(!atSignIn.ok && atSignIn.why === 'wait', 'one count for both doors')
  clock.advance(15 * MINUTE_MS)
  assert.equal(told(await confirm(cookie)), '200 done')
  assert.deepEqual(switched, [])
})

test('an account with a second factor confirms with its code too, and a code opens once', async () => {
  const cookie = await begin()
  const ada = accounts.userByName('ada')
  assert.ok(ada !== undefined)
  const { seed } = accounts.beginTotp(ada)
  const codeNow = () => TOTP.generate({ secret: Secret.fromBase32(seed), timestamp: clock.nowMs() })
  await accounts.confirmTotp(ada, seed, codeNow())
  clock.advance(11 * MINUTE_MS)
  assert.equal(told(await confirm(cookie)), '403 factor')
  assert.equal(told(await confirm(cookie, PASSWORD, '000000')), '403 wrong')
  assert.equal(told(await engineOff(asBrowser(cookie))), '403 confirm-password')
  const code = codeNow()
  assert.equal(told(await confirm(cookie, PASSWORD, code)), '200 done')
  assert.equal(told(await engineOff(asBrowser(cookie))), '200 done')
  assert.equal(told(await confirm(cookie, PASSWORD, code)), '403 wrong')
})

test('tokens need a scope instead and cannot confirm; a viewer is refused by the role; nobody and other pages by what they are', async () => {
  const cookie = await begin()
  const ada = accounts.userByName('ada')
  assert.ok(ada !== undefined)
  const given = { name: 'siem', role: 'administrator', scopes: null, expiresAtMs: null } as const
  const { text } = await accounts.tokens.add(ada, given)
  const bearer = { authorization: `Bearer ${text}` }
  clock.advance(11 * MINUTE_MS)
  assert.equal(told(await engineOff(bearer)), '403 scope')
  const named = { ...given, scopes: ['engine', 'weaken protection'] }
  const scoped = await accounts.tokens.add(ada, named)
  assert.equal(told(await engineOff({ authorization: `Bearer ${scoped.text}` })), '200 done')
  assert.equal(told(await post('/account/confirm', { password: PASSWORD }, bearer)), '403 token')
  assert.equal(told(await post('/account/confirm', { password: PASSWORD }, {})), '401 signed-out')
  const forged = { cookie: `${SESSION_COOKIE}=${cookie}` }
  assert.equal(told(await post('/account/confirm', { password: PASSWORD }, forged)), '403 forged')
  assert.equal(told(await post('/account/confirm', {}, asBrowser(cookie))), '400 usage')
  const eve = await accounts.addUser('eve', 'viewer', PASSWORD, { user: 'test' }, false)
  const viewer = await accounts.beginSession(eve, HERE, 'test', 'password')
  clock.advance(11 * MINUTE_MS)
  assert.equal(told(await engineOff(asBrowser(viewer.cookie))), '403 role')
})

test('who signs in elsewhere is told to sign in again, and a fresh sign-in counts', async () => {
  await begin()
  const elsewhere = { issuer: 'https://login.example.net', subject: '7' }
  const grace = await accounts.addUser('grace', 'administrator', null, { user: 'test' }, false, elsewhere)
  const { cookie } = await accounts.beginSession(grace, HERE, 'test', elsewhere.issuer)
  clock.advance(11 * MINUTE_MS)
  const refused = await engineOff(asBrowser(cookie))
  assert.equal(told(refused), '403 confirm-password')
  assert.match(refused.json<{ detail: string }>().detail, /sign in again/)
  assert.equal(told(await confirm(cookie, 'anything')), '403 elsewhere')
  const again = await accounts.beginSession(grace, HERE, 'test', elsewhere.issuer)
  assert.equal(told(await engineOff(asBrowser(again.cookie))), '200 done')
})
