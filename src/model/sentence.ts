/**
 * Sentences of the service by code and values, so that they can be said in another language. The book
 * (`sentences/book.ts`) holds the English form of each; parts of the service write that English themselves, for logs, the
 * command line and mails, and `sentenceOf` reads it back into its code with its values. What the book does not hold, such
 * as what a person typed or a record of an older version, is null, and is shown as it stands.
 *
 * Limits: texts longer than MOST_CHARACTERS are not read, nor those that take more than MOST_LOOKS readings of their
 * parts. Texts may hold what strangers wrote: they are matched against our forms (`sentence-pattern.ts`), never used as one,
 * and a sentence is for showing only.
 */
import { type Found, SentencePattern } from './sentence-pattern.ts'

/** Longest text that is read, in characters. */
const MOST_CHARACTERS = 6000
/** Sentences within sentences. */
const DEEPEST = 8
/** Places at which a text is tried to be two sentences, and the longest text that is. */
const MOST_CUTS = 24
const MOST_JOINED = 2000
/** Texts and parts of them that one reading looks up. */
const MOST_LOOKS = 300
const MOST_KNOWN = 4000
/** Characters by which sentences are looked up. */
const FRONT = 4

/** A number, an instant (ISO 8601 UTC), a span (ISO 8601 duration in seconds, `PT90S`), other text, or a sentence. */
export type Value = string | number | Sentence

export interface Sentence<Code extends string = string> {
  readonly code: Code
  readonly values: Readonly<Record<string, Value>>
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
  readonly #byFront = new Map<string, readonly SentencePattern[]>()
  readonly #others: readonly SentencePattern[]
  readonly #joint: Readonly<Record<Joint, Code>>
  /** What was read of late, since lists show the same reasons again and again. */
  readonly #known = new Map<string, Sentence<Code> | null>()
  /** Parts of the text that is being read, with the depth that was left for them. */
  readonly #looked = new Map<string, { depth: number; sentence: Sentence<Code> | null }>()

  constructor(book: Readonly<Record<Code, string>>, joint: Readonly<Record<Joint, Code>>) {
    this.#joint = joint
    const joints: readonly string[] = Object.values(joint)
    const patterns = Object.entries<string>(book)
      .filter(([code]) => !joints.includes(code))
      .map(([code, form]) => new SentencePattern(code, form))
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
    if (text === '' || text.length > MOST_CHARACTERS) return null
    const known = this.#known.get(text)
    if (known !== undefined) return known
    this.#looked.clear()
    const sentence = this.#read(text, DEEPEST)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(text, sentence)
    return sentence
  }

  #read(text: string, depth: number): Sentence<Code> | null {
    if (depth === 0 || text === '') return null
    const seen = this.#looked.get(text)
    if (seen !== undefined && (seen.sentence !== null || seen.depth >= depth)) return seen.sentence
    if (this.#looked.size >= MOST_LOOKS) return null
    // Noted before it is known, so that texts within it count.
    this.#looked.set(text, { depth, sentence: null })
    const sentence = this.#look(text, depth)
    this.#looked.set(text, { depth, sentence })
    return sentence
  }

  #look(text: string, depth: number): Sentence<Code> | null {
    const likely = this.#byFront.get(text.slice(0, FRONT)) ?? this.#others
    for (const pattern of likely) {
      const found = pattern.match(text)
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

  #sentence(pattern: SentencePattern, found: Found, depth: number): Sentence<Code> | null {
    const values: Record<string, Value> = {}
    for (const [i, { name, kind }] of pattern.places.entries()) {
      const text = found[i]
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
