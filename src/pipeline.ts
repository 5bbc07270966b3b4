/**
 * The way of a log line, top to bottom. Inputs fill batches; this loop takes each batch through parse and detect,
 * hands it to the segment writer, and tells main what was found. It runs in its own thread (pipeline-worker.ts), so
 * that no page, query or decision can hold it up, and it knows no settings and no sockets: the parts come in built.
 *
 * Back-pressure is the pool: a batch is free again only when its lines lie in a segment and newer batches have pushed
 * it out of memory. While none is free, UDP sheds and counts, TCP and files stop reading.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BlockedWatch, SeenTarget } from './detect/blocked-watch.ts'
import type { Detector } from './detect/detector.ts'
import type { RecentBatches } from './detect/recent-batches.ts'
import type { SenderTable } from './detect/senders.ts'
import type { Sequences } from './detect/sequences.ts'
import type { BatchPool } from './input/pool.ts'
import type { BatchQueue } from './input/queue.ts'
import type { Clock } from './lib/clock.ts'
import type { Detection } from './model/detection.ts'
import { RecordBatch } from './model/record-batch.ts'
import type { GeoStage } from './parse/geo.ts'
import type { Parser } from './parse/parser.ts'
import type { Relay } from './publish/relay.ts'
import type { LiveSampler } from './query/live-sampler.ts'
import type { SegmentWriter } from './store/logs/segment-writer.ts'

export interface PipelineParts {
  readonly queue: BatchQueue
  readonly pool: BatchPool
  readonly relay: Relay
  readonly parser: Parser
  /** Null without an address database. */
  readonly geo: GeoStage | null
  readonly senders: SenderTable
  readonly sequences: Sequences
  readonly detector: Detector
  readonly watch: BlockedWatch
  readonly segments: SegmentWriter
  readonly recent: RecentBatches
  readonly live: LiveSampler
  readonly clock: Clock
  /** Told after every batch that found something. */
  readonly report: (found: Findings) => void
}

export interface Findings {
  readonly detections: readonly Detection[]
  /** Blocked sources that sent lines in this batch. */
  readonly seen: readonly SeenTarget[]
}

/** Longest the loop works before sockets and timers get their turn. */
const TURN_MS = 4

/** Runs until the queue is closed and empty; then every line taken in has been handed to the segment writer. */
export async function runPipeline(parts: PipelineParts): Promise<void> {
  const { queue, pool, relay, parser, geo, senders, sequences, detector, watch } = parts
  const { segments, recent, live, clock, report } = parts
  const spare: RecordBatch[] = []
  let sequence = 0
  let turnEndsAtMs = clock.monotonicMs() + TURN_MS

  for (let raw = await queue.next(); raw !== null; raw = await queue.next()) {
    const records = spare.pop() ?? new RecordBatch(raw)
    records.sequence = ++sequence

    relay.take(raw) // another syslog server may want every line as it came
    parser.parse(raw, records) // text becomes typed columns, once
    geo?.enrich(records) // countries that the firewall did not send
    senders.observe(records) // who sent it, and whether we know them
    const ignored = senders.ignoredFlags // lines of strangers may be stored only
    sequences.observe(records, ignored) // a line that came twice counts once
    const detections = detector.observe(records) // event time, never the clock
    const seen = watch.observe(records, ignored) // lines from sources that are blocked already
    if (detections.length > 0 || seen.length > 0) report({ detections, seen })
    live.observe(records) // for whoever watches; nothing while nobody does
    while (!segments.append(records)) await segments.whenFree() // durable within 250 ms; waits while the disk is behind

    const oldest = recent.push(records) // kept a while, for evidence
    if (oldest !== null) {
      pool.release(oldest.raw)
      spare.push(oldest)
    }
    if (clock.monotonicMs() >= turnEndsAtMs) {
      await nextTurn()
      turnEndsAtMs = clock.monotonicMs() + TURN_MS
    }
  }
}
