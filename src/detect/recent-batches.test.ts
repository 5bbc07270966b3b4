import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawBatch } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch } from '../model/record-batch.ts'
import { RecentBatches } from './recent-batches.ts'
import { WitnessLines } from './witness-lines.ts'

function batch(sequence: number, ...texts: string[]): RecordBatch {
  const raw = new RawBatch(8192)
  for (const text of texts) raw.add(Buffer.from(text), 0, text.length, 0)
  const records = new RecordBatch(raw)
  records.reset(raw, sequence)
  return records
}

test('the oldest batch falls out when a batch too many is pushed', () => {
  const recent = new RecentBatches(2)
  const [a, b, c] = [batch(1), batch(2), batch(3)]
  assert.equal(recent.push(a), null)
  assert.equal(recent.push(b), null)
  assert.equal(recent.push(c), a)
  assert.equal(recent.find(1), null)
  assert.equal(recent.find(2), b)
  assert.equal(recent.find(3), c)
  assert.deepEqual(recent.drain(), [b, c])
  assert.equal(recent.find(3), null)
  assert.equal(recent.push(a), null)
})

test('batches are found by the low bits of their sequence, and when sequences were skipped', () => {
  const recent = new RecentBatches(4)
  const kept = [5, 6, 9, 2 ** 20 + 1].map((sequence) => batch(sequence))
  for (const one of kept) recent.push(one)
  assert.equal(recent.find(1, 20), kept[3])
  assert.equal(recent.find(9, 20), kept[2])
  assert.equal(recent.find(6, 20), kept[1])
  assert.equal(recent.find(7, 20), null)
  assert.equal(recent.find(4, 20), null)
})

test('a kept line is read back until it is overwritten', () => {
  const lines = new WitnessLines(new RecentBatches(1), 8192)
  const first = batch(1, 'one', 'two')
  lines.begin(first)
  const ref = lines.keepRow(1)
  assert.equal(lines.keepRow(1), ref)
  assert.equal(lines.textOf(ref), 'two')
  assert.equal(lines.textOf(0), null)
  const long = 'z'.repeat(1500)
  const refs: number[] = []
  for (let i = 2; i < 40; i++) {
    lines.begin(batch(i, `${i} ${long}`))
    refs.push(lines.keepRow(0))
    const kept = refs.map((known) => lines.textOf(known))
    assert.equal(kept.at(-1), `${i} ${long}`)
    kept.forEach((text, k) => assert.ok(text === null || text === `${k + 2} ${long}`))
  }
  assert.equal(lines.textOf(ref), null)
})

test('a line of an earlier batch is fetched from the recent batches, or is none', () => {
  const recent = new RecentBatches(1)
  const lines = new WitnessLines(recent, 8192)
  const first = batch(1, 'zero', 'one')
  lines.begin(first)
  const name = lines.batchBits | 1
  recent.push(first)
  lines.begin(batch(2, 'other'))
  assert.equal(lines.textOf(lines.keepNamed(name, 0)), 'one')
  const another = batch(3, 'from another source')
  another.setAddress(0, ADDRESS_SLOT.sourceAddress, 0, 0, 0xffff, 7)
  lines.begin(another)
  assert.equal(lines.keepNamed(name, 0), 0)
  lines.begin(batch(2, 'other'))
  recent.push(batch(2, 'other'))
  assert.equal(lines.keepNamed(name, 0), 0)
})
