/**
 * Detection windows after a restart: the stored records of the last window go through the detector once more, without
 * detecting, so that a scanner who was at 9 ports before a crash is not at 0 after it. Segments that were not yet
 * inserted are waited for first. Bounded in time: lines that wait meanwhile must not wait long, and what could not be
 * read is told, not silently missing.
 */
import type { Detector } from './detect/detector.ts'
import type { DetectionSettings } from './detect/settings.ts'
import type { Clock } from './lib/clock.ts'
import { messageOf } from './lib/errors.ts'
import type { FromPipeline } from './pipeline-messages.ts'
import type { LogStore } from './store/logs/log-store.ts'
import type { SegmentSender } from './store/logs/segment-sender.ts'

const LIMIT_MS = 4000
const ASK_AGAIN_MS = 50

export interface RestoreOptions {
  readonly detector: Detector
  readonly store: LogStore
  readonly sender: SegmentSender
  readonly settings: DetectionSettings
  readonly clock: Clock
  readonly tell: (message: FromPipeline) => void
  /** Ends it early: the service stops. */
  readonly signal: AbortSignal
}

/** Resolves when the windows are back or the time is up. Never rejects. */
export async function restoreWindows(options: RestoreOptions): Promise<void> {
  const { detector, store, sender, settings, clock, tell, signal } = options
  const windowMs = Math.max(settings.portScan.windowMs, settings.hostSweep.windowMs)
  if (windowMs === 0) return
  const limit = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), signal])
  let records = 0
  try {
    while (!(await store.ping())) {
      limit.throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
    await store.prepare(limit) // main makes the table too; whoever comes first
    await Promise.race([sender.whenIdle(), aborted(limit)])
    await store.window(
      clock.nowMs() - windowMs,
      (batch) => {
        records += batch.count
        batch.records.raw.receivedAtMs = batch.receivedAtMs[batch.count - 1] ?? Number.NaN
        detector.warmUp(batch.records)
      },
      limit,
    )
  } catch (error) {
    if (signal.aborted) return
    const why = limit.aborted ? `it took longer than ${LIMIT_MS / 1000} s` : messageOf(error)
    tell({
      kind: 'event',
      code: 'windows-not-restored',
      part: 'detection',
      message: `only ${records} records of the last window were taken back into detection: ${why}; a scan that was under way may be seen later`,
      count: 1,
    })
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('time is up')), { once: true })
  })
}
