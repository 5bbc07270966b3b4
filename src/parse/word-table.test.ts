import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WORD_SLACK_BYTES } from './bytes.ts'
import { WordTable } from './word-table.ts'

function find(table: WordTable, text: string, around = ''): number {
  const bytes = new Uint8Array(
    Buffer.from(`${around}${text}${around}${' '.repeat(WORD_SLACK_BYTES)}`, 'latin1'),
  )
  const start = around.length
  return table.find(bytes, new DataView(bytes.buffer), start, start + text.length)
}

test('words are found in any case, others are not', () => {
  const table = new WordTable({ src: 1, dst: 2, 'Source Zone': 3, FTNTFGTpolicyid: 4, a: 5 })
  for (const [text, value] of [
    ['src', 1],
    ['SRC', 1],
    ['source zone', 3],
    ['ftntfgtPOLICYID', 4],
    ['a', 5],
    ['', -1],
    ['sr', -1],
    ['srcx', -1],
    ['xsrc', -1],
    ['XXXXXXXpolicyid', -1],
    ['x'.repeat(100), -1],
  ] as const) {
    assert.equal(find(table, text), value, text)
    assert.equal(find(table, text, 'zz'), value, text)
  }
})

test('every word of any list is found, and no other word', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', '0', '1', '.', '_', '-'),
    minLength: 1,
    maxLength: 9,
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { selector: (text) => text.toLowerCase(), maxLength: 40 }),
      word,
      (words, other) => {
        const table = new WordTable(Object.fromEntries(words.map((text, i) => [text, i])))
        for (const [i, text] of words.entries()) assert.equal(find(table, text), i)
        const expected = words.findIndex((text) => text.toLowerCase() === other.toLowerCase())
        assert.equal(find(table, other), expected)
      },
    ),
    { numRuns: 200 },
  )
})

test('a word that is too long is refused', () => {
  assert.throws(() => new WordTable({ ['x'.repeat(65)]: 1 }), RangeError)
})
