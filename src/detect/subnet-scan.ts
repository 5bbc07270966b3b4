/**
 * Subnet scan: the sources of one /24 (IPv4) or /48 (IPv6) together reach more than N distinct (destination, port) pairs
 * within 1 hour or 24 hours, at least `sources` of them within the same window. It convicts those sources, each with the
 * pairs that are its own, and never the prefix itself. Pairs of completed sessions do not count: a neighbour that uses a
 * service is not part of the scan.
 *
 * How many of a prefix at once, and those that come later: spread-prefixes.ts. Times are judged in steps of 1 minute.
 * IPv6 sources that are counted by /48 or wider have no subnet.
 */
import { formatNetwork, type Network } from '../lib/address.ts'
import type { DetectionRule, LiveCount, SnapshotPiece } from './rule.ts'
import type { CountedBatch, Found } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { plural, prefixNetwork, spanText, spreadDetection } from './spread-detection.ts'
import type { SpreadGroup } from './spread-group.ts'
import type { PrefixFiring } from './spread-convictions.ts'
import type { SpreadWork } from './spread-work.ts'

export class SubnetScan implements DetectionRule {
  readonly name = 'subnet-scan'
  readonly #group: SpreadGroup

  constructor(group: SpreadGroup) {
    this.#group = group
    group.onPrefix((...found) => this.#found(...found))
  }

  configure(settings: DetectionSettings): void {
    this.#group.configure(this.name, settings)
  }

  observe(counted: CountedBatch, found: Found[]): void {
    this.#group.observe(this.name, counted, found)
  }

  /** Beside the windows' figures: `overBudget`, convictions left out; `sourcesForgotten`, evicted before they came. */
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
    const { mode, counts, windowsMs } = this.#group.settings.subnetScan
    if (mode === 'off') return []
    const windows = windowsMs.map((windowMs) => windowMs / 1000)
    return this.#group.inspect(this.name, source, nowMs, windows).flatMap(({ window, ...live }) => {
      const threshold = counts[window] ?? 0
      return threshold === 0
        ? []
        : [{ ...live, what: 'ports of its sources together', threshold, fires: 'more' as const }]
    })
  }

  #found(counted: CountedBatch, firing: PrefixFiring, work: SpreadWork, family: 'v4' | 'v6'): Found {
    const { subnetScan, versions } = this.#group.settings
    const i = firing.work
    const threshold = firing.need - 1
    const prefix = formatNetwork(prefixNetwork(firing.prefix))
    return spreadDetection(
      {
        rule: this.name,
        mode: subnetScan.mode,
        settingsVersion: versions[this.name],
        finding: `belongs to ${prefix}, of which ${plural(firing.sources, 'source')} reached ${plural(firing.pairs, 'port')} on ${plural(firing.hosts, 'address', 'addresses')} within ${spanText(firing.windowSeconds)} (more than ${threshold} allowed)`,
        row: work.rows[i] as number,
        detectedAtMs: counted[family].timesMs[work.index[i] as number] as number,
        isOwn: firing.isOwn,
        source: firing.source,
        count: firing.pairs,
        threshold,
        windowSeconds: firing.windowSeconds,
        pairs: firing.own,
        isProven: firing.isProven,
      },
      counted,
      this.#group.options.lines,
    )
  }
}
