/**
 * One whole revision of the block list, immutable: what a fetch gets. Made by the block list, read back by the list
 * file. Body: DESIGN.md section 8 and FIELD.md B.1 (one address or CIDR a line, LF, ASCII, sorted, no header).
 */
import { createHash } from 'node:crypto'
import { compareAddresses, formatNetwork, isV4, type Network, parseNetwork } from '../lib/address.ts'

/** `decisions`: rendered from them. `file`: the last good copy. `start`: nothing known yet, the sentinel alone. */
export type ListOrigin = 'decisions' | 'file' | 'start'

export interface ListSnapshot {
  /** The bytes as served; nobody may write to them. */
  readonly body: Buffer
  /** Strong validator with its quotes; a function of the body alone. */
  readonly etag: string
  /** Counts content changes, across restarts; never goes back. */
  readonly revision: number
  /** Lines that block; 0 when the sentinel stands alone. */
  readonly entries: number
  /** Targets that the last filter left out. */
  readonly refused: number
  /** When this content was first published, Unix ms. Never before that of an earlier revision. */
  readonly madeAtMs: number
  /**
   * False when an earlier revision was made within the same second, so that Last-Modified, which has seconds only,
   * cannot tell the two apart and must not validate.
   */
  readonly dateIsUnique: boolean
  readonly origin: ListOrigin
}

/** SHA-256 of a body, in hex. About 1 ms per 2 MB. */
export function checksumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

/** 128 bits of the checksum, quoted. */
export function etagOf(checksum: string): string {
  return `"${checksum.slice(0, 32)}"`
}

/** What is served before anything is known: the sentinel alone, revision 0. */
export function startSnapshot(sentinel: string, nowMs: number): ListSnapshot {
  const body = Buffer.from(`${sentinel}\n`, 'latin1')
  return {
    body,
    etag: etagOf(checksumOf(body)),
    revision: 0,
    entries: 0,
    refused: 0,
    madeAtMs: nowMs,
    dateIsUnique: true,
    origin: 'start',
  }
}

/** IPv4 before IPv6, then by number, then the wider network first. */
export function compareTargets(a: Network, b: Network): number {
  return (
    Number(isV4Network(b)) - Number(isV4Network(a)) ||
    compareAddresses(a.words, b.words) ||
    a.prefixLength - b.prefixLength
  )
}

/** Whether a network lies in IPv4. */
export function isV4Network(network: Network): boolean {
  return network.prefixLength >= 96 && isV4(network.words)
}

/** Why a text is not a whole, canonical body, or null when it is one. O(lines); for files read at start. */
export function bodyFault(body: Buffer): string | null {
  if (body.length === 0) return 'it is empty'
  if (body.at(-1) !== 10) return 'its last line is cut'
  let previous: Network | null = null
  let line = 0
  for (const text of body.toString('latin1').slice(0, -1).split('\n')) {
    line++
    const network = parseNetwork(text)
    if (network === null || formatNetwork(network) !== text) return `line ${line} is no address or network`
    if (previous !== null && compareTargets(previous, network) >= 0) return `line ${line} is out of order`
    previous = network
  }
  return null
}
