/**
 * Finds the key=value pairs of a CEF extension or of LEEF attributes and puts the values of known keys into registers.
 *
 *   CEF   key=value key=value     values hold blanks; `=` in a value is written `\=`
 *   LEEF  key=value<sep>key=value the separator is a tab or what the header says
 *
 * A value ends where a separator and a key with its `=` begin, so values may hold the separator. A key that stands twice
 * with different values makes the line ambiguous: someone may have written the second into a value.
 */
import { EQUALS, indexOfByte, isBlank, skipBlanks, trimEnd } from '../bytes.ts'
import type { Line } from '../line.ts'
import type { WordTable } from '../word-table.ts'
import { CUSTOM_COUNT, ENTRY, MAX_ENTRIES } from './pair-registers.ts'

const EQUALS_4 = EQUALS * 0x01010101
const MAX_KEY_BYTES = 64
const NOTHING = -1
/** Pairs whose place is noted. */
const MAX_NOTED = 256

/** How pairs are told apart: by blanks, or by a byte; `escapedTab` is a tab as rsyslog writes it into files: `#011`. */
export const SEPARATOR = { blank: 0x20, tab: 0x09, pipe: 0x7c, escapedTab: 0x100 } as const

/** The keys of a vendor. */
export interface PairKeys {
  readonly keys: WordTable
  /** Keys behind one of `prefixes` (`FTNTFGTpolicyid`), or behind the last dot of a key (`ad.policyid`). */
  readonly prefixed?: { readonly prefixes: readonly Uint8Array[]; readonly keys: WordTable }
  readonly labels: WordTable
  /** Where values of custom keys without a label go. */
  readonly defaults?: Int32Array
  /** Whether the vendor itself repeats custom keys (`cs4Label=A cs4=1 cs4Label=B cs4=2`). */
  readonly repeatsCustomKeys?: boolean
}

export class Pairs {
  /** Of each register, less blanks at the ends; -1 when its key is not there. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** A key twice with different values. */
  ambiguous = false
  /** Pairs of any key. */
  count = 0
  /** Of the first pairs: entry of the key (-1: unknown), and where the value begins and ends, blanks included. */
  readonly notedEntry = new Int32Array(MAX_NOTED)
  readonly notedStart = new Int32Array(MAX_NOTED)
  readonly notedEnd = new Int32Array(MAX_NOTED)
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #vendor: PairKeys | null = null
  readonly #rank: Uint8Array
  /** Which line a key was last seen in, and its value there. */
  readonly #seenIn = new Uint32Array(MAX_ENTRIES)
  readonly #seenStart = new Int32Array(MAX_ENTRIES)
  readonly #seenEnd = new Int32Array(MAX_ENTRIES)
  #lineNumber = 0
  readonly #custom = new CustomPairs()

  constructor(registers: number) {
    this.start = new Int32Array(registers)
    this.end = new Int32Array(registers)
    this.#rank = new Uint8Array(registers)
  }

  /** Whether the register has a value. */
  has(register: number): boolean {
    return (this.end[register] as number) > (this.start[register] as number)
  }

  /** Reads the pairs of `[from, end)`; `isCut`: the last value may be half a value and is left out. */
  read(line: Line, from: number, vendor: PairKeys, separator: number, isCut: boolean): void {
    const { bytes, view, end } = line
    this.#open(line, vendor)
    let value = NOTHING
    let entry = NOTHING
    let at = from
    let floor = from
    for (;;) {
      const equals = indexOfByte(view, at, end, EQUALS_4)
      if (equals >= end) break
      at = equals + 1
      const key = startOfKey(bytes, floor, equals, separator)
      if (key === equals) continue
      const gap = key === from ? from : endOfValue(bytes, floor, key, separator)
      if (gap < 0) continue
      if (entry !== NOTHING) this.#close(entry, value, gap)
      if (this.count > 0 && this.count <= MAX_NOTED) this.notedEnd[this.count - 1] = gap
      entry = this.#find(line, key, equals)
      if (this.count < MAX_NOTED) {
        this.notedEntry[this.count] = entry
        this.notedStart[this.count] = at
      }
      this.count++
      value = at
      floor = at
    }
    if (this.count > 0 && this.count <= MAX_NOTED) this.notedEnd[this.count - 1] = end
    if (entry !== NOTHING && !isCut) this.#close(entry, value, end)
    this.#custom.finish(vendor, this)
  }

