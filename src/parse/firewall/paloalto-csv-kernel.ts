/**
 * The kernel that reads usual TRAFFIC lines of PAN-OS CSV (text-kernel.ts): the columns in front of the tail, one after
 * the other, into `out` and `numbers`. What makes a line unusual is gathered in `bad` and told at the end, since
 * nearly every line is usual. paloalto-csv-usual.ts takes the results over.
 */
import {
  add,
  all,
  and,
  type Code,
  equal,
  giveWhen,
  greater,
  int,
  isZero,
  less,
  load32,
  load8,
  type Local,
  or,
  store32,
  subtract,
  unequal,
  type WasmFunction,
  WasmModule,
  when,
} from '../../lib/wasm-assembler.ts'
import { allocate, kernelMemory, TEXT_AT } from '../../model/kernel-memory.ts'
import { TEXT_SLOT } from '../../model/record-batch.ts'
import { TailMemory } from '../tail-memory.ts'
import {
  defineDecimal,
  defineIsWord,
  defineNumber,
  definePlaces,
  defineText,
  defineV4,
  isOther,
  MORE_PLACES,
} from '../text-kernel.ts'

/** Bytes that must be left behind the columns read here. */
export const MIN_TAIL_BYTES = 120
export const STAMP_BYTES = 19
export const TAIL_COLUMN = 47
const COMMA = 0x2c
const QUOTE = 0x22
const BRACE = 0x7b

/** Hashed: the device, where the rule's UUID usually lies, and the application's kind. */
export const tails = new TailMemory([TEXT_SLOT.device, TEXT_SLOT.ruleId, TEXT_SLOT.sourceEdl], {
  fromStart: [8, 16, 24, 56, 64, 72, 80],
  fromEnd: [12, 20],
})

/** Text fields as the kernel finds them: start and end, both 0 where unknown. */
export const TEXTS = Int32Array.of(
  TEXT_SLOT.rule,
  TEXT_SLOT.sourceUser,
  TEXT_SLOT.destinationUser,
  TEXT_SLOT.application,
  TEXT_SLOT.sourceZone,
  TEXT_SLOT.destinationZone,
  TEXT_SLOT.sourceCountry,
  TEXT_SLOT.destinationCountry,
  TEXT_SLOT.protocol,
  TEXT_SLOT.action,
  TEXT_SLOT.sessionEndReason,
)
export const TEXT_OUT = Object.fromEntries([...TEXTS].map((slot, i) => [slot, i * 2])) as Record<
  number,
  number
>
/**
 * Words of the kernel's result behind the texts. Of an address: start, end, the word, and 0 where it is not IPv4; of
 * other ranges start, end, and 1 where it is what is usual there (a number, for the subtype a plain word).
 */
const FIRST = TEXTS.length * 2
export const OUT = {
  source: FIRST,
  destination: FIRST + 4,
  natSource: FIRST + 8,
  natDestination: FIRST + 12,
  serial: FIRST + 16,
  subtype: FIRST + 19,
  sequence: FIRST + 22,
  session: FIRST + 25,
  generated: FIRST + 27,
  sourcePort: FIRST + 28,
  destinationPort: FIRST + 29,
  natDestinationPort: FIRST + 30,
  tail: FIRST + 31,
} as const
const OUT_WORDS = FIRST + 32
/** Doubles of the kernel's result. */
export const NUMBER = {
  bytesSent: 0,
  bytesReceived: 1,
  packetsSent: 2,
  packetsReceived: 3,
  repeats: 4,
  serial: 5,
  session: 6,
  sequence: 7,
} as const
const NUMBERS = 8
const outAt = allocate(OUT_WORDS * 4)
export const out = new Int32Array(kernelMemory.buffer, outAt, OUT_WORDS)
const numbersAt = allocate(NUMBERS * 8)
export const numbers = new Float64Array(kernelMemory.buffer, numbersAt, NUMBERS)

interface Kernel {
  /** The tail's entry of the line `[at, end)`; -1 when the line is not usual. */
  readonly read: (at: number, end: number) => number
  /** Where a tail belongs. */
  readonly entryOf: (start: number, end: number) => number
}

const commasAt = allocate((TAIL_COLUMN + MORE_PLACES) * 4)

/** Code for columns, one after the other: a column is `[from, at)`, and `at` is the comma behind it. */
class ColumnCode {
  readonly bad: Local
  readonly #at: Local
  readonly #from: Local
  /** The column in hand. */
  #column = -1
  readonly #scratch: Local
  readonly #module: Functions

