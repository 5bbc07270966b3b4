import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { reasonOf, recordOf, SYDNEY } from '../test-lines.ts'
import {
  ROUTEROS_HEADER,
  ROUTEROS_LOGIN,
  ROUTEROS_NAT,
  ROUTEROS_TCP,
} from '../testing/packet-filter-lines.ts'

function pick(line: string, ...keys: readonly (keyof LogRecord)[]): unknown[] {
  const record = recordOf(line)
  assert.equal(record.format, 'mikrotik')
  return keys.map((key) => record[key])
}

const FLOW = [
  'sourceAddress',
  'sourcePort',
  'destinationAddress',
  'destinationPort',
  'protocol',
  'flags',
] as const
const TCP_FLOW = ['198.51.100.7', 59388, '203.0.113.10', 23, 'tcp', []]

for (const header of [ROUTEROS_HEADER, 'Mar 18 20:35:05 gw ', '<30>Mar 18 20:35:05 gw ', '']) {
  test(`a packet behind the header "${header}"`, () => {
    assert.deepEqual(pick(header + ROUTEROS_TCP, ...FLOW), TCP_FLOW)
    const meaning = [
      'type',
      'subtype',
      'rule',
      'action',
      'disposition',
      'sourceZone',
      'destinationZone',
    ] as const
    assert.deepEqual(pick(header + ROUTEROS_TCP, ...meaning), [
      'FIREWALL',
      'input',
      'drop-in',
      'drop',
      'blocked',
      'ether1-WAN',
      null,
    ])
  })
}

test('where the topics were lost on the way the packet is still read', () => {
  assert.deepEqual(
    pick(`Mar 18 20:35:05 gw ${ROUTEROS_TCP.slice('firewall,info '.length)}`, ...FLOW),
    TCP_FLOW,
  )
  const chainOnly = ROUTEROS_TCP.slice(ROUTEROS_TCP.indexOf('input:'))
  assert.deepEqual(pick(`Mar 18 20:35:05 gw ${chainOnly}`, ...FLOW, 'subtype'), [...TCP_FLOW, 'input'])
})

test('a rule without a log prefix says nothing of what was done', () => {
  const line = ROUTEROS_HEADER + ROUTEROS_TCP.replace('drop-in ', '')
  assert.deepEqual(pick(line, 'rule', 'action', 'disposition', 'subtype'), [null, null, 'unknown', 'input'])
})

for (const [name, flow, expected] of [
  [
    'IPv6 with ports',
    'proto UDP, [2001:db8::7]:17850->[2001:db8:1::10]:51413, len 112',
    ['2001:db8::7', 17850, '2001:db8:1::10', 51413, 'udp', []],
  ],
  [
    'IPv6 without ports',
    'proto ICMPv6 (type 135, code 0), 2001:db8::7->2001:db8:1::10, len 64',
    ['2001:db8::7', null, '2001:db8:1::10', null, 'icmpv6', []],
  ],
  [
    'ICMP with a comma in brackets',
    'proto ICMP (type 8, code 0), 198.51.100.7->203.0.113.10, len 84',
    ['198.51.100.7', null, '203.0.113.10', null, 'icmp', []],
  ],
  [
    'a protocol by its number',
    'proto 47, 198.51.100.7->203.0.113.10, prio 0->6, len 84',
    ['198.51.100.7', null, '203.0.113.10', null, '47', []],
  ],
  [
    'a port that is none',
    'proto TCP (SYN), 198.51.100.7:70000->203.0.113.10:23, len 84',
    ['198.51.100.7', null, '203.0.113.10', 23, 'tcp', ['ambiguous']],
  ],
] as const) {
  test(`${name} is read`, () => {
    const line = ROUTEROS_TCP.replace(/proto .*/, flow)
    assert.deepEqual(pick(ROUTEROS_HEADER + line, ...FLOW), expected)
  })
}

const NAT_KEYS = [
  'natSourceAddress',
  'natDestinationAddress',
  'natDestinationPort',
  'sourceAddress',
  'destinationAddress',
  'flags',
] as const
for (const [nat, expected] of [
  ['198.51.100.7:1234->(203.0.113.10:80->192.0.2.8:8080)', [null, '192.0.2.8', 8080]],
  ['(198.51.100.7:1234->192.0.2.1:1234)->203.0.113.10:80', ['192.0.2.1', null, null]],
  [
    '(198.51.100.7:1234->192.0.2.1:1234)->(203.0.113.10:80->192.0.2.8:8080)',
    ['192.0.2.1', '192.0.2.8', 8080],
  ],
] as const) {
  test(`translation ${nat}`, () => {
    const line = ROUTEROS_NAT.replace(/NAT [^,]*/, `NAT ${nat}`)
    assert.deepEqual(pick(ROUTEROS_HEADER + line, ...NAT_KEYS), [
      ...expected,
      '198.51.100.7',
      '203.0.113.10',
      [],
    ])
  })
}

