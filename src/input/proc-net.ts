/**
 * Reads Linux' socket tables (/proc/net/udp, udp6, tcp, tcp6; proc(5)): what the kernel dropped for one of our
 * sockets, and which socket holds a port. Elsewhere than on Linux the tables are missing and the answer is "unknown".
 *
 *   sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 *   12: 0100007F:1F90 00000000:0000 07 ...
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { parseAddress } from '../lib/address.ts'
import { systemCodeOf } from '../lib/errors.ts'

export interface SocketRow {
  /** Local address in the kernel's own hexadecimal form. */
  readonly addressHex: string
  readonly port: number
  readonly state: number
  readonly uid: number
  readonly inode: string
  /** UDP only: datagrams the kernel threw away because the socket's buffer was full, since the socket was opened. */
  readonly drops: number
}

export type SocketTable = 'udp' | 'udp6' | 'tcp' | 'tcp6'

const TCP_LISTENING = 10

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
      state: Number.parseInt(fields[3] ?? '', 16),
      uid: Number(fields[7]),
      inode: fields[9] ?? '',
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

/** Who has a port, as far as this process may see: `process rsyslogd (pid 812)`, or `a process of user id 0`. Null: unknown. */
export async function portHolder(protocol: 'udp' | 'tcp', port: number): Promise<string | null> {
  const tables = await Promise.all([readSocketTable(protocol), readSocketTable(`${protocol}6`)])
  const row = tables
    .flat()
    .find((each) => each.port === port && (protocol === 'udp' || each.state === TCP_LISTENING))
  if (row === undefined) return null
  return (await processOfSocket(row.inode)) ?? `a process of user id ${row.uid}`
}

async function processOfSocket(inode: string): Promise<string | null> {
  const wanted = `socket:[${inode}]`
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (!(await descriptorsOf(pid)).includes(wanted)) continue
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?\n') // it may have ended just now
    return `process ${name.trim()} (pid ${pid})`
  }
  return null
}

async function descriptorsOf(pid: string): Promise<string[]> {
  try {
    const folder = `/proc/${pid}/fd`
    const links = (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')) // closed meanwhile
    return await Promise.all(links)
  } catch (error) {
    const code = systemCodeOf(error)
    // Another user's process, or one that has ended, tells nothing.
    if (code === 'EACCES' || code === 'EPERM' || code === 'ENOENT' || code === 'ESRCH') return []
    throw error
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
