/**
 * A shape: a line that was read the long way, with its record, kept to read the next line like it. Most lines of a
 * firewall have the same keys in the same order and many of the same values; where values were seen to differ the shape
 * has a hole. Between the holes a line must be the shape's byte for byte, and what stands in a hole must hold no key and
 * no mark (shape-text.ts): then its places are the shape's by definition, and all that does not come from a hole is
 * copied (shape-record.ts). Memory: about 10 KB.
 */
import type { RecordBatch } from '../../model/record-batch.ts'
import type { Line } from '../line.ts'
import type { Places, Registers } from './shape-places.ts'
import { ShapeRecord } from './shape-record.ts'
import { holeFrom, holeTo, runShift, ShapeText } from './shape-text.ts'

const MAX_REGISTERS = 128
const NONE = -1

type Read = (line: Line, into: RecordBatch, row: number) => boolean

/** Registers that are read together, and what they fill. */
export interface ValueGroup {
  /** Registers whose values may differ from line to line. */
  readonly registers: readonly number[]
  /** Registers that are read besides, and must be the shape's. */
  readonly needs?: readonly number[]
  /** Slots of the text fields and addresses that it fills; numbers are filled in any case. */
  readonly texts?: readonly number[]
  readonly addresses?: readonly number[]
  /** Kinds of lines, a bit each, in which the registers fill just these fields. */
  readonly kinds: number
  /** Depends on more than the line's text (the header, the device's time zone), so it is read of every line. */
  readonly isAlways?: boolean
  /** Fills the row from the registers; false when the line must be read the long way. */
  readonly read: Read
}

export class Shape {
  /** Tells lines that can share a shape: their keys, and the values that may not differ. */
  identity = 0
  /** Lines of its kind that it could not be made to read, and those that were not tried since. */
  failures = 0
  skipped = 0
  readonly text = new ShapeText()
  readonly #record = new ShapeRecord()
  /** Of the groups that are read: calling them by their objects, which are of many kinds, costs twice as much. */
  #reads: Read[] = []
  /** Registers that the groups read: number, run or hole that it lies in, start and end (in a run). */
  #registers = 0
  readonly #register = new Int16Array(MAX_REGISTERS)
  readonly #registerRun = new Int16Array(MAX_REGISTERS)
  readonly #registerHole = new Int16Array(MAX_REGISTERS)
  readonly #registerStart = new Int16Array(MAX_REGISTERS)
  readonly #registerEnd = new Int16Array(MAX_REGISTERS)

  /** Fills the row of a line that has just matched; false when a value needs the long way (the row is then to be cleared). */
  apply(line: Line, registers: Registers, into: RecordBatch, row: number): boolean {
    this.#record.apply(line, into, row)
    const { start, end } = registers
    for (let i = 0; i < this.#registers; i++) {
      const register = this.#register[i] as number
      const hole = this.#registerHole[i] as number
      if (hole >= 0) {
        start[register] = holeFrom[hole] as number
        end[register] = holeTo[hole] as number
      } else {
        const run = this.#registerRun[i] as number
        const from = run < 0 ? 0 : (runShift[run] as number)
        start[register] = from + (this.#registerStart[i] as number)
        end[register] = from + (this.#registerEnd[i] as number)
      }
    }
    const reads = this.#reads
    for (let i = 0; i < reads.length; i++) if (!(reads[i] as Read)(line, into, row)) return false
    return true
  }

  /**
   * Takes a line that was just read the long way into the row. `frontAt`: four bytes behind it tell lines of different
   * shapes apart, mostly. Returns whether it could be kept.
   */
  keep(
    line: Line,
    registers: Registers,
    places: Places,
    groups: readonly ValueGroup[],
    kind: number,
    frontAt: number,
    into: RecordBatch,
    row: number,
  ): boolean {
    if (!this.text.keep(line, places, frontAt)) return false
    const read = groups.filter(
      (group) =>
        group.isAlways === true ||
        ((group.kinds & kind) !== 0 && group.registers.some((r) => this.#isVaried(places, r))),
    )
    this.#reads = read.map((group) => group.read)
    if (!this.#keepRegisters(line, registers, places, read)) return false
    const texts = new Set(read.flatMap((group) => group.texts ?? []))
    const addresses = new Set(read.flatMap((group) => group.addresses ?? []))
    return this.#record.keep(line, this.text, into, row, texts, addresses)
  }

  #isVaried(places: Places, register: number): boolean {
    for (let i = 0; i < places.count; i++) {
      if (places.register[i] === register && this.text.isHole[i] === 1) return true
    }
    return false
  }

  #keepRegisters(line: Line, registers: Registers, places: Places, groups: readonly ValueGroup[]): boolean {
    const read = new Set(groups.flatMap((group) => [...group.registers, ...(group.needs ?? [])]))
    if (read.size > MAX_REGISTERS) return false
    this.#registers = 0
    for (const register of read) {
      const i = this.#registers++
      const start = registers.start[register] as number
      const end = registers.end[register] as number
      this.#register[i] = register
      this.#registerHole[i] = NONE
      this.#registerRun[i] = NONE
      this.#registerStart[i] = NONE
      this.#registerEnd[i] = NONE
      if (start < 0) continue
      const place = placeAt(places, start)
      if (place < 0) return false
      if (this.text.isHole[place] === 1) this.#registerHole[i] = this.text.holeOf(place)
      else {
        this.#registerStart[i] = start - line.at
        this.#registerEnd[i] = end - line.at
        this.#registerRun[i] = this.text.runOf(start - line.at, end - line.at)
        if ((this.#registerRun[i] as number) < 0) return false
      }
    }
    return true
  }
}

/** The place whose value holds the position, NONE when none does. */
function placeAt(places: Places, position: number): number {
  for (let i = 0; i < places.count; i++) {
    if (position >= (places.start[i] as number) && position <= (places.end[i] as number)) return i
  }
  return NONE
}
