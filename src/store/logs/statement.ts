/**
 * SQL text as the embedded engine must be given it. The engine's own parameter binding and connection settings are
 * shared by all its connections, so both go into the statement: parameters as `_CAST` of a quoted literal (what a
 * ClickHouse server does with them too), settings as a trailing `SETTINGS` clause. Names are checked, values quoted.
 *
 * A small scanner tells code from quoted text and comments, so nothing inside those is ever taken for syntax. What it
 * cannot read (an open quote, several statements) is refused with ClickHouse's code 62.
 */
import { StoreError } from './store-error.ts'

const SYNTAX_ERROR = 62
const UNKNOWN_SETTING = 115
const PARAMETER_MISSING = 456

/** The whole text with everything but code blanked out: same length, so places agree. */
export function codeOf(sql: string): string {
  let code = ''
  for (let at = 0; at < sql.length; ) {
    const end = endOfNonCode(sql, at)
    if (end === at) code += sql[at++]
    else {
      // Quotes stay as placeholders, so that a masked literal is still a token of its own.
      const isComment = sql[at] === '-' || sql[at] === '/' || sql[at] === '#'
      code += (isComment ? ' ' : "'").repeat(end - at)
      at = end
    }
  }
  return code
}

/** Where the quoted text or comment that begins here ends; the same place when code begins here. */
function endOfNonCode(sql: string, at: number): number {
  const char = sql[at]
  if (char === "'" || char === '"' || char === '`') return endOfQuoted(sql, at, char)
  const two = sql.slice(at, at + 2)
  if (two === '--' || two === '# ' || two === '#!') {
    const newline = sql.indexOf('\n', at)
    return newline === -1 ? sql.length : newline
  }
  if (two === '/*') return endAfter(sql, '*/', at + 2)
  if (char === '$') {
    const tag = /^\$\w*\$/.exec(sql.slice(at, at + 66))?.[0]
    if (tag !== undefined) return endAfter(sql, tag, at + tag.length)
  }
  return at
}

function endOfQuoted(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] === '\\') i++
    else if (sql[i] === quote) {
      if (sql[i + 1] === quote) i++
      else return i + 1
    }
  }
  throw new StoreError('Syntax error: a quote is not closed', SYNTAX_ERROR)
}

function endAfter(sql: string, end: string, from: number): number {
  const found = sql.indexOf(end, from)
  if (found === -1) throw new StoreError(`Syntax error: ${end} is missing`, SYNTAX_ERROR)
  return found + end.length
}

/** A text as a quoted literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

const PLACEHOLDER = /\{\s*([A-Za-z_]\w{0,63})\s*:\s*((?:[^{}'"`;]|'[A-Za-z0-9_/+-]*')+?)\s*\}/y

/** Puts values for `{name:Type}`. Values come as the HTTP interface gets them: tab-separated escapes, `\N` is NULL. */
export function bindParameters(sql: string, parameters: ReadonlyMap<string, string>): string {
  let bound = ''
  for (let at = 0; at < sql.length; ) {
    const end = endOfNonCode(sql, at)
    if (end > at) {
      bound += sql.slice(at, end)
      at = end
      continue
    }
    PLACEHOLDER.lastIndex = at
    const match = sql[at] === '{' ? PLACEHOLDER.exec(sql) : null
    if (match === null) bound += sql[at++]
    else {
      const [whole, name = '', type = ''] = match
      const value = parameters.get(name)
      if (value === undefined) throw new StoreError(`Substitution ${name} is not set`, PARAMETER_MISSING)
      bound += substitute(value, type)
      at += whole.length
    }
  }
  return bound
}

