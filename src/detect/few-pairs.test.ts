/**
 * Sources with few pairs are held before the windows: that must change nothing of what is found, told or shown, whatever is
 * set in between. The same detector without it is one that is told of every count (`onCount`), as a backtest with a curve.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { FewPairs, type HeldPair } from './few-pairs.ts'
import { RecentBatches } from './recent-batches.ts'
import type { DetectionSettings } from './settings.ts'
import { Sightings } from './sightings.ts'
import { type Event, hostSweep, makeDetector, portScan, START_MS, testSettings } from './testing/batches.ts'
import { WitnessLines } from './witness-lines.ts'

const SETTINGS: Partial<DetectionSettings> = {
  portScan: { mode: 'enforce', ports: 3, windowMs: 60_000 },
  hostSweep: { mode: 'enforce', addresses: 4, windowMs: 60_000 },
  maxKeys: 5000,
}

/** A detector that holds, and one that does not, side by side. `isSame`: what must be the same of detections. */
function pair(changes: Partial<DetectionSettings> = {}, isSame: (found: Detection) => unknown = inAnyOrder) {
  const settings = { ...SETTINGS, ...changes }
  const both = [makeDetector(settings), makeDetector(settings, { onCount: () => {} })]
  return {
    both,
    feed: (events: readonly Event[]): Detection[] => {
      const [holding = [], plain = []] = both.map(({ feed }) => feed(events))
      assert.deepEqual(holding.map(isSame), plain.map(isSame))
      return holding
    },
  }
}

/** Values of the same time come in any order, and so do lines. */
const inAnyOrder = (found: Detection): unknown => ({
  ...found,
  witnesses: found.witnesses.toSorted((a, b) => a.atMs - b.atMs || a.value.localeCompare(b.value)),
  evidence: found.evidence.toSorted(),
})

/** Which of a value's lines is shown, where it came more than once, may differ when it has left the window in between. */
const withoutLines = (found: Detection): unknown => ({
  ...(inAnyOrder(found) as Detection),
  evidence: [],
  proof: null,
  proofReason: null,
})

interface Step {
  gap: number
  source: number
  host: number
  port: number
  isSession: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  gap: fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 4, arbitrary: fc.integer({ min: -90, max: 90 }) },
    { weight: 1, arbitrary: fc.integer({ min: 600, max: 100_000 }) },
  ),
  source: fc.nat(1),
  host: fc.nat(4),
  port: fc.nat(4),
  isSession: fc.boolean(),
})

function eventsOf(steps: readonly Step[]): (Event & { at: number })[] {
  let now = 0
  return steps.map(({ gap, source, host, port, isSession }) => {
    now = Math.max(0, now + gap)
    const session: Event = { disposition: 'allowed', packetsReceived: 9, bytesSent: 900, bytesReceived: 900 }
    return {
      at: now,
      from: `198.51.100.${source + 1}`,
      to: `203.0.113.${host + 1}`,
      port: port + 1,
      ...(isSession ? session : {}),
    }
  })
}

const cutsOf = fc.array(fc.nat(120), { maxLength: 5 })

function feedInParts(
  feed: (events: readonly Event[]) => Detection[],
  events: readonly Event[],
  cuts: number[],
): number {
  const ends = [...new Set(cuts.filter((at) => at > 0 && at < events.length)), events.length]
  return ends
    .sort((a, b) => a - b)
    .map((end, n) => feed(events.slice(n === 0 ? 0 : ends[n - 1], end)).length)
    .reduce((sum, count) => sum + count, 0)
}

test('what is found is the same as without it', () => {
  let found = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), cutsOf, (steps, cuts) => {
      found += feedInParts(pair({}, withoutLines).feed, eventsOf(steps), cuts)
    }),
    { numRuns: 150 },
  )
  assert.ok(found > 150, `only ${found} detections were compared`)
})

test('so are its lines and its proof', () => {
  const wide = { windowMs: 100_000_000 }
  const settings: Partial<DetectionSettings> = {
    portScan: { mode: 'enforce', ports: 3, ...wide },
    hostSweep: { mode: 'enforce', addresses: 4, ...wide },
  }
  let found = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), cutsOf, (steps, cuts) => {
      const near = steps.map((one) => ({ ...one, gap: one.gap % 90 }))
      found += feedInParts(pair(settings).feed, eventsOf(near), cuts)
    }),
    { numRuns: 150 },
  )
  assert.ok(found > 150, `only ${found} detections were compared`)
})

