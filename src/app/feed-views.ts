/** Feeds, previews and fetchers as the API shows them. Hashes and secrets are in none of them. */
import type { Reply } from '../api/control-contract.ts'
import type { DifferenceView, FeedDefinitionInput, FeedView, PreviewView } from '../api/contract/feeds.ts'
import { formatNetwork } from '../lib/address.ts'
import { accessView } from '../publish/feeds/feed-access.ts'
import { type FeedDefinition, FIRST_FEED, limitsOfFeed } from '../publish/feeds/feed-definition.ts'
import { type FeedPreview, textsOf } from '../publish/feeds/feed-desk.ts'
import { formatOf } from '../publish/feeds/feed-draft.ts'
import { type FeedFetcher, intervalOf } from '../publish/feeds/feed-fetchers.ts'
import { feedFormat } from '../publish/feeds/format-table.ts'
import type { FeedRow } from '../publish/feeds/feed-rows.ts'
import { ruleOfRow } from '../publish/feeds/formats/feed-format.ts'
import type { ManagedFeed } from '../publish/feeds/managed-feed.ts'
import type { RevisionDiff } from '../publish/feeds/revision.ts'
import { AppError } from '../lib/errors.ts'
import { parseNetwork } from '../lib/address.ts'

const HOUR_MS = 3_600_000
const SHOWN_DIFFERENCE = 1000
const SHOWN_BYTES = 65_536

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

/** `origins`: `https://HOST:PORT` under which firewalls reach the service. */
export function feedView(feed: ManagedFeed, origins: readonly string[], silent: number): FeedView {
  const { definition, engine, pin, version, fetchers } = feed
  const { filter, path, shards } = definition
  const format = formatOf(definition)
  const { facts, held } = engine
  const [last] = fetchers.all()
  const suffixes = shards === 1 ? [''] : Array.from({ length: shards }, (_, i) => `?shard=${i + 1}`)
  const { maxAgeMs, rules, devices, countries, exceptCountries, ...otherFilter } = filter
  return {
    feed: definition.name,
    version,
    path,
    urls: origins.slice(0, 1).flatMap((origin) => suffixes.map((suffix) => `${origin}${path}${suffix}`)),
    format: format.name,
    title: format.title,
    contentType: format.contentType,
    filter: {
      ...otherFilter,
      rules: rules === null ? null : [...rules],
      devices: devices === null ? null : [...devices],
      countries: countries === null ? null : [...countries],
      exceptCountries: exceptCountries === null ? null : [...exceptCountries],
      maxAgeHours: maxAgeMs === null ? null : maxAgeMs / HOUR_MS,
    },
    capacity: definition.capacity,
    limits: limitsOfFeed(definition),
    headroomPercent: definition.headroomPercent,
    aggregate: definition.aggregate,
    shards,
    access: accessView(definition.access),
    comments: definition.comments,
    timeouts: definition.timeouts,
    listName: definition.listName,
    list: {
      revision: facts.revision,
      entries: facts.entries,
      decisions: facts.decisions,
      bytes: facts.bytes,
      madeAt: facts.madeAtMs === 0 ? null : iso(facts.madeAtMs),
      stale: facts.origin !== 'decisions',
      leftOutDecisions: facts.leftOutDecisions,
      refused: facts.refused,
      collateral: facts.collateral,
    },
    held:
      held === null
        ? null
        : {
            since: iso(held.sinceMs),
            entries: held.entries,
            decisions: held.decisions,
            reasons: held.holds.map(({ reason }) => reason),
          },
    pin:
      pin === null ? null : { revision: pin.revision, by: pin.by, reason: pin.reason, since: iso(pin.atMs) },
    fetchers: {
      count: fetchers.all().length,
      silent,
      lastFetchedAt: last === undefined || last.lastMs === 0 ? null : iso(last.lastMs),
      lastFetchedBy: last?.address ?? null,
    },
  }
}

