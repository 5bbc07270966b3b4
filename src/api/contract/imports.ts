/**
 * The part of the contract about lists of others: block lists and allowlists that are read on a schedule, the older
 * system's blacklist, and another system's list held beside ours.
 */
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'

const nothing = z.strictObject({})
const name = z.string().trim().min(1).max(64)
const instant = z.iso.datetime()
const reason = z.string().trim().min(1, 'a reason is needed').max(1000)

/** What is kept in the clear and shown must hold no password. */
function isPlainPlace(text: string): boolean {
  if (text.startsWith('/')) return true
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === ''
}

const leftOut = z.array(z.object({ reason: z.string(), count: z.int(), examples: z.array(z.string()) }))

const importView = z.object({
  name: z.string(),
  /** For edits. */
  version: z.int(),
  direction: z.enum(['block', 'allow', 'compare']),
  /** URL or path; null: names of hosts. */
  from: z.string().nullable(),
  hosts: z.array(z.string()),
  refreshMinutes: z.number(),
  confidence: z.number().nullable(),
  /** How long its entries stay when it cannot be read. */
  keepHours: z.number(),
  takesWide: z.boolean(),
  maxEntries: z.int(),
  hasAuthorization: z.boolean(),
  pin: z.string().nullable(),
  note: z.string(),
  createdAt: instant,
  createdBy: z.string(),
  lastTryAt: instant.nullable(),
  lastOkAt: instant.nullable(),
  /** Why the last try failed, or why what was read was not taken. */
  problem: z.string().nullable(),
  /** It waits for a person. */
  held: z.boolean(),
  /** Networks that it named last; null: not read yet. */
  entries: z.int().nullable(),
  /** Lines that are no address. */
  unreadable: z.int(),
  /** By the last reading. */
  added: z.int(),
  ended: z.int(),
  leftOut,
})

const canonical = z
  .string()
  .max(64)
  .refine((text) => parseNetwork(text) !== null, 'expected an address or network such as 198.51.100.7')
const confidence = z.int().min(0).max(100)
const sourceName = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N} ._:/-]{1,64}$/u, 'expected 1 to 64 letters, digits and . _ : / -')

const reported = z.object({
  dryRun: z.boolean(),
  results: z.array(
    z.object({
      target: z.string(),
      outcome: z.enum(['done', 'unchanged', 'not-found', 'refused']),
      message: z.string(),
    }),
  ),
})

const refreshed = z.object({ added: z.int(), leftOut })

const difference = z.object({ target: z.string(), side: z.enum(['theirs', 'ours']), why: z.string() })

const from = z
  .string()
  .trim()
  .max(2000)
  .regex(/^(?:https?:\/\/\S+|\/.+)$/i, 'expected https://... or the whole path of a file')
  .refine(isPlainPlace, 'expected a URL without name and password: give them as authorization')
const hosts = z
  .array(
    z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$/, 'expected the name of a host'),
  )
  .max(200)
const refreshMinutes = z.int().min(1).max(10_080)
const keepHours = z.int().min(1).max(8760)
const maxEntries = z.int().min(1).max(300_000)
/** Sent as the header Authorization; kept sealed, never told. */
const authorization = z.string().regex(/^[\x20-\x7e]{1,2000}$/, 'expected printable characters')
/** SHA-256 of the server's certificate, where no authority vouches for it. */
const pin = z.string().max(200)
const note = z.string().trim().max(1000)

