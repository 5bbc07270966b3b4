/**
 * How far each device's clock is off, learnt from live lines: the median of arrival minus event time over the last
 * samples, at most two a second per device. A device that sends local time under the wrong zone is corrected by it
 * before detection; one that is more than 15 hours off is insane: shown, never corrected, and its lines never convict.
 *
 * Learnt after 8 samples over 5 s that agree within 5 s (a backlog that is being caught up does not agree, and what
 * was learnt before stands). Less than 2 s counts as 0, and a learnt offset moves only when it is 2 s wrong, so that
 * jitter never reaches the windows. The table holds 2048 devices; names come from outside, so those not heard for
 * longest give way. Cost: comparing a name with the previous row's; else a hash of about 10 ns.
 */
import { FLAG } from '../model/log-record.ts'
import type { DeviceStatus } from '../model/device.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'

/** Larger than any mistake of time zone (UTC-12 to UTC+14 seen from a zone between). */
export const LARGEST_OFFSET_MS = 15 * 3_600_000
/** Event time and arrival may differ so much, after the learned offset, before a record is flagged `skewed`. */
const SKEW_LIMIT_MS = 120_000
const SMALL_OFFSET_MS = 2000
const AGREE_WITHIN_MS = 5000
const LEAST_SAMPLES = 8
const LEAST_SPAN_MS = 5000
const SAMPLES = 31
const SAMPLE_EVERY_MS = 500
const SETS = 256
const WAYS = 8
const NAME_LIMIT_BYTES = 255

interface DeviceState {
  readonly name: Buffer
  readonly hash: number
  lastSeenAtMs: number
  records: number
  unparsed: number
  /** Arrival minus event time, ms, and the arrival of each sample; rings. */
  readonly differencesMs: Float64Array
  readonly sampledAtMs: Float64Array
  samples: number
  offsetMs: number
  /** Offset of before the restart, until samples of its own say it: shown for an insane clock, whose own is 0. */
  keptOffsetMs: number
  learned: boolean
  insane: boolean
}

/** A device's clock as it is kept over a restart. */
export interface SavedClock {
  readonly device: string
  /** Our time minus the device's, ms. */
  readonly offsetMs: number
  readonly insane: boolean
  readonly lastSeenAtMs: number
}

export class DeviceClocks {
  /** Per row of the batch observed last: 1 when its device's clock is insane. */
  readonly insane = new Uint8Array(BATCH_MESSAGES)
  readonly #seed: number
  readonly #table: (DeviceState | null)[] = Array<DeviceState | null>(SETS * WAYS).fill(null)
  #senderNames: (Buffer | null)[] = []
  #batch: RecordBatch | null = null
  #forgotten = 0

  /** `seed`: against names chosen to push out one device. */
  constructor(seed: number) {
    this.#seed = seed | 0
  }

  /** Devices pushed out of the table since the start. */
  get forgotten(): number {
    return this.#forgotten
  }

