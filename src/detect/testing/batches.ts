/** For tests: record batches from short descriptions, and a detector with plain settings. */
import { defaultSettings } from '../../config/schema.ts'
import { parseAddress, parseNetwork } from '../../lib/address.ts'
import { NetworkSet } from '../../lib/network-set.ts'
import type { Detection } from '../../model/detection.ts'
import { ATTACKER, CATEGORY, DISPOSITION, OUTCOME, SEVERITY, type TextField } from '../../model/log-record.ts'
import { RawBatch } from '../../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { Detector, type SavedPart } from '../detector.ts'
import { RecentBatches } from '../recent-batches.ts'
import { type DetectionSettings, detectionSettings } from '../settings.ts'
import type { OnCount } from '../window.ts'

/** An event; what is left out is a denied TCP packet from 198.51.100.7 to 203.0.113.10, port 22. */
export interface Event {
  /** Seconds after START_MS. */
  at?: number
  from?: string
  to?: string
  sourcePort?: number
  port?: number
  category?: keyof typeof CATEGORY
  disposition?: keyof typeof DISPOSITION
  severity?: keyof typeof SEVERITY
  attacker?: keyof typeof ATTACKER
  outcome?: keyof typeof OUTCOME
  repeatCount?: number
  flags?: number
  bytesSent?: number
  bytesReceived?: number
  packetsReceived?: number
  threatId?: number
  line?: string
  texts?: Partial<Record<TextField, string>>
}

export const START_MS = Date.UTC(2026, 0, 15, 12)

/** The documentation networks count as public, as in the tests of the whole product. */
export const PUBLIC = networks('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32')

export function networks(...texts: string[]): NetworkSet {
  return new NetworkSet(
    texts.map((text) => {
      const network = parseNetwork(text)
      if (network === null) throw new TypeError(text)
      return network
    }),
  )
}

/** The defaults, without the rules of long windows: they find what the others find once more. */
export function testSettings(changes: Partial<DetectionSettings> = {}): DetectionSettings {
  const settings = detectionSettings(defaultSettings())
  return {
    ...settings,
    slowScan: { ...settings.slowScan, mode: 'off' },
    subnetScan: { ...settings.subnetScan, mode: 'off' },
    randomScan: { ...settings.randomScan, mode: 'off' },
    public: PUBLIC,
    maxKeys: 100_000,
    ...changes,
  }
}

let sequence = 0
const spare: RecordBatch[] = []

/** Gives a batch back that nobody reads any more: making one costs 2 MiB. */
export function release(batch: RecordBatch | null): void {
  if (batch !== null) spare.push(batch)
}

/** `receivedAt` in seconds after START_MS makes a live batch. */
export function batchOf(events: readonly Event[], receivedAt = Number.NaN): RecordBatch {
  const batch = spare.pop() ?? new RecordBatch(new RawBatch(1 << 16))
  const raw = batch.raw
  raw.reset()
  raw.senders = ['192.0.2.1']
  raw.receivedAtMs = START_MS + receivedAt * 1000
  for (const event of events) {
    const line = Buffer.from(
      event.line ?? `${event.at ?? 0} ${event.from ?? ''} ${event.to ?? ''} ${event.port ?? ''}`,
    )
    raw.reserve(line.length)
    raw.add(line, 0, line.length, 0)
  }
  batch.reset(raw, ++sequence)
  events.forEach((event, row) => fillRow(batch, row, event))
  return batch
}

function fillRow(batch: RecordBatch, row: number, event: Event): void {
  batch.eventTimeMs[row] = START_MS + (event.at ?? 0) * 1000
  setAddress(batch, row, ADDRESS_SLOT.sourceAddress, event.from ?? '198.51.100.7')
  setAddress(batch, row, ADDRESS_SLOT.destinationAddress, event.to ?? '203.0.113.10')
  batch.sourcePort[row] = event.sourcePort ?? 40_000
  batch.destinationPort[row] = event.port ?? 22
  batch.category[row] = CATEGORY[event.category ?? 'traffic']
  batch.disposition[row] = DISPOSITION[event.disposition ?? 'blocked']
  batch.severity[row] = SEVERITY[event.severity ?? 'none']
  batch.attacker[row] = ATTACKER[event.attacker ?? 'none']
  batch.outcome[row] = OUTCOME[event.outcome ?? 'none']
  batch.repeatCount[row] = event.repeatCount ?? 1
  batch.flags[row] = event.flags ?? 0
  batch.bytesSent[row] = event.bytesSent ?? Number.NaN
  batch.bytesReceived[row] = event.bytesReceived ?? Number.NaN
  batch.packetsReceived[row] = event.packetsReceived ?? Number.NaN
  batch.threatId[row] = event.threatId ?? 0
  for (const [field, text] of Object.entries({ device: 'FW-01', ...event.texts }))
    batch.setDecodedText(row, TEXT_SLOT[field as TextField], Buffer.from(text))
}

function setAddress(batch: RecordBatch, row: number, slot: number, text: string): void {
  if (text === '') return
  const words = parseAddress(text)
  if (words === null) throw new TypeError(text)
  batch.setAddress(row, slot, ...words)
}

export interface DetectorForTest {
  detector: Detector
  recent: RecentBatches
  /** Takes the events through in one batch. */
  readonly feed: (events: readonly Event[], receivedAt?: number) => Detection[]
}

export function makeDetector(
  changes: Partial<DetectionSettings> = {},
  options: {
    live?: boolean
    seed?: number
    witnessBytes?: number
    recentBatches?: number
    onCount?: OnCount
  } = {},
): DetectorForTest {
  const recent = new RecentBatches(options.recentBatches ?? 16)
  const detector = new Detector({
    settings: testSettings(changes),
    seed: options.seed ?? 20_260_115,
    recent,
    live: options.live ?? false,
    witnessBytes: options.witnessBytes ?? 1 << 20,
    ...(options.onCount === undefined ? {} : { onCount: options.onCount }),
  })
  return {
    detector,
    recent,
    feed: (events, receivedAt) => {
      const batch = batchOf(events, receivedAt)
      const detections = detector.observe(batch)
      release(recent.push(batch))
      return detections
    },
  }
}

/** What a detector keeps over a restart. */
export function savedBy(detector: Detector): SavedPart[] {
  return [...detector.saveWindows()].filter((piece) => piece !== null)
}

/** `count` events, one second apart, to so many ports from `firstPort` on. */
export function portScan(count: number, event: Event = {}, firstPort = 1): Event[] {
  return Array.from({ length: count }, (_, i) => ({ ...event, at: (event.at ?? 0) + i, port: firstPort + i }))
}

/** `count` events, one second apart, to so many hosts of 203.0.113.0/24. */
export function hostSweep(count: number, event: Event = {}): Event[] {
  return Array.from({ length: count }, (_, i) => ({
    ...event,
    at: (event.at ?? 0) + i,
    to: `203.0.113.${i + 1}`,
  }))
}
