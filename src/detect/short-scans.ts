/**
 * Ties port scan and host sweep to what holds the sources with few pairs for both (few-pairs.ts): the first one in the
 * table of rules leads, and takes a batch through for the other as well. An exception (`detection.exceptions`) that names
 * one of the two and not the other makes them see different records: then nothing more is held.
 */
import type { Network } from '../lib/address.ts'
import type { RuleName } from '../model/detection.ts'
import { tellsApart } from './exceptions.ts'
import { FewPairs, type HeldPair } from './few-pairs.ts'
import type { WindowCounters } from './key-table.ts'
import { type CountedBatch, type Found, keepMs, type ScanOptions } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { Sightings } from './sightings.ts'
import { type InspectedKey, sourceFilter } from './window-inspect.ts'

type ShortRule = Extract<RuleName, 'port-scan' | 'host-sweep'>
const SHORT_RULES: readonly ShortRule[] = ['port-scan', 'host-sweep']
const LEADER: ShortRule = 'port-scan'

/** Counts records in the windows of a rule, and adds what fired. */
type Count = (counted: CountedBatch, found: Found[]) => void

export class ShortScans {
  readonly #options: ScanOptions
  readonly #few: FewPairs
  readonly #counts = new Map<ShortRule, Count>()
  readonly #queue: Found[] = []
  readonly #noV6 = new Sightings()
  #isShared = true

  constructor(settings: DetectionSettings, options: ScanOptions) {
    this.#options = options
    this.#few = new FewPairs(options.maxKeys, options.seed, options.lines)
    this.configure(LEADER, settings)
  }

  /** What counts for a rule; each says so once. */
  onRecords(rule: ShortRule, count: Count): void {
    this.#counts.set(rule, count)
  }

  /** Acts from the next record on; what is held stays. Each rule calls it, the leader's call acts. */
  configure(rule: ShortRule, settings: DetectionSettings): void {
    if (rule !== LEADER) return
    const { portScan, hostSweep } = settings
    this.#isShared = !tellsApart(settings.exceptions, SHORT_RULES)
    const isOn = (of: { mode: string; windowMs: number }): boolean => of.mode !== 'off' && of.windowMs > 0
    const portsNeeded = isOn(portScan) ? portScan.ports + 1 : Number.POSITIVE_INFINITY
    const hostsNeeded = isOn(hostSweep) ? hostSweep.addresses : Number.POSITIVE_INFINITY
    const windowMs = Math.max(portScan.windowMs, hostSweep.windowMs)
    this.#few.configure({
      portsNeeded,
      hostsNeeded,
      windowMs,
      keepMs: keepMs(windowMs, this.#options.live),
      // Where one value convicts, the windows see every record.
      isOn:
        this.#isShared &&
        this.#options.holdsFew &&
        portsNeeded > 1 &&
        hostsNeeded > 1 &&
        Math.min(portsNeeded, hostsNeeded) < Number.POSITIVE_INFINITY,
    })
  }

  /** Takes a batch through and adds what fired for this rule. */
  observe(rule: ShortRule, counted: CountedBatch, found: Found[]): void {
    if (!this.#isShared) {
      this.#count(rule, this.#sift(counted, found), found)
      return
    }
    if (rule === LEADER) {
      const open = this.#sift(counted, found)
      for (const one of SHORT_RULES) this.#count(one, open, one === LEADER ? found : this.#queue)
      return
    }
    for (const one of this.#queue) found.push(one)
    this.#queue.length = 0
  }

  /** What the windows are to see of a batch, after what they are to know before. */
  #sift(counted: CountedBatch, found: Found[]): CountedBatch {
    const { v4, nowMs } = counted
    const few = this.#few
    const open = few.sift(v4, nowMs, () => {
      const before = { ...counted, v4: few.opened, v6: this.#noV6 }
      for (const rule of SHORT_RULES) this.#count(rule, before, found)
    })
    return open === v4 ? counted : { ...counted, v4: open }
  }

  #count(rule: ShortRule, counted: CountedBatch, found: Found[]): void {
    this.#counts.get(rule)?.(counted, found)
  }

  counters(): WindowCounters {
    return this.#few.counters()
  }

  /** What is held of sources in a network, as the keys (source, `about`) of an IPv4 window, see window-inspect.ts. */
  inspect(network: Network, about: (pair: HeldPair) => number, sinceMs: number): InspectedKey[] {
    const filter = sourceFilter(network, true)
    if (filter === null) return []
    const held = this.#few.inspect(filter)
    const keys = Map.groupBy(held, (pair) => `${pair.source} ${about(pair)}`)
    return Array.from(keys.values(), (pairs) => {
      const [first] = pairs as [HeldPair]
      return {
        key: Uint32Array.of(first.source, about(first)),
        count: pairs.filter(({ timeMs }) => timeMs > sinceMs).length,
        lastAtMs: pairs.reduce((latest, { timeMs }) => Math.max(latest, timeMs), Number.NEGATIVE_INFINITY),
      }
    })
  }
}
