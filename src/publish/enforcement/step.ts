/**
 * What is kept of the proof of enforcement over a restart (journal kind `enforcement`): one small entry when a target
 * first reaches a stage at a firewall. The subject is the target's text, or `fetcher:ADDRESS` for one that fetches.
 */
import { z } from 'zod'
import type { Json } from '../../model/state.ts'

export const ENFORCEMENT_KIND = 'enforcement'

const stepSchema = z.discriminatedUnion('step', [
  z.strictObject({
    step: z.literal('published'),
    feed: z.string(),
    revision: z.int(),
    decision: z.string(),
  }),
  z.strictObject({ step: z.literal('fetched'), firewall: z.string(), feed: z.string(), revision: z.int() }),
  z.strictObject({
    step: z.literal('loaded'),
    firewall: z.string(),
    by: z.enum(['read-back', 'log-line']),
  }),
  z.strictObject({ step: z.literal('registered'), firewall: z.string() }),
  z.strictObject({ step: z.literal('denied'), firewall: z.string(), rule: z.string().nullable() }),
  z.strictObject({ step: z.literal('leaked'), firewall: z.string(), rule: z.string().nullable() }),
])

export type Step = z.infer<typeof stepSchema>

export interface KeptStep {
  readonly subject: string
  readonly atMs: number
  readonly step: Step
}

/** Null: the body is none of ours. */
export function stepOfBody(body: Json): Step | null {
  return stepSchema.safeParse(body).data ?? null
}
