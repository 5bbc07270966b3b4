/**
 * Reads results in ClickHouse's Native format: column after column, block after block, straight into typed arrays. No
 * object and no text is made per row, so it is the way back for millions of records a second (stored-batch.ts reads
 * whole records row by row, for people).
 *
 * A block: number of columns and rows, then per column its name, its type and its values (native-columns.ts writes the
 * same). Known types: whole numbers, `Enum8`, `DateTime64`, `IPv6`, `String`, `LowCardinality(String)`. Little-endian
 * hosts only. Throws when the bytes are no such block.
 */

/** Values of one column of a block; valid until the next block. */
export interface ReadColumn {
  name: string
  type: string
  /** Numbers of a column, one per row. 64-bit ones are exact up to 2^53. */
  numbers: Uint8Array | Uint16Array | Uint32Array | Float64Array
  /** `IPv6`: the 16 bytes of each row. `String` and dictionaries: the bytes of all texts, their lengths between them. */
  bytes: Buffer
  /** Text `i` is `bytes[starts[i], ends[i])`: per row, or per entry of the dictionary that `numbers` points into. */
  starts: Uint32Array
  ends: Uint32Array
  /** Texts in `starts`. */
  texts: number
}

export interface ReadBlock {
  readonly rows: number
  readonly columns: readonly ReadColumn[]
}

const NO_BYTES = Buffer.alloc(0)
const NO_NUMBERS = new Uint32Array(0)
/** Of a dictionary: its keys follow; there is a dictionary for all blocks (never sent here). */
const HAS_KEYS = 0x200
const NEEDS_GLOBAL = 0x100
const NAME_LIMIT_BYTES = 4096

