/** The first screen's answer: what counts as blocked today. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../config/schema.ts'
import { openBench } from '../decide/decide-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { overviewActions } from './overview-actions.ts'
import type { Parts } from './parts.ts'

test('today begins at midnight of the time zone that is set, whatever the zone of the machine', async () => {
  const { decider, clock } = await openBench()
  const parts = {
    clock,
    startedAtMs: clock.nowMs(),
    enforcement: null,
    list: { snapshot: { entries: 2 } },
    fetches: { fetchers: () => [] },
    logs: null,
    pipeline: null,
    alarms: { active: () => [] },
  } as unknown as Parts
  const state = { decisions: async () => [] } as unknown as StateStore
  for (const timeZone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC']) {
    const settings = { ...defaultSettings(), 'time.zone': timeZone }
    const day = (ms: number): string => new Date(ms).toLocaleDateString('en', { timeZone })
    const atMs = clock.nowMs()
    while (day(clock.nowMs()) === day(atMs)) clock.advance(600_000)
    clock.advance(-1)
    await decider.blocks.add({ target: '198.51.100.1', reason: 'yesterday' }, 'ada')
    clock.advance(1)
    await decider.blocks.add({ target: '198.51.100.2', reason: 'today' }, 'ada')
    const { overview } = overviewActions(
      parts,
      () => decider,
      () => state,
      () => settings,
    )
    const { today, blocks } = await overview({}, { user: 'ada' })
    assert.deepEqual(
      today.map(({ target }) => target),
      ['198.51.100.2'],
      timeZone,
    )
    assert.equal(blocks.added, 2)
    for (const target of ['198.51.100.1', '198.51.100.2']) await decider.blocks.lift(target, 'ada', 'x')
  }
})
