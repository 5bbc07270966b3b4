import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG } from '../model/log-record.ts'
import type { ReasonName } from './counting.ts'
import { batchOf, type Event, makeDetector, networks, START_MS } from './testing/batches.ts'

const OPEN = makeDetector()
const WITH_OWN = makeDetector({ own: networks('203.0.113.0/24', '2001:db8:a::/48') })
const UNGUARDED = makeDetector({ lateReplyGuard: false })
const REGISTRY_ONLY = makeDetector({ public: networks() })

function reasonOf(event: Event, { detector } = OPEN): ReasonName {
  return detector.explain(batchOf([event]), 0)[0]
}

const udp = { texts: { protocol: 'udp' } }
const tcp = { texts: { protocol: 'tcp' } }
const icmp = { texts: { protocol: 'icmp' } }

const cases: [name: string, event: Event, reason: ReasonName, made?: typeof OPEN][] = [
  ['public to public', {}, 'inbound'],
  ['public to inside', { to: '10.0.0.5' }, 'inbound'],
  ['allowed traffic too', { disposition: 'allowed' }, 'inbound'],
  ['IPv6', { from: '2001:db8:7::1', to: '2001:db8:a::1' }, 'inbound'],
  ['a truncated line', { flags: FLAG.truncated }, 'inbound'],
  ['inside to inside', { from: '10.1.1.1', to: '192.168.3.4' }, 'lateral'],
  ['carrier space to link-local', { from: '100.64.0.1', to: '169.254.3.4' }, 'lateral'],
  ['unique local IPv6', { from: 'fd00::1', to: 'fe80::2' }, 'lateral'],
  ['inside to public', { from: '172.31.255.255', to: '203.0.113.10' }, 'outbound'],
  ['172.32 is public', { from: '172.32.0.0' }, 'inbound'],
  ['another category', { category: 'other' }, 'otherType'],
  ['a login', { category: 'login' }, 'otherType'],
  ['not understood', { flags: FLAG.unparsed }, 'unparsed'],
  ['ambiguous', { flags: FLAG.ambiguous }, 'ambiguous'],
  ['a duplicate', { flags: FLAG.duplicate }, 'duplicate'],
  ['no source', { from: '' }, 'noAddress'],
  ['no destination', { to: '' }, 'noAddress'],
  ['no source port', { sourcePort: 0 }, 'noPort'],
  ['no destination port', { port: 0 }, 'noPort'],
  ['to broadcast', { to: '255.255.255.255' }, 'noHost'],
  ['to multicast', { to: '239.255.255.250' }, 'noHost'],
  ['to IPv6 multicast', { from: 'fe80::1', to: 'ff02::1' }, 'noHost'],
  ['from nowhere', { from: '0.0.0.0' }, 'noHost'],
  ['from loopback', { from: '127.0.0.1', to: '127.0.0.53' }, 'noHost'],
  ['from reserved space', { from: '240.0.0.1' }, 'noHost'],
  ['from IPv6 that is not given out', { from: '4000::1', to: '2001:db8:a::1' }, 'noHost'],
  ['own networks: to them', {}, 'inbound', WITH_OWN],
  ['own networks: elsewhere', { to: '192.0.2.10' }, 'notOwn', WITH_OWN],
  ['own networks: to inside', { to: '10.0.0.1' }, 'notOwn', WITH_OWN],
  ['own networks: IPv6', { from: '2001:db8:7::1', to: '2001:db8:a::1' }, 'inbound', WITH_OWN],
  ['own networks: from one to another', { from: '203.0.113.9' }, 'inbound', WITH_OWN],
  ['documentation space is not public by the registry', {}, 'lateral', REGISTRY_ONLY],
  [
    'documentation IPv6 is not public by the registry',
    { from: '2001:db8::1', to: '3fff::1' },
    'lateral',
    REGISTRY_ONLY,
  ],
  ['no time', { at: Number.NaN }, 'noTime'],
  ['a time out of range', { at: 1e300 }, 'noTime'],
  ['late DNS answer', { sourcePort: 53, port: 1024, ...udp }, 'lateReplyUdp'],
  ['late QUIC answer', { sourcePort: 443, port: 50_000, ...udp }, 'lateReplyUdp'],
  ['late answer of WireGuard', { sourcePort: 51_820, port: 40_000, ...udp }, 'lateReplyUdp'],
  ['source port 53 to a low port', { sourcePort: 53, port: 1023, ...udp }, 'inbound'],
  ['another UDP source port', { sourcePort: 54, port: 50_000, ...udp }, 'inbound'],
  ['SIP scanners use 5060 at both ends', { sourcePort: 5060, port: 5060, ...udp }, 'inbound'],
  ['late HTTPS answer', { sourcePort: 443, port: 32_768, ...tcp }, 'lateReplyTcp'],
  ['late IMAPS answer', { sourcePort: 993, port: 60_000, ...tcp }, 'lateReplyTcp'],
  ['TCP from 443 to a port below 32768', { sourcePort: 443, port: 32_767, ...tcp }, 'inbound'],
  ['TCP from 443 to 22', { sourcePort: 443, port: 22, ...tcp }, 'inbound'],
  ['no protocol, as UDP', { sourcePort: 53, port: 3389 }, 'lateReplyEither'],
  ['no protocol, as TCP', { sourcePort: 80, port: 40_000 }, 'lateReplyEither'],
  ['no protocol, low port', { sourcePort: 53, port: 445 }, 'inbound'],
  ['another protocol', { sourcePort: 53, port: 40_000, texts: { protocol: 'sctp' } }, 'inbound'],
  ['a protocol of other length', { sourcePort: 53, port: 40_000, ...icmp }, 'inbound'],
  [
    'late reply inside',
    { from: '10.0.0.53', to: '10.0.0.1', sourcePort: 53, port: 40_000, ...udp },
    'lateReplyUdp',
  ],
  ['guard off', { sourcePort: 53, port: 40_000, ...udp }, 'inbound', UNGUARDED],
]

