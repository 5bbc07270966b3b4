/**
 * A filter as a condition of ClickHouse SQL over the table `logs`. What people wrote goes into bound parameters alone;
 * the text of the condition is made of our own column names. Unknown values (empty text, port 0, `::`, NULL) meet no
 * comparison but `eq ''`, and every negation is the exact opposite of what it negates, as in evaluate.ts.
 */
import { type Address, formatAddress, isV4, lastAddress, type Network } from '../lib/address.ts'
import type { AddressField, PortField } from '../model/log-record.ts'
import { SEARCHED_TEXTS, type TextColumn } from './fields.ts'
import { asciiLower } from './ascii.ts'
import { isNegative, type Range, rangesOf } from './ranges.ts'
import type { Comparison, Filter, SearchValue, TimeContext, Value } from './tree.ts'

/** What is blocked now, as a table that the condition may ask; see app/blocked-table.ts. */
export interface BlockedTable {
  readonly table: string
  /** Lengths of the blocked prefixes that occur, in the 128-bit form. */
  readonly prefixLengths: readonly number[]
}

export interface CompileContext extends TimeContext {
  readonly blocked: BlockedTable
  /** Bare words are not looked for in names of users: whoever asks must not learn them. */
  readonly hidesUsers?: boolean
  /** False only where no record that is asked about holds the text in that column: it is not read then. */
  readonly mayHold?: (column: TextColumn, text: string) => boolean
}

export interface Condition {
  readonly sql: string
  readonly parameters: Readonly<Record<string, string | number>>
}

/** The condition of a filter; `1` for the one that everything meets. Linear. */
export function compileFilter(filter: Filter, context: CompileContext): Condition {
  const compiler = new Compiler(context)
  const sql = compiler.condition(filter)
  return { sql, parameters: compiler.parameters }
}

/** Whether a filter asks what is blocked now. */
export function asksBlocked(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(asksBlocked)
    case 'not':
      return asksBlocked(filter.part)
    case 'compare':
      return filter.field.kind === 'blocked' || filter.field.kind === 'rule-hit'
    case 'all':
    case 'search':
      return false
  }
}

/** Whether a filter looks for bare words, names of users among them. */
export function asksWords(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(asksWords)
    case 'not':
      return asksWords(filter.part)
    case 'search':
      return filter.value.type === 'text'
    case 'all':
    case 'compare':
      return false
  }
}

/** Whether a filter looks for text within texts: by bare words or `contains`. */
export function asksContained(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(asksContained)
    case 'not':
      return asksContained(filter.part)
    case 'search':
      return filter.value.type === 'text'
    case 'compare':
      return filter.field.kind === 'text' && filter.operator === 'contains'
    case 'all':
      return false
  }
}

/** Whether a filter asks for names of users, in their fields or in the raw line. */
export function asksUsers(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(asksUsers)
    case 'not':
      return asksUsers(filter.part)
    case 'compare':
      return filter.field.kind === 'text' && filter.field.columns.some((column) => USER_TEXTS.has(column))
    case 'all':
    case 'search':
      return false
  }
}

/** The condition that nothing meets. */
const NEVER = '0'
const USER_TEXTS: ReadonlySet<TextColumn> = new Set(['sourceUser', 'destinationUser', 'raw'])

class Compiler {
  readonly parameters: Record<string, string | number> = {}
  readonly #context: CompileContext
  #count = 0

  constructor(context: CompileContext) {
    this.#context = context
  }

  condition(filter: Filter): string {
    switch (filter.kind) {
      case 'all':
        return '1'
      case 'and':
      case 'or':
        return `(${filter.parts.map((part) => this.condition(part)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`
      case 'not':
        return `NOT (${this.condition(filter.part)})`
      case 'search':
        return this.#search(filter.value)
      case 'compare': {
        const positive = this.#comparison(filter)
        return isNegative(filter) ? `NOT (${positive})` : positive
      }
    }
  }

