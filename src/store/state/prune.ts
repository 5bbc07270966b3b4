/**
 * Retention of the state: ended decisions and detections of an age go, and detections beyond a number. The evidence of
 * a decision stays as long as the decision itself, whatever its age. The audit log is never pruned.
 */
import type { Pruned, PruneLimits } from '../../model/state.ts'
import type { DatabaseTransaction } from './tables.ts'

/** Deletes within the caller's transaction and returns how many rows went. */
export async function pruneState(transaction: DatabaseTransaction, limits: PruneLimits): Promise<Pruned> {
  const active = transaction.selectFrom('decisions').select('id').where('endedAtMs', 'is', null)
  const kept = transaction
    .selectFrom('decisions')
    .select('id')
    .where((row) => row.or([row('endedAtMs', 'is', null), row('endedAtMs', '>=', limits.beforeMs)]))
  const old = await transaction
    .deleteFrom('detections')
    .where('atMs', '<', limits.beforeMs)
    .where((row) => row.or([row('decisionId', 'is', null), row('decisionId', 'not in', kept)]))
    .executeTakeFirst()
  const lastKept = await transaction
    .selectFrom('detections')
    .select(['atMs', 'id'])
    .where((row) => row.or([row('decisionId', 'is', null), row('decisionId', 'not in', active)]))
    .orderBy('atMs', 'desc')
    .orderBy('id', 'desc')
    .offset(limits.maxDetections)
    .limit(1)
    .executeTakeFirst()
  let beyond = 0n
  if (lastKept !== undefined) {
    const result = await transaction
      .deleteFrom('detections')
      .where((row) => row.or([row('decisionId', 'is', null), row('decisionId', 'not in', active)]))
      .where((row) =>
        row.or([
          row('atMs', '<', lastKept.atMs),
          row.and([row('atMs', '=', lastKept.atMs), row('id', '<=', lastKept.id)]),
        ]),
      )
      .executeTakeFirst()
    beyond = result.numDeletedRows
  }
  const ended = await transaction
    .deleteFrom('decisions')
    .where('endedAtMs', '<', limits.beforeMs)
    .executeTakeFirst()
  return { decisions: Number(ended.numDeletedRows), detections: Number(old.numDeletedRows + beyond) }
}
