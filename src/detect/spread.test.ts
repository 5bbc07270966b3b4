/** Subnet scan and random scan by example; floods, memory and snapshots of all three spread rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { DetectionSettings } from './settings.ts'
import { type Event, makeDetector, savedBy, START_MS, testSettings } from './testing/batches.ts'
import { seededRandom } from './testing/random.ts'

const HOUR = 3600
const OFF = {
  portScan: { mode: 'off', ports: 10, windowMs: 0 },
  hostSweep: { mode: 'off', addresses: 10, windowMs: 0 },
} as const
const SLOW = {
  ...OFF,
  slowScan: {
    mode: 'enforce',
    counts: [20, 25, 30],
    windowsMs: [HOUR * 1000, 6 * HOUR * 1000, 24 * HOUR * 1000],
  },
} as const satisfies Partial<DetectionSettings>
const SUBNET = {
  ...OFF,
  subnetScan: { mode: 'enforce', sources: 3, counts: [30, 60], windowsMs: [HOUR * 1000, 24 * HOUR * 1000] },
} as const satisfies Partial<DetectionSettings>
const RANDOM = {
  ...OFF,
  randomScan: { mode: 'enforce', pairs: 25, hosts: 5, ports: 5, windowMs: 900_000 },
} as const satisfies Partial<DetectionSettings>
const SESSION = {
  disposition: 'allowed',
  bytesSent: 900,
  bytesReceived: 9000,
  texts: { protocol: 'tcp' },
} as const

const forged = (n: number): string => `20.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`
const sources = (found: readonly Detection[]): string[] => found.map(({ source }) => formatNetwork(source))

/** `count` pairs, each from the next of `senders` sources of 198.51.100.0/24. */
function spread(count: number, senders: number, gap: number, event: Event = {}, first = 0): Event[] {
  return Array.from({ length: count }, (_, i) => ({
    ...event,
    at: (event.at ?? 0) + i * gap,
    from: `198.51.100.${((first + i) % senders) + 1}`,
    to: `203.0.113.${((first + i) % 7) + 1}`,
    port: 1000 + first + i,
  }))
}

