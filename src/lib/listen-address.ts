/**
 * `HOST:PORT`, `:PORT` (every address) or `[v6]:PORT` as settings give it, and errors of binding it that say who holds
 * the port and what to do. Linux: the holder is read from /proc and can be named only where its owner lets us look.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError, messageOf, systemCodeOf } from './errors.ts'

export interface ListenAddress {
  /** Null: every address of the machine, both families. */
  readonly host: string | null
  /** 0: a free one. */
  readonly port: number
}

/** Null for an empty text (switched off). Throws `bad-configuration` for what is no address. */
export function parseListen(text: string): ListenAddress | null {
  if (text === '') return null
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/i.exec(text)
  const port = Number(parts?.[3])
  if (parts === null || port > 65_535) {
    throw new AppError(
      'bad-configuration',
      `cannot listen on ${text}: expected HOST:PORT, :PORT or [v6]:PORT`,
    )
  }
  const host = parts[1] ?? parts[2] ?? ''
  return { host: host === '' ? null : host, port }
}

/** `host:port` with brackets where they are needed; `*` for every address. */
export function formatListen(address: ListenAddress): string {
  const host = address.host ?? '*'
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/**
 * The `port-unavailable` error for a failed bind: what, why, who holds the port, and the mend.
 * `setting` is the key to change; `what` such as `HTTPS`.
 */
export async function portUnavailable(
  what: string,
  protocol: 'tcp' | 'udp',
  address: ListenAddress,
  setting: string,
  cause: unknown,
): Promise<AppError> {
  const where = `cannot listen for ${what} on ${protocol} ${formatListen(address)}`
  const other = `choose another port with --set ${setting}=:PORT`
  switch (systemCodeOf(cause) ?? '') {
    case 'EADDRINUSE': {
      const holder = await portHolder(protocol, address.port)
      return new AppError(
        'port-unavailable',
        `${where}: the port is taken${holder === null ? '' : ` by ${holder}`}. Stop that program, or ${other}.`,
        cause,
      )
    }
    case 'EACCES':
      return new AppError(
        'port-unavailable',
        `${where}: not permitted. Ports below 1024 need CAP_NET_BIND_SERVICE (the packaged service has it); or ${other}.`,
        cause,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new AppError(
        'port-unavailable',
        `${where}: this machine has no address ${address.host ?? '*'}. Correct ${setting}.`,
        cause,
      )
    default:
      return new AppError('port-unavailable', `${where}: ${messageOf(cause)}. Correct ${setting}.`, cause)
  }
}

/** `nginx (process 123)`, `a program of user 0`, or null. Reads /proc; milliseconds. */
export async function portHolder(protocol: 'tcp' | 'udp', port: number): Promise<string | null> {
  try {
    const sockets = await socketsOn(protocol, port)
    if (sockets.length === 0) return null
    const inodes = new Set(sockets.map((socket) => `socket:[${socket.inode}]`))
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || !(await holdsOneOf(pid, inodes))) continue
      return `${await programName(pid)} (process ${pid})`
    }
    return `a program of user ${sockets[0]?.uid}`
  } catch (error) {
    // No /proc, or the process ended while we looked: then nobody can be named.
    if (systemCodeOf(error) !== null) return null
    throw error
  }
}

/** The command's base name; threads may rename `comm` (Node calls its first one MainThread), arguments tell better. */
async function programName(pid: string): Promise<string> {
  const [command = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
  const name = basename(command)
  return name === '' ? (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() : name
}

/** `/proc/net/tcp`: `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode`, ports in hex. */
async function socketsOn(protocol: 'tcp' | 'udp', port: number): Promise<{ inode: string; uid: string }[]> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const found: { inode: string; uid: string }[] = []
  for (const table of [protocol, `${protocol}6`]) {
    const rows = (await readFile(`/proc/net/${table}`, 'utf8')).split('\n').slice(1)
    for (const row of rows) {
      const cells = row.trim().split(/\s+/)
      const isListening = protocol === 'udp' || cells[3] === '0A'
      if (!isListening || cells[1]?.endsWith(`:${hexPort}`) !== true) continue
      found.push({ inode: cells[9] ?? '', uid: cells[7] ?? '' })
    }
  }
  return found
}

/** Processes of others do not let us look, and files close meanwhile: those hold nothing that we can tell. */
async function holdsOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const names = await unlessGone(readdir(`/proc/${pid}/fd`))
  for (const name of names ?? []) {
    const target = await unlessGone(readlink(`/proc/${pid}/fd/${name}`))
    if (target !== null && sockets.has(target)) return true
  }
  return false
}

async function unlessGone<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked
  } catch (error) {
    if (systemCodeOf(error) !== null) return null
    throw error
  }
}
