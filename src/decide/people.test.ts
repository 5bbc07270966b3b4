/** What people do: blocks by hand, lifting, the allowlist, withdraw, freeze, held blocks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import { detection, NOW_MS, openBench, reopen } from './decide-fixture.ts'
import type { Decider } from './decider.ts'
import { errorCodeOf, type Outcome } from './outcome.ts'
import { parseRuleName } from './rule-names.ts'

const HOUR_MS = 3_600_000
const listOf = (decider: Decider): string[] => decider.published().map(formatNetwork).sort()
const codeOf = (outcome: Outcome<unknown>): string => (outcome.ok ? 'done' : outcome.code)

test('a block by hand needs a reason and stays until it is removed', async () => {
  const { decider, clock } = await openBench()
  assert.equal(
    codeOf(await decider.blocks.add({ target: '198.51.100.7', reason: ' ' }, 'anna')),
    'reason-required',
  )
  const added = await decider.blocks.add({ target: '198.51.100.7', reason: 'abuse mail' }, 'anna')
  assert.ok(added.ok)
  assert.equal(added.value.decision.expiresAtMs, null)
  clock.advance(400 * 86_400_000)
  await decider.tick()
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
})

test('a block by hand with an end ends then, however often it is seen', async () => {
  const { decider, clock } = await openBench()
  const untilMs = NOW_MS + HOUR_MS
  assert.equal(
    codeOf(await decider.blocks.add({ target: '198.51.100.7', reason: 'x', untilMs: NOW_MS }, 'anna')),
    'end-in-past',
  )
  const added = await decider.blocks.add({ target: '198.51.100.7', reason: 'x', untilMs }, 'anna')
  assert.ok(added.ok)
  clock.advance(HOUR_MS - 1)
  decider.seen([{ target: added.value.decision.target, lastSeenAtMs: clock.nowMs(), count: 1 }])
  clock.advance(1)
  await decider.expireNow()
  assert.deepEqual(listOf(decider), [])
})

test("a block's end is moved: a person's block stays the same, a detector's becomes the person's", async () => {
  const { decider, clock } = await openBench()
  const untilMs = NOW_MS + HOUR_MS
  const added = await decider.blocks.add({ target: '198.51.100.7', reason: 'x', untilMs }, 'anna')
  assert.ok(added.ok)
  await decider.decide([detection('198.51.100.8')])
  const { blocks } = decider
  assert.equal(codeOf(await blocks.extend('198.51.100.9', null, 'ben', 'longer')), 'not-found')
  assert.equal(codeOf(await blocks.extend('198.51.100.7', untilMs, 'ben', ' ')), 'reason-required')
  assert.equal(codeOf(await blocks.extend('198.51.100.7', NOW_MS, 'ben', 'longer')), 'end-in-past')
  const same = await blocks.extend('198.51.100.7', untilMs + HOUR_MS, 'ben', 'longer')
  assert.ok(same.ok)
  assert.equal(same.value.decision.id, added.value.decision.id)
  const other = await blocks.extend('198.51.100.8', untilMs + HOUR_MS, 'ben', 'longer')
  assert.ok(other.ok)
  assert.equal(other.value.decision.origin, 'manual')
  clock.advance(2 * HOUR_MS - 1)
  await decider.expireNow()
  assert.deepEqual(listOf(decider), ['198.51.100.7', '198.51.100.8'])
  clock.advance(1)
  await decider.expireNow()
  assert.deepEqual(listOf(decider), [])
})

test('moving an end only judged changes nothing and is not audited', async () => {
  const { decider, repository } = await openBench()
  await decider.blocks.add({ target: '198.51.100.7', reason: 'x', untilMs: NOW_MS + HOUR_MS }, 'anna')
  await decider.decide([detection('198.51.100.8')])
  const before = [decider.active(), repository.auditEntries.length]
  for (const target of ['198.51.100.7', '198.51.100.8']) {
    const told = await decider.blocks.extend(target, null, 'ben', 'longer', true)
    assert.ok(told.ok)
    assert.equal(told.value.decision.expiresAtMs, null)
    assert.notEqual(told.value.before.expiresAtMs, null)
  }
  assert.deepEqual([decider.active(), repository.auditEntries.length], before)
})

test('moving an end blocks nothing that is held for review or noted in shadow', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.8', { mode: 'shadow' })])
  await decider.engine.freeze('anna', 'change window')
  await decider.decide([detection('198.51.100.7')])
  await decider.engine.unfreeze('anna', 'done')
  assert.deepEqual(
    decider
      .active()
      .map(({ mode }) => mode)
      .sort(),
    ['hold', 'shadow'],
  )
  for (const { id, target } of decider.active()) {
    assert.equal(codeOf(await decider.blocks.extend(id, null, 'ben', 'longer')), 'not-found')
    assert.equal(
      codeOf(await decider.blocks.extend(formatNetwork(target), null, 'ben', 'longer')),
      'not-found',
    )
  }
  assert.deepEqual(listOf(decider), [])
})

for (const [target, code, why] of [
  ['198.51.100.7/24', 'host-bits', /did you mean 198\.51\.100\.0\/24/],
  ['010.1.1.1', 'not-an-address', /not an IP address/],
  ['10.2.75.414', 'not-an-address', /not an IP address/],
  ['1.2.3', 'not-an-address', /not an IP address/],
  ['0.0.0.0/0', 'protected', /contains/],
  ['::/0', 'protected', /contains/],
  ['8.8.8.8', 'protected', /Google Public DNS/],
  ['10.0.0.1', 'protected', /private use/],
  ['44.0.0.0/7', 'too-wide', /wider than \/8/],
  ['44.0.0.0/10', 'needs-confirmation', /wider than \/24/],
  ['2c00::/18', 'too-wide', /wider than \/19/],
  ['2001:db8::/40', 'needs-confirmation', /wider than \/48/],
] as const) {
  test(`adding ${target} by hand is refused as ${code}`, async () => {
    const { decider } = await openBench()
    const outcome = await decider.blocks.add({ target, reason: 'x' }, 'anna')
    assert.equal(codeOf(outcome), code)
    assert.match(outcome.ok ? '' : outcome.message, why)
    assert.deepEqual(listOf(decider), [])
  })
}

test('a wide network is taken when the person confirms it', async () => {
  const { decider } = await openBench()
  const added = await decider.blocks.add({ target: '2001:db8::/40', reason: 'x', confirmWide: true }, 'anna')
  assert.ok(added.ok)
  assert.deepEqual(listOf(decider), ['2001:db8::/40'])
})

test('refusals as unsafe carry the exit code of unsafe', () => {
  assert.deepEqual(
    [errorCodeOf('protected'), errorCodeOf('needs-confirmation'), errorCodeOf('host-bits')],
    ['unsafe', 'unsafe', 'usage'],
  )
})

test('what is blocked by hand already, or covered by a wider block, is refused', async () => {
  const { decider } = await openBench()
  await decider.blocks.add({ target: '198.51.100.0/24', reason: 'hosting' }, 'anna')
  const duplicate = await decider.blocks.add({ target: '198.51.100.0/24', reason: 'x' }, 'ben')
  assert.equal(codeOf(duplicate), 'duplicate')
  assert.match(duplicate.ok ? '' : duplicate.message, /by anna: hosting/)
  const covered = await decider.blocks.add({ target: '198.51.100.7', reason: 'x' }, 'ben')
  assert.equal(codeOf(covered), 'covered')
})

test('a block by hand takes over from a detector, and a detector cannot take it back', async () => {
  const { decider, repository } = await openBench()
  await decider.decide([detection('198.51.100.7')])
  const heard: string[] = []
  decider.onListChange(() => heard.push('change'))
  assert.ok((await decider.blocks.add({ target: '198.51.100.7', reason: 'for good' }, 'anna')).ok)
  assert.deepEqual(heard, [])
  const [active, ...others] = decider.active()
  assert.deepEqual([active?.origin, active?.expiresAtMs, others.length], ['manual', null, 0])
  const [ended] = await repository.decisions({ state: 'ended', limit: 5 })
  assert.equal(ended?.endReason, 'replaced by a block by hand')
})

test('many at once: every entry is judged by itself, a dry run changes nothing', async () => {
  const { decider } = await openBench()
  const request = ['198.51.100.7', '198.51.100.7', 'nonsense', '10.0.0.1', '198.51.100.8'].map((target) => ({
    target,
    reason: 'import',
  }))
  const expected = ['done', 'duplicate', 'not-an-address', 'protected', 'done']
  assert.deepEqual((await decider.blocks.addMany(request, 'anna', true)).map(codeOf), expected)
  assert.deepEqual(listOf(decider), [])
  assert.deepEqual((await decider.blocks.addMany(request, 'anna')).map(codeOf), expected)
  assert.deepEqual(listOf(decider), ['198.51.100.7', '198.51.100.8'])
})

test('after a person lifts a block, detectors leave the address alone for the grace period', async () => {
  const bench = await openBench()
  const { decider, clock } = bench
  await decider.decide([detection('198.51.100.7')])
  const lifted = await decider.blocks.lift('198.51.100.7', 'anna', 'customer')
  assert.ok(lifted.ok)
  assert.equal(lifted.value.graceUntilMs, NOW_MS + 24 * HOUR_MS)
  assert.deepEqual(listOf(decider), [])
  const again = await reopen(bench)
  const [refused] = await again.decide([detection('198.51.100.7')])
  assert.equal(refused?.verdict, 'refuse')
  assert.match(
    refused?.reason ?? '',
    /anna lifted .* \(customer\): detectors leave it alone until 2026-11-23 12:00:00 UTC/,
  )
  clock.advance(24 * HOUR_MS)
  const [blocked] = await again.decide([detection('198.51.100.7')])
  assert.equal(blocked?.verdict, 'block')
})

test('a person may block again within the grace period', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7')])
  await decider.blocks.lift('198.51.100.7', 'anna', 'customer')
  assert.ok((await decider.blocks.add({ target: '198.51.100.7', reason: 'no customer' }, 'ben')).ok)
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
})

test('lifting what is not blocked says what would help', async () => {
  const { decider } = await openBench()
  await decider.blocks.add({ target: '198.51.100.0/24', reason: 'x' }, 'anna')
  const inside = await decider.blocks.lift('198.51.100.7', 'anna', 'x')
  assert.match(inside.ok ? '' : inside.message, /blocked as part of 198\.51\.100\.0\/24/)
  const other = await decider.blocks.lift('203.0.113.7', 'anna', 'x')
  assert.equal(codeOf(other), 'not-found')
})

test('an allowlist entry lifts matching blocks, held blocks and shadow decisions in the same moment', async () => {
  const { decider, repository } = await openBench({ 'decisions.maxPerMinute': 1 })
  await decider.decide([
    detection('198.51.100.7'),
    detection('198.51.100.8'),
    detection('198.51.100.9', { mode: 'shadow' }),
    detection('203.0.113.99'),
  ])
  await decider.blocks.add({ target: '203.0.113.0/28', reason: 'x' }, 'anna')
  const added = await decider.allow.add({ target: '198.51.100.0/28', reason: 'partner' }, 'anna')
  assert.ok(added.ok)
  assert.deepEqual(added.value.lifted.map((decision) => decision.mode).sort(), ['block', 'hold', 'shadow'])
  assert.deepEqual(listOf(decider), ['203.0.113.0/28'])
  const commit = repository.auditEntries.filter((entry) => entry.action === 'block.lift')
  assert.equal(commit.length, 3)
})

test('an allowed address lifts a wider block by hand as a whole', async () => {
  const { decider } = await openBench()
  await decider.blocks.add({ target: '198.51.100.0/24', reason: 'hosting' }, 'anna')
  const added = await decider.allow.add({ target: '198.51.100.7', reason: 'partner' }, 'anna')
  assert.ok(added.ok && added.value.lifted.length === 1)
  assert.deepEqual(listOf(decider), [])
})

test('an allowlist entry ends when its time is over', async () => {
  const { decider, clock } = await openBench()
  const untilMs = NOW_MS + HOUR_MS
  await decider.allow.add({ target: '198.51.100.7', reason: 'test', untilMs }, 'anna')
  assert.equal(codeOf(await decider.allow.add({ target: '198.51.100.7', reason: 'x' }, 'ben')), 'duplicate')
  clock.advance(HOUR_MS)
  assert.equal((await decider.decide([detection('198.51.100.7')]))[0]?.verdict, 'block')
  await decider.expireNow()
  assert.deepEqual(decider.allow.list(), [])
})

test('the allowlist answers what it holds, and an entry can be removed', async () => {
  const { decider } = await openBench()
  await decider.allow.add({ target: '198.51.100.0/24', reason: 'partner' }, 'anna')
  const checked = decider.allow.check('198.51.100.7')
  assert.ok(checked.ok && checked.value.entry?.reason === 'partner')
  const near = await decider.allow.remove('198.51.100.7', 'anna', 'over')
  assert.match(near.ok ? '' : near.message, /198\.51\.100\.0\/24 is: remove that/)
  assert.ok((await decider.allow.remove('198.51.100.0/24', 'anna', 'over')).ok)
  const resolver = decider.allow.check('8.8.8.8')
  assert.ok(resolver.ok && resolver.value.entry === null)
  assert.match(resolver.ok ? (resolver.value.protectedReason ?? '') : '', /Google/)
})

test('withdraw lifts by time, by rule and by device, and shows before what it would lift', async () => {
  const { decider, clock, repository } = await openBench()
  await decider.decide([detection('198.51.100.1', { rule: 'threat' })])
  await decider.blocks.add({ target: '198.51.100.2', reason: 'by hand' }, 'anna')
  clock.advance(HOUR_MS)
  await decider.decide([
    detection('198.51.100.3'),
    detection('198.51.100.4', { device: 'fw2' }),
    detection('198.51.100.5', { rule: 'host-sweep', device: 'fw2' }),
  ])
  assert.equal(codeOf(decider.blocks.previewWithdraw({})), 'criterion-required')
  const rule = parseRuleName('PORT SCAN ATTACK V2') ?? 'manual'
  const preview = decider.blocks.previewWithdraw({ rule })
  assert.ok(preview.ok)
  assert.deepEqual(
    preview.value.map((decision) => formatNetwork(decision.target)),
    ['198.51.100.5'],
  )
  assert.equal(decider.published().length, 5)
  await decider.blocks.withdraw({ rule }, 'anna', 'bad rule')
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'])
  await decider.blocks.withdraw({ device: 'fw2' }, 'anna', 'bad device')
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
  await decider.blocks.withdraw({ sinceMs: NOW_MS + HOUR_MS }, 'anna', 'bad hour')
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2'])
  assert.equal(repository.auditEntries.filter((entry) => entry.action === 'withdraw').length, 3)
  const [again] = await decider.decide([detection('198.51.100.3')])
  assert.equal(again?.verdict, 'refuse')
})

test('while frozen the list gains nothing; what a person lifts or allows still leaves it', async () => {
  const bench = await openBench()
  const { decider, clock } = bench
  await decider.decide([detection('198.51.100.1'), detection('198.51.100.2'), detection('198.51.100.3')])
  clock.advance(1000)
  await decider.engine.freeze('anna', 'change window')
  clock.advance(1000)
  const [held] = await decider.decide([detection('198.51.100.4')])
  assert.equal(held?.verdict, 'hold')
  assert.match(held?.reason ?? '', /frozen since .* by anna/)
  const added = await decider.blocks.add({ target: '198.51.100.5', reason: 'x' }, 'ben')
  assert.match(added.ok ? (added.value.note ?? '') : '', /frozen by anna/)
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
  await decider.blocks.lift('198.51.100.1', 'ben', 'x')
  await decider.allow.add({ target: '198.51.100.2', reason: 'x' }, 'ben')
  clock.advance(365 * 86_400_000)
  await decider.expireNow('anna')
  assert.deepEqual(listOf(decider), ['198.51.100.3'])
  const again = await reopen(bench)
  assert.deepEqual(listOf(again), ['198.51.100.3'])
  assert.equal(codeOf(await again.blocks.release('198.51.100.4', 'ben', 'x')), 'frozen')
  await again.engine.unfreeze('anna', 'done')
  assert.deepEqual(listOf(again), ['198.51.100.3', '198.51.100.5'])
})

test('held blocks are released onto the list or refused, one by one or together', async () => {
  const { decider } = await openBench({ 'decisions.maxPerMinute': 1 })
  await decider.decide(['1', '2', '3', '4', '5'].map((last) => detection(`198.51.100.${last}`)))
  assert.ok((await decider.blocks.release('198.51.100.2', 'anna', 'real')).ok)
  assert.ok((await decider.blocks.refuseHold('198.51.100.3', 'anna', 'customer')).ok)
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2'])
  assert.equal((await decider.decide([detection('198.51.100.3')]))[0]?.verdict, 'refuse')
  await decider.allow.add({ target: '198.51.100.4', reason: 'partner' }, 'anna')
  assert.deepEqual((await decider.blocks.releaseAll('anna', 'real')).map(codeOf), ['done'])
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2', '198.51.100.5'])
})

test('reset clears counters and brake, tells the detectors, and keeps what is blocked', async () => {
  const { decider, alarms } = await openBench({ 'decisions.maxPerMinute': 1 })
  let resets = 0
  decider.engine.onReset(() => resets++)
  await decider.decide([detection('198.51.100.1'), detection('198.51.100.2')])
  assert.ok((await decider.engine.reset('anna', 'fresh start')).ok)
  assert.equal(resets, 1)
  assert.deepEqual([decider.counters().detections, alarms.codes.length], [0, 0])
  assert.equal((await decider.decide([detection('198.51.100.3')]))[0]?.verdict, 'block')
  assert.equal(decider.published().length, 2)
})

test('every request of a person leaves its row in the audit log, with who and why', async () => {
  const { decider, repository } = await openBench()
  await decider.blocks.add({ target: '198.51.100.7', reason: 'abuse' }, 'anna')
  await decider.blocks.lift('198.51.100.7', 'ben', 'sorry')
  await decider.allow.add({ target: '198.51.100.7', reason: 'partner' }, 'anna')
  await decider.allow.remove('198.51.100.7', 'ben', 'over')
  await decider.engine.freeze('anna', 'window')
  await decider.engine.unfreeze('anna', 'done')
  await decider.engine.switch(false, 'anna', 'night')
  assert.deepEqual(
    repository.auditEntries.map(({ action, actor, reason }) => [action, actor, reason]),
    [
      ['block.add', 'anna', 'abuse'],
      ['block.lift', 'ben', 'sorry'],
      ['allow.add', 'anna', 'partner'],
      ['allow.remove', 'ben', 'over'],
      ['engine.freeze', 'anna', 'window'],
      ['engine.unfreeze', 'anna', 'done'],
      ['engine.off', 'anna', 'night'],
    ],
  )
})

test('rules are found by our names and by those of the older system, whatever their case', () => {
  assert.equal(parseRuleName('Port-Scan'), 'port-scan')
  assert.equal(parseRuleName('vulnerability scan V1'), 'threat')
  assert.equal(parseRuleName('user added'), 'manual')
  assert.equal(parseRuleName('Port Scan'), null)
})
