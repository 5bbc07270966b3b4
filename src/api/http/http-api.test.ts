/** The API over HTTPS: who may, what input is taken, pages, entity tags, and its description. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { AppError } from '../../lib/errors.ts'
import type { ServiceActions } from '../control-contract.ts'
import { addHttpApi } from './http-api.ts'
import type { HttpCaller } from './http-caller.ts'
import { API_PREFIX, HTTP_ROUTES } from './http-routes.ts'
import { OTHER_ROUTES } from './other-routes.ts'
import { type Role, ROLES } from './roles.ts'
import { openApiDocument } from './openapi.ts'

interface Options {
  caller?: HttpCaller | null
  actions?: Partial<ServiceActions> | null
  failures?: string[]
}

const ADMIN: HttpCaller = { user: 'ada', userId: '1', role: 'administrator', by: 'session', scopes: null }
const EDIT = { 'x-requested-with': 'test' }

function server({ caller = ADMIN, actions = {}, failures = [] }: Options = {}): FastifyInstance {
  const app = fastify()
  addHttpApi(app, {
    actions: () => actions as ServiceActions | null,
    accounts: { callerOf: async () => caller },
    addressOf: () => '127.0.0.1',
    onFailure: (what) => failures.push(what),
  })
  return app
}

test('nobody gets in without a session or a token, whatever the route', async () => {
  const app = server({ caller: null })
  for (const route of Object.values(HTTP_ROUTES)) {
    if (route === null) continue
    const answer = await app.inject({ method: route.method, url: API_PREFIX + route.path, headers: EDIT })
    assert.equal(answer.statusCode, 401, route.path)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(answer.json<{ code: string }>().code, 'signed-out')
  }
})

test('each role may do what its own routes ask for, and nothing above', async () => {
  for (const role of ROLES) {
    const app = server({ caller: { ...ADMIN, role }, actions: null })
    for (const route of Object.values(HTTP_ROUTES)) {
      if (route === null) continue
      const answer = await app.inject({ method: route.method, url: API_PREFIX + route.path, headers: EDIT })
      const mayDo = ROLES.indexOf(role) >= ROLES.indexOf(route.role as Role)
      assert.equal(answer.statusCode, mayDo ? 503 : 403, `${role} ${route.method} ${route.path}`)
    }
  }
})

test('an edit of something with a version is judged by that, whatever else has changed since', async () => {
  let fetches = 0
  let version = 7
  const asked: unknown[] = []
  const actions = {
    showFirewall: (input: { firewall: string }) => {
      asked.push(input)
      return { firewall: { id: 'edge', fetches: ++fetches, version }, leaks: [] }
    },
    changeFirewall: () => ({ id: 'edge', version: ++version }),
  } as unknown as Partial<ServiceActions>
  const app = server({ actions })
  const read = async (): Promise<string> =>
    (await app.inject({ url: '/api/v1/firewalls/edge' })).headers['etag'] as string
  const edit = async (tag: string): Promise<number> => {
    const headers = { ...EDIT, 'if-match': tag }
    const url = '/api/v1/firewalls/edge'
    return (await app.inject({ method: 'PATCH', url, headers, payload: { name: 'x' } })).statusCode
  }
  const first = await read()
  assert.match(first, /^"7\.[\w-]{22}"$/)
  assert.notEqual(await read(), first, 'a page is not told that nothing changed')
  assert.equal(await edit(first), 200)
  assert.equal(await edit(first), 412)
  assert.equal(await edit('"8"'), 200)
  assert.equal(await edit('"1", "9"'), 200)
  assert.equal(await edit('*'), 200)
  assert.equal(await edit('"7.8"'), 412)
  assert.ok(asked.every((input) => (input as { firewall: string }).firewall === 'edge'))
})

test('an edit of a browser without the header is taken for forged; a token needs none, but its scope', async () => {
  const actions = { setFreeze: () => ({ changed: true, message: 'x' }) }
  const payload = { frozen: true, reason: 'x' }
  const post = (caller: HttpCaller, headers = {}) =>
    server({ caller, actions }).inject({ method: 'POST', url: '/api/v1/freeze', payload, headers })
  assert.equal((await post(ADMIN)).json<{ code: string }>().code, 'forged')
  assert.equal((await post(ADMIN, EDIT)).statusCode, 200)
  assert.equal((await post({ ...ADMIN, by: 'token', scopes: ['engine'] })).statusCode, 200)
  const other = await post({ ...ADMIN, by: 'token', scopes: ['blocks'] })
  assert.equal(other.json<{ code: string }>().code, 'scope')
})

test('input that does not fit is told with its field, and nothing is done', async () => {
  const actions = { addBlocks: () => assert.fail('must not be called') }
  const app = server({ actions })
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/blocks/add',
    headers: EDIT,
    payload: { targets: ['1.2.3'], reason: 'x', until: null, dryRun: false },
  })
  assert.equal(answer.statusCode, 400)
  assert.equal(answer.json<{ field: string }>().field, 'targets.0')
  const unknown = await app.inject({ url: '/api/v1/blocks?colour=red' })
  assert.equal(unknown.statusCode, 400)
})

test('text of a query becomes what the schema expects', async () => {
  const inputs: unknown[] = []
  const actions = {
    listBlocks: (input: unknown) => {
      inputs.push(input)
      return []
    },
  }
  await server({ actions }).inject({ url: '/api/v1/blocks?ended=true&device=12' })
  assert.deepEqual(inputs, [{ ended: true, device: '12' }])
})

test('blocks come in pages, of which no more is made than is shown, and a row that goes away in between is no matter', async () => {
  let ids = ['e', 'd', 'c', 'b', 'a']
  let made = 0
  const actions = {
    listBlocks: function* ({ before }: { before?: string | undefined }) {
      for (const id of ids) {
        if (before !== undefined && id >= before) continue
        made++
        yield { id } as never
      }
    },
  }
  const app = server({ actions })
  type Page = { items: { id: string }[]; nextCursor: string | null }
  const first = (await app.inject({ url: '/api/v1/blocks?limit=2' })).json<Page>()
  assert.deepEqual(first.items, [{ id: 'e' }, { id: 'd' }])
  assert.equal(made, 3)
  ids = ids.filter((id) => id !== 'd')
  const second = (await app.inject({ url: `/api/v1/blocks?limit=2&cursor=${first.nextCursor}` })).json<Page>()
  assert.deepEqual(second.items, [{ id: 'c' }, { id: 'b' }])
  const third = (await app.inject({ url: `/api/v1/blocks?limit=2&cursor=${second.nextCursor}` })).json<Page>()
  assert.deepEqual(third, { items: [{ id: 'a' }], nextCursor: null })
  assert.equal((await app.inject({ url: '/api/v1/blocks?limit=0' })).statusCode, 400)
  const all = await app.inject({ url: '/api/v1/blocks', headers: { accept: 'application/jsonl' } })
  assert.equal(all.body.trimEnd().split('\n').length, 4)
})

test('rows of a backtest are JSON lines, and what stopped it is the last one, in words for people', async () => {
  const actions = {
    backtest: async function* () {
      yield { kind: 'progress', records: 1, total: 2, percent: 50, detections: 0 } as const
      throw new AppError('failed', 'a backtest is running already')
    },
  }
  const failures: string[] = []
  const answer = await server({ actions, failures, caller: { ...ADMIN, role: 'viewer' } }).inject({
    method: 'POST',
    url: '/api/v1/backtest',
    headers: { ...EDIT, accept: 'application/jsonl' },
    payload: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z', changes: {} },
  })
  const lines = answer.body.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { kind: 'progress', records: 1, total: 2, percent: 50, detections: 0 },
      { error: { code: 'failed', message: 'a backtest is running already' } },
    ],
  )
  assert.deepEqual(failures, [])
})

test('an unchanged answer is 304, and an edit of what was changed meanwhile is refused', async () => {
  let value = '1'
  const actions = {
    listSettings: () => [{ key: 'a', value }] as never,
    changeSettings: () => {
      value = '2'
      return { results: [] } as never
    },
  }
  const app = server({ actions })
  const etag = (await app.inject({ url: '/api/v1/settings' })).headers['etag'] as string
  const again = await app.inject({ url: '/api/v1/settings', headers: { 'if-none-match': etag } })
  assert.equal(again.statusCode, 304)
  const edit = { method: 'PATCH', url: '/api/v1/settings', payload: { changes: {}, reason: 'x' } } as const
  assert.equal((await app.inject({ ...edit, headers: { ...EDIT, 'if-match': etag } })).statusCode, 200)
  assert.equal((await app.inject({ ...edit, headers: { ...EDIT, 'if-match': etag } })).statusCode, 412)
})

test('errors that are ours say nothing of the inside, errors of the world say what to do', async () => {
  const failures: string[] = []
  const broken = server({
    failures,
    actions: {
      status: () => {
        throw new TypeError('secret path')
      },
    },
  })
  const answer = await broken.inject({ url: '/api/v1/status' })
  assert.equal(answer.statusCode, 500)
  assert.doesNotMatch(answer.body, /secret/)
  assert.deepEqual(failures, ['GET /status'])
  const unsafe = server({
    actions: {
      status: () => {
        throw new AppError('unsafe', 'too wide: name it smaller')
      },
    },
  })
  const refused = await unsafe.inject({ url: '/api/v1/status' })
  assert.equal(refused.statusCode, 409)
  assert.equal(refused.json<{ detail: string }>().detail, 'too wide: name it smaller')
})

test('the description names every route once, with its role, and needs nothing that is not in it', () => {
  const document = openApiDocument('1.2.3') as {
    openapi: string
    paths: Record<string, Record<string, { operationId: string; 'x-role': string }>>
  }
  assert.equal(document.openapi, '3.1.0')
  const described = Object.values(document.paths).flatMap((path) => Object.values(path))
  const offered = Object.entries(HTTP_ROUTES).filter(([, route]) => route !== null)
  assert.deepEqual(
    described.map(({ operationId }) => operationId).toSorted(),
    [...offered.map(([name]) => name), ...OTHER_ROUTES.map(({ operationId }) => operationId)].toSorted(),
  )
  assert.equal(new Set(described.map(({ operationId }) => operationId)).size, described.length)
  for (const { operationId, 'x-role': role } of described)
    assert.ok([...ROLES, 'anybody', 'own'].includes(role), operationId)
  assert.doesNotThrow(() => JSON.stringify(document))
})