test('so it is when thresholds, windows, rules and exceptions change in between', () => {
  const changes: fc.Arbitrary<Partial<DetectionSettings>> = fc.record({
    portScan: fc.record({
      mode: fc.constantFrom('enforce', 'shadow'),
      ports: fc.integer({ min: 1, max: 6 }),
      windowMs: fc.constant(60_000),
    }),
    hostSweep: fc.record({
      mode: fc.constantFrom('enforce', 'shadow'),
      addresses: fc.integer({ min: 1, max: 6 }),
      windowMs: fc.constant(60_000),
    }),
    exceptions: fc.constantFrom(
      [],
      [{ rule: 'port-scan', source: '198.51.100.1' }],
      [{ rule: ['port-scan', 'host-sweep'], source: '198.51.100.2' }],
    ) as fc.Arbitrary<DetectionSettings['exceptions']>,
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 30 }), changes), {
        minLength: 2,
        maxLength: 6,
      }),
      (parts) => {
        const { both, feed } = pair({}, withoutLines)
        let at = 0
        for (const [steps, change] of parts) {
          const events = eventsOf(steps).map((event) => ({ ...event, at: at + event.at }))
          at = Math.max(...events.map((event) => event.at))
          feed(events)
          for (const { detector } of both) detector.configure(testSettings({ ...SETTINGS, ...change }))
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('a rule that was off for a while knows what was counted before', () => {
  const { both, feed } = pair()
  feed(portScan(2))
  const set = (mode: 'off' | 'enforce', addresses: number): void => {
    const hostSweep = { mode: 'enforce', addresses, windowMs: 60_000 } as const
    const portScan = { mode, ports: 3, windowMs: 60_000 } as const
    for (const { detector } of both) detector.configure(testSettings({ ...SETTINGS, portScan, hostSweep }))
  }
  set('off', 2)
  feed(hostSweep(1, { at: 3, port: 2 }))
  set('enforce', 4)
  assert.equal(feed(portScan(2, { at: 5 }, 7)).length, 1)
})

test('a person sees the same counts', () => {
  const { both, feed } = pair()
  feed([
    ...portScan(3, { from: '198.51.100.1' }),
    ...hostSweep(3, { from: '198.51.100.2', port: 445 }),
    { from: '198.51.100.200', port: 23, at: 7 },
    { from: '2001:db8:7::1', to: '2001:db8:a::1', port: 23, at: 7 },
  ])
  for (const network of ['198.51.100.1/32', '198.51.100.0/24', '198.51.100.128/25', '0.0.0.0/0', '::/0']) {
    const [holding, plain] = both.map(({ detector }) =>
      detector
        .inspect(parseNetwork(network) as NonNullable<ReturnType<typeof parseNetwork>>, START_MS + 8000)
        .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    )
    assert.deepEqual(holding, plain)
    assert.ok(network === '::/0' || (plain ?? []).length > 0)
  }
})

test('a source that stays below needs one entry, whatever the pairs; the windows have none of it', () => {
  const { detector, feed } = makeDetector(SETTINGS)
  feed(Array.from({ length: 25 }, (_, n) => ({ at: n, to: `203.0.113.${n + 1}`, port: n + 1 })))
  assert.equal(detector.counters()['portScanKeys'], 1)
  assert.equal(detector.counters()['hostSweepKeys'], 0)
})

test('in busy times the lines of a source are kept from its second value of a key on, and the first one while its batch is there', () => {
  const { feed } = makeDetector(SETTINGS)
  const other = Array.from({ length: 300 }, (_, n) => ({
    from: `192.0.2.${(n % 250) + 1}`,
    port: 1 + (n % 2),
  }))
  const [detection] = [1, 2, 3, 4].flatMap((port) =>
    feed([...other, { at: port, from: '198.51.100.9', port, line: `port ${port}` }]).filter(
      ({ sourceAddress }) => sourceAddress === '198.51.100.9',
    ),
  )
  assert.deepEqual(detection?.evidence, ['port 1', 'port 2', 'port 3', 'port 4'])
})

// The list alone, against a map.

interface Seen {
  source: number
  destination: number
  port: number
  timeMs: number
}

function holder(maxKeys = 1000) {
  const lines = new WitnessLines(new RecentBatches(4), 1 << 16)
  const few = new FewPairs(maxKeys, 7, lines)
  const limits = { portsNeeded: 11, hostsNeeded: 10, windowMs: 600_000, keepMs: 1_200_000, isOn: true }
  few.configure(limits)
  const batch = new RecordBatch(new RawBatch(1 << 16))
  const sightings = new Sightings()
  let sequence = 0
  /** What goes to the windows: of opened sources, and the rest of the batch. */
  const sift = (seen: readonly Seen[], nowMs: number): { opened: Seen[]; open: Seen[] } => {
    batch.raw.reset()
    for (const _ of seen) batch.raw.add(Buffer.from('a line'), 0, 6, 0)
    batch.reset(batch.raw, ++sequence)
    lines.begin(batch)
    seen.forEach(({ source, destination, port, timeMs }, i) => {
      sightings.rows[i] = i
      sightings.sources[i] = source
      sightings.destinations[i] = destination
      sightings.ports[i] = port
      sightings.timesMs[i] = timeMs
    })
    sightings.count = seen.length
    const opened: Seen[] = []
    const open = few.sift(sightings, nowMs, () => opened.push(...seenOf(few.opened)))
    return { opened, open: seenOf(open) }
  }
  return { few, limits, sift }
}

function seenOf({ count, sources, destinations, ports, timesMs }: Sightings): Seen[] {
  return Array.from({ length: count }, (_, i) => ({
    source: sources[i] ?? 0,
    destination: destinations[i] ?? 0,
    port: ports[i] ?? 0,
    timeMs: timesMs[i] ?? 0,
  }))
}

const ALL = { words: Uint32Array.of(0), masks: Uint32Array.of(0) }

test('each pair is held or handed over, with its latest time, also where memory for lists is spent', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.array(fc.tuple(fc.nat(40), fc.nat(30), fc.nat(30), fc.nat(100_000)), {
          minLength: 1,
          maxLength: 200,
        }),
        { minLength: 1, maxLength: 6 },
      ),
      fc.constantFrom(1000, 100_000),
      (batches, maxKeys) => {
        const { few, sift } = holder(maxKeys)
        const wanted = new Map<string, number>()
        const got = new Map<string, number>()
        const note = (map: Map<string, number>, { source, destination, port, timeMs }: HeldPair): void => {
          const name = `${source} ${destination} ${port}`
          map.set(name, Math.max(timeMs, map.get(name) ?? Number.NEGATIVE_INFINITY))
        }
        batches.forEach((rows, n) => {
          const seen = rows.map(([source, destination, port, ms]) => ({
            source,
            destination,
            port,
            timeMs: START_MS + n * 1000 + ms,
          }))
          for (const one of seen) note(wanted, one)
          const { opened, open } = sift(seen, START_MS + n * 1000)
          for (const one of [...opened, ...open]) note(got, one)
        })
        for (const one of few.inspect(ALL)) note(got, one)
        assert.deepEqual(
          [...got].sort(([a], [b]) => a.localeCompare(b)),
          [...wanted].sort(([a], [b]) => a.localeCompare(b)),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('a source is opened by the pair that could convict, and its pairs go first', () => {
  const { sift } = holder()
  const seen = Array.from({ length: 12 }, (_, n) => ({
    source: 1,
    destination: 5,
    port: n + 1,
    timeMs: START_MS,
  }))
  const { opened, open } = sift(seen, START_MS)
  assert.deepEqual(opened, seen.slice(0, 10))
  assert.deepEqual(open, seen.slice(10))
})

test('a list that is full of pairs opens its source, unless nothing has touched some of them for as long as keys are kept', () => {
  const pairs = (from: number, count: number, timeMs: number): Seen[] =>
    Array.from({ length: count }, (_, n) => ({
      source: 1,
      destination: 100 + from + n,
      port: 1 + from + n,
      timeMs,
    }))
  const fresh = holder()
  assert.equal(fresh.sift(pairs(0, 28, START_MS), START_MS).open.length, 0)
  assert.equal(fresh.sift(pairs(28, 1, START_MS), START_MS + 600_000).opened.length, 28)
  const old = holder()
  old.sift(pairs(0, 28, START_MS), START_MS)
  const laterMs = START_MS + 1_300_000
  assert.deepEqual(old.sift(pairs(28, 1, laterMs), laterMs), { opened: [], open: [] })
  assert.equal(old.few.inspect(ALL).length, 1)
})

test('times more than 24 days apart open the source', () => {
  const { sift } = holder()
  const day = 86_400_000
  const at = (days: number, port: number): Seen => ({
    source: 1,
    destination: 5,
    port,
    timeMs: START_MS + days * day,
  })
  const { opened, open } = sift([at(0, 1), at(20, 2), at(-20, 3), at(30, 4)], START_MS)
  assert.deepEqual(opened, [at(0, 1), at(20, 2), at(-20, 3)])
  assert.deepEqual(open, [at(30, 4)])
})

test('an open source begins anew when nothing touched it for as long as the windows keep a key', () => {
  const { sift } = holder()
  const scan = Array.from({ length: 12 }, (_, n) => ({
    source: 1,
    destination: 5,
    port: n + 1,
    timeMs: START_MS,
  }))
  sift(scan, START_MS)
  const one = (nowMs: number): Seen[] => [{ source: 1, destination: 5, port: 1, timeMs: nowMs }]
  assert.equal(sift(one(START_MS + 600_000), START_MS + 600_000).open.length, 1)
  const laterMs = START_MS + 2_000_000
  // the sweep goes round once in some batches
  for (let n = 0; n < 100; n++) sift([{ source: 2, destination: 5, port: 1, timeMs: laterMs }], laterMs)
  assert.equal(sift(one(laterMs), laterMs).open.length, 0)
})
