/** The push against a management API built to the documented XML: keys, certificates, virtual systems, limits, failures. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, describe, type TestContext, test } from 'node:test'
import { type Network, parseNetwork } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import { Alarms } from '../../telemetry/alarms.ts'
import { issueLeaf, type KeyedCertificate, makeAuthority } from '../made-certificate.ts'
import { PanOsError } from './answers.ts'
import { PanOsClient } from './client.ts'
import { type ConnectionSettings, PanOsConnection } from './connection.ts'
import { PanOsPush, type PanOsPushOptions } from './push.ts'
import { FakePanOs, type FakePanOsOptions, ruleXml } from './testing/fake-pan-os.ts'

const START_MS = Date.UTC(2026, 0, 15, 12)
const KEY = 'LUFRPT1fakekey=='
const LIST = 'ActiveDefense-Blacklist'
const GOOD_RULES = [
  ruleXml('Deny', { action: 'drop', source: LIST, logSetting: 'ads' }),
  ruleXml('Web', { action: 'allow', logSetting: 'ads' }),
  ruleXml('Sensor', { action: 'drop', logSetting: 'ads' }),
].join('')

let authority: KeyedCertificate
let other: KeyedCertificate
let leaf: KeyedCertificate

before(async () => {
  authority = await makeAuthority('test', Date.now())
  other = await makeAuthority('other', Date.now())
  leaf = await issueLeaf(authority, { dns: [], addresses: ['127.0.0.1'] }, Date.now())
})

function net(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(text)
  return network
}

const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()

async function startFake(
  t: TestContext,
  options: Partial<FakePanOsOptions> = {},
): Promise<{ fake: FakePanOs; port: number }> {
  const fake = new FakePanOs({
    ...leaf,
    apiKey: KEY,
    lists: { [LIST]: 3 },
    rules: { vsys1: GOOD_RULES },
    ...options,
  })
  const port = await fake.start()
  t.after(() => fake.stop())
  return { fake, port }
}

function connect(
  t: TestContext,
  port: number,
  settings: Partial<ConnectionSettings> = {},
  limits?: { timeoutMs: number; answerBytes: number },
): PanOsClient {
  const given = { host: '127.0.0.1', port, ca: authority.cert, fingerprint: null, key: KEY, ...settings }
  const client = new PanOsClient(new PanOsConnection(given, limits))
  t.after(() => client.close())
  return client
}

/** A push whose time is the test's: `run` lets pass what it waits for, step by step. */
class Bench {
  readonly clock = new ManualClock(START_MS)
  readonly alarms = new Alarms({ clock: this.clock })
  readonly loaded: number[] = []
  readonly registered: string[] = []
  readonly pauses: number[] = []
  readonly push: PanOsPush
  #next: { task: () => void; atMs: number } | null = null

