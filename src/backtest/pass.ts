/**
 * The pass of a backtest over the stored records: chunk by chunk of event time, each with the last full window before it,
 * so that the edges are right and windows are rebuilt without keeping anything between chunks. Within a chunk, traffic
 * is one read and threats and logins are another; rules of the two share no state.
 *
 * Bounded: the log store streams in order of event time, batches are used again, and tables have the limit of the
 * settings. Everything is asked under one name in the statement, by which the log store's own count of what it has read
 * is found again for the progress.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Detector } from '../detect/detector.ts'
import { RecentBatches } from '../detect/recent-batches.ts'
import type { DetectionSettings } from '../detect/settings.ts'
import type { RecordBatch } from '../model/record-batch.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import type { Curve } from './curve.ts'
import { type Selection, selectionOf } from './selection.ts'
import { evictionsOf, type Side } from './sides.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** A chunk is at least so many windows long, so that reading windows twice costs little. */
const WINDOWS_PER_CHUNK = 7
/** Keys per rule here; the windows of busy sources alone are built. */
const MAX_KEYS = 1_000_000
const LEAST_BYTES = 8192
const LONGEST_SECONDS = 86_400
const ASK_PROGRESS_MS = 250

/** Rules to run, and the sides that get what they find. */
export interface Run {
  readonly settings: DetectionSettings
  readonly sides: readonly Side[]
}

export interface PassOptions {
  readonly store: LogStore
  readonly runs: readonly Run[]
  readonly curve: Curve | null
  readonly fromMs: number
  readonly toMs: number
  readonly storeThreads: number
  readonly seed: number
  /** Names the statements; letters, digits and dashes. */
  readonly name: string
  readonly signal: AbortSignal
  readonly tell: (share: number) => void
}

export interface PassFigures {
  /** Rows that rules looked at, windows before the range included. */
  examined: number
  warmUpRecords: number
  /** Per run. */
  readonly evictions: number[]
}

export const RANGE =
  'eventTime >= fromUnixTimestamp64Milli({from:Int64}) AND eventTime < fromUnixTimestamp64Milli({to:Int64})'

/** Reads the range through all runs. Rejects with StoreError when the log store fails or the signal aborts. */
export async function runPass(options: PassOptions): Promise<PassFigures> {
  const { runs, curve, fromMs, toMs } = options
  const all = [...runs.map(({ settings }) => settings), ...(curve?.settings() ?? [])]
  const selection = selectionOf(all, RANGE)
  const windowMs = longestWindowMs(all)
  const chunkMs = Math.max(DAY_MS, windowMs * WINDOWS_PER_CHUNK)
  const figures: PassFigures = { examined: 0, warmUpRecords: 0, evictions: runs.map(() => 0) }
  figures.warmUpRecords = await countRecords(options.store, fromMs - windowMs, fromMs, options.signal)
  for (let atMs = fromMs; atMs < toMs; atMs += chunkMs) {
    const chunk = { readMs: atMs - windowMs, fromMs: atMs, toMs: Math.min(toMs, atMs + chunkMs) }
    await readChunk(options, selection, chunk, figures)
    options.tell((chunk.toMs - fromMs) / (toMs - fromMs))
  }
  return figures
}

/** Records of a range of event time. */
export async function countRecords(
  store: LogStore,
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): Promise<number> {
  const [row] = await store.rows<{ n: number | string }>(
    `SELECT count() AS n FROM logs WHERE ${RANGE}`,
    { from: Math.floor(fromMs), to: Math.floor(toMs) },
    signal,
  )
  return Number(row?.n ?? 0)
}

