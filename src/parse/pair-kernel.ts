/**
 * A WebAssembly kernel that reads the usual pairs of a line: a key that stood at its place before (`KeyPlaces`), a value
 * in quotes or one word, and behind it what parts pairs. It stops in front of the first pair that is anything else (a new
 * key, an escape, a key twice, the end of a cut line), which JavaScript then reads; so it decides nothing by itself.
 */
import {
  add,
  all,
  and,
  atMost,
  below16,
  bits16,
  bytes16,
  choose,
  type Code,
  equal,
  equal16,
  give,
  giveWhen,
  greater,
  int,
  isZero,
  left,
  less,
  load128,
  load32,
  load8,
  type Local,
  lowestBit,
  multiply,
  or,
  repeat,
  right,
  store32,
  subtract,
  unequal,
  when,
  type WasmFunction,
  WasmModule,
  xor,
} from '../lib/wasm-assembler.ts'
import { allocate, kernelMemory, TEXT_AT } from '../model/kernel-memory.ts'
import { BLANK, COMMA, QUOTE } from './bytes.ts'
import { ENTRY, type KeyPlaces } from './key-places.ts'
import { seek } from './text-kernel.ts'

const BACKSLASH = 0x5c
/** Longest key that the kernel compares: two vectors. */
const LONGEST_KEY_BYTES = 32

/** Numbers in the kernels' memory, all -1. */
export function kernelInts(count: number): Int32Array {
  return new Int32Array(kernelMemory.buffer, allocate(count * 4), count).fill(-1)
}

/** Reads pairs from `at` on; answers where it stopped. Ask `line.isCopied()` before. */
type PairKernel = (at: number, end: number, place: number) => number

interface Pairs {
  readonly read: PairKernel
  /** Behind `read`: the place of the next pair, and the target of the last one that it read. */
  readonly state: Int32Array
}

/**
 * Pairs `key=value key="value"` parted by one blank. `start` and `end` (of `kernelInts`) take where the value of each
 * target lies; -1 means that it has none yet. `places` are made for the kernel.
 */
export function blankPairs(places: KeyPlaces, start: Int32Array, end: Int32Array): Pairs {
  const state = kernelInts(2)
  const module = new WasmModule()
  const isKey = defineIsKey(module)
  module.define(
    3,
    (f, at, limit, place) => {
      const what = f.local('i32')
      const from = f.local('i32')
      const to = f.local('i32')
      const next = f.local('i32')
      const mask = f.local('i32')
      const last = f.local('i32')
      const isQuoted = f.local('i32')
      const leaveWhen = (condition: Code): Code =>
        when(
          condition,
          store32(int(state.byteOffset), 0, place.get),
          store32(int(state.byteOffset), 4, last.get),
          give(at.get),
        )
      return all(
        repeat(
          all(
            findKey(isKey, f.local('i32'), what, from, at, limit, place, places, leaveWhen),
            isQuoted.set(and(less(from.get, limit.get), equal(load8(from.get, TEXT_AT), int(QUOTE)))),
            when(
              isQuoted.get,
              from.set(add(from.get, int(1))),
              to.set(from.get),
              seek(to, limit, QUOTE, mask),
              leaveWhen(or(atLeast(to.get, limit.get), equal(load8(to.get, TEXT_AT - 1), int(BACKSLASH)))),
              next.set(add(to.get, int(1))),
            ),
            when(
              isZero(isQuoted.get),
              to.set(from.get),
              seekMark(to, limit, mask),
              to.set(choose(less(to.get, limit.get), to.get, limit.get)),
              next.set(to.get),
            ),
            leaveWhen(and(less(next.get, limit.get), unequal(load8(next.get, TEXT_AT), int(BLANK)))),
            take(right(what.get, int(8)), from, to, start, end, leaveWhen),
            last.set(subtract(right(what.get, int(8)), int(1))),
            at.set(add(next.get, int(1))),
            place.set(add(place.get, int(1))),
            leaveWhen(or(atLeast(at.get, limit.get), atMost(load8(at.get, TEXT_AT), int(COMMA)))),
          ),
          int(1),
        ),
        int(0),
      )
    },
    'pairs',
  )
  return { read: module.run(kernelMemory)['pairs'] as PairKernel, state }
}

