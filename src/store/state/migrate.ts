/**
 * Brings a state database to the schema that this version knows: numbered steps, each in its own transaction with the
 * row that records it, so a start killed in between goes on where it was. A database of a newer version is refused.
 * Before a database that holds something is changed, a copy is laid beside it.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import { begin } from './migrations/0001-begin.ts'
import { lifetime } from './migrations/0002-lifetime.ts'
import { objects } from './migrations/0003-objects.ts'
import { severity } from './migrations/0004-severity.ts'
import { tags } from './migrations/0005-tags.ts'

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number
  readonly name: string
  readonly statements: readonly string[]
}

export const MIGRATIONS: readonly Migration[] = [begin, lifetime, objects, severity, tags]

/** The number of the newest step that the database has taken; 0 when it is empty. */
export function schemaVersion(db: DatabaseSync): number {
  const known = db.prepare(
    "select 1 as found from sqlite_schema where type = 'table' and name = 'migrations'",
  )
  if (known.get() === undefined) return 0
  const row = db.prepare('select coalesce(max(number), 0) as version from migrations').get()
  return Number(row?.['version'] ?? 0)
}

/**
 * Takes the steps that are missing and returns how many. `backup` is called once before the first of them when the
 * database is not new. Throws AppError `state-unavailable` when the database is newer than `migrations`.
 */
export function migrate(
  db: DatabaseSync,
  clock: Clock,
  backup: (fromVersion: number) => void,
  migrations: readonly Migration[] = MIGRATIONS,
): number {
  const version = schemaVersion(db)
  const newest = migrations.at(-1)?.number ?? 0
  if (version > newest) {
    throw new AppError(
      'state-unavailable',
      `the state database has schema ${version} and this version knows up to ${newest}: it was written by a newer version. ` +
        `Start that version, or restore the copy it made before the change (state.sqlite.before-${newest + 1})`,
    )
  }
  const missing = migrations.filter((migration) => migration.number > version)
  if (missing.length === 0) return 0
  if (version > 0) backup(missing[0]?.number ?? 0)
  db.exec(
    'create table if not exists migrations (number integer primary key, name text, atMs integer) strict',
  )
  for (const migration of missing) takeStep(db, migration, clock.nowMs())
  return missing.length
}

function takeStep(db: DatabaseSync, migration: Migration, nowMs: number): void {
  db.exec('begin immediate')
  try {
    for (const statement of migration.statements) db.exec(statement)
    db.prepare('insert into migrations (number, name, atMs) values (?, ?, ?)').run(
      migration.number,
      migration.name,
      nowMs,
    )
    db.exec('commit')
  } catch (thrown) {
    if (db.isTransaction) db.exec('rollback')
    throw new AppError(
      'state-unavailable',
      `step ${migration.number} (${migration.name}) of the state database failed and was undone`,
      thrown,
    )
  }
}
