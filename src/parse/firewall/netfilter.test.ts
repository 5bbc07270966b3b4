import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { reasonOf, recordOf, SYDNEY } from '../test-lines.ts'
import { kernelLine, TCP_PACKET, UDP_PACKET } from '../testing/packet-filter-lines.ts'

const KEYS = [
  'device',
  'type',
  'subtype',
  'sourceAddress',
  'sourcePort',
  'sourceZone',
  'destinationAddress',
  'destinationPort',
  'destinationZone',
  'protocol',
  'action',
  'disposition',
  'rule',
  'ruleId',
  'flags',
] as const

/** The fields of a line that this format sets, as one object. */
function fieldsOf(line: string): Partial<LogRecord> {
  const record = recordOf(line)
  assert.equal(record.format, 'netfilter')
  return Object.fromEntries(KEYS.map((key) => [key, record[key]]))
}

test('a kernel line without a prefix is an inbound packet whose action is unknown', () => {
  assert.deepEqual(fieldsOf(kernelLine('')), {
    device: 'gw',
    type: 'TRAFFIC',
    subtype: 'input',
    sourceAddress: '198.51.100.7',
    sourcePort: 51514,
    sourceZone: 'eth0',
    destinationAddress: '203.0.113.10',
    destinationPort: 8123,
    destinationZone: null,
    protocol: 'tcp',
    action: null,
    disposition: 'unknown',
    rule: null,
    ruleId: null,
    flags: [],
  })
})

for (const [prefix, action, disposition, rule, ruleId] of [
  ['[UFW BLOCK] ', 'block', 'blocked', 'UFW BLOCK', null],
  ['[UFW LIMIT BLOCK] ', 'block', 'blocked', 'UFW LIMIT BLOCK', null],
  ['[UFW ALLOW] ', 'allow', 'allowed', 'UFW ALLOW', null],
  ['IPTABLES-DROP: ', 'drop', 'blocked', 'IPTABLES-DROP', null],
  ['DROP INVALID ', 'drop', 'blocked', 'DROP INVALID', null],
  ['drop', 'drop', 'blocked', 'drop', null],
  ['SFW2-INext-DROP-DEFLT ', 'drop', 'blocked', 'SFW2-INext-DROP-DEFLT', null],
  ['SFW2-INext-ACC-TCP ', 'accept', 'allowed', 'SFW2-INext-ACC-TCP', null],
  ['Shorewall:net2fw:REJECT:', 'reject', 'blocked', 'Shorewall:net2fw:REJECT', null],
  ['filter_IN_public_REJECT: ', 'reject', 'blocked', 'filter_IN_public_REJECT', null],
  ['Firewall: *TCP_IN Blocked* ', 'blocked', 'blocked', 'Firewall: *TCP_IN Blocked*', null],
  ['reject wan in: ', 'reject', 'blocked', 'reject wan in', null],
  ['[WAN_LOCAL-default-D]', 'drop', 'blocked', 'WAN_LOCAL', 'default'],
  ['[LAN_IN-2000-A] ', 'accept', 'allowed', 'LAN_IN', '2000'],
  ['[ipv4-FWD-filter-30-R]', 'reject', 'blocked', 'ipv4-FWD-filter', '30'],
  ['[WAN_LOCAL-D-2147483647] ', 'drop', 'blocked', 'WAN_LOCAL', '2147483647'],
  ['[WAN_IN-A-1] DESCR="[WAN_IN]Block nothing" ', 'accept', 'allowed', '[WAN_IN]Block nothing', '1'],
  ['LOG: ', 'log', 'unknown', 'LOG', null],
  ['LOG_DROP ', 'drop', 'blocked', 'LOG_DROP', null],
  ['DROP but ACCEPT ', null, 'unknown', 'DROP but ACCEPT', null],
  ['ALLOWLIST ', null, 'unknown', 'ALLOWLIST', null],
] as const) {
  test(`the prefix "${prefix}" says ${action ?? 'nothing'}`, () => {
    const found = fieldsOf(kernelLine(prefix))
    assert.deepEqual(
      [found.action, found.disposition, found.rule, found.ruleId, found.destinationPort, found.flags],
      [action, disposition, rule, ruleId, 8123, []],
    )
  })
}

test('the lines UFW writes of one packet count once: AUDIT is neither traffic nor a decision', () => {
  const lines = ['[UFW AUDIT] ', '[UFW AUDIT INVALID] ', '[UFW BLOCK] '].map((prefix) =>
    fieldsOf(kernelLine(prefix)),
  )
  assert.deepEqual(
    lines.map(({ type, action, disposition }) => [type, action, disposition]),
    [
      ['AUDIT', 'audit', 'unknown'],
      ['AUDIT', 'audit', 'unknown'],
      ['TRAFFIC', 'block', 'blocked'],
    ],
  )
})

