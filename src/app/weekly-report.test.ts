import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decision, NOW_MS, put, StateFolder, stored } from '../store/state/state-fixture.ts'
import { topText, WEEK_MS, weeklyReport } from './weekly-report.ts'

const DAY_MS = 86_400_000

test('the week is told in numbers: blocks, lifts, rules, countries, fetches, and what never hit', async (t) => {
  const folder = new StateFolder()
  const state = folder.open()
  t.after(async () => {
    await state.close()
    folder.remove()
  })
  const at = (days: number): number => NOW_MS - days * DAY_MS
  const idle = decision('198.51.100.1', { createdAtMs: at(3), lastSeenAtMs: at(3), expiresAtMs: null })
  const busy = decision('198.51.100.2', {
    createdAtMs: at(3),
    lastSeenAtMs: at(1),
    expiresAtMs: null,
    rule: 'threat',
  })
  const lifted = decision('198.51.100.3', {
    createdAtMs: at(2),
    endedAtMs: at(1),
    endedBy: 'anna',
    endReason: 'x',
  })
  const old = decision('198.51.100.4', {
    createdAtMs: at(30),
    endedAtMs: at(2),
    endedBy: 'system',
    endReason: 'x',
  })
  const one = stored('198.51.100.1', { verdict: 'block', decisionId: idle.id })
  const foreign = { ...one, detection: { ...one.detection, sourceCountry: 'Testland' } }
  await state.commit([...[idle, busy, lifted, old].map(put), { kind: 'detection', stored: foreign }])
  const fetcher = { address: '192.0.2.9', fetches: 2016 }
  const notice = await weeklyReport(
    {
      state,
      fetchers: () => [
        {
          userAgent: '',
          firstMs: 0,
          lastMs: 0,
          incomplete: 0,
          lastRevision: 1,
          lastStatus: 200,
          recent: [],
          ...fetcher,
        },
      ],
      active: () => [idle, busy],
      countryOf: () => null,
      timeZone: 'UTC',
      link: null,
    },
    NOW_MS,
  )
  assert.equal(notice.title, 'Weekly report 2026-11-15 to 2026-11-22: 3 new blocks')
  assert.deepEqual(Object.fromEntries(notice.facts), {
    'New blocks': '3',
    'Held for review': '0',
    'Lifted by people': '1',
    'Ran out': '1',
    'Blocked now': '2',
    'Top rules': 'port-scan 2, threat 1',
    'Top countries': 'Testland 1',
    'Fetched the list most': '192.0.2.9 2016 times',
    'Never seen again once blocked': '1: 198.51.100.1 (since 2026-11-19)',
  })
  assert.equal(WEEK_MS, 7 * DAY_MS)
})

test('the first five names are told, the rest as one number', () => {
  assert.equal(topText([]), 'none')
  assert.equal(topText(['a', 'b', 'b', 'c', 'd', 'e', 'f', 'g']), 'b 2, a 1, c 1, d 1, e 1, others 2')
})
