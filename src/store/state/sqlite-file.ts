/**
 * The SQLite file of the state: opened with its safety switches, checked, set aside when damaged, and watched. SQLite
 * goes on writing into a file that somebody has removed or put aside and reports success; here every use first looks
 * whether the path still leads to the opened file. If it was removed, its content (still readable through the open
 * handle) is written back; if another file lies there, it is not touched and the use fails.
 *
 * Limits: one process per file (the data folder's lock sees to it). Calls are synchronous: a commit costs one fsync.
 */
import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { AppError, messageOf, systemCodeOf } from '../../lib/errors.ts'
import { MIGRATIONS, migrate, type Migration } from './migrate.ts'
import { rescueRows } from './rescue.ts'

/** Prepared statements kept; the oldest falls out. The store has far fewer shapes of query. */
const STATEMENTS_KEPT = 200
/** How long SQLite waits for another process's lock (a backup tool, a shell), in ms. */
const BUSY_TIMEOUT_MS = 2000
/** Up to this size the whole content is checked at open, above it without the indexes' content (about 1 s per GB). */
const FULL_CHECK_BYTES = 64 << 20
/** Result codes of SQLite that mean damage: SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGE_CODES: ReadonlySet<number> = new Set([11, 26])

export interface SqliteFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Something happened to the file that people should know; one sentence. */
  readonly report: (message: string) => void
  readonly migrations?: readonly Migration[]
}

interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

export class SqliteFile {
  readonly path: string
  /** True when there was no usable file and a new one was begun; it holds at most what was rescued from a damaged one. */
  readonly openedFresh: boolean
  /** What happened to the file, one sentence each, oldest first; empty when all is well. */
  readonly findings: readonly string[]
  readonly #clock: Clock
  readonly #report: (message: string) => void
  #db: DatabaseSync
  #identity: FileIdentity
  #isClosed = false
  readonly #statements = new Map<string, StatementSync>()

  /** Opens or begins the file. Throws AppError `state-unavailable` when the folder cannot be used or the file is newer. */
  constructor(options: SqliteFileOptions) {
    this.path = options.path
    this.#clock = options.clock
    this.#report = options.report
    const findings: string[] = []
    let existed = existsSync(options.path)
    if (!existed) setAsideLeftovers(options.path, options.clock.nowMs(), findings)
    let db: DatabaseSync
    try {
      db = openChecked(options)
    } catch (thrown) {
      if (!existed || !isDamage(thrown)) throw asAppError(thrown, options.path)
      const aside = setAsideDamaged(options.path, options.clock.nowMs())
      existed = false
      try {
        db = openChecked(options)
      } catch (again) {
        throw asAppError(again, options.path)
      }
      findings.push(
        `the state database was damaged (${messageOf(thrown)}); it was set aside as ${aside} and a new one begun; ${rescueRows(aside, db)}. Restore a backup if there is one`,
      )
    }
    this.openedFresh = !existed
    this.#db = db
    this.#identity = identityOf(options.path)
    findings.push(...takeNotices(db))
    this.findings = findings
  }

  /** The statement for the text, prepared once. Valid until the next call of `ensureInPlace`. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    if (this.#statements.size >= STATEMENTS_KEPT) {
      const oldest = this.#statements.keys().next()
      if (oldest.done !== true) this.#statements.delete(oldest.value)
    }
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  get isInTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  /**
   * Looks whether the path still leads to the opened file and its write-ahead log; writes the content back when one
   * was removed. Throws AppError `state-unavailable` when that fails or another file lies there. Cost: two `stat`s.
   */
  ensureInPlace(): void {
    if (this.#db.isOpen) {
      const found = identityOrNull(this.path)
      if (found !== null && (found.ino !== this.#identity.ino || found.dev !== this.#identity.dev)) {
        throw new AppError(
          'state-unavailable',
          `${this.path} was replaced by another file while the service runs: nothing is written to it. Restart the service to use it`,
        )
      }
      if (found !== null && existsSync(`${this.path}-wal`)) return
      this.#missing = found === null ? this.path : `${this.path}-wal`
    }
    try {
      this.#writeBack()
    } catch (thrown) {
      throw new AppError(
        'state-unavailable',
        `${this.#missing} was removed while the service runs and could not be written back: ${messageOf(thrown)}`,
        thrown,
      )
    }
  }

  /** The file that was found missing, for messages. */
  #missing = ''

  /** Can be called again after it failed at any step: the copy stays until it has become the file. */
  #writeBack(): void {
    const copy = `${this.path}.restoring`
    if (this.#db.isOpen) {
      rmSync(copy, { force: true })
      this.copyTo(copy)
      this.#statements.clear()
      // Closing takes the write-ahead log away by its name, so it comes before the copy gets that name.
      this.#db.close()
    }
    for (const suffix of ['-wal', '-shm']) rmSync(`${this.path}${suffix}`, { force: true })
    if (existsSync(copy)) renameSync(copy, this.path)
    this.#db = openDatabase(this.path)
    this.#identity = identityOf(this.path)
    const nowMs = this.#clock.nowMs()
    const message = `${this.#missing} was removed while the service ran (noticed ${new Date(nowMs).toISOString()}); the state was written back, nothing is lost`
    this.#db.prepare('insert into notices (atMs, message) values (?, ?)').run(nowMs, message)
    this.#report(message)
  }

