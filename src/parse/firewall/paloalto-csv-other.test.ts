import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATEGORIES, type LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { BSD_HEADER, parseBatch, reasonOf, recordOf, SYDNEY } from '../test-lines.ts'

/** The fields of a record that the table names. */
function pick(record: LogRecord, expected: Partial<LogRecord>): Partial<LogRecord> {
  return Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(record, key)]))
}

function check(line: string, expected: Partial<LogRecord>): void {
  const record = recordOf(BSD_HEADER + line)
  assert.deepEqual(pick(record, { flags: [], ...expected }), { flags: [], ...expected })
}

function categoryOf(line: string): string | undefined {
  return CATEGORIES[parseBatch(new Parser(SYDNEY), [line]).category[0] as number]
}

const HEAD = '1,2025/02/20 12:28:20,013201001234'
const globalProtect = (middle: string): string => `${HEAD},${middle}`
const GP_TAIL =
  ',HOSTID,SN,6.2.1,Windows,"Microsoft Windows 11 , 64-bit",1,,Invalid password,,failure,,0,user-logon,0,GP-Portal'
const GP_FRONT =
  'GLOBALPROTECT,0,2305,2025/02/20 12:28:20,vsys1,portal-auth,login,LDAP,,lab\\jane,DE,LAPTOP-1,198.51.100.7,0.0.0.0,0.0.0.0,0.0.0.0'
const GP_NEW = `${GP_FRONT}${GP_TAIL},7204134051344750001,0x8000000000000000,2025-02-20T12:28:20.500+11:00,,,,,,0,0,0,0,,LAB-FW-02,1`

