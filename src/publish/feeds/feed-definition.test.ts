import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../../model/decision.ts'
import type { Json } from '../../model/state.ts'
import { capacityPreset, isNearlyFull, limitsOf } from './capacity.ts'
import {
  FIRST_FEED,
  type FeedDefinition,
  feedFault,
  filterOfFeed,
  formatOptionsOf,
  limitsOfFeed,
  packOptionsOf,
} from './feed-definition.ts'
import { entryOf, shortId } from './feed-entry.ts'
import { type FeedFilter, filterRuleOf, makeFilter, TAKE_ALL } from './feed-filter.ts'
import { entry, NOW_MS, network } from './feed-fixture.ts'
import { bodyOfFeed, feedOfBody } from './feed-object.ts'
import { packValue } from './pack-value.ts'

const feed = (parts: Partial<FeedDefinition> = {}): FeedDefinition => ({ ...FIRST_FEED, ...parts })
const HOUR_MS = 3_600_000

test('the first feed is what firewalls of the older system fetch', () => {
  assert.equal(feedFault(FIRST_FEED), null)
  assert.equal(FIRST_FEED.path, '/files/blacklist.txt')
  assert.deepEqual(packOptionsOf(FIRST_FEED), {
    aggregate: 'none',
    capacity: null,
    capacityScope: 'list',
    shards: 1,
  })
})

test('every fault of a definition is one sentence', () => {
  const faults: Partial<FeedDefinition>[] = [
    { name: 'A B' },
    { path: 'files/x' },
    { path: '/a/../b' },
    { path: '/x y' },
    { format: 'nope' },
    { shards: 0 },
    { shards: 31 },
    { comments: true },
    { timeouts: true },
    { listName: 'x; reboot' },
    { format: 'check-point', filter: { ...TAKE_ALL, families: 'v6' } },
    { headroomPercent: 91 },
    { capacity: { entries: 0, scope: 'list' } },
    { filter: { ...TAKE_ALL, hostsOnly: true }, aggregate: 'lossless' },
    { filter: { ...TAKE_ALL, maxAgeMs: 0 } },
    { aggregate: { collateralPerPrefix: 65_537 } },
    { access: { open: false, credentials: [], sources: [] } },
  ]
  for (const parts of faults) assert.match(feedFault(feed(parts)) ?? '', /^[A-Z].*\.$/, JSON.stringify(parts))
  assert.equal(
    feedFault(feed({ format: 'pan-os', comments: true, aggregate: { collateralPerPrefix: 8 } })),
    null,
  )
})

test('a feed that was kept before there were filters by country takes all of them', () => {
  const { filter, ...rest } = JSON.parse(
    JSON.stringify(bodyOfFeed({ definition: FIRST_FEED, pin: null })),
  ) as {
    filter: Record<string, Json>
  }
  const { countries: _1, exceptCountries: _2, ...older } = filter
  const read = feedOfBody({ ...rest, filter: older })
  assert.ok(typeof read !== 'string', JSON.stringify(read))
  assert.deepEqual(read.definition.filter, TAKE_ALL)
})

test('a capacity leaves its headroom free, warns at four fifths and knows what is counted', () => {
  const limits = limitsOfFeed(feed({ capacity: { preset: 'pan-os' } }))
  assert.deepEqual(limits, { entries: 50_000, usable: 45_000, bytes: null, scope: 'firewall' })
  assert.equal(isNearlyFull(39_999, limits), false)
  assert.equal(isNearlyFull(40_000, limits), true)
  assert.equal(capacityPreset('fortigate').entries, 131_072)
  assert.equal(limitsOf({ entries: 1, scope: 'list' }, 90).usable, 1)
  assert.equal(isNearlyFull(1e9, limitsOf(null, 10)), false)
})

test('a format of IPv4 narrows the filter, and a feed of one family has a sentinel of it', () => {
  assert.equal(filterOfFeed(feed({ format: 'check-point' })).families, 'v4')
  const sentinels = (families: FeedFilter['families'], setting: string) =>
    formatOptionsOf(feed({ filter: { ...TAKE_ALL, families } }), setting, NOW_MS).sentinels
  assert.deepEqual(sentinels('both', '192.0.2.9'), [network('192.0.2.9')])
  assert.deepEqual(sentinels('v6', '192.0.2.9'), [network('2001:db8::ffff')])
  assert.deepEqual(sentinels('v4', '2001:db8::1'), [network('192.0.2.255')])
})

