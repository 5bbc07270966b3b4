import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import { FLAG } from '../model/log-record.ts'
import {
  batchOf,
  type Event,
  hostSweep,
  makeDetector,
  networks,
  portScan,
  START_MS,
  testSettings,
} from './testing/batches.ts'

test('a port scan is found at the eleventh port, not at the tenth and not at the end of the batch', () => {
  const { feed } = makeDetector()
  assert.deepEqual(feed(portScan(10)), [])
  const [found, ...more] = feed(portScan(5, { at: 10 }, 11))
  assert.equal(more.length, 0)
  assert.equal(found?.rule, 'port-scan')
  assert.equal(formatNetwork(found.source), '198.51.100.7')
  assert.equal(found.sourceAddress, '198.51.100.7')
  assert.equal(found.destination, '203.0.113.10')
  assert.equal(found.port, null)
  assert.equal(found.count, 11)
  assert.equal(found.threshold, 10)
  assert.equal(found.windowSeconds, 600)
  assert.equal(found.firstSeenAtMs, START_MS)
  assert.equal(found.detectedAtMs, START_MS + 10_000)
  assert.ok(Number.isNaN(found.receivedAtMs))
  assert.equal(found.device, 'FW-01')
  assert.equal(found.lateral, false)
  assert.equal(found.mode, 'enforce')
  assert.deepEqual(
    found.witnesses.map(({ value }) => value),
    ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'],
  )
})

test('a host sweep is found at the tenth address', () => {
  const { feed } = makeDetector()
  assert.deepEqual(feed(hostSweep(9)), [])
  const [found] = feed(hostSweep(10, { at: 9 }).slice(9))
  assert.equal(found?.rule, 'host-sweep')
  assert.equal(found.destination, null)
  assert.equal(found.port, 22)
  assert.equal(found.count, 10)
  assert.equal(found.threshold, 10)
  assert.deepEqual(found.witnesses[9], { value: '203.0.113.10', atMs: START_MS + 18_000 })
})

test('the same port over and over is one port', () => {
  const { feed } = makeDetector()
  assert.deepEqual(feed(Array.from({ length: 2000 }, (_, at) => ({ at, port: 16_066 }))), [])
})

test('eleven ports spread over more than ten minutes are no scan, one second less and they are', () => {
  const slow = portScan(11).map((event, i) => ({ ...event, at: i * 60 }))
  assert.equal(makeDetector().feed(slow).length, 0)
  const faster = portScan(11).map((event, i) => ({ ...event, at: i * 59.9 }))
  assert.equal(makeDetector().feed(faster).length, 1)
})

test('a scan that goes on is one detection, and a new one after it has been below the threshold', () => {
  const { feed } = makeDetector()
  assert.equal(feed(portScan(500)).length, 1)
  assert.equal(feed(portScan(200, { at: 500 }, 501)).length, 0)
  assert.equal(feed(portScan(11, { at: 3000 })).length, 1)
})

test('allowed sessions count, outbound ones and those of ambiguous lines do not', () => {
  assert.equal(makeDetector().feed(portScan(11, { disposition: 'allowed' })).length, 1)
  assert.equal(makeDetector().feed(portScan(11, { from: '10.0.0.1' })).length, 0)
  assert.equal(makeDetector().feed(portScan(11, { flags: FLAG.ambiguous })).length, 0)
})

test('a scanner inside is reported as lateral', () => {
  const [found] = makeDetector().feed(portScan(11, { from: '10.0.0.1', to: '10.0.0.2' }))
  assert.equal(found?.lateral, true)
})

test('IPv6 sources are counted by /64 and named by the address that convicted', () => {
  const { feed } = makeDetector()
  const events = portScan(11, { to: '2001:db8:a::1' }).map((event, i) => ({
    ...event,
    from: `2001:db8:7:7::${i + 1}`,
  }))
  const [found] = feed(events)
  assert.equal(found === undefined ? null : formatNetwork(found.source), '2001:db8:7:7::/64')
  assert.equal(found?.sourceAddress, '2001:db8:7:7::11')
})

test('the IPv6 prefix is a setting', () => {
  const events = hostSweep(10).map((event, i) => ({
    ...event,
    from: `2001:db8:7:${i}::1`,
    to: `2001:db8:a::${i}`,
  }))
  assert.equal(makeDetector().feed(events).length, 0)
  const [found] = makeDetector({ ipv6Prefix: 48 }).feed(events)
  assert.equal(found === undefined ? null : formatNetwork(found.source), '2001:db8:7::/48')
  assert.equal(found?.witnesses[0]?.value, '2001:db8:a::')
})

test('a rule is off by mode or by a window of 0, and shadow is said', () => {
  const rule = { mode: 'enforce', ports: 10, windowMs: 600_000 } as const
  assert.equal(makeDetector({ portScan: { ...rule, mode: 'off' } }).feed(portScan(30)).length, 0)
  assert.equal(makeDetector({ portScan: { ...rule, windowMs: 0 } }).feed(portScan(30)).length, 0)
  assert.equal(makeDetector({ portScan: { ...rule, mode: 'shadow' } }).feed(portScan(30))[0]?.mode, 'shadow')
})

test('changed settings act from the next record on and keep what is known', () => {
  const { detector, feed } = makeDetector()
  feed(portScan(8))
  detector.configure(testSettings({ portScan: { mode: 'enforce', ports: 8, windowMs: 600_000 } }))
  assert.equal(feed(portScan(1, { at: 9 }, 9)).length, 1)
})

