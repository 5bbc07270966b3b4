/**
 * Detection windows after a restart: the stored records of the last window go through the detector once more, so that
 * a scanner who was at 9 ports before a crash is not at 0 after it. Segments that an earlier run left are waited for
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
import type { FromPipeline } from './pipeline-messages.ts'
import type { LogStore } from './store/logs/log-store.ts'
import type { SegmentSender } from './store/logs/segment-sender.ts'
import { StoreError } from './store/logs/store-error.ts'

const LIMIT_MS = 120_000
const ASK_AGAIN_MS = 50
const TRY_AGAIN_MS = 500
/**
 * History batches are numbered from here, so that no line of one is taken for a line of another or of a live batch
 * (detection knows 20 bits of the number, and live ones count from 1).
 */
const FIRST_HISTORY_SEQUENCE = 2 ** 19

export interface RestoreOptions {
  readonly detector: Detector
  readonly store: LogStore
  readonly sender: SegmentSender
  /** Segments that an earlier run left. */
  readonly leftovers: number
  readonly settings: DetectionSettings
  readonly clock: Clock
  readonly tell: (message: FromPipeline) => void
  /** Ends it early: the service stops. */
  readonly signal: AbortSignal
}

/** Resolves when the windows are back or the time is up. Never rejects. */
export async function restoreWindows(options: RestoreOptions): Promise<void> {
  const { settings, clock, tell, signal } = options
  const windowMs = Math.max(settings.portScan.windowMs, settings.hostSweep.windowMs)
  if (windowMs === 0) return
  const sinceMs = clock.nowMs() - windowMs
  const limit = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), signal])
  for (;;) {
    const taken = { records: 0 }
    try {
      await takeHistory(options, sinceMs, limit, taken)
      return
    } catch (error) {
      if (signal.aborted) return
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
      return
    }
  }
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
      // Lines so far from their arrival may be of a device whose clock is insane: those never convict.
      const detections = detector
        .warmUp(records)
        .filter(({ receivedAtMs, detectedAtMs }) => receivedAtMs - detectedAtMs <= LARGEST_OFFSET_MS)
      if (detections.length > 0) tell({ kind: 'found', detections, seen: [], isRestored: true })
    },
    limit,
  )
}
