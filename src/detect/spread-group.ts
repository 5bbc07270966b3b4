/**
 * Ties the three spread rules to what they share (spread.ts): who leads, whose windows are saved where, and whether they
 * share at all. They do unless an exception (`detection.exceptions`) names some of them and not the others.
 */
import type { Network } from '../lib/address.ts'
import { tellsApart } from './exceptions.ts'
import type { SnapshotPiece } from './rule.ts'
import type { CountedBatch, Found, ScanOptions } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { type Family, Spread, SPREAD_RULES, type SpreadReporter, type SpreadRule } from './spread.ts'
import { countsIn, type EntryCount } from './spread-inspect.ts'
import type { PrefixFiring } from './spread-convictions.ts'
import { PREFIXES, readParts, restore, SOURCES, snapshotOf } from './spread-snapshot.ts'
import type { SourceFiring } from './spread-sources.ts'
import type { SpreadWork } from './spread-work.ts'

type SourceReport = (
  counted: CountedBatch,
  firing: SourceFiring,
  work: SpreadWork,
  family: Family['name'],
) => Found
type PrefixReport = (
  counted: CountedBatch,
  firing: PrefixFiring,
  work: SpreadWork,
  family: Family['name'],
) => Found

const LEADER: SpreadRule = 'slow-scan'

export class SpreadGroup implements SpreadReporter {
  readonly options: ScanOptions
  settings: DetectionSettings
  #spreads: Record<SpreadRule, Spread>
  readonly #sourceReports = new Map<SpreadRule, SourceReport>()
  #prefixReport: PrefixReport | null = null
  #refused = 0

  constructor(settings: DetectionSettings, options: ScanOptions) {
    this.settings = settings
    this.options = options
    const shared = new Spread(settings, options)
    this.#spreads = { 'slow-scan': shared, 'subnet-scan': shared, 'random-scan': shared }
    if (tellsApart(settings.exceptions, SPREAD_RULES)) this.#split()
  }

  get #isShared(): boolean {
    return this.#spreads['subnet-scan'] === this.#spreads[LEADER]
  }

  onSource(rule: SpreadRule, report: SourceReport): void {
    this.#sourceReports.set(rule, report)
  }

  onPrefix(report: PrefixReport): void {
    this.#prefixReport = report
  }

  /** Acts from the next record on; windows stay. Each rule calls it, the leader's call acts. */
  configure(rule: SpreadRule, settings: DetectionSettings): void {
    if (rule !== LEADER) return
    this.settings = settings
    if (this.#isShared && tellsApart(settings.exceptions, SPREAD_RULES)) this.#split()
    for (const spread of new Set(Object.values(this.#spreads))) spread.configure(settings)
  }

  /** From now on each rule has tables of its own, with what all knew. They are not joined again before a restart. */
  #split(): void {
    const shared = this.#spreads[LEADER]
    const pieces = [...snapshotOf(shared, SOURCES), ...snapshotOf(shared, PREFIXES)]
    const parts = readParts(pieces.filter((piece) => piece !== null))
    const copy = (rule: SpreadRule): Spread => {
      const spread = new Spread(this.settings, this.options, [rule])
      if (parts !== null) restore(spread, parts)
      return spread
    }
    this.#spreads = {
      'slow-scan': copy('slow-scan'),
      'subnet-scan': copy('subnet-scan'),
      'random-scan': copy('random-scan'),
    }
  }

  observe(rule: SpreadRule, counted: CountedBatch, found: Found[]): void {
    const spread = this.#spreads[rule]
    if (rule === LEADER || !this.#isShared) spread.observe(counted, this)
    spread.drain(rule, found)
  }

  reportSource(
    counted: CountedBatch,
    family: Family['name'],
    rule: SpreadRule,
    firing: SourceFiring,
    work: SpreadWork,
  ): Found {
    return (this.#sourceReports.get(rule) as SourceReport)(counted, firing, work, family)
  }

  reportPrefix(counted: CountedBatch, family: Family['name'], firing: PrefixFiring, work: SpreadWork): Found {
    return (this.#prefixReport as PrefixReport)(counted, firing, work, family)
  }

  /** Figures of a rule: the sources' tables count with their leader, those of the prefixes with subnet scan. */
  counters(rule: SpreadRule): Readonly<Record<string, number>> {
    const spread = this.#spreads[rule]
    const figures: Record<string, number> = {}
    const add = (more: object): void => {
      for (const [name, value] of Object.entries(more) as [string, number][])
        figures[name] = (figures[name] ?? 0) + value
    }
    if (this.#hasSources(rule)) add({ ...spread.sourceCounters(), snapshotsRefused: this.#refused })
    if (rule === 'subnet-scan') add(spread.prefixCounters())
    return figures
  }

  /** Whether the sources' tables are told and saved with this rule. */
  #hasSources(rule: SpreadRule): boolean {
    return rule === LEADER || !this.#isShared
  }

  /** Sources before prefixes: see spread-snapshot.ts. */
  *save(rule: SpreadRule): Generator<SnapshotPiece> {
    const spread = this.#spreads[rule]
    if (this.#hasSources(rule)) yield* snapshotOf(spread, SOURCES)
    if (rule === 'subnet-scan') yield* snapshotOf(spread, PREFIXES)
  }

  load(rule: SpreadRule, given: readonly Uint8Array[]): boolean {
    const parts = readParts(given)
    const wanted = parts?.filter(({ kind }) =>
      kind === SOURCES ? this.#hasSources(rule) : rule === 'subnet-scan',
    )
    if (wanted !== undefined && restore(this.#spreads[rule], wanted)) return true
    this.#refused++
    return false
  }

  /** What is counted now for sources within a network, for each window in seconds. */
  inspect(rule: SpreadRule, source: Network, nowMs: number, windowsSeconds: readonly number[]): EntryCount[] {
    return this.#spreads[rule].families.flatMap((family) =>
      countsIn(family, rule === 'subnet-scan' ? 'prefixes' : 'sources', source, nowMs, windowsSeconds),
    )
  }
}
