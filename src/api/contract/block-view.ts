/** What the contract shows of a block, in lists and on the page of an address. Instants are ISO 8601 UTC. */
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'
import { RULES } from '../../model/detection.ts'

const instant = z.iso.datetime()

/** An address or network in any form that people write. */
export const target = z
  .string()
  .max(64)
  .refine(
    (text) => parseNetwork(text) !== null,
    'expected an address or network such as 198.51.100.7 or 192.0.2.0/24',
  )

export const blockView = z.object({
  id: z.string(),
  target: z.string(),
  scope: z.enum(['address', 'range']),
  origin: z.enum(['detector', 'manual', 'feed']),
  rule: z.enum(RULES).nullable(),
  reason: z.string(),
  proof: z.enum(['handshake', 'spoofable']).nullable(),
  /** The highest of its evidence; null: none named one, or a person blocked it. */
  severity: z.enum(['informational', 'low', 'medium', 'high', 'critical']).nullable(),
  /** Of the target, as its firewall or the operator's database names it; text of logs. */
  country: z.string().nullable(),
  /** `block`: on the list; `hold`: waits for a person; `shadow`: would have been blocked. */
  mode: z.enum(['block', 'hold', 'shadow']),
  createdAt: instant,
  createdBy: z.string(),
  lastSeenAt: instant,
  /** Null: until removed. */
  expiresAt: instant.nullable(),
  endedAt: instant.nullable(),
  endedBy: z.string().nullable(),
  endReason: z.string().nullable(),
  device: z.string().nullable(),
  /** Words that people put on it. */
  tags: z.array(z.string()),
})

/** A word that people put on blocks. */
export const tag = z
  .string()
  .trim()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._:@/ -]{0,31}$/u,
    'expected a tag of 1 to 32 letters, digits, blanks or . _ : @ / -, a letter or digit first',
  )
