/**
 * Detection windows after a restart: the stored records of the last window go through the detector once more, so that
 * a scanner who was at 9 ports before a crash is not at 0 after it. Windows of hours are kept in a snapshot
 * (window-snapshot.ts): then the records since it are read too. Where there was none, or none that fits, the long
 * windows are rebuilt from stored records, the newest hour first, in the columns that detection needs, as far back as
 * the time allows. Segments that an earlier run left are waited for
 * first. What fires is reported again: a kill may have come after the convicting line was safe and before the
 * decision was. It is told as restored, so that what was judged already is not judged again.
 *
 * Lines that come meanwhile need not wait for it: history that is taken in behind them is like records that come late,
 * and the windows end up the same. A log store that ends meanwhile is asked again. Bounded in time; what could not be
 * read is told, not silently missing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Detector } from './detect/detector.ts'
import { LARGEST_OFFSET_MS } from './detect/device-clocks.ts'
import type { DetectionSettings } from './detect/settings.ts'
import type { Clock } from './lib/clock.ts'
import { messageOf } from './lib/errors.ts'
import { FLAG } from './model/log-record.ts'
import type { RecordBatch } from './model/record-batch.ts'
import type { FromPipeline } from './pipeline-messages.ts'
import { type DetectionColumns, TRAFFIC_COLUMNS } from './store/logs/detection-reader.ts'
import type { LogStore } from './store/logs/log-store.ts'
import type { SegmentSender } from './store/logs/segment-sender.ts'
import { StoreError } from './store/logs/store-error.ts'

const LIMIT_MS = 120_000
/** For the hours before the last window, when no snapshot told of them. */
const REBUILD_LIMIT_MS = 60_000
const HOUR_MS = 3_600_000
/** The snapshot's time is that of the service's clock; lines may lie in a segment a while before they are stored. */
const SNAPSHOT_MARGIN_MS = 60_000
const ASK_AGAIN_MS = 50
const TRY_AGAIN_MS = 500
/**
 * History batches are numbered from here, so that no line of one is taken for a line of another or of a live batch
 * (detection knows 20 bits of the number, and live ones count from 1).
 */
const FIRST_HISTORY_SEQUENCE = 2 ** 19
const FIRST_REBUILT_SEQUENCE = FIRST_HISTORY_SEQUENCE + 2 ** 18
/** What scan rules over hours look at; the lines themselves are not read. */
const REBUILD_COLUMNS: DetectionColumns = {
  ...TRAFFIC_COLUMNS,
  texts: [...TRAFFIC_COLUMNS.texts, 'device', 'sourceZone', 'destinationZone', 'sourceCountry', 'rule'],
  sender: true,
  arrival: true,
}
const COUNTABLE = `category = 'traffic' AND sourcePort != 0 AND destinationPort != 0 AND bitAnd(flags, ${FLAG.unparsed | FLAG.ambiguous | FLAG.duplicate}) = 0`

export interface RestoreOptions {
  readonly detector: Detector
  readonly store: LogStore
  readonly sender: SegmentSender
  /** Segments that an earlier run left. */
  readonly leftovers: number
  readonly settings: DetectionSettings
  /** When the long windows that were loaded were saved; null when there were none to load. */
  readonly snapshotAtMs: number | null
  /** When windows were reset last: nothing older is taken in. Null never. */
  readonly resetAtMs: number | null
  readonly clock: Clock
  readonly tell: (message: FromPipeline) => void
  /** Ends it early: the service stops, or windows are reset. */
  readonly signal: AbortSignal
}

/** Resolves when the windows are back or the time is up. Never rejects. */
export async function restoreWindows(options: RestoreOptions): Promise<void> {
  const { settings, clock, signal, snapshotAtMs } = options
  const nowMs = clock.nowMs()
  const resetAtMs = options.resetAtMs ?? Number.NEGATIVE_INFINITY
  const windowMs = shortWindowMs(settings)
  const snapshotMs = snapshotAtMs === null ? nowMs : snapshotAtMs - SNAPSHOT_MARGIN_MS
  const sinceMs = Math.max(resetAtMs, Math.min(nowMs - windowMs, snapshotMs))
  if (!(await restoreShort(options, sinceMs))) return
  if (snapshotAtMs === null && longWindowMs(settings) > windowMs && !signal.aborted)
    await rebuildLong(options, sinceMs, Math.max(resetAtMs, nowMs - longWindowMs(settings)))
}

/** Of the rules whose windows are read back alone. */
function shortWindowMs(settings: DetectionSettings): number {
  return longestMs(settings, ({ portScan, hostSweep, bruteForce, vendorScan }) =>
    [portScan, hostSweep, bruteForce, vendorScan].map((rule) => (rule.mode === 'off' ? 0 : rule.windowMs)),
  )
}

