/**
 * Destinations that answer nobody, learned from the traffic itself: who knocks there seldom means well, so a record
 * toward one counts as `detection.darkWeight` values (weights.ts). Off by default.
 *
 * A destination is an address, or one port of an address that is not dark itself. It is dark when records toward it have
 * been seen for 24 hours and none of them was of an answered session; one answer makes it bright for 30 days.
 * Unanswered: blocked, or allowed with no byte received. Answered: allowed otherwise. What the firewall did is unknown:
 * neither. Times are event times by our clock, whole seconds.
 *
 * Memory is fixed: 65,536 addresses and 524,288 ports, 9 MiB, made when it is switched on; sets of 8 places, of which the
 * dark one seen longest ago gives way, bright ones last. A bright destination that was pushed out may turn dark after a
 * day of refused records only, so the weight should be small where there are more services than places. Destinations are
 * known by 64 bits of a seeded hash: two of half a million are mistaken for one another once in a hundred million.
 */
import { crc32 } from 'node:zlib'
import { DISPOSITION } from '../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch } from '../model/record-batch.ts'
import type { SnapshotPiece } from './rule.ts'
import type { CountedBatch } from './scan.ts'
import { SeededHash } from './seeded-hash.ts'
import { secondsOf } from './spread-table.ts'
import type { LearnedWeights } from './weights.ts'
import type { Sightings } from './sightings.ts'

const DESTINATION = ADDRESS_SLOT.destinationAddress
const DARK_AFTER_SECONDS = 86_400
const BRIGHT_SECONDS = 30 * 86_400
const ADDRESSES = 65_536
const PORTS = 524_288
const WAYS = 8
/** Words of a place: two of the hash, since when it is dark or on trial, when it was seen last (0: free). */
const PLACE = 4
const SINCE = 2
const LAST = 3
const ANSWERED = 1
const UNANSWERED = 0
const UNKNOWN = -1
/** Snapshot: magic, version, checksum, seed (2), then the places. */
const HEAD = 5
const MAGIC = 0x31445344
const VERSION = 1

export class DarkDestinations implements LearnedWeights {
  #weight: number
  #seed: number
  #first: SeededHash
  #second: SeededHash
  #addresses: Uint32Array = new Uint32Array(0)
  #ports: Uint32Array = new Uint32Array(0)
  readonly #key = new Uint32Array(5)
  readonly #counted = { evicted: 0, evictedBright: 0, snapshotsRefused: 0 }

  /** `weight`: 0 learns nothing and weighs nothing. */
  constructor(weight: number, seed: number) {
    this.#weight = 0
    this.#seed = seed
    this.#first = new SeededHash(seed, 5)
    this.#second = new SeededHash(seed + 1, 5)
    this.configure(weight)
  }

