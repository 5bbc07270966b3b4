/**
 * Weights of destinations: a record on a destination of weight w counts as w distinct values (ports, hosts, pairs), of
 * weight 0 not at all. They come from `detection.destinationWeights`, and for destinations that never answer anybody
 * from what was learned (LearnedWeights). A set network wins over what was learned.
 *
 * How a rule counts w values: the record's sighting comes w times, numbered 0 to w - 1 (`Sightings.copies`). Number 0 is
 * the record itself; the others stand for values that cannot be real, so they add to the count and to no evidence: a
 * port above 65535, an IPv4 host in 240.0.0.0/4, an IPv6 host in ff00::/8, none of which ever counts by itself. Hosts
 * are scattered over 28 bits (IPv4), so two of them may fall together, which makes the count too low by one.
 */
import type { Network } from '../lib/address.ts'
import { lastAddress } from '../lib/address.ts'
import type { RecordBatch } from '../model/record-batch.ts'

export const LARGEST_WEIGHT = 10

const UNSET = 255

export interface WeightedNetwork {
  readonly network: Network
  /** A whole number from 0 to LARGEST_WEIGHT. */
  readonly weight: number
}

/** What was learned of destinations. Asked for records that count as scans, on the hot path. */
export interface LearnedWeights {
  /** The weight of the record's destination: 1 as all others, at most LARGEST_WEIGHT. */
  weightAt(batch: RecordBatch, row: number): number
}

/** The set weights. Networks may lie within one another: the narrowest decides. */
export class DestinationWeights {
  readonly isEmpty: boolean
  /** IPv4 as disjoint intervals: the weight from one bound to before the next; UNSET where nothing is set. */
  readonly #bounds: Uint32Array
  readonly #weights: Uint8Array
  /** IPv6 networks, the narrowest first. */
  readonly #v6: readonly WeightedNetwork[]

  constructor(given: readonly WeightedNetwork[]) {
    const narrowestFirst = given.toSorted((a, b) => b.network.prefixLength - a.network.prefixLength)
    const v4 = narrowestFirst.filter(({ network }) => isV4Network(network))
    this.#v6 = narrowestFirst.filter(({ network }) => !isV4Network(network))
    this.isEmpty = given.length === 0
    const bounds = new Set([0])
    for (const { network } of v4) {
      bounds.add(network.words[3])
      if (lastAddress(network)[3] < 0xffffffff) bounds.add(lastAddress(network)[3] + 1)
    }
    this.#bounds = Uint32Array.from(bounds).sort()
    this.#weights = Uint8Array.from(this.#bounds, (bound) => {
      const found = v4.find(({ network }) => network.words[3] <= bound && bound <= lastAddress(network)[3])
      return found?.weight ?? UNSET
    })
  }

  /** The weight of the address whose four words begin at `at`; null when no network holds it. */
  weightOf(words: Uint32Array, at: number): number | null {
    if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff)
      return this.#ofV4(words[at + 3] as number)
    for (const { network, weight } of this.#v6) if (holds(network, words, at)) return weight
    return null
  }

  #ofV4(word: number): number | null {
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((bounds[middle] as number) <= word) low = middle
      else high = middle - 1
    }
    const weight = this.#weights[low] as number
    return weight === UNSET ? null : weight
  }
}

function isV4Network({ words, prefixLength }: Network): boolean {
  return prefixLength >= 96 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}

function holds({ words, prefixLength }: Network, address: Uint32Array, at: number): boolean {
  for (let k = 0; k < 4; k++) {
    const bits = Math.min(32, Math.max(0, prefixLength - 32 * k))
    if (bits === 0) return true
    if ((((words[k] as number) ^ (address[at + k] as number)) & (0xffffffff << (32 - bits))) !== 0)
      return false
  }
  return true
}

/** The IPv4 host that copy number `copy` of a record counts as; copy 0 is the host itself. */
export function hostOfCopy(host: number, copy: number): number {
  if (copy === 0) return host
  return (0xf0000000 | ((Math.imul(host, 0x9e3779b1) ^ Math.imul(copy, 0x85ebca6b)) & 0x0fffffff)) >>> 0
}

/** The first word of the IPv6 host that a copy counts as; the other three stay. */
export function firstWordOfCopy(word: number, copy: number): number {
  return copy === 0 ? word : (0xff000000 | (copy << 16) | (word & 0xffff)) >>> 0
}

/** Whether a host value (its first word) is a copy: no record has it. */
export function isCopiedHost(firstWord: number, isV4: boolean): boolean {
  return firstWord >>> 28 === 15 && (isV4 || firstWord >>> 24 === 0xff)
}

/** The value that a copy of a port counts as; the port itself for copy 0. */
export function portOfCopy(port: number, copy: number): number {
  return port | (copy << 16)
}

/** Whether a port value is a copy. */
export function isCopiedPort(value: number): boolean {
  return value > 65_535
}
