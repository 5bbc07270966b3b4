import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpInput, type PostedLines } from './http.ts'
import { Harness } from './testing/harness.ts'

function posted(lines: readonly string[], sender = '192.0.2.8'): PostedLines {
  const start: number[] = []
  const end: number[] = []
  let at = 0
  for (const line of lines) {
    start.push(at)
    at += Buffer.byteLength(line)
    end.push(at)
  }
  return {
    sender,
    bytes: Buffer.from(lines.join('')),
    start: Uint32Array.from(start),
    end: Uint32Array.from(end),
  }
}

test('posted lines come out as messages of their peer, long ones cut and flagged', async () => {
  const harness = new Harness().consume()
  const input = new HttpInput(harness)
  assert.equal(input.take(posted(['early'])), 'stopped', 'not before it is started')
  await input.start()
  assert.equal(input.take(posted(['{"a":1}', 'x'.repeat(70_000), 'last'])), 'taken')
  assert.equal(input.take(posted(['of another'], '2001:db8::1')), 'taken')
  await input.stop()
  await harness.finish()
  assert.deepEqual(
    harness.taken.map(({ text, sender, transport, truncated }) => [
      text.slice(0, 9),
      text.length,
      sender,
      transport,
      truncated,
    ]),
    [
      ['{"a":1}', 7, '192.0.2.8', 'http', false],
      ['xxxxxxxxx', 65_536, '192.0.2.8', 'http', true],
      ['last', 4, '192.0.2.8', 'http', false],
      ['of anothe', 10, '2001:db8::1', 'http', false],
    ],
  )
  assert.deepEqual(input.status(), {
    received: 4,
    receivedBytes: 65_557,
    truncated: 1,
    requests: 2,
    requestsRefused: 0,
    linesRefused: 0,
  })
  assert.equal(input.take(posted(['late'])), 'stopped')
})

test('a request is taken whole or not at all, and two batches stay free for UDP', async () => {
  const harness = new Harness(6)
  const input = new HttpInput(harness)
  await input.start()
  const many = posted(Array.from({ length: 3 * 4096 }, (_, i) => `line ${i}`))
  assert.equal(input.take(many), 'taken')
  assert.equal(harness.pool.freeCount, 3)
  assert.equal(input.take(many), 'full')
  assert.equal(harness.pool.freeCount, 3, 'nothing of it was taken')
  assert.equal(input.take(posted(['one more'])), 'taken', 'a small one still fits')
  assert.deepEqual([input.status().requestsRefused, input.status().linesRefused], [1, 3 * 4096])
  harness.consume()
  await harness.until(3 * 4096)
  assert.equal(input.take(many), 'taken', 'the same request is welcome later')
  await input.stop()
  await harness.finish()
  assert.equal(harness.taken.length, 6 * 4096 + 1)
})

test('lines that fill a batch by their bytes are counted so beforehand', async () => {
  const harness = new Harness(6)
  const input = new HttpInput(harness)
  await input.start()
  const big = posted(Array.from({ length: 50 }, () => 'y'.repeat(60_000)))
  assert.equal(input.take(big), 'taken') // 17 to a batch: 3 batches
  assert.equal(input.take(big), 'full')
  await input.stop()
  await harness.finish()
  assert.equal(harness.taken.length, 50)
})
