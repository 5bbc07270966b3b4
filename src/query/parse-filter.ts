/**
 * The parser of the filter language (docs/search.md): PAN-OS filters as people paste them from a firewall, and our own
 * fields. `and` binds closer than `or`; `not`, `!` negate; without an operator a word is looked for everywhere.
 *
 *   expr := chain ("or" chain)*      chain := term ("and" term)*
 *   term := ["!" | "not"] ( "(" expr ")" | field operator value | bare )
 *   value := word | quoted | "(" value ("," value)* ")"
 *
 * Linear in the text's length; length, depth, terms and values are bounded. Throws FilterError, which points at the
 * character.
 */
import {
  FIELD_NAMES,
  fieldNamed,
  type Field,
  type Operator,
  operatorNamed,
  OPERATORS,
  OPERATORS_OF,
} from './fields.ts'
import { FilterError, nearestWord } from './filter-error.ts'
import { type Token, tokensOf } from './tokens.ts'
import type { Filter, Value } from './tree.ts'
import { readValue, searchValue } from './values.ts'

export const FILTER_LIMIT_CHARACTERS = 4000
const LIMIT_DEPTH = 32
const LIMIT_TERMS = 200
const LIMIT_VALUES = 500

/** The tree of a filter; of nothing, the filter that everything meets. */
export function parseFilter(source: string): Filter {
  if (source.length > FILTER_LIMIT_CHARACTERS)
    throw new FilterError({
      at: FILTER_LIMIT_CHARACTERS,
      length: source.length - FILTER_LIMIT_CHARACTERS,
      expected: `at most ${FILTER_LIMIT_CHARACTERS} characters`,
      fix: null,
    })
  return new FilterParser(source).parse()
}

class FilterParser {
  readonly #source: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #terms = 0
  #values = 0

  constructor(source: string) {
    this.#source = source
    this.#tokens = tokensOf(source)
  }

  parse(): Filter {
    if (this.#token().kind === 'end') return { kind: 'all' }
    const filter = this.#expression()
    const rest = this.#token()
    if (rest.kind === 'close') this.#fail(rest, 'the end, since this parenthesis was never opened', '')
    if (rest.kind !== 'end') this.#fail(rest, 'and, or, or the end', `and ${this.#textOf(rest)}`)
    return filter
  }

  #expression(): Filter {
    return this.#chain('or', () => this.#chain('and', () => this.#term()))
  }

  #chain(word: 'and' | 'or', part: () => Filter): Filter {
    const parts = [part()]
    while (this.#isWord(word)) {
      this.#next++
      parts.push(part())
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined
      ? only
      : { kind: word, parts: parts.flatMap((one) => (one.kind === word ? one.parts : [one])) }
  }

  #term(): Filter {
    const token = this.#token()
    if (++this.#terms > LIMIT_TERMS) this.#fail(token, `at most ${LIMIT_TERMS} terms`)
    if (token.kind === 'not' || this.#isWord('not')) {
      this.#next++
      return { kind: 'not', part: this.#deeper(token, () => this.#term()) }
    }
    if (token.kind === 'open') {
      this.#next++
      const inner = this.#deeper(token, () => this.#expression())
      const close = this.#token()
      if (close.kind === 'end') this.#fail(close, 'a closing parenthesis', ')')
      if (close.kind !== 'close')
        this.#fail(close, 'and, or, or a closing parenthesis', `and ${this.#textOf(close)}`)
      this.#next++
      return inner
    }
    if (token.kind === 'word' && !this.#isWord('and') && !this.#isWord('or')) return this.#named(token)
    if (token.kind === 'quoted') {
      this.#next++
      if (token.text === '') this.#fail(token, 'some text to look for')
      return { kind: 'search', value: searchValue(token.text, true) }
    }
    return this.#fail(token, 'a condition such as ( addr.src in 192.0.2.0/24 ), an address or a word')
  }

  #deeper(token: Token, part: () => Filter): Filter {
    if (++this.#depth > LIMIT_DEPTH) this.#fail(token, `at most ${LIMIT_DEPTH} levels`)
    const filter = part()
    this.#depth--
    return filter
  }

  /** `field operator value`, or a bare word. */
  #named(name: Token): Filter {
    const field = fieldNamed(name.text)
    const following = this.#tokens[this.#next + 1] as Token
    const operator = following.kind === 'word' ? operatorNamed(following.text) : null
    if (operator !== null) {
      if (field === null) {
        const near = nearestWord(name.text, FIELD_NAMES)
        return this.#fail(name, 'the name of a field', near)
      }
      this.#next += 2
      return this.#comparison(field, operator, following)
    }
    if (field !== null && isMeantAsOperator(following)) {
      const allowed = OPERATORS_OF[field.kind]
      const near = following.kind === 'word' ? nearestWord(following.text, OPERATORS) : null
      this.#fail(following, `an operator: ${allowed.join(', ')}`, near)
    }
    this.#next++
    return { kind: 'search', value: searchValue(name.text, false) }
  }

  #comparison(field: Field, operator: Operator, token: Token): Filter {
    const allowed = OPERATORS_OF[field.kind]
    if (!allowed.includes(operator))
      this.#fail(token, `an operator that ${field.name} takes: ${allowed.join(', ')}`, allowed[0] ?? null)
    const isList = operator === 'in' || operator === 'notin'
    if (!isList || this.#token().kind !== 'open')
      return { kind: 'compare', field, operator, values: [this.#value(field, operator)] }
    this.#next++
    const values = [this.#value(field, operator)]
    while (this.#token().kind !== 'close') {
      if (this.#token().kind === 'comma') this.#next++
      else if (this.#token().kind === 'end') this.#fail(this.#token(), 'a closing parenthesis', ')')
      values.push(this.#value(field, operator))
    }
    this.#next++
    return { kind: 'compare', field, operator, values }
  }

  #value(field: Field, operator: Operator): Value {
    const token = this.#token()
    if (++this.#values > LIMIT_VALUES) this.#fail(token, `at most ${LIMIT_VALUES} values`)
    if (token.kind !== 'word' && token.kind !== 'quoted')
      return this.#fail(token, `a value for ${field.name}`)
    const value = readValue(field, operator, token.text)
    if (value.type === 'wrong') return this.#fail(token, value.expected, value.near)
    this.#next++
    return value
  }

  #token(): Token {
    return this.#tokens[this.#next] as Token
  }

  #isWord(word: string): boolean {
    const token = this.#token()
    return token.kind === 'word' && token.text.toLowerCase() === word
  }

  #textOf({ at, length }: Token): string {
    return this.#source.slice(at, at + length)
  }

  /** `instead`: what would stand in the token's place. */
  #fail({ at, length }: Token, expected: string, instead: string | null = null): never {
    const before = this.#source.slice(0, at)
    const gap = length === 0 && instead !== null && !/\s$/.test(before) ? ' ' : ''
    const fix = instead === null ? null : `${before}${gap}${instead}${this.#source.slice(at + length)}`.trim()
    throw new FilterError({ at, length, expected, fix })
  }
}

/** Behind a field's name: whatever is no joining word and no end would be its operator. */
function isMeantAsOperator(token: Token): boolean {
  if (token.kind === 'quoted') return true
  return token.kind === 'word' && !['and', 'or', 'not'].includes(token.text.toLowerCase())
}
