import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import { ControlClient } from './control-client.ts'
import {
  type BlockView,
  type Caller,
  CONTROL_SOCKET,
  ROUTES,
  type ServiceActions,
} from './control-contract.ts'
import { ControlServer } from './control-server.ts'

let dataFolder = ''
let server: ControlServer | null = null
let reported: unknown[] = []
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'ads-control-'))
  reported = []
})
afterEach(async () => {
  await server?.stop()
  server = null
  rmSync(dataFolder, { recursive: true })
})

const block = (i: number): BlockView => ({
  id: `id-${i}`,
  target: '198.51.100.7',
  scope: 'address',
  origin: 'manual',
  rule: null,
  reason: 'x'.repeat(100),
  proof: null,
  severity: null,
  country: null,
  mode: 'block',
  createdAt: '2026-11-22T08:30:00.000Z',
  createdBy: 'ann',
  lastSeenAt: '2026-11-22T08:30:00.000Z',
  expiresAt: null,
  endedAt: null,
  endedBy: null,
  endReason: null,
  device: null,
  tags: [],
})

/** Actions of which a test needs some; the others fail loudly. */
async function serve(actions: Partial<ServiceActions>, folder = dataFolder): Promise<ControlClient> {
  server = new ControlServer({
    dataFolder: folder,
    actions: actions as ServiceActions,
    report: (error) => reported.push(error),
  })
  await server.start()
  return new ControlClient({ dataFolder: folder, user: 'Ann Ödegård' })
}

const codeOf = (code: string) => (thrown: unknown) => thrown instanceof AppError && thrown.code === code

test('a call carries its input and the name of the user, and brings the reply back', async () => {
  const seen: [unknown, Caller][] = []
  const client = await serve({
    addBlocks: (input, caller) => {
      seen.push([input, caller])
      return {
        dryRun: input.dryRun,
        results: [{ target: input.targets[0] ?? '', outcome: 'done', message: 'blocked' }],
      }
    },
  })
  const input = { targets: ['198.51.100.7'], reason: ' scans us ', until: null, dryRun: false }
  const reply = await client.call('addBlocks', input)
  assert.deepEqual(reply.results, [{ target: '198.51.100.7', outcome: 'done', message: 'blocked' }])
  assert.deepEqual(
    seen.map(([given, { user }]) => [given, user]),
    [[{ ...input, reason: 'scans us' }, 'Ann Ödegård']],
  )
})

test('the socket is for the owner only', async () => {
  await serve({})
  assert.equal(statSync(join(dataFolder, CONTROL_SOCKET)).mode & 0o777, 0o600)
})

test('many rows arrive complete and in order', async () => {
  const client = await serve({
    listBlocks: function* () {
      for (let i = 0; i < 5000; i++) yield block(i)
    },
  })
  let next = 0
  for await (const row of client.rows('listBlocks', {})) assert.equal(row.id, `id-${next++}`)
  assert.equal(next, 5000)
})

test('a client that stops reading ends the rows', async () => {
  let made = 0
  const client = await serve({
    listBlocks: function* () {
      for (; made < 1_000_000; made++) yield block(made)
    },
  })
  for await (const row of client.rows('listBlocks', {})) {
    assert.equal(row.id, 'id-0')
    break
  }
  assert.ok(made < 1_000_000)
})

test('an error of the service comes back with its code; after some rows too', async () => {
  const client = await serve({
    explain: () => {
      throw new AppError('unsafe', 'no')
    },
    status: () => {
      throw new Error('a bug')
    },
    listBlocks: function* () {
      for (let i = 0; i < 1000; i++) yield block(i)
      throw new AppError('state-unavailable', 'the state went away')
    },
  })
  await assert.rejects(client.call('explain', { address: '198.51.100.7' }), codeOf('unsafe'))
  assert.equal(reported.length, 0)
  await assert.rejects(client.call('status', {}), codeOf('failed'))
  assert.equal(reported.length, 1)
  let rows = 0
  await assert.rejects(async () => {
    for await (const _ of client.rows('listBlocks', {})) rows++
  }, codeOf('state-unavailable'))
  assert.equal(rows, 1000)
})

