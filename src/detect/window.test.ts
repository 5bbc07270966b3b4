import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { RecentBatches } from './recent-batches.ts'
import { Sightings } from './sightings.ts'
import { SlidingWindow, type WindowOptions } from './window.ts'
import { WitnessLines } from './witness-lines.ts'

const MINUTE_MS = 60_000

interface Sighting {
  key: number
  value: number
  timeMs: number
}

/** A window over keys (key, 1) and its feeder; every call is one batch. */
function makeWindow(changes: Partial<WindowOptions> = {}) {
  const recent = new RecentBatches(4)
  const lines = new WitnessLines(recent, 1 << 16)
  const window = new SlidingWindow({
    keyWords: 2,
    valueWords: 1,
    need: 4,
    windowMs: 10 * MINUTE_MS,
    keepMs: 20 * MINUTE_MS,
    maxKeys: 1000,
    seed: 99,
    lines,
    ...changes,
  })
  let sequence = 0
  const sightings = new Sightings()
  const keys = new Uint32Array(8192)
  const values = new Uint32Array(4096)
  const raw = new RawBatch(4096 * 8)
  const batch = new RecordBatch(raw)
  const feed = (given: readonly Sighting[], nowMs: number): number[] => {
    raw.reset()
    raw.senders = ['']
    given.forEach(({ key, value, timeMs }, i) => {
      raw.add(Buffer.from('a line'), 0, 6, 0)
      keys.set([key, 1], 2 * i)
      values[i] = value
      sightings.rows[i] = i
      sightings.timesMs[i] = timeMs
    })
    batch.reset(raw, ++sequence)
    lines.begin(batch)
    sightings.count = given.length
    return window.observe(sightings, keys, values, nowMs).map(({ index }) => given[index]?.key ?? -1)
  }
  return { window, feed }
}

const at = (key: number, value: number, timeMs = 0): Sighting => ({ key, value, timeMs })

/** Feeds `count` keys from `first` on with one value each, in batches of 1000. */
function flood(
  feed: (given: Sighting[], nowMs: number) => unknown,
  first: number,
  count: number,
  nowMs: number,
): void {
  for (let from = first; from < first + count; from += 1000)
    feed(
      Array.from({ length: Math.min(1000, first + count - from) }, (_, i) => at(from + i, 1, nowMs)),
      nowMs,
    )
}

test('thousands of keys with up to hundreds of values fire exactly at their threshold', () => {
  const need = 300
  const { window, feed } = makeWindow({ need, maxKeys: 100_000 })
  const keys = Array.from({ length: 40 }, (_, i) => i * 7919)
  for (let value = 1; value < need; value++)
    assert.deepEqual(
      feed(
        keys.map((key) => at(key, value, value)),
        0,
      ),
      [],
    )
  flood(feed, 1_000_000, 20_000, 0)
  assert.deepEqual(
    feed(
      keys.map((key) => at(key, need, need)),
      0,
    ),
    keys,
  )
  assert.equal(window.counters().keys, 20_040)
})

test('a table with segments that grow and shrink keeps agreeing with a plain map', () => {
  const sighting = fc.record({ key: fc.nat(300), value: fc.nat(3), gapMs: fc.nat(300) })
  fc.assert(
    fc.property(fc.array(sighting, { minLength: 1000, maxLength: 2500 }), (steps) => {
      const windowMs = MINUTE_MS
      const { feed } = makeWindow({ need: 2, windowMs, keepMs: windowMs, maxKeys: 8000 })
      const plain = new Map<number, { values: Map<number, number>; above: boolean }>()
      let nowMs = 0
      const fired: number[] = []
      const expected: number[] = []
      for (const { key, value, gapMs } of steps) {
        nowMs += gapMs
        fired.push(...feed([at(key, value, nowMs)], nowMs))
        const state = plain.get(key) ?? { values: new Map<number, number>(), above: false }
        plain.set(key, state)
        state.values.set(value, nowMs)
        const isAbove = [...state.values.values()].filter((time) => time > nowMs - windowMs).length >= 2
        if (isAbove && !state.above) expected.push(key)
        state.above = isAbove
      }
      assert.deepEqual(fired, expected)
    }),
    { numRuns: 8 },
  )
})

test('keys that nothing touches are dropped by arrival, and their memory shrinks', () => {
  const { window, feed } = makeWindow({ maxKeys: 1_000_000 })
  flood(feed, 0, 50_000, 0)
  const full = window.counters()
  assert.equal(full.keys, 50_000)
  // the sweep goes through 256 places a batch, and a segment that has just grown has four times its keys
  for (let i = 0; i < 1200; i++) feed([at(99_999_999, 1, 0)], 21 * MINUTE_MS)
  const later = window.counters()
  assert.equal(later.keys, 1)
  assert.equal(later.expired, 50_000)
  assert.ok(later.bytes < full.bytes / 2)
  assert.equal(later.evictedSingle, 0)
})

