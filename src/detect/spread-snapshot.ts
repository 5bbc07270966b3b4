/**
 * The spread rules' windows as bytes and back: per table parts of a MiB, each with a head (version, kind, family, seed
 * of the hashes, clock) and a checksum. Seconds since 1970; 32-bit words in the machine's order (little-endian on all
 * that Node runs on here). Lines are not kept: their ring is gone after a restart.
 *
 * A snapshot is made in steps, records are counted in between, and so its parts show different moments. That does no
 * harm, since all records since its beginning are read once more after it was loaded, and since
 * - a step is a segment of a table, keys never change their segment, and a key's list goes with it: each key is there
 *   once and whole, as it was at some moment after the beginning;
 * - a record that a list knows changes nothing (its pair is there, in that minute or a later one);
 * - sources are saved before prefixes, so no record is known to the source's list and unknown to the prefix's: such a one
 *   would be taken for a repeat of the source and never reach its prefix.
 * Who came above meanwhile fires when the records come again, or is above already; both were told before, and a source of
 * a subnet may be told once more.
 * A step takes 2 ms at most with `detection.maxKeys` of 5 million (10,000 keys a segment), and grows with it beyond.
 */
import { crc32 } from 'node:zlib'
import { CLASS_MASK, CLASS_SHIFT, COUNT_SHIFT, KEY, LINE, META, TOUCH, USED } from './key-table.ts'
import type { SnapshotPiece } from './rule.ts'
import type { Family, Spread } from './spread.ts'
import {
  EXTRA,
  FIRST_AT,
  IDENTITY,
  LATEST,
  NOTE_AT,
  PORT_AT,
  SECONDS_AT,
  type SpreadTable,
} from './spread-table.ts'
import { LARGEST_CLASS } from './value-slots.ts'

/** Kinds of tables. */
export const SOURCES = 1
export const PREFIXES = 2

const MAGIC = 0x31445053
const VERSION = 2
/** Words of the head: magic, version, checksum, kind, family, seed (2), tick, entries, words behind the head. */
const HEAD = 10
const PART_WORDS = 1 << 18
/** Words of an entry before its values: latest, extra, meta, touch, line, elements. */
const ENTRY_HEAD = 6
const FLAG_BITS = ~((CLASS_MASK << CLASS_SHIFT) | (0xfffff << COUNT_SHIFT))
const MAX_ELEMENTS = 2 ** LARGEST_CLASS

/** A part that was read and found whole. */
export interface SnapshotPart {
  readonly kind: number
  readonly family: number
  readonly seed: number
  readonly tick: number
  readonly entries: number
  readonly words: Uint32Array
}

/** The parts of a table of both families, with a rest after each segment. */
export function* snapshotOf(spread: Spread, kind: number): Generator<SnapshotPiece> {
  for (const [number, family] of spread.families.entries())
    yield* new Writer(spread, kind, number).write(tableOf(family, kind))
}

function tableOf(family: Family, kind: number): SpreadTable {
  return (kind === SOURCES ? family.sources : family.prefixes).table
}

class Writer {
  #parts: Uint8Array[] = []
  readonly #spread: Spread
  readonly #kind: number
  readonly #family: number
  #words = new Uint32Array(0)
  #at = HEAD
  #entries = 0
  #tick = 0

  constructor(spread: Spread, kind: number, family: number) {
    this.#spread = spread
    this.#kind = kind
    this.#family = family
  }

  *write(table: SpreadTable): Generator<SnapshotPiece> {
    const { keys } = table
    this.#words = new Uint32Array(PART_WORDS)
    for (let segment = 0; segment < keys.words.length; segment++) {
      this.#tick = keys.tick
      const words = keys.words[segment] as Uint32Array
      for (let at = 0; at < words.length; at += keys.stride)
        if (words[at + META] !== 0) this.#entry(table, segment, words, at)
      yield* this.#takeParts()
      yield null
    }
    this.#finish()
    yield* this.#takeParts()
  }

