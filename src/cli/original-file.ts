/**
 * Files of the older system, told apart by their content: its SQLite database (read only), a dump of PostgreSQL (the COPY
 * block of the table, as pg_dump writes it), a CSV file of the table with a head line, or `blacklist.txt`. Beside the
 * blacklist, its detection settings where the file has them. No file is ever written.
 *
 * Limits: a text file up to TEXT_LIMIT_BYTES. Times without a zone are read in the older system's, which is given.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AppError, messageOf } from '../lib/errors.ts'
import { parseInstant } from '../lib/time-text.ts'

const TEXT_LIMIT_BYTES = 64 << 20
const MAGIC = 'SQLite format 3\0'
/** Django names tables APPLICATION_model. */
const BLACKLIST = /^(?:syslog_)?blacklist$/i
const SETTINGS = /^(?:syslog_)?defensesetting$/i

export interface OriginalFile {
  readonly kind: 'SQLite' | 'PostgreSQL dump' | 'CSV' | 'plain list'
  readonly rows: readonly {
    readonly target: string
    readonly alert: string | null
    readonly lastSeenAt: string | null
  }[]
  /** Its numbers by their names there; empty where the file has none. */
  readonly numbers: ReadonlyMap<string, number>
}

interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Throws AppError `usage` for a file that is none of these. */
export function readOriginalFile(path: string, timeZone: string): OriginalFile {
  try {
    if (isSqlite(path)) return readSqlite(path, timeZone)
    if (statSync(path).size > TEXT_LIMIT_BYTES)
      throw new AppError('usage', `${path} is larger than ${TEXT_LIMIT_BYTES} bytes: give its table only`)
    return readText(path, readFileSync(path, 'utf8'), timeZone)
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

function readSqlite(path: string, timeZone: string): OriginalFile {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const names = db.prepare("select name from sqlite_schema where type = 'table'").all()
    const tables = names.map(({ name }) => String(name))
    const blacklist = tables.find((name) => BLACKLIST.test(name))
    if (blacklist === undefined)
      throw new AppError('usage', `${path} has no table Syslog_blacklist: it is of another program`)
    const settings = tables.find((name) => SETTINGS.test(name))
    return {
      kind: 'SQLite',
      rows: rowsOf(tableOf(db, blacklist), path, timeZone),
      numbers: settings === undefined ? new Map() : numbersOf(tableOf(db, settings)),
    }
  } finally {
    db.close()
  }
}

function tableOf(db: DatabaseSync, name: string): Table {
  // A name out of the file, matched against two words above, and quoted all the same.
  const all = db.prepare(`select * from "${name.replaceAll('"', '""')}"`).all()
  const columns = Object.keys(all[0] ?? {})
  return {
    columns,
    rows: all.map((row) => columns.map((column) => (row[column] === null ? null : String(row[column])))),
  }
}

function readText(path: string, text: string, timeZone: string): OriginalFile {
  const blacklist = copyBlock(text, BLACKLIST)
  if (blacklist !== null) {
    const settings = copyBlock(text, SETTINGS)
    return {
      kind: 'PostgreSQL dump',
      rows: rowsOf(blacklist, path, timeZone),
      numbers: settings === null ? new Map() : numbersOf(settings),
    }
  }
  const [head = ''] = text.split('\n', 1)
  const columns = cellsOf(head.replace(/^\ufeff/, '')).map((cell) => cell ?? '')
  if (columns.some((column) => /^ip$/i.test(column))) {
    const rows = text.split('\n').slice(1).filter(isFilled).map(cellsOf)
    return { kind: 'CSV', rows: rowsOf({ columns, rows }, path, timeZone), numbers: new Map() }
  }
  const plain = text.split('\n').filter((line) => isFilled(line) && !line.startsWith('#'))
  return {
    kind: 'plain list',
    rows: plain.map((line) => ({ target: line.trim().slice(0, 200), alert: null, lastSeenAt: null })),
    numbers: new Map(),
  }
}

const isFilled = (line: string): boolean => line.trim() !== ''

/** The rows between `COPY public."Syslog_blacklist" (columns) FROM stdin;` and `\.`. */
function copyBlock(text: string, wanted: RegExp): Table | null {
  for (const match of text.matchAll(/^COPY (?:"?\w+"?\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;\r?\n/gm)) {
    if (!wanted.test(match[1] ?? '')) continue
    const from = (match.index ?? 0) + match[0].length
    const end = text.slice(from).search(/^\\\.\r?$/m)
    if (end === -1) continue
    const columns = (match[2] ?? '').split(',').map((column) => column.trim().replaceAll('"', ''))
    const lines = text
      .slice(from, from + end)
      .split('\n')
      .filter(isFilled)
    return { columns, rows: lines.map((line) => line.replace(/\r$/, '').split('\t').map(copyCell)) }
  }
  return null
}

function copyCell(cell: string): string | null {
  if (cell === '\\N') return null
  return cell.replaceAll(/\\([btnfrv\\])/g, (_, letter: string) => (letter === '\\' ? '\\' : ' '))
}

/** Cells of a CSV line; a doubled quote within quotes is one. Lines within cells are none of this table's. */
function cellsOf(line: string): (string | null)[] {
  const cells = line.replace(/\r$/, '').match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? []
  return cells.map((cell) => {
    const plain = cell.replace(/^,/, '')
    return plain.startsWith('"') ? plain.slice(1, -1).replaceAll('""', '"') : plain
  })
}

function rowsOf({ columns, rows }: Table, path: string, timeZone: string): OriginalFile['rows'] {
  const at = (name: RegExp): number => columns.findIndex((column) => name.test(column))
  const [address, alert, seen] = [at(/^ip$/i), at(/^alert$/i), at(/^lastseen$/i)]
  if (rows.length > 0 && address === -1)
    throw new AppError('usage', `${path}: the table of the blacklist has no column IP`)
  return rows.map((row) => ({
    target: (row[address] ?? '').slice(0, 200),
    alert: alert === -1 ? null : (row[alert]?.slice(0, 1000) ?? null),
    lastSeenAt: seen === -1 ? null : isoOf(row[seen] ?? '', timeZone),
  }))
}

/** `2025-02-20 11:49:43.123456+00` or without a zone, as Django keeps times; null for what is no time. */
function isoOf(text: string, timeZone: string): string | null {
  const whole = text.trim().replace(/(:\d{2}(?:\.\d+)?[+-]\d{2})$/, '$1:00')
  const ms = parseInstant(whole, 0, timeZone)
  return ms === null ? null : new Date(ms).toISOString()
}

function numbersOf({ columns, rows }: Table): Map<string, number> {
  const name = columns.findIndex((column) => /^name$/i.test(column))
  const value = columns.findIndex((column) => /^value$/i.test(column))
  const numbers = new Map<string, number>()
  for (const row of rows) {
    const number = Number(row[value])
    if (row[name] != null && row[value] !== null && Number.isInteger(number)) numbers.set(row[name], number)
  }
  return numbers
}
