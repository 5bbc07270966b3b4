/**
 * A firewall as people write it down (object kind `firewall`): from where it fetches, how its lines name it, and, for
 * PAN-OS, how its management API is reached. The API key lies in the body sealed, for the purpose `firewall:<id>`.
 */
import { z } from 'zod'
import { parseAddress } from '../../lib/address.ts'
import type { Json } from '../../model/state.ts'
import type { NamedFirewall } from './firewall.ts'

export const FIREWALL_KIND = 'firewall'
export const MOST_FIREWALLS = 200

/** PAN-OS names: letters, digits, blank, `.`, `_`, `-`; lists at most 63 characters, tags 127 and no quotes. */
const panName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/, 'letters, digits, blank, ".", "_", "-"')
const vsys = z.string().regex(/^vsys[1-9]\d{0,2}$/, 'expected vsys1, vsys2, ...')
const host = z
  .string()
  .max(253)
  .refine(
    (text) =>
      parseAddress(text) !== null || /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text),
    'expected an address or a host name',
  )

const fingerprint = z
  .string()
  .transform((text) =>
    text
      .replace(/^sha256 fingerprint=/i, '')
      .replace(/[:\s]/g, '')
      .toLowerCase(),
  )
  .refine((text) => /^[0-9a-f]{64}$/.test(text), 'expected a SHA-256 fingerprint: 64 hexadecimal digits')

const panOsFields = {
  host,
  port: z.int().min(1).max(65_535),
  /** PEM of the authority that signed its certificate; null: the well-known ones. */
  ca: z.string().max(65_536).includes('-----BEGIN CERTIFICATE-----').nullable(),
  /** SHA-256 of the certificate itself: no other one is taken, and no authority is asked. */
  fingerprint: fingerprint.nullable(),
  /** Virtual systems in which the list is refreshed and read back, and whose rules are looked at; empty: there is one. */
  vsys: z.array(vsys).max(20),
  /** Name of the external dynamic list on the firewall. */
  list: panName.nullable(),
  /** Refresh the list at once after a new revision. */
  refresh: z.boolean(),
  /** Ask every five minutes what it loaded. */
  readBack: z.boolean(),
  /** Tag each new block's address at once, for so long; null: do not. */
  register: z
    .strictObject({ tag: panName, timeoutSeconds: z.int().min(60).max(2_592_000).default(3600) })
    .nullable(),
  /** End the sessions of a newly blocked address, which no list does. */
  clearSessions: z.boolean(),
}

/** How the management API of a PAN-OS firewall is reached and what is done there; without the key. */
export const panOsSettings = z.strictObject({
  ...panOsFields,
  port: panOsFields.port.default(443),
  ca: panOsFields.ca.default(null),
  fingerprint: panOsFields.fingerprint.default(null),
  vsys: panOsFields.vsys.default([]),
  list: panOsFields.list.default(null),
  refresh: panOsFields.refresh.default(true),
  readBack: panOsFields.readBack.default(true),
  register: panOsFields.register.default(null),
  clearSessions: panOsFields.clearSessions.default(false),
})

/** A change of some of it: what is not named stays, so there are no defaults. */
export const panOsChange = z.strictObject(panOsFields).partial()

export type PanOsSettings = z.output<typeof panOsSettings>

export const firewallFields = {
  name: z.string().trim().min(1).max(64),
  addresses: z.array(z.string().refine((text) => parseAddress(text) !== null, 'expected an address')).max(16),
  devices: z.array(z.string().trim().min(1).max(255)).max(16),
  intervalSeconds: z.int().min(30).max(2_592_000).nullable(),
  /** The feed that it fetches, for counts read back. */
  feed: z.string().min(1).max(64),
}

const bodySchema = z.strictObject({
  ...firewallFields,
  api: panOsSettings.extend({ key: z.string() }).nullable(),
})

export type FirewallBody = z.output<typeof bodySchema>

/** Null: the body is none of ours. */
export function firewallOfBody(body: Json): FirewallBody | null {
  return bodySchema.safeParse(body).data ?? null
}

export function bodyOfFirewall(firewall: FirewallBody): Json {
  return JSON.parse(JSON.stringify(firewall)) as Json
}

export function namedFirewall(id: string, body: FirewallBody): NamedFirewall {
  const { name, addresses, devices, intervalSeconds } = body
  return {
    id,
    name,
    addresses,
    devices,
    intervalMs: intervalSeconds === null ? null : intervalSeconds * 1000,
  }
}
