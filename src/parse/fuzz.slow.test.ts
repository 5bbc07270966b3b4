import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '../model/log-record.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_STRIDE } from '../model/record-batch.ts'
import { forgetUsualTraffic } from './firewall/paloalto-csv-usual.ts'
import { forgetUsual } from './firewall/paloalto-usual.ts'
import { Parser } from './parser.ts'
import { BSD_HEADER, custom, parseBatch, SYDNEY, THREAT, TRAFFIC, withColumns } from './test-lines.ts'
import { EVENT_LINES } from './testing/event-lines.ts'
import { PACKET_FILTER_LINES } from './testing/packet-filter-lines.ts'

const RFC5424 = '535 <14>1 2020-10-09T18:39:02-04:00 fw app 12 ID [a b="c"] '
const NESTED = 'Feb 24 22:09:26 relay <14>Feb 24 22:06:07 fw '
const [TAG = '', ...REST] = custom().split(' ')
const LINES = [
  BSD_HEADER + TRAFFIC,
  RFC5424 + THREAT,
  NESTED + custom(),
  `Feb 20 11:49:43 fw ${TAG} message repeated 3 times: [ ${REST.join(' ')}]`,
  '{"TimeReceived":"2025-02-20T12:28:21.0Z","LogType":"THREAT","Rule":"a \\u00e9\\"","SourceAddress":{"value":"198.51.100.77"},"DestinationAddress":["203.0.113.10"],"SourcePort":1}',
  'serial=0132, type=TRAFFIC, src=198.51.100.77, dst=203.0.113.10, rule="a, b", natsport=1 natdport=2, srcuser=x=y',
  '1,2025/02/20 12:28:20,01,GLOBALPROTECT,0,1,2025/02/20 12:28:20,vsys1,portal-auth,login,,,joe,DE,PC,198.51.100.7,0.0.0.0,0.0.0.0,0.0.0.0,H,S,6,W,"W , 64",1,,,,failure,,0,,0,P,7,0x8,,,,,,,0,0,0,0,,FW',
  `1,2025/02/20 12:28:20,01,SYSTEM,auth,0,2025/02/20 12:28:20,,auth-fail,,0,0,general,medium,"failed authentication for user 'a'. Reason: b. From: 198.51.100.9.",1,0x0,0,0,0,0,,FW`,
  ...PACKET_FILTER_LINES,
  ...EVENT_LINES,
].map((line) => Buffer.from(line))

/** Every text slice lies inside the bytes, and every row can be made a record. */
function assertSound(records: RecordBatch): void {
  const used = records.raw.used
  assert.ok(used <= records.raw.bytes.length)
  for (let at = 0; at < records.count * TEXT_STRIDE; at += 2) {
    const start = records.text[at] as number
    const end = records.text[at + 1] as number
    assert.ok(start <= end && end <= used, `slice ${start} to ${end} of ${used}`)
  }
  for (let row = 0; row < records.count; row++) {
    const { format, flags } = records.recordAt(row)
    assert.equal(format === 'unknown', flags.includes('unparsed'))
  }
}

test('a line cut at any offset is read without harm', () => {
  const parser = new Parser(SYDNEY)
  for (const line of LINES) {
    for (let from = 0; from < line.length; from += 1000) {
      const cuts = Array.from({ length: Math.min(1000, line.length - from) }, (_, i) =>
        line.subarray(0, from + i),
      )
      assertSound(parseBatch(parser, cuts, Date.UTC(2025, 2, 1)))
    }
    const fronts = Array.from({ length: line.length }, (_, i) => line.subarray(i))
    assertSound(parseBatch(parser, fronts))
  }
})

test('lines with bits flipped, bytes put in and pieces moved are read without harm', () => {
  const parser = new Parser(SYDNEY)
  const bytesThatMean = fc.constantFrom(...Buffer.from(',;="{}[]()<>$#:/ \n\0-1SrcIP'), 0xff, 0xc3)
  const change = fc.record({
    line: fc.nat(LINES.length - 1),
    at: fc.nat(900),
    kind: fc.nat(3),
    byte: fc.oneof(bytesThatMean, fc.nat(255)),
    length: fc.nat(60),
  })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      let line = Buffer.from(LINES[changes[0]?.line ?? 0] as Buffer)
      for (const { at, kind, byte, length } of changes) {
        const where = at % (line.length + 1)
        const piece = line.subarray(where, where + length)
        if (kind === 0 && where < line.length) line[where] = (line[where] as number) ^ (1 << (byte & 7))
        else if (kind === 1)
          line = Buffer.concat([line.subarray(0, where), Buffer.from([byte]), line.subarray(where)])
        else if (kind === 2) line = Buffer.concat([line.subarray(0, where), line.subarray(where + length)])
        else line = Buffer.concat([line.subarray(0, where), piece, line.subarray(where)])
      }
      assertSound(parseBatch(parser, [LINES[0] as Buffer, line, LINES[2] as Buffer, line]))
    }),
    { numRuns: 1500 },
  )
})

test('random bytes are read without harm', () => {
  const parser = new Parser(SYDNEY)
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 40 }), (lines) =>
      assertSound(parseBatch(parser, lines)),
    ),
    { numRuns: 200 },
  )
})

