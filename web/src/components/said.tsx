/** A text that the service made, in the language of the page. */
import { useWords } from '../i18n/language.tsx'

/**
 * What is not known to the catalogue is marked, for screen readers and translators: as English, or with `isTyped`, where a person may
 * have written it, as text of an unknown language that stays as it is.
 */
export function Said({ text, isTyped = false }: { readonly text: string; readonly isTyped?: boolean }) {
  const { sayOrNull } = useWords()
  const said = sayOrNull(text)
  if (said !== null) return said
  return isTyped ? <span translate="no">{text}</span> : <span lang="en">{text}</span>
}
