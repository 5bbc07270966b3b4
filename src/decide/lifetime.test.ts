/** How long a block lasts: forgeable evidence blocks, blocks briefly or waits; those who come back stay longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import { detection, NOW_MS, openBench, reopen, rules } from './decide-fixture.ts'
import { Decider } from './decider.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MONTH_MS = 30 * DAY_MS

const listOf = (decider: Decider): string[] => decider.published().map(formatNetwork).sort()

test('forgeable evidence that is to block briefly ends by itself, and its own lines do not prolong it', async () => {
  const { decider, clock } = await openBench({ 'detection.portScan.spoofable': 'brief' })
  const [judged] = await decider.decide([detection('198.51.100.7')])
  assert.equal(judged?.decision?.expiresAtMs, NOW_MS + DAY_MS)
  assert.match(judged.reason, /; blocked for 1 day only: only first packets were seen$/)
  clock.advance(23 * HOUR_MS)
  await decider.decide([detection('198.51.100.7', { receivedAtMs: NOW_MS + 23 * HOUR_MS })])
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
  clock.advance(HOUR_MS)
  await decider.tick()
  assert.deepEqual(listOf(decider), [])
})

test('the same rule blocks for the usual time where a session was established', async () => {
  const { decider } = await openBench({ 'detection.portScan.spoofable': 'brief' })
  const [judged] = await decider.decide([detection('198.51.100.7', { proof: 'handshake' })])
  assert.equal(judged?.decision?.expiresAtMs, NOW_MS + MONTH_MS)
  assert.equal(judged.decision.lifetimeMs, null)
})

test('forgeable evidence that is to be held waits for review, and says why', async () => {
  const { decider } = await openBench({ 'detection.threat.spoofable': 'hold' })
  const [judged] = await decider.decide([detection('198.51.100.7', { rule: 'threat', threshold: 1 })])
  assert.equal(judged?.verdict, 'hold')
  assert.match(
    judged.reason,
    /^held for review: only first packets were seen, and threat holds such for review; /,
  )
  assert.deepEqual(listOf(decider), [])
})

const REPEAT = {
  'decisions.repeatOffender.mode': 'enforce',
  'decisions.repeatOffender.factor': 3,
  'decisions.repeatOffender.maxMonths': 6,
} as const
const proven = (source: string, atMs: number) =>
  detection(source, { proof: 'handshake', receivedAtMs: atMs, detectedAtMs: atMs })

test('who comes back is blocked for longer, up to the limit, also over a restart', async () => {
  const bench = await openBench(REPEAT)
  const { clock } = bench
  let decider = bench.decider
  const lives: (number | null | undefined)[] = []
  for (let round = 0; round < 3; round++) {
    const atMs = clock.nowMs()
    const [judged] = await decider.decide([proven('198.51.100.7', atMs)])
    lives.push(judged?.decision?.lifetimeMs)
    assert.equal(judged?.decision?.offences, round + 1)
    clock.advance((judged.decision.expiresAtMs ?? 0) - atMs)
    await decider.tick()
    assert.deepEqual(listOf(decider), [])
    decider = await Decider.open({
      repository: bench.repository,
      rules: rules({ ...REPEAT, 'decisions.repeatOffender.withinDays': 400 }),
      clock,
      alarms: bench.alarms,
    })
  }
  assert.deepEqual(lives, [null, 3 * MONTH_MS, 6 * MONTH_MS])
})

test('in shadow the longer time is only told; a block lifted by a person is no offence', async () => {
  const bench = await openBench({ ...REPEAT, 'decisions.repeatOffender.mode': 'shadow' })
  const { clock, decider } = bench
  await decider.decide([proven('198.51.100.7', NOW_MS)])
  await decider.decide([proven('198.51.100.8', NOW_MS)])
  await decider.blocks.lift('198.51.100.8', 'ada', 'partner')
  clock.advance(MONTH_MS)
  await decider.tick()
  const [again, lifted] = await decider.decide([
    proven('198.51.100.7', clock.nowMs()),
    proven('198.51.100.8', clock.nowMs()),
  ])
  assert.equal(again?.decision?.lifetimeMs, null)
  assert.match(again.reason, /blocked 2 times within 90 days: would be kept for 90 days/)
  assert.equal(lifted?.decision?.offences, 1)
})

test('forgeable evidence never lengthens a block', async () => {
  const { decider, clock } = await openBench(REPEAT)
  await decider.decide([proven('198.51.100.7', NOW_MS)])
  clock.advance(MONTH_MS)
  await decider.tick()
  const [judged] = await decider.decide([detection('198.51.100.7', { receivedAtMs: clock.nowMs() })])
  assert.equal(judged?.decision?.lifetimeMs, null)
})

test('a restart keeps the short life of a block', async () => {
  const bench = await openBench({ 'detection.portScan.spoofable': 'brief' })
  await bench.decider.decide([detection('198.51.100.7')])
  const again = await reopen(bench)
  bench.clock.advance(DAY_MS)
  await again.tick()
  assert.deepEqual(listOf(again), [])
})
