/** The keeper of the log store: checks that overlap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from '../telemetry/alarms.ts'
import type { Events } from '../telemetry/events.ts'
import { LogStoreKeeper } from './log-store-keeper.ts'

test('checks that overlap make the table of peers once, and one that failed is made at a later check', async (context) => {
  const clock = new ManualClock(Date.UTC(2026, 10, 22))
  const told: string[] = []
  const keeper = new LogStoreKeeper({
    dataFolder: '',
    url: 'http://127.0.0.1:9',
    memoryBytes: 0,
    clock,
    alarms: new Alarms({ clock }),
    events: { partFailed: (_part: string, what: string) => told.push(what) } as unknown as Events,
  })
  context.after(() => keeper.stop())
  const sizes = { records: 0, bytes: 0, rawBytes: 0, partitions: 0, firstDayMs: null, lastDayMs: null }
  context.mock.method(keeper.client, 'prepare', async () => {})
  context.mock.method(keeper.client, 'sizes', async () => sizes)
  const filled = context.mock.method(keeper.peers, 'fill', async () => {})
  let answer = Promise.withResolvers<void>()
  const prepared = context.mock.method(keeper.peers, 'prepare', () => answer.promise)
  const failing = [keeper.check(), keeper.check()]
  await new Promise((resolve) => setImmediate(resolve))
  answer.reject(new Error('away'))
  await Promise.all(failing)
  assert.equal(prepared.mock.callCount(), 1)
  assert.deepEqual(told, ['make the table of peers'])
  assert.equal(keeper.isReady, true)
  answer = Promise.withResolvers()
  const checks = [keeper.check(), keeper.check(), keeper.check()]
  await new Promise((resolve) => setImmediate(resolve))
  answer.resolve()
  await Promise.all(checks)
  await keeper.check()
  assert.equal(prepared.mock.callCount(), 2)
  assert.equal(filled.mock.callCount(), 1)
})
