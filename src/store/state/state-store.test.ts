/** The state database: what is written comes back, transactions, retention, the chain of the audit log. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { formatNetwork } from '../../lib/address.ts'
import { AppError } from '../../lib/errors.ts'
import type { StateChange } from '../../model/state.ts'
import { audit, decision, network, NOW_MS, put, StateFolder, stored } from './state-fixture.ts'

let state: StateFolder
beforeEach(() => {
  state = new StateFolder()
})
afterEach(() => state.remove())

/** A second connection, as an intruder or a shell would have. */
function tamper(sql: string): void {
  const db = new DatabaseSync(state.path)
  db.exec(sql)
  db.close()
}

test('all that is written comes back after a restart, field by field', async () => {
  const first = state.open()
  assert.equal(first.openedFresh, true)
  const block = decision('198.51.100.7', { severity: 'high', country: 'Testland' })
  const graded = { severity: 'critical', country: 'Österreich' } as const
  const range = decision('2001:db8:1::/64', {
    scope: 'range',
    origin: 'manual',
    rule: null,
    proof: null,
    expiresAtMs: null,
  })
  const entry = {
    id: 'allow-1',
    target: network('203.0.113.0/24'),
    reason: 'partner',
    createdAtMs: NOW_MS,
    createdBy: 'anna',
    expiresAtMs: null,
  }
  const grace = {
    target: network('198.51.100.9'),
    untilMs: NOW_MS + 5,
    createdAtMs: NOW_MS,
    by: 'anna',
    reason: 'x',
  }
  const flags = {
    on: false,
    onChangedAtMs: NOW_MS,
    onChangedBy: 'anna',
    onReason: 'night',
    frozen: true,
    frozenChangedAtMs: NOW_MS,
    frozenChangedBy: 'ben',
    frozenReason: 'window',
  }
  await first.commit([
    put(block),
    put(range),
    { kind: 'allow', entry },
    { kind: 'grace', grace },
    { kind: 'engine', flags },
    { kind: 'detection', stored: stored('198.51.100.7') },
    { kind: 'seen', id: block.id, lastSeenAtMs: NOW_MS + 7, expiresAtMs: NOW_MS + 8 },
    { kind: 'graded', id: block.id, ...graded },
    { kind: 'tagged', id: range.id, tags: ['botnet', 'Müll'] },
  ])
  await first.close()
  const again = state.open()
  assert.equal(again.openedFresh, false)
  assert.deepEqual(again.findings, [])
  const snapshot = await again.load()
  const seen = { ...block, ...graded, lastSeenAtMs: NOW_MS + 7, expiresAtMs: NOW_MS + 8 }
  assert.deepEqual(new Set(snapshot.decisions), new Set([seen, { ...range, tags: ['botnet', 'Müll'] }]))
  assert.deepEqual(snapshot.allow, [entry])
  assert.deepEqual(snapshot.graces, [grace])
  assert.deepEqual(snapshot.engine, flags)
  assert.deepEqual(await again.detections({ limit: 5 }), [stored('198.51.100.7')])
  await again.close()
})

test('the file belongs to its owner alone', async () => {
  const store = state.open()
  assert.equal(statSync(state.path).mode & 0o777, 0o600)
  assert.equal(statSync(`${state.path}-wal`).mode & 0o777, 0o600)
  await store.close()
})

test('a list of changes is one transaction: a fault in the middle leaves nothing of it', async () => {
  const store = state.open()
  const bad = decision('198.51.100.8', { mode: 'nonsense' as 'block' })
  await assert.rejects(store.commit([put(decision('198.51.100.7')), audit(1), put(bad)]), (thrown) => {
    return thrown instanceof AppError && thrown.code === 'state-unavailable'
  })
  assert.deepEqual((await store.load()).decisions, [])
  assert.deepEqual(await store.audit({ limit: 5 }), [])
  await store.close()
})

test('a transaction written twice has the effect of once', async () => {
  const store = state.open()
  const changes = [
    put(decision('198.51.100.7')),
    audit(1),
    { kind: 'detection' as const, stored: stored('198.51.100.7') },
  ]
  await store.commit(changes)
  await store.commit(changes)
  assert.equal((await store.decisions({ limit: 5 })).length, 1)
  assert.equal((await store.detections({ limit: 5 })).length, 1)
  assert.equal((await store.audit({ limit: 5 })).length, 1)
  assert.equal((await store.verifyAudit()).ok, true)
  await store.close()
})

test('transactions asked for at the same time do not mix', async () => {
  const store = state.open()
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => store.commit([put(decision(`198.51.100.${n}`)), audit(n)])),
  )
  assert.deepEqual(await store.verifyAudit().then((check) => check.ok && check.rows), 20)
  await store.close()
})

