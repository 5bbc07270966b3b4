/** What the spread rules count now, for a person's question: goes through a whole table, some 50 ms per million keys. */
import { type Network, networkOf } from '../lib/address.ts'
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, LINE, META } from './key-table.ts'
import { isSourceIn } from './scan.ts'
import type { Family } from './spread.ts'
import { addressOf, prefixNetwork } from './spread-detection.ts'
import { IS_SOURCE, LATEST, PORT_AT, SECONDS_AT } from './spread-table.ts'

/** The count of one entry in one window. */
export interface EntryCount {
  readonly source: Network
  /** Index of the window. */
  readonly window: number
  readonly windowSeconds: number
  readonly count: number
  readonly lastAtMs: number
}

const V4_SOURCE_BITS = 128

/** Counts as of `nowMs` for the entries whose source (or subnet) meets the network. */
export function countsIn(
  family: Family,
  which: 'sources' | 'prefixes',
  network: Network,
  nowMs: number,
  windowsSeconds: readonly number[],
): EntryCount[] {
  const { table } = family[which]
  const { keys } = table
  const counts: EntryCount[] = []
  keys.words.forEach((words, segment) => {
    for (let at = 0; at < words.length; at += keys.stride) {
      const meta = words[at + META] as number
      if (meta === 0) continue
      const key = [...words.subarray(at + KEY, at + KEY + keys.keyWords)]
      const own = which === 'sources' ? sourceNetwork(key, network) : subnetOf(key, network)
      if (own === null) continue
      const isList = ((meta >>> CLASS_SHIFT) & CLASS_MASK) !== 0
      const times = isList
        ? timesOf(family, which, segment, at)
        : which === 'sources'
          ? [words[at + LATEST] as number]
          : timesOfOnly(family, words[at + LINE] as number)
      windowsSeconds.forEach((windowSeconds, window) => {
        const since = nowMs / 1000 - windowSeconds
        const count = times.filter((seconds) => seconds > since).length
        if (count > 0)
          counts.push({
            source: own,
            window,
            windowSeconds,
            count,
            lastAtMs: (words[at + LATEST] as number) * 1000,
          })
      })
    }
  })
  return counts
}

/** Times of the pairs of a list. */
function timesOf(family: Family, which: 'sources' | 'prefixes', segment: number, at: number): number[] {
  const { table } = family[which]
  table.open(segment, at)
  const { chunk, base, stride } = table
  const count = ((table.keys.words[segment] as Uint32Array)[at + META] as number) >>> COUNT_SHIFT
  const times: number[] = []
  for (let e = base; e < base + count * stride; e += stride)
    if ((chunk[e + PORT_AT] as number) < IS_SOURCE) times.push(chunk[e + SECONDS_AT] as number)
  return times
}

/** A subnet of one source: that source's pairs. IPv6 sources are named by a hash there, and told by themselves. */
function timesOfOnly(family: Family, owner: number): number[] {
  if (family.name === 'v6') return []
  const { table } = family.sources
  const hash = table.keys.hash.of(Uint32Array.of(owner), 0, 1)
  const at = table.keys.find(hash, Uint32Array.of(owner), 0)
  if (at === -1) return []
  const segment = hash >>> table.keys.segmentShift
  const words = table.keys.words[segment] as Uint32Array
  const isList = (((words[at + META] as number) >>> CLASS_SHIFT) & CLASS_MASK) !== 0
  return isList ? timesOf(family, 'sources', segment, at) : [words[at + LATEST] as number]
}

function sourceNetwork(key: readonly number[], asked: Network): Network | null {
  const isV4Key = key.length === 1
  if (!isSourceIn(asked, Uint32Array.from(key), 0, isV4Key)) return null
  return networkOf(addressOf(key), isV4Key ? V4_SOURCE_BITS : asked.prefixLength)
}

/** The subnet of an entry where it lies in the network asked for, or holds it. */
function subnetOf(key: readonly number[], asked: Network): Network | null {
  const subnet = prefixNetwork(key)
  const [a, b] = asked.prefixLength > subnet.prefixLength ? [subnet, asked] : [asked, subnet]
  const { words } = networkOf(b.words, a.prefixLength)
  return words.every((word, k) => word === a.words[k]) ? subnet : null
}
