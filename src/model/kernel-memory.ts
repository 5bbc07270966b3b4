/**
 * The one memory of this thread's WebAssembly kernels (lib/wasm-assembler.ts): their own tables, and a copy of the text of
 * the batch in hand. (m) Kernels that read batches where they lie would save the copy, but batches are too many for small
 * pages, and WebAssembly's memory gets no huge ones: looking up the pages costs what the copy does.
 *
 * Its size is fixed, so that `buffer` never moves; pages that nobody has touched cost nothing.
 */
import { makeMemory } from '../lib/wasm-assembler.ts'
import type { RawBatch } from './raw-batch.ts'

/** Where the text begins; the kernels' own tables lie in front of it. */
export const TEXT_AT = 8 << 20
/** Longest text that is copied; of a batch that is longer only this much. */
const TEXT_BYTES = 2 << 20
/** How far behind the text a kernel may come that looks at the text's end only now and then. */
const SLACK_BYTES = 4096
/** Zeros behind the text: loops over all of it take so many bytes at a time. */
export const BLOCK_BYTES = 64

export const kernelMemory = makeMemory(TEXT_AT + TEXT_BYTES + SLACK_BYTES)
const memoryBytes = new Uint8Array(kernelMemory.buffer)
let allocated = 64
/** Filling of the batch whose front lies here since its lines were split, and how much of it; 0 when there is none. */
let splitFilling = 0
let splitTo = 0

/**
 * Takes so many bytes of the memory for good; they are zero and aligned to 16. Returns their address. For what a module
 * has once: what may be made again and again (readers, parsers, templates) keeps its tables in memory of its own, so that
 * no user can come to the end of this one. Throws a RangeError there, which every start of the program would show.
 */
export function allocate(bytes: number): number {
  const at = allocated
  allocated = (at + bytes + 15) & ~15
  if (allocated > TEXT_AT - SLACK_BYTES) throw new RangeError('the kernels have no memory left')
  return at
}

/** Puts a text where the kernels find it; returns how much of it. Cost: (m) 25 ns for a line of 350 bytes. */
export function copyText(bytes: Uint8Array, used: number): number {
  splitFilling = 0
  const length = Math.min(used, TEXT_BYTES)
  memoryBytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), TEXT_AT)
  return endText(length)
}

/** Puts the text of a batch where the kernels find it, unless it lies there since its lines were split. */
export function copyBatch(raw: RawBatch): number {
  return raw.filling === splitFilling && raw.used <= splitTo
    ? endText(raw.used)
    : copyText(raw.bytes, raw.used)
}

function endText(length: number): number {
  memoryBytes.fill(0, TEXT_AT + length, TEXT_AT + length + BLOCK_BYTES)
  return length
}

/**
 * Puts `[from, to)` of a batch, whose lines are being split, where the kernels find it; false when it is too long. In front
 * of `from` the batch must be as it was when it was split last: until it is reset, what was split stays.
 */
export function copyPiece(raw: RawBatch, from: number, to: number): boolean {
  const isNext = from === 0 || (raw.filling === splitFilling && from <= splitTo)
  splitFilling = 0
  if (to > TEXT_BYTES) return false
  memoryBytes.set(raw.bytes.subarray(from, to), TEXT_AT + from)
  if (isNext) splitFilling = raw.filling
  splitTo = to
  return true
}
