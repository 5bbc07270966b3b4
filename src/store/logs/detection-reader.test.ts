/** Stored records in the columns of detection, against the same records read whole; the real engine. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import { CATEGORY, DISPOSITION } from '../../model/log-record.ts'
import { ADDRESS_SLOT, TEXT_SLOT } from '../../model/record-batch.ts'
import { DetectionReader, EVENT_COLUMNS, selectList } from './detection-reader.ts'
import type { LogStore } from './log-store.ts'
import { SegmentSpool } from './segment-spool.ts'
import { SegmentWriter } from './segment-writer.ts'
import { batchOf, everyField, type TestRecord } from './test-batches.ts'
import { openTestStore, type TestStore } from './test-store.ts'

const NOW = Date.UTC(2025, 10, 22, 12)
const COLUMNS = {
  ...EVENT_COLUMNS,
  texts: ['protocol', 'sourceUser', 'sequenceNumber', 'threatName'],
  sender: true,
  arrival: true,
} as const

let opened: TestStore
let folder = ''
let store: LogStore

before(async () => {
  opened = await openTestStore()
  ;({ folder, store } = opened)
})
after(() => opened.close())

function record(i: number): TestRecord {
  if (i % 500 === 7) return { ...everyField(NOW), eventTimeMs: NOW + i }
  return {
    raw: `line ${i}`,
    eventTimeMs: NOW + i,
    category: CATEGORY.traffic,
    disposition: i % 2 === 0 ? DISPOSITION.allowed : DISPOSITION.blocked,
    sourceAddress: i % 3 === 0 ? `2001:db8::${i.toString(16)}` : `198.51.100.${i % 250}`,
    destinationAddress: '203.0.113.9',
    sourcePort: i % 65_536,
    destinationPort: (i * 7) % 65_536,
    protocol: i % 2 === 0 ? 'tcp' : '',
    sourceUser: `user ${i % 300}`,
    sequenceNumber: i % 4 === 0 ? String(i) : '',
    ...(i % 5 === 0 ? { bytesSent: i, bytesReceived: 5_000_000_000, packetsReceived: 3 } : {}),
  }
}

type Row = Readonly<Record<string, unknown>>

test('the columns of detection come back as they were stored, in pieces of any size', async () => {
  const count = 9000
  const clock = new ManualClock(NOW)
  const report = (): void => {}
  const spool = await SegmentSpool.open({ folder, maxSpoolBytes: 1e9, clock, report })
  const writer = new SegmentWriter({ spool, clock, keepRaw: true, report })
  for (let from = 0; from < count; from += 3000) {
    const records = Array.from({ length: 3000 }, (_, i) => record(from + i))
    assert.equal(writer.append(batchOf(records, { receivedAtMs: NOW, sender: '198.51.100.200' })), true)
  }
  await writer.close()
  const segment = spool.take()
  assert.ok(segment)
  await store.insertSegment(segment, segment.footer.segment, new AbortController().signal)

  const whole: Row[] = []
  await store.visit('ORDER BY eventTime', {}, ({ records }) => {
    for (let row = 0; row < records.count; row++) whole.push(rowOf(records, row, (value) => value || 0))
  })
  const pieces: Buffer[] = []
  const sql = `SELECT ${selectList(COLUMNS)} FROM logs ORDER BY eventTime FORMAT Native`
  for await (const piece of store.bytes(sql)) pieces.push(Buffer.from(piece))
  const all = Buffer.concat(pieces)
  for (const size of [all.length, 65_536, 4097, 333]) {
    const read: Row[] = []
    const reader = new DetectionReader(COLUMNS)
    for (let at = 0; at < all.length; at += size)
      reader.take(all.subarray(at, at + size), (records) => {
        assert.equal(records.raw.receivedAtMs, NOW)
        for (let row = 0; row < records.count; row++) read.push(rowOf(records, row, (value) => value))
      })
    reader.finish()
    assert.deepEqual(read, whole)
  }
  const cut = new DetectionReader(COLUMNS)
  cut.take(all.subarray(0, all.length - 1), () => {})
  assert.throws(() => cut.finish(), /ends within a block/)
})

/** What detection reads; numbers of bytes as 32 bits, none as 0. */
function rowOf(
  records: Parameters<Parameters<DetectionReader['take']>[1]>[0],
  row: number,
  known: (value: number) => number,
): Row {
  const quantity = (value: number): number => Math.min(known(value), 4_294_967_295)
  return {
    eventTimeMs: records.eventTimeMs[row],
    source: records.addressAt(row, ADDRESS_SLOT.sourceAddress),
    destination: records.addressAt(row, ADDRESS_SLOT.destinationAddress),
    ports: [records.sourcePort[row], records.destinationPort[row]],
    codes: [
      records.category[row],
      records.disposition[row],
      records.attacker[row],
      records.severity[row],
      records.outcome[row],
      records.flags[row],
    ],
    numbers: [records.threatId[row], records.repeatCount[row]],
    sent: quantity(records.bytesSent[row] as number),
    received: quantity(records.bytesReceived[row] as number),
    packets: quantity(records.packetsReceived[row] as number),
    texts: COLUMNS.texts.map((name) => records.textAt(row, TEXT_SLOT[name])),
    sender: records.senderAt(row),
  }
}