  /**
   * Learns from a batch if it is live, writes `clockOffsetMs` and the flag `skewed`, and fills `insane`. Rows with one
   * of `ignoredFlags` teach nothing: their sender may only claim to be the device.
   */
  observe(batch: RecordBatch, ignoredFlags = 0): void {
    const arrivalMs = batch.raw.receivedAtMs
    const { raw, eventTimeMs, clockOffsetMs, flags, text } = batch
    const senderOf = raw.sender
    const bytes = raw.bytes
    const insaneRows = this.insane
    this.#batch = batch
    this.#senderNames = Array<Buffer | null>(raw.senders.length).fill(null)
    let device: DeviceState | null = null
    let runFrom = 0
    let previousStart = 0
    let previousLength = -1
    let previousSender = -1
    let offsetMs = 0
    let insane = 0
    const count = batch.count
    const lateLimitMs = raw.live ? SKEW_LIMIT_MS : Number.POSITIVE_INFINITY
    for (let row = 0; row < count; row++) {
      const at = row * TEXT_STRIDE + TEXT_SLOT.device
      const start = text[at] as number
      const length = (text[at + 1] as number) - start
      const sender = senderOf[row] as number
      const isSame =
        length === previousLength &&
        (length === 0 ? sender === previousSender : sameBytes(bytes, start, previousStart, length))
      if (!isSame || device === null) {
        if (device !== null) device.records += row - runFrom
        runFrom = row
        device = length === 0 ? this.#bySender(sender) : this.#find(bytes, start, length)
        previousStart = start
        previousLength = length
        previousSender = sender
        device.lastSeenAtMs = arrivalMs
        if (raw.live && ((flags[row] as number) & ignoredFlags) === 0) this.#sample(device, row, arrivalMs)
        offsetMs = device.offsetMs
        insane = device.insane ? 1 : 0
      }
      insaneRows[row] = insane
      clockOffsetMs[row] = offsetMs
      const flagsOfRow = flags[row] as number
      if ((flagsOfRow & FLAG.unparsed) !== 0) device.unparsed++
      const differenceMs = arrivalMs - (eventTimeMs[row] as number) - offsetMs
      if (differenceMs > lateLimitMs || differenceMs < -SKEW_LIMIT_MS) flags[row] = flagsOfRow | FLAG.skewed
    }
    if (device !== null) device.records += count - runFrom
  }

  /** What is known of each device, latest heard first. `timeZone` is the settings' matter: null here. */
  list(): DeviceStatus[] {
    return this.#table
      .filter((device) => device !== null)
      .sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
      .map((device) => ({
        device: device.name.toString('utf8'),
        lastSeenAtMs: device.lastSeenAtMs,
        records: device.records,
        unparsed: device.unparsed,
        clockOffsetMs: device.learned ? (device.insane ? median(device) : device.offsetMs) : null,
        clockInsane: device.insane,
        timeZone: null,
      }))
  }

  /** Writes what is known of each row's device into a batch of stored records: `clockOffsetMs`, and `insane`. */
  apply(batch: RecordBatch): void {
    this.#batch = batch
    this.#senderNames = Array<Buffer | null>(batch.raw.senders.length).fill(null)
    for (let row = 0; row < batch.count; row++) {
      const at = row * TEXT_STRIDE + TEXT_SLOT.device
      const start = batch.text[at] as number
      const length = (batch.text[at + 1] as number) - start
      const device =
        length === 0
          ? this.#bySender(batch.raw.sender[row] as number)
          : this.#find(batch.raw.bytes, start, length)
      if (batch.raw.receivedAtMs > device.lastSeenAtMs) device.lastSeenAtMs = batch.raw.receivedAtMs
      batch.clockOffsetMs[row] = device.offsetMs
      this.insane[row] = device.insane ? 1 : 0
    }
  }

  /** What was learned, to be kept over a restart: devices whose clock is known, the latest heard first. */
  save(): SavedClock[] {
    return this.#table
      .filter((device) => device !== null)
      .filter(({ learned }) => learned)
      .sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
      .map((device) => ({
        device: device.name.toString('utf8'),
        offsetMs: device.insane ? median(device) : device.offsetMs,
        insane: device.insane,
        lastSeenAtMs: device.lastSeenAtMs,
      }))
  }

  /** Takes kept clocks over for devices that are not known yet; new samples correct them. */
  load(saved: readonly SavedClock[]): void {
    for (const { device: name, offsetMs, insane, lastSeenAtMs } of saved) {
      const bytes = Buffer.from(name, 'utf8')
      if (bytes.length === 0 || bytes.length > NAME_LIMIT_BYTES) continue
      const device = this.#find(bytes, 0, bytes.length)
      if (device.learned) continue
      device.learned = true
      device.insane = insane
      device.offsetMs = insane ? 0 : offsetMs
      device.keptOffsetMs = offsetMs
      device.lastSeenAtMs = Math.max(device.lastSeenAtMs, lastSeenAtMs)
    }
  }

