/**
 * Sentences of the service by code and values, so that they can be said in another language. The book
 * (`sentences/book.ts`) holds the English form of each; parts of the service write that English themselves, for logs, the
 * command line and mails, and `sentenceOf` reads it back into its code with its values. What the book does not hold, such
 * as what a person typed or a record of an older version, is null, and is shown as it stands.
 *
 * A form is text with places: `{name}` any text, `{name*}` text without
 * blanks, `{name#}` a number, `{name@}` an instant, `{name~}` a span of time,
 * `{name|line|lines}` a number with its noun, `{name?}` a sentence of the book or other text, `{name!}` a sentence of the
 * book. What stands between square brackets may be missing.
 *
 * Limits: texts longer than MOST_CHARACTERS are not read. Texts may hold what strangers wrote: they are matched against
 * our forms, never used as one, and a sentence is for showing only.
 */

/** Longest text that is read, in characters. */
const MOST_CHARACTERS = 6000
/** Sentences within sentences. */
const DEEPEST = 8
/** Places at which a text is tried to be two sentences, and the longest text that is. */
const MOST_CUTS = 24
const MOST_JOINED = 2000
const MOST_KNOWN = 4000
/** Characters by which sentences are looked up. */
const FRONT = 4

export type PlaceKind = 'text' | 'word' | 'number' | 'instant' | 'span' | 'count' | 'maybe' | 'known'

export interface Place {
  readonly name: string
  readonly kind: PlaceKind
  /** Of `count`: the nouns, one and many. Of `span`: the case that the language wants, or nothing. */
  readonly forms: readonly string[]
}

export type Part = string | Place | { readonly optional: readonly Part[] }

/** A number, an instant (ISO 8601 UTC), a span (ISO 8601 duration in seconds, `PT90S`), other text, or a sentence. */
export type Value = string | number | Sentence

export interface Sentence<Code extends string = string> {
  readonly code: Code
  readonly values: Readonly<Record<string, Value>>
}

const KINDS: Readonly<Record<string, PlaceKind>> = {
  '*': 'word',
  '#': 'number',
  '@': 'instant',
  '~': 'span',
  '?': 'maybe',
  '!': 'known',
}

/** The parts of a form. Throws SyntaxError for one that is not closed: a fault in the book. */
export function parseForm(form: string): Part[] {
  const [parts, rest] = partsOf(form, 0, false)
  if (rest !== form.length) throw new SyntaxError(`"]" without "[" in ${form}`)
  return parts
}

