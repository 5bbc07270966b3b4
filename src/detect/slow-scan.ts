/**
 * Slow scan: one source, over all our destinations more than N distinct (destination, port) pairs within 1 hour, 6 hours
 * or 24 hours, each window with an N of its own. Pairs of completed sessions do not count: that is use, not search.
 *
 * The source is above while any window is above its N; it fires when it comes above, by the shortest window that is,
 * and again only after all windows have been at or below. Times are judged in steps of a minute (spread-table.ts).
 */
import { reachedText } from './spread-detection.ts'
import { meantWindows, type SpreadMeaning } from './spread-view.ts'

export const SLOW_SCAN: SpreadMeaning = {
  rule: 'slow-scan',
  mode: ({ slowScan }) => slowScan.mode,
  windows: ({ slowScan }) => meantWindows(slowScan),
  what: 'ports over all destinations',
  ofSource: ({ pairs, windowSeconds }, threshold) => reachedText(pairs, windowSeconds, threshold),
}
