/**
 * A map keyed by network that also answers "what holds this network?" and "what shares an address with it?". IPv4 and
 * IPv6 are kept apart: an IPv6 network never holds an IPv4 address, however short its prefix.
 * Cost: `get`, `set`, `holder` one hash look-up per prefix length in use; `overlapping` that and the entries of the /24 or
 * /16 (IPv4), /48 or /32 (IPv6) around the network, of a wider one O(entries).
 */
import { contains, isV4, maskAddress, type Network } from '../lib/address.ts'
import { NetworkBuckets } from './network-buckets.ts'

/** 128-bit prefix length from which an IPv4-mapped network is IPv4. */
const V4_PREFIX = 96

export function isV4Network(network: Network): boolean {
  return network.prefixLength >= V4_PREFIX && isV4(network.words)
}

/** One key per network: a number for a single IPv4 address, the common case ((m) 3 times faster), else a text. */
export function networkKey(network: Network): number | string {
  const [a, b, c, d] = network.words
  if (network.prefixLength === 128 && a === 0 && b === 0 && c === 0xffff) return d
  return `${a},${b},${c},${d}/${network.prefixLength}`
}

/** Whether every address of `inner` is in `outer`, families kept apart. */
export function holds(outer: Network, inner: Network): boolean {
  return (
    outer.prefixLength <= inner.prefixLength &&
    isV4Network(outer) === isV4Network(inner) &&
    contains(outer, inner.words)
  )
}

/** Whether two networks share an address, families kept apart. */
export function shareAddress(a: Network, b: Network): boolean {
  return holds(a, b) || holds(b, a)
}

interface Entry<Value> {
  readonly network: Network
  value: Value
}

export class NetworkMap<Value> {
  readonly #entries = new Map<number | string, Entry<Value>>()
  /** Entries per prefix length. */
  readonly #counts = new Uint32Array(129)
  /** The prefix lengths in use, longest first: only they are looked up. */
  #lengths: number[] = []
  /** Made by the first question that needs it: many maps are never asked what lies in a network. */
  #buckets: NetworkBuckets<Entry<Value>> | null = null

  get size(): number {
    return this.#entries.size
  }

  get(network: Network): Value | undefined {
    return this.#entries.get(networkKey(network))?.value
  }

  set(network: Network, value: Value): void {
    const key = networkKey(network)
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      return
    }
    const entry = { network, value }
    this.#entries.set(key, entry)
    this.#buckets?.add(entry)
    this.#count(network.prefixLength, 1)
  }

  delete(network: Network): boolean {
    const key = networkKey(network)
    const known = this.#entries.get(key)
    if (known === undefined) return false
    this.#entries.delete(key)
    this.#buckets?.delete(known)
    this.#count(network.prefixLength, -1)
    return true
  }

  #count(prefixLength: number, change: 1 | -1): void {
    const count = (this.#counts[prefixLength] as number) + change
    this.#counts[prefixLength] = count
    if (count > 1 || (count === 1 && change === -1)) return
    this.#lengths = Array.from({ length: 129 }, (_, i) => 128 - i).filter(
      (length) => this.#counts[length] !== 0,
    )
  }

  /** The value of the narrowest network that holds all of `network` (itself included), or undefined. */
  holder(network: Network): Value | undefined {
    const shortest = isV4Network(network) ? V4_PREFIX : 0
    for (const length of this.#lengths) {
      if (length > network.prefixLength) continue
      if (length < shortest) break
      const words = maskAddress(network.words, length)
      const found = this.#entries.get(networkKey({ words, prefixLength: length }))
      if (found !== undefined) return found.value
    }
    return undefined
  }

  /** The values of all networks that share an address with `network`: those around it, narrowest first, then by age. */
  overlapping(network: Network): Value[] {
    const found: Value[] = []
    if (this.#entries.size === 0) return found
    const shortest = isV4Network(network) ? V4_PREFIX : 0
    for (const length of this.#lengths) {
      if (length > network.prefixLength || length < shortest) continue
      const words = maskAddress(network.words, length)
      const entry = this.#entries.get(networkKey({ words, prefixLength: length }))
      if (entry !== undefined) found.push(entry.value)
    }
    if ((this.#lengths[0] as number) <= network.prefixLength) return found
    for (const entry of this.#within(network)) {
      if (entry.network.prefixLength > network.prefixLength && holds(network, entry.network))
        found.push(entry.value)
    }
    return found
  }

  #within(network: Network): Iterable<Entry<Value>> {
    if (this.#buckets === null) {
      this.#buckets = new NetworkBuckets()
      for (const entry of this.#entries.values()) this.#buckets.add(entry)
    }
    return this.#buckets.within(network) ?? this.#entries.values()
  }

  *values(): IterableIterator<Value> {
    for (const entry of this.#entries.values()) yield entry.value
  }

  *networks(): IterableIterator<Network> {
    for (const entry of this.#entries.values()) yield entry.network
  }
}
