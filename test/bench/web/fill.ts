/**
 * Fills a data folder with many stored records, as a busy site would have them after a day: real lines of the workload,
 * read, parsed and stored by the service, then copied in SQL to other times of the day. Every copy has other sources of
 * the long tail and other destinations, segments of 250 ms of arrival, and arrival a little after the event.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../../src/lib/clock.ts'
import { EmbeddedLogStore } from '../../../src/store/logs/embedded.ts'
import { LogStore } from '../../../src/store/logs/log-store.ts'
import { LOG_COLUMNS } from '../../../src/store/logs/log-table.ts'
import { storedRecords } from '../log-store.ts'
import { startService } from '../service.ts'
import { writeWorkload } from '../workload.ts'

export interface FillOptions {
  readonly dataFolder: string
  readonly records: number
  readonly spanMs: number
  readonly say: (text: string) => void
}

export interface Filled {
  readonly records: number
  readonly fromMs: number
  readonly toMs: number
  readonly bytesOnDisk: number
}

const BASE_LINES = 500_000
/** Sources of the workload's tail, 10.64.0.0 and above. */
const SOURCES = 1_000_000
const TAIL_BASE = 0x0a40_0000
/** Lines are kept in the newest records only: they are most of the work of filling, and what is searched in them is. */
const RAW_SHARE = 0.1
const BASE_STORED = 'base-stored'
const FILL_BYTES = 2 * 2 ** 30
/** A segment is closed after so long. */
const SEGMENT_MS = 250
const LIMIT_SECONDS = 300
const INSERT_SETTINGS =
  'max_threads = 2, max_insert_threads = 1, max_block_size = 65536, min_insert_block_size_rows = 524288, min_insert_block_size_bytes = 536870912, max_insert_block_size = 524288, max_partitions_per_insert_block = 0, async_insert = 0'

/**
 * The folder then has the records of `spanMs` up to now; some 300,000 of them are made a second on a free core. A folder
 * whose filling was broken off is filled further, and a full one is taken as it is.
 */
export async function fillStore({ dataFolder, records, spanMs, say }: FillOptions): Promise<Filled> {
  const copies = Math.max(1, Math.round(records / BASE_LINES))
  const sliceMs = spanMs / copies
  if (!existsSync(join(dataFolder, BASE_STORED))) {
    say(`storing ${BASE_LINES} lines by the service`)
    const toMs = Math.floor(systemClock.nowMs() / 1000) * 1000
    await storeBase(dataFolder, toMs, BASE_LINES / (sliceMs / 1000))
    writeFileSync(join(dataFolder, BASE_STORED), '')
  }
  const { engine, store } = await openStore(dataFolder, FILL_BYTES)
  if ((await count(store, 'logs')) < copies * BASE_LINES) await copyBase(store, copies, sliceMs, say)
  say('waiting for merges')
  await whenMerged(store)
  const sizes = await store.sizes()
  const [last] = await store.rows<{ at: number | string }>(
    'SELECT toUnixTimestamp64Milli(max(receivedAt)) AS at FROM logs',
  )
  await store.close()
  await engine.stop()
  const toMs = Number(last?.at ?? 0)
  return { records: sizes.records, fromMs: toMs - spanMs, toMs, bytesOnDisk: sizes.bytes }
}

async function copyBase(
  store: LogStore,
  copies: number,
  sliceMs: number,
  say: (text: string) => void,
): Promise<void> {
  await store.command('CREATE TABLE IF NOT EXISTS base AS logs')
  if ((await count(store, 'base')) === 0) {
    await store.command(`INSERT INTO base SELECT * FROM logs SETTINGS ${INSERT_SETTINGS}`)
    await store.command('TRUNCATE TABLE logs SYNC')
  }
  for (let copy = Math.floor((await count(store, 'logs')) / BASE_LINES); copy < copies; copy++) {
    // oldest first, as they would have come
    const shiftMs = Math.round((copies - 1 - copy) * sliceMs)
    const hasRaw = copy >= copies - Math.ceil(copies * RAW_SHARE)
    await store.command(`INSERT INTO logs (${NAMES}) ${copySql(hasRaw)} SETTINGS ${INSERT_SETTINGS}`, {
      shift: shiftMs,
      copy,
    })
    if (copy % 10 === 9) say(`${(copy + 1) * BASE_LINES} records`)
  }
  await store.command('DROP TABLE base SYNC')
}

