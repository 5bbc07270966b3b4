/** Addresses to tell people: under a name or address that the certificate holds, so that a firewall can verify it. */
import { X509Certificate } from 'node:crypto'
import { LIST_PATH } from '../api/list-route.ts'
import { formatAddress, isV4, parseAddress } from '../lib/address.ts'
import type { ListenAddress } from '../lib/listen-address.ts'
import type { ServedCertificate } from '../publish/own-certificate.ts'

/** Where firewalls fetch the list, the likeliest first; empty while nothing listens. */
export function listUrls(
  bound: ListenAddress | null,
  certificate: ServedCertificate,
  wanted: readonly string[],
): string[] {
  return hostsOf(bound, certificate, wanted).map((host) => `${origin(host, bound?.port ?? 0)}${LIST_PATH}`)
}

export function pageUrl(
  bound: ListenAddress | null,
  certificate: ServedCertificate,
  wanted: readonly string[],
): string {
  const [host] = hostsOf(bound, certificate, wanted)
  return host === undefined ? '' : `${origin(host, bound?.port ?? 0)}/`
}

function origin(host: string, port: number): string {
  const shown = host.includes(':') ? `[${host}]` : host
  return port === 443 ? `https://${shown}` : `https://${shown}:${port}`
}

function hostsOf(
  bound: ListenAddress | null,
  { cert }: ServedCertificate,
  wanted: readonly string[],
): string[] {
  if (bound === null) return []
  if (bound.host !== null && bound.host !== '0.0.0.0' && bound.host !== '::') return [bound.host]
  const names = (new X509Certificate(cert).subjectAltName ?? '')
    .split(', ')
    .map((entry) => entry.slice(entry.indexOf(':') + 1))
    .flatMap((text) => {
      const words = parseAddress(text)
      return words === null ? [{ text, rank: 3 }] : [{ text: formatAddress(words), rank: rankOf(words) }]
    })
    .filter(({ text }) => text !== '')
  const first = names.filter(({ text }) => wanted.includes(text)).map(({ text }) => text)
  const others = names
    .filter(({ text }) => !wanted.includes(text))
    .sort((a, b) => a.rank - b.rank)
    .map(({ text }) => text)
  return [...new Set([...first, ...others])]
}

/** Interface IPv4 first, then IPv6, then names, loopback last. */
function rankOf(words: readonly [number, number, number, number]): number {
  if (isV4(words)) return words[3] >>> 24 === 127 ? 5 : 1
  return words.join() === '0,0,0,1' ? 6 : 2
}
