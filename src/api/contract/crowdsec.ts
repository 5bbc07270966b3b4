/** The part of the contract about CrowdSec bouncers: who may fetch decisions by CrowdSec's local API, and what they do. */
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'

const nothing = z.strictObject({})
const name = z.string().trim().min(1).max(64)
const instant = z.iso.datetime()

const metricsItem = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  labels: z.record(z.string(), z.string()),
})

const metricsView = z.object({
  at: instant,
  address: z.string(),
  type: z.string(),
  version: z.string(),
  operatingSystem: z.string(),
  startedAt: instant.nullable(),
  windowSeconds: z.number(),
  items: z.array(metricsItem),
})

const bouncerView = z.object({
  name: z.string(),
  /** For edits. */
  version: z.int(),
  note: z.string(),
  /** Whether it may sign in with a key. */
  hasKey: z.boolean(),
  /** SHA-256 of its client certificate. */
  certificate: z.string().nullable(),
  /** It gets single addresses only. */
  hostsOnly: z.boolean(),
  /** Networks that it may come from; empty: any. */
  sources: z.array(z.string()),
  createdAt: instant,
  createdBy: z.string(),
  /** When it last got an answer whole; null: never. */
  lastPullAt: instant.nullable(),
  /** One for each address and program that uses its key, the last heard first. */
  uses: z.array(
    z.object({
      address: z.string(),
      agent: z.string(),
      agentVersion: z.string(),
      firstSeenAt: instant,
      lastSeenAt: instant,
      lastPullAt: instant.nullable(),
      pulls: z.int(),
      /** What its last answer held: the whole list or what changed, blocks that began and that ended. */
      lastAnswer: z.object({ isWhole: z.boolean(), began: z.int(), ended: z.int() }).nullable(),
    }),
  ),
})

const sources = z
  .array(
    z
      .string()
      .max(64)
      .refine((text) => parseNetwork(text) !== null, 'expected an address or network'),
  )
  .max(100)

export const CROWDSEC_CONTRACT = {
  listBouncers: { input: nothing, reply: bouncerView },
  addBouncer: {
    input: z.strictObject({
      name,
      /** A key that the bouncer has already; without it, and without a certificate, one is made. */
      key: z
        .string()
        .regex(/^[\x21-\x7e]{16,256}$/, 'expected 16 to 256 characters without blanks')
        .optional(),
      /** SHA-256 of its client certificate, as openssl prints it. */
      certificate: z.string().max(200).optional(),
      hostsOnly: z.boolean().default(false),
      sources: sources.default([]),
      note: z.string().trim().max(1000).default(''),
    }),
    /** `key` is told this once. */
    reply: z.object({ bouncer: bouncerView, key: z.string().nullable() }),
  },
  /** What is not given stays. */
  changeBouncer: {
    input: z.strictObject({
      name,
      /** SHA-256 of its client certificate; null: none any more. */
      certificate: z.string().max(200).nullable().optional(),
      hostsOnly: z.boolean().optional(),
      sources: sources.optional(),
      note: z.string().trim().max(1000).optional(),
      /** Makes another key; the old one is refused at once. */
      newKey: z.boolean().default(false),
      reason: z.string().trim().max(1000).default(''),
    }),
    /** `key` is told this once; null: it is as it was. */
    reply: z.object({ bouncer: bouncerView, key: z.string().nullable() }),
  },
  removeBouncer: {
    input: z.strictObject({ name, reason: z.string().trim().max(1000).default('') }),
    reply: z.object({ message: z.string() }),
  },
  showBouncer: {
    input: z.strictObject({ name }),
    /** `metrics`: what it told of its work, newest first; at most 100. */
    reply: z.object({ bouncer: bouncerView, metrics: z.array(metricsView) }),
  },
} as const

export const CROWDSEC_ROUTES = {
  listBouncers: { method: 'GET', path: '/control/v1/bouncers/list', reply: 'rows' },
  addBouncer: { method: 'POST', path: '/control/v1/bouncers/add', reply: 'object' },
  changeBouncer: { method: 'POST', path: '/control/v1/bouncers/change', reply: 'object' },
  removeBouncer: { method: 'POST', path: '/control/v1/bouncers/remove', reply: 'object' },
  showBouncer: { method: 'POST', path: '/control/v1/bouncers/show', reply: 'object' },
} as const
