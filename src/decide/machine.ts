/**
 * The addresses of this machine as protected entries: its interfaces and listeners, the resolvers of /etc/resolv.conf
 * and the default gateways of /proc/net/route and /proc/net/ipv6_route. Pure: the caller reads the files and passes
 * their text. What is not an address is left out.
 */
import { type Address, parseAddress } from '../lib/address.ts'
import type { ProtectedEntry } from './protected.ts'

export interface MachineFacts {
  /** Addresses of interfaces (`os.networkInterfaces()`) and of bound listeners. */
  readonly interfaces: readonly string[]
  /** Text of /etc/resolv.conf; empty when there is none. */
  readonly resolvConf: string
  /** Text of /proc/net/route. */
  readonly routes: string
  /** Text of /proc/net/ipv6_route. */
  readonly ipv6Routes: string
}

export function machineEntries(facts: MachineFacts): ProtectedEntry[] {
  return [
    ...entriesOf(facts.interfaces, 'an address of this machine'),
    ...entriesOf(resolversOf(facts.resolvConf), 'a resolver of this machine (/etc/resolv.conf)'),
    ...entriesOf(gatewaysOf(facts.routes), 'the default gateway of this machine'),
    ...ipv6GatewaysOf(facts.ipv6Routes).map((words) => ({
      network: { words, prefixLength: 128 },
      why: 'the default gateway of this machine',
    })),
  ]
}

function entriesOf(addresses: readonly string[], why: string): ProtectedEntry[] {
  return addresses.flatMap((text) => {
    const words = parseAddress(text.split('%')[0] ?? '')
    // `::` and 0.0.0.0 are "every address" of a listener, not addresses.
    if (words === null || (words[0] === 0 && words[1] === 0 && words[3] === 0)) return []
    return [{ network: { words, prefixLength: 128 }, why }]
  })
}

/** Addresses behind `nameserver` in the text of a resolv.conf. */
export function resolversOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/[ \t]+/))
    .flatMap(([keyword, address]) => (keyword === 'nameserver' && address !== undefined ? [address] : []))
}

/** Gateways of the default route in the text of /proc/net/route: hexadecimal in the machine's byte order (little). */
export function gatewaysOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, destination, gateway] = line.split('\t')
    if (destination !== '00000000' || gateway === undefined || !/^[0-9A-F]{8}$/i.test(gateway)) return []
    if (gateway === '00000000') return []
    const octets = gateway.match(/../g) ?? []
    return [
      octets
        .map((octet) => Number.parseInt(octet, 16))
        .reverse()
        .join('.'),
    ]
  })
}

function ipv6GatewaysOf(text: string): Address[] {
  return text.split('\n').flatMap((line): Address[] => {
    const [destination, length, , , gateway] = line.trim().split(/ +/)
    const isDefault = destination === '0'.repeat(32) && length === '00'
    if (!isDefault || gateway === undefined || !/^[0-9a-f]{32}$/i.test(gateway) || /^0+$/.test(gateway))
      return []
    const word = (i: number): number => Number.parseInt(gateway.slice(i * 8, i * 8 + 8), 16)
    return [[word(0), word(1), word(2), word(3)]]
  })
}
