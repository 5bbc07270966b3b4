/**
 * Searches over stored records: a filter compiled to SQL, bounded in time of arrival, run beside ingestion with half of
 * the cores (two at least) and a limit on its time, and killed in the engine when whoever asked is gone.
 *
 * Rows come newest first by (receivedAt, segment, position). Looking for the newest few among many is done in spans of
 * arrival that grow from the end: the first spans mostly hold enough, and an index of arrival times spares the rest.
 */
import { availableParallelism } from 'node:os'
import { AppError, messageOf } from '../lib/errors.ts'
import type { Condition } from '../query/compile.ts'
import type { LogStore, QuerySettings } from '../store/logs/log-store.ts'
import { SELECT_COLUMNS, type StoredRecord, StoredBatchReader } from '../store/logs/stored-batch.ts'
import { StoreError } from '../store/logs/store-error.ts'

export interface Bounds {
  readonly fromMs: number
  /** Inclusive. */
  readonly toMs: number
}

/** Where a page ends: the last row shown. */
export interface Cursor {
  readonly receivedAtMs: number
  readonly segment: string
  readonly position: number
}

const LIMIT_SECONDS = 30
const LEAST_THREADS = 2
const EXPORT_LIMIT_SECONDS = 6 * 3600
/** The first span that is searched, and how much longer each next one is. */
const FIRST_SPAN_MS = 60_000
const SPAN_GROWTH = 6
/** ClickHouse: TIMEOUT_EXCEEDED, QUERY_WAS_CANCELLED, MEMORY_LIMIT_EXCEEDED. */
const TOO_LONG = 159
const CANCELLED = 394
const TOO_MUCH_MEMORY = 241
/** More than the codes of a closed set; 500 buckets of them are a number of 16 bits. */
const MOST_CODES = 16
/** Distinct values that are counted exactly; of more, those met first. */
const DISTINCT_VALUES = 2_000_000

const WITHIN =
  'receivedAt >= fromUnixTimestamp64Milli({from:Int64}) AND receivedAt <= fromUnixTimestamp64Milli({to:Int64})'
const NEWEST_FIRST = 'ORDER BY receivedAt DESC, segment DESC, position DESC'

/**
 * Half of the cores, two at least: on a small machine the engine's lower priority (embedded.ts) is what keeps the way of
 * the lines free.
 */
export function searchSettings(limitSeconds = LIMIT_SECONDS): QuerySettings {
  const cores = availableParallelism()
  return {
    max_threads: Math.max(Math.min(cores, LEAST_THREADS), Math.floor(cores / 2)),
    max_execution_time: limitSeconds,
  }
}

/**
 * What is asked, read step by step: a column of the next step only where a granule has a row left. So the condition goes
 * first, since it leaves few (a rare port among 50 million: 0.7 CPU-s instead of 2.2), but for the raw line, which is
 * most of a record. The index of arrival is asked in any case.
 */
function matching({ sql }: Condition): string {
  if (sql === '1') return `PREWHERE ${WITHIN}`
  return /\braw\b/.test(sql) ? `PREWHERE ${WITHIN} AND (${sql})` : `PREWHERE (${sql}) AND ${WITHIN}`
}

export class RecordSearch {
  readonly #store: LogStore

  constructor(store: LogStore) {
    this.#store = store
  }