  #takeParts(): Uint8Array[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  #entry(table: SpreadTable, segment: number, words: Uint32Array, at: number): void {
    const { keys, valueWords } = table
    const meta = words[at + META] as number
    const isList = ((meta >>> CLASS_SHIFT) & CLASS_MASK) !== 0
    const elements = isList ? meta >>> COUNT_SHIFT : 0
    const size = keys.keyWords + ENTRY_HEAD + (isList ? elements * (3 + valueWords) : valueWords)
    if (this.#at + size > this.#words.length) this.#finish()
    if (size > this.#words.length - HEAD) this.#words = new Uint32Array(size + HEAD)
    const into = this.#words
    let to = this.#at
    for (let k = 0; k < keys.keyWords; k++) into[to++] = words[at + KEY + k] as number
    into[to++] = words[at + LATEST] as number
    into[to++] =
      this.#kind === SOURCES && !isList
        ? this.#portOf(words[at + EXTRA] as number)
        : (words[at + EXTRA] as number)
    into[to++] = meta & FLAG_BITS
    into[to++] = words[at + TOUCH] as number
    into[to++] = this.#kind === SOURCES ? 0 : (words[at + LINE] as number)
    into[to++] = elements
    if (isList) {
      table.open(segment, at)
      const { chunk, base, stride } = table
      for (let n = 0; n < elements; n++) {
        const e = base + n * stride
        into[to++] = chunk[e + SECONDS_AT] as number
        into[to++] = this.#portOf(chunk[e + PORT_AT] as number)
        into[to++] = this.#kind === SOURCES ? 0 : (chunk[e + NOTE_AT] as number)
        for (let k = 0; k < valueWords; k++) into[to++] = chunk[e + FIRST_AT + k] as number
      }
    } else for (let k = 0; k < valueWords; k++) into[to++] = words[at + keys.valueAt + k] as number
    this.#at = to
    this.#entries++
  }

  #portOf(word: number): number {
    return (word & IDENTITY) >>> 0
  }

  #finish(): void {
    const { seed } = this.#spread
    const words = this.#words.slice(0, this.#at)
    words.set(
      [
        MAGIC,
        VERSION,
        0,
        this.#kind,
        this.#family,
        seed >>> 0,
        Math.floor(seed / 2 ** 32) >>> 0,
        this.#tick,
        this.#entries,
        this.#at - HEAD,
      ],
      0,
    )
    words[2] = checksumOf(words)
    this.#parts.push(new Uint8Array(words.buffer))
    this.#at = HEAD
    this.#entries = 0
  }
}

/** Of everything but the checksum itself. */
function checksumOf(words: Uint32Array): number {
  return crc32(new Uint8Array(words.buffer, words.byteOffset + 12, words.byteLength - 12), words[1])
}

/** Parts that are whole and fit together, or null: damaged, cut, of another version, or none. */
export function readParts(given: readonly Uint8Array[]): SnapshotPart[] | null {
  const parts = given.map(readPart)
  const seed = parts[0]?.seed
  if (seed === undefined) return null
  const whole: SnapshotPart[] = []
  for (const part of parts) {
    if (part === null || part.seed !== seed || !isWellFormed(part)) return null
    whole.push(part)
  }
  return whole
}

function readPart(bytes: Uint8Array): SnapshotPart | null {
  if (bytes.byteLength < HEAD * 4 || bytes.byteLength % 4 !== 0) return null
  const words = new Uint32Array(bytes.slice().buffer)
  const [magic, version, checksum, kind = 0, family = 0, low = 0, high = 0, tick = 0, entries = 0, size] =
    words
  if (magic !== MAGIC || version !== VERSION || size !== words.length - HEAD) return null
  if ((kind !== SOURCES && kind !== PREFIXES) || family > 1 || checksum !== checksumOf(words)) return null
  return { kind, family, seed: high * 2 ** 32 + low, tick, entries, words: words.subarray(HEAD) }
}

