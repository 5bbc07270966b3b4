/**
 * Rows 1 and 2 with every rule on: the tables as large as the workload makes them (a first file fills them, the next
 * are measured), and with millions of live keys beside it.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CATEGORY, DISPOSITION } from '../../../src/model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../../../src/model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch } from '../../../src/model/record-batch.ts'
import type { Figure, Part } from '../part.ts'
import { writeWorkload } from '../workload.ts'
import { ParseAndDetect, type Run } from './parse.ts'

const LINES_PER_SECOND = 20_000
const LIVE_KEYS = 5_000_000
const V4_MARK = 0xffff
/** 10.128.0.0 and on: sources that the workload does not use, public there. */
const KEY_SOURCES = 0x0a80_0000
const OUR_HOSTS = 0xc612_0000

const ROUNDS = 4
/** Threads of V8 go on for so long after a collection. */
const SWEEP_MS = 300

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export const detectAll: Part = async ({ lines, folder, say }) => {
  const endMs = Date.now()
  const fileMs = (1000 * lines) / LINES_PER_SECOND
  const plain = new ParseAndDetect(endMs)
  const full = new ParseAndDetect(endMs)
  say(`filling the tables with ${LIVE_KEYS} keys`)
  full.observe(keyBatches(LIVE_KEYS, endMs - ROUNDS * fileMs))
  const cases = [
    { run: plain, what: 'old custom format', target: 1_000_000, best: null as Run | null },
    { run: full, what: `${LIVE_KEYS / 1e6} million live keys`, target: 600_000, best: null as Run | null },
  ]
  // one file after another in event time, as on a service that runs: the first fills the tables and is not measured
  const path = join(folder, 'custom.log')
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round}: writing ${lines} lines`)
    writeWorkload(path, {
      format: 'custom',
      lines,
      seed: round,
      sources: 200_000,
      linesPerSecond: LINES_PER_SECOND,
      endMs: endMs - (ROUNDS - round) * fileMs,
    })
    for (const one of cases) {
      // what making the lines or the other case left behind would be cleared away beside this one, by threads of V8
      collectGarbage()
      await delay(SWEEP_MS)
      const run = one.run.run(path)
      if (round > 1 && (one.best === null || run.cpuSeconds < one.best.cpuSeconds)) one.best = run
    }
  }
  return cases.flatMap(({ what, target, best }): Figure[] =>
    best === null
      ? []
      : [
          {
            row: 1,
            what: `parse + detect, every rule on, ${what}`,
            value: lines / best.cpuSeconds,
            unit: 'lines/s per core',
            target: { atLeast: target },
            work: { lines, wallSeconds: best.wallSeconds, cpuSeconds: best.cpuSeconds, file: path },
            note: `best of ${ROUNDS - 1} files after one that filled the tables; ${best.detections} detections`,
          },
        ],
  )
}

/** One refused packet each from so many pairs of source and destination, within the ten minutes before. */
function* keyBatches(keys: number, endMs: number): Generator<RecordBatch> {
  const raw = new RawBatch()
  raw.senders = ['bench']
  for (let row = 0; row < BATCH_MESSAGES; row++) raw.mark(0, 0, 0, false)
  const records = new RecordBatch(raw)
  for (let key = 0; key < keys; key += BATCH_MESSAGES) {
    records.reset(raw, 1)
    for (let row = 0; row < BATCH_MESSAGES; row++) {
      const n = key + row
      records.eventTimeMs[row] = endMs - 540_000 + Math.floor((540_000 * n) / keys)
      records.setAddress(row, ADDRESS_SLOT.sourceAddress, 0, 0, V4_MARK, KEY_SOURCES + n)
      records.setAddress(row, ADDRESS_SLOT.destinationAddress, 0, 0, V4_MARK, OUR_HOSTS + (n % 512))
      records.sourcePort[row] = 40_000
      records.destinationPort[row] = 1 + (n % 60_000)
      records.category[row] = CATEGORY.traffic
      records.disposition[row] = DISPOSITION.blocked
    }
    yield records
  }
}
