/**
 * The part of the contract about feeds: lists for firewalls, their revisions and fetchers; and bulk import of blocks.
 * Secrets are made by the service and told once, in the answer that made them.
 */
import { z } from 'zod'
import { parseNetwork } from '../../lib/address.ts'
import { CAPACITY_PRESETS } from '../../publish/feeds/capacity.ts'
import { FILTER_RULES } from '../../publish/feeds/feed-filter.ts'

const nothing = z.strictObject({})
const instant = z.iso.datetime()
const reason = z.string().trim().min(1, 'a reason is needed').max(1000)
const feed = z.string().min(1).max(64)
const revision = z.int().min(0)
const network = z
  .string()
  .max(64)
  .refine((text) => parseNetwork(text) !== null, 'expected an address or network such as 192.0.2.0/24')
const scope = z.enum(['firewall', 'list'])
const kind = z.enum(['basic', 'bearer', 'path-token', 'client-certificate'])

const countries = z.array(z.string().trim().min(1).max(100)).min(1).max(300)

const filter = z.strictObject({
  /** Null: all. */
  rules: z.array(z.enum(FILTER_RULES)).min(1).nullable(),
  minSeverity: z.enum(['informational', 'low', 'medium', 'high', 'critical']).nullable(),
  proof: z.enum(['handshake', 'spoofable']).nullable(),
  /** Seen within this time. */
  maxAgeHours: z.number().positive().max(100_000).nullable(),
  devices: z.array(z.string().min(1).max(255)).min(1).max(1000).nullable(),
  /** Names or ISO 3166 codes; only what is known to be in one of them. */
  countries: countries.nullable(),
  /** Not what is known to be in one of these. */
  exceptCountries: countries.nullable(),
  families: z.enum(['both', 'v4', 'v6']),
  hostsOnly: z.boolean(),
})

const capacity = z
  .union([
    z.strictObject({ preset: z.enum(CAPACITY_PRESETS.map(({ name }) => name)) }),
    z.strictObject({ entries: z.int().min(1), scope }),
  ])
  .nullable()

const definition = z.strictObject({
  path: z.string().max(200),
  format: z.string().max(40),
  filter: filter.partial(),
  capacity,
  headroomPercent: z.int().min(0).max(90),
  aggregate: z.union([z.enum(['none', 'lossless']), z.strictObject({ collateralPerPrefix: z.int().min(0) })]),
  shards: z.int().min(1),
  /** Whether anybody may fetch it who comes from `sources`. */
  open: z.boolean(),
  /** Empty: from anywhere. */
  sources: z.array(network).max(1000),
  /** Client certificates of an authority that may fetch; what is not given stays; null: none. */
  certificates: z
    .strictObject({
      /** PEM of the authorities that sign the clients' certificates themselves. */
      authority: z.string().min(1).max(40_000).optional(),
      /** Common or alternative names that may fetch; `*`: all. */
      names: z.array(z.string().trim().min(1).max(128)).min(1).max(100).optional(),
    })
    .nullable(),
  comments: z.boolean(),
  timeouts: z.boolean(),
  listName: z.string().max(40),
})

const definitionInput = definition.partial()

const newCredential = z.strictObject({
  kind,
  /** Basic: the user's name; else a name for people. */
  name: z.string().trim().min(1).max(64),
  /** SHA-256 of a client certificate; needed for those, and for those only. */
  fingerprint: z.string().max(200).nullable().default(null),
})

const secret = z.object({ kind, name: z.string(), secret: z.string().nullable(), url: z.string().nullable() })

