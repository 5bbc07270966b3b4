/**
 * The same log line twice, and log lines that never came. Firewalls number their lines per log type (PAN-OS `seqno`);
 * a line that reaches us from both members of a pair, or directly and through Panorama, is flagged `duplicate` and
 * counts once. Missing numbers are a loss on the way: the only figure there is for UDP.
 *
 * A duplicate is equal in device, type, number, addresses, ports and event time, not in the number alone: otherwise a
 * forged line that uses a number early would hide the real one. Remembered as 64-bit seeded hashes in two generations
 * of 1 M each (24 MiB in all); the older half is forgotten as a whole. Chance of a false match: below 2^-40 a line.
 *
 * Gaps go by device serial (or name) and type. Numbers that jump by more than GAP_LIMIT are a restart, not a loss; a
 * number that comes late takes its loss back. Cost: about 60 ns a record that has a number, 2 ns for one without.
 */
import { FLAG } from '../model/log-record.ts'
import {
  ADDRESS_STRIDE,
  ADDRESS_SLOT,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../model/record-batch.ts'

const SLOTS = 1 << 20
/** A generation is full at this many: probes stay short. */
const FULL = Math.floor(SLOTS * 0.6)
const GAP_LIMIT = 100_000
/** Series (device and log type) remembered; the oldest goes. */
const MAX_SERIES = 4096
/** Digits compared of a number: what a double holds exactly. */
const DIGITS = 15

const SERIAL = TEXT_SLOT.deviceSerial
const DEVICE = TEXT_SLOT.device
const TYPE = TEXT_SLOT.type
const NUMBER = TEXT_SLOT.sequenceNumber
const SOURCE = ADDRESS_SLOT.sourceAddress
const DESTINATION = ADDRESS_SLOT.destinationAddress

export interface SeriesStatus {
  /** The firewall's serial number, or its name. */
  readonly device: string
  readonly type: string
  readonly records: number
  readonly duplicates: number
  /** Numbers that never came. */
  readonly lost: number
}

interface Series {
  readonly device: string
  readonly type: string
  records: number
  duplicates: number
  lost: number
  /** Last digits of the highest number so far. */
  highest: number
}

export class Sequences {
  readonly #seed: number
  #young = new Uint32Array(SLOTS * 2)
  #old = new Uint32Array(SLOTS * 2)
  #count = 0
  readonly #series = new Map<number, Series>()
  #hashA = 0
  #hashB = 0
  #duplicates = 0
  #lost = 0

  /** `seed`: random per process, so that nobody can choose lines that collide. */
  constructor(seed: number) {
    this.#seed = seed | 0
  }

  get duplicates(): number {
    return this.#duplicates
  }

  /** Numbers that never came, over all devices. */
  get lost(): number {
    return this.#lost
  }

  /**
   * Flags duplicates in the batch and counts gaps. Rows with one of `ignoredFlags` are passed over: a line that does
   * not count must not make the real one a duplicate.
   */
  observe(batch: RecordBatch, ignoredFlags = 0): void {
    const { text, flags, count } = batch
    for (let row = 0; row < count; row++) {
      const at = row * TEXT_STRIDE
      const start = text[at + NUMBER] as number
      const end = text[at + NUMBER + 1] as number
      if (end === start || ((flags[row] as number) & ignoredFlags) !== 0) continue
      const series = this.#seriesOf(batch, at)
      this.#hashRow(batch, row, start, end)
      if (this.#isKnown()) {
        flags[row] = (flags[row] as number) | FLAG.duplicate
        series.duplicates++
        this.#duplicates++
      } else {
        this.#remember()
        this.#countGap(series, numberOf(batch.raw.bytes, start, end))
      }
    }
  }

  /** Per device and type, the most lossy first. */
  list(): SeriesStatus[] {
    return Array.from(this.#series.values(), ({ device, type, records, duplicates, lost }) => ({
      device,
      type,
      records,
      duplicates,
      lost,
    })).sort((a, b) => b.lost - a.lost)
  }

  #countGap(series: Series, number: number): void {
    series.records++
    const step = number - series.highest
    if (series.records > 1 && step > 0 && step <= GAP_LIMIT) {
      series.lost += step - 1
      this.#lost += step - 1
    } else if (step < 0 && step >= -GAP_LIMIT && series.lost > 0) {
      series.lost-- // it was only late
      this.#lost--
    }
    if (step > 0 || step < -GAP_LIMIT) series.highest = number
  }

  #seriesOf(batch: RecordBatch, at: number): Series {
    const { text, raw } = batch
    const serialStart = text[at + SERIAL] as number
    const hasSerial = (text[at + SERIAL + 1] as number) > serialStart
    const slot = hasSerial ? SERIAL : DEVICE
    const start = text[at + slot] as number
    const end = text[at + slot + 1] as number
    const typeStart = text[at + TYPE] as number
    const typeEnd = text[at + TYPE + 1] as number
    const key = hashBytes(raw.bytes, typeStart, typeEnd, hashBytes(raw.bytes, start, end, this.#seed))
    this.#hashA = key
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= MAX_SERIES) {
      const oldest = this.#series.keys().next()
      if (oldest.done !== true) this.#series.delete(oldest.value)
    }
    const device = raw.bytes.toString('utf8', start, end)
    const type = raw.bytes.toString('utf8', typeStart, typeEnd)
    const series = { device, type, records: 0, duplicates: 0, lost: 0, highest: 0 }
    this.#series.set(key, series)
    return series
  }

  /** Two independent 32-bit hashes of all that makes a line the same; `#hashA` holds the series' already. */
  #hashRow(batch: RecordBatch, row: number, numberStart: number, numberEnd: number): void {
    const { addresses, raw } = batch
    const at = row * ADDRESS_STRIDE
    let a = hashBytes(raw.bytes, numberStart, numberEnd, this.#hashA)
    let b = Math.imul(a ^ 0x5bd1e995, 0x27d4eb2f) ^ this.#seed
    for (let k = 0; k < 4; k++) {
      const source = addresses[at + SOURCE + k] as number
      const destination = addresses[at + DESTINATION + k] as number
      a = mix(mix(a, source), destination)
      b = mix(mix(b, destination ^ 0x2545f491), source ^ 0x6c078965)
    }
    const ports = ((batch.sourcePort[row] as number) << 16) | (batch.destinationPort[row] as number)
    const timeMs = batch.eventTimeMs[row] as number
    const seconds = Number.isNaN(timeMs) ? 0 : timeMs / 1000
    a = mix(mix(a, ports), seconds | 0)
    b = mix(mix(b, seconds | 0), ports ^ 0x1b873593)
    this.#hashA = finish(a)
    this.#hashB = finish(b) | 1 // never 0: an empty slot has 0 there
  }

  #isKnown(): boolean {
    return this.#slotOf(this.#young) < 0 || this.#slotOf(this.#old) < 0
  }

  /** A negative answer means found; else the free slot where it would be. */
  #slotOf(table: Uint32Array): number {
    const a = this.#hashA >>> 0
    const b = this.#hashB >>> 0
    let slot = a & (SLOTS - 1)
    while (table[slot * 2 + 1] !== 0) {
      if (table[slot * 2] === a && table[slot * 2 + 1] === b) return -1
      slot = (slot + 1) & (SLOTS - 1)
    }
    return slot
  }

  #remember(): void {
    if (this.#count >= FULL) {
      const emptied = this.#old
      this.#old = this.#young
      this.#young = emptied.fill(0)
      this.#count = 0
    }
    const slot = this.#slotOf(this.#young)
    this.#young[slot * 2] = this.#hashA >>> 0
    this.#young[slot * 2 + 1] = this.#hashB >>> 0
    this.#count++
  }
}

/** The number's last digits as a number: enough to see steps, exact in a double. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = 0
  for (let i = Math.max(start, end - DIGITS); i < end; i++) number = number * 10 + ((bytes[i] as number) - 48)
  return number
}

function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return mix(hash, end - start)
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51 | 0)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const mixed = hash ^ k
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + (0xe6546b64 | 0)) | 0
}

function finish(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b | 0)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35 | 0)
  return h ^ (h >>> 16)
}
