/** Objects and the journal in the state database; see model/object.ts. Works within the caller's transaction. */
import type { Clock } from '../../lib/clock.ts'
import type {
  JournalEntry,
  JournalQuery,
  ObjectChange,
  ObjectOutcome,
  StoredObject,
} from '../../model/object.ts'
import type { Json } from '../../model/state.ts'
import type { Database, DatabaseTransaction, JournalRow, ObjectRow } from './tables.ts'

export function objectFromRow(row: ObjectRow): StoredObject {
  return { ...row, body: JSON.parse(row.body) as Json }
}

export async function changeObject(
  transaction: DatabaseTransaction,
  change: ObjectChange,
  clock: Clock,
): Promise<ObjectOutcome> {
  const { kind, id, body, onVersion, by } = change
  const known = await transaction
    .selectFrom('objects')
    .select('version')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  const version = known?.version ?? 0
  if (onVersion !== null && onVersion !== version) return { ok: false, reason: 'changed' }
  if (body === null) {
    if (known === undefined) return { ok: false, reason: 'missing' }
    await transaction.deleteFrom('objects').where('kind', '=', kind).where('id', '=', id).execute()
    return { ok: true, version }
  }
  const columns = {
    body: JSON.stringify(body),
    version: version + 1,
    changedAtMs: Math.round(clock.nowMs()),
    changedBy: by,
  }
  if (known === undefined)
    await transaction
      .insertInto('objects')
      .values({ kind, id, ...columns })
      .execute()
  else {
    const update = transaction.updateTable('objects').set(columns)
    await update.where('kind', '=', kind).where('id', '=', id).execute()
  }
  return { ok: true, version: version + 1 }
}

/** One statement for so many: each costs as much as a dozen rows, in the way of everything else. */
const ROWS_AT_ONCE = 100

export async function appendJournal(
  transaction: DatabaseTransaction,
  entries: readonly JournalEntry[],
): Promise<void> {
  for (let from = 0; from < entries.length; from += ROWS_AT_ONCE) {
    const rows = entries.slice(from, from + ROWS_AT_ONCE).map(
      (entry): JournalRow => ({
        ...entry,
        atMs: Math.round(entry.atMs),
        body: JSON.stringify(entry.body),
      }),
    )
    await transaction.insertInto('journal').values(rows).execute()
  }
}

export async function readJournal(db: Database, query: JournalQuery): Promise<JournalEntry[]> {
  let select = db.selectFrom('journal').selectAll().where('kind', '=', query.kind)
  if (query.subject !== undefined) select = select.where('subject', '=', query.subject)
  if (query.sinceMs !== undefined) select = select.where('atMs', '>=', query.sinceMs)
  if (query.beforeId !== undefined) select = select.where('id', '<', query.beforeId)
  const rows = await select.orderBy('id', 'desc').limit(query.limit).execute()
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Json }))
}

export async function pruneJournal(
  transaction: DatabaseTransaction,
  kind: string,
  beforeMs: number,
  most: number,
): Promise<number> {
  const old = await transaction
    .deleteFrom('journal')
    .where('kind', '=', kind)
    .where('atMs', '<', beforeMs)
    .executeTakeFirst()
  const first = await transaction
    .selectFrom('journal')
    .select('id')
    .where('kind', '=', kind)
    .orderBy('id', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst()
  if (first === undefined) return Number(old.numDeletedRows)
  const beyond = await transaction
    .deleteFrom('journal')
    .where('kind', '=', kind)
    .where('id', '<=', first.id)
    .executeTakeFirst()
  return Number(old.numDeletedRows + beyond.numDeletedRows)
}
