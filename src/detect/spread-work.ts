/**
 * The records of a batch as the spread rules take them: hashed once, and without those that can change nothing. Traffic
 * comes again and again from the same source to the same destination and port; a small table (512 KiB, so
 * that it stays in the processor's cache) knows what was counted lately, and what comes again within the same minute ends
 * there. Of completed sessions it knows the source alone: that is all they tell.
 *
 * A place of the table holds 32 bits that mix source, pair and time: one new record in some four billion is taken for one
 * that was seen.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE } from '../model/record-batch.ts'
import { copyMaskedSource } from './address-mask.ts'
import type { CountedBatch } from './scan.ts'
import { SeededHash } from './seeded-hash.ts'
import { minuteOf, secondsOf, VALUE_WORDS } from './spread-table.ts'

const DESTINATION = ADDRESS_SLOT.destinationAddress
const FILTER_BITS = 16
/** Sightings whose cells are read together. */
const BLOCK = 64
/** In the place of the hash of a pair: a completed session, which counts nowhere and only proves its source. */
const SESSION = 0

/** What was counted lately; one for both families. */
export class RepeatFilter {
  /** Made when the first record comes. */
  #cells = new Int32Array(0)
  /** Of the batch at hand, per sighting: place and tag. */
  readonly #at = new Uint16Array(BATCH_MESSAGES)
  readonly #tags = new Int32Array(BATCH_MESSAGES)
  /** Only written, so that the compiler keeps the loop that reads ahead. */
  prefetched = 0

  /** Notes what a sighting is; `mark` tells its time and whether it was a session. */
  set(i: number, sourceHash: number, pairHash: number, mark: number): void {
    this.#at[i] = (sourceHash ^ Math.imul(pairHash, 0xc2b2ae35)) >>> (32 - FILTER_BITS)
    this.#tags[i] = Math.imul(sourceHash, 0x85ebca6b) ^ pairHash ^ Math.imul(mark, 0x9e3779b1)
  }