test('64 KiB of one byte or of one piece take no time to speak of', () => {
  const parser = new Parser(SYDNEY)
  for (const piece of [
    ',',
    ';',
    '"',
    '{',
    '}',
    '(',
    '1)',
    '; SrcIP=',
    '",',
    '<',
    '[',
    ' ',
    '1',
    'Feb 20 11:49:43 a ',
    '; x=',
    ' a=',
    '\\',
    '\\"',
    '|',
  ]) {
    const text = piece.repeat(Math.floor(65_000 / piece.length))
    const lines = [
      text,
      custom({ SrcUser: text.slice(0, 60_000) }),
      BSD_HEADER + withColumns(TRAFFIC, { 12: text }),
      `SrcLocation=${text}`,
      `CEF:0|a|b|c|d|e|1|${text}`,
      `LEEF:2.0|a|b|c|d|^|${text}`,
      `{"event_type":"alert","a":"${text}`,
      `02/20/2025-12:28:20.251216  [**] [1:1:1] ${text}`,
    ]
    assertSound(parseBatch(parser, lines))
  }
})

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('', '0.0.0.0', 'xxx.xx.x.x'))
const port = fc.oneof(fc.nat(65_535).map(String), fc.constantFrom('', 'x', '0'))
const stamp = fc.constantFrom(
  '2025/02/20 12:28:20',
  '2025/02/20 12:28:21',
  '2025/02/30 12:28:20',
  '',
  '1970/01/01 00:00:00',
)
const word = fc.constantFrom('allow', 'drop', 'reset both', 'DENY', '', 'alert', '"allow"')
const name = fc.constantFrom('a rule', 'a;b', '"x,y"', '"say ""hi"""', '', ' blank ', 'näme', '$rule')
/** Few values for many columns, so that stretches repeat; single columns vary freely. */
const trafficLine = fc
  .record(
    {
      1: stamp,
      6: stamp,
      7: address,
      8: address,
      9: address,
      11: name,
      12: name,
      16: name,
      21: stamp,
      22: port,
      23: port,
      24: port,
      25: port,
      27: port,
      29: fc.constantFrom('tcp', 'UDP', '6', ''),
      30: word,
      32: port,
      35: stamp,
      37: name,
      39: port,
      41: name,
      44: port,
      46: fc.constantFrom('tcp-fin', 'N/A', 'aged-out'),
      52: fc.constantFrom('FW-A', 'FW-B', ''),
      75: address,
      102: fc.constantFrom(
        '2025-02-20T12:28:20.113+11:00',
        '2025-02-20T12:28:21.000Z',
        '1969-12-31T16:00:00.000-08:00',
        '',
      ),
    },
    { requiredKeys: [] },
  )
  .map((values) => BSD_HEADER + withColumns(TRAFFIC, values))
const number = fc.nat(99_999).map(String)
/** As most lines of a firewall are: nothing odd. */
const plainTrafficLine = fc
  .record(
    {
      2: fc.constantFrom('013201001234', 'no-serial'),
      4: fc.constantFrom('drop', 'end', 'START'),
      7: fc.oneof(fc.ipV4(), fc.ipV6()),
      8: fc.ipV4(),
      9: fc.oneof(fc.constant('0.0.0.0'), fc.ipV4()),
      10: fc.oneof(fc.constant(''), fc.ipV4()),
      11: fc.constantFrom('Internet', 'Active Defense sensor'),
      22: number,
      23: fc.constantFrom('1', '2', '0'),
      24: fc.nat(65_535).map(String),
      25: fc.nat(70_000).map(String),
      27: fc.nat(65_535).map(String),
      29: fc.constantFrom('tcp', 'udp', 'ipv6-icmp'),
      30: fc.constantFrom('allow', 'drop', 'reset-client'),
      32: number,
      33: number,
      39: number,
      41: fc.constantFrom('Singapore', '10.0.0.0-10.255.255.255', ''),
      44: number,
      45: number,
      46: fc.constantFrom('tcp-fin', 'aged-out', 'n/a'),
      52: fc.constantFrom('FW-A', 'FW-B'),
      102: fc.constantFrom('2025-02-20T12:28:20.113+11:00', '2025-02-20T12:28:59.999+11:00', ''),
      109: fc.constantFrom('', '"used-by-malware,pervasive-use"', '"odd" quotes"'),
    },
    { requiredKeys: ['7', '8', '24', '25', '32', '33', '39', '44', '45'] },
  )
  .map((values) => BSD_HEADER + withColumns(TRAFFIC, values))
const customLine = fc
  .record(
    {
      SrcLocation: name,
      SrcIP: address,
      SrcPort: port,
      SrcUser: fc.oneof(name, fc.constant('x; SrcIP=8.8.8.8')),
      DstIP: address,
      DstPort: port,
      Action: word,
      RuleName: name,
      TimeReceived: stamp,
      ThreatID: fc.constantFrom('', 'A(1)', '$threatid'),
      Severity: fc.constantFrom('high', ''),
      Subtype: fc.constantFrom('drop', 'Spyware'),
      Type: fc.constantFrom(' TRAFFIC', 'THREAT', ''),
    },
    { requiredKeys: [] },
  )
  .map((values) => BSD_HEADER + custom(values))

test('what a line says does not depend on the lines read before it', () => {
  const raw = new RawBatch(4096)
  const single = new RecordBatch(raw)
  const fresh = new Parser(SYDNEY)
  // Nothing remembered: the line is read the long way.
  const longWay = (line: string): LogRecord => {
    forgetUsual()
    forgetUsualTraffic()
    raw.reset()
    raw.senders = ['198.51.100.1']
    const bytes = Buffer.from(line)
    raw.reserve(bytes.length)
    raw.add(bytes, 0, bytes.length, 0)
    fresh.parse(raw, single)
    return single.recordAt(0)
  }
  const shared = new Parser(SYDNEY)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(trafficLine, plainTrafficLine, customLine), { minLength: 1, maxLength: 12 }),
      (lines) => {
        const expected = lines.map(longWay)
        const records = parseBatch(shared, [...lines, ...lines])
        for (const [i, record] of expected.entries()) {
          assert.deepEqual(records.recordAt(i), record)
          assert.deepEqual(records.recordAt(i + lines.length), record)
        }
      },
    ),
    { numRuns: 250 },
  )
})
