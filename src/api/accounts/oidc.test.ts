/** Signing in at an identity provider: the whole way over real HTTP on this machine, and every answer that must not hold. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { loadConfiguration } from '../../config/load.ts'
import type { Settings } from '../../config/schema.ts'
import { ManualClock } from '../../lib/clock.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import { StateStore } from '../../store/state/state-store.ts'
import { addAccountRoutes } from './account-routes.ts'
import { Accounts } from './accounts.ts'
import { OidcSignIn } from './oidc.ts'
import { FakeProvider } from './oidc-fixture.ts'
import { identityOf } from './oidc-identity.ts'

const PASSWORD = 'correct horse battery'
const box = new SecretBox(randomBytes(32))
let folder = ''
let store: StateStore
let clock: ManualClock
let accounts: Accounts
let provider: FakeProvider
let app: FastifyInstance
let settings: Settings
const failures: string[] = []

function settingsWith(changes: Record<string, string>): Settings {
  const sets = Object.entries(changes).map(([key, value]) => `${key}=${value}`)
  return loadConfiguration({ workingDirectory: folder, environment: {}, sets }).settings
}

function serverOf(isPlainAllowed: boolean): FastifyInstance {
  const server = fastify()
  const oidc = new OidcSignIn({ settings: () => settings, box, clock, isPlainAllowed })
  addAccountRoutes(server, {
    accounts: () => accounts,
    addressOf: () => '198.51.100.1',
    redeem: () => false,
    onFailure: (what, error) => failures.push(`${what}: ${(error as Error).message}`),
    oidc,
  })
  return server
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oidc-'))
  clock = new ManualClock(Date.now())
  store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  accounts = await Accounts.open({ repository: store, box, clock })
  await accounts.addUser('ada', 'administrator', PASSWORD, { user: 'setup' }, false)
  provider = await FakeProvider.start()
  settings = settingsWith(provider.settings)
  app = serverOf(true)
  failures.length = 0
})
afterEach(async () => {
  await app.close()
  await provider.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const cookiesOf = (header: string | string[] | undefined): string[] =>
  [header ?? []].flat().map((cookie) => cookie.split(';')[0] ?? '')

interface Way {
  readonly location: string
  readonly cookies: readonly string[]
}

/** As a browser goes: to us, to the provider, back to us. `flow`: another browser's cookie instead. */
async function walk(query = '', flow?: string): Promise<Way> {
  const begun = await app.inject({
    url: `/api/v1/session/oidc${query}`,
    headers: { host: 'ads.example.net:8443' },
  })
  assert.equal(begun.statusCode, 303)
  const [cookie = ''] = cookiesOf(begun.headers['set-cookie'])
  const there = await fetch(String(begun.headers.location), { redirect: 'manual' })
  return comeBack(there.headers.get('location') ?? '', flow ?? cookie)
}

async function comeBack(address: string, cookie: string): Promise<Way> {
  const { pathname, search } = new URL(address)
  const back = await app.inject({ url: pathname + search, headers: { cookie, host: 'ads.example.net:8443' } })
  assert.equal(back.statusCode, 303)
  return { location: String(back.headers.location), cookies: cookiesOf(back.headers['set-cookie']) }
}

const sessionIn = ({ cookies }: Way): string =>
  cookies.find((cookie) => cookie.startsWith('__Host-ads-session='))?.split('=')[1] ?? ''

test('who signs in there has an account by issuer and subject, the role of the group, and a session as by password', async () => {
  const way = await walk('?next=%2Fblocks%3Fmode%3Dhold')
  assert.equal(way.location, '/blocks?mode=hold')
  const known = await accounts.bySession(sessionIn(way))
  assert.equal(known?.user.name, 'grace')
  assert.equal(known?.user.role, 'operator')
  assert.deepEqual(known?.user.elsewhere, { issuer: provider.issuer, subject: 'p-1' })
  provider.person = { ...provider.person, preferred_username: 'grace.h' }
  assert.equal((await accounts.bySession(sessionIn(await walk())))?.user.name, 'grace', 'the same person')
  assert.equal(accounts.users().length, 2)
  const rows = await store.audit({ limit: 10 })
  assert.deepEqual(rows.map(({ action, actor, subject }) => `${actor}: ${action} ${subject}`).toReversed(), [
    'setup: user.add ada',
    'sign-in at 127.0.0.1: user.add grace',
    'grace: session.begin grace',
    'grace: session.begin grace',
  ])
  assert.ok(JSON.stringify(rows[0]?.details).includes(provider.issuer))
  clock.advance(31 * 60_000)
  assert.equal(await accounts.bySession(sessionIn(way)), null)
})

