import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawBatch } from '../model/raw-batch.ts'
import { findPairs, KEY, spans } from './firewall/fortigate-keys.ts'
import { KeyPlaces } from './key-places.ts'
import { Line } from './line.ts'
import { blankPairs, kernelInts } from './pair-kernel.ts'
import { copyText } from '../model/kernel-memory.ts'

/** A line in a batch of its own, with text of another line behind it. */
function lineOf(text: string): Line {
  const raw = new RawBatch(text.length * 3 + 128)
  for (const part of [text, '" srcip=192.0.2.99 "x"']) {
    const bytes = Buffer.from(part, 'latin1')
    raw.add(bytes, 0, bytes.length, 0)
  }
  const line = new Line(raw)
  line.openBatch(raw, 0)
  line.open(0)
  return line
}

interface Found {
  readonly isOpen: boolean
  /** Start and end of each key's value. */
  readonly values: readonly (readonly [number, number])[]
  readonly ambiguous: boolean
  readonly last: number
}

/** What is found in the line, with the kernel and without. */
function found(text: string, isCopied: boolean): Found {
  const line = lineOf(text)
  if (!isCopied) line.isCopied = () => false
  const isOpen = findPairs(line, line.start)
  const values = Array.from(spans.start, (start, key): [number, number] => [
    start,
    start < 0 ? 0 : (spans.end[key] as number),
  ])
  return { isOpen, values, ambiguous: spans.ambiguous, last: spans.last }
}

const word = fc.constantFrom('a', 'deny', '192.0.2.1', '6', 'N/A', 'x(1)', '', '-', 'ä', '2001:db8::1')
const quoted = fc.constantFrom('"a b"', '""', '"x\\"y"', '"x\\\\"', '"a"b"', '"open', '"a=b c=d"', '"\\"')
const key = fc.constantFrom('date', 'srcip', 'srcport', 'vd', 'tz', 'unknownkey', 'action', 'app', 'src', 's')
const pair = fc.tuple(key, fc.oneof(word, quoted)).map(([name, value]) => `${name}=${value}`)
const parts = fc.array(
  fc.tuple(
    fc.oneof({ weight: 8, arbitrary: pair }, fc.constantFrom('free', '"', '=', ',')),
    fc.constantFrom(' ', ' ', ' ', ' ', '  ', ',', '\t'),
  ),
  { maxLength: 12 },
)

test('the kernel finds the pairs that JavaScript finds', () => {
  fc.assert(
    fc.property(parts, (given) => {
      const text = `date=2025-02-20 ${given.map(([piece, gap]) => piece + gap).join('')}vd=`
      const expected = found(text, false)
      found(text, true) // now every key is known by its place
      assert.deepEqual(found(text, true), expected)
    }),
    { numRuns: 2000 },
  )
})

test('what lies behind a line is no value of it', () => {
  for (const isCopied of [false, true, true]) {
    const { isOpen, values } = found('date=2025-02-20 vd=root srcip=', isCopied)
    assert.equal(isOpen, false)
    assert.deepEqual(values[KEY.srcip], [30, 30])
  }
})

test('a line of usual pairs is read to its end in one go', () => {
  const text = 'srcip=192.0.2.1 app="a b" vd=root unread=1 action=deny'
  const places = new KeyPlaces(true)
  const start = kernelInts(2)
  const end = kernelInts(2)
  const { read, state } = blankPairs(places, start, end)
  const bytes = Buffer.from(text.padEnd(text.length + 16))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  copyText(bytes, bytes.length)
  assert.equal(read(0, text.length, 0), 0) // nothing is known yet
  for (const [place, [name, target]] of [
    ['srcip=', 0],
    ['app=', -1],
    ['vd=', -1],
    ['unread=', -1],
    ['action=', 1],
  ].entries() as IterableIterator<[number, [string, number]]>) {
    places.keep(view, text.indexOf(name), name.length, target, place)
  }
  assert.ok(read(0, text.length, 0) >= text.length)
  assert.deepEqual([...start, ...end], [6, text.indexOf('deny'), 15, text.length])
  assert.deepEqual([...state], [5, 1])
})

test('a key twice stops the kernel', () => {
  const text = 'date=2025-02-20 srcip=192.0.2.1 srcip=192.0.2.2 dstip=192.0.2.3 end=1'
  found(text, true)
  found(text, true)
  assert.equal(spans.ambiguous, true)
  assert.equal(spans.start[KEY.srcip], text.indexOf('192.0.2.1'))
})
