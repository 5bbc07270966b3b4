/**
 * The short way for usual lines of the custom format: a line whose front is the manual's template to the letter, and
 * whose tail from `; Action=` on was read before, but for the time. Everything else goes the long way
 * (paloalto-custom.ts). A kernel reads it (text-kernel.ts), whose results are taken over here.
 */
import {
  add,
  all,
  atMost,
  type Code,
  equal,
  giveWhen,
  greater,
  int,
  less,
  load32,
  load8,
  type Local,
  or,
  repeat,
  store32,
  subtract,
  type WasmFunction,
  WasmModule,
} from '../../lib/wasm-assembler.ts'
import { allocate, kernelMemory, TEXT_AT } from '../../model/kernel-memory.ts'
import { FORMAT } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { setDeviceFromHeader } from '../fields.ts'
import type { Line } from '../line.ts'
import { TailMemory } from '../tail-memory.ts'
import { defineDecimal, defineText, defineV4, isOther, seek } from '../text-kernel.ts'
import {
  defineFront,
  defineStamp,
  frontLength,
  keepStamp,
  openRows,
  rowEnd,
  rowStart,
  stampMs,
  takeNames,
} from '../row-fronts.ts'
import { BLANK, SEMICOLON } from '../bytes.ts'
import {
  FIRST_LITERAL,
  FIRST_LITERAL_BYTES,
  isFirstLiteral,
  KEY,
  type KeySpans,
  literalLength,
} from './paloalto-keys.ts'

/** Shorter texts go the long way, which looks at every bound. */
export const USUAL_BYTES = 200
const MIN_TAIL_BYTES = 100
const TIME_BYTES = 19
const V4_MARK = 0xffff

/** Hashed on both sides of the time: action, rule and its id in front, threat, severity and type behind. */
const tails = new TailMemory(
  [
    TEXT_SLOT.action,
    TEXT_SLOT.rule,
    TEXT_SLOT.ruleId,
    TEXT_SLOT.threatName,
    TEXT_SLOT.subtype,
    TEXT_SLOT.type,
  ],
  { fromStart: [9, 17, 25, 33, 41], fromEnd: [64, 52, 40, 28, 16] },
)

/** Words of the kernel's result beside the row. Of addresses: start, end, and 0 where it is not IPv4. */
const OUT = {
  source: 0,
  sourceV4: 2,
  destination: 3,
  destinationV4: 5,
  sourcePort: 6,
  destinationPort: 7,
  tail: 8,
} as const
/** Of a row behind that: its stamp (row-fronts.ts) and its tail's entry. */
const ROW = { stamp: 9, entry: 10 } as const
const OUT_WORDS = 11
/** Rows that the kernel reads before they are taken over. */
const ROWS = 128
const outAt = allocate(ROWS * OUT_WORDS * 4)
const out = new Int32Array(kernelMemory.buffer, outAt, ROWS * OUT_WORDS)
/**
 * Texts and addresses of these rows as a batch has them, and behind them those of a line by itself, without a header. Of the
 * words that lines may have the kernel writes each for every row; all others stay as they are set here.
 */
const LINE_BY_ITSELF = ROWS
const TEXT_BYTES = TEXT_STRIDE * 4
const textsAt = allocate((ROWS + 1) * TEXT_BYTES)
const texts = new Uint32Array(kernelMemory.buffer, textsAt, (ROWS + 1) * TEXT_STRIDE)
const lineTexts = texts.subarray(LINE_BY_ITSELF * TEXT_STRIDE)
const ADDRESS_BYTES = ADDRESS_STRIDE * 4
const addressesAt = allocate((ROWS + 1) * ADDRESS_BYTES)
const addresses = new Uint32Array(kernelMemory.buffer, addressesAt, (ROWS + 1) * ADDRESS_STRIDE)
const lineAddresses = addresses.subarray(LINE_BY_ITSELF * ADDRESS_STRIDE)
for (let at = 0; at < addresses.length; at += ADDRESS_STRIDE) {
  addresses[at + ADDRESS_SLOT.sourceAddress + 2] = V4_MARK
  addresses[at + ADDRESS_SLOT.destinationAddress + 2] = V4_MARK
}

