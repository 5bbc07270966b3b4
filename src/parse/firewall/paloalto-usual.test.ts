import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parser } from '../parser.ts'
import { BSD_HEADER, recordOf, SYDNEY, TRAFFIC, withColumns } from '../test-lines.ts'
import { forgetUsualTraffic } from './paloalto-csv-usual.ts'
import { forgetUsual } from './paloalto-usual.ts'

const parser = new Parser(SYDNEY)

/** What a line says by the long way, and by the short way where the line's tail lets it. */
function bothWays(line: string): void {
  forgetUsual()
  forgetUsualTraffic()
  const long = parser.parseLine(line)
  const short = parser.parseLine(line)
  assert.deepEqual(short, long, line)
}

/** What may stand in a column, right and wrong. */
const VALUES = [
  '',
  ' ',
  '0',
  '000',
  '7',
  '443',
  '65535',
  '65536',
  '0443',
  '123456789',
  '123456789012345',
  '1234567890123456',
  '98765432109876543210',
  '123456789012345678901',
  '192.0.2.7',
  '0.0.0.0',
  '0.0.1.0',
  '192.0.2.007',
  '2001:db8::7',
  '::ffff:192.0.2.7',
  'n/a',
  'n/ab',
  'tcp',
  'TCP',
  'tcp-rst-from-client',
  'a-word-that-is-longer-than-any-of-the-forty-two',
  ' blanks around ',
  '$variable',
  '"quoted"',
  '"quoted, with a comma"',
  '{list,of,two}',
  'no-serial',
  '2025/02/20 11:28:21',
  '2025-02-20 11:28:21',
  '2025/02/20 11:28:2x',
  '0x19',
  'München',
  'TRAFFIC',
]

test('a CSV line with anything in any column is the same record by the short way', () => {
  const columns = TRAFFIC.split(',').length
  for (let column = 0; column < columns; column++) {
    for (const value of column < 48 ? VALUES : VALUES.slice(0, 5)) {
      bothWays(BSD_HEADER + withColumns(TRAFFIC, { [column]: value }))
    }
  }
})

test('a CSV line without the high-resolution time has the time when it was generated', () => {
  const line = (time: string): string => BSD_HEADER + withColumns(TRAFFIC, { 6: time, 102: '' })
  recordOf(line('2025/02/20 11:28:21'))
  const [first, second] = ['2025/02/20 11:28:22', '2025/02/20 11:28:23'].map((time) => recordOf(line(time)))
  assert.equal(first?.eventTime, '2025-02-20T00:28:22.000Z')
  assert.equal(second?.eventTime, '2025-02-20T00:28:23.000Z')
})

const CUSTOM: readonly (readonly [string, string])[] = [
  ['SrcLocation', 'Netherlands'],
  ['SrcIP', '198.51.100.77'],
  ['SrcPort', '51514'],
  ['SrcUser', ''],
  ['DstLocation', 'Australia'],
  ['DstIP', '203.0.113.10'],
  ['DstPort', '8060'],
  ['Action', 'drop'],
  ['RuleName', 'Active Defense sensor'],
  ['RuleID', 'ace432fe-a9f2-5a1e-327a-91fdce0077da'],
  ['TimeReceived', '2025/02/20 11:28:20'],
  ['ThreatName', '$threat_name'],
  ['ThreatID', '$threatid'],
  ['Severity', '$severity'],
  ['Subtype', 'drop'],
  ['Type', ' TRAFFIC'],
]

test('a custom line with anything in any value is the same record by the short way', () => {
  for (const [changed] of CUSTOM) {
    for (const value of [...VALUES, 'a;b', 'a; b', '; SrcIP=192.0.2.1', 'x; DstPort=22; Action=allow']) {
      const pairs = CUSTOM.map(([key, usual]) => `${key}=${key === changed ? value : usual}`)
      bothWays(`${BSD_HEADER}${pairs.join('; ')};`)
    }
  }
})
