/**
 * The pipeline thread: builds inputs, parser, detector, segment writer and sender from the settings, runs the pipeline
 * over them and tells main what it found, what stands in the way and, once a second, its counters. Everything that
 * touches log lines at speed lives here; everything that decides lives in main.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Settings } from './config/schema.ts'
import { BlockedWatch } from './detect/blocked-watch.ts'
import { Detector } from './detect/detector.ts'
import { RecentBatches } from './detect/recent-batches.ts'
import { senderSettings, SenderTable } from './detect/senders.ts'
import { Sequences } from './detect/sequences.ts'
import { detectionSettings } from './detect/settings.ts'
import type { InputEvent } from './input/context.ts'
import { FileInput } from './input/file.ts'
import { HttpInput, type PostedLines, type PostOutcome } from './input/http.ts'
import { BatchPool } from './input/pool.ts'
import { BatchQueue } from './input/queue.ts'
import { TcpInput } from './input/tcp.ts'
import type { Network } from './lib/address.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { AppError, messageOf } from './lib/errors.ts'
import { KeptClocks } from './kept-clocks.ts'
import { GeoStage } from './parse/geo.ts'
import { GeoDatabase } from './parse/geo-database.ts'
import { Parser, type ParserCounters } from './parse/parser.ts'
import { parserOptions } from './parse/parser-options.ts'
import { type PipelineParts, runPipeline } from './pipeline.ts'
import { restoreWindows } from './restore-windows.ts'
import {
  type FromPipeline,
  INSPECTED_COUNTS,
  type Inspection,
  type PipelineStart,
  type PipelineStatus,
  type ToPipeline,
} from './pipeline-messages.ts'
import { inputStatuses, makeSources, ownPorts, type Source } from './pipeline-sources.ts'
import { Relay } from './publish/relay.ts'
import { LiveSampler } from './query/live-sampler.ts'
import { logStoreOptions } from './store/logs/embedded.ts'
import { LogStore } from './store/logs/log-store.ts'
import { WindowSnapshot } from './window-snapshot.ts'
import { SegmentSender } from './store/logs/segment-sender.ts'
import { SegmentSpool, type StoreEvent } from './store/logs/segment-spool.ts'
import { SegmentWriter } from './store/logs/segment-writer.ts'

/** Batches in all: 64 MiB of text at most. A third of them keeps the latest lines at hand for evidence. */
const POOL_BATCHES = 64
const RECENT_BATCHES = 12
/** Segments may fill so much disk while the log store is away; then inputs wait and UDP sheds. */
const SPOOL_BYTES = 4 * 1024 ** 3
const STATUS_MS = 1000
/** Watched records go to main so often. */
const LIVE_MS = 200
const GEO_CHECK_MS = 60_000
/** Devices and log types whose numbering is reported, the most lossy first. */
const SHOWN_SERIES = 100
/** Shapes of unknown lines that the status tells. */
const SHOWN_SHAPES = 20
/**
 * So long new lines wait for the windows of before the restart; then what is left of those is taken in beside them.
 * Batches go out every 20 ms, so the pool lasts 1.3 s at any rate before UDP sheds.
 */
const WINDOWS_FIRST_MS = 1000
/** Longest a stopping thread waits for the log store to take the last segments; they are safe on disk either way. */
const LAST_SEGMENTS_MS = 2000

const port = parentPort
if (port === null) throw new Error('BUG: pipeline-worker.ts runs as a worker thread only')
const tell = (message: FromPipeline): void => port.postMessage(message)

