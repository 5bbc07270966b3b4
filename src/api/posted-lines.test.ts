import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LINES_LIMIT, readPostedBody } from './posted-lines.ts'

function read(text: string | Buffer, type: string): { lines: string[]; refused: number } {
  const given = Buffer.from(text)
  const body = Buffer.allocUnsafeSlow(given.length)
  given.copy(body)
  const posted = readPostedBody(body, type)
  assert.ok(posted.ok, posted.ok ? '' : posted.message)
  const { bytes, start, end } = posted.lines
  const lines = Array.from(start, (from, i) => Buffer.from(bytes.subarray(from, end[i])).toString())
  return { lines, refused: posted.refused }
}

function fault(text: string, type: string): { status: number; message: string } {
  const posted = readPostedBody(Buffer.from(text) as Buffer<ArrayBuffer>, type)
  assert.ok(!posted.ok)
  return posted
}

test('text: one line each; blank lines, CRs and a byte order mark are left out', () => {
  const { lines, refused } = read(
    '\ufeff<14>a\r\n\r\n  \n<14>b \u00e9\n\n<14>last',
    'text/plain; charset=utf-8',
  )
  assert.deepEqual(lines, ['<14>a', '<14>b \u00e9', '<14>last'])
  assert.equal(refused, 0)
  assert.deepEqual(read('', '').lines, [])
  assert.deepEqual(read('a\nb', '').lines, ['a', 'b'])
})

test('NDJSON: every line as it stands, under its own name or that of JSON', () => {
  const text = '{"a": 1}\n{"b":2}\n'
  for (const type of ['application/x-ndjson', 'application/jsonl', 'application/json'])
    assert.deepEqual(read(text, type).lines, ['{"a": 1}', '{"b":2}'], type)
})

test('JSON: objects keep their own text on one line, strings become theirs, other elements are refused', () => {
  const text = `[
    {"SequenceNo": 7036445768384741001,
     "Rule": "a \\"b\\" ]}, c",\t"Nested": {"x": [1, [2]]}},
    "<14>plain \\u00e9 \\"x\\"", 5, null, [1, {"a": 2}], true, "", {}
  ]`
  const { lines, refused } = read(text, 'application/json')
  assert.equal(lines.length, 3)
  assert.match(lines[0] ?? '', /^\{"SequenceNo": 7036445768384741001, +"Rule"/)
  assert.doesNotMatch(lines[0] ?? '', /[\n\t]/)
  assert.equal((JSON.parse(lines[0] ?? '') as { Rule: string }).Rule, 'a "b" ]}, c')
  assert.deepEqual(lines.slice(1), ['<14>plain \u00e9 "x"', '{}'])
  assert.equal(refused, 5)
})

test('JSON: an object with logs is its list, any other object is one line', () => {
  assert.deepEqual(
    read('{"id":"x\\"logs", "logs" : [{"a":1},"b"], "n":[{"c":2}]}', 'application/json').lines,
    ['{"a":1}', 'b'],
  )
  assert.deepEqual(read(' {"logs":"none"} ', 'application/json').lines, ['{"logs":"none"}'])
  assert.deepEqual(read('{"x":{"logs":[1]}}', 'application/json').lines, ['{"x":{"logs":[1]}}'])
  assert.deepEqual(read('{"logs":[]}', 'application/json'), { lines: [], refused: 0 })
  assert.deepEqual(
    read('{"logs":["a"],"logs":["b"]}', 'application/json').lines,
    ['b'],
    'as JSON.parse has it',
  )
})

test('what is neither is a fault with its status', () => {
  assert.equal(fault('[{"a":1}', 'application/json').status, 400)
  assert.match(fault('{"a":1} x', 'application/json').message, /no JSON/)
  assert.equal(fault('"text"', 'application/json').status, 400)
  assert.equal(fault('a', 'image/png').status, 415)
  assert.equal(fault('x\n'.repeat(LINES_LIMIT + 1), 'text/plain').status, 413)
  assert.equal(fault(`[${'{},'.repeat(LINES_LIMIT)}{}]`, 'application/json').status, 413)
  assert.equal(read('x\n'.repeat(LINES_LIMIT), 'text/plain').lines.length, LINES_LIMIT)
  assert.equal(read(`[${'['.repeat(100_000)}${']'.repeat(100_000)}]`, 'application/json').refused, 1, 'deep')
})

test('any JSON list gives the texts of its objects and strings, however it is written', () => {
  const element = fc.oneof(fc.object({ maxDepth: 3 }), fc.string({ unit: 'grapheme' }), fc.jsonValue())
  fc.assert(
    fc.property(
      fc.array(element),
      fc.constantFrom(undefined, 1, '\t'),
      fc.boolean(),
      (list, space, isWrapped) => {
        const kept = JSON.parse(JSON.stringify(list)) as unknown[]
        const text = JSON.stringify(isWrapped ? { 'a"logs': [1], logs: kept, z: 0 } : kept, null, space)
        const { lines, refused } = read(text, 'application/json')
        const wanted = kept.filter(
          (value) =>
            (typeof value === 'string' && value !== '') ||
            (typeof value === 'object' && value !== null && !Array.isArray(value)),
        )
        assert.equal(refused, kept.length - wanted.length)
        assert.deepEqual(
          lines.map((line, i) => (typeof wanted[i] === 'string' ? line : (JSON.parse(line) as unknown))),
          wanted.map((value) => (typeof value === 'string' ? Buffer.from(value).toString() : value)),
        )
      },
    ),
  )
})

test('bytes of any kind never throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.string().map((text) => Buffer.from(`[${text}]`)),
      ),
      fc.constantFrom('application/json', 'text/plain'),
      (bytes, type) => {
        const body = Buffer.allocUnsafeSlow(bytes.length)
        body.set(bytes)
        const posted = readPostedBody(body, type)
        if (!posted.ok) return
        const { start, end, bytes: text } = posted.lines
        for (const [i, from] of start.entries())
          assert.ok(from < (end[i] as number) && (end[i] as number) <= text.length)
      },
    ),
  )
})