interface Kernel {
  /**
   * The tail's entry of the line `[at, end)` that begins with the first literal; -1 when the line is not usual. The others
   * are where its results, its texts and its addresses go.
   */
  readonly read: (at: number, end: number, outTo: number, textsTo: number, addressesTo: number) => number
  /** Where a tail belongs. */
  readonly entryOf: (start: number, end: number) => number
  /** Reads rows from `row` on, in front of `to`, that lie in front of `limit`; the first one that it could not read. */
  readonly rows: (row: number, to: number, limit: number) => number
}

function makeKernel(): Kernel {
  const module = new WasmModule()
  const v4 = defineV4(module)
  const decimal = defineDecimal(module)
  const text = defineText(module)
  const tail = tails.define(module, false)
  tails.define(module, true, 'entryOf')
  const read = module.define(
    5,
    (f, at, end, outTo, textsTo, addressesTo) => {
      const from = f.local('i32')
      const mask = f.local('i32')
      const entry = f.local('i32')
      const place = f.local('i32')
      const next = at
      // Ends the value at `from` where the key stands to the letter, and goes on behind that when it has been taken.
      const value = (key: string, take: Code): Code => {
        const literal = `; ${key}=`
        return all(
          seek(next, end, SEMICOLON, mask),
          giveWhen(greater(add(next.get, int(literal.length)), end.get), int(-1)),
          giveWhen(isOther(next.get, literal), int(-1)),
          take,
          next.set(add(next.get, int(literal.length))),
          from.set(next.get),
        )
      }
      const takeText = (slot: number): Code =>
        mask.set(text.call(from.get, next.get, add(textsTo.get, int(slot * 4))))
      const takeAddress = (word: number, slot: number): Code =>
        all(
          store32(outTo.get, word * 4, from.get),
          store32(outTo.get, word * 4 + 4, next.get),
          store32(
            outTo.get,
            word * 4 + 8,
            v4.call(from.get, next.get, add(addressesTo.get, int((slot + 3) * 4))),
          ),
        )
      const takePort = (slot: number): Code => portCode(decimal, from, next, mask, outTo, slot)
      return all(
        next.set(add(at.get, int(FIRST_LITERAL_BYTES))),
        from.set(next.get),
        value('SrcIP', takeText(TEXT_SLOT.sourceCountry)),
        value('SrcPort', takeAddress(OUT.source, ADDRESS_SLOT.sourceAddress)),
        value('SrcUser', takePort(OUT.sourcePort)),
        value('DstLocation', takeText(TEXT_SLOT.sourceUser)),
        value('DstIP', takeText(TEXT_SLOT.destinationCountry)),
        value('DstPort', takeAddress(OUT.destination, ADDRESS_SLOT.destinationAddress)),
        seek(next, end, SEMICOLON, mask),
        giveWhen(less(subtract(end.get, next.get), int(MIN_TAIL_BYTES)), int(-1)),
        giveWhen(isOther(next.get, '; Action='), int(-1)),
        takePort(OUT.destinationPort),
        store32(outTo.get, OUT.tail * 4, next.get),
        entry.set(tail.call(next.get, end.get)),
        giveWhen(less(entry.get, int(0)), int(-1)),
        tails.applyTextsCode(entry, next.get, textsTo, from, mask, place),
        entry.get,
      )
    },
    'read',
  )
  defineRows(module, read)
  return module.run(kernelMemory) as unknown as Kernel
}

/** Stores the port that fills `[from, to)`; a range that is none ends the kernel. */
function portCode(
  decimal: WasmFunction,
  from: Local,
  to: Local,
  port: Local,
  outTo: Local,
  slot: number,
): Code {
  return all(
    port.set(decimal.call(from.get, to.get)),
    giveWhen(
      or(
        greater(subtract(to.get, from.get), int(5)),
        or(less(port.get, int(0)), greater(port.get, int(65_535))),
      ),
      int(-1),
    ),
    store32(outTo.get, slot * 4, port.get),
  )
}

