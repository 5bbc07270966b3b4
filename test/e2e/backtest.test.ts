/**
 * The backtest against `replay`: the same lines, once stored and read back through the log store's selection, once
 * straight through parser, detector and decider. Both must find the same, under any settings; and the curve must agree
 * with a replay at each of its values.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { backtest } from '../../src/backtest/backtest.ts'
import type { BacktestResult, BacktestUpdate, CurveRequest } from '../../src/backtest/messages.ts'
import { testWorld } from '../../src/cli/testing.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/schema.ts'
import { DEMO_NETWORKS, DemoFirewall } from '../../src/demo/firewall.ts'
import { seededRandom } from '../../src/demo/random.ts'
import { Sequences } from '../../src/detect/sequences.ts'
import { ManualClock, systemClock } from '../../src/lib/clock.ts'
import { RawBatch } from '../../src/model/raw-batch.ts'
import { RecordBatch } from '../../src/model/record-batch.ts'
import { Parser } from '../../src/parse/parser.ts'
import { parserOptions } from '../../src/parse/parser-options.ts'
import type { EmbeddedLogStore } from '../../src/store/logs/embedded.ts'
import type { LogStore } from '../../src/store/logs/log-store.ts'
import { SegmentSender } from '../../src/store/logs/segment-sender.ts'
import { SegmentSpool } from '../../src/store/logs/segment-spool.ts'
import { SegmentWriter } from '../../src/store/logs/segment-writer.ts'
import { openTestStore, type TestStore } from '../../src/store/logs/test-store.ts'
import { customLine } from './harness.ts'

const START = Date.UTC(2026, 10, 20, 8)
const LINES = 30_000
/** About half an hour of event time. */
const STEP_MS = 60
const BATCH_LINES = 1000
const SETS = [
  `networks.own=${DEMO_NETWORKS.own.join(',')}`,
  `networks.public=${DEMO_NETWORKS.public.join(',')}`,
  'time.zone=UTC',
  'decisions.maxPerMinute=100000',
]

let opened: TestStore
let folder = ''
let file = ''
let engine: EmbeddedLogStore
let store: LogStore
const lines: string[] = []

function settingsOf(...sets: string[]): Settings {
  return loadConfiguration({ workingDirectory: folder, environment: {}, sets: [...SETS, ...sets] }).settings
}

before(async () => {
  opened = await openTestStore()
  ;({ folder, engine, store } = opened)
  const clock = new ManualClock(START)
  const firewall = new DemoFirewall({ clock, random: seededRandom(7), timeZone: 'UTC' })
  for (let i = 0; i < LINES; i++) {
    lines.push(firewall.next())
    clock.advance(STEP_MS)
  }
  file = join(folder, 'fw-1.log')
  await writeFile(file, `${lines.join('\n')}\n`)
  await storeLines(lines, START + LINES * STEP_MS)
})
after(() => opened.close())

async function storeLines(some: readonly string[], arrivalMs: number): Promise<void> {
  const report = (): void => {}
  const spool = await SegmentSpool.open({ folder, maxSpoolBytes: 1e9, clock: systemClock, report })
  const writer = new SegmentWriter({ spool, clock: systemClock, keepRaw: true, report })
  const sender = new SegmentSender({ spool, target: store, report })
  const parser = new Parser(parserOptions(settingsOf(), arrivalMs))
  const sequences = new Sequences(1)
  const raw = new RawBatch()
  const records = new RecordBatch(raw)
  sender.start()
  for (let from = 0; from < some.length; from += BATCH_LINES) {
    raw.reset()
    raw.receivedAtMs = arrivalMs
    raw.senders = ['fw-1']
    for (const line of some.slice(from, from + BATCH_LINES)) {
      const bytes = Buffer.from(line)
      raw.reserve(bytes.length)
      raw.add(bytes, 0, bytes.length, 0)
    }
    parser.parse(raw, records)
    sequences.observe(records)
    while (!writer.append(records)) await writer.whenFree()
  }
  await writer.close()
  await sender.whenIdle()
  await sender.stop()
}

interface Found {
  readonly rule: string
  readonly mode: string
  readonly source: string
  readonly detectedAt: string
  readonly count: number
  readonly decision: string
}

async function replayed(...sets: string[]): Promise<Found[]> {
  const world = testWorld({ workingDirectory: folder })
  const args = [...SETS, ...sets].flatMap((set) => ['--set', set])
  assert.equal(await world.run('replay', file, ...args), 0, world.stderr())
  return world
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Found)
}

async function run(
  today: Settings,
  changed: Settings,
  curve: CurveRequest | null = null,
  fromMs = START - 1000,
  toMs = START + LINES * STEP_MS + 1000,
): Promise<BacktestResult> {
  const updates = backtest({
    today,
    changed,
    fromMs,
    toMs,
    curve,
    allRules: true,
    allow: [],
    logs: { socketPath: engine.socketPath },
    storeThreads: 1,
    seed: 1,
  })
  let last: BacktestUpdate | null = null
  for await (const update of updates) last = update
  assert.equal(last?.kind, 'result')
  return last as BacktestResult
}