test('filters by rule, severity, proof, age, firewall, country, family and width; unknown does not pass', () => {
  const takes = (
    filter: Partial<FeedFilter>,
    one: Parameters<typeof entry>[1] = {},
    target = '203.0.113.7',
  ) => makeFilter({ ...TAKE_ALL, ...filter }, NOW_MS)(entry(target, one))
  assert.equal(takes({}), true)
  assert.equal(takes({ rules: ['threat'] }), false)
  assert.equal(takes({ rules: ['port-scan'] }), true)
  assert.equal(takes({ rules: ['manual'] }, { origin: 'manual', rule: null }), true)
  assert.equal(takes({ minSeverity: 'high' }), false, 'not known')
  assert.equal(takes({ minSeverity: 'high' }, { severity: 'medium' }), false)
  assert.equal(takes({ minSeverity: 'high' }, { severity: 'critical' }), true)
  assert.equal(takes({ minSeverity: 'high', proof: 'handshake' }, { origin: 'manual', proof: null }), true)
  assert.equal(takes({ proof: 'handshake' }), false)
  assert.equal(takes({ maxAgeMs: HOUR_MS }), true)
  assert.equal(takes({ maxAgeMs: HOUR_MS - 1 }), false)
  assert.equal(takes({ devices: ['MEL-FW-01'] }), false)
  assert.equal(takes({ devices: ['MEL-FW-01', 'SYD-FW-01'] }), true)
  const french = { country: 'France' }
  assert.equal(takes({ countries: ['FR', 'DE'] }, french), true)
  assert.equal(takes({ countries: ['de'] }, french), false)
  assert.equal(takes({ countries: ['FR'] }), false, 'not known')
  assert.equal(takes({ exceptCountries: ['FR'] }, french), false)
  assert.equal(takes({ exceptCountries: ['FR'] }), true, 'not known to be there')
  assert.equal(takes({ countries: ['FR', 'DE'], exceptCountries: ['France'] }, french), false)
  assert.equal(takes({ countries: ['DE'] }, { ...french, origin: 'manual', rule: null }), false)
  assert.equal(takes({ families: 'v6' }), false)
  assert.equal(takes({ families: 'v6' }, {}, '2001:db8::/64'), true)
  assert.equal(takes({ families: 'v4' }, {}, '198.51.100.0/24'), true)
  assert.equal(takes({ hostsOnly: true }, {}, '198.51.100.0/31'), false)
  assert.equal(takes({ hostsOnly: true }, {}, '2001:db8::1'), true)
  assert.equal(filterRuleOf('Port Scan Attack v2'), 'host-sweep')
  assert.equal(filterRuleOf('user added'), 'manual')
  assert.equal(filterRuleOf('nothing'), null)
})

test('value: fresher, worse, proven, insistent and repeated entries are worth more, what a person blocked most', () => {
  const value = (parts: Parameters<typeof entry>[1]): number =>
    packValue(entry('203.0.113.7', { hits: 0, proof: 'spoofable', lastSeenAtMs: NOW_MS, ...parts }), NOW_MS)
  assert.equal(value({}), 4500)
  assert.equal(value({ lastSeenAtMs: NOW_MS - 24 * HOUR_MS }), 2500)
  assert.equal(value({ lastSeenAtMs: NOW_MS + HOUR_MS }), 4500, 'the future is now')
  assert.equal(value({ severity: 'critical' }), 6000)
  assert.equal(value({ severity: 'informational' }), 4100)
  assert.equal(value({ proof: 'handshake' }), 6000)
  assert.equal(value({ hits: 31 }), 6000)
  assert.equal(value({ hits: 1_000_000 }), 6000)
  assert.equal(value({ hits: null, offences: null }), 4500)
  assert.equal(value({ offences: 2 }), 5000)
  assert.equal(value({ offences: 99 }), 5500)
  assert.equal(value({ origin: 'manual' }), 1_004_500)
})

test('an entry has what its decision knows, and null for what it does not', () => {
  const decision: Decision = {
    id: '019c9a00-0000-7000-8000-0123456789ab',
    target: network('203.0.113.7'),
    scope: 'address',
    origin: 'detector',
    rule: 'threat',
    reason: 'why',
    proof: 'handshake',
    severity: 'high',
    country: 'Testland',
    mode: 'block',
    createdAtMs: 1,
    lastSeenAtMs: 2,
    expiresAtMs: 3,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    device: 'SYD-FW-01',
    createdBy: 'system',
    lifetimeMs: null,
    offences: 2,
    tags: [],
  }
  const bare = entryOf(decision)
  assert.deepEqual([bare.severity, bare.hits, bare.country, bare.offences], ['high', null, 'Testland', 2])
  const unknown = entryOf({ ...decision, severity: null, country: null })
  assert.deepEqual([unknown.severity, unknown.country], [null, null])
  assert.deepEqual(bare.devices, ['SYD-FW-01'])
  assert.deepEqual(entryOf({ ...decision, device: null }).devices, [])
  assert.equal(entryOf(decision, { hits: 7 }).hits, 7)
  assert.equal(shortId(decision.id), '456789ab')
})
