/**
 * The part of the contract for the first screen: is the site protected, what is new, does more come than usual; and what
 * the product is made of. Instants are ISO 8601 UTC; unknown is null.
 */
import { z } from 'zod'
import { blockView } from './block-view.ts'
import { sentence } from './sentence.ts'

const nothing = z.strictObject({})
const instant = z.iso.datetime()

const overview = z.object({
  at: instant,
  engine: z.object({
    /** `frozen`: nothing is added to the list. */
    state: z.enum(['on', 'off', 'frozen']),
    changedAt: instant.nullable(),
    changedBy: z.string().nullable(),
  }),
  /** Rules that find and do not block. */
  shadowRules: z.array(z.string()),
  list: z.object({
    entries: z.int(),
    lastFetchedAt: instant.nullable(),
    lastFetchedBy: z.string().nullable(),
  }),
  blocks: z.object({
    now: z.int(),
    held: z.int(),
    shadow: z.int(),
    /** Put on the list within the last 24 hours, and still there. */
    added: z.int(),
    /** Taken off it within the last 24 hours. */
    ended: z.int(),
  }),
  /** Lines of blocked sources that firewalls denied, and let through, since the service started. */
  stopped: z.object({ since: instant, denied: z.number(), let: z.number() }),
  /** Who is to fetch the list. */
  firewalls: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** `late`: twice its interval ago. */
      state: z.enum(['fresh', 'late', 'never']),
      lastFetchedAt: instant.nullable(),
      intervalSeconds: z.number(),
      leaks: z.int(),
    }),
  ),
  /** Whether stored lines can be asked for now: the log store takes some seconds at a start. */
  isStoreReady: z.boolean(),
  input: z.object({
    linesPerSecond: z.number(),
    /** Age of the newest line that is stored; null: none yet. */
    lagMs: z.number().nullable(),
    /** Messages lost since the start: shed, dropped by the kernel, gaps in the firewalls' numbering. */
    lost: z.number(),
  }),
  /** Denied and alerted lines of the last 15 minutes beside the 4 hours before; null: the log store cannot be asked. */
  surge: z
    .object({
      isSurge: z.boolean(),
      count: z.number(),
      /** Median of the quarters of an hour before. */
      usual: z.number(),
      /** Third quartile and 4 times the distance of the quartiles. */
      limit: z.number(),
    })
    .nullable(),
  alarms: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(['info', 'warning', 'critical']),
      since: instant,
      message: z.string(),
      mend: z.string(),
      /** Both by code and values. */
      said: sentence,
      mendSaid: sentence,
    }),
  ),
  /** Blocks since midnight of the service's time zone, newest first; 20 at most. */
  today: z.array(blockView),
})

const about = z.object({
  version: z.string(),
  startedAt: instant,
  dataFolder: z.string(),
  /** Node, the log engine and the state database. */
  engines: z.array(z.object({ name: z.string(), version: z.string() })),
  /** Where data lies, with its size as far as it is known. */
  places: z.array(z.object({ path: z.string(), what: z.string(), bytes: z.number().nullable() })),
  records: z.number().nullable(),
  documents: z.array(z.object({ name: z.string(), title: z.string() })),
  packages: z.array(z.object({ name: z.string(), version: z.string(), license: z.string() })),
})

export const OVERVIEW_CONTRACT = {
  overview: { input: nothing, reply: overview },
  about: { input: nothing, reply: about },
  readDocument: {
    input: z.strictObject({ name: z.string().max(100) }),
    reply: z.object({ name: z.string(), title: z.string(), text: z.string() }),
  },
  /** CycloneDX 1.6. */
  softwareBill: { input: nothing, reply: z.record(z.string(), z.unknown()) },
} as const

export const OVERVIEW_ROUTES = {
  overview: { method: 'GET', path: '/control/v1/overview', reply: 'object' },
  about: { method: 'GET', path: '/control/v1/about', reply: 'object' },
  readDocument: { method: 'POST', path: '/control/v1/about/document', reply: 'object' },
  softwareBill: { method: 'GET', path: '/control/v1/about/bill', reply: 'object' },
} as const
