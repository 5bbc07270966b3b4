/** The state database: what is written comes back, the chain of the audit log, damage and removal of the file. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { formatNetwork, type Network, parseNetwork } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { Decision } from '../../model/decision.ts'
import type { Detection } from '../../model/detection.ts'
import type { AuditEntry, StateChange, StoredDetection } from '../../model/state.ts'
import { StateStore } from './state-store.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
let folder = ''
let path = ''
let reports: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-store-'))
  path = join(folder, 'state.sqlite')
  reports = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (): StateStore =>
  new StateStore({ path, clock: new ManualClock(NOW_MS), report: (message) => reports.push(message) })

function network(text: string): Network {
  const parsed = parseNetwork(text)
  assert.ok(parsed, text)
  return parsed
}

function decision(target: string, changes: Partial<Decision> = {}): Decision {
  return {
    id: `decision-${target}`,
    target: network(target),
    scope: 'address',
    origin: 'detector',
    rule: 'port-scan',
    reason: 'reached 11 ports',
    proof: 'spoofable',
    mode: 'block',
    createdAtMs: NOW_MS,
    lastSeenAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    device: 'fw1',
    createdBy: 'system',
    ...changes,
  }
}

function stored(source: string, changes: Partial<StoredDetection> = {}): StoredDetection {
  const detection: Detection = {
    rule: 'port-scan',
    mode: 'enforce',
    source: network(source),
    sourceAddress: source,
    destination: '203.0.113.10',
    port: null,
    count: 11,
    threshold: 10,
    windowSeconds: 600,
    firstSeenAtMs: NOW_MS - 1,
    detectedAtMs: NOW_MS,
    receivedAtMs: Number.NaN,
    proof: 'spoofable',
    lateral: false,
    device: 'fw1',
    sourceCountry: null,
    witnesses: [{ value: '22', atMs: NOW_MS }],
    evidence: ["line with 'quotes', \u0000 and \ufffd"],
  }
  const verdict = 'refuse'
  return {
    id: `detection-${source}`,
    atMs: NOW_MS,
    detection,
    verdict,
    reason: 'r',
    decisionId: null,
    ...changes,
  }
}

const put = (one: Decision): StateChange => ({ kind: 'decision', decision: one })
const audit = (n: number, changes: Partial<AuditEntry> = {}): StateChange => ({
  kind: 'audit',
  entry: {
    id: `audit-${n}`,
    atMs: NOW_MS + n,
    actor: 'anna',
    action: 'block.add',
    subject: '198.51.100.7',
    reason: 'r',
    details: { b: n, a: [1, null] },
    ...changes,
  },
})

/** A second connection, as an intruder or a shell would have. */
function tamper(sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

test('all that is written comes back after a restart, field by field', async () => {
  const first = open()
  assert.equal(first.openedFresh, true)
  const block = decision('198.51.100.7')
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
  ])
  await first.close()
  const again = open()
  assert.equal(again.openedFresh, false)
  assert.deepEqual(again.findings, [])
  const snapshot = await again.load()
  const seen = { ...block, lastSeenAtMs: NOW_MS + 7, expiresAtMs: NOW_MS + 8 }
  assert.deepEqual(new Set(snapshot.decisions), new Set([seen, range]))
  assert.deepEqual(snapshot.allow, [entry])
  assert.deepEqual(snapshot.graces, [grace])
  assert.deepEqual(snapshot.engine, flags)
  assert.deepEqual(await again.detections({ limit: 5 }), [stored('198.51.100.7')])
  await again.close()
})

test('the file belongs to its owner alone', async () => {
  const store = open()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600)
  await store.close()
})

test('a list of changes is one transaction: a fault in the middle leaves nothing of it', async () => {
  const store = open()
  const bad = decision('198.51.100.8', { mode: 'nonsense' as 'block' })
  await assert.rejects(store.commit([put(decision('198.51.100.7')), audit(1), put(bad)]), (thrown) => {
    return thrown instanceof AppError && thrown.code === 'state-unavailable'
  })
  assert.deepEqual((await store.load()).decisions, [])
  assert.deepEqual(await store.audit({ limit: 5 }), [])
  await store.close()
})

test('a transaction written twice has the effect of once', async () => {
  const store = open()
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
  const store = open()
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => store.commit([put(decision(`198.51.100.${n}`)), audit(n)])),
  )
  assert.deepEqual(await store.verifyAudit().then((check) => check.ok && check.rows), 20)
  await store.close()
})

