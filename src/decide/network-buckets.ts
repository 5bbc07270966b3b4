/**
 * The narrower networks in a network, without a look at all others: entries by the /24 and the /16 (IPv4) or the /48 and
 * the /32 (IPv6) that they lie in. Entries of a bucket keep the order in which they came.
 *
 * Cost: `add` and `delete` O(1), `within` the entries of one bucket; about 100 bytes an entry.
 */
import { isV4, type Network } from '../lib/address.ts'

interface Placed {
  readonly network: Network
}

/** Most buckets hold one entry, which then stands for its set. */
type Buckets<Entry> = Map<number, Entry | Set<Entry>>

interface Level<Entry> {
  /** Of the bucket, in the 128-bit form. */
  readonly prefixLength: number
  readonly keyOf: (network: Network) => number
  readonly buckets: Buckets<Entry>
}

export class NetworkBuckets<Entry extends Placed> {
  /** Narrowest first. */
  readonly #v4: readonly Level<Entry>[] = [
    { prefixLength: 120, keyOf: ({ words }) => words[3] >>> 8, buckets: new Map() },
    { prefixLength: 112, keyOf: ({ words }) => words[3] >>> 16, buckets: new Map() },
  ]
  readonly #v6: readonly Level<Entry>[] = [
    { prefixLength: 48, keyOf: ({ words }) => words[0] * 65_536 + (words[1] >>> 16), buckets: new Map() },
    { prefixLength: 32, keyOf: ({ words }) => words[0], buckets: new Map() },
  ]

  add(entry: Entry): void {
    const { network } = entry
    for (const { prefixLength, keyOf, buckets } of this.#levelsOf(network)) {
      if (network.prefixLength <= prefixLength) continue
      const key = keyOf(network)
      const known = buckets.get(key)
      if (known === undefined) buckets.set(key, entry)
      else if (known instanceof Set) known.add(entry)
      else buckets.set(key, new Set([known, entry]))
    }
  }

  delete(entry: Entry): void {
    const { network } = entry
    for (const { prefixLength, keyOf, buckets } of this.#levelsOf(network)) {
      if (network.prefixLength <= prefixLength) continue
      const key = keyOf(network)
      const known = buckets.get(key)
      if (known instanceof Set) {
        known.delete(entry)
        if (known.size === 0) buckets.delete(key)
      } else if (known === entry) buckets.delete(key)
    }
  }

  /** Entries among which all are that lie in the network and are narrower; null: it is wider than any bucket. */
  within(network: Network): Iterable<Entry> | null {
    const level = this.#levelsOf(network).find(({ prefixLength }) => prefixLength <= network.prefixLength)
    if (level === undefined) return null
    const found = level.buckets.get(level.keyOf(network))
    if (found === undefined) return []
    return found instanceof Set ? found : [found]
  }

  #levelsOf({ words, prefixLength }: Network): readonly Level<Entry>[] {
    return prefixLength >= 96 && isV4(words) ? this.#v4 : this.#v6
  }
}
