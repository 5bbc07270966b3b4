import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../lib/errors.ts'
import type { LogRecord } from '../../model/log-record.ts'
import type { GivenTemplate } from '../../model/paloalto-template.ts'
import { Parser } from '../parser.ts'
import { BSD_HEADER, custom, parseBatch, SYDNEY } from '../test-lines.ts'
import { compileTemplate, isBuiltInTemplate } from './paloalto-template.ts'

const NO_ESCAPES = { escapedCharacters: '', escapeCharacter: '' }
const PIPES =
  'PAN|$type|$subtype|$src|$dst|$sport|$dport|$proto|$action|$rule|$srcuser|$threatid|$severity|$direction|$device_name|$time_generated|$unheard_of|end'

const VALUES: Readonly<Record<string, string>> = {
  type: 'THREAT',
  subtype: 'vulnerability',
  src: '198.51.100.77',
  dst: '203.0.113.10',
  sport: '51514',
  dport: '443',
  proto: 'tcp',
  action: 'reset-both',
  rule: 'A rule',
  srcuser: 'lab\\joe',
  threatid: 'Some Overflow(31337)',
  severity: 'critical',
  direction: 'client-to-server',
  device_name: 'LAB-FW-01',
  time_generated: '2025/02/20 12:28:20',
}

/** What PAN-OS makes of a template. A variable that it does not know stays as it is. */
function rendered(template: string, values: Readonly<Record<string, string>> = {}): string {
  return template.replaceAll(/\$(cef-formatted-\w+|number-of-severity|\w+)/g, (whole, name: string) => {
    return values[name] ?? VALUES[name] ?? whole
  })
}

function read(line: string, ...templates: readonly GivenTemplate[]): LogRecord {
  const parsed = new Parser({ ...SYDNEY, paloaltoTemplates: templates }).parseLine(line)
  if (!parsed.ok) throw new Error(`not understood: ${parsed.reason}: ${line}`)
  return parsed.record
}

const EXPECTED: Partial<LogRecord> = {
  format: 'paloalto-template',
  type: 'THREAT',
  subtype: 'vulnerability',
  sourceAddress: '198.51.100.77',
  sourcePort: 51514,
  destinationAddress: '203.0.113.10',
  destinationPort: 443,
  protocol: 'tcp',
  action: 'reset-both',
  disposition: 'blocked',
  rule: 'A rule',
  sourceUser: 'lab\\joe',
  threatId: 31337,
  threatName: 'Some Overflow',
  severity: 'critical',
  attacker: 'source',
  device: 'LAB-FW-01',
  eventTime: '2025-02-20T01:28:20.000Z',
  flags: [],
}

function pick(record: LogRecord): Partial<LogRecord> {
  return Object.fromEntries(Object.keys(EXPECTED).map((key) => [key, Reflect.get(record, key)]))
}

const NAMES = Object.keys(VALUES)
for (const [name, template] of [
  ['pipes and an unknown variable', PIPES],
  ['own keys', NAMES.map((variable) => `my_${variable}_key: <$${variable}>`).join(' ')],
  ['values alone, by commas', NAMES.map((variable) => `$${variable}`).join(',')],
  ['semicolons', NAMES.map((variable) => `${variable}=$${variable}`).join('; ')],
  ['a text in front', `firewall log: ${NAMES.map((variable) => `${variable}="$${variable}"`).join(' ')}`],
] as const) {
  test(`a template is read: ${name}`, () => {
    assert.deepEqual(pick(read(BSD_HEADER + rendered(template), template)), EXPECTED)
    assert.deepEqual(pick(read(rendered(template), template)), EXPECTED)
  })
}

test('a value may hold what no fixed text is', () => {
  assert.equal(read(rendered(PIPES, { rule: 'a; b=c, $d' }), PIPES).rule, 'a; b=c, $d')
})

test('a value that is a literal variable is unknown', () => {
  const { sourceUser, rule } = read(rendered(PIPES, { srcuser: '$srcuser', rule: '' }), PIPES)
  assert.deepEqual([sourceUser, rule], [null, null])
})

test('a value that holds a fixed text makes the line ambiguous, wherever it stands', () => {
  for (const values of [
    { srcuser: 'x|Fake(1)|critical' },
    { rule: 'a|b' },
    { device_name: 'x|y' },
    { src: '203.0.113.66', dst: '203.0.113.66|198.51.100.1' },
  ]) {
    const { flags } = read(rendered(PIPES, values), PIPES)
    assert.deepEqual(flags, ['ambiguous'], JSON.stringify(values))
  }
})