async function main(start: PipelineStart): Promise<void> {
  const clock = systemClock
  const { settings } = start
  const pool = new BatchPool(POOL_BATCHES)
  const queue = new BatchQueue(POOL_BATCHES)
  const spool = await SegmentSpool.open({
    folder: start.dataFolder,
    maxSpoolBytes: SPOOL_BYTES,
    clock,
    report: tellStoreEvent,
  })
  const store = new LogStore(logStoreOptions(start.dataFolder, settings['logs.url']))
  const sender = new SegmentSender({ spool, target: store, report: tellStoreEvent })
  const context = { pool, queue, clock, report: tellInputEvent }
  const { resumePositions } = spool
  const sources = await makeSources({ settings, tls: start.tls, resumePositions, context })
  const files = sources.flatMap(({ input }) => (input instanceof FileInput ? [input] : []))
  const segments = makeSegments(spool, settings, files)
  const recent = new RecentBatches(RECENT_BATCHES)
  const parser = new Parser(parserOptions(settings))
  const detection = detectionSettings(settings)
  const detector = new Detector({ settings: detection, seed: start.seed, recent, live: true })
  const kept = await openKept(start, detector, clock)
  const database = await openDatabase(settings)
  const geo = database === null ? null : new GeoStage(database)
  const senders = new SenderTable(senderSettings(settings))
  const sequences = new Sequences(start.seed)
  const watch = new BlockedWatch(start.seed, true)
  watch.replace(start.blocked)
  const relay = new Relay(() => ownPorts(sources))

  const restoring = new AbortController()
  const ended = Promise.withResolvers<void>()
  const live = new LiveSampler(() => clock.monotonicMs())
  const stages = { parser, senders, sequences, detector, watch, segments, relay, live }
  const desk: Desk = { ...stages, settings, sources, sender, spool, queue, kept, restoring }
  listen(desk, () => {
    restoring.abort()
    stop().then(ended.resolve, ended.reject)
  })
  const leftovers = spool.waitingSegments
  sender.start()
  // Sockets first: what comes while the windows are restored waits in batches and in the kernel.
  for (const { input } of sources) await input.start()
  await relay.configure(relayOptions(settings)) // once it is known which ports are ours
  tell({ kind: 'ready', inputs: inputStatuses(sources, settings) })
  const stopTelling = keepTelling(desk)
  const since = { snapshotAtMs: kept.snapshotAtMs, resetAtMs: start.resetAtMs }
  const window = { detector, store, sender, leftovers, settings: detection, clock, tell, ...since }
  await withinLimit(restoreWindows({ ...window, signal: restoring.signal }), WINDOWS_FIRST_MS)
  const report: PipelineParts['report'] = ({ detections, seen }) =>
    tell({ kind: 'found', detections, seen, isRestored: false })
  const running = runPipeline({ ...desk, pool, geo, recent, clock, report })
  // Either the pipeline fails, which ends the thread, or it is told to stop.
  await Promise.race([ended.promise, running.then(() => ended.promise)])

  async function stop(): Promise<void> {
    for (const { input } of sources) await input.stop()
    queue.close()
    await running
    const relayEnds = relay.stop()
    await segments.close()
    await kept.stop()
    stopTelling()
    await withinLimit(sender.whenIdle(), LAST_SEGMENTS_MS)
    await sender.stop()
    await store.close()
    await relayEnds
    tell({ kind: 'status', status: statusNow(desk) })
    tell({ kind: 'stopped' })
    port?.close()
  }
}

/** What detection keeps over a restart beside the stored lines: clocks of devices, and windows of hours. */
interface Kept {
  readonly snapshotAtMs: number | null
  /** Windows were reset: those on disk are forgotten too. */
  readonly reset: (atMs: number) => Promise<void>
  readonly stop: () => Promise<void>
}

async function openKept(
  { dataFolder, resetAtMs }: PipelineStart,
  detector: Detector,
  clock: Clock,
): Promise<Kept> {
  const clocks = await KeptClocks.open({ dataFolder, detector, clock, report: tellClocks })
  const snapshot = await WindowSnapshot.open({ dataFolder, detector, clock, resetAtMs, report: tellSnapshot })
  return {
    snapshotAtMs: snapshot.loadedAtMs,
    reset: (atMs) => snapshot.reset(atMs),
    stop: async () => {
      await clocks.stop()
      await snapshot.stop()
    },
  }
}

function makeSegments(spool: SegmentSpool, settings: Settings, files: readonly FileInput[]): SegmentWriter {
  return new SegmentWriter({
    spool,
    clock: systemClock,
    keepRaw: settings['logs.keepRaw'],
    onDurable: (positions) => {
      for (const input of files) for (const position of positions) input.stored(position)
    },
    report: tellStoreEvent,
  })
}

/** The operator's address database, looked at again every minute; null without one. */
async function openDatabase(settings: Settings): Promise<GeoDatabase | null> {
  const paths = { country: settings['geo.country'], owner: '' }
  const database = await GeoDatabase.open(paths, (message) =>
    tell({ kind: 'event', code: 'geo-not-read', part: 'geo', message, count: 1 }),
  )
  if (database !== null) setInterval(() => void database.check(), GEO_CHECK_MS).unref()
  return database
}

/** What messages from main act on, and what the status is read from. */
interface Desk {
  settings: Settings
  readonly sources: readonly Source[]
  readonly parser: Parser
  readonly senders: SenderTable
  readonly sequences: Sequences
  readonly detector: Detector
  readonly watch: BlockedWatch
  readonly segments: SegmentWriter
  readonly sender: SegmentSender
  readonly spool: SegmentSpool
  readonly queue: BatchQueue
  readonly relay: Relay
  readonly live: LiveSampler
  readonly kept: Kept
  /** Ends what is still read of the time before. */
  readonly restoring: AbortController
}

