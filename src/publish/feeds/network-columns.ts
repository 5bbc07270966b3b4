/**
 * Networks as plain typed arrays, so that a million of them can be sorted quickly and moved to another thread without a
 * copy: four words and a prefix length each, in the 128-bit form of lib/address.ts. And a set of intervals asked
 * "does this network share an address with one of you?".
 */
import { type Address, lastAddress, type Network } from '../../lib/address.ts'

export interface NetworkColumns {
  /** Four an entry, most significant first; host bits 0. */
  readonly words: Uint32Array<ArrayBuffer>
  /** In the 128-bit form: an IPv4 /24 is 120. */
  readonly prefixLengths: Uint8Array<ArrayBuffer>
}

export function networkColumnsOf(networks: readonly Network[]): NetworkColumns {
  const words = new Uint32Array(networks.length * 4)
  const prefixLengths = new Uint8Array(networks.length)
  for (const [i, network] of networks.entries()) {
    words.set(network.words, i * 4)
    prefixLengths[i] = network.prefixLength
  }
  return { words, prefixLengths }
}

export function networkAt(columns: NetworkColumns, i: number): Network {
  const { words } = columns
  const at = i * 4
  const address: Address = [
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  ]
  return { words: address, prefixLength: columns.prefixLengths[i] as number }
}

/** Copies the four words of an entry to another place. Without the views that `set` and `subarray` would make. */
export function copyWords(to: Uint32Array, toEntry: number, from: Uint32Array, fromEntry: number): void {
  for (let i = 0; i < 4; i++) to[toEntry * 4 + i] = from[fromEntry * 4 + i] as number
}

/** Whether an entry lies in IPv4: mapped words and no bit of the prefix left of them. */
export function isV4At({ words, prefixLengths }: NetworkColumns, i: number): boolean {
  const at = i * 4
  return (
    (prefixLengths[i] as number) >= 96 && words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff
  )
}

const RADIX_BITS = 16
const RADIX = 1 << RADIX_BITS
/** Fewer entries are compared: a radix pass has to look at 65,536 counters. */
const RADIX_FROM = 4096

/**
 * The order of entries by group, then address, then prefix length (the wider first). Least significant digit first, 16
 * bits a pass; passes in which all entries agree are left out. O(entries), about 60 ms for a million of IPv4.
 */
export function sortedOrder(
  columns: NetworkColumns,
  groups: Uint32Array,
  groupCount: number,
  radixFrom: number = RADIX_FROM,
): Uint32Array<ArrayBuffer> {
  const { words, prefixLengths } = columns
  const count = prefixLengths.length
  if (count < radixFrom) return comparedOrder(columns, groups)
  let order = Uint32Array.from({ length: count }, (_, i) => i)
  let spare = new Uint32Array(count)
  const digits = new Uint32Array(count)
  const counts = new Uint32Array(Math.max(RADIX, groupCount) + 1)
  const pass = (): void => {
    counts.fill(0)
    for (let i = 0; i < count; i++) {
      const slot = (digits[i] as number) + 1
      counts[slot] = (counts[slot] as number) + 1
    }
    for (let i = 1; i < counts.length; i++) counts[i] = (counts[i] as number) + (counts[i - 1] as number)
    for (let i = 0; i < count; i++) {
      const entry = order[i] as number
      const digit = digits[entry] as number
      const place = counts[digit] as number
      spare[place] = entry
      counts[digit] = place + 1
    }
    ;[order, spare] = [spare, order]
  }
  digits.set(prefixLengths)
  pass()
  for (let word = 3; word >= 0; word--) {
    for (const shift of [0, RADIX_BITS]) {
      let differs = 0
      const first = count === 0 ? 0 : ((words[word] as number) >>> shift) & (RADIX - 1)
      for (let i = 0; i < count; i++) {
        const digit = ((words[i * 4 + word] as number) >>> shift) & (RADIX - 1)
        digits[i] = digit
        differs |= digit ^ first
      }
      if (differs !== 0) pass()
    }
  }
  digits.set(groups)
  pass()
  return order
}

