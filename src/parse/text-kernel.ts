/**
 * What the readers' WebAssembly kernels share (lib/wasm-assembler.ts): one memory for all of this thread, which holds
 * the text of the batch in hand and the kernels' own tables, and the pieces of code that they are made of. JavaScript
 * reads a byte in about 0.7 ns; a kernel looks at 16 in that time, and (m) its copy of a line costs 25 ns.
 *
 * Positions are those of the batch's bytes. A kernel may read some bytes in front of a line and up to 4 KiB behind it, of
 * other lines or older batches: comparisons with `end` keep them out of every result.
 *
 * To write one: `allocate` the bytes of its results, `define` a function of the line's `at` and `end` in a `WasmModule`,
 * `run` it on `kernelMemory` (model/kernel-memory.ts), and call it only where `line.isCopied()`.
 */
import {
  above,
  add,
  add64,
  all,
  and,
  and16,
  and64,
  atMost,
  below16,
  bitCount,
  bitCount64,
  bits16,
  bytes16,
  choose,
  type Code,
  doubleOf64,
  dropLowest64,
  equal,
  equal16,
  give,
  giveWhen,
  greater,
  int,
  isAny16,
  isZero,
  isZero64,
  left,
  left64,
  less,
  load32,
  load64,
  load128,
  load8,
  type Local,
  long,
  low32,
  lowestBit,
  lowestBit64,
  multiply,
  multiply64,
  or,
  or16,
  or64,
  placesIn64,
  repeat,
  right,
  right64,
  store32,
  storeDouble,
  subtract,
  subtract16,
  unequal,
  unequal64,
  type WasmFunction,
  WasmModule,
  when,
  widen,
  xor,
  xor64,
} from '../lib/wasm-assembler.ts'
import { BLOCK_BYTES, kernelMemory, TEXT_AT } from '../model/kernel-memory.ts'

/** What `surveyText` found. */
export const SURVEY = { notAscii: 1, escapes: 2 } as const

/**
 * Looks once through the text that was copied last: SURVEY.notAscii where it has bytes above 127, SURVEY.escapes where
 * it has `#0`, as rsyslog's escapes begin. Cost: (m) 12 ns for a line of 350 bytes.
 */
export function surveyText(length: number): number {
  return survey(length)
}

/** Moves `at` to the first place of a byte from there on, or to `end` or behind it when there is none. */
export function seek(at: Local, end: Local, byte: number, mask: Local): Code {
  const look = mask.set(bits16(equal16(load128(at.get, TEXT_AT), bytes16(byte))))
  return all(
    look,
    when(
      isZero(mask.get),
      repeat(all(at.set(add(at.get, int(16))), look), and(isZero(mask.get), less(at.get, end.get))),
    ),
    at.set(add(at.get, lowestBit(mask.get))),
  )
}

/** 1 when the text at `at` is not this one of 4 to 16 bytes. The caller knows that it ends before `end`. */
export function isOther(at: Code, text: string): Code {
  const { length } = text
  const view = new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer)
  if (length < 8) {
    const last = length - 4
    const first = unequal(load32(at, TEXT_AT), int(view.getInt32(0, true)))
    return last === 0 ? first : or(first, unequal(load32(at, TEXT_AT + last), int(view.getInt32(last, true))))
  }
  const last = length - 8
  const first = unequal64(load64(at, TEXT_AT), long(view.getBigInt64(0, true)))
  return last === 0
    ? first
    : or(first, unequal64(load64(at, TEXT_AT + last), long(view.getBigInt64(last, true))))
}

/** Places that a function of `definePlaces` may store more than it is asked for. */
export const MORE_PLACES = 80
const USUAL_PLACES = 12

/**
 * A function of `[at, end)`, an address and a number: stores the places of a byte there, a word each, until so many are
 * found or the range ends, and answers how many. Some may lie behind the range. Faster than to `seek` one after the
 * other, where each search waits for the one before: (m) 25 ns for the first 47 commas of a line of PAN-OS CSV.
 */
export function definePlaces(module: WasmModule, byte: number): WasmFunction {
  return module.define(4, (f, at, end, out, wanted) => {
    const bits = f.local('i64')
    const more = f.local('i32')
    const first = f.local('i32')
    const limit = f.local('i32')
    const count = f.local('i32')
    const storeNext = (address: Code, distance: number): Code =>
      all(store32(address, distance, add(at.get, low32(lowestBit64(bits.get)))), dropLowest64(bits))
    return all(
      first.set(out.get),
      limit.set(add(out.get, left(wanted.get, int(2)))),
      repeat(
        all(
          bits.set(placesIn64(at.get, TEXT_AT, byte)),
          count.set(low32(bitCount64(bits.get))),
          // Most blocks hold no more than these; what is stored in excess is written over.
          ...Array.from({ length: USUAL_PLACES }, (_, i) => storeNext(out.get, 4 * i)),
          more.set(out.get),
          when(
            isZero(isZero64(bits.get)),
            repeat(
              all(storeNext(more.get, 4 * USUAL_PLACES), more.set(add(more.get, int(4)))),
              isZero(isZero64(bits.get)),
            ),
          ),
          out.set(add(out.get, left(count.get, int(2)))),
          at.set(add(at.get, int(64))),
        ),
        and(less(out.get, limit.get), less(at.get, end.get)),
      ),
      right(subtract(out.get, first.get), int(2)),
    )
  })
}

