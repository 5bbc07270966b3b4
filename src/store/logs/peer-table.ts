/**
 * The table `peers`, beside the log table: with whom sessions were completed, by day of arrival (UTC). The log table has no
 * order by address, so finding one address in 30 days of it takes minutes; here it takes milliseconds. A session is
 * completed when it was allowed and carried bytes both ways.
 *
 * A row is (day, peer, role, time of the last one); the address of both sides goes in, each with its role:
 *   called  it was called by somebody: for an address outside, we began the session
 *   caller  it called, over TCP, and the application was recognised: a whole handshake
 *   other   anything else with bytes both ways, as UDP and half-open sessions, which can be forged
 *   filled  a mark on the address `::`: the day was filled from stored records
 *
 * A materialized view fills it from every block that is inserted into `logs`; what was stored before is filled in by
 * `fill`, day by day, the newest first, in short steps. A row says that something was, never how often, so a step that
 * overlaps with the view, or runs twice, changes nothing. The view must not hold up the logs: where it fails, the segment
 * is stored all the same (`materialized_views_ignore_errors`), and a crash may lose what it wrote last; a peer is seen
 * again at its next session.
 *
 * Partitions are months, in order of address: then the 30 days of an address lie side by side, and 200 addresses are looked
 * up in tens of ms; in partitions of days each of them would be looked for 30 times. Days older than those of the logs
 * are deleted with them. Everything in it can be made again from the logs: a table of another
 * version, or one that lost its view, is dropped and filled anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { LogStore } from './log-store.ts'
import { LOG_TABLE } from './log-table.ts'
import { StoreError } from './store-error.ts'

export const PEER_TABLE = 'peers'
/** Days that are filled and asked about, today included. */
export const PEER_DAYS = 30

const VIEW = 'peersOfLogs'
/** Raised when a row or the view changes its meaning. */
const VERSION = 1
const DAY_MS = 86_400_000
const FIRST_STEP_MS = 900_000
const LEAST_STEP_MS = 60_000
/** A step shares its connection with inserts of segments, so it shall be over soon. */
const STEP_LIMIT_MS = 300
const STEP_MEMORY_BYTES = 300_000_000

const COMMENT = /^active-defense peers, schema (\d+), since (\d{4}-\d{2}-\d{2})$/
const WHOLE = "application NOT IN ('incomplete', 'not-applicable')"
/** What the view takes of each block, and `fill` of stored records; `where` narrows those down. */
const SELECT = (
  where: string,
): string => `SELECT day, side.1 AS peer, side.2 AS role, max(at) AS lastAt FROM (
    SELECT toDate(receivedAt) AS day, receivedAt AS at, [
      (sourceAddress, toInt8(if(${WHOLE} AND protocol IN ('tcp', ''), 2, 3))),
      (destinationAddress, toInt8(if(${WHOLE}, 1, 3)))] AS sides
    FROM ${LOG_TABLE}
    WHERE ${where}category = 'traffic' AND disposition = 'allowed' AND bytesSent > 0 AND bytesReceived > 0
  ) ARRAY JOIN sides AS side GROUP BY day, peer, role`

