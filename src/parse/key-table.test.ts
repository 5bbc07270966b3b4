import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ascii } from './bytes.ts'
import { KeyTable, WordCodes } from './key-table.ts'

const NAMES = ['srcip', 'srcport', 'src', 'dst', 'dstip', 'i/f_dir', 'rule-name', 'a']
const table = new KeyTable(NAMES)

test('every name is found in any case, with blanks, underscores or hyphens', () => {
  for (const [index, name] of NAMES.entries()) {
    assert.equal(table.indexOf(ascii(`x${name}=`), 1, 1 + name.length), index)
    assert.equal(table.indexOf(ascii(name.toUpperCase().replace('-', '_')), 0, name.length), index)
  }
  assert.equal(table.indexOf(ascii('Rule Name'), 0, 9), 6)
})

test('no other text is taken for a name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (text) => {
      const folded = text.toLowerCase().replaceAll(/[ _]/g, '-')
      const wanted = NAMES.findIndex((name) => name.replaceAll('_', '-') === folded)
      assert.equal(table.indexOf(ascii(text), 0, text.length), wanted)
    }),
  )
})

test('a word that is not listed has the code that was asked for', () => {
  const words = new WordCodes({ drop: 2, 'log-in': 7 })
  assert.equal(words.of(ascii('Log In'), 0, 6, -1), 7)
  assert.equal(words.of(ascii('dropped'), 0, 7, -1), -1)
  assert.equal(words.of(ascii(''), 0, 0, 5), 5)
})
