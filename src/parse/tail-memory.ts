/**
 * A memory of stretches of log lines that were read before: most lines of a firewall repeat long stretches byte for byte
 * (rule, zones, action, the tail), so comparing beats reading again. An entry holds the bytes, where text fields lie in
 * them, and may have one hole (a time) that is not compared; the reader checks what stands in the hole itself.
 *
 * Only what was read the long way, and without any doubt, may be kept: then the short way gives the same by definition.
 * Direct-mapped: a stretch that hashes to a taken entry takes its place. Memory: entries times twice MAX_BYTES.
 *
 * Finding is the kernels' (text-kernel.ts): `define` adds the function to a kernel's module.
 */
import {
  add,
  add64,
  all,
  and16,
  choose,
  type Code,
  giveWhen,
  int,
  isAny16,
  left,
  less,
  load32,
  load64,
  load128,
  long,
  low32,
  multiply,
  multiply64,
  or16,
  repeat,
  right64,
  store32,
  subtract,
  unequal,
  type Local,
  type WasmFunction,
  type WasmModule,
  widen,
  xor16,
} from '../lib/wasm-assembler.ts'
import { allocate, kernelMemory, TEXT_AT } from '../model/kernel-memory.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import type { Line } from './line.ts'

const ENTRY_BITS = 9
const ENTRIES = 1 << ENTRY_BITS
const MAX_BITS = 10
const MAX_BYTES = 1 << MAX_BITS
/** Fractional bits of the square root of 3, odd. */
const FACTOR = 0xbb67ae8584caa73bn

/**
 * Where eight bytes of a stretch are hashed: distances from its start, and from its end. Two stretches that differ
 * nowhere there share an entry and push each other out: what tells the lines of a firewall apart should lie there.
 */
export interface HashedPlaces {
  readonly fromStart: readonly number[]
  readonly fromEnd: readonly number[]
}

export class TailMemory {
  /** Slots of the text fields that lie in such a stretch. */
  readonly #slots: Int32Array
  readonly #lengthsAt = allocate(ENTRIES * 4)
  readonly #length = new Int32Array(kernelMemory.buffer, this.#lengthsAt, ENTRIES)
  readonly #holesAt = allocate(ENTRIES * 4)
  readonly #holeAt = new Int32Array(kernelMemory.buffer, this.#holesAt, ENTRIES)
  readonly #holeLength = new Int32Array(ENTRIES)
  readonly #bytesAt = allocate(ENTRIES * MAX_BYTES)
  readonly #bytes = new Uint8Array(kernelMemory.buffer, this.#bytesAt, ENTRIES * MAX_BYTES)
  /** Beside each byte: 255 where it counts, 0 in the hole and behind the end. */
  readonly #masksAt = allocate(ENTRIES * MAX_BYTES)
  readonly #masks = new Uint8Array(kernelMemory.buffer, this.#masksAt, ENTRIES * MAX_BYTES)
  readonly #places: HashedPlaces
  /** Start and end of each text field, from the start of the stretch; both 0 when unknown. */
  readonly #texts: Int32Array
  readonly #textsAt: number
  readonly #threatId = new Float64Array(ENTRIES)
  readonly #disposition = new Uint8Array(ENTRIES)
  readonly #attacker = new Uint8Array(ENTRIES)
  readonly #severity = new Uint8Array(ENTRIES)
  readonly #category = new Uint8Array(ENTRIES)

  constructor(slots: readonly number[], places: HashedPlaces) {
    this.#places = places
    this.#slots = Int32Array.from(slots)
    this.#textsAt = allocate(ENTRIES * slots.length * 8)
    this.#texts = new Int32Array(kernelMemory.buffer, this.#textsAt, ENTRIES * slots.length * 2)
  }

  /** Forgets everything; the next lines go the long way. */
  clear(): void {
    this.#length.fill(0)
  }

