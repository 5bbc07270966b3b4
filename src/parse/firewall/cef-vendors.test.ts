import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { recordOf } from '../test-lines.ts'
import {
  CHECKPOINT_CEF,
  CHECKPOINT_IPS,
  FIREWALL_CEF,
  FORTIGATE_CEF,
  FORTIGATE_IPS,
  STRATA_CEF,
  withKey,
} from '../testing/event-lines.ts'

function known(line: string): Record<string, unknown> {
  const { raw, ...fields } = recordOf(line) satisfies LogRecord
  assert.ok(raw.length > 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

test('a FortiGate traffic line becomes a record', () => {
  assert.deepEqual(known(`<189>Feb 20 12:28:20 LAB-FG ${FORTIGATE_CEF}`), {
    eventTime: '2025-02-20T01:28:20.123Z',
    device: 'FGT60E0000000001',
    deviceSerial: 'FGT60E0000000001',
    format: 'fortigate-cef',
    vendor: 'Fortinet',
    type: 'TRAFFIC',
    subtype: 'forward',
    sourceAddress: '198.51.100.7',
    sourcePort: 45719,
    sourceCountry: 'Germany',
    sourceZone: 'wan1',
    destinationAddress: '203.0.113.10',
    destinationPort: 443,
    destinationCountry: 'Reserved',
    destinationZone: 'port19',
    natSourceAddress: '203.0.113.1',
    protocol: 'tcp',
    application: 'HTTPS.BROWSER',
    action: 'close',
    disposition: 'allowed',
    rule: 'Web servers',
    ruleId: '12',
    severity: 'low',
    sessionEndReason: 'close',
    sessionId: '56633',
    repeatCount: 1,
    bytesSent: 398,
    bytesReceived: 1605,
    packetsSent: 5,
    packetsReceived: 6,
    flags: [],
  })
})

test('FortiGate keys are known behind any prefix', () => {
  const expected = known(FORTIGATE_CEF)
  assert.deepEqual(known(FORTIGATE_CEF.replaceAll('FTNTFGT', 'FortinetFortiGate')), expected)
  assert.deepEqual(known(FORTIGATE_CEF.replaceAll('FTNTFGT', 'ad.')), expected)
  assert.deepEqual(known(FORTIGATE_CEF.slice('CEF:'.length)), expected)
})

test('a FortiGate attack is a threat with its severity, not that of the log line', () => {
  const { type, subtype, severity, threatId, threatName, attacker, disposition, url, sourceUser } =
    recordOf(FORTIGATE_IPS)
  assert.deepEqual(
    { type, subtype, severity, threatId, threatName, attacker, disposition, url, sourceUser },
    {
      type: 'UTM',
      subtype: 'ips',
      severity: 'critical',
      threatId: 29844,
      threatName: 'Some.Web.Server.Code.Execution',
      attacker: 'source',
      disposition: 'blocked',
      url: '/cgi-bin/x?a=b',
      sourceUser: null,
    },
  )
  assert.equal(recordOf(withKey(FORTIGATE_IPS, 'FTNTFGTseverity', null)).severity, 'critical') // level alert
  assert.equal(recordOf(withKey(FORTIGATE_IPS, 'FTNTFGTseverity', 'info')).severity, 'informational')
})

test('what FortiGate found in the answer of a server has its attacker there', () => {
  const incoming = withKey(FORTIGATE_IPS, 'deviceDirection', '0')
  assert.deepEqual(
    [recordOf(incoming).attacker, recordOf(incoming).direction],
    ['destination', 'server-to-client'],
  )
  const asSent = withKey(withKey(incoming, 'spt', '80'), 'dpt', '40001')
  assert.equal(recordOf(asSent).attacker, 'source')
})

test('FortiGate logins have an outcome, and an address also where only the console names it', () => {
  const login =
    'CEF:0|Fortinet|Fortigate|v7.2.8|32002|event:system login failed|7|FTNTFGTlevel=alert cat=event:system duser=admin1 sproc=https(198.51.100.7) act=login outcome=failed reason=name_invalid msg=Administrator admin1 login failed'
  const { type, outcome, sourceAddress, sourceUser, disposition } = recordOf(login)
  assert.deepEqual(
    { type, outcome, sourceAddress, sourceUser, disposition },
    {
      type: 'EVENT',
      outcome: 'failure',
      sourceAddress: '198.51.100.7',
      sourceUser: 'admin1',
      disposition: 'unknown',
    },
  )
  const vpn =
    'CEF:0|Fortinet|Fortigate|v7.2.8|39426|event:vpn ssl-login-fail|7|cat=event:vpn FTNTFGTremip=198.51.100.7 duser=bob act=ssl-login-fail'
  assert.deepEqual([recordOf(vpn).outcome, recordOf(vpn).sourceAddress], ['failure', '198.51.100.7'])
})

test('FortiGate names its type in the header where cat is missing', () => {
  const { type, subtype } = recordOf(withKey(FORTIGATE_CEF, 'cat', null))
  assert.deepEqual([type, subtype], ['TRAFFIC', 'forward'])
})

test('a session that a security profile blocked is blocked', () => {
  assert.equal(recordOf(`${FORTIGATE_CEF} FTNTFGTutmaction=block`).disposition, 'blocked')
})

test('a Check Point line becomes a record, its first layer kept', () => {
  assert.deepEqual(known(CHECKPOINT_CEF), {
    eventTime: '2025-02-20T01:28:20.000Z',
    device: '192.0.2.1',
    format: 'checkpoint-cef',
    vendor: 'Check Point',
    type: 'TRAFFIC',
    subtype: 'vpn-1-&-firewall-1',
    sourceAddress: '198.51.100.7',
    sourcePort: 53782,
    sourceZone: 'External',
    destinationAddress: '203.0.113.10',
    destinationPort: 443,
    destinationZone: 'Internal',
    protocol: 'tcp',
    application: 'https',
    action: 'drop',
    disposition: 'blocked',
    rule: 'Clean up',
    ruleId: '37c21d26-f155-407a-9958-8584c1fd3320',
    repeatCount: 1,
    flags: [],
  })
})

test('a Check Point attack is a threat; labels that come twice keep their values apart', () => {
  const { type, severity, threatName, attacker, disposition, rule, ruleId, repeatCount, flags } =
    recordOf(CHECKPOINT_IPS)
  assert.deepEqual(
    { type, severity, threatName, attacker, disposition, rule, ruleId, repeatCount, flags },
    {
      type: 'THREAT',
      severity: 'high',
      threatName: 'Web Server Information Disclosure',
      attacker: 'source',
      disposition: 'blocked',
      rule: 'Web servers',
      ruleId: '{115C1043-DF8A-48D4-96CB-0200C1F1499A}',
      repeatCount: 3,
      flags: [],
    },
  )
})

for (const [action, disposition] of [
  ['Accept', 'allowed'],
  ['Reject', 'blocked'],
  ['Detect', 'alerted'],
  ['Prevent', 'blocked'],
  ['Redirect', 'unknown'],
] as const) {
  test(`Check Point's ${action} is ${disposition}`, () => {
    assert.equal(recordOf(withKey(CHECKPOINT_CEF, 'act', action)).disposition, disposition)
  })
}

test('Check Point logins, and what a client fetched', () => {
  const login = recordOf(
    'CEF:0|Check Point|Mobile Access|Check Point|Log|Log|Unknown|act=Failed Log In rt=1740014900000 src=198.51.100.7 suser=bob product=Mobile Access',
  )
  assert.deepEqual([login.type, login.outcome, login.sourceUser], ['LOGIN', 'failure', 'bob'])
  const virus = recordOf(CHECKPOINT_IPS.replaceAll('SmartDefense', 'New Anti Virus'))
  assert.deepEqual([virus.type, virus.attacker], ['THREAT', null])
})

test("a Strata threat line becomes a record; out is sent, and the line's zone counts", () => {
  assert.deepEqual(known(`<14>1 2025-02-20T01:28:22Z logfwd logforwarder - panwlogs - ${STRATA_CEF}`), {
    eventTime: '2025-02-20T01:28:20.000Z',
    device: 'LAB-FW-01',
    deviceSerial: '013201001234',
    format: 'paloalto-cef',
    vendor: 'Palo Alto Networks',
    type: 'THREAT',
    subtype: 'vulnerability',
    sourceAddress: '198.51.100.7',
    sourcePort: 32350,
    sourceCountry: 'US',
    sourceUser: 'lab\\bob',
    sourceZone: 'untrust',
    destinationAddress: '203.0.113.10',
    destinationPort: 80,
    destinationCountry: 'AU',
    destinationZone: 'dmz',
    natDestinationAddress: '203.0.113.77',
    natDestinationPort: 8080,
    clientAddress: '192.0.2.9',
    protocol: 'tcp',
    application: 'web-browsing',
    action: 'reset-both',
    disposition: 'blocked',
    attacker: 'source',
    rule: 'Web servers',
    ruleId: 'ace432fe-a9f2-5a1e-327a-91fdce0077da',
    severity: 'critical',
    threatId: 95187,
    threatName: 'OS Command Injection',
    threatCategory: 'code-execution',
    direction: 'client-to-server',
    sessionId: '980296',
    sequenceNumber: '7204134051344758260',
    repeatCount: 1,
    url: '/a?x=1',
    flags: [],
  })
})

test('a threat from server to client has its attacker at the destination', () => {
  assert.equal(recordOf(STRATA_CEF.replace('client to server', 'server to client')).attacker, 'destination')
})

test("a firewall's own CEF has the type in the name and bytes the other way round", () => {
  const { type, subtype, bytesSent, bytesReceived, packetsSent, severity, sessionEndReason, eventTime } =
    recordOf(FIREWALL_CEF)
  assert.deepEqual(
    { type, subtype, bytesSent, bytesReceived, packetsSent, severity, sessionEndReason, eventTime },
    {
      type: 'TRAFFIC',
      subtype: 'drop',
      bytesSent: 60,
      bytesReceived: 0,
      packetsSent: 1,
      severity: null,
      sessionEndReason: 'policy-deny',
      eventTime: '2025-02-20T01:28:20.000Z',
    },
  )
})

test("a threat of the firewall's CEF stands in the header or in cat", () => {
  const header = recordOf(
    FIREWALL_CEF.replace('|drop|TRAFFIC|1|', '|OS Command Injection(95187)|THREAT|5|').replace(
      'cat=from-policy',
      'cat=vulnerability',
    ),
  )
  assert.deepEqual(
    [header.threatId, header.threatName, header.subtype, header.severity],
    [95187, 'OS Command Injection', 'vulnerability', 'critical'],
  )
  const category = recordOf(
    FIREWALL_CEF.replace('|drop|TRAFFIC|1|', '|url|THREAT|1|').replace('cat=from-policy', 'cat=(9999)'),
  )
  assert.deepEqual(
    [category.threatId, category.threatName, category.subtype, category.severity],
    [9999, null, 'url', 'informational'],
  )
})

test('custom keys without labels are those of the recommended format', () => {
  const { rule, sourceZone, destinationZone } = recordOf(
    FIREWALL_CEF.replace('cs1Label=Rule ', '').replace('cs4Label=Source Zone ', ''),
  )
  assert.deepEqual([rule, sourceZone, destinationZone], ['Sensor', 'untrust', 'untrust'])
})

test('keys that someone wrote into a value make the line ambiguous', () => {
  const url = withKey(
    FIREWALL_CEF.replace('cs1=Sensor', 'cs1=x request=/?a'),
    'request',
    '/?a dst=192.0.2.99 act=allow',
  )
  assert.deepEqual(recordOf(url).flags, ['ambiguous'])
  const direction = STRATA_CEF.replace('request=', 'request=x flexString2=server to client ')
  assert.deepEqual(recordOf(direction).flags, ['ambiguous'])
})

test('who attacked by FortiGate is told by its direction only where that is one', () => {
  const attackerOf = (direction: string, sourcePort: number): string | null =>
    recordOf(
      `CEF:0|Fortinet|Fortigate|v7.2.8|16384|utm:ips signature dropped|7|deviceExternalId=FG1 cat=utm:ips act=dropped src=198.51.100.7 spt=${sourcePort} dst=203.0.113.10 dpt=50000 ${direction}FTNTFGTattack=Example.Overflow FTNTFGTattackid=17`,
    ).attacker
  assert.equal(attackerOf('deviceDirection=1 ', 40_000), 'source')
  assert.equal(attackerOf('deviceDirection=0 ', 40_000), 'destination')
  // a server's answer, logged as it went
  assert.equal(attackerOf('deviceDirection=0 ', 443), 'source')
  assert.equal(attackerOf('deviceDirection=7 ', 40_000), 'source')
  assert.equal(attackerOf('', 40_000), 'source')
})
