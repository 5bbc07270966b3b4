/** Attacks on the detector itself: forged sources, floods, broken clocks, shuffled lines (RELIABILITY.md 4.5, 4.6). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG } from '../model/log-record.ts'
import { seededRandom } from './testing/random.ts'
import { type Event, hostSweep, makeDetector, portScan } from './testing/batches.ts'

const forged = (n: number): string => `20.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`

test('A06: a forged sweep "from" a resolver is found as spoofable, for decide to refuse', () => {
  const [found] = makeDetector().feed(hostSweep(10, { from: '8.8.8.8', sourcePort: 1111 }))
  assert.equal(found?.sourceAddress, '8.8.8.8')
  assert.equal(found.proof, 'spoofable')
})

test('A06: late answers of a resolver are no scan, neither as ports nor as hosts', () => {
  const udp = { texts: { protocol: 'udp' }, from: '8.8.8.8', sourcePort: 53 }
  const { detector, feed } = makeDetector()
  const ports = Array.from({ length: 500 }, (_, at) => ({ ...udp, at, port: 1024 + at * 100 }))
  assert.deepEqual(feed([...ports, ...hostSweep(50, { ...udp, port: 33_000 })]), [])
  assert.equal(detector.counters()['skippedLateReplyUdp'], 550)
})

test('A06: a scanner who sends from port 53 is found at low ports all the same', () => {
  const { feed } = makeDetector()
  assert.equal(feed(portScan(11, { sourcePort: 53, texts: { protocol: 'udp' } })).length, 1)
})

test('A07: a flood of forged sources is bounded in memory and hides no real scanner', () => {
  const { detector, feed } = makeDetector({ maxKeys: 4000 }, { live: true })
  const found: string[] = []
  let next = 0
  for (let second = 0; second < 22; second++) {
    const flood = Array.from({ length: 1500 }, () => ({ from: forged(next++), at: second, port: 445 }))
    const real = { from: '198.51.100.7', at: second, port: 1000 + (second >> 1) }
    const events = [...flood.slice(0, 700), real, ...flood.slice(700)]
    found.push(...feed(events, second).map(({ sourceAddress }) => sourceAddress))
  }
  assert.deepEqual(found, ['198.51.100.7'])
  const counters = detector.counters()
  assert.ok((counters['portScanKeys'] ?? 0) <= 5000)
  assert.ok((counters['hostSweepKeys'] ?? 0) <= 5000)
  assert.ok((counters['evictions'] ?? 0) > 20_000)
})

test('A07: sweeps from a thousand forged sources are a thousand detections, each spoofable', () => {
  const { feed } = makeDetector()
  const events = hostSweep(10).flatMap((event) =>
    Array.from({ length: 1000 }, (_, n): Event => ({ ...event, from: forged(n) })),
  )
  const found = [0, 1, 2, 3].flatMap((part) => feed(events.slice(part * 2500, (part + 1) * 2500)))
  assert.equal(found.length, 1000)
  assert.ok(found.every(({ proof }) => proof === 'spoofable'))
})

test('A08: sixty-four thousand addresses of one IPv6 /64 are one source', () => {
  const { detector, feed } = makeDetector()
  const found = Array.from({ length: 16 }, (_, part) => part).flatMap((part) =>
    feed(
      Array.from({ length: 4000 }, (_, i) => {
        const n = part * 4000 + i
        return {
          from: `2001:db8:7::${n.toString(16)}`,
          to: '2001:db8:a::1',
          at: n / 4000,
          port: 1 + (n % 20),
        }
      }),
    ),
  )
  assert.equal(found.filter(({ rule }) => rule === 'port-scan').length, 1)
  assert.equal(detector.counters()['portScanKeys'], 1)
})

test('A17: lines shuffled by up to 30 s and sent three times convict the same sources', () => {
  const random = seededRandom(4)
  const scanners = Array.from({ length: 20 }, (_, n) => portScan(40, { from: forged(n), at: n })).flat()
  const noise = Array.from({ length: 2000 }, (_, i) => ({
    from: forged(1000 + (i % 300)),
    at: i / 10,
    port: 1 + (i % 8),
  }))
  const inOrder = [...scanners, ...noise].sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
  const shuffled = inOrder
    .flatMap((event) => [event, event, event])
    .map((event) => ({ event, order: (event.at ?? 0) + random() * 30 }))
    .sort((a, b) => a.order - b.order)
    .map(({ event }) => event)
  const convicted = (events: readonly Event[]): string[] => {
    const { feed } = makeDetector()
    const found: string[] = []
    for (let from = 0; from < events.length; from += 1000)
      found.push(
        ...feed(events.slice(from, from + 1000)).map(({ rule, sourceAddress }) => `${rule} ${sourceAddress}`),
      )
    return [...new Set(found)].sort()
  }
  assert.equal(convicted(inOrder).length, 20)
  assert.deepEqual(convicted(shuffled), convicted(inOrder))
})

test('A17: flagged duplicates change nothing', () => {
  const events = portScan(11)
  const twice = events.flatMap((event) => [event, { ...event, flags: FLAG.duplicate }])
  assert.deepEqual(makeDetector().feed(twice)[0]?.witnesses, makeDetector().feed(events)[0]?.witnesses)
})

test('C04: a device ten years ahead neither convicts nor disturbs what others report, live', () => {
  const tenYears = 3650 * 86_400
  const { detector, feed } = makeDetector({}, { live: true })
  const broken = { texts: { device: 'FW-BROKEN' } }
  const found = Array.from({ length: 30 }, (_, second) => second).flatMap((second) =>
    feed(
      [
        ...portScan(20, { ...broken, at: second + tenYears, from: '198.51.100.66' }),
        ...(second < 11 ? portScan(1, { at: second }, second + 1) : []),
        ...portScan(20, { ...broken, at: second + tenYears }),
      ],
      second,
    ),
  )
  assert.deepEqual(
    found.map(({ sourceAddress, count }) => `${sourceAddress} ${count}`),
    ['198.51.100.7 11'],
  )
  const status = detector.devices().find(({ device }) => device === 'FW-BROKEN')
  assert.equal(status?.clockInsane, true)
  assert.equal(detector.devices().find(({ device }) => device === 'FW-01')?.clockInsane, false)
})

test('C04: a device one day behind (insane) does not convict even within maxAgeHours', () => {
  const { detector, feed } = makeDetector({}, { live: true })
  for (let second = 0; second < 10; second++) feed([{ at: second - 20 * 3600, from: '198.51.100.9' }], second)
  assert.deepEqual(feed(portScan(20, { at: 10 - 20 * 3600 }), 10), [])
  assert.equal(detector.counters()['skippedInsaneClock'], 23)
})

test('C04: in replay one line ten years ahead spoils its own key only', () => {
  const { detector, feed } = makeDetector()
  const ahead = 3650 * 86_400
  const found = Array.from({ length: 11 }, (_, i) => i).flatMap((i) =>
    feed([
      ...Array.from({ length: 20 }, (_, n) => ({ at: i, from: forged(n) })),
      { at: ahead, from: '198.51.100.66' },
      ...portScan(1, { at: i }, i + 1),
    ]),
  )
  assert.equal(found.length, 1)
  assert.equal(detector.counters()['portScanExpired'], 0)
})

test('C04: in replay not even whole batches ten years ahead empty the tables', () => {
  const { detector, feed } = makeDetector()
  feed(portScan(10))
  for (let i = 0; i < 20; i++)
    feed(Array.from({ length: 300 }, (_, n) => ({ at: 3650 * 86_400 + i, from: forged(n) })))
  assert.equal(detector.counters()['portScanExpired'], 0)
  assert.equal(feed(portScan(1, { at: 11 }, 11)).length, 1)
})

test('a replay over two months stays bounded', () => {
  const { detector, feed } = makeDetector()
  for (let day = 0; day < 60; day++)
    for (let hour = 0; hour < 24; hour++)
      feed(
        Array.from({ length: 20 }, (_, n) => ({
          at: (day * 24 + hour) * 3600 + n,
          from: forged(day * 500 + hour * 20 + n),
        })),
      )
  const keys = detector.counters()['portScanKeys'] ?? 0
  assert.ok(keys < 20 * 24 * 4, `${keys} keys`)
})
