/**
 * Reads Linux' tables of UDP sockets (/proc/net/udp, udp6; proc(5)): what the kernel dropped for one of our sockets.
 * Elsewhere than on Linux the tables are missing and nothing is known.
 *
 *   sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 *   12: 0100007F:1F90 00000000:0000 07 ...
 */
import { readFile } from 'node:fs/promises'
import { parseAddress } from '../lib/address.ts'

export interface SocketRow {
  /** Local address in the kernel's own hexadecimal form. */
  readonly addressHex: string
  readonly port: number
  /** Datagrams the kernel threw away because the socket's buffer was full, since the socket was opened. */
  readonly drops: number
}

export type SocketTable = 'udp' | 'udp6'

/** The rows of a table's text; lines that are not rows are skipped. */
export function parseSocketTable(text: string): SocketRow[] {
  const rows: SocketRow[] = []
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/)
    const local = /^([0-9A-F]{8,32}):([0-9A-F]{4})$/.exec(fields[1] ?? '')
    if (local === null) continue
    rows.push({
      addressHex: local[1] as string,
      port: Number.parseInt(local[2] as string, 16),
      drops: Number(fields[12] ?? 0),
    })
  }
  return rows
}

/** The rows of one of the kernel's tables; none where there is no such table. */
export async function readSocketTable(table: SocketTable): Promise<SocketRow[]> {
  try {
    return parseSocketTable(await readFile(`/proc/net/${table}`, 'utf8'))
  } catch {
    return [] // not Linux, no IPv6 or no /proc: the caller says "unknown"
  }
}

/** A bound address as the socket tables write it: 32-bit words in the machine's byte order (little-endian here). */
export function kernelHex(address: string): string {
  const words = parseAddress(address)
  if (words === null) return ''
  const own = address.includes(':') ? words : [words[3]]
  return own
    .map((word) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(word)
      return bytes.toString('hex').toUpperCase()
    })
    .join('')
}
