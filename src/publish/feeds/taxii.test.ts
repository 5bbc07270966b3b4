import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entry, NOW_MS, packed } from './feed-fixture.ts'
import {
  answerTaxii,
  sortTaxiiEntries,
  TAXII_MEDIA_TYPE,
  type TaxiiEntry,
  type TaxiiService,
} from './taxii.ts'

const ID = '7d1d51a0-3c5a-4c70-9d0b-0f6f5f2b1c11'
const [FIRST_MS, SECOND_MS] = [NOW_MS - 1000, NOW_MS]

/** Six blocked, in two publications of three; the last was lifted since. */
const ENTRIES: TaxiiEntry[] = packed(
  ['198.51.100.1', '198.51.100.4', '198.51.100.9', '203.0.113.1', '203.0.113.4', '2001:db8::9'].map((text) =>
    entry(text),
  ),
).map((row, i) => ({ row, addedAtMs: i < 3 ? FIRST_MS : SECOND_MS, endedAtMs: i === 5 ? NOW_MS : null }))

const serviceOf = (entries: TaxiiEntry[]): TaxiiService => ({
  title: 'Active Defense',
  baseUrl: 'https://192.0.2.1/taxii2/',
  collections: [
    {
      id: ID,
      title: 'All',
      description: 'Every block',
      withReason: false,
      entries: sortTaxiiEntries(entries),
    },
  ],
})

interface Envelope {
  readonly more?: boolean
  readonly next?: string
  readonly objects?: readonly Record<string, unknown>[]
}

const ask = (
  path: string,
  query: Record<string, string> = {},
  parts: { accept?: string; method?: string; service?: TaxiiService } = {},
) => {
  const request = {
    method: parts.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    accept: parts.accept ?? TAXII_MEDIA_TYPE,
  }
  const { status, headers, body } = answerTaxii(parts.service ?? serviceOf(ENTRIES.toReversed()), request)
  assert.equal(headers['Content-Type'], TAXII_MEDIA_TYPE)
  return { status, headers, body: JSON.parse(body) as Record<string, unknown> & Envelope }
}
const OBJECTS = `root/collections/${ID}/objects/`
const patterns = (envelope: Envelope): unknown[] =>
  (envelope.objects ?? []).map((object) => String(object['pattern']).split("'")[1])

test('discovery leads to the root, the root to the collections, a collection to itself', () => {
  assert.deepEqual(ask('').body['api_roots'], ['https://192.0.2.1/taxii2/root/'])
  assert.deepEqual(ask('root/').body['versions'], [TAXII_MEDIA_TYPE])
  const collection = {
    id: ID,
    title: 'All',
    description: 'Every block',
    can_read: true,
    can_write: false,
    media_types: ['application/stix+json;version=2.1'],
  }
  assert.deepEqual(ask('root/collections/').body, { collections: [collection] })
  assert.deepEqual(ask(`root/collections/${ID}/`).body, collection)
})

test('objects come in the order of their publication, with the times in the headers', () => {
  const { body, headers } = ask(OBJECTS)
  assert.equal(body.more, false)
  assert.deepEqual(patterns(body), [
    '198.51.100.1',
    '198.51.100.4',
    '198.51.100.9',
    '203.0.113.1',
    '203.0.113.4',
    '2001:db8::9',
  ])
  assert.equal(headers['X-TAXII-Date-Added-First'], '2026-03-04T05:06:06.000Z')
  assert.equal(headers['X-TAXII-Date-Added-Last'], '2026-03-04T05:06:07.000Z')
  assert.equal(body.objects?.[5]?.['revoked'], true)
  assert.equal(body.objects?.[5]?.['modified'], '2026-03-04T05:06:07.000Z')
  assert.equal(body.objects?.[0]?.['revoked'], undefined)
})