  /** Writes a whole, consistent copy to a path that must not exist. Mode 0600. */
  copyTo(path: string): void {
    this.#db.prepare('vacuum into ?').run(path)
    chmodSync(path, 0o600)
  }

  /** Writes back a removed file a last time and closes. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.ensureInPlace()
    } catch (thrown) {
      this.#report(messageOf(thrown))
    }
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }
}

function openChecked(options: SqliteFileOptions): DatabaseSync {
  const db = openDatabase(options.path)
  try {
    check(db, options.path)
    migrate(
      db,
      options.clock,
      (toVersion) => {
        const copy = `${options.path}.before-${toVersion}`
        rmSync(copy, { force: true })
        db.prepare('vacuum into ?').run(copy)
        chmodSync(copy, 0o600)
      },
      options.migrations ?? MIGRATIONS,
    )
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  try {
    chmodSync(path, 0o600)
    db.exec('pragma journal_mode = wal')
    db.exec('pragma synchronous = full')
    db.exec('pragma trusted_schema = off')
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

class DamagedError extends Error {}

function check(db: DatabaseSync, path: string): void {
  const pragma = statSync(path).size <= FULL_CHECK_BYTES ? 'integrity_check' : 'quick_check'
  const rows = db.prepare(`pragma ${pragma}(3)`).all()
  const problems = rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== 'ok')
  // One finding is one line; SQLite breaks its own.
  if (problems.length > 0) throw new DamagedError(problems.join('; ').replaceAll('\n', ' '))
}

function isDamage(thrown: unknown): boolean {
  if (thrown instanceof DamagedError) return true
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return false
  // The low byte is the primary code, the rest says which kind.
  return typeof thrown.errcode === 'number' && DAMAGE_CODES.has(thrown.errcode & 0xff)
}

function asAppError(thrown: unknown, path: string): AppError {
  if (thrown instanceof AppError) return thrown
  return new AppError(
    'state-unavailable',
    `cannot open the state database ${path}: ${messageOf(thrown)}. Check that the folder exists and belongs to the service's user, and that the disk has room`,
    thrown,
  )
}

function stampOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(':', '').replace(/\.\d+/, '')
}

function setAsideDamaged(path: string, nowMs: number): string {
  const aside = `${path}.damaged-${stampOf(nowMs)}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
  }
  return aside
}

/** A write-ahead log without its database would be read into the new one: it goes aside too. */
function setAsideLeftovers(path: string, nowMs: number, findings: string[]): void {
  const aside = `${path}.damaged-${stampOf(nowMs)}`
  const left = ['-wal', '-shm'].filter((suffix) => existsSync(path + suffix))
  for (const suffix of left) renameSync(path + suffix, aside + suffix)
  if (left.length > 0) {
    findings.push(
      `the state database ${path} was gone and only its write-ahead log was left; that was set aside as ${aside}-wal and an empty database begun`,
    )
  }
}

/** What the last run left to say at this start; read once. */
function takeNotices(db: DatabaseSync): string[] {
  const messages = db.prepare('select message from notices order by atMs').all()
  if (messages.length > 0) db.exec('delete from notices')
  return messages.map((row) => String(row['message']))
}

function identityOf(path: string): FileIdentity {
  const { dev, ino } = statSync(path)
  return { dev, ino }
}

function identityOrNull(path: string): FileIdentity | null {
  try {
    return identityOf(path)
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT' || systemCodeOf(thrown) === 'ENOTDIR') return null
    throw new AppError('state-unavailable', `cannot look at ${path}: ${messageOf(thrown)}`, thrown)
  }
}