  /**
   * Writes the first `count` sightings that are new into `into`, and answers how many. Of the two cells of a place the
   * second takes what is new; what comes again moves to the first, where traffic that comes once cannot push it out.
   */
  pick(count: number, into: Uint16Array): number {
    const cells = this.#cells
    let picked = 0
    for (let from = 0; from < count; from += BLOCK) {
      const to = Math.min(count, from + BLOCK)
      // read ahead: what is asked below cannot be guessed, and each wrong guess would wait for its cell
      let sum = 0
      for (let i = from; i < to; i++) sum ^= cells[(this.#at[i] as number) * 2] as number
      this.prefetched ^= sum
      for (let i = from; i < to; i++) {
        const at = (this.#at[i] as number) * 2
        const tag = this.#tags[i] as number
        if (cells[at] === tag) continue
        if (cells[at + 1] === tag) {
          cells[at + 1] = cells[at] as number
          cells[at] = tag
        } else {
          cells[at + 1] = tag
          into[picked++] = i
        }
      }
    }
    return picked
  }

  /** Forgets all; to be called before the first record too. */
  clear(): void {
    if (this.#cells.length === 0) this.#cells = new Int32Array(2 << FILTER_BITS)
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
  readonly #key: Uint32Array
  readonly #pairWords: Uint32Array
  /** Of all sightings of the batch: hashes and times. */
  readonly #hashes = new Int32Array(BATCH_MESSAGES)
  readonly #pairHashes = new Int32Array(BATCH_MESSAGES)
  readonly #seconds = new Uint32Array(BATCH_MESSAGES)

  constructor(family: 'v4' | 'v6', seed: number) {
    this.keyWords = family === 'v4' ? 1 : 4
    this.valueWords = VALUE_WORDS[family]
    this.keys = new Uint32Array(BATCH_MESSAGES * this.keyWords)
    this.values = new Uint32Array(BATCH_MESSAGES * this.valueWords)
    this.#source = new SeededHash(seed, this.keyWords)
    this.#pair = new SeededHash(seed + 1, this.keyWords + 1)
    this.#key = new Uint32Array(this.keyWords)
    this.#pairWords = new Uint32Array(this.keyWords + 1)
  }

  /** Takes in what may change something; some 15 ns a record. */
  fill(counted: CountedBatch, filter: RepeatFilter): void {
    if (this.keyWords === 1) this.#fillV4(counted, filter)
    else this.#fillV6(counted, filter)
  }

  #fillV4({ v4 }: CountedBatch, filter: RepeatFilter): void {
    const { rows, timesMs, proven, sources, destinations, ports } = v4
    let secondStartMs = Number.NaN
    let seconds = 0
    let mark = 0
    for (let i = 0; i < v4.count; i++) {
      const isSession = proven[i] as number
      const sourceHash = this.#source.ofOne(sources[i] as number)
      const pairHash =
        isSession === 1 ? SESSION : this.#pair.ofPair(destinations[i] as number, ports[i] as number)
      const timeMs = timesMs[i] as number
      // neighbours are often of the same second
      if (!(timeMs >= secondStartMs && timeMs < secondStartMs + 1000)) {
        seconds = secondsOf(timeMs)
        secondStartMs = seconds * 1000
        mark = minuteOf(seconds) << 1
      }
      this.#hashes[i] = sourceHash
      this.#seconds[i] = seconds
      filter.set(i, sourceHash, pairHash, mark | isSession)
    }
    this.count = filter.pick(v4.count, this.index)
    for (let n = 0; n < this.count; n++) {
      const i = this.index[n] as number
      this.#takeOver(n, i, rows[i] as number, proven[i] as number)
      this.keys[n] = sources[i] as number
      this.values[n] = destinations[i] as number
      this.ports[n] = ports[i] as number
    }
  }

  #takeOver(n: number, i: number, row: number, isSession: number): void {
    this.rows[n] = row
    this.seconds[n] = this.#seconds[i] as number
    this.proven[n] = isSession
    this.sourceHash[n] = this.#hashes[i] as number
  }

  #fillV6({ batch, v6, mask }: CountedBatch, filter: RepeatFilter): void {
    const { addresses, destinationPort } = batch
    const { rows, timesMs, proven, copies } = v6
    const key = this.#key
    const pair = this.#pairWords
    for (let i = 0; i < v6.count; i++) {
      const row = rows[i] as number
      const at = row * ADDRESS_STRIDE + DESTINATION
      copyMaskedSource(addresses, row, mask, key, 0)
      for (let k = 0; k < 4; k++) pair[k] = addresses[at + k] as number
      pair[4] = (destinationPort[row] as number) | ((copies[i] as number) << 16)
      const isSession = proven[i] as number
      const sourceHash = this.#source.of(key, 0, 4)
      const pairHash = this.#pair.of(pair, 0, 5)
      const seconds = secondsOf(timesMs[i] as number)
      this.#hashes[i] = sourceHash
      this.#seconds[i] = seconds
      this.#pairHashes[i] = pairHash
      const mark = (minuteOf(seconds) << 1) | isSession
      filter.set(i, sourceHash, isSession === 1 ? SESSION : pairHash, mark)
    }
    this.count = filter.pick(v6.count, this.index)
    for (let n = 0; n < this.count; n++) {
      const i = this.index[n] as number
      const row = rows[i] as number
      const at = row * ADDRESS_STRIDE + DESTINATION
      this.#takeOver(n, i, row, proven[i] as number)
      copyMaskedSource(addresses, row, mask, this.keys, 4 * n)
      this.values[n * 5] = this.#pairHashes[i] as number
      for (let k = 0; k < 4; k++) this.values[n * 5 + 1 + k] = addresses[at + k] as number
      this.ports[n] = (destinationPort[row] as number) | ((copies[i] as number) << 16)
    }
  }
}
