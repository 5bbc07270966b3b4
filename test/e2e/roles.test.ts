/**
 * Who may do what, on the running service: every route of the API's own description with every kind of caller, and
 * sessions that are taken over, replayed or ended.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { cookieText, SESSION_COOKIE } from '../../src/api/accounts/session-cookie.ts'
import { holds, ROLES } from '../../src/api/http/roles.ts'
import { addApi } from '../../src/app/api-routes.ts'
import {
  ask,
  asBrowser,
  beginWithRoles,
  codeOf,
  enterAs,
  isRole,
  type Operation,
  operationsOf,
  PASSWORD,
  type Told,
} from './caller.ts'

/** An input that nothing can be done with. */
const emptyOf = ({ method }: Operation): { body: string } | object => (method === 'GET' ? {} : { body: '{}' })

function isAdmitted(told: Told, what: string): void {
  assert.ok(![401, 403, 429, 500].includes(told.status), `${what}: ${told.status} ${told.body}`)
}

function isRefused(told: Told, status: number, code: string, what: string): void {
  assert.equal(`${told.status} ${codeOf(told)}`, `${status} ${code}`, what)
}

test('every route has a role in the description, and the service knows no route that is not described', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const operations = await operationsOf(service, cookies.viewer)
  for (const { name, role } of operations)
    assert.ok(isRole(role) || role === 'anybody' || role === 'own', `${name} has no role: ${role}`)
  const described = new Set(operations.map(({ method, path }) => `${method} ${path}`))
  const app = fastify({ exposeHeadRoutes: false })
  const known: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) known.push(`${one} ${url.replace(/:\w+/g, 'none-such')}`)
  })
  addApi(app, service.app.parts, () => false, assert.fail)
  await app.ready()
  const own = known.filter((route) => route.includes('/api/'))
  assert.deepEqual(
    own.filter((route) => !described.has(route)),
    [],
  )
  assert.deepEqual(
    [...described].filter((route) => !own.includes(route)),
    ['POST /api/v1/lines'],
  )
  // What is not of the API: bouncers have credentials of their own, and ask whether anybody is here.
  const others = known.filter((route) => !route.includes('/api/') && !route.endsWith(' /health'))
  assert.ok(others.length > 0)
  for (const route of others) {
    const [method = '', path = ''] = route.split(' ')
    assert.ok([403, 404].includes((await ask(service, { method, path })).status), route)
  }
})

test('each route lets in the roles that it names and refuses all others, by session and by token', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const accounts = service.app.parts.accounts
  const ada = accounts?.userByName('administrator')
  assert.ok(accounts !== null && ada !== undefined)
  const operations = await operationsOf(service, cookies.viewer)
  assert.ok(operations.length > 60)
  const judged = operations.filter(({ role }) => isRole(role))
  for (const operation of judged) {
    const told = await ask(service, { ...operation, ...emptyOf(operation), from: '127.0.0.2' })
    isRefused(told, 401, 'signed-out', operation.name)
    const bad = { authorization: 'Bearer ads_made-up', cookie: `${SESSION_COOKIE}=made-up` }
    const forged = await ask(service, { ...operation, headers: bad, from: '127.0.0.3' })
    isRefused(forged, 401, 'signed-out', operation.name)
  }
  for (const [i, role] of ROLES.entries()) {
    const token = await accounts.tokens.add(ada, { name: role, role, scopes: null, expiresAtMs: null })
    const bearer = { authorization: `Bearer ${token.text}`, 'content-type': 'application/json' }
    for (const operation of judged) {
      const what = `${role}: ${operation.name}`
      const may = isRole(operation.role) && holds(role, operation.role)
      const bySession = await ask(service, {
        ...operation,
        ...emptyOf(operation),
        headers: asBrowser(cookies[role]),
        from: `127.0.1.${i + 1}`,
      })
      if (may) isAdmitted(bySession, what)
      else isRefused(bySession, 403, 'role', what)
      const byToken = await ask(service, {
        ...operation,
        ...emptyOf(operation),
        headers: bearer,
        from: `127.0.2.${i + 1}`,
      })
      if (!may) isRefused(byToken, 403, 'role', `${what} by token`)
      else if (operation.isInPerson) isRefused(byToken, 403, 'token', `${what} by token`)
      else isAdmitted(byToken, `${what} by token`)
    }
  }
})