const ESCAPES = { escapedCharacters: '|\\', escapeCharacter: '\\' }
test('escaped characters are undone, and end no value', () => {
  const line = rendered(PIPES, { srcuser: 'lab\\\\joe\\|Fake(1)\\|x', rule: 'ends in \\\\' })
  const { sourceUser, rule, threatId, flags } = read(line, { template: PIPES, ...ESCAPES })
  assert.deepEqual([sourceUser, rule, threatId, flags], ['lab\\joe|Fake(1)|x', 'ends in \\', 31337, []])
})

test('separators that should have been escaped and are not make the line ambiguous', () => {
  const line = rendered(PIPES, { srcuser: 'x|Fake(1)|critical' })
  assert.deepEqual(read(line, { template: PIPES, ...ESCAPES }).flags, ['ambiguous'])
})

test('an IPv6 address ends at its port, not at its own colons', () => {
  const template = '$type $src:$sport -> $dst:$dport end'
  const { sourceAddress, sourcePort, destinationAddress, flags } = read(
    rendered(template, { src: '2001:db8::7', dst: '2001:db8::10' }),
    template,
  )
  assert.deepEqual(
    [sourceAddress, sourcePort, destinationAddress, flags],
    ['2001:db8::7', 51514, '2001:db8::10', []],
  )
})

test('a template without a type tells it by the subtype and the threat', () => {
  const template = '$src > $dst : $dport [$subtype] {$threatid}'
  assert.equal(read(rendered(template), template).type, 'THREAT')
  const traffic = read(rendered(template, { subtype: 'drop', threatid: '' }), template)
  assert.deepEqual([traffic.type, traffic.destinationPort], ['TRAFFIC', 443])
})

test('times as CEF writes them are read, in their own zone', () => {
  const template = 'rt=$cef-formatted-time_generated src=$src dst=$dst sev=$number-of-severity type=$type'
  const line = rendered(template, {
    'cef-formatted-time_generated': 'Feb 20 2025 01:28:20 GMT',
    'number-of-severity': '5',
  })
  const { eventTime, severity } = read(line, template)
  assert.deepEqual([eventTime, severity], ['2025-02-20T01:28:20.000Z', 'critical'])
})

test('a line that was cut keeps the whole values', () => {
  const line = rendered(PIPES)
  const cut = read(line.slice(0, line.indexOf('|A rule') + 3), PIPES)
  assert.deepEqual(
    [cut.destinationPort, cut.action, cut.rule, cut.flags],
    [443, 'reset-both', null, ['truncated']],
  )
})

test('templates go before built-in formats, whatever was read before', () => {
  const template = 'SrcIP=$src; DstIP=$dst; DstPort=$dport; User=$srcuser; Type=$type;'
  const parser = new Parser({ ...SYDNEY, paloaltoTemplates: [template] })
  const records = parseBatch(parser, [custom(), rendered(template), custom(), rendered(template)])
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => records.recordAt(row).format),
    ['paloalto-custom', 'paloalto-template', 'paloalto-custom', 'paloalto-template'],
  )
  parser.configure(SYDNEY)
  assert.equal(parseBatch(parser, [rendered(template)]).recordAt(0).format, 'paloalto-custom')
})

const ORIGINAL =
  'SrcLocation=$srcloc; SrcIP=$src; SrcPort=$sport; SrcUser=$srcuser; DstLocation=$dstloc; DstIP=$dst; DstPort=$dport; Action=$action; RuleName=$rule; RuleID=$rule_uuid; TimeReceived=$time_received; ThreatName=$threat_name; ThreatID=$threatid; Severity=$severity; Subtype=$subtype; Type= $type;'

test("the original's template stays the built-in format", () => {
  assert.ok(isBuiltInTemplate(ORIGINAL))
  assert.ok(isBuiltInTemplate(ORIGINAL.replace('rule_uuid', 'rule_uid').replace('Type= ', 'Type=')))
  assert.equal(read(custom(), ORIGINAL).format, 'paloalto-custom')
})

