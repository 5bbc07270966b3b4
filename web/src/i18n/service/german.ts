/**
 * German for what the service says, loaded when the page is German: sentences by code, settings by key. English needs none of it, since
 * the service's own text is English.
 */
import type { Value } from '../../../../src/model/sentence.ts'
import { sentenceOf, SENTENCES, type SentenceCode } from '../../../../src/model/sentences/book.ts'
import { alarmsDe } from './alarms-de.ts'
import { decisionsDe } from './decisions-de.ts'
import { findingsDe } from './findings-de.ts'
import { formatsDe } from './formats-de.ts'
import { inputsDe } from './inputs-de.ts'
import { jointDe } from './joint-de.ts'
import { objectsDe } from './objects-de.ts'
import { problemsDe } from './problems-de.ts'
import { type NameOf, writer } from './render.ts'
import { settingsDe } from './settings-de.ts'

export const sentencesDe: Readonly<Record<SentenceCode, string>> = {
  ...alarmsDe,
  ...decisionsDe,
  ...findingsDe,
  ...formatsDe,
  ...inputsDe,
  ...jointDe,
  ...objectsDe,
  ...problemsDe,
}

/** A sentence as the API tells it beside its text. */
export interface SaidView {
  readonly code: string
  readonly values: Readonly<Record<string, unknown>>
}

export interface ServiceWords {
  /** A text of the service in the language, by its code where it is told, or null when the book does not know it. */
  readonly say: (text: string, said?: SaidView | null) => string | null
  /** What a setting means, or null for one that the catalogue does not know. */
  readonly meaning: (key: string) => string | null
}

/** `nameOf`: names of the page's own, such as those of rules. */
export function german(nameOf: NameOf): ServiceWords {
  const write = writer(sentencesDe, 'de', nameOf)
  const meanings: Readonly<Record<string, string>> = settingsDe
  return {
    say: (text, said) => {
      const isTold = said != null && said.code in SENTENCES
      const sentence = isTold
        ? { code: said.code, values: said.values as Readonly<Record<string, Value>> }
        : sentenceOf(text)
      return sentence === null ? null : write(sentence)
    },
    meaning: (key) => meanings[key] ?? null,
  }
}