const feedView = z.object({
  feed: z.string(),
  version: z.int(),
  path: z.string(),
  urls: z.array(z.string()),
  format: z.string(),
  title: z.string(),
  contentType: z.string(),
  filter,
  capacity,
  /** What the firewall holds and how much of it the feed may fill; null: no limit. */
  limits: z.object({
    entries: z.int().nullable(),
    usable: z.int().nullable(),
    bytes: z.int().nullable(),
    scope,
  }),
  headroomPercent: z.int(),
  aggregate: definition.shape.aggregate,
  shards: z.int(),
  access: z.object({
    open: z.boolean(),
    credentials: z.array(z.object({ kind, name: z.string(), validUntil: instant.nullable() })),
    sources: z.array(z.string()),
    certificates: z
      .object({
        authorities: z.array(z.object({ subject: z.string(), sha256: z.string(), notAfter: instant })),
        names: z.array(z.string()),
      })
      .nullable(),
  }),
  comments: z.boolean(),
  timeouts: z.boolean(),
  listName: z.string(),
  /** What is served now. */
  list: z.object({
    revision,
    entries: z.int(),
    decisions: z.int(),
    bytes: z.int(),
    madeAt: instant.nullable(),
    /** True: the last good copy, since the decisions are not known. */
    stale: z.boolean(),
    leftOutDecisions: z.int(),
    refused: z.int(),
    collateral: z.number(),
  }),
  held: z
    .object({ since: instant, entries: z.int(), decisions: z.int(), reasons: z.array(z.string()) })
    .nullable(),
  pin: z.object({ revision, by: z.string(), reason: z.string(), since: instant }).nullable(),
  fetchers: z.object({
    count: z.int(),
    silent: z.int(),
    lastFetchedAt: instant.nullable(),
    lastFetchedBy: z.string().nullable(),
  }),
})

const rowView = z.object({
  network: z.string(),
  rule: z.string(),
  decisions: z.int(),
  lastSeenAt: instant,
  decisionId: z.string(),
})

const difference = z.object({
  addedCount: z.int(),
  removedCount: z.int(),
  unchanged: z.int(),
  /** The first 1000. */
  added: z.array(z.string()),
  removed: z.array(z.string()),
})

const previewView = z.object({
  entries: z.int(),
  decisions: z.int(),
  bytes: z.int(),
  contentType: z.string(),
  /** Why it would be held; empty: it would be published. */
  holds: z.array(z.string()),
  difference,
  leftOutDecisions: z.int(),
  /** The most valuable of them, 100 at most. */
  leftOut: z.array(rowView),
  refusedCount: z.int(),
  refused: z.array(z.object({ network: z.string(), reason: z.string() })),
  collateral: z.number(),
  /** The beginning of the first file, exactly as it would be served. */
  text: z.string(),
  isCut: z.boolean(),
})

const revisionView = z.object({
  revision,
  madeAt: instant,
  entries: z.int(),
  decisions: z.int(),
  bytes: z.int(),
  /** Why it was made, when not by the decisions. */
  note: z.string().nullable(),
  /** Whether it is on disk to go back to. */
  kept: z.boolean(),
  served: z.boolean(),
})

const fetcherView = z.object({
  feed: z.string(),
  address: z.string(),
  agent: z.string(),
  credential: z.string().nullable(),
  firstAt: instant,
  lastAt: instant.nullable(),
  fetches: z.int(),
  incomplete: z.int(),
  /** Turned away since its last good fetch. */
  cutOff: z.int(),
  lastRevision: revision,
  /** 200 or 304; 0: turned away. */
  lastStatus: z.int(),
  lastBytes: z.int(),
  /** The interval that it keeps; null: none was learned. */
  intervalSeconds: z.number().nullable(),
  silent: z.boolean(),
  /** Whether it has the list that is served now. */
  upToDate: z.boolean(),
})

const fetchView = z.object({
  id: z.string(),
  feed: z.string(),
  at: instant,
  address: z.string(),
  agent: z.string(),
  method: z.string(),
  status: z.int(),
  revision,
  shard: z.int(),
  bytes: z.int(),
  complete: z.boolean(),
  credential: z.string().nullable(),
})

const importRow = z.object({
  /** From 1. */
  line: z.int(),
  /** Canonical; as it was written where it is no address. */
  target: z.string(),
  outcome: z.enum(['new', 'duplicate', 'covered', 'refused', 'not-found', 'lifted', 'invalid']),
  message: z.string(),
})

const common = { reason, dryRun: z.boolean().default(false) }

