/**
 * A filter held against records in memory, for the live tail: the same answers as the SQL of compile.ts. A filter
 * becomes one function; rows are read field by field, so that a batch of columns needs no objects.
 */
import { type Address, contains, type Network } from '../lib/address.ts'
import type { AddressField, PortField } from '../model/log-record.ts'
import { asciiLower } from './ascii.ts'
import {
  type CodeColumn,
  type NumberColumn,
  SEARCHED_TEXTS,
  type TextColumn,
  type TimeColumn,
} from './fields.ts'
import { isNegative, type Range, rangesOf } from './ranges.ts'
import type { Comparison, Filter, SearchValue, TimeContext, Value } from './tree.ts'

/** One record, field by field. */
export interface FilterRow {
  /** Empty where unknown. */
  text(column: TextColumn): string
  /** Index in the closed set. */
  code(column: CodeColumn): number
  /** 0 where there is none. */
  port(column: PortField): number
  /** NaN where unknown. */
  number(column: NumberColumn): number
  /** Null where unknown. */
  address(column: AddressField): Address | null
  /** Unix ms. */
  timeMs(column: TimeColumn): number
  flags(): number
}

export interface EvaluateContext extends TimeContext {
  /** The rule that blocks an address now (or `manual`, `feed`); null when none does. */
  readonly blockOf: (source: Address) => string | null
}

export type Matcher = (row: FilterRow) => boolean

const UNKNOWN: Address = [0, 0, 0, 0]

/** The filter as a function. */
export function matcherOf(filter: Filter, context: EvaluateContext): Matcher {
  switch (filter.kind) {
    case 'all':
      return () => true
    case 'and': {
      const parts = filter.parts.map((part) => matcherOf(part, context))
      return (row) => parts.every((part) => part(row))
    }
    case 'or': {
      const parts = filter.parts.map((part) => matcherOf(part, context))
      return (row) => parts.some((part) => part(row))
    }
    case 'not': {
      const part = matcherOf(filter.part, context)
      return (row) => !part(row)
    }
    case 'search':
      return searchMatcher(filter.value)
    case 'compare': {
      const positive = comparisonMatcher(filter, context)
      return isNegative(filter) ? (row) => !positive(row) : positive
    }
  }
}

function comparisonMatcher(comparison: Comparison, context: EvaluateContext): Matcher {
  const { field, values } = comparison
  switch (field.kind) {
    case 'address':
      return addressMatcher(field.columns, networksOf(values))
    case 'port': {
      const ranges = rangesOf(comparison, context)
      return (row) => field.columns.some((column) => isWithin(row.port(column), ranges))
    }
    case 'ordinal': {
      const ranges = rangesOf(comparison, context)
      return (row) => isWithin(row.code('severity'), ranges)
    }
    case 'number': {
      const ranges = rangesOf(comparison, context)
      return (row) => field.columns.some((column) => isWithin(row.number(column), ranges))
    }
    case 'time': {
      const ranges = rangesOf(comparison, context)
      return (row) => isWithin(row.timeMs(field.columns[0]), ranges)
    }
    case 'text':
      return textMatcher(field.columns, comparison)
    case 'code': {
      const codes = values.map((value) => (value.type === 'code' ? value.index : -1))
      return (row) => field.columns.some((column) => codes.includes(row.code(column)))
    }
    case 'flags': {
      const bits = values.reduce((mask, value) => mask | (value.type === 'flag' ? 1 << value.bit : 0), 0)
      return (row) => (row.flags() & bits) !== 0
    }
    case 'blocked': {
      const isTrue = values[0]?.type === 'truth' && values[0].isTrue
      return (row) => (context.blockOf(row.address('sourceAddress') ?? UNKNOWN) !== null) === isTrue
    }
    case 'rule-hit': {
      const rules = textsOf(values)
      return (row) => rules.includes(context.blockOf(row.address('sourceAddress') ?? UNKNOWN) ?? '')
    }
  }
}

function addressMatcher(columns: readonly AddressField[], networks: readonly Network[]): Matcher {
  return (row) =>
    columns.some((column) => {
      const address = row.address(column) ?? UNKNOWN
      return networks.some((network) => contains(network, address))
    })
}

function isWithin(value: number, ranges: readonly Range[]): boolean {
  return ranges.some(({ first, last }) => value >= first && value <= last)
}

function textMatcher(columns: readonly TextColumn[], { operator, values }: Comparison): Matcher {
  const texts = textsOf(values)
  const lower = asciiLower(texts[0] ?? '')
  const test: (text: string) => boolean =
    operator === 'contains'
      ? (text) => asciiLower(text).includes(lower)
      : operator === 'startswith'
        ? (text) => asciiLower(text).startsWith(lower)
        : (text) => texts.includes(text)
  return (row) => columns.some((column) => test(row.text(column)))
}

function searchMatcher(value: SearchValue): Matcher {
  switch (value.type) {
    case 'network':
      return addressMatcher(['sourceAddress', 'destinationAddress'], [value.network])
    case 'range':
      return (row) =>
        isWithin(row.port('sourcePort'), [value]) || isWithin(row.port('destinationPort'), [value])
    case 'text': {
      const lower = asciiLower(value.text)
      return (row) => SEARCHED_TEXTS.some((column) => asciiLower(row.text(column)).includes(lower))
    }
  }
}

function networksOf(values: readonly Value[]): Network[] {
  return values.flatMap((value) => (value.type === 'network' ? [value.network] : []))
}

function textsOf(values: readonly Value[]): string[] {
  return values.flatMap((value) => (value.type === 'text' ? [value.text] : []))
}