function substitute(value: string, type: string): string {
  if (type === 'Identifier') return `\`${unescaped(value).replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
  if (value === '\\N') return `_CAST(NULL, ${quoted(type)})`
  // Containers hold quoted literals of their own and are not escaped as a whole.
  const text = /^(?:Array|Map|Tuple)\b/.test(type) ? value : unescaped(value)
  return `_CAST(${quoted(text)}, ${quoted(type)})`
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '0': '\0', b: '\b', f: '\f' }

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char)
}

/** Result formats whose pieces may be joined: no header, no frame, no totals. Others are made as a whole. */
const JOINABLE_FORMATS: ReadonlySet<string> = new Set([
  'JSONEachRow',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'RowBinary',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'CSV',
  'Native',
  'Values',
  'Null',
])

export interface Statement {
  readonly sql: string
  readonly kind: 'read' | 'insert' | 'other'
  /** Whether the result can be handed out while it is being made. */
  readonly isStreamable: boolean
  readonly format: string
}

const TRAILING_FORMAT = /\bFORMAT\s+([A-Za-z]\w*)\s*(SETTINGS\b[\s\S]*)?$/i
const READ = /^\s*\(*\s*(?:SELECT|WITH)\b/i
const INSERT = /^\s*INSERT\s+INTO\b/i

/**
 * Completes a statement: one only, with its result format, and for reads with settings (name to value). Settings in
 * the statement itself stay and win.
 */
export function completeStatement(
  text: string,
  settings: ReadonlyMap<string, string>,
  defaultFormat: string,
): Statement {
  let sql = text
  let code = codeOf(sql)
  const end = /[\s;]*$/.exec(code)?.index ?? code.length
  sql = sql.slice(0, end)
  code = code.slice(0, end)
  if (code.includes(';')) throw new StoreError('Syntax error: Multi-statements are not allowed', SYNTAX_ERROR)
  if (code.trim() === '') throw new StoreError('Syntax error: Empty query', SYNTAX_ERROR)
  if (/\bINTO\s+OUTFILE\b/i.test(code)) throw new StoreError('INTO OUTFILE is not allowed', SYNTAX_ERROR)
  const kind = READ.test(code) ? 'read' : INSERT.test(code) ? 'insert' : 'other'
  const found = TRAILING_FORMAT.exec(code)
  const format = found?.[1] ?? defaultFormat
  if (kind !== 'read') return { sql, kind, isStreamable: false, format }
  if (found === null) sql += `\nFORMAT ${identifier(defaultFormat)}`
  if (settings.size > 0) sql += `${found?.[2] === undefined ? '\nSETTINGS ' : ', '}${settingsList(settings)}`
  return { sql, kind, isStreamable: JOINABLE_FORMATS.has(format), format }
}

function identifier(name: string): string {
  if (!/^[A-Za-z]\w{0,63}$/.test(name)) throw new StoreError(`Unknown format ${name}`, 73)
  return name
}

/** `a = '1', b = 'x'`, with checked names. */
export function settingsList(settings: ReadonlyMap<string, string>): string {
  return [...settings]
    .map(([name, value]) => {
      if (!/^[a-z][a-z0-9_]{0,99}$/.test(name))
        throw new StoreError(`Unknown setting '${name}'`, UNKNOWN_SETTING)
      return `${name} = ${/^\d{1,18}$/.test(value) ? value : quoted(value)}`
    })
    .join(', ')
}

const INSERT_PARTS =
  /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)\s*(\([\w\s,]*\))?\s*(SETTINGS\b[\s\S]*?)?\s*FORMAT\s+([A-Za-z]\w*)\s*$/i

/** Turns `INSERT INTO t [(columns)] [SETTINGS ...] FORMAT f` into one that reads its rows from a file. */
export function insertFromFile(sql: string, path: string, settings: ReadonlyMap<string, string>): string {
  const code = codeOf(sql)
  const parts = INSERT_PARTS.exec(code)
  if (parts === null)
    throw new StoreError(
      'Syntax error: expected INSERT INTO table [(columns)] [SETTINGS ...] FORMAT name',
      SYNTAX_ERROR,
    )
  const [, table = '', columns = '', masked, format = ''] = parts
  const from = masked === undefined ? -1 : code.indexOf(masked)
  const own = masked === undefined ? '' : sql.slice(from, from + masked.length)
  const added = settings.size === 0 ? '' : settingsList(settings)
  const clause =
    own === '' ? (added === '' ? '' : `SETTINGS ${added}`) : added === '' ? own : `${own}, ${added}`
  return `INSERT INTO ${table} ${columns} FROM INFILE ${quoted(path)} ${clause} FORMAT ${format}`
}
