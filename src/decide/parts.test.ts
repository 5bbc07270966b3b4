/** Many targets at once: the answers of one after the other, few transactions, and detectors' decisions in between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatNetwork } from '../lib/address.ts'
import type { StateChange } from '../model/state.ts'
import {
  type Bench,
  BreakableRepository,
  detection,
  network,
  NOW_MS,
  openBench,
  reopen,
} from './decide-fixture.ts'
import type { Decider } from './decider.ts'
import { MemoryRepository } from './memory-repository.ts'
import type { Outcome } from './outcome.ts'

const HOUR_MS = 3_600_000
const MANY = 600
const hosts = Array.from({ length: MANY }, (_, i) => `198.51.${100 + Math.floor(i / 250)}.${i % 250}`)
const listOf = (decider: Decider): string[] => decider.published().map(formatNetwork).sort()

/** Counts transactions, and fails from one on. */
class CountingRepository extends MemoryRepository {
  commits = 0
  failsFrom = Number.POSITIVE_INFINITY

  override async commit(changes: readonly StateChange[]): Promise<void> {
    if (++this.commits >= this.failsFrom) throw new Error('disk is gone')
    await super.commit(changes)
  }
}

test('an allow of many is durable, lifts whatever shares an address with them, and is audited one by one', async () => {
  const repository = new CountingRepository()
  const bench = await openBench({ 'networks.public': ['198.51.100.0/22'] }, { repository })
  const { decider } = bench
  for (const target of ['198.51.100.0/24', '198.51.101.3'])
    assert.ok((await decider.blocks.add({ target, reason: 'abuse' }, 'ben')).ok)
  await decider.decide([detection('198.51.102.7', { mode: 'shadow' }), detection('198.51.103.7')])
  assert.deepEqual(listOf(decider), ['198.51.100.0/24', '198.51.101.3', '198.51.103.7'])
  const before = { commits: repository.commits, audits: repository.auditEntries.length }
  const requests = hosts.map((target) => ({ target, reason: 'partner', untilMs: NOW_MS + HOUR_MS }))
  const outcomes = await decider.allow.addMany(requests, 'anna')
  const lifted = outcomes.flatMap((outcome, i) =>
    outcome.ok
      ? outcome.value.lifted.map(({ target }) => `${hosts[i]}: ${formatNetwork(target)}`)
      : ['refused'],
  )
  // The wide block went with the first address in it.
  assert.deepEqual(lifted, [
    '198.51.100.0: 198.51.100.0/24',
    '198.51.101.3: 198.51.101.3',
    '198.51.102.7: 198.51.102.7',
  ])
  assert.deepEqual(listOf(decider), ['198.51.103.7'])
  assert.ok(repository.commits - before.commits < MANY / 50, `${repository.commits} transactions`)
  const audits = repository.auditEntries.slice(before.audits)
  assert.deepEqual(
    audits.filter(({ action }) => action === 'allow.add').map(({ subject }) => subject),
    hosts,
  )
  assert.deepEqual(
    audits.filter(({ action }) => action === 'block.lift').map(({ subject, reason }) => [subject, reason]),
    [
      ['198.51.100.0/24', 'allowed: 198.51.100.0 (partner)'],
      ['198.51.101.3', 'allowed: 198.51.101.3 (partner)'],
      ['198.51.102.7', 'allowed: 198.51.102.7 (partner)'],
    ],
  )
  const again = await reopen({ ...bench, repository: new BreakableRepository() }, repository)
  assert.deepEqual(
    again.allow
      .list()
      .map(({ target }) => formatNetwork(target))
      .sort(),
    hosts.toSorted(),
  )
  assert.deepEqual(
    again.active().map(({ target }) => formatNetwork(target)),
    ['198.51.103.7'],
  )
})

test('a detection is decided between the parts of a long request', async () => {
  const { decider } = await openBench({ 'networks.public': ['198.51.100.0/22'] })
  const order: string[] = []
  const many = decider.blocks
    .addMany(
      hosts.map((target) => ({ target, reason: 'abuse' })),
      'anna',
    )
    .then(() => order.push('many'))
  const one = decider.decide([detection('198.51.103.7')]).then(() => order.push('one'))
  await Promise.all([many, one])
  assert.deepEqual(order, ['one', 'many'])
  assert.equal(decider.published().length, MANY + 1)
})

test('blocks leave the list while a long withdrawal goes on, which is told as one', async () => {
  const { decider, repository } = await openBench({
    'networks.public': ['198.51.100.0/22'],
    'decisions.maxPerMinute': 10_000,
  })
  await decider.decide(hosts.map((host) => detection(host)))
  assert.ok((await decider.blocks.add({ target: '198.51.103.1', reason: 'abuse' }, 'ben')).ok)
  const lengths: number[] = []
  decider.onListChange(() => lengths.push(decider.published().length))
  const withdrawing = decider.blocks.withdraw({ rule: 'port-scan' }, 'anna', 'a rule gone mad')
  const [one] = await decider.decide([detection('198.51.103.7', { rule: 'host-sweep' })])
  assert.equal(one?.verdict, 'block')
  const withdrawn = await withdrawing
  assert.ok(withdrawn.ok)
  assert.equal(withdrawn.value.decisions.length, MANY)
  assert.ok((lengths[0] ?? 0) < MANY && (lengths[0] ?? 0) > 2, String(lengths))
  assert.deepEqual(listOf(decider), ['198.51.103.1', '198.51.103.7'])
  const told = repository.auditEntries.filter(({ action }) => action === 'withdraw')
  assert.deepEqual(
    told.map(({ details }) => details),
    [{ sinceMs: null, rule: 'port-scan', device: null, count: MANY }],
  )
  const [again] = await decider.decide([detection(hosts[0] ?? '')])
  assert.equal(again?.verdict, 'refuse')
  assert.match(again.reason, /^anna lifted the block of 198\.51\.100\.0 .*\(a rule gone mad\)/)
})

