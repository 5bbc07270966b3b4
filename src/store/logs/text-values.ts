/**
 * What the repeating texts of the stored records can be: the distinct values of some columns of the log table, in memory.
 * A bare word is looked for in sixteen columns, and mostly occurs in one of them or in none; who knows the values knows
 * which columns need not be read.
 *
 * Parts of the table never change, so each is read once (DISTINCT of each column, some 40 ns a record in all) and then
 * known by its name and checksum. A part that was merged of known ones alone is known too: it has as many records as
 * they. The newest parts, which nobody has read, are read when a question comes. A column with too many values, or too
 * long ones, is open: it can hold anything. Values of records that were deleted since stay, which costs a column more
 * to read and nothing else.
 *
 * Bounds: MOST_VALUES and MOST_CHARACTERS a column. Lost with the process, and read anew from the newest day on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { LogStore } from './log-store.ts'
import { LOG_TABLE } from './log-table.ts'

const MOST_VALUES = 5000
const MOST_VALUE_BYTES = 1000
const MOST_CHARACTERS = 300_000
const LIMITS = {
  /** So many records are read while somebody waits: 0.1 CPU-s. */
  waitingRows: 2_000_000,
  /** So many `refresh` leaves to be read with a question. */
  leftRows: 500_000,
} as const
/** What `refresh` reads in one statement. */
const STEP_ROWS = 5_000_000
/** Days that `refresh` reads, today included. */
const DAYS = 30
/** How much longer than it works it rests, and how long at most. */
const REST = 4
const LONGEST_REST_MS = 5000
const ROUNDS = 3
const READ_SECONDS = 30
const BACKGROUND_SECONDS = 600
const DAY_MS = 86_400_000
const LAST_MS = Date.UTC(2200, 0)
/** Partition, first and last block, level; one that was altered has a fifth number. */
const PART_NAME = /^(\d+)_(\d+)_(\d+)_\d+$/

export interface ArrivalSpan {
  readonly fromMs: number
  readonly toMs: number
}

interface Part {
  readonly name: string
  readonly hash: string
  readonly rows: number
  /** Null for one that was altered. */
  readonly blocks: Blocks | null
}

interface Blocks {
  readonly partition: string
  readonly first: number
  readonly last: number
}

interface Column {
  readonly name: string
  /** With A to Z in lower case. */
  readonly values: Set<string>
  characters: number
  isOpen: boolean
}

type Limits = Readonly<Record<keyof typeof LIMITS, number>>
type TextStore = Pick<LogStore, 'query'>

export class TextValues {
  readonly #store: TextStore
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #columns: readonly Column[]
  /** Parts whose values are all in the columns, by name. */
  readonly #known = new Map<string, Part>()

  /** `columns`: names of text columns of the log table. `limits`: for tests. */
  constructor(store: TextStore, columns: readonly string[], clock: Clock, limits: Limits = LIMITS) {
    this.#store = store
    this.#limits = limits
    this.#clock = clock
    this.#columns = columns.map((name) => ({ name, values: new Set(), characters: 0, isOpen: false }))
  }

