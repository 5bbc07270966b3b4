import assert from 'node:assert/strict'
import { test } from 'node:test'
import { custom, reasonOf, recordOf } from '../test-lines.ts'

const HEADER = 'Feb 20 11:49:43 LAB-FW-01 '
const record = (values: Readonly<Record<string, string | null>> = {}) => recordOf(HEADER + custom(values))

test('a threat line of the original format becomes a record', () => {
  const { raw, ...fields } = record()
  assert.equal(raw, HEADER + custom())
  assert.deepEqual(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)), {
    eventTime: '2025-02-20T00:49:43.000Z',
    device: 'LAB-FW-01',
    format: 'paloalto-custom',
    vendor: 'Palo Alto Networks',
    type: 'THREAT',
    subtype: 'vulnerability',
    sourceAddress: '198.51.100.252',
    sourcePort: 41890,
    sourceCountry: 'United States',
    destinationAddress: '203.0.113.10',
    destinationPort: 443,
    destinationCountry: 'Australia',
    action: 'reset-both',
    disposition: 'blocked',
    attacker: 'source',
    rule: 'GlobalProtect_Portal',
    ruleId: 'ace432fe-a9f2-5a1e-327a-91fdce0077da',
    severity: 'critical',
    threatId: 95187,
    threatName: 'OS Command Injection Vulnerability',
    repeatCount: 1,
    flags: [],
  })
})

test('a traffic line with literal variables knows no threat and no attacker', () => {
  const { threatName, threatId, severity, ruleId, attacker, type, flags } = record({
    Type: ' TRAFFIC',
    Subtype: 'drop',
    RuleID: '$rule_uid',
    ThreatName: '$threat_name',
    ThreatID: '$threatid',
    Severity: '$severity',
  })
  assert.deepEqual(
    { threatName, threatId, severity, ruleId, attacker, type, flags },
    {
      threatName: null,
      threatId: null,
      severity: null,
      ruleId: null,
      attacker: null,
      type: 'TRAFFIC',
      flags: [],
    },
  )
})

test('a semicolon and an equals sign inside names belong to them', () => {
  const { rule, threatName, threatId, sourceUser, flags } = record({
    RuleName: 'Web; DMZ=1; (a)',
    SrcUser: 'lab\\a;b=c',
    ThreatName: 'Foo; bar=1 (baz) Vulnerability',
    ThreatID: 'Foo; bar=1 (baz) Vulnerability(95187)',
  })
  assert.deepEqual(
    { rule, threatName, threatId, sourceUser, flags },
    {
      rule: 'Web; DMZ=1; (a)',
      threatName: 'Foo; bar=1 (baz) Vulnerability',
      threatId: 95187,
      sourceUser: 'lab\\a;b=c',
      flags: [],
    },
  )
})

const injections: readonly (readonly [string, Readonly<Record<string, string | null>>])[] = [
  ['a second address in the user', { SrcUser: 'x; SrcIP=8.8.8.8; Severity=critical' }],
  ['a key of the back in the user', { SrcUser: 'x; Severity=critical' }],
  ['another case', { SrcUser: 'x; srcip=8.8.8.8' }],
  ['blanks around', { SrcUser: 'x;   SrcIP  = 8.8.8.8' }],
  ['no blank', { SrcUser: 'x;SrcIP=8.8.8.8' }],
  ['a whole template in the user', { SrcUser: `x; ${custom({ SrcIP: '8.8.8.8' })}` }],
  ['a key in the threat name', { ThreatName: 'a; ThreatID=b(1); Severity=low' }],
  ['a key in the rule', { RuleName: 'a; RuleName=b' }],
  ['a key behind the end', { Type: ' THREAT; SrcIP=8.8.8.8' }],
]
for (const [name, values] of injections) {
  test(`an injected key makes the line ambiguous and the outer reading stays: ${name}`, () => {
    const { flags, sourceAddress, destinationAddress, destinationPort } = record(values)
    assert.deepEqual(flags, ['ambiguous'])
    assert.deepEqual(
      { sourceAddress, destinationAddress, destinationPort },
      { sourceAddress: '198.51.100.252', destinationAddress: '203.0.113.10', destinationPort: 443 },
    )
  })
}

test('keys out of the template order make the line ambiguous', () => {
  const line =
    'DstIP=203.0.113.10; DstPort=443; SrcIP=198.51.100.252; SrcPort=1; Type=THREAT; Severity=critical;'
  const { flags, sourceAddress, destinationAddress, severity } = recordOf(line)
  assert.deepEqual(
    { flags, sourceAddress, destinationAddress, severity },
    {
      flags: ['ambiguous'],
      sourceAddress: '198.51.100.252',
      destinationAddress: '203.0.113.10',
      severity: 'critical',
    },
  )
})