  /** The newest records after the cursor, at most `limit`. `withRaw`: else the line is left empty. */
  async newest(
    condition: Condition,
    bounds: Bounds,
    options: { limit: number; cursor: Cursor | null; withRaw: boolean },
    signal: AbortSignal | undefined,
  ): Promise<StoredRecord[]> {
    const { limit, cursor, withRaw } = options
    const found: StoredRecord[] = []
    let toMs = Math.min(bounds.toMs, cursor?.receivedAtMs ?? Number.POSITIVE_INFINITY)
    for (let spanMs = FIRST_SPAN_MS; found.length < limit && toMs >= bounds.fromMs; spanMs *= SPAN_GROWTH) {
      const fromMs = Math.max(bounds.fromMs, toMs - spanMs + 1)
      const after =
        cursor === null
          ? ''
          : ' WHERE (receivedAt, segment, position) < (fromUnixTimestamp64Milli({afterMs:Int64}), {afterSegment:UUID}, {afterPosition:UInt32})'
      const clause = `${matching(condition)}${after} ${NEWEST_FIRST} LIMIT {limit:UInt32}`
      const parameters = {
        ...condition.parameters,
        from: fromMs,
        to: toMs,
        limit: limit - found.length,
        ...(cursor === null
          ? {}
          : { afterMs: cursor.receivedAtMs, afterSegment: cursor.segment, afterPosition: cursor.position }),
      }
      for await (const rows of this.#records(clause, parameters, withRaw, searchSettings(), signal))
        found.push(...rows)
      toMs = fromMs - 1
    }
    return found
  }

  /**
   * All records, newest first by event time, in the pieces in which they are read; the table's own order, so nothing is
   * sorted in memory.
   */
  async *all(
    condition: Condition,
    bounds: Bounds,
    options: { limit: number | null; withRaw: boolean },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredRecord[]> {
    const limit = options.limit === null ? '' : ' LIMIT {limit:UInt64}'
    const clause = `${matching(condition)} ORDER BY eventTime DESC, segment DESC, position DESC${limit}`
    const parameters = {
      ...condition.parameters,
      from: bounds.fromMs,
      to: bounds.toMs,
      ...(options.limit === null ? {} : { limit: options.limit }),
    }
    yield* this.#records(clause, parameters, options.withRaw, searchSettings(EXPORT_LIMIT_SECONDS), signal)
  }

  async *#records(
    clause: string,
    parameters: Readonly<Record<string, unknown>>,
    withRaw: boolean,
    settings: QuerySettings,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredRecord[]> {
    const reader = new StoredBatchReader()
    // The line is more than half of a record: who does not want it does not read it.
    const columns = withRaw ? SELECT_COLUMNS : SELECT_COLUMNS.replace(/`raw`$/, "''")
    const sql = `SELECT ${columns} FROM logs ${clause}\nFORMAT RowBinary`
    let rows: StoredRecord[] = []
    const take = (batch: StoredBatchReader['batch']): void => {
      for (let row = 0; row < batch.count; row++) rows.push(batch.recordAt(row))
    }
    try {
      for await (const piece of this.#store.bytes(sql, parameters, signal, settings)) {
        reader.take(piece, take)
        if (rows.length === 0) continue
        yield rows
        rows = []
      }
      reader.finish(take)
    } catch (error) {
      throw asAppError(error)
    }
    if (rows.length > 0) yield rows
  }

  /**
   * Counts per bucket of arrival and code of a column of a closed set, or word of `action`. Bucket and code are one number
   * of 16 bits, which the engine counts in a plain array.
   */
  async histogram(
    condition: Condition,
    bounds: Bounds,
    bucketMs: number,
    column: 'disposition' | 'severity' | 'action',
    signal: AbortSignal | undefined,
  ): Promise<{ bucket: number; name: string; count: number }[]> {
    const bucket = 'intDiv(toUnixTimestamp64Milli(receivedAt) - {from:Int64}, {width:Int64})'
    const isCode = column !== 'action'
    const key = isCode
      ? `toUInt16(${bucket} * ${MOST_CODES} + CAST(${column}, 'Int8')) AS key`
      : `${bucket} AS key, action AS name`
    const rows = await this.#rows<{ key: string | number; name?: string; n: string | number }>(
      `SELECT ${key}, count() AS n FROM logs ${matching(condition)} GROUP BY key${isCode ? '' : ', name'} ORDER BY key`,
      { ...condition.parameters, from: bounds.fromMs, to: bounds.toMs, width: bucketMs },
      signal,
    )
    return rows.map(({ key: code, name, n }) =>
      name === undefined
        ? {
            bucket: Math.floor(Number(code) / MOST_CODES),
            name: String(Number(code) % MOST_CODES),
            count: Number(n),
          }
        : { bucket: Number(code), name, count: Number(n) },
    )
  }

  /** The most frequent values of an expression of ours, the most frequent first. */
  async top(
    condition: Condition,
    bounds: Bounds,
    expression: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<{ value: string; count: number }[]> {
    const rows = await this.#rows<{ value: string | number; n: string | number }>(
      `SELECT toString(${expression}) AS value, count() AS n FROM logs ${matching(condition)}
       GROUP BY ${expression} ORDER BY n DESC, value LIMIT {limit:UInt32}`,
      { ...condition.parameters, from: bounds.fromMs, to: bounds.toMs, limit },
      signal,
      { max_rows_to_group_by: DISTINCT_VALUES, group_by_overflow_mode: 'any' },
    )
    return rows.map(({ value, n }) => ({ value: String(value), count: Number(n) }))
  }

  /** The same with what else is known of the values. */
  async topWithMore(
    condition: Condition,
    bounds: Bounds,
    expression: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<TopRow[]> {
    const rows = await this.#rows<Record<string, string | number>>(
      `SELECT toString(${expression}) AS value, count() AS n, toUnixTimestamp64Milli(min(receivedAt)) AS firstAt,
         toUnixTimestamp64Milli(max(receivedAt)) AS lastAt, uniq(sourceAddress) AS sources, uniq(destinationAddress) AS destinations
       FROM logs ${matching(condition)} WHERE ${expression} IN (
         SELECT ${expression} FROM logs ${matching(condition)} GROUP BY ${expression} ORDER BY count() DESC LIMIT {limit:UInt32})
       GROUP BY ${expression} ORDER BY n DESC, value LIMIT {limit:UInt32}`,
      { ...condition.parameters, from: bounds.fromMs, to: bounds.toMs, limit },
      signal,
      { max_rows_to_group_by: DISTINCT_VALUES, group_by_overflow_mode: 'any' },
    )
    return rows.map((row) => ({
      value: String(row['value']),
      count: Number(row['n']),
      firstAtMs: Number(row['firstAt']),
      lastAtMs: Number(row['lastAt']),
      sources: Number(row['sources']),
      destinations: Number(row['destinations']),
    }))
  }

  /** The record that is named so; null when there is none. A segment's name tells about when it was made. */
  async byId(
    segment: string,
    position: number,
    signal: AbortSignal | undefined,
  ): Promise<StoredRecord | null> {
    const madeAtMs = Number.parseInt(segment.replaceAll('-', '').slice(0, 12), 16)
    // Mostly the lines came within the minute before; lines of an archive may have come long before.
    for (const spanMs of [60_000, 2 * 86_400_000]) {
      const clause = `PREWHERE ${WITHIN} WHERE segment = {segment:UUID} AND position = {position:UInt32} LIMIT 1`
      const parameters = { segment, position, from: Math.max(0, madeAtMs - spanMs), to: madeAtMs + spanMs }
      for await (const [record] of this.#records(clause, parameters, true, searchSettings(), signal))
        if (record !== undefined) return record
    }
    return null
  }

  async #rows<Row>(
    sql: string,
    parameters: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
    more: QuerySettings = {},
  ): Promise<Row[]> {
    try {
      const rows: Row[] = []
      for await (const some of this.#store.query<Row>(sql, parameters, signal, {
        ...searchSettings(),
        ...more,
      }))
        rows.push(...some)
      return rows
    } catch (error) {
      throw asAppError(error)
    }
  }
}

export interface TopRow {
  readonly value: string
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly sources: number
  readonly destinations: number
}

function asAppError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  const { clickhouseCode } = error
  if (clickhouseCode === TOO_LONG)
    return new AppError(
      'failed',
      `the search took longer than ${LIMIT_SECONDS} s: make the time or the filter narrower`,
    )
  if (clickhouseCode === TOO_MUCH_MEMORY)
    return new AppError('failed', 'the search needs more memory than logs.memory allows: make it narrower')
  if (clickhouseCode === CANCELLED) return new AppError('failed', 'the search was cancelled')
  if (error.isTransient)
    return new AppError('store-unavailable', `the log store does not answer: ${messageOf(error)}`, error)
  return error
}