  constructor(t: TestContext, client: PanOsClient, settings: Partial<PanOsPushOptions['settings']> = {}) {
    this.push = new PanOsPush({
      id: 'f1',
      name: 'edge',
      settings: {
        vsys: [],
        list: LIST,
        refresh: true,
        readBack: false,
        register: null,
        clearSessions: false,
        ...settings,
      },
      client,
      clock: this.clock,
      alarms: this.alarms,
      onLoaded: ({ valid }) => this.loaded.push(valid),
      onRegistered: ({ words }) => this.registered.push(String(words[3] & 0xff)),
      random: () => 0.5,
      schedule: (task, delayMs) => {
        const planned = { task, atMs: this.clock.monotonicMs() + delayMs }
        this.#next = planned
        return () => {
          if (this.#next === planned) this.#next = null
        }
      },
    })
    t.after(() => this.push.close())
  }

  /** Runs what is planned within so long, at most 50 steps. */
  async run(forMs = 0): Promise<void> {
    const endMs = this.clock.monotonicMs() + forMs
    for (let step = 0; step < 50; step++) {
      const next = this.#next
      if (next === null || next.atMs > endMs) break
      this.#next = null
      this.pauses.push(Math.max(0, next.atMs - this.clock.monotonicMs()))
      this.clock.set(Math.max(this.clock.nowMs(), next.atMs))
      next.task()
      await this.push.idle()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.clock.set(Math.max(this.clock.nowMs(), endMs))
  }

  /** The timer is early: what is planned runs before its time. */
  async early(): Promise<void> {
    const next = this.#next
    this.#next = null
    next?.task()
    await this.push.idle()
    await new Promise((resolve) => setImmediate(resolve))
  }

  codes(): string[] {
    return this.alarms
      .active()
      .map(({ code }) => code)
      .sort()
  }
}

const fault = (name: string) => (error: unknown) => error instanceof PanOsError && error.fault === name

describe('the management API', () => {
  test('refreshes and reads back over one connection; the key goes in a header and in no URL', async (t) => {
    const { fake, port } = await startFake(t)
    const client = connect(t, port)
    await client.refresh(LIST, null)
    const { valid, ignored, invalid } = await client.loaded(LIST, null)
    assert.deepEqual({ valid, ignored, invalid }, { valid: 3, ignored: 0, invalid: 0 })
    assert.deepEqual(fake.refreshed, [LIST])
    assert.deepEqual(await client.info(), {
      hostname: 'LAB-FW-01',
      serial: '013201001234',
      version: '11.1.2',
      isMultiVsys: false,
    })
    assert.deepEqual([...new Set(fake.urls)], ['/api/'])
    assert.ok(fake.requests.every(({ form }) => !JSON.stringify(form).includes(KEY)))
  })

  test('a certificate of another authority is refused, and nothing is sent', async (t) => {
    const { fake, port } = await startFake(t)
    await assert.rejects(connect(t, port, { ca: other.cert }).info(), fault('certificate'))
    await assert.rejects(connect(t, port, { ca: null }).info(), fault('certificate'))
    assert.equal(fake.requests.length, 0)
  })

  test('a pinned certificate is taken whoever signed it, and no other one, before the key goes out', async (t) => {
    const { fake, port } = await startFake(t)
    const pinned = fingerprintOf(leaf.cert)
    await connect(t, port, { ca: null, fingerprint: pinned }).info()
    assert.equal(fake.requests.length, 1)
    const wrong = connect(t, port, { ca: authority.cert, fingerprint: fingerprintOf(other.cert) })
    await assert.rejects(wrong.info(), fault('certificate'))
    assert.equal(fake.requests.length, 1)
  })

  test('a refused key is told apart, and never stands in an error', async (t) => {
    const { fake, port } = await startFake(t)
    fake.apiKey = 'another'
    await assert.rejects(connect(t, port).info(), (error: unknown) => {
      assert.ok(error instanceof PanOsError)
      assert.equal(error.fault, 'auth')
      assert.doesNotMatch(`${error.message} ${error.stack ?? ''}`, /fakekey/)
      return true
    })
  })

  test('slow, endless and strange answers end in an error of their kind', async (t) => {
    const { fake, port } = await startFake(t)
    fake.delayMs = 2000
    const limits = { timeoutMs: 100, answerBytes: 4096 }
    await assert.rejects(connect(t, port, {}, limits).info(), fault('unreachable'))
    fake.delayMs = 0
    const hasty = connect(t, port, {}, { timeoutMs: 10_000, answerBytes: 4096 })
    const answers = [
      [200, `<response status="success"><result>${'x'.repeat(10_000)}</result></response>`, 'unclear'],
      [200, '<!DOCTYPE x><response status="success"/>', 'unclear'],
      [200, '<html><body>Login</body></html>', 'unclear'],
      [302, '', 'unclear'],
      [503, 'busy', 'unreachable'],
      [401, 'no', 'auth'],
      [
        200,
        '<response status="error" code="403"><result><msg>Permission denied</msg></result></response>',
        'auth',
      ],
      [200, '<response status="error" code="22"><msg>Session timed out</msg></response>', 'unreachable'],
      [
        200,
        '<response status="error" code="17"><msg><line>x is invalid name</line></msg></response>',
        'refused',
      ],
    ] as const
    for (const [status, text, name] of answers) {
      fake.instead = { status, text }
      await assert.rejects(hasty.info(), fault(name), `${status} ${text.slice(0, 60)}`)
    }
  })

  test('each virtual system is chosen on the connection that the command goes over', async (t) => {
    const { fake, port } = await startFake(t, { vsys: ['vsys1', 'vsys2'] })
    const client = connect(t, port)
    await client.refresh(LIST, 'vsys2')
    await client.refresh(LIST, 'vsys1')
    assert.deepEqual(fake.refreshed, [`vsys2/${LIST}`, `vsys1/${LIST}`])
    await assert.rejects(client.refresh(LIST, 'vsys7'), fault('refused'))
    fake.closes = true
    await assert.rejects(client.refresh(LIST, 'vsys1'), fault('unclear'))
    assert.equal(fake.refreshed.length, 2, 'nothing is refreshed in a system that was not chosen')
  })

  test('what is registered already or gone already is no failure; a full platform is one of its own', async (t) => {
    const { fake, port } = await startFake(t, { maxRegistered: 2 })
    const client = connect(t, port)
    assert.deepEqual(await client.register(['198.51.100.1'], 'ads', 3600, null), [])
    assert.deepEqual(await client.register(['198.51.100.1', '2001:db8::7'], 'ads', 3600, null), [])
    assert.deepEqual(fake.registered.get('2001:db8::7'), { tag: 'ads', timeout: '3600' })
    await assert.rejects(client.register(['198.51.100.2'], 'ads', 3600, null), fault('full'))
    assert.deepEqual(await client.unregister(['198.51.100.1', '198.51.100.9'], 'ads', null), [])
    assert.deepEqual([...fake.registered.keys()], ['2001:db8::7'])
  })
})

describe('the push', () => {
  test('a new block is tagged and its sessions are ended at once, the list is refreshed and read back', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port), {
      readBack: true,
      register: { tag: 'ads-blocked', timeoutSeconds: 3600 },
      clearSessions: true,
    })
    await bench.run()
    assert.deepEqual(bench.loaded, [3], 'asked once at the start')
    bench.push.changed([net('198.51.100.1'), net('198.51.100.2'), net('203.0.113.0/28')], [])
    bench.push.published()
    await bench.run()
    assert.deepEqual(
      [...fake.registered.keys()],
      ['198.51.100.1', '198.51.100.2'],
      'networks are left to the list',
    )
    assert.deepEqual(fake.cleared, ['198.51.100.1', '198.51.100.2'])
    assert.deepEqual(fake.refreshed, [LIST])
    assert.deepEqual(bench.registered, ['1', '2'])
    await bench.run(10_000)
    assert.deepEqual(bench.loaded, [3, 3], 'read back ten seconds after the refresh')
    bench.push.changed([], [net('198.51.100.1')])
    await bench.run()
    assert.deepEqual([...fake.registered.keys()], ['198.51.100.2'])
    const { state, registered, clearedSources, refreshes, dropped, waiting } = bench.push.status()
    assert.deepEqual(
      { state, registered, clearedSources, refreshes, dropped, waiting },
      { state: 'working', registered: 2, clearedSources: 2, refreshes: 1, dropped: 0, waiting: 0 },
    )
  })