for (const [name, event, reason, made] of cases)
  test(`${name}: ${reason}`, () => {
    assert.equal(reasonOf(event, made), reason)
  })

const LEVEL_2 = makeDetector({ threat: { mode: 'enforce', level: 2 } })
const LEVEL_0 = makeDetector({ threat: { mode: 'enforce', level: 0 } })
const attack: Event = { category: 'threat', severity: 'critical', attacker: 'source' }
const threatCases: [name: string, event: Event, reason: ReasonName, made?: typeof OPEN][] = [
  ['critical', attack, 'threat'],
  ['without ports', { ...attack, port: 0, sourcePort: 0 }, 'threat'],
  ['high at level 1', { ...attack, severity: 'high' }, 'lowSeverity'],
  ['high at level 2', { ...attack, severity: 'high' }, 'threat', LEVEL_2],
  ['medium at level 2', { ...attack, severity: 'medium' }, 'lowSeverity', LEVEL_2],
  ['no severity', { ...attack, severity: 'none' }, 'lowSeverity', LEVEL_2],
  ['critical at level 0', attack, 'lowSeverity', LEVEL_0],
  ['server to client', { ...attack, attacker: 'destination' }, 'attackerNotSource'],
  ['attacker not known', { ...attack, attacker: 'none' }, 'attackerNotSource'],
  ['from inside', { ...attack, from: '10.0.0.7' }, 'sourceNotPublic'],
  ['without source', { ...attack, from: '' }, 'noAddress'],
  ['without time', { ...attack, at: Number.NaN }, 'noTime'],
  ['ambiguous', { ...attack, flags: FLAG.ambiguous }, 'ambiguous'],
]

for (const [name, event, reason, made] of threatCases)
  test(`a threat, ${name}: ${reason}`, () => {
    assert.equal(reasonOf(event, made), reason)
  })

test('live, a record counts up to maxAgeHours behind and 2 minutes ahead of its arrival', () => {
  const day = 24 * 3600
  const times = [-day, -day - 1, 0, 120, 121]
  const { detector, feed } = makeDetector({}, { live: true })
  const expected: ReasonName[] = ['inbound', 'tooOld', 'inbound', 'inbound', 'ahead']
  const batch = batchOf(
    times.map((at) => ({ at })),
    0,
  )
  assert.deepEqual(
    times.map((_, row) => detector.explain(batch, row)[0]),
    expected,
  )
  feed(
    times.map((at) => ({ at })),
    0,
  )
  const counters = detector.counters()
  assert.equal(counters['countedInbound'], 3)
  assert.equal(counters['skippedTooOld'], 1)
  assert.equal(counters['skippedAhead'], 1)
  assert.equal(counters['records'], 5)
})

test('replay knows no limits of age', () => {
  const { detector } = makeDetector()
  const batch = batchOf([{ at: -START_MS / 1000 }, { at: 1e9 }])
  assert.deepEqual([detector.explain(batch, 0)[0], detector.explain(batch, 1)[0]], ['inbound', 'inbound'])
})
