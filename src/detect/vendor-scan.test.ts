/** Vendor scan: which threats are the firewall's own scan verdicts, and how many of them fire. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, makeDetector } from './testing/batches.ts'

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
