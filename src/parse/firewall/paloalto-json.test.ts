import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATEGORIES, type LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { BSD_HEADER, parseBatch, reasonOf, recordOf, SYDNEY } from '../test-lines.ts'

const THREAT: Readonly<Record<string, unknown>> = {
  TimeReceived: '2025-02-20T12:28:21.000000Z',
  DeviceSN: 'no-serial',
  LogType: 'THREAT',
  Subtype: 'vulnerability',
  SubType: 'vulnerability',
  ConfigVersion: '10.2',
  TimeGenerated: '2025-02-20T12:28:20.000000Z',
  SourceAddress: '198.51.100.77',
  DestinationAddress: '203.0.113.10',
  NATSource: '',
  NATDestination: null,
  Rule: 'A "rule" – näme',
  SourceUser: null,
  Application: 'ssh',
  SessionID: 72837,
  RepeatCount: 2,
  CountOfRepeats: 2,
  SourcePort: 52000,
  DestinationPort: 22,
  NATDestinationPort: 0,
  Protocol: 'tcp',
  Action: 'reset-both',
  FileName: null,
  ThreatID: 'SSH Brute Force(40015)',
  VendorSeverity: 'High',
  DirectionOfAttack: 'client to server',
  SourceLocation: 'SG',
  URLCategoryList: ['a', 'b'],
  DeviceName: 'LAB-FW-01',
  ThreatCategory: 'brute-force',
  TimeGeneratedHighResolution: '2025-02-20T12:28:20.934000Z',
}
const text = (values: Readonly<Record<string, unknown>> = {}): string =>
  // Counters pass 2^53, so they are not written by JSON.stringify.
  JSON.stringify({ ...THREAT, ...values }).replace(/}$/, ',"SequenceNo":7353954110769176067}')

const EXPECTED: Partial<LogRecord> = {
  format: 'paloalto-json',
  type: 'THREAT',
  subtype: 'vulnerability',
  sourceAddress: '198.51.100.77',
  sourcePort: 52000,
  sourceCountry: 'SG',
  sourceUser: null,
  destinationAddress: '203.0.113.10',
  destinationPort: 22,
  natSourceAddress: null,
  natDestinationPort: null,
  action: 'reset-both',
  disposition: 'blocked',
  attacker: 'source',
  rule: 'A "rule" – näme',
  severity: 'high',
  threatId: 40015,
  threatName: 'SSH Brute Force',
  threatCategory: 'brute-force',
  direction: 'client-to-server',
  sequenceNumber: '7353954110769176067',
  repeatCount: 2,
  device: 'LAB-FW-01',
  deviceSerial: null,
  eventTime: '2025-02-20T12:28:20.934Z',
  flags: [],
}

function assertExpected(line: string): void {
  const record = recordOf(line)
  assert.deepEqual(
    Object.fromEntries(Object.keys(EXPECTED).map((key) => [key, Reflect.get(record, key)])),
    EXPECTED,
  )
}

const ESCAPED = text().replace('A \\"rule\\" – näme', '\\u0041 \\"rule\\" \\u2013 n\\u00e4me')
for (const [name, line] of [
  ['bare', text()],
  ['behind a header', `${BSD_HEADER}logforwarder: ${text()}`],
  ["behind Strata's header", `<14>1 2025-02-20T12:28:21.000Z stream logforwarder - panwlogs - ${text()}`],
  [
    'with blanks',
    JSON.stringify(JSON.parse(text()), null, 1)
      .replaceAll('\n', ' ')
      .replace(/"SequenceNo": \d+/, '"SequenceNo": 7353954110769176067'),
  ],
  ['in an array of one', `[ ${text()} ]`],
  ['inside an event', `{"time":1740054500,"event":${text()},"host":"x"}`],
  [
    'with values inside objects',
    text({ SourceAddress: { value: '198.51.100.77' }, LogType: { value: 'THREAT' } }),
  ],
  ['with an array of one', text({ DestinationAddress: ['203.0.113.10'], SourcePort: [52000] })],
  ['with escapes', ESCAPED],
  ['with the log type last', text({ LogType: undefined }).replace(/}$/, ',"LogType":"THREAT"}')],
] as const) {
  test(`Strata's JSON is read ${name}`, () => assertExpected(line))
}

test('bodies of HTTP server profiles with the variables of PAN-OS are read', () => {
  const body =
    '{"type":"TRAFFIC","subtype":"end","receive_time":"2025/02/20 12:28:20","serial":"013201001234","src":"198.51.100.77","dst":"203.0.113.10","sport":"51514","dport":"443","proto":"tcp","action":"drop","srcuser":"$srcuser","rule":"r","device_name":"LAB-FW-01"}'
  const { sourceAddress, destinationPort, sourceUser, eventTime, disposition } = recordOf(body)
  assert.deepEqual(
    [sourceAddress, destinationPort, sourceUser, eventTime, disposition],
    ['198.51.100.77', 443, null, '2025-02-20T01:28:20.000Z', 'blocked'],
  )
})

test('GLOBALPROTECT is a login with its public address', () => {
  const batch = parseBatch(new Parser(SYDNEY), [
    '{"TimeReceived":"2025-02-20T12:28:21.000000Z","LogType":"GLOBALPROTECT","EventIDValue":"portal-auth","Stage":"login","SourceUserName":"joe@example.org","SourceRegion":"SG","PublicIPv4":"0.0.0.0","PublicIPv6":"2001:db8::7","EventStatus":"failure","ConnectionError":"Invalid password"}',
  ])
  const { sourceAddress, sourceUser, outcome, sessionEndReason, action } = batch.recordAt(0)
  assert.deepEqual(
    [CATEGORIES[batch.category[0] as number], sourceAddress, sourceUser, outcome, sessionEndReason, action],
    ['login', '2001:db8::7', 'joe@example.org', 'failure', 'Invalid password', 'portal-auth'],
  )
})

test('a name twice with another value is ambiguous, in any case', () => {
  for (const more of [
    '"SourceAddress":"203.0.113.66"',
    '"sourceaddress":"203.0.113.66"',
    '"src":"203.0.113.66"',
  ]) {
    assert.deepEqual(recordOf(text().replace(/}$/, `,${more}}`)).flags, ['ambiguous'])
  }
})

test('names that mean something to JavaScript are plain data', () => {
  const line = text().replace(
    /^\{/,
    '{"__proto__":{"SourceAddress":"203.0.113.66"},"constructor":1,"toString":null,',
  )
  assertExpected(line)
})

test('text of outsiders inside a string never becomes a member', () => {
  const { sourceAddress, flags, rule } = recordOf(text({ Rule: 'x","SourceAddress":"203.0.113.66' }))
  assert.deepEqual([sourceAddress, flags, rule], ['198.51.100.77', [], 'x","SourceAddress":"203.0.113.66'])
})

test('what is no JSON, too deep, or several records is told', () => {
  const deep = text({ Deep: 0 }).replace('"Deep":0', `"Deep":${'['.repeat(100)}${']'.repeat(100)}`)
  for (const line of [
    `${text()} x`,
    text().slice(0, -1),
    deep,
    text().replace('"Protocol":"tcp"', '"Protocol"'),
  ]) {
    assert.equal(reasonOf(line), 'paloalto-json: the text is not a JSON object', line.slice(-40))
  }
  assert.equal(reasonOf(`[${text()},${text()}]`), 'paloalto-json: the line holds more than one record')
  assert.equal(reasonOf(text({ SourceAddress: 'fw' })), 'paloalto-json: the source address is not an address')
  assert.equal(reasonOf('{"type":"traffic","srcip":"198.51.100.77"}'), 'no known firewall format')
})
