/**
 * Detection: record batches in, detections out (DESIGN.md section 6). Picks the records that count, takes them through
 * the rules, and freezes what fired with its evidence. It asks no clock: time is in the batches.
 *
 * One Detector belongs to one thread and sees every batch once, in order.
 */
import { isV4, type Network, networkOf } from '../lib/address.ts'
import { type Detection, RULES, type RuleName } from '../model/detection.ts'
import type { DeviceStatus } from '../model/device.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import type { RecordBatch } from '../model/record-batch.ts'
import { type AddressMask, maskOf } from './address-mask.ts'
import { ArrivalClock } from './arrival-clock.ts'
import { Counting, LAST_COUNTED, REASONS } from './counting.ts'
import { DarkDestinations } from './dark-destinations.ts'
import { DeviceClocks, type SavedClock } from './device-clocks.ts'
import { bitOf, type ExceptionView } from './exceptions.ts'
import { Partition } from './partition.ts'
import { MAX_PROFILES } from './profiles.ts'
import type { RecentBatches } from './recent-batches.ts'
import type { DetectionRule, LiveCount } from './rule.ts'
import { makeRules } from './rules.ts'
import type { CountedBatch, Found, ScanOptions } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import type { OnCount } from './window.ts'
import { WitnessLines } from './witness-lines.ts'

export interface DetectorOptions {
  readonly settings: DetectionSettings
  /** A whole number below 2^53, random per process: outsiders must not be able to choose colliding keys. */
  readonly seed: number
  readonly recent: RecentBatches
  /** True for the service: lines must lie near their arrival. False for `replay` and `backtest`: event time alone. */
  readonly live: boolean
  /** Memory for lines kept as evidence; 64 MiB unless given. */
  readonly witnessBytes?: number
  /** Told of the counts of port scan and host sweep, for the curve of a backtest. */
  readonly onCount?: OnCount
  /** False: sources with few pairs go into the windows at once (few-pairs.ts), for who sees only those that come near a threshold. */
  readonly holdsFew?: boolean
}

/** A part of the windows of one rule of one profile, for a restart. */
export interface SavedPart {
  /** Key of the profile; empty for everybody's. */
  readonly profile: string
  readonly rule: RuleName
  readonly part: Uint8Array
}

/** The rules of the devices that share settings; the first one is everybody else's. */
interface RuleSet {
  /** Key of the DeviceProfile; empty for the first. */
  key: string
  /** Empty: all devices without settings of their own. */
  devices: readonly string[]
  readonly rules: DetectionRule[]
}

/** What a rule counts now for a source, at the devices of one profile. */
export interface InspectedCount extends LiveCount {
  readonly rule: RuleName
  /** Devices whose thresholds these are; empty: all that have none of their own. */
  readonly devices: readonly string[]
}

/** In the place of a profile: what was learned of dark destinations, which serves all rules and devices. */
const DARK_PROFILE = 'dark-destinations'

export class Detector {
  readonly #options: DetectorOptions
  readonly #clocks: DeviceClocks | null
  readonly #counting: Counting
  readonly #dark: DarkDestinations
  #settings: DetectionSettings
  #mask: AddressMask
  readonly #lines: WitnessLines
  #clock = new ArrivalClock()
  /** Windows per profile of devices; the default first. */
  #sets: RuleSet[]
  readonly #partition: Partition
  #records = 0
  readonly #fired = Object.fromEntries(RULES.map((rule) => [rule, 0])) as Record<RuleName, number>

  constructor(options: DetectorOptions) {
    const { settings, seed, live } = options
    this.#options = options
    this.#settings = settings
    this.#mask = maskOf(settings.ipv6Prefix)
    this.#clocks = live ? new DeviceClocks(seed) : null
    this.#counting = new Counting(settings, live, this.#clocks?.insane ?? new Uint8Array(BATCH_MESSAGES))
    this.#dark = new DarkDestinations(settings.darkWeight, seed)
    this.#counting.learned = settings.darkWeight === 0 ? null : this.#dark
    this.#lines = new WitnessLines(options.recent, options.witnessBytes)
    this.#partition = new Partition(this.#counting.fitted)
    this.#sets = this.#setsFor(settings, [])
  }

  /**
   * What the records of a batch give away, in order of rows. Live, it first learns the devices' clocks and writes
   * `clockOffsetMs` and the flag `skewed` into the batch. The batch need not be in RecentBatches yet.
   */
  observe(batch: RecordBatch): Detection[] {
    this.#clocks?.observe(batch, this.#settings.ignoredFlags)
    const detections = this.#run(batch)
    for (const { rule } of detections) this.#fired[rule]++
    return detections
  }

