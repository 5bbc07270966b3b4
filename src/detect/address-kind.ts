/**
 * Whether an address is public, inside, or no single host at all, by the IANA special-purpose registries
 * (lib/special-purpose.ts) and never by a country text. Asked twice per record, so IPv4 goes by a table of the first
 * octet, and where that holds both kinds of the first two; what is mixed even then is looked up.
 */
import { lastAddress, type Network, overlaps, parseNetwork } from '../lib/address.ts'
import { NetworkSet } from '../lib/network-set.ts'
import { SPECIAL_PURPOSE } from '../lib/special-purpose.ts'

export const KIND = {
  /** Reachable over the Internet, or named in `networks.public`. */
  public: 0,
  /** A host that is not public: private, shared, link-local, documentation, ... */
  inside: 1,
  /** Never one host: unspecified, loopback, multicast, broadcast, reserved. */
  noHost: 2,
} as const
const MIXED = 3
const NOT_ASKED = 4
const V4_MARK = 0xffff

/** Blocks that are never one host; the other special-purpose blocks are `inside`. */
const NO_HOST = new Set(
  [
    '0.0.0.0/8',
    '127.0.0.0/8',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '255.255.255.255/32',
    '::/128',
    '::1/128',
    '::/96',
    '100::/64',
    '100:0:0:1::/64',
    'ff00::/8',
  ].map((text) => networkText(mustParse(text))),
)
const NO_HOST_NETWORKS = SPECIAL_PURPOSE.filter((entry) => NO_HOST.has(networkText(entry.network))).map(
  (entry) => entry.network,
)
const INSIDE_NETWORKS = SPECIAL_PURPOSE.filter((entry) => !NO_HOST.has(networkText(entry.network))).map(
  (entry) => entry.network,
)

/** Every network that is not public, without `networks.public`: special-purpose blocks, multicast and broadcast. */
export const SPECIAL_PURPOSE_SET = new NetworkSet(SPECIAL_PURPOSE.map((entry) => entry.network))
const NO_HOST_SET = new NetworkSet(NO_HOST_NETWORKS)

export class AddressKinds {
  readonly #public: NetworkSet
  readonly #octets: Uint8Array
  /** By the first two octets, where the first one is MIXED; found out when it is first asked. */
  readonly #pairs = new Uint8Array(65_536).fill(NOT_ASKED)

  constructor(treatedAsPublic: NetworkSet) {
    this.#public = treatedAsPublic
    this.#octets = Uint8Array.from({ length: 256 }, (_, octet) => this.#kindOfBlock(`${octet}.0.0.0/8`))
  }

  /** The kind of an address by its four words. Nothing is made. */
  of(word0: number, word1: number, word2: number, word3: number): number {
    if (word0 === 0 && word1 === 0 && word2 === V4_MARK) return this.ofV4(word3)
    const kind = this.#lookUp(word0, word1, word2, word3)
    // RFC 4291 and IANA: only 2000::/3 is global unicast; what is neither that nor special is not given to anybody.
    return kind === KIND.public && word0 >>> 29 !== 1 && !this.#public.hasWords(word0, word1, word2, word3)
      ? KIND.noHost
      : kind
  }

  /** The kind of an IPv4 address. */
  ofV4(word: number): number {
    let kind = this.#octets[word >>> 24] as number
    if (kind === MIXED) {
      kind = this.#pairs[word >>> 16] as number
      if (kind === NOT_ASKED) kind = this.#askPair(word >>> 16)
    }
    return kind === MIXED ? this.#lookUp(0, 0, V4_MARK, word) : kind
  }

  #askPair(pair: number): number {
    const kind = this.#kindOfBlock(`${pair >>> 8}.${pair & 255}.0.0/16`)
    this.#pairs[pair] = kind
    return kind
  }

  #kindOfBlock(text: string): number {
    const block = mustParse(text)
    const touches = (networks: readonly Network[]): boolean => networks.some((one) => overlaps(one, block))
    const covers = (networks: readonly Network[]): boolean => networks.some((one) => isWithin(block, one))
    if (covers(this.#public.networks)) return KIND.public
    if (touches(this.#public.networks)) return MIXED
    if (covers(NO_HOST_NETWORKS)) return KIND.noHost
    if (covers(INSIDE_NETWORKS)) return KIND.inside
    return touches(INSIDE_NETWORKS) || touches(NO_HOST_NETWORKS) ? MIXED : KIND.public
  }

  #lookUp(word0: number, word1: number, word2: number, word3: number): number {
    if (this.#public.hasWords(word0, word1, word2, word3)) return KIND.public
    if (!SPECIAL_PURPOSE_SET.hasWords(word0, word1, word2, word3)) return KIND.public
    return NO_HOST_SET.hasWords(word0, word1, word2, word3) ? KIND.noHost : KIND.inside
  }
}

/** An IPv6 prefix shorter than /96 does not hold IPv4 addresses (see NetworkSet). */
function isWithin(inner: Network, outer: Network): boolean {
  return (
    outer.prefixLength >= 96 &&
    outer.prefixLength <= inner.prefixLength &&
    overlaps(outer, inner) &&
    lastAddress(outer)[3] >= lastAddress(inner)[3]
  )
}

function mustParse(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(`${text} is not a network`)
  return network
}

function networkText(network: Network): string {
  return `${network.words.join(',')}/${network.prefixLength}`
}