/** A function of `at`, `limit` and an entry's address: 1 when the entry's key stands at `at`, else 0. */
function defineIsKey(module: WasmModule): WasmFunction {
  return module.define(3, (f, at, limit, entry) => {
    const length = f.local('i32')
    const to = f.local('i32')
    const isFrontOther = and(
      xor(bits16(equal16(load128(at.get, TEXT_AT), load128(entry.get, ENTRY.keyAt))), int(-1)),
      choose(greater(length.get, int(15)), int(0xffff), subtract(left(int(1), length.get), int(1))),
    )
    const lastOfKey = subtract(add(entry.get, length.get), int(16 - ENTRY.keyAt))
    const lastOfText = load128(to.get, TEXT_AT - 16)
    return all(
      length.set(and(load32(entry.get, 0), int(ENTRY.lengthMask))),
      to.set(add(at.get, length.get)),
      giveWhen(isFrontOther, int(0)),
      giveWhen(or(isZero(length.get), greater(to.get, limit.get)), int(0)),
      giveWhen(atMost(length.get, int(16)), int(1)),
      giveWhen(greater(length.get, int(LONGEST_KEY_BYTES)), int(0)),
      equal(bits16(equal16(lastOfText, load128(lastOfKey, 0))), int(0xffff)),
    )
  })
}

/** Finds the key at `at` by its place: sets what it is, and `from` to where what stands behind it begins. */
function findKey(
  isKey: WasmFunction,
  entry: Local,
  what: Local,
  from: Local,
  at: Local,
  limit: Local,
  place: Local,
  places: KeyPlaces,
  leaveWhen: (condition: Code) => Code,
): Code {
  const fifth = and(load32(at.get, TEXT_AT + 4), int(0xffff))
  const hash = right(
    multiply(xor(load32(at.get, TEXT_AT), multiply(fifth, int(ENTRY.fifthFactor))), int(ENTRY.factor)),
    int(ENTRY.hashShift),
  )
  const slot = and(xor(hash, left(place.get, int(ENTRY.placeShift))), int(ENTRY.count - 1))
  return all(
    entry.set(add(int(places.address), left(slot, int(ENTRY.bytesShift)))),
    when(
      isZero(isKey.call(at.get, limit.get, entry.get)),
      entry.set(xor(entry.get, int(1 << ENTRY.bytesShift))),
      leaveWhen(isZero(isKey.call(at.get, limit.get, entry.get))),
    ),
    what.set(load32(entry.get, 0)),
    from.set(add(at.get, and(what.get, int(ENTRY.lengthMask)))),
  )
}

/** Moves `at` to the first byte from there on that is a comma or below (blanks, tabs, quotes), or to `end` or behind it. */
function seekMark(at: Local, end: Local, mask: Local): Code {
  const look = mask.set(bits16(below16(load128(at.get, TEXT_AT), bytes16(COMMA + 1))))
  return all(
    look,
    when(
      isZero(mask.get),
      repeat(all(at.set(add(at.get, int(16))), look), and(isZero(mask.get), less(at.get, end.get))),
    ),
    at.set(add(at.get, lowestBit(mask.get))),
  )
}

/** 1 when `a` is not below `b`. */
const atLeast = (a: Code, b: Code): Code => isZero(less(a, b))

/** Notes the value of a target (1 more than it, 0 is none); leaves where it has one already. */
function take(
  target: Code,
  from: Local,
  to: Local,
  start: Int32Array,
  end: Int32Array,
  leaveWhen: (condition: Code) => Code,
): Code {
  const four = left(target, int(2))
  return when(
    target,
    leaveWhen(atLeast(load32(four, start.byteOffset - 4), int(0))),
    store32(four, start.byteOffset - 4, from.get),
    store32(four, end.byteOffset - 4, to.get),
  )
}
