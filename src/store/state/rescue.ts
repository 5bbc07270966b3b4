/**
 * Reads what can still be read of a damaged database into a fresh one: above all the allowlist, so that damage on the
 * disk does not get a partner blocked. Row by row: a table ends at its first unreadable page. The audit log is not
 * taken over, since a chain with holes proves nothing; it stays in the file that was set aside.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { messageOf } from '../../lib/errors.ts'

const TABLES = ['allowlist', 'graces', 'engine', 'settings', 'devices', 'decisions', 'detections'] as const

/** Returns one sentence for people. Never throws: what cannot be read is told. */
export function rescueRows(damagedPath: string, into: DatabaseSync): string {
  let from: DatabaseSync
  try {
    from = new DatabaseSync(damagedPath, { readOnly: true })
  } catch (thrown) {
    return `nothing could be read from it (${messageOf(thrown)})`
  }
  const told: string[] = []
  let problem = ''
  for (const table of TABLES) {
    let rows = 0
    try {
      for (const row of from.prepare(`select * from ${table}`).iterate()) {
        const columns = Object.keys(row)
        const places = columns.map(() => '?').join(', ')
        into
          .prepare(`insert or ignore into ${table} (${columns.join(', ')}) values (${places})`)
          .run(...columns.map((column) => row[column] as SQLInputValue))
        rows++
      }
    } catch (thrown) {
      // Expected of a damaged file: the next table may still be whole.
      problem = messageOf(thrown)
    }
    if (rows > 0) told.push(`${rows} of ${table}`)
  }
  from.close()
  const end = problem === '' ? '' : `; the rest is unreadable (${problem})`
  return told.length === 0
    ? `nothing could be read from it (${problem})`
    : `rows rescued from it: ${told.join(', ')}${end}. Check the allowlist and the blocks`
}
