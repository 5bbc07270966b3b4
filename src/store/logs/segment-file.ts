/**
 * The form of a segment file, `<uuidv7>.native`: one Native block with the records, then a second Native block of
 * zero rows whose single column's name carries the footer (which input positions the segment covers, counts,
 * checksum). The engine reads the file as it is and skips the unknown column (`input_format_skip_unknown_fields`);
 * one rename makes records and positions safe together.
 *
 * Last bytes of a file: footer JSON, CRC-32 of that JSON (8 hex digits), its length (8 hex digits), `\x05UInt8`.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { UUID_PATTERN } from './uuid-v7.ts'
import { columnHeader, varint } from './native-block.ts'

export const SEGMENT_SUFFIX = '.native'

const footerSchema = z.object({
  version: z.literal(1),
  segment: z.string().regex(UUID_PATTERN),
  records: z.int().min(1),
  /** Length and CRC-32 of the block with the records. */
  bytes: z.int().min(1),
  crc: z.int(),
  firstReceivedAtMs: z.number(),
  lastReceivedAtMs: z.number(),
  positions: z.array(z.object({ fileId: z.string(), path: z.string(), offset: z.number().min(0) })),
})
export type SegmentFooter = z.infer<typeof footerSchema>

const TYPE = 'UInt8'
/** CRC, length, type with its own length byte. */
const TAIL_BYTES = 8 + 8 + 1 + TYPE.length
const MARKS = new RegExp(`^([0-9a-f]{8})([0-9a-f]{8})${String.fromCharCode(TYPE.length)}${TYPE}$`)
/** Longest footer believed: 100,000 positions of 100 bytes. */
const FOOTER_LIMIT = 16 * 1024 * 1024
const READ_BYTES = 1024 * 1024

/** The name of a segment's file. */
export function segmentFileName(segment: string): string {
  return segment + SEGMENT_SUFFIX
}

/** The segment that a file name stands for, or null for a name that is not ours. */
export function segmentOfFileName(name: string): string | null {
  if (!name.endsWith(SEGMENT_SUFFIX)) return null
  const segment = name.slice(0, -SEGMENT_SUFFIX.length)
  return UUID_PATTERN.test(segment) ? segment : null
}

/** The closing block of a segment file. */
export function encodeFooter(footer: SegmentFooter): Uint8Array {
  return closingBlock(Buffer.from(JSON.stringify(footer)))
}

function closingBlock(json: Buffer): Buffer {
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  const name = Buffer.concat([json, Buffer.from(hex(crc32(json)) + hex(json.length))])
  return Buffer.concat([varint(1), varint(0), columnHeader(name, TYPE)])
}

/** CRC-32 over pieces. About 1 GB/s. */
export function checksum(parts: readonly Uint8Array[]): number {
  return parts.reduce((crc, part) => crc32(part, crc), 0)
}

export type SegmentCheck = { ok: true; footer: SegmentFooter } | { ok: false; reason: string }

/** Reads the footer of a segment file: O(footer). Rejects only when the file cannot be read. */
export async function readFooter(path: string): Promise<SegmentCheck> {
  const file = await open(path, 'r')
  try {
    return await footerOf(file)
  } finally {
    await file.close()
  }
}

/** Reads the whole file and compares the checksum of its records. */
export async function verifySegment(path: string): Promise<SegmentCheck> {
  const file = await open(path, 'r')
  try {
    const check = await footerOf(file)
    if (!check.ok) return check
    const chunk = Buffer.allocUnsafe(READ_BYTES)
    let crc = 0
    for (let at = 0; at < check.footer.bytes; ) {
      const wanted = Math.min(READ_BYTES, check.footer.bytes - at)
      const { bytesRead } = await file.read(chunk, 0, wanted, at)
      if (bytesRead === 0) return { ok: false, reason: 'the file ends before its records do' }
      crc = crc32(chunk.subarray(0, bytesRead), crc)
      at += bytesRead
    }
    return crc === check.footer.crc ? check : { ok: false, reason: 'the checksum of the records differs' }
  } finally {
    await file.close()
  }
}

async function footerOf(file: FileHandle): Promise<SegmentCheck> {
  const { size } = await file.stat()
  if (size < TAIL_BYTES) return { ok: false, reason: 'too short to be a segment' }
  const tail = Buffer.alloc(TAIL_BYTES)
  await file.read(tail, 0, TAIL_BYTES, size - TAIL_BYTES)
  const marks = MARKS.exec(tail.toString('latin1'))
  if (marks === null) return { ok: false, reason: 'no footer at its end' }
  const length = Number.parseInt(marks[2] ?? '', 16)
  if (length > FOOTER_LIMIT || length + TAIL_BYTES > size)
    return { ok: false, reason: 'impossible footer length' }
  const json = Buffer.alloc(length)
  await file.read(json, 0, length, size - TAIL_BYTES - length)
  if (crc32(json) !== Number.parseInt(marks[1] ?? '', 16))
    return { ok: false, reason: 'the footer is damaged' }
  const parsed = footerSchema.safeParse(JSON.parse(json.toString()))
  if (!parsed.success) return { ok: false, reason: `unknown footer: ${z.prettifyError(parsed.error)}` }
  const closing = closingBlock(json)
  if (size !== parsed.data.bytes + closing.length)
    return { ok: false, reason: 'the file is not as long as its footer says' }
  const found = Buffer.alloc(closing.length)
  await file.read(found, 0, closing.length, parsed.data.bytes)
  if (!found.equals(closing)) return { ok: false, reason: 'the footer is damaged' }
  return { ok: true, footer: parsed.data }
}