  /**
   * Adds to a module the function of `[start, end)` that answers the entry which is exactly these bytes but for its
   * hole, or -1. With `isHashing` it answers the entry where they belong instead.
   */
  define(module: WasmModule, isHashing: boolean, exportedAs?: string): WasmFunction {
    return module.define(
      2,
      (f, start, end) => {
        const entry = f.local('i32')
        const length = f.local('i32')
        const k = f.local('i32')
        const at = f.local('i32')
        const differences = f.local('v128')
        const difference = xor16(load128(add(start.get, k.get), TEXT_AT), load128(at.get, this.#bytesAt))
        const belongs = all(
          length.set(subtract(end.get, start.get)),
          this.#hash(start.get, end.get, length.get),
        )
        if (isHashing) return belongs
        return all(
          entry.set(belongs),
          giveWhen(unequal(load32(left(entry.get, int(2)), this.#lengthsAt), length.get), int(-1)),
          at.set(left(entry.get, int(MAX_BITS))),
          repeat(
            all(
              differences.set(or16(differences.get, and16(difference, load128(at.get, this.#masksAt)))),
              at.set(add(at.get, int(16))),
              k.set(add(k.get, int(16))),
            ),
            less(k.get, length.get),
          ),
          giveWhen(isAny16(differences.get), int(-1)),
          entry.get,
        )
      },
      exportedAs,
    )
  }

  /** A sum of the hashed words, each times an odd number of its own; its highest bits tell the entry. */
  #hash(start: Code, end: Code, length: Code): Code {
    const { fromStart, fromEnd } = this.#places
    const words = [
      widen(length),
      ...fromStart.map((distance) => load64(start, TEXT_AT + distance)),
      ...fromEnd.map((distance) => load64(end, TEXT_AT - distance)),
    ]
    const terms = words.map((word, i) => multiply64(word, long(FACTOR ** BigInt(i + 1))))
    return low32(right64(terms.reduce(add64), long(BigInt(64 - ENTRY_BITS))))
  }

  /** Code of where an entry's hole begins, from the start of the stretch. */
  holeCode(entry: Local): Code {
    return load32(left(entry.get, int(2)), this.#holesAt)
  }

  holeAt(entry: number): number {
    return this.#holeAt[entry] as number
  }

  holeLength(entry: number): number {
    return this.#holeLength[entry] as number
  }

  /** Code of `applyTexts` for a row's texts at `texts`; `from`, `end` and `at` are its own. */
  applyTextsCode(entry: Local, start: Code, texts: Local, from: Local, end: Local, at: Local): Code {
    return all(
      at.set(multiply(entry.get, int(this.#slots.length * 8))),
      ...Array.from(this.#slots, (slot, i) =>
        all(
          end.set(load32(at.get, this.#textsAt + i * 8 + 4)),
          from.set(load32(at.get, this.#textsAt + i * 8)),
          store32(texts.get, slot * 4, choose(end.get, add(start, from.get), int(0))),
          store32(texts.get, slot * 4 + 4, choose(end.get, add(start, end.get), int(0))),
        ),
      ),
    )
  }

  /**
   * Sets the row's text fields as the entry says for a stretch at `start`; those that it lacks are unknown then. For readers
   * whose kernel lays out no rows.
   */
  applyTexts(entry: number, into: RecordBatch, row: number, start: number): void {
    const { text } = into
    const texts = this.#texts
    const slots = this.#slots
    const count = slots.length
    const from = entry * count * 2
    const at = row * TEXT_STRIDE
    for (let i = 0; i < count; i++) {
      const end = texts[from + i * 2 + 1] as number
      const slot = at + (slots[i] as number)
      const isKnown = end !== 0
      text[slot] = isKnown ? start + (texts[from + i * 2] as number) : 0
      text[slot + 1] = isKnown ? start + end : 0
    }
  }

  /** Sets what the entry's words mean. */
  applyMeaning(entry: number, into: RecordBatch, row: number): void {
    into.disposition[row] = this.#disposition[entry] as number
    into.category[row] = this.#category[entry] as number
    into.attacker[row] = this.#attacker[entry] as number
    into.threatId[row] = this.#threatId[entry] as number
    into.severity[row] = this.#severity[entry] as number
  }

  /**
   * Keeps `[start, end)` of a row that was just read. Does nothing when a value lies elsewhere (it was decoded), but for
   * a device that is named in front of the stretch. `holeAt` is absolute; `end` with length 0 means that there is none.
   */
  keep(
    entry: number,
    line: Line,
    start: number,
    end: number,
    holeAt: number,
    holeLength: number,
    into: RecordBatch,
    row: number,
  ): void {
    if (end - start > MAX_BYTES || end <= start) return
    this.#length[entry] = 0
    const slots = this.#slots
    for (let i = 0; i < slots.length; i++) {
      const slot = row * TEXT_STRIDE + (slots[i] as number)
      const from = into.text[slot] as number
      const to = into.text[slot + 1] as number
      const isElsewhere = to > from && (from < start || to > end)
      if (isElsewhere && !(slots[i] === TEXT_SLOT.device && to <= start)) return
      const isSet = to > from && !isElsewhere
      this.#texts[(entry * slots.length + i) * 2] = isSet ? from - start : 0
      this.#texts[(entry * slots.length + i) * 2 + 1] = isSet ? to - start : 0
    }
    const at = entry * MAX_BYTES
    this.#bytes.set(line.bytes.subarray(start, end), at)
    this.#masks.fill(255, at, at + end - start)
    this.#masks.fill(0, at + holeAt - start, at + holeAt - start + holeLength)
    this.#masks.fill(0, at + end - start, at + MAX_BYTES)
    this.#holeAt[entry] = holeAt - start
    this.#holeLength[entry] = holeLength
    this.#threatId[entry] = into.threatId[row] as number
    this.#disposition[entry] = into.disposition[row] as number
    this.#attacker[entry] = into.attacker[row] as number
    this.#severity[entry] = into.severity[row] as number
    this.#category[entry] = into.category[row] as number
    this.#length[entry] = end - start
  }
}
