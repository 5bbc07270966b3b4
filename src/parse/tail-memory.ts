/**
 * A memory of stretches of log lines that were read before: most lines of a firewall repeat long stretches byte for byte
 * (rule, zones, action, the tail), so comparing beats reading again. An entry holds the bytes, where text fields lie in
 * them, and may have one hole (a time) that is not compared; the reader checks what stands in the hole itself.
 *
 * Only what was read the long way, and without any doubt, may be kept: then the short way gives the same by definition.
 * Direct-mapped: a stretch that hashes to a taken entry takes its place. Memory: entries times MAX_BYTES.
 */
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import { sameBytes } from './bytes.ts'
import type { Line } from './line.ts'

const ENTRIES = 512
const MAX_BYTES = 1024

/** An entry for a hash. */
export function entryOf(hash: number): number {
  return ((hash ^ (hash >>> 15)) >>> 7) & (ENTRIES - 1)
}

/**
 * Hash of every `step`th byte's word in `[start, start + bytes)`. Two stretches that differ nowhere there share an entry
 * and push each other out: what tells the lines of a firewall apart should lie there.
 */
export function hashWords(view: DataView, start: number, bytes: number, step: number, seed: number): number {
  let hash = seed
  for (let at = start; at < start + bytes; at += step) {
    hash = Math.imul((hash << 7) ^ (hash >>> 25) ^ view.getInt32(at, true), 0x9e3779b1)
  }
  return hash
}

export class TailMemory {
  /** Slots of the text fields that lie in such a stretch. */
  readonly #slots: Int32Array
  readonly #length = new Int32Array(ENTRIES)
  readonly #holeAt = new Int32Array(ENTRIES)
  readonly #holeLength = new Int32Array(ENTRIES)
  readonly #bytes = new Uint8Array(ENTRIES * MAX_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  /** Start and end of each text field, from the start of the stretch; both 0 when unknown. */
  readonly #texts: Int32Array
  readonly #threatId = new Float64Array(ENTRIES)
  readonly #disposition = new Uint8Array(ENTRIES)
  readonly #attacker = new Uint8Array(ENTRIES)
  readonly #severity = new Uint8Array(ENTRIES)
  readonly #category = new Uint8Array(ENTRIES)

  constructor(slots: readonly number[]) {
    this.#slots = Int32Array.from(slots)
    this.#texts = new Int32Array(ENTRIES * slots.length * 2)
  }

  /** Forgets everything; the next lines go the long way. */
  clear(): void {
    this.#length.fill(0)
  }

  /** Whether the entry is exactly `[start, end)` but for the hole. */
  isAll(entry: number, view: DataView, start: number, end: number): boolean {
    return this.#length[entry] === end - start && this.#matches(entry, view, start)
  }

  #matches(entry: number, view: DataView, start: number): boolean {
    const length = this.#length[entry] as number
    const holeAt = this.#holeAt[entry] as number
    const base = entry * MAX_BYTES
    if (!sameBytes(view, start, this.#view, base, holeAt)) return false
    const behind = holeAt + (this.#holeLength[entry] as number)
    return sameBytes(view, start + behind, this.#view, base + behind, length - behind)
  }

  holeAt(entry: number): number {
    return this.#holeAt[entry] as number
  }

  holeLength(entry: number): number {
    return this.#holeLength[entry] as number
  }

  /** Sets the row's text fields as the entry says for a stretch at `start`. */
  applyTexts(entry: number, into: RecordBatch, row: number, start: number): void {
    const { text } = into
    const texts = this.#texts
    const slots = this.#slots
    const count = slots.length
    const from = entry * count * 2
    const at = row * TEXT_STRIDE
    for (let i = 0; i < count; i++) {
      const end = texts[from + i * 2 + 1] as number
      if (end === 0) continue
      const slot = at + (slots[i] as number)
      text[slot] = start + (texts[from + i * 2] as number)
      text[slot + 1] = start + end
    }
  }

  /** Sets what the entry's words mean. */
  applyMeaning(entry: number, into: RecordBatch, row: number): void {
    into.disposition[row] = this.#disposition[entry] as number
    into.category[row] = this.#category[entry] as number
    into.attacker[row] = this.#attacker[entry] as number
    const threatId = this.#threatId[entry] as number
    const severity = this.#severity[entry] as number
    if (threatId !== 0) into.threatId[row] = threatId
    if (severity !== 0) into.severity[row] = severity
  }

  /**
   * Keeps `[start, end)` of a row that was just read. Does nothing when a value lies elsewhere (it was decoded), but for
   * a device that is named in front of the stretch. `holeAt` is absolute; `end` with length 0 means that there is none.
   */
  keep(
    entry: number,
    line: Line,
    start: number,
    end: number,
    holeAt: number,
    holeLength: number,
    into: RecordBatch,
    row: number,
  ): void {
    if (end - start > MAX_BYTES || end <= start) return
    this.#length[entry] = 0
    const slots = this.#slots
    for (let i = 0; i < slots.length; i++) {
      const slot = row * TEXT_STRIDE + (slots[i] as number)
      const from = into.text[slot] as number
      const to = into.text[slot + 1] as number
      const isElsewhere = to > from && (from < start || to > end)
      if (isElsewhere && !(slots[i] === TEXT_SLOT.device && to <= start)) return
      const isSet = to > from && !isElsewhere
      this.#texts[(entry * slots.length + i) * 2] = isSet ? from - start : 0
      this.#texts[(entry * slots.length + i) * 2 + 1] = isSet ? to - start : 0
    }
    this.#bytes.set(line.bytes.subarray(start, end), entry * MAX_BYTES)
    this.#holeAt[entry] = holeAt - start
    this.#holeLength[entry] = holeLength
    this.#threatId[entry] = into.threatId[row] as number
    this.#disposition[entry] = into.disposition[row] as number
    this.#attacker[entry] = into.attacker[row] as number
    this.#severity[entry] = into.severity[row] as number
    this.#category[entry] = into.category[row] as number
    this.#length[entry] = end - start
  }
}
