/**
 * The formats whose readers note their values one by one (JSON, key=value, Check Point): a line that has a shape is read
 * as if it were the first one, whatever stands in it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seedLines } from '../../../test/fuzz/seeds.ts'
import { Parser } from '../parser.ts'
import { parseBatch, SYDNEY } from '../test-lines.ts'
import { forgetShapes } from './shape-memory.ts'
import { assertChangesAreRead, assertSame, longWay } from './test-shapes.ts'

const FORMATS = ['paloalto-json', 'paloalto-keyvalue', 'suricata-eve', 'checkpoint']

const LINES = seedLines()
  .map((line) => line.toString('latin1'))
  .filter((line) => FORMATS.includes(longWay(line).format))

/** What stands behind a key: in quotes, or a word or more up to a mark. */
const VALUE = /(?<=[=:] ?")[^"]*(?=")|(?<=[=:] ?)[^"'=:,;|{}[\] ][^",;|{}\]]*(?=[,;|}\]]|$)/g

function withValues(line: string, changes: ReadonlyMap<number, string>): string {
  let index = 0
  return line.replace(VALUE, (whole) => changes.get(index++) ?? whole)
}

const value = fc.oneof(
  fc.nat(70_000).map(String),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '',
    ' ',
    'n/a',
    '-',
    '0.0.0.0',
    '::',
    '0',
    '007',
    '-1',
    '1.5',
    'null',
    'x',
    'a b',
    ' a ',
    '$a',
  ),
  fc.constantFrom(
    'a=b',
    'x, src=192.0.2.9',
    'x|src=192.0.2.9',
    'x src=192.0.2.9',
    'a,',
    'a|',
    'a, ',
    ', b',
    'a;b',
  ),
  fc.constantFrom(
    '"a"',
    '"a',
    'a"',
    '\\"',
    '\\\\',
    '\\',
    '\\n',
    '\\u0041',
    '\\u00e9 \\/',
    '\\ud83d\\ude00',
    'C:\\\\x',
  ),
  fc.constantFrom(
    'a"; src:"192.0.2.9',
    'a","src":"192.0.2.9',
    'a" src="192.0.2.9',
    '}',
    ']',
    '{"a":1}',
    '[1]',
    '"]',
  ),
  fc.constantFrom(
    'TCP',
    '17',
    'allow',
    'deny',
    'Drop',
    'TRAFFIC',
    'THREAT',
    'high',
    '1',
    '9',
    'alert',
    'flow',
  ),
  fc.constantFrom(
    'FW-A',
    'FW-B',
    '1613000000',
    '2025/02/20 01:28:22',
    '2025-02-20T01:28:22.5Z',
    '20Feb2025 1:02:03',
  ),
  fc.string({ minLength: 0, maxLength: 12, unit: 'grapheme-ascii' }),
)

test('there are lines of every one of the formats, and values in them to change', () => {
  const formats = new Set(LINES.map((line) => longWay(line).format))
  assert.deepEqual([...formats].sort(), [...FORMATS].sort())
  assert.ok(LINES.reduce((sum, line) => sum + [...line.matchAll(VALUE)].length, 0) > 500)
})

test('a line of a known shape is read as if it were the first one', () => {
  assertChangesAreRead(LINES, { value, places: 40, withValues })
})

test('any byte of a line of a known shape may change', () => {
  const change = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(...Array.from('",\\=|:;{}[] \tx0$')),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...LINES),
      fc.array(fc.tuple(fc.nat(40), value), { minLength: 1, maxLength: 4 }),
      fc.array(change, { minLength: 10, maxLength: 30 }),
      (line, often, bytes) => {
        const other = withValues(line, new Map(often))
        const changed = bytes.map(([at, byte]) => {
          const place = Math.floor(at * other.length)
          return other.slice(0, place) + byte + other.slice(place + (byte === 'x' ? 0 : 1))
        })
        assertSame([line, line, other, ...changed, line, other])
      },
    ),
    { numRuns: 200 },
  )
})

