/** CrowdSec's local API as bouncers use it, on its own server; the blocks and bouncers behind it are real, in memory. */
import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Blocks, DAY_MS, MemoryObjects, NOW_MS } from '../publish/crowdsec/bouncer-fixture.ts'
import { digestOf } from '../publish/crowdsec/bouncer.ts'
import { Bouncers } from '../publish/crowdsec/bouncers.ts'
import { CrowdsecApi } from './crowdsec-routes.ts'
import { CrowdsecServer } from './crowdsec-server.ts'

const AGENT = 'crowdsec-firewall-bouncer/v0.0.25-debian'
const MIB = 1 << 20

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Wire {
  readonly id: number
  readonly origin: string
  readonly type: string
  readonly scope: string
  readonly value: string
  readonly duration: string
  readonly scenario: string
  readonly uuid: string
}

interface Streamed {
  readonly new: Wire[]
  readonly deleted: Wire[]
}

let blocks: Blocks
let objects: MemoryObjects
let bouncers: Bouncers
let server: CrowdsecServer
let failures: string[]
let key: string

/** A new process over the same blocks and objects. */
async function start(): Promise<void> {
  bouncers = await Bouncers.open({ repository: objects, clock: blocks.clock })
  const api = new CrowdsecApi({
    sources: () => ({ board: blocks.board, bouncers, endedSince: blocks.endedSince }),
    clock: blocks.clock,
    addressOf: () => '127.0.0.1',
    certificateOf: () => null,
    onFailure: (what) => failures.push(what),
  })
  server = new CrowdsecServer({ host: '127.0.0.1', port: 0 }, api, (what) => failures.push(what))
  await server.start()
}

async function restart(): Promise<void> {
  await bouncers.flush()
  await server.stop()
  const { inForce, ended, clock } = blocks
  blocks = new Blocks(1000, clock)
  for (const [value, decision] of inForce) blocks.inForce.set(value, decision)
  blocks.ended.push(...ended)
  blocks.fill()
  await start()
}

function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-api-key': key, 'user-agent': AGENT, ...options.headers }
    const { method = 'GET' } = options
    const port = server.address?.port ?? 0
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(options.body)
  })
}

async function stream(query = ''): Promise<Streamed> {
  const { status, text } = await ask(`/v1/decisions/stream${query}`)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Streamed
}

const valuesOf = (all: readonly Wire[]): string[] => all.map(({ value }) => value)
const asJson = { 'content-type': 'application/json' }

const add = (name: string, changes: { hostsOnly?: boolean; sources?: string[] } = {}) =>
  bouncers.add(
    { name, key: null, certificate: null, hostsOnly: false, sources: [], note: '', ...changes },
    'anna',
  )

