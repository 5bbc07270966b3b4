/** The part of the contract about notifications: who is told what, tests, and the log of deliveries. Secrets only go in. */
import { z } from 'zod'
import { DELIVERY_OUTCOMES, deliveryBody } from '../../publish/notify/delivery.ts'
import { SEVERITIES, TOPICS } from '../../publish/notify/notice.ts'
import {
  mailAddress,
  quietHours,
  recipientId,
  siemTarget,
  webhookFormat,
  webhookUrl,
} from '../../publish/notify/recipient.ts'

const reason = z.string().trim().max(1000).default('')
const secret = z.string().min(8, 'expected at least 8 characters').max(512)
const instant = z.iso.datetime()

const target = z.discriminatedUnion('channel', [
  z.strictObject({ channel: z.literal('mail'), address: mailAddress }),
  z.strictObject({
    channel: z.literal('webhook'),
    format: webhookFormat,
    url: webhookUrl,
    /** For the signature of `json`; null: unsigned. */
    secret: secret.nullable().default(null),
  }),
  z.strictObject(siemTarget),
  z.strictObject({
    channel: z.literal('abuseipdb'),
    key: secret,
    dailyLimit: z.int().min(1).max(100_000).default(1000),
    proof: z.enum(['handshake', 'any']).default('handshake'),
  }),
])

const choices = {
  enabled: z.boolean().optional(),
  topics: z
    .array(z.enum(TOPICS.filter((topic) => topic !== 'test')))
    .min(1)
    .optional(),
  severity: z.enum(SEVERITIES).optional(),
  quiet: quietHours.nullable().optional(),
  digestMinutes: z.int().min(0).max(1440).optional(),
  perHour: z.int().min(0).max(3600).optional(),
  lines: z.int().min(0).max(20).optional(),
}

const recipientView = z.object({
  id: z.string(),
  /** For edits. */
  version: z.int(),
  enabled: z.boolean(),
  channel: z.enum(['mail', 'webhook', 'siem', 'abuseipdb']),
  /** Whom it reaches, in words without secrets: an address, a scheme and host. */
  to: z.string(),
  format: z.string().nullable(),
  topics: z.array(z.enum(TOPICS)),
  severity: z.enum(SEVERITIES),
  quiet: quietHours.nullable(),
  digestMinutes: z.int(),
  perHour: z.int(),
  lines: z.int(),
  waiting: z.int(),
  failures: z.int(),
  nextTryAt: instant.nullable(),
  lastDeliveredAt: instant.nullable(),
  lastFailedAt: instant.nullable(),
  lastFailure: z.string().nullable(),
})

const deliveryView = deliveryBody.extend({ id: z.string(), recipient: z.string(), at: instant })
const sent = z.object({ outcome: z.enum(DELIVERY_OUTCOMES), message: z.string() })
const deliveryId = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'expected the id of a delivery')

export const NOTIFY_CONTRACT = {
  listRecipients: { input: z.strictObject({}), reply: recipientView },
  showRecipient: { input: z.strictObject({ id: recipientId }), reply: recipientView },
  addRecipient: {
    input: z.strictObject({ id: recipientId, to: target, ...choices, reason }),
    reply: recipientView,
  },
  changeRecipient: {
    /** What is not given stays; a target is replaced as a whole. */
    input: z.strictObject({ id: recipientId, to: target.optional(), ...choices, reason }),
    reply: recipientView,
  },
  removeRecipient: {
    input: z.strictObject({ id: recipientId, reason }),
    reply: z.object({ message: z.string() }),
  },
  testRecipient: { input: z.strictObject({ id: recipientId }), reply: sent },
  listDeliveries: {
    input: z.strictObject({
      recipient: recipientId.optional(),
      outcome: z.enum(DELIVERY_OUTCOMES).optional(),
      since: instant.optional(),
    }),
    reply: deliveryView,
  },
  replayDelivery: { input: z.strictObject({ id: deliveryId }), reply: sent },
} as const

export const NOTIFY_ROUTES = {
  listRecipients: { method: 'GET', path: '/control/v1/notify/list', reply: 'rows' },
  showRecipient: { method: 'POST', path: '/control/v1/notify/show', reply: 'object' },
  addRecipient: { method: 'POST', path: '/control/v1/notify/add', reply: 'object' },
  changeRecipient: { method: 'POST', path: '/control/v1/notify/change', reply: 'object' },
  removeRecipient: { method: 'POST', path: '/control/v1/notify/remove', reply: 'object' },
  testRecipient: { method: 'POST', path: '/control/v1/notify/test', reply: 'object' },
  listDeliveries: { method: 'POST', path: '/control/v1/notify/log', reply: 'rows' },
  replayDelivery: { method: 'POST', path: '/control/v1/notify/replay', reply: 'object' },
} as const
