/** What people do to blocks, over the contract: wide networks want to be confirmed, trials say so, tags are found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBench } from '../decide/decide-fixture.ts'
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
