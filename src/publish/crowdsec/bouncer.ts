/**
 * A CrowdSec bouncer that may fetch our decisions, as people make it (object kind `bouncer`, its id is its name), and what
 * is known of its use (kind `bouncer-use`, one per key, address and program). Of a key only the SHA-512 is kept, in the
 * form in which CrowdSec keeps it, so that keys can move here from there.
 */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'
import type { StoredObject } from '../../model/object.ts'

export const BOUNCER_KIND = 'bouncer'
export const BOUNCER_USE_KIND = 'bouncer-use'
export const METRICS_KIND = 'bouncer-metrics'

const KEY_BYTES = 32

const bouncerBody = z.object({
  /** SHA-512 of the key in hex; null: a client certificate only. */
  keyDigest: z
    .string()
    .regex(/^[0-9a-f]{128}$/)
    .nullable(),
  /** SHA-256 of its client certificate in hex; null: a key only. */
  certificate: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** Networks are kept from it: its sets hold single addresses only. */
  hostsOnly: z.boolean(),
  /** Networks that it may come from; empty: any. */
  sources: z.array(z.string().refine((text) => parseNetwork(text) !== null)),
  note: z.string(),
  createdAtMs: z.number(),
  createdBy: z.string(),
})

const useBody = z.object({
  bouncer: z.string(),
  address: z.string(),
  /** `crowdsec-firewall-bouncer`; as it says of itself. */
  agent: z.string(),
  agentVersion: z.string(),
  firstSeenAtMs: z.number(),
  lastSeenAtMs: z.number(),
  /** Begin of the last answer of `decisions/stream` that went out whole; null: none yet. */
  lastPullAtMs: z.number().nullable(),
  pulls: z.number(),
  /** What that answer held. */
  lastAnswer: z.object({ isWhole: z.boolean(), began: z.number(), ended: z.number() }).nullable(),
})

export type BouncerBody = z.infer<typeof bouncerBody>
export type BouncerUse = z.infer<typeof useBody>

export interface Bouncer extends BouncerBody {
  readonly name: string
  /** Of its object, for edits. */
  readonly version: number
}

/** Null: not a bouncer as this version knows it. */
export function bouncerOf({ id, body, version }: StoredObject): Bouncer | null {
  const result = bouncerBody.safeParse(body)
  return result.success ? { ...result.data, name: id, version } : null
}

/** Null: not a use as this version knows it. */
export function useOf({ body }: StoredObject): BouncerUse | null {
  const result = useBody.safeParse(body)
  return result.success ? result.data : null
}

/** The fingerprint of a certificate as people paste it (colons, capitals) as it is kept, or null. */
export function fingerprintOf(text: string): string | null {
  const plain = text.replaceAll(/[:\s]/g, '').toLowerCase()
  return /^[0-9a-f]{64}$/.test(plain) ? plain : null
}

/** A new key: 256 random bits as 43 characters. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/** SHA-512 in hex, as CrowdSec keeps keys. */
export function digestOf(key: string): string {
  return createHash('sha512').update(key).digest('hex')
}

/** `crowdsec-firewall-bouncer/v0.0.25-debian...` as name and version, cut to what is shown. Text of a stranger. */
export function agentOf(header: string | undefined): { agent: string; version: string } {
  const printable = (header ?? '').replaceAll(/[^\x20-\x7e]/g, '?')
  const [agent = '', version = ''] = (printable.split(' ', 1)[0] ?? '').split('/', 2)
  return { agent: agent.slice(0, 64), version: version.slice(0, 64) }
}
