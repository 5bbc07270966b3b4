/**
 * What the older system kept, out of its tables: blacklist, numbers of detection, mail server and recipients. The tables
 * come from a dump of PostgreSQL as pg_dump writes it (COPY blocks, or INSERT with --inserts and --column-inserts), from
 * CSV of the blacklist, or, read elsewhere, from SQLite; `blacklist.txt` has addresses alone.
 *
 * Text is told apart by its content. Times without a zone are read in the older system's, which is given. Pure: the web
 * page reads files by it too. Throws AppError `usage` for what is none of these.
 */
import { AppError } from '../../lib/errors.ts'
import { isMailAddress } from '../../lib/mail-address.ts'
import { parseInstant } from '../../lib/time-text.ts'

/** Django names tables APPLICATION_model. */
export const ORIGINAL_TABLES = {
  blacklist: /^(?:syslog_)?blacklist$/i,
  settings: /^(?:syslog_)?defensesetting$/i,
  mail: /^(?:syslog_)?emailsetting$/i,
  recipients: /^(?:syslog_)?recipient$/i,
} as const
type TableName = keyof typeof ORIGINAL_TABLES

export interface OriginalTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}
export type OriginalTables = { readonly [Name in TableName]?: OriginalTable | undefined }

export interface Original {
  readonly kind: 'SQLite' | 'PostgreSQL dump' | 'CSV' | 'plain list'
  readonly rows: readonly {
    readonly target: string
    readonly alert: string | null
    readonly lastSeenAt: string | null
  }[]
  /** Its numbers by their names there; empty where the file has none. */
  readonly numbers: ReadonlyMap<string, number>
  /** Mail addresses, each once; what is none is left out. */
  readonly recipients: readonly string[]
  /** Null: none, or the example that it begins with. */
  readonly mail: OriginalMail | null
}

export interface OriginalMail {
  readonly host: string
  readonly port: number
  readonly usesTls: boolean
  /** Empty: none. */
  readonly sender: string
  /** It kept it in clear text; null: none. */
  readonly password: string | null
}

const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
const EXAMPLE_HOST = 'smtp.example.com'
const SMTP_PORT = 25
const MOST_RECIPIENTS = 50

/** Reads a text file of the older system. `where`: its name, for messages. */
export function readOriginalText(text: string, where: string, timeZone: string): Original {
  if (text.startsWith('PGDMP'))
    throw new AppError(
      'usage',
      `${where} is a dump in PostgreSQL's own format: make it text with pg_restore -f dump.sql ${where}`,
    )
  const blacklist = tableOf(text, ORIGINAL_TABLES.blacklist)
  if (blacklist !== undefined) {
    const others = Object.fromEntries(
      (['settings', 'mail', 'recipients'] as const).map((name) => [
        name,
        tableOf(text, ORIGINAL_TABLES[name]),
      ]),
    )
    return originalOf('PostgreSQL dump', { blacklist, ...others }, where, timeZone)
  }
  if (/^-- PostgreSQL database dump/m.test(text))
    throw new AppError('usage', `${where} is a dump without the table Syslog_blacklist, or without its rows`)
  const [head = ''] = text.split('\n', 1)
  const columns = cellsOf(head.replace(/^\ufeff/, '')).map((cell) => cell ?? '')
  if (columns.some((column) => /^ip$/i.test(column))) {
    const rows = text.split('\n').slice(1).filter(isFilled).map(cellsOf)
    return originalOf('CSV', { blacklist: { columns, rows } }, where, timeZone)
  }
  const plain = text.split('\n').filter((line) => isFilled(line) && !line.startsWith('#'))
  return {
    kind: 'plain list',
    rows: plain.map((line) => ({ target: line.trim().slice(0, 200), alert: null, lastSeenAt: null })),
    numbers: new Map(),
    recipients: [],
    mail: null,
  }
}

/** The same of tables that were read elsewhere. */
export function originalOf(
  kind: Original['kind'],
  { blacklist, settings, mail, recipients }: OriginalTables,
  where: string,
  timeZone: string,
): Original {
  return {
    kind,
    rows: blacklist === undefined ? [] : rowsOf(blacklist, where, timeZone),
    numbers: settings === undefined ? new Map() : numbersOf(settings),
    recipients: recipients === undefined ? [] : recipientsOf(recipients),
    mail: mail === undefined ? null : mailOf(mail),
  }
}

const isFilled = (line: string): boolean => line.trim() !== ''

function tableOf(text: string, wanted: RegExp): OriginalTable | undefined {
  return copyBlock(text, wanted) ?? insertedRows(text, wanted)
}