  /**
   * Takes in history (the stored last window, after a restart) and answers what fires in it, which was reported
   * before unless the process was killed in between. The batch's arrival must be that of its lines, and its sequence no
   * other batch's. Times are corrected by what is known of the devices' clocks now (`loadClocks`); where nothing is,
   * what fires may rest on a device whose clock is insane.
   */
  warmUp(batch: RecordBatch): Detection[] {
    this.#clocks?.apply(batch)
    return this.#run(batch)
  }

  /** Acts from the next record on. Windows stay; a change of `maxKeys` needs a restart. */
  configure(settings: DetectionSettings): void {
    this.#settings = settings
    this.#mask = maskOf(settings.ipv6Prefix)
    this.#counting.configure(settings)
    this.#dark.configure(settings.darkWeight)
    this.#counting.learned = settings.darkWeight === 0 ? null : this.#dark
    this.#sets = this.#setsFor(settings, this.#sets)
  }

  /** Forgets every window and every source that fired; what is known of clocks and the counters of records stay. */
  reset(): void {
    this.#clock = new ArrivalClock()
    this.#sets = this.#setsFor(this.#settings, [])
  }

  /**
   * Why a record counts or does not, as [name, sentence without its subject]: "is a late reply of a UDP server ...".
   * For a record of the batch observed last, or with `live: false` of any batch.
   */
  explain(batch: RecordBatch, row: number): (typeof REASONS)[number] {
    return REASONS[this.#counting.classify(batch, row)] as (typeof REASONS)[number]
  }

  /** The exceptions with what each has spared. */
  exceptions(): ExceptionView[] {
    return this.#counting.exceptions.list()
  }

  /** Those that a record meets, of all or of single rules. */
  exceptionsOf(batch: RecordBatch, row: number): ExceptionView[] {
    return this.#counting.exceptions.of(batch, row)
  }

  /** As how many values the record counts in scan rules. */
  weightOf(batch: RecordBatch, row: number): number {
    return this.#counting.weightOf(batch, row)
  }

  /**
   * What the rules count as of `nowMs` for sources within a network, the nearest to its threshold first. Goes through
   * the tables: some 50 ms with millions of keys, for a person's question.
   */
  inspect(source: Network, nowMs: number): InspectedCount[] {
    const { words, prefixLength } = source
    // IPv6 sources are counted by their prefix.
    const asked = isV4(words) ? source : networkOf(words, Math.min(prefixLength, this.#settings.ipv6Prefix))
    return this.#sets
      .flatMap(({ devices, rules }) =>
        rules.flatMap((rule) =>
          (rule.inspect?.(asked, nowMs) ?? []).map((live) => ({ rule: rule.name, devices, ...live })),
        ),
      )
      .sort((a, b) => b.count / b.threshold - a.count / a.threshold)
  }

  /** What was learned of the devices' clocks, to be kept over a restart; `loadClocks` takes it before the first batch. */
  saveClocks(): SavedClock[] {
    return this.#clocks?.save() ?? []
  }

  loadClocks(saved: readonly SavedClock[]): void {
    this.#clocks?.load(saved)
  }

  /**
   * The windows that rules keep over a restart, part by part, and null where records may be observed in between
   * (SnapshotPiece): every few ms.
   */
  *saveWindows(): Generator<SavedPart | null, void, undefined> {
    for (const { key: profile, rules } of this.#sets)
      for (const rule of rules)
        for (const part of rule.save?.() ?? [])
          yield part === null ? null : { profile, rule: rule.name, part }
    for (const part of this.#dark.save())
      yield part === null ? null : { profile: DARK_PROFILE, rule: 'slow-scan', part }
  }

  /**
   * Takes saved parts over, all and in their order, before the first batch. Answers the rules that refused theirs; they
   * begin empty.
   */
  loadWindows(saved: readonly SavedPart[]): RuleName[] {
    const windows = Map.groupBy(saved, ({ profile, rule }) => `${rule} ${profile}`)
    return Array.from(windows.values()).flatMap((of) => {
      const [{ profile, rule: name }] = of as [SavedPart]
      const parts = of.map(({ part }) => part)
      if (profile === DARK_PROFILE) return this.#dark.load(parts) ? [] : [name]
      const set = this.#sets.find(({ key }) => key === profile)
      const rule = set?.rules.find((one) => one.name === name)
      return rule?.load === undefined || rule.load(parts) ? [] : [name]
    })
  }

  /** What is known of the devices' clocks; empty in `replay`. */
  devices(): DeviceStatus[] {
    return this.#clocks?.list() ?? []
  }

  /**
   * Plain numbers since the start: `records`; `counted...` and `skipped...` per reason; `fired...` per rule; and of the
   * windows `keys`, `bytes`, `expired`, `evicted...` and `valuesLost`. `evictions` above 0 is an alarm: keys that were
   * still wanted had to go.
   */
  counters(): Record<string, number> {
    const counters: Record<string, number> = { records: this.#records }
    REASONS.forEach(([name], code) => {
      const prefix = code <= LAST_COUNTED ? 'counted' : 'skipped'
      counters[prefix + capital(name)] = this.#counting.totals[code] as number
    })
    let evictions = 0
    for (const rule of this.#sets.flatMap(({ rules }) => rules)) {
      const name = camelCase(rule.name)
      const figures = rule.counters()
      counters[`fired${capital(name)}`] = this.#fired[rule.name]
      for (const [figure, value] of Object.entries(figures))
        counters[name + capital(figure)] = (counters[name + capital(figure)] ?? 0) + value
      evictions += lossesOf(figures)
    }
    for (const { number, records } of this.exceptions()) counters[`exception${number}`] = records
    for (const [figure, value] of Object.entries(this.#dark.counters()))
      counters[`dark${capital(figure)}`] = value
    counters['evictions'] = evictions
    counters['devicesForgotten'] = this.#clocks?.forgotten ?? 0
    return counters
  }

  #run(batch: RecordBatch): Detection[] {
    const counting = this.#counting
    this.#records += batch.count
    this.#lines.begin(batch)
    counting.count(batch)
    const counted = {
      batch,
      v4: counting.v4,
      v6: counting.v6,
      nowMs: this.#clock.advance(batch),
      kinds: counting.kinds,
      mask: this.#mask,
      threats: counting.threats,
      vendorScans: counting.vendorScans,
      failedLogins: counting.failedLogins,
    }
    this.#dark.learn(counted)
    const found: Found[] = []
    if (counting.isFitted) this.#observeFitted(counted, found)
    else for (const rule of (this.#sets[0] as RuleSet).rules) rule.observe(counted, found)
    return found.length === 0 ? [] : found.sort((a, b) => a.row - b.row).map(({ detection }) => detection)
  }

  #observeFitted(counted: CountedBatch, found: Found[]): void {
    this.#sets.forEach(({ rules }, profile) => {
      for (const rule of rules) this.#partition.observe(rule, bitOf(rule.name), profile, counted, found)
    })
  }

  /**
   * Sets that stay keep their windows, also when their thresholds change: a profile is known by its settings, or else by
   * a device that it has had. Those of profiles that are no more are dropped.
   */
  #setsFor(settings: DetectionSettings, known: readonly RuleSet[]): RuleSet[] {
    const wanted = [{ key: '', devices: [] as readonly string[], settings }, ...settings.profiles]
    const isKey = new Set(wanted.map(({ key }) => key))
    const left = new Set(known)
    return wanted.map(({ key, devices, settings: own }) => {
      const old =
        known.find((set) => set.key === key) ??
        Array.from(left).find(
          (set) => !isKey.has(set.key) && set.devices.some((device) => devices.includes(device)),
        )
      if (old !== undefined) left.delete(old)
      if (old === undefined)
        return { key, devices, rules: makeRules(own, this.#scanOptions(key === '' ? 1 : MAX_PROFILES)) }
      for (const rule of old.rules) rule.configure(own)
      old.key = key
      old.devices = devices
      return old
    })
  }

  /** All profiles beside the default together may hold as many keys as it. */
  #scanOptions(share: number): ScanOptions {
    const { seed, live, onCount, holdsFew = onCount === undefined } = this.#options
    const maxKeys = Math.ceil(this.#settings.maxKeys / share)
    return { maxKeys, seed, live, lines: this.#lines, onCount, holdsFew }
  }
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** `port-scan` -> `portScan`. */
function camelCase(rule: RuleName): string {
  return rule.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function lossesOf(counters: Readonly<Record<string, number>>): number {
  const { evictedSingle = 0, evictedMulti = 0, valuesLost = 0 } = counters
  return evictedSingle + evictedMulti + valuesLost
}
