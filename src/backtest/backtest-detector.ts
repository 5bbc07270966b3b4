/** The detector of a backtest's passes: event time alone, and no lines, since only the columns that detection asks are read. */
import { Detector } from '../detect/detector.ts'
import { RecentBatches } from '../detect/recent-batches.ts'
import type { DetectionSettings } from '../detect/settings.ts'
import type { OnCount } from '../detect/window.ts'

/** No line is kept as evidence here. */
const LEAST_BYTES = 8192

/** `onCount`: as for the Detector. */
export function backtestDetector(settings: DetectionSettings, seed: number, onCount?: OnCount): Detector {
  return new Detector({
    settings,
    seed,
    recent: new RecentBatches(1),
    live: false,
    witnessBytes: LEAST_BYTES,
    // it sees the sources that may come near a threshold, and no others
    holdsFew: false,
    ...(onCount === undefined ? {} : { onCount }),
  })
}
