import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'
import { FrameSplitter, type MessageSink } from './framing.ts'

class Collector implements MessageSink {
  messages: string[] = []
  truncated: boolean[] = []
  /** Answers of the next calls; true when used up. */
  answers: boolean[] = []

  add(source: Uint8Array, from: number, to: number, wasTruncated: boolean): boolean {
    if (this.answers.shift() === false) return false
    this.messages.push(Buffer.from(source.subarray(from, to)).toString('latin1'))
    this.truncated.push(wasTruncated)
    return true
  }
}

interface Result {
  messages: string[]
  truncated: boolean[]
  empty: number
  error: boolean
}

function split(chunks: Buffer[], answers: boolean[] = [], wasCut = false): Result {
  const splitter = new FrameSplitter()
  const sink = new Collector()
  sink.answers = [...answers]
  for (const chunk of chunks) {
    let at = 0
    do at = splitter.push(chunk, at, sink)
    while (at < chunk.length && splitter.framingError === null)
    if (splitter.framingError !== null) break
  }
  while (!splitter.end(sink, wasCut)) assert.ok(splitter.isBlocked)
  return {
    messages: sink.messages,
    truncated: sink.truncated,
    empty: splitter.emptyCount,
    error: splitter.framingError !== null,
  }
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const messagesOf = (text: string): string[] => split([latin1(text)]).messages
const counted = (message: string): string => `${message.length} ${message}`

test('F01: LF, CRLF, NUL and octet counts mixed on one connection are split right', () => {
  const text = `<14>a\n<14>b\r\n<14>c\0${counted('<14>d\nmore')}<14>e\n${counted('<14>f')}${counted('<14>g\n')}\n<14>h`
  const { messages, empty, error } = split([latin1(text)])
  assert.deepEqual(messages, ['<14>a', '<14>b', '<14>c', '<14>d\nmore', '<14>e', '<14>f', '<14>g', '<14>h'])
  assert.equal(empty, 1)
  assert.equal(error, false)
})

test('a line that begins with a number is not an octet count', () => {
  const lines = ['1,2025/09/23 07:10:08,0157,TRAFFIC', '535 items', '12x <14>', '7  <14>a', '5', '12345678']
  assert.deepEqual(messagesOf(lines.join('\n')), lines)
})

test('F04: zero, leading zeros and signs are lines; a short counted frame waits and is flagged at the end', () => {
  assert.deepEqual(messagesOf('0 <14>a\n007 <14>b\n-5 <14>c\n12x <14>d\n'), [
    '0 <14>a',
    '007 <14>b',
    '-5 <14>c',
    '12x <14>d',
  ])
  const waiting = split([latin1('8 <14>abc')])
  assert.deepEqual(waiting.messages, ['<14>abc'])
  assert.deepEqual(waiting.truncated, [true])
})

test('F03: an octet count of absurd length is a framing error and nothing after it is read', () => {
  for (const count of ['99999999999', '12345678', '1048577', '9999999']) {
    const { messages, error } = split([latin1(`<14>good\n${count} <14>x\n<14>later\n`)])
    assert.deepEqual(messages, ['<14>good'])
    assert.equal(error, true, count)
  }
})

test('F05: a declared length over the limit truncates and the next frame is aligned', () => {
  const long = `<14>${'x'.repeat(69_996)}`
  const { messages, truncated } = split([latin1(`${counted(long)}${counted('<14>next')}<14>line\n`)])
  assert.deepEqual(
    messages.map((message) => message.length),
    [MESSAGE_LIMIT_BYTES, 8, 8],
  )
  assert.deepEqual(truncated, [true, false, false])
})

test('F06: a line of 10 MB is cut at the limit, its rest skipped, and the next line is whole', () => {
  const chunk = Buffer.alloc(65_536, 'y')
  const chunks = [...Array<Buffer>(160).fill(chunk), latin1('end\n<14>next\n')]
  const { messages, truncated } = split(chunks)
  assert.deepEqual(
    messages.map((message) => message.length),
    [MESSAGE_LIMIT_BYTES, 8],
  )
  assert.deepEqual(truncated, [true, false])
})

test('a line of exactly the limit is whole, with LF, CRLF or NUL', () => {
  const line = 'z'.repeat(MESSAGE_LIMIT_BYTES)
  for (const end of ['\n', '\r\n', '\0', '']) {
    const whole = split([latin1(`${line}${end}`)])
    assert.deepEqual(whole.truncated, [false])
    const over = split([latin1(`${line}!${end}`)])
    assert.deepEqual([over.messages[0]?.length, over.truncated], [MESSAGE_LIMIT_BYTES, [true]])
  }
})

test('a last line cut by a reset is flagged truncated, one that ended with the connection is not', () => {
  assert.deepEqual(split([latin1('<14>a\n<14>b')], [], true).truncated, [false, true])
  assert.deepEqual(split([latin1('<14>a\n<14>b')], [], false).truncated, [false, false])
})

test('lines without content are counted and skipped', () => {
  const { messages, empty } = split([latin1('\n\r\n\0a\n\n')])
  assert.deepEqual(messages, ['a'])
  assert.equal(empty, 4)
})

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }).map((text) => `<14>${text}\n`) },
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }).map((text) => counted(`<14>${text}`)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\n', '\r\n', '\0', '\r', '1,2025/01/01,x\r\n', '535 items\0', '12'),
  },
  { weight: 1, arbitrary: fc.constantFrom('70000 <', '65537 <14>', '007 <', '3 ', '99999999999 <14>') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: -2, max: 3 }), fc.constantFrom('\n', '\r\n', '\0'))
      .map(([more, end]) => 'w'.repeat(MESSAGE_LIMIT_BYTES + more) + end),
  },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom('\n', '\r', '\0', '1', '9', ' ', '<', 'a') }) },
)

test('N11, F17: any split of a stream, and any refusals on the way, give the same messages', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      (pieces, cuts, answers) => {
        const stream = latin1(pieces.join(''))
        const whole = split([stream])
        const ends = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
        const chunks = [...ends, stream.length].map((end, i) => stream.subarray(ends[i - 1] ?? 0, end))
        assert.deepEqual(split(chunks, answers), whole)
      },
    ),
    { numRuns: 1000 },
  )
})

test('N11: a stream in single bytes gives the same messages', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const stream = latin1(pieces.join('')).subarray(0, 2000)
      const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1))
      assert.deepEqual(split(bytes), split([stream]))
    }),
    { numRuns: 200 },
  )
})

test('random bytes never throw and every message is within the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (chunks) => {
      for (const message of split(chunks.map((chunk) => Buffer.from(chunk))).messages) {
        assert.ok(message.length > 0 && message.length <= MESSAGE_LIMIT_BYTES)
      }
    }),
    { numRuns: 300 },
  )
})