  #bind(type: string, value: string | number): string {
    const name = `p${++this.#count}`
    this.parameters[name] = value
    return `{${name}:${type}}`
  }

  #comparison(comparison: Comparison): string {
    const { field, values } = comparison
    switch (field.kind) {
      case 'address':
        return this.#addresses(field.columns, networksOf(values))
      case 'port':
      case 'ordinal':
      case 'number':
        return this.#ranges(comparison)
      case 'time':
        return this.#times(field.columns[0], rangesOf(comparison, this.#context))
      case 'text':
        return anyOf(field.columns.map((column) => this.#text(column, comparison)))
      case 'code': {
        const codes = values.map((value) => (value.type === 'code' ? value.index : -1))
        return anyOf(field.columns.map((column) => this.#oneOf(`CAST(${column}, 'Int8')`, 'Int8', codes)))
      }
      case 'flags': {
        const bits = values.reduce((mask, value) => mask | (value.type === 'flag' ? 1 << value.bit : 0), 0)
        return `bitAnd(flags, ${this.#bind('UInt8', bits)}) != 0`
      }
      case 'blocked': {
        const isTrue = values[0]?.type === 'truth' && values[0].isTrue
        return isTrue ? this.#blocked(null) : `NOT (${this.#blocked(null)})`
      }
      case 'rule-hit':
        return this.#blocked(textsOf(values))
    }
  }

  #addresses(columns: readonly AddressField[], networks: readonly Network[]): string {
    const single = networks.filter(({ prefixLength }) => prefixLength === 128)
    const wide = networks.filter(({ prefixLength }) => prefixLength < 128)
    const hosts = single.map(({ words }) => this.#bind('IPv6', mapped(words)))
    const spans = wide.map(
      (network) =>
        `BETWEEN ${this.#bind('IPv6', mapped(network.words))} AND ${this.#bind('IPv6', mapped(lastAddress(network)))}`,
    )
    return anyOf(
      columns.flatMap((column) => [
        ...(hosts.length === 0 ? [] : [`${column} IN (${hosts.join(', ')})`]),
        ...spans.map((span) => `${column} ${span}`),
      ]),
    )
  }

  #ranges(comparison: Comparison): string {
    const { field } = comparison
    const ranges = rangesOf(comparison, this.#context)
    if (field.kind === 'port') return this.#ports(field.columns, ranges)
    if (field.kind === 'ordinal')
      return anyOf(ranges.map((range) => this.#within("CAST(severity, 'Int8')", 'Int8', range)))
    if (field.kind !== 'number') throw new TypeError(`BUG: ${field.kind} has no ranges`)
    const [column] = field.columns
    const held = anyOf(ranges.map((range) => this.#within(column ?? '', 'UInt64', range)))
    if (column === 'threatId') return `(threatId != 0 AND ${held})`
    return column === 'repeatCount' ? held : `ifNull(${held}, 0)`
  }

  #ports(columns: readonly PortField[], ranges: readonly Range[]): string {
    return anyOf(columns.flatMap((column) => ranges.map((range) => this.#within(column, 'UInt16', range))))
  }

  #within(expression: string, type: string, { first, last }: Range): string {
    if (last < first) return '0'
    if (first === last) return `${expression} = ${this.#bind(type, first)}`
    if (last === Number.POSITIVE_INFINITY) return `${expression} >= ${this.#bind(type, first)}`
    return `${expression} BETWEEN ${this.#bind(type, first)} AND ${this.#bind(type, last)}`
  }

  #times(column: string, ranges: readonly Range[]): string {
    return anyOf(
      ranges.map(({ first, last }) => {
        const bounds = [
          ...(Number.isFinite(first) ? [`${column} >= ${this.#instant(first)}`] : []),
          ...(Number.isFinite(last) ? [`${column} <= ${this.#instant(last)}`] : []),
        ]
        return bounds.length === 0 ? '1' : `(${bounds.join(' AND ')})`
      }),
    )
  }

  #instant(ms: number): string {
    return `fromUnixTimestamp64Milli(${this.#bind('Int64', Math.floor(ms))})`
  }

  #oneOf(expression: string, type: string, values: readonly (string | number)[]): string {
    const bound = values.map((value) => this.#bind(type, value))
    return bound.length === 1 ? `${expression} = ${bound[0]}` : `${expression} IN (${bound.join(', ')})`
  }

  #text(column: TextColumn, { operator, values }: Comparison): string {
    const [text = ''] = textsOf(values)
    if (operator === 'contains') return this.#contains(column, text)
    if (operator === 'startswith')
      return `startsWith(lower(${column}), ${this.#bind('String', asciiLower(text))})`
    return this.#oneOf(column, 'String', textsOf(values))
  }

  #contains(column: TextColumn, text: string): string {
    if (this.#context.mayHold?.(column, text) === false) return NEVER
    // The raw line is read once; of the others only the dictionary is made lower case.
    if (column === 'raw') return `positionCaseInsensitive(raw, ${this.#bind('String', text)}) > 0`
    return `position(lower(${column}), ${this.#bind('String', asciiLower(text))}) > 0`
  }

  #search(value: SearchValue): string {
    switch (value.type) {
      case 'network':
        return this.#addresses(['sourceAddress', 'destinationAddress'], [value.network])
      case 'range':
        return this.#ports(['sourcePort', 'destinationPort'], [value])
      case 'text':
        return this.#anywhere(value.text)
    }
  }

  #anywhere(text: string): string {
    const { hidesUsers = false } = this.#context
    const columns = SEARCHED_TEXTS.filter((column) => !(hidesUsers && USER_TEXTS.has(column)))
    const conditions = columns.map((column) => this.#contains(column, text)).filter((sql) => sql !== NEVER)
    return conditions.length === 0 ? NEVER : anyOf(conditions)
  }

  #blocked(rules: readonly string[] | null): string {
    const { table, prefixLengths } = this.#context.blocked
    if (prefixLengths.length === 0) return '0'
    const ofRule = rules === null ? '' : ` AND ${this.#oneOf('rule', 'String', rules)}`
    return anyOf(
      prefixLengths.map((length) => {
        const bound = this.#bind('UInt8', length)
        const start =
          length === 128 ? 'sourceAddress' : `tupleElement(IPv6CIDRToRange(sourceAddress, ${bound}), 1)`
        return `${start} IN (SELECT first FROM ${table} WHERE prefixLength = ${bound}${ofRule})`
      }),
    )
  }
}

function anyOf(conditions: readonly string[]): string {
  const [only] = conditions
  return conditions.length === 1 && only !== undefined ? only : `(${conditions.join(' OR ')})`
}

function networksOf(values: readonly Value[]): Network[] {
  return values.flatMap((value) => (value.type === 'network' ? [value.network] : []))
}

function textsOf(values: readonly Value[]): string[] {
  return values.flatMap((value) => (value.type === 'text' ? [value.text] : []))
}

/** As the store's type IPv6 reads it. */
function mapped(words: Address): string {
  return isV4(words) ? `::ffff:${formatAddress(words)}` : formatAddress(words)
}
