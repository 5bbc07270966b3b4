import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Dictionary } from './dictionary.ts'

/** Ids of texts by the hot loop, as the writer calls it. */
function idsOf(dictionary: Dictionary, texts: readonly Uint8Array[]): number[] {
  const bytes = Buffer.concat(texts)
  const slices = new Uint32Array(texts.length * 2)
  let at = 0
  texts.forEach((text, i) => {
    slices[i * 2] = at
    at += text.length
    slices[i * 2 + 1] = at
  })
  const ids = new Uint16Array(texts.length)
  dictionary.idsOf(bytes, slices, 0, 2, texts.length, ids, 0)
  return [...ids]
}

/** Reads varint length and bytes back. */
function textsOf(dictionary: Dictionary): string[] {
  const bytes = dictionary.serialized
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    let length = 0
    let shift = 0
    for (; ; shift += 7) {
      const byte = bytes[at++] as number
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    texts.push(Buffer.from(bytes.subarray(at, at + length)).toString('latin1'))
    at += length
  }
  return texts
}

test('every text gets one id, and the ids name the texts in order of first sight', () => {
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.uint8Array({ maxLength: 300 }),
    // Same length, same first, middle and last byte: all meet in one place of the memo.
    fc
      .uint8Array({ minLength: 1, maxLength: 1 })
      .map((b) => Uint8Array.of(1, b[0] as number, 2, b[0] as number, 3)),
  )
  fc.assert(
    fc.property(fc.array(fc.array(text, { maxLength: 200 }), { maxLength: 4 }), (rounds) => {
      const dictionary = new Dictionary()
      const oracle = new Map<string, number>([['', 0]])
      for (const texts of rounds) {
        const expected = texts.map((bytes) => {
          const key = Buffer.from(bytes).toString('latin1')
          if (!oracle.has(key)) oracle.set(key, oracle.size)
          return oracle.get(key)
        })
        assert.deepEqual(idsOf(dictionary, texts), expected)
      }
      assert.deepEqual(textsOf(dictionary), [...oracle.keys()])
    }),
  )
})

test('after a reset the dictionary remembers nothing', () => {
  const dictionary = new Dictionary()
  idsOf(dictionary, [Buffer.from('a'), Buffer.from('b')])
  dictionary.reset()
  assert.equal(dictionary.size, 1)
  assert.deepEqual(idsOf(dictionary, [Buffer.from('b')]), [1])
  assert.deepEqual(textsOf(dictionary), ['', 'b'])
})