function partsOf(form: string, from: number, isInside: boolean): [Part[], number] {
  const parts: Part[] = []
  let at = from
  while (at < form.length) {
    const next = form.slice(at).search(/[{[\]]/)
    if (next !== 0) parts.push(form.slice(at, next === -1 ? undefined : at + next))
    if (next === -1) break
    at += next
    if (form[at] === ']') {
      if (isInside) return [parts, at + 1]
      return [parts, at]
    }
    if (form[at] === '[') {
      const [optional, end] = partsOf(form, at + 1, true)
      parts.push({ optional })
      at = end
    } else {
      const end = form.indexOf('}', at)
      if (end === -1) throw new SyntaxError(`"{" without "}" in ${form}`)
      parts.push(placeOf(form.slice(at + 1, end)))
      at = end + 1
    }
  }
  if (isInside) throw new SyntaxError(`"[" without "]" in ${form}`)
  return [parts, form.length]
}

function placeOf(text: string): Place {
  const [head = '', ...forms] = text.split('|')
  if (forms.length > 0) return { name: head, kind: 'count', forms }
  const found = /^(\w+)([*#@~?!]?)(\w*)$/.exec(head)
  if (found === null) throw new SyntaxError(`{${text}} is no place`)
  const [, name = '', mark = '', form = ''] = found
  return { name, kind: KINDS[mark] ?? 'text', forms: form === '' ? [] : [form] }
}

const INSTANT = String.raw`(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| UTC)?)`
const SPAN = String.raw`(\d+(?:\.\d+)? (?:days?|hours?|minutes?|seconds?|d|h|min|s)\b(?: \d+ (?:h|min|s)\b)?)`
const NUMBER = String.raw`(-?\d[\d,]*(?:\.\d+)?)`

interface Pattern {
  readonly code: string
  readonly places: readonly Place[]
  readonly expression: RegExp
  /** What the text begins with, and how much of the form is fixed: the more, the sooner it is tried. */
  readonly front: string
  readonly fixed: number
  /** The longest text that it must hold: looked for first, since that is much cheaper than the expression. */
  readonly holds: string
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

function patternOf(code: string, form: string): Pattern {
  const parts = parseForm(form)
  const places: Place[] = []
  let fixed = 0
  const write = (part: Part): string => {
    if (typeof part === 'string') {
      fixed += part.length
      return escaped(part)
    }
    if ('optional' in part) {
      const before = fixed
      const text = `(?:${part.optional.map(write).join('')})?`
      fixed = before
      return text
    }
    places.push(part)
    if (part.kind === 'word') return String.raw`(\S+?)`
    if (part.kind === 'number') return NUMBER
    if (part.kind === 'instant') return INSTANT
    if (part.kind === 'span') return SPAN
    if (part.kind === 'count') return `${NUMBER} (?:${part.forms.map(escaped).join('|')})`
    return '([^]+?)'
  }
  const source = parts.map(write).join('')
  const [first] = parts
  return {
    code,
    places,
    expression: new RegExp(`^${source}$`),
    front: typeof first === 'string' ? first : '',
    fixed,
    holds: parts.reduce<string>(
      (longest, part) => (typeof part === 'string' && part.length > longest.length ? part : longest),
      '',
    ),
  }
}

const SPAN_SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 }

function secondsOf(text: string): number {
  let seconds = 0
  for (const [, amount, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?) ([a-z])/g))
    seconds += Number(amount) * (SPAN_SECONDS[unit] ?? 1)
  return seconds
}

function isoOf(text: string): string {
  const iso = text.replace(' UTC', 'Z').replace(' ', 'T')
  const ms = Date.parse(iso.endsWith('Z') ? iso : `${iso}Z`)
  return Number.isNaN(ms) ? text : new Date(ms).toISOString()
}

type Joint = 'semicolon' | 'comma' | 'blank' | 'closed'

/** Reads sentences of a book. `joint` are the codes for two in one text (`a; b`, `a, b`, `A. B`) and for `a.`. */
export class SentenceReader<Code extends string> {
  /** By the first FRONT characters of their texts, and those that may begin with anything; each in the order of trial. */
  readonly #byFront = new Map<string, readonly Pattern[]>()
  readonly #others: readonly Pattern[]
  readonly #joint: Readonly<Record<Joint, Code>>
  /** What was read of late, since lists show the same reasons again and again. */
  readonly #known = new Map<string, Sentence<Code> | null>()

  constructor(book: Readonly<Record<Code, string>>, joint: Readonly<Record<Joint, Code>>) {
    this.#joint = joint
    const joints: readonly string[] = Object.values(joint)
    const patterns = Object.entries<string>(book)
      .filter(([code]) => !joints.includes(code))
      .map(([code, form]) => patternOf(code, form))
      .sort((one, other) => other.fixed - one.fixed)
    this.#others = patterns.filter(({ front }) => front.length < FRONT)
    for (const key of new Set(patterns.map(({ front }) => front.slice(0, FRONT))))
      if (key.length === FRONT)
        this.#byFront.set(
          key,
          patterns.filter(({ front }) => front.length < FRONT || front.startsWith(key)),
        )
  }

  /** The sentence that a text is, or null. Cost: some microseconds for most texts, some milliseconds for the longest. */
  read(text: string): Sentence<Code> | null {
    return text === '' || text.length > MOST_CHARACTERS ? null : this.#read(text, DEEPEST)
  }

  #read(text: string, depth: number): Sentence<Code> | null {
    if (depth === 0) return null
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const sentence = this.#look(text, depth)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(text, sentence)
    return sentence
  }

  #look(text: string, depth: number): Sentence<Code> | null {
    const likely = this.#byFront.get(text.slice(0, FRONT)) ?? this.#others
    for (const pattern of likely) {
      if (!text.startsWith(pattern.front) || !text.includes(pattern.holds)) continue
      const found = pattern.expression.exec(text)
      const sentence = found === null ? null : this.#sentence(pattern, found, depth)
      if (sentence === null) continue
      // Text at the end takes whatever follows, a further sentence as well.
      const last = pattern.places.at(-1)
      const ending = last?.kind === 'text' ? sentence.values[last.name] : undefined
      const isMore = typeof ending === 'string' && ending.includes('; ')
      return (isMore ? this.#joined(text, depth) : null) ?? sentence
    }
    return this.#joined(text, depth)
  }

  #sentence(pattern: Pattern, found: RegExpExecArray, depth: number): Sentence<Code> | null {
    const values: Record<string, Value> = {}
    for (const [i, { name, kind }] of pattern.places.entries()) {
      const text = found[i + 1]
      if (text === undefined) continue
      if (kind === 'number' || kind === 'count') values[name] = Number(text.replaceAll(',', ''))
      else if (kind === 'instant') values[name] = isoOf(text)
      else if (kind === 'span') values[name] = `PT${secondsOf(text)}S`
      else if (kind === 'text' || kind === 'word') values[name] = text
      else {
        const inner = this.#read(text, depth - 1)
        if (inner === null && kind === 'known') return null
        values[name] = inner ?? text
      }
    }
    return { code: pattern.code as Code, values }
  }

  /** Two sentences in one text, the first of them known whole. */
  #joined(text: string, depth: number): Sentence<Code> | null {
    if (text.length > MOST_JOINED) return null
    const { semicolon, comma, blank, closed } = this.#joint
    if (text.endsWith('.')) {
      const what = this.#read(text.slice(0, -1), depth - 1)
      if (what !== null) return { code: closed, values: { what } }
    }
    const cuts = [...text.matchAll(/; |, |(?<=[.:!?]) /g)].slice(0, MOST_CUTS)
    for (const cut of cuts) {
      const first = this.#read(text.slice(0, cut.index), depth - 1)
      const second = first === null ? null : this.#read(text.slice(cut.index + cut[0].length), depth - 1)
      if (first === null || second === null) continue
      return { code: cut[0] === ' ' ? blank : cut[0] === ', ' ? comma : semicolon, values: { first, second } }
    }
    return null
  }
}
