import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../lib/errors.ts'
import { dayMs, isDate, TimeZone } from './calendar.ts'

test('days and dates agree with Date', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1900, max: 9999 }), fc.nat(13), fc.nat(32), (year, month, day) => {
      const ms = Date.UTC(year, month - 1, day)
      const date = new Date(ms)
      const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
      assert.equal(isDate(year, month, day), exists)
      if (exists) assert.equal(dayMs(year, month, day), ms)
    }),
  )
})

/** Wall time of an instant as if it were UTC, by Intl alone. */
function wallMs(zone: string, unixMs: number): number {
  const text = new Intl.DateTimeFormat('sv', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(unixMs)
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}

test('local time and back is the same instant, or the other one that shows the same wall time', () => {
  for (const name of [
    'Australia/Sydney',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'UTC',
  ]) {
    const zone = new TimeZone(name)
    fc.assert(
      fc.property(fc.integer({ min: 1_577_836_800, max: 1_893_456_000 }), (seconds) => {
        const wall = wallMs(name, seconds * 1000)
        assert.equal(wallMs(name, zone.toUnixMs(wall, Number.NaN)), wall)
        assert.equal(zone.toUnixMs(wall, seconds * 1000), seconds * 1000)
      }),
      { numRuns: 60 },
    )
  }
})

test('the hour that comes twice is told by the arrival, else the first is taken', () => {
  const berlin = new TimeZone('Europe/Berlin')
  const wall = Date.UTC(2025, 9, 26, 2, 30)
  const first = Date.UTC(2025, 9, 26, 0, 30)
  const second = Date.UTC(2025, 9, 26, 1, 30)
  assert.equal(berlin.toUnixMs(wall, Number.NaN), first)
  assert.equal(berlin.toUnixMs(wall, first + 5000), first)
  assert.equal(berlin.toUnixMs(wall, second + 5000), second)
  assert.equal(berlin.toUnixMs(wall, second + 86_400_000), first)
})

test('a wall time that summer time skips is read with the offset from before', () => {
  assert.equal(
    new TimeZone('Europe/Berlin').toUnixMs(Date.UTC(2025, 2, 30, 2, 30), Number.NaN),
    Date.UTC(2025, 2, 30, 1, 30),
  )
})

test('an unknown zone is a bad configuration', () => {
  assert.throws(
    () => new TimeZone('Mars/Olympus'),
    (thrown) => thrown instanceof AppError && thrown.code === 'bad-configuration',
  )
})