test('another group is another role at the next sign-in, and sessions of before end', async () => {
  const before = sessionIn(await walk())
  provider.person = { ...provider.person, groups: ['guests', 'unknown'] }
  const after = sessionIn(await walk())
  assert.equal((await accounts.bySession(after))?.user.role, 'viewer')
  assert.equal(await accounts.bySession(before), null)
  provider.person = { ...provider.person, groups: ['soc', 'admins'] }
  assert.equal((await accounts.bySession(sessionIn(await walk())))?.user.role, 'administrator')
})

test('who has lost every role there loses the sessions of before, and nobody else does', async () => {
  const before = sessionIn(await walk())
  provider.person = { ...provider.person, sub: 'p-2', preferred_username: 'hopper' }
  const other = sessionIn(await walk())
  provider.person = { ...provider.person, sub: 'p-1', groups: ['others'] }
  assert.equal((await walk()).location, '/?signIn=role')
  assert.equal(await accounts.bySession(before), null)
  assert.equal((await accounts.bySession(other))?.user.name, 'hopper')
  const signIn = { name: 'ada', password: PASSWORD, code: null }
  assert.equal((await accounts.signIn(signIn, '198.51.100.1', '')).ok, true)
})

test('tokens of who has lost every role there rest until there is one again, and both are in the audit log', async () => {
  await walk()
  const grace = accounts.userByName('grace')
  assert.ok(grace)
  const given = { name: 'job', role: 'viewer', scopes: null, expiresAtMs: null } as const
  const { text } = await accounts.tokens.add(grace, given)
  assert.ok(accounts.tokens.find(text))
  provider.person = { ...provider.person, groups: [] }
  for (let i = 0; i < 2; i++) assert.equal((await walk()).location, '/?signIn=role')
  assert.equal(accounts.tokens.find(text), null)
  provider.person = { ...provider.person, groups: ['soc'] }
  assert.equal((await walk()).location, '/')
  assert.equal(accounts.tokens.find(text)?.user.name, 'grace')
  const rows = await store.audit({ limit: 20 })
  assert.deepEqual(
    rows.flatMap(({ action, actor }) => (action.startsWith('user.') ? [`${actor}: ${action}`] : [])),
    [
      'sign-in at 127.0.0.1: user.change',
      'sign-in at 127.0.0.1: user.role-lost',
      'sign-in at 127.0.0.1: user.add',
      'setup: user.add',
    ],
  )
  const lost = rows.find(({ action }) => action === 'user.role-lost')?.details as Record<string, unknown>
  assert.deepEqual([lost['sessions'], lost['tokens']], [1, 1])
  await accounts.loseRole(grace.id, { user: 'test' }, 'x')
  await accounts.changeUser('grace', { role: 'viewer' }, { user: 'ada' })
  assert.ok(accounts.tokens.find(text), 'a person may give a role too')
})

test('a name there opens no account of that name here', async () => {
  provider.person = { ...provider.person, preferred_username: 'ADA', groups: ['guests'] }
  const known = await accounts.bySession(sessionIn(await walk()))
  assert.equal(known?.user.name, 'ADA - 127.0.0.1')
  assert.equal(accounts.userByName('ada')?.elsewhere, null)
  assert.equal(accounts.userByName('ada')?.role, 'administrator')
})

test('whoever is in no group with a role, in no allowed domain, or disabled here is refused', async () => {
  provider.person = { ...provider.person, groups: ['others', '__proto__', 'constructor'] }
  assert.equal((await walk()).location, '/?signIn=role')
  provider.person = { ...provider.person, groups: ['soc'] }
  settings = settingsWith({ ...provider.settings, 'oidc.domains': 'example.net' })
  provider.person = { ...provider.person, email: 'grace@example.net' }
  assert.equal((await walk()).location, '/?signIn=domain', 'not verified')
  provider.person = { ...provider.person, email: 'grace@evil.example', email_verified: true }
  assert.equal((await walk()).location, '/?signIn=domain')
  assert.equal(accounts.users().length, 1)
  provider.person = { ...provider.person, email: 'Grace@Example.NET' }
  assert.equal((await walk()).location, '/')
  await accounts.changeUser('grace', { isDisabled: true }, { user: 'ada' })
  const way = await walk()
  assert.equal(way.location, '/?signIn=disabled')
  assert.equal(sessionIn(way), '')
})