test('decisions are found by state, rule, device, time and overlap, hostile text being only text', async () => {
  const store = open()
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
  const store = open()
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
  const store = open()
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
  const store = open()
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
] as const) {
  test(`the chain of the audit log shows ${what}`, async () => {
    const store = open()
    await store.commit([audit(1), audit(2)])
    await store.commit([audit(3)])
    const before = await store.verifyAudit()
    assert.deepEqual([before.ok, before.ok && before.rows], [true, 3])
    await store.close()
    tamper(`drop trigger auditKeepsRows; drop trigger auditKeepsContent; ${sql}`)
    const again = open()
    const check = await again.verifyAudit()
    assert.match(check.ok ? 'whole' : check.problem, problem)
    await again.close()
  })
}

test('a damaged file is set aside, said, and an empty one begun', async () => {
  writeFileSync(path, 'this is no database, '.repeat(500))
  const store = open()
  assert.equal(store.openedFresh, true)
  assert.match(
    store.findings.join(),
    /was damaged .* set aside as .*state\.sqlite\.damaged-2026-11-22T120000Z/,
  )
  assert.ok(existsSync(`${path}.damaged-2026-11-22T120000Z`))
  await store.commit([put(decision('198.51.100.7'))])
  await store.close()
})

test('damage inside the file is found at open', async () => {
  const store = open()
  await store.commit(Array.from({ length: 200 }, (_, n) => put(decision(`198.51.100.${n}`))))
  await store.close()
  const { openSync, writeSync, closeSync } = await import('node:fs')
  const file = openSync(path, 'r+')
  for (let page = 2; page < statSync(path).size / 4096; page++)
    writeSync(file, Buffer.alloc(512, 0xff), 0, 512, page * 4096)
  closeSync(file)
  const again = open()
  assert.equal(again.openedFresh, true)
  assert.match(again.findings.join(), /was damaged/)
  await again.close()
})

test('a missing file is begun anew, and a write-ahead log left alone is not read into it', async () => {
  writeFileSync(`${path}-wal`, 'left over')
  const store = open()
  assert.equal(store.openedFresh, true)
  assert.match(store.findings.join(), /only its write-ahead log was left/)
  await store.close()
})

test('a file that was removed while the service runs is written back, with an alarm and a note for the next start', async () => {
  const store = open()
  await store.commit([put(decision('198.51.100.7')), audit(1)])
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  await store.commit([put(decision('198.51.100.8'))])
  assert.match(reports.join(), /was removed while the service ran .* nothing is lost/)
  assert.equal((await store.verifyAudit()).ok, true)
  await store.close()
  const again = open()
  assert.equal(again.openedFresh, false)
  assert.match(again.findings.join(), /was removed while the service ran/)
  assert.equal((await again.load()).decisions.length, 2)
  await again.close()
  const third = open()
  assert.deepEqual(third.findings, [])
  await third.close()
})

test('a file removed just before the end is written back at the end', async () => {
  const store = open()
  await store.commit([put(decision('198.51.100.7'))])
  rmSync(path)
  await store.close()
  const again = open()
  assert.equal((await again.load()).decisions.length, 1)
  await again.close()
})

test('while the folder is gone writes fail visibly, and they succeed when it is back', async () => {
  const store = open()
  await store.commit([put(decision('198.51.100.7'))])
  renameSync(folder, `${folder}-away`)
  await assert.rejects(store.commit([put(decision('198.51.100.8'))]), /could not be written back/)
  renameSync(`${folder}-away`, folder)
  await store.commit([put(decision('198.51.100.9'))])
  assert.equal((await store.load()).decisions.length, 2)
  await store.close()
})

test('a file that was put in its place by somebody is not written to', async () => {
  const store = open()
  await store.commit([put(decision('198.51.100.7'))])
  renameSync(path, `${path}.old`)
  writeFileSync(path, 'another')
  await assert.rejects(store.commit([put(decision('198.51.100.8'))]), /was replaced by another file/)
  await store.close()
  assert.match(reports.join(), /was replaced by another file/)
})

test('a backup is a whole copy', async () => {
  const store = open()
  await store.commit([put(decision('198.51.100.7')), audit(1)])
  const copy = join(folder, 'copy.sqlite')
  await store.backup(copy)
  await store.close()
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  path = copy
  const restored = open()
  assert.equal((await restored.load()).decisions.length, 1)
  assert.equal((await restored.verifyAudit()).ok, true)
  await restored.close()
})

test('a folder that cannot be used is said with what to do', () => {
  path = join(folder, 'missing', 'state.sqlite')
  assert.throws(
    open,
    (thrown) => thrown instanceof AppError && /Check that the folder exists/.test(thrown.message),
  )
})
