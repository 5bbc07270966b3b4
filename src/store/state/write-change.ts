/** One change of the state as statements. Each may be repeated: the second time changes nothing. */
import { formatNetwork } from '../../lib/address.ts'
import type { StateChange } from '../../model/state.ts'
import * as rows from './rows.ts'
import type { DatabaseTransaction } from './tables.ts'

type OwnChange = Exclude<StateChange, { readonly kind: 'audit' }>

export async function writeChange(transaction: DatabaseTransaction, change: OwnChange): Promise<void> {
  switch (change.kind) {
    case 'decision': {
      const row = rows.decisionToRow(change.decision)
      const { id: _, ...rest } = row
      await transaction
        .insertInto('decisions')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
      return
    }
    case 'seen':
      await transaction
        .updateTable('decisions')
        .set({ lastSeenAtMs: change.lastSeenAtMs, expiresAtMs: change.expiresAtMs })
        .where('id', '=', change.id)
        .execute()
      return
    case 'detection':
      await transaction
        .insertInto('detections')
        .values(rows.detectionToRow(change.stored))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute()
      return
    case 'allow': {
      const row = rows.allowToRow(change.entry)
      const { id: _, ...rest } = row
      await transaction
        .insertInto('allowlist')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
      return
    }
    case 'allow-removed':
      await transaction.deleteFrom('allowlist').where('id', '=', change.entry.id).execute()
      return
    case 'grace': {
      const row = rows.graceToRow(change.grace)
      const { target: _, ...rest } = row
      await transaction
        .insertInto('graces')
        .values(row)
        .onConflict((conflict) => conflict.column('target').doUpdateSet(rest))
        .execute()
      return
    }
    case 'grace-removed':
      await transaction.deleteFrom('graces').where('target', '=', formatNetwork(change.target)).execute()
      return
    case 'engine': {
      const row = rows.engineToRow(change.flags)
      const { id: _, ...rest } = row
      await transaction
        .insertInto('engine')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
      return
    }
    case 'setting': {
      const row = rows.settingToRow(change.setting)
      const { key: _, ...rest } = row
      await transaction
        .insertInto('settings')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(rest))
        .execute()
      return
    }
    case 'setting-removed':
      await transaction.deleteFrom('settings').where('key', '=', change.key).execute()
      return
  }
}
