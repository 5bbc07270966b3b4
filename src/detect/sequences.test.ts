import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FLAG } from '../model/log-record.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { Sequences } from './sequences.ts'

interface Row {
  readonly serial?: string
  readonly device?: string
  readonly type?: string
  readonly number: string | null
  readonly source?: number
  readonly port?: number
  readonly atMs?: number
}

function batchOf(rows: readonly Row[]): RecordBatch {
  const raw = new RawBatch(64 * 1024)
  for (const _ of rows) raw.mark(0, 0, 0, false)
  const batch = new RecordBatch(raw)
  batch.reset(raw, 1)
  for (const [
    row,
    { serial = '0011', device = 'fw', type = 'TRAFFIC', number, source = 1, port = 80, atMs = 0 },
  ] of rows.entries()) {
    batch.setDecodedText(row, TEXT_SLOT.deviceSerial, Buffer.from(serial))
    batch.setDecodedText(row, TEXT_SLOT.device, Buffer.from(device))
    batch.setDecodedText(row, TEXT_SLOT.type, Buffer.from(type))
    if (number !== null) batch.setDecodedText(row, TEXT_SLOT.sequenceNumber, Buffer.from(number))
    batch.setAddress(row, ADDRESS_SLOT.sourceAddress, 0, 0, 0xffff, 0xc6336400 + source)
    batch.setAddress(row, ADDRESS_SLOT.destinationAddress, 0, 0, 0xffff, 0xcb007101)
    batch.destinationPort[row] = port
    batch.eventTimeMs[row] = atMs
  }
  return batch
}

const flagged = (batch: RecordBatch): boolean[] =>
  Array.from({ length: batch.count }, (_, row) => ((batch.flags[row] as number) & FLAG.duplicate) !== 0)

describe('duplicates', () => {
  test('the same line again, in the same batch or a later one, is a duplicate', () => {
    const sequences = new Sequences(7)
    const first = batchOf([{ number: '7204134051344758261' }, { number: '7204134051344758261' }])
    sequences.observe(first)
    assert.deepEqual(flagged(first), [false, true])
    const second = batchOf([{ number: '7204134051344758261' }, { number: '7204134051344758262' }])
    sequences.observe(second)
    assert.deepEqual(flagged(second), [true, false])
    assert.equal(sequences.duplicates, 2)
  })

  test('another device, type, source, port or time is another line: a forged number hides nothing', () => {
    const sequences = new Sequences(7)
    const batch = batchOf([
      { number: '5' },
      { number: '5', serial: '0012' },
      { number: '5', type: 'THREAT' },
      { number: '5', source: 2 },
      { number: '5', port: 443 },
      { number: '5', atMs: 1000 },
    ])
    sequences.observe(batch)
    assert.deepEqual(flagged(batch), [false, false, false, false, false, false])
  })

  test('lines without a number are never duplicates', () => {
    const sequences = new Sequences(7)
    const batch = batchOf([{ number: null }, { number: null }])
    sequences.observe(batch)
    assert.deepEqual(flagged(batch), [false, false])
  })

  test('memory is bounded: a million other lines push an old one out, and not before half a million', () => {
    const sequences = new Sequences(7)
    const fill = (from: number, count: number): void => {
      for (let at = from; at < from + count; at += 4000) {
        sequences.observe(batchOf(Array.from({ length: 4000 }, (_, i) => ({ number: String(at + i) }))))
      }
    }
    fill(1, 400_000)
    const again = batchOf([{ number: '1' }])
    sequences.observe(again)
    assert.deepEqual(flagged(again), [true])
    fill(1_000_000, 1_300_000)
    const late = batchOf([{ number: '1' }])
    sequences.observe(late)
    assert.deepEqual(flagged(late), [false])
  })
})

describe('gaps', () => {
  test('missing numbers are lost per device and type; one that comes late is taken back', () => {
    const sequences = new Sequences(7)
    sequences.observe(
      batchOf([{ number: '100' }, { number: '101' }, { number: '105' }, { number: '900', type: 'THREAT' }]),
    )
    assert.equal(sequences.lost, 3)
    sequences.observe(batchOf([{ number: '103' }, { number: '106' }]))
    assert.equal(sequences.lost, 2)
    const [traffic] = sequences.list()
    assert.deepEqual(
      [traffic?.device, traffic?.type, traffic?.records, traffic?.lost],
      ['0011', 'TRAFFIC', 5, 2],
    )
  })

  test('a jump is a restart of the counter and no loss', () => {
    const sequences = new Sequences(7)
    sequences.observe(
      batchOf([{ number: '7204134051344758261' }, { number: '1' }, { number: '2' }, { number: '4' }]),
    )
    assert.equal(sequences.lost, 1)
  })
})
