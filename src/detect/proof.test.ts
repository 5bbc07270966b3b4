import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, makeDetector, portScan } from './testing/batches.ts'

const allowed: Event = { disposition: 'allowed' }
const both: Event = { ...allowed, bytesSent: 500, bytesReceived: 900 }
const cases: [name: string, last: Event, proof: 'handshake' | 'spoofable'][] = [
  ['denied first packets', {}, 'spoofable'],
  ['bytes both ways', { ...both, texts: { protocol: 'tcp', application: 'ssl' } }, 'handshake'],
  ['bytes both ways, protocol not said', both, 'handshake'],
  ['bytes both ways, yet blocked', { ...both, disposition: 'blocked' }, 'spoofable'],
  ['bytes one way', { ...both, bytesReceived: 0 }, 'spoofable'],
  [
    'a reset as the only answer',
    { ...both, bytesSent: 60, bytesReceived: 40, packetsReceived: 1 },
    'spoofable',
  ],
  [
    'answers to a SYN sent again',
    { ...both, bytesSent: 60, bytesReceived: 588, packetsReceived: 6 },
    'spoofable',
  ],
  ['few bytes back, packets not told', { ...both, bytesReceived: 588 }, 'spoofable'],
  ['data back in one packet of three', { ...both, bytesReceived: 295, packetsReceived: 3 }, 'handshake'],
  ['bytes both ways over UDP', { ...both, texts: { protocol: 'udp' } }, 'spoofable'],
  [
    'a handshake that was not completed',
    { ...both, texts: { protocol: 'tcp', application: 'incomplete' } },
    'spoofable',
  ],
  ['an end by FIN', { ...allowed, texts: { protocol: 'tcp', sessionEndReason: 'tcp-fin' } }, 'handshake'],
  ['an end by a threat in the session', { ...allowed, texts: { sessionEndReason: 'threat' } }, 'handshake'],
  ['an end by FIN, yet blocked', { texts: { sessionEndReason: 'tcp-fin' } }, 'spoofable'],
  ['an end by age', { ...allowed, texts: { protocol: 'tcp', sessionEndReason: 'aged-out' } }, 'spoofable'],
  [
    'a closed port',
    {
      ...allowed,
      texts: { protocol: 'tcp', sessionEndReason: 'tcp-rst-from-server', application: 'incomplete' },
    },
    'spoofable',
  ],
  [
    'a reset after an application',
    { ...allowed, texts: { protocol: 'tcp', sessionEndReason: 'tcp-rst-from-server', application: 'ssh' } },
    'handshake',
  ],
]

for (const [name, last, proof] of cases)
  test(`a scan with ${name} is ${proof}`, () => {
    const events = portScan(11)
    events[5] = { ...events[5], ...last }
    assert.equal(makeDetector().feed(events)[0]?.proof, proof)
  })

test('proof of a session that has left the window is gone with it when the key starts anew', () => {
  const { feed } = makeDetector()
  feed([{ ...both, at: 0 }])
  assert.equal(feed(portScan(11, { at: 700 }, 100))[0]?.proof, 'spoofable')
})

const attack: Event = { category: 'threat', severity: 'critical', attacker: 'source', port: 443 }
const threats: [name: string, event: Event, proof: 'handshake' | 'spoofable'][] = [
  ['over TCP', { texts: { protocol: 'tcp', subtype: 'vulnerability' } }, 'handshake'],
  ['over UDP', { texts: { protocol: 'udp', subtype: 'vulnerability' } }, 'spoofable'],
  ['of packets', { texts: { protocol: 'tcp', subtype: 'flood' } }, 'spoofable'],
  ['of a scan', { texts: { protocol: 'tcp', subtype: 'scan' } }, 'spoofable'],
  ['on a TCP service, protocol not said', { texts: { subtype: 'vulnerability' } }, 'handshake'],
  ['on another port, protocol not said', { port: 53, texts: { subtype: 'vulnerability' } }, 'spoofable'],
]

for (const [name, event, proof] of threats)
  test(`a threat ${name} is ${proof}`, () => {
    assert.equal(makeDetector().feed([{ ...attack, ...event }])[0]?.proof, proof)
  })
