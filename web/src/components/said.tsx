/** A text that the service made, in the language of the page. */
import { useWords } from '../i18n/language.tsx'
import type { SaidView } from '../i18n/service/german.ts'

interface SaidProps {
  readonly text: string
  /** The same by code and values, where the API tells it. */
  readonly said?: SaidView | null
  readonly isTyped?: boolean
}

/**
 * What is not known to the catalogue is marked, for screen readers and translators: as English, or with `isTyped`, where a person may
 * have written it, as text of an unknown language that stays as it is.
 */
export function Said({ text, said, isTyped = false }: SaidProps) {
  const { sayOrNull } = useWords()
  const words = sayOrNull(text, said)
  if (words !== null) return words
  return isTyped ? <span translate="no">{text}</span> : <span lang="en">{text}</span>
}
