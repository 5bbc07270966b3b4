/** The page's first sentence: it says that the site is protected only when it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOnlyWatching, protectionOf } from '../web/src/data/protection.ts'

const well = {
  engine: { state: 'on' },
  shadowRules: ['slowScan'],
  list: { lastFetchedAt: '2026-11-22T08:00:00.000Z' },
  input: { lagMs: 400 },
  firewalls: [{ state: 'late' }, { state: 'fresh' }],
} as const
const MAIN = ['portScan', 'hostSweep', 'threat']

test('protected is a site whose rules enforce and whose list a firewall fetched', () => {
  assert.equal(protectionOf(well), 'on')
  assert.equal(protectionOf({ ...well, firewalls: [] }), 'on')
})

test('without a line, without a fetch, with late firewalls or in shadow it is not', () => {
  const never = { lastFetchedAt: null }
  assert.equal(protectionOf({ ...well, list: never, input: { lagMs: null }, firewalls: [] }), 'noLines')
  assert.equal(protectionOf({ ...well, list: never, firewalls: [{ state: 'never' }] }), 'notFetched')
  assert.equal(protectionOf({ ...well, firewalls: [{ state: 'late' }, { state: 'never' }] }), 'stale')
  assert.equal(protectionOf({ ...well, shadowRules: MAIN }), 'shadow')
  assert.equal(isOnlyWatching({ ...well, shadowRules: MAIN.slice(1) }), false)
})

test('switched off or frozen goes before all else', () => {
  for (const state of ['off', 'frozen'] as const)
    assert.equal(protectionOf({ ...well, engine: { state }, shadowRules: MAIN }), state)
})
