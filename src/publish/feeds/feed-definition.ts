/**
 * What a feed is: where it is fetched, by whom, in which format, and which entries it takes. Plain data, as people write and
 * the state keeps it; `feedFault` says in one sentence what is wrong with one, the other functions what follows from it.
 */
import { isV4, type Network, parseNetwork } from '../../lib/address.ts'
import { SENTINEL } from '../../model/decision.ts'
import {
  CAPACITY_PRESETS,
  type CapacityLimits,
  DEFAULT_HEADROOM_PERCENT,
  type FeedCapacity,
  limitsOf,
} from './capacity.ts'
import { type ClientAuthority, clientAuthorityFault } from './client-authority.ts'
import { type FeedFilter, TAKE_ALL } from './feed-filter.ts'
import { feedFormat } from './format-table.ts'
import { type FormatOptions, LIST_NAME } from './formats/feed-format.ts'
import { type Aggregation, MOST_COLLATERAL, MOST_SHARDS, type PackOptions } from './pack.ts'

/** Something a fetcher knows. Several are valid together, so that old and new overlap when one is changed. */
export interface FeedCredential {
  readonly kind: 'basic' | 'bearer' | 'path-token' | 'client-certificate'
  /** Basic: the user's name; client certificate: its subject; else a name for people. */
  readonly name: string
  /** A hash that whoever checks makes and compares; of a client certificate its SHA-256 fingerprint. Never the secret. */
  readonly hash: string
  /** Null: until removed. */
  readonly validUntilMs: number | null
}

export interface FeedAccess {
  /** True: no credential is asked for. */
  readonly open: boolean
  readonly credentials: readonly FeedCredential[]
  /** Source addresses that may fetch; empty: all. */
  readonly sources: readonly Network[]
  /** Client certificates of an authority that may fetch; absent or null: none. */
  readonly certificates?: ClientAuthority | null
}

export interface FeedDefinition {
  /** For people and commands; unique. */
  readonly name: string
  /** Where it is fetched, as `/files/blacklist.txt`; unique. With shards `?shard=N` follows, N from 1. */
  readonly path: string
  /** A name in FEED_FORMATS. */
  readonly format: string
  readonly filter: FeedFilter
  readonly capacity: FeedCapacity
  /** Of the capacity, left free for the firewall's other lists. 0 to 90. */
  readonly headroomPercent: number
  readonly aggregate: Aggregation
  /** Files among which the entries are divided; 1: not divided. */
  readonly shards: number
  readonly access: FeedAccess
  /** Formats that take comments write one. */
  readonly comments: boolean
  /** Formats that take an end for each entry write it. */
  readonly timeouts: boolean
  /** Name of the set or list that a script fills. */
  readonly listName: string
}

/** The first feed: one plain list, open, of everything, as firewalls of the older system fetch it. */
export const FIRST_FEED: FeedDefinition = {
  name: 'blacklist',
  path: '/files/blacklist.txt',
  format: 'plain',
  filter: TAKE_ALL,
  capacity: null,
  headroomPercent: DEFAULT_HEADROOM_PERCENT,
  aggregate: 'none',
  shards: 1,
  access: { open: true, credentials: [], sources: [] },
  comments: false,
  timeouts: false,
  listName: 'ads',
}

/** In feeds of IPv6 alone the documentation address of that family stands for "nothing is blocked" (RFC 3849). */
export const SENTINEL_V6 = '2001:db8::ffff'

const MOST_CREDENTIALS = 100

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** Segments of letters, digits, `.`, `_`, `-`; none is `.` or `..`. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,100}){1,8}$/

/** Why a definition cannot be used, as one sentence, or null. */
export function feedFault(feed: FeedDefinition): string | null {
  const format = feedFormat(feed.format)
  if (!NAME.test(feed.name)) return 'A name has 1 to 64 small letters, digits, ".", "_" or "-".'
  if (!PATH.test(feed.path) || feed.path.length > 200)
    return 'A path begins with "/" and has letters, digits, ".", "_" and "-" between slashes.'
  if (format === null) return `There is no format ${JSON.stringify(feed.format.slice(0, 40))}.`
  if (!Number.isInteger(feed.shards) || feed.shards < 1 || feed.shards > MOST_SHARDS)
    return `Shards are 1 to ${MOST_SHARDS}.`
  if (feed.comments && !format.takesComments) return `The format ${format.name} takes no comments.`
  if (feed.timeouts && !format.takesTimeouts) return `The format ${format.name} takes no timeouts.`
  if (!LIST_NAME.test(feed.listName))
    return 'A list name begins with a small letter and has up to 25 small letters, digits and "_".'
  if (format.families === 'v4' && feed.filter.families === 'v6')
    return `The format ${format.name} holds IPv4 only.`
  return capacityFault(feed) ?? packingFault(feed) ?? accessFault(feed.access)
}

