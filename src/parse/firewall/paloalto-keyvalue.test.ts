import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { BSD_HEADER, parseBatch, reasonOf, recordOf, SYDNEY } from '../test-lines.ts'
import { Parser } from '../parser.ts'

const PAIRS: Readonly<Record<string, string>> = {
  timestamp: '2025/02/20 12:28:20',
  serial: '013201001234',
  type: 'TRAFFIC',
  subtype: 'end',
  'network.client.ip': '198.51.100.77',
  'network.destination.ip': '203.0.113.10',
  natsrc: '0.0.0.0',
  rule: 'Permit all, outbound',
  'usr.id': '',
  app: 'ssl',
  from: 'trust',
  to: 'untrust',
  sessionid: '92244',
  repeatcnt: '1',
  'network.client.port': '42799',
  'network.destination.port': '443',
  natsport: '24855',
  natdport: '8443',
  flags: '0x40447a',
  proto: 'tcp',
  'evt.name': 'drop',
  'network.bytes_read': '300',
  'network.bytes_written': '200',
  category: 'low-risk,any',
  seqno: '977161987',
  'network.client.geoip.country.name': 'Singapore',
  dstloc: 'Australia',
  session_end_reason: 'policy-deny',
  device_name: 'LAB-FW-01',
}

function line(values: Readonly<Record<string, string>> = {}, separator = ', '): string {
  return Object.entries({ ...PAIRS, ...values })
    .map(([key, value]) => `${key}=${value}`)
    .join(separator)
}

const EXPECTED: Partial<LogRecord> = {
  format: 'paloalto-keyvalue',
  type: 'TRAFFIC',
  subtype: 'end',
  sourceAddress: '198.51.100.77',
  sourcePort: 42799,
  sourceCountry: 'Singapore',
  sourceUser: null,
  destinationAddress: '203.0.113.10',
  destinationPort: 443,
  natSourceAddress: null,
  natDestinationPort: 8443,
  protocol: 'tcp',
  action: 'drop',
  disposition: 'blocked',
  rule: 'Permit all, outbound',
  bytesSent: 300,
  bytesReceived: 200,
  sequenceNumber: '977161987',
  sessionEndReason: 'policy-deny',
  device: 'LAB-FW-01',
  deviceSerial: '013201001234',
  eventTime: '2025-02-20T01:28:20.000Z',
  flags: [],
}

function assertExpected(text: string): void {
  const record = recordOf(text)
  assert.deepEqual(
    Object.fromEntries(Object.keys(EXPECTED).map((key) => [key, Reflect.get(record, key)])),
    EXPECTED,
  )
}

for (const [name, text] of [
  ['commas', line()],
  ['commas without blanks', line({ rule: 'Permit all, outbound' }, ',')],
  ['tabs and several blanks behind the commas', line().replaceAll(/, (?=\S+=)/g, ',  \t')],
  ['a comma missing behind a number', line().replace('24855, natdport', '24855 natdport')],
  ['pipes', line({}, '|')],
  ['keys in any case', line().replace('type=', 'Type=').replace('seqno=', 'SeqNo=')],
  ['values in quotes', line({ rule: '"Permit all, outbound"' })],
  ['a header inside a value', line({ 'syslog.header': '<14>Feb 20 12:28:20 fw' })],
] as const) {
  test(`key=value is read with ${name}`, () => assertExpected(BSD_HEADER + text))
}

test("Strata's e-mail form has blanks between its pairs", () => {
  const record = recordOf(
    'TimeReceived=2025-02-20T12:28:20.000000Z DeviceSN=013201001234 LogType=THREAT Subtype=vulnerability ConfigVersion=10.0 TimeGenerated=2025-02-20T12:28:19.000000Z SourceAddress=198.51.100.77 DestinationAddress=203.0.113.10 NATSource= NATDestination=203.0.113.10 Rule=deny them all SourceUser="lab\\joe" DestinationUser= Application=ssl SourcePort=29447 DestinationPort=443 Protocol=tcp Action=reset-server FileName=some other name ThreatID=Bot: Back(19974) VendorSeverity=High DirectionOfAttack=client to server SequenceNo=2638696487 DeviceName=LAB-FW-01',
  )
  assert.deepEqual(
    [
      record.rule,
      record.sourceUser,
      record.threatId,
      record.threatName,
      record.url,
      record.severity,
      record.attacker,
    ],
    ['deny them all', 'lab\\joe', 19974, 'Bot: Back', 'some other name', 'high', 'source'],
  )
  assert.deepEqual([record.natSourceAddress, record.flags], [null, []])
})

test('a key twice with another value is ambiguous, wherever an outsider put it', () => {
  for (const values of [
    { 'usr.id': 'x, network.client.ip=203.0.113.66' },
    { rule: 'x, src=203.0.113.66' },
    { 'usr.id': 'x, type=THREAT' },
  ]) {
    assert.deepEqual(recordOf(line(values)).flags, ['ambiguous'])
  }
  assert.deepEqual(recordOf(`${line()}, src=198.51.100.77`).flags, [])
})

test('values of the wrong kind are ambiguous, unknown ones null', () => {
  assert.deepEqual(recordOf(line({ 'network.destination.port': '66000' })).flags, ['ambiguous'])
  assert.deepEqual(recordOf(line({ 'evt.name': 'a;b' })).flags, ['ambiguous'])
  const unknown = recordOf(line({ 'network.client.ip': '10.2.75.414', 'usr.id': '$srcuser', seqno: '0' }))
  assert.deepEqual(
    [unknown.sourceAddress, unknown.sourceUser, unknown.sequenceNumber, unknown.flags],
    [null, null, null, []],
  )
})

test('what is no log of PAN-OS is told', () => {
  assert.equal(reasonOf(line({ type: 'traffic' })), 'paloalto-keyvalue: there is no log type of PAN-OS')
  assert.equal(
    reasonOf(line({ 'network.client.ip': 'fw.example.org' })),
    'paloalto-keyvalue: the source address is not an address',
  )
  assert.equal(
    reasonOf(line().replace('network.destination.ip', 'destination')),
    'paloalto-keyvalue: there is no destination address',
  )
})

test('pairs without a key or a log type of PAN-OS are not claimed', () => {
  const text =
    'device="SFW" date=2025-02-20 time=12:28:20 timezone="UTC" device_name="LAB" device_id=1 log_type="Firewall" status="Deny" src_ip=198.51.100.77 dst_ip=203.0.113.10'
  assert.equal(reasonOf(text), 'no known firewall format')
  assert.equal(reasonOf(text.replace('log_type="Firewall"', 'log_type=traffic')), 'no known firewall format')
})

test('the last value of a line that was cut is unknown', () => {
  const raw = line()
  const cut = raw.slice(0, raw.indexOf('seqno=') + 'seqno=9771'.length)
  const parser = new Parser(SYDNEY)
  const batch = parseBatch(parser, [cut])
  batch.raw.truncated[0] = 1
  batch.raw.used = batch.raw.end[0] as number
  parser.parse(batch.raw, batch)
  const { sequenceNumber, destinationPort, flags } = batch.recordAt(0)
  assert.deepEqual([sequenceNumber, destinationPort, flags], [null, 443, ['truncated']])
})
