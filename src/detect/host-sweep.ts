/**
 * Host sweep (case 2, "Port Scan Attack v2"): one source, one destination port, at least `addresses` distinct
 * destinations within the window.
 */
import { formatAddress, type Network } from '../lib/address.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE } from '../model/record-batch.ts'
import { copyMaskedSource } from './address-mask.ts'
import type { DetectionRule, LiveCount } from './rule.ts'
import {
  type CountedBatch,
  detectionOf,
  type Found,
  keepMs,
  makeWindows,
  type ScanOptions,
  sourceOfKey,
  sumCounters,
} from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import type { ShortScans } from './short-scans.ts'
import { firstWordOfCopy, hostOfCopy, isCopiedHost } from './weights.ts'
import { type InspectedKey, sourceFilter } from './window-inspect.ts'
import type { Sightings } from './sightings.ts'
import type { Firing } from './window-firing.ts'
import type { SlidingWindow } from './window.ts'

const DESTINATION = ADDRESS_SLOT.destinationAddress
const V4_MARK = 0xffff
/** Key: source and destination port. Value: destination. */
const SHAPE = { keyWords: { v4: 2, v6: 5 }, valueWords: { v4: 1, v6: 4 } } as const

export class HostSweep implements DetectionRule {
  readonly name = 'host-sweep'
  readonly #v4: SlidingWindow
  readonly #v6: SlidingWindow
  readonly #v4Keys = new Uint32Array(BATCH_MESSAGES * SHAPE.keyWords.v4)
  readonly #v4Hosts = new Uint32Array(BATCH_MESSAGES)
  readonly #v6Keys = new Uint32Array(BATCH_MESSAGES * SHAPE.keyWords.v6)
  readonly #v6Hosts = new Uint32Array(BATCH_MESSAGES * SHAPE.valueWords.v6)
  readonly #options: ScanOptions
  readonly #shorts: ShortScans
  #settings: DetectionSettings

  constructor(settings: DetectionSettings, options: ScanOptions, shorts: ShortScans) {
    this.#settings = settings
    this.#options = options
    this.#shorts = shorts
    shorts.onRecords(this.name, (counted, found) => this.#count(counted, found))
    const { addresses, windowMs } = settings.hostSweep
    const windows = makeWindows(SHAPE, addresses, windowMs, options)
    this.#v4 = windows.v4
    this.#v6 = windows.v6
  }

  /** Acts from the next record on; windows stay. */
  configure(settings: DetectionSettings): void {
    this.#settings = settings
    this.#shorts.configure(this.name, settings)
    const { addresses, windowMs } = settings.hostSweep
    this.#v4.configure(addresses, windowMs, keepMs(windowMs, this.#options.live))
    this.#v6.configure(addresses, windowMs, keepMs(windowMs, this.#options.live))
  }

  counters(): Readonly<Record<string, number>> {
    return { ...sumCounters(this.#v4.counters(), this.#v6.counters()) }
  }

  observe(counted: CountedBatch, found: Found[]): void {
    this.#shorts.observe(this.name, counted, found)
  }

  /** Counts records in the windows and adds what fired to `found` (not in order of rows between families). */
  #count(counted: CountedBatch, found: Found[]): void {
    const { batch, v4, v6, nowMs, mask } = counted
    const { mode, windowMs } = this.#settings.hostSweep
    // Records of before were counted by what was set then.
    if ((mode === 'off' || windowMs === 0) && v4.lineRefs === null) return
    const { addresses, destinationPort } = batch
    const { sources, destinations, ports, copies } = v4
    const keys = this.#v4Keys
    const hosts = this.#v4Hosts
    for (let i = 0; i < v4.count; i++) {
      keys[2 * i] = sources[i] as number
      keys[2 * i + 1] = (ports[i] as number) & 0xffff
      hosts[i] = hostOfCopy(destinations[i] as number, copies[i] as number)
    }
    for (const firing of this.#v4.observe(v4, keys, hosts, nowMs))
      found.push(this.#found(counted, v4, firing))
    for (let i = 0; i < v6.count; i++) {
      const row = v6.rows[i] as number
      copyMaskedSource(addresses, row, mask, this.#v6Keys, 5 * i)
      this.#v6Keys[5 * i + 4] = destinationPort[row] as number
      const at = row * ADDRESS_STRIDE + DESTINATION
      this.#v6Hosts[4 * i] = firstWordOfCopy(addresses[at] as number, v6.copies[i] as number)
      for (let k = 1; k < 4; k++) this.#v6Hosts[4 * i + k] = addresses[at + k] as number
    }
    for (const firing of this.#v6.observe(v6, this.#v6Keys, this.#v6Hosts, nowMs))
      found.push(this.#found(counted, v6, firing))
  }

  inspect(source: Network, nowMs: number): LiveCount[] {
    const { addresses, windowMs } = this.#settings.hostSweep
    const sinceMs = nowMs - windowMs
    const liveCount = ({ key, count, lastAtMs }: InspectedKey, isV4: boolean): LiveCount => ({
      source: sourceOfKey(key, isV4, this.#settings.ipv6Prefix),
      what: `addresses on port ${key[isV4 ? 1 : 4]}`,
      count,
      threshold: addresses,
      fires: 'reached',
      windowSeconds: windowMs / 1000,
      lastAtMs,
    })
    return [
      ...this.#shorts
        .inspect(source, ({ port }) => port & 0xffff, sinceMs)
        .map((one) => liveCount(one, true)),
      ...this.#v4.inspect(sourceFilter(source, true), sinceMs).map((one) => liveCount(one, true)),
      ...this.#v6.inspect(sourceFilter(source, false), sinceMs).map((one) => liveCount(one, false)),
    ]
  }

  #found(counted: CountedBatch, sightings: Sightings, firing: Firing): Found {
    const { batch } = counted
    const row = sightings.rows[firing.index] as number
    const port = batch.destinationPort[row] as number
    const { addresses, windowMs } = this.#settings.hostSweep
    return detectionOf(
      {
        rule: 'host-sweep',
        finding: null,
        settingsVersion: this.#settings.versions['host-sweep'],
        mode: this.#settings.hostSweep.mode,
        threshold: addresses,
        windowMs,
        destination: null,
        port,
        valueText: hostText,
        isCopy: (values, at, valueWords) => isCopiedHost(values[at] as number, valueWords === 1),
        weighted: (distinct, count) =>
          `reached port ${port} of ${distinct} addresses within ${windowMs / 60_000} minutes, which count as ${count} by their weights (${addresses} or more convict)`,
      },
      counted,
      sightings,
      firing,
      this.#options.lines,
    )
  }
}

function hostText(values: Uint32Array, at: number, valueWords: number): string {
  if (valueWords === 1) return formatAddress([0, 0, V4_MARK, values[at] as number])
  return formatAddress([
    values[at] as number,
    values[at + 1] as number,
    values[at + 2] as number,
    values[at + 3] as number,
  ])
}
