import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundedText, UNSAFE_CHARACTERS, visibleText } from './visible-text.ts'

test('controls, line ends, direction marks and lone surrogates are written out', () => {
  assert.equal(
    visibleText('a\r\nBcc: x\u202e\u{e0041}\ud800b'),
    'a\\x0d\\x0aBcc: x\\u{202e}\\u{e0041}\\u{d800}b',
  )
  assert.equal(visibleText('Grüße 東京 😀'), 'Grüße 東京 😀')
})

test('bounded text is never longer than asked, holds nothing unsafe, and says that it was cut', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.integer({ min: 10, max: 60 }),
      (text, most) => {
        const bounded = boundedText(text, most)
        assert.ok(bounded.length <= most)
        assert.equal(bounded.search(new RegExp(UNSAFE_CHARACTERS, 'u')), -1)
        if (visibleText(text).length > most) assert.ok(bounded.endsWith('...'))
      },
    ),
  )
})
