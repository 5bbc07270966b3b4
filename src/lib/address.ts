/**
 * IP addresses and CIDR networks. An address is four unsigned 32-bit words, most significant first; an IPv4 address
 * is IPv4-mapped (`0, 0, 0xffff, v4`), so one shape serves both. All words 0 (`::`) stands for "no address".
 *
 * Text becomes an address only by the strict rules of `net.isIP`: four decimal parts without leading zeros for IPv4,
 * RFC 4291 text for IPv6, no zone, no blanks, ASCII digits only (`010.1.1.1`, `1.2.3`, `0x7f.1` are refused).
 * `::ffff:a.b.c.d` is normalised to the IPv4 address.
 */
import { isIPv6 } from 'node:net'

/** Four words, most significant first. */
export type Address = readonly [number, number, number, number]

/** A network: `prefixLength` counts from the front of the 128-bit form (an IPv4 /24 is 120); host bits are 0. */
export interface Network {
  readonly words: Address
  readonly prefixLength: number
}

const V4_MARK = 0xffff

export function isV4(words: Address): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === V4_MARK
}

/** The four words of an address text, or null when it is not an address by the strict rules above. */
export function parseAddress(text: string): Address | null {
  const v4 = parseV4(text)
  if (v4 !== null) return [0, 0, V4_MARK, v4]
  if (text.length < 2 || !text.includes(':') || text.includes('%') || !isIPv6(text)) return null
  return parseV6(text)
}

function parseV4(text: string): number | null {
  if (text.length < 7 || text.length > 15) return null
  let word = 0
  let part = -1
  let digits = 0
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) {
      if (part === 0 || digits === 3) return null
      part = part === -1 ? code - 48 : part * 10 + code - 48
      digits++
    } else if (code === 46) {
      if (part === -1 || part > 255 || dots === 3) return null
      word = word * 256 + part
      part = -1
      digits = 0
      dots++
    } else return null
  }
  if (dots !== 3 || part === -1 || part > 255) return null
  return word * 256 + part
}

/** Expects text that `isIPv6` accepted. */
function parseV6(text: string): Address {
  let tail: number | null = null
  let groupsText = text
  if (text.includes('.')) {
    const cut = text.lastIndexOf(':')
    tail = parseV4(text.slice(cut + 1))
    groupsText = `${text.slice(0, cut)}:0:0`
  }
  const [head = '', rest] = groupsText.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = rest === undefined || rest === '' ? [] : rest.split(':')
  const groups =
    rest === undefined
      ? front
      : [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back]
  const value = (i: number): number => Number.parseInt(groups[i] ?? '0', 16)
  const word = (i: number): number => value(i) * 0x10000 + value(i + 1)
  return [word(0), word(2), word(4), tail ?? word(6)]
}

/** Dotted decimal for IPv4; RFC 5952 text for IPv6. */
export function formatAddress(words: Address): string {
  if (isV4(words)) return formatV4(words[3])
  return formatV6(words)
}

function formatV4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function formatV6(words: Address): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  let best = -1
  let bestLength = 1 // RFC 5952 4.2.2: a single 0 group is not shortened
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === 0) length++
    if (length > bestLength) {
      best = i
      bestLength = length
    }
    i += length
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return best === -1 ? text(0, 8) : `${text(0, best)}::${text(best + bestLength, 8)}`
}

/** The network of an address or `address/length` text, or null. Host bits must be 0 unless `lenient`. */
export function parseNetwork(text: string, lenient = false): Network | null {
  const slash = text.indexOf('/')
  const words = parseAddress(slash === -1 ? text : text.slice(0, slash))
  if (words === null) return null
  const offset = isV4(words) ? 96 : 0
  let prefixLength = 128
  if (slash !== -1) {
    const lengthText = text.slice(slash + 1)
    if (!/^(?:0|[1-9]\d{0,2})$/.test(lengthText)) return null
    prefixLength = Number(lengthText) + offset
    if (prefixLength > 128) return null
  }
  const network = networkOf(words, prefixLength)
  if (!lenient && !sameAddress(network.words, words)) return null
  return network
}

/** `address` for a single host, else `address/length` in the family's own length. */
export function formatNetwork(network: Network): string {
  const text = formatAddress(network.words)
  if (network.prefixLength === 128) return text
  return `${text}/${isV4(network.words) && network.prefixLength >= 96 ? network.prefixLength - 96 : network.prefixLength}`
}

/** The network of the given 128-bit prefix length around an address. */
export function networkOf(words: Address, prefixLength: number): Network {
  return { words: maskAddress(words, prefixLength), prefixLength }
}

export function maskAddress(words: Address, prefixLength: number): Address {
  const word = (i: number): number => {
    const bits = Math.min(32, Math.max(0, prefixLength - i * 32))
    return bits === 0 ? 0 : ((words[i] ?? 0) & (0xffffffff << (32 - bits))) >>> 0
  }
  return [word(0), word(1), word(2), word(3)]
}

/** The last address of a network. */
export function lastAddress(network: Network): Address {
  const word = (i: number): number => {
    const bits = Math.min(32, Math.max(0, network.prefixLength - i * 32))
    const hostMask = bits === 32 ? 0 : 0xffffffff >>> bits
    return ((network.words[i] ?? 0) | hostMask) >>> 0
  }
  return [word(0), word(1), word(2), word(3)]
}

export function sameAddress(a: Address, b: Address): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]
}

/** Numeric order; IPv4 (mapped) sorts before global IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}

export function contains(network: Network, words: Address): boolean {
  return sameAddress(maskAddress(words, network.prefixLength), network.words)
}

/** Whether two networks share an address. */
export function overlaps(a: Network, b: Network): boolean {
  return a.prefixLength <= b.prefixLength ? contains(a, b.words) : contains(b, a.words)
}
