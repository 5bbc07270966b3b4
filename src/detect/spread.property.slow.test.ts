/**
 * Slow scan, random scan and subnet scan against an oracle: their definitions (docs/detection.md) written down once
 * more, slowly and with maps, on random histories with late records, repeats, completed sessions and IPv6.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Detection } from '../model/detection.ts'
import type { DetectionSettings } from './settings.ts'
import { batchOf, type Event, makeDetector, release, START_MS, testSettings } from './testing/batches.ts'

const SOURCES = [
  '198.51.100.1',
  '198.51.100.2',
  '198.51.100.200',
  '2001:db8:7:5::1',
  '2001:db8:7:1::1',
  '198.51.100.77',
  '2001:db8:7:2::1',
  '198.51.100.3',
]
const SESSION = {
  disposition: 'allowed',
  bytesSent: 900,
  bytesReceived: 900,
  texts: { protocol: 'tcp' },
} as const

interface History {
  readonly events: readonly Event[]
  readonly splits: readonly number[]
  readonly counts: readonly number[]
  readonly sources: number
  readonly hosts: number
  readonly ports: number
  readonly pairs: number
}

const step = fc.record({
  gap: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: 200, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2400, max: -1 }) },
  ),
  source: fc.nat(SOURCES.length - 1),
  target: fc.nat(4),
  port: fc.nat(5),
  isSession: fc.nat(9).map((n) => n === 0),
})

const history: fc.Arbitrary<History> = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 120 }),
    used: fc.integer({ min: 1, max: SOURCES.length }),
    splits: fc.array(fc.nat(120), { maxLength: 4 }),
    counts: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 }),
    sources: fc.integer({ min: 2, max: 4 }),
    hosts: fc.integer({ min: 1, max: 4 }),
    ports: fc.integer({ min: 1, max: 4 }),
    pairs: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ steps, used, ...rest }) => {
    let now = 0
    const events = steps.map(({ gap, source, target, port, isSession }): Event => {
      if (gap > 0) now += gap
      const from = SOURCES[source % used] as string
      const to = from.includes(':') ? `2001:db8:a::${target + 1}` : `203.0.113.${target + 1}`
      return { at: gap < 0 ? now + gap : now, from, to, port: port + 1, ...(isSession ? SESSION : {}) }
    })
    return { events, ...rest }
  })

const SLOW_WINDOWS = [240, 600, 1800]
const SUBNET_WINDOWS = [600, 1800]
const RANDOM_WINDOW = 900
const OFF = {
  portScan: { mode: 'off', ports: 10, windowMs: 0 },
  hostSweep: { mode: 'off', addresses: 10, windowMs: 0 },
  slowScan: { mode: 'off', counts: [], windowsMs: [] },
  subnetScan: { mode: 'off', sources: 3, counts: [], windowsMs: [] },
  randomScan: { mode: 'off', pairs: 1, hosts: 1, ports: 1, windowMs: 0 },
} as const
const seconds = (windows: readonly number[]): number[] => windows.map((window) => window * 1000)

function slowSettings(given: History): Partial<DetectionSettings> {
  return { ...OFF, slowScan: { mode: 'enforce', counts: given.counts, windowsMs: seconds(SLOW_WINDOWS) } }
}

function randomSettings({ pairs, hosts, ports }: History): Partial<DetectionSettings> {
  return { ...OFF, randomScan: { mode: 'enforce', pairs, hosts, ports, windowMs: RANDOM_WINDOW * 1000 } }
}

function subnetSettings({ counts, sources }: History): Partial<DetectionSettings> {
  return {
    ...OFF,
    subnetScan: { mode: 'enforce', sources, counts: counts.slice(1), windowsMs: seconds(SUBNET_WINDOWS) },
  }
}

const settingsOfAll = testSettings({ maxKeys: 100_000 })
const site = makeDetector({ maxKeys: 100_000 }, { witnessBytes: 1 << 16, recentBatches: 2 })
let runs = 0

/**
 * What was found, by number of the event. All histories go through one detector, each with addresses of its own: making
 * one costs more than a history.
 */
