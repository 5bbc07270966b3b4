import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPastedTargets } from './pasted-targets.ts'

test('addresses are found in lists, CSV and TSV, with headers, quotes, comments and any line ends', () => {
  const text =
    '\uFEFFid;ip;note\r\n1;"198.51.100.7";x\n2\t203.0.113.0/24\r2001:db8::1 # why\n\n; all\n// more\n# end'
  assert.deepEqual(
    readPastedTargets(text).map(({ line, target }) => [line, target]),
    [
      [2, '198.51.100.7'],
      [3, '203.0.113.0/24'],
      [4, '2001:db8::1'],
    ],
  )
})

test('what is no address is told of with its line, never guessed at', () => {
  const found = readPastedTargets(
    '198.51.100.7\n198.51.100[.]8\n010.1.1.1\n198.51.100.9/24\n198.51.100.1:443\nip',
  )
  assert.deepEqual(
    found.map(({ line, target, hint }) => [line, target, hint]),
    [
      [1, '198.51.100.7', null],
      [2, null, null],
      [3, null, null],
      [4, null, '198.51.100.0/24'],
      [5, null, null],
      [6, null, null],
    ],
  )
})

test('a long hostile line is cut where it is shown', () => {
  const [found] = readPastedTargets(`${'x'.repeat(100_000)}`)
  assert.equal(found?.text.length, 100)
})
