import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, array, constantFrom, integer, nat, property, record, string } from 'fast-check'
import { copyBatch, kernelMemory, TEXT_AT } from '../model/kernel-memory.ts'
import { BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, RawBatch } from '../model/raw-batch.ts'
import { type LineCounts, markLine, splitLines } from './lines.ts'

const newCounts = (): LineCounts => ({ lines: 0, blankLines: 0, truncatedLines: 0, nextLine: 1 })

/** The messages of a batch with all that is told of each. */
function messages(batch: RawBatch): readonly unknown[] {
  return Array.from({ length: batch.count }, (_, i) => [
    batch.start[i],
    batch.end[i],
    batch.sender[i],
    batch.truncated[i],
    batch.line[i],
  ])
}

/** What `splitLines` should do, line by line. */
function splitSlowly(batch: RawBatch, from: number, to: number, counts: LineCounts): number {
  let at = from
  while (batch.count < BATCH_MESSAGES) {
    const lf = batch.bytes.subarray(0, to).indexOf(10, at)
    if (lf === -1) break
    markLine(batch, at, lf, 3, counts)
    at = lf + 1
  }
  return at
}

/** Splits `text` at `from` of a batch both ways, with line ends of an older use behind it. */
function bothWays(text: string, from: number): void {
  const bytes = Buffer.from(text, 'latin1')
  const [quick, slow] = [0, 1].map(() => {
    const batch = new RawBatch(from + bytes.length + 80)
    batch.bytes.fill('\n')
    batch.bytes.set(bytes, from)
    batch.count = 2
    return batch
  }) as [RawBatch, RawBatch]
  const counts = [newCounts(), newCounts()] as const
  const to = from + bytes.length
  assert.equal(splitLines(quick, from, to, 3, counts[0]), splitSlowly(slow, from, to, counts[1]))
  assert.deepEqual(messages(quick).slice(2), messages(slow).slice(2))
  assert.deepEqual(counts[0], counts[1])
}

test('lines end with LF or CRLF, blank ones are counted, wherever they lie', () => {
  const unit = constantFrom('a', 'b', 'é', ' ', '\t', '\r', '\n', '\n', '\0', 'x'.repeat(62), 'y'.repeat(130))
  check(property(string({ unit, maxLength: 80 }), nat(130), bothWays), { numRuns: 3000 })
})

test('a line of any length up to several blocks is found whole', () => {
  for (let length = 1; length < 200; length++)
    bothWays(`${'x'.repeat(length)}\r\n${'y'.repeat(length)}\nz`, 5)
})

test('a line over the limit is cut, the lines around it are whole', () => {
  for (const more of [0, 1, 100]) bothWays(`a\n${'x'.repeat(MESSAGE_LIMIT_BYTES + more)}\nb\n`, 0)
})

test('a batch takes no more lines than it holds, and goes on behind them', () => {
  const batch = new RawBatch()
  const text = Buffer.from('ab\n'.repeat(BATCH_MESSAGES + 10))
  batch.bytes.set(text)
  const counts = newCounts()
  assert.equal(splitLines(batch, 0, text.length, 0, counts), BATCH_MESSAGES * 3)
  batch.reset()
  assert.equal(splitLines(batch, BATCH_MESSAGES * 3, text.length, 0, counts), text.length)
  assert.equal(batch.count, 10)
  assert.equal(batch.line[9], BATCH_MESSAGES + 10)
})

const piece = record({
  batch: nat(1),
  text: string({ unit: constantFrom('a', 'b', '\n'), maxLength: 20 }),
  /** Bytes at the end that are read again with the next piece. */
  left: nat(3),
  /** Comes as a message, as from the network, and is not split. */
  isMessage: constantFrom(false, false, false, true),
  isParsed: constantFrom(false, false, true),
  isReset: constantFrom(false, false, false, true),
})

test('the kernels see what lies in a batch, in whatever pieces several were read and split', () => {
  const batches = [new RawBatch(1 << 12), new RawBatch(1 << 12)] as const
  const memory = Buffer.from(kernelMemory.buffer)
  check(
    property(array(piece, { maxLength: 30 }), integer({ min: 0, max: 255 }), (pieces, fill) => {
      for (const batch of batches) {
        batch.reset()
        batch.bytes.fill(fill)
      }
      for (const { batch: index, text, left, isMessage, isParsed, isReset } of pieces) {
        const batch = batches[index] as RawBatch
        if (isReset) batch.reset()
        const to = batch.used + text.length
        if (isMessage) batch.add(Buffer.from(text), 0, text.length, 0)
        else {
          batch.bytes.write(text, batch.used, 'latin1')
          splitLines(batch, batch.used, to, 0, newCounts())
          batch.used = Math.max(batch.used, to - left)
        }
        if (!isParsed) continue
        const seen = copyBatch(batch)
        assert.equal(seen, batch.used)
        assert.deepEqual(memory.subarray(TEXT_AT, TEXT_AT + seen), batch.bytes.subarray(0, seen))
      }
    }),
    { numRuns: 500 },
  )
})