test('three sources of a /24 are convicted together, each with its own pairs, and no network is', () => {
  const { feed } = makeDetector(SUBNET)
  assert.deepEqual(feed(spread(30, 3, 60)), [])
  const found = feed(spread(1, 3, 60, { at: 1800 }, 30))
  assert.deepEqual(sources(found).toSorted(), ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
  const [first] = found
  assert.equal(first?.sourceAddress, '198.51.100.1')
  assert.equal(first.count, 31)
  assert.equal(first.threshold, 30)
  assert.equal(
    first.finding,
    'belongs to 198.51.100.0/24, of which 3 sources reached 31 ports on 7 addresses within 1 hour (more than 30 allowed)',
  )
  assert.deepEqual(
    found.map(({ witnesses }) => witnesses.length),
    [11, 10, 10],
  )
  assert.ok(found.every(({ evidence, witnesses }) => evidence.length === witnesses.length))
})

test('two sources are no subnet, and a third one that only uses a service makes none', () => {
  const { feed } = makeDetector(SUBNET)
  assert.deepEqual(feed([...spread(100, 2, 30), { ...SESSION, from: '198.51.100.3', at: 3001 }]), [])
  assert.equal(feed([{ from: '198.51.100.3', at: 3002 }]).length, 3)
})

test('while the subnet is above, a further source is convicted at its first pair, and each one once', () => {
  const { feed } = makeDetector(SUBNET)
  feed(spread(40, 4, 30))
  assert.deepEqual(sources(feed([{ from: '198.51.100.9', at: 1300 }])), ['198.51.100.9'])
  assert.deepEqual(
    feed([
      { from: '198.51.100.9', at: 1310, port: 99 },
      { from: '198.51.100.2', at: 1311, port: 99 },
    ]),
    [],
  )
})

test('sources of one IPv6 /48 are convicted by their /64', () => {
  const { feed } = makeDetector(SUBNET)
  const events = Array.from({ length: 40 }, (_, i) => ({
    at: i * 60,
    from: `2001:db8:7:${(i % 4) + 1}::9`,
    to: '2001:db8:a::1',
    port: i + 1,
  }))
  const found = feed(events)
  assert.deepEqual(
    sources(found).toSorted(),
    [1, 2, 3, 4].map((n) => `2001:db8:7:${n}::/64`),
  )
  assert.match(found[0]?.finding ?? '', /belongs to 2001:db8:7::\/48, of which 4 sources reached 31 ports/)
  assert.equal(makeDetector({ ...SUBNET, ipv6Prefix: 48 }).feed(events).length, 0)
})

test('random scan wants pairs, hosts and ports', () => {
  const pairs = (hosts: number, ports: number): Event[] =>
    Array.from({ length: hosts * ports }, (_, i) => ({
      at: i,
      to: `203.0.113.${(i % hosts) + 1}`,
      port: 1000 + Math.floor(i / hosts),
    }))
  const [found] = makeDetector(RANDOM).feed(pairs(5, 6))
  assert.equal(found?.count, 26)
  assert.equal(
    found.finding,
    'reached 26 ports on 5 addresses within 15 minutes (more than 25 allowed), 6 port numbers among them',
  )
  assert.equal(makeDetector(RANDOM).feed(pairs(4, 30)).length, 0)
  assert.equal(makeDetector(RANDOM).feed(pairs(60, 4)).length, 0)
  assert.equal(makeDetector(RANDOM).feed(pairs(5, 5)).length, 0)
})

test('an exception of one of the three rules leaves the others what they know', () => {
  const both = { ...SLOW, ...RANDOM }
  const { detector, feed } = makeDetector(both)
  const events = (from: number): Event[] =>
    Array.from({ length: 15 }, (_, i) => ({
      at: from + i,
      to: `203.0.113.${(i % 6) + 1}`,
      port: from + i + 1,
    }))
  feed(events(0))
  detector.configure(
    testSettings({
      ...both,
      exceptions: [{ rule: 'slow-scan', source: '198.51.100.7', reason: 'x' }] as never,
    }),
  )
  const found = feed(events(100))
  assert.deepEqual(
    found.map(({ rule, count }) => [rule, count]),
    [['random-scan', 26]],
  )
})

test('a flood of 100,000 forged sources per second lets no real scanner escape', () => {
  const { detector, feed } = makeDetector({ ...SLOW, maxKeys: 40_000 }, { live: true })
  const random = seededRandom(7)
  const found: string[] = []
  // one hundredth of the flood and of the memory: 1000 forged sources a second, 20,000 sources kept
  for (let second = 0; second < 300; second++) {
    const flood = Array.from({ length: 1000 }, () => ({
      from: forged(Math.floor(random() * 2 ** 24)),
      at: second,
    }))
    const real = second % 10 === 0 ? [{ from: '198.51.100.7', at: second, port: 1000 + second }] : []
    found.push(...sources(feed([...flood.slice(0, 500), ...real, ...flood.slice(500)], second)))
  }
  assert.deepEqual(found, ['198.51.100.7'])
  const counters = detector.counters()
  assert.ok((counters['slowScanKeys'] ?? 0) <= 20_000 + 5000)
  assert.ok((counters['slowScanEvictedSingle'] ?? 0) > 200_000)
})

test('a full table drops sources with one pair before those with several, the oldest first', () => {
  const { detector, feed } = makeDetector({ ...SLOW, maxKeys: 2000 }, { live: true })
  for (let port = 1; port <= 12; port++) feed([{ from: '198.51.100.7', port, at: port }], port)
  for (let n = 0; n < 40; n++)
    feed(
      Array.from({ length: 500 }, (_, i) => ({ from: forged(n * 500 + i), at: 100 + n })),
      100 + n,
    )
  assert.equal(detector.counters()['slowScanEvictedMulti'], 0)
  for (let port = 13; port <= 20; port++) feed([{ from: '198.51.100.7', port, at: 200 + port }], 200 + port)
  assert.equal(feed([{ from: '198.51.100.7', port: 21, at: 230 }], 230).length, 1)
})

test('forged sources put every subnet above, and subnet scan then says no more than so much a minute', () => {
  const { detector, feed } = makeDetector(SUBNET)
  let found = 0
  for (let round = 0; round < 40; round++)
    for (let part = 0; part < 4; part++)
      found += feed(
        Array.from({ length: 1000 }, (_, i) => ({
          at: round,
          from: `20.1.${(part * 1000 + i) % 100}.${round + 1}`,
          port: round * 10 + part,
        })),
      ).length
  assert.ok(found <= 600, `${found}`)
  assert.ok((detector.counters()['subnetScanOverBudget'] ?? 0) > 1000)
})

test('sixty-four thousand /64s of one IPv6 /48 fill no memory', () => {
  const { detector, feed } = makeDetector({ ...SLOW, ...SUBNET, maxKeys: 40_000 })
  for (let part = 0; part < 16; part++)
    feed(
      Array.from({ length: 4000 }, (_, i) => ({
        at: part,
        from: `2001:db8:7:${(part * 4000 + i).toString(16)}::1`,
        to: '2001:db8:a::1',
        port: (i % 500) + 1,
      })),
    )
  const counters = detector.counters()
  assert.equal(counters['subnetScanKeys'], 1)
  assert.ok((counters['slowScanKeys'] ?? 0) <= 5000 + 1200, `${counters['slowScanKeys']}`)
  assert.ok((counters['firedSubnetScan'] ?? 0) <= 32)
  assert.ok((counters['slowScanBytes'] ?? 0) < 8 << 20)
})

test('two months of many sources need the memory of one day', () => {
  const { detector, feed } = makeDetector({ ...SLOW, ...SUBNET })
  for (let hour = 0; hour < 60 * 24; hour++)
    feed(Array.from({ length: 20 }, (_, n) => ({ at: hour * HOUR + n, from: forged(hour * 20 + n) })))
  const keys = detector.counters()['slowScanKeys'] ?? 0
  assert.ok(keys < 20 * 24 * 4, `${keys} keys`)
})

test('windows survive a restart: who had 20 pairs before it is found by the 21st after it', () => {
  const settings = { ...SLOW, ...SUBNET }
  const before = makeDetector(settings)
  before.feed([
    ...spread(29, 3, 60),
    ...Array.from({ length: 20 }, (_, i): Event => ({ from: '192.0.2.9', at: i * 100, port: i + 1 })),
    { from: '2001:db8:1::1', to: '2001:db8:a::1' },
    { from: '2001:db8:1:1::1', to: '2001:db8:a::1', port: 2 },
  ])
  const after = makeDetector(settings, { seed: 4711 })
  assert.deepEqual(after.detector.loadWindows(savedBy(before.detector)), [])
  assert.equal(after.detector.counters()['slowScanKeys'], before.detector.counters()['slowScanKeys'])
  const found = after.feed([{ from: '192.0.2.9', at: 2100, port: 21 }])
  assert.deepEqual(sources(found), ['192.0.2.9'])
  assert.deepEqual(found[0]?.witnesses[0], { value: '203.0.113.10:1', atMs: START_MS })
  assert.equal(found[0]?.evidence.length, 1, 'the line that is there')
  assert.equal(after.feed(spread(2, 3, 60, { at: 1800 }, 29)).length, 3)
})

test('who was above before a restart is not found anew by the same window', () => {
  const before = makeDetector(SLOW)
  const events = (from: number, count: number): Event[] =>
    Array.from({ length: count }, (_, i) => ({ at: (from + i) * 10, port: from + i + 1 }))
  assert.equal(before.feed(events(0, 30)).length, 1)
  const after = makeDetector(SLOW)
  after.detector.loadWindows(savedBy(before.detector))
  assert.deepEqual(after.feed(events(30, 30)), [])
})

test('a damaged, cut or foreign snapshot is refused, counted, and changes nothing', () => {
  const before = makeDetector(SLOW)
  before.feed(spread(60, 3, 60))
  const parts = savedBy(before.detector)
    .filter(({ rule }) => rule === 'slow-scan')
    .map(({ part }) => part)
  const load = (given: readonly Uint8Array[]): string[] => {
    const { detector } = makeDetector(SLOW)
    const refused = detector.loadWindows(given.map((part) => ({ profile: '', rule: 'slow-scan', part })))
    assert.equal(detector.counters()['slowScanSnapshotsRefused'], refused.length)
    if (refused.length > 0) assert.equal(detector.counters()['slowScanKeys'], 0)
    return refused
  }
  assert.deepEqual(load(parts), [])
  for (const at of [0, 4, 9, 40, 60]) {
    const damaged = parts.map((part) => part.slice())
    const [first] = damaged as [Uint8Array]
    first[at] = (first[at] as number) ^ 4
    assert.deepEqual(load(damaged), ['slow-scan'], `byte ${at}`)
  }
  assert.deepEqual(load([(parts[0] as Uint8Array).subarray(0, 48)]), ['slow-scan'])
  assert.deepEqual(load([new Uint8Array(0)]), ['slow-scan'])
})

test('what is counted now is told per source and window', () => {
  const { detector, feed } = makeDetector(SLOW)
  feed(spread(10, 1, 60))
  const counts = detector.inspect(
    { words: [0, 0, 0xffff, 0xc6336401], prefixLength: 128 },
    START_MS + 700_000,
  )
  assert.deepEqual(
    counts.map(({ rule, count, threshold, windowSeconds }) => [rule, count, threshold, windowSeconds]),
    [
      ['slow-scan', 10, 20, HOUR],
      ['slow-scan', 10, 25, 6 * HOUR],
      ['slow-scan', 10, 30, 24 * HOUR],
    ],
  )
})
