/**
 * TAXII 2.1 (OASIS) answered from feeds: discovery, one API root, a collection for each feed, its manifest, objects and
 * their versions, read only. Pure: a request's path and query in, status, headers and text out; the HTTP route, its
 * authentication and the network stay outside.
 *
 * A collection holds the current version of each indicator: of what is blocked, and with `revoked` of what was lifted as long
 * as the caller keeps telling it. `addedAtMs` is when that version was published; it has to grow with each publication,
 * since clients ask for what was `added_after` the last they saw. `next` is a place in that order, so a page stays right
 * when objects come and go between two requests.
 */
import { formatNetwork, type Network, parseNetwork } from '../../lib/address.ts'
import { compareTargets } from '../list-snapshot.ts'
import type { FeedRow } from './feed-rows.ts'
import { asciiJson } from './formats/escape.ts'
import { isoTime } from './formats/feed-format.ts'
import { indicatorId, modifiedAtMs, type StixIndicator, stixIndicator } from './stix-indicator.ts'

export const TAXII_MEDIA_TYPE = 'application/taxii+json;version=2.1'
const STIX_MEDIA_TYPE = 'application/stix+json;version=2.1'
/** Objects in one answer, also when a client asks for more. */
const MOST_OBJECTS = 1000
/** We take nothing in; the member is required. */
const MAX_CONTENT_BYTES = 1_048_576

export interface TaxiiEntry {
  readonly row: FeedRow
  /** When this version of it was published, Unix ms. */
  readonly addedAtMs: number
  /** When it was lifted or ran out; null: it is blocked. */
  readonly endedAtMs: number | null
}

export interface TaxiiCollection {
  /** A UUID; stays the same as long as the feed. */
  readonly id: string
  readonly title: string
  readonly description: string
  /** Whether objects hold the reason as `description`. */
  readonly withReason: boolean
  /** By addedAtMs, then network: sortTaxiiEntries. */
  readonly entries: readonly TaxiiEntry[]
}

export interface TaxiiService {
  readonly title: string
  /** Absolute, with a slash at the end: `https://HOST:PORT/taxii2/`. */
  readonly baseUrl: string
  readonly collections: readonly TaxiiCollection[]
}

export interface TaxiiRequest {
  readonly method: string
  /** Behind `/taxii2/`: ``, `root/`, `root/collections/`, ... */
  readonly path: string
  readonly query: URLSearchParams
  /** The header as it came; null: none. */
  readonly accept: string | null
}

export interface TaxiiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** True: with this answer the client has all objects that it asked for of a collection. */
  readonly isLastPage?: boolean
}

