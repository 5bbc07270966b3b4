import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BSD_HEADER, reasonOf, recordOf, THREAT, TRAFFIC, withColumns } from '../test-lines.ts'

const traffic = (values: Readonly<Record<number, string>> = {}) =>
  recordOf(BSD_HEADER + withColumns(TRAFFIC, values))

test('a traffic line becomes a record', () => {
  const { raw, ...fields } = traffic()
  assert.equal(raw, BSD_HEADER + TRAFFIC)
  assert.deepEqual(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)), {
    eventTime: '2025-02-20T01:28:20.113Z',
    device: 'LAB-FW-01',
    deviceSerial: '013201001234',
    format: 'paloalto-csv',
    vendor: 'Palo Alto Networks',
    type: 'TRAFFIC',
    subtype: 'drop',
    sourceAddress: '198.51.100.77',
    sourcePort: 51514,
    sourceCountry: 'Singapore',
    sourceZone: 'UNTRUST',
    destinationAddress: '203.0.113.10',
    destinationPort: 8060,
    destinationCountry: 'Australia',
    destinationZone: 'UNTRUST',
    protocol: 'tcp',
    application: 'not-applicable',
    action: 'reset-both',
    disposition: 'blocked',
    rule: 'Active Defense sensor',
    ruleId: 'ace432fe-a9f2-5a1e-327a-91fdce0077da',
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

test('a threat line becomes a record, doubled quotes undone', () => {
  const { url, threatId, threatName, threatCategory, severity, direction, attacker, flags, eventTime } =
    recordOf(THREAT)
  assert.deepEqual(
    { url, threatId, threatName, threatCategory, severity, direction, attacker, flags, eventTime },
    {
      url: '203.0.113.10/ssl-vpn/hipreport.esp?q={"a":1,"b":2}',
      threatId: 95187,
      threatName: 'Palo Alto Networks GlobalProtect OS Command Injection Vulnerability',
      threatCategory: 'code-execution',
      severity: 'critical',
      direction: 'client-to-server',
      attacker: 'source',
      flags: [],
      eventTime: '2025-02-20T00:49:43.288Z',
    },
  )
})

test('a threat from server to client has its attacker at the destination', () => {
  const { attacker, direction } = recordOf(THREAT.replace('client-to-server', 'server-to-client'))
  assert.deepEqual({ attacker, direction }, { attacker: 'destination', direction: 'server-to-client' })
  assert.equal(recordOf(THREAT.replace('client-to-server', '1')).direction, 'server-to-client')
})

for (const [name, line] of [
  ['no first column', TRAFFIC.slice(2)],
  ['first column 0', `0${TRAFFIC.slice(1)}`],
  ['empty first column', TRAFFIC.slice(1)],
  ['31 columns', TRAFFIC.split(',').slice(0, 31).join(',')],
  ['46 columns', TRAFFIC.split(',').slice(0, 46).join(',')],
  ['more columns', `${TRAFFIC}${',x'.repeat(60)}`],
  [
    'a relay that took the date for a tag',
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 ${TRAFFIC.replace(' ', ' - - - ')}`,
  ],
  ['a lone colon', `Feb 20 12:28:20 LAB-FW-01 : ${TRAFFIC}`],
  ['a program name', `Feb 20 12:28:20 LAB-FW-01 logforwarder[12]: ${TRAFFIC}`],
] as const) {
  test(`a traffic line is read with ${name}`, () => {
    const { sourceAddress, destinationAddress, destinationPort, action, type, flags } = recordOf(line)
    assert.deepEqual(
      { sourceAddress, destinationAddress, destinationPort, action, type, flags },
      {
        sourceAddress: '198.51.100.77',
        destinationAddress: '203.0.113.10',
        destinationPort: 8060,
        action: 'reset-both',
        type: 'TRAFFIC',
        flags: [],
      },
    )
  })
}

test('the device is its name, else its serial, else the host of the header', () => {
  assert.equal(traffic({ 52: 'FW-A' }).device, 'FW-A')
  assert.equal(traffic({ 52: '' }).device, '013201001234')
  assert.equal(traffic({ 52: '', 2: 'no-serial' }).device, 'LAB-FW-01')
})

test('the time is the high-resolution one, else generated, else received, else the header', () => {
  const unset = { 102: '1969-12-31T16:00:00.000-08:00' }
  assert.equal(traffic({ ...unset, 6: '2025/02/20 12:28:10' }).eventTime, '2025-02-20T01:28:10.000Z')
  assert.equal(
    traffic({ ...unset, 6: '2025/00/00 00:00:00', 1: '2025/02/20 12:28:11' }).eventTime,
    '2025-02-20T01:28:11.000Z',
  )
  assert.equal(traffic({ ...unset, 6: '', 1: '2025/02/30 12:00:00' }).eventTime, '2025-02-20T01:28:20.000Z')
})

test('a brace list outside quotes is one column', () => {
  const { clientAddress, sourceEdl, eventTime } = traffic({
    69: '{link1,tag,dia,ethernet1/1,2025/02/20 12:28:20,100,100,,N/A}',
    75: '198.51.100.9',
    95: 'Active Defense list',
  })
  assert.deepEqual(
    { clientAddress, sourceEdl, eventTime },
    {
      clientAddress: '198.51.100.9',
      sourceEdl: 'Active Defense list',
      eventTime: '2025-02-20T01:28:20.113Z',
    },
  )
})

test('addresses after translation are unknown when 0.0.0.0, and port 0 is no port', () => {
  const { natSourceAddress, natDestinationAddress, natDestinationPort } = traffic({
    10: '203.0.113.77',
    27: '8443',
  })
  assert.deepEqual(
    { natSourceAddress, natDestinationAddress, natDestinationPort },
    { natSourceAddress: null, natDestinationAddress: '203.0.113.77', natDestinationPort: 8443 },
  )
  assert.equal(traffic({ 25: '0' }).destinationPort, null)
})

test('masked and impossible addresses are unknown', () => {
  for (const address of ['xxx.xx.x.xx', '10.2.75.414', '00.00.000.00', '']) {
    const { sourceAddress, flags } = traffic({ 7: address })
    assert.deepEqual({ sourceAddress, flags }, { sourceAddress: null, flags: [] }, address)
  }
})

test('columns that have moved are told, never guessed', () => {
  assert.equal(
    reasonOf(withColumns(TRAFFIC, { 7: 'UNTRUST' })),
    'paloalto-csv: column 8 (source address) is not an address',
  )
  assert.equal(
    reasonOf(withColumns(TRAFFIC, { 8: '1.2.3.4; x' })),
    'paloalto-csv: column 9 (destination address) is not an address',
  )
  assert.equal(
    reasonOf(TRAFFIC.split(',').slice(0, 30).join(',')),
    'paloalto-csv: the line ends before column 31 (action)',
  )
  assert.equal(
    reasonOf(withColumns(TRAFFIC, { 3: 'TRAFFICS' })),
    'paloalto-csv: the type column does not name a log type of PAN-OS',
  )
  assert.deepEqual(traffic({ 12: 'lab\\a,b' }).flags, ['ambiguous'])
  assert.deepEqual(traffic({ 25: '66000' }).flags, ['ambiguous'])
})

test('quote tricks of an outsider in the URL make the line ambiguous', () => {
  const url = '"203.0.113.10/ssl-vpn/hipreport.esp?q={""a"":1,""b"":2}"'
  for (const trick of [
    '"x",Fake(1),any,critical,client-to-server,1"',
    '"x"y,Fake(1),any,critical"',
    '"never closed',
  ]) {
    assert.deepEqual(recordOf(THREAT.replace(url, () => trick)).flags, ['ambiguous'], trick)
  }
})

test('unset counters and literal variables are unknown', () => {
  const { sessionId, sequenceNumber, sourceUser, rule, sessionEndReason } = traffic({
    22: '0',
    39: '0',
    12: '$srcuser',
    11: '$rule',
    46: 'n/a',
  })
  assert.deepEqual(
    { sessionId, sequenceNumber, sourceUser, rule, sessionEndReason },
    { sessionId: null, sequenceNumber: null, sourceUser: null, rule: null, sessionEndReason: null },
  )
})

test("the old release's words with blanks are those with hyphens", () => {
  assert.equal(traffic({ 30: 'reset both' }).action, 'reset-both')
  assert.equal(traffic({ 30: 'drop ICMP' }).disposition, 'blocked')
})

test('other log types are recognised by their head, wherever the type stands', () => {
  const system =
    '1,2025/02/20 12:28:20,013201001234,SYSTEM,general,0,2025/02/20 12:28:21,,general,,0,0,general,informational,"Deviating device, Serial: 1",1163103,0x0,0,0,0,0,,LAB-FW-01'
  const { type, subtype, device, deviceSerial, severity, eventTime, disposition } = recordOf(system)
  assert.deepEqual(
    { type, subtype, device, deviceSerial, severity, eventTime, disposition },
    {
      type: 'SYSTEM',
      subtype: 'general',
      device: 'LAB-FW-01',
      deviceSerial: '013201001234',
      severity: 'informational',
      eventTime: '2025-02-20T01:28:21.000Z',
      disposition: 'unknown',
    },
  )
  assert.equal(
    recordOf('1,2018/09/19 11:50:32,0007,11,0x0,GLOBALPROTECT,x,2018/09/19 11:50:32').type,
    'GLOBALPROTECT',
  )
  const audit = recordOf('01111111111,2024/04/11 20:06:15,audit,2561,2024/04/11 20:06:15,x,y')
  assert.deepEqual(
    [audit.type, audit.deviceSerial, audit.eventTime],
    ['AUDIT', '01111111111', '2024-04-11T10:06:15.000Z'],
  )
})

const systemLine = (description: string, tail = ',1163103,0x0,0,0,0,0,,LAB-FW-01'): string =>
  `1,2025/02/20 12:28:20,013201001234,SYSTEM,auth,0,2025/02/20 12:28:21,,auth-fail,,0,0,general,medium,${description}${tail}`

for (const [name, line] of [
  ['a comma', systemLine('failed authentication for user a, b')],
  ['seven commas', systemLine('a, b, c, d, e, f, g, h')],
  ['eight commas', systemLine('a, b, c, d, e, f, g, h, EVIL')],
  ['columns that look real', systemLine('user x,1,0x0,0,0,0,0,,EVIL')],
  ['columns that look real, in a version without names', systemLine('user x,1,0x0,0,0,0,0,,EVIL', ',5,0x0')],
  ['a quote that never closes', systemLine('user x,1,0x0,0,0,0,0,,EVIL,"')],
  ['quotes of its own', systemLine('"user x",1,0x0,0,0,0,0,,EVIL,""')],
] as const) {
  test(`text of a SYSTEM line that is not quoted never names the device: ${name}`, () => {
    const { device, eventTime } = recordOf(BSD_HEADER + line)
    assert.deepEqual({ device, eventTime }, { device: '013201001234', eventTime: '2025-02-20T01:28:21.000Z' })
  })
}

test('a SYSTEM line names its device when its text is quoted, or has no comma', () => {
  for (const text of ['"user a, b; ""c"""', 'user a. b']) {
    assert.equal(recordOf(BSD_HEADER + systemLine(text)).device, 'LAB-FW-01')
  }
})

test('where columns have moved in a THREAT line its serial number is the device', () => {
  const moved = THREAT.replace(/"203.*?}"/, `a,Name(1),any,critical,client-to-server,1,0x0${',x'.repeat(30)}`)
  const { device, flags } = recordOf(BSD_HEADER + moved.replace('Name(1)', 'Name'))
  assert.deepEqual({ device, flags }, { device: '013201001234', flags: ['ambiguous'] })
})
