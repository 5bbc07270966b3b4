/**
 * Random scan: one source, more than N distinct (destination, port) pairs within M minutes that lie on at least `hosts`
 * hosts and at least `ports` ports. Neither port scan (one host) nor host sweep (one port) sees a source that draws both
 * at random. Pairs of completed sessions do not count.
 *
 * Hosts and ports are counted among the pairs that are kept: the latest N + 1 at least, or as many as slow scan wants.
 * A source whose latest pairs lie on too few is seen when they do not; never is one convicted that did not reach all
 * three. Times are judged in steps of a minute (spread-table.ts).
 */
import { plural, reachedText } from './spread-detection.ts'
import type { SpreadMeaning } from './spread-view.ts'

export const RANDOM_SCAN: SpreadMeaning = {
  rule: 'random-scan',
  mode: ({ randomScan }) => randomScan.mode,
  windows: ({ randomScan: { pairs, windowMs } }) => (windowMs === 0 ? [] : [{ windowMs, threshold: pairs }]),
  what: 'ports over many destinations',
  ofSource: ({ pairs, windowSeconds }, threshold) => {
    const ports = new Set(pairs.map(({ port }) => port)).size
    return `${reachedText(pairs, windowSeconds, threshold)}, ${plural(ports, 'port number')} among them`
  },
}