test('an event time far ahead empties nothing', () => {
  const { window, feed } = makeWindow()
  feed([at(1, 1), at(1, 2), at(1, 3)], 0)
  for (let i = 0; i < 50; i++) feed([at(2, 1, 1e13)], MINUTE_MS)
  assert.equal(window.counters().keys, 2)
  assert.deepEqual(feed([at(1, 4)], MINUTE_MS), [1])
})

test('a full table never holds more than maxKeys, and counts what it lost', () => {
  const { window, feed } = makeWindow({ maxKeys: 1000 })
  flood(feed, 0, 20_000, 0)
  const counters = window.counters()
  assert.ok(counters.keys <= 1000)
  assert.equal(counters.keys + counters.evictedSingle, 20_000)
  assert.equal(counters.evictedMulti, 0)
})

test('a full table gives up keys with one value before keys near the threshold', () => {
  const { window, feed } = makeWindow({ maxKeys: 1000 })
  const near = Array.from({ length: 200 }, (_, i) => 5_000_000 + i)
  for (const value of [1, 2, 3])
    feed(
      near.map((key) => at(key, value)),
      0,
    )
  flood(feed, 0, 100_000, 1000)
  assert.ok(window.counters().keys <= 1000)
  const fired = feed(
    near.map((key) => at(key, 4)),
    1000,
  )
  assert.deepEqual(fired, near)
})

test('a large full table gives up two keys at once and keeps to the same bounds', () => {
  const { window, feed } = makeWindow({ maxKeys: 4000 })
  const near = Array.from({ length: 800 }, (_, i) => 5_000_000 + i)
  for (const value of [1, 2, 3])
    feed(
      near.map((key) => at(key, value)),
      0,
    )
  flood(feed, 0, 60_000, 1000)
  const counters = window.counters()
  assert.ok(counters.keys <= 4000)
  assert.ok(counters.keys >= 3990, `${counters.keys} keys`)
  assert.equal(counters.keys + counters.evictedSingle, 60_800)
  assert.equal(counters.evictedMulti, 0)
  const everyKey = { words: new Uint32Array(1), masks: new Uint32Array(1) }
  assert.equal(window.inspect(everyKey, -1).length, counters.keys)
  const fired = feed(
    near.map((key) => at(key, 4)),
    1000,
  )
  assert.deepEqual(fired, near)
})

test('a full table gives up idle keys first, even those near the threshold', () => {
  const { window, feed } = makeWindow({ maxKeys: 1000 })
  for (const value of [1, 2, 3])
    feed(
      Array.from({ length: 300 }, (_, i) => at(i, value)),
      0,
    )
  flood(feed, 10_000, 700, 11 * MINUTE_MS)
  flood(feed, 20_000, 150, 11 * MINUTE_MS)
  const counters = window.counters()
  assert.ok(counters.evictedIdle >= 130, `${counters.evictedIdle} idle`)
  assert.ok(counters.evictedSingle <= 20, `${counters.evictedSingle} single`)
})

test('when memory for values is spent, keys with more values still come and the loss is counted', () => {
  // the least budget is 16 chunks of 1 MiB: 65,536 slots of one element pair, or fewer of larger ones
  const { window, feed } = makeWindow({ need: 65_536, maxKeys: 400_000, maxSlotBytes: 1 })
  let key = 0
  for (let round = 0; round < 150; round++) {
    const first = key
    for (let value = 1; value <= 5; value++)
      feed(
        Array.from({ length: 1000 }, (_, i) => at(first + i, value, round)),
        0,
      )
    key += 1000
  }
  const counters = window.counters()
  assert.ok(counters.bytes < 80 << 20)
  assert.ok(counters.evictedMulti + counters.valuesLost > 0)
  const rule = makeWindow()
  assert.deepEqual(rule.feed([at(1, 1), at(1, 2), at(1, 3), at(1, 4)], 0), [1])
})

test('keys of IPv6 width are told apart by every word, values too', () => {
  const recent = new RecentBatches(1)
  const lines = new WitnessLines(recent, 1 << 16)
  const window = new SlidingWindow({
    keyWords: 5,
    valueWords: 4,
    need: 5,
    windowMs: MINUTE_MS,
    keepMs: MINUTE_MS,
    maxKeys: 1000,
    seed: 1,
    lines,
  })
  const raw = new RawBatch(4096)
  const sightings = new Sightings()
  const observe = (key: number[], value: number[]): number => {
    raw.reset()
    raw.add(Buffer.from('x'), 0, 1, 0)
    const batch = new RecordBatch(raw)
    batch.reset(raw, 1)
    lines.begin(batch)
    sightings.count = 1
    return window.observe(sightings, Uint32Array.from(key), Uint32Array.from(value), 0).length
  }
  const values = [0, 1, 2, 3].map((word) => [0, 0, 0, 0].with(word, 1))
  for (let word = 0; word < 5; word++)
    for (const value of values) assert.equal(observe([9, 9, 9, 9, 9].with(word, word + 1), value), 0)
  assert.equal(window.counters().keys, 5)
  for (let word = 0; word < 5; word++)
    assert.equal(observe([9, 9, 9, 9, 9].with(word, word + 1), [0, 0, 0, 0]), 1)
})