/** Every line that it reads would be read by `readUsual`, behind a header that needs no look at what follows. */
function defineRows(module: WasmModule, read: WasmFunction): void {
  const frontOf = defineFront(module)
  const stampOf = defineStamp(module)
  module.define(
    3,
    (f, row, to, limit) => {
      const start = f.local('i32')
      const end = f.local('i32')
      const at = f.local('i32')
      const front = f.local('i32')
      const entry = f.local('i32')
      const stamp = f.local('i32')
      const blank = f.local('i32')
      const mask = f.local('i32')
      const outTo = f.local('i32')
      const textsTo = f.local('i32')
      const addressesTo = f.local('i32')
      const behindBlank = load8(blank.get, TEXT_AT + 1)
      const leaveWhen = (condition: Code): Code => giveWhen(condition, row.get)
      return all(
        outTo.set(int(outAt)),
        textsTo.set(int(textsAt)),
        addressesTo.set(int(addressesAt)),
        repeat(
          all(
            start.set(rowStart(row)),
            end.set(rowEnd(row)),
            leaveWhen(or(less(subtract(end.get, start.get), int(USUAL_BYTES)), greater(end.get, limit.get))),
            front.set(frontOf.call(start.get)),
            leaveWhen(less(front.get, int(0))),
            at.set(add(start.get, frontLength(front))),
            leaveWhen(atMost(subtract(end.get, at.get), int(USUAL_BYTES))),
            leaveWhen(isOther(at.get, FIRST_LITERAL)),
            // Nothing that a relay took apart.
            blank.set(at.get),
            seek(blank, end, BLANK, mask),
            leaveWhen(or(equal(behindBlank, int(0x2d)), equal(behindBlank, int(0x6d)))),
            entry.set(read.call(at.get, end.get, outTo.get, textsTo.get, addressesTo.get)),
            leaveWhen(less(entry.get, int(0))),
            stamp.set(stampOf.call(add(load32(outTo.get, OUT.tail * 4), tails.holeCode(entry)))),
            leaveWhen(less(stamp.get, int(0))),
            takeNames(front, start, textsTo, blank, mask),
            store32(outTo.get, ROW.stamp * 4, stamp.get),
            store32(outTo.get, ROW.entry * 4, entry.get),
            outTo.set(add(outTo.get, int(OUT_WORDS * 4))),
            textsTo.set(add(textsTo.get, int(TEXT_BYTES))),
            addressesTo.set(add(addressesTo.get, int(ADDRESS_BYTES))),
            row.set(add(row.get, int(1))),
          ),
          less(row.get, to.get),
        ),
        row.get,
      )
    },
    'rows',
  )
}

const kernel = makeKernel()

/** False when it is not such a line. The row must be cleared, and still is then. */
export function readUsual(line: Line, into: RecordBatch, row: number): boolean {
  if (!line.isCopied() || !isFirstLiteral(line.view, line.at)) return false
  const entry = kernel.read(line.at, line.end, outAt, lineTexts.byteOffset, lineAddresses.byteOffset)
  if (entry < 0) return false
  const tail = out[OUT.tail] as number
  line.chooseZone(line.hostStart, line.hostEnd)
  const timeAt = tail + tails.holeAt(entry)
  const unixMs = line.fieldMs(timeAt, timeAt + TIME_BYTES)
  if (Number.isNaN(unixMs)) return false
  keepStamp(line, timeAt, unixMs)
  into.text.set(lineTexts, row * TEXT_STRIDE)
  into.addresses.set(lineAddresses, row * ADDRESS_STRIDE)
  if (!takeOddAddresses(line, into, row, 0)) {
    into.clearRow(row)
    return false
  }
  into.eventTimeMs[row] = unixMs
  tails.applyMeaning(entry, into, row)
  into.sourcePort[row] = out[OUT.sourcePort] as number
  into.destinationPort[row] = out[OUT.destinationPort] as number
  setDeviceFromHeader(into, row, line)
  return true
}

