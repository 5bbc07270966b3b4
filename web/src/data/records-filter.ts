/**
 * Filters as text: taken apart where `and` joins them, put together, and conditions made of a field and a value. The
 * service reads and judges every filter; here only its canonical text is cut, so strings in quotes and groups stay whole.
 */

/** The parts that `and` joins at the top of a canonical filter; one part when `or` joins them; none of an empty one. */
export function partsOf(filter: string): string[] {
  const text = filter.trim()
  if (text === '') return []
  const parts: string[] = []
  let from = 0
  for (const { at, word } of topWords(text)) {
    if (word === 'or') return [text]
    if (word !== 'and') continue
    parts.push(text.slice(from, at).trim())
    from = at + word.length
  }
  parts.push(text.slice(from).trim())
  return parts.filter((part) => part !== '')
}

/** The filter with one more condition that must hold; as it was when it stands there already. */
export function withPart(filter: string, part: string): string {
  const parts = partsOf(filter)
  if (parts.includes(part)) return filter
  const [only] = parts
  const isGroup = parts.length === 1 && only !== undefined && [...topWords(only)].length > 0
  return [...(isGroup ? [`( ${only} )`] : parts), part].join(' and ')
}

/** The filter or this condition. */
export function orPart(filter: string, part: string): string {
  const text = filter.trim()
  if (text === '') return part
  return partsOf(text).length === 1 ? `${text} or ${part}` : `( ${text} ) or ${part}`
}

export function withoutPart(filter: string, part: string): string {
  return partsOf(filter)
    .filter((one) => one !== part)
    .join(' and ')
}

/** The exact opposite of a condition. */
export function opposite(part: string): string {
  const negated = /^not (.+)$/s.exec(part)
  if (negated?.[1] !== undefined) return negated[1]
  const found = /^(\( [\w.-]+ )(eq|neq|in|notin)( .+)$/s.exec(part)
  const turned = { eq: 'neq', neq: 'eq', in: 'notin', notin: 'in' }[found?.[2] ?? '']
  if (found === null || turned === undefined) return `not ${part}`
  return `${found[1]}${turned}${found[3]}`
}

/** The condition that finds a value of a field; null, the unknown. */
export function conditionOf(field: string, value: string | number | null): string {
  if (value === null) return `( ${field} eq '' )`
  return `( ${field} eq ${quoted(String(value))} )`
}

/** What somebody typed into the search of the whole page: a filter as it is, else words to look for. */
export function filterOfWords(text: string): string {
  const typed = text.trim()
  const isFilter = /[()'"]|(?:^|\s)(?:eq|neq|in|notin|geq|leq|gt|lt|contains|startswith|and|or)\s/i.test(
    typed,
  )
  if (isFilter || typed === '' || /^[\w.:/-]+$/.test(typed)) return typed
  return quoted(typed)
}

function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** `and` and `or` outside of quotes and parentheses. */
function* topWords(text: string): Generator<{ readonly at: number; readonly word: 'and' | 'or' }> {
  let depth = 0
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote !== '') {
      if (char === '\\') at++
      else if (char === quote) quote = ''
    } else if (char === "'" || char === '"') quote = char
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (depth === 0 && (at === 0 || /[\s)]/.test(text[at - 1] ?? ''))) {
      const word = /^(?:and|or)(?=[\s(])/.exec(text.slice(at, at + 4))?.[0]
      if (word === 'and' || word === 'or') {
        yield { at, word }
        at += word.length - 1
      }
    }
  }
}
