/** Verdicts: the precedence of the guards, the life of a decision, the brakes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import { detection, network, NOW_MS, openBench, reopen } from './decide-fixture.ts'
import type { Decider } from './decider.ts'
import type { Judgement } from './judge.ts'

const MONTH_MS = 30 * 86_400_000
const HOUR_MS = 3_600_000

async function verdict(decider: Decider, found: Detection): Promise<Judgement> {
  const [judgement] = await decider.decide([found])
  assert.ok(judgement)
  return judgement
}

const listOf = (decider: Decider): string[] => decider.published().map(formatNetwork).sort()

test('a scanner is blocked, with the numbers of its rule as the reason, and is on the list', async () => {
  const { decider, repository } = await openBench()
  const judged = await verdict(decider, detection('198.51.100.7'))
  assert.equal(judged.verdict, 'block')
  assert.equal(judged.reason, 'reached 11 ports of 203.0.113.10 within 10 minutes (more than 10 allowed)')
  assert.equal(judged.decision?.expiresAtMs, NOW_MS + MONTH_MS)
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
  const [audited] = repository.auditEntries
  assert.deepEqual(
    [audited?.action, audited?.actor, audited?.subject],
    ['decision.block', 'system', '198.51.100.7'],
  )
  const stored = await repository.detections({ decisionId: judged.decision?.id ?? '', limit: 9 })
  assert.deepEqual(stored[0]?.detection.evidence, judged.detection.evidence)
})

test('the reasons of a sweep and of a threat name what was reached', async () => {
  const { decider } = await openBench()
  const sweep = detection('198.51.100.8', { rule: 'host-sweep', destination: null, port: 22, count: 10 })
  assert.equal(
    (await verdict(decider, sweep)).reason,
    'reached port 22 of 10 addresses within 10 minutes (10 or more convict)',
  )
  const witnesses = [{ value: 'Bad\u001b[31m \u202eThing', atMs: NOW_MS }]
  const threat = detection('198.51.100.9', { rule: 'threat', threshold: 1, windowSeconds: null, witnesses })
  assert.equal(
    (await verdict(decider, threat)).reason,
    'sent a threat of severity critical against 203.0.113.10: Bad [31m  Thing',
  )
})

for (const [source, why] of [
  ['8.8.8.8', /Google Public DNS/],
  ['10.0.0.1', /10\.0\.0\.0\/8, private use/],
  ['192.0.2.77', /your own networks/],
  ['192.0.2.255', /sentinel/],
  ['224.0.0.5', /multicast/],
  ['2002:0a00:0001::/64', /6to4.*10\.0\.0\.1.*private use/],
  ['64:ff9b::/64', /contains 64:ff9b::\/96|NAT64/],
] as const) {
  test(`a scan from ${source} is refused with the reason`, async () => {
    const { decider } = await openBench({
      'networks.own': ['192.0.2.0/25'],
      'networks.public': ['192.0.2.0/24', '2002::/16'],
    })
    const judged = await verdict(decider, detection(source))
    assert.equal(judged.verdict, 'refuse')
    assert.match(judged.reason, why)
    assert.deepEqual(listOf(decider), [])
  })
}

test('an IPv4-mapped source is the IPv4 address, for the guards and on the list', async () => {
  const { decider } = await openBench()
  assert.equal((await verdict(decider, detection('::ffff:10.0.0.1'))).verdict, 'refuse')
  await verdict(decider, detection('::ffff:198.51.100.7'))
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
})

test('protected goes before allowlisted: the reason names the guard that is never lifted', async () => {
  const { decider } = await openBench()
  await decider.allow.add({ target: '8.8.8.0/24', reason: 'resolvers' }, 'anna')
  assert.match((await verdict(decider, detection('8.8.8.8'))).reason, /Google Public DNS/)
})

test('protected goes before a block by hand and before a detector', async () => {
  const { decider } = await openBench({ 'decisions.protected': ['198.51.100.0/28'] })
  const byHand = await decider.blocks.add({ target: '198.51.100.7', reason: 'no' }, 'anna')
  assert.equal(byHand.ok, false)
  assert.equal(byHand.ok === false && byHand.code, 'protected')
  assert.match((await verdict(decider, detection('198.51.100.7'))).reason, /decisions\.protected/)
})

test('allowlisted goes before a block by hand and before a detector', async () => {
  const { decider } = await openBench()
  await decider.allow.add({ target: '198.51.100.0/28', reason: 'partner' }, 'anna')
  const byHand = await decider.blocks.add({ target: '198.51.100.7', reason: 'no' }, 'anna')
  assert.equal(byHand.ok === false && byHand.code, 'allowlisted')
  const judged = await verdict(decider, detection('198.51.100.7'))
  assert.equal(judged.verdict, 'refuse')
  assert.match(judged.reason, /allowlist holds 198\.51\.100\.0\/28 \(partner; by anna/)
})

test('an allowed /64 shields a single address of it, and an allowed address shields its /64', async () => {
  const { decider } = await openBench()
  await decider.allow.add({ target: '2001:db8:1:1::5', reason: 'partner' }, 'anna')
  assert.equal((await verdict(decider, detection('2001:db8:1:1::/64'))).verdict, 'refuse')
  await decider.allow.add({ target: '2001:db8:1:2::/64', reason: 'partner' }, 'anna')
  assert.equal((await verdict(decider, detection('2001:db8:1:2::9'))).verdict, 'refuse')
})

test('a block by hand goes before a detector: the detector finds it blocked already', async () => {
  const { decider } = await openBench()
  await decider.blocks.add({ target: '198.51.100.0/24', reason: 'hosting' }, 'anna')
  const judged = await verdict(decider, detection('198.51.100.7'))
  assert.equal(judged.verdict, 'none')
  assert.match(judged.reason, /198\.51\.100\.0\/24 is already blocked since .* by hand \(hosting\)/)
  assert.deepEqual(listOf(decider), ['198.51.100.0/24'])
})

test('a second rule against a blocked source refreshes it and blocks nothing new', async () => {
  const { decider, clock } = await openBench()
  const first = await verdict(decider, detection('198.51.100.7'))
  clock.advance(HOUR_MS)
  const later = detection('198.51.100.7', { rule: 'host-sweep', receivedAtMs: NOW_MS + HOUR_MS })
  const judged = await verdict(decider, later)
  assert.equal(judged.verdict, 'none')
  assert.match(judged.reason, /already blocked since 2026-11-22 12:00:00 UTC by port-scan/)
  assert.equal(judged.decision?.id, first.decision?.id)
  assert.equal(judged.decision?.expiresAtMs, NOW_MS + HOUR_MS + MONTH_MS)
})

test('two detections of one source in one batch make one block', async () => {
  const { decider } = await openBench()
  const judged = await decider.decide([
    detection('198.51.100.7'),
    detection('198.51.100.7', { rule: 'threat' }),
  ])
  assert.deepEqual(
    judged.map((one) => one.verdict),
    ['block', 'none'],
  )
  assert.equal(decider.counters().blocks, 1)
})

test('an internal scanner is reported and never blocked', async () => {
  const { decider } = await openBench()
  const judged = await verdict(decider, detection('10.0.0.5', { lateral: true }))
  assert.equal(judged.verdict, 'none')
  assert.match(judged.reason, /from inside/)
})

test('a rule in shadow mode notes once what it would have blocked', async () => {
  const { decider } = await openBench()
  const shadow = detection('198.51.100.7', { mode: 'shadow' })
  const first = await verdict(decider, shadow)
  const second = await verdict(decider, shadow)
  assert.deepEqual([first.verdict, second.verdict], ['none', 'none'])
  assert.match(first.reason, /shadow mode/)
  assert.equal(first.decision?.id, second.decision?.id)
  assert.equal(decider.active({ mode: 'shadow' }).length, 1)
  assert.deepEqual(listOf(decider), [])
})

test('while the engine is off no detector blocks; what is blocked stays, over a restart too', async () => {
  const bench = await openBench()
  await verdict(bench.decider, detection('198.51.100.7'))
  await bench.decider.engine.switch(false, 'anna', 'maintenance')
  const judged = await verdict(bench.decider, detection('198.51.100.8'))
  assert.equal(judged.verdict, 'none')
  assert.match(judged.reason, /engine is off since .* by anna/)
  const again = await reopen(bench)
  assert.equal(again.engine.flags.on, false)
  assert.deepEqual(listOf(again), ['198.51.100.7'])
  await again.engine.switch(true, 'anna', 'done')
  assert.equal((await verdict(again, detection('198.51.100.8'))).verdict, 'block')
})

test('more new blocks than the brake allows in a minute are held with an alarm, and the list stays', async () => {
  const { decider, clock, alarms } = await openBench({ 'decisions.maxPerMinute': 3 })
  const found = Array.from({ length: 5 }, (_, i) => detection(`198.51.100.${i + 1}`))
  const judged = await decider.decide(found)
  assert.deepEqual(
    judged.map((one) => one.verdict),
    ['block', 'block', 'block', 'hold', 'hold'],
  )
  assert.match(judged[4]?.reason ?? '', /more than 3 new blocks within a minute/)
  assert.ok(alarms.codes.includes('brake'))
  assert.deepEqual(listOf(decider), ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
  assert.match((await verdict(decider, detection('198.51.100.5'))).reason, /already waits for review/)
  clock.advance(60_000)
  assert.equal((await verdict(decider, detection('198.51.100.9'))).verdict, 'block')
  await decider.tick()
  assert.ok(alarms.codes.includes('brake'), 'it stands while something waits')
  await decider.blocks.releaseAll('anna', 'real')
  await decider.tick()
  assert.ok(!alarms.codes.includes('brake'))
})

test('a detector that wants more than one address or a /64 is held', async () => {
  const { decider } = await openBench()
  assert.equal((await verdict(decider, detection('198.51.100.0/24'))).verdict, 'hold')
  assert.equal((await verdict(decider, detection('2001:db8:1::/48'))).verdict, 'hold')
  const narrow = await verdict(decider, detection('2001:db8:1:1::/64'))
  assert.deepEqual([narrow.verdict, narrow.decision?.scope], ['block', 'range'])
})

test('lines from a blocked source keep it blocked, and their stamps are written within seconds', async () => {
  const bench = await openBench()
  const { decider, clock, repository } = bench
  await verdict(decider, detection('198.51.100.7'))
  clock.advance(20 * 86_400_000)
  decider.seen([{ target: network('198.51.100.7'), lastSeenAtMs: clock.nowMs(), count: 3 }])
  await decider.tick()
  const [stored] = await repository.decisions({ state: 'active', limit: 1 })
  assert.equal(stored?.lastSeenAtMs, clock.nowMs())
  assert.equal(stored?.expiresAtMs, clock.nowMs() + MONTH_MS)
})

test('a line stamped in the future does not lengthen a block beyond now', async () => {
  const { decider, clock } = await openBench()
  await verdict(decider, detection('198.51.100.7'))
  decider.seen([{ target: network('198.51.100.7'), lastSeenAtMs: NOW_MS * 2, count: 1 }])
  assert.equal(decider.active()[0]?.lastSeenAtMs, clock.nowMs())
})

test('a block that nobody has seen for a month of 30 days ends, and its end says why', async () => {
  const { decider, clock, repository } = await openBench()
  await verdict(decider, detection('198.51.100.7'))
  clock.advance(MONTH_MS - 1)
  await decider.tick()
  assert.deepEqual(listOf(decider), ['198.51.100.7'])
  clock.advance(60_001)
  await decider.tick()
  assert.deepEqual(listOf(decider), [])
  const [ended] = await repository.decisions({ state: 'ended', limit: 1 })
  assert.equal(ended?.endedBy, 'system')
  assert.match(ended?.endReason ?? '', /not seen for 30 days/)
})

test('a pass that would take much of the list off at once is held until a person confirms', async () => {
  const { decider, clock, alarms } = await openBench()
  await decider.decide(Array.from({ length: 30 }, (_, i) => detection(`198.51.100.${i + 1}`)))
  clock.advance(10 * 365 * 86_400_000)
  assert.deepEqual(await decider.expireNow(), { ended: 0, held: 30 })
  assert.ok(alarms.codes.includes('mass-expiry'))
  assert.equal(decider.published().length, 30)
  assert.deepEqual(await decider.expireNow('anna'), { ended: 30, held: 0 })
  assert.equal(decider.published().length, 0)
  assert.ok(!alarms.codes.includes('mass-expiry'))
})

test('a clock that ran ahead and came back leaves no block for ever', async () => {
  const { decider, clock } = await openBench()
  const ahead = NOW_MS + 10 * 365 * 86_400_000
  clock.set(ahead)
  await verdict(decider, detection('198.51.100.7', { receivedAtMs: ahead }))
  clock.set(NOW_MS)
  await decider.expireNow()
  assert.equal(decider.active()[0]?.expiresAtMs, NOW_MS + MONTH_MS)
})

test('a shorter life by setting applies to what is blocked already', async () => {
  const { decider } = await openBench({ 'retention.inactiveMonths': 2 })
  await verdict(decider, detection('198.51.100.7'))
  const { rules } = await import('./decide-fixture.ts')
  decider.configure(rules())
  assert.equal(decider.active()[0]?.expiresAtMs, NOW_MS + MONTH_MS)
})

test('an administrator who signs in from a blocked address takes it off the list at once', async () => {
  const signedIn = new Set<string>()
  const { decider } = await openBench({}, { protectionSources: { administrators: () => signedIn } })
  await verdict(decider, detection('198.51.100.7'))
  signedIn.add('198.51.100.7')
  decider.refreshSources()
  assert.deepEqual(listOf(decider), [])
  assert.match(decider.refuse(network('198.51.100.7')) ?? '', /signed-in administrator/)
})

test('listeners hear each change of the list once', async () => {
  const { decider } = await openBench()
  const heard: string[] = []
  decider.onListChange(({ added, removed }) => {
    heard.push(
      ...added.map((one) => `+${formatNetwork(one)}`),
      ...removed.map((one) => `-${formatNetwork(one)}`),
    )
  })
  await verdict(decider, detection('198.51.100.7'))
  await verdict(decider, detection('198.51.100.7'))
  await decider.blocks.lift('198.51.100.7', 'anna', 'mistake')
  assert.deepEqual(heard, ['+198.51.100.7', '-198.51.100.7'])
})

test('ended decisions and detections go by retention, the evidence of active ones stays', async () => {
  const { decider, clock, repository } = await openBench({ 'decisions.graceHours': 0 })
  await decider.decide([detection('198.51.100.7'), detection('198.51.100.8'), detection('10.0.0.1')])
  await decider.blocks.lift('198.51.100.8', 'anna', 'mistake')
  clock.advance(4 * MONTH_MS)
  assert.deepEqual(await decider.prune(), { decisions: 1, detections: 2 })
  const left = await repository.detections({ limit: 9 })
  assert.deepEqual(
    left.map((stored) => stored.detection.sourceAddress),
    ['198.51.100.7'],
  )
})

test('what was judged before a restart is not judged again, and what was not is', async () => {
  const bench = await openBench()
  const threat = detection('198.51.100.7', {
    rule: 'threat',
    destination: '203.0.113.10',
    windowSeconds: null,
  })
  await bench.decider.engine.switch(false, 'anna', 'maintenance')
  await bench.decider.decide([threat])
  await bench.decider.engine.switch(true, 'anna', 'done')
  const decider = await reopen(bench)
  const others = [
    { ...threat, detectedAtMs: NOW_MS - 3_600_000 },
    { ...threat, destination: '203.0.113.11' },
    detection('198.51.100.7'),
    detection('198.51.100.8'),
  ]
  assert.deepEqual(
    await decider.unjudged([threat, { ...threat, detectedAtMs: NOW_MS - 5000 }, ...others]),
    others,
  )
})

test('what cannot be looked up counts as not judged, with an alarm', async () => {
  const { decider, repository, alarms } = await openBench()
  repository.detections = () => Promise.reject(new Error('disk is gone'))
  const found = [detection('198.51.100.7')]
  assert.deepEqual(await decider.unjudged(found), found)
  assert.ok(alarms.codes.includes('judgements-not-read'))
})
