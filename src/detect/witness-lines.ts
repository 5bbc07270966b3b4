/**
 * Raw lines kept as evidence, in a ring of fixed size: the oldest are overwritten. A line enters when it adds a second
 * or later value to a key; the first value's line is fetched then from the recent batches. In quiet times (batches of
 * at most QUIET_ROWS lines) each counted line enters at once, so that slow scans keep their first line too.
 *
 * A reference is a number: the line's position in 16-byte units since the start, modulo 2^32 (64 GiB); 0 is none.
 */
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch } from '../model/record-batch.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import type { RecentBatches } from './recent-batches.ts'

/** Longest part of a line kept, in bytes: leading fields convict, and a 64 KiB URL must not flush the ring. */
export const EVIDENCE_LINE_BYTES = 2048
/** About 170,000 lines of 350 bytes. */
export const WITNESS_RING_BYTES = 64 << 20
/** In batches from so many rows on the ring would come round within seconds: lines are kept only of what is near a threshold. */
const FLOOD_ROWS = 1536
/** How near: so many values before it. */
const FLOOD_LINES = 8
/** Copying a line costs about 60 ns: nothing below some 10,000 lines/s (a batch every 20 ms), too much at a million. */
const QUIET_ROWS = 256
const UNIT_BYTES = 16
const HEADER_BYTES = 4
/** Low bits of a batch sequence in a packed line name; the row takes the other 12. */
const SEQUENCE_BITS = 20
const ROW_BITS = 12

export class WitnessLines {
  readonly #bytes: Buffer
  readonly #recent: RecentBatches
  /** Next free byte of the ring. */
  #at = 0
  /** The same place in units since the start, modulo 2^32. */
  #units = 1
  #batch: RecordBatch | null = null
  #batchBits = 0
  #quiet = false
  #isFlood = false
  /** Reference per row of the current batch: both rules share one copy. */
  readonly #rowRef = new Uint32Array(BATCH_MESSAGES)

  constructor(recent: RecentBatches, ringBytes = WITNESS_RING_BYTES) {
    this.#recent = recent
    const least = 2 * (EVIDENCE_LINE_BYTES + HEADER_BYTES)
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(least, ringBytes) & ~(UNIT_BYTES - 1))
  }

  /** Rows are of this batch from now on. */
  begin(batch: RecordBatch): void {
    this.#batch = batch
    this.#batchBits = ((batch.sequence % 2 ** SEQUENCE_BITS) << ROW_BITS) >>> 0
    this.#quiet = batch.count <= QUIET_ROWS
    this.#isFlood = batch.count >= FLOOD_ROWS
    this.#rowRef.fill(0, 0, batch.count)
  }

  /** Whether each counted line is to be kept at once. */
  get isQuiet(): boolean {
    return this.#quiet
  }

  /** From how many values on lines are kept, for a rule that fires at `need` and keeps them from `usual` on. */
  keepFrom(usual: number, need: number): number {
    return this.#isFlood ? Math.max(usual, need - FLOOD_LINES) : usual
  }

  /** Sequence (20 low bits) of the current batch, shifted; `| row` names a line. */
  get batchBits(): number {
    return this.#batchBits
  }

  /** Keeps the line of a row of the current batch and returns its reference. */
  keepRow(row: number): number {
    const known = this.#rowRef[row] as number
    if (known !== 0) return known
    const ref = this.#copy(this.#batch as RecordBatch, row)
    this.#rowRef[row] = ref
    return ref
  }

  /**
   * Keeps an earlier line of the source of the given row by its packed name; 0 when its batch is gone. The name says
   * 20 bits of the sequence only, so the line found must have the same source (of IPv6 the first 32 bits).
   */
  keepNamed(name: number, row: number): number {
    const namedRow = name & (2 ** ROW_BITS - 1)
    if ((name & ~(2 ** ROW_BITS - 1)) >>> 0 === this.#batchBits) return this.keepRow(namedRow)
    const batch = this.#recent.find(name >>> ROW_BITS, SEQUENCE_BITS)
    if (batch === null || namedRow >= batch.count) return 0
    return isSameSource(batch, namedRow, this.#batch as RecordBatch, row) ? this.#copy(batch, namedRow) : 0
  }

  /**
   * Keeps an earlier line by its packed name where it is of the source with these words, one for IPv4 or four (of which
   * the first 32 bits are compared); 0 when its batch is gone.
   */
  keepNamedOf(name: number, source: readonly number[]): number {
    const row = name & (2 ** ROW_BITS - 1)
    const isCurrent = (name & ~(2 ** ROW_BITS - 1)) >>> 0 === this.#batchBits
    const batch = isCurrent ? this.#batch : this.#recent.find(name >>> ROW_BITS, SEQUENCE_BITS)
    if (batch === null || row >= batch.count) return 0
    const at = row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress
    if (batch.addresses[source.length === 1 ? at + 3 : at] !== source[0]) return 0
    return isCurrent ? this.keepRow(row) : this.#copy(batch, row)
  }

  #copy(batch: RecordBatch, row: number): number {
    const raw = batch.raw
    const start = raw.start[row] as number
    const length = Math.min((raw.end[row] as number) - start, EVIDENCE_LINE_BYTES)
    const ring = this.#bytes
    const padded = (HEADER_BYTES + length + UNIT_BYTES - 1) & ~(UNIT_BYTES - 1)
    if (this.#at + padded > ring.length) {
      this.#units = (this.#units + (ring.length - this.#at) / UNIT_BYTES) >>> 0
      this.#at = 0
    }
    const at = this.#at
    const ref = this.#units // 0 once in 64 GiB: that line counts as not kept
    ring[at] = length & 255
    ring[at + 1] = length >>> 8
    raw.bytes.copy(ring, at + HEADER_BYTES, start, start + length)
    this.#at = at + padded
    this.#units = (ref + padded / UNIT_BYTES) >>> 0
    return ref
  }

  /** The text of a kept line, or null when it is none or has been overwritten. Bytes that are not UTF-8 show as U+FFFD. */
  textOf(ref: number): string | null {
    if (ref === 0) return null
    const size = this.#bytes.length
    const age = this.ageOf(ref) * UNIT_BYTES
    if (age > size) return null
    const at = (this.#at - age + size) % size
    const length = (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8)
    return this.#bytes.toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + length)
  }

  /** How much was kept since the line, in 16-byte units: larger is older. */
  ageOf(ref: number): number {
    return (this.#units - ref) >>> 0
  }
}

function isSameSource(a: RecordBatch, rowA: number, b: RecordBatch, rowB: number): boolean {
  const atA = rowA * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress
  const atB = rowB * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress
  if (a.addresses[atA] !== b.addresses[atB]) return false
  return a.addresses[atA] !== 0 || a.addresses[atA + 3] === b.addresses[atB + 3]
}
