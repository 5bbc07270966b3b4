/** Migrations: from empty, again, one by one, failing, and a database from the future. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import { MIGRATIONS, migrate, type Migration, schemaVersion } from './migrate.ts'
import { SqliteFile } from './sqlite-file.ts'
import { StateStore } from './state-store.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-migrate-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const clock = new ManualClock(Date.UTC(2026, 10, 22))
const noBackup = (): void => assert.fail('a new database needs no backup')
const next: Migration = {
  number: MIGRATIONS.length + 1,
  name: 'next',
  statements: ['create table nextTable (a integer) strict'],
}

test('an empty database takes every step, and a second start takes none', () => {
  const db = new DatabaseSync(':memory:')
  assert.equal(migrate(db, clock, noBackup), MIGRATIONS.length)
  assert.equal(schemaVersion(db), MIGRATIONS.length)
  assert.equal(migrate(db, clock, noBackup), 0)
  db.close()
})

test('the steps are numbered from 1 without gaps', () => {
  assert.deepEqual(
    MIGRATIONS.map((migration) => migration.number),
    MIGRATIONS.map((_, i) => i + 1),
  )
})

test('a step that fails is undone, and the database is as before', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db, clock, noBackup)
  const bad = { ...next, statements: [...next.statements, 'create nonsense'] }
  assert.throws(() => migrate(db, clock, () => {}, [...MIGRATIONS, bad]), /failed and was undone/)
  assert.equal(schemaVersion(db), MIGRATIONS.length)
  assert.equal(
    migrate(db, clock, () => {}, [...MIGRATIONS, next]),
    1,
  )
  db.close()
})

test('before an existing database is changed a copy is laid beside it', () => {
  const path = join(folder, 'state.sqlite')
  const report = (): void => {}
  new SqliteFile({ path, clock, report }).close()
  new SqliteFile({ path, clock, report, migrations: [...MIGRATIONS, next] }).close()
  const copy = `${path}.before-${next.number}`
  assert.ok(existsSync(copy))
  const db = new DatabaseSync(copy)
  assert.equal(schemaVersion(db), MIGRATIONS.length)
  db.close()
})

test('a database of a newer version is refused with what to do, and left as it is', () => {
  const path = join(folder, 'state.sqlite')
  const report = (): void => {}
  new SqliteFile({ path, clock, report, migrations: [...MIGRATIONS, next] }).close()
  assert.throws(
    () => new SqliteFile({ path, clock, report }),
    (thrown) =>
      thrown instanceof AppError &&
      /written by a newer version. Start that version, or restore/.test(thrown.message),
  )
  new SqliteFile({ path, clock, report, migrations: [...MIGRATIONS, next] }).close()
})

test('decisions made before severity, country and tags were kept have none, and are kept', async () => {
  const path = join(folder, 'state.sqlite')
  const report = (): void => {}
  new SqliteFile({ path, clock, report, migrations: MIGRATIONS.slice(0, 3) }).close()
  const old = new DatabaseSync(path)
  old.exec(
    `insert into decisions (id, target, firstAddress, lastAddress, prefixLength, scope, origin, reason, mode, createdAtMs,
      createdBy, lastSeenAtMs) values ('old', '198.51.100.7', x'00000000000000000000ffffc6336407',
      x'00000000000000000000ffffc6336407', 128, 'address', 'detector', 'r', 'block', 1, 'system', 2)`,
  )
  old.close()
  const state = new StateStore({ path, clock, report })
  const { decisions } = await state.load()
  await state.close()
  assert.deepEqual(
    decisions.map(({ id, severity, country, tags }) => [id, severity, country, tags]),
    [['old', null, null, []]],
  )
})