/** Per source when it was first acted upon, and as what: what both ways must agree on. */
function firstActs(found: readonly Found[]): Map<string, string> {
  const acts = new Map<string, string>()
  for (const { source, mode, decision, detectedAt } of found) {
    if (mode === 'enforce' && decision !== 'none' && !acts.has(source))
      acts.set(source, `${decision} ${Date.parse(detectedAt)}`)
  }
  return acts
}

function sideOf(result: BacktestResult, side: 'today' | 'changed'): Map<string, string> {
  const acts = new Map<string, string>()
  for (const one of result.sources) {
    const outcome = one[side]
    if (outcome !== null && outcome.verdict !== 'none')
      acts.set(one.source, `${outcome.verdict} ${outcome.detectedAtMs}`)
  }
  return acts
}

const sorted = (acts: Map<string, string>): [string, string][] =>
  [...acts].toSorted(([a], [b]) => (a < b ? -1 : 1))

test('both sides find what replay finds under their settings, and count the same detections', async () => {
  const others = [
    'detection.portScan.ports=25',
    'detection.hostSweep.addresses=4',
    'detection.slowScan.mode=enforce',
    'detection.threat.level=2',
    'detection.lateReplyGuard=false',
  ]
  const before = await replayed()
  const after = await replayed(...others)
  const result = await run(settingsOf(), settingsOf(...others))
  assert.ok(before.length > 10 && after.length > 10, 'the lines hold something to be found')
  assert.deepEqual(sorted(sideOf(result, 'today')), sorted(firstActs(before)))
  assert.deepEqual(sorted(sideOf(result, 'changed')), sorted(firstActs(after)))
  assert.equal(result.today.detections, before.length)
  assert.equal(result.changed.detections, after.length)
  assert.equal(result.records, LINES)
  assert.ok(result.gained.sources > 0 && result.lost.sources > 0)
  assert.equal(result.gained.sources + result.both.sources, firstActs(after).size)
})

test('records before the range fill the windows and do not count', async () => {
  const sources = firstActs(await replayed())
  const middleMs = START + (LINES / 2) * STEP_MS
  const result = await run(settingsOf(), settingsOf(), null, middleMs)
  const later = [...sources].filter(([, act]) => Number(act.split(' ')[1]) >= middleMs)
  assert.ok(later.length > 0 && later.length < sources.size)
  const found = sideOf(result, 'today')
  for (const [source, act] of later) assert.equal(found.get(source), act)
  assert.ok(result.warmUpRecords > 0)
})

test('the curve agrees with a replay at each value, allowlisted ones shown apart', async () => {
  const key = 'detection.portScan.ports'
  const result = await run(settingsOf(), settingsOf(), { key, first: 5, last: 45 })
  for (const value of [5, 10, 20, 45]) {
    const found = await replayed(`${key}=${value}`)
    const sources = new Set(found.filter(({ rule }) => rule === 'port-scan').map(({ source }) => source))
    const point = result.curve?.points.find((one) => one.value === value)
    assert.equal((point?.sources ?? -1) + (point?.internal ?? -1), sources.size, `at ${value}`)
  }
  const tried = await run(settingsOf(), settingsOf(), { key: 'detection.threat.level', first: 1, last: 2 })
  const levels = await Promise.all(
    [1, 2].map(async (level) => {
      const found = await replayed(`detection.threat.level=${level}`)
      return new Set(found.filter(({ rule }) => rule === 'threat').map(({ source }) => source)).size
    }),
  )
  assert.deepEqual(
    tried.curve?.points.map(({ sources }) => sources),
    levels,
  )
})

test('an abort ends it, and its process, without a result', async () => {
  const abort = new AbortController()
  const updates = backtest(
    {
      today: settingsOf(),
      changed: settingsOf(),
      fromMs: START,
      toMs: START + 1e9,
      curve: null,
      allRules: true,
      allow: [],
      logs: { socketPath: engine.socketPath },
      storeThreads: 1,
      seed: 1,
    },
    abort.signal,
  )
  const kinds: string[] = []
  for await (const update of updates) {
    kinds.push(update.kind)
    abort.abort()
  }
  assert.ok(!kinds.includes('result'))
})

test('a result longer than the pipe between the processes comes whole', async () => {
  const atMs = START + 2 * 86_400_000
  const sources = Array.from({ length: 1500 }, (_, n) => `2001:db8:${(0x1000 + n).toString(16)}::1`)
  const attack = { destination: '2001:db8:10::5', port: 443, type: 'THREAT', atMs }
  await storeLines(
    sources.map((source) => customLine({ source, ...attack })),
    atMs,
  )
  const result = await run(settingsOf(), settingsOf(), null, atMs - 1000, atMs + 1000)
  assert.equal(result.both.sources, sources.length)
  assert.ok(JSON.stringify(result).length > 250_000)
})
