/**
 * What a shape (shape.ts) keeps of its line's record: all fields that do not depend on a hole. Texts are kept as where
 * they lie in the runs of the line, or as bytes where they were decoded. Memory: about 1 KB.
 */
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { sameBytes, WORD_SLACK_BYTES } from '../bytes.ts'
import type { Line } from '../line.ts'
import { runShift, type ShapeText } from './shape-text.ts'

const MAX_DECODED_BYTES = 512
const NONE = -1
const TEXT_SLOTS = Object.values(TEXT_SLOT)
const ADDRESS_SLOTS = Object.values(ADDRESS_SLOT)

export class ShapeRecord {
  #texts = 0
  readonly #textSlot = new Uint8Array(TEXT_STRIDE)
  readonly #textRun = new Int16Array(TEXT_STRIDE)
  readonly #textStart = new Int16Array(TEXT_STRIDE)
  readonly #textEnd = new Int16Array(TEXT_STRIDE)
  /** Texts that were decoded: they lie behind the messages. */
  readonly #decoded = new Uint8Array(MAX_DECODED_BYTES + WORD_SLACK_BYTES)
  readonly #decodedView = new DataView(this.#decoded.buffer)
  #decodedLength = 0
  /** Where they were put last. */
  #decodedAt = 0
  #addressCount = 0
  readonly #addressSlot = new Uint8Array(ADDRESS_STRIDE)
  readonly #addresses = new Uint32Array(ADDRESS_STRIDE)
  readonly #ports = new Uint16Array(3)
  readonly #quantities = new Float64Array(6)
  readonly #codes = new Uint8Array(5)

  /** Fills a row with what was kept; the text has just matched the line. */
  apply(line: Line, into: RecordBatch, row: number): void {
    const { text, addresses } = into
    const decodedAt = this.#decodedLength > 0 ? this.#placeDecoded(line) : 0
    const textAt = row * TEXT_STRIDE
    for (let i = 0; i < this.#texts; i++) {
      const run = this.#textRun[i] as number
      const from = run < 0 ? decodedAt : (runShift[run] as number)
      const slot = textAt + (this.#textSlot[i] as number)
      text[slot] = from + (this.#textStart[i] as number)
      text[slot + 1] = from + (this.#textEnd[i] as number)
    }
    const addressAt = row * ADDRESS_STRIDE
    for (let i = 0; i < this.#addressCount; i++) {
      const slot = this.#addressSlot[i] as number
      for (let k = slot; k < slot + 4; k++) addresses[addressAt + k] = this.#addresses[k] as number
    }
    const ports = this.#ports
    into.sourcePort[row] = ports[0] as number
    into.destinationPort[row] = ports[1] as number
    into.natDestinationPort[row] = ports[2] as number
    const quantities = this.#quantities
    into.bytesSent[row] = quantities[0] as number
    into.bytesReceived[row] = quantities[1] as number
    into.packetsSent[row] = quantities[2] as number
    into.packetsReceived[row] = quantities[3] as number
    into.threatId[row] = quantities[4] as number
    into.repeatCount[row] = quantities[5] as number
    const codes = this.#codes
    into.category[row] = codes[0] as number
    into.disposition[row] = codes[1] as number
    into.attacker[row] = codes[2] as number
    into.severity[row] = codes[3] as number
    into.outcome[row] = codes[4] as number
  }

  /** Where the decoded texts lie in the batch: where they were put last when they are still there, else put there now. */
  #placeDecoded(line: Line): number {
    const { raw } = line
    const length = this.#decodedLength
    const at = this.#decodedAt
    if (at + length <= raw.used && sameBytes(line.view, at, this.#decodedView, 0, length)) return at
    const to = line.appendSpace(length)
    line.bytes.set(this.#decoded.subarray(0, length), to)
    line.take(to + length)
    this.#decodedAt = to
    return to
  }

  /**
   * Takes the row of a line, less the texts and addresses of these slots, which are read of every line. False when it
   * cannot.
   */
  keep(
    line: Line,
    shape: ShapeText,
    into: RecordBatch,
    row: number,
    texts: ReadonlySet<number>,
    addresses: ReadonlySet<number>,
  ): boolean {
    this.#keepAddresses(into, row, addresses)
    this.#keepNumbers(into, row)
    this.#texts = 0
    this.#decodedLength = 0
    for (const slot of TEXT_SLOTS) {
      const from = into.text[row * TEXT_STRIDE + slot] as number
      const to = into.text[row * TEXT_STRIDE + slot + 1] as number
      if (to <= from || texts.has(slot)) continue
      if (!this.#keepText(line, shape, slot, from, to)) return false
    }
    return true
  }

  #keepText(line: Line, shape: ShapeText, slot: number, from: number, to: number): boolean {
    const i = this.#texts++
    this.#textSlot[i] = slot
    if (from >= line.at && to <= line.end) {
      const run = shape.runOf(from - line.at, to - line.at)
      this.#textRun[i] = run
      this.#textStart[i] = from - line.at
      this.#textEnd[i] = to - line.at
      return run >= 0
    }
    // what the header says is read of every line
    if (from >= line.start && from < line.at) return false
    const length = this.#decodedLength
    if (length + to - from > MAX_DECODED_BYTES) return false
    this.#decoded.set(line.bytes.subarray(from, to), length)
    this.#textRun[i] = NONE
    this.#textStart[i] = length
    this.#textEnd[i] = length + to - from
    this.#decodedLength = length + to - from
    return true
  }

  #keepAddresses(into: RecordBatch, row: number, filled: ReadonlySet<number>): void {
    this.#addressCount = 0
    for (const slot of ADDRESS_SLOTS) {
      if (filled.has(slot)) continue
      const at = row * ADDRESS_STRIDE + slot
      const words = into.addresses.subarray(at, at + 4)
      if (words.every((word) => word === 0)) continue
      this.#addresses.set(words, slot)
      this.#addressSlot[this.#addressCount++] = slot
    }
  }

  #keepNumbers(into: RecordBatch, row: number): void {
    this.#ports.set(
      [into.sourcePort, into.destinationPort, into.natDestinationPort].map((c) => c[row] as number),
    )
    const { bytesSent, bytesReceived, packetsSent, packetsReceived, threatId, repeatCount } = into
    const quantities = [bytesSent, bytesReceived, packetsSent, packetsReceived, threatId, repeatCount]
    this.#quantities.set(quantities.map((column) => column[row] as number))
    const { category, disposition, attacker, severity, outcome } = into
    this.#codes.set(
      [category, disposition, attacker, severity, outcome].map((column) => column[row] as number),
    )
  }
}
