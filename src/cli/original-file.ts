/**
 * Files of the older system, told apart by their content: its SQLite database (read only), or a text file (a dump of
 * PostgreSQL, CSV, `blacklist.txt`; decide/import/original-tables.ts). No file is ever written.
 *
 * Limits: a text file up to TEXT_LIMIT_BYTES.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import {
  ORIGINAL_TABLES,
  type Original,
  type OriginalTable,
  originalOf,
  readOriginalText,
} from '../decide/import/original-tables.ts'
import { AppError, messageOf } from '../lib/errors.ts'

const TEXT_LIMIT_BYTES = 64 << 20
const MAGIC = 'SQLite format 3\0'

/** Throws AppError `usage` for a file that is none of these. */
export function readOriginalFile(path: string, timeZone: string): Original {
  try {
    if (isSqlite(path)) return readSqlite(path, timeZone)
    if (statSync(path).size > TEXT_LIMIT_BYTES)
      throw new AppError('usage', `${path} is larger than ${TEXT_LIMIT_BYTES} bytes: give its tables only`)
    return readOriginalText(readFileSync(path, 'utf8'), path, timeZone)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('usage', `${path}: ${messageOf(error)}`, error)
  }
}

function isSqlite(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const front = Buffer.alloc(MAGIC.length)
    readSync(file, front, 0, MAGIC.length, 0)
    return front.toString('latin1') === MAGIC
  } finally {
    closeSync(file)
  }
}

function readSqlite(path: string, timeZone: string): Original {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const names = db
      .prepare("select name from sqlite_schema where type = 'table'")
      .all()
      .map(({ name }) => String(name))
    const read = (wanted: RegExp): OriginalTable | undefined => {
      const name = names.find((one) => wanted.test(one))
      return name === undefined ? undefined : tableOf(db, name)
    }
    const blacklist = read(ORIGINAL_TABLES.blacklist)
    if (blacklist === undefined)
      throw new AppError('usage', `${path} has no table Syslog_blacklist: it is of another program`)
    const { settings, mail, recipients } = ORIGINAL_TABLES
    const tables = {
      blacklist,
      settings: read(settings),
      mail: read(mail),
      recipients: read(recipients),
    }
    return originalOf('SQLite', tables, path, timeZone)
  } finally {
    db.close()
  }
}

function tableOf(db: DatabaseSync, name: string): OriginalTable {
  // A name out of the file, matched against words above, and quoted all the same.
  const all = db.prepare(`select * from "${name.replaceAll('"', '""')}"`).all()
  const columns = Object.keys(all[0] ?? {})
  return {
    columns,
    rows: all.map((row) => columns.map((column) => (row[column] === null ? null : String(row[column])))),
  }
}
