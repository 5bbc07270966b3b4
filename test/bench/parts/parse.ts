/** Rows 1 and 2: a file's lines split, parsed and taken through the rules, in one thread, nothing stored. */
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { loadSettings } from '../settings.ts'
import { Detector } from '../../../src/detect/detector.ts'
import { RecentBatches } from '../../../src/detect/recent-batches.ts'
import { detectionSettings } from '../../../src/detect/settings.ts'
import { splitLines } from '../../../src/input/lines.ts'
import { BATCH_BYTES, RawBatch } from '../../../src/model/raw-batch.ts'
import { RecordBatch } from '../../../src/model/record-batch.ts'
import { Parser } from '../../../src/parse/parser.ts'
import type { Figure, Part } from '../part.ts'
import { type WorkloadFormat, writeWorkload } from '../workload.ts'

const RECENT_BATCHES = 12

function parseAndDetect(format: WorkloadFormat, row: number, target: number): Part {
  return async ({ lines, folder, say }) => {
    const path = join(folder, `${format}.log`)
    const endMs = Date.now()
    say(`writing ${lines} lines`)
    const bytes = writeWorkload(path, {
      format,
      lines,
      seed: 1,
      sources: 200_000,
      linesPerSecond: 20_000,
      endMs,
    })
    say('measuring')
    const best = { wallSeconds: Number.POSITIVE_INFINITY, cpuSeconds: 0, detections: 0, unparsed: 0 }
    for (let round = 0; round < 3; round++) {
      const run = new ParseAndDetect(endMs).run(path)
      if (run.count !== lines) throw new Error(`${run.count} records of ${lines} lines`)
      if (run.wallSeconds < best.wallSeconds) Object.assign(best, run)
    }
    const figure: Figure = {
      row,
      what: `parse + detect, ${format === 'csv' ? 'PAN-OS CSV' : 'old custom format'} (${Math.round(bytes / lines)} bytes a line)`,
      value: lines / best.cpuSeconds,
      unit: 'lines/s per core',
      target: { atLeast: target },
      work: { lines, wallSeconds: best.wallSeconds, cpuSeconds: best.cpuSeconds, file: path },
      note: `best of 3; ${best.detections} detections, ${best.unparsed} lines not understood`,
    }
    return [figure]
  }
}

export interface Run {
  count: number
  wallSeconds: number
  cpuSeconds: number
  detections: number
  unparsed: number
}

/** Which sender each line of a file is from: as if relays and firewalls sent them by turns. */
export interface Senders {
  readonly names: readonly string[]
  /** Index into `names` of each line. */
  readonly of: Uint8Array
}

/** Reads files as the file input does, parses and detects; in this thread. Batches and tables stay for the next file. */
export class ParseAndDetect {
  readonly #parser: Parser
  readonly #detector: Detector
  readonly #recent = new RecentBatches(RECENT_BATCHES)
  readonly #raws: RawBatch[] = []
  readonly #spare: RecordBatch[] = []
  #sequence = 0

  constructor(referenceMs: number) {
    const settings = loadSettings()
    this.#parser = new Parser({ timeZone: 'UTC', deviceZones: {}, referenceMs })
    const options = { settings: detectionSettings(settings), seed: 1, recent: this.#recent, live: false }
    this.#detector = new Detector(options)
  }

  /** Takes batches that were made otherwise through detection alone; they are not kept as evidence. */
  observe(batches: Iterable<RecordBatch>): void {
    for (const records of batches) {
      records.sequence = ++this.#sequence
      this.#detector.observe(records)
    }
  }

  run(path: string, senders: Senders | null = null): Run {
    const run: Run = { count: 0, wallSeconds: 0, cpuSeconds: 0, detections: 0, unparsed: 0 }
    const file = openSync(path, 'r')
    const counts = { lines: 0, blankLines: 0, truncatedLines: 0, nextLine: 1 }
    const startCpu = process.cpuUsage()
    const startMs = performance.now()
    // as the file input does: read into the batch, mark the lines where they lie, carry the rest over
    let raw = emptyBatch(this.#raws)
    let held = 0
    for (;;) {
      const got = readSync(file, raw.bytes, held, BATCH_BYTES - held, null)
      if (got === 0 && held === 0) break
      const end = held + got
      const stop = splitLines(raw, 0, end, 0, counts)
      raw.used = end
      const rest = raw.bytes.subarray(stop, end)
      const full = raw
      raw = emptyBatch(this.#raws)
      held = rest.copy(raw.bytes, 0)
      if (senders !== null) {
        full.senders = [...senders.names]
        full.sender.set(senders.of.subarray(run.count, run.count + full.count))
      }
      this.#take(full, run)
    }
    run.wallSeconds = (performance.now() - startMs) / 1000
    const cpu = process.cpuUsage(startCpu)
    run.cpuSeconds = (cpu.user + cpu.system) / 1e6
    closeSync(file)
    return run
  }

  #take(full: RawBatch, run: Run): void {
    const records = this.#spare.pop() ?? new RecordBatch(full)
    records.sequence = ++this.#sequence // the parser resets the rest, as in the pipeline
    this.#parser.parse(full, records)
    run.detections += this.#detector.observe(records).length
    run.count += records.count
    for (let i = 0; i < records.count; i++) run.unparsed += ((records.flags[i] as number) >> 5) & 1
    const fallen = this.#recent.push(records)
    if (fallen === null) return
    this.#raws.push(fallen.raw)
    this.#spare.push(fallen)
  }
}

function emptyBatch(spare: RawBatch[]): RawBatch {
  const raw = spare.pop() ?? new RawBatch()
  raw.reset()
  raw.senders = ['bench']
  raw.transport = 'file'
  return raw
}

export const parseCustom = parseAndDetect('custom', 1, 1_200_000)
export const parseCsv = parseAndDetect('csv', 2, 600_000)
