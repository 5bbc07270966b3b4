/**
 * Row 8: a backtest over a day of stored records: one threshold changed, all rules of the defaults on both sides. The
 * workload's lines are parsed and stored once and then copied in the store, each copy at another time of the day and with
 * other pairs of destination and port for what was denied, so that background sources keep probing all day.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { backtest } from '../../../src/backtest/backtest.ts'
import type { BacktestResult } from '../../../src/backtest/messages.ts'
import type { Settings } from '../../../src/config/schema.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { RawBatch } from '../../../src/model/raw-batch.ts'
import { DISPOSITION } from '../../../src/model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, RecordBatch } from '../../../src/model/record-batch.ts'
import { Parser } from '../../../src/parse/parser.ts'
import { parserOptions } from '../../../src/parse/parser-options.ts'
import { EmbeddedLogStore } from '../../../src/store/logs/embedded.ts'
import { LogStore } from '../../../src/store/logs/log-store.ts'
import { SegmentSender } from '../../../src/store/logs/segment-sender.ts'
import { SegmentSpool } from '../../../src/store/logs/segment-spool.ts'
import { SegmentWriter } from '../../../src/store/logs/segment-writer.ts'
import { treeUsage } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { loadSettings } from '../settings.ts'
import { generateLines } from '../workload.ts'

const DAY_MS = 86_400_000
const COPIES = 16
const SPREAD_BASE = 0xf000_0000
const BATCH_LINES = 2000
const STORE_BYTES = 2 * 2 ** 30
const QUIET_ROUNDS = 5
const INSERT_SETTINGS =
  'max_threads = 1, max_insert_threads = 1, max_block_size = 200000, min_insert_block_size_rows = 500000, async_insert = 0'

export const backtestDay: Part = async ({ lines, folder, say }) => {
  const endMs = Date.now()
  const engine = new EmbeddedLogStore({
    folder,
    memoryBytes: STORE_BYTES,
    clock: systemClock,
    report: () => {},
  })
  await engine.start()
  const store = new LogStore({ socketPath: engine.socketPath })
  await store.prepare()
  say(`storing ${lines} lines`)
  await storeLines({ store, folder, lines, endMs })
  say(`copying them to ${lines * COPIES} records`)
  await copyRecords(store)
  const plain = loadSettings()
  const today = {
    ...plain,
    'networks.public': [...plain['networks.public'], '240.0.0.0/5'],
    'decisions.maxPerMinute': 100_000,
  }
  const changed = { ...today, 'detection.portScan.ports': 20 }
  const settings = { today, changed, endMs, socketPath: engine.socketPath }
  const figures: Figure[] = []
  for (const storeThreads of [1, 2]) {
    say(`measuring with ${storeThreads} of the log store's threads`)
    figures.push(await measure(settings, storeThreads))
  }
  await store.close()
  await engine.stop()
  return figures
}

interface Measuring {
  readonly today: Settings
  readonly changed: Settings
  readonly endMs: number
  readonly socketPath: string
}

async function measure(
  { today, changed, endMs, socketPath }: Measuring,
  storeThreads: number,
): Promise<Figure> {
  const before = treeUsage(process.pid).cpuSeconds
  let result: BacktestResult | null = null
  let cpuSeconds = 0
  const updates = backtest({
    today,
    changed,
    fromMs: endMs - DAY_MS,
    toMs: endMs + 1000,
    curve: null,
    allRules: false,
    allow: [],
    logs: { socketPath },
    storeThreads,
    seed: 1,
  })
  for await (const update of updates) {
    if (update.kind !== 'result') continue
    result = update
    cpuSeconds = treeUsage(process.pid).cpuSeconds - before // while its process is still there
  }
  if (result === null) throw new Error('the backtest gave no result')
  const { records, examined, seconds, gained, lost, both } = result
  const threads = storeThreads === 1 ? 'one thread' : `${storeThreads} threads`
  return {
    row: 8,
    what: `backtest: read, detected under two settings, reported; ${threads} of the log store`,
    value: records / seconds,
    unit: 'records/s',
    target: { atLeast: 3_000_000 },
    work: { lines: records, wallSeconds: seconds, cpuSeconds, file: null },
    note: `${records} records of a day, ${examined} had to be looked at; ${gained.sources} gained, ${lost.sources} lost, ${both.sources} both`,
  }
}

interface Storing {
  readonly store: LogStore
  readonly folder: string
  readonly lines: number
  readonly endMs: number
}

/** The lines of the last part of the day. */
async function storeLines({ store, folder, lines, endMs }: Storing): Promise<void> {
  const report = (): void => {}
  const spool = await SegmentSpool.open({ folder, maxSpoolBytes: 8e9, clock: systemClock, report })
  const writer = new SegmentWriter({ spool, clock: systemClock, keepRaw: true, report })
  const sender = new SegmentSender({ spool, target: store, report })
  const parser = new Parser(parserOptions(loadSettings(), endMs))
  const raw = new RawBatch()
  const records = new RecordBatch(raw)
  sender.start()
  let batch: string[] = []
  const flush = async (): Promise<void> => {
    raw.reset()
    raw.receivedAtMs = endMs
    raw.senders = ['192.0.2.1']
    for (const line of batch) {
      const bytes = Buffer.from(line)
      raw.reserve(bytes.length)
      raw.add(bytes, 0, bytes.length, 0)
    }
    batch = []
    parser.parse(raw, records)
    spreadSources(records)
    while (!writer.append(records)) await writer.whenFree()
  }
  const pending: string[] = []
  const linesPerSecond = (lines * COPIES) / (DAY_MS / 1000)
  generateLines({ format: 'custom', lines, seed: 1, sources: 200_000, linesPerSecond, endMs }, (line) =>
    pending.push(line),
  )
  for (const line of pending) {
    batch.push(line)
    if (batch.length === BATCH_LINES) await flush()
  }
  await flush()
  await writer.close()
  await sender.whenIdle()
  await sender.stop()
}

/**
 * Background sources lie anywhere: those of what was denied are spread over 240.0.0.0/5, which belongs to nobody and is
 * declared public here. The workload itself has them side by side, as if whole subnets were scanning.
 */
function spreadSources(records: RecordBatch): void {
  const { addresses, count, disposition } = records
  for (let row = 0; row < count; row++) {
    if (disposition[row] !== DISPOSITION.blocked) continue
    const at = row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress + 3
    addresses[at] = (SPREAD_BASE | ((Math.imul(addresses[at] as number, 0x9e3779b1) >>> 5) & 0x7ffffff)) >>> 0
  }
}

async function copyRecords(store: LogStore): Promise<void> {
  for (let copies = 1; copies < COPIES; copies *= 2) {
    const shiftSeconds = (copies * DAY_MS) / COPIES / 1000
    await store.command(
      `INSERT INTO logs SELECT * REPLACE (
         eventTime - toIntervalSecond(${shiftSeconds}) AS eventTime,
         if(disposition = 'blocked', toUInt16(1 + (destinationPort + ${copies * 977}) % 65535), destinationPort) AS destinationPort,
         '' AS raw) FROM logs SETTINGS ${INSERT_SETTINGS}`,
    )
  }
  // Merges run by themselves; they shall not be measured with it.
  for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
    await delay(300)
    const [row] = await store.rows<{ n: number | string }>('SELECT count() AS n FROM system.merges')
    quiet = Number(row?.n ?? 0) === 0 ? quiet + 1 : 0
  }
}
