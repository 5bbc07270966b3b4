/** The values of a filter: text to what the field takes, or what was expected instead. */
import { networkOf, parseNetwork, isV4 } from '../lib/address.ts'
import { portRange } from '../lib/port-range.ts'
import { parseInstant } from '../lib/time-text.ts'
import { RULES } from '../model/detection.ts'
import { FLAGS } from '../model/log-record.ts'
import type { Field, FieldOf, Operator } from './fields.ts'
import { nearestWord } from './filter-error.ts'
import type { SearchValue, Value } from './tree.ts'

/** A value, or in words what would have been one, and perhaps the nearest. */
export type ReadValue =
  | Value
  | { readonly type: 'wrong'; readonly expected: string; readonly near: string | null }

const wrong = (expected: string, near: string | null = null): ReadValue => ({ type: 'wrong', expected, near })

export const RULE_HITS: readonly string[] = [...RULES, 'manual', 'feed']
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER
const NAME_LIMIT = 12

export function readValue(field: Field, operator: Operator, text: string): ReadValue {
  switch (field.kind) {
    case 'address':
      return addressValue(field, text)
    case 'port':
      return portValue(text, operator)
    case 'number':
      return numberValue(text)
    case 'text':
      return textValue(field, operator, text)
    case 'code':
    case 'ordinal':
      return codeValue(field.names, text)
    case 'time':
      return timeValue(text, operator)
    case 'flags':
      return flagValue(text)
    case 'blocked':
      return truthValue(text)
    case 'rule-hit':
      return ruleValue(text)
  }
}

function addressValue({ widen }: FieldOf<'address'>, text: string): ReadValue {
  const network = parseNetwork(text, true)
  if (network === null) return wrong('an address or network such as 198.51.100.7 or 192.0.2.0/24')
  if (!widen) return { type: 'network', network }
  return { type: 'network', network: networkOf(network.words, isV4(network.words) ? 120 : 48) }
}

const isOrder = (operator: Operator): boolean => ['geq', 'leq', 'gt', 'lt'].includes(operator)

function portValue(text: string, operator: Operator): ReadValue {
  const range = portRange(text)
  if (range === null) return wrong('a port from 1 to 65535, or a range such as 1000-2000')
  if (isOrder(operator) && range.first !== range.last)
    return wrong('one port, since the operator compares with one')
  return { type: 'range', ...range }
}

function numberValue(text: string): ReadValue {
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || value > LARGEST_NUMBER) return wrong('a whole number')
  return { type: 'range', first: value, last: value }
}

function textValue({ writing }: FieldOf<'text'>, operator: Operator, text: string): ReadValue {
  if ((operator === 'contains' || operator === 'startswith') && text === '') return wrong('some text')
  if (writing === 'as-is') return { type: 'text', text }
  return { type: 'text', text: writing === 'lower' ? text.toLowerCase() : text.toUpperCase() }
}

function codeValue(names: readonly (string | null)[], text: string): ReadValue {
  const wanted = text.toLowerCase()
  const index = names.findIndex((name) => (name ?? '') === wanted)
  if (index !== -1) return { type: 'code', index, name: wanted }
  const known = names.filter((name) => name !== null)
  return wrong(listOf(known), nearestWord(text, known))
}

function listOf(known: readonly string[]): string {
  if (known.length <= NAME_LIMIT) return `one of ${known.join(', ')}`
  return `one of ${known.slice(0, NAME_LIMIT).join(', ')}, ...`
}

const SPAN = /^last-(?:(\d{1,6})-)?(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)$/
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const TIME_FORMS = "a time such as '2026/11/22 08:30:00', now-1h or last-15-minutes"

function timeValue(text: string, operator: Operator): ReadValue {
  const lower = text.toLowerCase()
  const span = lower === 'last-calendar-day' ? ['', '1', 'days'] : SPAN.exec(lower)
  if (span !== null) {
    if (operator === 'eq' || (isOrder(operator) && operator !== 'geq' && operator !== 'gt'))
      return wrong('a time, since a span reaches until now: use in, or geq')
    const spanMs = Number(span[1] ?? 1) * (UNIT_MS[span[2]?.[0] ?? ''] ?? 0)
    return { type: 'span', spanMs, text: lower }
  }
  if (parseInstant(text, 0, 'UTC') === null) return wrong(TIME_FORMS)
  if (operator === 'in' || operator === 'notin') return wrong('a span such as last-15-minutes')
  return { type: 'instant', text }
}

function flagValue(text: string): ReadValue {
  const name = text.toLowerCase()
  const bit = FLAGS.findIndex((flag) => flag === name)
  return bit === -1
    ? wrong(`one of ${FLAGS.join(', ')}`, nearestWord(name, FLAGS))
    : { type: 'flag', bit, name }
}

function truthValue(text: string): ReadValue {
  const lower = text.toLowerCase()
  if (lower === 'yes' || lower === 'true') return { type: 'truth', isTrue: true }
  if (lower === 'no' || lower === 'false') return { type: 'truth', isTrue: false }
  return wrong('yes or no')
}

function ruleValue(text: string): ReadValue {
  const name = text.toLowerCase()
  if (RULE_HITS.includes(name)) return { type: 'text', text: name }
  return wrong(`one of ${RULE_HITS.join(', ')}`, nearestWord(name, RULE_HITS))
}

/** A bare word: an address or network, a port, or text to look for. */
export function searchValue(text: string, isQuoted: boolean): SearchValue {
  if (!isQuoted) {
    const network = parseNetwork(text, true)
    if (network !== null) return { type: 'network', network }
    const range = portRange(text)
    if (range !== null) return { type: 'range', ...range }
  }
  return { type: 'text', text }
}
