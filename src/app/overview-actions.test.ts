/** The first screen's answer: what counts as blocked today, and a log store that is stuck. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../config/schema.ts'
import { openBench } from '../decide/decide-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { overviewActions } from './overview-actions.ts'
import type { Parts } from './parts.ts'

function partsWith(changes: object): Parts {
  return {
    startedAtMs: 0,
    enforcement: null,
    list: { snapshot: { entries: 2 } },
    fetches: { fetchers: () => [] },
    logs: null,
    pipeline: null,
    alarms: { active: () => [] },
    ...changes,
  } as unknown as Parts
}

test('today begins at midnight of the time zone that is set, whatever the zone of the machine', async () => {
  const { decider, clock } = await openBench()
  const parts = partsWith({ clock })
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

test('a log store that is stuck is not waited for without end: the rest is told', async () => {
  const { decider, clock } = await openBench()
  const failed: string[] = []
  const stuck = async function* (...[, , signal]: [string, object, AbortSignal]): AsyncGenerator<never[]> {
    yield await new Promise<never[]>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')))
      signal.dispatchEvent(new Event('abort')) // instead of waiting for its time
    })
  }
  const parts = partsWith({
    clock,
    logs: { isReady: true, client: { query: stuck } },
    events: { partFailed: (_part: string, _what: string, why: string) => failed.push(why) },
  })
  const { overview } = overviewActions(
    parts,
    () => decider,
    () => ({ decisions: async () => [] }) as unknown as StateStore,
    defaultSettings,
  )
  const { surge, list } = await overview({}, { user: 'ada' })
  assert.equal(surge, null)
  assert.equal(list.entries, 2)
  assert.deepEqual(failed, ['given up'])
})

test('a log store that is slow is waited for once; afterwards its last answer is told while it is asked again', async () => {
  const { decider, clock } = await openBench()
  let asked = 0
  const slowAfterOnce = async function* (): AsyncGenerator<{ quarter: number; n: number }[]> {
    if (asked++ > 0) await new Promise(() => {})
    yield [{ quarter: 16, n: 900 }]
  }
  const parts = partsWith({
    clock,
    logs: { isReady: true, client: { query: slowAfterOnce } },
    events: { partFailed: () => assert.fail('nothing failed') },
  })
  const { overview } = overviewActions(
    parts,
    () => decider,
    () => ({ decisions: async () => [] }) as unknown as StateStore,
    defaultSettings,
  )
  const first = await overview({}, { user: 'ada' })
  clock.advance(31_000)
  const second = await overview({}, { user: 'ada' })
  assert.equal(asked, 2)
  assert.deepEqual(second.surge, first.surge)
  assert.notEqual(second.at, first.at)
})
