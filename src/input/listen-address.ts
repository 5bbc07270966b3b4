/**
 * Where a listener binds, as settings write it: `HOST:PORT`, `:PORT` (every address) or `[v6]:PORT`; and the sender
 * addresses that sockets report, in the one form the product uses.
 */
import { AppError } from '../lib/errors.ts'

export interface ListenAddress {
  /** Empty: every address, IPv6 and IPv4. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

/** Reads a `listen` setting; throws AppError 'bad-configuration'. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new AppError(
      'bad-configuration',
      `cannot listen on "${text}": expected HOST:PORT, :PORT or [v6]:PORT`,
    )
  }
  return { host: match[1] ?? match[2] ?? '', port }
}

/** `host:port` for people, with brackets around IPv6. */
export function formatListen(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A sender's address without what the socket adds: IPv4-mapped becomes IPv4, the zone id is cut. */
export function senderAddress(raw: string): string {
  const zone = raw.indexOf('%')
  const address = zone === -1 ? raw : raw.slice(0, zone)
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
