/**
 * A WebAssembly kernel that finds the lines of a text in the kernels' memory, 64 bytes at a time: JavaScript's search of one
 * line end costs (m) 45 ns, of which half goes into the call. It takes lines that need no second look; in front of any
 * other one (blank, beginning with a blank or a NUL, too long) it stops.
 */
import {
  above,
  add,
  all,
  atMost,
  dropLowest64,
  equal,
  give,
  int,
  isZero,
  isZero64,
  left,
  less,
  load8,
  low32,
  lowestBit64,
  or,
  placesIn64,
  repeat,
  store32,
  subtract,
  WasmModule,
  when,
} from '../lib/wasm-assembler.ts'
import { allocate, kernelMemory } from '../model/kernel-memory.ts'
import { BATCH_MESSAGES, MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'

const LF = 10
const CR = 13
const SPACE = 32

const nextAt = allocate(4)
const next = new Uint32Array(kernelMemory.buffer, nextAt, 1)
const startsAt = allocate(BATCH_MESSAGES * 4)
const endsAt = allocate(BATCH_MESSAGES * 4)
/** Addresses of the lines that were found, their ends less CR and LF. */
export const lineStarts = new Uint32Array(kernelMemory.buffer, startsAt, BATCH_MESSAGES)
export const lineEnds = new Uint32Array(kernelMemory.buffer, endsAt, BATCH_MESSAGES)

/** Finds lines in the addresses `[at, to)`, at most so many; returns how many. */
export const findLines = makeKernel()

/** Address behind the lines that were found last. */
export function behindLines(): number {
  return next[0] as number
}

function makeKernel(): (at: number, to: number, wanted: number) => number {
  const module = new WasmModule()
  module.define(
    3,
    (f, at, to, wanted) => {
      const from = f.local('i32')
      const lf = f.local('i32')
      const end = f.local('i32')
      const count = f.local('i32')
      const bits = f.local('i64')
      const leave = all(store32(int(nextAt), 0, at.get), give(count.get))
      const slot = left(count.get, int(2))
      const takeLine = all(
        lf.set(add(from.get, low32(lowestBit64(bits.get)))),
        // Behind the text, or the line is empty.
        when(or(isZero(less(lf.get, to.get)), equal(lf.get, at.get)), leave),
        end.set(subtract(lf.get, equal(load8(lf.get, -1), int(CR)))),
        when(
          or(
            or(equal(end.get, at.get), atMost(load8(at.get), int(SPACE))),
            above(subtract(end.get, at.get), int(MESSAGE_LIMIT_BYTES)),
          ),
          leave,
        ),
        store32(slot, startsAt, at.get),
        store32(slot, endsAt, end.get),
        at.set(add(lf.get, int(1))),
        count.set(add(count.get, int(1))),
        when(equal(count.get, wanted.get), leave),
        dropLowest64(bits),
      )
      return all(
        from.set(at.get),
        repeat(
          all(
            bits.set(placesIn64(from.get, 0, LF)),
            when(isZero(isZero64(bits.get)), repeat(takeLine, isZero(isZero64(bits.get)))),
            from.set(add(from.get, int(64))),
          ),
          less(from.get, to.get),
        ),
        store32(int(nextAt), 0, at.get),
        count.get,
      )
    },
    'lines',
  )
  return module.run(kernelMemory)['lines'] as (at: number, to: number, wanted: number) => number
}
