/**
 * Finds the places of a form in a text, as the expression `^form$` with lazy texts would, but in time that grows with the text
 * alone: texts may hold what strangers wrote, and an expression with five texts in it takes minutes over a few thousand
 * characters made for it. Each step of a form is tried at most once at each character. Limits: a number has at most
 * MOST_DIGITS characters.
 */
import { type Part, parseForm, type Place } from './sentence-form.ts'

const MOST_DIGITS = 30

// Sticky: they are asked at one character each.
const INSTANT = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| UTC)?/y
const SPAN = /\d+(?:\.\d+)? (?:days?|hours?|minutes?|seconds?|d|h|min|s)\b(?: \d+ (?:h|min|s)\b)?/y
const NUMBER = new RegExp(String.raw`-?\d[\d,]{0,${MOST_DIGITS}}(?:\.\d{1,${MOST_DIGITS}})?`, 'y')
const BLANK = /\s/

/** One step of a form. What comes next is the step at `next`; `skip` is where one goes without an optional part. */
type Step =
  | { readonly kind: 'fixed'; readonly text: string; readonly next: number }
  | { readonly kind: 'place'; readonly place: Place; readonly index: number; readonly next: number }
  | { readonly kind: 'optional'; readonly next: number; readonly skip: number }
  | { readonly kind: 'end' }

/** The texts of a form's places, in their order; undefined for one in an optional part that is missing. */
export type Found = readonly (string | undefined)[]

export class SentencePattern {
  readonly code: string
  readonly places: readonly Place[]
  /** What the text begins with, and how much of the form is fixed: the more, the sooner it is tried. */
  readonly front: string
  readonly fixed: number
  /** The longest text that it must hold: looked for first, since that is much cheaper than the steps. */
  readonly #holds: string
  readonly #steps: readonly Step[]
  readonly #first: number

  /** Throws SyntaxError for a form that is not closed: a fault in the book. */
  constructor(code: string, form: string) {
    const parts = parseForm(form)
    const texts = parts.filter((part) => typeof part === 'string')
    const places: Place[] = []
    const collect = (of: readonly Part[]): void => {
      for (const part of of)
        if (typeof part !== 'string') {
          if ('optional' in part) collect(part.optional)
          else places.push(part)
        }
    }
    collect(parts)
    const steps: Step[] = [{ kind: 'end' }]
    this.#first = compile(parts, 0, steps, places)
    this.#steps = steps
    this.code = code
    this.places = places
    this.front = typeof parts[0] === 'string' ? parts[0] : ''
    this.fixed = texts.reduce((sum, text) => sum + text.length, 0)
    this.#holds = texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '')
  }

  /** What stands in the places, or null for another text. Cost: up to some microseconds for each character of the text. */
  match(text: string): Found | null {
    if (!text.startsWith(this.front) || !text.includes(this.#holds)) return null
    const found: (string | undefined)[] = this.places.map(() => undefined)
    return new Trial(text, this.#steps, found).goesOn(this.#first, 0) ? found : null
  }
}

/** Appends the steps of parts, the last of which goes on with `next`, and says which is the first. */
function compile(parts: readonly Part[], next: number, steps: Step[], places: readonly Place[]): number {
  let first = next
  for (const part of parts.toReversed()) {
    if (typeof part === 'string') steps.push({ kind: 'fixed', text: part, next: first })
    else if ('optional' in part)
      steps.push({ kind: 'optional', next: compile(part.optional, first, steps, places), skip: first })
    else steps.push({ kind: 'place', place: part, index: places.indexOf(part), next: first })
    first = steps.length - 1
  }
  return first
}

/** One form tried on one text. */
class Trial {
  readonly #text: string
  readonly #steps: readonly Step[]
  readonly #found: (string | undefined)[]
  /** Steps that failed, by character. */
  readonly #failed = new Set<number>()
  /** By step with any text: the first character from which it failed; from a later one it fails as well. */
  readonly #failedFrom = new Map<number, number>()

  constructor(text: string, steps: readonly Step[], found: (string | undefined)[]) {
    this.#text = text
    this.#steps = steps
    this.#found = found
  }

  /** Whether the text from `at` is what the form says from this step on. */
  goesOn(id: number, at: number): boolean {
    const key = id * (this.#text.length + 1) + at
    if (this.#failed.has(key)) return false
    const isRight = this.#try(id, at)
    if (!isRight) this.#failed.add(key)
    return isRight
  }

  #try(id: number, at: number): boolean {
    const step = this.#steps[id]
    if (step === undefined || step.kind === 'end') return at === this.#text.length
    if (step.kind === 'fixed')
      return this.#text.startsWith(step.text, at) && this.goesOn(step.next, at + step.text.length)
    if (step.kind === 'optional') return this.goesOn(step.next, at) || this.goesOn(step.skip, at)
    const { place } = step
    if (place.kind === 'number' || place.kind === 'count') return this.#number(step, at)
    if (place.kind === 'instant') return this.#takes(step, at, INSTANT)
    if (place.kind === 'span') return this.#takes(step, at, SPAN)
    return this.#anything(id, step, at)
  }

  #set(step: Step & { readonly kind: 'place' }, from: number, to: number): true {
    this.#found[step.index] = this.#text.slice(from, to)
    return true
  }

  #takes(step: Step & { readonly kind: 'place' }, at: number, expression: RegExp): boolean {
    expression.lastIndex = at
    if (!expression.test(this.#text)) return false
    const end = expression.lastIndex
    return this.goesOn(step.next, end) && this.#set(step, at, end)
  }

  /** A number as long as can be, else a shorter one: the comma or stop behind it may be the sentence's. */
  #number(step: Step & { readonly kind: 'place' }, at: number): boolean {
    NUMBER.lastIndex = at
    if (!NUMBER.test(this.#text)) return false
    for (let end = NUMBER.lastIndex; end > at; end--) {
      const number = this.#text.slice(at, end)
      if (number.endsWith('.') || number === '-') continue
      if (step.place.kind === 'number') {
        if (this.goesOn(step.next, end)) return this.#set(step, at, end)
        continue
      }
      for (const noun of step.place.forms)
        if (this.#text.startsWith(` ${noun}`, end) && this.goesOn(step.next, end + 1 + noun.length))
          return this.#set(step, at, end)
    }
    return false
  }

  /** Any text, at least one character and as few as can be; a word ends at a blank. */
  #anything(id: number, step: Step & { readonly kind: 'place' }, at: number): boolean {
    const isWord = step.place.kind === 'word'
    const next = this.#steps[step.next]
    const text = this.#text
    const last = isWord ? text.length : Math.min(text.length, this.#failedFrom.get(id) ?? text.length)
    let end = at + 1
    let blankFrom = at
    while (end <= last) {
      // What follows is mostly fixed: its next occurrence is the next end worth a trial.
      if (next?.kind === 'fixed') end = text.indexOf(next.text, end)
      else if (next?.kind === 'end') end = text.length
      if (end === -1 || end > last) break
      if (isWord) {
        for (; blankFrom < end; blankFrom++) if (BLANK.test(text.charAt(blankFrom))) return false
      }
      if (this.goesOn(step.next, end)) return this.#set(step, at, end)
      end++
    }
    if (!isWord) this.#failedFrom.set(id, Math.min(at, this.#failedFrom.get(id) ?? at))
    return false
  }
}
