/** Thresholds per device, exceptions and weights: what they change, and that they change nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultSettings, type Settings } from '../config/schema.ts'
import { parseNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import { Counting } from './counting.ts'
import { type DetectionSettings, detectionSettings } from './settings.ts'
import {
  batchOf,
  type Event,
  hostSweep,
  makeDetector,
  portScan,
  PUBLIC,
  START_MS,
  testSettings,
} from './testing/batches.ts'

/** The rules of long windows would find what the others find once more. */
const OFF = {
  'detection.slowScan.mode': 'off',
  'detection.subnetScan.mode': 'off',
  'detection.randomScan.mode': 'off',
} as const

function fitted(changes: Partial<Settings>): DetectionSettings {
  const settings = detectionSettings({ ...defaultSettings(), ...OFF, ...changes })
  return { ...settings, public: PUBLIC, maxKeys: 100_000 }
}

/** Settings of a detector whose profiles know the test networks too. */
function withDevices(
  devices: Settings['detection.devices'],
  more: Partial<Settings> = {},
): DetectionSettings {
  const settings = fitted({ ...more, 'detection.devices': devices })
  return {
    ...settings,
    profiles: settings.profiles.map((profile) => ({
      ...profile,
      settings: { ...profile.settings, public: PUBLIC, maxKeys: 100_000 },
    })),
  }
}

const on = (device: string): Event => ({ texts: { device } })
const told = (found: readonly Detection[]): string[] =>
  found.map(({ rule, sourceAddress, threshold, mode }) => `${rule} ${sourceAddress} ${threshold} ${mode}`)

test('a device has its own threshold, others keep theirs', () => {
  const { feed } = makeDetector(
    withDevices({ 'FW-LAB': { 'portScan.ports': 20, 'portScan.mode': 'shadow' } }),
  )
  assert.deepEqual(told(feed(portScan(11, on('FW-01')))), ['port-scan 198.51.100.7 10 enforce'])
  const lab = { ...on('FW-LAB'), from: '198.51.100.8' }
  assert.deepEqual(feed(portScan(20, lab)), [])
  assert.deepEqual(told(feed(portScan(1, { ...lab, at: 21 }, 500))), ['port-scan 198.51.100.8 20 shadow'])
})

test('devices with the same settings count together, with others apart', () => {
  const settings = withDevices({ a: { 'portScan.ports': 5 }, b: { 'portScan.ports': 5 } })
  assert.equal(settings.profiles.length, 1)
  const { feed } = makeDetector(settings)
  assert.deepEqual(feed([...portScan(3, on('a')), ...portScan(2, on('b'), 50)]), [])
  assert.deepEqual(feed(portScan(9, on('c'), 100)), [])
  assert.equal(feed(portScan(1, { ...on('b'), at: 20 }, 60)).length, 1)
})

test('names of devices are exact, and a line without one goes by its sender', () => {
  const { feed } = makeDetector(withDevices({ '192.0.2.1': { 'portScan.ports': 2 } }))
  assert.deepEqual(feed(portScan(3, on('192.0.2.10'))), [])
  assert.equal(feed(portScan(3, { ...on(''), from: '198.51.100.9' })).length, 1)
})

test('the level of threats is the level of the device', () => {
  const high: Event = { category: 'threat', severity: 'high', attacker: 'source' }
  const { feed, detector } = makeDetector(withDevices({ strict: { 'threat.level': 2 } }))
  assert.deepEqual(told(feed([{ ...high, ...on('FW-01') }])), [])
  assert.deepEqual(told(feed([{ ...high, ...on('strict') }])), ['threat 198.51.100.7 2 enforce'])
  assert.equal(detector.counters()['skippedLowSeverity'], 1)
})

test('profiles come and go live, and windows of those that stay are kept', () => {
  const before = withDevices({ a: { 'portScan.ports': 5 } })
  const { detector, feed } = makeDetector(before)
  feed([...portScan(5, on('a')), ...portScan(10, on('c'))])
  detector.configure(withDevices({ a: { 'portScan.ports': 5 }, b: { 'portScan.ports': 2 } }))
  assert.equal(feed(portScan(1, { ...on('a'), at: 20 }, 60)).length, 1)
  assert.equal(feed(portScan(1, { ...on('c'), at: 20 }, 60)).length, 1)
  assert.equal(feed(portScan(3, { ...on('b'), at: 30 })).length, 1)
  detector.configure(testSettings())
  assert.deepEqual(feed(portScan(1, { ...on('a'), at: 40 }, 90)), [])
})

