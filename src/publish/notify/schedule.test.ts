import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backOffMs, dueNow, isQuiet } from './schedule.ts'

const MINUTE_MS = 60_000
const NOON_MS = Date.UTC(2026, 10, 22, 12)
const PACE = { digestMinutes: 5, perHour: 10, quiet: null }
const PROGRESS = { firstAtMs: NOON_MS - MINUTE_MS, isUrgent: false, sentAtMs: [] as number[], nextTryAtMs: 0 }

test('what comes alone waits two seconds for company, then goes', () => {
  assert.equal(dueNow(PACE, { ...PROGRESS, firstAtMs: NOON_MS - 1000 }, NOON_MS, 'UTC'), 'wait')
  assert.equal(dueNow(PACE, { ...PROGRESS, firstAtMs: NOON_MS - 2000 }, NOON_MS, 'UTC'), 'all')
  assert.equal(dueNow(PACE, { ...PROGRESS, firstAtMs: null }, NOON_MS, 'UTC'), 'wait')
})

test('there is one message in a digest interval, and no more in an hour than asked', () => {
  const sent = (...agoMinutes: number[]): typeof PROGRESS => ({
    ...PROGRESS,
    sentAtMs: agoMinutes.map((ago) => NOON_MS - ago * MINUTE_MS),
  })
  assert.equal(dueNow(PACE, sent(4.9), NOON_MS, 'UTC'), 'wait')
  assert.equal(dueNow(PACE, sent(5), NOON_MS, 'UTC'), 'all')
  const ten = [59, 50, 45, 40, 35, 30, 25, 20, 15, 10]
  assert.equal(dueNow(PACE, sent(...ten), NOON_MS, 'UTC'), 'wait')
  assert.equal(dueNow(PACE, sent(60, ...ten.slice(1)), NOON_MS, 'UTC'), 'all')
  assert.equal(dueNow({ ...PACE, perHour: 0 }, sent(...ten), NOON_MS, 'UTC'), 'all')
})

test('after a failure nothing goes before the back-off is over; it grows and stays bounded', () => {
  assert.equal(dueNow(PACE, { ...PROGRESS, nextTryAtMs: NOON_MS + 1 }, NOON_MS, 'UTC'), 'wait')
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map(backOffMs),
    [30_000, 120_000, 480_000, 1_800_000, 7_200_000, 7_200_000],
  )
})

test('quiet hours are those of the zone, may span midnight, and only what is urgent passes', () => {
  const quiet = { from: '22:00', to: '06:00' }
  const at = (hour: number): number => Date.UTC(2026, 10, 22, hour)
  assert.deepEqual(
    [20, 21, 4, 5].map((hour) => isQuiet(quiet, at(hour), 'Europe/Berlin')),
    [false, true, true, false],
  )
  assert.equal(isQuiet({ from: '12:00', to: '13:00' }, at(12), 'UTC'), true)
  assert.equal(isQuiet({ from: '12:00', to: '13:00' }, at(13), 'UTC'), false)
  const pace = { ...PACE, quiet }
  const night = { ...PROGRESS, firstAtMs: at(0) }
  assert.equal(dueNow(pace, night, at(2), 'UTC'), 'wait')
  assert.equal(dueNow(pace, { ...night, isUrgent: true }, at(2), 'UTC'), 'urgent')
  assert.equal(dueNow(pace, night, at(7), 'UTC'), 'all')
})
