/** Brute force: guessing and spraying, what counts once, and both counts against a brute-force oracle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchOf, type Event, makeDetector, release, START_MS, testSettings } from './testing/batches.ts'

const MINUTE_MS = 60_000
const rule = (failures: number, users: number, minutes = 10) => ({
  bruteForce: { mode: 'enforce', failures, users, windowMs: minutes * MINUTE_MS } as const,
})

function login(at: number, user: string, event: Event = {}): Event {
  const texts = { type: 'GLOBALPROTECT', ...event.texts, sourceUser: user }
  return { category: 'login', outcome: 'failure', sourcePort: 0, port: 0, to: '', ...event, at, texts }
}

test('more failed logins than allowed convict the source, by a handshake', () => {
  const { feed } = makeDetector(rule(3, 100))
  assert.deepEqual(feed([login(0, 'a'), login(60, 'a'), login(120, 'a')]), [])
  const [detection, ...others] = feed([login(180, 'a')])
  assert.equal(others.length, 0)
  assert.equal(detection?.rule, 'brute-force')
  assert.equal(detection.count, 4)
  assert.equal(detection.proof, 'handshake')
  assert.equal(detection.technique, 'T1110')
  assert.equal(detection.finding, 'failed to log in 4 times within 10 minutes (more than 3 allowed)')
  assert.equal(detection.evidence.length, 4)
})

test('few tries for each of many users are a spray, which names the users', () => {
  const { feed } = makeDetector(rule(100, 2))
  const [detection] = feed([login(0, 'ada'), login(1, 'Ada'), login(2, 'bob'), login(3, 'eve')])
  assert.equal(detection?.technique, 'T1110.003')
  assert.deepEqual(
    detection.witnesses.map(({ value }) => value),
    ['ada', 'bob', 'eve'],
  )
})

test('a failed login told by two kinds of log counts once', () => {
  const { feed } = makeDetector(rule(3, 100))
  const twice = [0, 60, 120].flatMap((at) => [login(at, 'a'), login(at, 'a', { texts: { type: 'SYSTEM' } })])
  assert.deepEqual(feed(twice), [])
})

test('a line that is read twice counts once, a repeated line as often as it says', () => {
  const { feed } = makeDetector(rule(3, 100))
  assert.deepEqual(feed([login(0, 'a'), login(0, 'a'), login(0, 'a'), login(0, 'a')]), [])
  assert.equal(feed([login(5, 'a', { repeatCount: 3 })]).length, 1)
})

test('successes, inner sources and logins without a source do not count', () => {
  const { feed, detector } = makeDetector(rule(1, 100))
  const events = [
    login(0, 'a', { outcome: 'success' }),
    login(1, 'a', { outcome: 'success' }),
    login(0, 'a', { from: '10.1.1.1' }),
    login(1, 'a', { from: '10.1.1.1' }),
    login(0, 'a', { from: '' }),
    login(1, 'a', { from: '' }),
  ]
  assert.deepEqual(feed(events), [])
  const counters = detector.counters()
  assert.equal(counters['skippedSourceNotPublic'], 2)
  assert.equal(counters['skippedNoAddress'], 2)
})

test('ten thousand random histories agree with an oracle', () => {
  const SOURCES = ['198.51.100.1', '2001:db8:1::1', '2001:db8:1::2']
  const step = fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -900, max: 0 })),
    source: fc.nat(2),
    user: fc.nat(4),
  })
  // One detector, a million seconds between histories: making one costs more than a history does.
  const { detector, recent } = makeDetector()
  let runs = 0
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 10 }),
      (steps, failures, users, minutes) => {
        let now = ++runs * 1_000_000
        const events = steps.map(({ gap, source, user }) => {
          now = Math.max(now, now + gap)
          return login(gap < 0 ? now + gap : now, `user${user}`, { from: SOURCES[source] as string })
        })
        detector.configure(testSettings(rule(failures, users, minutes)))
        const batch = batchOf(events)
        const found = detector
          .observe(batch)
          .map(({ technique, count, detectedAtMs, sourceAddress }) =>
            [technique, count, (detectedAtMs - START_MS) / 1000, sourceAddress].join(' '),
          )
        release(recent.push(batch))
        assert.deepEqual(found.toSorted(), oracle(events, failures, users, minutes).toSorted())
      },
    ),
    { numRuns: 10_000, seed: 7 },
  )
})

/** The definition of DESIGN.md section 6, with maps: distinct failures, and distinct users, per source. */
function oracle(events: readonly Event[], failures: number, users: number, minutes: number): string[] {
  const fired: string[] = []
  for (const [technique, limit, valueOf] of [
    ['T1110', failures, (event: Event) => `${event.at} ${event.texts?.sourceUser}`],
    ['T1110.003', users, (event: Event) => `${event.texts?.sourceUser}`],
  ] as const) {
    const latest = new Map<string, { topMs: number; values: Map<string, number>; isAbove: boolean }>()
    for (const event of events) {
      const from = event.from as string
      const key = from.includes(':') ? 'six' : from
      const atMs = (event.at as number) * 1000
      const state = latest.get(key) ?? { topMs: atMs, values: new Map<string, number>(), isAbove: false }
      latest.set(key, state)
      state.topMs = Math.max(state.topMs, atMs)
      state.values.set(valueOf(event), Math.max(atMs, state.values.get(valueOf(event)) ?? atMs))
      const cutMs = state.topMs - minutes * MINUTE_MS
      const count = Math.min(limit + 1, [...state.values.values()].filter((ms) => ms > cutMs).length)
      const isAbove = count > limit
      if (isAbove && !state.isAbove) fired.push([technique, count, event.at, from].join(' '))
      state.isAbove = isAbove
    }
  }
  return fired
}
