/**
 * The state store: decisions, evidence, allowlist, switches, settings and audit log over kysely. SQL that only SQLite
 * understands stays in the dialect, the file and the migrations, so that PostgreSQL can be a second dialect.
 * A list of changes is one transaction and durable when `commit` resolves (WAL, synchronous=FULL: one fsync).
 * Errors leave as AppError `state-unavailable`.
 */
import { randomUUIDv7 } from 'node:crypto'
import { Kysely } from 'kysely'
import { withOrigin } from '../../lib/asked-from.ts'
import { lastAddress, type Network } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { Decision } from '../../model/decision.ts'
import type {
  Journal,
  JournalEntry,
  JournalQuery,
  ObjectChange,
  ObjectOutcome,
  ObjectRepository,
  StoredObject,
} from '../../model/object.ts'
import type {
  AuditCheck,
  AuditEntry,
  AuditLog,
  AuditQuery,
  AuditRow,
  DecisionQuery,
  DetectionQuery,
  Pruned,
  PruneLimits,
  SettingChange,
  SettingsRepository,
  StateChange,
  StateRepository,
  StateSnapshot,
  StoredDetection,
  StoredSetting,
} from '../../model/state.ts'
import { headOfAudit, queryAudit, verifyAuditChain } from './audit-log.ts'
import { appendJournal, changeObject, objectFromRow, pruneJournal, readJournal } from './object-rows.ts'
import { pruneState } from './prune.ts'
import * as rows from './rows.ts'
import { NodeSqliteDialect } from './sqlite-dialect.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { Database, DatabaseTransaction, Tables } from './tables.ts'
import { ChangeWriter } from './write-change.ts'

export interface StateStoreOptions {
  /** `<data>/state.sqlite`. */
  readonly path: string
  readonly clock: Clock
  /** The file was removed, written back or could not be: one sentence for the log and an alarm. */
  readonly report: (message: string) => void
}

/** Ended blocks read at start to know who comes back. */
const PAST_BLOCKS = 200_000

export class StateStore implements StateRepository, SettingsRepository, AuditLog, ObjectRepository, Journal {
  /** True when there was no usable file and a new one was begun; it holds at most what was rescued from a damaged one. */
  readonly openedFresh: boolean
  /** What happened to the file since the last run, one sentence each; empty when all is well. */
  readonly findings: readonly string[]
  readonly #file: SqliteFile
  readonly #db: Database
  readonly #writer: ChangeWriter
  readonly #clock: Clock

  /** Opens or begins the database and takes missing migrations. Throws AppError `state-unavailable`. */
  constructor(options: StateStoreOptions) {
    this.#file = new SqliteFile(options)
    this.#clock = options.clock
    this.openedFresh = this.#file.openedFresh
    this.findings = this.#file.findings
    this.#db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(this.#file) })
    this.#writer = new ChangeWriter(this.#db)
  }

