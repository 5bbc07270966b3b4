/**
 * Random scan: one source, more than N distinct (destination, port) pairs within M minutes that lie on at least `hosts`
 * hosts and at least `ports` ports. Neither port scan (one host) nor host sweep (one port) sees a source that draws both
 * at random. Pairs of completed sessions do not count.
 *
 * Hosts and ports are counted among the pairs that are kept: the latest N + 1 at least, or as many as slow scan wants.
 * A source whose latest pairs lie on too few is seen when they do not; never is one convicted that did not reach all
 * three. Times are judged in steps of a minute (spread-table.ts).
 */
import type { Network } from '../lib/address.ts'
import type { DetectionRule, LiveCount, SnapshotPiece } from './rule.ts'
import type { CountedBatch, Found } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { plural, reachedText, spreadDetection } from './spread-detection.ts'
import type { SpreadGroup } from './spread-group.ts'
import type { SourceFiring } from './spread-sources.ts'
import type { SpreadWork } from './spread-work.ts'

export class RandomScan implements DetectionRule {
  readonly name = 'random-scan'
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
    const { mode, pairs, windowMs } = this.#group.settings.randomScan
    if (mode === 'off' || windowMs === 0) return []
    return this.#group.inspect(this.name, source, nowMs, [windowMs / 1000]).map((live) => ({
      ...live,
      what: 'ports over many destinations',
      threshold: pairs,
      fires: 'more' as const,
    }))
  }

  #found(counted: CountedBatch, firing: SourceFiring, work: SpreadWork, family: 'v4' | 'v6'): Found {
    const { randomScan, versions } = this.#group.settings
    const i = firing.work
    const ports = new Set(firing.pairs.map(({ port }) => port)).size
    const reached = reachedText(firing.pairs, firing.windowSeconds, randomScan.pairs)
    return spreadDetection(
      {
        rule: this.name,
        mode: randomScan.mode,
        settingsVersion: versions[this.name],
        finding: `${reached}, ${plural(ports, 'port number')} among them`,
        row: work.rows[i] as number,
        detectedAtMs: counted[family].timesMs[work.index[i] as number] as number,
        isOwn: true,
        source: [...work.keys.subarray(i * work.keyWords, (i + 1) * work.keyWords)],
        count: firing.pairs.length,
        threshold: randomScan.pairs,
        windowSeconds: firing.windowSeconds,
        pairs: firing.pairs,
        isProven: firing.isProven,
      },
      counted,
      this.#group.options.lines,
    )
  }
}