test('changed thresholds of a device keep what was counted', () => {
  const { detector, feed } = makeDetector(withDevices({ a: { 'portScan.ports': 5 } }))
  feed(portScan(5, on('a')))
  detector.configure(withDevices({ a: { 'portScan.ports': 4 }, b: { 'portScan.ports': 9 } }))
  assert.equal(feed([{ ...on('a'), at: 6, port: 5 }]).length, 1)
})

test('more than eight different sets of settings are refused', () => {
  const devices = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`fw-${i}`, { 'portScan.ports': 20 + i }]),
  )
  assert.throws(() => fitted({ 'detection.devices': devices }), /9 different sets of settings; at most 8/)
})

type Exceptions = Settings['detection.exceptions']
const except = (...exceptions: Exceptions): DetectionSettings =>
  fitted({ 'detection.exceptions': exceptions })

const conditions: [name: string, given: Partial<Exceptions[number]>, meets: Event, misses: Event][] = [
  [
    'zone of the source',
    { zone: 'dmz' },
    { texts: { sourceZone: 'dmz' } },
    { texts: { sourceZone: 'dmz2' } },
  ],
  ['zone of the destination', { zone: 'dmz' }, { texts: { destinationZone: 'dmz' } }, {}],
  ['device', { device: 'FW-02' }, on('FW-02'), on('fw-02')],
  ['source', { source: '198.51.100.0/28' }, {}, { from: '198.51.100.16' }],
  ['IPv6 source', { source: '2001:db8:7::/48' }, { from: '2001:db8:7::1' }, { from: '2001:db8:8::1' }],
  [
    'country',
    { sourceCountry: 'US' },
    { texts: { sourceCountry: 'US' } },
    { texts: { sourceCountry: 'USA' } },
  ],
  ['destination', { destination: '203.0.113.10' }, {}, { to: '203.0.113.11' }],
  [
    "the firewall's rule",
    { firewallRule: 'a.*b' },
    { texts: { rule: 'a.*b' } },
    { texts: { rule: 'a and b' } },
  ],
  ['all of several', { source: '198.51.100.7', device: 'FW-01' }, {}, { from: '198.51.100.8' }],
]
for (const [name, given, meets, misses] of conditions)
  test(`an exception by ${name} spares what meets it and nothing else`, () => {
    const { detector, feed } = makeDetector(except({ reason: 'test', ...given }))
    assert.deepEqual(feed(portScan(11, meets)), [])
    assert.equal(detector.counters()['exception1'], 11)
    assert.equal(detector.counters()['skippedExcepted'], 11)
    assert.equal(feed(portScan(11, { ...misses, at: 100 })).length, 1)
  })

test('an exception by port takes one port or a range', () => {
  const { detector, feed } = makeDetector(
    except({ port: '100-104', reason: 'x' }, { port: 300, reason: 'y' }),
  )
  assert.deepEqual(feed(portScan(15, {}, 100)), [])
  assert.equal(feed(portScan(1, { at: 20 }, 115)).length, 1)
  feed([{ port: 300 }, { port: 301 }])
  assert.equal(detector.counters()['exception1'], 5)
  assert.equal(detector.counters()['exception2'], 1)
})

test('an exception of one rule leaves the others alone', () => {
  const { detector, feed } = makeDetector(except({ rule: 'port-scan', source: '198.51.100.7', reason: 'x' }))
  const found = feed([...portScan(11), ...hostSweep(10, { at: 20 })])
  assert.deepEqual(told(found), ['host-sweep 198.51.100.7 10 enforce'])
  assert.equal(detector.counters()['skippedExcepted'], 0)
  assert.equal(detector.counters()['exception1'], 21)
  const [first] = detector.exceptions()
  assert.deepEqual(
    { ...first },
    { number: 1, conditions: 'source 198.51.100.7', rules: ['port-scan'], reason: 'x', records: 21 },
  )
  assert.deepEqual(
    detector.exceptionsOf(batchOf([{}]), 0).map(({ number }) => number),
    [1],
  )
})