  test('a storm of revisions becomes one refresh in ten seconds, a storm of blocks few messages', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port), { register: { tag: 'ads', timeoutSeconds: 60 } })
    for (let i = 0; i < 100; i++) bench.push.published()
    await bench.run()
    for (let i = 0; i < 100; i++) bench.push.published()
    await bench.run(9000)
    assert.equal(fake.refreshed.length, 1)
    await bench.run(1000)
    assert.equal(fake.refreshed.length, 2)
    const targets = Array.from({ length: 2500 }, (_, i) => net(`198.51.${100 + (i >> 8)}.${i & 255}`))
    bench.push.changed(targets, [])
    await bench.run()
    assert.equal(fake.registered.size, 2500)
    assert.equal(fake.requests.filter(({ form }) => form['type'] === 'user-id').length, 3)
  })

  test('queues are bounded, and what finds no room is counted', async (t) => {
    const { port } = await startFake(t)
    const bench = new Bench(t, connect(t, port), { register: { tag: 'ads', timeoutSeconds: 60 } })
    const targets = Array.from({ length: 10_500 }, (_, i) => net(`198.51.${100 + (i >> 8)}.${i & 255}`))
    bench.push.changed(targets, [])
    const { waiting, dropped } = bench.push.status()
    assert.deepEqual({ waiting, dropped }, { waiting: 10_000, dropped: 500 })
  })

  test('without an answer it waits longer and longer, tells it after three times, and goes on when it is back', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port))
    fake.instead = { status: 503, text: 'busy' }
    bench.push.published()
    await bench.run(2500)
    assert.deepEqual(bench.codes(), [])
    assert.equal(bench.push.status().state, 'retrying')
    await bench.run(3_000_000)
    assert.deepEqual(bench.codes(), ['firewall-unreachable:f1'])
    const longest = Math.max(...bench.pauses)
    assert.ok(longest <= 450_000 && longest >= 150_000, `${longest} ms`)
    fake.instead = null
    await bench.run(500_000)
    assert.deepEqual(bench.codes(), [])
    assert.equal(fake.refreshed.length, 1)
    assert.equal(bench.push.status().state, 'working')
  })

  test('a timer that is early asks nothing, and that is no answer of the firewall', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port))
    bench.push.published()
    await bench.run(1000)
    const answeredMs = bench.push.status().lastAnswerAtMs
    assert.notEqual(answeredMs, null)
    bench.push.published()
    bench.clock.advance(5000)
    await bench.early()
    assert.equal(fake.refreshed.length, 1)
    assert.equal(bench.push.status().lastAnswerAtMs, answeredMs)
    await bench.run(10_000)
    assert.equal(fake.refreshed.length, 2)
  })

  test('a refused key stops it with an alarm, nothing is asked any more, and a check that is well goes on', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port))
    fake.apiKey = 'another'
    bench.push.published()
    await bench.run(3_600_000)
    assert.equal(fake.requests.length, 1, 'a locked-out account would be the price of trying')
    assert.deepEqual(bench.codes(), ['firewall-auth:f1'])
    assert.equal(bench.push.status().state, 'stopped')
    bench.push.published()
    await bench.run(3_600_000)
    assert.equal(fake.requests.length, 1)
    fake.apiKey = KEY
    assert.deepEqual(await bench.push.check(), [])
    assert.deepEqual(bench.codes(), [])
    await bench.run(10_000)
    assert.equal(fake.refreshed.length, 1)
  })

  test('a wrong certificate stops it with an alarm and nothing sent', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port, { ca: other.cert }))
    bench.push.published()
    await bench.run(3_600_000)
    assert.deepEqual(bench.codes(), ['firewall-certificate:f1'])
    assert.equal(fake.requests.length, 0)
  })

  test('a full platform stops tags alone; the list goes on', async (t) => {
    const { fake, port } = await startFake(t, { maxRegistered: 1 })
    const bench = new Bench(t, connect(t, port), { register: { tag: 'ads', timeoutSeconds: 60 } })
    bench.push.changed([net('198.51.100.1'), net('198.51.100.2'), net('198.51.100.3')], [])
    await bench.run(60_000)
    assert.deepEqual(bench.codes(), ['firewall-full:f1'])
    const asked = fake.requests.length
    bench.push.changed([net('198.51.100.4')], [])
    bench.push.published()
    await bench.run(60_000)
    assert.equal(fake.requests.length, asked + 1)
    assert.deepEqual(fake.refreshed, [LIST])
    assert.ok(bench.push.status().dropped >= 3)
  })

  test('what the firewall refuses is given up after one try, and the rest goes on', async (t) => {
    const { fake, port } = await startFake(t)
    const bench = new Bench(t, connect(t, port), { list: 'No-Such-List', clearSessions: true })
    bench.push.published()
    await bench.run(60_000)
    assert.deepEqual(bench.codes(), ['firewall-refused:f1'])
    assert.equal(fake.requests.length, 1)
    bench.push.changed([net('198.51.100.1')], [])
    await bench.run(60_000)
    assert.deepEqual(fake.cleared, ['198.51.100.1'])
    assert.deepEqual(bench.codes(), [])
  })

  test('a check looks at list and rules of every virtual system, and says what to mend', async (t) => {
    const badRules = [
      ruleXml('Web', { action: 'allow', logSetting: 'ads' }),
      ruleXml('Deny', { action: 'drop', source: LIST, logSetting: 'ads' }),
    ].join('')
    const { fake, port } = await startFake(t, {
      vsys: ['vsys1', 'vsys2'],
      rules: { vsys1: GOOD_RULES, vsys2: badRules },
    })
    const found = async (settings: Partial<PanOsPushOptions['settings']>): Promise<string[]> => {
      const bench = new Bench(t, connect(t, port), settings)
      return (await bench.push.check()).map(({ code }) => code)
    }
    assert.deepEqual(await found({ vsys: ['vsys1'] }), [])
    assert.deepEqual(await found({ vsys: ['vsys1', 'vsys2'] }), ['deny-below-allow', 'no-sensor'])
    assert.deepEqual(await found({ list: null, vsys: ['vsys1'] }), ['no-list-named'])
    assert.deepEqual(await found({ list: 'Other', vsys: ['vsys1'] }), ['no-list', 'no-deny-rule'])
    fake.ignored = 7
    assert.deepEqual(await found({ vsys: ['vsys1'] }), ['list-entries-left'])
    assert.deepEqual(await found({}), ['no-vsys', 'no-list'])
  })
})
