/** Rows in PAN-OS's column order: what our own reader of PAN-OS lines makes of them is what was exported. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordOf, THREAT, TRAFFIC } from '../test-lines.ts'
import type { LogRecord } from '../../model/log-record.ts'
import { PALOALTO_CSV_FIELDS, paloaltoCsvRow } from '../../model/paloalto-csv-row.ts'

const RECEIVED = { receivedAt: '2025-02-20T01:28:21.000Z' }
const columnsOf = (record: object): string[] => paloaltoCsvRow({ ...record, ...RECEIVED }).split(',')
/** Without what a row does not carry: flags, where it came from, and the line itself. */
function carried(record: LogRecord): object {
  const { raw: _raw, flags: _flags, receivedAt: _receivedAt, ...rest } = record
  return rest
}

for (const [name, line] of [
  ['traffic', TRAFFIC],
  ['threat', THREAT],
] as const)
  test(`a PAN-OS ${name} record is read again as it was`, () => {
    const record = recordOf(line)
    const again = recordOf(paloaltoCsvRow({ ...record, ...RECEIVED }).trimEnd())
    assert.equal(again.format, 'paloalto-csv')
    assert.deepEqual(carried(again), carried(record))
  })

test('columns stand where PAN-OS has them, and what is unknown is empty', () => {
  const record = recordOf(TRAFFIC)
  const columns = columnsOf(record)
  assert.equal(columns[1], '2025/02/20 01:28:21')
  assert.equal(columns[3], 'TRAFFIC')
  assert.equal(columns[7], '198.51.100.77')
  assert.equal(columns[25], '8060')
  assert.equal(columns[52], 'LAB-FW-01')
  const emptied = Object.fromEntries(PALOALTO_CSV_FIELDS.map((field) => [field, null]))
  assert.equal(
    paloaltoCsvRow({ ...emptied, format: 'paloalto-csv' })
      .replaceAll(',', '')
      .trim(),
    '',
  )
})

test("another vendor's record has its own fields in the order that they ask for, and nothing else", () => {
  const none = Object.fromEntries(PALOALTO_CSV_FIELDS.map((field) => [field, null]))
  const record = { ...none, format: 'fortigate-kv', type: 'TRAFFIC', sourceAddress: '198.51.100.7' }
  const traffic = columnsOf(record)
  assert.deepEqual([traffic[3], traffic[7], traffic[30]], ['TRAFFIC', '198.51.100.7', ''])
  const threat = columnsOf({ ...record, type: 'UTM', severity: 'high', threatName: 'Some.Attack' })
  assert.deepEqual([threat[3], threat[32], threat[34]], ['THREAT', 'Some.Attack', 'high'])
})

test('a PAN-OS type of another order has only the columns that all types share', () => {
  const columns = columnsOf({ ...recordOf(TRAFFIC), type: 'SYSTEM', subtype: 'general' })
  assert.equal(columns.length, 7)
  assert.deepEqual(columns.slice(3, 5), ['SYSTEM', 'general'])
})

test('text of strangers stays in its column and is no formula', () => {
  const hostile = ['=cmd|calc', 'a,b', 'a"b', 'a;b', 'a\r\nb', '@x', "o'k"]
  for (const rule of hostile) {
    const row = paloaltoCsvRow({ ...recordOf(TRAFFIC), ...RECEIVED, rule })
    const again = recordOf(row.replaceAll('\r\n', ' ').trimEnd())
    assert.equal(again.destinationPort, 8060, rule)
    assert.equal(again.rule?.replace(/^'/, ''), rule.replaceAll('\r\n', ' '))
    assert.equal(/(?:^|,)"?[=@]/.test(row), false, rule)
  }
})