  /** Acts from the next record on; what was learned stays, also while it is off. */
  configure(weight: number): void {
    this.#weight = weight
    if (weight === 0 || this.#addresses.length > 0) return
    this.#addresses = new Uint32Array(ADDRESSES * PLACE)
    this.#ports = new Uint32Array(PORTS * PLACE)
  }

  /** `addresses` and `ports` known now, and how many of them are dark; goes through all places, some ms. */
  counters(): Readonly<Record<string, number>> {
    const [addresses, darkAddresses] = figuresOf(this.#addresses)
    const [ports, darkPorts] = figuresOf(this.#ports)
    const bytes = this.#addresses.byteLength + this.#ports.byteLength
    return { addresses, darkAddresses, ports, darkPorts, bytes, ...this.#counted }
  }

  /** Learns from the records of a batch that count; some 60 ns each. */
  learn({ batch, v4, v6 }: Pick<CountedBatch, 'batch' | 'v4' | 'v6'>): void {
    if (this.#weight === 0) return
    this.#learnFrom(batch, v4)
    this.#learnFrom(batch, v6)
  }

  #learnFrom(batch: RecordBatch, sightings: Sightings): void {
    for (let i = 0; i < sightings.count; i++) {
      const row = sightings.rows[i] as number
      const answer = answerOf(batch, row, sightings.proven[i] === 1)
      if (answer === UNKNOWN || sightings.copies[i] !== 0) continue
      const seconds = secondsOf(sightings.timesMs[i] as number)
      if (seconds === 0) continue
      this.#setKey(batch, row, 0)
      this.#see(this.#addresses, seconds, answer)
      this.#setKey(batch, row, batch.destinationPort[row] as number)
      this.#see(this.#ports, seconds, answer)
    }
  }

  /** The weight of the record's destination: `darkWeight` where it is dark, else 1. */
  weightAt(batch: RecordBatch, row: number): number {
    if (this.#weight === 0) return 1
    this.#setKey(batch, row, 0)
    if (this.#isDark(this.#addresses)) return this.#weight
    this.#setKey(batch, row, batch.destinationPort[row] as number)
    return this.#isDark(this.#ports) ? this.#weight : 1
  }

  #setKey(batch: RecordBatch, row: number, port: number): void {
    const at = row * ADDRESS_STRIDE + DESTINATION
    for (let k = 0; k < 4; k++) this.#key[k] = batch.addresses[at + k] as number
    this.#key[4] = port
  }

  #isDark(places: Uint32Array): boolean {
    const at = this.#find(places)
    return at !== -1 && isDarkAt(places, at)
  }

  /** Where `#key` is, or -1. */
  #find(places: Uint32Array): number {
    const a = this.#first.of(this.#key, 0, 5) >>> 0
    const b = this.#second.of(this.#key, 0, 5) >>> 0
    const from = setOf(places, a)
    for (let at = from; at < from + WAYS * PLACE; at += PLACE)
      if (places[at] === a && places[at + 1] === b && places[at + LAST] !== 0) return at
    return -1
  }

  #see(places: Uint32Array, seconds: number, answer: number): void {
    let at = this.#find(places)
    if (at === -1) {
      at = this.#makePlace(places)
      places[at + SINCE] = seconds
      places[at + LAST] = seconds
    }
    if (seconds > (places[at + LAST] as number)) places[at + LAST] = seconds
    if (answer === ANSWERED)
      places[at + SINCE] = Math.max(places[at + SINCE] as number, seconds + BRIGHT_SECONDS)
    else if (seconds < (places[at + SINCE] as number) && !isBrightAt(places, at)) places[at + SINCE] = seconds
  }

  #makePlace(places: Uint32Array): number {
    const a = this.#first.of(this.#key, 0, 5) >>> 0
    const b = this.#second.of(this.#key, 0, 5) >>> 0
    const from = setOf(places, a)
    let victim = from
    let least = Number.POSITIVE_INFINITY
    for (let at = from; at < from + WAYS * PLACE; at += PLACE) {
      const last = places[at + LAST] as number
      const rank = last === 0 ? -1 : isBrightAt(places, at) ? 2 ** 32 + last : last
      if (rank >= least) continue
      least = rank
      victim = at
    }
    if (least >= 2 ** 32) this.#counted.evictedBright++
    else if (least >= 0) this.#counted.evicted++
    places[victim] = a
    places[victim + 1] = b
    return victim
  }

  /**
   * What was learned, as two parts with rests; see DetectionRule. Nothing when nothing was ever learned. Addresses first: a
   * port may then know an answer that its address does not, until it is read once more.
   */
  *save(): Generator<SnapshotPiece> {
    if (this.#addresses.length === 0) return
    for (const places of [this.#addresses, this.#ports]) {
      const words = new Uint32Array(HEAD + places.length)
      words.set([MAGIC, VERSION, 0, this.#seed >>> 0, Math.floor(this.#seed / 2 ** 32) >>> 0])
      words.set(places, HEAD)
      yield null
      words[2] = checksumOf(words)
      yield new Uint8Array(words.buffer)
    }
  }

  /** Takes what `save` gave. False, and nothing is changed, when it is damaged or of another version. */
  load(parts: readonly Uint8Array[]): boolean {
    if (parts.length === 0) return true
    const read = parts.map(readPart)
    const [addresses, ports] = read
    if (
      parts.length !== 2 ||
      addresses == null ||
      ports == null ||
      addresses.seed !== ports.seed ||
      addresses.places.length !== ADDRESSES * PLACE ||
      ports.places.length !== PORTS * PLACE
    ) {
      this.#counted.snapshotsRefused++
      return false
    }
    this.#seed = addresses.seed
    this.#first = new SeededHash(this.#seed, 5)
    this.#second = new SeededHash(this.#seed + 1, 5)
    this.#addresses = addresses.places
    this.#ports = ports.places
    return true
  }
}

function setOf(places: Uint32Array, hash: number): number {
  return ((hash >>> 3) % (places.length / PLACE / WAYS)) * WAYS * PLACE
}

/** Whether a session toward it was answered in the last 30 days before it was seen last. */
function isBrightAt(places: Uint32Array, at: number): boolean {
  return (places[at + SINCE] as number) > (places[at + LAST] as number)
}

function isDarkAt(places: Uint32Array, at: number): boolean {
  return (places[at + LAST] as number) - (places[at + SINCE] as number) >= DARK_AFTER_SECONDS
}

function answerOf(batch: RecordBatch, row: number, isProven: boolean): number {
  const disposition = batch.disposition[row]
  if (disposition === DISPOSITION.blocked) return UNANSWERED
  if (disposition !== DISPOSITION.allowed) return UNKNOWN
  return !isProven && batch.bytesReceived[row] === 0 ? UNANSWERED : ANSWERED
}

function figuresOf(places: Uint32Array): [number, number] {
  let known = 0
  let dark = 0
  for (let at = 0; at < places.length; at += PLACE) {
    if (places[at + LAST] === 0) continue
    known++
    if (isDarkAt(places, at)) dark++
  }
  return [known, dark]
}

function readPart(bytes: Uint8Array): { seed: number; places: Uint32Array } | null {
  if (bytes.byteLength < HEAD * 4 || bytes.byteLength % 4 !== 0) return null
  const words = new Uint32Array(bytes.slice().buffer)
  const [magic, version, checksum, low = 0, high = 0] = words
  if (magic !== MAGIC || version !== VERSION || checksum !== checksumOf(words)) return null
  return { seed: high * 2 ** 32 + low, places: words.slice(HEAD) }
}

function checksumOf(words: Uint32Array): number {
  return crc32(new Uint8Array(words.buffer, words.byteOffset + 12, words.byteLength - 12), words[1])
}