test('input that breaks its schema is refused before the service sees it', async () => {
  const client = await serve({})
  const bad: [Parameters<ControlClient['call']>[0], unknown, RegExp][] = [
    [
      'addBlocks',
      { targets: ['010.1.1.1'], reason: 'x', until: null, dryRun: false },
      /targets\.0: expected an address/,
    ],
    ['addBlocks', { targets: [], reason: 'x', until: null, dryRun: false }, /targets/],
    ['addBlocks', { targets: ['198.51.100.7'], reason: ' ', until: null, dryRun: false }, /reason is needed/],
    ['addBlocks', { targets: ['198.51.100.7'], reason: 'x', until: 'soon', dryRun: false }, /until/],
    ['addBlocks', { targets: ['198.51.100.7'], reason: 'x', until: null, dryRun: false, stray: 1 }, /stray/],
    ['withdraw', { reason: 'x', dryRun: true }, /say what to withdraw/],
    ['explain', { address: 'example' }, /address/],
    ['explain', [1], /./],
  ]
  for (const [name, input, message] of bad) {
    await assert.rejects(client.call(name, input as never), (thrown) => {
      assert.ok(codeOf('usage')(thrown), String(thrown))
      assert.match((thrown as Error).message, message)
      return true
    })
  }
})

function raw(method: string, path: string, body: string | Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(dataFolder, CONTROL_SOCKET), method, path }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('what is no request of ours gets a plain refusal and harms nothing', async () => {
  const client = await serve({ setFreeze: () => ({ changed: true, message: 'frozen' }) })
  assert.equal((await raw('GET', '/', '')).status, 404)
  assert.equal((await raw('GET', '/control/v1/../../etc/passwd', '')).status, 404)
  assert.equal((await raw('GET', ROUTES.addBlocks.path, '')).status, 400)
  assert.match((await raw('POST', ROUTES.setFreeze.path, '{"frozen":')).text, /"code":"usage"/)
  assert.equal((await raw('POST', ROUTES.setFreeze.path, 'null')).status, 400)
  assert.equal((await raw('POST', ROUTES.setFreeze.path, '{"__proto__":{"frozen":true}}')).status, 400)
  assert.equal((await client.call('setFreeze', { frozen: true, reason: '' })).changed, true)
  assert.equal(reported.length, 0)
})

test('a request of five megabytes is refused', async () => {
  await serve({})
  // The server answers and closes while the client may still be writing: either way nothing was done.
  const outcome = await raw('POST', ROUTES.explain.path, Buffer.alloc(5 << 20, 32)).catch(
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) assert.equal((outcome as { status: number }).status, 400)
})

test('without a service the client says not-reachable and what to look at', async () => {
  const client = new ControlClient({ dataFolder, user: 'ann' })
  const isUnreachable = (thrown: unknown): boolean => {
    assert.ok(codeOf('not-reachable')(thrown), String(thrown))
    assert.match((thrown as Error).message, /is the service running on this data folder\?/)
    return true
  }
  await assert.rejects(client.call('status', {}), isUnreachable)
  const nowhere = new ControlClient({ dataFolder: join(dataFolder, 'x'.repeat(120)), user: 'ann' })
  await assert.rejects(nowhere.call('status', {}), isUnreachable)
})

test('a socket left behind by a crash is replaced, one that answers is not', async () => {
  const path = join(dataFolder, CONTROL_SOCKET)
  const crashed = createServer().listen(path)
  await once(crashed, 'listening')
  const other = new ControlServer({ dataFolder, actions: {} as ServiceActions, report: () => undefined })
  await assert.rejects(other.start(), codeOf('data-folder-locked'))
  crashed.close()
  await once(crashed, 'close')
  writeFileSync(path, '') // a file without a listener, as a killed process leaves it
  const client = await serve({ stop: () => ({ message: 'stopping' }) })
  assert.equal((await client.call('stop', {})).message, 'stopping')
})

test('a data folder with a very long path works', async () => {
  const deep = join(dataFolder, 'a'.repeat(90), 'b'.repeat(90))
  mkdirSync(deep, { recursive: true })
  const client = await serve({ setFreeze: () => ({ changed: false, message: 'already frozen' }) }, deep)
  assert.equal((await client.call('setFreeze', { frozen: true, reason: 'x' })).message, 'already frozen')
  assert.equal(statSync(join(deep, CONTROL_SOCKET)).mode & 0o777, 0o600)
})