test('who is seen while others of a long pass of expiry end stays on the list', async () => {
  const { decider, clock } = await openBench(
    { 'networks.public': ['198.51.100.0/22'], 'decisions.maxPerMinute': 10_000 },
    { guardsExpiry: false },
  )
  await decider.decide(hosts.map((host) => detection(host, { proof: 'handshake' })))
  assert.equal(decider.published().length, MANY)
  const spared = hosts.at(-1) ?? ''
  clock.advance(400 * 24 * HOUR_MS)
  const lengths: number[] = []
  decider.onListChange(() => {
    lengths.push(decider.published().length)
    decider.seen([{ target: network(spared), lastSeenAtMs: clock.nowMs(), count: 1 }])
  })
  const expired = await decider.expireNow()
  assert.ok(lengths.length > 1 && (lengths[0] ?? 0) > 1, String(lengths))
  assert.equal(expired.ended, MANY - 1)
  assert.deepEqual(listOf(decider), [spared])
})

test('when the state fails in the middle, what was written is in effect, the rest is not, and it is told how many', async () => {
  const repository = new CountingRepository()
  const bench = await openBench({ 'networks.public': ['198.51.100.0/22'] }, { repository })
  repository.failsFrom = 2
  const adding = bench.decider.blocks.addMany(
    hosts.map((target) => ({ target, reason: 'abuse' })),
    'anna',
  )
  const told = await adding.then(
    () => '',
    (thrown: Error) => thrown.message,
  )
  const count = bench.decider.published().length
  assert.ok(count > 0 && count < MANY)
  assert.equal(
    told,
    `${count} of ${MANY} targets are changed, the others not: the state could not be written (disk is gone)`,
  )
  const again = await reopen({ ...bench, repository: new BreakableRepository() }, repository)
  assert.deepEqual(listOf(again), listOf(bench.decider))
})

const UNIVERSE = [
  '198.51.100.0/24',
  '198.51.100.0/28',
  '198.51.100.1',
  '198.51.100.2',
  '198.51.100.99',
  '198.51.101.1',
  '198.51.100.1/24',
  'nonsense',
  '10.0.0.1',
]
type Many = (decider: Decider, targets: readonly string[]) => Promise<Outcome<unknown>[]>
const KINDS: Readonly<Record<string, Many>> = {
  allow: (decider, targets) =>
    decider.allow.addMany(
      targets.map((target) => ({ target, reason: 'partner' })),
      'anna',
    ),
  unallow: (decider, targets) => decider.allow.removeMany(targets, 'anna', 'over'),
  lift: (decider, targets) => decider.blocks.liftMany(targets, 'anna', 'mistake'),
  extend: (decider, targets) => decider.blocks.extendMany(targets, NOW_MS + HOUR_MS, 'anna', 'longer'),
  release: (decider, targets) => decider.blocks.releaseMany(targets, 'anna', 'real'),
  tag: (decider, targets) =>
    decider.tags.change(targets, { add: ['botnet'], remove: [] }, 'anna', 'seen at a partner'),
  refuse: (decider, targets) => decider.blocks.refuseMany(targets, 'anna', 'customer'),
}

interface Begun {
  readonly bench: Bench
  /** What is seen of the outcomes and of the state, without ids. */
  readonly seen: (outcomes: readonly Outcome<unknown>[]) => unknown
}

async function begin(steps: readonly (readonly [string, string])[]): Promise<Begun> {
  const bench = await openBench({ 'networks.public': ['198.51.100.0/22'] })
  const { decider, repository } = bench
  for (const [kind, target] of steps) {
    if (kind === 'allow') await decider.allow.add({ target, reason: 'before' }, 'ben')
    else if (kind === 'block') await decider.blocks.add({ target, reason: 'before' }, 'ben')
    else if (target.includes('/') || !target.startsWith('198.')) continue
    else if (kind === 'hold') {
      await decider.engine.freeze('ben', 'x')
      await decider.decide([detection(target)])
      await decider.engine.unfreeze('ben', 'x')
    } else await decider.decide([detection(target, { mode: kind === 'shadow' ? 'shadow' : 'enforce' })])
  }
  const seen = (outcomes: readonly Outcome<unknown>[]): unknown =>
    JSON.parse(
      JSON.stringify({
        outcomes,
        list: listOf(decider),
        active: decider
          .active()
          .map(({ target, mode, origin }) => `${formatNetwork(target)} ${mode} ${origin}`)
          .sort(),
        allow: decider.allow
          .list()
          .map(({ target }) => formatNetwork(target))
          .sort(),
        audit: repository.auditEntries.map(({ action, subject, reason, details }) => [
          action,
          subject,
          reason,
          details,
        ]),
      }).replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/g, 'id'),
    )
  return { bench, seen }
}

for (const [kind, many] of Object.entries(KINDS))
  test(`${kind} of many does what the same would do one after the other`, async () => {
    const target = fc.constantFrom(...UNIVERSE)
    const step = fc.tuple(fc.constantFrom('allow', 'block', 'hold', 'shadow', 'detect'), target)
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 8 }),
        fc.array(target, { minLength: 1, maxLength: 8 }),
        async (steps, targets) => {
          const [together, apart] = [await begin(steps), await begin(steps)]
          const outcomes = await many(together.bench.decider, targets)
          const each: Outcome<unknown>[] = []
          for (const one of targets) each.push(...(await many(apart.bench.decider, [one])))
          assert.deepEqual(together.seen(outcomes), apart.seen(each))
        },
      ),
      { numRuns: 150 },
    )
  })
