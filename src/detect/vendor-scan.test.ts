/** Vendor scan: which threats are the firewall's own scan verdicts, how many of them fire, and the count against an oracle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchOf, type Event, makeDetector, release, START_MS, testSettings } from './testing/batches.ts'

const rule = (records: number) => ({ vendorScan: { mode: 'enforce', records, windowMs: 600_000 } as const })

function scan(at: number, event: Event = {}): Event {
  const texts = { type: 'THREAT', subtype: 'scan', threatName: 'SCAN: TCP Port Scan', ...event.texts }
  return {
    category: 'threat',
    severity: 'low',
    attacker: 'source',
    threatId: 8001,
    ...event,
    at,
    texts,
  }
}

test('one scan threat of PAN-OS convicts, whatever its severity, and can be forged', () => {
  const { feed } = makeDetector(rule(1))
  const [detection, ...others] = feed([scan(0), scan(5)])
  assert.equal(others.length, 0)
  assert.equal(detection?.rule, 'vendor-scan')
  assert.equal(detection.proof, 'spoofable')
  assert.match(detection.finding ?? '', /own scan and flood protection: "SCAN: TCP Port Scan\(8001\)"/)
  assert.equal(detection.destination, '203.0.113.10')
})

test('the ids 8001 to 8099 and 8500 to 8599 count, their neighbours do not', () => {
  for (const [threatId, fires] of [
    [8000, 0],
    [8001, 1],
    [8099, 1],
    [8100, 0],
    [8499, 0],
    [8500, 1],
    [8599, 1],
    [8600, 0],
  ] as const) {
    const { feed } = makeDetector(rule(1))
    assert.equal(
      feed([scan(0, { threatId, texts: { subtype: 'vulnerability' } })]).length,
      fires,
      `${threatId}`,
    )
  }
})

test('a higher number needs so many records of one source within the window', () => {
  const { feed } = makeDetector(rule(3))
  assert.deepEqual(feed([scan(0), scan(10), scan(20, { from: '198.51.100.8' })]), [])
  assert.equal(feed([scan(700)]).length, 0)
  assert.equal(feed([scan(710), scan(720)]).length, 1)
})

test('a critical scan threat is both a threat and a vendor scan', () => {
  const { feed } = makeDetector(rule(1))
  const rules = feed([scan(0, { severity: 'critical' })]).map((detection) => detection.rule)
  assert.deepEqual(rules.toSorted(), ['threat', 'vendor-scan'])
})

test('a flood of a zone, without a source, and a scan from inside convict nobody', () => {
  const { feed } = makeDetector(rule(1))
  assert.deepEqual(feed([scan(0, { from: '' }), scan(1, { from: '10.0.0.9' })]), [])
})

test('ten thousand random histories agree with an oracle', () => {
  const SOURCES = ['198.51.100.1', '2001:db8:1::1', '2001:db8:1::2']
  const step = fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: -900, max: 0 })),
    source: fc.nat(2),
    port: fc.nat(1),
    threatId: fc.integer({ min: 8001, max: 8002 }),
  })
  // One detector, a million seconds between histories: making one costs more than a history does.
  const { detector, recent } = makeDetector()
  let runs = 0
  let fired = 0
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      // a source that one record convicts stays convicted into the next history: tested above
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 10 }),
      (steps, records, minutes) => {
        let now = ++runs * 1_000_000
        const events = steps.map(({ gap, source, port, threatId }) => {
          now = Math.max(now, now + gap)
          const at = gap < 0 ? now + gap : now
          return scan(at, { from: SOURCES[source] as string, port: port + 1, threatId })
        })
        detector.configure(
          testSettings({ vendorScan: { mode: 'enforce', records, windowMs: minutes * 60_000 } }),
        )
        const batch = batchOf(events)
        const found = detector
          .observe(batch)
          .map(({ count, detectedAtMs, sourceAddress }) =>
            [count, (detectedAtMs - START_MS) / 1000, sourceAddress].join(' '),
          )
        release(recent.push(batch))
        const expected = oracle(events, records, minutes * 60)
        fired += expected.length
        assert.deepEqual(found.toSorted(), expected.toSorted())
      },
    ),
    { numRuns: 10_000, seed: 7 },
  )
  assert.ok(fired > 2000, `${fired} detections`)
})

/** The definition of DESIGN.md section 6, with maps: distinct reports per source; the same report twice is one. */
function oracle(events: readonly Event[], records: number, windowSeconds: number): string[] {
  const fired: string[] = []
  const known = new Map<string, { top: number; values: Map<string, number>; isAbove: boolean }>()
  for (const event of events) {
    const from = event.from as string
    const at = event.at as number
    const key = from.includes(':') ? 'six' : from
    const state = known.get(key) ?? { top: at, values: new Map<string, number>(), isAbove: false }
    known.set(key, state)
    state.top = Math.max(state.top, at)
    state.values.set(`${at} ${event.threatId} ${event.port}`, at)
    const count = [...state.values.values()].filter((time) => time > state.top - windowSeconds).length
    const isAbove = count >= records
    if (isAbove && !state.isAbove) fired.push([Math.min(count, records), at, from].join(' '))
    state.isAbove = isAbove
  }
  return fired
}