  constructor(f: WasmFunction, at: Local, module: Functions) {
    this.#at = at
    this.#from = f.local('i32')
    this.#scratch = f.local('i32')
    this.bad = f.local('i32')
    this.#module = module
  }

  put(slot: number, value: Code): Code {
    return store32(int(outAt), slot * 4, value)
  }

  #byteAt(distance: number): Code {
    return load8(this.#from.get, TEXT_AT + distance)
  }

  #isDigitAt(distance: number): Code {
    return and(greater(this.#byteAt(distance), int(0x2f)), less(this.#byteAt(distance), int(0x3a)))
  }

  #isBadIf(condition: Code): Code {
    return this.bad.set(or(this.bad.get, condition))
  }

  /** Where a column ends. */
  static #comma(column: number): Code {
    return load32(int(commasAt), column * 4)
  }

  #next(...take: readonly Code[]): Code {
    this.#column++
    const { get } = this.#at
    const begin = this.#column === 0 ? get : add(ColumnCode.#comma(this.#column - 1), int(1))
    return all(this.#from.set(begin), this.#at.set(ColumnCode.#comma(this.#column)), ...take)
  }

  /** A column that is neither quoted nor a list. */
  plain(...take: readonly Code[]): Code {
    const isListed = or(equal(this.#byteAt(0), int(QUOTE)), equal(this.#byteAt(0), int(BRACE)))
    return this.#next(this.#isBadIf(isListed), ...take)
  }

  /** The column in front of all. */
  digit(): Code {
    const isOne = and(equal(this.#width(), int(1)), this.#isDigitAt(0))
    return this.#next(this.#isBadIf(isZero(isOne)))
  }

  /** A column that is this word. */
  type(word: string): Code {
    return this.#next(this.#isBadIf(isOther(this.#from.get, `${word},`)))
  }

  #width(): Code {
    return subtract(this.#at.get, this.#from.get)
  }

  range(slot: number): Code {
    return all(this.put(slot, this.#from.get), this.put(slot + 1, this.#at.get))
  }

  text(slot: number): Code {
    const address = int(outAt + (TEXT_OUT[slot] as number) * 4)
    return this.plain(this.#scratch.set(this.#module.text.call(this.#from.get, this.#at.get, address)))
  }

  address(slot: number): Code {
    const word = this.#module.v4.call(this.#from.get, this.#at.get, int(outAt + slot * 4 + 8))
    return this.plain(this.range(slot), this.put(slot + 3, word))
  }

  /** A stamp, or nothing where that is allowed; its shape is looked at in a few places. */
  stamp(mayBeEmpty: boolean, startSlot?: number): Code {
    const isOdd = or(
      or(unequal(this.#width(), int(STAMP_BYTES)), unequal(this.#byteAt(4), int(0x2f))),
      or(unequal(this.#byteAt(13), int(0x3a)), isZero(and(this.#isDigitAt(0), this.#isDigitAt(18)))),
    )
    return this.#next(
      this.#isBadIf(mayBeEmpty ? and(isOdd, unequal(this.#from.get, this.#at.get)) : isOdd),
      startSlot === undefined ? [] : this.put(startSlot, this.#from.get),
    )
  }

  isNumber(into: number): Code {
    return this.#module.number.call(this.#from.get, this.#at.get, int(numbersAt + into * 8))
  }

  number(into: number, ...more: readonly Code[]): Code {
    return this.#next(this.#isBadIf(isZero(this.isNumber(into))), ...more)
  }

  port(slot: number | null): Code {
    const port = this.#scratch
    return this.#next(
      port.set(this.#module.decimal.call(this.#from.get, this.#at.get)),
      this.#isBadIf(or(less(port.get, int(0)), greater(port.get, int(65_535)))),
      this.#isBadIf(greater(this.#width(), int(5))),
      slot === null ? [] : this.put(slot, port.get),
    )
  }

  isWord(): Code {
    return this.#module.isWord.call(this.#from.get, this.#at.get)
  }

  /** A word that begins with no digit, as `0x19` does. */
  word(slot: number): Code {
    const isOdd = or(isZero(this.isWord()), this.#isDigitAt(0))
    return this.#next(this.#isBadIf(isOdd), this.range(TEXT_OUT[slot] as number))
  }

  /** A word, or `n/a`, which is none. */
  endReason(): Code {
    const slot = TEXT_OUT[TEXT_SLOT.sessionEndReason] as number
    const isGiven = this.#scratch
    return this.#next(
      isGiven.set(isOther(this.#from.get, 'n/a,')),
      this.range(slot),
      when(isZero(isGiven.get), this.put(slot, int(0)), this.put(slot + 1, int(0))),
      this.#isBadIf(and(isGiven.get, isZero(this.isWord()))),
    )
  }
}

interface Functions {
  readonly v4: WasmFunction
  readonly decimal: WasmFunction
  readonly number: WasmFunction
  readonly isWord: WasmFunction
  readonly text: WasmFunction
}

/** Columns 0 to 21. */
function headCode(columns: ColumnCode): Code {
  return all(
    columns.digit(),
    columns.stamp(false),
    columns.plain(columns.range(OUT.serial), columns.put(OUT.serial + 2, columns.isNumber(NUMBER.serial))),
    columns.type('TRAFFIC'),
    giveWhen(columns.bad.get, int(-1)),
    columns.plain(columns.range(OUT.subtype), columns.put(OUT.subtype + 2, columns.isWord())),
    columns.plain(),
    columns.stamp(true, OUT.generated),
    columns.address(OUT.source),
    columns.address(OUT.destination),
    columns.address(OUT.natSource),
    columns.address(OUT.natDestination),
    columns.text(TEXT_SLOT.rule),
    columns.text(TEXT_SLOT.sourceUser),
    columns.text(TEXT_SLOT.destinationUser),
    columns.text(TEXT_SLOT.application),
    columns.plain(), // virtual system
    columns.text(TEXT_SLOT.sourceZone),
    columns.text(TEXT_SLOT.destinationZone),
    columns.plain(), // both interfaces and the log action
    columns.plain(),
    columns.plain(),
    columns.stamp(true),
  )
}

/** Columns 22 to 46. */
function countsCode(columns: ColumnCode): Code {
  return all(
    columns.number(NUMBER.session, columns.range(OUT.session)),
    columns.number(NUMBER.repeats),
    columns.port(OUT.sourcePort),
    columns.port(OUT.destinationPort),
    columns.port(null),
    columns.port(OUT.natDestinationPort),
    columns.plain(), // flags
    columns.word(TEXT_SLOT.protocol),
    columns.word(TEXT_SLOT.action),
    columns.plain(), // bytes, both ways
    columns.number(NUMBER.bytesSent),
    columns.number(NUMBER.bytesReceived),
    columns.plain(), // packets, both ways
    columns.stamp(true),
    columns.plain(), // seconds
    columns.plain(), // category, and a column without use
    columns.plain(),
    columns.plain(
      columns.range(OUT.sequence),
      columns.put(OUT.sequence + 2, columns.isNumber(NUMBER.sequence)),
    ),
    columns.plain(), // action flags
    columns.text(TEXT_SLOT.sourceCountry),
    columns.text(TEXT_SLOT.destinationCountry),
    columns.plain(), // a column without use
    columns.number(NUMBER.packetsSent),
    columns.number(NUMBER.packetsReceived),
    columns.endReason(),
  )
}

function makeKernel(): Kernel {
  const module = new WasmModule()
  const decimal = defineDecimal(module)
  const functions: Functions = {
    v4: defineV4(module),
    decimal,
    number: defineNumber(module, decimal),
    isWord: defineIsWord(module),
    text: defineText(module),
  }
  const commas = definePlaces(module, COMMA)
  const tail = tails.define(module, false)
  tails.define(module, true, 'entryOf')
  module.define(
    2,
    (f, at, end) => {
      const columns = new ColumnCode(f, at, functions)
      const found = commas.call(at.get, end.get, int(commasAt), int(TAIL_COLUMN))
      return all(
        giveWhen(less(found, int(TAIL_COLUMN)), int(-1)),
        headCode(columns),
        giveWhen(columns.bad.get, int(-1)),
        countsCode(columns),
        giveWhen(columns.bad.get, int(-1)),
        at.set(add(at.get, int(1))),
        giveWhen(greater(at.get, subtract(end.get, int(MIN_TAIL_BYTES))), int(-1)),
        columns.put(OUT.tail, at.get),
        tail.call(at.get, end.get),
      )
    },
    'read',
  )
  return module.run(kernelMemory) as unknown as Kernel
}

export const kernel = makeKernel()