test('keys that are absent are unknown and what an administrator appended is ignored', () => {
  const { rule, sourceUser, type, destinationPort, flags } = record({
    SrcUser: null,
    RuleName: null,
    ThreatName: null,
    Type: ' THREAT; App=ssl; Proto=tcp',
  })
  assert.deepEqual(
    { rule, sourceUser, type, destinationPort, flags },
    { rule: null, sourceUser: null, type: 'THREAT', destinationPort: 443, flags: [] },
  )
})

test('a line without Type is traffic, unless its subtype or threat says otherwise', () => {
  const none = { Type: null, ThreatName: '', ThreatID: '', Severity: '' }
  assert.equal(record({ ...none, Subtype: 'drop' }).type, 'TRAFFIC')
  assert.equal(record({ ...none, Subtype: null }).type, 'TRAFFIC')
  assert.equal(record({ Type: null }).type, 'THREAT')
  assert.equal(record({ Type: null, Subtype: null }).attacker, 'source')
})

test('the final semicolon may be missing', () => {
  const { type, flags } = recordOf((HEADER + custom()).slice(0, -1))
  assert.deepEqual({ type, flags }, { type: 'THREAT', flags: [] })
})

test('a line cut inside a value loses that value and is flagged', () => {
  const { destinationPort, destinationAddress, type, flags } = recordOf(
    `${HEADER}${custom().split('DstPort=443')[0]}DstPort=44`,
  )
  assert.deepEqual(
    { destinationPort, destinationAddress, type, flags },
    { destinationPort: null, destinationAddress: '203.0.113.10', type: null, flags: ['truncated'] },
  )
})

test('ports and addresses that are none are unknown', () => {
  const { sourcePort, destinationPort, sourceAddress } = record({
    SrcPort: 'x',
    DstPort: '65536',
    SrcIP: '10.2.75.414',
  })
  assert.deepEqual(
    { sourcePort, destinationPort, sourceAddress },
    { sourcePort: null, destinationPort: null, sourceAddress: null },
  )
  assert.equal(record({ DstPort: '0' }).destinationPort, null)
  assert.equal(record({ SrcIP: '010.1.1.1' }).sourceAddress, null)
  assert.equal(record({ SrcIP: '$src' }).sourceAddress, null)
  assert.equal(record({ SrcIP: '2001:db8::7' }).sourceAddress, '2001:db8::7')
})

test('an address that is none is unknown; where both are none, or a key is missing, there is a reason', () => {
  assert.equal(record({ SrcIP: '1.2.3.4, 5.6.7.8' }).sourceAddress, null)
  assert.equal(record({ DstIP: '203.0.113.10/32' }).destinationAddress, null)
  assert.equal(record({ DstIP: 'fileserver' }).sourceAddress, '198.51.100.252')
  assert.equal(
    reasonOf(custom({ SrcIP: 'a', DstIP: 'b' })),
    'paloalto-custom: neither SrcIP nor DstIP is an address',
  )
  assert.equal(reasonOf(custom({ SrcIP: null })), 'paloalto-custom: key SrcIP is missing')
  assert.equal(reasonOf(custom({ DstIP: null })), 'paloalto-custom: key DstIP is missing')
})

const cuts: readonly (readonly [string, string, Readonly<Record<string, string | null>>])[] = [
  ['behind DstIP', 'DstIP=203.0.113.10;', { type: null, attacker: null }],
  ['in the name of a key', 'DstIP=203.0.113.10; DstPo', { type: null, destinationAddress: '203.0.113.10' }],
  ['behind a rule', 'RuleName=GlobalProtect_Portal; R', { type: null, rule: 'GlobalProtect_Portal' }],
  [
    'behind a threat name',
    'ThreatName=OS Command Injection Vulnerability; Thr',
    { threatName: 'OS Command Injection Vulnerability', type: null },
  ],
  ['in a threat name', 'ThreatName=OS Comm', { threatName: null, type: null }],
  ['in the severity', 'Severity=crit', { severity: null, type: null, attacker: null }],
  ['in the subtype', 'Subtype=vuln', { subtype: null, type: null, attacker: null }],
  ['in the name of the type', 'Subtype=vulnerability; Ty', { subtype: 'vulnerability', type: 'THREAT' }],
  ['in the type', 'Type= THR', { type: 'THREAT', attacker: 'source' }],
]
for (const [name, lastPart, expected] of cuts) {
  test(`a line cut ${name} is flagged and its type is not guessed`, () => {
    const whole = HEADER + custom()
    const key = lastPart.slice(0, lastPart.indexOf('=') + 1)
    const got = recordOf(whole.slice(0, whole.indexOf(` ${key}`) + 1) + lastPart)
    const shown = Object.fromEntries(Object.keys(expected).map((field) => [field, got[field as 'type']]))
    assert.deepEqual({ ...shown, flags: got.flags }, { ...expected, flags: ['truncated'] })
  })
}

