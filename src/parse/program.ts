/**
 * Which program wrote a line's text. Formats with free text in front (netfilter's log prefix, pf's columns) must not be
 * read from what another program quotes of its peers: `sshd[1]: Invalid user IN=eth0 OUT= SRC=...`. The name comes from
 * the RFC 5424 header, from a tag that the parser has skipped, or from a tag in front of the text: `kernel: `,
 * `filterlog[72237]: `.
 */
import { FLAG } from '../model/log-record.ts'
import { isDigit, isWord, sameBytes, skipBlanks } from './bytes.ts'
import type { Line } from './line.ts'

const MAX_TAG_BYTES = 64

/** The program in hand; one serves a whole parser. */
export class Program {
  /** Its name; empty when the line names none. */
  start = 0
  end = 0
  /** Where its text begins: behind the tag. */
  textAt = 0
  /** Whether the tag stands at the front of the text and has no process number: it may be no program, only a word. */
  isLoose = false
  /** Whether the header names it, or a tag that was skipped: the parser lets no other program's text through then. */
  isOfHeader = false

  /** Reads the program of a line. About 20 ns. */
  read(line: Line): void {
    const from = behindHost(line)
    this.textAt = from
    this.isLoose = false
    this.start = line.programStart
    this.end = line.programEnd
    this.isOfHeader = this.end > this.start
    if (!this.isOfHeader) this.readTag(line, from)
  }

  /** Reads a tag in front of the text at a place. */
  readTag(line: Line, from: number): void {
    const { bytes, end } = line
    const limit = Math.min(end, from + MAX_TAG_BYTES)
    let at = from
    while (at < limit && isNameByte(bytes[at] as number)) at++
    const nameEnd = at
    this.start = 0
    this.end = 0
    if (nameEnd === from) return
    if (bytes[at] === 0x5b) {
      at++
      const digits = at
      while (at < limit && isDigit(bytes[at] as number)) at++
      if (at === digits || bytes[at] !== 0x5d) return
      at++
    }
    if (at >= end || bytes[at] !== 0x3a) return
    const behind = skipBlanks(bytes, at + 1, end)
    this.isLoose = at === nameEnd
    // `Shorewall:net2fw:DROP:IN=` is no tag: nothing parts it from what follows.
    if (behind === at + 1 && this.isLoose && behind < end && bytes[behind] !== 0x5b) return
    this.start = from
    this.end = nameEnd
    this.textAt = behind
  }

  get isNamed(): boolean {
    return this.end > this.start
  }

  /** Whether the program's name is the given lower-case word, in any case. */
  is(bytes: Uint8Array, lowerWord: Uint8Array): boolean {
    return isWord(bytes, this.start, this.end, lowerWord)
  }
}

/** Some relays and UniFi write the host twice; the second time belongs to no text. */
function behindHost(line: Line): number {
  const { at, end, hostStart, hostEnd } = line
  const length = hostEnd - hostStart
  if (length === 0 || end - at <= length || line.bytes[at + length] !== 0x20) return at
  if ((line.flags & FLAG.repeated) !== 0) return at
  return sameBytes(line.view, hostStart, line.view, at, length)
    ? skipBlanks(line.bytes, at + length, end)
    : at
}

function isNameByte(byte: number): boolean {
  const lower = byte | 0x20
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    isDigit(byte) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x2f
  )
}
