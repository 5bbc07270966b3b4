import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../lib/address.ts'
import {
  type Event,
  batchOf,
  hostSweep,
  makeDetector,
  networks,
  portScan,
  testSettings,
} from '../testing/batches.ts'
import { CONTENT_NETWORKS, RESOLVER_NETWORKS } from './reply-networks.ts'

const has = (set: typeof CONTENT_NETWORKS, text: string): boolean => {
  const words = parseAddress(text)
  return words !== null && set.has(words)
}
const tcp = { texts: { protocol: 'tcp' } }
/** A front end of a content network, and a resolver: the real ones, since the guard is about real networks. */
const FRONT_END = '151.101.1.140'
const RESOLVER = '9.9.9.9'
const reply: Event = { ...tcp, from: FRONT_END, sourcePort: 443 }

test('front ends and resolvers are known; rented machines of clouds are not', () => {
  for (const front of ['104.16.1.1', '142.250.1.1', '157.240.1.1', '23.45.6.7', '2606:4700::1', '17.253.1.1'])
    assert.ok(has(CONTENT_NETWORKS, front), front)
  for (const rented of ['34.86.1.1', '35.203.1.1', '20.65.1.1', '3.131.1.1', '172.105.1.1', '2600:1900::1'])
    assert.ok(!has(CONTENT_NETWORKS, rented), rented)
  for (const resolver of ['8.8.8.8', '1.1.1.1', RESOLVER, '2620:fe::fe'])
    assert.ok(has(RESOLVER_NETWORKS, resolver), resolver)
})

test('replies of front ends to ports that source translation gives out are no scan', () => {
  const { detector, feed } = makeDetector()
  assert.deepEqual(feed([...portScan(200, reply, 1024), ...hostSweep(40, { ...reply, port: 5000 })]), [])
  assert.equal(detector.counters()['skippedContentReply'], 240)
  assert.equal(
    detector.explain(batchOf([{ ...reply, from: RESOLVER, sourcePort: 53, port: 2000 }]), 0)[0],
    'resolverReply',
  )
})

test('a scanner in the same network is found: other source ports, or ports below 1024', () => {
  const { feed } = makeDetector()
  assert.equal(feed(portScan(11, { ...reply, sourcePort: 50_123 }, 1024)).length, 1)
  assert.equal(feed(portScan(11, { ...reply, from: '151.101.1.141' }, 20)).length, 1)
})

test('each guard can be switched off, and networks of your own be added', () => {
  const plain = testSettings().guards
  const withGuards = (guards: Partial<typeof plain>): ReturnType<typeof makeDetector> =>
    makeDetector({ guards: { ...plain, ...guards } })
  const asked = { ...reply, port: 2000 }
  const reasonOf = (made: ReturnType<typeof makeDetector>, event: Event): string =>
    made.detector.explain(batchOf([event]), 0)[0]
  assert.equal(reasonOf(withGuards({ contentNetworks: false }), asked), 'inbound')
  assert.equal(reasonOf(withGuards({ resolvers: false }), { ...asked, from: RESOLVER }), 'inbound')
  const own = withGuards({ contentNetworks: false, networks: networks('198.51.100.0/24') })
  assert.equal(reasonOf(own, { ...asked, from: '198.51.100.9' }), 'contentReply')
  assert.equal(reasonOf(own, { ...asked, from: '198.51.100.9', sourcePort: 1999 }), 'inbound')
})

test('the guards work without the guard for late replies, on the ports of either protocol', () => {
  const made = makeDetector({ lateReplyGuard: false })
  const quic = { ...reply, texts: { protocol: 'udp' }, port: 50_000 }
  assert.equal(made.detector.explain(batchOf([quic]), 0)[0], 'contentReply')
  assert.equal(made.detector.explain(batchOf([{ ...quic, from: '198.51.100.9' }]), 0)[0], 'inbound')
})