test('an answer with a wrong nonce, audience, issuer, time or signature opens nothing', async () => {
  const { signingKey } = provider
  const bad: readonly [string, () => void][] = [
    ['nonce', () => (provider.tamper = (claims) => ({ ...claims, nonce: 'other' }))],
    ['no nonce', () => (provider.tamper = (claims) => ({ ...claims, nonce: undefined }))],
    ['audience', () => (provider.tamper = (claims) => ({ ...claims, aud: 'another service' }))],
    ['two audiences', () => (provider.tamper = (claims) => ({ ...claims, aud: ['ads', 'x'], azp: 'x' }))],
    ['issuer', () => (provider.tamper = (claims) => ({ ...claims, iss: 'https://evil.example' }))],
    ['expired', () => (provider.tamper = (claims) => ({ ...claims, exp: Number(claims['iat']) - 60 }))],
    ['not yet', () => (provider.tamper = (claims) => ({ ...claims, nbf: Number(claims['iat']) + 600 }))],
    ['no subject', () => (provider.tamper = (claims) => ({ ...claims, sub: undefined }))],
    ['key', () => (provider.signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['algorithm', () => (provider.algorithm = 'none')],
    ['state', () => (provider.detour = (url) => changed(url, 'state', 'another'))],
    ['no state', () => (provider.detour = (url) => changed(url, 'state', null))],
    ['code', () => (provider.detour = (url) => changed(url, 'code', 'made up'))],
  ]
  for (const [what, spoil] of bad) {
    spoil()
    const way = await walk()
    assert.equal(way.location, '/?signIn=failed', what)
    assert.equal(sessionIn(way), '', what)
    assert.equal(failures.length, 1, what)
    failures.length = 0
    provider.tamper = (claims) => claims
    provider.detour = (url) => url
    provider.algorithm = 'RS256'
    provider.signingKey = signingKey
  }
  assert.equal(accounts.users().length, 1)
  assert.equal((await walk()).location, '/', 'and the right one does')
})

function changed(url: URL, name: string, value: string | null): URL {
  const next = new URL(url)
  if (value === null) next.searchParams.delete(name)
  else next.searchParams.set(name, value)
  return next
}

test('an answer counts in the browser that asked, once, within ten minutes, and from the provider that is set', async () => {
  const begin = async () => {
    const begun = await app.inject({ url: '/api/v1/session/oidc', headers: { host: 'ads.example.net' } })
    const there = await fetch(String(begun.headers.location), { redirect: 'manual' })
    const [cookie = ''] = cookiesOf(begun.headers['set-cookie'])
    return { address: there.headers.get('location') ?? '', cookie }
  }
  const first = await begin()
  const second = await begin()
  assert.equal((await comeBack(first.address, '')).location, '/?signIn=expired')
  assert.equal((await comeBack(first.address, '__Host-ads-sign-in=v1.made-up')).location, '/?signIn=expired')
  assert.equal((await comeBack(first.address, second.cookie)).location, '/?signIn=failed', 'another browser')
  assert.equal((await comeBack(first.address, first.cookie)).location, '/')
  assert.equal((await comeBack(first.address, first.cookie)).location, '/?signIn=failed', 'once')
  clock.advance(10 * 60_000 + 1)
  assert.equal((await comeBack(second.address, second.cookie)).location, '/?signIn=expired')
  const third = await begin()
  settings = settingsWith({ ...provider.settings, 'oidc.clientId': 'another' })
  assert.equal((await comeBack(third.address, third.cookie)).location, '/?signIn=expired')
})

test('the provider saying no, or being away, is told by a word, and passwords still work', async () => {
  provider.detour = (url) => changed(changed(url, 'code', null), 'error', 'access_denied')
  assert.equal((await walk()).location, '/?signIn=denied')
  assert.deepEqual(failures, [])
  provider.isAway = true
  clock.advance(11 * 60_000)
  const away = await app.inject({ url: '/api/v1/session/oidc' })
  assert.equal(away.headers.location, '/?signIn=away')
  assert.equal(failures.length, 1)
  const signIn = await accounts.signIn({ name: 'ada', password: PASSWORD, code: null }, '198.51.100.1', '')
  assert.equal(signIn.ok, true)
  provider.isAway = false
  provider.detour = (url) => url
  assert.equal((await walk()).location, '/')
})

test('groups that only the user-info endpoint tells count too', async () => {
  provider.person = { sub: 'p-2', preferred_username: 'bob' }
  provider.userInfo = { groups: ['guests'] }
  assert.equal((await accounts.bySession(sessionIn(await walk())))?.user.role, 'viewer')
  provider.userInfo = { sub: 'p-1', groups: ['admins'] }
  assert.equal((await walk()).location, '/?signIn=failed', 'of another person')
})

test('plain HTTP is refused unless a test allows it, and then on this machine alone', async () => {
  const strict = serverOf(false)
  assert.equal((await strict.inject({ url: '/api/v1/session/oidc' })).headers.location, '/?signIn=away')
  assert.match(failures[0] ?? '', /https/)
  settings = settingsWith({ ...provider.settings, 'oidc.issuer': 'http://login.example.net' })
  assert.equal((await app.inject({ url: '/api/v1/session/oidc' })).headers.location, '/?signIn=away')
  await strict.close()
})

test('a sign-out ends the session here and leads to the one there; the page goes to no other site', async () => {
  const session = sessionIn(await walk('?next=%2F%2Fevil.example'))
  assert.notEqual(session, '')
  const headers = {
    cookie: `__Host-ads-session=${session}`,
    host: 'ads.example.net:8443',
    'x-requested-with': 'web',
  }
  const out = await app.inject({ method: 'DELETE', url: '/api/v1/session', headers })
  const next = new URL(out.json<{ next: string }>().next)
  assert.equal(next.origin + next.pathname, `${provider.issuer}/end`)
  assert.equal(next.searchParams.get('post_logout_redirect_uri'), 'https://ads.example.net:8443/')
  assert.equal(await accounts.bySession(session), null)
  for (const evil of ['//evil.example', '/\\evil.example', 'https://evil.example', '/a b', '/%0d%0a\r\nx'])
    assert.equal((await walk(`?next=${encodeURIComponent(evil)}`)).location, '/', evil)
})

test('nobody signs in elsewhere while nobody has an account, or with no provider set', async () => {
  settings = settingsWith({})
  assert.equal((await app.inject({ url: '/api/v1/session/oidc' })).statusCode, 404)
  const told = (await app.inject({ url: '/api/v1/session' })).json<{ elsewhere: string | null }>()
  assert.equal(told.elsewhere, null)
  settings = settingsWith(provider.settings)
  assert.equal(
    (await app.inject({ url: '/api/v1/session' })).json<{ elsewhere: string }>().elsewhere,
    'Example login',
  )
  const fresh = new StateStore({ path: join(folder, 'fresh.sqlite'), clock, report: () => {} })
  accounts = await Accounts.open({ repository: fresh, box, clock })
  assert.equal((await app.inject({ url: '/api/v1/session/oidc' })).statusCode, 404)
  await fresh.close()
})

test('the last administrator with a password stays, however many the provider makes', async () => {
  provider.person = { ...provider.person, groups: ['admins'] }
  await walk()
  await assert.rejects(accounts.removeUser('ada', { user: 'grace' }), /last administrator/)
})

test('a role is found by the whole name of a claim or step by step, and the highest counts', () => {
  const base = { iss: 'https://login.example.net', sub: 's' }
  const roleFor = (claim: string, claims: object): string | null => {
    const set = settingsWith({ 'oidc.roleClaim': claim, 'oidc.roles': 'a=viewer,b=administrator' })
    const result = identityOf({ ...base, ...claims }, set)
    return result.ok ? result.identity.role : null
  }
  assert.equal(roleFor('realm_access.roles', { realm_access: { roles: ['a', 'b'] } }), 'administrator')
  assert.equal(roleFor('https://x.example/roles', { 'https://x.example/roles': 'a' }), 'viewer')
  assert.equal(roleFor('roles', { roles: { a: true } }), null)
  assert.equal(roleFor('roles', { roles: [['b']] }), null)
  assert.equal(roleFor('a.b', {}), null)
})