/** The statements that make the table and its view; `since`: the day (`2026-11-22`) from whose end on the view is there. */
export function createPeersSql(since: string): [table: string, view: string] {
  return [
    `CREATE TABLE IF NOT EXISTS ${PEER_TABLE} (
      day Date CODEC(ZSTD(1)),
      peer IPv6 CODEC(ZSTD(1)),
      role Enum8('called' = 1, 'caller' = 2, 'other' = 3, 'filled' = 4) CODEC(ZSTD(1)),
      lastAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
    ) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (peer, role, day)
    SETTINGS index_granularity = 512, min_bytes_for_wide_part = 134217728
    COMMENT 'active-defense peers, schema ${VERSION}, since ${since}'`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${VIEW} TO ${PEER_TABLE} AS ${SELECT('')}`,
  ]
}

type PeerStore = Pick<LogStore, 'command' | 'rows'>

export class PeerTable {
  readonly #store: PeerStore
  readonly #clock: Clock
  /** The day at whose begin the view may not have been there yet; null before `prepare`. */
  #sinceMs: number | null = null
  #completeSinceMs: number | null = null

  constructor(store: PeerStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Every record that arrived from this day on is in the table (Unix ms); null while that is not known. */
  get completeSinceMs(): number | null {
    return this.#completeSinceMs
  }

  /** Makes table and view, or takes those that are there. Rejects with StoreError. */
  async prepare(signal?: AbortSignal): Promise<void> {
    const store = this.#store
    const tables = await store.rows<{ name: string; comment: string }>(
      'SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)}',
      { names: [PEER_TABLE, VIEW] },
      signal,
    )
    const comment = tables.find(({ name }) => name === PEER_TABLE)?.comment ?? null
    const [, version, since] = COMMENT.exec(comment ?? '') ?? []
    if (comment !== null && since === undefined)
      throw new StoreError(`the table ${PEER_TABLE} says "${comment}": it belongs to something else`, 0)
    if (since !== undefined && Number(version) === VERSION && tables.length === 2) {
      this.#sinceMs = Date.parse(since)
      return
    }
    const today = dayOf(this.#clock.nowMs())
    const [table, view] = createPeersSql(today)
    await store.command(`DROP VIEW IF EXISTS ${VIEW} SYNC`, {}, signal)
    await store.command(`DROP TABLE IF EXISTS ${PEER_TABLE} SYNC`, {}, signal)
    await store.command(table, {}, signal)
    await store.command(view, {}, signal)
    this.#sinceMs = Date.parse(today)
  }

  /**
   * Fills in the days of the last PEER_DAYS that the view has not seen whole, the newest first; after `prepare`. Rests as
   * long as it works. Rejects with StoreError, or when the signal aborts; it then goes on at the next call.
   */
  async fill(signal: AbortSignal): Promise<void> {
    if (this.#sinceMs === null) throw new Error('BUG: peers are filled before the table is prepared')
    const todayMs = Date.parse(dayOf(this.#clock.nowMs()))
    const oldestMs = todayMs - (PEER_DAYS - 1) * DAY_MS
    const missing = await this.#missingDays(oldestMs, this.#sinceMs, signal)
    this.#completeSinceMs = missing[0] === undefined ? oldestMs : missing[0] + DAY_MS
    for (const [n, dayMs] of missing.entries()) {
      await this.#fillDay(dayMs, signal)
      const mark = `INSERT INTO ${PEER_TABLE} (day, peer, role, lastAt) SELECT {day:Date}, '::', 'filled', now64(3)`
      await this.#store.command(mark, { day: dayOf(dayMs) }, signal)
      const next = missing[n + 1]
      this.#completeSinceMs = next === undefined ? oldestMs : next + DAY_MS
    }
  }

  /** Days with records up to that of the view which have no mark, the newest first. */
  async #missingDays(fromMs: number, toMs: number, signal: AbortSignal): Promise<number[]> {
    const rows = await this.#store.rows<{ day: string }>(
      `SELECT DISTINCT toString(YYYYMMDDToDate(toUInt32OrZero(partition))) AS day FROM system.parts
       WHERE database = currentDatabase() AND table = {table:String} AND active
         AND YYYYMMDDToDate(toUInt32OrZero(partition)) BETWEEN {from:Date} AND {to:Date}
         AND YYYYMMDDToDate(toUInt32OrZero(partition)) NOT IN (SELECT day FROM ${PEER_TABLE} WHERE peer = '::' AND role = 'filled')
       ORDER BY day DESC`,
      { table: LOG_TABLE, from: dayOf(fromMs), to: dayOf(toMs) },
      signal,
    )
    return rows.map(({ day }) => Date.parse(day))
  }

  async #fillDay(dayMs: number, signal: AbortSignal): Promise<void> {
    const sql = `INSERT INTO ${PEER_TABLE} (day, peer, role, lastAt) ${SELECT(
      'receivedAt >= fromUnixTimestamp64Milli({from:Int64}) AND receivedAt < fromUnixTimestamp64Milli({to:Int64}) AND ',
    )} SETTINGS max_threads = 1, max_insert_threads = 1, async_insert = 0, max_memory_usage = ${STEP_MEMORY_BYTES}`
    let stepMs = FIRST_STEP_MS
    for (let fromMs = dayMs; fromMs < dayMs + DAY_MS; ) {
      const toMs = Math.min(dayMs + DAY_MS, fromMs + stepMs)
      const beganMs = this.#clock.monotonicMs()
      await this.#store.command(sql, { from: fromMs, to: toMs }, signal)
      const tookMs = this.#clock.monotonicMs() - beganMs
      if (tookMs > STEP_LIMIT_MS) stepMs = Math.max(LEAST_STEP_MS, stepMs / 2)
      else if (tookMs < STEP_LIMIT_MS / 4) stepMs = Math.min(DAY_MS, stepMs * 2)
      await sleep(tookMs, undefined, { signal })
      fromMs = toMs
    }
  }
}

/** Deletes the days before one (`2026-11-22`), if there are any; to be called with those of the logs. A stranger's table is left alone. */
export async function dropPeersBefore(store: PeerStore, day: string, signal?: AbortSignal): Promise<void> {
  const [table] = await store.rows<{ comment: string }>(
    'SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table: PEER_TABLE },
    signal,
  )
  if (table === undefined || !COMMENT.test(table.comment)) return
  const before = `FROM ${PEER_TABLE} WHERE day < {day:Date}`
  const [row] = await store.rows<{ n: number | string }>(`SELECT count() AS n ${before}`, { day }, signal)
  if (Number(row?.n ?? 0) > 0)
    await store.command(
      `ALTER TABLE ${PEER_TABLE} DELETE WHERE day < {day:Date} SETTINGS mutations_sync = 1`,
      { day },
      signal,
    )
}

/** `2026-11-22`, UTC. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
