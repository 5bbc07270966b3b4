/** The time zone of each device: a name set for it, else the standard one. */
import { TimeZone } from './calendar.ts'

export class DeviceZones {
  readonly standard: TimeZone
  readonly #byDevice = new Map<string, TimeZone>()

  /** Throws an AppError `bad-configuration` for a name that is not an IANA zone. */
  constructor(timeZone: string, deviceZones: Readonly<Record<string, string>>) {
    const zones = new Map<string, TimeZone>()
    const zoneOf = (name: string): TimeZone => {
      const known = zones.get(name) ?? new TimeZone(name)
      zones.set(name, known)
      return known
    }
    this.standard = zoneOf(timeZone)
    for (const [device, name] of Object.entries(deviceZones)) this.#byDevice.set(device, zoneOf(name))
  }

  /** True when every device has the standard zone. */
  get isUniform(): boolean {
    return this.#byDevice.size === 0
  }

  of(device: string): TimeZone {
    return this.#byDevice.get(device) ?? this.standard
  }
}
