/**
 * Windows of events per source, for rules that count records of one kind rather than what a source reaches: failed
 * logins, the firewall's own scan threats. The key is the source and a word of the rule's choice, the value a word that
 * names the event, so that a record which is read twice (a restart, a relay) counts once.
 *
 * Such records are rare beside traffic: one table serves both address families, with a fifth of the keys of a scan rule.
 */
import type { Network } from '../lib/address.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { type RecordBatch, TEXT_STRIDE } from '../model/record-batch.ts'
import { copyMaskedSource } from './address-mask.ts'
import type { WindowCounters } from './key-table.ts'
import { type CountedBatch, keepMs, type ScanOptions } from './scan.ts'
import { type InspectedKey, sourceFilter } from './window-inspect.ts'
import { Sightings } from './sightings.ts'
import type { Firing } from './window-firing.ts'
import { SlidingWindow } from './window.ts'

const KEY_WORDS = 5
const KEY_SHARE = 5
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

export class SourceEvents {
  readonly #window: SlidingWindow
  readonly #keys = new Uint32Array(BATCH_MESSAGES * KEY_WORDS)
  readonly #values = new Uint32Array(BATCH_MESSAGES)
  readonly #options: ScanOptions
  /** The events added since the last `observe`. */
  readonly sightings = new Sightings()

  constructor(need: number, windowMs: number, options: ScanOptions) {
    this.#options = options
    const maxKeys = Math.ceil(options.maxKeys / KEY_SHARE)
    this.#window = new SlidingWindow({
      keyWords: KEY_WORDS,
      valueWords: 1,
      need,
      windowMs,
      keepMs: keepMs(windowMs, options.live),
      maxKeys,
      maxSlotBytes: maxKeys * 32,
      seed: options.seed,
      lines: options.lines,
    })
  }

  configure(need: number, windowMs: number): void {
    this.#window.configure(need, windowMs, keepMs(windowMs, this.#options.live))
  }

  counters(): WindowCounters {
    return this.#window.counters()
  }

  /** What is counted of sources in a network, later than `sinceMs`; of kinds that count apart, each. */
  inspect(source: Network, sinceMs: number): InspectedKey[] {
    return this.#window.inspect(sourceFilter(source, false), sinceMs)
  }

  get isFull(): boolean {
    return this.sightings.count === BATCH_MESSAGES
  }

  /** Takes an event in for the next `observe`; at most BATCH_MESSAGES between two. */
  add({ batch, mask }: CountedBatch, row: number, kind: number, value: number, isProven: boolean): void {
    const { sightings } = this
    const i = sightings.count++
    sightings.rows[i] = row
    sightings.timesMs[i] = (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
    sightings.proven[i] = isProven ? 1 : 0
    copyMaskedSource(batch.addresses, row, mask, this.#keys, i * KEY_WORDS)
    this.#keys[i * KEY_WORDS + 4] = kind
    this.#values[i] = value
  }

  /** Counts the events added; what fired is valid until the next call. Call `clear` when done with it. */
  observe(nowMs: number): readonly Firing[] {
    return this.#window.observe(this.sightings, this.#keys, this.#values, nowMs)
  }

  clear(): void {
    this.sightings.count = 0
  }
}

/** FNV-1a of a text field, lower-cased in ASCII, going on from `hash`. Not for keys of tables: those are hashed again, seeded. */
export function hashText(batch: RecordBatch, row: number, slot: number, hash = FNV_OFFSET): number {
  const at = row * TEXT_STRIDE + slot
  const end = batch.text[at + 1] as number
  const bytes = batch.raw.bytes
  let mixed = hash
  for (let i = batch.text[at] as number; i < end; i++) {
    const byte = bytes[i] as number
    mixed = Math.imul(mixed ^ (byte >= 65 && byte <= 90 ? byte | 32 : byte), FNV_PRIME)
  }
  return mixed >>> 0
}

/** Goes on with a 32-bit number. */
export function hashNumber(value: number, hash: number): number {
  let mixed = hash
  for (let shift = 0; shift < 32; shift += 8) mixed = Math.imul(mixed ^ ((value >>> shift) & 255), FNV_PRIME)
  return mixed >>> 0
}

/** Goes on with an instant in Unix ms. */
export function hashInstant(ms: number, hash: number): number {
  return hashNumber(ms >>> 0, hashNumber(Math.floor(ms / 2 ** 32), hash))
}