/** What firewalls and outsiders write, to stand in a hole. */
const HOSTILE = [
  '',
  ' ',
  'a b',
  ' a ',
  '$a',
  'n/a',
  '-',
  '0',
  '007',
  '1.5',
  '70000',
  '0.0.0.0',
  '::',
  '2001:db8::1',
  'xxx.xx.x.xx',
  '192.0.2.x',
  '17',

  'a=b',
  '=',
  'x, src=192.0.2.9',
  'x|src=192.0.2.9',
  'x src=192.0.2.9',
  'a,',
  'a|',
  'a, ',
  'a; b',
  'a, b',
  'a|b',

  '"a"',
  '"a',
  'a"',
  'a\\"',
  '\\\\',
  'a\\',
  '\\n',
  '\\u0041\\u0031',
  'a \\" b',
  'C:\\\\name',
  'a\\|b',
  'a}',

  'a"; src:"192.0.2.9',
  'a","src":"192.0.2.9',
  'a" src="192.0.2.9',
  '"; x:"y',
  'allow',
  'THREAT',
  'failed',
]

/** The value with its last letter or digit changed. */
function near(text: string, step: number): string {
  return text.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (last) => {
    if (/[0-9]/.test(last)) return String((Number(last) + step) % 10)
    return String.fromCharCode(97 + ((last.toLowerCase().charCodeAt(0) - 97 + step) % 26))
  })
}

test('whatever stands in a place that was seen to differ is read as if it were seen first', () => {
  for (const [index, line] of LINES.entries()) {
    const values = [...line.matchAll(VALUE)].map(([text]) => text)
    const allNear = (step: number): string =>
      withValues(line, new Map(values.map((text, place) => [place, near(text, step)])))
    for (const [place, text] of values.entries()) {
      const at = (other: string): string => withValues(line, new Map([[place, other]]))
      const hostile = HOSTILE.filter((_, i) => (i + place + index) % 3 === 0)
      const differing = [line, line, at(near(text, 1)), at(near(text, 2))]
      assertSame([...differing, ...hostile.map(at), allNear(1), allNear(2), line])
    }
  }
})

test('a key that an outsider writes into a hole is seen', () => {
  const line = (rule: string): string =>
    `type=THREAT, subtype=scan, src=198.51.100.7, dst=203.0.113.10, rule=${rule}, seqno=17, vsys=vsys1, dport=22, proto=tcp`
  const rules = ['a', 'a', 'b', 'c', 'c, d', 'd, src=192.0.2.1', 'e src=192.0.2.1', 'f, x=1']
  assertSame(rules.map(line))
  forgetShapes()
  const records = parseBatch(new Parser(SYDNEY), rules.map(line))
  const flags = rules.map((_, i) => records.recordAt(i).flags)
  assert.deepEqual(flags, [[], [], [], [], [], ['ambiguous'], [], []])
})

test('the last value of a line may end in what separates values', () => {
  const line = (device: string): string =>
    `type=TRAFFIC, subtype=drop, src=198.51.100.7, dst=203.0.113.10, vsys=vsys1, seqno=17, device_name=${device}`
  assertSame(
    ['FW-1', 'FW-1', 'FW-2', 'FW-3', 'FW-1,', 'FW-2, ', 'FW-3, 4', '"FW-1"', '"FW-1', '', 'FW-1'].map(line),
  )
})

test('two names of one value are ambiguous once the values differ', () => {
  const json = (one: string, other: string): string =>
    JSON.stringify({ type: 'TRAFFIC', src: '198.51.100.7', rule: one, dst: '203.0.113.10', rule_name: other })
  const pairs = (one: string, other: string): string =>
    `type=TRAFFIC|src=198.51.100.7|rule=${one}|dst=203.0.113.10|rule_name=${other}|vsys=vsys1|dport=22`
  for (const line of [json, pairs]) {
    assertSame([
      line('a', 'a'),
      line('a', 'a'),
      line('b', 'b'),
      line('c', 'c'),
      line('c', 'd'),
      line('d', 'c'),
    ])
    forgetShapes()
    const records = parseBatch(new Parser(SYDNEY), [
      line('a', 'a'),
      line('b', 'b'),
      line('c', 'c'),
      line('c', 'd'),
    ])
    assert.deepEqual(records.recordAt(3).flags, ['ambiguous'])
  }
})
