/**
 * What slow scan, subnet scan and random scan share: one pass over the records that count, one hash per source and pair,
 * one list of pairs per source and one per prefix. Each rule is a view on it: the first one in the table of rules leads
 * (its `observe` takes the batch through), all take from `queues` what was found for them.
 *
 * Exceptions may name some of the three rules and not the others. Then they see different records, and each has a
 * Spread of its own (three times the memory, and what was known goes along).
 *
 * Memory: see docs/detection.md. Sources may be half as many as `detection.maxKeys`, prefixes a quarter; of IPv6 a
 * quarter of that.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import type { RuleName } from '../model/detection.ts'
import { sumCounters, type CountedBatch, type Found, type ScanOptions } from './scan.ts'
import type { WindowCounters } from './key-table.ts'
import type { DetectionSettings } from './settings.ts'
import type { PrefixFiring } from './spread-convictions.ts'
import { SpreadPrefixes } from './spread-prefixes.ts'
import {
  RANDOM_ABOVE,
  SLOW_ABOVE,
  type SourceFiring,
  SpreadSources,
  type SpreadWindow,
} from './spread-sources.ts'
import { MINUTE_SECONDS, SpreadTable, VALUE_WORDS } from './spread-table.ts'
import { RepeatFilter, SpreadWork } from './spread-work.ts'

export type SpreadRule = Extract<RuleName, 'slow-scan' | 'subnet-scan' | 'random-scan'>
export const SPREAD_RULES: readonly SpreadRule[] = ['slow-scan', 'subnet-scan', 'random-scan']

/** Makes detections of what was found in the batch at hand. */
export interface SpreadReporter {
  reportSource(
    counted: CountedBatch,
    family: 'v4' | 'v6',
    rule: SpreadRule,
    firing: SourceFiring,
    work: SpreadWork,
  ): Found
  reportPrefix(counted: CountedBatch, family: 'v4' | 'v6', firing: PrefixFiring, work: SpreadWork): Found
}

/** Sources per `maxKeys`, prefixes per source, IPv6 keys per IPv4 key: one in so many. */
const SOURCE_SHARE = 2
const PREFIX_SHARE = 2
const V6_SHARE = 4
/** Records whose entries are fetched together. */
const BLOCK = 64
/** Ages of keys, by which they go when memory is short, are told apart by so much. */
const TICK_SECONDS = 10
/** Live, an untouched source is kept so much longer than the window: lines come late. In `replay` a day longer. */
const LATE_SECONDS = 3600
const DAY_SECONDS = 86_400
/** A /48 of IPv6 sources wider than that has none. */
const V6_ROLL_UP = 48

export class Family {
  readonly name: 'v4' | 'v6'
  readonly work: SpreadWork
  readonly sources: SpreadSources
  readonly prefixes: SpreadPrefixes
  readonly prefixHash = new Int32Array(BATCH_MESSAGES)

  constructor(name: 'v4' | 'v6', seed: number, options: ScanOptions) {
    this.name = name
    this.work = new SpreadWork(name, seed)
    const keys = Math.ceil(options.maxKeys / SOURCE_SHARE / (name === 'v6' ? V6_SHARE : 1))
    const valueWords = VALUE_WORDS[name]
    const keyWords = name === 'v4' ? 1 : 4
    this.sources = new SpreadSources(
      new SpreadTable({ keyWords, valueWords, maxKeys: keys, seed }),
      options.lines,
    )
    this.prefixes = new SpreadPrefixes(
      new SpreadTable({
        keyWords: name === 'v4' ? 1 : 2,
        valueWords,
        maxKeys: Math.ceil(keys / PREFIX_SHARE),
        seed: seed + 2,
      }),
      this.sources,
    )
  }

  get tables(): readonly [SpreadTable, SpreadTable] {
    return [this.sources.table, this.prefixes.table]
  }
}

export class Spread {
  readonly options: ScanOptions
  families: readonly [Family, Family]
  readonly queues: Readonly<Record<SpreadRule, Found[]>> = {
    'slow-scan': [],
    'subnet-scan': [],
    'random-scan': [],
  }
  /** Seed of the hashes; that of a snapshot after `adopt`. */
  seed: number
  readonly #filter = new RepeatFilter()
  readonly #rules: readonly SpreadRule[]
  #settings: DetectionSettings
  #isOn = false
  #isSubnetOn = false

  /** `rules`: those of which it is the Spread. */
  constructor(
    settings: DetectionSettings,
    options: ScanOptions,
    rules: readonly SpreadRule[] = SPREAD_RULES,
  ) {
    this.options = options
    this.seed = options.seed
    this.#rules = rules
    this.#settings = settings
    this.families = this.#makeFamilies()
    this.configure(settings)
  }

