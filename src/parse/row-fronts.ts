/**
 * What lets a kernel read many rows of a batch by one call (`LineFormat.readRows`): where the rows lie, the headers that
 * lines of this batch had, byte for byte, and the stamps in their text, each with what it means. A row whose header or
 * stamp is not here is read by the parser, which then tells it to this memory; so it decides nothing by itself.
 *
 * It is of one batch: zones, programs and the arrival are the same for all of it. Direct-mapped and in the kernels'
 * memory (text-kernel.ts), so one for each thread; which parser reads does not matter, since a batch has a number.
 */
import {
  add,
  all,
  and,
  and16,
  choose,
  type Code,
  giveWhen,
  int,
  isAny16,
  isZero,
  left,
  less,
  load128,
  load32,
  load8,
  type Local,
  multiply,
  or,
  or16,
  repeat,
  right,
  store32,
  unequal,
  type WasmFunction,
  type WasmModule,
  xor,
  xor16,
} from '../lib/wasm-assembler.ts'
import { allocate, kernelMemory, TEXT_AT } from '../model/kernel-memory.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { TEXT_SLOT } from '../model/record-batch.ts'
import type { TimeZone } from './calendar.ts'
import type { Line } from './line.ts'

/** Headers kept; a power of two. */
const FRONT_BITS = 5
const FRONTS = 1 << FRONT_BITS
/** Longest header that is kept. */
const FRONT_BYTES = 128
const FACTOR = 0x9e3779b1
/** Stamps kept, by the last digit of their seconds. */
const STAMPS = 16
const STAMP_BYTES = 19
const STAMP_SHIFT = 5

const startsAt = allocate(BATCH_MESSAGES * 4)
const starts = new Uint32Array(kernelMemory.buffer, startsAt, BATCH_MESSAGES)
const endsAt = allocate(BATCH_MESSAGES * 4)
const ends = new Uint32Array(kernelMemory.buffer, endsAt, BATCH_MESSAGES)
const lengthsAt = allocate(FRONTS * 4)
const lengths = new Int32Array(kernelMemory.buffer, lengthsAt, FRONTS)
const bytesAt = allocate(FRONTS * FRONT_BYTES)
const bytes = new Uint8Array(kernelMemory.buffer, bytesAt, FRONTS * FRONT_BYTES)
/** Beside each byte: 255 where it counts. */
const masksAt = allocate(FRONTS * FRONT_BYTES)
const masks = new Uint8Array(kernelMemory.buffer, masksAt, FRONTS * FRONT_BYTES)
const stampsAt = allocate(STAMPS << STAMP_SHIFT)
const stamps = new Uint8Array(kernelMemory.buffer, stampsAt, STAMPS << STAMP_SHIFT)
const stampWords = new Int32Array(kernelMemory.buffer, stampsAt, STAMPS << (STAMP_SHIFT - 2))

/** Of each header: where its host begins and how long it is, then its relay. */
const namesAt = allocate(FRONTS * 16)
const names = new Int32Array(kernelMemory.buffer, namesAt, FRONTS * 4)
/** Unix ms of each stamp. */
export const stampMs = new Float64Array(STAMPS)

let batch = 0
let zone: TimeZone | null = null
let isWhole = false

/**
 * Takes over the batch of the line in hand, if it has not yet, and the line's header, which the sender's memory knew.
 * False when no rows can be read so: a message of the batch was cut, or the line is not plain, or of another zone than
 * the batch's first one.
 */
export function openRows(line: Line): boolean {
  if (batch !== line.batch) takeBatch(line)
  if (!isWhole || line.zone !== zone || line.flags !== 0 || !line.isCopied()) return false
  const { start } = line
  const length = line.at - start
  if (length <= 0 || length > FRONT_BYTES || line.hostEnd <= line.hostStart) return false
  const front = frontOf(line.view, start)
  const at = front * FRONT_BYTES
  lengths[front] = length
  bytes.set(line.bytes.subarray(start, start + length), at)
  masks.fill(255, at, at + length)
  masks.fill(0, at + length, at + FRONT_BYTES)
  names[front * 4] = line.hostStart - start
  names[front * 4 + 1] = line.hostEnd - line.hostStart
  names[front * 4 + 2] = line.relayStart - start
  names[front * 4 + 3] = line.relayEnd - line.relayStart
  return true
}