  #sample(device: DeviceState, row: number, arrivalMs: number): void {
    const batch = this.#batch as RecordBatch
    const differenceMs = arrivalMs - (batch.eventTimeMs[row] as number)
    if (Number.isNaN(differenceMs) || ((batch.flags[row] as number) & FLAG.unparsed) !== 0) return
    const last =
      device.samples === 0 ? Number.NEGATIVE_INFINITY : device.sampledAtMs[(device.samples - 1) % SAMPLES]
    if (Math.abs(arrivalMs - (last as number)) < SAMPLE_EVERY_MS) return
    device.differencesMs[device.samples % SAMPLES] = differenceMs
    device.sampledAtMs[device.samples % SAMPLES] = arrivalMs
    device.samples++
    learn(device)
  }

  #bySender(sender: number): DeviceState {
    const batch = this.#batch as RecordBatch
    const known = this.#senderNames[sender]
    const name = known ?? Buffer.from(batch.raw.senders[sender] ?? 'unknown', 'utf8')
    this.#senderNames[sender] = name
    return this.#find(name, 0, name.length)
  }

  #find(bytes: Uint8Array, start: number, fullLength: number): DeviceState {
    const length = Math.min(fullLength, NAME_LIMIT_BYTES)
    let hash = this.#seed
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[start + i] as number), 0x01000193)
    hash ^= hash >>> 15
    const first = (hash & (SETS - 1)) * WAYS
    let oldest = first
    for (let at = first; at < first + WAYS; at++) {
      const device = this.#table[at] as DeviceState | null
      if (device === null) {
        oldest = at
        break
      }
      if (device.hash === hash && isName(device.name, bytes, start, length)) return device
      if (device.lastSeenAtMs < (this.#table[oldest] as DeviceState).lastSeenAtMs) oldest = at
    }
    if (this.#table[oldest] !== null) this.#forgotten++
    const device = newDevice(Buffer.from(bytes.subarray(start, start + length)), hash)
    this.#table[oldest] = device
    return device
  }
}

function newDevice(name: Buffer, hash: number): DeviceState {
  return {
    name,
    hash,
    lastSeenAtMs: Number.NEGATIVE_INFINITY,
    records: 0,
    unparsed: 0,
    differencesMs: new Float64Array(SAMPLES),
    sampledAtMs: new Float64Array(SAMPLES),
    samples: 0,
    offsetMs: 0,
    keptOffsetMs: 0,
    learned: false,
    insane: false,
  }
}

function learn(device: DeviceState): void {
  const count = Math.min(device.samples, SAMPLES)
  if (count < LEAST_SAMPLES) return
  const newest = device.sampledAtMs[(device.samples - 1) % SAMPLES] as number
  const oldest = device.sampledAtMs[(device.samples - count) % SAMPLES] as number
  if (newest - oldest < LEAST_SPAN_MS) return
  const sorted = device.differencesMs.slice(0, count).sort()
  const quarter = count >> 2
  if ((sorted[count - 1 - quarter] as number) - (sorted[quarter] as number) > AGREE_WITHIN_MS) return
  const offsetMs = sorted[count >> 1] as number
  device.learned = true
  device.insane = Math.abs(offsetMs) > LARGEST_OFFSET_MS
  if (device.insane || Math.abs(offsetMs) < SMALL_OFFSET_MS) device.offsetMs = 0
  else if (Math.abs(offsetMs - device.offsetMs) >= SMALL_OFFSET_MS) device.offsetMs = Math.round(offsetMs)
}

function median(device: DeviceState): number {
  if (device.samples === 0) return device.keptOffsetMs
  const count = Math.min(device.samples, SAMPLES)
  return Math.round(device.differencesMs.slice(0, count).sort()[count >> 1] as number)
}

function sameBytes(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  if (a === b) return true
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

function isName(name: Buffer, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false
  for (let i = 0; i < length; i++) if (name[i] !== bytes[start + i]) return false
  return true
}
