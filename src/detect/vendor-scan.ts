/**
 * Vendor scan: the firewall itself says that a source scans or floods (vendor-scan-record.ts says which records). At
 * least `records` of them of one source within the window fire; one by default, since the firewall has counted already.
 *
 * Zone protection judges single packets, which anyone can forge: such a detection is always `spoofable`. A flood threat
 * has, in PAN-OS, no source of its own where the flood is counted per zone (the line then says 0.0.0.0): it counts for
 * nobody.
 */
import { formatAddress, type Network } from '../lib/address.ts'
import { ADDRESS_SLOT, TEXT_SLOT } from '../model/record-batch.ts'
import type { DetectionRule, LiveCount } from './rule.ts'
import { type CountedBatch, detectionOf, type Found, type ScanOptions, sourceOfKey } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { hashInstant, hashNumber, hashText, SourceEvents } from './source-events.ts'
import { threatText } from './threat.ts'
import type { Firing } from './window-firing.ts'

const ONE_KIND = 0

export class VendorScan implements DetectionRule {
  readonly name = 'vendor-scan'
  readonly #options: ScanOptions
  readonly #events: SourceEvents
  #settings: DetectionSettings

  constructor(settings: DetectionSettings, options: ScanOptions) {
    this.#settings = settings
    this.#options = options
    this.#events = new SourceEvents(settings.vendorScan.records, settings.vendorScan.windowMs, options)
  }

  configure(settings: DetectionSettings): void {
    this.#settings = settings
    this.#events.configure(settings.vendorScan.records, settings.vendorScan.windowMs)
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#events.counters() }
  }

  observe(counted: CountedBatch, found: Found[]): void {
    const { mode, windowMs } = this.#settings.vendorScan
    const { batch, vendorScans } = counted
    if (mode === 'off' || windowMs === 0 || vendorScans.count === 0) return
    for (let i = 0; i < vendorScans.count; i++) {
      const row = vendorScans.rows[i] as number
      let event = hashInstant(
        batch.eventTimeMs[row] as number,
        hashText(batch, row, TEXT_SLOT.sequenceNumber),
      )
      event = hashNumber(batch.threatId[row] as number, event)
      event = hashNumber(batch.destinationPort[row] as number, event)
      this.#events.add(counted, row, ONE_KIND, event, false)
    }
    for (const firing of this.#events.observe(counted.nowMs)) found.push(this.#found(counted, firing))
    this.#events.clear()
  }

  inspect(source: Network, nowMs: number): LiveCount[] {
    const { records, windowMs } = this.#settings.vendorScan
    return this.#events.inspect(source, nowMs - windowMs).map(({ key, count, lastAtMs }) => ({
      source: sourceOfKey(key, false, this.#settings.ipv6Prefix),
      what: "scan and flood threats of the firewall's own",
      count,
      threshold: records,
      fires: 'reached' as const,
      windowSeconds: windowMs / 1000,
      lastAtMs,
    }))
  }

  #found(counted: CountedBatch, firing: Firing): Found {
    const { batch } = counted
    const row = this.#events.sightings.rows[firing.index] as number
    const destination = batch.addressAt(row, ADDRESS_SLOT.destinationAddress)
    const { records, windowMs } = this.#settings.vendorScan
    const name = threatText(batch, row)
    const times = records === 1 ? '' : ` ${firing.timesMs.length} times within ${windowMs / 60_000} minutes`
    const { detection } = detectionOf(
      {
        rule: 'vendor-scan',
        finding: `was reported by the firewall's own scan and flood protection${times}: "${plain(name)}"`,
        settingsVersion: this.#settings.versions['vendor-scan'],
        mode: this.#settings.vendorScan.mode,
        threshold: records,
        windowMs,
        destination: destination === null ? null : formatAddress(destination),
        port: null,
        valueText: () => name,
      },
      counted,
      this.#events.sightings,
      firing,
      this.#options.lines,
    )
    return {
      row,
      detection: {
        ...detection,
        proofReason: 'the firewall judged single packets, whose source could be forged',
      },
    }
  }
}

/** Text of the firewall's, without control and direction characters, cut. */
function plain(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return clean.length > 120 ? `${clean.slice(0, 120)}...` : clean
}
