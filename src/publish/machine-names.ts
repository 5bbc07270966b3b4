/**
 * The names and addresses under which this machine is reached, for the certificate that we make: its host name, the
 * full name if /etc/hosts or /etc/resolv.conf tell one, every interface address, and loopback. No question is asked
 * of the network. Link-local IPv6 addresses are left out: they mean nothing without an interface.
 */
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { domainToASCII } from 'node:url'
import { formatAddress, parseAddress } from '../lib/address.ts'
import { systemCodeOf } from '../lib/errors.ts'

/** More addresses than this (container hosts have thousands) would make the handshake heavy; the rest is left out. */
const MAX_ADDRESSES = 64

/** The parts of a certificate's subject alternative name, each list without duplicates, in canonical text. */
export interface CertificateNames {
  readonly dns: readonly string[]
  readonly addresses: readonly string[]
}

export async function machineNames(): Promise<CertificateNames> {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map((entry) => entry.address)
  return certificateNames([
    hostname(),
    ...fullNames(hostname(), await textOf('/etc/hosts'), await textOf('/etc/resolv.conf')),
    'localhost',
    '127.0.0.1',
    '::1',
    ...addresses,
  ])
}

/** Sorts names from addresses and drops what can stand in no certificate. */
export function certificateNames(texts: readonly string[]): CertificateNames {
  const dns = new Set<string>()
  const addresses = new Set<string>()
  for (const text of texts) {
    const words = parseAddress(text.trim())
    const isLinkLocal = words !== null && words[0] >>> 22 === 0xfe80 >>> 6
    if (words !== null) {
      if (!isLinkLocal && addresses.size < MAX_ADDRESSES) addresses.add(formatAddress(words))
    } else {
      const name = dnsNameOf(text)
      if (name !== null) dns.add(name)
    }
  }
  return { dns: [...dns], addresses: [...addresses] }
}

/** Lower-case ASCII (punycode) form of a host name, a first label `*` allowed; null when it is no host name. */
export function dnsNameOf(text: string): string | null {
  const trimmed = text.trim().toLowerCase().replace(/\.$/, '')
  const isWildcard = trimmed.startsWith('*.')
  const ascii = domainToASCII(isWildcard ? trimmed.slice(2) : trimmed)
  if (ascii.length > 250 || !/^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/.test(ascii))
    return null
  return isWildcard ? `*.${ascii}` : ascii
}

/** Full names of a host, from the texts of /etc/hosts and /etc/resolv.conf. */
export function fullNames(host: string, hostsText: string, resolvText: string): string[] {
  if (host.includes('.')) return []
  const fromHosts = hostsText
    .split('\n')
    .map((line) => (line.split('#', 1)[0] ?? '').trim().split(/\s+/).slice(1))
    .filter((names) => names.includes(host))
    .flat()
    .filter((name) => name.startsWith(`${host}.`))
  const domain = /^\s*(?:domain|search)\s+([^\s#;]+)/m.exec(resolvText)?.[1]
  return [...fromHosts, ...(domain === undefined || domain === '.' ? [] : [`${host}.${domain}`])]
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // Without the file there is no full name; the others stand.
    if (systemCodeOf(error) !== null) return ''
    throw error
  }
}