  #open(line: Line, vendor: PairKeys): void {
    this.#bytes = line.bytes
    this.#view = line.view
    this.#vendor = vendor
    this.start.fill(NOTHING)
    this.end.fill(NOTHING)
    this.#rank.fill(0)
    this.ambiguous = false
    this.count = 0
    this.#lineNumber = (this.#lineNumber + 1) >>> 0
    if (this.#lineNumber === 0) {
      this.#seenIn.fill(0)
      this.#lineNumber = 1
    }
    this.#custom.open()
  }

  /** Entry of the key in the range, NOTHING when we do not know it. */
  #find(line: Line, start: number, end: number): number {
    const vendor = this.#vendor as PairKeys
    const { bytes, view } = line
    const { prefixed } = vendor
    if (prefixed === undefined) return vendor.keys.find(bytes, view, start, end)
    const base = behindPrefix(bytes, start, end, prefixed.prefixes)
    if (base > start) return prefixed.keys.find(bytes, view, base, end)
    const entry = vendor.keys.find(bytes, view, start, end)
    if (entry !== NOTHING) return entry
    const dot = behindDot(bytes, start, end)
    return dot > start ? prefixed.keys.find(bytes, view, dot, end) : NOTHING
  }

  #close(entry: number, from: number, to: number): void {
    const start = skipBlanks(this.#bytes, from, to)
    const end = trimEnd(this.#bytes, start, to)
    this.#noteTwice(entry, start, end)
    const index = (entry >>> ENTRY.registerShift) & ENTRY.registerMask
    if ((entry & ENTRY.custom) === 0) this.set(entry, start, end)
    else if (((entry >>> ENTRY.rankShift) & ENTRY.rankMask) === 1) this.#custom.label(index, start, end, this)
    else this.#custom.value(index, start, end, this)
  }

  #noteTwice(entry: number, start: number, end: number): void {
    const id = entry & ENTRY.idMask
    if (this.#seenIn[id] !== this.#lineNumber) {
      this.#seenIn[id] = this.#lineNumber
      this.#seenStart[id] = start
      this.#seenEnd[id] = end
      return
    }
    if ((entry & ENTRY.repeats) !== 0) return
    if ((entry & ENTRY.custom) !== 0 && this.#vendor?.repeatsCustomKeys === true) return
    const first = this.#seenStart[id] as number
    if (!this.#isSame(first, this.#seenEnd[id] as number, start, end)) this.ambiguous = true
  }

  #isSame(aStart: number, aEnd: number, bStart: number, bEnd: number): boolean {
    if (aEnd - aStart !== bEnd - bStart) return false
    for (let i = 0; i < aEnd - aStart; i++) {
      if (this.#bytes[aStart + i] !== this.#bytes[bStart + i]) return false
    }
    return true
  }

  /** Fills the register of an entry: a value wins over none, then rank, then the first one. */
  set(entry: number, start: number, end: number): void {
    const register = (entry >>> ENTRY.registerShift) & ENTRY.registerMask
    const rank = (entry >>> ENTRY.rankShift) & ENTRY.rankMask
    const isFirst = (this.start[register] as number) < 0
    if (!isFirst && (end === start || (this.has(register) && rank <= (this.#rank[register] as number))))
      return
    this.start[register] = start
    this.end[register] = end
    this.#rank[register] = rank
  }

  /** Gives the value of a custom key to the register that its label names. */
  emit(labelStart: number, labelEnd: number, start: number, end: number): void {
    const entry = (this.#vendor as PairKeys).labels.find(this.#bytes, this.#view, labelStart, labelEnd)
    if (entry !== NOTHING) this.set(entry, start, end)
  }
}

/**
 * Values and labels in either order. Which comes first is told by the first one of the key in the line: in
 * `cs4Label=A cs4=1 cs4Label=B cs4=2` the label is in front, in `cs1=1 cs1Label=A` behind.
 */
class CustomPairs {
  readonly #order = new Uint8Array(CUSTOM_COUNT) // 0 not seen, 1 label first, 2 value first
  readonly #valueStart = new Int32Array(CUSTOM_COUNT)
  readonly #valueEnd = new Int32Array(CUSTOM_COUNT)
  readonly #labelStart = new Int32Array(CUSTOM_COUNT)
  readonly #labelEnd = new Int32Array(CUSTOM_COUNT)

  open(): void {
    this.#order.fill(0)
    this.#labelStart.fill(NOTHING)
  }

  value(index: number, start: number, end: number, pairs: Pairs): void {
    if (this.#order[index] === 1) {
      pairs.emit(this.#labelStart[index] as number, this.#labelEnd[index] as number, start, end)
      return
    }
    this.#order[index] = 2
    this.#valueStart[index] = start
    this.#valueEnd[index] = end
  }

  label(index: number, start: number, end: number, pairs: Pairs): void {
    this.#labelStart[index] = start
    this.#labelEnd[index] = end
    if (this.#order[index] === 2) {
      pairs.emit(start, end, this.#valueStart[index] as number, this.#valueEnd[index] as number)
    } else this.#order[index] = 1
  }

  /** Values that have no label at all go where the vendor's recommended format puts them. */
  finish(vendor: PairKeys, pairs: Pairs): void {
    const { defaults } = vendor
    if (defaults === undefined) return
    for (let index = 0; index < CUSTOM_COUNT; index++) {
      const entry = defaults[index] as number
      if (entry < 0 || this.#order[index] !== 2 || (this.#labelStart[index] as number) >= 0) continue
      pairs.set(entry, this.#valueStart[index] as number, this.#valueEnd[index] as number)
    }
  }
}

/** Start of the key that ends at `equals`; `equals` when none is there: letters, digits, `_`, `.` and `-` from a letter on. */
export function startOfKey(bytes: Uint8Array, floor: number, equals: number, separator: number): number {
  const limit = Math.max(floor, equals - MAX_KEY_BYTES)
  let at = equals
  while (at > limit && KEY_BYTES[bytes[at - 1] as number] === 1) at--
  if (separator === SEPARATOR.escapedTab && isEscapedTab(bytes, at - 1) && equals - at > 3) at += 3
  const first = (bytes[at] as number) | 0x20
  return first >= 0x61 && first <= 0x7a ? at : equals
}

/** `#011` */
function isEscapedTab(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x23 && bytes[at + 1] === 0x30 && bytes[at + 2] === 0x31 && bytes[at + 3] === 0x31
}

/** Where the value in front of the key ends: at the separator; -1 when no separator is there. */
export function endOfValue(bytes: Uint8Array, floor: number, key: number, separator: number): number {
  if (separator === SEPARATOR.blank) return key > floor && isBlank(bytes[key - 1] as number) ? key - 1 : -1
  let at = key
  if (separator === SEPARATOR.escapedTab) {
    at -= 4
    return at >= floor && isEscapedTab(bytes, at) ? at : -1
  }
  while (at > floor && bytes[at - 1] === 0x20 && separator !== 0x20) at--
  return at > floor && bytes[at - 1] === separator ? at - 1 : -1
}

/** Behind a known prefix; `start` when there is none. */
function behindPrefix(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefixes: readonly Uint8Array[],
): number {
  for (const prefix of prefixes) {
    if (bytes[start + 1] !== prefix[1] || end - start <= prefix.length) continue
    let i = 0
    while (i < prefix.length && bytes[start + i] === prefix[i]) i++
    if (i === prefix.length) return start + i
  }
  return start
}

/** Behind the last dot; `start` when there is none. */
function behindDot(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at > start; at--) if (bytes[at] === 0x2e) return at + 1
  return start
}

/** 1 for letters, digits, `_`, `.` and `-`. */
const KEY_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\w.-]/.test(String.fromCharCode(byte)) && byte < 128 ? 1 : 0,
)
