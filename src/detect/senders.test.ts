import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../config/schema.ts'
import { FLAG } from '../model/log-record.ts'
import { RawBatch, type Transport } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { BlockedWatch } from './blocked-watch.ts'
import { DeviceClocks } from './device-clocks.ts'
import { type SenderSettings, SENDERS_LIMIT, senderSettings, SenderTable } from './senders.ts'
import { Sequences } from './sequences.ts'
import { batchOf, makeDetector, START_MS } from './testing/batches.ts'

const RAW = new RawBatch(1 << 16)
const BATCH = new RecordBatch(RAW)
const LINE = Buffer.from('x')

const known = (...list: string[]): SenderSettings =>
  senderSettings({ ...defaultSettings(), 'senders.known': list })
const storeOnly = (...list: string[]): SenderSettings =>
  senderSettings({ ...defaultSettings(), 'senders.known': list, 'senders.unknown': 'store' })

/** A batch with one line of each named sender; `bad` rows were not understood. */
function linesOf(
  names: readonly string[],
  more: { transport?: Transport; identity?: string; bad?: number[]; atMs?: number } = {},
): RecordBatch {
  RAW.reset()
  RAW.transport = more.transport ?? 'udp'
  RAW.receivedAtMs = more.atMs ?? START_MS
  RAW.senders = [...new Set(names)]
  if (more.identity !== undefined) RAW.identities = RAW.senders.map(() => more.identity ?? '')
  for (const name of names) RAW.add(LINE, 0, 1, RAW.senders.indexOf(name))
  BATCH.reset(RAW, 1)
  for (const row of more.bad ?? []) BATCH.flags[row] = FLAG.unparsed
  return BATCH
}

const flagged = (batch: RecordBatch): number[] =>
  Array.from({ length: batch.count }, (_, row) => row).filter(
    (row) => ((batch.flags[row] as number) & FLAG.untrusted) !== 0,
  )

test('lines are counted to their senders, and with nobody named all are pending and no line is flagged', () => {
  const table = new SenderTable(known())
  const batch = linesOf(['192.0.2.1', '192.0.2.2', '192.0.2.1'], { bad: [2] })
  table.observe(batch)
  assert.deepEqual(flagged(batch), [])
  assert.equal(table.ignoredFlags, 0)
  table.observe(linesOf(['192.0.2.1'], { atMs: START_MS + 5000 }))
  const { pending, known: knownCount, pendingLines, list } = table.status()
  assert.deepEqual([pending, knownCount, pendingLines], [2, 0, 4])
  assert.deepEqual(list[0], {
    sender: '192.0.2.1',
    transport: 'udp',
    identity: null,
    known: false,
    firstSeenAtMs: START_MS,
    lastSeenAtMs: START_MS + 5000,
    lines: 3,
    unparsed: 1,
  })
})

test('once senders are named, lines of the others are flagged and still count', () => {
  const table = new SenderTable(known('192.0.2.0/25', '2001:db8::/32'))
  const batch = linesOf(['192.0.2.1', '192.0.2.200', '2001:db8::5', '192.0.2.200'], { bad: [3] })
  table.observe(batch)
  assert.deepEqual(flagged(batch), [1, 3])
  assert.equal(batch.flags[3], FLAG.untrusted | FLAG.unparsed)
  assert.equal(table.ignoredFlags, 0)
  assert.deepEqual(
    table.status().list.map(({ sender, known: isKnown }) => [sender, isKnown]),
    [
      ['192.0.2.200', false],
      ['2001:db8::5', true],
      ['192.0.2.1', true],
    ],
  )
})

test('store: lines of unknown senders are to be ignored, also when nobody is named', () => {
  const table = new SenderTable(storeOnly())
  const batch = linesOf(['192.0.2.1'])
  table.observe(batch)
  assert.deepEqual(flagged(batch), [0])
  assert.equal(table.ignoredFlags, FLAG.untrusted)
})

test('files and holders of the token are known; a certificate is when its name is listed', () => {
  const table = new SenderTable(storeOnly('*.fw.example.net', 'panorama'))
  const cases: [Transport, string, string, boolean][] = [
    ['file', 'fw-1', '', true],
    ['http', '198.51.100.9', '', true],
    ['tls', '198.51.100.9', 'edge.fw.example.net', true],
    ['tls', '198.51.100.9', 'EDGE.FW.Example.net', true],
    ['tls', '198.51.100.9', 'panorama', true],
    ['tls', '198.51.100.9', 'panorama.example.net', false],
    ['tls', '198.51.100.9', 'fw.example.net', false],
    ['tls', '198.51.100.9', 'edge.fwxexample.net', false],
    ['tls', '198.51.100.9', '', false],
    ['udp', 'panorama', '', false],
  ]
  for (const [transport, sender, identity, expected] of cases) {
    assert.equal(table.isKnown(transport, sender, identity), expected, `${transport} ${sender} ${identity}`)
    const batch = linesOf([sender], { transport, identity })
    table.observe(batch)
    assert.equal(flagged(batch).length, expected ? 0 : 1)
  }
  assert.ok(new SenderTable(known('*')).isKnown('tls', '198.51.100.9', 'anything'))
  assert.equal(new SenderTable(known('*')).isKnown('udp', '198.51.100.9', ''), false)
})

