/**
 * Column buffers of a segment, in the shapes of ClickHouse's Native format (column-wise, little-endian; Native.md and
 * SerializationLowCardinality in the ClickHouse sources). Each takes rows of a record batch in one tight loop and
 * hands out its bytes without copying where it can. A column that saw only default values is left out of the block:
 * the engine fills it in.
 *
 * Buffers grow by doubling and are kept for the next segment. Little-endian hosts only (x64, arm64).
 */
import { DICTIONARY_LIMIT, Dictionary } from './dictionary.ts'

const FIRST_ROWS = 4096

export interface NativeColumn {
  readonly name: string
  readonly type: string
  /** True while every row has the column's default value. */
  isDefault: boolean
  /** Bytes of the column's data for the first `rows` rows: valid until `reset` or the next append. */
  parts(rows: number): Uint8Array[]
  reset(): void
}

function capacityFor(current: number, needed: number): number {
  let capacity = Math.max(current, FIRST_ROWS)
  while (capacity < needed) capacity *= 2
  return capacity
}

function bytesOf(array: Uint8Array | Uint16Array | Uint32Array, from: number, to: number): Uint8Array {
  const width = array.BYTES_PER_ELEMENT
  return new Uint8Array(array.buffer, array.byteOffset + from * width, (to - from) * width)
}

/** Numbers that a batch already holds in the wire's own width: copied as they are. */
export class PlainColumn implements NativeColumn {
  readonly name: string
  readonly type: string
  isDefault = true
  readonly #defaultValue: number
  readonly #make: (length: number) => Uint8Array | Uint16Array | Uint32Array
  #values: Uint8Array | Uint16Array | Uint32Array

  constructor(name: string, type: string, width: 1 | 2 | 4, defaultValue = 0) {
    this.name = name
    this.type = type
    this.#defaultValue = defaultValue
    this.#make = (length) =>
      width === 1 ? new Uint8Array(length) : width === 2 ? new Uint16Array(length) : new Uint32Array(length)
    this.#values = this.#make(0)
  }

