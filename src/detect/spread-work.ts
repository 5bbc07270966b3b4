/**
 * The records of a batch as the spread rules take them: hashed once, and without those that can change nothing. Nearly
 * all traffic comes again and again from the same source to the same destination and port; a small direct-mapped table
 * knows the triples counted lately, and a triple that comes again within the same 10 s ends there.
 *
 * The table holds 32 bits of each triple's hash beside its place (17 bits): one new triple in some four billion that
 * meet another one's place within its 10 s is taken for that.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE } from '../model/record-batch.ts'
import { copyMaskedSource } from './address-mask.ts'
import type { CountedBatch } from './scan.ts'
import { SeededHash } from './seeded-hash.ts'
import { secondsOf, VALUE_WORDS } from './spread-table.ts'

const SOURCE = ADDRESS_SLOT.sourceAddress
const DESTINATION = ADDRESS_SLOT.destinationAddress
const FILTER_BITS = 17
/** The resolution of the windows of sources. */
export const BUCKET_SECONDS = 10
/** A completed session: its pair is no probe, so it counts nowhere and only proves its source. */
const PROVEN_BIT = 1

/** Triples counted lately; one for both families. 1 MiB. */
export class RepeatFilter {
  /** Made when the first record comes. */
  #cells = new Uint32Array(0)

  /** Whether the triple came in this bucket before; else it is put in. */
  hasSeen(sourceHash: number, pairHash: number, mark: number): boolean {
    const at = ((sourceHash ^ Math.imul(pairHash, 0xc2b2ae35)) >>> (32 - FILTER_BITS)) << 1
    const tag = (Math.imul(sourceHash, 0x85ebca6b) ^ pairHash) >>> 0
    const cells = this.#cells
    if (cells[at] === tag && cells[at + 1] === mark) return true
    cells[at] = tag
    cells[at + 1] = mark
    return false
  }

  /** Forgets all; to be called before the first record too. */
  clear(): void {
    if (this.#cells.length === 0) this.#cells = new Uint32Array(2 << FILTER_BITS)
    else this.#cells.fill(0)
  }
}

/** Columns of one address family; the first `count` of each are valid. */
export class SpreadWork {
  count = 0
  readonly keyWords: number
  readonly valueWords: number
  /** Index into the sightings, and the row of the batch. */
  readonly index = new Uint16Array(BATCH_MESSAGES)
  readonly rows = new Uint16Array(BATCH_MESSAGES)
  readonly seconds = new Uint32Array(BATCH_MESSAGES)
  readonly proven = new Uint8Array(BATCH_MESSAGES)
  readonly sourceHash = new Int32Array(BATCH_MESSAGES)
  /** Masked source, destination port and copy, and value (spread-table.ts). */
  readonly keys: Uint32Array
  readonly ports = new Uint32Array(BATCH_MESSAGES)
  readonly values: Uint32Array
  /** Hash of the pair: destination words, then port and copy. */
  readonly #pair: SeededHash
  readonly #source: SeededHash
  readonly #pairWords: Uint32Array

  constructor(family: 'v4' | 'v6', seed: number) {
    this.keyWords = family === 'v4' ? 1 : 4
    this.valueWords = VALUE_WORDS[family]
    this.keys = new Uint32Array(BATCH_MESSAGES * this.keyWords)
    this.values = new Uint32Array(BATCH_MESSAGES * this.valueWords)
    this.#source = new SeededHash(seed, this.keyWords)
    this.#pair = new SeededHash(seed + 1, this.keyWords + 1)
    this.#pairWords = new Uint32Array(this.keyWords + 1)
  }

  /** Takes in what may change something; some 15 ns a record. */
  fill(counted: CountedBatch, filter: RepeatFilter): void {
    this.count = 0
    if (this.keyWords === 1) this.#fillV4(counted, filter)
    else this.#fillV6(counted, filter)
  }

  #fillV4({ batch, v4 }: CountedBatch, filter: RepeatFilter): void {
    const { addresses, destinationPort } = batch
    const { rows, timesMs, proven, copies } = v4
    const pair = this.#pairWords
    let count = 0
    for (let i = 0; i < v4.count; i++) {
      const row = rows[i] as number
      const at = row * ADDRESS_STRIDE
      const source = addresses[at + SOURCE + 3] as number
      const destination = addresses[at + DESTINATION + 3] as number
      const port = (destinationPort[row] as number) | ((copies[i] as number) << 16)
      this.keys[count] = source
      pair[0] = destination
      pair[1] = port
      const sourceHash = this.#source.of(this.keys, count, 1)
      const pairHash = this.#pair.ofTwo(pair, 0)
      const seconds = secondsOf(timesMs[i] as number)
      const mark = (Math.floor(seconds / BUCKET_SECONDS) << 1) | (proven[i] as number)
      if (filter.hasSeen(sourceHash, pairHash, mark)) continue
      this.sourceHash[count] = sourceHash
      this.values[count] = destination
      this.ports[count] = port
      this.seconds[count] = seconds
      this.proven[count] = mark & PROVEN_BIT
      this.index[count] = i
      this.rows[count++] = row
    }
    this.count = count
  }

  #fillV6({ batch, v6, mask }: CountedBatch, filter: RepeatFilter): void {
    const { addresses, destinationPort } = batch
    const { rows, timesMs, proven, copies } = v6
    const pair = this.#pairWords
    let count = 0
    for (let i = 0; i < v6.count; i++) {
      const row = rows[i] as number
      const at = row * ADDRESS_STRIDE + DESTINATION
      const port = (destinationPort[row] as number) | ((copies[i] as number) << 16)
      copyMaskedSource(addresses, row, mask, this.keys, 4 * count)
      for (let k = 0; k < 4; k++) pair[k] = addresses[at + k] as number
      pair[4] = port
      const sourceHash = this.#source.of(this.keys, 4 * count, 4)
      const pairHash = this.#pair.of(pair, 0, 5)
      const seconds = secondsOf(timesMs[i] as number)
      const mark = (Math.floor(seconds / BUCKET_SECONDS) << 1) | (proven[i] as number)
      if (filter.hasSeen(sourceHash, pairHash, mark)) continue
      this.sourceHash[count] = sourceHash
      this.values[count * 5] = pairHash
      for (let k = 0; k < 4; k++) this.values[count * 5 + 1 + k] = pair[k] as number
      this.ports[count] = port
      this.seconds[count] = seconds
      this.proven[count] = mark & PROVEN_BIT
      this.index[count] = i
      this.rows[count++] = row
    }
    this.count = count
  }
}
