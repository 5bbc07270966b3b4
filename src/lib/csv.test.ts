import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvCell, csvLine } from './csv.ts'

test('text that a spreadsheet would execute gets an apostrophe; numbers stay numbers', () => {
  for (const text of ["=cmd|'/c calc'!A1", '+1', '-1+1', '@sum', '\tx', '\rx', '\nx', '\0x', '＝1'])
    assert.equal(csvCell(text), `"'${text}"`)
  assert.equal(csvCell(-5), '-5')
  assert.equal(csvCell('say "hi"'), '"say ""hi"""')
  assert.equal(csvCell('a=b'), '"a=b"')
  assert.equal(csvLine(['a', null, 7, 'b,c;d']), '"a",,7,"b,c;d"\r\n')
})