/** How far back a record can matter. */
function longestWindowMs(all: readonly DetectionSettings[]): number {
  let longestMs = 0
  for (const plain of all.flatMap((settings) => [
    settings,
    ...settings.profiles.map((one) => one.settings),
  ])) {
    const { portScan, hostSweep, randomScan, bruteForce, vendorScan, slowScan, subnetScan } = plain
    for (const rule of [portScan, hostSweep, randomScan, bruteForce, vendorScan])
      if (rule.mode !== 'off') longestMs = Math.max(longestMs, rule.windowMs)
    for (const { mode, counts, windowsMs } of [slowScan, subnetScan]) {
      if (mode === 'off') continue
      for (const [i, count] of counts.entries())
        if (count > 0) longestMs = Math.max(longestMs, windowsMs[i] ?? 0)
    }
    if (plain.darkWeight > 0) longestMs = Math.max(longestMs, DAY_MS)
  }
  return Math.max(longestMs, HOUR_MS / 6)
}

interface Chunk {
  readonly readMs: number
  readonly fromMs: number
  readonly toMs: number
}

async function readChunk(
  options: PassOptions,
  selection: Selection,
  chunk: Chunk,
  figures: PassFigures,
): Promise<void> {
  const { store, runs, curve, storeThreads, name, seed } = options
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const watching = watchProgress(options, selection, chunk, signal)
  try {
    for (const read of [selection.traffic, selection.events]) {
      if (read === null) continue
      const detectors = runs.map(({ settings }) => makeDetector(settings, seed))
      curve?.begin(seed)
      const visit = (records: RecordBatch): void => {
        figures.examined += records.count
        detectors.forEach((detector, i) => {
          const found = detector.observe(records)
          if (found.length > 0)
            for (const side of runs[i]?.sides ?? []) side.take(found, chunk.fromMs, chunk.toMs)
        })
        curve?.observe(records, chunk.fromMs, chunk.toMs)
      }
      await store.visitForDetection(
        read.columns,
        `WHERE /* ${name} */ ${RANGE} AND ${read.condition} ORDER BY eventTime, segment, position`,
        { from: Math.floor(chunk.readMs), to: Math.floor(chunk.toMs) },
        visit,
        signal,
        { max_threads: storeThreads, max_execution_time: LONGEST_SECONDS, priority: 10 },
      )
      detectors.forEach((detector, i) => {
        figures.evictions[i] = (figures.evictions[i] ?? 0) + evictionsOf([detector])
      })
    }
  } finally {
    ended.abort()
    await watching
  }
}

function makeDetector(settings: DetectionSettings, seed: number): Detector {
  return new Detector({
    settings: { ...settings, maxKeys: Math.min(settings.maxKeys, MAX_KEYS) },
    seed,
    recent: new RecentBatches(1),
    live: false,
    witnessBytes: LEAST_BYTES,
  })
}

/** Asks the log store now and then how many rows it has read, as a share of the whole range. */
async function watchProgress(
  { store, fromMs, toMs, name, tell }: PassOptions,
  { passes }: Selection,
  chunk: Chunk,
  ended: AbortSignal,
): Promise<void> {
  const rows = (await countRecords(store, chunk.readMs, chunk.toMs, ended).catch(() => 0)) * passes
  let done = 0 // of reads that have ended
  let last = 0
  while (!ended.aborted && rows > 0) {
    await sleep(ASK_PROGRESS_MS, undefined, { signal: ended }).catch(() => {}) // ended: the loop sees it
    if (ended.aborted) return
    const read = await readRows(store, name, ended)
    if (read < last) done += last
    last = read
    const share = Math.min(1, (done + read) / rows)
    tell((chunk.fromMs - fromMs + share * (chunk.toMs - chunk.fromMs)) / (toMs - fromMs))
  }
}

/** Rows that the statement with the name has read so far; 0 when the log store does not tell. */
async function readRows(store: LogStore, name: string, signal: AbortSignal): Promise<number> {
  try {
    const [row] = await store.rows<{ n: number | string }>(
      "SELECT sum(read_rows) AS n FROM system.processes WHERE position(query, {name:String}) > 0 AND position(query, 'system.processes') = 0",
      { name },
      signal,
    )
    return Number(row?.n ?? 0)
  } catch {
    return 0 // progress is a courtesy: what really fails, fails in the read itself
  }
}