  /** Records in parts that were read, for benches and tests. */
  get knownRows(): number {
    return rowsOf([...this.#known.values()])
  }

  /**
   * Whether the values of all records that arrived in the span, and are stored by now, are known; reads what is missing
   * when that is little. Some ms. Rejects with StoreError.
   */
  async isKnown({ fromMs, toMs }: ArrivalSpan, signal?: AbortSignal): Promise<boolean> {
    const days = { first: partitionOf(fromMs), last: partitionOf(toMs) }
    for (let round = 0; round < ROUNDS; round++) {
      const unknown = await this.#unknown(days, signal)
      if (unknown.length === 0) return true
      if (rowsOf(unknown) > this.#limits.waitingRows) return false
      await this.#read(unknown, days, READ_SECONDS, signal)
    }
    return false // they are merged faster than they are read
  }

  /**
   * False where no known record has the text in that column, whatever the case of A to Z: after `isKnown` said yes, none
   * of its span. True for columns that are not kept. Linear in the values, some 10 us for a thousand.
   */
  mayHold(column: string, text: string): boolean {
    const kept = this.#columns.find(({ name }) => name === column)
    if (kept === undefined || kept.isOpen) return true
    const wanted = lowerText(text)
    for (const value of kept.values) if (value.includes(wanted)) return true
    return false
  }

  /** Reads the last days, the newest first, and rests four times as long as it works. Rejects with StoreError, or when the signal aborts. */
  async refresh(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs()
    const days = { first: partitionOf(nowMs - (DAYS - 1) * DAY_MS), last: partitionOf(nowMs + DAY_MS) }
    for (;;) {
      const unknown = await this.#unknown(days, signal)
      if (rowsOf(unknown) <= this.#limits.leftRows) return
      const beganMs = this.#clock.monotonicMs()
      await this.#read(stepOf(unknown), days, BACKGROUND_SECONDS, signal)
      const restMs = Math.min(LONGEST_REST_MS, (this.#clock.monotonicMs() - beganMs) * REST)
      await sleep(restMs, undefined, { signal })
    }
  }

  async #parts(days: Days, signal: AbortSignal | undefined): Promise<Part[]> {
    const parts: Part[] = []
    const rows = this.#store.query<{ name: string; hash: string; n: number | string }>(
      `SELECT name, hash_of_all_files AS hash, rows AS n FROM system.parts WHERE database = currentDatabase()
         AND table = {table:String} AND active AND partition BETWEEN {first:String} AND {last:String}`,
      { table: LOG_TABLE, ...days },
      signal,
    )
    for await (const some of rows)
      for (const { name, hash, n } of some)
        parts.push({ name, hash, rows: Number(n), blocks: blocksOf(name) })
    return parts
  }

  /** Parts that are there and not known. Forgets those that are gone. */
  async #unknown(days: Days, signal: AbortSignal | undefined): Promise<Part[]> {
    const parts = await this.#parts(days, signal)
    // A name that stands for something else now: the table was emptied, and its blocks are counted anew.
    if (parts.some(({ name, hash }) => (this.#known.get(name)?.hash ?? hash) !== hash)) this.#known.clear()
    const unknown: Part[] = []
    for (const part of parts.filter(({ name }) => !this.#known.has(name))) {
      if (isMergedOf(part, this.#known.values())) this.#known.set(part.name, part)
      else unknown.push(part)
    }
    const here = new Set(parts.map(({ name }) => name))
    for (const { name, blocks } of this.#known.values()) {
      const day = blocks?.partition ?? name.slice(0, 8)
      if (day >= days.first && day <= days.last && !here.has(name)) this.#known.delete(name)
    }
    return unknown
  }

  /** Those that are still there when all is read were there all the time; of others something may be missing. */
  async #read(parts: readonly Part[], days: Days, seconds: number, signal?: AbortSignal): Promise<void> {
    const columns = this.#columns.filter(({ isOpen }) => !isOpen)
    if (columns.length > 0) {
      const selects = columns.map(
        ({
          name,
        }) => `SELECT '${name}' AS field, CAST(if(length(value) > {long:UInt32}, NULL, value), 'Nullable(String)') AS text FROM (
          SELECT DISTINCT ${name} AS value FROM ${LOG_TABLE} WHERE _part IN {parts:Array(String)} LIMIT {most:UInt32})`,
      )
      const byName = new Map(columns.map((column) => [column.name, column]))
      const rows = this.#store.query<{ field: string; text: string | null }>(
        selects.join('\nUNION ALL\n'),
        { parts: parts.map(({ name }) => name), long: MOST_VALUE_BYTES, most: MOST_VALUES + 1 },
        signal,
        { max_threads: 1, max_execution_time: seconds },
      )
      for await (const some of rows)
        for (const { field, text } of some) {
          const column = byName.get(field)
          if (column !== undefined) add(column, text)
        }
    }
    const here = new Map((await this.#parts(days, signal)).map((part) => [part.name, part]))
    for (const part of parts) if (here.get(part.name)?.hash === part.hash) this.#known.set(part.name, part)
  }
}

interface Days {
  readonly first: string
  readonly last: string
}

/** The day of arrival as the table's partitions are named: `20261122`. */
function partitionOf(timeMs: number): string {
  return new Date(Math.min(Math.max(0, timeMs), LAST_MS)).toISOString().slice(0, 10).replaceAll('-', '')
}

function rowsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0)
}

/** The newest days first, at least one part. */
function stepOf(parts: readonly Part[]): Part[] {
  const step: Part[] = []
  for (const part of parts.toSorted((a, b) => (a.name < b.name ? 1 : -1))) {
    if (step.length > 0 && rowsOf(step) + part.rows > STEP_ROWS) break
    step.push(part)
  }
  return step
}

/** Null: one that is too long. */
function add(column: Column, text: string | null): void {
  if (column.isOpen) return
  const value = text === null ? null : lowerText(text)
  if (value !== null && column.values.has(value)) return
  const characters = column.characters + (value?.length ?? 0)
  if (value === null || column.values.size >= MOST_VALUES || characters > MOST_CHARACTERS) {
    column.isOpen = true
    column.values.clear()
    return
  }
  column.values.add(value)
  column.characters = characters
}

/** As the engine's `lower` has it, and with U+FFFD where the text is no text, as it is sent there. */
function lowerText(text: string): string {
  return text.toWellFormed().replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function blocksOf(name: string): Blocks | null {
  const [, partition, first, last] = PART_NAME.exec(name) ?? []
  return partition === undefined ? null : { partition, first: Number(first), last: Number(last) }
}

/** Whether the known parts within its blocks have all its records: a merge neither adds nor drops one. */
function isMergedOf({ blocks, rows }: Part, known: Iterable<Part>): boolean {
  if (blocks === null) return false
  const within: (Blocks & { readonly rows: number })[] = []
  for (const { blocks: own, rows: count } of known)
    if (own?.partition === blocks.partition && own.first >= blocks.first && own.last <= blocks.last)
      within.push({ ...own, rows: count })
  // One may have been merged of others that are known as well: only the widest count.
  within.sort((a, b) => a.first - b.first || b.last - a.last)
  let sum = 0
  let last = -1
  for (const one of within) {
    if (one.last <= last) continue
    sum += one.rows
    last = one.last
  }
  return sum === rows
}