function listen(desk: Desk, stop: () => void): void {
  port?.on('message', (message: ToPipeline) => {
    switch (message.kind) {
      case 'settings':
        desk.settings = message.settings
        desk.parser.configure(parserOptions(message.settings))
        desk.detector.configure(detectionSettings(message.settings))
        desk.senders.configure(senderSettings(message.settings))
        void desk.relay.configure(relayOptions(message.settings))
        break
      case 'blocked':
        for (const target of message.removed) desk.watch.remove(target)
        for (const target of message.added) desk.watch.add(target)
        break
      case 'certificate':
        for (const { name, input } of desk.sources) {
          if (name === 'tls' && input instanceof TcpInput) input.setCertificate(message.tls)
        }
        break
      case 'reset':
        desk.restoring.abort()
        desk.detector.reset()
        void desk.kept.reset(message.atMs)
        break
      case 'lines':
        tell({ kind: 'lines-taken', request: message.request, outcome: takeLines(desk, message.lines) })
        break
      case 'listen':
        desk.live.configure(message.live, {
          nowMs: systemClock.nowMs(),
          timeZone: desk.settings['time.zone'],
        })
        break
      case 'inspect':
        tell({ kind: 'inspected', request: message.request, inspection: inspect(desk, message.source) })
        break
      case 'stop':
        stop()
        break
    }
  })
}

function inspect({ detector }: Desk, source: Network): Inspection {
  const counts = detector.inspect(source, systemClock.nowMs())
  const shown = counts.slice(0, INSPECTED_COUNTS)
  return { counts: shown, more: counts.length - shown.length, exceptions: detector.exceptions() }
}

function takeLines({ sources }: Desk, lines: PostedLines): PostOutcome {
  for (const { input } of sources) if (input instanceof HttpInput) return input.take(lines)
  return 'stopped'
}

function statusNow({
  sources,
  parser,
  senders,
  sequences,
  detector,
  segments,
  sender,
  spool,
  queue,
  relay,
  settings,
}: Desk): PipelineStatus {
  const { unknown, ...read } = parser.counters()
  const unknownLines = unknown.slice(0, SHOWN_SHAPES)
  return {
    inputs: inputStatuses(sources, settings),
    parser: parserCounters(read),
    detector: {
      ...detector.counters(),
      duplicates: sequences.duplicates,
      lostByNumber: sequences.lost,
    },
    losses: sequences.list().slice(0, SHOWN_SERIES),
    unknownLines,
    segments: {
      storedRecords: sender.records,
      storedSegments: sender.segments,
      durableRecords: segments.records,
      waitingSegments: spool.waitingSegments,
      waitingBytes: spool.waitingBytes,
      quarantinedSegments: sender.quarantined,
      storeIsDown: sender.isStoreDown ? 1 : 0,
    },
    devices: detector.devices().map((device) => ({
      ...device,
      timeZone: settings['time.deviceZones'][device.device] ?? null,
    })),
    senders: senders.status(),
    relay: relay.status(),
    queuedBatches: queue.size,
  }
}

/** Waits for the work, at most so long; the work goes on. */
async function withinLimit(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, tooLong])
  clearTimeout(timer)
}

function relayOptions(settings: Settings): { to: string; files: boolean } {
  return { to: settings['relay.to'], files: settings['relay.files'] }
}

function parserCounters({
  parsed,
  unparsed,
}: Pick<ParserCounters, 'parsed' | 'unparsed'>): Record<string, number> {
  return {
    ...Object.fromEntries(Object.entries(parsed).map(([format, count]) => [`parsed ${format}`, count])),
    ...Object.fromEntries(Object.entries(unparsed).map(([reason, count]) => [`unparsed ${reason}`, count])),
  }
}

/** Counters, and what people watch; returns the way to stop it. */
function keepTelling(desk: Desk): () => void {
  const status = setInterval(() => tell({ kind: 'status', status: statusNow(desk) }), STATUS_MS)
  const live = setInterval(() => {
    const found = desk.live.fetch()
    if (found !== null) tell({ kind: 'live', found })
  }, LIVE_MS)
  return () => {
    clearInterval(status)
    clearInterval(live)
  }
}

function tellSnapshot(message: string): void {
  tell({ kind: 'event', code: 'windows-snapshot', part: 'detection', message, count: 1 })
}

function tellClocks(message: string): void {
  tell({ kind: 'event', code: 'device-clocks', part: 'detection', message, count: 1 })
}

function tellInputEvent({ kind, input, message, count }: InputEvent): void {
  tell({ kind: 'event', code: kind, part: input, message, count })
}

function tellStoreEvent(event: StoreEvent): void {
  tell({ kind: 'store', event })
}

function fail(error: unknown): void {
  tell({ kind: 'failed', code: error instanceof AppError ? error.code : 'failed', message: messageOf(error) })
  port?.close()
  process.exit(1) // ends this thread alone; main starts it again
}

main(workerData as PipelineStart).catch(fail)
