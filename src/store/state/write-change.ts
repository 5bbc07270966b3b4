/**
 * Changes of the state as statements. Each may be repeated: the second time changes nothing. kysely builds and compiles
 * every statement once; a change only binds its values ((m) 10 times faster than building it anew).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CompiledQuery, Kysely } from 'kysely'
import { formatNetwork } from '../../lib/address.ts'
import type { AuditEntry, StateChange } from '../../model/state.ts'
import { AuditAppender } from './audit-log.ts'
import * as rows from './rows.ts'
import type { Database, DatabaseTransaction, Tables } from './tables.ts'

/** Changes after which requests and timers get their turn, within the transaction: 2 ms, since one fetch takes many turns. */
const CHANGES_PER_TURN = 50

type OwnChange = Exclude<StateChange, { readonly kind: 'audit' }>

/** A row by column name, for statements that are built alike for every table. */
type Row = Record<string, string | number | null | Uint8Array>

export class ChangeWriter {
  readonly #db: Database
  /** The same database for statements whose table is a variable; rows.ts sees to their types. */
  readonly #loose: Kysely<Record<string, Row>>
  readonly #audit: AuditAppender
  /** Compiled statements by kind of change. */
  readonly #compiled = new Map<string, CompiledQuery>()
  /** Columns in the order in which the compiled upsert of a table binds them: rows may be built in another. */
  readonly #columns = new Map<string, readonly string[]>()

  constructor(db: Database) {
    this.#db = db
    this.#loose = db as unknown as Kysely<Record<string, Row>>
    this.#audit = new AuditAppender(db)
  }

  /** Writes the list within the caller's transaction; its audit rows last, since they are chained one by one. */
  async write(transaction: DatabaseTransaction, changes: readonly StateChange[]): Promise<void> {
    const entries: AuditEntry[] = []
    let count = 0
    for (const change of changes) {
      if (change.kind === 'audit') entries.push(change.entry)
      else await this.#writeOne(transaction, change)
      if (++count % CHANGES_PER_TURN === 0) await nextTurn()
    }
    await this.#audit.append(transaction, entries)
  }

  async #writeOne(transaction: DatabaseTransaction, change: OwnChange): Promise<void> {
    switch (change.kind) {
      case 'decision':
        return this.#upsert(transaction, 'decisions', 'id', { ...rows.decisionToRow(change.decision) })
      case 'seen': {
        const { id, lastSeenAtMs, expiresAtMs } = change
        const query = this.#once('seen', () =>
          this.#db.updateTable('decisions').set({ lastSeenAtMs, expiresAtMs }).where('id', '=', id).compile(),
        )
        return this.#run(transaction, query, [lastSeenAtMs, expiresAtMs, id])
      }
      case 'graded': {
        const { id, severity, country } = change
        const query = this.#once('graded', () =>
          this.#db.updateTable('decisions').set({ severity, country }).where('id', '=', id).compile(),
        )
        return this.#run(transaction, query, [severity, country, id])
      }
      case 'tagged': {
        const { id } = change
        const tags = JSON.stringify(change.tags)
        const query = this.#once('tagged', () =>
          this.#db.updateTable('decisions').set({ tags }).where('id', '=', id).compile(),
        )
        return this.#run(transaction, query, [tags, id])
      }
      case 'detection':
        return this.#upsert(transaction, 'detections', 'id', { ...rows.detectionToRow(change.stored) })
      case 'allow':
        return this.#upsert(transaction, 'allowlist', 'id', { ...rows.allowToRow(change.entry) })
      case 'allow-removed':
        return this.#remove(transaction, 'allowlist', 'id', change.entry.id)
      case 'grace':
        return this.#upsert(transaction, 'graces', 'target', { ...rows.graceToRow(change.grace) })
      case 'grace-removed':
        return this.#remove(transaction, 'graces', 'target', formatNetwork(change.target))
      case 'engine':
        return this.#upsert(transaction, 'engine', 'id', { ...rows.engineToRow(change.flags) })
      case 'setting':
        return this.#upsert(transaction, 'settings', 'key', { ...rows.settingToRow(change.setting) })
      case 'setting-removed':
        return this.#remove(transaction, 'settings', 'key', change.key)
    }
  }

  /** Inserts the row or makes the known row of this key equal to it. Every row of a table has the same columns. */
  async #upsert(transaction: DatabaseTransaction, table: keyof Tables, key: string, row: Row): Promise<void> {
    const query = this.#once(`upsert ${table}`, () => {
      this.#columns.set(table, Object.keys(row))
      const others = Object.keys(row).filter((column) => column !== key)
      return this.#loose
        .insertInto(table)
        .values(row)
        .onConflict((conflict) =>
          conflict
            .column(key)
            .doUpdateSet((inserted) =>
              Object.fromEntries(others.map((column) => [column, inserted.ref(`excluded.${column}`)])),
            ),
        )
        .compile()
    })
    const columns = this.#columns.get(table) ?? []
    if (columns.length !== Object.keys(row).length)
      throw new TypeError(`a row of ${table} has other columns: ${Object.keys(row).join(', ')}`)
    return this.#run(
      transaction,
      query,
      columns.map((column) => row[column]),
    )
  }

  async #remove(
    transaction: DatabaseTransaction,
    table: keyof Tables,
    key: string,
    value: string,
  ): Promise<void> {
    const query = this.#once(`remove ${table}`, () =>
      this.#loose.deleteFrom(table).where(key, '=', value).compile(),
    )
    return this.#run(transaction, query, [value])
  }

  #once(name: string, compile: () => CompiledQuery): CompiledQuery {
    const known = this.#compiled.get(name) ?? compile()
    this.#compiled.set(name, known)
    return known
  }

  async #run(
    transaction: DatabaseTransaction,
    query: CompiledQuery,
    parameters: readonly unknown[],
  ): Promise<void> {
    if (parameters.length !== query.parameters.length) {
      throw new TypeError(`${query.sql} binds ${query.parameters.length} values, not ${parameters.length}`)
    }
    await transaction.executeQuery({ ...query, parameters })
  }
}