test('a token does what its scopes name and nothing else, and never more than its user', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const accounts = service.app.parts.accounts
  const ada = accounts?.userByName('administrator')
  const bob = accounts?.userByName('operator')
  assert.ok(accounts !== null && ada !== undefined && bob !== undefined)
  const operations = await operationsOf(service, cookies.viewer)
  const judged = operations.filter(({ role, isInPerson }) => isRole(role) && !isInPerson)
  const tags = [...new Set(judged.map(({ tag }) => tag))]
  const bearers = new Map<string, string>()
  for (const tag of tags) {
    const given = { name: tag, role: 'administrator', scopes: [tag], expiresAtMs: null } as const
    const { text } = await accounts.tokens.add(ada, { ...given, scopes: [tag] })
    bearers.set(tag, text)
  }
  for (const [i, operation] of judged.entries()) {
    const other = tags[(tags.indexOf(operation.tag) + 1) % tags.length] ?? ''
    const askBy = (tag: string): Promise<Told> =>
      ask(service, {
        ...operation,
        ...emptyOf(operation),
        headers: { authorization: `Bearer ${bearers.get(tag)}`, 'content-type': 'application/json' },
        from: `127.0.3.${1 + (i % 3)}`,
      })
    isAdmitted(await askBy(operation.tag), operation.name)
    isRefused(await askBy(other), 403, 'scope', `${operation.name} with the scope ${other}`)
  }
  const given = { name: 'x', scopes: null, expiresAtMs: null } as const
  await assert.rejects(accounts.tokens.add(bob, { ...given, role: 'administrator' }), /at most/)
  const { text } = await accounts.tokens.add(bob, { ...given, role: 'operator' })
  await accounts.changeUser('operator', { role: 'viewer' }, { user: 'test' })
  const held = { authorization: `Bearer ${text}`, 'content-type': 'application/json' }
  const reduced = await ask(service, { method: 'POST', path: '/api/v1/freeze', headers: held, body: '{}' })
  isRefused(reduced, 403, 'role', 'the token of a user who has become a viewer')
  await accounts.changeUser('operator', { isDisabled: true }, { user: 'test' })
  isRefused(await ask(service, { path: '/api/v1/status', headers: held }), 401, 'signed-out', 'disabled')
})

test('sessions and tokens of others are as if they were not there', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const accounts = service.app.parts.accounts
  const ada = accounts?.userByName('administrator')
  assert.ok(accounts !== null && ada !== undefined)
  const { token } = await accounts.tokens.add(ada, {
    name: 'siem',
    role: 'viewer',
    scopes: null,
    expiresAtMs: null,
  })
  const session = accounts.sessions().find(({ userId }) => userId === ada.id)
  const headers = asBrowser(cookies.operator)
  for (const path of [`/api/v1/sessions/${session?.id}`, `/api/v1/tokens/${token.id}`]) {
    const told = await ask(service, { method: 'DELETE', path, headers, body: '{}' })
    isRefused(told, 404, 'not-found', path)
  }
  for (const path of ['/api/v1/sessions', '/api/v1/tokens']) {
    const { items } = JSON.parse((await ask(service, { path, headers })).body) as {
      items: { user: string }[]
    }
    assert.deepEqual(
      items.filter(({ user }) => user !== 'operator'),
      [],
      path,
    )
  }
  assert.equal(accounts.tokens.all().length, 1)
  isAdmitted(await ask(service, { path: '/api/v1/status', headers: asBrowser(cookies.administrator) }), 'ada')
})

