/**
 * Verdicts of a replay. The dry decider judges the detections in order, and between them it is told which blocked
 * sources sent lines, as the service is by the pipeline: so a block of a long replay lives as long as its source is
 * seen. Told in steps of at most an hour of event time, so that a block whose source was quiet too long has ended
 * before the source is seen again.
 */
import type { DecisionRules } from '../decide/decision-rules.ts'
import type { SeenSource } from '../decide/decider.ts'
import { DryDecider } from '../decide/dry-decider.ts'
import { BlockedWatch } from '../detect/blocked-watch.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import type { VerdictWithReason } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import type { RecordBatch } from '../model/record-batch.ts'

const STEP_MS = 3_600_000

export class ReplayJudge {
  readonly #decider: DryDecider
  readonly #watch: BlockedWatch

  private constructor(decider: DryDecider, seed: number) {
    this.#decider = decider
    this.#watch = new BlockedWatch(seed)
    decider.decider.onListChange(({ added, removed }) => {
      for (const target of removed) this.#watch.remove(formatNetwork(target))
      for (const target of added) this.#watch.add(formatNetwork(target))
    })
  }

  /** `seed`: as for the Detector. */
  static async open(rules: DecisionRules, seed: number): Promise<ReplayJudge> {
    return new ReplayJudge(await DryDecider.open(rules), seed)
  }

  /** The verdict on each detection of the batch, in order. To be iterated to its end, also without detections. */
  async *verdicts(
    records: RecordBatch,
    detections: readonly Detection[],
  ): AsyncGenerator<{ detection: Detection; verdict: VerdictWithReason }, void, undefined> {
    let row = 0
    for (const detection of detections) {
      row = await this.#see(records, row, convictingRow(records, detection, row))
      yield { detection, verdict: await this.#decider.verdictOf(detection) }
    }
    await this.#see(records, row, records.count)
  }

  async #see(records: RecordBatch, from: number, to: number): Promise<number> {
    if (this.#watch.size === 0) return to
    let begin = from
    for (let row = from; row < to; row++) {
      if (Math.abs(timeOf(records, row) - timeOf(records, begin)) < STEP_MS) continue
      await this.#tell(records, begin, row)
      begin = row
    }
    await this.#tell(records, begin, to)
    return to
  }

  async #tell(records: RecordBatch, from: number, to: number): Promise<void> {
    const seen: SeenSource[] = []
    for (const { target, lastSeenAtMs, count } of this.#watch.observe(records, 0, from, to)) {
      const network = parseNetwork(target)
      if (network !== null) seen.push({ target: network, lastSeenAtMs, count })
    }
    await this.#decider.seen(seen)
  }
}

/** The row of the detection's time; where there is none, the row to search from: its lines are told later. */
function convictingRow(records: RecordBatch, detection: Detection, from: number): number {
  for (let row = from; row < records.count; row++) {
    if (timeOf(records, row) === detection.detectedAtMs) return row
  }
  return from
}

function timeOf(records: RecordBatch, row: number): number {
  return (records.eventTimeMs[row] as number) + (records.clockOffsetMs[row] as number)
}
