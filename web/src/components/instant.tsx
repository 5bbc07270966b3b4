/** An instant: how long ago in words, the exact time on hover and for screen readers. */
import { useWords } from '../i18n/language.tsx'

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

export function relativeText(iso: string, language: string, nowMs = Date.now()): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return formatsOf(language).relative.format(Math.trunc(seconds / size), unit)
}

interface Formats {
  readonly relative: Intl.RelativeTimeFormat
  readonly exact: Intl.DateTimeFormat
}

/** Made once a language: making them for each instant took most of the time of a long table. */
const formats = new Map<string, Formats>()

function formatsOf(language: string): Formats {
  const known = formats.get(language)
  if (known !== undefined) return known
  const made = {
    relative: new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }),
    exact: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }),
  }
  formats.set(language, made)
  return made
}

export function Instant({ at, none }: { readonly at: string | null; readonly none: string }) {
  const { language } = useWords()
  if (at === null) return <span className="nowrap">{none}</span>
  const exact = formatsOf(language).exact.format(new Date(at))
  return (
    <time dateTime={at} title={exact} className="nowrap">
      {relativeText(at, language)}
    </time>
  )
}
