/**
 * A filter as a tree of typed values: what the parser makes and the printer, the compiler to SQL and the evaluator take.
 * Relative times stay relative: what they mean is settled when the filter is used.
 */
import type { Network } from '../lib/address.ts'
import type { Field, Operator } from './fields.ts'

export type Filter =
  /** No condition. */
  | { readonly kind: 'all' }
  /** At least two parts. */
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  /** `in`, `notin`: one or more values; else exactly one. */
  | {
      readonly kind: 'compare'
      readonly field: Field
      readonly operator: Operator
      readonly values: readonly Value[]
    }
  /** A bare word, address, network or port. */
  | { readonly kind: 'search'; readonly value: SearchValue }

export type Comparison = Extract<Filter, { kind: 'compare' }>
export type SearchValue = Extract<Value, { type: 'network' | 'range' | 'text' }>

export type Value =
  | { readonly type: 'network'; readonly network: Network }
  /** Ports and numbers; a single one is a range of one. */
  | { readonly type: 'range'; readonly first: number; readonly last: number }
  | { readonly type: 'text'; readonly text: string }
  /** Index in the field's names; `name` is the value as written, `''` the unknown. */
  | { readonly type: 'code'; readonly index: number; readonly name: string }
  /** A form of `parseInstant`. */
  | { readonly type: 'instant'; readonly text: string }
  /** From so long ago until now. */
  | { readonly type: 'span'; readonly spanMs: number; readonly text: string }
  | { readonly type: 'flag'; readonly bit: number; readonly name: string }
  | { readonly type: 'truth'; readonly isTrue: boolean }

/** What times without a zone and relative times are meant against. */
export interface TimeContext {
  readonly nowMs: number
  /** IANA name. */
  readonly timeZone: string
}
