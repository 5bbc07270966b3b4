import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assert as check, array, constantFrom, integer, oneof, property, string } from 'fast-check'
import { all, int, WasmModule } from '../lib/wasm-assembler.ts'
import { allocate, copyText, kernelMemory } from '../model/kernel-memory.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { readAddress } from './address-bytes.ts'
import { readDecimal } from './bytes.ts'
import { setText } from './fields.ts'
import { JsonMembers } from './json-members.ts'
import { JsonSpans } from './json-spans.ts'
import { KeyPlaces } from './key-places.ts'
import { ValueSpans } from './key-spans.ts'
import { KeyTable } from './key-table.ts'
import { Parser } from './parser.ts'
import {
  defineDecimal,
  defineIsWord,
  defineNumber,
  definePlaces,
  defineText,
  defineV4,
  isOther,
  MORE_PLACES,
  seek,
  SURVEY,
  surveyText,
} from './text-kernel.ts'
import { WordTable } from './word-table.ts'

type Run = (...operands: number[]) => number
const outAt = allocate(8)
const out = new Uint32Array(kernelMemory.buffer, outAt, 2)
const double = new Float64Array(kernelMemory.buffer, outAt, 1)
const module = new WasmModule()
const v4 = defineV4(module)
const decimal = defineDecimal(module)
const text = defineText(module)
const number = defineNumber(module, decimal)
const isWord = defineIsWord(module)
const placesAt = allocate((20 + MORE_PLACES) * 4)
const places = new Int32Array(kernelMemory.buffer, placesAt, 20 + MORE_PLACES)
const commas = definePlaces(module, 0x2c)
module.define(3, (_, at, end, n) => commas.call(at.get, end.get, int(placesAt), n.get), 'commas')
module.define(2, (_, from, to) => number.call(from.get, to.get, int(outAt)), 'number')
module.define(2, (_, from, to) => isWord.call(from.get, to.get), 'isWord')
module.define(2, (_, from, to) => v4.call(from.get, to.get, int(outAt)), 'v4')
module.define(2, (_, from, to) => decimal.call(from.get, to.get), 'decimal')
module.define(2, (_, from, to) => text.call(from.get, to.get, int(outAt)), 'text')
module.define(2, (f, at, end) => all(seek(at, end, 0x3b, f.local('i32')), at.get), 'seek')
for (const literal of ['Type', '; Type=', '; Action=', '; DstLocation=']) {
  module.define(1, (_, at) => isOther(at.get, literal), literal)
}
const kernel = module.run(kernelMemory) as Record<string, Run>

/** Puts a text between others, where the kernels find it; returns its bytes and range. */
function place(value: string): { bytes: Buffer; from: number; to: number } {
  const bytes = Buffer.from(`99.1${value}7.99;`, 'latin1')
  copyText(bytes, bytes.length)
  return { bytes, from: 4, to: bytes.length - 5 }
}

const part = oneof(integer({ min: 0, max: 300 }).map(String), constantFrom('', '00', '07', '1x', '0255', ':'))
const dotted = array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'))

