/**
 * What may be typed next at a place of a filter, for editors: fields, operators, values that are known, joining words.
 * Never fails: of a broken filter it tells what fits the words before the place.
 */
import { FIELDS, fieldNamed, type Field, operatorNamed, OPERATORS_OF } from './fields.ts'
import { FilterError } from './filter-error.ts'
import { quoted } from './print-filter.ts'
import { type Token, tokensOf } from './tokens.ts'
import { FLAGS } from '../model/log-record.ts'
import { RULE_HITS } from './values.ts'

export interface Completion {
  /** The text that a choice replaces: `[from, to)`. */
  readonly from: number
  readonly to: number
  readonly choices: readonly Choice[]
}

export interface Choice {
  readonly text: string
  readonly kind: 'field' | 'operator' | 'value' | 'word'
  readonly about: string
}

const MOST_CHOICES = 50
const SPANS = ['last-15-minutes', 'last-hour', 'last-24-hours', 'last-7-days', 'last-30-days']
const INSTANTS = ['now-15m', 'now-1h', 'now-1d', 'today', 'yesterday']

/** `known`: values of a field that were seen, such as names of devices. */
export function completeFilter(
  source: string,
  at: number,
  known: (field: Field) => readonly string[] = () => [],
): Completion {
  const before = source.slice(0, at)
  const tokens = wordsBefore(before)
  const last = tokens.at(-1)
  const isTyping =
    last !== undefined && last.at + last.length === at && (last.kind === 'word' || last.kind === 'quoted')
  const typed = isTyping ? last.text.toLowerCase() : ''
  const words = isTyping ? tokens.slice(0, -1) : tokens
  const fitting = choicesAfter(words, known).filter(
    ({ text }) => text.toLowerCase().includes(typed) && text.toLowerCase() !== typed,
  )
  // What begins with the typed text first; else in the order given.
  const sorted = fitting.toSorted(
    (a, b) => Number(b.text.toLowerCase().startsWith(typed)) - Number(a.text.toLowerCase().startsWith(typed)),
  )
  return { from: isTyping ? last.at : at, to: at, choices: sorted.slice(0, MOST_CHOICES) }
}

/** The tokens before the place; an open quote ends there. */
function wordsBefore(before: string): Token[] {
  try {
    return tokensOf(before).slice(0, -1)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    const { at } = error.fault
    const quote: Token = { kind: 'quoted', text: before.slice(at + 1), at, length: before.length - at }
    return [...tokensOf(before.slice(0, at)).slice(0, -1), quote]
  }
}

function choicesAfter(words: readonly Token[], known: (field: Field) => readonly string[]): Choice[] {
  const last = words.at(-1)
  if (last === undefined || last.kind === 'open' || last.kind === 'not') {
    const list = listField(words)
    return list === null ? fieldChoices() : valueChoices(list, 'in', known)
  }
  if (last.kind === 'comma') {
    const list = listField(words)
    return list === null ? [] : valueChoices(list, 'in', known)
  }
  if (last.kind === 'word' && ['and', 'or', 'not'].includes(last.text.toLowerCase())) return fieldChoices()
  const previous = words.at(-2)
  if (last.kind === 'word' && previous?.kind === 'word') {
    const field = fieldNamed(previous.text)
    const operator = operatorNamed(last.text)
    if (field !== null && operator !== null) return valueChoices(field, operator, known)
  }
  const field = last.kind === 'word' ? fieldNamed(last.text) : null
  const isName =
    field !== null &&
    (previous === undefined || previous.kind !== 'word' || operatorNamed(previous.text) === null)
  if (isName) return OPERATORS_OF[field.kind].map((text) => ({ text, kind: 'operator', about: field.about }))
  return joining()
}

/** The field whose list of values is open: `field in ( a, b`. */
function listField(words: readonly Token[]): Field | null {
  const open = words.findLastIndex(({ kind }) => kind === 'open')
  const [name, operator] = [words[open - 2], words[open - 1]]
  if (open < 2 || operatorNamed(operator?.text ?? '') === null) return null
  return fieldNamed(name?.text ?? '')
}

function fieldChoices(): Choice[] {
  return FIELDS.map(({ name, about }) => ({ text: name, kind: 'field', about }))
}

function joining(): Choice[] {
  return [
    { text: 'and', kind: 'word', about: 'both' },
    { text: 'or', kind: 'word', about: 'one of them, or both' },
    { text: ')', kind: 'word', about: 'end of the group' },
  ]
}

function valueChoices(field: Field, operator: string, known: (field: Field) => readonly string[]): Choice[] {
  const values = (texts: readonly (string | null)[]): Choice[] =>
    texts.flatMap((text) =>
      text === null ? [] : [{ text: quoted(text), kind: 'value' as const, about: field.about }],
    )
  switch (field.kind) {
    case 'code':
    case 'ordinal':
      return values(field.names)
    case 'flags':
      return values(FLAGS)
    case 'blocked':
      return values(['yes', 'no'])
    case 'rule-hit':
      return values(RULE_HITS)
    case 'time':
      return values(operator === 'in' || operator === 'notin' ? SPANS : INSTANTS)
    case 'address':
    case 'port':
    case 'text':
    case 'number':
      return values(known(field))
  }
}
