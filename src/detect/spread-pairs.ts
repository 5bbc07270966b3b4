/** The pairs that a source's entry holds, for people and for the lists of prefixes; and where the entry is. */
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, LINE, META } from './key-table.ts'
import { EXTRA, FIRST_AT, IDENTITY, LATEST, type SpreadTable } from './spread-table.ts'
import type { WitnessLines } from './witness-lines.ts'

/** Bit of an element's port word: the line word names a row of a recent batch, and is no reference into the ring. */
export const NAMED = 1 << 24

/** Where an entry is. */
export interface Place {
  readonly segment: number
  readonly at: number
}

/** A pair of a source, for people. */
export interface SeenPair {
  /** Words of the destination: one for IPv4, else four. */
  readonly destination: readonly number[]
  readonly port: number
  /** Above 0: a value that a weighted destination adds. */
  readonly copy: number
  readonly seconds: number
  readonly line: number
}

/**
 * Where the entry of a source is by its owner word: its address (IPv4) or its hash, then of the /48 of the two words at
 * `at`. -1 when it is not known any more.
 */
export function locate(table: SpreadTable, owner: number, prefix: Uint32Array, at: number): Place | -1 {
  const { keys } = table
  if (keys.keyWords === 1) {
    const key = Uint32Array.of(owner)
    const hash = keys.hash.of(key, 0, 1)
    const found = keys.find(hash, key, 0)
    return found === -1 ? -1 : { segment: hash >>> keys.segmentShift, at: found }
  }
  const segment = owner >>> keys.segmentShift
  const words = keys.words[segment] as Uint32Array
  let place = (owner & (keys.mask[segment] as number)) * keys.stride
  while (words[place + META] !== 0) {
    if (
      words[place + KEY] === prefix[at] &&
      ((words[place + KEY + 1] as number) & 0xffff0000) >>> 0 === prefix[at + 1] &&
      keys.hash.of(words, place + KEY, 4) >>> 0 === owner
    )
      return { segment, at: place }
    place += keys.stride
    if (place === words.length) place = 0
  }
  return -1
}

/** The pairs of an entry from a second on, newest last, each with its line as far as that is there still. */
export function pairsOf(
  table: SpreadTable,
  lines: WitnessLines,
  segment: number,
  at: number,
  fromSeconds: number,
): SeenPair[] {
  const words = table.keys.words[segment] as Uint32Array
  const source = [...words.subarray(at + KEY, at + KEY + table.keys.keyWords)]
  const pairs: SeenPair[] = []
  const add = (from: Uint32Array, seconds: number, port: number, line: number, valueAt: number): void => {
    if (seconds < fromSeconds) return
    const destinationAt = table.valueWords === 1 ? valueAt : valueAt + 1
    const isNamed = (port & NAMED) !== 0
    pairs.push({
      destination: [...from.subarray(destinationAt, valueAt + table.valueWords)],
      port: port & 0xffff,
      copy: (port & IDENTITY) >>> 16,
      seconds,
      line: isNamed ? lines.keepNamedOf(line, source) : line,
    })
  }
  if ((((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) === 0) {
    const [seconds = 0, port = 0] = words.subarray(at + LATEST, at + EXTRA + 1)
    add(words, seconds, port, words[at + LINE] as number, at + table.keys.valueAt)
    return pairs
  }
  table.open(segment, at)
  const { chunk, base, stride } = table
  for (let n = 0; n < (words[at + META] as number) >>> COUNT_SHIFT; n++) {
    const e = base + n * stride
    const [seconds = 0, port = 0, line = 0] = chunk.subarray(e, e + 3)
    add(chunk, seconds, port, line, e + FIRST_AT)
  }
  return pairs.sort((a, b) => a.seconds - b.seconds)
}