const TABLE: readonly (readonly [
  name: string,
  line: string,
  category: string,
  expected: Partial<LogRecord>,
])[] = [
  [
    'GLOBALPROTECT: a failed login with its public address, user and reason',
    globalProtect(GP_NEW),
    'login',
    {
      type: 'GLOBALPROTECT',
      subtype: '0',
      outcome: 'failure',
      sourceAddress: '198.51.100.7',
      sourceUser: 'lab\\jane',
      sourceCountry: 'DE',
      action: 'portal-auth',
      sessionEndReason: 'Invalid password',
      sequenceNumber: '7204134051344750001',
      device: 'LAB-FW-02',
      eventTime: '2025-02-20T01:28:20.500Z',
      disposition: 'unknown',
    },
  ],
  [
    'GLOBALPROTECT of 9.1.0: sequence number and flags in front of the type',
    globalProtect(`11,0x0,${GP_FRONT}${GP_TAIL}`),
    'login',
    {
      outcome: 'failure',
      sourceAddress: '198.51.100.7',
      sequenceNumber: '11',
      device: '013201001234',
      eventTime: '2025-02-20T01:28:20.000Z',
    },
  ],
  [
    'GLOBALPROTECT: IPv6 where the IPv4 column is 0.0.0.0',
    globalProtect(GP_NEW.replace('198.51.100.7,0.0.0.0', '0.0.0.0,2001:db8::7')),
    'login',
    { sourceAddress: '2001:db8::7' },
  ],
  [
    'GLOBALPROTECT: what is not about signing in is no login',
    globalProtect(GP_NEW.replace('portal-auth,login', 'gateway-logout,logout')),
    'other',
    { action: 'gateway-logout', sourceAddress: '198.51.100.7' },
  ],
  [
    'AUTHENTICATION',
    `${HEAD},AUTHENTICATION,0,2561,2025/02/20 12:28:20,vsys1,198.51.100.8,lab\\joe,lab\\joe,,Policy,1,77,,fwd,Radius,"denied, twice",Browser,User Password Failure,1,55,0x0,0,0,0,0,,LAB-FW-02,1,PAP,ace432fe-a9f2-5a1e-327a-91fdce0077da,2025-02-20T12:28:20.500+11:00`,
    'login',
    {
      outcome: 'failure',
      sourceAddress: '198.51.100.8',
      sourceUser: 'lab\\joe',
      sequenceNumber: '55',
      device: 'LAB-FW-02',
      ruleId: 'ace432fe-a9f2-5a1e-327a-91fdce0077da',
    },
  ],
  [
    'SYSTEM: a failed administrator login',
    `${HEAD},SYSTEM,auth,0,2025/02/20 12:28:20,,auth-fail,Profile,0,0,general,medium,"failed authentication for user 'joe'.  Reason: Invalid username/password. auth profile 'P', vsys 'shared', From: 198.51.100.9.",1718,0x0,0,0,0,0,,LAB-FW-01`,
    'login',
    {
      outcome: 'failure',
      sourceAddress: '198.51.100.9',
      sourceUser: 'joe',
      action: 'auth-fail',
      sessionEndReason: 'Invalid username/password',
      severity: 'medium',
      sequenceNumber: '1718',
      destinationAddress: null,
    },
  ],
  [
    'SYSTEM: a portal login of GlobalProtect before 9.1',
    `${HEAD},SYSTEM,globalprotect,0,2025/02/20 12:28:20,,globalprotectportal-auth-fail,Portal,0,0,general,informational,"GlobalProtect portal user authentication failed. Login from: 198.51.100.9, User name: lab\\jane, Reason: Invalid, Auth type: profile.",1719,0x0,0,0,0,0,,LAB-FW-01`,
    'login',
    { outcome: 'failure', sourceAddress: '198.51.100.9', sourceUser: 'lab\\jane' },
  ],
  [
    'SYSTEM: an administrator signs in to the web interface',
    `${HEAD},SYSTEM,general,0,2025/02/20 12:28:20,,general,,0,0,general,informational,User admin logged in via Web from 203.0.113.9 using https,5,0x0`,
    'login',
    { outcome: 'success', sourceAddress: '203.0.113.9', sourceUser: 'admin' },
  ],
  [
    'SYSTEM: a line without the column of the virtual system',
    `${HEAD},SYSTEM,vpn,0,2025/02/20 12:28:20,ike-config-p1-success,,0,0,general,informational,IKE daemon,0,0x0`,
    'other',
    { action: 'ike-config-p1-success', severity: 'informational' },
  ],
  [
    'CONFIG',
    `${HEAD},CONFIG,0,0,2025/02/20 12:28:20,203.0.113.9,,set,admin,Web,Succeeded, config shared,77,0x0,0,0,0,0,,LAB-FW-01,0,,0,2025-02-20T12:28:20.500+11:00`,
    'other',
    {
      sourceAddress: '203.0.113.9',
      sourceUser: 'admin',
      action: 'set',
      sequenceNumber: '77',
      device: 'LAB-FW-01',
    },
  ],
  [
    'CONFIG with the change before and after',
    `${HEAD},CONFIG,0,0,2025/02/20 12:28:20,203.0.113.9,,set,admin,Web,Succeeded,vsys x,,a { b c; },78,0x8000000000000000,0,0,0,0,,LAB-FW-01,0,`,
    'other',
    { sequenceNumber: '78', device: 'LAB-FW-01' },
  ],
  [
    'USERID',
    `${HEAD},USERID,login,2304,2025/02/20 12:28:20,vsys1,203.0.113.20,lab\\joe,,0,1,2592000,0,0,vpn-client,globalprotect,9,0x0,0,0,0,0,,LAB-FW-01,1`,
    'other',
    {
      sourceAddress: '203.0.113.20',
      sourceUser: 'lab\\joe',
      subtype: 'login',
      device: 'LAB-FW-01',
      action: null,
    },
  ],
  [
    'HIP-MATCH: IPv6 where the address is 0.0.0.0',
    `0,2025/02/20 12:28:20,013201001234,HIP-MATCH,0,0,2025/02/20 12:28:20,lab\\joe,vsys1,PC,Windows,0.0.0.0,Compliant,1,profile,0,0,28,0x0,15,18,0,0,,LAB-FW-01,1,2001:db8::9,HOSTID`,
    'other',
    { type: 'HIP-MATCH', sourceAddress: '2001:db8::9', rule: 'Compliant', device: 'LAB-FW-01' },
  ],
  [
    'DECRYPTION: the addresses of a session that TRAFFIC reports too',
    `${HEAD},DECRYPTION,0,2562,2025/02/20 12:28:20,203.0.113.20,198.51.100.9,0.0.0.0,0.0.0.0,Rule,,,ssl,vsys1,trust,untrust,a,b,fwd,2025/02/20 12:28:20,7,1,50000,443,0,0,0x400400,tcp,allow,N/A`,
    'other',
    { sourceAddress: '203.0.113.20', destinationPort: 443, application: 'ssl', disposition: 'allowed' },
  ],
  [
    'DECRYPTION of Strata: an empty column in front of the type',
    `1,2025-02-20T12:28:20.000000Z,013201001234,,DECRYPTION,10.0,2025-02-20T12:28:19.000000Z,203.0.113.20,198.51.100.9,,,Rule,,,ssl,vsys1,trust,untrust,a,b,fwd,,7,1,50000,443,0,0,3072,tcp,allow,GRE`,
    'other',
    {
      type: 'DECRYPTION',
      subtype: null,
      destinationAddress: '198.51.100.9',
      eventTime: '2025-02-20T12:28:19.000Z',
    },
  ],
  [
    'END: a tunnel session is traffic',
    `${HEAD},END,end,2562,2025/02/20 12:28:20,198.51.100.9,203.0.113.20,0.0.0.0,0.0.0.0,Rule,,,vxlan,vsys1,untrust,trust,a,b,fwd,2025/02/20 12:28:20,7,1,50000,4789,0,0,0x0,udp,allow,informational,66,0x0,Singapore,Australia,0,0,0,0,,LAB-FW-01,0,,0,,VXLAN,500,300,200,5,3,2`,
    'traffic',
    {
      type: 'END',
      sourceAddress: '198.51.100.9',
      destinationPort: 4789,
      sourceCountry: 'Singapore',
      bytesSent: 300,
      bytesReceived: 200,
      sequenceNumber: '66',
      device: 'LAB-FW-01',
    },
  ],
  [
    'SCTP: a column more in front of the protocol',
    `${HEAD},SCTP,,,2025/02/20 12:28:20,198.51.100.9,203.0.113.20,,,Rule,,,,vsys1,untrust,trust,a,b,fwd,,7,1,38412,38412,,,,,sctp,allow,0,0,0,0,,LAB-FW-01,67`,
    'other',
    { protocol: 'sctp', action: 'allow', sourcePort: 38412, device: 'LAB-FW-01', sequenceNumber: '67' },
  ],
  [
    'GTP',
    `${HEAD},GTP,start,2562,2025/02/20 12:28:20,198.51.100.9,203.0.113.20,,,Rule,,,gtp-u,vsys1,untrust,trust,a,b,fwd,,7,,2152,2152,,,,udp,allow,51`,
    'other',
    { application: 'gtp-u', protocol: 'udp', destinationPort: 2152 },
  ],
  [
    'CORRELATION: the host that was taken over is no attacker',
    `${HEAD},CORRELATION,,,2025/02/20 12:28:20,203.0.113.20,lab\\joe,,compromised-host,medium,0,0,0,0,,LAB-FW-01,,beacon-heuristics,6005,"Host visited known malware URL (100 times)."`,
    'other',
    {
      sourceAddress: '203.0.113.20',
      severity: 'medium',
      threatCategory: 'compromised-host',
      rule: 'beacon-heuristics',
      attacker: null,
      device: 'LAB-FW-01',
    },
  ],
  [
    'IPTAG',
    `${HEAD},IPTAG,iptag,2562,2025/02/20 12:28:20,vsys1,198.51.100.9,scanner,register,1,0,src,XMLAPI,,68,0x0,0,0,0,0,,LAB-FW-01,1`,
    'other',
    { sourceAddress: '198.51.100.9', device: 'LAB-FW-01', sequenceNumber: '68' },
  ],
]

