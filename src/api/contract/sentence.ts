/**
 * The code and values beside a text that people read, for who says it in another language: the page, and programs. Codes are those of the
 * book (model/sentences/book.ts); a sentence within a sentence is a value. Null: the book does not know the text, which then stands.
 */
import { z } from 'zod'
import type { Sentence } from '../../model/sentence.ts'
import { type SentenceCode, sentenceOf } from '../../model/sentences/book.ts'

// The codes are a closed union by type; a thousand of them are not repeated in the description of the API.
const code = z.string().meta({ description: 'A code of the sentence book, such as found.ports' })

export const sentence = z
  .object({
    code: code as unknown as z.ZodType<SentenceCode>,
    values: z.record(z.string(), z.unknown()),
  })
  .nullable()

/** What a text of the service says, as the contract shows it. Cost: some microseconds. */
export function saidOf(text: string): { code: SentenceCode; values: Record<string, unknown> } | null {
  const said: Sentence<SentenceCode> | null = sentenceOf(text)
  return said === null ? null : { code: said.code, values: { ...said.values } }
}
