/**
 * Makes a PNG of a screen small: at most 256 colours, one byte a pixel. In: 8-bit RGB or RGBA without interlace, as
 * Chromium writes it; transparency is dropped. The most frequent colours are kept exactly, every other one becomes the
 * nearest of them, which on screens touches the edges of letters only.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_COLOURS = 256
/** Of the palette: for colours that are far from all frequent ones (an icon, a thin line). */
const FAR_COLOURS = 64
const GREYSCALE_OR_PALETTE = new Set([0, 3, 4])

interface Picture {
  readonly width: number
  readonly height: number
  /** One number a pixel, 0xRRGGBB. */
  readonly pixels: Uint32Array
}

/** The same picture with a palette. Throws when it is no PNG of the form above. Some 0.2 s for 1440 x 900. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png)
  const counts = new Map<number, number>()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const palette = paletteOf(counts)
  const indexes = new Map<number, number>()
  for (const colour of counts.keys()) indexes.set(colour, nearest(palette, colour))
  // Each line begins with its filter: none compresses best for a palette.
  const lines = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      lines[y * (width + 1) + 1 + x] = indexes.get(pixels[y * width + x] as number) as number
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The most frequent colours, then those that lie farthest from what was chosen, weighed by how often they occur. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour)
  if (sorted.length <= MOST_COLOURS) return sorted
  const chosen = sorted.slice(0, MOST_COLOURS - FAR_COLOURS)
  const rest = sorted.slice(chosen.length).map((colour) => ({
    colour,
    count: counts.get(colour) ?? 0,
    distance: distanceOf(colour, chosen[nearest(chosen, colour)] as number),
  }))
  while (chosen.length < MOST_COLOURS) {
    let worst = rest[0] as (typeof rest)[number]
    for (const one of rest) if (one.distance * one.count > worst.distance * worst.count) worst = one
    chosen.push(worst.colour)
    for (const one of rest) one.distance = Math.min(one.distance, distanceOf(one.colour, worst.colour))
  }
  return chosen
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < palette.length; i++) {
    const distance = distanceOf(palette[i] as number, colour)
    if (distance >= least) continue
    least = distance
    best = i
    if (distance === 0) break
  }
  return best
}

function distanceOf(a: number, b: number): number {
  const red = (a >> 16) - (b >> 16)
  const green = ((a >> 8) & 255) - ((b >> 8) & 255)
  const blue = (a & 255) - (b & 255)
  return 2 * red * red + 4 * green * green + 3 * blue * blue
}

function decode(png: Buffer): Picture {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new TypeError('not a PNG')
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const [depth = 0, kind = 0, , , interlace = 0] = png.subarray(24, 29)
  if (depth !== 8 || GREYSCALE_OR_PALETTE.has(kind) || interlace !== 0)
    throw new TypeError(`a PNG of depth ${depth}, kind ${kind}, interlace ${interlace}`)
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const channels = kind === 6 ? 4 : 3
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels)
  const pixels = new Uint32Array(width * height)
  for (let i = 0; i < pixels.length; i++) {
    const at = i * channels
    pixels[i] = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  }
  return { width, height, pixels }
}

/** PNG's filters undone (RFC 2083, section 6): each byte was written as the difference from a guess. */
function unfiltered(lines: Buffer, stride: number, height: number, step: number): Uint8Array {
  const bytes = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x < step ? 0 : (bytes[at - step] as number)
      const above = y === 0 ? 0 : (bytes[at - stride] as number)
      const corner = x < step || y === 0 ? 0 : (bytes[at - stride - step] as number)
      bytes[at] = (lines[y * (stride + 1) + 1 + x] as number) + guess(filter, left, above, corner)
    }
  }
  return bytes
}

function guess(filter: number | undefined, left: number, above: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return above
  if (filter === 3) return (left + above) >> 1
  return filter === 4 ? paeth(left, above, corner) : 0
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner
  const [byLeft, byAbove, byCorner] = [
    Math.abs(estimate - left),
    Math.abs(estimate - above),
    Math.abs(estimate - corner),
  ]
  if (byLeft <= byAbove && byLeft <= byCorner) return left
  return byAbove <= byCorner ? above : corner
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}