test('rules of an exception add up: when all are named, the record does not count at all', () => {
  const all = ['port-scan', 'host-sweep', 'threat', 'slow-scan', 'subnet-scan', 'random-scan'] as const
  const { detector } = makeDetector(
    except(
      { rule: [...all], port: 22, reason: 'x' },
      { rule: ['brute-force', 'vendor-scan'], port: 22, reason: 'y' },
    ),
  )
  assert.equal(detector.explain(batchOf([{}]), 0)[0], 'excepted')
})

test('a threat and a failed login can be excepted too', () => {
  const { feed } = makeDetector(except({ rule: 'threat', destination: '203.0.113.10', reason: 'honeypot' }))
  const attack: Event = { category: 'threat', severity: 'critical', attacker: 'source' }
  assert.deepEqual(feed([attack]), [])
  assert.equal(feed([{ ...attack, to: '203.0.113.11' }]).length, 1)
})

const weighing = (weights: Record<string, number>): DetectionSettings =>
  fitted({ 'detection.destinationWeights': weights })

test('a destination of weight 3 convicts after a third of the ports, and shows only real ones', () => {
  const { feed } = makeDetector(weighing({ '203.0.113.10': 3 }))
  assert.deepEqual(feed(portScan(3)), [])
  const [found] = feed(portScan(1, { at: 4 }, 4))
  assert.deepEqual(
    found?.witnesses.map(({ value }) => value),
    ['1', '2', '3', '4'],
  )
  assert.match(
    found?.finding ?? '',
    /reached 4 ports of 203\.0\.113\.10 within 10 minutes, which count as 11/,
  )
  assert.equal(found?.evidence.length, 4)
})

test('a host of weight 4 counts as four hosts of a sweep', () => {
  const { feed } = makeDetector(weighing({ '203.0.113.2': 4 }))
  const [found] = feed(hostSweep(7))
  assert.equal(found?.count, 10)
  assert.equal(found?.witnesses.length, 7)
  assert.match(found?.finding ?? '', /port 22 of 7 addresses within 10 minutes, which count as 10/)
  const six = makeDetector(weighing({ '2001:db8:a::/48': 5 }))
  const to = (n: number): Event => ({ from: '2001:db8:7::1', to: `2001:db8:a::${n}`, at: n })
  assert.deepEqual(six.feed([to(1)]), [])
  assert.equal(six.feed([to(2)])[0]?.witnesses.length, 2)
})

test('a set weight wins over a learned one, which holds where none is set', () => {
  const counting = new Counting(weighing({ '203.0.113.10': 2 }), false, new Uint8Array(4096))
  counting.learned = { weightAt: () => 5 }
  const batch = batchOf([{}, { to: '203.0.113.11' }])
  assert.deepEqual([counting.weightOf(batch, 0), counting.weightOf(batch, 1)], [2, 5])
})

test('weight 0 does not count, and says so', () => {
  const { detector, feed } = makeDetector(weighing({ '203.0.113.0/24': 1, '203.0.113.10': 0 }))
  assert.deepEqual(feed(portScan(30)), [])
  assert.equal(detector.counters()['skippedWeightZero'], 30)
  assert.equal(detector.explain(batchOf([{}]), 0)[0], 'weightZero')
  assert.equal(feed(portScan(11, { to: '203.0.113.11' })).length, 1)
})

test('full batches of the greatest weight go through in parts, in order', () => {
  const off = { mode: 'off', addresses: 10, windowMs: 0 } as const
  const { detector, feed } = makeDetector({ ...weighing({ '203.0.113.0/24': 10 }), hostSweep: off })
  const events = Array.from(
    { length: 4000 },
    (_, i): Event => ({ from: `20.0.${i >> 8}.${i & 255}`, at: i / 4000 }),
  )
  assert.equal(feed(events).length, 0)
  const found = feed(events.map((event) => ({ ...event, port: 23, at: 1 })))
  assert.equal(found.filter(({ rule }) => rule === 'port-scan').length, 4000)
  assert.equal(detector.counters()['countedInbound'], 8000)
})

