import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonLine, safeText } from './safe-text.ts'

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/

test('escape sequences, controls and direction marks are written out (RELIABILITY A13)', () => {
  const cases: [string, string][] = [
    ['\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['\u001b[2J\u009b31m', '\\x1b[2J\\x9b31m'],
    ['\u001b]52;c;ZXZpbA==\u0007', '\\x1b]52;c;ZXZpbA==\\x07'],
    ['a\r\nb\tc\u0000', 'a\\x0d\\x0ab\\x09c\\x00'],
    ['abc\u202etxt.exe', 'abc\\u{202e}txt.exe'],
    ['\u2066\u200b\ufeff\u{e0041}', '\\u{2066}\\u{200b}\\u{feff}\\u{e0041}'],
    ['\ud800 alone', '\\u{d800} alone'],
    ['Zürich 東京 👍 plain', 'Zürich 東京 👍 plain'],
  ]
  for (const [text, expected] of cases) assert.equal(safeText(text), expected)
})

test('no text of any kind gets a dangerous character through, and JSON keeps its value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      assert.doesNotMatch(safeText(text), DANGEROUS)
      const line = jsonLine({ text })
      assert.doesNotMatch(line, DANGEROUS)
      assert.deepEqual(JSON.parse(line), { text })
    }),
  )
})

test('a tag character outside the first plane survives JSON', () => {
  assert.equal(jsonLine('\u{e0041}\u202e'), '"\\udb40\\udc41\\u202e"')
})