test('a change of the settings judges the senders seen before anew', () => {
  const table = new SenderTable(known())
  table.observe(linesOf(['192.0.2.1', '192.0.2.2']))
  table.configure(known('192.0.2.2'))
  assert.deepEqual([table.status().known, table.status().pending], [1, 1])
  const batch = linesOf(['192.0.2.1', '192.0.2.2'])
  table.observe(batch)
  assert.deepEqual(flagged(batch), [0])
  assert.equal(table.status().list.find(({ sender }) => sender === '192.0.2.2')?.lines, 2)
})

test('N14: 10,000 unknown senders push each other out and never a known one', () => {
  const table = new SenderTable(known('203.0.113.5'))
  table.observe(linesOf(['203.0.113.5']))
  for (let i = 0; i < 10_000; i += 100) {
    const names = Array.from({ length: 100 }, (_, k) => `198.51.${(i + k) >> 8}.${(i + k) & 255}`)
    table.observe(linesOf(names, { atMs: START_MS + i }))
  }
  const status = table.status()
  assert.equal(status.list.length, SENDERS_LIMIT)
  assert.deepEqual([status.known, status.pending], [1, SENDERS_LIMIT - 1])
  assert.equal(status.pendingLines, 10_000)
  assert.equal(status.forgotten, 10_000 - (SENDERS_LIMIT - 1))
  assert.equal(status.lastForgottenAtMs, START_MS + 9900)
  assert.equal(status.list[0]?.sender, '198.51.39.15', 'the last one heard')
})

test('one batch may hold as many senders as lines', () => {
  const table = new SenderTable(storeOnly('198.51.0.0/24'))
  const names = Array.from({ length: 4096 }, (_, i) => `198.51.${i >> 8}.${i & 255}`)
  const batch = linesOf(names)
  table.observe(batch)
  assert.equal(flagged(batch).length, 4096 - 256)
  assert.deepEqual([table.status().known, table.status().pending], [256, SENDERS_LIMIT - 256])
})

test('lines to be ignored convict nobody, and the others do', () => {
  const scan = (flags: number, from: string) =>
    Array.from({ length: 11 }, (_, i) => ({ port: 1000 + i, from, flags }))
  const { detector, feed } = makeDetector({ ignoredFlags: FLAG.untrusted })
  assert.deepEqual(feed(scan(FLAG.untrusted, '198.51.100.7')), [])
  assert.equal(feed(scan(0, '198.51.100.8')).length, 1)
  assert.equal(detector.counters()['skippedUntrustedSender'], 11)
  assert.equal(detector.counters()['countedInbound'], 11)
  assert.equal(makeDetector().feed(scan(FLAG.untrusted, '198.51.100.7')).length, 1, 'by default they count')
})

test('a line to be ignored has no part in numbering, in clocks and in what is seen of blocked sources', () => {
  const numbered = (flags: number) =>
    batchOf([{ texts: { type: 'TRAFFIC', sequenceNumber: '77' }, flags, at: -3600 }], 0)
  const sequences = new Sequences(1)
  sequences.observe(numbered(FLAG.untrusted), FLAG.untrusted)
  const real = numbered(0)
  sequences.observe(real, FLAG.untrusted)
  assert.equal(real.flags[0], 0, 'the forged line came first and the real one is no duplicate')

  const watch = new BlockedWatch(1)
  watch.add('198.51.100.7')
  assert.deepEqual(watch.observe(numbered(FLAG.untrusted), FLAG.untrusted), [])
  assert.equal(watch.observe(numbered(0), FLAG.untrusted).length, 1)

  const learned = (flags: number): number | null | undefined => {
    const clocks = new DeviceClocks(1)
    for (let second = 0; second < 60; second += 1) {
      clocks.observe(batchOf([{ at: second - 3600, flags }], second), FLAG.untrusted)
    }
    return clocks.list()[0]?.clockOffsetMs
  }
  assert.equal(learned(FLAG.untrusted), null)
  assert.equal(learned(0), 3_600_000)
})
