/**
 * The product's one way to its logs: ClickHouse over HTTP by `@clickhouse/client`, be it a server (`logs.url`) or the
 * embedded engine on its Unix socket. Everything rejects with StoreError. Reads are cancelled by an AbortSignal, which
 * ends the statement in the engine too.
 */
import { createReadStream } from 'node:fs'
import { Agent, type AgentOptions } from 'node:http'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import {
  ClickHouseError,
  type ClickHouseClient,
  createClient,
  type ResponseHeaders,
} from '@clickhouse/client'
import { type Address, formatAddress } from '../../lib/address.ts'
import { messageOf } from '../../lib/errors.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { type DetectionColumns, DetectionReader, selectList } from './detection-reader.ts'
import {
  createTableSql,
  indexMigrationSql,
  LOG_SCHEMA_VERSION,
  LOG_TABLE,
  migrationSql,
  schemaVersionOf,
} from './log-table.ts'
import { dayOf, dropPeersBefore } from './peer-table.ts'
import type { SegmentTarget } from './segment-sender.ts'
import type { SpooledSegment } from './segment-spool.ts'
import { SELECT_COLUMNS, type StoredBatch, StoredBatchReader, type StoredRecord } from './stored-batch.ts'
import { StoreError } from './store-error.ts'

export type LogStoreOptions =
  /** The embedded engine's Unix socket; it reads segment files in place. */
  | { readonly socketPath: string }
  /** A ClickHouse server, `http://user:password@host:8123/database`. */
  | { readonly url: string }

export type QueryParameters = Readonly<Record<string, unknown>>
export type QuerySettings = Readonly<Record<string, string | number>>

export interface LogSizes {
  readonly records: number
  /** On disk, compressed. */
  readonly bytes: number
  /** Of which the text of the lines; parts below 64 MiB do not tell and count as 0. */
  readonly rawBytes: number
  readonly partitions: number
  readonly firstReceivedAtMs: number | null
  readonly lastReceivedAtMs: number | null
}

/** Per segment: one block in, one part per arrival day out, and the same shape at every try. */
const INSERT_SETTINGS = {
  min_insert_block_size_rows: 1_000_000,
  min_insert_block_size_bytes: 1_073_741_824,
  max_insert_block_size: 1_000_000,
  max_block_size: 1_000_000,
  max_insert_threads: 1,
  max_partitions_per_insert_block: 0,
  async_insert: 0,
  input_format_skip_unknown_fields: 1, // the footer, see segment-file.ts
  input_format_parallel_parsing: 0,
  materialized_views_ignore_errors: 1, // the table of peers must not hold up the logs, see peer-table.ts
} as const

/** Longest wait for an answer: a segment of 200 arrival days on a slow disk. */
const REQUEST_LIMIT_MS = 600_000
const DAY_MS = 86_400_000
const CONNECTIONS = 16
const DROPS_AT_ONCE = 50
const WINDOW_LIMIT_SECONDS = 600

function socketAgent(socketPath: string): Agent {
  const options: AgentOptions & { socketPath: string } = {
    keepAlive: true,
    maxSockets: CONNECTIONS,
    socketPath,
  }
  return new Agent(options)
}

export class LogStore implements SegmentTarget {
  readonly #client: ClickHouseClient
  readonly #isEmbedded: boolean