function run(given: History, settings: Partial<DetectionSettings>): Map<number, Detection[]> {
  const { detector, recent } = site
  detector.configure({ ...settingsOfAll, ...settings })
  const found = new Map<number, Detection[]>()
  const [v4, v6] = [`20.${runs >> 8}.${runs & 255}.`, `2001:db8:${runs.toString(16)}:`]
  /** Each history two minutes on: subnet scan convicts so many sources a minute. */
  const offset = runs++ * 120
  const here = (text: string): string => text.replace('198.51.100.', v4).replace('2001:db8:7:', v6)
  const back = (detection: Detection): Detection => {
    const sourceAddress = detection.sourceAddress.replace(v4, '198.51.100.').replace(v6, '2001:db8:7:')
    return { ...detection, sourceAddress, detectedAtMs: detection.detectedAtMs - offset * 1000 }
  }
  const cuts = new Set([...given.splits, given.events.length])
  let start = 0
  given.events.forEach((_, i) => {
    if (!cuts.has(i + 1) && i + 1 < given.events.length) return
    const part = given.events.slice(start, i + 1)
    const batch = batchOf(
      part.map((event, n) => ({
        ...event,
        at: (event.at as number) + offset,
        from: here(event.from as string),
        line: `event ${start + n}`,
      })),
    )
    for (const detection of detector.observe(batch).map(back)) {
      const at = part.findIndex(
        (event, n) =>
          detection.detectedAtMs === START_MS + (event.at as number) * 1000 &&
          isConvicting(detection, `event ${start + n}`, event),
      )
      found.set(start + at, [...(found.get(start + at) ?? []), detection])
    }
    release(recent.push(batch))
    start = i + 1
  })
  return found
}

function isConvicting(detection: Detection, line: string, event: Event): boolean {
  return detection.rule === 'subnet-scan'
    ? sameSubnet(detection, event)
    : detection.sourceAddress === event.from && detection.evidence.includes(line)
}

function sameSubnet(detection: Detection, event: Event): boolean {
  return subnetOf(detection.sourceAddress) === subnetOf(event.from as string)
}

const sourceOf = (event: Event): string => (event.from as string).replace(/::.*$/, '')
const subnetOf = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 3).join(':') : address.replace(/\.\d+$/, '')
const pairOf = (event: Event): string => `${event.to} ${event.port}`
const isSession = (event: Event): boolean => event.disposition === 'allowed'

/** Values with the bucket in which each was seen last, and of whom; T is the newest bucket. */
class Seen {
  readonly values = new Map<string, { bucket: number; owner: string }>()
  latest = Number.NEGATIVE_INFINITY
  isAbove = false

  see(value: string, bucket: number, owner = ''): void {
    if (bucket > this.latest) this.latest = bucket
    const known = this.values.get(value)
    if (known === undefined || bucket > known.bucket) this.values.set(value, { bucket, owner })
  }

  within(buckets: number): [string, { bucket: number; owner: string }][] {
    return [...this.values].filter(([, { bucket }]) => bucket > this.latest - buckets)
  }
}

function of<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}

/** Numbers of the events that make a source fire, with the count: slow scan and random scan. */
function oracle(
  given: History,
  aboveCount: (seen: Seen) => number,
): Map<number, { source: string; count: number }> {
  const keys = new Map<string, Seen>()
  const fired = new Map<number, { source: string; count: number }>()
  given.events.forEach((event, i) => {
    if (isSession(event)) return
    const seen = of(keys, sourceOf(event), () => new Seen())
    seen.see(pairOf(event), Math.floor((START_MS / 1000 + (event.at as number)) / 60))
    const count = aboveCount(seen)
    if (count > 0 && !seen.isAbove) fired.set(i, { source: sourceOf(event), count })
    seen.isAbove = count > 0
  })
  return fired
}

/** Detections in order, as [source, count, time]: what can be compared without knowing the event. */
function listed(found: Map<number, Detection[]>): string[] {
  return [...found.values()]
    .flat()
    .map(({ sourceAddress, count, detectedAtMs, witnesses }) =>
      [sourceAddress.replace(/::1?$/, ''), count, (detectedAtMs - START_MS) / 1000, witnesses.length].join(
        ' ',
      ),
    )
    .toSorted()
}

function expectedList(given: History, fired: Map<number, { source: string; count: number }>): string[] {
  return [...fired]
    .map(([i, { source, count }]) => [source, count, given.events[i]?.at, count].join(' '))
    .toSorted()
}

test('slow scan agrees with its definition on 10,000 random histories', () => {
  fc.assert(
    fc.property(history, (given) => {
      const expected = oracle(given, (seen) => {
        const k = SLOW_WINDOWS.findIndex(
          (window, n) =>
            (given.counts[n] as number) > 0 && seen.within(window / 60).length > (given.counts[n] as number),
        )
        return k === -1 ? 0 : seen.within((SLOW_WINDOWS[k] as number) / 60).length
      })
      const found = run(given, slowSettings(given))
      // the list holds the latest pairs up to the largest count: the count shown may stop there
      const capacity = Math.max(...given.counts) + 1
      for (const one of expected.values()) one.count = Math.min(one.count, capacity)
      assert.deepEqual(listed(found), expectedList(given, expected))
    }),
    { numRuns: 10_000 },
  )
})