test('a lower threshold fires with the next record of a key, be its value known or not', () => {
  for (const addresses of [1, 3]) {
    const { detector, feed } = makeDetector()
    feed(hostSweep(addresses))
    detector.configure(testSettings({ hostSweep: { mode: 'enforce', addresses, windowMs: 600_000 } }))
    const [found, ...more] = feed([...hostSweep(1, { at: 20 }), ...hostSweep(1, { at: 30 })])
    assert.equal(more.length, 0)
    assert.equal(found?.count, addresses)
    assert.equal(found.detectedAtMs, START_MS + 20_000)
  }
})

test('detections of one batch come in order of lines', () => {
  const sweep = hostSweep(10, { at: 0, from: '198.51.100.8' })
  const scan = portScan(11, { at: 1 })
  const events = [...sweep.slice(0, 9), ...scan, ...sweep.slice(9)]
  assert.deepEqual(
    makeDetector()
      .feed(events)
      .map(({ rule }) => rule),
    ['port-scan', 'host-sweep'],
  )
})

test('history fed back after a restart convicts with the next line and does not convict again', () => {
  const first = makeDetector()
  const [known] = first.feed(portScan(11, { from: '198.51.100.9' }))
  assert.ok(known)
  const second = makeDetector()
  second.detector.warmUp(batchOf([...portScan(10), ...portScan(11, { from: '198.51.100.9' })]))
  const found = second.feed([...portScan(1, { at: 11 }, 11), { at: 12, port: 12, from: '198.51.100.9' }])
  assert.deepEqual(
    found.map(({ sourceAddress }) => sourceAddress),
    ['198.51.100.7'],
  )
})

test('reset forgets the windows', () => {
  const { detector, feed } = makeDetector()
  feed(portScan(10))
  detector.reset()
  assert.deepEqual(feed(portScan(10, { at: 10 }, 11)), [])
  assert.equal(feed(portScan(1, { at: 20 }, 30)).length, 1)
})

test('evidence is the raw lines that added a port, oldest first, across batches', () => {
  const { feed } = makeDetector()
  const lines = portScan(11).map((event) => ({ ...event, line: `line for port ${event.port}` }))
  for (const event of lines.slice(0, 10)) assert.deepEqual(feed([event, { ...event, line: 'again' }]), [])
  const [found] = feed(lines.slice(10))
  assert.deepEqual(
    found?.evidence,
    lines.map(({ line }) => line),
  )
})

test('evidence is at most 20 lines, the last ones, each cut at 2 KiB', () => {
  const { feed } = makeDetector({ portScan: { mode: 'enforce', ports: 29, windowMs: 600_000 } })
  const [found] = feed(portScan(30).map((event) => ({ ...event, line: `${event.port} `.padEnd(5000, 'x') })))
  assert.equal(found?.witnesses.length, 30)
  assert.equal(found.evidence.length, 20)
  assert.ok(found.evidence[0]?.startsWith('11 '))
  assert.ok(found.evidence.every((line) => line.length === 2048))
})

test('lines that are gone from memory are missing from the evidence, witnesses are not', () => {
  const { feed } = makeDetector({}, { witnessBytes: 1 })
  const found = portScan(11).flatMap((event) => feed([{ ...event, line: 'y'.repeat(900) }]))
  assert.equal(found[0]?.witnesses.length, 11)
  assert.ok((found[0]?.evidence.length ?? 0) >= 2)
  assert.ok((found[0]?.evidence.length ?? 0) < 11)
})

const attack: Event = {
  category: 'threat',
  severity: 'critical',
  attacker: 'source',
  port: 443,
  threatId: 95_187,
  line: 'the attack',
  texts: {
    protocol: 'tcp',
    threatName: 'OS Command Injection',
    subtype: 'vulnerability',
    sourceCountry: 'Nowhere',
  },
}

test('one critical threat convicts its source', () => {
  const [found, ...more] = makeDetector().feed([attack])
  assert.equal(more.length, 0)
  assert.equal(found?.rule, 'threat')
  assert.equal(found.destination, '203.0.113.10')
  assert.equal(found.threshold, 1)
  assert.equal(found.windowSeconds, null)
  assert.equal(found.sourceCountry, 'Nowhere')
  assert.deepEqual(found.witnesses, [{ value: 'OS Command Injection(95187)', atMs: START_MS }])
  assert.deepEqual(found.evidence, ['the attack'])
  assert.equal(found.proof, 'handshake')
})

test('a source of thousands of threats fires once, and again ten minutes later', () => {
  const { detector, feed } = makeDetector()
  const many = Array.from({ length: 4000 }, (_, i) => ({ ...attack, at: i / 10 }))
  assert.equal(feed(many).length, 1)
  assert.equal(detector.counters()['threatRepeats'], 3999)
  assert.equal(feed([{ ...attack, at: 599.9 }]).length, 0)
  assert.equal(feed([{ ...attack, at: 600 }]).length, 1)
  assert.equal(feed([{ ...attack, at: 10 }]).length, 0)
})

test('a threat from server to client never convicts the source', () => {
  assert.deepEqual(makeDetector().feed([{ ...attack, attacker: 'destination' }]), [])
})

test('own networks narrow scans, not threats', () => {
  const { feed } = makeDetector({ own: networks('192.0.2.0/24') })
  assert.deepEqual(
    feed([...portScan(11), attack]).map(({ rule }) => rule),
    ['threat'],
  )
})
