import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeZone } from './calendar.ts'
import { bsdToUnixMs, StampReader } from './stamp.ts'

const utc = new TimeZone('UTC')
const sydney = new TimeZone('Australia/Sydney')

function field(text: string, zone = utc, reader = new StampReader()): number {
  const bytes = Buffer.from(`${text}        `)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return reader.readField(bytes, view, 0, text.length, zone, Number.NaN)
}

test('RFC 3339 stamps with any fraction and offset agree with Date', () => {
  const reader = new StampReader()
  const minute = fc.integer({ min: 946_684_800, max: 4_000_000_000 })
  const fraction = fc.stringMatching(/^[0-9]{0,9}$/)
  fc.assert(
    fc.property(minute, fraction, fc.integer({ min: -14 * 60, max: 14 * 60 }), (seconds, digits, offset) => {
      const local = new Date((seconds + offset * 60) * 1000).toISOString().slice(0, 19)
      const two = (value: number): string => String(value).padStart(2, '0')
      const sign = offset < 0 ? '-' : '+'
      const absolute = Math.abs(offset)
      const zone = `${sign}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`
      const text = `${local}${digits === '' ? '' : `.${digits}`}${offset === 0 ? 'Z' : zone}`
      const expected = seconds * 1000 + Math.floor(Number(`0.${digits || '0'}`) * 1000 + 1e-7)
      if (expected >= Date.UTC(2000, 0, 1) && expected < Date.UTC(2100, 0, 1))
        assert.equal(field(text, utc, reader), expected)
    }),
  )
})

const table: readonly (readonly [string, number])[] = [
  ['2025/02/20 11:49:43', Date.UTC(2025, 1, 20, 0, 49, 43)],
  ['2025-02-20 11:49:43', Date.UTC(2025, 1, 20, 0, 49, 43)],
  ['2025-02-20T11:49:43', Date.UTC(2025, 1, 20, 0, 49, 43)],
  ['2025/07/20 11:49:43', Date.UTC(2025, 6, 20, 1, 49, 43)],
  ['2025/02/20 - - - 11:49:43', Date.UTC(2025, 1, 20, 0, 49, 43)],
  ['2025-02-20T11:49:43.123456Z', Date.UTC(2025, 1, 20, 11, 49, 43, 123)],
  ['2025-02-20T11:49:43+1100', Date.UTC(2025, 1, 20, 0, 49, 43)],
  ['2024/02/29 00:00:00', Date.UTC(2024, 1, 28, 13)],
]
for (const [text, expected] of table) {
  test(`${text} is read`, () => assert.equal(field(text, sydney), expected))
}

for (const text of [
  '2025/02/30 11:49:43',
  '2025/00/10 11:49:43',
  '2020/00/00 00:00:00',
  '2025/02/20 24:00:00',
  '2025/02/20 11:60:00',
  '2025/02-20 11:49:43',
  '1970/01/01 00:00:00',
  '1969-12-31T16:00:00.000-08:00',
  '1970-01-01T00:00:00.000000Z',
  '2025-02-20T11:49:43.Z',
  '2025-02-20T11:49:43.123',
  '2025-02-20T11:49:43+1',
  '9/16/19 10:00',
  '9999/12/31 23:59:59',
  '',
]) {
  test(`"${text}" is no time`, () => assert.ok(Number.isNaN(field(text, sydney))))
}

test('the same stamp in another zone is another time', () => {
  const reader = new StampReader()
  const text = '2025/02/20 11:49:43'
  assert.equal(field(text, sydney, reader) + 11 * 3_600_000, field(text, utc, reader))
})

test('a stamp without a year is of the latest year that is at most a day ahead', () => {
  const at = (month: number, day: number, reference: number): string =>
    new Date(bsdToUnixMs(0, month, day, 0, utc, reference)).toISOString().slice(0, 10)
  assert.equal(at(12, 31, Date.UTC(2025, 0, 1, 0, 5)), '2024-12-31')
  assert.equal(at(1, 1, Date.UTC(2024, 11, 31, 23, 55)), '2025-01-01')
  assert.equal(at(2, 20, Date.UTC(2025, 1, 20)), '2025-02-20')
  assert.equal(at(2, 22, Date.UTC(2025, 1, 20)), '2024-02-22')
  assert.equal(at(2, 29, Date.UTC(2027, 1, 20)), '2024-02-29')
})

test('a stamp without a year and without anything to tell it is unknown', () => {
  assert.ok(Number.isNaN(bsdToUnixMs(0, 2, 20, 0, utc, Number.NaN)))
  assert.ok(Number.isNaN(bsdToUnixMs(0, 2, 30, 0, utc, Date.UTC(2025, 5, 1))))
})
