/** Finds short texts in a line's bytes, for lines where a fixed phrase ends what a peer typed. No strings. */
import { startsWith } from './bytes.ts'

/** First place of the needle in the range, or -1. */
export function findBytes(bytes: Uint8Array, needle: Uint8Array, from: number, end: number): number {
  const first = needle[0]
  const last = end - needle.length
  for (let at = from; at <= last; at++) {
    if (bytes[at] === first && startsWith(bytes, at, end, needle)) return at
  }
  return -1
}

/** Last place of the needle in the range, or -1. */
export function findLastBytes(bytes: Uint8Array, needle: Uint8Array, from: number, end: number): number {
  const first = needle[0]
  for (let at = end - needle.length; at >= from; at--) {
    if (bytes[at] === first && startsWith(bytes, at, end, needle)) return at
  }
  return -1
}

/** First place of a blank or tab in the range, else `end`. */
export function endOfToken(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== 0x20 && bytes[at] !== 0x09) at++
  return at
}
