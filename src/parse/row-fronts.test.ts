import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, array, constantFrom, oneof, property, record, tuple } from 'fast-check'
import { RawBatch } from '../model/raw-batch.ts'
import { QUANTITY_FIELDS } from '../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import { forgetUsual } from './firewall/paloalto-usual.ts'
import { Parser, type ParserOptions } from './parser.ts'
import { BSD_HEADER, custom, SYDNEY, TRAFFIC } from './test-lines.ts'

const raw = new RawBatch(1 << 16)
const records = new RecordBatch(raw)

/** Records of lines parsed as one batch, in memory that held other records before. */
function together(lines: readonly string[], options: ParserOptions = SYDNEY): readonly unknown[] {
  raw.reset()
  raw.transport = 'file'
  for (const line of lines) {
    const bytes = Buffer.from(line, 'utf8')
    raw.reserve(bytes.length)
    raw.add(bytes, 0, bytes.length, 0)
  }
  const parser = new Parser(options)
  parser.parse(raw, records)
  const { parsed, unparsed } = parser.counters()
  const counted = [...Object.values(parsed), ...Object.values(unparsed)].reduce((a, b) => a + b, 0)
  assert.equal(counted, lines.length)
  for (let row = 0; row < lines.length; row++) assert.equal(records.clockOffsetMs[row], 0, `row ${row}`)
  const read = lines.map((_, row) => records.recordAt(row))
  for (let row = 0; row < lines.length; row++) spoil(row)
  return read
}

const USUAL_TEXTS = [
  'device',
  'relay',
  'type',
  'subtype',
  'sourceCountry',
  'sourceUser',
  'destinationCountry',
  'action',
  'rule',
  'ruleId',
  'threatName',
] as const
const usualWords = new Set(USUAL_TEXTS.flatMap((field) => [TEXT_SLOT[field], TEXT_SLOT[field] + 1]))
const USUAL_COLUMNS = [
  'eventTimeMs',
  'clockOffsetMs',
  'sourcePort',
  'destinationPort',
  'threatId',
  'format',
  'category',
  'disposition',
  'attacker',
  'severity',
  'flags',
] as const
const cleared = new RecordBatch(new RawBatch(64))
cleared.clearRows(0, 1)

/** Writes what no reader would over a row; where it is marked as usual only what its reader must write again. */
function spoil(row: number): void {
  const isMarked = records.usual[row] === 1
  for (let word = 0; word < TEXT_STRIDE; word++) {
    const at = row * TEXT_STRIDE + word
    if (isMarked && !usualWords.has(word)) assert.equal(records.text[at], 0, `row ${row}, text word ${word}`)
    else records.text[at] = 3 + (word & 1)
  }
  for (let word = 0; word < ADDRESS_STRIDE; word++) {
    const at = row * ADDRESS_STRIDE + word
    if (isMarked && word >= ADDRESS_SLOT.natSourceAddress)
      assert.equal(records.addresses[at], 0, `row ${row}`)
    else records.addresses[at] = 0xabcd
  }
  for (const column of USUAL_COLUMNS) records[column][row] = 1 // a code that means something
  for (const column of ['natDestinationPort', 'repeatCount', 'outcome', ...QUANTITY_FIELDS] as const) {
    if (isMarked) assert.equal(records[column][row], cleared[column][0], `row ${row}, ${column}`)
    else records[column][row] = 2
  }
}

const known = new Map<string, unknown>()

/** Records of lines read one by one, by the long way. */
function oneByOne(lines: readonly string[], options: ParserOptions = SYDNEY): readonly unknown[] {
  return lines.map((line) => {
    const key = `${JSON.stringify(options)} ${line}`
    const record = known.get(key) ?? recordAlone(line, options)
    known.set(key, record)
    return record
  })
}

function recordAlone(line: string, options: ParserOptions): unknown {
  forgetUsual()
  const single = new RecordBatch(new RawBatch(4096))
  const bytes = Buffer.from(line, 'utf8')
  single.raw.transport = 'file'
  single.raw.add(bytes, 0, bytes.length, 0)
  new Parser(options).parse(single.raw, single)
  return single.recordAt(0)
}

function same(lines: readonly string[], options?: ParserOptions): void {
  assert.deepEqual(together(lines, options), oneByOne(lines, options))
}

