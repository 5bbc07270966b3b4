import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { reasonOf, recordOf, SYDNEY } from '../test-lines.ts'
import {
  FILTERLOG_V4,
  FILTERLOG_V6,
  OPNSENSE_HEADER,
  PFSENSE_HEADER,
} from '../testing/packet-filter-lines.ts'

const V4_FIELDS = {
  type: 'FILTERLOG',
  subtype: 'tcp',
  sourceAddress: '198.51.100.7',
  sourcePort: 49724,
  sourceZone: 'igb1.12',
  destinationAddress: '203.0.113.10',
  destinationPort: 853,
  destinationZone: null,
  protocol: 'tcp',
  action: 'block',
  disposition: 'blocked',
  rule: '1535324496',
  ruleId: '1535324496',
  flags: [],
}
const KEYS = Object.keys(V4_FIELDS) as (keyof typeof V4_FIELDS)[]

function fieldsOf(line: string): Partial<LogRecord> {
  const record = recordOf(line)
  assert.equal(record.format, 'filterlog')
  return Object.fromEntries(KEYS.map((key) => [key, record[key]]))
}

for (const header of [
  PFSENSE_HEADER,
  '<134>Jul  3 19:10:30 gw.example.com filterlog[72237]: ',
  'Sep 28 10:38:09 gw filterlog: ',
  OPNSENSE_HEADER,
  '<134>1 2025-11-06T11:32:42.868451+00:00 gw.example.com filterlog 92653 - - ',
  '',
]) {
  test(`IPv4 behind the header "${header}"`, () => {
    assert.deepEqual(fieldsOf(header + FILTERLOG_V4), V4_FIELDS)
  })
}

test('pfSense writes no host: the device is unknown, the time is the header’s', () => {
  const { device, eventTime } = recordOf(PFSENSE_HEADER + FILTERLOG_V4)
  assert.deepEqual([device, eventTime], [null, '2024-07-03T09:10:30.000Z'])
  assert.equal(recordOf(OPNSENSE_HEADER + FILTERLOG_V4).device, 'opnsense')
})

test('IPv6 has the protocol in front of its number, and in upper case', () => {
  assert.deepEqual(fieldsOf(PFSENSE_HEADER + FILTERLOG_V6), {
    ...V4_FIELDS,
    subtype: 'udp',
    protocol: 'udp',
    sourceAddress: '2001:db8::7',
    sourcePort: 546,
    sourceZone: null,
    destinationAddress: '2001:db8:1::10',
    destinationPort: 547,
    destinationZone: 'igb1.27',
    action: 'pass',
    disposition: 'allowed',
    rule: '1000000105',
    ruleId: '1000000105',
  })
})

for (const [name, csv, expected] of [
  [
    'ICMP',
    '77,,,1000004765,em0,match,pass,in,4,0x0,,251,56273,0,none,1,icmp,60,198.51.100.7,203.0.113.10,request,4,1957340',
    ['icmp', '203.0.113.10', null, null],
  ],
  [
    'ICMPv6 with an empty tail',
    '82,,,1000002666,em0,match,pass,in,6,0x00,0x00000,64,ICMPv6,58,8,2001:db8::7,2001:db8::8,',
    ['icmpv6', '2001:db8::8', null, null],
  ],
  [
    'CARP',
    '183,,,1,em0,match,block,in,4,0x0,,63,18292,0,DF,112,carp,72,198.51.100.7,224.0.0.18,advertise,255,13,2,0,1',
    ['carp', '224.0.0.18', null, null],
  ],
  [
    'IGMP',
    '199,,,1557957510,em0,match,pass,in,4,0xc0,,1,0,0,DF,2,igmp,32,198.51.100.7,224.0.0.22,datalength=8',
    ['igmp', '224.0.0.22', null, null],
  ],
] as const) {
  test(`${name} has no ports, whatever its tail`, () => {
    const found = fieldsOf(PFSENSE_HEADER + csv)
    assert.deepEqual(
      [found.protocol, found.destinationAddress, found.sourcePort, found.destinationPort],
      expected,
    )
    assert.deepEqual(found.flags, [])
  })
}

for (const [tracker, rule, ruleId] of [
  [
    '02f4bab031b57d1e30553ce08e0ec131',
    '02f4bab031b57d1e30553ce08e0ec131',
    '02f4bab031b57d1e30553ce08e0ec131',
  ],
  [
    '64d253df-ef65-4b56-9df4-c03fc11b8ce4',
    '64d253df-ef65-4b56-9df4-c03fc11b8ce4',
    '64d253df-ef65-4b56-9df4-c03fc11b8ce4',
  ],
  ['', null, '146'],
  ['0', null, '146'],
] as const) {
  test(`the tracker "${tracker}" names the rule`, () => {
    const found = fieldsOf(PFSENSE_HEADER + FILTERLOG_V4.replace('1535324496', tracker))
    assert.deepEqual([found.rule, found.ruleId], [rule, ruleId])
  })
}

for (const [action, disposition] of [
  ['pass', 'allowed'],
  ['block', 'blocked'],
  ['reject', 'blocked'],
  ['rdr', 'unknown'],
] as const) {
  test(`the action ${action} is ${disposition}`, () => {
    const found = fieldsOf(PFSENSE_HEADER + FILTERLOG_V4.replace('block', action))
    assert.deepEqual([found.action, found.disposition], [action, disposition])
  })
}

test('text in a port column makes the line ambiguous', () => {
  assert.deepEqual(fieldsOf(PFSENSE_HEADER + FILTERLOG_V4.replace('49724', 'x')).flags, ['ambiguous'])
  assert.deepEqual(fieldsOf(PFSENSE_HEADER + FILTERLOG_V4.replace(',853,', ',70000,')).flags, ['ambiguous'])
})

test('a line cut anywhere shows no wrong address and no wrong port', () => {
  const parser = new Parser(SYDNEY)
  for (const csv of [FILTERLOG_V4, FILTERLOG_V6]) {
    const whole = recordOf(PFSENSE_HEADER + csv)
    for (let end = csv.indexOf('0x'); end < csv.length; end++) {
      const parsed = parser.parseLine(PFSENSE_HEADER + csv.slice(0, end))
      if (!parsed.ok) continue
      for (const key of ['sourceAddress', 'destinationAddress', 'sourcePort', 'destinationPort'] as const) {
        assert.ok([whole[key], null].includes(parsed.record[key]), `${end}: ${key} ${parsed.record[key]}`)
      }
      assert.ok(parsed.record.destinationPort !== null || parsed.record.flags.includes('truncated'))
    }
  }
})

for (const [csv, reason] of [
  ['146,,,1,em0,match,block,in,5,x', 'filterlog: column 9 (IP version) is neither 4 nor 6'],
  ['146,,,1,em0,match', 'filterlog: column 9 (IP version) is neither 4 nor 6'],
  ['146,,,1,em0,match,block,in,4,0x0,,63', 'filterlog: the line ends before the destination address'],
  [FILTERLOG_V4.replace('198.51.100.7', ''), 'filterlog: the source address column is not an address'],
  [
    FILTERLOG_V4.replace('203.0.113.10', 'host'),
    'filterlog: the destination address column is not an address',
  ],
] as const) {
  test(`${reason}: ${csv}`, () => {
    assert.equal(reasonOf(PFSENSE_HEADER + csv), reason)
  })
}

test('columns that another program quotes are no packet', () => {
  assert.match(reasonOf(`Jul  3 19:10:30 gw web[12]: ${FILTERLOG_V4}`), /program/)
})