for (const [name, line, category, expected] of TABLE) {
  test(name, () => {
    check(line, expected)
    assert.equal(categoryOf(line), category)
  })
}

test('a user name with commas or quotes never moves the address of a login', () => {
  for (const user of [
    'x,FR,PC,203.0.113.66,0.0.0.0,0.0.0.0,0.0.0.0',
    'x,y',
    '"x",FR,PC,203.0.113.66',
    'a"b,c',
  ]) {
    const { flags } = recordOf(globalProtect(GP_NEW.replace('lab\\jane', () => user)))
    assert.deepEqual(flags, ['ambiguous'], user)
  }
})

const systemText = (text: string): string =>
  `${HEAD},SYSTEM,auth,0,2025/02/20 12:28:20,,auth-fail,,0,0,general,medium,${text},1718,0x0,0,0,0,0,,LAB-FW-01`

test('a user name that looks like the rest of the sentence never names another address', () => {
  const injected = recordOf(
    systemText(`"failed authentication for user 'x'. From: 203.0.113.66.'.  Reason: R. From: 198.51.100.9."`),
  )
  assert.deepEqual([injected.sourceAddress, injected.flags], ['198.51.100.9', ['ambiguous']])
  // without an address of its own, not quoted with a comma behind it, or so long that it was cut there
  for (const text of [
    `"failed authentication for user 'x'. From: 203.0.113.66.'.  Reason: R."`,
    "failed authentication for user 'x'. From: 203.0.113.66.,y'. Reason: R. From: 198.51.100.9.",
    `"failed authentication for user '${'x'.repeat(460)}'. From: 203.0.113.66."`,
  ]) {
    assert.equal(recordOf(systemText(text)).sourceAddress, null, text)
  }
})

test('an event id and a sentence that contradict each other have no outcome', () => {
  const line = systemText(`"failed authentication for user 'joe'. Reason: R. From: 198.51.100.9."`)
  assert.equal(recordOf(line.replace('auth-fail', 'auth-success')).outcome, null)
})