test('random scan agrees with its definition where the list holds all pairs of the window, on 10,000 random histories', () => {
  fc.assert(
    fc.property(history, (given) => {
      const settings = {
        ...randomSettings(given),
        // never fires, and makes lists long enough for every history
        slowScan: { mode: 'shadow', counts: [500], windowsMs: [RANDOM_WINDOW * 1000] },
      } as const
      const expected = oracle(given, (seen) => {
        const within = seen.within(RANDOM_WINDOW / 60).map(([pair]) => pair.split(' '))
        const hosts = new Set(within.map(([host]) => host)).size
        const ports = new Set(within.map(([, port]) => port)).size
        return within.length > given.pairs && hosts >= given.hosts && ports >= given.ports ? within.length : 0
      })
      assert.deepEqual(listed(run(given, settings)), expectedList(given, expected))
    }),
    { numRuns: 10_000 },
  )
})

test('random scan with short lists never convicts who did not reach all three, on 10,000 random histories', () => {
  fc.assert(
    fc.property(history, (given) => {
      for (const [, detections] of run(given, randomSettings(given)))
        for (const { witnesses, firstSeenAtMs, detectedAtMs } of detections) {
          const pairs = witnesses.map(({ value }) => [value.replace(/:\d+$/, ''), value.replace(/^.*:/, '')])
          assert.ok(witnesses.length > given.pairs)
          assert.ok(new Set(pairs.map(([host]) => host)).size >= given.hosts)
          assert.ok(new Set(pairs.map(([, port]) => port)).size >= given.ports)
          assert.ok(detectedAtMs - firstSeenAtMs < (RANDOM_WINDOW + 60) * 1000 + 2_400_000)
        }
    }),
    { numRuns: 10_000 },
  )
})

interface Subnet {
  readonly pairs: Seen
  readonly sources: Seen
}

test('subnet scan crosses where its definition does, and convicts those who sent, on 10,000 random histories', () => {
  let crossings = 0
  fc.assert(
    fc.property(history, (given) => {
      const alone = { ...given, splits: given.events.map((_, i) => i) }
      const found = run(alone, subnetSettings(given))
      const subnets = new Map<string, Subnet>()
      const told = new Set<string>()
      given.events.forEach((event, i) => {
        const convicted = (found.get(i) ?? []).map(({ sourceAddress }) => sourceAddress.replace(/::1?$/, ''))
        const source = sourceOf(event)
        if (isSession(event)) {
          assert.deepEqual(convicted, [])
          return
        }
        const subnet = of(subnets, subnetOf(event.from as string), () => ({
          pairs: new Seen(),
          sources: new Seen(),
        }))
        const bucket = Math.floor((START_MS / 1000 + (event.at as number)) / 60)
        subnet.pairs.see(pairOf(event), bucket, source)
        subnet.sources.see(source, bucket)
        const window = SUBNET_WINDOWS.find(
          (length, n) =>
            (given.counts[n + 1] as number) > 0 &&
            subnet.pairs.within(length / 60).length > (given.counts[n + 1] as number) &&
            subnet.sources.within(length / 60).length >= given.sources,
        )
        const wasAbove = subnet.pairs.isAbove
        subnet.pairs.isAbove = window !== undefined
        if (window === undefined) assert.deepEqual(convicted, [], `event ${i}`)
        else if (wasAbove) assert.deepEqual(convicted, told.has(source) ? [] : [source], `event ${i}`)
        else {
          crossings++
          const senders = subnet.sources.within(window / 60).map(([sender]) => sender)
          const owners = subnet.pairs.within(window / 60).map(([, { owner }]) => owner)
          assert.ok(convicted.includes(source), `event ${i}`)
          for (const one of convicted)
            assert.ok(senders.includes(one) || one === source, `event ${i}: ${one}`)
          if (owners.length <= Math.max(...given.counts.slice(1)) + 1)
            for (const owner of owners)
              assert.ok(convicted.includes(owner) || told.has(owner), `event ${i}: ${owner}`)
        }
        for (const one of convicted) told.add(one)
      })
    }),
    { numRuns: 10_000 },
  )
  assert.ok(crossings > 500, `${crossings} crossings`)
})

test('batches do not matter: one batch or many give the same detections', () => {
  fc.assert(
    fc.property(history, (given) => {
      const settings = {
        ...slowSettings(given),
        subnetScan: subnetSettings(given).subnetScan,
      } as Partial<DetectionSettings>
      assert.deepEqual(listed(run(given, settings)), listed(run({ ...given, splits: [] }, settings)))
    }),
    { numRuns: 300 },
  )
})
