/**
 * The pass of a backtest over the stored records: chunk by chunk of event time, each with the last full window before it,
 * so that the edges are right and windows are rebuilt without keeping anything between chunks. Rules with windows up to
 * an hour and those with longer ones are read each for themselves: the former need fewer records. Within a chunk, traffic
 * is one read and threats and logins are another; rules of the two share no state.
 *
 * Bounded: the log store streams in order of event time, batches are used again, and tables have the limit of the
 * settings. Everything is asked under one name in the statement, by which the log store's own count of what it has read
 * is found again for the progress.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DetectionSettings } from '../detect/settings.ts'
import { RULES, type RuleName } from '../model/detection.ts'
import type { RecordBatch } from '../model/record-batch.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import { backtestDetector } from './backtest-detector.ts'
import type { Curve } from './curve.ts'
import { type Selection, selectionOf } from './selection.ts'
import { evictionsOf, onlyRules, type Side } from './sides.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/**
 * Of rules with windows up to an hour: the shorter the chunk, the fewer sources touch enough pairs in it to be looked at.
 * So many records make a question worth its while, and so many windows the reading of one more.
 */
const SHORT_CHUNK_RECORDS = 1_000_000
const SHORT_WINDOWS_PER_CHUNK = 12
/** A chunk of longer windows is at least so many of them long, so that reading windows twice costs little. */
const WINDOWS_PER_CHUNK = 7
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
  /** Records of the range, for the size of chunks. */
  readonly records: number
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
  const { runs, fromMs, toMs } = options
  const figures: PassFigures = { examined: 0, warmUpRecords: 0, evictions: runs.map(() => 0) }
  const groups = groupsOf(options)
  const windowMs = Math.max(0, ...groups.map((group) => group.windowMs))
  figures.warmUpRecords = await countRecords(options.store, fromMs - windowMs, fromMs, options.signal)
  for (const [i, group] of groups.entries()) {
    const tell = (share: number): void => options.tell((i + share) / groups.length)
    const all = [...group.runs.map(({ settings }) => settings), ...(group.curve?.settings() ?? [])]
    const selection = selectionOf(all, RANGE)
    const chunkMs = chunkOf(group.windowMs, options)
    for (let atMs = fromMs; atMs < toMs; atMs += chunkMs) {
      const chunk = { readMs: atMs - group.windowMs, fromMs: atMs, toMs: Math.min(toMs, atMs + chunkMs) }
      await readChunk({ ...options, ...group, tell }, selection, chunk, figures)
      tell((chunk.toMs - fromMs) / (toMs - fromMs))
    }
  }
  return figures
}

function chunkOf(windowMs: number, { fromMs, toMs, records }: PassOptions): number {
  if (windowMs > HOUR_MS) return Math.max(DAY_MS, windowMs * WINDOWS_PER_CHUNK)
  const enoughMs = ((toMs - fromMs) * SHORT_CHUNK_RECORDS) / Math.max(1, records)
  return Math.max(windowMs * SHORT_WINDOWS_PER_CHUNK, Math.min(DAY_MS, enoughMs))
}

/** Rules that are read together: those with windows up to an hour, and those with longer ones. */
interface Group {
  /** As many as the runs of the pass, each with the rules of the group alone. */
  readonly runs: readonly Run[]
  readonly curve: Curve | null
  readonly windowMs: number
}

function groupsOf({ runs, curve }: PassOptions): Group[] {
  const isLong = (rule: RuleName): boolean =>
    runs.some(({ settings }) => longestWindowMs([onlyRules(settings, new Set([rule]))]) > HOUR_MS)
  const long = new Set(RULES.filter(isLong))
  const isCurveLong = curve !== null && longestWindowMs(curve.settings()) > HOUR_MS
  return [false, true].flatMap((wantsLong) => {
    const rules = new Set(RULES.filter((rule) => long.has(rule) === wantsLong))
    const own = runs.map(({ settings, sides }) => ({ settings: onlyRules(settings, rules), sides }))
    const ownCurve = isCurveLong === wantsLong ? curve : null
    const all = [...own.map(({ settings }) => settings), ...(ownCurve?.settings() ?? [])]
    const isNeeded = all.some((settings) => isOn(settings))
    return isNeeded ? [{ runs: own, curve: ownCurve, windowMs: longestWindowMs(all) }] : []
  })
}

/** Whether any rule is on, for any device. */
function isOn(settings: DetectionSettings): boolean {
  const { portScan, hostSweep, threat, slowScan, subnetScan, randomScan, bruteForce, vendorScan } = settings
  return (
    [portScan, hostSweep, threat, slowScan, subnetScan, randomScan, bruteForce, vendorScan].some(
      ({ mode }) => mode !== 'off',
    ) || settings.profiles.some((profile) => isOn(profile.settings))
  )
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
  const watching = watchProgress(options, chunk, signal)
  try {
    for (const read of [selection.traffic, selection.events]) {
      if (read === null) continue
      const detectors = runs.map(({ settings }) => backtestDetector(settings, seed))
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
        `/* ${name} */ ${read.clause} ORDER BY eventTime`,
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

/** Asks the log store now and then which share of the chunk's rows it has read. */
async function watchProgress(
  { store, fromMs, toMs, name, tell }: PassOptions,
  chunk: Chunk,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await sleep(ASK_PROGRESS_MS, undefined, { signal: ended }).catch(() => {}) // ended: the loop sees it
    if (ended.aborted) return
    const share = await shareRead(store, name, ended)
    if (!ended.aborted && share !== null)
      tell((chunk.fromMs - fromMs + share * (chunk.toMs - chunk.fromMs)) / (toMs - fromMs))
  }
}

/** How much the statement with the name has read of what it has to; null when the log store does not tell. */
async function shareRead(store: LogStore, name: string, signal: AbortSignal): Promise<number | null> {
  try {
    const [row] = await store.rows<{ done: number | string; all: number | string }>(
      `SELECT sum(read_rows) AS done, sum(total_rows_approx) AS all FROM system.processes
       WHERE position(query, {name:String}) > 0 AND position(query, 'system.processes') = 0`,
      { name },
      signal,
    )
    const all = Number(row?.all ?? 0)
    return all === 0 ? null : Math.min(1, Number(row?.done ?? 0) / all)
  } catch {
    return null // progress is a courtesy: what really fails, fails in the read itself
  }
}