for (const front of [
  'Jun  8 14:34:33 gw kernel: [  203.842973] [UFW BLOCK] ',
  'Jun  8 14:34:33 gw kernel: [UFW BLOCK] ',
  'Jun  8 14:34:33 gw [UFW BLOCK] ',
  'Jun  8 14:34:33 gw gw [UFW BLOCK] ',
  'Jun  8 14:34:33 gw kern.warn kernel: [UFW BLOCK] ',
  '<4>1 2025-06-08T14:34:33.000Z gw kernel - - - [12.5] [UFW BLOCK] ',
  'Jun  8 14:34:33 relay <4>Jun  8 14:34:33 gw kernel: [UFW BLOCK] ',
  'Jun  8 14:34:33 gw ulogd[77]: [UFW BLOCK] ',
]) {
  test(`the front "${front}" hides neither prefix nor host`, () => {
    const { device, rule, sourceAddress, flags } = fieldsOf(front + TCP_PACKET)
    assert.deepEqual([device, rule, sourceAddress, flags], ['gw', 'UFW BLOCK', '198.51.100.7', []])
  })
}

test('a line with neither header nor tag is read, with a word for the prefix too', () => {
  const { device, rule, action, flags } = fieldsOf(`DA->INSIDE ACCEPT ${TCP_PACKET}`)
  assert.deepEqual([device, rule, action, flags], [null, 'DA->INSIDE ACCEPT', 'accept', []])
  const word = fieldsOf(`Jun  8 14:34:33 gw MYDROP: ${TCP_PACKET}`)
  assert.deepEqual([word.rule, word.action, word.flags], ['MYDROP', null, []])
})

test('Proxmox lines bring guest, chain and their own time', () => {
  const record = recordOf(`100 7 tap100i0-IN 20/Jun/2024:13:09:14 +0200 policy DROP: ${TCP_PACKET}`)
  assert.deepEqual(
    [record.eventTime, record.rule, record.action, record.sourcePort],
    ['2024-06-20T11:09:14.000Z', 'tap100i0-IN', 'drop', 51514],
  )
  const impossible = recordOf(`100 7 tap100i0-IN 31/Feb/2024:13:09:14 +0200 policy DROP: ${TCP_PACKET}`)
  assert.deepEqual([impossible.eventTime, impossible.action], [null, 'drop'])
})

test('a packet passing through names both interfaces; one sent names the outer alone', () => {
  const through = fieldsOf(kernelLine('', TCP_PACKET.replace('OUT=', 'OUT=br0')))
  assert.deepEqual([through.subtype, through.sourceZone, through.destinationZone], ['forward', 'eth0', 'br0'])
  const sent = fieldsOf(kernelLine('', TCP_PACKET.replace('IN=eth0 OUT=', 'IN= OUT=eth0')))
  assert.deepEqual([sent.subtype, sent.sourceZone, sent.destinationZone], ['output', null, 'eth0'])
})

test('an ICMP error shows the packet that was sent, not the one it quotes', () => {
  const { protocol, sourceAddress, destinationAddress, sourcePort, destinationPort, flags } = fieldsOf(
    kernelLine(
      '',
      'IN=eth0 OUT= MAC= SRC=198.51.100.7 DST=203.0.113.10 LEN=68 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=ICMP TYPE=3 CODE=3 [SRC=203.0.113.10 DST=192.0.2.99 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=2 PROTO=UDP SPT=53 DPT=4444 LEN=20 ] MARK=0x1',
    ),
  )
  assert.deepEqual(
    [protocol, sourceAddress, destinationAddress, sourcePort, destinationPort, flags],
    ['icmp', '198.51.100.7', '203.0.113.10', null, null, []],
  )
})