const ZERO = 0x30
const DOT = 0x2e

/**
 * A function of `[from, to)` and an address: stores the IPv4 address that fills the range there, as a word, and answers
 * 1, or 0 when it is none. The rules are those of `readAddress`: four parts of 1 to 3 digits to 255, no leading zeros.
 */
export function defineV4(module: WasmModule): WasmFunction {
  return module.define(3, (f, from, to, out) => {
    const text = f.local('v128')
    const length = f.local('i32')
    const mask = f.local('i32')
    const dots = f.local('i32')
    const digits = f.local('i32')
    const starts = f.local('i32')
    const bad = f.local('i32')
    const parts = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    const last = f.local('i32')
    const word = f.local('i32')
    const inRange = (bits: Code): Code => and(bits, mask.get)
    // The three bytes that end at `last`, of which those in front of the part's `count` digits are masked out.
    const partAt = (part: Local, count: Code): Code =>
      all(
        word.set(
          and(
            left(int(-1), left(subtract(int(4), count), int(3))),
            and(load32(add(from.get, last.get), TEXT_AT - 4), int(0x0f0f0f00)),
          ),
        ),
        part.set(
          add(
            add(
              multiply(and(right(word.get, int(8)), int(15)), int(100)),
              multiply(and(right(word.get, int(16)), int(15)), int(10)),
            ),
            right(word.get, int(24)),
          ),
        ),
      )
    const [a, b, c, d] = parts as [Local, Local, Local, Local]
    const begin = f.local('i32')
    const nextDot = all(begin.set(add(last.get, int(1))), last.set(lowestBit(dots.get)))
    const dropDot = dots.set(and(dots.get, subtract(dots.get, int(1))))
    const width = subtract(last.get, begin.get)
    return all(
      length.set(subtract(to.get, from.get)),
      giveWhen(above(subtract(length.get, int(7)), int(8)), int(0)),
      text.set(load128(from.get, TEXT_AT)),
      mask.set(subtract(left(int(1), length.get), int(1))),
      dots.set(inRange(bits16(equal16(text.get, bytes16(DOT))))),
      digits.set(inRange(bits16(below16(subtract16(text.get, bytes16(ZERO)), bytes16(10))))),
      starts.set(or(left(dots.get, int(1)), int(1))),
      bad.set(or(xor(bitCount(dots.get), int(3)), xor(or(dots.get, digits.get), mask.get))),
      // A part begins with a digit, has no leading zero, and no four digits.
      bad.set(or(bad.get, and(starts.get, xor(digits.get, int(-1))))),
      bad.set(
        or(
          bad.get,
          and(and(starts.get, right(digits.get, int(1))), bits16(equal16(text.get, bytes16(ZERO)))),
        ),
      ),
      begin.set(and(digits.get, right(digits.get, int(1)))),
      bad.set(or(bad.get, and(begin.get, right(begin.get, int(2))))),
      giveWhen(bad.get, int(0)),
      last.set(lowestBit(dots.get)),
      partAt(a, last.get),
      dropDot,
      nextDot,
      partAt(b, width),
      dropDot,
      nextDot,
      partAt(c, width),
      begin.set(add(last.get, int(1))),
      last.set(length.get),
      partAt(d, width),
      giveWhen(greater(or(or(a.get, b.get), or(c.get, d.get)), int(255)), int(0)),
      store32(out.get, 0, or(or(left(a.get, int(24)), left(b.get, int(16))), or(left(c.get, int(8)), d.get))),
      int(1),
    )
  })
}

/** A function of `[from, to)`: the number of 1 to 8 decimal digits that fills the range, else -1. */
export function defineDecimal(module: WasmModule): WasmFunction {
  return module.define(2, (f, from, to) => {
    const length = f.local('i32')
    const digit = f.local('i32')
    const word = f.local('i64')
    // Digits are added in pairs, then pairs of pairs: each step multiplies the upper half and adds the lower one.
    const join = (mask: bigint, factor: bigint, shift: bigint): Code =>
      word.set(right64(multiply64(and64(word.get, long(mask)), long(factor)), long(shift)))
    return all(
      length.set(subtract(to.get, from.get)),
      giveWhen(above(subtract(length.get, int(1)), int(7)), int(-1)),
      // Many are one digit.
      digit.set(subtract(load8(from.get, TEXT_AT), int(ZERO))),
      giveWhen(above(digit.get, int(9)), int(-1)),
      giveWhen(equal(length.get, int(1)), digit.get),
      word.set(
        and64(
          xor64(load64(to.get, TEXT_AT - 8), long(0x3030303030303030n)),
          left64(long(-1n), widen(subtract(int(64), left(length.get, int(3))))),
        ),
      ),
      giveWhen(
        isZero(
          isZero64(
            and64(or64(word.get, add64(word.get, long(0x0606060606060606n))), long(0xf0f0f0f0f0f0f0f0n)),
          ),
        ),
        int(-1),
      ),
      join(0x0f0f0f0f0f0f0f0fn, 2561n, 8n),
      join(0x00ff00ff00ff00ffn, 6_553_601n, 16n),
      join(0x0000ffff0000ffffn, 42_949_672_960_001n, 32n),
      low32(word.get),
    )
  })
}