  append(source: Uint8Array | Uint16Array | Uint32Array, count: number, row: number): void {
    if (row + count > this.#values.length) {
      const larger = this.#make(capacityFor(this.#values.length, row + count))
      larger.set(this.#values)
      this.#values = larger
    }
    if (this.isDefault) this.isDefault = allAre(source, count, this.#defaultValue)
    this.#values.set(source.subarray(0, count), row)
  }

  parts(rows: number): Uint8Array[] {
    return [bytesOf(this.#values, 0, rows)]
  }

  reset(): void {
    this.isDefault = true
  }
}

function allAre(source: Uint8Array | Uint16Array | Uint32Array, count: number, value: number): boolean {
  for (let i = 0; i < count; i++) if (source[i] !== value) return false
  return true
}

/** 64-bit integers from doubles: two 32-bit words each, since BigInt costs ten times as much. */
export class Int64Column implements NativeColumn {
  readonly name: string
  readonly type: string
  isDefault = true
  #words = new Uint32Array(0)

  constructor(name: string, type: string) {
    this.name = name
    this.type = type
  }

  #reserve(rows: number): void {
    if (rows * 2 <= this.#words.length) return
    const larger = new Uint32Array(capacityFor(this.#words.length / 2, rows) * 2)
    larger.set(this.#words)
    this.#words = larger
  }

  /** Whole numbers from 0 to 2^53; what is not (NaN, negative, too large) becomes `otherwise`. */
  append(source: Float64Array, count: number, row: number, otherwise: number, limit: number): void {
    this.#reserve(row + count)
    const words = this.#words
    let any = 0
    for (let i = 0, at = row * 2; i < count; i++, at += 2) {
      let value = source[i] as number
      if (!(value >= 0 && value <= limit)) value = otherwise
      const high = Math.floor(value / 4294967296) | 0
      words[at] = value
      words[at + 1] = high
      any |= (words[at] as number) | high
    }
    if (any !== 0) this.isDefault = false
  }

  appendConstant(value: number, count: number, row: number): void {
    this.#reserve(row + count)
    this.isDefault &&= value === 0
    const high = Math.floor(value / 4294967296)
    const words = this.#words
    for (let at = row * 2, end = at + count * 2; at < end; at += 2) {
      words[at] = value
      words[at + 1] = high
    }
  }

  parts(rows: number): Uint8Array[] {
    return [bytesOf(this.#words, 0, rows * 2)]
  }

  reset(): void {
    this.isDefault = true
  }
}

/** `Nullable(UInt64)` from doubles: NULL for NaN and for what is no count (negative, beyond 2^53). */
export class NullableCountColumn implements NativeColumn {
  readonly name: string
  readonly type = 'Nullable(UInt64)'
  isDefault = true
  readonly #values: Int64Column
  #nulls = new Uint8Array(0)

  constructor(name: string) {
    this.name = name
    this.#values = new Int64Column(name, this.type)
  }

  append(source: Float64Array, count: number, row: number): void {
    if (row + count > this.#nulls.length) {
      const larger = new Uint8Array(capacityFor(this.#nulls.length, row + count))
      larger.set(this.#nulls)
      this.#nulls = larger
    }
    const nulls = this.#nulls
    let known = 0
    for (let i = 0; i < count; i++) {
      const value = source[i] as number
      const isKnown = value >= 0 && value <= Number.MAX_SAFE_INTEGER ? 1 : 0
      nulls[row + i] = 1 - isKnown
      known |= isKnown
    }
    if (known !== 0) this.isDefault = false
    this.#values.append(source, count, row, 0, Number.MAX_SAFE_INTEGER)
  }

  parts(rows: number): Uint8Array[] {
    return [this.#nulls.subarray(0, rows), ...this.#values.parts(rows)]
  }

  reset(): void {
    this.isDefault = true
  }
}

/** IPv6 addresses: four words of the batch, most significant first, become 16 bytes in network order. */
export class AddressColumn implements NativeColumn {
  readonly name: string
  readonly type = 'IPv6'
  isDefault = true
  #words = new Uint32Array(0)

  constructor(name: string) {
    this.name = name
  }

  append(source: Uint32Array, slot: number, stride: number, count: number, row: number): void {
    if ((row + count) * 4 > this.#words.length) {
      const larger = new Uint32Array(capacityFor(this.#words.length / 4, row + count) * 4)
      larger.set(this.#words)
      this.#words = larger
    }
    const words = this.#words
    let any = 0
    for (let i = 0, at = row * 4, from = slot; i < count; i++, at += 4, from += stride) {
      const word0 = source[from] as number
      const word1 = source[from + 1] as number
      const word2 = source[from + 2] as number
      const word3 = source[from + 3] as number
      any |= word0 | word1 | word2 | word3
      words[at] = swapped(word0)
      words[at + 1] = swapped(word1)
      words[at + 2] = swapped(word2)
      words[at + 3] = swapped(word3)
    }
    if (any !== 0) this.isDefault = false
  }

  parts(rows: number): Uint8Array[] {
    return [bytesOf(this.#words, 0, rows * 4)]
  }

  reset(): void {
    this.isDefault = true
  }
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** Texts as they are: varint length and bytes, one after another. */
export class StringColumn implements NativeColumn {
  readonly name: string
  readonly type = 'String'
  isDefault = true
  /** Bytes so far. */
  used = 0
  #bytes: Buffer = Buffer.allocUnsafeSlow(0)

  constructor(name: string) {
    this.name = name
  }

  /** Row `i` is `source[starts[i * stride + slot], ends[i * stride + slot])`. */
  append(
    source: Buffer,
    starts: Uint32Array,
    ends: Uint32Array,
    slot: number,
    stride: number,
    count: number,
  ): void {
    let total = count * 5
    for (let i = 0, at = slot; i < count; i++, at += stride)
      total += Math.max(0, (ends[at] as number) - (starts[at] as number))
    this.#reserve(total)
    const bytes = this.#bytes
    let used = this.used
    let any = 0
    for (let i = 0, at = slot; i < count; i++, at += stride) {
      const start = starts[at] as number
      const end = ends[at] as number
      const length = end > start ? end - start : 0
      any |= length
      let rest = length
      for (; rest >= 128; rest >>>= 7) bytes[used++] = (rest & 127) | 128
      bytes[used++] = rest
      if (length < 48) for (let from = start; from < end; from++) bytes[used++] = source[from] as number
      else {
        source.copy(bytes, used, start, end) // cheaper than a loop from about 48 bytes on
        used += length
      }
    }
    this.used = used
    if (any !== 0) this.isDefault = false
  }

  #reserve(more: number): void {
    if (this.used + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.used + more, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.used)
    this.#bytes = larger
  }

  parts(_rows: number): Uint8Array[] {
    return [this.#bytes.subarray(0, this.used)]
  }

  reset(): void {
    this.isDefault = true
    this.used = 0
  }
}

/** Texts that repeat: a dictionary of the segment and 8- or 16-bit numbers into it. */
export class LowCardinalityColumn implements NativeColumn {
  readonly name: string
  readonly type = 'LowCardinality(String)'
  readonly #dictionary = new Dictionary()
  #ids = new Uint16Array(0)

  constructor(name: string) {
    this.name = name
  }

  get isDefault(): boolean {
    return this.#dictionary.size === 1
  }

  /** Whether a batch of so many rows could pass the limit of the dictionary. */
  isNearlyFull(count: number): boolean {
    return this.#dictionary.size + count > DICTIONARY_LIMIT
  }

  #reserve(rows: number): Uint16Array {
    if (rows > this.#ids.length) {
      const larger = new Uint16Array(capacityFor(this.#ids.length, rows))
      larger.set(this.#ids)
      this.#ids = larger
    }
    return this.#ids
  }

  idOf(text: Uint8Array): number {
    return this.#dictionary.idOf(text)
  }

  /** Row `i` is `source[text[i * stride + slot], text[i * stride + slot + 1])`. */
  append(
    source: Uint8Array,
    text: Uint32Array,
    slot: number,
    stride: number,
    count: number,
    row: number,
  ): void {
    this.#dictionary.idsOf(source, text, slot, stride, count, this.#reserve(row + count), row)
  }

  /** Row `i` is the text whose id is `idByIndex[index[i]]`. */
  appendIndexed(idByIndex: Uint32Array, index: Uint16Array, count: number, row: number): void {
    const ids = this.#reserve(row + count)
    for (let i = 0; i < count; i++) ids[row + i] = idByIndex[index[i] as number] as number
  }

  /** Puts `idByIndex[index[i]]` where the appended rows are empty. */
  fillEmpty(idByIndex: Uint32Array, index: Uint16Array, count: number, row: number): void {
    const ids = this.#ids
    for (let i = 0; i < count; i++)
      if (ids[row + i] === 0) ids[row + i] = idByIndex[index[i] as number] as number
  }

  parts(rows: number): Uint8Array[] {
    const size = this.#dictionary.size
    const isNarrow = size <= 256
    // version 1; additional keys | update dictionary | width of ids; number of keys
    const head = new DataView(new ArrayBuffer(24))
    head.setUint32(0, 1, true)
    head.setUint32(8, 0x600 | (isNarrow ? 0 : 1), true)
    head.setUint32(16, size, true)
    const count = new DataView(new ArrayBuffer(8))
    count.setUint32(0, rows, true)
    const ids = isNarrow ? new Uint8Array(this.#ids.subarray(0, rows)) : bytesOf(this.#ids, 0, rows)
    return [new Uint8Array(head.buffer), this.#dictionary.serialized, new Uint8Array(count.buffer), ids]
  }

  reset(): void {
    this.#dictionary.reset()
  }
}
