/**
 * The short way for usual lines of the custom format. From `; Action=` on, most lines of a firewall repeat byte for byte
 * what an earlier line said, but for the time. Those tails are remembered with what they mean; a line whose front is
 * exactly the manual's template and whose tail is remembered is done after two comparisons. Everything else goes the
 * long way (paloalto-custom.ts), which gives the same result by definition: only what it read can be remembered.
 *
 * (m) 3 times faster than the long way. Memory: 256 tails of up to 512 bytes.
 */
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { indexOfByte, sameBytes } from '../bytes.ts'
import { KEY, type KeySpans, literalLength, literalWords, SEMICOLONS } from './paloalto-keys.ts'
import type { Line } from '../line.ts'

const ENTRIES = 256
const MAX_TAIL_BYTES = 512
const MIN_TAIL_BYTES = 100
const TIME_BYTES = 19
/** Text fields whose values lie in the tail. */
const SLOTS = Int32Array.of(
  TEXT_SLOT.action,
  TEXT_SLOT.rule,
  TEXT_SLOT.ruleId,
  TEXT_SLOT.threatName,
  TEXT_SLOT.subtype,
  TEXT_SLOT.type,
)
const SLOT_COUNT = SLOTS.length
const ACTION_LITERAL_BYTES = literalLength(KEY.Action)

export class TailMemory {
  readonly #length = new Int32Array(ENTRIES)
  readonly #timeAt = new Int32Array(ENTRIES)
  readonly #bytes = new Uint8Array(ENTRIES * MAX_TAIL_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  /** Start and end of each of SLOTS, from the start of the tail; both 0 when unknown. */
  readonly #texts = new Int32Array(ENTRIES * SLOT_COUNT * 2)
  readonly #threatId = new Float64Array(ENTRIES)
  readonly #disposition = new Uint8Array(ENTRIES)
  readonly #attacker = new Uint8Array(ENTRIES)
  readonly #severity = new Uint8Array(ENTRIES)
  readonly #category = new Uint8Array(ENTRIES)

  /** The entry that has these bytes, but for the time, or -1. */
  find(view: DataView, start: number, end: number): number {
    const length = end - start
    if (length < MIN_TAIL_BYTES || length > MAX_TAIL_BYTES) return -1
    const entry = hashOf(view, start, end)
    if (this.#length[entry] !== length) return -1
    const timeAt = this.#timeAt[entry] as number
    const base = entry * MAX_TAIL_BYTES
    if (!sameBytes(view, start, this.#view, base, timeAt)) return -1
    const behind = timeAt + TIME_BYTES
    return sameBytes(view, start + behind, this.#view, base + behind, length - behind) ? entry : -1
  }

  timeAt(entry: number): number {
    return this.#timeAt[entry] as number
  }

  /** Sets the row's fields as the tail at `start` says. */
  apply(entry: number, into: RecordBatch, row: number, start: number): void {
    const text = into.text
    const texts = this.#texts
    const from = entry * SLOT_COUNT * 2
    const at = row * TEXT_STRIDE
    for (let i = 0; i < SLOT_COUNT; i++) {
      const end = texts[from + i * 2 + 1] as number
      if (end === 0) continue
      const slot = at + (SLOTS[i] as number)
      text[slot] = start + (texts[from + i * 2] as number)
      text[slot + 1] = start + end
    }
    into.disposition[row] = this.#disposition[entry] as number
    into.category[row] = this.#category[entry] as number
    const threatId = this.#threatId[entry] as number
    const severity = this.#severity[entry] as number
    if (threatId !== 0) into.threatId[row] = threatId
    if (severity !== 0) into.severity[row] = severity
    into.attacker[row] = this.#attacker[entry] as number
  }

  /** Remembers the tail of a line that was read the long way without any doubt. */
  keep(line: Line, spans: KeySpans, into: RecordBatch, row: number): void {
    const start = spans.end[KEY.DstPort] as number
    const { end } = line
    const timeAt = (spans.start[KEY.TimeReceived] as number) - start
    const length = end - start
    if (length < MIN_TAIL_BYTES || length > MAX_TAIL_BYTES) return
    if (spans.start[KEY.Action] !== start + ACTION_LITERAL_BYTES) return
    if ((spans.end[KEY.TimeReceived] as number) - start !== timeAt + TIME_BYTES || timeAt < 44) return
    const entry = hashOf(line.view, start, end)
    this.#length[entry] = 0
    const text = into.text
    for (let i = 0; i < SLOT_COUNT; i++) {
      const slot = row * TEXT_STRIDE + (SLOTS[i] as number)
      const from = text[slot] as number
      const to = text[slot + 1] as number
      const isSet = to > from
      if (isSet && (from < start || to > end)) return // decoded: lies behind the messages
      this.#texts[(entry * SLOT_COUNT + i) * 2] = isSet ? from - start : 0
      this.#texts[(entry * SLOT_COUNT + i) * 2 + 1] = isSet ? to - start : 0
    }
    this.#bytes.set(line.bytes.subarray(start, end), entry * MAX_TAIL_BYTES)
    this.#timeAt[entry] = timeAt
    this.#threatId[entry] = into.threatId[row] as number
    this.#disposition[entry] = into.disposition[row] as number
    this.#attacker[entry] = into.attacker[row] as number
    this.#severity[entry] = into.severity[row] as number
    this.#category[entry] = into.category[row] as number
    this.#length[entry] = length
  }
}

/** Of bytes on both sides of the time: action and rule in front, threat, severity and type behind. */
function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start
  hash = Math.imul(hash ^ view.getInt32(start + 9, true), 0x9e3779b1)
  hash = Math.imul(hash ^ view.getInt32(start + 24, true), 0x85ebca6b)
  hash = Math.imul(hash ^ view.getInt32(start + 32, true), 0xc2b2ae35)
  hash = Math.imul(hash ^ view.getInt32(start + 40, true), 0x9e3779b1)
  hash = Math.imul(hash ^ view.getInt32(end - 24, true), 0x85ebca6b)
  hash = Math.imul(hash ^ view.getInt32(end - 44, true), 0xc2b2ae35)
  hash = Math.imul(hash ^ view.getInt32(end - 56, true), 0x9e3779b1)
  return (hash >>> 16) & (ENTRIES - 1)
}

/** First, second and last word of `; Key=`; the last may overlap the second. */
export class KeyLiteral {
  readonly length: number
  readonly first: number
  readonly second: number
  readonly last: number

  constructor(key: number) {
    const words = literalWords(key)
    this.length = literalLength(key)
    this.first = words[0] as number
    this.second = words[1] as number
    this.last = words[3] as number
  }
}

/** End of the value at `from` if this key (at most 12 bytes long) stands behind it exactly, else -1. */
export function endBefore(view: DataView, from: number, end: number, next: KeyLiteral): number {
  const at = indexOfByte(view, from, end, SEMICOLONS)
  const length = next.length
  if (at + length > end || view.getInt32(at, true) !== next.first) return -1
  if (view.getInt32(at + length - 4, true) !== next.last) return -1
  return length === 8 || view.getInt32(at + 4, true) === next.second ? at : -1
}
