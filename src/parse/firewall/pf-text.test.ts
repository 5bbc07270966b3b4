import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parser } from '../parser.ts'
import { reasonOf, recordOf, SYDNEY } from '../test-lines.ts'
import { PF_TEXT } from '../testing/packet-filter-lines.ts'

const KEYS = [
  ...(['format', 'subtype', 'action', 'disposition', 'ruleId', 'sourceZone', 'destinationZone'] as const),
  ...(['sourceAddress', 'sourcePort', 'destinationAddress', 'destinationPort', 'protocol'] as const),
] as const
const FLOW = ['198.51.100.7', 51514, '203.0.113.10', 22, 'tcp']

for (const [text, expected] of [
  [PF_TEXT, ['in', 'block', 'blocked', '5', 'em0', null, ...FLOW]],
  [
    'rule 5/(match) pass out on em0: 198.51.100.7.51514 > 203.0.113.10.22: S 1:1(0) win 65535',
    ['out', 'pass', 'allowed', '5', null, 'em0', ...FLOW],
  ],
  [
    '00:00:01.123456 rule 5.anchor.0/(match) [uid 0, pid 12] block in on em0: 198.51.100.7.51514 > 203.0.113.10.22: udp 12',
    ['in', 'block', 'blocked', '5.anchor.0', 'em0', null, ...FLOW.slice(0, 4), 'udp'],
  ],
  [
    'rule 5/0(match): block in on em0: 2001:db8::7.51514 > 2001:db8::10.22: Flags [S], seq 1',
    ['in', 'block', 'blocked', '5', 'em0', null, '2001:db8::7', 51514, '2001:db8::10', 22, 'tcp'],
  ],
  [
    'rule 5/(match) block in on em0: 198.51.100.7 > 203.0.113.10: icmp: echo request',
    ['in', 'block', 'blocked', '5', 'em0', null, '198.51.100.7', null, '203.0.113.10', null, 'icmp'],
  ],
] as const) {
  test(`pf: ${text}`, () => {
    for (const front of ['Feb 20 11:49:43 gw pf: ', 'Feb 20 11:49:43 gw ', '']) {
      const record = recordOf(front + text)
      assert.deepEqual(
        KEYS.map((key) => record[key]),
        ['pf-text', ...expected],
      )
    }
  })
}

test('a line of pf cut anywhere shows no wrong address and no wrong port', () => {
  const parser = new Parser(SYDNEY)
  for (let end = 10; end < PF_TEXT.length; end++) {
    const parsed = parser.parseLine(PF_TEXT.slice(0, end))
    if (!parsed.ok) continue
    const { sourceAddress, sourcePort, destinationAddress, destinationPort } = parsed.record
    assert.deepEqual([sourceAddress, sourcePort, destinationAddress, destinationPort], FLOW.slice(0, 4))
  }
})

test('words of pf that another program quotes are no packet, and half a line says why', () => {
  assert.match(reasonOf(`Feb 20 11:49:43 gw web[1]: ${PF_TEXT}`), /program/)
  assert.equal(
    reasonOf('Feb 20 11:49:43 gw pf: rule 5/(match) block in on em0: 198.51.100.7.1 > 203.0.113'),
    'pf-text: source > destination: is missing or not two addresses',
  )
})
