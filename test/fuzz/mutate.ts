/**
 * Changes log lines: random bytes, bits flipped, cuts, bytes that mean something to a parser put in, and changes by
 * grammar: the line is taken apart at separators, and pieces are dropped, doubled, moved, swapped with those of other
 * lines, or replaced by values that hurt. Seeded: the same seed gives the same cases. About 2 us a case.
 */

/** 0 to 2^32 - 1, xorshift. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed | 0) === 0 ? 1 : seed | 0
  }

  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }

  below(limit: number): number {
    return this.next() % limit
  }
}

const SEPARATORS = Buffer.from(',; |=:"[]{}()<>\t/')
const VALUES = [
  ['', '0', '-1', '65535', '65536', '4294967296', '18446744073709551616', '1e9', '0x1F', '007', '٣'],
  ['198.51.100.7', '203.0.113.10', '0.0.0.0', '255.255.255.255', '010.1.1.1', '10.2.75.414', '1.2.3'],
  ['2001:db8::1', '::', '::ffff:192.0.2.1', 'fe80::1%eth0', ':::', '2001:db8:1:2:3:4:5:6:7', 'xxx.xx.x.xx'],
  ['"', '""', '\\"', "'", '\\', '\\\\', '#011', '#012', '#000', '\u0000', '\r', '\ufeff', '\u202e', '%s'],
  [
    '2025/02/30 24:61:61',
    '0000-00-00T00:00:00Z',
    '1970-01-01T00:00:00Z',
    'Feb 29 2023',
    '9999999999999999999',
  ],
  ['$src', '${src}', 'n/a', 'N/A', 'null', 'true', '[]', '{}', '{"a":{"a":{', '<14>', '<999>1 ', '- - - - '],
  ['; SrcIP=192.0.2.66', ',THREAT,', ' SRC=192.0.2.66', ' src=192.0.2.66', '"src_ip":"192.0.2.66",', '|'],
  [
    'IN=eth0 OUT=',
    'CEF:0|',
    'LEEF:2.0|',
    '%ASA-6-302013: ',
    'filterlog: ',
    'kernel: ',
    'message repeated 3 times: [',
  ],
  ['Feb 20 11:49:43 fw ', '1 2025-02-20T11:49:43Z fw - - - - ', '535 <14>', 'é', '\u{1f525}'],
]
  .flat()
  .map((value) => Buffer.from(value))
const LIMIT_BYTES = 65_536

export class Mutator {
  readonly #random: Random
  readonly #seeds: readonly Buffer[]

  constructor(seeds: readonly Buffer[], seed: number) {
    this.#seeds = seeds
    this.#random = new Random(seed)
  }

  /** The next case. */
  next(): Buffer {
    const random = this.#random
    const kind = random.below(16)
    if (kind === 0) return this.#noise()
    let line = this.#pick()
    if (kind === 1) return line.subarray(0, random.below(line.length + 1))
    if (kind === 2) return line.subarray(random.below(line.length))
    for (let changes = 1 + random.below(4); changes > 0; changes--) {
      line = kind < 6 ? this.#flip(line) : kind < 9 ? this.#put(line) : this.#byGrammar(line)
    }
    if (random.below(2000) === 0) line = this.#swell(line)
    return line.length > LIMIT_BYTES ? line.subarray(0, LIMIT_BYTES) : line
  }

  #pick(): Buffer {
    return this.#seeds[this.#random.below(this.#seeds.length)] as Buffer
  }

  #noise(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#random.below(300))
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#random.next() >>> 11
    return bytes
  }

  #flip(line: Buffer): Buffer {
    if (line.length === 0) return line
    const copy = Buffer.from(line)
    const at = this.#random.below(copy.length)
    copy[at] = (copy[at] as number) ^ (1 << this.#random.below(8))
    return copy
  }

  /** Puts a value in, or over what is there. */
  #put(line: Buffer): Buffer {
    const at = this.#random.below(line.length + 1)
    const value = VALUES[this.#random.below(VALUES.length)] as Buffer
    const over = this.#random.below(2) === 0 ? value.length : 0
    return Buffer.concat([line.subarray(0, at), value, line.subarray(Math.min(line.length, at + over))])
  }

  #byGrammar(line: Buffer): Buffer {
    const random = this.#random
    const [from, to] = this.#piece(line)
    const front = line.subarray(0, from)
    const piece = line.subarray(from, to)
    const back = line.subarray(to)
    switch (random.below(6)) {
      case 0:
        return Buffer.concat([front, back])
      case 1:
        return Buffer.concat([front, piece, piece, back])
      case 2:
        return Buffer.concat([front, VALUES[random.below(VALUES.length)] as Buffer, back])
      case 3: {
        const other = this.#pick()
        const [otherFrom, otherTo] = this.#piece(other)
        return Buffer.concat([front, other.subarray(otherFrom, otherTo), back])
      }
      case 4: {
        const [laterFrom, laterTo] = this.#piece(back)
        const later = back.subarray(laterFrom, laterTo)
        return Buffer.concat([front, later, back.subarray(0, laterFrom), piece, back.subarray(laterTo)])
      }
      default: {
        const other = this.#pick()
        return Buffer.concat([front, other.subarray(random.below(other.length + 1))])
      }
    }
  }

  /** A stretch between two separators, the second one included. */
  #piece(line: Buffer): [number, number] {
    if (line.length === 0) return [0, 0]
    const separator = SEPARATORS[this.#random.below(SEPARATORS.length)] as number
    const start = line.indexOf(separator, this.#random.below(line.length))
    if (start < 0) return [0, line.length]
    const end = line.indexOf(separator, start + 1)
    return [start + 1, end < 0 ? line.length : end + 1]
  }

  /** Tens of kilobytes of one piece. */
  #swell(line: Buffer): Buffer {
    const [from, to] = this.#piece(line)
    const piece = line.subarray(from, Math.max(from + 1, to))
    if (piece.length === 0) return line
    const many = Buffer.alloc(60_000, piece)
    return Buffer.concat([line.subarray(0, from), many, line.subarray(from)])
  }
}
