/** The language of the page: the browser's, until a person chooses. Texts come from the catalogues only. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { de } from './de.ts'
import { en, type TextKey } from './en.ts'
import type { SaidView, ServiceWords } from './service/german.ts'

const CATALOGUES = { en, de } as const
export type Language = keyof typeof CATALOGUES
const STORED = 'ads-language'

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

interface Words {
  readonly language: Language
  readonly setLanguage: (language: Language) => void
  readonly t: Translate
  /** A text that the service made (alarms, reasons, refusals), in the language of the page; what it does not know stays as it is. */
  readonly say: (text: string, said?: SaidView | null) => string
  /** The same, null where it is not known: a person typed it, or it is of another version. */
  readonly sayOrNull: (text: string, said?: SaidView | null) => string | null
  /** What a setting means, by its key; `english` is the service's text. */
  readonly meaning: (key: string, english: string) => string
}

const LanguageContext = createContext<Words | null>(null)

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'en' || stored === 'de') return stored
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en'
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = language
    localStorage.setItem(STORED, language)
  }, [language])
  const service = useServiceWords(language)
  const words = useMemo<Words>(() => {
    const sayOrNull = (text: string, said?: SaidView | null): string | null =>
      language === 'en' ? text : (service?.say(text, said) ?? null)
    return {
      language,
      setLanguage,
      t: translator(language),
      say: (text, said) => sayOrNull(text, said) ?? text,
      sayOrNull,
      meaning: (key, english) => (language === 'en' ? null : service?.meaning(key)) ?? english,
    }
  }, [language, service])
  return <LanguageContext value={words}>{children}</LanguageContext>
}

/** The catalogue of what the service says, loaded for languages other than its own; null until it is there. */
function useServiceWords(language: Language): ServiceWords | null {
  const [words, setWords] = useState<ServiceWords | null>(null)
  useEffect(() => {
    if (language === 'en') return
    let isWanted = true
    const nameOf = (place: string, value: string): string | null => {
      const [, name = value, more = ''] = /^(\S+)( \(.*\))?$/.exec(value) ?? []
      const names: Readonly<Record<string, string>> = de
      return place === 'rule' && `rule.${name}` in de ? `${names[`rule.${name}`]}${more}` : null
    }
    void import('./service/german.ts').then(
      ({ german }) => isWanted && setWords(german(nameOf)),
      () => undefined, // the service is away: its texts stay English until the page is loaded again
    )
    return () => {
      isWanted = false
    }
  }, [language])
  return language === 'en' ? null : words
}

function translator(language: Language): Translate {
  const catalogue: Readonly<Record<string, string>> = CATALOGUES[language]
  const plural = new Intl.PluralRules(language)
  return (key, values = {}) => {
    const { count } = values
    const form = typeof count === 'number' ? `${key}_${plural.select(count)}` : key
    const text = catalogue[form] ?? catalogue[key] ?? en[key]
    // A place without a value stays: a field of a form may stand there.
    return text.replace(/\{(\w+)\}/g, (place, name: string) => {
      const value = values[name]
      return typeof value === 'number' ? value.toLocaleString(language) : (value ?? place)
    })
  }
}

export function useWords(): Words {
  const words = use(LanguageContext)
  if (words === null) throw new Error('outside of LanguageProvider')
  return words
}