for (const [name, packet, expected] of [
  [
    'IPv6 written out in upper case',
    'IN=eth0 OUT= MAC= SRC=2001:0DB8:0000:F101:0000:0000:0000:0002 DST=2001:0db8:0000:0000:0000:0000:0000:0001 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=804001 PROTO=TCP SPT=46395 DPT=80 WINDOW=5760 RES=0x00 SYN URGP=0 ',
    ['2001:db8:0:f101::2', '2001:db8::1', 46395, 80, 'tcp', []],
  ],
  [
    'a protocol known by its number only',
    'IN=eth0 OUT= MAC= SRC=198.51.100.7 DST=203.0.113.10 LEN=20 TOS=0x00 PREC=0x00 TTL=56 ID=50515 PROTO=162 ',
    ['198.51.100.7', '203.0.113.10', null, null, '162', []],
  ],
  [
    'a header too short for its protocol',
    'IN=eth0 OUT= MAC= SRC=198.51.100.7 DST=203.0.113.10 LEN=20 TOS=0x00 PREC=0x00 TTL=56 ID=5 PROTO=ESP INCOMPLETE [0 bytes] ',
    ['198.51.100.7', '203.0.113.10', null, null, 'esp', []],
  ],
  ['a UDP packet with two lengths', UDP_PACKET, ['198.51.100.7', '203.0.113.10', 24128, 1026, 'udp', []]],
  [
    'an impossible address',
    UDP_PACKET.replace('198.51.100.7', '198.51.100.700'),
    [null, '203.0.113.10', 24128, 1026, 'udp', []],
  ],
] as const) {
  test(`${name} is read`, () => {
    const found = fieldsOf(kernelLine('DROP ', packet))
    assert.deepEqual(
      [
        found.sourceAddress,
        found.destinationAddress,
        found.sourcePort,
        found.destinationPort,
        found.protocol,
        found.flags,
      ],
      expected,
    )
  })
}

for (const [name, line] of [
  ['in the prefix', kernelLine('SRC=192.0.2.66 DST=192.0.2.67 ')],
  [
    'a whole packet in the prefix',
    kernelLine('IN=a OUT= SRC=192.0.2.66 DST=192.0.2.67 PROTO=TCP SPT=1 DPT=2 '),
  ],
  ['behind the packet', kernelLine('', `${TCP_PACKET} SRC=192.0.2.66 `)],
  ['out of order', kernelLine('', TCP_PACKET.replace(/(SPT=\d+) (DPT=\d+)/, '$2 $1'))],
  ['by a program whose tag is only a word', `Jun  8 14:34:33 gw web: GET / ${TCP_PACKET}`],
] as const) {
  test(`keys of a packet ${name} make a line ambiguous`, () => {
    assert.ok(recordOf(line).flags.includes('ambiguous'))
  })
}

test('keys in a prefix move no address: the order of the grammar decides', () => {
  const { sourceAddress, destinationAddress } = fieldsOf(kernelLine('SRC=192.0.2.66 DST=192.0.2.67 '))
  assert.deepEqual([sourceAddress, destinationAddress], ['198.51.100.7', '203.0.113.10'])
})

test('a packet that another program quotes is no packet', () => {
  for (const front of ['web[12]: ', 'web[12]: GET ']) {
    assert.match(reasonOf(`Jun  8 14:34:33 gw ${front}${TCP_PACKET}`), /program/)
  }
  assert.notEqual(recordOf(`Jun  8 14:34:33 gw sshd[12]: Invalid user ${TCP_PACKET}`).format, 'netfilter')
})

test('a line cut anywhere shows no wrong address and no wrong port', () => {
  const line = kernelLine('[UFW BLOCK] ')
  const parser = new Parser(SYDNEY)
  for (let end = line.indexOf(' SRC='); end < line.length; end++) {
    const parsed = parser.parseLine(line.slice(0, end))
    if (!parsed.ok) continue
    const { sourceAddress, destinationAddress, sourcePort, destinationPort, flags } = parsed.record
    assert.ok(['198.51.100.7', null].includes(sourceAddress), `${end}: ${sourceAddress}`)
    assert.ok(['203.0.113.10', null].includes(destinationAddress), `${end}: ${destinationAddress}`)
    assert.ok([51514, null].includes(sourcePort), `${end}: ${sourcePort}`)
    assert.ok([8123, null].includes(destinationPort), `${end}: ${destinationPort}`)
    assert.ok(destinationPort !== null || flags.includes('truncated'), `${end}`)
  }
})

test('a line without a source says why it is not read', () => {
  assert.equal(
    reasonOf(kernelLine('', 'IN=eth0 OUT= MAC= LEN=1')),
    'netfilter: SRC= is missing or not an address',
  )
  assert.equal(
    reasonOf(kernelLine('', TCP_PACKET.replace('203.0.113.10', 'host'))),
    'netfilter: DST= is missing or not an address',
  )
})

test('a repetition says how often', () => {
  const { repeatCount, flags, sourcePort } = recordOf(
    `Jun  8 14:34:33 gw kernel: message repeated 3 times: [ [UFW BLOCK] ${TCP_PACKET}]`,
  )
  assert.deepEqual([repeatCount, flags, sourcePort], [3, ['repeated'], 51514])
})