describe('the kernels', () => {
  it('read IPv4 addresses as readAddress does', () => {
    const words = new Uint32Array(4)
    check(
      property(
        oneof(dotted, string({ unit: constantFrom('1', '2', '0', '.', 'a'), maxLength: 17 })),
        (value) => {
          const { bytes, from, to } = place(value)
          words.fill(0)
          const isV4 = readAddress(bytes, from, to, words, 0) && words[2] === 0xffff
          out[0] = 0
          assert.equal((kernel['v4'] as Run)(from, to), isV4 ? 1 : 0)
          assert.equal(out[0], isV4 ? words[3] : 0)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('read decimals of up to eight digits as readDecimal does', () => {
    check(
      property(
        oneof(
          integer({ min: 0, max: 999_999_999 }).map(String),
          string({ unit: 'binary-ascii', maxLength: 10 }),
        ),
        (value) => {
          const { bytes, from, to } = place(value)
          const expected = to - from > 8 ? Number.NaN : readDecimal(bytes, from, to)
          assert.equal((kernel['decimal'] as Run)(from, to), Number.isNaN(expected) ? -1 : expected)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('read numbers of up to fifteen digits as readDecimal does', () => {
    const digits = string({ unit: constantFrom('0', '1', '9', '5'), maxLength: 17 })
    check(
      property(oneof(digits, string({ unit: constantFrom('0', '7', ':', ' '), maxLength: 17 })), (value) => {
        const { bytes, from, to } = place(value)
        const expected = readDecimal(bytes, from, to)
        double[0] = -1
        assert.equal((kernel['number'] as Run)(from, to), Number.isNaN(expected) ? 0 : 1)
        assert.equal(double[0], Number.isNaN(expected) ? -1 : expected)
      }),
      { numRuns: 5000 },
    )
  })

  it('tell words of 1 to 40 lower-case letters, digits and hyphens', () => {
    for (let length = 0; length <= 42; length++) {
      const { from, to } = place('tcp-rst9'.repeat(6).slice(0, length))
      assert.equal((kernel['isWord'] as Run)(from, to), length >= 1 && length <= 40 ? 1 : 0)
    }
    for (const letter of 'Az`{/:,. \0\xe9') {
      for (const at of [0, 7, 15, 16, 20, 33]) {
        const word = `${'x'.repeat(at)}${letter}`
        const isPlain = /^[a-z0-9-]+$/.test(word)
        const { from, to } = place(word)
        assert.equal((kernel['isWord'] as Run)(from, to), isPlain ? 1 : 0, JSON.stringify(word))
        const more = place(`${word}yyyy`)
        assert.equal((kernel['isWord'] as Run)(more.from, more.to), isPlain ? 1 : 0)
      }
    }
  })

  it('trim texts as setText does', () => {
    const into = new RecordBatch(new RawBatch(64))
    check(
      property(string({ unit: constantFrom(' ', '\t', '$', 'a', ';'), maxLength: 12 }), (value) => {
        const { bytes, from, to } = place(value)
        into.setText(0, TEXT_SLOT.rule, 0, 0)
        setText(into, 0, TEXT_SLOT.rule, bytes, from, to)
        ;(kernel['text'] as Run)(from, to)
        assert.deepEqual([...out], [...into.text.subarray(TEXT_SLOT.rule, TEXT_SLOT.rule + 2)])
      }),
    )
  })

  it('seek a byte over any distance, and come to the end or behind it where there is none', () => {
    for (let distance = 0; distance < 70; distance++) {
      const { from, to } = place(`${'x'.repeat(distance)};${'y'.repeat(20)}`)
      assert.equal((kernel['seek'] as Run)(from, to), from + distance)
      assert.ok((kernel['seek'] as Run)(from, from + distance) >= from + distance)
    }
  })

  it('find the places of a byte in order, as many as are asked for, or all', () => {
    check(
      property(
        string({ unit: constantFrom(',', 'a', ','), maxLength: 300 }),
        integer({ min: 1, max: 20 }),
        (value, wanted) => {
          const { bytes, from, to } = place(value)
          const expected = [...bytes.keys()].filter((at) => at >= from && at < to && bytes[at] === 0x2c)
          const found = (kernel['commas'] as Run)(from, to, wanted)
          const inRange = [...places.subarray(0, found)].filter((at) => at < to)
          assert.ok(inRange.length >= Math.min(wanted, expected.length))
          assert.deepEqual(inRange, expected.slice(0, inRange.length))
        },
      ),
    )
  })

  it('tell whether a text is ASCII and has escapes, wherever they stand', () => {
    for (const length of [1, 15, 16, 17, 63, 64, 65, 200]) {
      for (let at = 0; at < length; at++) {
        const bytes = Buffer.alloc(length, 'x')
        assert.equal(surveyText(copyText(bytes, length)), 0)
        bytes[at] = 0x80
        assert.equal(surveyText(copyText(bytes, length)), SURVEY.notAscii)
        bytes[at] = 0x23
        if (at + 1 < length) bytes[at + 1] = 0x30
        assert.equal(surveyText(copyText(bytes, length)), at + 1 < length ? SURVEY.escapes : 0)
      }
    }
    assert.equal(surveyText(copyText(Buffer.from('#0'), 1)), 0)
  })

  it('compare with a text to the last byte', () => {
    for (const literal of ['Type', '; Type=', '; Action=', '; DstLocation=']) {
      assert.equal((kernel[literal] as Run)(place(literal).from), 0)
      for (let i = 0; i < literal.length; i++) {
        const other = `${literal.slice(0, i)}\0${literal.slice(i + 1)}`
        assert.equal((kernel[literal] as Run)(place(other).from), 1)
      }
    }
  })
})

it('readers and parsers take none of the kernels’ memory, however many are made', () => {
  const before = allocate(16)
  const words = new WordTable({ a: 0 })
  const names = new KeyTable(['a'])
  for (let i = 0; i < 300; i++) {
    new JsonSpans(4, [words])
    new JsonMembers(words)
    new KeyPlaces()
    new ValueSpans(names, 1)
  }
  const template = '$type,$src,$dst,$sport,$dport,$action,$rule'
  for (let i = 0; i < 20; i++)
    new Parser({ timeZone: 'UTC', deviceZones: {}, paloaltoTemplates: [{ template }] })
  assert.equal(allocate(16), before + 16)
})