export class NativeReader {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1 << 20)
  #used = 0
  #at = 0
  // Of the block at hand: -1 rows is none.
  #rows = -1
  #width = 0
  #done = 0
  readonly #columns: ReadColumn[] = []

  /** Takes a piece of the result and calls `visit` for each block that it completes. */
  take(piece: Buffer, visit: (block: ReadBlock) => void): void {
    this.#keep(piece)
    for (;;) {
      if (this.#rows === -1 && !this.#beginBlock()) return
      while (this.#done < this.#width) {
        const from = this.#at
        if (!this.#readColumn(this.#columns[this.#done] as ReadColumn)) {
          this.#at = from // the rest of the column is not here yet
          return
        }
        this.#done++
      }
      const rows = this.#rows
      this.#rows = -1
      if (rows > 0) visit({ rows, columns: this.#columns.slice(0, this.#width) })
    }
  }

  /** Throws when the result ends within a block. */
  finish(): void {
    if (this.#rows !== -1 || this.#at < this.#used) throw new Error('the result ends within a block')
  }

  /** Moves what is not read yet to the front when the piece does not fit behind it. Finished columns were copied. */
  #keep(piece: Buffer): void {
    const left = this.#used - this.#at
    if (this.#used + piece.length > this.#bytes.length) {
      const into =
        left + piece.length > this.#bytes.length
          ? Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(left + piece.length)))
          : this.#bytes
      this.#bytes.copy(into, 0, this.#at, this.#used)
      this.#bytes = into
      this.#at = 0
      this.#used = left
    }
    piece.copy(this.#bytes, this.#used)
    this.#used += piece.length
  }

  #beginBlock(): boolean {
    const from = this.#at
    const width = this.#varint()
    const rows = width === -1 ? -1 : this.#varint()
    if (rows === -1) {
      this.#at = from
      return false
    }
    this.#width = width
    this.#rows = rows
    this.#done = 0
    while (this.#columns.length < width) this.#columns.push(emptyColumn())
    return true
  }

  #readColumn(column: ReadColumn): boolean {
    const name = this.#text()
    const type = name === null ? null : this.#text()
    if (name === null || type === null) return false
    column.name = name
    column.type = type
    if (this.#rows === 0) return true
    if (type === 'IPv6') return this.#readFixed(column, 16)
    if (type === 'String') return this.#readTexts(column, this.#rows)
    if (type === 'LowCardinality(String)') return this.#readDictionary(column)
    return this.#readNumbers(column, this.#rows, widthOf(type))
  }

  #readFixed(column: ReadColumn, width: number): boolean {
    const size = this.#rows * width
    if (this.#at + size > this.#used) return false
    if (column.bytes.length < size) column.bytes = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(column.bytes, 0, this.#at, this.#at + size)
    this.#at += size
    return true
  }

  /** Copies numbers of 1, 2, 4 or 8 bytes into an array of their own, which is aligned. */
  #readNumbers(column: ReadColumn, count: number, width: number): boolean {
    const size = count * width
    if (this.#at + size > this.#used) return false
    if (width === 8) {
      const numbers = roomFor(column.numbers, Float64Array, count)
      const bytes = this.#bytes
      for (let i = 0, at = this.#at; i < count; i++, at += 8)
        numbers[i] = word(bytes, at + 4) * 4_294_967_296 + word(bytes, at)
      column.numbers = numbers
    } else {
      const { numbers: had } = column
      const numbers =
        width === 1
          ? roomFor(had, Uint8Array, count)
          : width === 2
            ? roomFor(had, Uint16Array, count)
            : roomFor(had, Uint32Array, count)
      new Uint8Array(numbers.buffer, 0, size).set(this.#bytes.subarray(this.#at, this.#at + size))
      column.numbers = numbers
    }
    this.#at += size
    return true
  }

  #readTexts(column: ReadColumn, count: number): boolean {
    column.starts = roomFor(column.starts, Uint32Array, count)
    column.ends = roomFor(column.ends, Uint32Array, count)
    const from = this.#at
    for (let i = 0; i < count; i++) {
      const length = this.#varint()
      if (length === -1 || this.#at + length > this.#used) return false
      column.starts[i] = this.#at - from
      this.#at += length
      column.ends[i] = this.#at - from
    }
    const size = this.#at - from
    if (column.bytes.length < size) column.bytes = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(column.bytes, 0, from, this.#at)
    column.texts = count
    return true
  }

  #readDictionary(column: ReadColumn): boolean {
    // version of the keys, what follows and how wide, number of keys
    if (this.#at + 24 > this.#used) return false
    const bytes = this.#bytes
    const kind = word(bytes, this.#at + 8)
    if (word(bytes, this.#at) !== 1 || (kind & NEEDS_GLOBAL) !== 0 || (kind & HAS_KEYS) === 0)
      throw new Error(`a dictionary of kind ${kind} is not understood`)
    const keys = word(bytes, this.#at + 16)
    this.#at += 24
    if (!this.#readTexts(column, keys)) return false
    if (this.#at + 8 > this.#used) return false
    if (word(bytes, this.#at) !== this.#rows) throw new Error('a dictionary has another number of rows')
    this.#at += 8
    const width = 1 << (kind & 0xff)
    if (width > 4) throw new Error('a dictionary with 64-bit numbers is not understood')
    return this.#readNumbers(column, this.#rows, width)
  }

  /** A number with 7 bits a byte; -1 when it is not whole yet. */
  #varint(): number {
    let value = 0
    let scale = 1
    for (let at = this.#at; at < this.#used; at++) {
      const byte = this.#bytes[at] as number
      value += (byte & 127) * scale
      if (byte < 128) {
        this.#at = at + 1
        return value
      }
      scale *= 128
    }
    return -1
  }

  #text(): string | null {
    const length = this.#varint()
    if (length > NAME_LIMIT_BYTES) throw new Error('the result is not in the Native format')
    if (length === -1 || this.#at + length > this.#used) return null
    const text = this.#bytes.toString('latin1', this.#at, this.#at + length)
    this.#at += length
    return text
  }
}

function emptyColumn(): ReadColumn {
  return {
    name: '',
    type: '',
    numbers: NO_NUMBERS,
    bytes: NO_BYTES,
    starts: NO_NUMBERS,
    ends: NO_NUMBERS,
    texts: 0,
  }
}

function word(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  )
}

/** The array when it is of the kind and long enough, else a new one. */
function roomFor<Kind extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  array: Uint8Array | Uint16Array | Uint32Array | Float64Array,
  Make: new (length: number) => Kind,
  count: number,
): Kind {
  return array instanceof Make && array.length >= count ? array : new Make(count)
}

function widthOf(type: string): number {
  if (type === 'UInt8' || type === 'Bool' || type.startsWith('Enum8')) return 1
  if (type === 'UInt16') return 2
  if (type === 'UInt32') return 4
  if (type === 'UInt64' || type === 'Int64' || type.startsWith('DateTime64')) return 8
  throw new Error(`columns of type ${type.slice(0, 60)} are not read`)
}
