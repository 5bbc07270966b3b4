/**
 * Feeds as they are kept: the body of an object of kind `feed`, and of the copy on disk that a start without the state
 * goes by. Networks are text there; a body that does not fit the schema or is no usable definition is told of, not used.
 */
import { z } from 'zod'
import { formatNetwork, parseNetwork } from '../../lib/address.ts'
import type { Json } from '../../model/state.ts'
import { CAPACITY_PRESETS } from './capacity.ts'
import { type FeedDefinition, feedFault } from './feed-definition.ts'
import { FILTER_RULES } from './feed-filter.ts'

export const FEED_KIND = 'feed'

/** A person holds the feed on one revision: after a rollback, or since its next list was refused. */
export interface FeedPin {
  readonly revision: number
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

export interface KeptFeed {
  readonly definition: FeedDefinition
  readonly pin: FeedPin | null
}

const networkText = z.string().transform((text, context) => {
  const network = parseNetwork(text)
  if (network !== null) return network
  context.addIssue({ code: 'custom', message: `${text.slice(0, 60)} is no network` })
  return z.NEVER
})

const credentialSchema = z.strictObject({
  kind: z.enum(['basic', 'bearer', 'path-token', 'client-certificate']),
  name: z.string().min(1).max(64),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  validUntilMs: z.number().nullable(),
})

const PRESETS = CAPACITY_PRESETS.map(({ name }) => name)
const scope = z.enum(['firewall', 'list'])

const bodySchema = z.strictObject({
  name: z.string(),
  path: z.string(),
  format: z.string(),
  filter: z.strictObject({
    rules: z.array(z.enum(FILTER_RULES)).nullable(),
    minSeverity: z.enum(['informational', 'low', 'medium', 'high', 'critical']).nullable(),
    proof: z.enum(['handshake', 'spoofable']).nullable(),
    maxAgeMs: z.number().nullable(),
    devices: z.array(z.string()).nullable(),
    countries: z.array(z.string()).nullable().default(null),
    exceptCountries: z.array(z.string()).nullable().default(null),
    families: z.enum(['both', 'v4', 'v6']),
    hostsOnly: z.boolean(),
  }),
  capacity: z
    .union([z.strictObject({ preset: z.enum(PRESETS) }), z.strictObject({ entries: z.int(), scope })])
    .nullable(),
  headroomPercent: z.number(),
  aggregate: z.union([z.enum(['none', 'lossless']), z.strictObject({ collateralPerPrefix: z.number() })]),
  shards: z.number(),
  access: z.strictObject({
    open: z.boolean(),
    credentials: z.array(credentialSchema),
    sources: z.array(networkText),
    certificates: z
      .strictObject({ authority: z.string(), names: z.array(z.string()) })
      .nullable()
      .default(null),
  }),
  comments: z.boolean(),
  timeouts: z.boolean(),
  listName: z.string(),
  pin: z.strictObject({ revision: z.int(), by: z.string(), reason: z.string(), atMs: z.number() }).nullable(),
})

/** The body to keep. */
export function bodyOfFeed({ definition, pin }: KeptFeed): Json {
  const { access, filter } = definition
  return {
    ...definition,
    filter: { ...filter },
    capacity: definition.capacity === null ? null : { ...definition.capacity },
    aggregate: typeof definition.aggregate === 'string' ? definition.aggregate : { ...definition.aggregate },
    access: {
      open: access.open,
      credentials: access.credentials.map((credential) => ({ ...credential })),
      sources: access.sources.map(formatNetwork),
      certificates:
        access.certificates == null
          ? null
          : { ...access.certificates, names: [...access.certificates.names] },
    },
    pin: pin === null ? null : { ...pin },
  }
}

/** The feed of a body, or in one sentence why it cannot be used. */
export function feedOfBody(body: Json): KeptFeed | string {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return `${issue?.path.map(String).join('.') ?? 'the body'}: ${issue?.message ?? 'does not fit'}`
  }
  const { pin, ...definition } = parsed.data
  return feedFault(definition) ?? { definition, pin }
}