test('a session is a new one at every sign-in and dead after sign-out, a password, a role, or the end by hand', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const accounts = service.app.parts.accounts
  assert.ok(accounts !== null)
  const isAlive = async (cookie: string): Promise<boolean> =>
    (await ask(service, { path: '/api/v1/status', headers: asBrowser(cookie) })).status === 200
  const signIn = async (name: string, given: string): Promise<string> => {
    const body = JSON.stringify({ name, password: PASSWORD })
    const told = await ask(service, {
      method: 'POST',
      path: '/api/v1/session',
      headers: asBrowser(given),
      body,
    })
    assert.equal(told.status, 200, told.body)
    return new RegExp(`${SESSION_COOKIE}=([\\w-]+)`).exec(String(told.headers['set-cookie']))?.[1] ?? ''
  }
  const planted = 'planted-by-somebody-else-0000000000000000000'
  const first = await signIn('viewer', planted)
  assert.notEqual(first, planted)
  assert.equal(await isAlive(planted), false, 'a planted cookie opens nothing')
  assert.equal(await isAlive(first), true)
  const second = await signIn('viewer', first)
  assert.notEqual(second, first)

  const out = await ask(service, {
    method: 'DELETE',
    path: '/api/v1/session',
    headers: asBrowser(first),
    body: '{}',
  })
  assert.equal(String(out.headers['set-cookie']), cookieText(SESSION_COOKIE, '', 0))
  assert.equal(await isAlive(first), false, 'replayed after sign-out')
  assert.equal(await isAlive(second), true)

  const body = JSON.stringify({ old: PASSWORD, password: 'another good password' })
  const changed = await ask(service, {
    method: 'POST',
    path: '/api/v1/account/password',
    headers: asBrowser(second),
    body,
  })
  assert.equal(changed.status, 200, changed.body)
  assert.equal(await isAlive(cookies.viewer), false, 'another session after the password was changed')
  assert.equal(await isAlive(second), true, 'the one that changed it')

  const headers = asBrowser(cookies.administrator)
  const edit = (method: string, path: string, given: object) =>
    ask(service, { method, path, headers, body: JSON.stringify(given) })
  const { items } = JSON.parse((await ask(service, { path: '/api/v1/sessions', headers })).body) as {
    items: { id: string; user: string }[]
  }
  const id = items.find(({ user }) => user === 'viewer')?.id
  assert.equal((await edit('DELETE', `/api/v1/sessions/${id}`, {})).status, 200)
  assert.equal(await isAlive(second), false, 'ended by an administrator')

  assert.equal((await edit('PATCH', '/api/v1/users/operator', { role: 'viewer' })).status, 200)
  assert.equal(await isAlive(cookies.operator), false, 'after another role')
  const blocked = { targets: ['198.51.100.9'], reason: 'x', until: null, dryRun: false }
  assert.equal((await edit('POST', '/api/v1/blocks/add', blocked)).status, 200)
  const settings = { changes: { 'decisions.graceHours': '12' }, reason: '' }
  assert.equal((await edit('PATCH', '/api/v1/settings', settings)).status, 200)
  for (const { action, details } of (await service.app.parts.state?.audit({
    actor: 'administrator',
    limit: 3,
  })) ?? [])
    assert.equal((details as { from?: string }).from, '127.0.0.1', `${action} says from where`)
  const again = await enterAs(service, 'operator')
  assert.equal((await edit('PATCH', '/api/v1/users/operator', { isDisabled: true })).status, 200)
  assert.equal(await isAlive(again), false, 'after the user was disabled')
  const bodyOff = JSON.stringify({ name: 'operator', password: PASSWORD })
  const refused = await ask(service, {
    method: 'POST',
    path: '/api/v1/session',
    headers: asBrowser(''),
    body: bodyOff,
  })
  isRefused(refused, 401, 'wrong', 'a disabled user')
})

test('a first sign-in with a password that others gave may do nothing but choose another', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const accounts = service.app.parts.accounts
  assert.ok(accounts !== null)
  const eve = await accounts.addUser('eve', 'administrator', PASSWORD, { user: 'test' }, true)
  const { cookie } = await accounts.beginSession(eve, '127.0.0.1', 'test', 'test')
  for (const operation of await operationsOf(service, cookies.viewer)) {
    if (!isRole(operation.role) || operation.path === '/api/v1/account/password') continue
    const told = await ask(service, { ...operation, ...emptyOf(operation), headers: asBrowser(cookie) })
    isRefused(told, 403, 'must-change', operation.name)
  }
})

test('the plain status page is for who has signed in, unless a setting opens it; the list stays open', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const statusOf = async (headers?: Record<string, string>): Promise<number> =>
    (await ask(service, { path: '/plain', ...(headers === undefined ? {} : { headers }) })).status
  assert.equal(await statusOf(), 401)
  assert.equal(await statusOf({ cookie: `${SESSION_COOKIE}=made-up` }), 401)
  assert.equal(await statusOf(asBrowser(cookies.viewer)), 200)
  assert.equal((await ask(service, { path: '/files/blacklist.txt' })).status, 200)
  await service.control.call('changeSettings', { changes: { 'web.plainPage': 'open' }, reason: '' })
  assert.equal(await statusOf(), 200)
})
