import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WORD_SLACK_BYTES } from './bytes.ts'
import { KeyOrder } from './key-order.ts'

const QUOTE = 0x22

function memory(text: string): { bytes: Buffer; view: DataView; end: number } {
  const bytes = Buffer.alloc(Buffer.byteLength(text) + WORD_SLACK_BYTES)
  const end = bytes.write(text)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), end }
}

test('a key is known again in its place, and nowhere else', () => {
  const order = new KeyOrder(QUOTE)
  const { bytes, view, end } = memory('SourcePort":1')
  assert.equal(order.match(bytes, view, 0, end, 3), false)
  order.keep(bytes, view, 0, 10, 7, 3)
  assert.equal(order.match(bytes, view, 0, end, 3), true)
  assert.deepEqual([order.end, order.target], [10, 7])
  assert.equal(order.match(bytes, view, 0, end, 4), false)
  for (const other of ['SourcePorts":1', 'SourceSort":1', 'sourcePort":1', 'SourcePort', 'SourcePort=']) {
    const line = memory(other)
    assert.equal(order.match(line.bytes, line.view, 0, line.end, 3), false, other)
  }
})

test('what is matched is a key that was kept, byte for byte', () => {
  const key = fc.stringMatching(/^[abA_.]{1,50}$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat(4)), { minLength: 1, maxLength: 60 }), (keys) => {
      const order = new KeyOrder(QUOTE)
      for (const [number, [name, index]] of keys.entries()) {
        const { bytes, view, end } = memory(`${name}"`)
        if (order.match(bytes, view, 0, end, index)) {
          assert.equal(bytes.toString('latin1', 0, order.end), name)
          assert.equal(keys[order.target]?.[0], name)
        } else order.keep(bytes, view, 0, end - 1, number, index)
      }
    }),
  )
})
