/**
 * A notice: one thing that people or programs are told, whole and by itself, so that it can wait, be gathered with others,
 * be sent by any channel and be sent again. It is kept as JSON in the journal. Texts may come from log lines: each channel
 * makes them safe for its own kind of reader; nothing here is trusted.
 *
 * Limits: MAX_LINES lines of LINE_CHARACTERS, so that a notice is at most about 30 kB.
 */
import { z } from 'zod'

/** `audit`: every row of the audit log, for programs. `test`: asked for by a person. */
export const TOPICS = ['block', 'held', 'lift', 'alarm', 'report', 'audit', 'test'] as const
export type Topic = (typeof TOPICS)[number]

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Log lines in one notice, and characters of each. */
export const MAX_LINES = 20
export const LINE_CHARACTERS = 1000

/** What a new or held block is, in fields; unknown is null. */
const blockFacts = z.object({
  target: z.string(),
  /** The address whose line convicted; null for a block by a person. */
  sourceAddress: z.string().nullable(),
  origin: z.enum(['detector', 'manual', 'feed']),
  rule: z.string().nullable(),
  /** The older system's name of the rule. */
  originalName: z.string().nullable(),
  technique: z.string().nullable(),
  proof: z.enum(['handshake', 'spoofable']).nullable(),
  /** Of the evidence; absent in notices of earlier versions. */
  severity: z.enum(['informational', 'low', 'medium', 'high', 'critical']).nullable().default(null),
  count: z.number().nullable(),
  threshold: z.number().nullable(),
  windowSeconds: z.number().nullable(),
  country: z.string().nullable(),
  /** Who announces the address: `AS64500 Example Net`. */
  owner: z.string().nullable(),
  /** Our addresses that it reached, the first ones. */
  reached: z.array(z.string()),
  firstSeenAt: z.string().nullable(),
  lastSeenAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  device: z.string().nullable(),
  by: z.string(),
})
export type BlockFacts = z.infer<typeof blockFacts>

export const noticeSchema = z.object({
  /** UUIDv7. */
  id: z.string(),
  topic: z.enum(TOPICS),
  severity: z.enum(SEVERITIES),
  atMs: z.number(),
  /** What it is about: a target, an alarm's code. Notices of one alarm are told as one. */
  subject: z.string(),
  /** One sentence without its full stop. */
  title: z.string(),
  sentences: z.array(z.string()),
  facts: z.array(z.tuple([z.string(), z.string()])),
  /** Log lines that prove it, oldest first. */
  lines: z.array(z.string()),
  /** The page about it; null while there is none. */
  link: z.string().nullable(),
  /** Of blocks and holds; else null. */
  block: blockFacts.nullable(),
})
export type Notice = z.infer<typeof noticeSchema>

/** Notices that go out together, and how many more there were that are only counted. */
export interface Batch {
  /** UUIDv7 of the delivery. */
  readonly id: string
  readonly atMs: number
  readonly notices: readonly Notice[]
  /** By topic: what there was no room to tell. */
  readonly more: Readonly<Partial<Record<Topic, number>>>
}

/** What became of one attempt. `permanent`: trying again would not help. */
export type SendResult =
  /** `isSkipped`: nothing was sent, and that is right so. */
  | { readonly ok: true; readonly detail: string; readonly isSkipped?: boolean }
  | {
      readonly ok: false
      readonly isPermanent: boolean
      /** One sentence for the delivery log; may hold text of the other side. */
      readonly reason: string
      /** The other side asks for so long a wait. */
      readonly retryAfterMs?: number
    }
