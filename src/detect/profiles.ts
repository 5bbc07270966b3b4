/**
 * Thresholds per device (`detection.devices`): devices with the same settings share a profile, and each profile has a
 * set of rules of its own (detector.ts), which sees the rows of its devices alone. Profile 0 is everybody else's.
 *
 * So a source is counted per profile: what it does at two firewalls of different profiles is not added up. Names are
 * compared byte for byte; a device whose lines do not name it goes by its sender. Cost: comparing a name with the
 * previous row's, else one look-up; nothing at all while no device is set.
 */
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'

/** Profiles beside the default: each has tables of its own, so their number bounds the memory. */
export const MAX_PROFILES = 8

export class DeviceProfiles {
  readonly #byName = new Map<string, number>()
  #previous: Buffer = Buffer.alloc(0)
  #previousProfile = 0

  /** `devices[i]`: the names of profile i + 1. */
  constructor(devices: readonly (readonly string[])[]) {
    devices.forEach((names, i) => {
      for (const name of names) this.#byName.set(name, i + 1)
    })
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  /** The profile of a record's device. */
  of(batch: RecordBatch, row: number): number {
    const at = row * TEXT_STRIDE + TEXT_SLOT.device
    const start = batch.text[at] as number
    const end = batch.text[at + 1] as number
    if (start === end) return this.#byName.get(batch.senderAt(row) ?? '') ?? 0
    const previous = this.#previous
    if (isText(batch.raw.bytes, start, end, previous)) return this.#previousProfile
    this.#previous = Buffer.from(batch.raw.bytes.subarray(start, end))
    this.#previousProfile = this.#byName.get(this.#previous.toString('utf8')) ?? 0
    return this.#previousProfile
  }
}

/** Whether bytes are this text; a loop, since names are short and a call into the engine costs 60 ns. */
export function isText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}
