import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, formatInstant, parseDuration, parseInstant } from './time-text.ts'

const NOW = Date.UTC(2026, 10, 22, 8, 30)
const HOUR = 3_600_000

test('durations are read by their units', () => {
  const cases: [string, number | null][] = [
    ['90m', 90 * 60_000],
    ['24h', 24 * HOUR],
    ['7d', 7 * 24 * HOUR],
    ['2w', 14 * 24 * HOUR],
    ['1d12h', 36 * HOUR],
    ['30s', 30_000],
    ['', null],
    ['7', null],
    ['d', null],
    ['7 d', null],
    ['-7d', null],
    ['1h1d', null],
    ['1.5h', null],
    ['7y', null],
  ]
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text)
})

test('durations are written with their two largest units', () => {
  assert.equal(formatDuration(0), '0 s')
  assert.equal(formatDuration(65_000), '1 min 5 s')
  assert.equal(formatDuration(7 * 24 * HOUR + 3 * HOUR + 5000), '7 d 3 h')
  assert.equal(formatDuration(24 * HOUR + 5000), '1 d')
})

test('instants are read in the given zone unless they name their own', () => {
  const utc = (text: string): number => Date.parse(text)
  const cases: [string, number][] = [
    ['2026-11-22T08:30:00Z', utc('2026-11-22T08:30:00Z')],
    ['2026-11-22T08:30:00.250Z', utc('2026-11-22T08:30:00.250Z')],
    ['2026-11-22T08:30:00+11:00', utc('2026-11-21T21:30:00Z')],
    ['2026-11-22 08:30 UTC', utc('2026-11-22T08:30:00Z')],
    ['2026/11/22 08:30', utc('2026-11-22T07:30:00Z')],
    ['2026/07/22 08:30:05', utc('2026-07-22T06:30:05Z')],
    ['2026-11-22', utc('2026-11-21T23:00:00Z')],
    ['now', NOW],
    ['now-1h', NOW - HOUR],
    ['now+7d', NOW + 7 * 24 * HOUR],
    ['yesterday 14:00', utc('2026-11-21T13:00:00Z')],
    ['today', utc('2026-11-21T23:00:00Z')],
    ['tomorrow', utc('2026-11-22T23:00:00Z')],
  ]
  for (const [text, expected] of cases) assert.equal(parseInstant(text, NOW, 'Europe/Berlin'), expected, text)
})

test('what is no real instant is refused', () => {
  const texts = [
    '',
    '2026-02-30',
    '2026-11-22 24:00',
    '2026-13-01',
    '2026/11-22',
    '22.11.2026',
    'now-',
    'now-1',
    '1795336200',
  ]
  texts.push(
    '2026-11-22T08:30:00+15:00',
    'yesterday 25:00',
    '2026-11-22 8:30',
    'tomorrow at 9',
    '2026-11-22T08:30:61Z',
  )
  for (const text of texts) assert.equal(parseInstant(text, NOW, 'Europe/Berlin'), null, text)
})

test('what was written is read back as the same instant, on both sides of a change of clocks', () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'Australia/Sydney', 'Asia/Kathmandu', 'America/St_Johns']) {
    for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 11 * HOUR) {
      assert.equal(parseInstant(formatInstant(ms, zone), NOW, 'UTC'), ms, `${zone} ${ms}`)
    }
  }
  assert.equal(formatInstant(NOW, 'UTC'), '2026-11-22 08:30:00 UTC')
  assert.equal(formatInstant(NOW, 'Europe/Berlin'), '2026-11-22 09:30:00 +01:00')
})
