import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../demo/random.ts'
import { formatNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { DetectionSettings } from './settings.ts'
import { type Event, makeDetector, networks, portScan, START_MS, testSettings } from './testing/batches.ts'

const HOUR = 3600
const OFF = {
  portScan: { mode: 'off', ports: 10, windowMs: 0 },
  hostSweep: { mode: 'off', addresses: 10, windowMs: 0 },
  randomScan: { mode: 'off', pairs: 25, hosts: 5, ports: 5, windowMs: 900_000 },
  subnetScan: { mode: 'off', sources: 3, counts: [0, 0], windowsMs: [HOUR * 1000, 24 * HOUR * 1000] },
} as const

function slow(perHour: number, perSixHours: number, perDay: number): Partial<DetectionSettings> {
  return {
    ...OFF,
    slowScan: {
      mode: 'enforce',
      counts: [perHour, perSixHours, perDay],
      windowsMs: [HOUR * 1000, 6 * HOUR * 1000, 24 * HOUR * 1000],
    },
  }
}

/** `count` pairs, `gap` seconds apart, each on a further port of one of three hosts. */
function probes(count: number, gap: number, event: Event = {}, first = 0): Event[] {
  return Array.from({ length: count }, (_, i) => ({
    ...event,
    at: (event.at ?? 0) + i * gap,
    to: `203.0.113.${((first + i) % 3) + 1}`,
    port: 1000 + first + i,
  }))
}

const shown = ({ rule, source, count, windowSeconds }: Detection): unknown[] => [
  rule,
  formatNetwork(source),
  count,
  windowSeconds,
]

test('a source is found at the pair above the count of the hour, over all destinations together', () => {
  const { feed } = makeDetector(slow(20, 25, 30))
  assert.deepEqual(feed(probes(20, 60)), [])
  const [found, ...more] = feed(probes(5, 60, { at: 1200 }, 20))
  assert.equal(more.length, 0)
  assert.deepEqual(shown(found as Detection), ['slow-scan', '198.51.100.7', 21, HOUR])
  assert.equal(found?.threshold, 20)
  assert.equal(found.finding, 'reached 21 ports on 3 addresses within 1 hour (more than 20 allowed)')
  assert.deepEqual(found.witnesses[0], { value: '203.0.113.1:1000', atMs: START_MS })
  assert.equal(found.witnesses.length, 21)
  assert.equal(found.firstSeenAtMs, START_MS)
  assert.equal(found.detectedAtMs, START_MS + 1_200_000)
  assert.equal(found.evidence.length, 20)
  assert.equal(found.proof, 'spoofable')
  assert.equal(found.lateral, false)
})

test('who takes one port every four minutes is found within six hours, one every quarter of an hour within a day', () => {
  assert.deepEqual(
    makeDetector(slow(20, 25, 30))
      .feed(probes(40, 240))
      .map(shown),
    [['slow-scan', '198.51.100.7', 26, 6 * HOUR]],
  )
  assert.deepEqual(
    makeDetector(slow(20, 25, 30))
      .feed(probes(40, 900))
      .map(shown),
    [['slow-scan', '198.51.100.7', 31, 24 * HOUR]],
  )
  assert.deepEqual(makeDetector(slow(20, 25, 30)).feed(probes(60, 3000)), [])
})

test('a count of 0 leaves its window out', () => {
  assert.deepEqual(
    makeDetector(slow(0, 0, 30))
      .feed(probes(40, 60))
      .map(shown),
    [['slow-scan', '198.51.100.7', 31, 24 * HOUR]],
  )
  assert.deepEqual(makeDetector(slow(0, 0, 0)).feed(probes(40, 60)), [])
})

test('who goes on is found once, and again only after all windows were at or below their counts', () => {
  const { feed } = makeDetector(slow(20, 25, 30))
  assert.equal(feed(probes(300, 60)).length, 1)
  assert.equal(feed(probes(100, 60, { at: 18_000 }, 300)).length, 0)
  assert.equal(feed(probes(21, 60, { at: 24_000 + 25 * HOUR })).length, 1)
})

test('the same pair over and over is one pair, and completed sessions are none', () => {
  const { feed } = makeDetector(slow(3, 0, 0))
  assert.deepEqual(feed(Array.from({ length: 2000 }, (_, at) => ({ at: at * 7, port: 16_066 }))), [])
  const session = {
    disposition: 'allowed',
    bytesSent: 900,
    bytesReceived: 900,
    texts: { protocol: 'tcp' },
  } as const
  assert.deepEqual(feed(probes(50, 10, { ...session, from: '198.51.100.8' })), [])
})

test('a completed session among the probes proves the source', () => {
  const { feed } = makeDetector(slow(3, 0, 0))
  const session = {
    disposition: 'allowed',
    bytesSent: 900,
    bytesReceived: 900,
    texts: { protocol: 'tcp' },
  } as const
  const [found] = feed([...probes(2, 10), { ...session, at: 25, port: 443 }, ...probes(2, 10, { at: 30 }, 2)])
  assert.equal(found?.proof, 'handshake')
  assert.equal(found.count, 4)
})

test('sources of one IPv6 /64 are one source, and its witnesses are whole', () => {
  const { feed } = makeDetector(slow(3, 0, 0))
  const [found] = feed(
    Array.from({ length: 4 }, (_, i) => ({
      at: i * 100,
      from: `2001:db8:7::${i + 1}`,
      to: `2001:db8:a::${i + 1}`,
      port: 22,
    })),
  )
  assert.deepEqual(shown(found as Detection), ['slow-scan', '2001:db8:7::/64', 4, HOUR])
  assert.equal(found?.sourceAddress, '2001:db8:7::4')
  assert.deepEqual(
    found.witnesses.map(({ value }) => value),
    ['[2001:db8:a::1]:22', '[2001:db8:a::2]:22', '[2001:db8:a::3]:22', '[2001:db8:a::4]:22'],
  )
})

test('an internal source is reported as lateral', () => {
  const [found] = makeDetector(slow(3, 0, 0)).feed(portScan(4, { from: '10.0.0.5', to: '10.0.1.5' }))
  assert.equal(found?.lateral, true)
})

test('weighted destinations count as more, and are no witnesses', () => {
  const { feed } = makeDetector({
    ...slow(7, 0, 0),
    destinationWeights: [{ network: networks('203.0.113.0/24').networks[0] as never, weight: 4 }],
  })
  const [found] = feed(probes(2, 60))
  assert.equal(found?.count, 8)
  assert.equal(found.witnesses.length, 2)
  assert.equal(
    found.finding,
    'reached 2 ports on 2 addresses within 1 hour, which count as 8 for where they lead (more than 7 allowed)',
  )
})

test('pairs that come again in any order are one each, however long the list has become', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { feed } = makeDetector(slow(60, 0, 0))
    const known = probes(60, 0)
    const random = seededRandom(seed)
    // repeats from the beginning, minutes apart; those that never came, at the end
    const drawn = Array.from({ length: 360 }, () => known[Math.floor(random() * 60)] as Event)
    const events = [...drawn, ...known].map((event, i) => ({ ...event, at: i * 8 }))
    assert.deepEqual(feed(events), [], `seed ${seed}`)
    const [found, ...more] = feed(probes(3, 1, { at: 3400 }, 60))
    assert.equal(more.length, 0)
    assert.deepEqual(shown(found as Detection), ['slow-scan', '198.51.100.7', 61, HOUR])
    assert.equal(new Set(found?.witnesses.map(({ value }) => value)).size, 61)
  }
})

test('a change of the counts acts at once and keeps the windows', () => {
  const { detector, feed } = makeDetector(slow(20, 25, 30))
  feed(probes(10, 60))
  detector.configure(testSettings(slow(10, 25, 30)))
  assert.equal(feed(probes(1, 60, { at: 600 }, 10)).length, 1)
})
