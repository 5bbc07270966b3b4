/**
 * Port scan (case 1, "Port Scan Attack v1"): one source, one destination, more than `ports` distinct destination ports
 * within the window.
 */
import { type Address, formatAddress, type Network } from '../lib/address.ts'
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
import { isCopiedPort, portOfCopy } from './weights.ts'
import { type InspectedKey, sourceFilter } from './window-inspect.ts'
import type { Sightings } from './sightings.ts'
import type { Firing } from './window-firing.ts'
import type { SlidingWindow } from './window.ts'

const DESTINATION = ADDRESS_SLOT.destinationAddress
/** Source and destination; one word each, or four where one of them is IPv6. */
const SHAPE = { keyWords: { v4: 2, v6: 8 }, valueWords: { v4: 1, v6: 1 } } as const

export class PortScan implements DetectionRule {
  readonly name = 'port-scan'
  readonly #v4: SlidingWindow
  readonly #v6: SlidingWindow
  readonly #v4Keys = new Uint32Array(BATCH_MESSAGES * SHAPE.keyWords.v4)
  readonly #v6Keys = new Uint32Array(BATCH_MESSAGES * SHAPE.keyWords.v6)
  readonly #v6Ports = new Uint32Array(BATCH_MESSAGES)
  readonly #options: ScanOptions
  readonly #shorts: ShortScans
  #settings: DetectionSettings

  constructor(settings: DetectionSettings, options: ScanOptions, shorts: ShortScans) {
    this.#settings = settings
    this.#options = options
    this.#shorts = shorts
    shorts.onRecords(this.name, (counted, found) => this.#count(counted, found))
    const { ports, windowMs } = settings.portScan
    const windows = makeWindows(SHAPE, ports + 1, windowMs, options)
    this.#v4 = windows.v4
    this.#v6 = windows.v6
  }

  /** Acts from the next record on; windows stay. */
  configure(settings: DetectionSettings): void {
    this.#settings = settings
    this.#shorts.configure(this.name, settings)
    const { ports, windowMs } = settings.portScan
    this.#v4.configure(ports + 1, windowMs, keepMs(windowMs, this.#options.live))
    this.#v6.configure(ports + 1, windowMs, keepMs(windowMs, this.#options.live))
  }

  /** What holds the sources with few pairs counts here. */
  counters(): Readonly<Record<string, number>> {
    return { ...[this.#v4, this.#v6, this.#shorts].map((one) => one.counters()).reduce(sumCounters) }
  }

  observe(counted: CountedBatch, found: Found[]): void {
    this.#shorts.observe(this.name, counted, found)
  }

  /** Counts records in the windows and adds what fired to `found` (not in order of rows between families). */
  #count(counted: CountedBatch, found: Found[]): void {
    const { batch, v4, v6, nowMs, mask } = counted
    const { mode, windowMs } = this.#settings.portScan
    // Records of before were counted by what was set then.
    if ((mode === 'off' || windowMs === 0) && v4.lineRefs === null) return
    const { addresses, destinationPort } = batch
    const ports = this.#v6Ports
    const { sources, destinations } = v4
    const keys = this.#v4Keys
    for (let i = 0; i < v4.count; i++) {
      keys[2 * i] = sources[i] as number
      keys[2 * i + 1] = destinations[i] as number
    }
    for (const firing of this.#v4.observe(v4, keys, v4.ports, nowMs))
      found.push(this.#found(counted, v4, firing))
    for (let i = 0; i < v6.count; i++) {
      const row = v6.rows[i] as number
      copyMaskedSource(addresses, row, mask, this.#v6Keys, 8 * i)
      const at = row * ADDRESS_STRIDE + DESTINATION
      for (let k = 0; k < 4; k++) this.#v6Keys[8 * i + 4 + k] = addresses[at + k] as number
      ports[i] = portOfCopy(destinationPort[row] as number, v6.copies[i] as number)
    }
    for (const firing of this.#v6.observe(v6, this.#v6Keys, ports, nowMs))
      found.push(this.#found(counted, v6, firing))
  }

  inspect(source: Network, nowMs: number): LiveCount[] {
    const { ports, windowMs } = this.#settings.portScan
    const sinceMs = nowMs - windowMs
    const liveCount = ({ key, count, lastAtMs }: InspectedKey, isV4: boolean): LiveCount => ({
      source: sourceOfKey(key, isV4, this.#settings.ipv6Prefix),
      what: `ports of ${formatAddress(destinationOfKey(key, isV4))}`,
      count,
      threshold: ports,
      fires: 'more',
      windowSeconds: windowMs / 1000,
      lastAtMs,
    })
    return [
      ...this.#shorts
        .inspect(source, ({ destination }) => destination, sinceMs)
        .map((one) => liveCount(one, true)),
      ...this.#v4.inspect(sourceFilter(source, true), sinceMs).map((one) => liveCount(one, true)),
      ...this.#v6.inspect(sourceFilter(source, false), sinceMs).map((one) => liveCount(one, false)),
    ]
  }

  #found(counted: CountedBatch, sightings: Sightings, firing: Firing): Found {
    const { batch } = counted
    const row = sightings.rows[firing.index] as number
    const destination = batch.addressAt(row, DESTINATION)
    const { ports, windowMs } = this.#settings.portScan
    const address = destination === null ? null : formatAddress(destination)
    return detectionOf(
      {
        rule: 'port-scan',
        finding: null,
        settingsVersion: this.#settings.versions['port-scan'],
        mode: this.#settings.portScan.mode,
        threshold: ports,
        windowMs,
        destination: address,
        port: null,
        valueText: (values, at) => String(values[at]),
        isCopy: (values, at) => isCopiedPort(values[at] as number),
        weighted: (distinct, count) =>
          `reached ${distinct} ports of ${address ?? 'one address'} within ${windowMs / 60_000} minutes, which count as ${count} by the weight of the address (more than ${ports} allowed)`,
      },
      counted,
      sightings,
      firing,
      this.#options.lines,
    )
  }
}

function destinationOfKey(key: Uint32Array, isV4: boolean): Address {
  if (isV4) return [0, 0, 0xffff, key[1] as number]
  return [key[4] as number, key[5] as number, key[6] as number, key[7] as number]
}
