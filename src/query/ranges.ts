/** Comparisons of numbers, ports, severities and times as inclusive ranges: what SQL and evaluator both go by. */
import { parseInstant } from '../lib/time-text.ts'
import { SEVERITIES } from '../model/log-record.ts'
import type { Comparison, Filter, TimeContext, Value } from './tree.ts'

/** Inclusive; `last` may be infinite. Empty when `last < first`. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Smallest known value by kind of field: what is unknown (port 0, severity 0) lies below. */
const LEAST = { port: 1, number: 0, ordinal: 1, time: Number.NEGATIVE_INFINITY } as const
const SECOND_MS = 1000

/** The ranges of which one must hold; negation is the caller's. For fields of kind port, number, ordinal, time. */
export function rangesOf({ field, operator, values }: Comparison, time: TimeContext): Range[] {
  const kind = field.kind as keyof typeof LEAST
  const least = LEAST[kind]
  const greatest =
    kind === 'port' ? 65_535 : kind === 'ordinal' ? SEVERITIES.length - 1 : Number.POSITIVE_INFINITY
  return values.map((value) => {
    const { first, last } = extentOf(value, time)
    switch (operator) {
      case 'geq':
        return { first, last: greatest }
      case 'gt':
        return { first: value.type === 'span' ? first : first + 1, last: greatest }
      case 'leq':
        return { first: least, last: value.type === 'instant' ? first : last }
      case 'lt':
        return { first: least, last: first - 1 }
      case 'eq':
      case 'neq':
      case 'in':
      case 'notin':
      case 'contains':
      case 'startswith':
        return { first, last }
    }
  })
}

function extentOf(value: Value, { nowMs, timeZone }: TimeContext): Range {
  switch (value.type) {
    case 'range':
      return value
    case 'code':
      return { first: value.index, last: value.index }
    case 'span':
      return { first: nowMs - value.spanMs, last: Number.POSITIVE_INFINITY }
    case 'instant': {
      const ms = parseInstant(value.text, nowMs, timeZone)
      if (ms === null) throw new TypeError('BUG: the parser let a time through that is none')
      return { first: ms, last: ms + SECOND_MS - 1 }
    }
    case 'flag':
    case 'network':
    case 'text':
    case 'truth':
      throw new TypeError(`BUG: ${value.type} is no range`)
  }
}

/** Whether an operator is the opposite of equality. */
export function isNegative({ operator }: Comparison): boolean {
  return operator === 'neq' || operator === 'notin'
}

/**
 * The arrival times that a filter can at most match: what its conditions on `receive_time`, joined by `and` at the top,
 * leave. The store is asked for no more than that.
 */
export function arrivalBounds(filter: Filter, time: TimeContext): Range {
  let first = Number.NEGATIVE_INFINITY
  let last = Number.POSITIVE_INFINITY
  for (const part of conjuncts(filter)) {
    if (part.kind !== 'compare' || part.field.kind !== 'time' || isNegative(part)) continue
    if (part.field.columns[0] !== 'receivedAt' || part.values.length !== 1) continue
    const [range] = rangesOf(part, time)
    if (range === undefined) continue
    first = Math.max(first, range.first)
    last = Math.min(last, range.last)
  }
  return { first, last }
}

function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.parts : [filter]
}