/** Reads the addresses that are not IPv4, for the result at `from`; false where there is none. */
function takeOddAddresses(line: Line, into: RecordBatch, row: number, from: number): boolean {
  return (
    (out[from + OUT.sourceV4] === 1 ||
      takeOddAddress(line, into, row, from + OUT.source, ADDRESS_SLOT.sourceAddress)) &&
    (out[from + OUT.destinationV4] === 1 ||
      takeOddAddress(line, into, row, from + OUT.destination, ADDRESS_SLOT.destinationAddress))
  )
}

function takeOddAddress(line: Line, into: RecordBatch, row: number, from: number, slot: number): boolean {
  const at = row * ADDRESS_STRIDE + slot
  return readAddress(line.bytes, out[from] as number, out[from + 1] as number, into.addresses, at)
}

/**
 * Reads usual lines from a row on, whose headers and times lines of the batch had before; `line` is one that was just
 * read. Returns the first row that it did not read.
 */
export function readUsualRows(line: Line, into: RecordBatch, row: number, to: number): number {
  if (!openRows(line)) return row
  let from = row
  while (from < to) {
    const limit = Math.min(to, from + ROWS)
    const next = kernel.rows(from, limit, line.copiedTo)
    const taken = takeRows(line, into, from, next)
    if (taken < next) return taken
    from = next
    if (next < limit) break
  }
  return from
}

/**
 * Takes the kernel's rows over; returns the first one that has no address where one must be: it is read anew. What it
 * writes it writes for every row, known or not, so that rows marked `usual` need no clearing.
 */
function takeRows(line: Line, into: RecordBatch, first: number, to: number): number {
  const count = to - first
  if (count === 0) return first
  // also of rows behind one that is not taken: they are written again, or cleared for their mark
  into.usual.fill(1, first, to)
  into.text.set(texts.subarray(0, count * TEXT_STRIDE), first * TEXT_STRIDE)
  into.addresses.set(addresses.subarray(0, count * ADDRESS_STRIDE), first * ADDRESS_STRIDE)
  const { eventTimeMs, clockOffsetMs, sourcePort, destinationPort, format } = into
  for (let row = first, from = 0; row < to; row++, from += OUT_WORDS) {
    if (out[from + OUT.sourceV4] === 0 || out[from + OUT.destinationV4] === 0) {
      if (!takeOddAddresses(line, into, row, from)) return row
    }
    format[row] = FORMAT.paloaltoCustom
    clockOffsetMs[row] = 0
    eventTimeMs[row] = stampMs[out[from + ROW.stamp] as number] as number
    sourcePort[row] = out[from + OUT.sourcePort] as number
    destinationPort[row] = out[from + OUT.destinationPort] as number
    tails.applyMeaning(out[from + ROW.entry] as number, into, row)
  }
  return to
}

/** Forgets all tails, for tests that want the long way. */
export function forgetUsual(): void {
  tails.clear()
}

/** Remembers the tail of a line that was read the long way without any doubt. */
export function keepUsual(line: Line, spans: KeySpans, into: RecordBatch, row: number): void {
  const start = spans.end[KEY.DstPort] as number
  const timeAt = spans.start[KEY.TimeReceived] as number
  if (!line.isCopied() || line.end - start < MIN_TAIL_BYTES || (spans.start[KEY.DstPort] as number) < 0)
    return
  if (spans.start[KEY.Action] !== start + literalLength(KEY.Action)) return
  if (timeAt < 0 || (spans.end[KEY.TimeReceived] as number) !== timeAt + TIME_BYTES) return
  const entry = kernel.entryOf(start, line.end)
  tails.keep(entry, line, start, line.end, timeAt, TIME_BYTES, into, row)
}
