import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Diagnoser } from './diagnose.ts'
import { Parser } from './parser.ts'
import { BSD_HEADER, custom, parseBatch, SYDNEY, TRAFFIC, withColumns } from './test-lines.ts'

const diagnoser = new Diagnoser()

const cases: readonly (readonly [string, string, string | null, RegExp])[] = [
  ['a key that is missing', custom({ DstIP: null }), 'paloalto-custom', /key DstIP is missing/],
  [
    'a column that is no address',
    BSD_HEADER + withColumns(TRAFFIC, { 7: 'a host' }),
    'paloalto-csv',
    /column 8 \(source address\) is not an address/,
  ],
  ['a cut line', BSD_HEADER + TRAFFIC.slice(0, 180), 'paloalto-csv', /ends before column 31/],
  [
    'another tag',
    `Feb 20 12:28:20 fw myapp[1]: ${TRAFFIC}`,
    'paloalto-csv',
    /program "myapp", which is no firewall's/,
  ],
  [
    'another APP-NAME',
    `<14>1 2025-02-20T12:28:20Z fw myapp 1 - - ${custom()}`,
    'paloalto-custom',
    /program "myapp"/,
  ],
  [
    'text in front',
    `relay says: (${custom()}`,
    'paloalto-custom',
    /begins at byte 14, behind "relay says: \(", which is no syslog header/,
  ],
  ['other words in front', `{"message":"x ,TRAFFIC, y"}`, 'paloalto-csv', /has words of paloalto-csv/],
  ['another program', 'Feb 20 12:28:20 host myapp[1]: Invalid user x', null, /program "myapp"/],
  ['nothing known', 'hello world', null, /no firewall format/],
  ['nothing at all', '', null, /no firewall format/],
]
for (const [name, line, closest, failed] of cases) {
  test(`a line that is not understood is explained: ${name}`, () => {
    const diagnosis = diagnoser.diagnose(line)
    assert.equal(diagnosis.closest, closest)
    assert.match(diagnosis.failed, failed)
    assert.ok(diagnosis.advice.length > 20)
  })
}

test('unknown lines of one kind are one shape, whatever their numbers and names', () => {
  const parser = new Parser(SYDNEY)
  const lines = Array.from({ length: 20 }, (_, i) => [
    `Feb 20 12:28:20 host myapp[${i}]: Invalid user a${i} from 192.0.2.${i}`,
    `Feb 20 12:28:20 host other[${i}]: (root) CMD`,
    custom({ DstIP: null, SrcIP: `192.0.2.${i}` }),
  ]).flat()
  parseBatch(parser, lines)
  const { unknown } = parser.counters()
  assert.deepEqual(
    unknown.map(({ count }) => count),
    [20, 20, 20],
  )
})

test('a sample is bounded and the line of a hostile sender does not leave it', () => {
  const parser = new Parser(SYDNEY)
  parseBatch(parser, [`x${'\u001b[2J'.repeat(5000)}`])
  assert.ok((parser.counters().unknown[0]?.sample.length ?? 0) <= 512)
})