function takeBatch(line: Line): void {
  const { raw } = line
  batch = line.batch
  zone = line.zone
  lengths.fill(0)
  // What lies in an empty place is no stamp that belongs there.
  for (let i = 0; i < STAMPS; i++) stamps.fill(i ^ 1, i << STAMP_SHIFT, (i + 1) << STAMP_SHIFT)
  starts.set(raw.start.subarray(0, raw.count))
  ends.set(raw.end.subarray(0, raw.count))
  isWhole = !raw.truncated.subarray(0, raw.count).includes(1)
}

/** Keeps the stamp of 19 bytes that stands at `at` in the line in hand. */
export function keepStamp(line: Line, at: number, unixMs: number): void {
  if (batch !== line.batch) takeBatch(line)
  if (line.zone !== zone) return
  const place = (line.bytes[at + STAMP_BYTES - 1] as number) & (STAMPS - 1)
  const word = place << (STAMP_SHIFT - 2)
  for (let i = 0; i < STAMP_BYTES; i += 4) stampWords[word + (i >> 2)] = line.view.getInt32(at + i, true)
  stampMs[place] = unixMs
}

/** The place of a header, by the bytes where the host usually stands. */
function frontOf(view: DataView, start: number): number {
  const mixed = view.getInt32(start + 16, true) ^ view.getInt32(start + 20, true)
  return Math.imul(mixed ^ view.getInt32(start + 24, true), FACTOR) >>> (32 - FRONT_BITS)
}

/** Code of a row's start and end. */
export const rowStart = (row: Local): Code => load32(left(row.get, int(2)), startsAt)
export const rowEnd = (row: Local): Code => load32(left(row.get, int(2)), endsAt)
/** Code of a header's length. */
export const frontLength = (front: Local): Code => load32(left(front.get, int(2)), lengthsAt)

/** Code that stores device and relay of a line from `start` on into a row's texts at `texts`; `name` and `length` are its own. */
export function takeNames(front: Local, start: Local, texts: Local, name: Local, length: Local): Code {
  const take = (at: number, slot: number): Code =>
    all(
      length.set(load32(left(front.get, int(4)), namesAt + at + 4)),
      name.set(choose(length.get, add(start.get, load32(left(front.get, int(4)), namesAt + at)), int(0))),
      store32(texts.get, slot * 4, name.get),
      store32(texts.get, slot * 4 + 4, add(name.get, length.get)),
    )
  return all(take(0, TEXT_SLOT.device), take(8, TEXT_SLOT.relay))
}

/** A function of where a line of 32 bytes and more starts: the header that it begins with, or -1. */
export function defineFront(module: WasmModule): WasmFunction {
  return module.define(1, (f, start) => {
    const front = f.local('i32')
    const length = f.local('i32')
    const k = f.local('i32')
    const at = f.local('i32')
    const differences = f.local('v128')
    const mixed = xor(
      xor(load32(start.get, TEXT_AT + 16), load32(start.get, TEXT_AT + 20)),
      load32(start.get, TEXT_AT + 24),
    )
    const difference = xor16(load128(add(start.get, k.get), TEXT_AT), load128(at.get, bytesAt))
    return all(
      front.set(right(multiply(mixed, int(FACTOR)), int(32 - FRONT_BITS))),
      length.set(frontLength(front)),
      giveWhen(isZero(length.get), int(-1)),
      at.set(multiply(front.get, int(FRONT_BYTES))),
      repeat(
        all(
          differences.set(or16(differences.get, and16(difference, load128(at.get, masksAt)))),
          at.set(add(at.get, int(16))),
          k.set(add(k.get, int(16))),
        ),
        less(k.get, length.get),
      ),
      giveWhen(isAny16(differences.get), int(-1)),
      front.get,
    )
  })
}

/** A function of where 19 bytes stand: the stamp that they are, or -1. */
export function defineStamp(module: WasmModule): WasmFunction {
  return module.define(1, (f, at) => {
    const stamp = f.local('i32')
    const place = f.local('i32')
    const difference = xor16(load128(at.get, TEXT_AT), load128(place.get, stampsAt))
    const last = STAMP_BYTES - 4
    return all(
      stamp.set(and(load8(at.get, TEXT_AT + STAMP_BYTES - 1), int(STAMPS - 1))),
      place.set(left(stamp.get, int(STAMP_SHIFT))),
      giveWhen(
        or(isAny16(difference), unequal(load32(at.get, TEXT_AT + last), load32(place.get, stampsAt + last))),
        int(-1),
      ),
      stamp.get,
    )
  })
}