test('fitting that touches nothing changes nothing', () => {
  const untouched = withDevices(
    { elsewhere: { 'portScan.ports': 3 } },
    {
      'detection.exceptions': [{ zone: 'nowhere', reason: 'x' }],
      'detection.destinationWeights': { '192.0.2.77': 9 },
    },
  )
  const event = fc.record({
    at: fc.integer({ min: 0, max: 1500 }),
    from: fc.constantFrom('198.51.100.7', '198.51.100.8', '2001:db8:7::1'),
    to: fc.constantFrom('203.0.113.1', '203.0.113.2', '203.0.113.3', '2001:db8:a::1'),
    port: fc.integer({ min: 1, max: 14 }),
  })
  fc.assert(
    fc.property(fc.array(fc.array(event, { maxLength: 60 }), { maxLength: 6 }), (batches) => {
      const rules = { portScan: { mode: 'enforce', ports: 4, windowMs: 600_000 } } as const
      const plain = makeDetector({ ...testSettings(), ...rules })
      const other = makeDetector({ ...untouched, ...rules })
      for (const events of batches)
        assert.deepEqual(other.feed(events).map(withoutVersion), plain.feed(events).map(withoutVersion))
    }),
    { numRuns: 60 },
  )
})

const withoutVersion = ({ settingsVersion: _version, ...rest }: Detection): object => rest

test('what rules count now is told per source, with threshold and window', () => {
  const { detector, feed } = makeDetector(withDevices({ 'FW-LAB': { 'portScan.ports': 20 } }))
  feed([...portScan(7), ...hostSweep(4, { at: 10, port: 443 }), ...portScan(2, { ...on('FW-LAB'), at: 30 })])
  feed([{ from: '198.51.100.99', port: 9 }])
  const ask = (text: string, atSeconds: number): string[] => {
    const network = parseNetwork(text, true)
    assert.ok(network !== null)
    return detector
      .inspect(network, START_MS + atSeconds * 1000)
      .map(({ rule, what, count, threshold, windowSeconds, devices }) =>
        [rule, what, count, threshold, windowSeconds, ...devices].join(' '),
      )
  }
  const now = ask('198.51.100.7', 31)
  assert.equal(now[0], 'port-scan ports of 203.0.113.10 7 10 600')
  assert.ok(now.includes('host-sweep addresses on port 443 4 10 600'))
  assert.ok(now.includes('port-scan ports of 203.0.113.10 2 20 600 FW-LAB'))
  assert.ok(now.every((line) => !line.includes('port 9 ')))
  assert.equal(ask('198.51.100.7', 604)[0], 'host-sweep addresses on port 443 4 10 600')
  assert.ok(ask('198.51.100.0/24', 31).length > now.length)
})

test('an IPv6 source is told by its prefix', () => {
  const { detector, feed } = makeDetector()
  feed(portScan(5, { from: '2001:db8:7::1', to: '2001:db8:a::1' }))
  const network = parseNetwork('2001:db8:7::beef')
  assert.ok(network !== null)
  const [count] = detector.inspect(network, START_MS + 10_000)
  assert.equal(count?.count, 5)
  assert.equal(count.what, 'ports of 2001:db8:a::1')
  assert.equal(count.source.prefixLength, 64)
})

test('what rules without ports count is told too: threats, failed logins, scans that the firewall saw', () => {
  const { detector, feed } = makeDetector()
  const login: Event = {
    category: 'login',
    outcome: 'failure',
    texts: { sourceUser: 'alice', type: 'AUTHENTICATION' },
  }
  feed([
    { category: 'threat', severity: 'critical', attacker: 'source' },
    { category: 'threat', severity: 'medium', attacker: 'source', threatId: 8001 },
    { ...login, at: 1 },
    { ...login, at: 2 },
  ])
  const network = parseNetwork('198.51.100.7')
  assert.ok(network !== null)
  const counts = detector.inspect(network, START_MS + 3000)
  const of = (rule: string): (string | number)[][] =>
    counts
      .filter((count) => count.rule === rule)
      .map(({ what, count, threshold }) => [what, count, threshold])
  assert.deepEqual(of('threat'), [['threats of enough severity', 1, 1]])
  assert.deepEqual(of('vendor-scan'), [["scan and flood threats of the firewall's own", 1, 1]])
  assert.deepEqual(of('brute-force'), [
    ['failed logins', 2, 10],
    ['users that it failed to log in as', 1, 5],
  ])
  assert.ok(counts.every(({ source }) => source.prefixLength === 128))
})
