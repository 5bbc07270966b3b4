import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawBatch } from '../model/raw-batch.ts'
import { JSON_END, JsonSpans, KIND, NESTED } from './json-spans.ts'
import { Line } from './line.ts'
import { WordTable } from './word-table.ts'

const TABLES = [new WordTable({ a: 0, b: 1, o: NESTED + 1 }), new WordTable({ c: 2 })]

function read(text: string): { result: number; values: (string | null)[]; ambiguous: boolean } {
  const bytes = Buffer.from(text)
  const raw = new RawBatch(bytes.length + 64)
  raw.add(bytes, 0, bytes.length, 0)
  raw.add(Buffer.from('"a":9}'), 0, 6, 0) // what lies behind is another line's
  const line = new Line(raw)
  line.openBatch(raw, 0)
  line.open(0)
  const spans = new JsonSpans(3, TABLES)
  const result = spans.read(line, line.start)
  const values = [0, 1, 2].map((register) =>
    spans.kind[register] === KIND.none
      ? null
      : raw.bytes.toString('utf8', spans.start[register], spans.end[register]),
  )
  return { result, values, ambiguous: spans.ambiguous }
}

for (const [text, values, result] of [
  ['{"a":1,"b":"x"}', ['1', 'x', null], JSON_END.whole],
  ['{ "a" : -1.5e3 , "b" : [1, "]"] }', ['-1.5e3', '1, "]"', null], JSON_END.whole],
  ['{"o":{"a":1,"c":true},"x":{"a":2}}', [null, null, 'true'], JSON_END.whole],
  ['{"a":"x\\"y","b":"\\\\"}', ['x\\"y', '\\\\', null], JSON_END.whole],
  ['{"a":null,"b":""}', [null, '', null], JSON_END.whole],
  ['{"a":1,"b":2', ['1', null, null], JSON_END.cut],
  ['{"a":"1","b":"2', ['1', null, null], JSON_END.cut],
  ['{"a":1;"b":2}', ['1', null, null], JSON_END.broken],
  ['{a:1}', [null, null, null], JSON_END.broken],
  ['{}', [null, null, null], JSON_END.whole],
] as const) {
  test(`${text} is read`, () => {
    assert.deepEqual(read(text), { result, values, ambiguous: false })
  })
}

test('a key twice is told when its values differ', () => {
  assert.equal(read('{"a":1,"a":1}').ambiguous, false)
  assert.equal(read('{"a":1,"a":2}').ambiguous, true)
})

test('what JSON.parse finds in an object is found', () => {
  const key = fc.constantFrom('a', 'b', 'o', 'x', 'ä')
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue(), { maxKeys: 5 }), (object) => {
      const { result, values } = read(JSON.stringify(object))
      assert.equal(result, JSON_END.whole)
      for (const [register, name] of ['a', 'b'].entries()) {
        const value = object[name]
        if (value === null || value === undefined || (typeof value === 'object' && !Array.isArray(value))) {
          assert.equal(values[register], null)
        } else if (Array.isArray(value)) {
          assert.deepEqual(JSON.parse(`[${values[register] ?? ''}]`), value)
        } else if (typeof value === 'string') assert.equal(JSON.parse(`"${values[register] ?? ''}"`), value)
        else assert.equal(values[register], JSON.stringify(value))
      }
    }),
    { numRuns: 300 },
  )
})
