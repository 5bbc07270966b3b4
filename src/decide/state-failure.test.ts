/** What happens to decisions while the state cannot be written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { detection, openBench, reopen } from './decide-fixture.ts'

test('a detector block takes effect while the state cannot be written, and is written later', async () => {
  const bench = await openBench()
  const { decider, repository, alarms, clock } = bench
  repository.isBroken = true
  const [judged] = await decider.decide([detection('198.51.100.7')])
  assert.equal(judged?.verdict, 'block')
  assert.deepEqual(decider.published().map(formatNetwork), ['198.51.100.7'])
  assert.match(alarms.standing.get('state-not-written')?.message ?? '', /disk is gone/)
  assert.ok(decider.counters().waitingWrites > 0)
  clock.advance(1000)
  await decider.tick()
  repository.isBroken = false
  clock.advance(30_000)
  await decider.tick()
  assert.equal(decider.counters().waitingWrites, 0)
  assert.ok(!alarms.codes.includes('state-not-written'))
  assert.deepEqual((await reopen(bench)).published().map(formatNetwork), ['198.51.100.7'])
})

test('what a person asks for fails visibly and changes nothing while the state cannot be written', async () => {
  const { decider, repository } = await openBench()
  await decider.decide([detection('198.51.100.7')])
  repository.isBroken = true
  const isUnavailable = (thrown: unknown): boolean =>
    thrown instanceof AppError && thrown.code === 'state-unavailable'
  await assert.rejects(decider.blocks.add({ target: '198.51.100.9', reason: 'x' }, 'anna'), isUnavailable)
  await assert.rejects(decider.blocks.lift('198.51.100.7', 'anna', 'x'), isUnavailable)
  await assert.rejects(decider.allow.add({ target: '198.51.100.7', reason: 'x' }, 'anna'), isUnavailable)
  assert.deepEqual(decider.published().map(formatNetwork), ['198.51.100.7'])
})

test('a person can act as soon as the state is back, without waiting for the pause', async () => {
  const bench = await openBench()
  bench.repository.isBroken = true
  await bench.decider.decide([detection('198.51.100.7')])
  bench.repository.isBroken = false
  const added = await bench.decider.blocks.add({ target: '198.51.100.9', reason: 'x' }, 'anna')
  assert.ok(added.ok)
  assert.equal((await reopen(bench)).published().length, 2)
})

test('the queue of unwritten changes is bounded, and the decisions survive its overflow', async () => {
  const bench = await openBench({ 'decisions.maxPerMinute': 100_000 })
  const { decider, repository, clock } = bench
  repository.isBroken = true
  for (let batch = 0; batch < 11; batch++) {
    await decider.decide(
      Array.from({ length: 1000 }, (_, i) =>
        detection(`2001:db8:${batch.toString(16)}:${i.toString(16)}::/64`),
      ),
    )
  }
  assert.ok(decider.counters().waitingWrites <= 20_000)
  assert.ok(decider.counters().lostWrites > 0)
  assert.equal(decider.published().length, 11_000)
  repository.isBroken = false
  clock.advance(60_000)
  await decider.tick()
  assert.equal((await reopen(bench)).published().length, 11_000)
  assert.ok(repository.auditEntries.some((entry) => entry.action === 'state.rewritten'))
})
