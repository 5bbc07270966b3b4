/** Pictures of screens made small: the same picture, with a palette. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { withPalette } from '../scripts/png-palette.ts'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

/** 8-bit RGB; `lines` begin with their filter. */
function png(width: number, lines: readonly (readonly number[])[], depth = 8): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(lines.length, 4)
  header.set([depth, 2, 0, 0, 0], 8)
  const data = deflateSync(Buffer.from(lines.flat()))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Chunks by their kind. */
function chunksOf(file: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12)
    found.set(file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + file.readUInt32BE(at)))
  return found
}

/** Colours of a picture with a palette, line after line. */
function coloursOf(file: Buffer, width: number): string[] {
  const chunks = chunksOf(file)
  const palette = chunks.get('PLTE') as Buffer
  const lines = inflateSync(chunks.get('IDAT') as Buffer)
  return [...lines].flatMap((index, at) =>
    at % (width + 1) === 0 ? [] : [palette.toString('hex', index * 3, index * 3 + 3)],
  )
}

test('every filter of a line is undone, and up to 256 colours stay as they are', () => {
  // The same two colours a line: plain, from the left, from above, the mean of both, the nearest of three.
  const lines = [
    [0, 10, 20, 30, 40, 50, 60],
    [1, 10, 20, 30, 30, 30, 30],
    [2, 0, 0, 0, 0, 0, 0],
    [3, 5, 10, 15, 15, 15, 15],
    [4, 0, 0, 0, 0, 0, 0],
  ]
  const expected = lines.flatMap(() => ['0a141e', '28323c'])
  assert.deepEqual(coloursOf(withPalette(png(2, lines)), 2), expected)
})

test('of more than 256 colours the frequent ones stay, and every other becomes one near it', () => {
  const width = 400
  const greys = Array.from({ length: width }, (_, x) => [x % 256, x < 256 ? 0 : 200, 7])
  const frequent = Array.from({ length: width }, () => [255, 0, 0])
  const file = withPalette(
    png(width, [
      [0, ...greys.flat()],
      [0, ...frequent.flat()],
    ]),
  )
  const colours = coloursOf(file, width)
  assert.ok((chunksOf(file).get('PLTE') as Buffer).length <= 256 * 3)
  assert.deepEqual(new Set(colours.slice(width)), new Set(['ff0000']))
  colours.slice(0, width).forEach((colour, x) => {
    const [red = 0, green = 0] = [...Buffer.from(colour, 'hex')]
    const [wantedRed = 0, wantedGreen = 0] = greys[x] as number[]
    assert.ok(Math.abs(red - wantedRed) <= 16 && green === wantedGreen, `${colour} at ${x}`)
  })
})

test('what is no PNG of this form is refused', () => {
  assert.throws(() => withPalette(Buffer.from('GIF89a')), /not a PNG/)
  assert.throws(() => withPalette(png(1, [[0, 0, 0, 0, 0, 0, 0]], 16)), /depth 16/)
})