export const FEEDS_CONTRACT = {
  listFeeds: { input: nothing, reply: feedView },
  showFeed: { input: z.strictObject({ feed }), reply: feedView },
  addFeed: {
    input: z.strictObject({
      feed,
      definition: definitionInput,
      credentials: z.array(newCredential).max(20).default([]),
      ...common,
    }),
    reply: z.object({
      dryRun: z.boolean(),
      feed: feedView.nullable(),
      secrets: z.array(secret),
      preview: previewView,
    }),
  },
  changeFeed: {
    input: z.strictObject({
      feed,
      definition: definitionInput,
      /** What the edit was made on; null: whatever is there. */
      version: z.int().nullable().default(null),
      ...common,
    }),
    reply: z.object({ dryRun: z.boolean(), feed: feedView, preview: previewView }),
  },
  removeFeed: { input: z.strictObject({ feed, reason }), reply: z.object({ message: z.string() }) },
  previewFeed: { input: z.strictObject({ feed }), reply: previewView },
  listFeedRevisions: { input: z.strictObject({ feed }), reply: revisionView },
  diffFeed: {
    input: z.strictObject({
      feed,
      /** Absent: the list served now. */
      from: revision.optional(),
      /** Absent: the list that is held, or that would be made now; with `from` the one served now. */
      to: revision.optional(),
    }),
    reply: difference,
  },
  rollbackFeed: {
    input: z.strictObject({ feed, revision, reason }),
    reply: z.object({ message: z.string(), revision, refused: z.int() }),
  },
  releaseFeed: { input: z.strictObject({ feed, reason }), reply: z.object({ message: z.string() }) },
  refuseFeed: { input: z.strictObject({ feed, reason }), reply: z.object({ message: z.string() }) },
  rotateFeedToken: {
    input: z.strictObject({
      feed,
      credential: newCredential,
      /** How long the old one is valid beside it. */
      graceHours: z.number().min(0).max(8760).default(24),
      reason,
    }),
    reply: z.object({ secret, message: z.string() }),
  },
  revokeFeedToken: {
    input: z.strictObject({ feed, kind, name: z.string().min(1).max(64), reason }),
    reply: z.object({ message: z.string() }),
  },
  listFeedFetchers: { input: z.strictObject({ feed: feed.optional() }), reply: fetcherView },
  forgetFeedFetcher: {
    input: z.strictObject({ feed, address: z.string().min(1).max(64), reason }),
    reply: z.object({ message: z.string() }),
  },
  listFeedFetches: {
    input: z.strictObject({
      feed: feed.optional(),
      /** Id of a fetch: those before it. */
      before: z.uuid().optional(),
      limit: z.int().min(1).max(1000).default(100),
    }),
    reply: z.object({ items: z.array(fetchView), next: z.string().nullable() }),
  },
  importBlocks: {
    input: z.strictObject({
      action: z.enum(['add', 'lift']),
      /** Addresses and networks as pasted text or CSV: one a line, in the first column that holds one. */
      text: z.string().min(1).max(3_000_000),
      until: instant.nullable().default(null),
      ...common,
    }),
    reply: z.object({
      dryRun: z.boolean(),
      counts: z.record(z.string(), z.int()),
      /** The first 10,000 lines that hold something. */
      rows: z.array(importRow),
    }),
  },
} as const

const path = (rest: string): string => `/control/v1/feeds/${rest}`

export const FEEDS_ROUTES = {
  listFeeds: { method: 'GET', path: path('list'), reply: 'rows' },
  showFeed: { method: 'POST', path: path('show'), reply: 'object' },
  addFeed: { method: 'POST', path: path('add'), reply: 'object' },
  changeFeed: { method: 'POST', path: path('change'), reply: 'object' },
  removeFeed: { method: 'POST', path: path('remove'), reply: 'object' },
  previewFeed: { method: 'POST', path: path('preview'), reply: 'object' },
  listFeedRevisions: { method: 'POST', path: path('revisions'), reply: 'rows' },
  diffFeed: { method: 'POST', path: path('diff'), reply: 'object' },
  rollbackFeed: { method: 'POST', path: path('rollback'), reply: 'object' },
  releaseFeed: { method: 'POST', path: path('release'), reply: 'object' },
  refuseFeed: { method: 'POST', path: path('refuse'), reply: 'object' },
  rotateFeedToken: { method: 'POST', path: path('rotate-token'), reply: 'object' },
  revokeFeedToken: { method: 'POST', path: path('revoke-token'), reply: 'object' },
  listFeedFetchers: { method: 'POST', path: path('fetchers'), reply: 'rows' },
  forgetFeedFetcher: { method: 'POST', path: path('fetchers/forget'), reply: 'object' },
  listFeedFetches: { method: 'POST', path: path('fetches'), reply: 'object' },
  importBlocks: { method: 'POST', path: '/control/v1/blocks/import', reply: 'object' },
} as const

export type FeedView = z.infer<typeof feedView>
export type FeedDefinitionInput = z.infer<typeof definitionInput>
export type PreviewView = z.infer<typeof previewView>
export type DifferenceView = z.infer<typeof difference>
export type ImportRow = z.infer<typeof importRow>