/** Of the rules whose windows are kept. */
function longWindowMs(settings: DetectionSettings): number {
  return longestMs(settings, ({ slowScan, subnetScan, randomScan }) => [
    ...[slowScan, subnetScan].flatMap(({ mode, counts, windowsMs }) =>
      windowsMs.filter((_, i) => mode !== 'off' && (counts[i] ?? 0) > 0),
    ),
    randomScan.mode === 'off' ? 0 : randomScan.windowMs,
  ])
}

function longestMs(settings: DetectionSettings, of: (settings: DetectionSettings) => number[]): number {
  const all = [settings, ...settings.profiles.map((profile) => profile.settings)]
  return Math.max(0, ...all.flatMap(of))
}

/** False when it could not be done, which has been told. */
async function restoreShort(options: RestoreOptions, sinceMs: number): Promise<boolean> {
  const { tell, signal } = options
  const limit = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), signal])
  for (;;) {
    const taken = { records: 0 }
    try {
      await takeHistory(options, sinceMs, limit, taken)
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (!limit.aborted && error instanceof StoreError && error.isTransient) {
        // The log store ended under the question. What was taken in already may be taken in again.
        await sleep(TRY_AGAIN_MS, undefined, { signal: limit }).catch(() => {})
        continue
      }
      const why = limit.aborted ? `it took longer than ${LIMIT_MS / 1000} s` : messageOf(error)
      tell({
        kind: 'event',
        code: 'windows-not-restored',
        part: 'detection',
        message: `only ${taken.records} records of the last window were taken back into detection: ${why}; a scan that was under way may be seen later`,
        count: 1,
      })
      return false
    }
  }
}

/** Hour by hour back from the last window; what is taken in behind newer records is like records that come late. */
async function rebuildLong(options: RestoreOptions, toMs: number, oldestMs: number): Promise<void> {
  const { store, detector, tell, signal } = options
  const limit = AbortSignal.any([AbortSignal.timeout(REBUILD_LIMIT_MS), signal])
  let sequence = FIRST_REBUILT_SEQUENCE
  for (let endMs = toMs; endMs > oldestMs; endMs -= HOUR_MS) {
    const beginMs = Math.max(oldestMs, endMs - HOUR_MS)
    try {
      await store.visitForDetection(
        REBUILD_COLUMNS,
        `WHERE receivedAt >= fromUnixTimestamp64Milli({from:Int64}) AND receivedAt < fromUnixTimestamp64Milli({to:Int64}) AND ${COUNTABLE} ORDER BY eventTime, segment, position`,
        { from: Math.floor(beginMs), to: Math.floor(endMs) },
        (records) => {
          records.sequence = sequence++
          takeIn(detector, records, tell)
        },
        limit,
        { max_threads: 1 },
      )
    } catch (error) {
      if (signal.aborted) return
      const why = limit.aborted ? `it took longer than ${REBUILD_LIMIT_MS / 1000} s` : messageOf(error)
      tell({
        kind: 'event',
        code: 'windows-not-restored',
        part: 'detection',
        message: `windows of hours were rebuilt from stored records back to ${new Date(endMs).toISOString()} only: ${why}; a slow scan that was under way may be seen later`,
        count: 1,
      })
      return
    }
  }
}

/** Lines so far from their arrival may be of a device whose clock is insane: those never convict. */
function takeIn(detector: Detector, records: RecordBatch, tell: RestoreOptions['tell']): void {
  const detections = detector
    .warmUp(records)
    .filter(({ receivedAtMs, detectedAtMs }) => receivedAtMs - detectedAtMs <= LARGEST_OFFSET_MS)
  if (detections.length > 0) tell({ kind: 'found', detections, seen: [], isRestored: true })
}

async function takeHistory(
  { detector, store, sender, leftovers, tell }: RestoreOptions,
  sinceMs: number,
  limit: AbortSignal,
  taken: { records: number },
): Promise<void> {
  while (!(await store.ping()) || sender.segments + sender.quarantined < leftovers) {
    await sleep(ASK_AGAIN_MS, undefined, { signal: limit })
  }
  await store.prepare(limit) // main makes the table too; whoever comes first
  let sequence = FIRST_HISTORY_SEQUENCE
  await store.window(
    sinceMs,
    (batch) => {
      const { records } = batch
      taken.records += batch.count
      records.sequence = sequence++
      records.raw.receivedAtMs = batch.receivedAtMs[batch.count - 1] ?? Number.NaN
      takeIn(detector, records, tell)
    },
    limit,
  )
}