const separator = fc.constantFrom('|', '; ', ' x=', ',', '||', '" "', '#')
const piece = fc.constantFrom('a', 'B', ' ', '|', ';', ',', '=', '#', '\\', '"', 'x', '$', 'ü', '0')
/** Not what rsyslog writes for a control character (`#011`): that is decoded, whoever wrote it. */
const text = fc
  .array(piece, { maxLength: 12 })
  .map((pieces) => pieces.join(''))
  .filter((joined) => !/#0[0-3][0-7]|#177/.test(joined))

test('whatever the values, escaping gives them back, and the line is not ambiguous', () => {
  const escaped = '|;,=#" x\\'
  fc.assert(
    fc.property(fc.array(separator, { minLength: 5, maxLength: 5 }), text, text, (separators, rule, user) => {
      const [a = '', b = '', c = '', d = '', e = ''] = separators
      const template = `PAN:$src${a}$rule${b}$dst${c}$srcuser${d}$dport${e}$type`
      const protect = (value: string): string =>
        value.replaceAll(/./gsu, (letter) => (escaped.includes(letter) ? `\\${letter}` : letter))
      const line = rendered(template, { rule: protect(rule), srcuser: protect(user) })
      const record = read(line, { template, escapedCharacters: escaped, escapeCharacter: '\\' })
      const known = (value: string): string | null => {
        const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '')
        return trimmed === '' || trimmed.startsWith('$') ? null : trimmed
      }
      assert.deepEqual(
        [record.sourceAddress, record.destinationAddress, record.destinationPort, record.type, record.flags],
        ['198.51.100.77', '203.0.113.10', 443, 'THREAT', []],
      )
      assert.deepEqual([record.rule, record.sourceUser], [known(rule), known(user)])
    }),
    { numRuns: 300 },
  )
})

test('without escaping a line is read as it was written, or is ambiguous, or is not read', () => {
  fc.assert(
    fc.property(fc.array(separator, { minLength: 5, maxLength: 5 }), text, text, (separators, rule, user) => {
      const [a = '', b = '', c = '', d = '', e = ''] = separators
      const template = `PAN:$src${a}$rule${b}$dst${c}$srcuser${d}$dport${e}$type`
      const parsed = new Parser({ ...SYDNEY, paloaltoTemplates: [template] }).parseLine(
        rendered(template, { rule, srcuser: user }),
      )
      if (!parsed.ok || parsed.record.flags.length > 0) return
      assert.equal(parsed.record.sourceAddress, '198.51.100.77')
      assert.equal(parsed.record.destinationAddress, '203.0.113.10')
      assert.equal(parsed.record.destinationPort, 443)
    }),
    { numRuns: 300 },
  )
})

test('a line cut at any offset is read without harm', () => {
  const parser = new Parser({ ...SYDNEY, paloaltoTemplates: [{ template: PIPES, ...ESCAPES }] })
  const line = rendered(PIPES, { srcuser: 'a\\|b' })
  const cuts = Array.from({ length: line.length }, (_, at) => line.slice(0, at))
  const records = parseBatch(parser, cuts)
  for (let row = 0; row < records.count; row++) {
    const { sourceAddress } = records.recordAt(row)
    assert.ok(sourceAddress === null || sourceAddress === '198.51.100.77', sourceAddress ?? '')
  }
})

for (const [template, escapes, message] of [
  ['', NO_ESCAPES, 'the template is empty'],
  ['no variable', NO_ESCAPES, 'the template has no $variable'],
  ['a=$dst b=$rule', NO_ESCAPES, 'the template has no $src: without the source address nobody can be found'],
  ['a=$src$dst', NO_ESCAPES, '$src and $dst touch at character 7: nothing tells where one value ends'],
  ['a=$src\nb=$dst', NO_ESCAPES, 'the template has a line end at character 7; a log line has none'],
  ['a=$src b=$dst c=$src', NO_ESCAPES, '$src stands twice'],
  [
    'a=$src\\b=$dst',
    ESCAPES,
    'the fixed text holds the escape character at character 7: a value could not be told from it',
  ],
  [
    'a=$src',
    { escapedCharacters: ',', escapeCharacter: '' },
    'there are escaped characters but no escape character',
  ],
  [
    'a=$src',
    { escapedCharacters: ',', escapeCharacter: '##' },
    'the escape character is one ASCII character, not "##"',
  ],
] as const) {
  test(`a template that cannot be read is refused: ${message}`, () => {
    assert.deepEqual(compileTemplate(template, escapes), { ok: false, message })
  })
}

test('the parser refuses such a template and keeps its settings', () => {
  const parser = new Parser({ ...SYDNEY, paloaltoTemplates: [PIPES] })
  assert.throws(() => parser.configure({ ...SYDNEY, paloaltoTemplates: ['$src$dst'] }), AppError)
  const parsed = parser.parseLine(rendered(PIPES))
  assert.ok(parsed.ok && parsed.record.format === 'paloalto-template')
})