describe("CrowdSec's local API", () => {
  beforeEach(async () => {
    failures = []
    objects = new MemoryObjects()
    blocks = new Blocks()
    blocks.begin('198.51.100.7', { id: '019c9a00-0000-7000-8000-00000000ffff' })
    blocks.fill()
    await start()
    key = (await add('fw')).key ?? ''
  })

  afterEach(async () => {
    await server.stop()
    assert.deepEqual(failures, [])
  })

  test('only a key opens it; of the key nothing but its digest is kept', async () => {
    const refused = await ask('/v1/decisions/stream?startup=true', { headers: { 'x-api-key': 'wrong' } })
    assert.equal(refused.status, 403)
    assert.deepEqual(JSON.parse(refused.text), { message: 'access forbidden' })
    assert.equal((await ask('/v1/decisions', { headers: { 'x-api-key': '' } })).status, 403)
    assert.equal((await ask('/v1/decisions')).status, 200)
    const kept = JSON.stringify([...objects.stored.values(), ...objects.audit])
    assert.ok(!kept.includes(key))
    assert.ok(kept.includes(digestOf(key)))
    assert.deepEqual(
      objects.audit.map(({ action, subject, actor }) => [action, subject, actor]),
      [['bouncer.add', 'fw', 'anna']],
    )
    await bouncers.remove('fw', 'anna', 'replaced')
    assert.equal((await ask('/v1/decisions')).status, 403)
    assert.deepEqual(
      [...objects.stored.keys()].filter((id) => id.startsWith('bouncer-use')),
      [],
    )
  })

  test('whoever comes with wrong keys is told to wait, and right keys from the same address are not', async () => {
    const statuses = new Set<number>()
    for (let i = 0; i < 25; i++)
      statuses.add((await ask('/v1/decisions', { headers: { 'x-api-key': `wrong-${i}` } })).status)
    assert.deepEqual([...statuses], [403, 429])
    assert.equal((await ask('/v1/decisions')).status, 200)
  })

  test('a bouncer that may come from one network is refused from another', async () => {
    key = (await add('elsewhere', { sources: ['192.0.2.0/24'] })).key ?? ''
    assert.equal((await ask('/v1/decisions')).status, 403)
    key = (await add('here', { sources: ['192.0.2.0/24', '127.0.0.1'] })).key ?? ''
    assert.equal((await ask('/v1/decisions')).status, 200)
  })

  test('health needs no key; what there is not is 404, a wrong method 405', async () => {
    assert.equal((await ask('/health', { headers: { 'x-api-key': '' } })).status, 200)
    assert.equal((await ask('/v1/watchers/login', { method: 'POST' })).status, 404)
    assert.equal((await ask('/v1/constructor')).status, 404)
    const wrong = await ask('/v1/decisions', { method: 'DELETE' })
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, HEAD'])
    assert.equal((await ask('/v1/usage-metrics')).status, 405)
  })

  test('a startup gets all that is blocked, as CrowdSec writes it, never compressed', async () => {
    const { status, headers, text } = await ask('/v1/decisions/stream?startup=true', {
      headers: { 'accept-encoding': 'gzip' },
    })
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['transfer-encoding'], 'chunked')
    assert.equal(headers['content-encoding'], undefined)
    assert.deepEqual(JSON.parse(text), {
      new: [
        {
          id: 0xffff,
          origin: 'crowdsec',
          type: 'ban',
          scope: 'Ip',
          value: '198.51.100.7',
          duration: '480h0m0s',
          scenario: 'active-defense/port-scan',
          uuid: '019c9a00-0000-7000-8000-00000000ffff',
        },
      ],
      deleted: [],
    })
  })

  test('then each pull gets what changed since the last; nothing is [] and not null', async () => {
    await stream('?startup=true')
    assert.deepEqual(await stream(), { new: [], deleted: [] })
    blocks.begin('198.51.100.8', { origin: 'manual', rule: null, expiresAtMs: null })
    blocks.begin('198.51.100.9')
    blocks.end('198.51.100.9')
    blocks.end('198.51.100.7')
    blocks.clock.advance(3000)
    const changes = await stream('?startup=false')
    assert.deepEqual(
      changes.new.map(({ value, scenario, origin }) => [value, scenario, origin]),
      [['198.51.100.8', 'active-defense/manual', 'cscli']],
    )
    assert.deepEqual(valuesOf(changes.deleted).toSorted(), ['198.51.100.7', '198.51.100.9'])
    assert.deepEqual(changes.deleted[0]?.duration, '-3s')
    assert.deepEqual(await stream(), { new: [], deleted: [] })
    assert.deepEqual(valuesOf((await stream('?startup=true')).new), ['198.51.100.8'])
  })

  test('only the word true is a startup; HEAD is empty and moves nothing', async () => {
    await stream('?startup=true')
    blocks.begin('198.51.100.8')
    const head = await ask('/v1/decisions/stream', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.deepEqual(valuesOf((await stream('?startup=1')).new), ['198.51.100.8'])
  })

  test('an end while another decision for the value is in force is not told', async () => {
    await stream('?startup=true')
    blocks.begin('198.51.100.7', { origin: 'manual', rule: null, expiresAtMs: null })
    assert.deepEqual((await stream()).deleted, [])
    await restart()
    assert.deepEqual(await stream().then(({ deleted }) => deleted), [])
  })

  test('what ended while the service was restarted is told with the whole list, once', async () => {
    blocks.begin('198.51.100.8')
    await stream('?startup=true')
    blocks.clock.advance(60_000)
    blocks.end('198.51.100.8')
    await restart()
    const whole = await stream()
    assert.deepEqual([valuesOf(whole.new), valuesOf(whole.deleted)], [['198.51.100.7'], ['198.51.100.8']])
    assert.deepEqual(await stream(), { new: [], deleted: [] })
    assert.deepEqual(bouncers.usesOf('fw')[0]?.lastAnswer, { isWhole: false, began: 0, ended: 0 })
  })

  test('a bouncer that was away for longer than changes are remembered gets the whole list', async () => {
    await stream('?startup=true')
    blocks.end('198.51.100.7')
    for (let i = 0; i < 1100; i++) {
      blocks.begin('198.51.100.50')
      blocks.end('198.51.100.50')
    }
    blocks.begin('198.51.100.60')
    const whole = await stream()
    assert.deepEqual(valuesOf(whole.new), ['198.51.100.60'])
    assert.deepEqual(valuesOf(whole.deleted).toSorted(), ['198.51.100.50', '198.51.100.7'])
  })

  test('two programs with one key each have a place of their own', async () => {
    const nginx = { headers: { 'user-agent': 'crowdsec-nginx-bouncer/v1.0' } }
    await stream('?startup=true')
    await ask('/v1/decisions/stream?startup=true', nginx)
    blocks.begin('198.51.100.8')
    assert.deepEqual(valuesOf((await stream()).new), ['198.51.100.8'])
    const other = JSON.parse((await ask('/v1/decisions/stream', nginx)).text) as Streamed
    assert.deepEqual(valuesOf(other.new), ['198.51.100.8'])
    assert.deepEqual(
      bouncers
        .usesOf('fw')
        .map(({ agent, agentVersion, pulls }) => `${agent} ${agentVersion} ${pulls}`)
        .toSorted(),
      ['crowdsec-firewall-bouncer v0.0.25-debian 2', 'crowdsec-nginx-bouncer v1.0 2'],
    )
  })

  test('scopes, origins and scenarios choose; a bouncer of single addresses gets no networks, also no ends of them', async () => {
    blocks.begin('192.0.2.0/26')
    blocks.begin('198.51.100.8', { origin: 'manual', rule: null })
    blocks.begin('198.51.100.9', { origin: 'feed', rule: null })
    const news = async (query: string): Promise<string[]> =>
      valuesOf((await stream(`?startup=true${query}`)).new).toSorted()
    assert.deepEqual(await news('&scopes=Range'), ['192.0.2.0/26'])
    assert.deepEqual(await news('&scopes=ip&origins=cscli,lists'), ['198.51.100.8', '198.51.100.9'])
    assert.deepEqual(await news('&origins=detector&scenarios_containing=scan'), [
      '192.0.2.0/26',
      '198.51.100.7',
    ])
    assert.deepEqual(await news('&scenarios_not_containing=scan,manual'), ['198.51.100.9'])
    key = (await add('hosts', { hostsOnly: true })).key ?? ''
    assert.deepEqual(await news(''), ['198.51.100.7', '198.51.100.8', '198.51.100.9'])
    blocks.end('192.0.2.0/26')
    assert.deepEqual(await stream(), { new: [], deleted: [] })
  })

  test('a question about one address finds what covers it, or null', async () => {
    blocks.begin('192.0.2.0/26')
    const found = async (query: string): Promise<string[] | null> => {
      const { status, text } = await ask(`/v1/decisions${query}`)
      assert.equal(status, 200, text)
      return (JSON.parse(text) as Wire[] | null)?.map(({ value }) => value).toSorted() ?? null
    }
    assert.deepEqual(await found('?ip=192.0.2.7'), ['192.0.2.0/26'])
    assert.deepEqual(await found('?ip=198.51.100.7&type=ban'), ['198.51.100.7'])
    assert.equal(await found('?ip=198.51.100.7&type=captcha'), null)
    assert.equal(await found('?ip=203.0.113.7'), null)
    assert.deepEqual(await found('?range=192.0.2.0/24&contains=false'), ['192.0.2.0/26'])
    assert.equal(await found('?range=192.0.2.0/24'), null)
    assert.deepEqual(await found('?scope=Range&value=192.0.2.0/26'), ['192.0.2.0/26'])
    assert.equal(await found('?scope=Country&value=XX'), null)
    assert.deepEqual(await found(''), ['192.0.2.0/26', '198.51.100.7'])
    assert.equal((await ask('/v1/decisions?ip=nonsense')).status, 400)
    const head = await ask('/v1/decisions?ip=192.0.2.7', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
  })

  test('usage metrics are kept in both forms of writing, packed or not', async () => {
    const window = {
      meta: { window_size_seconds: 600, utc_now_timestamp: NOW_MS / 1000 },
      items: [
        { name: 'dropped', value: 42, unit: 'packet', labels: { origin: 'crowdsec', ip_type: 'ipv4' } },
      ],
    }
    const named = { name: 'fw', type: 'crowdsec-firewall-bouncer', version: 'v0.0.31', feature_flags: [] }
    const os = { name: 'debian', version: '12' }
    const component = { ...named, os, utc_startup_timestamp: NOW_MS / 1000 }
    const send = (metrics: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
      const components = [{ ...component, metrics }]
      const body = JSON.stringify({ remediation_components: components, log_processors: [] })
      const packed = headers['content-encoding'] === 'gzip' ? gzipSync(body) : body
      return ask('/v1/usage-metrics', { method: 'POST', headers: { ...asJson, ...headers }, body: packed })
    }
    for (const answer of [await send(window), await send([window, window], { 'content-encoding': 'gzip' })])
      assert.deepEqual([answer.status, answer.text], [201, ''])
    const [newest, oldest] = await objects.journal({ kind: 'bouncer-metrics', subject: 'fw', limit: 10 })
    const expected = {
      address: '127.0.0.1',
      type: 'crowdsec-firewall-bouncer',
      version: 'v0.0.31',
      operatingSystem: 'debian 12',
      startedAtMs: NOW_MS,
      windowSeconds: 600,
      items: window.items,
    }
    assert.deepEqual(oldest?.body, expected)
    assert.deepEqual(newest?.body, {
      ...expected,
      windowSeconds: 1200,
      items: [...window.items, ...window.items],
    })
  })

  test('bodies that are no metrics, too large or packed too tightly are refused', async () => {
    const send = (body: string | Buffer, headers = {}): Promise<Answer> =>
      ask('/v1/usage-metrics', { method: 'POST', headers: { ...asJson, ...headers }, body })
    assert.equal((await send('{')).status, 400)
    assert.equal((await send('{"remediation_components":[{"type":7}]}')).status, 422)
    const bomb = gzipSync(Buffer.alloc(64 * MIB))
    assert.equal((await send(bomb, { 'content-encoding': 'gzip' })).status, 413)
    assert.equal((await send('{}', { 'content-encoding': 'br' })).status, 415)
    assert.equal(objects.entries.length, 0)
  })

  test('a key that CrowdSec made may move here, once', async () => {
    const wanted = {
      name: 'moved',
      key: 'an-old-key-of-crowdsec',
      certificate: null,
      hostsOnly: false,
      sources: [],
      note: '',
    }
    assert.equal((await bouncers.add(wanted, 'anna')).key, null)
    key = wanted.key
    assert.equal((await ask('/v1/decisions')).status, 200)
    await assert.rejects(bouncers.add({ ...wanted, name: 'again' }, 'anna'), /another bouncer has that key/)
    await assert.rejects(add('moved'), /there is a bouncer moved already/)
    await assert.rejects(add('../x'), /is named by/)
  })

  test('addresses that use one key are bounded, the longest unheard of is forgotten', async () => {
    const bouncer = bouncers.find('fw')
    assert.ok(bouncer !== null)
    for (let i = 0; i < 80; i++) {
      blocks.clock.advance(DAY_MS)
      bouncers.useOf(bouncer, `192.0.2.${i}`, AGENT)
    }
    assert.equal(bouncers.usesOf('fw').length, 64)
    assert.equal(bouncers.forgotten, 16)
    assert.equal(bouncers.usesOf('fw').at(-1)?.address, '192.0.2.16')
    await bouncers.flush()
    assert.equal([...objects.stored.keys()].filter((id) => id.startsWith('bouncer-use')).length, 64)
  })

  test('a changed bouncer is refused with its old key, and told the whole list where it gets other blocks from now on', async () => {
    blocks.begin('198.51.100.0/28')
    const stream = async (path = '/v1/decisions/stream'): Promise<[number, number]> => {
      const { status, text } = await ask(path)
      return [status, status === 200 ? ((JSON.parse(text) as Streamed).new ?? []).length : 0]
    }
    await bouncers.change('fw', { hostsOnly: true }, 'anna', null)
    assert.deepEqual(await stream('/v1/decisions/stream?startup=true'), [200, 1])
    await bouncers.change('fw', { hostsOnly: false }, 'anna', null)
    assert.deepEqual(await stream(), [200, 2])
    assert.deepEqual(await stream(), [200, 0])
    const { key: other } = await bouncers.change('fw', { newKey: true }, 'anna', 'yearly')
    assert.equal((await stream())[0], 403)
    key = other ?? ''
    assert.equal((await stream())[0], 200)
    await restart()
    assert.equal((await stream())[0], 200)
    await bouncers.change('fw', { sources: ['192.0.2.0/24'] }, 'anna', null)
    assert.equal((await stream())[0], 403)
    const told = JSON.stringify(objects.audit)
    assert.ok(!told.includes(key) && !told.includes('keyDigest'))
    await assert.rejects(bouncers.change('nobody', {}, 'anna', null), /there is no bouncer/)
  })
})

test('before the decisions are loaded every answer is 503, since an empty one would lift every block', async () => {
  const blocksNotFilled = new Blocks()
  const repository = new MemoryObjects()
  const opened = await Bouncers.open({ repository, clock: blocksNotFilled.clock })
  for (const sources of [
    null,
    { board: blocksNotFilled.board, bouncers: opened, endedSince: blocksNotFilled.endedSince },
  ]) {
    const api = new CrowdsecApi({
      sources: () => sources,
      clock: blocksNotFilled.clock,
      addressOf: () => '127.0.0.1',
      certificateOf: () => null,
      onFailure: (what) => assert.fail(what),
    })
    server = new CrowdsecServer({ host: '127.0.0.1', port: 0 }, api, (what) => assert.fail(what))
    await server.start()
    const { status, headers } = await ask('/v1/decisions/stream?startup=true')
    assert.deepEqual([status, headers['retry-after']], [503, '5'])
    await server.stop()
  }
})
