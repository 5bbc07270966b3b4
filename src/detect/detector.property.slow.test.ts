/**
 * The detector against an oracle: DESIGN.md section 6 written down once more, slowly and with maps, on random
 * histories with late records, repeats, ties, IPv6 and small windows. Every detection must agree, in order, with its
 * time, count and witnesses, whatever the batches.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { Detector } from './detector.ts'
import type { RecentBatches } from './recent-batches.ts'
import type { DetectionSettings } from './settings.ts'
import { batchOf, type Event, makeDetector, release, testSettings } from './testing/batches.ts'

const SOURCES = ['198.51.100.1', '2001:db8:7::1', '2001:db8:7::2', '198.51.100.2', '2001:db8:7:1::1']
const V4_TARGETS = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4', '203.0.113.5']
const V6_TARGETS = ['2001:db8:a::1', '2001:db8:a::2', '2001:db8:a::3', '2001:db8:b::1', '2001:db8:a:0:1::1']

interface History {
  events: Event[]
  splits: number[]
  ports: number
  addresses: number
  windowSeconds: number
}

/** Mostly forward; one event in four is late, by up to three windows. */
const step = fc.record({
  gap: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: -60, max: -1 }) },
  ),
  source: fc.nat(SOURCES.length - 1),
  target: fc.nat(V4_TARGETS.length - 1),
  port: fc.nat(7),
})

const history: fc.Arbitrary<History> = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 90 }),
    // few sources and targets make long histories of one key
    sources: fc.integer({ min: 1, max: SOURCES.length }),
    targets: fc.integer({ min: 1, max: V4_TARGETS.length }),
    splits: fc.array(fc.nat(90), { maxLength: 4 }),
    ports: fc.integer({ min: 1, max: 5 }),
    addresses: fc.integer({ min: 1, max: 4 }),
    windowSeconds: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ steps, sources, targets, ...rest }) => ({ ...rest, events: toEvents(steps, sources, targets) }))

function toEvents(
  steps: { gap: number; source: number; target: number; port: number }[],
  sources: number,
  targets: number,
): Event[] {
  let now = 0
  return steps.map(({ gap, source, target, port }) => {
    if (gap > 0) now += gap
    const from = SOURCES[source % sources] as string
    const list = from.includes(':') ? V6_TARGETS : V4_TARGETS
    return { at: gap < 0 ? now + gap : now, from, to: list[target % targets] as string, port: port + 1 }
  })
}

interface Expected {
  rule: string
  source: string
  about: string
  count: number
  at: number
  witnesses: string[]
}

/** The definition, by brute force: all values of all keys for ever. */
function oracle({ events, ports, addresses, windowSeconds }: History): Expected[] {
  const rules = [
    {
      rule: 'port-scan',
      need: ports + 1,
      about: (e: Event) => e.to as string,
      value: (e: Event) => String(e.port),
    },
    {
      rule: 'host-sweep',
      need: addresses,
      about: (e: Event) => String(e.port),
      value: (e: Event) => e.to as string,
    },
  ]
  const keys = new Map<string, { latest: number; values: Map<string, number>; wasAbove: boolean }>()
  const expected: Expected[] = []
  for (const event of events) {
    for (const { rule, need, about, value } of rules) {
      const source = event.from?.includes(':') ? event.from.replace(/::.*$/, '') : event.from
      const name = `${rule} ${source} ${about(event)}`
      const key = keys.get(name) ?? { latest: Number.NEGATIVE_INFINITY, values: new Map(), wasAbove: false }
      keys.set(name, key)
      const at = event.at as number
      key.latest = Math.max(key.latest, at)
      key.values.set(value(event), Math.max(key.values.get(value(event)) ?? Number.NEGATIVE_INFINITY, at))
      const inWindow = [...key.values].filter(([, time]) => time > key.latest - windowSeconds)
      const isAbove = inWindow.length >= need
      if (isAbove && !key.wasAbove)
        expected.push({
          rule,
          source: sourceText(event.from as string),
          about: about(event),
          count: inWindow.length,
          at,
          witnesses: inWindow.map(([text, time]) => `${text}@${time}`).sort(),
        })
      key.wasAbove = isAbove
    }
  }
  return expected
}

function sourceText(address: string): string {
  return formatNetwork(
    parseNetwork(address.includes(':') ? `${address}/64` : address, true) as NonNullable<
      ReturnType<typeof parseNetwork>
    >,
  )
}

function shown(detection: Detection, startMs: number): Expected {
  const seconds = (ms: number): number => (ms - startMs) / 1000
  return {
    rule: detection.rule,
    source: formatNetwork(detection.source),
    about: detection.destination ?? String(detection.port),
    count: detection.count,
    at: seconds(detection.detectedAtMs),
    witnesses: detection.witnesses.map(({ value, atMs }) => `${value}@${seconds(atMs)}`).sort(),
  }
}

function rulesOf({ ports, addresses, windowSeconds }: History): Partial<DetectionSettings> {
  const windowMs = windowSeconds * 1000
  return {
    portScan: { mode: 'enforce', ports, windowMs },
    hostSweep: { mode: 'enforce', addresses, windowMs },
  }
}

function run(given: History, live: boolean): Expected[] {
  const { detector, recent } = makeDetector(
    { ...rulesOf(given), maxKeys: 1000 },
    { live, witnessBytes: 1 << 14, recentBatches: 2 },
  )
  return feed(detector, recent, given, live)
}

function feed(detector: Detector, recent: RecentBatches, given: History, live: boolean): Expected[] {
  const cuts = [...new Set(given.splits.filter((at) => at < given.events.length))].sort((a, b) => a - b)
  const parts = [...cuts, given.events.length].map((to, i) =>
    given.events.slice(i === 0 ? 0 : cuts[i - 1], to),
  )
  const startMs = Date.UTC(2026, 0, 15, 12)
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part) => {
      // a fixed arrival far ahead of the last event: live, everything is a backlog of some hours
      const batch = batchOf(part, live ? 7200 : Number.NaN)
      batch.raw.live = false
      const detections = detector.observe(batch)
      release(recent.push(batch))
      return detections
    })
    .filter(({ rule }) => rule === 'port-scan' || rule === 'host-sweep')
    .map((detection) => shown(detection, startMs))
}

test('in replay every detection agrees with the definition, on 10,000 random histories', () => {
  // One detector, a hundred thousand seconds between histories: making one costs more than a history does.
  const { detector, recent } = makeDetector({ maxKeys: 1000 }, { witnessBytes: 1 << 14, recentBatches: 2 })
  let runs = 0
  let wasOne = false
  fc.assert(
    fc.property(history, (given) => {
      // a key that one value convicts stays convicted, before this history and after it
      if (given.addresses === 1 || wasOne) detector.reset()
      wasOne = given.addresses === 1
      detector.configure(testSettings({ ...rulesOf(given), maxKeys: 1000 }))
      const shift = ++runs * 100_000
      const events = given.events.map((event) => ({ ...event, at: (event.at as number) + shift }))
      const shifted = { ...given, events }
      assert.deepEqual(feed(detector, recent, shifted, false), oracle(shifted))
    }),
    { numRuns: 10_000 },
  )
})

test('live every detection agrees with the definition, on 500 random histories', () => {
  fc.assert(
    fc.property(history, (given) => {
      assert.deepEqual(run(given, true), oracle(given))
    }),
    { numRuns: 500 },
  )
})

test('batches do not matter: one batch or many give the same detections', () => {
  fc.assert(
    fc.property(history, (given) => {
      assert.deepEqual(run(given, false), run({ ...given, splits: [] }, false))
    }),
    { numRuns: 200 },
  )
})