/**
 * A function of `[from, to)` and an address: stores where the text lies less its outer blanks there, two words, or
 * zeros when it is empty or a literal `$variable`, as `setText` does. Answers 0.
 */
export function defineText(module: WasmModule): WasmFunction {
  return module.define(3, (_, from, to, out) => {
    const isBlankAt = (at: Code, distance: number): Code =>
      or(isZero(xor(load8(at, distance), int(0x20))), isZero(xor(load8(at, distance), int(0x09))))
    const isFrontBlank = and(less(from.get, to.get), isBlankAt(from.get, TEXT_AT))
    const isBackBlank = and(less(from.get, to.get), isBlankAt(to.get, TEXT_AT - 1))
    return all(
      when(isFrontBlank, repeat(from.set(add(from.get, int(1))), isFrontBlank)),
      when(isBackBlank, repeat(to.set(subtract(to.get, int(1))), isBackBlank)),
      when(
        or(atMost(to.get, from.get), isZero(xor(load8(from.get, TEXT_AT), int(0x24)))),
        from.set(int(0)),
        to.set(int(0)),
      ),
      store32(out.get, 0, from.get),
      store32(out.get, 4, to.get),
      give(int(0)),
      int(0),
    )
  })
}

/**
 * A function of `[from, to)` and an address: stores the number of 1 to 15 decimal digits that fills the range there, as
 * a double, and answers 1; or 0 when there is something else.
 */
export function defineNumber(module: WasmModule, decimal: WasmFunction): WasmFunction {
  return module.define(3, (f, from, to, out) => {
    const high = f.local('i32')
    const low = f.local('i32')
    const cut = f.local('i32')
    return all(
      giveWhen(above(subtract(subtract(to.get, from.get), int(1)), int(14)), int(0)),
      cut.set(subtract(to.get, int(8))),
      when(
        less(from.get, cut.get),
        high.set(decimal.call(from.get, cut.get)),
        giveWhen(less(high.get, int(0)), int(0)),
        from.set(cut.get),
      ),
      low.set(decimal.call(from.get, to.get)),
      giveWhen(less(low.get, int(0)), int(0)),
      storeDouble(
        out.get,
        0,
        doubleOf64(add64(multiply64(widen(high.get), long(100_000_000n)), widen(low.get))),
      ),
      int(1),
    )
  })
}

/** A function of `[from, to)`: 1 when the range is 1 to 40 lower-case letters, digits or hyphens, else 0. */
export function defineIsWord(module: WasmModule): WasmFunction {
  return module.define(2, (f, from, to) => {
    const text = f.local('v128')
    const others = f.local('i32')
    const rest = f.local('i32')
    const isBetween = (first: number, count: number): Code =>
      below16(subtract16(text.get, bytes16(first)), bytes16(count))
    const letters = or16(isBetween(0x61, 26), or16(isBetween(ZERO, 10), equal16(text.get, bytes16(0x2d))))
    return all(
      rest.set(subtract(to.get, from.get)),
      giveWhen(above(subtract(rest.get, int(1)), int(39)), int(0)),
      repeat(
        all(
          text.set(load128(from.get, TEXT_AT)),
          // Bits of the bytes behind the range fall out on the left.
          others.set(
            or(
              others.get,
              left(
                xor(bits16(letters), int(0xffff)),
                choose(less(rest.get, int(16)), subtract(int(32), rest.get), int(0)),
              ),
            ),
          ),
          from.set(add(from.get, int(16))),
          rest.set(subtract(rest.get, int(16))),
        ),
        greater(rest.get, int(0)),
      ),
      isZero(others.get),
    )
  })
}

function defineSurvey(): (length: number) => number {
  const module = new WasmModule()
  module.define(
    1,
    (f, length) => {
      const at = f.local('i32')
      const text = f.local('v128')
      const high = f.local('v128')
      const escapes = f.local('v128')
      const block = (distance: number): Code =>
        all(
          text.set(load128(at.get, TEXT_AT + distance)),
          high.set(or16(high.get, text.get)),
          escapes.set(
            or16(
              escapes.get,
              and16(
                equal16(text.get, bytes16(0x23)),
                equal16(load128(at.get, TEXT_AT + distance + 1), bytes16(ZERO)),
              ),
            ),
          ),
        )
      return all(
        repeat(
          all(block(0), block(16), block(32), block(48), at.set(add(at.get, int(BLOCK_BYTES)))),
          less(at.get, length.get),
        ),
        or(
          choose(bits16(high.get), int(SURVEY.notAscii), int(0)),
          choose(isAny16(escapes.get), int(SURVEY.escapes), int(0)),
        ),
      )
    },
    'survey',
  )
  return module.run(kernelMemory)['survey'] as (length: number) => number
}

const survey = defineSurvey()
