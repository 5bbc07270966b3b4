/**
 * Slow scan: one source, over all our destinations more than N distinct (destination, port) pairs within 1 hour, 6 hours
 * or 24 hours, each window with an N of its own. Pairs of completed sessions do not count: that is use, not search.
 *
 * The source is above while any window is above its N; it fires when it comes above, by the shortest window that is,
 * and again only after all windows have been at or below. Times are judged in steps of a minute (spread-table.ts).
 */
import type { Network } from '../lib/address.ts'
import type { DetectionRule, LiveCount, SnapshotPiece } from './rule.ts'
import type { CountedBatch, Found } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { reachedText, spreadDetection } from './spread-detection.ts'
import type { SpreadGroup } from './spread-group.ts'
import type { SourceFiring } from './spread-sources.ts'
import type { SpreadWork } from './spread-work.ts'

export class SlowScan implements DetectionRule {
  readonly name = 'slow-scan'
  readonly #group: SpreadGroup

  constructor(group: SpreadGroup) {
    this.#group = group
    group.onSource(this.name, (...found) => this.#found(...found))
  }

  configure(settings: DetectionSettings): void {
    this.#group.configure(this.name, settings)
  }

  observe(counted: CountedBatch, found: Found[]): void {
    this.#group.observe(this.name, counted, found)
  }

  counters(): Readonly<Record<string, number>> {
    return this.#group.counters(this.name)
  }

  save(): Iterable<SnapshotPiece> {
    return this.#group.save(this.name)
  }

  load(parts: readonly Uint8Array[]): boolean {
    return this.#group.load(this.name, parts)
  }

  inspect(source: Network, nowMs: number): LiveCount[] {
    const { mode, counts, windowsMs } = this.#group.settings.slowScan
    if (mode === 'off') return []
    const windows = windowsMs.map((windowMs) => windowMs / 1000)
    return this.#group.inspect(this.name, source, nowMs, windows).flatMap(({ window, ...live }) => {
      const threshold = counts[window] ?? 0
      return threshold === 0
        ? []
        : [{ ...live, what: 'ports over all destinations', threshold, fires: 'more' as const }]
    })
  }

  #found(counted: CountedBatch, firing: SourceFiring, work: SpreadWork, family: 'v4' | 'v6'): Found {
    const { slowScan, versions } = this.#group.settings
    const i = firing.work
    const threshold = firing.need - 1
    return spreadDetection(
      {
        rule: this.name,
        mode: slowScan.mode,
        settingsVersion: versions[this.name],
        finding: reachedText(firing.pairs, firing.windowSeconds, threshold),
        row: work.rows[i] as number,
        detectedAtMs: counted[family].timesMs[work.index[i] as number] as number,
        isOwn: true,
        source: [...work.keys.subarray(i * work.keyWords, (i + 1) * work.keyWords)],
        count: firing.pairs.length,
        threshold,
        windowSeconds: firing.windowSeconds,
        pairs: firing.pairs,
        isProven: firing.isProven,
      },
      counted,
      this.#group.options.lines,
    )
  }
}
