/**
 * The part of the contract about one address or network: what is decided of it and around it, what its stored lines
 * show, and the notes that people keep. Instants are ISO 8601 UTC; unknown is null.
 */
import { z } from 'zod'
import { RULES } from '../../model/detection.ts'
import { blockView, target } from './block-view.ts'

const instant = z.iso.datetime()

const note = z.object({ id: z.string(), at: instant, by: z.string(), text: z.string() })

const detection = z.object({
  id: z.string(),
  at: instant,
  rule: z.enum(RULES),
  verdict: z.enum(['block', 'hold', 'refuse', 'none']),
  /** Why it became that. */
  reason: z.string(),
  count: z.number(),
  threshold: z.number(),
  firstSeenAt: instant,
  detectedAt: instant,
  device: z.string().nullable(),
  proof: z.enum(['handshake', 'spoofable']),
  proofReason: z.string(),
  technique: z.string(),
})

const profile = z.object({
  address: z.string(),
  /** What holds on all of it now: the block, held block or note in shadow; null: none. */
  block: blockView.nullable(),
  /** Active and ended ones that touch it, newest first; 200 at most. */
  decisions: z.array(blockView),
  /** Newest first; 200 at most. */
  detections: z.array(detection),
  neighbours: z.object({
    /** The /24 around it; of IPv6 the /48. */
    network: z.string(),
    /** Addresses of it; of IPv6 its /64 prefixes. */
    size: z.int(),
    /** How many of them are on the list. */
    blocked: z.int(),
    /** 256 at most. */
    targets: z.array(z.string()),
  }),
  /** Who announces it, by the operator's database; null: not known. */
  owner: z
    .object({
      asNumber: z.int().nullable(),
      name: z.string().nullable(),
      /** Blocks in networks of the same number, this one included; null: not known. */
      blocked: z.int().nullable(),
    })
    .nullable(),
  country: z.string().nullable(),
  notes: z.array(note),
  /** Bodies of notes that this version cannot read; they are kept in the state database. */
  notesUnread: z.int(),
  /** What people and the service did to it, newest first; 100 at most. */
  audit: z.array(
    z.object({
      sequence: z.int(),
      at: instant,
      actor: z.string(),
      action: z.string(),
      reason: z.string().nullable(),
    }),
  ),
})

const records = z.object({
  from: instant,
  to: instant,
  /** Lines that name it as source. */
  total: z.number(),
  allowed: z.number(),
  blocked: z.number(),
  threats: z.number(),
  /** TCP sessions with bytes both ways: its address is real. */
  completed: z.number(),
  destinations: z.number(),
  ports: z.number(),
  firstAt: instant.nullable(),
  lastAt: instant.nullable(),
  bucketMs: z.number(),
  /** `counts[i]` begins at `from + i * bucketMs`. */
  series: z.array(z.object({ name: z.enum(['allowed', 'blocked', 'threat']), counts: z.array(z.number()) })),
  /** Lines per destination and port: those with the most lines. */
  matrix: z.object({
    destinations: z.array(z.string()),
    ports: z.array(z.int()),
    /** A row per destination, a column per port. */
    counts: z.array(z.array(z.number())),
  }),
  devices: z.array(
    z.object({
      device: z.string(),
      lines: z.number(),
      allowed: z.number(),
      blocked: z.number(),
      destinations: z.number(),
      firstAt: instant,
      lastAt: instant,
    }),
  ),
})

const notes = z.object({ notes: z.array(note) })

export const ADDRESS_CONTRACT = {
  addressProfile: { input: z.strictObject({ address: target }), reply: profile },
  addressRecords: {
    /** Without `since` the last 7 days. */
    input: z.strictObject({
      address: target,
      since: instant.optional(),
      until: instant.optional(),
      buckets: z.int().min(1).max(500).default(120),
    }),
    reply: records,
  },
  addNote: {
    input: z.strictObject({ address: target, text: z.string().trim().min(1).max(2000) }),
    reply: notes,
  },
  removeNote: { input: z.strictObject({ address: target, id: z.string().max(64) }), reply: notes },
} as const

export const ADDRESS_ROUTES = {
  addressProfile: { method: 'POST', path: '/control/v1/address/profile', reply: 'object' },
  addressRecords: { method: 'POST', path: '/control/v1/address/records', reply: 'object' },
  addNote: { method: 'POST', path: '/control/v1/address/notes/add', reply: 'object' },
  removeNote: { method: 'POST', path: '/control/v1/address/notes/remove', reply: 'object' },
} as const
