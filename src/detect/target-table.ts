/**
 * Blocked networks of one address family: masked address and prefix length -> number of the target. Open addressing
 * with linear probing; removed places are marked dead until the next rehash. Nearly every question is about an address
 * that is not blocked, so a bit filter small enough for the cache answers first.
 */
import type { Network } from '../lib/address.ts'
import { maskOf } from './address-mask.ts'
import { SeededHash } from './seeded-hash.ts'

/** No target. */
export const FREE = 0
const DEAD = 0xffffffff
const FIRST_PLACES = 16
/** Bits of the filter per place: with at most half of the places taken, 1 question in 16 passes it in vain. */
const FILTER_BITS_PER_PLACE = 8

export class TargetTable {
  /** Prefix lengths in use (of the 128-bit form), longest first. */
  lengths: number[] = []
  readonly #keyWords: number
  readonly #stride: number
  readonly #hash: SeededHash
  #masks: Uint32Array[] = []
  readonly #perLength = new Uint32Array(129)
  #places: Uint32Array
  #mask = FIRST_PLACES - 1
  #used = 0
  #dead = 0
  /** A bit per upper part of the hash of each target that is, or was, in the table. */
  #filter: Uint32Array
  #filterShift = 0
  readonly #key: Uint32Array

  constructor(seed: number, keyWords: number) {
    this.#keyWords = keyWords + 1 // the prefix length is part of the key
    this.#stride = this.#keyWords + 1
    this.#hash = new SeededHash(seed, this.#keyWords)
    this.#key = new Uint32Array(this.#keyWords)
    this.#places = new Uint32Array(FIRST_PLACES * this.#stride)
    this.#filter = new Uint32Array((FIRST_PLACES * FILTER_BITS_PER_PLACE) / 32)
    this.#filterShift = 32 - Math.log2(FIRST_PLACES * FILTER_BITS_PER_PLACE)
  }

  /** The target whose network of the k-th prefix length holds the address at `at`; FREE when there is none. */
  find(addresses: Uint32Array, at: number, k: number): number {
    const key = this.#key
    const mask = this.#masks[k] as Uint32Array
    const words = this.#keyWords - 1
    for (let w = 0; w < words; w++) key[w] = (addresses[at + w] as number) & (mask[w] as number)
    key[words] = this.lengths[k] as number
    const hash = this.#hash.of(key, 0, this.#keyWords)
    const bit = hash >>> this.#filterShift
    if ((((this.#filter[bit >>> 5] as number) >>> (bit & 31)) & 1) === 0) return FREE
    return this.#places[this.#locate(hash)] as number
  }

  has(network: Network): boolean {
    this.#setKey(network)
    return this.#places[this.#locate(this.#keyHash())] !== FREE
  }

  set(network: Network, number: number): void {
    if ((this.#used + this.#dead + 1) * 2 > this.#mask + 1) this.#rehash()
    this.#setKey(network)
    this.#put(number)
    this.#used++
    const before = this.#perLength[network.prefixLength] as number
    this.#perLength[network.prefixLength] = before + 1
    if (before === 0) this.#setLengths()
  }

  delete(network: Network): void {
    this.#setKey(network)
    const place = this.#locate(this.#keyHash())
    if (this.#places[place] === FREE) return
    this.#places[place] = DEAD
    this.#used--
    this.#dead++
    const left = (this.#perLength[network.prefixLength] as number) - 1
    this.#perLength[network.prefixLength] = left
    if (left === 0) this.#setLengths()
  }

  /** Writes `#key` with its number. */
  #put(number: number): void {
    const hash = this.#keyHash()
    const place = this.#locate(hash)
    this.#places[place] = number
    this.#places.set(this.#key, place + 1)
    const bit = hash >>> this.#filterShift
    this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] as number) | (1 << (bit & 31))
  }

  #setKey(network: Network): void {
    const words = this.#keyWords - 1
    for (let w = 0; w < words; w++) this.#key[w] = network.words[4 - words + w] as number
    this.#key[words] = network.prefixLength
  }

  #keyHash(): number {
    return this.#hash.of(this.#key, 0, this.#keyWords)
  }

  /** The place of `#key`, or the free place where its search ends. */
  #locate(hash: number): number {
    const key = this.#key
    const places = this.#places
    const stride = this.#stride
    let at = (hash & this.#mask) * stride
    for (;;) {
      const number = places[at] as number
      if (number === FREE) return at
      if (number !== DEAD) {
        let w = 0
        while (w < key.length && places[at + 1 + w] === key[w]) w++
        if (w === key.length) return at
      }
      at += stride
      if (at === places.length) at = 0
    }
  }

  #rehash(): void {
    const old = this.#places
    let capacity = FIRST_PLACES
    while (capacity < (this.#used + 1) * 4) capacity *= 2
    this.#places = new Uint32Array(capacity * this.#stride)
    this.#mask = capacity - 1
    this.#dead = 0
    const bits = capacity * FILTER_BITS_PER_PLACE
    this.#filter = new Uint32Array(bits / 32)
    this.#filterShift = 32 - Math.log2(bits)
    for (let at = 0; at < old.length; at += this.#stride) {
      const number = old[at] as number
      if (number === FREE || number === DEAD) continue
      this.#key.set(old.subarray(at + 1, at + this.#stride))
      this.#put(number)
    }
  }

  #setLengths(): void {
    this.lengths = []
    for (let length = 128; length >= 0; length--)
      if ((this.#perLength[length] as number) > 0) this.lengths.push(length)
    this.#masks = this.lengths.map((length) => maskOf(length).subarray(5 - this.#keyWords))
  }
}
