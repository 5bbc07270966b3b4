/**
 * kysely on the SQLite inside Node.js. kysely brings the SQL of SQLite; ours is the driver: one connection, used by
 * one caller at a time (a transaction is not shared), prepared statements, bound parameters only, and the check that
 * the file is still in place before each use.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SQLInputValue } from 'node:sqlite'
import type { SqliteFile } from './sqlite-file.ts'

export class NodeSqliteDialect implements Dialect {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#file)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }
}

/** kysely itself lets one caller at a time through (SqliteAdapter: no multiple connections). */
class NodeSqliteDriver implements Driver {
  readonly #file: SqliteFile
  readonly #connection: NodeSqliteConnection

  constructor(file: SqliteFile) {
    this.#file = file
    this.#connection = new NodeSqliteConnection(file)
  }

  async init(): Promise<void> {
    // The file is open already: SqliteFile opens it with its checks.
  }

  /** Must not fail: kysely 0.29 would keep its lock for ever. So the file is looked at when it is used. */
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    // There is nothing to give back.
  }

  async beginTransaction(): Promise<void> {
    this.#file.ensureInPlace()
    this.#file.exec('begin immediate')
  }

  async commitTransaction(): Promise<void> {
    this.#file.exec('commit')
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite has already rolled back by itself after some errors (full disk, I/O).
    if (this.#file.isInTransaction) this.#file.exec('rollback')
  }

  async destroy(): Promise<void> {
    // The store closes the file: kysely does not come here when it was never used.
  }
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#file.isInTransaction) this.#file.ensureInPlace()
    const statement = this.#file.prepare(query.sql)
    const parameters = query.parameters.map(bound)
    if (statement.columns().length > 0) {
      // kysely knows the row's type from the query; SQLite returns plain rows of it.
      return { rows: statement.all(...parameters) as Row[] }
    }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    if (!this.#file.isInTransaction) this.#file.ensureInPlace()
    const rows = this.#file.prepare(query.sql).iterate(...query.parameters.map(bound))
    for (const row of rows) yield { rows: [row as Row] }
  }
}

function bound(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} cannot be bound to a statement`)
}
