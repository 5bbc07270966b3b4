/**
 * Networks that are not ordinary addresses of the public Internet, each with its name and document. Sources: the IANA
 * IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190, with the entries added up to 2025), the IANA
 * multicast registries, and the withdrawn forms site-local (RFC 3879) and IPv4-compatible (RFC 4291).
 *
 * `::ffff:0:0/96` (IPv4-mapped) is left out on purpose: an address here is normalised to IPv4 first (address.ts), and
 * in the 128-bit form that block *is* IPv4. Wholes stand for their parts (`2001::/23` for Teredo, ORCHID, ...).
 */
import { type Network, parseNetwork } from './address.ts'

export interface SpecialPurpose {
  readonly network: Network
  /** What the block is for and who says so, as a phrase: `private use (RFC 1918)`. */
  readonly name: string
}

const TABLE: readonly (readonly [network: string, name: string])[] = [
  ['0.0.0.0/8', '"this network" (RFC 791)'],
  ['10.0.0.0/8', 'private use (RFC 1918)'],
  ['100.64.0.0/10', 'shared address space of carriers (RFC 6598)'],
  ['127.0.0.0/8', 'loopback (RFC 1122)'],
  ['169.254.0.0/16', 'link-local (RFC 3927)'],
  ['172.16.0.0/12', 'private use (RFC 1918)'],
  ['192.0.0.0/24', 'IETF protocol assignments (RFC 6890)'],
  ['192.0.2.0/24', 'documentation TEST-NET-1 (RFC 5737)'],
  ['192.31.196.0/24', 'AS112-v4 (RFC 7535)'],
  ['192.52.193.0/24', 'AMT (RFC 7450)'],
  ['192.88.99.0/24', '6to4 relay anycast, withdrawn (RFC 7526)'],
  ['192.168.0.0/16', 'private use (RFC 1918)'],
  ['192.175.48.0/24', 'direct delegation AS112 service (RFC 7534)'],
  ['198.18.0.0/15', 'benchmarking (RFC 2544)'],
  ['198.51.100.0/24', 'documentation TEST-NET-2 (RFC 5737)'],
  ['203.0.113.0/24', 'documentation TEST-NET-3 (RFC 5737)'],
  ['224.0.0.0/4', 'multicast (RFC 5771)'],
  ['240.0.0.0/4', 'reserved (RFC 1112)'],
  ['255.255.255.255/32', 'limited broadcast (RFC 8190)'],
  ['::1/128', 'loopback (RFC 4291)'],
  ['::/128', 'unspecified address (RFC 4291)'],
  ['::/96', 'IPv4-compatible, withdrawn (RFC 4291)'],
  ['64:ff9b::/96', 'IPv4-IPv6 translation, NAT64 (RFC 6052)'],
  ['64:ff9b:1::/48', 'local IPv4-IPv6 translation (RFC 8215)'],
  ['100::/64', 'discard only (RFC 6666)'],
  ['100:0:0:1::/64', 'dummy prefix (RFC 9780)'],
  ['2001::/23', 'IETF protocol assignments, Teredo and ORCHID (RFC 2928)'],
  ['2001:db8::/32', 'documentation (RFC 3849)'],
  ['2002::/16', '6to4 (RFC 3056)'],
  ['2620:4f:8000::/48', 'direct delegation AS112 service (RFC 7534)'],
  ['3fff::/20', 'documentation (RFC 9637)'],
  ['5f00::/16', 'segment routing SIDs (RFC 9602)'],
  ['fc00::/7', 'unique local (RFC 4193)'],
  ['fe80::/10', 'link-local (RFC 4291)'],
  ['fec0::/10', 'site-local, withdrawn (RFC 3879)'],
  ['ff00::/8', 'multicast (RFC 4291)'],
]

export const SPECIAL_PURPOSE: readonly SpecialPurpose[] = TABLE.map(([text, name]) => {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(`special-purpose table: ${text} is not a network`)
  return { network, name }
})
