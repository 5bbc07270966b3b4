/**
 * The sentences of PAN-OS SYSTEM logs: helpers to read them, and the firewall's own connections, which are told in
 * sentences that begin with fixed words and hold nothing that a stranger typed:
 *
 *   Successfully connect to address: A port: P, conn id: ...
 *   Connection to N server: A completed successfully, initiated by S
 *   ldap cfg N connected to server A:P, initiated by: S
 *   DHCP RENEW: interface I, ip S netmask M dhcp server: A
 *   CLOUD ELECTION: N IP: A was elected, ...
 *
 * S is the source, A and P are the destination. They are no traffic that anybody sent at the firewall and never count.
 */
import { ADDRESS_SLOT, type RecordBatch } from '../../model/record-batch.ts'
import { ascii, isBlank, isWord, lowerByte, readPort, skipBlanks } from '../bytes.ts'
import { setAddress } from '../fields.ts'
import type { Line } from '../line.ts'

/** Index of lower-case `what` in the range, in any case, or -1. For short texts that the firewall wrote. */
export function find(bytes: Uint8Array, from: number, to: number, what: Uint8Array): number {
  const length = what.length
  for (let at = from; at <= to - length; at++) {
    let i = 0
    while (i < length && lowerByte(bytes[at + i] as number) === what[i]) i++
    if (i === length) return at
  }
  return -1
}

/** Length of `words` when the range begins with them in any case, else 0. */
export function begins(bytes: Uint8Array, from: number, to: number, words: Uint8Array): number {
  return isWord(bytes, from, Math.min(to, from + words.length), words) ? words.length : 0
}

interface Sentence {
  readonly front: Uint8Array
  /** Words in front of the destination; empty when it follows the front. */
  readonly destination: Uint8Array
  readonly port: Uint8Array
  readonly source: Uint8Array
}

const sentence = (front: string, destination: string, port: string, source: string): Sentence => ({
  front: ascii(front),
  destination: ascii(destination),
  port: ascii(port),
  source: ascii(source),
})

const SENTENCES: readonly Sentence[] = [
  sentence('successfully connect to address: ', '', ' port: ', ''),
  sentence('connection to ', ' server: ', '', 'initiated by '),
  sentence('ldap cfg ', ' connected to server ', '', 'initiated by: '),
  sentence('dhcp renew: interface ', ' dhcp server: ', '', ', ip '),
  sentence('cloud election: ', ' ip: ', '', ''),
]

/** Sets the sides of a connection of the firewall itself; false when the sentence tells of none. */
export function readOwnConnection(
  line: Line,
  into: RecordBatch,
  row: number,
  from: number,
  to: number,
): boolean {
  const { bytes } = line
  for (const { front, destination, port, source } of SENTENCES) {
    const length = begins(bytes, from, to, front)
    if (length === 0) continue
    const behind = from + length
    const at = destination.length === 0 ? behind : behindWords(bytes, behind, to, destination)
    if (at < 0) return true
    const end = setSide(line, into, row, ADDRESS_SLOT.destinationAddress, at, to)
    const portAt = port.length === 0 ? -1 : behindWords(bytes, end, to, port)
    if (portAt >= 0)
      into.destinationPort[row] = Math.max(0, readPort(bytes, portAt, endOfValue(bytes, portAt, to)))
    const sourceAt = source.length === 0 ? -1 : behindWords(bytes, behind, to, source)
    if (sourceAt >= 0) setSide(line, into, row, ADDRESS_SLOT.sourceAddress, sourceAt, to)
    return true
  }
  return false
}

function behindWords(bytes: Uint8Array, from: number, to: number, words: Uint8Array): number {
  const at = find(bytes, from, to, words)
  return at < 0 ? -1 : skipBlanks(bytes, at + words.length, to)
}

/** End of a value without blanks: commas end it too. */
export function endOfValue(bytes: Uint8Array, from: number, to: number): number {
  let end = from
  while (end < to && bytes[end] !== 0x2c && !isBlank(bytes[end] as number)) end++
  return end
}

/** Sets an address, or `address:port` of a destination; returns where it ends. */
function setSide(line: Line, into: RecordBatch, row: number, slot: number, from: number, to: number): number {
  const { bytes } = line
  const end = endOfValue(bytes, from, to)
  if (setAddress(into, row, slot, bytes, from, end)) return end
  let colon = end - 1
  while (colon > from && bytes[colon] !== 0x3a) colon--
  if (colon === from || !setAddress(into, row, slot, bytes, from, colon)) return end
  if (slot === ADDRESS_SLOT.destinationAddress) {
    into.destinationPort[row] = Math.max(0, readPort(bytes, colon + 1, end))
  }
  return end
}
