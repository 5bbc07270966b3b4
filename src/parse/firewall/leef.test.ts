import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonOf, recordOf } from '../test-lines.ts'
import { GENERIC_LEEF, PALOALTO_LEEF } from '../testing/event-lines.ts'

test('a PAN-OS line becomes a record', () => {
  const { raw, ...fields } = recordOf(`<14>Feb 20 12:28:20 fw ${PALOALTO_LEEF}`)
  assert.ok(raw.length > 0)
  assert.deepEqual(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)), {
    eventTime: '2025-02-20T01:28:20.000Z',
    device: 'LAB-FW-01',
    deviceSerial: '013201001234',
    format: 'paloalto-leef',
    vendor: 'Palo Alto Networks',
    type: 'TRAFFIC',
    subtype: 'drop',
    sourceAddress: '198.51.100.7',
    sourcePort: 51514,
    sourceCountry: 'Singapore',
    sourceZone: 'untrust',
    destinationAddress: '203.0.113.10',
    destinationPort: 8060,
    destinationCountry: 'Australia',
    destinationZone: 'untrust',
    protocol: 'tcp',
    application: 'not-applicable',
    action: 'drop',
    disposition: 'blocked',
    rule: 'Sensor',
    sessionEndReason: 'policy-deny',
    sequenceNumber: '7204134051344758261',
    repeatCount: 1,
    bytesSent: 60,
    bytesReceived: 0,
    packetsSent: 1,
    packetsReceived: 0,
    flags: [],
  })
})

for (const [name, line] of [
  ['tabs', PALOALTO_LEEF.replace(/\|(?=[A-Za-z]+=)/g, '\t').replace('drop\tcat', 'drop|cat')],
  [
    'tabs as rsyslog writes them',
    PALOALTO_LEEF.replace(/\|(?=[A-Za-z]+=)/g, '#011').replace('drop#011cat', 'drop|cat'),
  ],
  [
    'tabs that became blanks',
    PALOALTO_LEEF.replace(/\|(?=[A-Za-z]+=)/g, ' ').replace('drop cat', 'drop|cat'),
  ],
  [
    'LEEF 2.0 and the number of the separator',
    PALOALTO_LEEF.replace('1.0|', '2.0|').replace('|cat=', '|x7C|cat='),
  ],
  ['LEEF 2.0 and 0x', PALOALTO_LEEF.replace('1.0|', '2.0|').replace('|cat=', '|0x7c|cat=')],
  ['LEEF 2.0 and no separator', PALOALTO_LEEF.replace('1.0|', '2.0|').replace('|cat=', '||cat=')],
  ['LEEF 2.0 and a separator field left out', PALOALTO_LEEF.replace('1.0|', '2.0|')],
  [
    'a separator that is not the one in use',
    PALOALTO_LEEF.replace('1.0|', '2.0|').replace('|cat=', '|^|cat='),
  ],
  ['a blank behind the prefix', PALOALTO_LEEF.replace('LEEF:', 'LEEF: ')],
  ['no prefix', PALOALTO_LEEF.slice('LEEF:'.length)],
] as const) {
  test(`PAN-OS LEEF is read with ${name}`, () => {
    const { sourceAddress, destinationPort, action, rule, flags } = recordOf(line)
    assert.deepEqual(
      { sourceAddress, destinationPort, action, rule, flags },
      { sourceAddress: '198.51.100.7', destinationPort: 8060, action: 'drop', rule: 'Sensor', flags: [] },
    )
  })
}

test('the event id stands for an action or a threat that no key names', () => {
  const traffic = recordOf(
    PALOALTO_LEEF.replace('|action=drop', '').replace('11.1.0|drop|', '11.1.0|reset-both|'),
  )
  assert.deepEqual([traffic.action, traffic.disposition], ['reset-both', 'blocked'])
  const threat = recordOf(
    PALOALTO_LEEF.replaceAll('=TRAFFIC', '=THREAT')
      .replace('11.1.0|drop|', '11.1.0|OS Command Injection(95187)|')
      .replace('|URLCategory', '|sev=5|Direction=client-to-server|URLCategory'),
  )
  assert.deepEqual(
    [threat.threatId, threat.threatName, threat.severity, threat.attacker],
    [95187, 'OS Command Injection', 'critical', 'source'],
  )
})

test('the names of Strata are known too', () => {
  const { type, subtype, rule, sourceZone, sequenceNumber, eventTime } = recordOf(
    'LEEF:2.0|Palo Alto Networks|Next Generation Firewall|10.1|drop-reset|\t|TimeReceived=2025-02-20T01:28:21.000000Z\tDeviceSN=013201001234\tcat=traffic\tSubType=end\tdevTime=2025-02-20T01:28:20.250000Z\tsrc=198.51.100.7\tdst=203.0.113.10\tRule=deny attackers\tFromZone=untrust\tSequenceNo=7003061085139304175\tdevTimeFormat=YYYY-MM-DDTHH:MM:SSZ',
  )
  assert.deepEqual(
    { type, subtype, rule, sourceZone, sequenceNumber, eventTime },
    {
      type: 'TRAFFIC',
      subtype: 'end',
      rule: 'deny attackers',
      sourceZone: 'untrust',
      sequenceNumber: '7003061085139304175',
      eventTime: '2025-02-20T01:28:20.250Z',
    },
  )
})

test('a line of another vendor becomes traffic, its time read by its own pattern', () => {
  const { format, type, sourceAddress, destinationPort, sourceUser, protocol, severity, eventTime } =
    recordOf(GENERIC_LEEF)
  assert.deepEqual(
    { format, type, sourceAddress, destinationPort, sourceUser, protocol, severity, eventTime },
    {
      format: 'leef',
      type: 'TRAFFIC',
      sourceAddress: '198.51.100.7',
      destinationPort: 22,
      sourceUser: 'joe',
      protocol: 'tcp',
      severity: 'medium',
      eventTime: '2025-02-19T14:28:20.000Z', // Sydney
    },
  )
})

test('a login is told by the event id', () => {
  const { type, outcome } = recordOf(
    'LEEF:1.0|Example|VPN|1|Login failed|src=198.51.100.7\tusrName=bob\tsev=3',
  )
  assert.deepEqual([type, outcome], ['LOGIN', 'failure'])
})

test('a key that stands twice with another value makes the line ambiguous', () => {
  assert.deepEqual(recordOf(`${GENERIC_LEEF}^src=192.0.2.99`).flags, ['ambiguous'])
  assert.deepEqual(recordOf(`${PALOALTO_LEEF}|src=192.0.2.99`).flags, ['ambiguous'])
})

test('a header that ends early is told', () => {
  assert.equal(reasonOf('LEEF:1.0|Example|Firewall'), 'leef: the header has fewer than 5 fields')
  assert.equal(
    reasonOf('LEEF:1.0|Palo Alto Networks|PAN-OS|1|x|src=198.51.100.7'),
    'paloalto-leef: there is no log type of PAN-OS',
  )
})