test('added_after tells only what came later', () => {
  assert.deepEqual(patterns(ask(OBJECTS, { added_after: '2026-03-04T05:06:06.000Z' }).body).length, 3)
  assert.deepEqual(ask(OBJECTS, { added_after: '2026-03-04T05:06:07Z' }).body, {})
})

test('pages with limit and next hold each object once, also when one of them gets a new version in between', () => {
  const seen: unknown[] = []
  let next: string | undefined
  do {
    const { body } = ask(OBJECTS, { limit: '2', ...(next === undefined ? {} : { next }) })
    assert.ok((body.objects?.length ?? 0) <= 2)
    assert.equal(body.more, body.next !== undefined)
    seen.push(...patterns(body))
    next = body.next
  } while (next !== undefined)
  assert.equal(new Set(seen).size, 6)
  assert.equal(seen.length, 6)

  const first = ask(OBJECTS, { limit: '2' }).body
  const moved = ENTRIES.map((one, i) => (i === 1 ? { ...one, addedAtMs: NOW_MS + 5 } : one))
  const rest = ask(OBJECTS, { next: first.next ?? '' }, { service: serviceOf(moved) }).body
  assert.deepEqual(patterns(rest), [
    '198.51.100.9',
    '203.0.113.1',
    '203.0.113.4',
    '2001:db8::9',
    '198.51.100.4',
  ])
})

test('match fields and the manifest', () => {
  const manifest = ask(`root/collections/${ID}/manifest/`, { limit: '1' }).body
  const id = String(manifest.objects?.[0]?.['id'])
  assert.deepEqual(manifest.objects, [
    {
      id,
      date_added: '2026-03-04T05:06:06.000Z',
      version: '2026-03-04T04:06:07.000Z',
      media_type: 'application/stix+json;version=2.1',
    },
  ])
  assert.deepEqual(patterns(ask(OBJECTS, { 'match[id]': id }).body), ['198.51.100.1'])
  assert.equal(patterns(ask(OBJECTS, { 'match[type]': 'malware,indicator' }).body).length, 6)
  assert.deepEqual(ask(OBJECTS, { 'match[type]': 'malware' }).body, {})
  assert.deepEqual(ask(OBJECTS, { 'match[spec_version]': '2.0' }).body, {})
  assert.equal(patterns(ask(OBJECTS, { 'match[version]': 'all' }).body).length, 6)
  assert.equal(patterns(ask(OBJECTS, { 'match[version]': '2026-03-04T04:06:07.000Z' }).body).length, 5)
  assert.deepEqual(patterns(ask(`${OBJECTS}${id}/`).body), ['198.51.100.1'])
  assert.deepEqual(ask(`${OBJECTS}${id}/versions/`).body, {
    more: false,
    versions: ['2026-03-04T04:06:07.000Z'],
  })
})

test('an empty collection is an empty envelope', () => {
  const { body, headers } = ask(OBJECTS, {}, { service: serviceOf([]) })
  assert.deepEqual(body, {})
  assert.equal(headers['X-TAXII-Date-Added-First'], undefined)
})

test('faults are TAXII errors: wrong filters, methods, media types and paths', () => {
  for (const query of [{ limit: '0' }, { limit: 'x' }, { added_after: 'yesterday' }, { next: '../..' }])
    assert.equal(ask(OBJECTS, query).status, 400)
  assert.equal(ask(OBJECTS, {}, { method: 'POST' }).status, 405)
  assert.equal(ask(OBJECTS, {}, { accept: 'text/html' }).status, 406)
  assert.equal(ask(OBJECTS, {}, { accept: 'application/taxii+json;version=2.0' }).status, 406)
  for (const accept of ['*/*', '', 'application/taxii+json; version=2.1, text/plain;q=0.1'])
    assert.equal(ask(OBJECTS, {}, { accept }).status, 200)
  for (const path of [
    'other/',
    'root/x/',
    'root/collections/none/',
    `root/collections/${ID}/x/`,
    `${OBJECTS}none/`,
  ])
    assert.deepEqual(ask(path).body['http_status'], '404')
})
