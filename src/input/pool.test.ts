import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH_BYTES, type RawBatch } from '../model/raw-batch.ts'
import { BatchPool } from './pool.ts'
import { BatchQueue } from './queue.ts'

test('a pool hands out so many batches and no more', () => {
  const pool = new BatchPool(2)
  const first = pool.take()
  const second = pool.take()
  assert.ok(first !== null && second !== null && first !== second)
  assert.equal(pool.take(), null)
  pool.release(first)
  assert.equal(pool.take(), first)
})

test('a released batch comes back empty, and small when it had grown far', () => {
  const pool = new BatchPool(1)
  const batch = pool.take()
  assert.ok(batch)
  batch.reserve(BATCH_BYTES * 5)
  batch.add(Buffer.from('x'), 0, 1, 0)
  pool.release(batch)
  assert.equal(batch.count, 0)
  assert.equal(batch.bytes.length, BATCH_BYTES)
})

test('releasing a batch twice is refused', () => {
  const pool = new BatchPool(2)
  const batch = pool.take()
  assert.ok(batch)
  pool.release(batch)
  assert.throws(() => pool.release(batch), /released twice/)
})

test('keepFree leaves the last batches to others, but never the only one', () => {
  const pool = new BatchPool(3)
  assert.ok(pool.take(2))
  assert.equal(pool.take(2), null)
  assert.ok(pool.take(1))
  assert.equal(pool.take(1), null)
  assert.ok(pool.take())
  assert.ok(new BatchPool(1).take(5))
})

test('whenFree resolves on release, only for those whose share is free', async () => {
  const pool = new BatchPool(2)
  const first = pool.take()
  const second = pool.take()
  assert.ok(first && second)
  const order: string[] = []
  const modest = pool.whenFree(1).then(() => order.push('modest'))
  const urgent = pool.whenFree().then(() => order.push('urgent'))
  pool.release(first)
  await urgent
  assert.deepEqual(order, ['urgent'])
  pool.release(second)
  await modest
  assert.deepEqual(order, ['urgent', 'modest'])
})

test('a queue gives batches in order, waits, and says null once closed and empty', async () => {
  const pool = new BatchPool(3)
  const queue = new BatchQueue(3)
  const [a, b, c] = [pool.take(), pool.take(), pool.take()]
  assert.ok(a && b && c)
  const waiting = queue.next()
  queue.push(a)
  assert.equal(await waiting, a)
  queue.push(b)
  queue.push(c)
  assert.equal(queue.size, 2)
  queue.close()
  assert.equal(await queue.next(), b)
  assert.equal(await queue.next(), c)
  assert.equal(await queue.next(), null)
  assert.throws(() => queue.push(a), /closed/)
})

test('a queue never holds more batches than exist', () => {
  const queue = new BatchQueue(1)
  const batch = new BatchPool(1).take()
  assert.ok(batch)
  queue.push(batch)
  assert.throws(() => queue.push(batch), /BUG/)
})

test('an aborted wait says null and does not swallow the next batch', async () => {
  const queue = new BatchQueue(1)
  const batch = new BatchPool(1).take()
  assert.ok(batch)
  const abort = new AbortController()
  const waiting = queue.next(abort.signal)
  abort.abort()
  assert.equal(await waiting, null)
  queue.push(batch)
  assert.equal(await queue.next(), batch)
})

test('those who wait for a batch get it in order, before one who asks later', async () => {
  const pool = new BatchPool(1)
  const held = pool.take()
  assert.ok(held)
  const order: string[] = []
  const first = pool.takeWhenFree().then((batch) => {
    order.push('first')
    return batch
  })
  const second = pool.takeWhenFree().then((batch) => {
    order.push('second')
    return batch
  })
  pool.release(held)
  const third = pool.takeWhenFree().then(() => order.push('third'))
  pool.release(await first)
  pool.release(await second)
  await third
  assert.deepEqual(order, ['first', 'second', 'third'])
})

test('batches that a jam made necessary go when they are not needed, and others are made in the next one', () => {
  const pool = new BatchPool(4)
  const jam = (): (RawBatch | null)[] => Array.from({ length: 4 }, () => pool.take())
  const first = jam()
  for (const batch of first) pool.release(batch as RawBatch)
  for (let i = 0; i < 2000; i++) pool.release(pool.take() as RawBatch)
  assert.equal(pool.freeCount, 4)
  const second = jam()
  assert.equal(second.filter((batch) => first.includes(batch)).length, 1)
  assert.equal(pool.take(), null)
  for (const batch of second) pool.release(batch as RawBatch)
  assert.equal(pool.freeCount, 4)
  assert.throws(() => pool.release(second[0] as RawBatch), /released twice/)
})
