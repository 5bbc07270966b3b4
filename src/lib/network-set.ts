/**
 * A set of networks asked "is this address in it?" millions of times a second, without allocating. IPv4 networks are
 * disjoint sorted intervals of 32-bit numbers in typed arrays; IPv6 ones are intervals of four words. Immutable.
 * Cost: O(log n) per question.
 */
import { type Address, compareAddresses, isV4, lastAddress, type Network, sameAddress } from './address.ts'

interface Interval {
  first: Address
  last: Address
}

export class NetworkSet {
  readonly networks: readonly Network[]
  readonly #v4First: Uint32Array
  readonly #v4Last: Uint32Array
  /** Four words an entry. */
  readonly #v6First: Uint32Array
  readonly #v6Last: Uint32Array

  constructor(networks: readonly Network[]) {
    this.networks = networks
    const intervals = merge(networks)
    const v4 = intervals.filter((interval) => isV4(interval.first))
    const v6 = intervals.filter((interval) => !isV4(interval.first))
    this.#v4First = Uint32Array.from(v4, (interval) => interval.first[3])
    this.#v4Last = Uint32Array.from(v4, (interval) => interval.last[3])
    this.#v6First = Uint32Array.from(v6.flatMap((interval) => interval.first))
    this.#v6Last = Uint32Array.from(v6.flatMap((interval) => interval.last))
  }

  get isEmpty(): boolean {
    return this.networks.length === 0
  }

  has(words: Address): boolean {
    return this.hasWords(words[0], words[1], words[2], words[3])
  }

  /** As `has`, for words that lie in a batch: no array is made. */
  hasWords(word0: number, word1: number, word2: number, word3: number): boolean {
    if (word0 === 0 && word1 === 0 && word2 === 0xffff) return this.#hasV4(word3)
    if (this.#v6First.length === 0) return false
    return this.#hasV6(word0, word1, word2, word3)
  }

  #hasV4(word: number): boolean {
    const first = this.#v4First
    let low = 0
    let high = first.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if ((first[middle] as number) <= word) low = middle + 1
      else high = middle - 1
    }
    return high >= 0 && word <= (this.#v4Last[high] as number)
  }

  #hasV6(word0: number, word1: number, word2: number, word3: number): boolean {
    let low = 0
    let high = this.#v6First.length / 4 - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (compareAt(this.#v6First, middle, word0, word1, word2, word3) <= 0) low = middle + 1
      else high = middle - 1
    }
    return high >= 0 && compareAt(this.#v6Last, high, word0, word1, word2, word3) >= 0
  }

  /** The narrowest network of the set that holds the address, or null. O(n): for explanations, not for the hot path. */
  find(words: Address): Network | null {
    let found: Network | null = null
    for (const network of this.networks) {
      const last = lastAddress(network)
      if (compareAddresses(network.words, words) > 0 || compareAddresses(last, words) < 0) continue
      if (found === null || network.prefixLength > found.prefixLength) found = network
    }
    return found
  }
}

function compareAt(
  words: Uint32Array,
  entry: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  const at = entry * 4
  return (
    (words[at] as number) - w0 ||
    (words[at + 1] as number) - w1 ||
    (words[at + 2] as number) - w2 ||
    (words[at + 3] as number) - w3
  )
}

/**
 * Disjoint intervals in order. Networks that hold both families (`::/0` to `::/95`) are cut at the IPv4-mapped block,
 * which they do not cover: `::/0` means all of IPv6 and nothing of IPv4.
 */
function merge(networks: readonly Network[]): Interval[] {
  const sorted = networks
    .map((network) => ({ first: network.words, last: lastAddress(network) }))
    .flatMap(splitAroundV4)
    .sort((a, b) => compareAddresses(a.first, b.first) || compareAddresses(a.last, b.last))
  const merged: Interval[] = []
  for (const interval of sorted) {
    const previous = merged.at(-1)
    const joins =
      previous !== undefined &&
      isV4(previous.first) === isV4(interval.first) &&
      compareAddresses(interval.first, previous.last) <= 0
    if (!joins) merged.push(interval)
    else if (compareAddresses(interval.last, previous.last) > 0) previous.last = interval.last
  }
  return merged
}

const V4_FIRST: Address = [0, 0, 0xffff, 0]
const V4_LAST: Address = [0, 0, 0xffff, 0xffffffff]

function splitAroundV4(interval: Interval): Interval[] {
  const holdsBoth =
    compareAddresses(interval.first, V4_FIRST) <= 0 &&
    compareAddresses(interval.last, V4_LAST) >= 0 &&
    !(sameAddress(interval.first, V4_FIRST) && sameAddress(interval.last, V4_LAST))
  if (!holdsBoth) return [interval]
  const before: Interval = { first: interval.first, last: [0, 0, 0xfffe, 0xffffffff] }
  const after: Interval = { first: [0, 0, 0x10000, 0], last: interval.last }
  return [before, after].filter((part) => compareAddresses(part.first, part.last) <= 0)
}
