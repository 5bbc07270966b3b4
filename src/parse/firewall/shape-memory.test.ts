import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seedLines } from '../../../test/fuzz/seeds.ts'
import { Parser } from '../parser.ts'
import { parseBatch, SYDNEY } from '../test-lines.ts'
import { forgetShapes } from './shape-memory.ts'
import { assertChangesAreRead, assertSame } from './test-shapes.ts'

const LINES = seedLines()
  .map((line) => line.toString('latin1'))
  .filter((line) => /(CEF|LEEF): ?\d|^\d\|/.test(line))

/** Keys with their values, and what stands between. */
const PAIR = /(?<=[|\t^ ]|#011)([A-Za-z][\w.-]*)=((?:(?![|\t^]|#011| [A-Za-z][\w.-]*=).)*)/g

function withValues(line: string, changes: ReadonlyMap<number, string>): string {
  let index = 0
  return line.replace(PAIR, (whole, key: string) => {
    const value = changes.get(index++)
    return value === undefined ? whole : `${key}=${value}`
  })
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
    'x',
    'a b',
    ' a ',
    '"a b"',
    '$a',
    'C:\\name',
    'a\\=b',
  ),
  fc.constantFrom(
    'a=b',
    'a?b=c',
    'x src=192.0.2.9',
    'x act=allow',
    'a|b',
    'a|src=192.0.2.9',
    'a\tb',
    'a^b',
    'a#011b',
  ),
  fc.constantFrom(
    'TCP',
    '17',
    'allow',
    'deny',
    'Drop',
    'login failed',
    'virus',
    'high',
    '1',
    '9',
    'tcp-fin',
    'traffic',
  ),
  fc.constantFrom(
    'FW-A',
    'FW-B',
    '1613000000000',
    'Feb 20 2025 01:28:22',
    '2025-02-20T01:28:22.5Z',
    'Europe/Berlin',
  ),
  fc.string({ minLength: 0, maxLength: 12, unit: 'grapheme-ascii' }),
)

test('a line of a known shape is read as if it were the first one', () => {
  assertChangesAreRead(LINES, { value, places: 80, withValues })
})

test('one place after the other may change in lines of every kind', () => {
  for (const line of LINES) {
    const count = [...line.matchAll(PAIR)].length
    for (const [one, other] of [
      ['192.0.2.77', '192.0.2.78'],
      ['61001', '61002'],
      ['some text', ''],
      ['allow', 'deny'],
      ['17', 'Feb 20 2025 01:28:23'],
    ] as const) {
      const lines = [line, line]
      for (let place = 0; place < count; place++) {
        lines.push(
          withValues(line, new Map([[place, one]])),
          withValues(line, new Map([[place, other]])),
          withValues(line, new Map([[place, one]])),
        )
      }
      assertSame(lines)
    }
  }
})

test('a key that an outsider writes into a hole is seen', () => {
  const line = (user: string): string =>
    `CEF:0|Example|Firewall|1|1|traffic|3|act=allow src=198.51.100.7 dst=203.0.113.10 suser=${user} dpt=22 note=x`
  forgetShapes()
  const users = [
    'joe',
    'joe',
    'ann',
    'eve',
    'eve src=192.0.2.1',
    'eve note=x',
    'eve dpt=23',
    'x\\=y',
    'a?b=c',
  ]
  const records = parseBatch(new Parser(SYDNEY), users.map(line))
  const flags = users.map((_, i) => records.recordAt(i).flags)
  assert.deepEqual(flags, [[], [], [], [], ['ambiguous'], [], ['ambiguous'], [], []])
  const names = users.map((_, i) => records.recordAt(i).sourceUser)
  assert.deepEqual(names, ['joe', 'joe', 'ann', 'eve', 'eve', 'eve', 'eve', 'x=y', 'a?b=c'])
})

test('a key that stands twice with one value is ambiguous once the values differ', () => {
  const line = (one: string, other: string): string =>
    `CEF:0|Example|Firewall|1|1|traffic|3|act=allow src=198.51.100.${one} dst=203.0.113.10 dpt=22 src=198.51.100.${other}`
  assertSame([line('7', '7'), line('7', '7'), line('8', '8'), line('9', '9'), line('9', '8'), line('8', '9')])
})

test('what separates the pairs of LEEF is told by the line in hand, whatever the first value of others was', () => {
  const line = (policy: string): string =>
    `LEEF:1.0|Example|Firewall|1|deny|policy=${policy}\tsrc=198.51.100.7\tdst=203.0.113.10\taction=deny`
  const values = ['a', 'a', 'b', 'c', 'a|b', 'a^src=192.0.2.1', 'a|src=192.0.2.1', 'a#011src=192.0.2.1', 'd']
  assertSame(values.map(line))
  // where blanks part the pairs, any value may tell
  const last = (policy: string, i: number): string =>
    `LEEF:1.0|Example|Firewall|1|deny|action=deny src=198.51.100.${i} dst=203.0.113.10 policy=${policy}`
  assertSame(values.map(last))
})

test('a stamp without a zone is in the zone of the parser in hand, though its text and its line are known', () => {
  const line =
    'CEF:0|Example|Firewall|1|1|traffic|3|rt=Feb 20 2025 12:28:20 act=allow src=198.51.100.7 dst=203.0.113.10 dpt=22'
  const timesOf = (timeZone: string): (string | null)[] => {
    const records = parseBatch(new Parser({ timeZone, deviceZones: {} }), [line, line, line, line])
    return [0, 3].map((row) => records.recordAt(row).eventTime)
  }
  forgetShapes()
  const sydney = '2025-02-20T01:28:20.000Z'
  const utc = '2025-02-20T12:28:20.000Z'
  assert.deepEqual(timesOf('Australia/Sydney'), [sydney, sydney])
  assert.deepEqual(timesOf('UTC'), [utc, utc])
  assert.deepEqual(timesOf('Australia/Sydney'), [sydney, sydney])
})

test('a year-less stamp is of the year before its own arrival, though its text is known', () => {
  const line = `CEF:0|Example|Firewall|1|1|traffic|3|rt=Feb 20 12:28:20 act=allow src=198.51.100.7 dst=203.0.113.10`
  const parser = new Parser({ timeZone: 'UTC', deviceZones: {} })
  const years = [2023, 2024, 2023].map((year) =>
    parseBatch(parser, [line, line], Date.UTC(year, 2, 1))
      .recordAt(1)
      .eventTime?.slice(0, 4),
  )
  assert.deepEqual(years, ['2023', '2024', '2023'])
})