test('the last value of a cut line is not joined with the next key', () => {
  const { threatName, severity, flags } = recordOf(
    `${HEADER}${custom({ ThreatName: '', ThreatID: '' }).split('Severity')[0]}Sev`,
  )
  assert.deepEqual(
    { threatName, severity, flags },
    { threatName: null, severity: null, flags: ['truncated'] },
  )
})

test('a traffic line knows no threat, whatever stands for the variables', () => {
  const { threatName, threatId } = record({ Type: ' TRAFFIC', ThreatName: 'unknown', ThreatID: '0(0)' })
  assert.deepEqual({ threatName, threatId }, { threatName: null, threatId: null })
})

test('actions are lower case with hyphens and say what became of it', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['allow', 'allow', 'allowed'],
    ['alert', 'alert', 'alerted'],
    ['continue', 'continue', 'alerted'],
    ['deny', 'deny', 'blocked'],
    ['drop ICMP', 'drop-icmp', 'blocked'],
    ['reset both', 'reset-both', 'blocked'],
    ['Reset-Client', 'reset-client', 'blocked'],
    ['drop-all-packets', 'drop-all-packets', 'blocked'],
    ['block-url', 'block-url', 'blocked'],
    ['block-ip', 'block-ip', 'blocked'],
    ['sinkhole', 'sinkhole', 'blocked'],
    ['random-drop', 'random-drop', 'blocked'],
    ['syncookie-sent', 'syncookie-sent', 'blocked'],
    ['override', 'override', 'unknown'],
    ['denyx', 'denyx', 'unknown'],
  ]
  for (const [word, action, disposition] of cases) {
    const got = record({ Action: word })
    assert.deepEqual([got.action, got.disposition], [action, disposition], word)
  }
})

test('the threat id is the number in the last brackets; URL filtering names no threat', () => {
  const threat = (ThreatID: string, ThreatName = '') => {
    const { threatId, threatName } = record({ ThreatID, ThreatName })
    return [threatId, threatName]
  }
  assert.deepEqual(threat('Windows Executable (EXE)(52020)'), [52020, 'Windows Executable (EXE)'])
  assert.deepEqual(threat('generic:www.example.com(327891564)'), [327891564, 'generic:www.example.com'])
  assert.deepEqual(threat('9999(9999)'), [9999, null])
  assert.deepEqual(threat('(9999)', 'x'), [9999, null])
  assert.deepEqual(threat('95187'), [95187, null])
  assert.deepEqual(threat('', 'Name(12)'), [12, 'Name'])
  assert.deepEqual(threat('Only a name'), [null, 'Only a name'])
})

test('without a sane TimeReceived the header tells the time', () => {
  for (const TimeReceived of ['1970/01/01 00:00:00', '2025/02/30 00:00:00', '$time_received', '']) {
    assert.equal(record({ TimeReceived }).eventTime, '2025-02-20T00:49:43.000Z')
  }
  assert.equal(recordOf(custom({ TimeReceived: '' })).eventTime, null)
})

test("rsyslog's repetition is joined again and counted", () => {
  const [tag = '', ...rest] = custom().split(' ')
  const { sourceCountry, repeatCount, flags, sourceAddress } = recordOf(
    `${HEADER}${tag} message repeated 3 times: [ ${rest.join(' ')}]`,
  )
  assert.deepEqual(
    { sourceCountry, repeatCount, flags, sourceAddress },
    { sourceCountry: 'United States', repeatCount: 3, flags: ['repeated'], sourceAddress: '198.51.100.252' },
  )
})

test('a repetition that was cut is flagged', () => {
  const [tag = '', ...rest] = custom().split(' ')
  const { flags } = recordOf(`${HEADER}${tag} message repeated 3 times: [ ${rest.join(' ')}`)
  assert.deepEqual(flags, ['truncated', 'repeated'])
})

for (const [name, location, expected] of [
  ['of two words', 'United States', 'United States'],
  ['of one word', 'Australia', 'Australia'],
  ['that is a range', '10.0.0.0-10.255.255.255', '10.0.0.0-10.255.255.255'],
  ['that is empty', '', null],
] as const) {
  test(`a line that a relay took apart and sent on as RFC 5424 is joined again: a country ${name}`, () => {
    const [tag = '', ...rest] = custom({ SrcLocation: location }).split(' ')
    for (const mark of [' - - - ', ' - - -  ']) {
      const { raw, ...damaged } = recordOf(
        `<14>1 2025-02-20T11:49:43+11:00 LAB-FW-01 ${tag}${mark}${rest.join(' ')}`,
      )
      const { raw: _, ...whole } = record({ SrcLocation: location })
      assert.ok(raw.includes(mark))
      assert.equal(damaged.sourceCountry, expected)
      assert.deepEqual(damaged, whole)
    }
  })
}
