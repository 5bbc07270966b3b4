import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawBatch } from '../model/raw-batch.ts'
import { readHeader } from './header.ts'
import { Line, STAMP } from './line.ts'

interface Header {
  host: string
  relay: string
  text: string
  stamp: number
}

function headerOf(message: string | Uint8Array): Header {
  const bytes = typeof message === 'string' ? Buffer.from(message) : message
  const raw = new RawBatch(4096)
  raw.add(bytes, 0, bytes.length, 0)
  // What lies behind a message in the buffer is another message; no reader may run into it.
  raw.add(Buffer.from('<14>- - - [x'), 0, 12, 0)
  const line = new Line(raw)
  line.openBatch(raw, Date.UTC(2025, 2, 1))
  line.open(0)
  readHeader(line)
  const text = (from: number, to: number): string => raw.bytes.toString('utf8', from, to)
  return {
    host: text(line.hostStart, line.hostEnd),
    relay: text(line.relayStart, line.relayEnd),
    text: text(line.at, line.end),
    stamp: line.stampKind,
  }
}

const { none, bsd, instant } = STAMP
const table: readonly (readonly [string, Partial<Header>])[] = [
  ['<14>Feb 20 11:49:43 LAB-FW-01 1,2025/02/20', { host: 'LAB-FW-01', text: '1,2025/02/20', stamp: bsd }],
  ['Feb 20 11:49:43 LAB-FW-01 SrcLocation=x', { host: 'LAB-FW-01', text: 'SrcLocation=x', stamp: bsd }],
  ['<190>Oct 30 09:46:17 1,2012/10/30', { host: '', text: '1,2012/10/30', stamp: bsd }],
  ['Oct  3 09:46:17 1,2012/10/30', { host: '', text: '1,2012/10/30', stamp: bsd }],
  ['Jan 1 09:46:17 fw  1,2012/10/30', { host: 'fw', text: '1,2012/10/30', stamp: bsd }],
  ['Oct 10 2018 12:34:56 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['<134>Thu Feb 20 12:34:56 2025 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['Thu Feb 20 2025 12:34:56 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['Thu Feb 20 12:34:56 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['Feb 20 12:34:56 2025 x', { host: '2025', text: 'x', stamp: bsd }],
  ['2025-02-20 12:34:56 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['2025-02-20 12:34:56.123456 rule 1/0(match): x', { host: '', stamp: none }],
  ['2025-13-20 12:34:56 fw x', { host: '', text: '2025-13-20 12:34:56 fw x', stamp: none }],
  ['Feb 20 11:49:43.123 fw x', { host: 'fw', text: 'x', stamp: bsd }],
  ['<14>Feb 20 11:49:43 192.0.2.1 x', { host: '192.0.2.1', text: 'x' }],
  ['<14>Feb 20 11:49:43 2001:db8::1 x', { host: '2001:db8::1', text: 'x' }],
  ['<14>Feb 20 11:49:43 fw.example.org x', { host: 'fw.example.org', text: 'x' }],
  ['2025-02-20T11:49:43.123456+11:00 fw x', { host: 'fw', text: 'x', stamp: instant }],
  [
    '<14>1 2020-10-09T18:39:02-04:00 fw.example.org - - - - 1,2020',
    { host: 'fw.example.org', text: '1,2020' },
  ],
  ['<14>1 2020-10-09T18:39:02Z - app 12 ID - x', { host: '', text: 'x', stamp: instant }],
  ['<14>1 2020-10-09T18:39:02Z fw app 12 ID [a b="c\\"] d\\\\"][e] x', { host: 'fw', text: 'x' }],
  [
    '<14>1 2020-10-09T18:39:02Z fw app 12 ID [a b="never closed x',
    { host: 'fw', text: '[a b="never closed x' },
  ],
  [
    'Mar 1 20:48:22 relay 4465 <14>1 2021-03-01T20:48:22.900Z fw app - ID - CEF:0|x',
    { host: 'fw', relay: 'relay', text: 'CEF:0|x', stamp: instant },
  ],
  [
    '1 2022-10-11T17:19:35.782Z log logforwarder - panwlogs - 2022-10-11T17:14:30.000000Z,no-serial',
    { host: 'log', text: '2022-10-11T17:14:30.000000Z,no-serial' },
  ],
  [
    '<14>1 2025-02-20T12:28:20+11:00 fw 1,2025/02/20 - - - 12:28:20,01',
    { host: 'fw', text: '1,2025/02/20 - - - 12:28:20,01' },
  ],
  [
    '2025-09-23T07:10:09-04:00 fw 1,2025/09/23 - - - 07:10:08,01',
    { host: 'fw', text: '1,2025/09/23 - - - 07:10:08,01' },
  ],
  ['535 <14>1 2020-03-27T09:57:41+01:00 PA-VM - - - - 1,2020', { host: 'PA-VM', text: '1,2020' }],
  [
    'Feb 24 22:09:26 192.0.2.7 Feb 24 22:06:07 Panorama 1,2016',
    { host: 'Panorama', relay: '192.0.2.7', text: '1,2016' },
  ],
  [
    '<14>Feb 24 22:09:26 a <14>Feb 24 22:06:07 b <14>1 2025-02-20T12:28:20Z c - - - - x',
    { host: 'c', relay: 'a', text: 'x' },
  ],
  ['<14>Feb 24 22:09:26 relay Feb 24 22:06:07 1,2016', { host: 'relay', relay: '', text: '1,2016' }],
  ['<134>Jul  3 19:10:30 filterlog[72237]: x', { host: '', text: 'filterlog[72237]: x' }],
  ['<14>1,2025/02/20', { host: '', text: '1,2025/02/20', stamp: none }],
  ['<192>Feb 20 11:49:43 fw x', { host: 'fw', text: 'x' }],
  ['<-1>Feb 20 11:49:43 fw x', { host: 'fw', text: 'x' }],
  ['<999999999999>Feb 20 11:49:43 fw x', { host: 'fw', text: 'x' }],
  ['<>Feb 20 11:49:43 fw x', { host: 'fw', text: 'x' }],
  ['<14>Feb 20 11:49:43 fw x \t\r\n\0', { host: 'fw', text: 'x' }],
  ['Feb 20 11:49:43 fw x#015#012#000', { host: 'fw', text: 'x' }],
  ['\ufeff<14>Feb 20 11:49:43 fw \ufeffx', { host: 'fw', text: 'x' }],
  ['Feb 20 11:49:43 fw #357#273#277x', { host: 'fw', text: 'x' }],
  ['1,2025/02/20', { host: '', text: '1,2025/02/20', stamp: none }],
  ['Feb 20 11:49:43', { host: '', text: '', stamp: bsd }],
  ['Feb 20 11:49 fw x', { host: '', text: 'Feb 20 11:49 fw x', stamp: none }],
  ['Fex 20 11:49:43 fw x', { text: 'Fex 20 11:49:43 fw x', stamp: none }],
  ['<14', { text: '<14' }],
  ['<14>', { text: '' }],
  ['', { text: '' }],
]
for (const [message, expected] of table) {
  test(`header of ${JSON.stringify(message)}`, () => {
    const header = headerOf(message)
    for (const [name, value] of Object.entries(expected))
      assert.equal(header[name as keyof Header], value, name)
  })
}

test('a header cut anywhere never reads beyond the message', () => {
  const message = '<14>1 2020-10-09T18:39:02-04:00 fw.example.org app 12 ID [a b="c"] 1,2020/10/09 18:39:02'
  for (let length = 0; length <= message.length; length++) {
    const { text } = headerOf(message.slice(0, length))
    assert.ok(message.slice(0, length).trimEnd().endsWith(text), text)
  }
})
