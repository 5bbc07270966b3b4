/**
 * A rule of a SpreadGroup as the detector knows it. What differs from rule to rule (which settings, what is counted, how
 * a finding is told) is a SpreadMeaning, in the rule's own file with its concept.
 */
import type { Network } from '../lib/address.ts'
import type { RuleMode } from '../model/detection.ts'
import type { DetectionRule, LiveCount, SnapshotPiece } from './rule.ts'
import type { CountedBatch, Found } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import type { SpreadRule } from './spread.ts'
import type { PrefixFiring } from './spread-convictions.ts'
import { type SpreadFinding, spreadDetection } from './spread-detection.ts'
import type { SpreadGroup } from './spread-group.ts'
import type { SourceFiring } from './spread-sources.ts'
import type { SpreadWork } from './spread-work.ts'

/** A window that is on; more than `threshold` within it fires. */
export interface MeantWindow {
  readonly windowMs: number
  readonly threshold: number
}

export interface SpreadMeaning {
  readonly rule: SpreadRule
  readonly mode: (settings: DetectionSettings) => RuleMode
  /** None where the rule is off by its windows. */
  readonly windows: (settings: DetectionSettings) => readonly MeantWindow[]
  /** What is counted, as a phrase. */
  readonly what: string
  /** What was found, as a predicate; the one for a source by itself, or the one for a source of a prefix. */
  readonly ofSource?: (firing: SourceFiring, threshold: number) => string
  readonly ofPrefix?: (firing: PrefixFiring, threshold: number) => string
}

/** What a firing gives to its detection, beside what the settings say. */
type Told = Pick<
  SpreadFinding,
  'finding' | 'isOwn' | 'source' | 'count' | 'threshold' | 'windowSeconds' | 'pairs' | 'isProven'
>

export class SpreadView implements DetectionRule {
  readonly name: SpreadRule
  readonly #group: SpreadGroup
  readonly #meaning: SpreadMeaning

  constructor(group: SpreadGroup, meaning: SpreadMeaning) {
    this.name = meaning.rule
    this.#group = group
    this.#meaning = meaning
    const { ofSource, ofPrefix } = meaning
    if (ofSource !== undefined)
      group.onSource(this.name, (counted, firing, work, family) => {
        const { windowSeconds, pairs, isProven } = firing
        const threshold = firing.need - 1
        const finding = ofSource(firing, threshold)
        const source = sourceOf(work, firing.work)
        const count = pairs.length
        const told = { finding, isOwn: true, source, count, threshold, windowSeconds, pairs, isProven }
        return this.#found(counted, firing.work, work, family, told)
      })
    if (ofPrefix !== undefined)
      group.onPrefix((counted, firing, work, family) => {
        const { isOwn, source, windowSeconds, isProven } = firing
        const threshold = firing.need - 1
        const finding = ofPrefix(firing, threshold)
        const count = firing.pairs
        const told = { finding, isOwn, source, count, threshold, windowSeconds, pairs: firing.own, isProven }
        return this.#found(counted, firing.work, work, family, told)
      })
  }

  configure(settings: DetectionSettings): void {
    this.#group.configure(this.name, settings)
  }

  observe(counted: CountedBatch, found: Found[]): void {
    this.#group.observe(this.name, counted, found)
  }

  /** Beside the windows' figures, of subnet scan: `overBudget`, convictions left out; `sourcesForgotten`, evicted before they came. */
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
    const { mode, windows: meant, what } = this.#meaning
    const { settings } = this.#group
    if (mode(settings) === 'off') return []
    const windows = meant(settings)
    const seconds = windows.map(({ windowMs }) => windowMs / 1000)
    return this.#group.inspect(this.name, source, nowMs, seconds).flatMap(({ window, ...live }) => {
      const threshold = windows[window]?.threshold
      return threshold === undefined ? [] : [{ ...live, what, threshold, fires: 'more' as const }]
    })
  }

  #found(counted: CountedBatch, i: number, work: SpreadWork, family: 'v4' | 'v6', told: Told): Found {
    const { settings, options } = this.#group
    const finding: SpreadFinding = {
      rule: this.name,
      mode: this.#meaning.mode(settings),
      settingsVersion: settings.versions[this.name],
      row: work.rows[i] as number,
      detectedAtMs: counted[family].timesMs[work.index[i] as number] as number,
      ...told,
    }
    return spreadDetection(finding, counted, options.lines)
  }
}

function sourceOf(work: SpreadWork, i: number): number[] {
  return [...work.keys.subarray(i * work.keyWords, (i + 1) * work.keyWords)]
}

/** The windows of a rule that has several; a count of 0 switches one off. */
export function meantWindows(rule: {
  readonly counts: readonly number[]
  readonly windowsMs: readonly number[]
}): MeantWindow[] {
  return rule.windowsMs.flatMap((windowMs, k) => {
    const threshold = rule.counts[k] ?? 0
    return threshold === 0 ? [] : [{ windowMs, threshold }]
  })
}
