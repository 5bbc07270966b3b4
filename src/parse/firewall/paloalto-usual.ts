/**
 * The short way for usual lines of the custom format: a line whose front is the manual's template to the letter, and
 * whose tail from `; Action=` on was read before, but for the time. Everything else goes the long way
 * (paloalto-custom.ts). A kernel reads it (text-kernel.ts), whose results are taken over here.
 */
import {
  add,
  all,
  type Code,
  giveWhen,
  greater,
  int,
  less,
  type Local,
  or,
  store32,
  subtract,
  type WasmFunction,
  WasmModule,
} from '../../lib/wasm-assembler.ts'
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
import { allocate, defineDecimal, defineText, defineV4, isOther, kernelMemory, seek } from '../text-kernel.ts'
import { FIRST_LITERAL_BYTES, isFirstLiteral, KEY, type KeySpans, literalLength } from './paloalto-keys.ts'

/** Shorter texts go the long way, which looks at every bound. */
export const USUAL_BYTES = 200
const MIN_TAIL_BYTES = 100
const TIME_BYTES = 19
const SEMICOLON = 0x3b
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

/** Words of the kernel's result. Of texts and addresses: start and end; `...V4`: 0 where the address is not IPv4. */
const OUT = {
  sourceCountry: 0,
  sourceUser: 2,
  destinationCountry: 4,
  source: 6,
  sourceWord: 8,
  sourceV4: 9,
  destination: 10,
  destinationWord: 12,
  destinationV4: 13,
  sourcePort: 14,
  destinationPort: 15,
  tail: 16,
} as const
const OUT_WORDS = 17
const outAt = allocate(OUT_WORDS * 4)
const out = new Int32Array(kernelMemory.buffer, outAt, OUT_WORDS)

interface Kernel {
  /** The tail's entry of the line `[at, end)` that begins with the first literal; -1 when the line is not usual. */
  readonly read: (at: number, end: number) => number
  /** Where a tail belongs. */
  readonly entryOf: (start: number, end: number) => number
}

function makeKernel(): Kernel {
  const module = new WasmModule()
  const v4 = defineV4(module)
  const decimal = defineDecimal(module)
  const text = defineText(module)
  const tail = tails.define(module, false)
  tails.define(module, true, 'entryOf')
  module.define(
    2,
    (f, at, end) => {
      const from = f.local('i32')
      const mask = f.local('i32')
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
      const takeText = (slot: number): Code => mask.set(text.call(from.get, next.get, int(outAt + slot * 4)))
      const takeAddress = (slot: number): Code =>
        all(
          store32(int(outAt), slot * 4, from.get),
          store32(int(outAt), slot * 4 + 4, next.get),
          store32(int(outAt), slot * 4 + 12, v4.call(from.get, next.get, int(outAt + slot * 4 + 8))),
        )
      const takePort = (slot: number): Code => portCode(decimal, from, next, mask, slot)
      return all(
        next.set(add(at.get, int(FIRST_LITERAL_BYTES))),
        from.set(next.get),
        value('SrcIP', takeText(OUT.sourceCountry)),
        value('SrcPort', takeAddress(OUT.source)),
        value('SrcUser', takePort(OUT.sourcePort)),
        value('DstLocation', takeText(OUT.sourceUser)),
        value('DstIP', takeText(OUT.destinationCountry)),
        value('DstPort', takeAddress(OUT.destination)),
        seek(next, end, SEMICOLON, mask),
        giveWhen(less(subtract(end.get, next.get), int(MIN_TAIL_BYTES)), int(-1)),
        giveWhen(isOther(next.get, '; Action='), int(-1)),
        takePort(OUT.destinationPort),
        store32(int(outAt), OUT.tail * 4, next.get),
        tail.call(next.get, end.get),
      )
    },
    'read',
  )
  return module.run(kernelMemory) as unknown as Kernel
}

/** Stores the port that fills `[from, to)`; a range that is none ends the kernel. */
function portCode(decimal: WasmFunction, from: Local, to: Local, port: Local, slot: number): Code {
  return all(
    port.set(decimal.call(from.get, to.get)),
    giveWhen(
      or(
        greater(subtract(to.get, from.get), int(5)),
        or(less(port.get, int(0)), greater(port.get, int(65_535))),
      ),
      int(-1),
    ),
    store32(int(outAt), slot * 4, port.get),
  )
}

const kernel = makeKernel()

/** False when it is not such a line; fields may be set then, all of which the long way sets again. */
export function readUsual(line: Line, into: RecordBatch, row: number): boolean {
  if (!line.isCopied() || !isFirstLiteral(line.view, line.at)) return false
  const entry = kernel.read(line.at, line.end)
  if (entry < 0) return false
  const tail = out[OUT.tail] as number
  line.chooseZone(line.hostStart, line.hostEnd)
  const timeAt = tail + tails.holeAt(entry)
  const unixMs = line.fieldMs(timeAt, timeAt + TIME_BYTES)
  if (Number.isNaN(unixMs)) return false
  if (!takeAddress(line, into, row, OUT.source, ADDRESS_SLOT.sourceAddress)) return false
  if (!takeAddress(line, into, row, OUT.destination, ADDRESS_SLOT.destinationAddress)) return false
  into.eventTimeMs[row] = unixMs
  tails.applyTexts(entry, into, row, tail)
  tails.applyMeaning(entry, into, row)
  into.sourcePort[row] = out[OUT.sourcePort] as number
  into.destinationPort[row] = out[OUT.destinationPort] as number
  const { text } = into
  const at = row * TEXT_STRIDE
  text[at + TEXT_SLOT.sourceCountry] = out[OUT.sourceCountry] as number
  text[at + TEXT_SLOT.sourceCountry + 1] = out[OUT.sourceCountry + 1] as number
  text[at + TEXT_SLOT.sourceUser] = out[OUT.sourceUser] as number
  text[at + TEXT_SLOT.sourceUser + 1] = out[OUT.sourceUser + 1] as number
  text[at + TEXT_SLOT.destinationCountry] = out[OUT.destinationCountry] as number
  text[at + TEXT_SLOT.destinationCountry + 1] = out[OUT.destinationCountry + 1] as number
  setDeviceFromHeader(into, row, line)
  return true
}

function takeAddress(line: Line, into: RecordBatch, row: number, from: number, slot: number): boolean {
  const words = into.addresses
  const at = row * ADDRESS_STRIDE + slot
  if (out[from + 3] === 0) {
    return readAddress(line.bytes, out[from] as number, out[from + 1] as number, words, at)
  }
  words[at] = 0
  words[at + 1] = 0
  words[at + 2] = V4_MARK
  words[at + 3] = out[from + 2] as number
  return true
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
