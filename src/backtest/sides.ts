/**
 * The two sides of a backtest: what the rules find under today's settings, and under the changed ones. A rule whose
 * settings (and those that all rules share) are the same on both sides runs once, for both.
 */
import type { Detector } from '../detect/detector.ts'
import type { DetectionSettings } from '../detect/settings.ts'
import { formatNetwork } from '../lib/address.ts'
import { type Detection, type RuleMode, RULES, type RuleName } from '../model/detection.ts'

/** A source's detections kept per rule for judging: the first ones decide when it is blocked. */
const KEPT_PER_RULE = 3
/** Detections kept per side, about 500 bytes each; further ones are counted only. */
const MAX_KEPT = 200_000

/** Rules that may find something else under the other settings. */
export function changedRules(today: DetectionSettings, changed: DetectionSettings): Set<RuleName> {
  const profilesOf = (settings: DetectionSettings): string =>
    JSON.stringify(settings.profiles.map(({ key, devices }) => [key, devices]))
  if (profilesOf(today) !== profilesOf(changed)) return new Set(RULES)
  return new Set(RULES.filter((rule) => today.versions[rule] !== changed.versions[rule]))
}

/** Rules whose mode is wanted, for any device. */
export function rulesBy(settings: DetectionSettings, isWanted: (mode: RuleMode) => boolean): Set<RuleName> {
  const modes: Readonly<Record<RuleName, RuleMode>> = {
    'port-scan': settings.portScan.mode,
    'host-sweep': settings.hostSweep.mode,
    threat: settings.threat.mode,
    'slow-scan': settings.slowScan.mode,
    'subnet-scan': settings.subnetScan.mode,
    'random-scan': settings.randomScan.mode,
    'brute-force': settings.bruteForce.mode,
    'vendor-scan': settings.vendorScan.mode,
  }
  const own = RULES.filter((rule) => isWanted(modes[rule]))
  return new Set([
    ...own,
    ...settings.profiles.flatMap((profile) => [...rulesBy(profile.settings, isWanted)]),
  ])
}

/** Rules that block, for any device. */
export function actingRules(settings: DetectionSettings): Set<RuleName> {
  return rulesBy(settings, (mode) => mode === 'enforce')
}

/** The settings with all other rules switched off, for every device. */
export function onlyRules(settings: DetectionSettings, rules: ReadonlySet<RuleName>): DetectionSettings {
  const off = <Rule extends { readonly mode: string }>(name: RuleName, rule: Rule): Rule =>
    rules.has(name) ? rule : { ...rule, mode: 'off' }
  return {
    ...settings,
    portScan: off('port-scan', settings.portScan),
    hostSweep: off('host-sweep', settings.hostSweep),
    threat: off('threat', settings.threat),
    slowScan: off('slow-scan', settings.slowScan),
    subnetScan: off('subnet-scan', settings.subnetScan),
    randomScan: off('random-scan', settings.randomScan),
    bruteForce: off('brute-force', settings.bruteForce),
    vendorScan: off('vendor-scan', settings.vendorScan),
    profiles: settings.profiles.map((profile) => ({
      ...profile,
      settings: onlyRules(profile.settings, rules),
    })),
  }
}

export interface RuleTotals {
  detections: number
  sources: number
}

/** What one side found, in bounded memory. */
export class Side {
  readonly totals = new Map<RuleName, RuleTotals>()
  detections = 0
  /** Detections that were counted and not kept for judging, because there were too many. */
  notKept = 0
  readonly #kept: Detection[] = []
  readonly #perRule = new Map<string, number>()

  /** Takes in what a batch gave away, unless it lies before `fromMs` (it filled the windows) or from `toMs` on. */
  take(detections: readonly Detection[], fromMs: number, toMs: number): void {
    for (const detection of detections) {
      if (detection.detectedAtMs >= fromMs && detection.detectedAtMs < toMs) this.#take(detection)
    }
  }

  #take(detection: Detection): void {
    this.detections++
    let totals = this.totals.get(detection.rule)
    if (totals === undefined) this.totals.set(detection.rule, (totals = { detections: 0, sources: 0 }))
    totals.detections++
    const key = `${detection.rule} ${formatNetwork(detection.source)}`
    const before = this.#perRule.get(key) ?? 0
    if (before === 0 && this.#perRule.size < MAX_KEPT) totals.sources++
    if (before >= KEPT_PER_RULE) return
    if (this.#kept.length >= MAX_KEPT) {
      this.notKept++
      return
    }
    this.#perRule.set(key, before + 1)
    // Lines are fetched for those that are looked at; values are in the line's fields.
    this.#kept.push({ ...detection, witnesses: [], evidence: [] })
  }

  /** In order of event time, which is how they are to be judged. */
  inOrder(): Detection[] {
    return this.#kept.toSorted((a, b) => a.detectedAtMs - b.detectedAtMs)
  }
}

/** Keys that had to go while they were still wanted: then a side may have missed something. */
export function evictionsOf(detectors: readonly Detector[]): number {
  return detectors.reduce((sum, detector) => sum + (detector.counters()['evictions'] ?? 0), 0)
}