const STRATA_FRONT =
  '2025-02-20T12:28:20.000000Z,no-serial,TYPE,SUBTYPE,10.0,2025-02-20T12:28:19.000000Z,198.51.100.9,203.0.113.20,,,Rule,,,ssl,vsys1,untrust,trust,a,b,fwd,844334,1,53498,443,0,8443,tcp,reset-both'
const STRATA_HEADER = '1 2025-02-20T12:28:21.000Z stream-logfwd20-1 logforwarder - panwlogs - '

test("Strata's own columns: threat, URL and traffic, with the PRI lost and no first column", () => {
  const front = (type: string, subtype: string): string =>
    STRATA_HEADER + STRATA_FRONT.replace('SUBTYPE', subtype).replace('TYPE', type)
  const threat = recordOf(
    `${front('THREAT', 'vulnerability')},,Some Overflow(31337),High,client to server,50288852,Singapore,AU,0,,,0,,,,,0,131,0,0,0,,GP cloud service,,,0,,0,1970-01-01T00:00:00.000000Z,N/A,overflow,565,0x0,fd02920c-3450-4e49-b3dd-01b02f9f9cdb`,
  )
  const expected: Partial<LogRecord> = {
    sourcePort: 53498,
    destinationPort: 443,
    natDestinationPort: 8443,
    protocol: 'tcp',
    action: 'reset-both',
    threatId: 31337,
    threatName: 'Some Overflow',
    severity: 'high',
    direction: 'client-to-server',
    attacker: 'source',
    device: 'GP cloud service',
    deviceSerial: null,
    threatCategory: 'overflow',
    ruleId: 'fd02920c-3450-4e49-b3dd-01b02f9f9cdb',
    eventTime: '2025-02-20T12:28:19.000Z',
    flags: [],
  }
  assert.deepEqual(pick(threat, expected), expected)
  const url = recordOf(
    `${front('THREAT', 'url')},example.org/a,computer,Informational,server to client,5,SG,AU,text/html,0,0,,,,1,0,0,0,,GP cloud service`,
  )
  assert.deepEqual([url.url, url.attacker, url.device], ['example.org/a', 'destination', 'GP cloud service'])
  const traffic = recordOf(
    `${front('TRAFFIC', 'end')},500,300,200,9,2025-02-20T12:28:00.000000Z,7,any,6,SG,AU,5,4,tcp-fin,131,0,0,0,,GP cloud service`,
  )
  assert.deepEqual(
    [traffic.bytesSent, traffic.bytesReceived, traffic.packetsSent, traffic.sessionEndReason, traffic.device],
    [300, 200, 5, 'tcp-fin', 'GP cloud service'],
  )
})

test('SYSTEM and GLOBALPROTECT of Strata lack the columns that say nothing', () => {
  const system = recordOf(
    `${STRATA_HEADER}2025-02-20T12:28:20.000000Z,013201001234,SYSTEM,auth,10.1,2025-02-20T12:28:19.000000Z,,auth-fail,,Medium,"failed authentication for user 'joe'. Reason: R. From: 198.51.100.9.",7,0,0,0,0,,LAB-FW-01,,,2025-02-20T12:28:19.500000Z`,
  )
  assert.deepEqual(
    [system.sourceAddress, system.severity, system.action, system.device, system.eventTime],
    ['198.51.100.9', 'medium', 'auth-fail', 'LAB-FW-01', '2025-02-20T12:28:19.500Z'],
  )
  const front = GP_FRONT.replaceAll('2025/02/20 12:28:20', '2025-02-20T12:28:19.000000Z')
  const login = recordOf(
    `${STRATA_HEADER}2025-02-20T12:28:20.000000Z,no-serial,${front}${GP_TAIL},7,2025-02-20T12:28:19.500000Z,,,,,,0,0,0,0,,GP cloud service,1`,
  )
  assert.deepEqual(
    [login.outcome, login.eventTime, login.device, login.flags],
    ['failure', '2025-02-20T12:28:19.500Z', 'GP cloud service', []],
  )
})

test('AUDIT has no first column; its type is in lower case', () => {
  const audit = recordOf('01111111111,2025/02/20 12:28:20,audit,2561,gui-op,admin,show system info,success')
  assert.deepEqual(
    [audit.type, audit.deviceSerial, audit.eventTime],
    ['AUDIT', '01111111111', '2025-02-20T01:28:20.000Z'],
  )
})

test('a tunnel line that ends early is told', () => {
  assert.equal(
    reasonOf(`${HEAD},START,start,2562,2025/02/20 12:28:20,198.51.100.9,203.0.113.20`),
    'paloalto-csv: the line ends before column 31 (action)',
  )
})
