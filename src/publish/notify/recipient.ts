/**
 * Recipients: who is told what, by which channel, and when. Stored as objects of kind `recipient`; secrets in them (a
 * webhook's address and key, an API key) are sealed before they come here and opened by the sender alone.
 */
import { z } from 'zod'
import { parseAddress } from '../../lib/address.ts'
import { isMailAddress } from '../../lib/mail-address.ts'
import { SEVERITIES, TOPICS } from './notice.ts'

export const RECIPIENT_KIND = 'recipient'
export const MAX_RECIPIENTS = 50

/** A short name, since it is typed: `soc`, `night-shift`. */
export const recipientId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected a short name of a-z, 0-9 and -, such as soc')

export const mailAddress = z.string().refine(isMailAddress, 'expected a mail address such as soc@example.com')

const hostName = z
  .string()
  .max(253)
  .refine(
    (text) =>
      parseAddress(text) !== null ||
      /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text),
    'expected a host name or address',
  )

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 22:00')

/** In `time.zone`; the end may be on the next day. */
export const quietHours = z.strictObject({ from: clockTime, to: clockTime })
export type QuietHours = z.infer<typeof quietHours>

export const webhookFormat = z.enum(['json', 'slack', 'teams'])
export type WebhookFormat = z.infer<typeof webhookFormat>

export const webhookUrl = z
  .string()
  .max(2000)
  .refine((text) => {
    const url = URL.parse(text)
    return (
      url !== null &&
      (url.protocol === 'https:' || url.protocol === 'http:') &&
      url.username === '' &&
      url.password === ''
    )
  }, 'expected an address such as https://hooks.example.com/x, without a user name')

export const siemTarget = {
  channel: z.literal('siem'),
  host: hostName,
  port: z.int().min(1).max(65_535),
  transport: z.enum(['udp', 'tcp']),
  format: z.enum(['cef', 'json']),
}

/** How recipients are stored: `sealed...` are texts of the secret box. */
const storedTarget = z.discriminatedUnion('channel', [
  z.object({ channel: z.literal('mail'), address: mailAddress }),
  z.object({
    channel: z.literal('webhook'),
    format: webhookFormat,
    /** Scheme and host, to be shown. */
    site: z.string(),
    sealedUrl: z.string(),
    sealedSecret: z.string().nullable(),
  }),
  z.object(siemTarget),
  z.object({
    channel: z.literal('abuseipdb'),
    sealedKey: z.string(),
    dailyLimit: z.int().min(1).max(100_000),
    /** `handshake`: only sources that cannot be forged are reported. */
    proof: z.enum(['handshake', 'any']),
  }),
])

export const storedRecipient = z.object({
  enabled: z.boolean(),
  to: storedTarget,
  topics: z.array(z.enum(TOPICS)),
  /** Alarms below it are not told. */
  severity: z.enum(SEVERITIES),
  quiet: quietHours.nullable(),
  /** At most one message in so many minutes; 0: each at once. */
  digestMinutes: z.int().min(0).max(1440),
  /** At most so many messages an hour; what is over waits for the next. 0: no limit. */
  perHour: z.int().min(0).max(3600),
  /** Log lines shown of each block. */
  lines: z.int().min(0).max(20),
})
export type Recipient = z.infer<typeof storedRecipient> & { readonly id: string }
export type Channel = Recipient['to']['channel']

/** What a new recipient gets where it says nothing. */
export const RECIPIENT_DEFAULTS: Readonly<Record<Channel, Omit<Recipient, 'id' | 'to'>>> = {
  mail: {
    enabled: true,
    topics: ['block', 'held', 'lift', 'alarm', 'report'],
    severity: 'warning',
    quiet: null,
    digestMinutes: 5,
    perHour: 10,
    lines: 10,
  },
  webhook: {
    enabled: true,
    topics: ['block', 'held', 'lift', 'alarm'],
    severity: 'warning',
    quiet: null,
    digestMinutes: 0,
    perHour: 60,
    lines: 5,
  },
  siem: {
    enabled: true,
    topics: ['block', 'held', 'alarm', 'audit'],
    severity: 'info',
    quiet: null,
    digestMinutes: 0,
    perHour: 0,
    lines: 1,
  },
  abuseipdb: {
    enabled: true,
    topics: ['block'],
    severity: 'info',
    quiet: null,
    digestMinutes: 0,
    perHour: 0,
    lines: 0,
  },
}
