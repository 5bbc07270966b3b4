/**
 * The words of a filter. Linear in its length: each character is looked at once. Quoted text (`'...'` or `"..."`) may
 * hold everything; in it a backslash stands before a quote or a backslash that is meant as such, and for itself before
 * anything else, so that `'CORP\alice'` is what it looks like.
 */
import { FilterError } from './filter-error.ts'

export interface Token {
  readonly kind: 'word' | 'quoted' | 'open' | 'close' | 'comma' | 'not' | 'end'
  /** What it says: without quotes. */
  readonly text: string
  readonly at: number
  readonly length: number
}

const BLANK = /\s/
const SIGNS: Readonly<Record<string, Token['kind']>> = { '(': 'open', ')': 'close', ',': 'comma' }

/** All words, the end as the last. Throws FilterError for a quote that is not closed. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const char = source[at] ?? ''
    if (BLANK.test(char)) {
      at++
      continue
    }
    const token = tokenAt(source, at, char)
    tokens.push(token)
    at += token.length
  }
  tokens.push({ kind: 'end', text: '', at: source.length, length: 0 })
  return tokens
}

function tokenAt(source: string, at: number, char: string): Token {
  const sign = SIGNS[char]
  if (sign !== undefined) return { kind: sign, text: char, at, length: 1 }
  if (char === '!' && source[at + 1] !== '=') return { kind: 'not', text: char, at, length: 1 }
  if (char === "'" || char === '"') return quotedAt(source, at, char)
  let end = at + 1
  while (end < source.length && isWordPart(source[end] ?? '')) end++
  return { kind: 'word', text: source.slice(at, end), at, length: end - at }
}

const isWordPart = (char: string): boolean =>
  !BLANK.test(char) && SIGNS[char] === undefined && char !== "'" && char !== '"'

function quotedAt(source: string, at: number, quote: string): Token {
  const pieces: string[] = []
  let from = at + 1
  for (let i = from; i < source.length; i++) {
    const char = source[i]
    if (char === quote) {
      pieces.push(source.slice(from, i))
      return { kind: 'quoted', text: pieces.join(''), at, length: i + 1 - at }
    }
    const next = source[i + 1]
    if (char === '\\' && (next === '\\' || next === "'" || next === '"')) {
      pieces.push(source.slice(from, i))
      from = ++i
    }
  }
  throw new FilterError({
    at,
    length: source.length - at,
    expected: `a closing ${quote}`,
    fix: `${source}${quote}`,
  })
}