  constructor(options: LogStoreOptions) {
    this.#isEmbedded = 'socketPath' in options
    this.#client = createClient({
      ...('socketPath' in options
        ? {
            url: 'http://localhost',
            http_agent: socketAgent(options.socketPath),
          }
        : { url: options.url, max_open_connections: CONNECTIONS }),
      request_timeout: REQUEST_LIMIT_MS,
      // Node's agent lets go of a kept connection before the time that the store names. The client's own timer for that is
      // left running by a question that is cancelled before it has a connection, and cuts off whoever has it 2 s later.
      keep_alive: { enabled: true, idle_socket_ttl: 0 },
      application: 'active-defense',
      log: { level: 127 }, // off: every fault is thrown and reported by whoever asked
    })
  }

  /** Makes the table when it is missing and adds what an older one lacks. */
  async prepare(signal?: AbortSignal): Promise<void> {
    await this.command(createTableSql(LOG_TABLE, this.#isEmbedded), {}, signal)
    const [table] = await this.rows<{ comment: string }>(
      'SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
      { table: LOG_TABLE },
      signal,
    )
    const version = schemaVersionOf(table?.comment ?? '')
    if (version === null || version > LOG_SCHEMA_VERSION)
      throw new StoreError(
        `the table ${LOG_TABLE} says "${table?.comment ?? ''}" and this version writes schema ${LOG_SCHEMA_VERSION}: it belongs to a newer version or to something else`,
        0,
      )
    const columns = await this.rows<{ name: string; type: string }>(
      'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
      { table: LOG_TABLE },
      signal,
    )
    const existing = new Map(columns.map((column) => [column.name, column.type]))
    for (const statement of migrationSql(existing)) await this.command(statement, {}, signal)
    const indexes = await this.rows<{ name: string }>(
      'SELECT name FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = {table:String}',
      { table: LOG_TABLE },
      signal,
    )
    for (const statement of indexMigrationSql(new Set(indexes.map(({ name }) => name))))
      await this.command(statement, {}, signal)
  }

  /** Whether the store answers. Never rejects. */
  async ping(): Promise<boolean> {
    return (await this.#client.ping()).success
  }

  /** A statement without a result. */
  async command(sql: string, parameters: QueryParameters = {}, signal?: AbortSignal): Promise<void> {
    await this.#finish(sql, parameters, signal)
  }

  /** All rows of a small result, as objects. */
  async rows<Row>(sql: string, parameters: QueryParameters = {}, signal?: AbortSignal): Promise<Row[]> {
    const rows: Row[] = []
    for await (const some of this.query<Row>(sql, parameters, signal)) rows.push(...some)
    return rows
  }

  /** Rows as objects, in pieces as they are found. Ends the statement in the engine when the loop is left early. */
  async *query<Row>(
    sql: string,
    parameters: QueryParameters = {},
    signal?: AbortSignal,
    settings: QuerySettings = {},
  ): AsyncGenerator<Row[]> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const piece of this.bytes(`${sql}\nFORMAT JSONEachRow`, parameters, signal, settings)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (lines.length > 0) yield lines.map((line) => JSON.parse(line) as Row)
    }
  }

  /** The bytes of a result in the format that the statement names. */
  async *bytes(
    sql: string,
    parameters: QueryParameters = {},
    signal?: AbortSignal,
    settings: QuerySettings = {},
  ): AsyncGenerator<Buffer> {
    if (signal?.aborted === true) throw new StoreError('cancelled', null, signal.reason)
    const { stream, tag } = await this.#execRead(sql, parameters, signal, settings)
    const stop = (): void => {
      stream.destroy(new StoreError('cancelled', null, signal?.reason))
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const piece of stream) {
        if (!Buffer.isBuffer(piece)) continue
        throwMarked(piece, tag)
        yield piece
      }
    } catch (error) {
      throw asStoreError(error)
    } finally {
      signal?.removeEventListener('abort', stop)
      stream.destroy()
    }
  }

  /** Visits stored records in batches; the batch is reused after each visit. `clause` follows `FROM logs`. */
  async visit(
    clause: string,
    parameters: QueryParameters,
    visit: (batch: StoredBatch) => void,
    signal?: AbortSignal,
    settings: QuerySettings = {},
  ): Promise<void> {
    const reader = new StoredBatchReader()
    const sql = `SELECT ${SELECT_COLUMNS} FROM ${LOG_TABLE} ${clause}\nFORMAT RowBinary`
    for await (const piece of this.bytes(sql, parameters, signal, settings)) reader.take(piece, visit)
    reader.finish(visit)
  }

  /**
   * Visits stored records in the form that detection takes, some 6 million a second; the batch is reused after each
   * visit. `clause` follows `FROM logs`.
   */
  async visitForDetection(
    columns: DetectionColumns,
    clause: string,
    parameters: QueryParameters,
    visit: (records: RecordBatch) => void,
    signal?: AbortSignal,
    settings: QuerySettings = {},
  ): Promise<void> {
    const reader = new DetectionReader(columns)
    const sql = `SELECT ${selectList(columns)} FROM ${LOG_TABLE} ${clause}\nFORMAT Native`
    for await (const piece of this.bytes(sql, parameters, signal, settings)) reader.take(piece, visit)
    reader.finish()
  }

  /** Latest records from a source address, newest first. */
  async recordsOf(source: Address, limit: number, signal?: AbortSignal): Promise<StoredRecord[]> {
    return this.records(
      `WHERE sourceAddress = {source:IPv6} ORDER BY eventTime DESC, segment DESC, position DESC LIMIT {limit:UInt32}`,
      { source: formatAddress(source), limit },
      signal,
    )
  }

  /** The records that a clause behind `FROM logs` finds. */
  async records(clause: string, parameters: QueryParameters, signal?: AbortSignal): Promise<StoredRecord[]> {
    const found: StoredRecord[] = []
    const take = (batch: StoredBatch): void => {
      for (let row = 0; row < batch.count; row++) found.push(batch.recordAt(row))
    }
    await this.visit(clause, parameters, take, signal)
    return found
  }

  /**
   * Visits all records that arrived since a time (Unix ms), in order of event time, to warm up detectors. That order
   * is the table's own, so millions of records pass without being sorted in memory.
   */
  async window(sinceMs: number, visit: (batch: StoredBatch) => void, signal?: AbortSignal): Promise<void> {
    await this.visit(
      'WHERE receivedAt >= fromUnixTimestamp64Milli({since:Int64}) ORDER BY eventTime, segment, position',
      { since: Math.floor(sinceMs) },
      visit,
      signal,
      { max_execution_time: WINDOW_LIMIT_SECONDS },
    )
  }

  async insertSegment(segment: SpooledSegment, token: string, signal: AbortSignal): Promise<void> {
    const settings = Object.entries({ insert_deduplication_token: `'${token}'`, ...INSERT_SETTINGS })
    const sql = `INSERT INTO ${LOG_TABLE} SETTINGS ${settings.map(([name, value]) => `${name} = ${value}`).join(', ')} FORMAT Native`
    if (this.#isEmbedded) {
      await this.#finish(sql, {}, signal, { headers: { 'x-segment': segment.fileName } })
      return
    }
    // Without the footer: a server needs to know nothing of it.
    const values = createReadStream(segment.path, { end: segment.footer.bytes - 1 })
    await this.#finish(sql, {}, signal, { values })
  }

  async countSegment(segment: SpooledSegment, signal: AbortSignal): Promise<number> {
    const [row] = await this.rows<{ n: number | string }>(
      `SELECT count() AS n FROM ${LOG_TABLE} WHERE ${SEGMENT_CONDITION}`,
      segmentParameters(segment),
      signal,
    )
    return Number(row?.n ?? 0)
  }

  async removeSegment(segment: SpooledSegment, signal: AbortSignal): Promise<void> {
    const sql = `ALTER TABLE ${LOG_TABLE} DELETE WHERE ${SEGMENT_CONDITION} SETTINGS mutations_sync = 1`
    await this.command(sql, segmentParameters(segment), signal)
  }

  /**
   * Retention: drops every partition whose whole day of arrival (UTC) ended before `beforeMs`, and returns the days
   * (`20251122`). Space is freed at once; of other tables only those days of the peers are touched, and last: that needs
   * space where the logs free it, and its failure must not keep them.
   */
  async dropPartitionsBefore(beforeMs: number, signal?: AbortSignal): Promise<string[]> {
    const day = new Date(Math.floor(beforeMs / DAY_MS) * DAY_MS)
      .toISOString()
      .slice(0, 10)
      .replaceAll('-', '')
    const old = await this.rows<{ partition: string }>(
      `SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active AND toUInt32OrZero(partition) < {day:UInt32} ORDER BY partition`,
      { table: LOG_TABLE, day },
      signal,
    )
    const days = old.map((row) => row.partition).filter((partition) => /^\d{8}$/.test(partition))
    for (let from = 0; from < days.length; from += DROPS_AT_ONCE) {
      const drops = days.slice(from, from + DROPS_AT_ONCE).map((partition) => `DROP PARTITION ${partition}`)
      await this.command(`ALTER TABLE ${LOG_TABLE} ${drops.join(', ')}`, {}, signal)
    }
    await dropPeersBefore(this, dayOf(beforeMs), signal)
    return days
  }

  async sizes(signal?: AbortSignal): Promise<LogSizes> {
    const parameters = { table: LOG_TABLE }
    const [parts] = await this.rows<Record<string, number | string | null>>(
      `SELECT sum(rows) AS records, sum(bytes_on_disk) AS bytes, uniqExact(partition) AS partitions,
         if(count() = 0, NULL, toUnixTimestamp(min(min_time)) * 1000) AS first,
         if(count() = 0, NULL, toUnixTimestamp(max(max_time)) * 1000) AS last
       FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active`,
      parameters,
      signal,
    )
    const [raw] = await this.rows<{ bytes: number | string }>(
      `SELECT sum(column_bytes_on_disk) AS bytes FROM system.parts_columns
       WHERE database = currentDatabase() AND table = {table:String} AND active AND column = 'raw'`,
      parameters,
      signal,
    )
    const number = (value: number | string | null | undefined): number => Number(value ?? 0)
    const time = (value: number | string | null | undefined): number | null =>
      value === null || value === undefined ? null : Number(value)
    return {
      records: number(parts?.['records']),
      bytes: number(parts?.['bytes']),
      rawBytes: number(raw?.bytes),
      partitions: number(parts?.['partitions']),
      firstReceivedAtMs: time(parts?.['first']),
      lastReceivedAtMs: time(parts?.['last']),
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** Runs a statement whose answer says nothing, to its end. */
  async #finish(
    sql: string,
    parameters: QueryParameters,
    signal: AbortSignal | undefined,
    extra: { headers?: Record<string, string>; values?: Readable } = {},
  ): Promise<void> {
    const { stream } = await this.#exec(sql, parameters, signal, {}, extra)
    try {
      await finished(stream.resume())
    } catch (error) {
      throw asStoreError(error)
    }
  }

  /**
   * As `#exec`, once more where the connection was lost before an answer came: a kept one may be closed at the other end just
   * as it is used again, and reading twice does no harm.
   */
  async #execRead(
    query: string,
    parameters: QueryParameters,
    signal: AbortSignal | undefined,
    settings: QuerySettings,
  ): Promise<{ stream: Readable; tag: string | null }> {
    try {
      return await this.#exec(query, parameters, signal, settings)
    } catch (error) {
      if (signal?.aborted === true || !isConnectionLost(error)) throw error
      return this.#exec(query, parameters, signal, settings)
    }
  }

  async #exec(
    query: string,
    parameters: QueryParameters,
    signal: AbortSignal | undefined,
    settings: QuerySettings,
    extra: { headers?: Record<string, string>; values?: Readable } = {},
  ): Promise<{ stream: Readable; tag: string | null }> {
    try {
      const result: { stream: Readable; response_headers: ResponseHeaders } = await this.#client.exec({
        query,
        query_params: { ...parameters },
        clickhouse_settings: { ...settings },
        ...(signal === undefined ? {} : { abort_signal: signal }),
        ...(extra.headers === undefined ? {} : { http_headers: extra.headers }),
        ...(extra.values === undefined ? {} : { values: extra.values }),
      })
      const tag = result.response_headers['x-clickhouse-exception-tag']
      return { stream: result.stream, tag: typeof tag === 'string' ? tag : null }
    } catch (error) {
      throw asStoreError(error)
    }
  }
}

/** The time span spares the search other days' partitions. */
const SEGMENT_CONDITION =
  'segment = {segment:UUID} AND receivedAt >= fromUnixTimestamp64Milli({first:Int64}) AND receivedAt <= fromUnixTimestamp64Milli({last:Int64})'

function segmentParameters(segment: SpooledSegment): QueryParameters {
  const { footer } = segment
  return { segment: footer.segment, first: footer.firstReceivedAtMs, last: footer.lastReceivedAtMs }
}

/** An error that struck when part of the result was out lies in the stream, marked with the answer's tag. */
function throwMarked(piece: Buffer, tag: string | null): void {
  const at = tag === null ? -1 : piece.indexOf(`\r\n__exception__\r\n${tag}\r\n`)
  if (at === -1) return
  const message = piece.toString('utf8', at).split('\r\n').slice(3).join(' ').trim()
  const code = /Code: (\d+)/.exec(message)?.[1]
  throw new StoreError(message, code === undefined ? 0 : Number(code))
}

function isConnectionLost(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : null
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE')
}

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (error instanceof ClickHouseError) return new StoreError(error.message, Number(error.code), error)
  return new StoreError(messageOf(error), null, error)
}
