/**
 * Forms of sentences: text with places, read into parts. `{name}` any text, `{name*}` text without
 * blanks, `{name#}` a number, `{name@}` an instant, `{name~}` a span of time,
 * `{name|line|lines}` a number with its noun, `{name?}` a sentence of the book or other text, `{name!}` a sentence of the
 * book. What stands between square brackets may be missing.
 */

export type PlaceKind = 'text' | 'word' | 'number' | 'instant' | 'span' | 'count' | 'maybe' | 'known'

export interface Place {
  readonly name: string
  readonly kind: PlaceKind
  /** Of `count`: the nouns, one and many. Of `span`: the case that the language wants, or nothing. */
  readonly forms: readonly string[]
}

export type Part = string | Place | { readonly optional: readonly Part[] }

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