function shapeOf({ kind, family }: SnapshotPart): { keyWords: number; valueWords: number } {
  if (family === 0) return { keyWords: 1, valueWords: 1 }
  return { keyWords: kind === SOURCES ? 4 : 2, valueWords: 5 }
}

function isWellFormed(part: SnapshotPart): boolean {
  const { keyWords, valueWords } = shapeOf(part)
  let at = 0
  for (let n = 0; n < part.entries; n++) {
    const elements = part.words[at + keyWords + ENTRY_HEAD - 1]
    if (elements === undefined || elements > MAX_ELEMENTS) return false
    at += keyWords + ENTRY_HEAD + (elements === 0 ? valueWords : elements * (3 + valueWords))
  }
  return at === part.words.length
}

/** Puts parts into a Spread, whose tables of their kinds must be empty. False, and nothing is changed, when they are not. */
export function restore(spread: Spread, parts: readonly SnapshotPart[]): boolean {
  const [first] = parts
  if (first === undefined) return true
  if (first.seed !== spread.seed) {
    const isEmpty = spread.families.every(({ tables }) => tables.every(({ keys }) => keys.counted.keys === 0))
    if (!isEmpty) return false
    spread.adopt(first.seed)
  }
  const tables = new Set(parts.map(({ kind, family }) => tableOf(spread.families[family as 0 | 1], kind)))
  if ([...tables].some(({ keys }) => keys.counted.keys > 0)) return false
  for (const part of parts) restorePart(tableOf(spread.families[part.family as 0 | 1], part.kind), part)
  return true
}

function restorePart(table: SpreadTable, part: SnapshotPart): void {
  const { keys, valueWords } = table
  const { words: from } = part
  keys.tick = part.tick
  let at = 0
  for (let n = 0; n < part.entries; n++) {
    const hash = keys.hash.of(from, at, keys.keyWords)
    const segment = hash >>> keys.segmentShift
    const place = keys.insert(segment, hash, from, at, -1)
    const words = keys.words[segment] as Uint32Array
    at += keys.keyWords
    const [latest = 0, extra = 0, flags = 0, touch = 0, line = 0, elements = 0] = from.subarray(
      at,
      at + ENTRY_HEAD,
    )
    at += ENTRY_HEAD
    words[place + LATEST] = latest
    words[place + EXTRA] = extra
    words[place + TOUCH] = touch
    words[place + LINE] = line
    words[place + META] = (flags & FLAG_BITS) | USED | (1 << COUNT_SHIFT)
    if (elements === 0) {
      words.set(from.subarray(at, at + valueWords), place + keys.valueAt)
      at += valueWords
    } else {
      restoreList(table, segment, place, from, at, elements)
      at += elements * (3 + valueWords)
    }
  }
}

function restoreList(
  table: SpreadTable,
  segment: number,
  place: number,
  from: Uint32Array,
  at: number,
  elements: number,
): void {
  const { keys, valueWords } = table
  const words = keys.words[segment] as Uint32Array
  if (!table.openNew(segment, place, elements)) {
    // Memory is spent: its first element is what is left of it.
    words[place + EXTRA] = from[at + 1] as number
    words[place + LINE] = from[at + 2] as number
    words.set(from.subarray(at + 3, at + 3 + valueWords), place + keys.valueAt)
    return
  }
  const { chunk, base, stride } = table
  for (let n = 0; n < elements; n++, at += 3 + valueWords) {
    const e = base + n * stride
    chunk[e + SECONDS_AT] = from[at] as number
    chunk[e + PORT_AT] = from[at + 1] as number
    chunk[e + NOTE_AT] = from[at + 2] as number
    for (let k = 0; k < valueWords; k++) chunk[e + FIRST_AT + k] = from[at + 3 + k] as number
  }
  words[place + META] =
    ((words[place + META] as number) & ((1 << COUNT_SHIFT) - 1)) | (elements << COUNT_SHIFT)
}
