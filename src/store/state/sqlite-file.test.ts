/** What may happen to the file of the state: damage, removal, replacement, backup. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { AppError } from '../../lib/errors.ts'
import { audit, decision, network, NOW_MS, put, StateFolder } from './state-fixture.ts'

let state: StateFolder
beforeEach(() => {
  state = new StateFolder()
})
afterEach(() => state.remove())

test('a damaged file is set aside, said, and an empty one begun', async () => {
  writeFileSync(state.path, 'this is no database, '.repeat(500))
  const store = state.open()
  assert.equal(store.openedFresh, true)
  assert.match(
    store.findings.join(),
    /was damaged .* set aside as .*state\.sqlite\.damaged-2026-11-22T120000Z/,
  )
  assert.ok(existsSync(`${state.path}.damaged-2026-11-22T120000Z`))
  await store.commit([put(decision('198.51.100.7'))])
  await store.close()
})

test('damage inside the file is found at () => state.open(), and what is still readable is rescued', async () => {
  const store = state.open()
  const entry = {
    id: 'allow-1',
    target: network('203.0.113.0/24'),
    reason: 'partner',
    createdAtMs: NOW_MS,
    createdBy: 'anna',
    expiresAtMs: null,
  }
  const marked = decision('198.51.100.255', { reason: 'x'.repeat(20_000) })
  await store.commit([{ kind: 'allow', entry }, put(decision('198.51.100.1')), put(marked), audit(1)])
  await store.close()
  const content = readFileSync(state.path)
  // The long reason lies on pages of its own; the pointer to the next one stands in their first four bytes.
  const page = content.indexOf('x'.repeat(4000))
  content.fill(0xff, page - (page % 4096), page - (page % 4096) + 4)
  writeFileSync(state.path, content)
  const again = state.open()
  assert.equal(again.openedFresh, true)
  assert.match(again.findings.join(), /was damaged .* rows rescued from it: 1 of allowlist.*unreadable/)
  assert.deepEqual((await again.load()).allow, [entry])
  assert.ok((await again.load()).decisions.length >= 1)
  assert.deepEqual(await again.verifyAudit().then((check) => check.ok && check.rows), 0)
  await again.close()
})

test('a missing file is begun anew, and a write-ahead log left alone is not read into it', async () => {
  writeFileSync(`${state.path}-wal`, 'left over')
  const store = state.open()
  assert.equal(store.openedFresh, true)
  assert.match(store.findings.join(), /only its write-ahead log was left/)
  await store.close()
})

test('a file that was removed while the service runs is written back, with an alarm and a note for the next start', async () => {
  const store = state.open()
  await store.commit([put(decision('198.51.100.7')), audit(1)])
  for (const name of readdirSync(state.folder)) rmSync(join(state.folder, name))
  await store.commit([put(decision('198.51.100.8'))])
  assert.match(state.reports.join(), /was removed while the service ran .* nothing is lost/)
  assert.equal((await store.verifyAudit()).ok, true)
  await store.close()
  const again = state.open()
  assert.equal(again.openedFresh, false)
  assert.match(again.findings.join(), /was removed while the service ran/)
  assert.equal((await again.load()).decisions.length, 2)
  await again.close()
  const third = state.open()
  assert.deepEqual(third.findings, [])
  await third.close()
})

test('a file removed just before the end is written back at the end', async () => {
  const store = state.open()
  await store.commit([put(decision('198.51.100.7'))])
  rmSync(state.path)
  await store.close()
  const again = state.open()
  assert.equal((await again.load()).decisions.length, 1)
  await again.close()
})

test('while the folder is gone writes fail visibly, and they succeed when it is back', async () => {
  const store = state.open()
  await store.commit([put(decision('198.51.100.7'))])
  renameSync(state.folder, `${state.folder}-away`)
  await assert.rejects(store.commit([put(decision('198.51.100.8'))]), /could not be written back/)
  renameSync(`${state.folder}-away`, state.folder)
  await store.commit([put(decision('198.51.100.9'))])
  assert.equal((await store.load()).decisions.length, 2)
  await store.close()
})

test('a file that was put in its place by somebody is not written to', async () => {
  const store = state.open()
  await store.commit([put(decision('198.51.100.7'))])
  renameSync(state.path, `${state.path}.old`)
  writeFileSync(state.path, 'another')
  await assert.rejects(store.commit([put(decision('198.51.100.8'))]), /was replaced by another file/)
  await store.close()
  assert.match(state.reports.join(), /was replaced by another file/)
})

test('a backup is a whole copy', async () => {
  const store = state.open()
  await store.commit([put(decision('198.51.100.7')), audit(1)])
  const copy = join(state.folder, 'copy.sqlite')
  await store.backup(copy)
  await store.close()
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  state.path = copy
  const restored = state.open()
  assert.equal((await restored.load()).decisions.length, 1)
  assert.equal((await restored.verifyAudit()).ok, true)
  await restored.close()
})

test('a folder that cannot be used is said with what to do', () => {
  state.path = join(state.folder, 'missing', 'state.sqlite')
  assert.throws(
    () => state.open(),
    (thrown) => thrown instanceof AppError && /Check that the folder exists/.test(thrown.message),
  )
})