test('a long audit log is checked while other work goes on, and rows that come meanwhile are no fault', async () => {
  const store = state.open()
  await store.commit(Array.from({ length: 2000 }, (_, n) => audit(n)))
  let isChecked = false
  let commits = 0
  const others = (async () => {
    while (!isChecked) {
      await store.commit([audit(10_000 + commits++)])
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const check = await store.verifyAudit()
  isChecked = true
  await others
  assert.ok(check.ok, JSON.stringify(check))
  assert.ok(commits >= 15, `${commits} commits meanwhile`)
  assert.ok(check.rows > 2000)
  await store.close()
})

test('decisions are found by state, rule, device, time and overlap, hostile text being only text', async () => {
  const store = state.open()
  const injected = "x' or 1=1; drop table decisions; --"
  await store.commit([
    put(decision('198.51.100.7')),
    put(decision('198.51.100.8', { device: 'fw2', rule: 'threat', createdAtMs: NOW_MS + 5 })),
    put(
      decision('203.0.113.0/24', { scope: 'range', endedAtMs: NOW_MS, endedBy: 'anna', endReason: injected }),
    ),
    put(decision('2001:db8::/64', { scope: 'range' })),
  ])
  const targets = async (query: object): Promise<string[]> =>
    (await store.decisions({ limit: 9, ...query })).map((one) => formatNetwork(one.target)).sort()
  assert.deepEqual(await targets({ state: 'ended' }), ['203.0.113.0/24'])
  assert.deepEqual(await targets({ rule: 'threat' }), ['198.51.100.8'])
  assert.deepEqual(await targets({ device: injected }), [])
  assert.deepEqual(await targets({ sinceMs: NOW_MS + 1 }), ['198.51.100.8'])
  assert.deepEqual(await targets({ overlapping: network('203.0.113.5') }), ['203.0.113.0/24'])
  assert.deepEqual(await targets({ overlapping: network('198.51.100.0/24') }), [
    '198.51.100.7',
    '198.51.100.8',
  ])
  assert.deepEqual(await targets({ overlapping: network('2001:db8::9') }), ['2001:db8::/64'])
  assert.equal((await store.decisions({ limit: 2 })).length, 2)
  await store.close()
})

test('a changed setting is audited with its value before and after, a secret one without', async () => {
  const store = state.open()
  const who = { by: 'anna', atMs: NOW_MS, reason: 'tuning' }
  await store.changeSettings([{ key: 'detection.portScan.ports', value: 20 }], who)
  await store.changeSettings([{ key: 'detection.portScan.ports', value: 30 }], who)
  await store.changeSettings([{ key: 'metrics.token', value: 'hush', secret: true }], who)
  await store.changeSettings([{ key: 'detection.portScan.ports', value: undefined }], who)
  assert.deepEqual(
    (await store.settings()).map(({ key, value }) => [key, value]),
    [['metrics.token', 'hush']],
  )
  const rows = (await store.audit({ limit: 9 })).reverse()
  assert.deepEqual(
    rows.map(({ action, details }) => [action, details]),
    [
      ['setting.change', { before: null, after: 20 }],
      ['setting.change', { before: 20, after: 30 }],
      ['setting.change', { secret: true }],
      ['setting.remove', { before: 30, after: null }],
    ],
  )
  await store.close()
})

test('retention keeps the evidence of active decisions, and the newest other detections', async () => {
  const store = state.open()
  const active = decision('198.51.100.7')
  const ended = decision('198.51.100.8', { endedAtMs: NOW_MS - 10, endedBy: 'a', endReason: 'b' })
  await store.commit([
    put(active),
    put(ended),
    { kind: 'detection', stored: stored('198.51.100.7', { atMs: NOW_MS - 99, decisionId: active.id }) },
    { kind: 'detection', stored: stored('198.51.100.8', { atMs: NOW_MS - 99, decisionId: ended.id }) },
    ...[1, 2, 3].map((n): StateChange => {
      return { kind: 'detection', stored: stored(`203.0.113.${n}`, { atMs: NOW_MS + n }) }
    }),
  ])
  assert.deepEqual(await store.prune({ beforeMs: NOW_MS, maxDetections: 2 }), { decisions: 1, detections: 2 })
  const left = (await store.detections({ limit: 9 })).map((one) => one.detection.sourceAddress)
  assert.deepEqual(left, ['203.0.113.3', '203.0.113.2', '198.51.100.7'])
  await store.close()
})

test('the audit log refuses change and deletion', async () => {
  const store = state.open()
  await store.commit([audit(1)])
  await store.close()
  assert.throws(() => tamper('delete from audit'), /append only/)
  assert.throws(() => tamper("update audit set actor = 'ben'"), /append only/)
})

for (const [what, sql, problem] of [
  ['an edited row', "update audit set actor = 'ben' where sequence = 2", /row 2 was changed/],
  ['a row with its hash edited', "update audit set hash = '00' where sequence = 2", /row 2 was changed/],
  ['a deleted row', 'delete from audit where sequence = 2', /row 2 is missing/],
  ['a deleted first row', 'delete from audit where sequence = 1', /row 1 is missing/],
  ['a cut-off end', 'delete from audit where sequence = 3', /rows after 2 were cut off/],
  ['another end', "update auditHead set hash = '00'", /row 3 was replaced/],
  [
    'rows behind the end',
    'update auditHead set sequence = 2, hash = (select hash from audit where sequence = 2)',
    /rows after 2 were put behind/,
  ],
] as const) {
  test(`the chain of the audit log shows ${what}`, async () => {
    const store = state.open()
    await store.commit([audit(1), audit(2)])
    await store.commit([audit(3)])
    const before = await store.verifyAudit()
    assert.deepEqual([before.ok, before.ok && before.rows], [true, 3])
    await store.close()
    tamper(`drop trigger auditKeepsRows; drop trigger auditKeepsContent; ${sql}`)
    const again = state.open()
    const check = await again.verifyAudit()
    assert.match(check.ok ? 'whole' : check.problem, problem)
    await again.close()
  })
}
