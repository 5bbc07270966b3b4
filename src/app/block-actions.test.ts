/** What people do to blocks, over the contract: wide networks want to be confirmed, trials say so, tags are found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection, openBench } from '../decide/decide-fixture.ts'
import { StateFolder } from '../store/state/state-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { allowActions, blockActions } from './block-actions.ts'

const ADA = { user: 'ada' }
const WIDE = '2001:db8:10::/47'

test('a wide network is refused until it is confirmed, in trials too, for blocks and for the allowlist', async () => {
  const { decider } = await openBench()
  const blocks = blockActions(
    () => decider,
    () => ({}) as StateStore,
  )
  const allow = allowActions(() => decider)
  for (const [add, word] of [
    [blocks.addBlocks, 'blocked'],
    [allow.addAllow, 'allowed'],
  ] as const)
    for (const dryRun of [true, false]) {
      const input = { targets: [WIDE, '192.0.2.7'], reason: 'x', until: null, dryRun }
      const refused = await add(input, ADA)
      assert.deepEqual(
        refused.results.map(({ outcome, canConfirm }) => [outcome, canConfirm]),
        [
          ['refused', true],
          ['done', undefined],
        ],
        word,
      )
      const confirmed = await add({ ...input, targets: [WIDE], confirmWide: true }, ADA)
      assert.equal(confirmed.results[0]?.outcome, 'done', word)
      const [tooWide] = (await add({ ...input, targets: ['2000::/7'], confirmWide: true }, ADA)).results
      assert.deepEqual([tooWide?.outcome, tooWide?.canConfirm], ['refused', undefined])
    }
})

test('a trial of an allow says what it would lift, the newest first, and lifts nothing', async () => {
  const { decider, clock } = await openBench()
  const allow = allowActions(() => decider)
  for (const target of ['198.51.100.9', '198.51.100.8']) {
    await decider.decide([detection(target, { mode: 'shadow' })])
    clock.advance(1000)
  }
  await decider.engine.freeze('ben', 'change window')
  await decider.decide([detection('198.51.100.7')])
  await decider.engine.unfreeze('ben', 'done')
  for (const target of ['198.51.100.8', '198.51.100.0/28']) {
    clock.advance(1000)
    await decider.blocks.add({ target, reason: 'abuse' }, 'ben')
  }
  const active = decider.active()
  const input = { reason: 'partner', until: null }
  const targets = ['198.51.100.0/25', '198.51.100.7', '203.0.113.7', 'fe80::/10']
  const trial = await allow.addAllow({ ...input, targets, dryRun: true }, ADA)
  assert.deepEqual(trial, {
    dryRun: true,
    results: [
      {
        target: '198.51.100.0/25',
        outcome: 'done',
        message:
          'would be allowed; would lift 198.51.100.0/28, 198.51.100.8, 198.51.100.7, 198.51.100.8, 198.51.100.9',
      },
      {
        target: '198.51.100.7',
        outcome: 'done',
        message: 'would be allowed; would lift 198.51.100.0/28, 198.51.100.7',
      },
      { target: '203.0.113.7', outcome: 'done', message: 'would be allowed' },
      {
        target: 'fe80::/10',
        outcome: 'refused',
        message: 'fe80::/10 is wider than /19: refused as unsafe',
      },
    ],
  })
  assert.deepEqual(decider.active(), active)
  assert.deepEqual(decider.allow.list(), [])
  const done = await allow.addAllow({ ...input, targets: ['198.51.100.0/25'], dryRun: false }, ADA)
  assert.equal(
    done.results[0]?.message,
    'allowed; lifted 198.51.100.8, 198.51.100.0/28, 198.51.100.7, 198.51.100.9, 198.51.100.8',
  )
})

test('what was done to many is in the state database when it is answered', async (t) => {
  const folder = new StateFolder()
  t.after(() => folder.remove())
  const state = folder.open()
  t.after(() => state.close())
  const { decider } = await openBench({ 'networks.public': ['2001:db8::/32'] }, { repository: state })
  const actions = {
    ...blockActions(
      () => decider,
      () => state,
    ),
    ...allowActions(() => decider),
  }
  const targets = Array.from({ length: 600 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`)
  const common = { reason: 'x', dryRun: false }
  /** As a process would find it that starts after this one was killed. */
  const found = async (): Promise<readonly [blocks: number, allowed: number, graces: number]> => {
    const other = folder.open()
    const { decisions, allow, graces } = await other.load()
    const isWhole = await other.verifyAudit()
    await other.close()
    assert.equal(isWhole.ok, true)
    return [decisions.length, allow.length, graces.length]
  }
  await actions.addBlocks({ ...common, targets, until: null }, ADA)
  assert.deepEqual(await found(), [600, 0, 0])
  await actions.removeBlocks({ ...common, targets: targets.slice(0, 300) }, ADA)
  assert.deepEqual(await found(), [300, 0, 300])
  await actions.addAllow({ ...common, targets, until: null }, ADA)
  assert.deepEqual(await found(), [0, 600, 300])
  await actions.removeAllow({ ...common, targets: targets.slice(100) }, ADA)
  assert.deepEqual(await found(), [0, 100, 300])
  assert.equal(await state.auditHead(), 600 + 300 + (600 + 300) + 500)
})

test('a trial of lifting names what stands: blocks and held ones, and of held ones only those where they are released', async () => {
  const { decider } = await openBench()
  const blocks = blockActions(
    () => decider,
    () => ({}) as StateStore,
  )
  await decider.decide([detection('198.51.100.9', { mode: 'shadow' })])
  await decider.engine.freeze('ben', 'change window')
  await decider.decide([detection('198.51.100.7')])
  await decider.engine.unfreeze('ben', 'done')
  await decider.blocks.add({ target: '198.51.100.0/28', reason: 'abuse' }, 'ben')
  const targets = ['198.51.100.0/28', '198.51.100.7', '198.51.100.9']
  const before = decider.active()
  const told = async (act: typeof blocks.removeBlocks): Promise<string[]> => {
    const { results } = await act({ targets, reason: 'x', dryRun: true }, ADA)
    return results.map(({ outcome, message }) => `${outcome}: ${message.split(':')[0]}`)
  }
  assert.deepEqual(await told(blocks.removeBlocks), [
    'done: would be lifted',
    'done: would be lifted',
    'not-found: there is no such block',
  ])
  for (const [act, word] of [
    [blocks.releaseHeld, 'released'],
    [blocks.refuseHeld, 'refused'],
  ] as const)
    assert.deepEqual(await told(act), [
      'not-found: there is no such block',
      `done: would be ${word}`,
      'not-found: there is no such block',
    ])
  assert.deepEqual(decider.active(), before)
})
