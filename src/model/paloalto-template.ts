/**
 * A custom log format as PAN-OS shows it (Device > Server Profiles > Syslog > Custom Log Format), cut into its fixed
 * texts and its variables: `src=$src; rule=$rule` is the text `src=`, the variable `src`, the text `; rule=`, the
 * variable `rule`. Settings are checked with it and the parser is made of it.
 */

export interface PaloaltoTemplate {
  /** The format, one line, as PAN-OS shows it. */
  readonly template: string
  /** Characters that PAN-OS escapes in values ("Escaped Characters"); empty when escaping is off. */
  readonly escapedCharacters: string
  /** What it puts in front of them ("Escape Character"). */
  readonly escapeCharacter: string
}

/** As settings give it: the text alone where nothing is escaped. */
export type GivenTemplate =
  | string
  | {
      readonly template: string
      readonly escapedCharacters?: string | undefined
      readonly escapeCharacter?: string | undefined
    }

/** A template with nothing left out. */
export function templateOf(given: GivenTemplate): PaloaltoTemplate {
  if (typeof given === 'string') return { template: given, escapedCharacters: '', escapeCharacter: '' }
  const { template, escapedCharacters = '', escapeCharacter = '' } = given
  return { template, escapedCharacters, escapeCharacter }
}

export interface TemplatePieces {
  /** Fixed texts, one more than variables: in front of, between and behind them. Outer blanks are left out. */
  readonly texts: readonly string[]
  /** Names without the dollar sign. */
  readonly variables: readonly string[]
}

export type SplitTemplate =
  | { readonly ok: true; readonly pieces: TemplatePieces }
  /** A sentence that names the place. */
  | { readonly ok: false; readonly message: string }

const MAX_TEMPLATE_CHARACTERS = 8192
const MAX_VARIABLES = 256

/** Variables with a hyphen in their names; every other name is letters, digits and `_`. */
const HYPHENATED = [
  'cef-formatted-receive_time',
  'cef-formatted-time_generated',
  'cef-number-of-severity',
  'number-of-severity',
  'before-change-detail',
  'after-change-detail',
]

/** Cuts a template. Its text must tell every variable from the next, and it must hold `$src`. */
export function splitTemplate(given: PaloaltoTemplate): SplitTemplate {
  const text = given.template.trim()
  const problem = problemOf(text, given)
  if (problem !== null) return { ok: false, message: problem }
  const texts: string[] = []
  const variables: string[] = []
  let from = 0
  for (const match of text.matchAll(/\$([A-Za-z][A-Za-z0-9_]*)/g)) {
    const name = nameAt(text, match.index + 1) ?? match[1] ?? ''
    const between = text.slice(from, match.index)
    if (between === '' && variables.length > 0) {
      return { ok: false, message: touching(variables.at(-1) ?? '', name, match.index) }
    }
    texts.push(between)
    variables.push(name)
    from = match.index + 1 + name.length
  }
  texts.push(text.slice(from))
  const wrong = wrongPiece(text, texts, variables, given)
  return wrong === null ? { ok: true, pieces: { texts, variables } } : { ok: false, message: wrong }
}

function nameAt(text: string, at: number): string | undefined {
  return HYPHENATED.find((name) => text.startsWith(name, at))
}

function problemOf(text: string, { escapedCharacters, escapeCharacter }: PaloaltoTemplate): string | null {
  if (text === '') return 'the template is empty'
  if (text.length > MAX_TEMPLATE_CHARACTERS) {
    return `the template is longer than ${MAX_TEMPLATE_CHARACTERS} characters`
  }
  const lineEnd = text.search(/[\r\n]/)
  if (lineEnd >= 0) return `the template has a line end at character ${lineEnd + 1}; a log line has none`
  if (escapeCharacter.length > 1 || escapeCharacter > '\x7e') {
    return `the escape character is one ASCII character, not "${escapeCharacter}"`
  }
  if (escapeCharacter === '' && escapedCharacters !== '') {
    return 'there are escaped characters but no escape character'
  }
  return null
}

function touching(first: string, second: string, index: number): string {
  return `$${first} and $${second} touch at character ${index + 1}: nothing tells where one value ends`
}

function wrongPiece(
  text: string,
  texts: readonly string[],
  variables: readonly string[],
  { escapeCharacter, escapedCharacters }: PaloaltoTemplate,
): string | null {
  if (variables.length === 0) return 'the template has no $variable'
  if (variables.length > MAX_VARIABLES) return `the template has more than ${MAX_VARIABLES} variables`
  const isEscaping = escapeCharacter !== '' && escapedCharacters !== ''
  const escaped = isEscaping ? texts.findIndex((piece) => piece.includes(escapeCharacter)) : -1
  if (escaped >= 0) {
    const at = text.indexOf(escapeCharacter) + 1
    return `the fixed text holds the escape character at character ${at}: a value could not be told from it`
  }
  const twice = variables.find((name, i) => name === 'src' && variables.indexOf(name) !== i)
  if (twice !== undefined) return '$src stands twice'
  if (!variables.some((name) => SOURCES.has(name))) {
    return 'the template has no $src: without the source address nobody can be found'
  }
  return null
}

/** Variables that say who it was, by log type. */
const SOURCES: ReadonlySet<string> = new Set(['src', 'public_ip', 'ip', 'host', 'opaque'])