/** The collection whose objects or manifest a path asks for, or null. */
export function collectionAsked(path: string): string | null {
  return /^\/*root\/+collections\/+([^/]+)\/+(?:objects|manifest)(?:\/|$)/.exec(path)?.[1] ?? null
}

/** The order that a collection's entries must have. */
export function sortTaxiiEntries(entries: readonly TaxiiEntry[]): TaxiiEntry[] {
  return entries.toSorted((a, b) => a.addedAtMs - b.addedAtMs || compareTargets(a.row.network, b.row.network))
}

/** Answers one request. O(entries) with filters by id, else O(log entries + page). */
export function answerTaxii(service: TaxiiService, request: TaxiiRequest): TaxiiAnswer {
  const segments = request.path.split('/').filter((segment) => segment !== '')
  if (!accepts(request.accept))
    return failure(406, 'Not acceptable', `This server answers with ${TAXII_MEDIA_TYPE}.`)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return failure(405, 'Method not allowed', 'The collections are read only.')
  if (segments.length === 0)
    return answer({
      title: service.title,
      default: `${service.baseUrl}root/`,
      api_roots: [`${service.baseUrl}root/`],
    })
  const [root, collections, id, resource, objectId, versions, ...rest] = segments
  if (root !== 'root' || (collections !== undefined && collections !== 'collections') || rest.length > 0)
    return notFound()
  if (collections === undefined)
    return answer({
      title: service.title,
      versions: [TAXII_MEDIA_TYPE],
      max_content_length: MAX_CONTENT_BYTES,
    })
  if (id === undefined) return answer({ collections: service.collections.map(describe) })
  const collection = service.collections.find((one) => one.id === id)
  if (collection === undefined) return notFound()
  if (resource === undefined) return answer(describe(collection))
  if (resource === 'manifest' && objectId === undefined) return page(collection, request.query, manifestOf)
  if (resource !== 'objects') return notFound()
  if (objectId === undefined) {
    const answered = page(collection, request.query, (entry) => stixOf(collection, entry))
    return answered.status === 200
      ? { ...answered, isLastPage: !answered.body.startsWith('{"more":true') }
      : answered
  }
  return oneObject(collection, objectId, versions, request.query)
}

function describe({ id, title, description }: TaxiiCollection): Record<string, unknown> {
  return { id, title, description, can_read: true, can_write: false, media_types: [STIX_MEDIA_TYPE] }
}

function stixOf({ withReason }: TaxiiCollection, { row, endedAtMs }: TaxiiEntry): StixIndicator {
  return stixIndicator(row, endedAtMs, withReason)
}

function versionOf({ row, endedAtMs }: TaxiiEntry): string {
  return isoTime(modifiedAtMs(row, endedAtMs))
}

function manifestOf(entry: TaxiiEntry): Record<string, unknown> {
  return {
    id: indicatorId(entry.row.network),
    date_added: isoTime(entry.addedAtMs),
    version: versionOf(entry),
    media_type: STIX_MEDIA_TYPE,
  }
}

function oneObject(
  collection: TaxiiCollection,
  objectId: string,
  versions: string | undefined,
  query: URLSearchParams,
): TaxiiAnswer {
  const entry = collection.entries.find(({ row }) => indicatorId(row.network) === objectId)
  if (entry === undefined || (versions !== undefined && versions !== 'versions')) return notFound()
  const one: TaxiiCollection = { ...collection, entries: [entry] }
  if (versions === undefined) return page(one, query, (found) => stixOf(one, found))
  return answer({ more: false, versions: [versionOf(entry)] }, addedHeaders([entry]))
}

/** A page of a collection in the form that `shape` gives each object. */
function page(
  { entries }: TaxiiCollection,
  query: URLSearchParams,
  shape: (entry: TaxiiEntry) => object,
): TaxiiAnswer {
  const filter = parseFilter(query)
  if (typeof filter === 'string') return failure(400, 'Bad request', filter)
  const found: TaxiiEntry[] = []
  let hasMore = false
  for (let i = firstAfter(entries, filter); i < entries.length; i++) {
    const entry = entries[i] as TaxiiEntry
    if (!filter.matches(entry)) continue
    if (found.length === filter.limit) {
      hasMore = true
      break
    }
    found.push(entry)
  }
  if (found.length === 0) return answer({})
  const next = hasMore ? { next: placeOf(found.at(-1) as TaxiiEntry) } : {}
  return answer({ more: hasMore, ...next, objects: found.map(shape) }, addedHeaders(found))
}

interface PageFilter {
  readonly limit: number
  /** Only what was added later than this; -Infinity: all. */
  readonly addedAfterMs: number
  /** The last object that the client has; null: begin at the front. */
  readonly after: { readonly addedAtMs: number; readonly network: Network } | null
  readonly matches: (entry: TaxiiEntry) => boolean
}

/** The filter of a query, or what is wrong with it. */
function parseFilter(query: URLSearchParams): PageFilter | string {
  const limitText = query.get('limit')
  if (limitText !== null && !/^[1-9]\d{0,9}$/.test(limitText)) return 'limit is not a positive whole number.'
  const afterText = query.get('added_after')
  const addedAfterMs = afterText === null ? Number.NEGATIVE_INFINITY : parseTime(afterText)
  if (Number.isNaN(addedAfterMs)) return 'added_after is not an RFC 3339 time.'
  const nextText = query.get('next')
  const after = nextText === null ? null : parsePlace(nextText)
  if (nextText !== null && after === null) return 'next is not one that this server gave.'
  return {
    limit: Math.min(MOST_OBJECTS, limitText === null ? MOST_OBJECTS : Number(limitText)),
    addedAfterMs,
    after,
    matches: matchOf(query),
  }
}

/** The `match[...]` fields: a comma means or, several fields mean and. One version of each object is kept. */
function matchOf(query: URLSearchParams): (entry: TaxiiEntry) => boolean {
  const wanted = (field: string): ReadonlySet<string> | null => {
    const text = query.get(`match[${field}]`)
    return text === null ? null : new Set(text.split(','))
  }
  const types = wanted('type')
  const specs = wanted('spec_version')
  const ids = wanted('id')
  const versions = wanted('version')
  const anyVersion = versions === null || ['first', 'last', 'all'].some((word) => versions.has(word))
  return (entry) => {
    if (types !== null && !types.has('indicator')) return false
    if (specs !== null && !specs.has('2.1')) return false
    if (ids !== null && !ids.has(indicatorId(entry.row.network))) return false
    return anyVersion || [...versions].some((text) => parseTime(text) === Date.parse(versionOf(entry)))
  }
}

/** Index of the first entry behind what the client has. O(log entries). */
function firstAfter(entries: readonly TaxiiEntry[], { addedAfterMs, after }: PageFilter): number {
  const isKnown = ({ addedAtMs, row }: TaxiiEntry): boolean => {
    if (addedAtMs <= addedAfterMs) return true
    if (after === null || addedAtMs > after.addedAtMs) return false
    return addedAtMs < after.addedAtMs || compareTargets(row.network, after.network) <= 0
  }
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isKnown(entries[middle] as TaxiiEntry)) low = middle + 1
    else high = middle
  }
  return low
}