export function previewView({ draft, holds, diff }: FeedPreview): PreviewView {
  const body = draft.files[0]?.body ?? Buffer.alloc(0)
  const isCut = body.length > SHOWN_BYTES
  return {
    entries: draft.rows.length,
    decisions: draft.decisions,
    bytes: Math.max(...draft.files.map((file) => file.body.length)),
    contentType: draft.contentType,
    holds: holds.map(({ reason }) => reason),
    difference: differenceView(diff),
    leftOutDecisions: draft.leftOutDecisions,
    leftOut: draft.leftOut.map(rowView),
    refusedCount: draft.refusedCount,
    refused: draft.refused.map(({ entry, reason }) => ({ network: formatNetwork(entry.network), reason })),
    collateral: draft.collateral,
    text: body.toString('utf8', 0, SHOWN_BYTES),
    isCut,
  }
}

export function differenceView({ added, removed, unchanged }: RevisionDiff): DifferenceView {
  return {
    addedCount: added.length,
    removedCount: removed.length,
    unchanged,
    added: textsOf(added, SHOWN_DIFFERENCE),
    removed: textsOf(removed, SHOWN_DIFFERENCE),
  }
}

function rowView(row: FeedRow): PreviewView['leftOut'][number] {
  return {
    network: formatNetwork(row.network),
    rule: ruleOfRow(row),
    decisions: row.decisions,
    lastSeenAt: iso(row.lastSeenAtMs),
    decisionId: row.lead.decisionId,
  }
}

export function fetcherView(
  feed: ManagedFeed,
  fetcher: FeedFetcher,
  isSilent: boolean,
): Reply<'listFeedFetchers'> {
  const intervalMs = intervalOf(fetcher)
  return {
    feed: feed.definition.name,
    address: fetcher.address,
    agent: fetcher.userAgent,
    credential: fetcher.credential,
    firstAt: iso(fetcher.firstMs),
    lastAt: isoOrNull(fetcher.lastMs === 0 ? null : fetcher.lastMs),
    fetches: fetcher.fetches,
    incomplete: fetcher.incomplete,
    cutOff: fetcher.cutOff,
    lastRevision: fetcher.lastRevision,
    lastStatus: fetcher.lastStatus,
    lastBytes: fetcher.lastBytes,
    intervalSeconds: intervalMs === null ? null : intervalMs / 1000,
    silent: isSilent,
    upToDate: fetcher.fetches > 0 && fetcher.lastRevision === feed.engine.facts.revision,
  }
}

/** A new definition; what is not given is as the first feed has it, closed where a credential is asked for. */
export function newDefinition(name: string, input: FeedDefinitionInput, isClosed: boolean): FeedDefinition {
  const extension = feedFormat(input.format ?? 'plain')?.extension ?? 'txt'
  const base: FeedDefinition = {
    ...FIRST_FEED,
    name,
    path: `/feeds/${name}.${extension}`,
    access: { open: !isClosed, credentials: [], sources: [] },
  }
  return editedDefinition(base, input)
}

/** The definition with what the input gives in place of what it had. */
export function editedDefinition(base: FeedDefinition, input: FeedDefinitionInput): FeedDefinition {
  const { filter = {}, open, sources, certificates, ...rest } = input
  const { maxAgeHours, ...others } = filter
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return {
    ...base,
    ...given,
    filter: {
      ...base.filter,
      ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
      ...(maxAgeHours === undefined ? {} : { maxAgeMs: maxAgeHours === null ? null : maxAgeHours * HOUR_MS }),
    },
    access: {
      ...base.access,
      // Whoever names an authority means that a certificate is asked for.
      open: open ?? (certificates == null ? base.access.open : false),
      sources: sources === undefined ? base.access.sources : sources.map(networkOfText),
      certificates: certificatesOf(base.access.certificates ?? null, certificates),
    },
  }
}

type Certificates = NonNullable<FeedDefinition['access']['certificates']>

function certificatesOf(
  base: Certificates | null,
  input: FeedDefinitionInput['certificates'],
): Certificates | null {
  if (input === undefined) return base
  if (input === null) return null
  const authority = input.authority ?? base?.authority
  const names = input.names ?? base?.names
  if (authority === undefined || names === undefined)
    throw new AppError(
      'usage',
      'client certificates need the PEM of their authority and the names that may fetch',
    )
  return { authority, names }
}

function networkOfText(text: string): FeedDefinition['access']['sources'][number] {
  const network = parseNetwork(text)
  if (network === null) throw new AppError('usage', `${text} is no address or network`)
  return network
}
