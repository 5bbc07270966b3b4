import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DarkDestinations } from './dark-destinations.ts'
import { batchOf, type Event, makeDetector, portScan, release, savedBy } from './testing/batches.ts'
import { Sightings } from './sightings.ts'

const HOUR = 3600

/** Learns of events as counting would give them: the first address family only. */
function learn(dark: DarkDestinations, events: readonly Event[]): void {
  for (let from = 0; from < events.length; from += 1000) {
    const batch = batchOf(events.slice(from, from + 1000))
    const v4 = new Sightings()
    for (let row = 0; row < batch.count; row++) {
      v4.rows[row] = row
      v4.timesMs[row] = batch.eventTimeMs[row] as number
    }
    v4.count = batch.count
    dark.learn({ batch, v4, v6: new Sightings() })
    release(batch)
  }
}

function weight(dark: DarkDestinations, event: Event): number {
  const batch = batchOf([event])
  const found = dark.weightAt(batch, 0)
  release(batch)
  return found
}

const denied = (hours: number, port = 22): Event => ({ at: hours * HOUR, port })
const answered = (hours: number, port = 22): Event => ({
  at: hours * HOUR,
  port,
  disposition: 'allowed',
  bytesSent: 700,
  bytesReceived: 4000,
})

test('an address is dark when a day of records toward it was never answered, not before', () => {
  const dark = new DarkDestinations(5, 1)
  learn(dark, [denied(0), denied(23.9)])
  assert.equal(weight(dark, denied(24)), 1)
  learn(dark, [denied(24)])
  assert.equal(weight(dark, denied(24)), 5)
  assert.equal(weight(dark, denied(24, 4444)), 5, 'all ports of a dark address')
  assert.equal(weight(dark, { to: '203.0.113.11' }), 1)
})

test('one answer makes an address bright, and its other ports dark by themselves', () => {
  const dark = new DarkDestinations(5, 1)
  learn(dark, [denied(0, 22), denied(0, 443), answered(1, 443), denied(30, 22), denied(30, 443)])
  assert.equal(weight(dark, denied(30, 443)), 1)
  assert.equal(weight(dark, denied(30, 22)), 5)
  assert.equal(weight(dark, denied(30, 23)), 1, 'never seen')
})

test('what nothing answered for thirty-one days is dark again', () => {
  const dark = new DarkDestinations(5, 1)
  learn(dark, [answered(0), denied(29 * 24)])
  assert.equal(weight(dark, denied(0)), 1)
  learn(dark, [denied(31 * 24 + 1)])
  assert.equal(weight(dark, denied(0)), 5)
})

test('an allowed session of unknown size is no sign of darkness, an allowed one without an answer is', () => {
  const dark = new DarkDestinations(5, 1)
  learn(dark, [
    { at: 0, disposition: 'allowed', to: '203.0.113.1' },
    { at: 30 * HOUR, disposition: 'allowed', to: '203.0.113.1' },
    { at: 0, disposition: 'allowed', to: '203.0.113.2', bytesReceived: 0 },
    { at: 30 * HOUR, disposition: 'allowed', to: '203.0.113.2', bytesReceived: 0 },
    { at: 0, disposition: 'unknown', to: '203.0.113.3' },
    { at: 30 * HOUR, disposition: 'unknown', to: '203.0.113.3' },
  ])
  assert.deepEqual(
    ['203.0.113.1', '203.0.113.2', '203.0.113.3'].map((to) => weight(dark, { to })),
    [1, 5, 1],
  )
})

test('a weight of 0 learns nothing and keeps no memory', () => {
  const dark = new DarkDestinations(0, 1)
  learn(dark, [denied(0), denied(30)])
  assert.equal(weight(dark, denied(30)), 1)
  assert.equal(dark.counters()['bytes'], 0)
  assert.deepEqual([...dark.save()], [])
})

test('a scan of all ports pushes out no service, and memory stays as it is', () => {
  const dark = new DarkDestinations(5, 1)
  const services = Array.from(
    { length: 200 },
    (_, i): Event => ({ ...answered(0, 443), to: `203.0.113.${i}` }),
  )
  learn(dark, services)
  const bytes = dark.counters()['bytes']
  for (let host = 0; host < 12; host++)
    learn(
      dark,
      Array.from({ length: 60_000 }, (_, i) => ({ ...denied(1, i + 1), to: `198.51.100.${host}` })),
    )
  const counters = dark.counters()
  assert.equal(counters['bytes'], bytes)
  assert.ok((counters['evicted'] ?? 0) > 100_000)
  assert.equal(counters['evictedBright'], 0)
  learn(
    dark,
    services.map((event) => ({ ...event, ...denied(26, 443), to: event.to as string })),
  )
  assert.ok(services.every((event) => weight(dark, event) === 1))
})

test('what was learned survives by its snapshot; a damaged or cut one is refused and counted', () => {
  const dark = new DarkDestinations(5, 1)
  learn(dark, [denied(0), denied(25)])
  const parts = [...dark.save()].filter((piece) => piece !== null)
  const after = new DarkDestinations(3, 99)
  assert.equal(after.load(parts), true)
  assert.equal(weight(after, denied(25)), 3)
  const [first, second] = parts as [Uint8Array, Uint8Array]
  const damaged = first.slice()
  damaged[100] = (damaged[100] as number) ^ 1
  const fresh = new DarkDestinations(3, 99)
  assert.equal(fresh.load([damaged, second]), false)
  assert.equal(fresh.load([first]), false)
  assert.equal(fresh.load([first.subarray(0, 400), second]), false)
  assert.equal(fresh.counters()['snapshotsRefused'], 3)
  assert.equal(weight(fresh, denied(25)), 1)
})

test('the detector counts ports of a dark address as more, and keeps what it learned over a restart', () => {
  const { detector, feed } = makeDetector({ darkWeight: 3 })
  feed([denied(0), denied(25)])
  const after = makeDetector({ darkWeight: 3 })
  assert.deepEqual(after.detector.loadWindows(savedBy(detector)), [])
  assert.equal(after.detector.counters()['darkDarkAddresses'], 1)
  const [found] = after.feed(portScan(4, { at: 26 * HOUR }))
  assert.equal(found?.count, 11)
  assert.equal(found.witnesses.length, 4)
  assert.equal(makeDetector({}).feed(portScan(4)).length, 0)
})