/** The rows between `COPY public."Syslog_blacklist" (columns) FROM stdin;` and `\.`. */
function copyBlock(text: string, wanted: RegExp): OriginalTable | undefined {
  for (const match of text.matchAll(/^COPY (?:"?\w+"?\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;\r?\n/gm)) {
    if (!wanted.test(match[1] ?? '')) continue
    const from = match.index + match[0].length
    const end = text.slice(from).search(/^\\\.\r?$/m)
    if (end === -1) continue
    const lines = text
      .slice(from, from + end)
      .split('\n')
      .filter(isFilled)
    return {
      columns: columnsOf(match[2] ?? ''),
      rows: lines.map((line) => line.replace(/\r$/, '').split('\t').map(copyCell)),
    }
  }
  return undefined
}

function copyCell(cell: string): string | null {
  if (cell === '\\N') return null
  return cell.replaceAll(/\\([btnfrv\\])/g, (_, letter: string) => (letter === '\\' ? '\\' : ' '))
}

const columnsOf = (text: string): string[] =>
  text.split(',').map((column) => column.trim().replaceAll('"', ''))

/** Rows of `INSERT INTO public."Syslog_blacklist" VALUES (...);`; the columns from there, or from its CREATE TABLE. */
function insertedRows(text: string, wanted: RegExp): OriginalTable | undefined {
  let columns: string[] | null = null
  const rows: (string | null)[][] = []
  const insert = /^INSERT INTO (?:"?\w+"?\.)?"?(\w+)"?(?: \(([^)]*)\))? VALUES (.*);\r?$/gm
  for (const [, name = '', given, values = ''] of text.matchAll(insert)) {
    if (!wanted.test(name)) continue
    columns ??= given === undefined ? createdColumns(text, name) : columnsOf(given)
    rows.push(sqlValues(values))
  }
  return columns === null ? undefined : { columns, rows }
}

function createdColumns(text: string, name: string): string[] {
  // The name has letters, digits and "_" alone: it was matched so.
  const created = new RegExp(
    `^CREATE TABLE (?:"?\\w+"?\\.)?"?${name}"? \\(\\r?\\n([\\s\\S]*?)^\\);`,
    'm',
  ).exec(text)
  return (created?.[1] ?? '').split('\n').flatMap((line) => /^\s+"?(\w+)"? /.exec(line)?.[1] ?? [])
}

/** `(1, 'it''s', NULL, true)`: quotes within text are doubled. */
function sqlValues(text: string): (string | null)[] {
  return Array.from(text.matchAll(/E?'((?:[^']|'')*)'|([^\s(),']+)/g), ([, quoted, bare]) => {
    if (quoted !== undefined) return quoted.replaceAll("''", "'")
    return bare === undefined || /^null$/i.test(bare) ? null : bare
  })
}

/** Cells of a CSV line; a doubled quote within quotes is one. Lines within cells are none of this table's. */
function cellsOf(line: string): (string | null)[] {
  const cells = line.replace(/\r$/, '').match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? []
  return cells.map((cell) => {
    const plain = cell.replace(/^,/, '')
    return plain.startsWith('"') ? plain.slice(1, -1).replaceAll('""', '"') : plain
  })
}

function rowsOf({ columns, rows }: OriginalTable, where: string, timeZone: string): Original['rows'] {
  const at = (name: RegExp): number => columns.findIndex((column) => name.test(column))
  const [address, alert, seen] = [at(/^ip$/i), at(/^alert$/i), at(/^lastseen$/i)]
  if (rows.length > 0 && address === -1)
    throw new AppError('usage', `${where}: the table of the blacklist has no column IP`)
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

function numbersOf({ columns, rows }: OriginalTable): Map<string, number> {
  const name = columns.findIndex((column) => /^name$/i.test(column))
  const value = columns.findIndex((column) => /^value$/i.test(column))
  const numbers = new Map<string, number>()
  for (const row of rows) {
    const number = Number(row[value])
    if (row[name] != null && row[value] !== null && Number.isInteger(number)) numbers.set(row[name], number)
  }
  return numbers
}

function recipientsOf({ columns, rows }: OriginalTable): string[] {
  const at = columns.findIndex((column) => /^e-?mail$/i.test(column))
  const addresses = rows.map((row) => (row[at] ?? '').trim())
  return [...new Set(addresses.filter(isMailAddress))].slice(0, MOST_RECIPIENTS)
}

function mailOf({ columns, rows: [row] }: OriginalTable): OriginalMail | null {
  const cell = (name: RegExp): string | null => row?.[columns.findIndex((one) => name.test(one))] ?? null
  const host = cell(/^host$/i)?.trim() ?? ''
  // It is printed as part of a command: nothing else than the name of a host.
  if (!HOST.test(host) || host === EXAMPLE_HOST) return null
  const port = Number(cell(/^port$/i))
  const password = cell(/^password$/i)
  const sender = cell(/^sender$/i)?.trim() ?? ''
  return {
    host,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : SMTP_PORT,
    usesTls: /^(?:1|t|true)$/i.test(cell(/^use_tls$/i) ?? ''),
    sender: isMailAddress(sender) ? sender : '',
    password: password === null || password === '' ? null : password,
  }
}
