import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { reasonOf, recordOf } from '../test-lines.ts'
import { EVE_ALERT, EVE_FLOW, FAST_LOG } from '../testing/event-lines.ts'

function known(line: string): Record<string, unknown> {
  const { raw, ...fields } = recordOf(line) satisfies LogRecord
  assert.ok(raw.length > 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

test('an alert becomes a record, its escapes undone', () => {
  assert.deepEqual(known(`<135>Feb 20 12:28:20 ids suricata[5885]: ${EVE_ALERT}`), {
    eventTime: '2025-02-20T01:28:20.533Z',
    device: 'ids',
    format: 'suricata-eve',
    vendor: 'Suricata',
    type: 'ALERT',
    sourceAddress: '198.51.100.7',
    sourcePort: 52812,
    destinationAddress: '203.0.113.10',
    destinationPort: 80,
    protocol: 'tcp',
    application: 'http',
    action: 'allowed',
    disposition: 'alerted',
    attacker: 'source',
    severity: 'high',
    threatId: 2024468,
    threatName: 'EXAMPLE "OGNL" Expression Injection',
    threatCategory: 'Attempted User Privilege Gain',
    sessionId: '1258832998001901',
    repeatCount: 1,
    url: '/a?b=1',
    flags: [],
  })
})

const alert = (changes: Record<string, unknown>, alertChanges: Record<string, unknown> = {}): LogRecord => {
  const event = JSON.parse(EVE_ALERT) as Record<string, unknown>
  const own = { ...(event['alert'] as object), ...alertChanges }
  return recordOf(` ${JSON.stringify({ ...event, alert: own, ...changes }).replaceAll('":', '": ')}`)
}

for (const [severity, expected] of [
  [1, 'high'],
  [2, 'medium'],
  [3, 'low'],
  [4, 'informational'],
  [255, 'informational'],
] as const) {
  test(`severity ${severity} of Suricata is ${expected}`, () => {
    assert.equal(alert({}, { severity }).severity, expected)
  })
}

test('the attacker is the sender, but of a packet to the client the client', () => {
  const answer = { src_port: 80, dest_port: 52812 }
  const rule = (option: string): Record<string, unknown> => ({
    rule: `alert tcp any any -> any any (flow:established,${option}; sid:1;)`,
  })
  const target = { metadata: { attack_target: ['Client_Endpoint'] } }
  for (const [changes, own, attacker, direction] of [
    [{}, {}, 'source', null],
    [{ direction: 'to_server' }, {}, 'source', 'client-to-server'],
    [{ direction: 'to_client' }, {}, 'destination', 'server-to-client'],
    [{ direction: 'to_client' }, target, 'source', 'server-to-client'],
    [{ flow: { src_ip: '203.0.113.10', src_port: 80 } }, {}, 'destination', 'server-to-client'],
    [{ flow: { src_ip: '198.51.100.7', src_port: 52812 } }, {}, 'source', 'client-to-server'],
    [rule('to_client'), {}, 'destination', 'server-to-client'],
    [rule('from_server'), {}, 'destination', 'server-to-client'],
    [rule('to_server'), {}, 'source', 'client-to-server'],
    [answer, {}, 'destination', null],
    [{ ...answer, direction: 'to_server' }, {}, 'source', 'client-to-server'],
  ] as const) {
    const record = alert(changes, own)
    assert.deepEqual(
      [record.attacker, record.direction],
      [attacker, direction],
      JSON.stringify([changes, own]),
    )
    assert.equal(record.sourceAddress, '198.51.100.7')
  }
})

test('a blocked alert, and a dropped packet, are blocked', () => {
  assert.equal(alert({}, { action: 'blocked' }).disposition, 'blocked')
  const drop = alert({ event_type: 'drop', drop: { len: 60, reason: 'rules' } })
  assert.deepEqual(
    [drop.type, drop.action, drop.disposition, drop.attacker, drop.sessionEndReason],
    ['DROP', 'drop', 'blocked', null, 'rules'],
  )
})

test('an alert that lost its event type is one still', () => {
  const { type, threatId } = alert({ event_type: undefined })
  assert.deepEqual([type, threatId], ['ALERT', 2024468])
})

test('a flow is traffic both ways; a reset is no session', () => {
  const {
    type,
    subtype,
    bytesSent,
    bytesReceived,
    packetsSent,
    packetsReceived,
    disposition,
    sessionEndReason,
  } = recordOf(EVE_FLOW)
  assert.deepEqual(
    { type, subtype, bytesSent, bytesReceived, packetsSent, packetsReceived, disposition, sessionEndReason },
    {
      type: 'FLOW',
      subtype: 'closed',
      bytesSent: 108,
      bytesReceived: 54,
      packetsSent: 2,
      packetsReceived: 1,
      disposition: 'unknown',
      sessionEndReason: 'timeout',
    },
  )
  const session = EVE_FLOW.replace('"tcp_flags_ts":"06"', '"tcp_flags_ts":"1b"').replace(
    '_tc":"14"',
    '_tc":"1b"',
  )
  assert.equal(recordOf(session).disposition, 'allowed')
  assert.equal(recordOf(session.replace('"state"', '"action":"drop","state"')).disposition, 'blocked')
  assert.equal(
    recordOf(EVE_FLOW.replace('TCP', 'UDP').replace(/"tcp":.*\}\}$/, '"x":1}')).disposition,
    'allowed',
  )
})