  async load(): Promise<StateSnapshot> {
    return this.#transaction('read the state', async (transaction) => {
      const decisions = await transaction
        .selectFrom('decisions')
        .selectAll()
        .where('endedAtMs', 'is', null)
        .orderBy('createdAtMs')
        .execute()
      const allow = await transaction.selectFrom('allowlist').selectAll().orderBy('createdAtMs').execute()
      const graces = await transaction.selectFrom('graces').selectAll().execute()
      const past = await transaction
        .selectFrom('decisions')
        .select(['firstAddress', 'prefixLength', 'endedAtMs'])
        .where('origin', '=', 'detector')
        .where('mode', '=', 'block')
        .where('endedBy', '=', 'system')
        .where('endedAtMs', 'is not', null)
        .orderBy('endedAtMs', 'desc')
        .limit(PAST_BLOCKS)
        .execute()
      const engine = await transaction.selectFrom('engine').selectAll().executeTakeFirst()
      return {
        decisions: decisions.map(rows.decisionFromRow),
        allow: allow.map(rows.allowFromRow),
        graces: graces.map(rows.graceFromRow),
        engine: engine === undefined ? null : rows.engineFromRow(engine),
        pastBlocks: past.map(rows.pastBlockFromRow),
      }
    })
  }

  async commit(changes: readonly StateChange[]): Promise<void> {
    if (changes.length === 0) return
    await this.#transaction('write the state', (transaction) => this.#writer.write(transaction, changes))
  }

  async decisions(query: DecisionQuery): Promise<Decision[]> {
    return this.#run('read decisions', async () => {
      let select = this.#db
        .selectFrom('decisions')
        .selectAll()
        .orderBy(query.endedSinceMs === undefined ? 'createdAtMs' : 'endedAtMs', 'desc')
        .orderBy('id', 'desc')
        .limit(query.limit)
      if (query.endedSinceMs !== undefined) select = select.where('endedAtMs', '>=', query.endedSinceMs)
      if (query.state === 'active') select = select.where('endedAtMs', 'is', null)
      if (query.state === 'ended') select = select.where('endedAtMs', 'is not', null)
      if (query.mode !== undefined) select = select.where('mode', '=', query.mode)
      if (query.origin !== undefined) select = select.where('origin', '=', query.origin)
      if (query.rule !== undefined) select = select.where('rule', '=', query.rule)
      if (query.device !== undefined) select = select.where('device', '=', query.device)
      if (query.sinceMs !== undefined) select = select.where('createdAtMs', '>=', query.sinceMs)
      if (query.beforeMs !== undefined) select = select.where('createdAtMs', '<', query.beforeMs)
      if (query.overlapping !== undefined) {
        const { first, last } = rangeOf(query.overlapping)
        select = select.where('firstAddress', '<=', last).where('lastAddress', '>=', first)
      }
      return (await select.execute()).map(rows.decisionFromRow)
    })
  }

  async detections(query: DetectionQuery): Promise<StoredDetection[]> {
    return this.#run('read detections', async () => {
      let select = this.#db
        .selectFrom('detections')
        .selectAll()
        .orderBy('atMs', 'desc')
        .orderBy('id', 'desc')
        .limit(query.limit)
      if (query.decisionId !== undefined) select = select.where('decisionId', '=', query.decisionId)
      if (query.rule !== undefined) select = select.where('rule', '=', query.rule)
      if (query.verdict !== undefined) select = select.where('verdict', '=', query.verdict)
      if (query.sinceMs !== undefined) select = select.where('atMs', '>=', query.sinceMs)
      if (query.beforeMs !== undefined) select = select.where('atMs', '<', query.beforeMs)
      if (query.overlapping !== undefined) {
        const { first, last } = rangeOf(query.overlapping)
        select = select.where('firstAddress', '<=', last).where('lastAddress', '>=', first)
      }
      return (await select.execute()).map(rows.detectionFromRow)
    })
  }

  async prune(limits: PruneLimits): Promise<Pruned> {
    return this.#transaction('prune the state', (transaction) => pruneState(transaction, limits))
  }

  async settings(): Promise<StoredSetting[]> {
    return this.#run('read settings', async () =>
      (await this.#db.selectFrom('settings').selectAll().orderBy('key').execute()).map(rows.settingFromRow),
    )
  }

  async changeSettings(
    changes: readonly SettingChange[],
    who: { readonly by: string; readonly atMs: number; readonly reason: string | null },
  ): Promise<void> {
    await this.#transaction('write settings', async (transaction) => {
      const before = await transaction.selectFrom('settings').selectAll().execute()
      const written = changes.flatMap(({ key, value, secret }): StateChange[] => {
        const old = before.find((row) => row.key === key)
        const details =
          secret === true
            ? { secret: true }
            : { before: old === undefined ? null : rows.settingFromRow(old).value, after: value ?? null }
        const entry: AuditEntry = {
          id: randomUUIDv7(),
          atMs: who.atMs,
          actor: who.by,
          action: value === undefined ? 'setting.remove' : 'setting.change',
          subject: key,
          reason: who.reason,
          details: withOrigin(who.by, details),
        }
        const change: StateChange =
          value === undefined
            ? { kind: 'setting-removed', key }
            : { kind: 'setting', setting: { key, value, by: who.by, atMs: who.atMs } }
        return [change, { kind: 'audit', entry }]
      })
      await this.#writer.write(transaction, written)
    })
  }

  async objects(kind: string): Promise<StoredObject[]> {
    return this.#run('read objects', async () => {
      const found = await this.#db
        .selectFrom('objects')
        .selectAll()
        .where('kind', '=', kind)
        .orderBy('id')
        .execute()
      return found.map(objectFromRow)
    })
  }

  async object(kind: string, id: string): Promise<StoredObject | null> {
    return this.#run('read an object', async () => {
      const query = this.#db.selectFrom('objects').selectAll().where('kind', '=', kind).where('id', '=', id)
      const row = await query.executeTakeFirst()
      return row === undefined ? null : objectFromRow(row)
    })
  }

  async changeObject(change: ObjectChange, audit: AuditEntry | null): Promise<ObjectOutcome> {
    const entry = audit === null ? null : { ...audit, details: withOrigin(audit.actor, audit.details) }
    return this.#transaction('change an object', async (transaction) => {
      const outcome = await changeObject(transaction, change, this.#clock)
      if (outcome.ok && entry !== null) await this.#writer.write(transaction, [{ kind: 'audit', entry }])
      return outcome
    })
  }

  async appendJournal(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return
    await this.#transaction('write the journal', (transaction) => appendJournal(transaction, entries))
  }

  async journal(query: JournalQuery): Promise<JournalEntry[]> {
    return this.#run('read the journal', () => readJournal(this.#db, query))
  }

  async pruneJournal(kind: string, beforeMs: number, most: number): Promise<number> {
    return this.#transaction('prune the journal', (transaction) =>
      pruneJournal(transaction, kind, beforeMs, most),
    )
  }

  async audit(query: AuditQuery): Promise<AuditRow[]> {
    return this.#run('read the audit log', () => queryAudit(this.#db, query))
  }

  async auditHead(): Promise<number> {
    return this.#run('read the audit log', () => headOfAudit(this.#db))
  }

  async verifyAudit(): Promise<AuditCheck> {
    return this.#run('verify the audit log', () => verifyAuditChain(this.#db))
  }

  /** Looks whether the file is still in place and writes it back if not. For a check every few seconds. */
  async checkFile(): Promise<void> {
    await this.#run('check the state database', () => this.#db.selectFrom('engine').select('id').execute())
  }

  /** Writes a whole, consistent copy to a path that must not exist yet. */
  async backup(path: string): Promise<void> {
    await this.#run('back up the state database', async () => this.#file.copyTo(path))
  }

  async close(): Promise<void> {
    await this.#db.destroy()
    this.#file.close()
  }

  async #transaction<T>(what: string, work: (transaction: DatabaseTransaction) => Promise<T>): Promise<T> {
    return this.#run(what, () => this.#db.transaction().execute(work))
  }

  async #run<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown
      throw new AppError('state-unavailable', `could not ${what}: ${messageOf(thrown)}`, thrown)
    }
  }
}

function rangeOf(network: Network): { first: Uint8Array; last: Uint8Array } {
  return { first: rows.addressToBytes(network.words), last: rows.addressToBytes(lastAddress(network)) }
}
