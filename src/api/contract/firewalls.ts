/** The part of the contract about firewalls: who they are, what they fetched and loaded, whether blocks bite, and the push. */
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'
import { firewallFields, panOsChange, panOsSettings } from '../../publish/enforcement/firewall-object.ts'

const nothing = z.strictObject({})
const instant = z.iso.datetime()
const nullableInstant = instant.nullable()
/** Its id, or its name as shown. */
const firewall = z.string().min(1).max(300)
const reason = z.string().trim().max(1000).default('')
const done = z.object({ message: z.string() })

const finding = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  message: z.string(),
  mend: z.string(),
})

/** A key goes in and never comes out. */
const key = z.string().min(1).max(4096)
const apiIn = panOsSettings.extend({ key })
const apiView = z.object({
  host: z.string(),
  port: z.int(),
  ca: z.string().nullable(),
  fingerprint: z.string().nullable(),
  vsys: z.array(z.string()),
  list: z.string().nullable(),
  refresh: z.boolean(),
  readBack: z.boolean(),
  register: z.object({ tag: z.string(), timeoutSeconds: z.int() }).nullable(),
  clearSessions: z.boolean(),
  hasKey: z.boolean(),
  state: z.enum(['starting', 'working', 'retrying', 'stopped']),
  /** Why it does not work; null while it does. */
  problem: z.string().nullable(),
  lastAnswerAt: nullableInstant,
  waiting: z.int(),
  /** Given up for want of room. */
  dropped: z.int(),
  refreshes: z.int(),
  registered: z.int(),
  clearedSources: z.int(),
  /** Answers of the last check; null before the first. */
  checkedAt: nullableInstant,
  findings: z.array(finding),
})

const firewallView = z.object({
  id: z.string(),
  name: z.string(),
  /** `named`: written down by people; `fetcher`: an address that fetches; `device`: reports, and is not known to fetch. */
  origin: z.enum(['named', 'fetcher', 'device']),
  addresses: z.array(z.string()),
  devices: z.array(z.string()),
  intervalSeconds: z.number(),
  fetches: z.int(),
  lastFetchedAt: nullableInstant,
  feeds: z.array(z.object({ feed: z.string(), revision: z.int(), lastFetchedAt: instant, fetches: z.int() })),
  /** What it said that it loaded. */
  loaded: z.array(
    z.object({
      feed: z.string(),
      at: instant,
      valid: z.int(),
      ignored: z.int().nullable(),
      invalid: z.int().nullable(),
      expected: z.int().nullable(),
    }),
  ),
  /** Lines of blocked sources since the service started. */
  denied: z.int(),
  allowed: z.int(),
  lastDeniedAt: nullableInstant,
  leaks: z.int(),
  /** What people wrote down beside names and addresses; null: nothing. */
  written: z.object({ intervalSeconds: z.int().nullable(), feed: z.string() }).nullable(),
  /** Null: not written down, or without its management API. */
  api: apiView.nullable(),
  /** For edits; null when it is not written down. */
  version: z.int().nullable(),
})

const leakView = z.object({
  target: z.string(),
  firewall: z.string(),
  firewallName: z.string(),
  firstAt: instant,
  lastAt: instant,
  lines: z.int(),
  rule: z.string().nullable(),
})

/** The way of one block to the firewalls. */
export const enforcementView = z.object({
  target: z.string(),
  decisionId: z.string(),
  detectedAt: instant,
  state: z.enum(['waiting', 'stopping', 'leaking', 'idle']),
  /** Lines denied since the service started. */
  stopped: z.int(),
  published: z.array(z.object({ feed: z.string(), revision: z.int(), at: nullableInstant })),
  firewalls: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      fetchedAt: nullableInstant,
      feed: z.string().nullable(),
      revision: z.int().nullable(),
      loadedAt: nullableInstant,
      loadedBy: z.enum(['read-back', 'log-line']).nullable(),
      registeredAt: nullableInstant,
      firstDeniedAt: nullableInstant,
      lastDeniedAt: nullableInstant,
      denied: z.int(),
      /** Of them, lines that name the list. */
      deniedByList: z.int(),
      allowed: z.int(),
      lastAllowedAt: nullableInstant,
      rule: z.string().nullable(),
      leaking: z.boolean(),
    }),
  ),
})

const added = z.strictObject({
  name: firewallFields.name,
  addresses: firewallFields.addresses.default([]),
  devices: firewallFields.devices.default([]),
  intervalSeconds: firewallFields.intervalSeconds.default(null),
  feed: firewallFields.feed.default('blacklist'),
  api: apiIn.nullable().default(null),
  reason,
})

export const FIREWALL_CONTRACT = {
  listFirewalls: { input: nothing, reply: firewallView },
  showFirewall: {
    input: z.strictObject({ firewall }),
    reply: z.object({ firewall: firewallView, leaks: z.array(leakView) }),
  },
  addFirewall: { input: added, reply: firewallView },
  changeFirewall: {
    input: z.strictObject({
      firewall,
      name: firewallFields.name.optional(),
      addresses: firewallFields.addresses.optional(),
      devices: firewallFields.devices.optional(),
      intervalSeconds: firewallFields.intervalSeconds.optional(),
      feed: firewallFields.feed.optional(),
      /** Null takes the push away; without a key the one that is there stays. */
      api: panOsChange.extend({ key: key.optional() }).nullable().optional(),
      reason,
    }),
    reply: firewallView,
  },
  removeFirewall: { input: z.strictObject({ firewall, reason }), reply: done },
  /** Asks its management API now: key, certificate, list, rules. */
  checkFirewall: {
    input: z.strictObject({ firewall }),
    reply: z.object({ ok: z.boolean(), findings: z.array(finding), firewall: firewallView }),
  },
  refreshFirewall: { input: z.strictObject({ firewall }), reply: done },
  listLeaks: { input: nothing, reply: leakView },
  listEnforcement: {
    input: z.strictObject({
      /** `idle`: blocks that never stopped anything. */
      state: z.enum(['waiting', 'stopping', 'leaking', 'idle']).optional(),
      /** Those that this firewall has to do with. */
      firewall: firewall.optional(),
      /** The newest blocks first. */
      most: z.int().min(1).max(10_000).default(10_000),
    }),
    reply: enforcementView,
  },
  showEnforcement: {
    input: z.strictObject({
      target: z
        .string()
        .max(64)
        .refine((text) => parseNetwork(text) !== null, 'expected an address or network'),
    }),
    reply: z.object({ enforcement: enforcementView.nullable(), sentences: z.array(z.string()) }),
  },
} as const

export const FIREWALL_ROUTES = {
  listFirewalls: { method: 'GET', path: '/control/v1/firewalls/list', reply: 'rows' },
  showFirewall: { method: 'POST', path: '/control/v1/firewalls/show', reply: 'object' },
  addFirewall: { method: 'POST', path: '/control/v1/firewalls/add', reply: 'object' },
  changeFirewall: { method: 'POST', path: '/control/v1/firewalls/change', reply: 'object' },
  removeFirewall: { method: 'POST', path: '/control/v1/firewalls/remove', reply: 'object' },
  checkFirewall: { method: 'POST', path: '/control/v1/firewalls/check', reply: 'object' },
  refreshFirewall: { method: 'POST', path: '/control/v1/firewalls/refresh', reply: 'object' },
  listLeaks: { method: 'GET', path: '/control/v1/firewalls/leaks', reply: 'rows' },
  listEnforcement: { method: 'POST', path: '/control/v1/enforcement/list', reply: 'rows' },
  showEnforcement: { method: 'POST', path: '/control/v1/enforcement/show', reply: 'object' },
} as const