for (const type of ['stats', 'dns', 'http', 'tls', 'netflow', 'fileinfo', 'anomaly', 'ssh']) {
  test(`${type} events are no alerts`, () => {
    const record = recordOf(EVE_FLOW.replace('"flow",', `"${type}",`))
    assert.deepEqual([record.type, record.attacker, record.severity], [type.toUpperCase(), null, null])
  })
}

test('stamps with an offset without a colon, with another one, and without', () => {
  const at = (stamp: string): string | null => alert({ timestamp: stamp }).eventTime
  assert.equal(at('2025-02-20T01:28:20.533101-0530'), '2025-02-20T06:58:20.533Z')
  assert.equal(at('2025-02-20T01:28:20.533101Z'), '2025-02-20T01:28:20.533Z')
  assert.equal(at('2025-02-20T12:28:20.533101'), '2025-02-20T01:28:20.533Z') // Sydney
})

test('keys twice, cut lines and what is no JSON are told', () => {
  assert.deepEqual(recordOf(EVE_ALERT.replace('{', '{"src_ip":"192.0.2.9",')).flags, ['ambiguous'])
  assert.deepEqual(recordOf(EVE_ALERT.slice(0, -20)).flags, ['truncated'])
  assert.equal(
    reasonOf(EVE_ALERT.replace('"proto":"TCP",', '"proto":"TCP";')),
    'suricata-eve: the line is not JSON',
  )
  assert.equal(
    reasonOf(EVE_ALERT.replace('"src_ip":"198.51.100.7"', '"src_ip":"x"')),
    'suricata-eve: key src_ip of an alert or a flow is missing or not an address',
  )
})

test('keys of objects that are not ours mean nothing', () => {
  const nested = EVE_ALERT.replace(
    '"metadata":{',
    '"__proto__":{"src_ip":"192.0.2.9"},"x":[{"dest_ip":"192.0.2.8"}],"metadata":{',
  )
  assert.deepEqual(recordOf(nested).sourceAddress, '198.51.100.7')
  assert.deepEqual(recordOf(nested).flags, [])
})

test('a fast.log line becomes a record', () => {
  assert.deepEqual(known(FAST_LOG), {
    eventTime: '2025-02-20T01:28:20.251Z',
    format: 'suricata-fast',
    vendor: 'Suricata',
    type: 'ALERT',
    sourceAddress: '198.51.100.7',
    sourcePort: 5116,
    destinationAddress: '203.0.113.10',
    destinationPort: 5060,
    protocol: 'udp',
    disposition: 'alerted',
    attacker: 'source',
    severity: 'medium',
    threatId: 2008578,
    threatName: 'EXAMPLE SCAN [x] Scan',
    threatCategory: 'Attempted Information Leak',
    repeatCount: 1,
    flags: [],
  })
})

test('fast.log in its other forms', () => {
  const dropped = recordOf(FAST_LOG.replace('[**] [1:', '[Drop] [**] [1:'))
  assert.deepEqual([dropped.action, dropped.disposition], ['drop', 'blocked'])
  assert.equal(recordOf(FAST_LOG.replace('[**] [1:', '[wDrop] [**] [1:')).disposition, 'alerted')
  const six = recordOf(FAST_LOG.replace('198.51.100.7:5116', '2001:0db8:0000:0000:0000:0000:0000:0001:5116'))
  assert.deepEqual([six.sourceAddress, six.sourcePort], ['2001:db8::1', 5116])
  const icmp = recordOf(FAST_LOG.replace('{UDP}', '{ICMP}').replace(':5116', ':8').replace(':5060', ':0'))
  assert.deepEqual([icmp.protocol, icmp.sourcePort, icmp.destinationPort], ['icmp', null, null])
  assert.equal(recordOf(FAST_LOG.replace('Attempted Information Leak', '(null)')).threatCategory, null)
  assert.equal(recordOf(FAST_LOG.replace('/2025', '')).eventTime, '2025-02-20T01:28:20.251Z')
  assert.equal(recordOf(FAST_LOG.replace('/2025', '/25')).eventTime, '2025-02-20T01:28:20.251Z')
  const answer = recordOf(FAST_LOG.replace(':5116', ':80').replace(':5060', ':40000'))
  assert.equal(answer.attacker, 'destination')
})

test('an alert by syslog has no stamp of its own', () => {
  const text = FAST_LOG.slice(FAST_LOG.indexOf('[1:')).replace('[**] ', '')
  const { eventTime, device, threatName } = recordOf(`<12>Feb 20 12:28:20 ids suricata[123]: ${text}`)
  assert.deepEqual(
    [eventTime, device, threatName],
    ['2025-02-20T01:28:20.000Z', 'ids', 'EXAMPLE SCAN [x] Scan'],
  )
})

test('a fast.log line that ends early is told', () => {
  assert.equal(
    reasonOf(FAST_LOG.slice(0, -30)),
    'suricata-fast: {protocol} and addresses are missing at the end',
  )
  assert.equal(
    reasonOf(FAST_LOG.replace('203.0.113.10', '203.0.113')),
    'suricata-fast: the destination is not an address',
  )
})
