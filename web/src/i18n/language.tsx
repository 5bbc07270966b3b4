/** The language of the page: the browser's, until a person chooses. Texts come from the catalogues only. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { de } from './de.ts'
import { en, type TextKey } from './en.ts'

const CATALOGUES = { en, de } as const
export type Language = keyof typeof CATALOGUES
const STORED = 'ads-language'

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

interface Words {
  readonly language: Language
  readonly setLanguage: (language: Language) => void
  readonly t: Translate
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
  const words = useMemo<Words>(() => ({ language, setLanguage, t: translator(language) }), [language])
  return <LanguageContext value={words}>{children}</LanguageContext>
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
