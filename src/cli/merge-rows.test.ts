import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawBatch } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { type RecordSource, RowMerger } from './merge-rows.ts'

/** A file whose lines are `name:index`, with these event times, in batches of `size`. */
class FakeFile implements RecordSource {
  readonly records = new RecordBatch(new RawBatch())
  readonly #name: string
  readonly #times: readonly number[]
  readonly #size: number
  #next = 0

  constructor(name: string, times: readonly number[], size: number) {
    this.#name = name
    this.#times = times
    this.#size = size
  }

  fill(): Promise<boolean> {
    const { records } = this
    const raw = records.raw
    raw.reset()
    raw.senders = [this.#name]
    const times = this.#times.slice(this.#next, this.#next + this.#size)
    times.forEach((_, i) => {
      const text = Buffer.from(`${this.#name}:${this.#next + i}`)
      raw.add(text, 0, text.length, 0)
      raw.line[i] = this.#next + i + 1
    })
    records.reset(raw, 0)
    times.forEach((time, row) => {
      records.eventTimeMs[row] = time
      records.setText(row, TEXT_SLOT.device, raw.start[row] as number, (raw.start[row] as number) + 1)
      records.setDecodedText(row, TEXT_SLOT.rule, Buffer.from(`decoded ${this.#next + row}`))
      records.setAddress(row, ADDRESS_SLOT.sourceAddress, 0, 0, 0xffff, 0xc6336400 + row)
      records.destinationPort[row] = this.#next + row + 1
    })
    this.#next += times.length
    return Promise.resolve(times.length > 0)
  }
}

async function merge(files: readonly (readonly number[])[], size: number): Promise<string[]> {
  const merger = new RowMerger(
    files.map((times, i) => new FakeFile(String.fromCharCode(97 + i), times, size)),
  )
  const into = new RecordBatch(new RawBatch())
  const lines: string[] = []
  for (let sequence = 1; await merger.next(into, sequence); sequence++) {
    for (let row = 0; row < into.count; row++) lines.push(into.rawAt(row))
  }
  return lines
}

test('records of several files come in the order of their times; equals in the order of the files', async () => {
  assert.deepEqual(await merge([[1, 4, 9], [2, 4, 5], []], 2), ['a:0', 'b:0', 'a:1', 'b:1', 'b:2', 'a:2'])
})

test('a file keeps its own order, and a record without a time goes with the one before it', async () => {
  const missing = Number.NaN
  assert.deepEqual(
    await merge(
      [
        [5, 1, missing, 7],
        [missing, 6, 8],
      ],
      3,
    ),
    ['b:0', 'a:0', 'a:1', 'a:2', 'b:1', 'a:3', 'b:2'],
  )
})

test('any files in any batches: nothing is lost, files keep their order, sorted files come out sorted', async () => {
  const file = fc.array(fc.nat(20), { maxLength: 30 }).map((times) => times.sort((a, b) => a - b))
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 6 }),
      fc.integer({ min: 1, max: 7 }),
      async (files, size) => {
        const expected = files
          .flatMap((times, f) => times.map((time, i) => ({ time, f, i })))
          .sort((a, b) => a.time - b.time || a.f - b.f || a.i - b.i)
          .map(({ f, i }) => `${String.fromCharCode(97 + f)}:${i}`)
        assert.deepEqual(await merge(files, size), expected)
      },
    ),
    { numRuns: 50 },
  )
})

test('every field of a record survives the merge', async () => {
  const files = [new FakeFile('a', [1, 3], 2), new FakeFile('b', [2], 2)]
  const into = new RecordBatch(new RawBatch())
  assert.equal(await new RowMerger(files).next(into, 7), true)
  assert.equal(into.sequence, 7)
  const [, second, third] = [0, 1, 2].map((row) => into.recordAt(row))
  assert.deepEqual(
    [
      second?.raw,
      second?.device,
      second?.rule,
      second?.sender,
      second?.sourceAddress,
      second?.destinationPort,
    ],
    ['b:0', 'b', 'decoded 0', 'b', '198.51.100.0', 1],
  )
  assert.deepEqual(
    [third?.raw, third?.rule, third?.sender, third?.destinationPort],
    ['a:1', 'decoded 1', 'a', 2],
  )
  assert.equal(into.raw.line[2], 2)
})