  #makeFamilies(): [Family, Family] {
    return [new Family('v4', this.seed, this.options), new Family('v6', this.seed, this.options)]
  }

  /** Empties the tables and hashes by another seed from now on. */
  adopt(seed: number): void {
    this.seed = seed
    this.families = this.#makeFamilies()
    this.configure(this.#settings)
  }

  configure(settings: DetectionSettings): void {
    this.#settings = settings
    const { slowScan, randomScan, subnetScan } = settings
    const isOn = (rule: SpreadRule, mode: string): boolean => mode !== 'off' && this.#rules.includes(rule)
    const windows: SpreadWindow[] = []
    if (isOn('slow-scan', slowScan.mode))
      for (const { need, windowSeconds } of windowsOf(slowScan))
        windows.push({ bit: SLOW_ABOVE, windowSeconds, need })
    if (isOn('random-scan', randomScan.mode) && randomScan.windowMs > 0)
      windows.push({
        bit: RANDOM_ABOVE,
        windowSeconds: randomScan.windowMs / 1000,
        need: randomScan.pairs + 1,
      })
    const prefixWindows = isOn('subnet-scan', subnetScan.mode) ? windowsOf(subnetScan) : []
    this.#isSubnetOn = prefixWindows.length > 0
    this.#isOn = this.#isSubnetOn || windows.length > 0
    if (this.#isOn) this.#filter.clear()
    const all = [...windows, ...prefixWindows]
    const keepSeconds = Math.max(MINUTE_SECONDS, ...all.map(({ windowSeconds }) => windowSeconds))
    const capacity = Math.max(1, ...all.map(({ need }) => need))
    const late = this.options.live ? LATE_SECONDS : DAY_SECONDS
    for (const family of this.families) {
      family.sources.configure({
        windows,
        hosts: randomScan.hosts,
        ports: randomScan.ports,
        capacity,
        keepSeconds,
      })
      family.prefixes.configure({
        windows: prefixWindows,
        sources: subnetScan.sources,
        isOn: this.#isSubnetOn && (family.name === 'v4' || settings.ipv6Prefix > V6_ROLL_UP),
      })
      for (const { keys } of family.tables)
        keys.configure(Math.ceil(keepSeconds / TICK_SECONDS), Math.ceil((keepSeconds + late) / TICK_SECONDS))
    }
  }

  /** Takes a batch through and puts what was found into the queues. Costs: docs/detection.md. */
  observe(counted: CountedBatch, reporter: SpreadReporter): void {
    if (!this.#isOn) return
    const tick = Math.floor(counted.nowMs / 1000 / TICK_SECONDS) >>> 0
    for (const family of this.families) {
      // never back: after a restart records come again that are older than what the snapshot knows
      for (const { keys } of family.tables) keys.tick = Math.max(keys.tick, tick)
      family.work.fill(counted, this.#filter)
      this.#count(family)
      this.#report(family, counted, reporter)
      family.sources.table.keys.sweep(family.work.count)
      if (this.#isSubnetOn) family.prefixes.table.keys.sweep(family.work.count)
    }
  }

  #count({ work, sources, prefixes, prefixHash }: Family): void {
    const isSubnetOn = this.#isSubnetOn
    if (isSubnetOn) prefixes.hash(work, prefixHash)
    for (let from = 0; from < work.count; from += BLOCK) {
      const to = Math.min(work.count, from + BLOCK)
      sources.table.keys.prefetch(work.sourceHash, from, to)
      sources.lookUp(work, from, to)
      if (isSubnetOn) prefixes.table.keys.prefetch(prefixHash, from, to)
      for (let i = from; i < to; i++) {
        const at = sources.count(work, i)
        if (isSubnetOn && at !== -1) prefixes.count(work, i, prefixHash[i] as number, at)
      }
    }
  }

  #report({ name, work, sources, prefixes }: Family, counted: CountedBatch, reporter: SpreadReporter): void {
    for (const firing of sources.firings) {
      const rule = firing.bit === SLOW_ABOVE ? 'slow-scan' : 'random-scan'
      this.queues[rule].push(reporter.reportSource(counted, name, rule, firing, work))
    }
    sources.firings.length = 0
    for (const firing of prefixes.convictions.firings)
      this.queues['subnet-scan'].push(reporter.reportPrefix(counted, name, firing, work))
    prefixes.convictions.firings.length = 0
  }

  /** Figures of the sources' tables. */
  sourceCounters(): WindowCounters {
    const [v4, v6] = this.families
    return sumCounters(v4.sources.table.keys.counters(), v6.sources.table.keys.counters())
  }

  /** Figures of the prefixes' tables, and of what they convicted. */
  prefixCounters(): Record<string, number> {
    const [v4, v6] = this.families
    return {
      ...sumCounters(v4.prefixes.table.keys.counters(), v6.prefixes.table.keys.counters()),
      sourcesForgotten:
        v4.prefixes.convictions.counted.sourcesForgotten + v6.prefixes.convictions.counted.sourcesForgotten,
      overBudget: v4.prefixes.convictions.counted.overBudget + v6.prefixes.convictions.counted.overBudget,
    }
  }

  /** Takes what was found for a rule out of its queue. */
  drain(rule: SpreadRule, found: Found[]): void {
    const queue = this.queues[rule]
    for (const one of queue) found.push(one)
    queue.length = 0
  }
}

/** The windows of a rule with several; those with a count of 0 are left out. */
function windowsOf(rule: {
  readonly counts: readonly number[]
  readonly windowsMs: readonly number[]
}): { need: number; windowSeconds: number }[] {
  return rule.counts.flatMap((count, k) =>
    count === 0 ? [] : [{ need: count + 1, windowSeconds: (rule.windowsMs[k] ?? 0) / 1000 }],
  )
}