function capacityFault({ capacity, headroomPercent }: FeedDefinition): string | null {
  if (!Number.isInteger(headroomPercent) || headroomPercent < 0 || headroomPercent > 90)
    return 'The headroom is 0 to 90 percent.'
  if (capacity === null) return null
  if ('preset' in capacity) {
    const isKnown = CAPACITY_PRESETS.some(({ name }) => name === capacity.preset)
    return isKnown
      ? null
      : `There is no capacity preset ${JSON.stringify(String(capacity.preset).slice(0, 40))}.`
  }
  const isWhole = Number.isInteger(capacity.entries) && capacity.entries >= 1
  return isWhole ? null : 'A capacity is a whole number of at least 1.'
}

function packingFault({ aggregate, filter }: FeedDefinition): string | null {
  if (filter.hostsOnly && aggregate !== 'none') return 'A feed of single addresses is not aggregated.'
  if (filter.maxAgeMs !== null && !(filter.maxAgeMs > 0)) return 'The age is more than 0.'
  if (typeof aggregate === 'string') return null
  const budget = aggregate.collateralPerPrefix
  const isInRange = Number.isInteger(budget) && budget >= 0 && budget <= MOST_COLLATERAL
  return isInRange ? null : `The collateral per prefix is 0 to ${MOST_COLLATERAL} addresses.`
}

function accessFault({ open, credentials, certificates = null }: FeedAccess): string | null {
  if (credentials.length > MOST_CREDENTIALS) return `A feed has at most ${MOST_CREDENTIALS} credentials.`
  if (certificates !== null) {
    if (open) return 'An open feed asks for no certificate: close it, or take the authority away.'
    return clientAuthorityFault(certificates)
  }
  if (open || credentials.length > 0) return null
  return 'A feed that is not open needs a credential or an authority of client certificates, or nobody could fetch it.'
}

/** What the feed's consumer holds. */
export function limitsOfFeed(feed: FeedDefinition): CapacityLimits {
  return limitsOf(feed.capacity, feed.headroomPercent)
}

/** How the feed is packed. */
export function packOptionsOf(feed: FeedDefinition): PackOptions {
  const { usable, scope } = limitsOfFeed(feed)
  return {
    aggregate: feed.filter.hostsOnly ? 'none' : feed.aggregate,
    capacity: usable,
    capacityScope: scope,
    shards: feed.shards,
  }
}

/** The filter, narrowed to what the format can hold, so that no place is given to what cannot be written. */
export function filterOfFeed(feed: FeedDefinition): FeedFilter {
  return feedFormat(feed.format)?.families === 'v4' ? { ...feed.filter, families: 'v4' } : feed.filter
}

/** How the feed is written. `sentinel` is the setting `list.sentinel`. */
export function formatOptionsOf(feed: FeedDefinition, sentinel: string, nowMs: number): FormatOptions {
  const { comments, timeouts, listName } = feed
  return { comments, timeouts, listName, nowMs, sentinels: [sentinelOf(feed, sentinel)] }
}

function sentinelOf({ filter: { families } }: FeedDefinition, setting: string): Network {
  const sentinel = parseNetwork(setting) ?? (parseNetwork(SENTINEL) as Network)
  const isV4Sentinel = isV4(sentinel.words)
  if (families === 'v6' && isV4Sentinel) return parseNetwork(SENTINEL_V6) as Network
  return families === 'v4' && !isV4Sentinel ? (parseNetwork(SENTINEL) as Network) : sentinel
}

/** Parts of a definition that make another list; access and path do not. */
export function listParts({ access: _access, path: _path, ...list }: FeedDefinition): object {
  return list
}

/** Whether the list changes by time alone: ages, ends, what is shown of the last line, ranks when it is full. */
export function showsTime({ filter, timeouts, format, capacity }: FeedDefinition): boolean {
  const showsSeen = ['json', 'json-lines', 'csv', 'stix'].includes(format)
  return filter.maxAgeMs !== null || timeouts || showsSeen || capacity !== null
}

/** Whether the list depends on what later evidence may say of a block: its severity or country. */
export function showsGrade(feed: FeedDefinition): boolean {
  const { minSeverity, countries, exceptCountries } = feed.filter
  const isAsked = minSeverity !== null || countries !== null || exceptCountries !== null
  return isAsked || feed.format === 'check-point' || showsTime(feed)
}
