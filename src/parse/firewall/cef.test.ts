import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../model/log-record.ts'
import { reasonOf, recordOf } from '../test-lines.ts'
import { GENERIC_CEF, withKey } from '../testing/event-lines.ts'

/** The fields of a record that are known. */
function known(record: LogRecord): Record<string, unknown> {
  const { raw, ...fields } = record
  assert.ok(raw.length > 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

test('a line of a vendor without a format of its own becomes traffic', () => {
  assert.deepEqual(known(recordOf(`<14>Feb 20 12:28:20 fw ${GENERIC_CEF}`)), {
    eventTime: '2025-02-20T01:28:20.000Z',
    device: 'fw',
    format: 'cef',
    type: 'TRAFFIC',
    sourceAddress: '198.51.100.7',
    sourcePort: 4000,
    sourceZone: 'ge-0/0/0',
    destinationAddress: '203.0.113.10',
    destinationPort: 22,
    protocol: 'tcp',
    action: 'deny',
    disposition: 'blocked',
    severity: 'medium',
    repeatCount: 1,
    bytesSent: 60,
    bytesReceived: 0,
    flags: [],
  })
})

for (const [name, line] of [
  ['a blank behind the prefix', GENERIC_CEF.replace('CEF:', 'CEF: ')],
  ['no prefix', GENERIC_CEF.slice(4)],
  ['version 1', GENERIC_CEF.replace('CEF:0', 'CEF:1')],
  ['an empty field too many', GENERIC_CEF.replace('0|', '0||')],
  ['no severity', GENERIC_CEF.replace('|5|', '|')],
  ['a pipe in the name', GENERIC_CEF.replace('Denied', 'De\\|nied')],
  ['a tab for a blank', GENERIC_CEF.replace(' dst=', '\tdst=')],
  ['keys in other case', GENERIC_CEF.replace('src=', 'SRC=')],
] as const) {
  test(`CEF is read with ${name}`, () => {
    const { sourceAddress, destinationAddress, destinationPort, action, flags } = recordOf(line)
    assert.deepEqual(
      { sourceAddress, destinationAddress, destinationPort, action, flags },
      {
        sourceAddress: '198.51.100.7',
        destinationAddress: '203.0.113.10',
        destinationPort: 22,
        action: 'deny',
        flags: [],
      },
    )
  })
}

test('a header that ends early is told', () => {
  assert.equal(reasonOf('CEF:0|Example|Firewall|1.0|deny'), 'cef: the header has fewer than 7 fields')
  assert.equal(recordOf('CEF:0|Example|Firewall|1.0|deny|name|3').type, 'EVENT')
})

test('values hold blanks and pipes, and escapes are undone', () => {
  const line = `${GENERIC_CEF} cs1Label=Rule Name cs1=a rule, say \\=x\\= | y \\\\z request=http://203.0.113.10/?a\\=b c\\nd`
  const { rule, url } = recordOf(line)
  assert.deepEqual([rule, url], ['a rule, say =x= | y \\z', 'http://203.0.113.10/?a=b c\nd'])
})

test('a backslash in front of n is a part of a user, not a line end', () => {
  assert.equal(recordOf(`${GENERIC_CEF} suser=LAB\\nancy`).sourceUser, 'LAB\\nancy')
  assert.equal(recordOf(`${GENERIC_CEF} suser=LAB\\\\nancy`).sourceUser, 'LAB\\nancy')
})

test('a label names its value, in front of it or behind it', () => {
  assert.equal(recordOf(`${GENERIC_CEF} cs1=sensor cs1Label=Rule`).rule, 'sensor')
  assert.equal(recordOf(`${GENERIC_CEF} cs1Label=Rule cs1=sensor`).rule, 'sensor')
  assert.equal(recordOf(`${GENERIC_CEF} cs1Label=Something cs1=sensor`).rule, null)
})

test('empty values, and words for none, are unknown', () => {
  const line = `${GENERIC_CEF} suser= duser=N/A app=- cs1=null cs1Label=Rule`
  const { sourceUser, destinationUser, application, rule } = recordOf(line)
  assert.deepEqual([sourceUser, destinationUser, application, rule], [null, null, null, null])
})

test('masked and impossible addresses and ports are unknown', () => {
  const masked = withKey(withKey(GENERIC_CEF, 'src', 'xxx.xx.x.xx'), 'spt', '70000')
  const { sourceAddress, sourcePort } = recordOf(masked)
  assert.deepEqual([sourceAddress, sourcePort], [null, null])
})

test('a key that stands twice with another value makes the line ambiguous', () => {
  assert.deepEqual(recordOf(`${GENERIC_CEF} msg=x src=8.8.8.8`).flags, ['ambiguous'])
  assert.deepEqual(recordOf(`${GENERIC_CEF} request=/?x src=198.51.100.7 y`).flags, ['ambiguous'])
  assert.deepEqual(recordOf(`${GENERIC_CEF} src=198.51.100.7`).flags, [])
  assert.deepEqual(recordOf(`${withKey(GENERIC_CEF, 'src', '')} suser=x src=8.8.8.8`).flags, ['ambiguous'])
  assert.deepEqual(recordOf(`${GENERIC_CEF} request=/?q\\=src\\=8.8.8.8`).flags, [])
})

for (const [stamp, expected] of [
  ['1740014900000', '2025-02-20T01:28:20.000Z'],
  ['1740014900', '2025-02-20T01:28:20.000Z'],
  ['Feb 20 2025 12:28:20', '2025-02-20T01:28:20.000Z'], // Sydney
  ['Feb 20 2025 12:28:20.250 UTC', '2025-02-20T12:28:20.250Z'],
  ['Feb 20 2025 12:28:20 +0200', '2025-02-20T10:28:20.000Z'],
  ['Feb 20 12:28:20', '2025-02-20T01:28:20.000Z'],
  ['2025-02-20T12:28:20.5+01:00', '2025-02-20T11:28:20.500Z'],
  ['2025-02-20 12:28:20', '2025-02-20T01:28:20.000Z'],
  ['Feb 30 2025 12:28:20', null],
  ['yesterday', null],
] as const) {
  test(`rt=${stamp} is read`, () => {
    assert.equal(recordOf(withKey(GENERIC_CEF, 'rt', stamp)).eventTime, expected)
  })
}

test('a stamp without a zone is in the zone that the line names', () => {
  const local = withKey(GENERIC_CEF, 'rt', 'Feb 20 2025 12:28:20')
  assert.equal(recordOf(`${local} dtz=UTC`).eventTime, '2025-02-20T12:28:20.000Z')
  assert.equal(recordOf(`${local} dtz=+03:00`).eventTime, '2025-02-20T09:28:20.000Z')
  assert.equal(recordOf(`${local} dtz=Europe/Berlin`).eventTime, '2025-02-20T11:28:20.000Z')
  assert.equal(recordOf(`${local} dtz=Nowhere/City`).eventTime, '2025-02-20T01:28:20.000Z')
})

for (const [severity, expected] of [
  ['0', 'informational'],
  ['3', 'low'],
  ['6', 'medium'],
  ['8', 'high'],
  ['10', 'critical'],
  ['Very-High', 'critical'],
  ['Medium', 'medium'],
  ['Unknown', null],
  ['77', null],
] as const) {
  test(`severity ${severity} is ${expected}`, () => {
    assert.equal(recordOf(GENERIC_CEF.replace('|5|', `|${severity}|`)).severity, expected)
  })
}

test('a signature, or a name that speaks of an attack, makes a threat of the source', () => {
  const signature = recordOf(`${GENERIC_CEF} cs1=Shellcode cs1Label=Signature`)
  assert.deepEqual(
    [signature.type, signature.threatName, signature.attacker],
    ['THREAT', 'Shellcode', 'source'],
  )
  const named = recordOf(GENERIC_CEF.replace('Denied by policy', 'SQL injection attack'))
  assert.deepEqual(
    [named.type, named.threatName, named.disposition],
    ['THREAT', 'SQL injection attack', 'blocked'],
  )
})

test('a name that speaks of a login makes a login with its outcome', () => {
  const failed = recordOf(
    'CEF:0|Example|VPN|1|77|User login failed|5|src=198.51.100.7 suser=bob dst=203.0.113.10 act=deny',
  )
  assert.deepEqual([failed.type, failed.outcome, failed.sourceUser], ['LOGIN', 'failure', 'bob'])
  const passed = recordOf(
    'CEF:0|Example|VPN|1|77|Authentication|5|src=198.51.100.7 suser=bob outcome=Success',
  )
  assert.deepEqual([passed.type, passed.outcome], ['LOGIN', 'success'])
})

test('a protocol with a service behind it is the protocol', () => {
  assert.equal(recordOf(withKey(GENERIC_CEF, 'proto', 'udp/dns')).protocol, 'udp')
  assert.equal(recordOf(withKey(GENERIC_CEF, 'proto', '132')).protocol, 'sctp')
  assert.equal(recordOf(withKey(GENERIC_CEF, 'proto', '253')).protocol, '253')
})
