/** Which of some addresses are blocked or allowlisted, as the events screen asks for its rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../config/schema.ts'
import { openBench } from '../decide/decide-fixture.ts'
import type { Parts } from './parts.ts'
import { recordActions } from './record-actions.ts'

test('single addresses are told, of both families; networks and other text say nothing', async () => {
  const { decider } = await openBench()
  await decider.blocks.add({ target: '198.51.100.0/24', reason: 'x' }, 'ada')
  await decider.blocks.add({ target: '2001:db8:1::/64', reason: 'x' }, 'ada')
  await decider.allow.add({ target: '203.0.113.7', reason: 'x' }, 'ada')
  const parts = { clock: { nowMs: () => 0 } } as unknown as Parts
  const { addressStates } = recordActions(parts, defaultSettings, () => decider)
  const addresses = [
    '198.51.100.7',
    '2001:db8:1::5',
    '203.0.113.7',
    '203.0.113.8',
    '0.0.0.0/0',
    '198.51.100.0/24',
    'x',
  ]
  assert.deepEqual((await addressStates({ addresses }, { user: 'ada' })).states, [
    { address: '198.51.100.7', state: 'blocked', rule: 'manual' },
    { address: '2001:db8:1::5', state: 'blocked', rule: 'manual' },
    { address: '203.0.113.7', state: 'allowed', rule: null },
  ])
})
