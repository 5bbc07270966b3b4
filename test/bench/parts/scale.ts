/**
 * Row 1: what a record costs the detector after 1, 10 and 100 million of them, every rule on with the defaults. The lines of
 * the workload are parsed once; its batches go round with event time and arrival moving on, at 20,000 records a second of
 * event time, so that tables fill, age and are swept as on a service that runs for an hour and a half. Two cases ask two
 * questions, each of a detector of its own:
 *
 * - sources come back: what was denied goes through CYCLE_ROUNDS sets of sources and ports, which come back again and again, so
 *   that some 1.2 million keys stay alive (0.5 million of port scan, as many of host sweep, 0.2 million sources). Does history cost?
 * - new sources: other sources and ports each round, so that keys reach their bound (5 million of a rule) after 10 million records
 *   and each new one evicts an old one. What does a full table cost?
 *
 * Runs up to 100 times `--lines` records for each case (100 million by default: some minutes).
 */
import { Detector } from '../../../src/detect/detector.ts'
import { RecentBatches } from '../../../src/detect/recent-batches.ts'
import { detectionSettings } from '../../../src/detect/settings.ts'
import { RawBatch } from '../../../src/model/raw-batch.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, RecordBatch } from '../../../src/model/record-batch.ts'
import { DISPOSITION } from '../../../src/model/log-record.ts'
import { Parser } from '../../../src/parse/parser.ts'
import { parserOptions } from '../../../src/parse/parser-options.ts'
import type { Figure, Part } from '../part.ts'
import { loadSettings } from '../settings.ts'
import { generateLines } from '../workload.ts'

const BATCH_LINES = 2000
const BATCHES = 100
const RECORDS_PER_SECOND = 20_000
const DECADES = [1, 10, 100]
const END_MS = Date.UTC(2026, 0, 15, 12)
const ROUND_MS = (BATCHES * BATCH_LINES * 1000) / RECORDS_PER_SECOND
/** Sources of what was denied, in 10.64.0.0/10, which the workload declares public. */
const SOURCE_BASE = 0x0a40_0000
const SOURCE_MASK = 0x003f_ffff
const SOURCE_STEP = 40_503
const PORT_STEP = 978
const PORTS = 65_535
const CYCLE_ROUNDS = 5

interface Case {
  readonly name: string
  /** How far sources and ports of what was denied go from this round to the next. */
  readonly sourceStep: (round: number) => number
  readonly portStep: (round: number) => number
}

/** Steps that end where they began after CYCLE_ROUNDS rounds. */
const cyclic =
  (step: number) =>
  (round: number): number =>
    (round + 1) % CYCLE_ROUNDS === 0 ? -(CYCLE_ROUNDS - 1) * step : step

const CASES: readonly Case[] = [
  {
    name: 'sources come back, live keys stay',
    sourceStep: cyclic(SOURCE_STEP),
    portStep: cyclic(PORT_STEP),
  },
  {
    name: 'new sources, tables full',
    sourceStep: (round) => (round % 5) * SOURCE_STEP,
    portStep: () => PORT_STEP,
  },
]

export const scale: Part = async ({ lines, say }) => CASES.flatMap((one) => run(one, lines, say))

function run(one: Case, lines: number, say: (text: string) => void): Figure[] {
  say(`${one.name}: parsing the workload`)
  const settings = loadSettings()
  const batches = parsedBatches()
  const recent = new RecentBatches(BATCHES / 2)
  const detector = new Detector({ settings: detectionSettings(settings), seed: 1, recent, live: false })
  const marks = DECADES.map((decade) => decade * lines)
  const figures: Figure[] = []
  let [records, cpuMicros, lastRecords, lastMicros, detections] = [0, 0, 0, 0, 0]
  let beforeNs = Number.NaN
  for (let round = 0; records < (marks.at(-1) ?? 0); round++) {
    for (const batch of batches) {
      records += batch.count
      batch.sequence = 1 + ((records / BATCH_LINES) % 500_000)
      const before = process.threadCpuUsage()
      detections += detector.observe(batch).length
      const used = process.threadCpuUsage(before)
      cpuMicros += used.user + used.system
      recent.push(batch)
      if (!marks.includes(records)) continue
      const ns = ((cpuMicros - lastMicros) / (records - lastRecords)) * 1000
      const mark = { lastRecords, records, ns, beforeNs, detections, counters: detector.counters() }
      figures.push(figureOf(one, mark))
      say(`${one.name}: ${records} records: ${ns.toFixed(0)} ns`)
      lastRecords = records
      lastMicros = cpuMicros
      beforeNs = ns
    }
    for (const batch of batches) moveOn(batch, one.sourceStep(round), one.portStep(round))
  }
  return figures
}

interface Mark {
  readonly lastRecords: number
  readonly records: number
  readonly ns: number
  /** What a record cost in the decade before; NaN in the first. */
  readonly beforeNs: number
  readonly detections: number
  readonly counters: Readonly<Record<string, number>>
}

function figureOf(
  { name }: Case,
  { lastRecords, records, ns, beforeNs, detections, counters }: Mark,
): Figure {
  const keys = ['portScan', 'hostSweep', 'slowScan', 'subnetScan'].map((rule) => counters[`${rule}Keys`] ?? 0)
  return {
    row: 1,
    what: `detection, every rule on, ${name}: from record ${lastRecords} to ${records}`,
    value: ns,
    unit: 'CPU-ns a record',
    target: null,
    work: null,
    note: `${Number.isNaN(beforeNs) ? 'tables grow from empty' : `${(ns / beforeNs).toFixed(2)} of the decade before`}; keys ${keys.join(', ')}; ${detections} detections, ${counters['evictions']} evictions; ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  }
}

/** Every batch has memory of its own, so that none comes from the caches. */
function parsedBatches(): RecordBatch[] {
  const parser = new Parser(parserOptions(loadSettings(), END_MS))
  const all: string[] = []
  generateLines(
    {
      format: 'custom',
      lines: BATCHES * BATCH_LINES,
      seed: 1,
      sources: 200_000,
      linesPerSecond: RECORDS_PER_SECOND,
      endMs: END_MS,
    },
    (line) => all.push(line),
  )
  return Array.from({ length: BATCHES }, (_, n) => {
    const raw = new RawBatch()
    raw.senders = ['192.0.2.1']
    for (const line of all.slice(n * BATCH_LINES, (n + 1) * BATCH_LINES)) {
      const bytes = Buffer.from(line)
      raw.reserve(bytes.length)
      raw.add(bytes, 0, bytes.length, 0)
    }
    const records = new RecordBatch(raw)
    parser.parse(raw, records)
    return records
  })
}

/** The next round: later, and what was denied from other sources to other ports. */
function moveOn(batch: RecordBatch, sourceStep: number, portStep: number): void {
  const { addresses, count, destinationPort, disposition, eventTimeMs } = batch
  for (let row = 0; row < count; row++) {
    eventTimeMs[row] = (eventTimeMs[row] as number) + ROUND_MS
    if (disposition[row] !== DISPOSITION.blocked) continue
    const at = row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress + 3
    const source = addresses[at] as number
    if ((source & ~SOURCE_MASK) >>> 0 === SOURCE_BASE)
      addresses[at] = SOURCE_BASE | ((source + sourceStep) & SOURCE_MASK)
    destinationPort[row] = 1 + (((destinationPort[row] as number) - 1 + portStep + PORTS * 5) % PORTS)
  }
}
