/** Sketches of short lists (spread-sources.ts): one of 32 bits for each pair, inverted, so that 0 is "not known". */
import type { SpreadWork } from './spread-work.ts'

/** One of 32 bits that stands for a pair: the first word of its value, port and copy. */
export function bitOfPair(first: number, port: number): number {
  return 1 << (Math.imul(first ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b) >>> 27)
}

/** The bit of record `i` of the work. */
export function sketchBit(work: SpreadWork, i: number): number {
  return bitOfPair(work.values[i * work.valueWords] as number, work.ports[i] as number)
}

/** Whether a list that is not full holds no such pair, by its word; else it has to be looked through. */
export function isNew(word: number, work: SpreadWork, i: number): boolean {
  return (word & sketchBit(work, i)) !== 0
}