export const IMPORT_CONTRACT = {
  listImports: { input: nothing, reply: importView },
  addImport: {
    input: z
      .strictObject({
        name,
        direction: z.enum(['block', 'allow', 'compare']),
        from: from.optional(),
        hosts: hosts.default([]),
        refreshMinutes: refreshMinutes.default(60),
        confidence: confidence.nullable().default(null),
        keepHours: keepHours.default(168),
        takesWide: z.boolean().default(false),
        maxEntries: maxEntries.default(100_000),
        authorization: authorization.optional(),
        pin: pin.optional(),
        note: note.default(''),
        dryRun: z.boolean().default(false),
      })
      .refine(({ from, hosts }) => (from === undefined) === hosts.length > 0, 'give from, or names in hosts')
      .refine(
        ({ direction, hosts }) => hosts.length === 0 || direction === 'allow',
        'hosts can only be allowed',
      ),
    /** `preview`: what the first reading would do; of a dry run only. */
    reply: z.object({
      import: importView.nullable(),
      preview: refreshed.extend({ entries: z.int(), unreadable: z.int() }).nullable(),
    }),
  },
  /** What is not given stays; a list of block, allow or compare stays one. It is read again within seconds. */
  changeImport: {
    input: z.strictObject({
      name,
      from: from.optional(),
      hosts: hosts.min(1).optional(),
      refreshMinutes: refreshMinutes.optional(),
      confidence: confidence.nullable().optional(),
      keepHours: keepHours.optional(),
      takesWide: z.boolean().optional(),
      maxEntries: maxEntries.optional(),
      /** Null takes it away; a list that moves to another host needs it anew. */
      authorization: authorization.nullable().optional(),
      /** Null: none any more. */
      pin: pin.nullable().optional(),
      note: note.optional(),
      reason: z.string().trim().max(1000).default(''),
    }),
    reply: importView,
  },
  removeImport: {
    input: z.strictObject({ name, reason }),
    /** `ended`: blocks and allowlist entries of it that went with it. */
    reply: z.object({ ended: z.int() }),
  },
  showImport: { input: z.strictObject({ name }), reply: importView },
  refreshImport: {
    /** `confirm`: take it although it shrank or grew much. */
    input: z.strictObject({ name, confirm: z.boolean().default(false) }),
    reply: importView,
  },
  importOriginal: {
    input: z.strictObject({
      rows: z
        .array(
          z.strictObject({
            target: z.string().max(200),
            alert: z.string().max(1000).nullable(),
            lastSeenAt: instant.nullable(),
          }),
        )
        .min(1)
        .max(10_000),
      reason,
      dryRun: z.boolean(),
    }),
    reply: refreshed.extend({ dryRun: z.boolean(), unreadable: z.array(z.string()) }),
  },
  compareList: { input: z.strictObject({ name }), reply: difference },
  /** Blocks that another program reports, with what it has seen. */
  reportBlocks: {
    input: z.strictObject({
      targets: z.array(canonical).min(1).max(1000),
      source: sourceName,
      reason,
      confidence: confidence.nullable().default(null),
      /** Lines, oldest first. */
      evidence: z.array(z.string().max(4096)).max(20).default([]),
      until: instant.nullable().default(null),
      dryRun: z.boolean().default(false),
    }),
    reply: reported,
  },
  /** The same of any JSON object; what to take from it is said in the query. */
  webhookBlocks: {
    input: z.looseObject({
      /** Where the address stands in the body: `result.src_ip`. */
      adsField: z
        .string()
        .regex(/^[\w@-]+(?:\.[\w@-]+){0,9}$/, 'expected names with dots between, such as result.src_ip'),
      adsSource: sourceName.optional(),
      /** How long it is blocked. */
      adsHours: z.int().min(1).max(8760).default(168),
      adsConfidence: confidence.optional(),
    }),
    reply: reported,
  },
} as const

export const IMPORT_ROUTES = {
  listImports: { method: 'POST', path: '/control/v1/imports/list', reply: 'rows' },
  addImport: { method: 'POST', path: '/control/v1/imports/add', reply: 'object' },
  changeImport: { method: 'POST', path: '/control/v1/imports/change', reply: 'object' },
  removeImport: { method: 'POST', path: '/control/v1/imports/remove', reply: 'object' },
  showImport: { method: 'POST', path: '/control/v1/imports/show', reply: 'object' },
  refreshImport: { method: 'POST', path: '/control/v1/imports/refresh', reply: 'object' },
  importOriginal: { method: 'POST', path: '/control/v1/imports/original', reply: 'object' },
  reportBlocks: { method: 'POST', path: '/control/v1/blocks/report', reply: 'object' },
  webhookBlocks: { method: 'POST', path: '/control/v1/blocks/webhook', reply: 'object' },
  compareList: { method: 'POST', path: '/control/v1/imports/compare', reply: 'rows' },
} as const
