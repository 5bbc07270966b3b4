/**
 * A flood of forged sources with real scanners among it, at its full rate in event time, straight into the detector: what
 * the benchmark and the tests of poisoning look at. Each second so many sources that are never seen again send `packets`
 * refused packets each, to hosts and ports drawn at random. The scanners, whose pace no single second gives away, began
 * before the flood and go on after it.
 */
import { Detector } from '../src/detect/detector.ts'
import { RecentBatches } from '../src/detect/recent-batches.ts'
import type { DetectionSettings } from '../src/detect/settings.ts'
import type { Detection } from '../src/model/detection.ts'
import { CATEGORY, DISPOSITION } from '../src/model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../src/model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch } from '../src/model/record-batch.ts'

interface FloodOptions {
  readonly settings: DetectionSettings
  /** Event time of it all, and of the flood in its middle. */
  readonly seconds: number
  readonly floodSeconds: number
  readonly sourcesPerSecond: number
  readonly packets: 1 | 2
  readonly scanners: readonly Scanner[]
}

/** Sends `pairs` refused packets, spread evenly over all of the time. */
interface Scanner {
  readonly source: string
  readonly pairs: number
  /** Host (last byte of 203.0.113.0/24) and port of the n-th. */
  readonly pair: (n: number) => readonly [host: number, port: number]
}

interface FloodResult {
  /** Rule and source of each detection, and its second. */
  readonly told: readonly { readonly rule: string; readonly source: string; readonly second: number }[]
  readonly records: number
  readonly sources: number
  /** Of this thread, in the detector alone. */
  readonly cpuSeconds: number
  readonly counters: Readonly<Record<string, number>>
}

const START_MS = Date.UTC(2026, 0, 15, 12)
const V4_MARK = 0xffff
const OUR_HOSTS = 0xcb00_7100
const RECENT_BATCHES = 20
const LINE = Buffer.alloc(120, 'a line of a flood; ')

/** 32-bit numbers that come again only after all others; about one of seven is no public address and is passed over. */
class ForgedSources {
  #n = 0

  next(): number {
    for (;;) {
      const address = Math.imul(++this.#n, 0x9e37_79b1) >>> 0
      const top = address >>> 24
      if (top > 0 && top < 224 && ![10, 100, 127, 169, 172, 192, 198, 203].includes(top)) return address
    }
  }
}

export function runFlood(options: FloodOptions): FloodResult {
  const { settings, seconds, floodSeconds, sourcesPerSecond, packets, scanners } = options
  const recent = new RecentBatches(RECENT_BATCHES)
  const detector = new Detector({ settings, seed: 20_260_115, recent, live: true })
  const spare = Array.from({ length: RECENT_BATCHES + 2 }, makeBatch)
  const forged = new ForgedSources()
  const told: { rule: string; source: string; second: number }[] = []
  const floodFrom = Math.floor((seconds - floodSeconds) / 2)
  let [records, sources, sequence, cpuMicros] = [0, 0, 0, 0]
  let batch = spare.pop() as RecordBatch
  let row = 0

  const send = (second: number): void => {
    if (row === 0) return
    batch.raw.receivedAtMs = START_MS + second * 1000
    batch.count = row
    const before = process.threadCpuUsage()
    const found: readonly Detection[] = detector.observe(batch)
    const used = process.threadCpuUsage(before)
    cpuMicros += used.user + used.system
    for (const { rule, sourceAddress } of found) told.push({ rule, source: sourceAddress, second })
    const oldest = recent.push(batch)
    if (oldest !== null) spare.push(oldest)
    records += row
    batch = spare.pop() ?? makeBatch()
    batch.reset(batch.raw, ++sequence)
    row = 0
  }
  const add = (second: number, address: number, host: number, port: number): void => {
    batch.eventTimeMs[row] = START_MS + second * 1000
    batch.setAddress(row, ADDRESS_SLOT.sourceAddress, 0, 0, V4_MARK, address)
    batch.setAddress(row, ADDRESS_SLOT.destinationAddress, 0, 0, V4_MARK, OUR_HOSTS + host)
    batch.sourcePort[row] = 40_000
    batch.destinationPort[row] = port
    batch.category[row] = CATEGORY.traffic
    batch.disposition[row] = DISPOSITION.blocked
    if (++row === BATCH_MESSAGES) send(second)
  }

  batch.reset(batch.raw, ++sequence)
  for (let second = 0; second < seconds; second++) {
    for (const { source, pairs, pair } of scanners) {
      const n = Math.floor((second * pairs) / seconds)
      if (second > 0 && n === Math.floor(((second - 1) * pairs) / seconds)) continue
      add(second, addressOf(source), ...pair(n))
    }
    if (second >= floodFrom && second < floodFrom + floodSeconds)
      for (let i = 0; i < sourcesPerSecond; i++) {
        const address = forged.next()
        sources++
        for (let packet = 0; packet < packets; packet++)
          add(second, address, address & 63, 1 + (((address >>> 9) + packet * 7919) % 60_000))
      }
    send(second)
  }
  return { told, records, sources, cpuSeconds: cpuMicros / 1e6, counters: detector.counters() }
}

/** All lines of a batch are one text: only that there are lines matters here. */
function makeBatch(): RecordBatch {
  const raw = new RawBatch()
  raw.senders = ['192.0.2.1']
  const end = raw.append(LINE) + LINE.length
  for (let row = 0; row < BATCH_MESSAGES; row++) raw.mark(0, end, 0, false)
  return new RecordBatch(raw)
}

const addressOf = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** Those who must not escape: one host, one port, and a walk over both, with the rule that finds each. */
export const SCANNERS = {
  'port-scan': { source: '4.4.4.4', pairs: 15, pair: (n: number) => [200, 1000 + n] as const },
  'host-sweep': { source: '5.5.5.5', pairs: 12, pair: (n: number) => [100 + n, 3389] as const },
  'slow-scan': { source: '6.6.6.6', pairs: 24, pair: (n: number) => [150 + (n % 40), 2000 + n] as const },
} as const satisfies Record<string, Scanner>

/** Those of the scanners that were not told by their rule, and all others that were told. */
export function judge({ told }: FloodResult): { missed: string[]; others: Record<string, number> } {
  const isTold = (rule: string, source: string): boolean =>
    told.some((one) => one.rule === rule && one.source === source)
  const missed = Object.entries(SCANNERS).flatMap(([rule, { source }]) =>
    isTold(rule, source) ? [] : [rule],
  )
  const own = new Set<string>(Object.values(SCANNERS).map(({ source }) => source))
  const others: Record<string, number> = {}
  for (const { rule, source } of told) if (!own.has(source)) others[rule] = (others[rule] ?? 0) + 1
  return { missed, others }
}
