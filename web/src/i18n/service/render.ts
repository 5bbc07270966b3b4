/** A sentence of the service, which is a code and its values, as text of a catalogue: numbers, times and spans as the language writes them. */
import type { Sentence, Value } from '../../../../src/model/sentence.ts'
import { type Part, type Place, parseForm } from '../../../../src/model/sentence-form.ts'

/** The page's name for a value, by the name of its place; null: the value stands as it is. */
export type NameOf = (place: string, value: string) => string | null

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const
/** Up to here hours are told as hours: a window of 24 hours is no day. */
const HOURS_UP_TO_SECONDS = 172_800

/** A writer of sentences. The forms of the catalogue are parsed when they are first used. */
export function writer(
  catalogue: Readonly<Record<string, string>>,
  language: string,
  nameOf: NameOf,
): (sentence: Sentence) => string {
  const parsed = new Map<string, readonly Part[]>()
  const formOf = (code: string): readonly Part[] => {
    const known = parsed.get(code)
    if (known !== undefined) return known
    const parts = parseForm(catalogue[code] ?? '')
    parsed.set(code, parts)
    return parts
  }
  const plural = new Intl.PluralRules(language)
  const valueText = (place: Place, value: Value): string => {
    if (typeof value === 'object') return write(value)
    if (typeof value === 'number') {
      const number = value.toLocaleString(language)
      const [one = '', many = one] = place.forms
      return place.kind === 'count' ? `${number} ${plural.select(value) === 'one' ? one : many}` : number
    }
    if (/^PT[\d.]+S$/.test(value)) return spanText(Number(value.slice(2, -1)), language, place.forms[0])
    if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
      return new Date(value).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' })
    return nameOf(place.name, value) ?? value
  }
  const partsText = (parts: readonly Part[], values: Sentence['values']): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part
        if ('optional' in part) return isGiven(part.optional, values) ? partsText(part.optional, values) : ''
        const value = values[part.name]
        return value === undefined ? '' : valueText(part, value)
      })
      .join('')
  const write = ({ code, values }: Sentence): string => partsText(formOf(code), values)
  return write
}

/** Whether every place of an optional part has a value. */
function isGiven(parts: readonly Part[], values: Sentence['values']): boolean {
  return parts.every(
    (part) => typeof part === 'string' || 'optional' in part || values[part.name] !== undefined,
  )
}

/** `10 Minuten`, `1 Stunde 30 Minuten`, of the two largest units. */
function spanText(seconds: number, language: string, form: string | undefined): string {
  const isHours = seconds <= HOURS_UP_TO_SECONDS && seconds % 3600 === 0
  const texts: string[] = []
  let rest = seconds
  for (const [unit, size] of isHours ? UNITS.slice(1) : UNITS) {
    const amount = unit === 'second' ? rest : Math.floor(rest / size)
    rest -= amount * size
    if (amount > 0)
      texts.push(new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount))
  }
  const text = texts.length === 0 ? `0 s` : texts.slice(0, 2).join(' ')
  return form === 'dative' ? text.replace(/\bTage\b/, 'Tagen') : text
}