const HEADERS = [
  'Feb 20 12:28:20 LAB-FW-01 ',
  'Feb 20 12:28:21 LAB-FW-01 ',
  BSD_HEADER,
  '',
  '<14>Feb 20 12:28:20 ',
  'Feb 20 12:28:20 192.0.2.1 LAB-FW-02 ',
  'Feb 20 12:28:20 relay Feb 20 12:28:20 LAB-FW-03 ',
  '<14>1 2025-02-20T12:28:20Z LAB-FW-04 - - - - ',
  '<14>1 2025-02-20T12:28:20Z LAB-FW-05 pan 7 x - ',
  '<14>1 2025-02-20T12:28:20Z LAB-FW-06 ',
  'Feb 20 12:28:20 LAB-FW-01 : ',
  'Feb 20 12:28:20 LAB-FW-01 sshd[7]: ',
  'Feb 20 12:28:20 LAB-FW-01 message repeated 3 times: [ ',
]
const VALUES: Readonly<Record<string, readonly string[]>> = {
  SrcLocation: ['New Zealand', 'United - - -  States', 'New message repeated 2 times: [x', 'Isle of Man', ''],
  SrcIP: ['192.0.2.7', '2001:db8::7', '192.0.2.xxx', '', '192.0.2.7 '],
  SrcPort: ['1', '65535', '65536', ''],
  SrcUser: ['', 'lab\\user', 'a; DstIP=192.0.2.1', ' blanks '],
  DstIP: ['203.0.113.8', '2001:db8::8', '$dst'],
  Action: ['drop', 'allow', 'Reset Both'],
  RuleName: ['Public services', 'tab#011bed', 'München'],
  TimeReceived: [
    '2025/02/20 12:28:21',
    '2025/02/20 12:29:21',
    '2025/02/20 12:28:2x',
    '2025-02-20T12:28:20+01:00',
    '\0'.repeat(19),
    '',
  ],
  ThreatID: ['$threatid', 'Name(77)', ''],
  Severity: ['high', '$severity'],
  Type: [' TRAFFIC', 'THREAT', 'TRAFFIC; ', 'TRAFFIC;#015', 'TRAFFIC;\r'],
}

test('a line with anything in any value, among plain ones, is the record that it is by itself', () => {
  for (const header of HEADERS) {
    const plain = header + custom()
    same([
      plain,
      plain,
      `${plain} `,
      `${plain}#015`,
      `${plain}x`,
      plain,
      `${plain}\r`,
      plain.slice(0, -1),
      plain,
    ])
    for (const [key, values] of Object.entries(VALUES)) {
      const changed = values.flatMap((value) => [header + custom({ [key]: value }), plain])
      same([plain, plain, ...changed, ...changed.toReversed()])
    }
  }
})

test('a row that was usual in the batch before takes any other line', () => {
  const plain = BSD_HEADER + custom()
  const bare = BSD_HEADER + custom({ ThreatID: '$threatid', Severity: '$severity', SrcUser: '' })
  const others = [
    bare,
    TRAFFIC,
    'x',
    '',
    BSD_HEADER + custom({ DstIP: '2001:db8::8' }),
    BSD_HEADER + custom({ DstIP: '$dst' }),
    `Feb 20 12:28:20 LAB-FW-01 message repeated 3 times: [ ${custom()}]`,
  ]
  for (const other of others)
    for (const place of [0, 1, 2, 7, 39]) {
      const lines = Array<string>(40).fill(plain)
      together(lines)
      assert.ok(records.usual.subarray(0, 40).reduce((a, b) => a + b, 0) > 30)
      same(lines.with(place, other))
    }
  together(Array<string>(40).fill(plain))
  same(Array<string>(40).fill(bare))
})

const someLine = tuple(
  constantFrom(...HEADERS, ...Array<string>(8).fill(BSD_HEADER)),
  oneof(
    {
      weight: 6,
      arbitrary: constantFrom(custom(), custom({ SrcIP: '192.0.2.9', TimeReceived: '2025/02/20 12:28:21' })),
    },
    constantFrom(TRAFFIC, 'x', '', custom({ DstIP: '2001:db8::8' })),
    record(
      Object.fromEntries(Object.entries(VALUES).map(([key, values]) => [key, constantFrom(...values)])),
      { requiredKeys: [] },
    ).map((changed) => custom(changed as Record<string, string>)),
  ),
).map((parts) => parts.join(''))

test('lines of one batch in any order are the records that each of them is by itself', () => {
  check(
    property(array(someLine, { maxLength: 60, size: 'max' }), (lines) => same(lines)),
    { numRuns: 100 },
  )
})

test('lines of devices in several zones have each the time of its zone', () => {
  const deviceZones = { 'LAB-FW-01': 'Europe/Berlin', 'LAB-FW-02': 'UTC' }
  const lines = Array.from({ length: 40 }, (_, i) => `Feb 20 12:28:20 LAB-FW-0${(i >> 2) % 3} ${custom()}`)
  same(lines, { ...SYDNEY, deviceZones })
})

test('an hour that comes twice is told by the arrival of each batch', () => {
  const lines = Array.from({ length: 8 }, () => BSD_HEADER + custom({ TimeReceived: '2025/04/06 02:30:00' }))
  const parser = new Parser(SYDNEY)
  const times = [Date.UTC(2025, 3, 5, 15, 30), Date.UTC(2025, 3, 5, 16, 30)].map((receivedAtMs) => {
    const single = new RecordBatch(new RawBatch(4096))
    for (const text of lines) single.raw.add(Buffer.from(text), 0, text.length, 0)
    single.raw.receivedAtMs = receivedAtMs
    parser.parse(single.raw, single)
    return [...single.eventTimeMs.subarray(0, lines.length)]
  })
  assert.deepEqual(times, [
    lines.map(() => Date.UTC(2025, 3, 5, 15, 30)),
    lines.map(() => Date.UTC(2025, 3, 5, 16, 30)),
  ])
})

test('a cut line is flagged among whole ones', () => {
  raw.reset()
  const bytes = Buffer.from(BSD_HEADER + custom())
  for (let i = 0; i < 20; i++) raw.add(bytes, 0, bytes.length, 0, i === 10)
  new Parser(SYDNEY).parse(raw, records)
  for (let row = 0; row < 20; row++) {
    assert.equal(records.recordAt(row).flags.includes('truncated'), row === 10, `row ${row}`)
  }
})