function comparedOrder(columns: NetworkColumns, groups: Uint32Array): Uint32Array<ArrayBuffer> {
  const { words, prefixLengths } = columns
  return Uint32Array.from(prefixLengths, (_, i) => i).sort(
    (a, b) =>
      (groups[a] as number) - (groups[b] as number) ||
      compareWords(words, a * 4, words, b * 4) ||
      (prefixLengths[a] as number) - (prefixLengths[b] as number) ||
      a - b,
  )
}

/** Disjoint intervals of addresses, one set for each family. Immutable. */
export class IntervalSet {
  readonly #v4: Intervals
  readonly #v6: Intervals

  constructor(columns: NetworkColumns) {
    const v4: Network[] = []
    const v6: Network[] = []
    for (let i = 0; i < columns.prefixLengths.length; i++)
      (isV4At(columns, i) ? v4 : v6).push(networkAt(columns, i))
    this.#v4 = intervalsOf(v4)
    this.#v6 = intervalsOf(v6)
  }

  get isEmpty(): boolean {
    return this.#v4.count === 0 && this.#v6.count === 0
  }

  /** Whether the network that begins at `words[at]` shares an address with one of the set. O(log n). */
  overlaps(isV4: boolean, words: Uint32Array, at: number, prefixLength: number): boolean {
    const set = isV4 ? this.#v4 : this.#v6
    // The last interval that begins at or before the network's end; only it can reach into the network.
    let low = 0
    let high = set.count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (compareToLast(set.first, middle * 4, words, at, prefixLength) <= 0) low = middle + 1
      else high = middle - 1
    }
    return high >= 0 && compareWords(set.last, high * 4, words, at) >= 0
  }
}

interface Intervals {
  readonly count: number
  /** Four words each, in order. */
  readonly first: Uint32Array
  readonly last: Uint32Array
}

function intervalsOf(networks: readonly Network[]): Intervals {
  const sorted = networks
    .map((network) => ({ first: network.words, last: lastAddress(network) }))
    .sort((a, b) => compareAddress(a.first, b.first) || compareAddress(b.last, a.last))
  // Networks nest or are disjoint, so whatever begins inside the last one kept lies in it.
  const kept: typeof sorted = []
  for (const interval of sorted) {
    const previous = kept.at(-1)
    if (previous === undefined || compareAddress(interval.first, previous.last) > 0) kept.push(interval)
  }
  return {
    count: kept.length,
    first: Uint32Array.from(kept.flatMap(({ first }) => first)),
    last: Uint32Array.from(kept.flatMap(({ last }) => last)),
  }
}

function compareAddress(a: Address, b: Address): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}

/** Compares the addresses that begin at two places. */
export function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = (a[atA + i] as number) - (b[atB + i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Compares an address to the last address of a network. */
function compareToLast(
  a: Uint32Array,
  atA: number,
  words: Uint32Array,
  at: number,
  prefixLength: number,
): number {
  for (let i = 0; i < 4; i++) {
    const last = ((words[at + i] as number) | hostMask(prefixLength - i * 32)) >>> 0
    const difference = (a[atA + i] as number) - last
    if (difference !== 0) return difference
  }
  return 0
}

/** The host bits of one word when `bits` of it, at least 0 and at most 32, belong to the prefix. */
function hostMask(bits: number): number {
  if (bits >= 32) return 0
  return bits <= 0 ? 0xffffffff : 0xffffffff >>> bits
}

/** How many leading bits two entries share, 0 to 128. */
export function commonBits(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = ((a[atA + i] as number) ^ (b[atB + i] as number)) >>> 0
    if (difference !== 0) return i * 32 + Math.clz32(difference)
  }
  return 128
}

/** Clears the host bits of the entry that begins at `words[at]`. */
export function maskWords(words: Uint32Array, at: number, prefixLength: number): void {
  for (let i = 0; i < 4; i++) {
    words[at + i] = ((words[at + i] as number) & ~hostMask(prefixLength - i * 32)) >>> 0
  }
}

/** Whether row `outer` of one table covers row `inner` of another. */
export function covers(outer: NetworkColumns, i: number, inner: NetworkColumns, j: number): boolean {
  const width = outer.prefixLengths[i] as number
  if (isV4At(outer, i) !== isV4At(inner, j) || (inner.prefixLengths[j] as number) < width) return false
  return commonBits(outer.words, i * 4, inner.words, j * 4) >= width
}
