/**
 * The audit log: append only and chained. A row's hash is SHA-256 over the previous row's hash and the row's own
 * canonical content, so a changed or missing row breaks the chain from there on; `auditHead` repeats the last row, so a
 * cut-off end shows as well. Whoever can write the file can forge all of it: keep `headHash` elsewhere to catch that.
 */
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CompiledQuery } from 'kysely'
import type { AuditCheck, AuditEntry, AuditQuery, AuditRow, Json } from '../../model/state.ts'
import { auditFromRow } from './rows.ts'
import type { AuditTableRow, Database, DatabaseTransaction } from './tables.ts'

/** What the first row follows. */
const GENESIS_HASH = '0'.repeat(64)
/** Rows read at once while verifying: a millisecond; that of a large import has a megabyte of details. */
const VERIFY_PAGE = 100

/** JSON with sorted keys, so that equal content has one text. */
function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item as Json)}`).join(',')}}`
}

function hashOf(row: Omit<AuditTableRow, 'hash'>): string {
  const content = [
    row.sequence,
    row.id,
    row.atMs,
    row.actor,
    row.action,
    row.subject,
    row.reason,
    row.details,
  ]
  return createHash('sha256')
    .update(`${row.previousHash}\n${JSON.stringify(content)}`)
    .digest('hex')
}

/** Rows appended after which requests and timers get their turn, within the transaction. */
const ROWS_PER_TURN = 50

export class AuditAppender {
  readonly #find: CompiledQuery
  readonly #insert: CompiledQuery

  /** Compiles its two statements once. */
  constructor(db: Database) {
    const row: AuditTableRow = {
      sequence: 0,
      id: '',
      atMs: 0,
      actor: '',
      action: '',
      subject: '',
      reason: '',
      details: '',
      previousHash: '',
      hash: '',
    }
    this.#find = db.selectFrom('audit').select('sequence').where('id', '=', '').compile()
    this.#insert = db.insertInto('audit').values(row).compile()
  }

  /** Appends the entries within the caller's transaction; entries that are already there are left out. */
  async append(transaction: DatabaseTransaction, entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return
    const head = await transaction.selectFrom('auditHead').selectAll().executeTakeFirst()
    let sequence = head?.sequence ?? 0
    let previousHash = head?.hash ?? GENESIS_HASH
    for (const entry of entries) {
      const known = await transaction.executeQuery({ ...this.#find, parameters: [entry.id] })
      if (known.rows.length > 0) continue
      const details = canonicalJson(entry.details)
      const row = { ...entry, details, sequence: sequence + 1, previousHash }
      const hash = hashOf(row)
      await transaction.executeQuery({ ...this.#insert, parameters: insertParameters({ ...row, hash }) })
      sequence = row.sequence
      previousHash = hash
      if (sequence % ROWS_PER_TURN === 0) await nextTurn()
    }
    await transaction
      .insertInto('auditHead')
      .values({ id: 1, sequence, hash: previousHash })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ sequence, hash: previousHash }))
      .execute()
  }
}

/** In the order of the columns of the compiled statement. */
function insertParameters(row: AuditTableRow): (string | number | null)[] {
  return [
    row.sequence,
    row.id,
    row.atMs,
    row.actor,
    row.action,
    row.subject,
    row.reason,
    row.details,
    row.previousHash,
    row.hash,
  ]
}

export async function queryAudit(db: Database, query: AuditQuery): Promise<AuditRow[]> {
  let select = db.selectFrom('audit').selectAll().orderBy('sequence', 'desc').limit(query.limit)
  if (query.action !== undefined) select = select.where('action', '=', query.action)
  if (query.actor !== undefined) select = select.where('actor', '=', query.actor)
  if (query.subject !== undefined) select = select.where('subject', '=', query.subject)
  if (query.beforeSequence !== undefined) select = select.where('sequence', '<', query.beforeSequence)
  return (await select.execute()).map(auditFromRow)
}

/** The number of the newest row; 0 without any. */
export async function headOfAudit(db: Database): Promise<number> {
  const newest = await db
    .selectFrom('audit')
    .select('sequence')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return newest?.sequence ?? 0
}

/** Reads every row once, in pages between which all else goes on, and tells the first that does not fit. */
export async function verifyAuditChain(db: Database): Promise<AuditCheck> {
  // Rows may be appended meanwhile: they are checked too, and none that were there before may lack.
  const before = await headRow(db)
  let sequence = 0
  let previousHash = GENESIS_HASH
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(VERIFY_PAGE)
      .execute()
    for (const row of rows) {
      const expected = sequence + 1
      if (row.sequence !== expected) {
        return { ok: false, atSequence: expected, problem: `row ${expected} is missing` }
      }
      if (row.previousHash !== previousHash || hashOf(row) !== row.hash) {
        return { ok: false, atSequence: expected, problem: `row ${expected} was changed` }
      }
      if (expected === before.sequence && row.hash !== before.hash)
        return { ok: false, atSequence: expected, problem: `row ${expected} was replaced` }
      sequence = expected
      previousHash = row.hash
    }
    if (rows.length < VERIFY_PAGE) break
    await nextTurn() // the database answers at once: without it nothing else would have a turn
  }
  if (sequence < before.sequence)
    return { ok: false, atSequence: sequence + 1, problem: `rows after ${sequence} were cut off` }
  const after = await headRow(db)
  if (sequence > after.sequence)
    return {
      ok: false,
      atSequence: sequence,
      problem: `rows after ${after.sequence} were put behind the end`,
    }
  return { ok: true, rows: sequence, headHash: previousHash }
}

async function headRow(db: Database): Promise<{ sequence: number; hash: string }> {
  const head = await db.selectFrom('auditHead').select(['sequence', 'hash']).executeTakeFirst()
  return head ?? { sequence: 0, hash: GENESIS_HASH }
}
