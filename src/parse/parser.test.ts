import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import { FLAG } from '../model/log-record.ts'
import { MESSAGE_LIMIT_BYTES, RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { Parser } from './parser.ts'
import {
  BSD_HEADER,
  custom,
  parseBatch,
  recordOf,
  SYDNEY,
  THREAT,
  TRAFFIC,
  withColumns,
} from './test-lines.ts'

test('every line of a batch is a row, understood or not, in order', () => {
  const parser = new Parser(SYDNEY)
  const records = parseBatch(parser, [BSD_HEADER + TRAFFIC, 'hello', '', custom(), BSD_HEADER + THREAT])
  const formats = Array.from({ length: records.count }, (_, row) => records.recordAt(row).format)
  assert.deepEqual(formats, ['paloalto-csv', 'unknown', 'unknown', 'paloalto-custom', 'paloalto-csv'])
  assert.equal(records.textAt(1, TEXT_SLOT.unparsedReason), 'no known firewall format')
  assert.equal(records.textAt(2, TEXT_SLOT.unparsedReason), 'empty line')
  assert.deepEqual(records.recordAt(1).flags, ['unparsed'])
})

test('a row that was not understood keeps device, relay and time of its header', () => {
  const records = parseBatch(
    new Parser(SYDNEY),
    ['Feb 20 11:49:43 relay Feb 20 11:49:40 LAB-FW-01 kernel: x'],
    Date.UTC(2025, 1, 21),
  )
  const { device, relay, eventTime, sender } = records.recordAt(0)
  assert.deepEqual(
    { device, relay, eventTime, sender },
    { device: 'LAB-FW-01', relay: 'relay', eventTime: '2025-02-20T00:49:40.000Z', sender: '198.51.100.1' },
  )
})

test('without any time in the line the arrival is the time', () => {
  const records = parseBatch(new Parser(SYDNEY), ['x', custom({ TimeReceived: '' })], 1_740_000_000_000)
  assert.equal(records.eventTimeMs[0], 1_740_000_000_000)
  assert.equal(records.eventTimeMs[1], 1_740_000_000_000)
})

test('the counters say what was read and what was not, with a sample', () => {
  const parser = new Parser(SYDNEY)
  parseBatch(parser, [BSD_HEADER + TRAFFIC, 'hello', custom({ SrcIP: 'x', DstIP: 'y' }), custom()])
  const { parsed, unknown, ...counters } = parser.counters()
  assert.deepEqual(
    Object.entries(parsed).filter(([, count]) => count > 0),
    [
      ['paloalto-custom', 1],
      ['paloalto-csv', 1],
    ],
  )
  assert.deepEqual(counters, {
    unparsed: { 'no known firewall format': 1, 'paloalto-custom: neither SrcIP nor DstIP is an address': 1 },
    unknownOthers: 0,
  })
  assert.deepEqual(
    unknown.map(({ sender, count, sample, closest }) => [sender, count, sample, closest]),
    [
      ['198.51.100.1', 1, 'hello', null],
      ['198.51.100.1', 1, custom({ SrcIP: 'x', DstIP: 'y' }), 'paloalto-custom'],
    ],
  )
})

test('senders and shapes of unknown lines that are remembered are bounded, the rest is counted', () => {
  const parser = new Parser(SYDNEY)
  const raw = new RawBatch(4096)
  const records = new RecordBatch(raw)
  for (let i = 0; i < 5000; i++) {
    raw.reset()
    raw.senders = [`sender-${i}`]
    raw.add(Buffer.from('x'), 0, 1, 0)
    parser.parse(raw, records)
  }
  const { unknown, unknownOthers } = parser.counters()
  assert.equal(unknown.length, 50)
  assert.equal(unknownOthers, 5000 - 256)
})

test('a header that stays the same is not taken for another one', () => {
  const hosts = ['FW-A', 'FW-A', 'FW-B', 'FW-AB', 'FW-A']
  const lines = hosts.map((host) => `<14>Feb 20 11:49:43 ${host} ${custom()}`)
  const nested = `<14>Feb 20 11:49:43 FW-A Feb 20 11:49:44 FW-C ${custom()}`
  const records = parseBatch(new Parser(SYDNEY), [...lines, nested, lines[0] as string])
  const devices = Array.from({ length: records.count }, (_, row) => records.recordAt(row).device)
  assert.deepEqual(devices, [...hosts, 'FW-C', 'FW-A'])
  assert.equal(records.recordAt(5).relay, 'FW-A')
})

test('each device has its own time zone', () => {
  const options = {
    timeZone: 'UTC',
    deviceZones: { 'FW-A': 'Australia/Sydney', '198.51.100.1': 'Asia/Kolkata' },
  }
  const lines = ['FW-A ', 'FW-B ', ''].map((host) => `Feb 20 11:49:43 ${host}${custom()}`)
  const records = parseBatch(new Parser(options), lines)
  const times = Array.from({ length: 3 }, (_, row) => records.recordAt(row).eventTime)
  assert.deepEqual(times, [
    '2025-02-20T00:49:43.000Z',
    '2025-02-20T11:49:43.000Z',
    '2025-02-20T06:19:43.000Z',
  ])
})

test('other settings hold from the next batch on; an unknown zone is refused', () => {
  const parser = new Parser(SYDNEY)
  parser.configure({ timeZone: 'UTC', deviceZones: {} })
  assert.equal(parseBatch(parser, [custom()]).recordAt(0).eventTime, '2025-02-20T11:49:43.000Z')
  assert.throws(() => parser.configure({ timeZone: 'Mars/Olympus', deviceZones: {} }), AppError)
})

test('bytes that are not UTF-8 are flagged on their own line only', () => {
  const latin = Buffer.concat([Buffer.from(BSD_HEADER), Buffer.from(custom({ SrcUser: 'Jörg' }), 'latin1')])
  const lines = [BSD_HEADER + custom(), latin, BSD_HEADER + custom({ SrcUser: 'Jörg' }), Buffer.from([0xff])]
  const records = parseBatch(new Parser(SYDNEY), lines)
  const flags = Array.from(
    { length: records.count },
    (_, row) => (records.flags[row] as number) & FLAG.invalidUtf8,
  )
  assert.deepEqual(flags, [0, FLAG.invalidUtf8, 0, FLAG.invalidUtf8])
  assert.equal(records.recordAt(2).sourceUser, 'Jörg')
  assert.equal(records.recordAt(1).sourceUser, 'J\ufffdrg')
})

test("rsyslog's escapes are undone in values of files, after the fields were cut, and nowhere else", () => {
  const line = custom({ RuleName: 'a#011b #0x #999 #073 SrcIP=192.0.2.1' })
  assert.equal(recordOf(line).rule, 'a\tb #0x #999 #073 SrcIP=192.0.2.1')
  const records = parseBatch(new Parser(SYDNEY), [line])
  assert.equal(records.recordAt(0).rule, 'a#011b #0x #999 #073 SrcIP=192.0.2.1')
})

test('a message that was cut at the limit is flagged and its last value dropped', () => {
  const long = `${custom({ Type: null, Subtype: null })} Subtype=${'x'.repeat(MESSAGE_LIMIT_BYTES)}`
  const { flags, subtype, sourceAddress } = parseBatch(new Parser(SYDNEY), [long]).recordAt(0)
  assert.deepEqual(
    { flags, subtype, sourceAddress },
    { flags: ['truncated'], subtype: null, sourceAddress: '198.51.100.252' },
  )
})

test('a line of another program on a firewall host is not taken for a log, whatever it quotes', () => {
  const parser = new Parser(SYDNEY)
  for (const line of [
    `Feb 20 11:49:43 host myapp[1]: Invalid user ${TRAFFIC}`,
    `Feb 20 11:49:43 host myapp[1]: Invalid user ${custom()}`,
    `Feb 20 11:49:43 host app: x Feb 20 11:49:43 host2 ${custom()}`,
  ]) {
    assert.deepEqual(parser.parseLine(line), { ok: false, reason: 'text of a program that is no firewall' })
  }
})

test("text behind another program's tag or APP-NAME is never a firewall's, also when the sender usually has none", () => {
  const parser = new Parser(SYDNEY)
  const forged = [TRAFFIC, custom()].flatMap((text) => [
    `<14>Feb 20 12:28:20 LAB-FW-01 myapp: ${text}`,
    `<14>Feb 20 12:28:20 LAB-FW-01 myapp[12]: ${text}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 myapp 12 - - ${text}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 myapp - - [x@1 y="z"] ${text}`,
  ])
  const real = [TRAFFIC, custom()].flatMap((text) => [
    `<14>Feb 20 12:28:20 LAB-FW-01 ${text}`,
    `<14>Feb 20 12:28:20 LAB-FW-01 logforwarder[12]: ${text}`,
    `<14>Feb 20 12:28:20 LAB-FW-01 : ${text}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 logforwarder - panwlogs - ${text}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 LAB-FW-01 - - - ${text}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 - - - - ${text}`,
  ])
  const records = parseBatch(parser, [...real, ...forged, ...real, ...forged])
  for (let row = 0; row < records.count; row++) {
    const isReal = row % (real.length + forged.length) < real.length
    assert.equal(records.recordAt(row).flags.includes('unparsed'), !isReal, records.recordAt(row).raw)
  }
})

test('a program that an administrator names is a firewall for that parser alone, from the next batch on', () => {
  const lines = [
    `<14>Feb 20 12:28:20 LAB-FW-01 MyRelay[12]: ${TRAFFIC}`,
    `<14>1 2025-02-20T12:28:20+11:00 LAB-FW-01 myrelay 12 - - ${TRAFFIC}`,
  ]
  const isRead = (parser: Parser): boolean[] => {
    const records = parseBatch(parser, lines)
    return lines.map((_, row) => !records.recordAt(row).flags.includes('unparsed'))
  }
  const parser = new Parser(SYDNEY)
  const named = new Parser({ ...SYDNEY, programs: ['myRelay'] })
  assert.deepEqual(
    [isRead(named), isRead(parser)],
    [
      [true, true],
      [false, false],
    ],
  )
  parser.configure({ ...SYDNEY, programs: ['myrelay'] })
  named.configure(SYDNEY)
  assert.deepEqual(
    [isRead(named), isRead(parser)],
    [
      [false, false],
      [true, true],
    ],
  )
})

test('a text with a line feed and a whole fake line inside is one record', () => {
  const { sourceUser, flags } = recordOf(custom({ SrcUser: `x\n<14>Feb 20 11:49:43 fw ${TRAFFIC}` }))
  assert.ok(sourceUser?.startsWith('x\n<14>Feb'))
  assert.deepEqual(flags, [])
})

test('the count of a repetition multiplies that of the line', () => {
  const [tag = '', ...rest] = withColumns(TRAFFIC, { 23: '5' }).split(' ')
  assert.equal(
    recordOf(`Feb 20 11:49:43 fw ${tag} message repeated 2 times: [ ${rest.join(' ')}]`).repeatCount,
    10,
  )
})
