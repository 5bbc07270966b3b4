/**
 * `replay [FILE|-]...`: runs lines through parse, detect and decide with a fresh state and publishes nothing. Prints one
 * JSON object per detection, with what would have been decided, and a summary on stderr. Several files are merged by
 * event time. Event time is the only clock: the same files and settings give the same output. Needs no service.
 */
import { loadConfiguration } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import { decisionRules } from '../decide/decision-rules.ts'
import { Detector } from '../detect/detector.ts'
import { RecentBatches } from '../detect/recent-batches.ts'
import { Sequences } from '../detect/sequences.ts'
import { detectionSettings } from '../detect/settings.ts'
import { formatNetwork } from '../lib/address.ts'
import type { Verdict, VerdictWithReason } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import { FLAG } from '../model/log-record.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { Parser } from '../parse/parser.ts'
import { parserOptions } from '../parse/parser-options.ts'
import { type CliIo, sayError } from './io.ts'
import { LineSource } from './line-source.ts'
import { type RecordSource, RowMerger } from './merge-rows.ts'
import { type ConfigurationOptions, configurationInput, printing } from './options.ts'
import { ReplayJudge } from './replay-judge.ts'
import { jsonLine } from './safe-text.ts'

/** Batches kept for evidence: 260,000 lines, about 180 MiB when the input is that long. */
const RECENT_BATCHES = 64
/** Any number: the hash seed hides keys from attackers in the service; here a run must be repeatable. */
const SEED = 1

class Summary {
  records = 0
  unparsed = 0
  detections = 0
  firstMs = Number.POSITIVE_INFINITY
  lastMs = Number.NEGATIVE_INFINITY
  readonly verdicts: Record<Verdict, number> = { block: 0, hold: 0, refuse: 0, none: 0 }

  count(records: RecordBatch): void {
    this.records += records.count
    for (let row = 0; row < records.count; row++) {
      if (((records.flags[row] as number) & FLAG.unparsed) !== 0) this.unparsed++
      const eventTimeMs = records.eventTimeMs[row] as number
      if (eventTimeMs < this.firstMs) this.firstMs = eventTimeMs
      if (eventTimeMs > this.lastMs) this.lastMs = eventTimeMs
    }
  }

  text(): string {
    const span =
      this.firstMs > this.lastMs
        ? ''
        : ` from ${new Date(this.firstMs).toISOString()} to ${new Date(this.lastMs).toISOString()}`
    const { block, hold, refuse, none } = this.verdicts
    return (
      `replay: ${this.records} lines (${this.unparsed} not understood)${span}; ` +
      `${this.detections} detections: ${block} block, ${hold} hold, ${refuse} refuse, ${none} none`
    )
  }
}

export async function replay(
  io: CliIo,
  files: readonly string[],
  options: ConfigurationOptions,
): Promise<void> {
  const { settings } = loadConfiguration(configurationInput(io, options))
  const recent = new RecentBatches(RECENT_BATCHES)
  const detector = new Detector({ settings: detectionSettings(settings), seed: SEED, recent, live: false })
  const sequences = new Sequences(SEED)
  const judge = await ReplayJudge.open(decisionRules(settings), SEED)
  const summary = new Summary()
  await printing(io, async (output) => {
    for await (const records of batchesOf(io, files.length === 0 ? ['-'] : files, settings, recent)) {
      sequences.observe(records)
      const detections = detector.observe(records)
      summary.count(records)
      for await (const { detection, verdict } of judge.verdicts(records, detections)) {
        summary.detections++
        summary.verdicts[verdict.verdict]++
        await output.line(jsonLine(replayLine(detection, verdict)))
      }
    }
  })
  sayError(io, summary.text())
}

/** The output of DESIGN.md section 9; fields that a rule lacks are null. */
function replayLine(detection: Detection, { verdict, reason }: VerdictWithReason): object {
  return {
    rule: detection.rule,
    mode: detection.mode,
    source: formatNetwork(detection.source),
    destination: detection.destination,
    port: detection.port,
    count: detection.count,
    threshold: detection.threshold,
    windowSeconds: detection.windowSeconds,
    firstSeenAt: new Date(detection.firstSeenAtMs).toISOString(),
    detectedAt: new Date(detection.detectedAtMs).toISOString(),
    proof: detection.proof,
    decision: verdict,
    reason,
    evidence: detection.evidence,
  }
}

/** Parsed batches of the files in order of event time; each is kept for evidence once the consumer is done with it. */
async function* batchesOf(
  io: CliIo,
  files: readonly string[],
  settings: Settings,
  recent: RecentBatches,
): AsyncGenerator<RecordBatch, void, undefined> {
  const sources: ParsedFile[] = []
  const spare: RecordBatch[] = []
  let sequence = 0
  try {
    for (const file of files) sources.push(new ParsedFile(new LineSource(file, io), settings))
    const [only] = sources
    const merger = sources.length === 1 ? null : new RowMerger(sources)
    for (;;) {
      const records = spare.pop() ?? new RecordBatch(new RawBatch())
      sequence++
      const isFilled =
        merger === null ? await only?.fillInto(records, sequence) : await merger.next(records, sequence)
      if (!isFilled) return
      yield records
      const fallen = recent.push(records)
      if (fallen !== null) spare.push(fallen)
    }
  } finally {
    for (const source of sources) source.close()
  }
}

class ParsedFile implements RecordSource {
  readonly #lines: LineSource
  readonly #parser: Parser
  #records: RecordBatch | null = null

  constructor(lines: LineSource, settings: Settings) {
    this.#lines = lines
    this.#parser = new Parser(parserOptions(settings, lines.referenceMs))
  }

  /** The batch that `fill` fills. */
  get records(): RecordBatch {
    this.#records ??= new RecordBatch(new RawBatch())
    return this.#records
  }

  fill(): Promise<boolean> {
    return this.fillInto(this.records, 0)
  }

  async fillInto(records: RecordBatch, sequence: number): Promise<boolean> {
    const raw = records.raw
    if (!(await this.#lines.next(raw))) return false
    records.sequence = sequence
    this.#parser.parse(raw, records)
    return true
  }

  close(): void {
    this.#lines.close()
  }
}
