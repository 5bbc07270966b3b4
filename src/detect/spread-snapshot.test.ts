/** Snapshots of the long windows that are taken in steps, with records in between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { SavedPart } from './detector.ts'
import { type Event, makeDetector, START_MS } from './testing/batches.ts'
import { seededRandom } from './testing/random.ts'

const HOUR_MS = 3_600_000
const SETTINGS = {
  portScan: { mode: 'off', ports: 10, windowMs: 0 },
  hostSweep: { mode: 'off', addresses: 10, windowMs: 0 },
  slowScan: { mode: 'enforce', counts: [12, 16, 0], windowsMs: [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS] },
  subnetScan: { mode: 'enforce', sources: 3, counts: [20, 0], windowsMs: [HOUR_MS, 24 * HOUR_MS] },
} as const
const SUBNETS = 40
const NEIGHBOURS = 4

/** Sources of a few subnets, IPv4 and IPv6, that draw ports of a few hosts; `at` is the batch's second. */
function someEvents(random: () => number, at: number, count: number): Event[] {
  const below = (n: number): number => Math.floor(random() * n)
  return Array.from({ length: count }, () => {
    const [subnet, one] = [below(SUBNETS), 1 + below(NEIGHBOURS)]
    return random() < 0.7
      ? { at, from: `20.0.${subnet}.${one}`, to: `203.0.113.${below(4)}`, port: 1 + below(30) }
      : { at, from: `2001:db8:${subnet}:${one}::1`, to: `2001:db8:ffff::${below(4)}`, port: 1 + below(30) }
  })
}

const told = (found: readonly Detection[]): string[] =>
  found.map(({ rule, source }) => `${rule} ${formatNetwork(source)}`).sort()

test('a snapshot taken while records are counted, and the records since, give the windows as they would have been', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed)
    const unbroken = makeDetector(SETTINGS)
    const broken = makeDetector(SETTINGS)
    const toldBefore = new Set<string>()
    let at = 0
    const feedBoth = (count: number): Event[] => {
      at += 20
      const events = someEvents(random, at, count)
      const found = told(unbroken.feed(events))
      assert.deepEqual(told(broken.feed(events)), found)
      for (const one of found) toldBefore.add(one)
      return events
    }
    for (let i = 0; i < 10; i++) feedBoth(60)
    const since: Event[][] = []
    const parts: SavedPart[] = []
    let steps = 0
    for (const piece of broken.detector.saveWindows()) {
      if (piece !== null) parts.push(piece)
      else if (steps++ % 2 === 0) since.push(feedBoth(30))
    }
    assert.ok(steps > 20, `${steps} steps`)
    const after = makeDetector(SETTINGS, { seed: 99 })
    assert.deepEqual(after.detector.loadWindows(parts), [])
    for (const events of since) after.feed(events)
    const within = { words: [0, 0, 0, 0], prefixLength: 0 } as const
    const counts = (of: typeof after): string[] =>
      of.detector
        .inspect(within, START_MS + at * 1000)
        .map(
          ({ rule, source, count, windowSeconds }) =>
            `${rule} ${formatNetwork(source)} ${windowSeconds} ${count}`,
        )
        .sort()
    assert.deepEqual(counts(after), counts(unbroken))
    for (let i = 0; i < 10; i++) {
      at += 20
      const events = someEvents(random, at, 60)
      // who was told while the snapshot was taken may be told once more
      const anew = told(after.feed(events)).filter((one) => !toldBefore.has(one))
      assert.deepEqual(anew, told(unbroken.feed(events)))
    }
  }
})