test('a dial-in name that imitates a packet makes the line ambiguous', () => {
  const line = ROUTEROS_TCP.replace(
    'in:ether1-WAN',
    'in:<pppoe-x out:y, proto TCP, 192.0.2.66:1->192.0.2.67:2, len 1>',
  )
  assert.ok(recordOf(ROUTEROS_HEADER + line).flags.includes('ambiguous'))
})

test('a packet that another program quotes is not the router’s', () => {
  for (const text of [ROUTEROS_TCP, ROUTEROS_TCP.slice('firewall,info '.length)]) {
    assert.match(reasonOf(`Mar 18 20:35:05 gw web[12]: ${text}`), /program/)
  }
})

test('a line cut anywhere shows no wrong address and no wrong port', () => {
  const parser = new Parser(SYDNEY)
  const whole = recordOf(ROUTEROS_HEADER + ROUTEROS_NAT)
  const keys = [...FLOW.slice(0, 4), ...NAT_KEYS.slice(0, 3)] as const
  for (let end = ROUTEROS_NAT.indexOf('proto'); end < ROUTEROS_NAT.length; end++) {
    const parsed = parser.parseLine(ROUTEROS_HEADER + ROUTEROS_NAT.slice(0, end))
    if (!parsed.ok) continue
    for (const key of keys) {
      assert.ok(
        [whole[key], null].includes(parsed.record[key] as string),
        `${end}: ${key} ${String(parsed.record[key])}`,
      )
    }
  }
})

const LOGIN = [
  'type',
  'subtype',
  'outcome',
  'sourceUser',
  'sourceAddress',
  'application',
  'action',
  'flags',
] as const
for (const [text, expected] of [
  [ROUTEROS_LOGIN, ['SYSTEM', 'ssh', 'failure', 'admin', '198.51.100.7', 'ssh', 'login-failure', []]],
  [
    'system,error,critical login failure for user  from 198.51.100.7 via winbox',
    ['SYSTEM', 'winbox', 'failure', null, '198.51.100.7', 'winbox', 'login-failure', []],
  ],
  [
    'system,error,critical login failure for user x from 192.0.2.66 via ssh from 198.51.100.7 via web',
    [
      'SYSTEM',
      'web',
      'failure',
      'x from 192.0.2.66 via ssh',
      '198.51.100.7',
      'web',
      'login-failure',
      ['ambiguous'],
    ],
  ],
  [
    'system,error,critical login failure for user x from 00:00:5E:00:53:02 via winbox',
    ['SYSTEM', 'winbox', 'failure', 'x', null, 'winbox', 'login-failure', []],
  ],
  [
    'system,info,account user admin logged in from 192.0.2.8 via ssh',
    ['SYSTEM', 'ssh', 'success', 'admin', '192.0.2.8', 'ssh', 'logged-in', []],
  ],
  [
    'system,info,account user admin logged in via local',
    ['SYSTEM', 'local', 'success', 'admin', null, 'local', 'logged-in', []],
  ],
  [
    'l2tp,ppp,error <198.51.100.7>: user bob authentication failed',
    ['L2TP', null, 'failure', 'bob', '198.51.100.7', null, 'authentication-failed', []],
  ],
] as const) {
  test(`login: ${text}`, () => {
    assert.deepEqual(pick(ROUTEROS_HEADER + text, ...LOGIN), expected)
  })
}

test('other topics are known for RouterOS and are no event', () => {
  assert.deepEqual(
    pick(`${ROUTEROS_HEADER}dhcp,info defconf assigned 192.0.2.8 to x`, 'type', 'subtype', 'outcome'),
    ['DHCP', 'info', null],
  )
  assert.deepEqual(
    pick(`${ROUTEROS_HEADER}system,info,account user admin logged out from 192.0.2.8 via ssh`, 'outcome'),
    [null],
  )
})

test('words with commas in front are not topics when RouterOS has none of that name', () => {
  for (const text of ['hello,info there', 'system,hello there', 'system: x']) {
    assert.equal(reasonOf(`Mar 18 20:35:05 gw ${text}`).startsWith('mikrotik'), false)
  }
})

test('a firewall line without a flow says so', () => {
  assert.equal(
    reasonOf(`${ROUTEROS_HEADER}firewall,info input: in:ether1 out:(none), proto TCP`),
    'mikrotik: a firewall line without the flow, address:port->address:port, behind proto',
  )
})