/** The engine on a folder, and its client. */
export async function openStore(
  folder: string,
  memoryBytes: number,
): Promise<{ engine: EmbeddedLogStore; store: LogStore }> {
  const engine = new EmbeddedLogStore({ folder, memoryBytes, clock: systemClock, report: () => {} })
  await engine.start()
  const store = new LogStore({ socketPath: engine.socketPath })
  await store.prepare()
  return { engine, store }
}

async function count(store: LogStore, table: string): Promise<number> {
  const [row] = await store.rows<{ n: number | string }>(`SELECT count() AS n FROM ${table}`)
  return Number(row?.n ?? 0)
}

async function storeBase(dataFolder: string, endMs: number, linesPerSecond: number): Promise<void> {
  const watched = join(dataFolder, '../watched')
  mkdirSync(watched, { recursive: true })
  const written = join(dataFolder, '../written.csv')
  writeWorkload(written, {
    lines: BASE_LINES,
    seed: 1,
    sources: SOURCES,
    linesPerSecond,
    endMs,
    format: 'csv',
  })
  const service = await startService({
    dataFolder,
    settings: { 'files.watch': join(watched, '*.log'), 'decisions.maxPerMinute': 1_000_000 },
  })
  renameSync(written, join(watched, 'SYD-FW-01.log'))
  const endWaitMs = performance.now() + LIMIT_SECONDS * 1000
  while ((await storedRecords(dataFolder)) < BASE_LINES) {
    if (performance.now() > endWaitMs) throw new Error('the lines were not stored in time')
    await delay(200)
  }
  await service.stop()
}

const NAMES = LOG_COLUMNS.map(({ name }) => `\`${name}\``).join(', ')

/** One copy of the base, moved back by `shift` ms. */
function copySql(hasRaw: boolean): string {
  const tail = `IPv4ToIPv6(toIPv4(toUInt32(${TAIL_BASE} + cityHash64(sourceAddress, {copy:UInt32}) % ${SOURCES})))`
  const arrivalMs = 'toUnixTimestamp64Milli(arrival)'
  const madeMs = `toUInt64(${arrivalMs} - ${arrivalMs} % ${SEGMENT_MS})`
  // A UUIDv7: the time, the version, 12 random bits; then the variant and 62 random bits.
  const high = `bitOr(bitShiftLeft(${madeMs}, 16), 28672 + cityHash64(${madeMs}) % 4096)`
  const low = `bitOr(toUInt64(9223372036854775808), bitShiftRight(sipHash64(${madeMs}), 2))`
  const changed: Readonly<Record<string, string>> = {
    ...(hasRaw ? {} : { raw: "''" }),
    eventTime: 'moved',
    receivedAt: 'arrival',
    segment: `reinterpret(toUInt128(${high}) + bitShiftLeft(toUInt128(${low}), 64), 'UUID')`,
    sourceAddress: `if(sourceAddress >= toIPv6('::ffff:10.64.0.0'), ${tail}, sourceAddress)`,
  }
  return `SELECT ${LOG_COLUMNS.map(({ name }) => changed[name] ?? `\`${name}\``).join(', ')} FROM (
    SELECT *, eventTime - toIntervalMillisecond({shift:Int64}) AS moved,
      moved + toIntervalMillisecond(50 + cityHash64(position, sequenceNumber, {copy:UInt32}) % 1400) AS arrival FROM base)`
}

/** Merges run by themselves; they shall not be measured with it. */
async function whenMerged(store: LogStore): Promise<void> {
  for (let rounds = 0; rounds < 5; ) {
    await delay(400)
    const [row] = await store.rows<{ n: number | string }>('SELECT count() AS n FROM system.merges')
    rounds = Number(row?.n ?? 0) === 0 ? rounds + 1 : 0
  }
}
