/**
 * The book: every sentence that the service says to people and that another language has to know, by code, in English. The
 * page has the same codes in its catalogues (web/src/i18n/service/), complete by their types; a test compares the book with
 * what the sources say.
 */
import { type Sentence, SentenceReader } from '../sentence.ts'
import { ALARM_SENTENCES } from './alarms.ts'
import { DECISION_SENTENCES } from './decisions.ts'
import { FINDING_SENTENCES } from './findings.ts'
import { FORMAT_SENTENCES } from './formats.ts'
import { INPUT_SENTENCES } from './inputs.ts'
import { JOINT_SENTENCES } from './joint.ts'
import { OBJECT_SENTENCES } from './objects.ts'
import { PROBLEM_SENTENCES } from './problems.ts'

export const SENTENCES = {
  ...ALARM_SENTENCES,
  ...DECISION_SENTENCES,
  ...FINDING_SENTENCES,
  ...FORMAT_SENTENCES,
  ...INPUT_SENTENCES,
  ...JOINT_SENTENCES,
  ...OBJECT_SENTENCES,
  ...PROBLEM_SENTENCES,
} as const

export type SentenceCode = keyof typeof SENTENCES

let reader: SentenceReader<SentenceCode> | null = null

/** The sentence that a text of the service is, or null: what a person typed, or what the book does not know. */
export function sentenceOf(text: string): Sentence<SentenceCode> | null {
  reader ??= new SentenceReader(SENTENCES, {
    semicolon: 'joint.semicolon',
    blank: 'joint.blank',
    comma: 'joint.comma',
    closed: 'joint.closed',
  })
  return reader.read(text)
}
