/** The delivery log: one journal entry of kind `delivery` for each attempt, and the notices themselves as kind `notice`. */
import { z } from 'zod'
import type { Journal, JournalEntry } from '../../model/object.ts'
import { type Notice, noticeSchema } from './notice.ts'

export const DELIVERY_KIND = 'delivery'
export const NOTICE_KIND = 'notice'
/** Both are kept so long, and so many of each; a notice is 3 kB, at most 25. */
const KEPT_MS = 30 * 86_400_000
const KEPT_DELIVERIES = 20_000
const KEPT_NOTICES = 6000

/** `failed`: is tried again. `given-up`: never. `skipped`: not to be sent. `dropped`: there was no room to wait. */
export const DELIVERY_OUTCOMES = ['delivered', 'failed', 'given-up', 'skipped', 'dropped'] as const

export const deliveryBody = z.object({
  outcome: z.enum(DELIVERY_OUTCOMES),
  channel: z.enum(['mail', 'webhook', 'siem', 'abuseipdb']),
  cause: z.enum(['notice', 'test', 'replay']),
  /** One sentence; may hold words of the other side, made visible. */
  reason: z.string(),
  /** Counts from 1; 0 where nothing was tried. */
  attempt: z.int(),
  /** `3 new blocks, 1 alarm`. */
  what: z.string(),
  /** Ids of the notices. */
  notices: z.array(z.string()),
  /** Addresses that were reported to AbuseIPDB. */
  reported: z.array(z.string()),
  durationMs: z.number(),
})
export type DeliveryBody = z.infer<typeof deliveryBody>
export interface Delivery extends DeliveryBody {
  readonly id: string
  readonly recipient: string
  readonly atMs: number
}

/** Null: damaged, or of a version that wrote it another way. */
export function deliveryOf({ id, subject, atMs, body }: JournalEntry): Delivery | null {
  const read = deliveryBody.safeParse(body)
  return read.success ? { ...read.data, id, recipient: subject, atMs } : null
}

/** One entry by its id, or null. */
export async function entryById(journal: Journal, kind: string, id: string): Promise<JournalEntry | null> {
  // Ids are UUIDs: the newest entry before `id~` is the one of that id, if there is one.
  const [entry] = await journal.journal({ kind, beforeId: `${id}~`, limit: 1 })
  return entry?.id === id ? entry : null
}

/** Those that are still kept, in the order asked. */
export async function noticesById(journal: Journal, ids: readonly string[]): Promise<Notice[]> {
  const notices: Notice[] = []
  for (const id of ids) {
    const entry = await entryById(journal, NOTICE_KIND, id)
    const read = noticeSchema.safeParse(entry?.body)
    if (read.success) notices.push(read.data)
  }
  return notices
}

/** For a job now and then. */
export async function pruneDeliveries(journal: Journal, nowMs: number): Promise<void> {
  await journal.pruneJournal(DELIVERY_KIND, nowMs - KEPT_MS, KEPT_DELIVERIES)
  await journal.pruneJournal(NOTICE_KIND, nowMs - KEPT_MS, KEPT_NOTICES)
}
