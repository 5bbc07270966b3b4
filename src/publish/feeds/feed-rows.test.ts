import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../../lib/address.ts'
import { entry, NOW_MS, packed } from './feed-fixture.ts'

test('a merged row is named by its most valuable decision and ends with the first of them', () => {
  const [row, ...rest] = packed([
    entry('198.51.100.2', { decisionId: 'a', hits: 1, expiresAtMs: NOW_MS + 5, createdAtMs: 7 }),
    entry('198.51.100.3', { decisionId: 'b', hits: 9, expiresAtMs: null, lastSeenAtMs: NOW_MS }),
  ])
  assert.equal(rest.length, 0)
  assert.ok(row !== undefined)
  assert.equal(formatNetwork(row.network), '198.51.100.2/31')
  assert.equal(row.lead.decisionId, 'b')
  assert.deepEqual([row.decisions, row.createdAtMs, row.lastSeenAtMs], [2, 7, NOW_MS])
  assert.equal(row.expiresAtMs, NOW_MS + 5)
})

test('several decisions for the same network last as long as the longest of them', () => {
  const rows = packed([
    entry('198.51.100.0/24', { decisionId: 'c', expiresAtMs: NOW_MS + 9 }),
    entry('198.51.100.0/24', { decisionId: 'b', expiresAtMs: NOW_MS + 20 }),
    entry('198.51.100.7', { decisionId: 'z', expiresAtMs: NOW_MS + 1 }),
  ])
  assert.deepEqual(
    rows.map(({ expiresAtMs, decisions, lead }) => [expiresAtMs, decisions, lead.decisionId]),
    [[NOW_MS + 20, 3, 'b']],
  )
})
