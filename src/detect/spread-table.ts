/**
 * A key table whose keys hold lists of (destination, port) pairs: what the long windows of sources and of prefixes share.
 * KeyTable (key-table.ts) has the keys, their eviction and sweeping, ValueSlots the memory of the lists; here is how an
 * entry and an element of a list are laid out, and how lists grow.
 *
 * Times are whole Unix seconds (1970 to 2106; others are cut to that). Windows are judged in buckets of a minute:
 * a pair's time is that of the first record in the latest bucket in which it was seen, and a window of W minutes holds
 * the last W buckets, the newest included. So a pair whose age is within a minute of W may count or
 * not; all else is as in DESIGN.md section 6.
 */
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KeyTable, META } from './key-table.ts'
import { LARGEST_CLASS, NO_SLOT, VALUE_AT } from './value-slots.ts'

/** Words of an entry beside those of KeyTable: latest time (seconds), then free for the owner. */
export const LATEST = 0
export const EXTRA = 1
/** Words of an element: time, port and copy and bits, line or owner, then the first word of the value. */
export const SECONDS_AT = 0
export const PORT_AT = 1
export const NOTE_AT = 2
export const FIRST_AT = VALUE_AT
/** Bits of an element's port word that say which value it is: port (16), copy (4), and whether it is a source. */
export const IDENTITY = 0x800fffff
/** Bit of an element's port word, in lists of prefixes: it is a source, not a pair. */
export const IS_SOURCE = 0x80000000

/** An IPv4 value is the destination; an IPv6 one a hash of pair and destination, then its four words. */
export const VALUE_WORDS = { v4: 1, v6: 5 } as const
/** The largest time; above all others, and still a 32-bit number, which keeps loops over times fast. */
export const LAST_SECOND = 0xffffffff

export interface SpreadTableOptions {
  readonly keyWords: number
  readonly valueWords: number
  readonly maxKeys: number
  readonly seed: number
}

const SLOT_BYTES_PER_KEY = 32
/** Lists of 4 grow to 16: where sources grow side by side nobody wants what lists of 8 give back, and new memory is dear. */
const FOURFOLD_CLASS = 2

/** Whole Unix seconds of a time, cut to what 32 bits hold. */
export function secondsOf(timeMs: number): number {
  const seconds = Math.floor(timeMs / 1000)
  return seconds <= 0 ? 0 : seconds >= LAST_SECOND ? LAST_SECOND : seconds
}

export class SpreadTable {
  readonly keys: KeyTable
  /** Words of an element. */
  readonly stride: number
  readonly valueWords: number
  /** Where an entry keeps, for a full list, the bucket of its oldest element; 0 is not known. */
  readonly oldestAt: number
  /** Only written, so that the compiler keeps the loop that reads ahead. */
  prefetched = 0
  // The list at hand; see `open`.
  chunk: Uint32Array = new Uint32Array(0)
  base = 0

  constructor(options: SpreadTableOptions) {
    this.keys = new KeyTable({ ...options, maxSlotBytes: options.maxKeys * SLOT_BYTES_PER_KEY })
    this.stride = this.keys.slots.stride
    this.valueWords = options.valueWords
    this.oldestAt = this.keys.valueAt + 1
  }

  /** Makes the list of an entry with a slot the one at hand: `chunk` from `base` on. */
  open(segment: number, at: number): void {
    const { slots, valueAt } = this.keys
    const address = (this.keys.words[segment] as Uint32Array)[at + valueAt] as number
    this.chunk = slots.words[address >>> slots.chunkBits] as Uint32Array
    this.base = address & ((1 << slots.chunkBits) - 1)
  }

  /** Gives an entry without a slot one for at least `elements` elements; the list at hand. False: memory is spent. */
  openNew(segment: number, at: number, elements: number): boolean {
    const { slots } = this.keys
    const sizeClass = Math.max(1, 32 - Math.clz32(elements - 1))
    const address = sizeClass > LARGEST_CLASS ? NO_SLOT : this.keys.takeSlot(sizeClass, segment)
    if (address === NO_SLOT) {
      this.keys.counted.valuesLost++
      return false
    }
    const words = this.keys.words[segment] as Uint32Array
    words[at + this.keys.valueAt] = address
    words[at + this.oldestAt] = 0
    words[at + META] =
      ((words[at + META] as number) & ~(CLASS_MASK << CLASS_SHIFT)) | (slots.takenClass << CLASS_SHIFT)
    this.open(segment, at)
    return true
  }

  /** Makes room for one more element of the list at hand, which may move. False: memory is spent. */
  grow(segment: number, at: number): boolean {
    const words = this.keys.words[segment] as Uint32Array
    const meta = words[at + META] as number
    const sizeClass = (meta >>> CLASS_SHIFT) & CLASS_MASK
    const count = meta >>> COUNT_SHIFT
    if (count < 1 << sizeClass) return true
    const { slots, valueAt } = this.keys
    const larger = sizeClass === FOURFOLD_CLASS ? sizeClass + 2 : sizeClass + 1
    const grown = larger > LARGEST_CLASS ? NO_SLOT : this.keys.takeSlot(larger, segment)
    if (grown === NO_SLOT) {
      this.keys.counted.valuesLost++
      return false
    }
    const into = slots.words[grown >>> slots.chunkBits] as Uint32Array
    const to = grown & ((1 << slots.chunkBits) - 1)
    const { chunk, base } = this
    for (let w = 0; w < count * this.stride; w++) into[to + w] = chunk[base + w] as number
    slots.give(sizeClass, words[at + valueAt] as number)
    words[at + valueAt] = grown
    words[at + META] = (meta & ~(CLASS_MASK << CLASS_SHIFT)) | (slots.takenClass << CLASS_SHIFT)
    this.open(segment, at)
    return true
  }

  /** Drops the elements of the list at hand whose bucket is `cut` or older; answers how many are left. */
  drop(segment: number, at: number, cut: number, bucketSeconds: number): number {
    const words = this.keys.words[segment] as Uint32Array
    const { chunk, base, stride } = this
    let end = base + ((words[at + META] as number) >>> COUNT_SHIFT) * stride
    for (let e = base; e < end; ) {
      if (Math.floor((chunk[e + SECONDS_AT] as number) / bucketSeconds) > cut) e += stride
      else {
        end -= stride
        for (let w = 0; w < stride; w++) chunk[e + w] = chunk[end + w] as number
      }
    }
    const count = (end - base) / stride
    words[at + META] = ((words[at + META] as number) & ((1 << COUNT_SHIFT) - 1)) | (count << COUNT_SHIFT)
    words[at + this.oldestAt] = 0
    return count
  }
}

/** A number that stands for the host of a value; for IPv6 a mix of its words. */
export function hostOf(words: Uint32Array, valueAt: number, valueWords: number): number {
  if (valueWords === 1) return words[valueAt] as number
  let mixed = 0
  for (let k = 1; k < valueWords; k++)
    mixed = Math.imul(mixed ^ (words[valueAt + k] as number), 0x9e3779b1) ^ (mixed >>> 15)
  return mixed >>> 0
}

/** The resolution of the windows. */
export const MINUTE_SECONDS = 60

export function minuteOf(seconds: number): number {
  return (seconds / MINUTE_SECONDS) >>> 0
}

/** Minutes of a window, at least one. */
export function minutesOf(windowSeconds: number): number {
  return Math.max(1, Math.ceil(windowSeconds / MINUTE_SECONDS))
}
