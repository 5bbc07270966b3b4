/**
 * What may be typed next in the filter: what the service says of the language, and for fields whose values only the
 * records know, the most frequent ones with their counts.
 */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { completionQuery, facetQuery, type Search } from '../../data/records.ts'

export interface Choice {
  readonly text: string
  readonly about: string
  /** What it replaces. */
  readonly from: number
  readonly to: number
  /** A whole filter is searched for at once. */
  readonly isWhole?: boolean
}

const QUIET_MS = 120
const MOST = 12
const VALUE_WANTED =
  /([\w.-]+)\s+(?:eq|neq|in|notin|contains|startswith|=|!=)\s+\(?\s*((?:'[^']*|"[^"]*|[^\s()'",]*))$/i

/** Nothing while it is not asked for. */
export function useCompletion(
  text: string,
  at: number,
  isAsked: boolean,
  search: Search | null,
  language: string,
): readonly Choice[] {
  const [quiet] = useDebouncedValue(`${at} ${text}`, QUIET_MS)
  const space = quiet.indexOf(' ')
  const [askedAt, askedText] = [Number(quiet.slice(0, space)), quiet.slice(space + 1)]
  const answer = useQuery({ ...completionQuery(askedText, askedAt), enabled: isAsked })
  const wanted = VALUE_WANTED.exec(askedText.slice(0, askedAt))
  const field = wanted?.[1] ?? ''
  const typed = (wanted?.[2] ?? '').replace(/^['"]/, '').toLowerCase()
  const isKnown = (answer.data?.completion.choices.length ?? 0) > 0
  const everything: Search = {
    filter: '',
    until: search?.until ?? '',
    ...(search?.since === undefined ? {} : { since: search.since }),
  }
  const values = useQuery({
    ...facetQuery(everything, field, 50),
    enabled: isAsked && wanted !== null && answer.data !== undefined && !isKnown && search !== null,
  })
  if (!isAsked || answer.data === undefined || askedText !== text || askedAt !== at) return []
  const { from, to, choices } = answer.data.completion
  if (choices.length > 0 || wanted === null)
    return choices.slice(0, MOST).map((choice) => ({ text: choice.text, about: choice.about, from, to }))
  const valueFrom = askedAt - (wanted[2] ?? '').length
  return (values.data ?? [])
    .filter(({ value }) => value !== null && String(value).toLowerCase().includes(typed))
    .slice(0, MOST)
    .map(({ value, count }) => ({
      text: quotedValue(String(value)),
      about: count.toLocaleString(language),
      from: valueFrom,
      to: askedAt,
    }))
}

function quotedValue(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