const PLACE = /^(\d{1,16}) ([0-9a-f.:/]{2,43})$/

function placeOf({ addedAtMs, row }: TaxiiEntry): string {
  return Buffer.from(`${addedAtMs} ${formatNetwork(row.network)}`, 'latin1').toString('base64url')
}

function parsePlace(text: string): PageFilter['after'] {
  if (text.length > 100) return null
  const match = PLACE.exec(Buffer.from(text, 'base64url').toString('latin1'))
  const network = match === null ? null : parseNetwork(match[2] as string)
  return match === null || network === null ? null : { addedAtMs: Number(match[1]), network }
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** Unix ms, or NaN. Digits behind the milliseconds are cut. */
function parseTime(text: string): number {
  return RFC_3339.test(text) ? Date.parse(text) : Number.NaN
}

/** TAXII 2.1, 3.3: a client may accept nothing named, everything, or this version. */
function accepts(header: string | null): boolean {
  if (header === null || header.trim() === '') return true
  return header
    .toLowerCase()
    .split(',')
    .map((part) => part.replaceAll(/\s/g, '').replace(/;q=[\d.]+$/, ''))
    .some((type) => ['*/*', 'application/*', 'application/taxii+json', TAXII_MEDIA_TYPE].includes(type))
}

function addedHeaders(entries: readonly TaxiiEntry[]): Record<string, string> {
  return {
    'X-TAXII-Date-Added-First': isoTime((entries[0] as TaxiiEntry).addedAtMs),
    'X-TAXII-Date-Added-Last': isoTime((entries.at(-1) as TaxiiEntry).addedAtMs),
  }
}

function answer(body: object, headers: Readonly<Record<string, string>> = {}): TaxiiAnswer {
  return { status: 200, headers: { 'Content-Type': TAXII_MEDIA_TYPE, ...headers }, body: asciiJson(body) }
}

function failure(status: number, title: string, description: string): TaxiiAnswer {
  return {
    status,
    headers: { 'Content-Type': TAXII_MEDIA_TYPE },
    body: asciiJson({ title, description, http_status: String(status) }),
  }
}

function notFound(): TaxiiAnswer {
  return failure(404, 'Not found', 'There is no such resource.')
}
