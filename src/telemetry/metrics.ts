/**
 * The Prometheus metrics. Names are `active_defense_<noun>_<unit>_total` for counters; labels have few, fixed values
 * and never an address or a device. Parts that count for themselves (the pipeline thread) report running totals, which
 * `Totals` turns into increments, per batch and never per line.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const PREFIX = 'active_defense_'
/** Distinct label sets kept of one running total; further ones are left out and counted. */
const MAX_SERIES = 50

/** Follows running totals of others; a total that falls means that its owner started anew. */
export class Totals<Label extends string> {
  readonly #counter: Counter<Label>
  readonly #last = new Map<string, number>()
  #dropped = 0

  constructor(counter: Counter<Label>) {
    this.#counter = counter
  }

  /** How often a total was left out because MAX_SERIES label sets are kept. */
  get dropped(): number {
    return this.#dropped
  }

  /** The total as its owner counts it now. */
  set(labels: Readonly<Record<Label, string>>, total: number): void {
    const names = Object.keys(labels) as Label[]
    const key = names.map((name) => labels[name]).join('\u0000')
    const last = this.#last.get(key)
    if (last === undefined && this.#last.size >= MAX_SERIES) {
      this.#dropped++
      return
    }
    this.#last.set(key, total)
    this.#counter.inc(labels, total >= (last ?? 0) ? total - (last ?? 0) : total)
  }
}

export interface Metrics {
  readonly registry: Registry
  readonly inputMessages: Totals<'input'>
  readonly inputBytes: Totals<'input'>
  /** reason: `shed`, `kernel`, `framing`, ... */
  readonly inputLost: Totals<'input' | 'reason'>
  readonly parseRecords: Totals<'format'>
  readonly parseUnparsed: Totals<'reason'>
  readonly storeRecords: Totals<'result'>
  readonly detections: Counter<'rule' | 'mode'>
  readonly verdicts: Counter<'verdict'>
  readonly listRevisions: Counter
  readonly listRenderSeconds: Histogram
  readonly listEntries: Gauge
  readonly listRefused: Gauge
  readonly listRevision: Gauge
  readonly listMadeSeconds: Gauge
  readonly listFetches: Counter<'status'>
  readonly listFetchBytes: Counter
  readonly listFetchIncomplete: Counter
  readonly listFetchSeconds: Histogram
  readonly httpAnswers: Counter<'route' | 'status'>
  readonly certificateEndSeconds: Gauge
  readonly alarmsRaised: Counter<'severity'>
  readonly alarmsActive: Gauge<'severity'>
  readonly componentReady: Gauge<'component'>
  readonly segmentsWaiting: Gauge
  readonly queuedBatches: Gauge
  readonly senders: Gauge<'trust'>
  readonly relayLines: Totals<'result'>
  readonly failures: Counter<'part'>
}

/** A registry of its own, so that two apps in one process do not meet. `withProcess` adds memory, CPU and loop delay. */
export function createMetrics(options: { withProcess: boolean }): Metrics {
  const registry = new Registry()
  if (options.withProcess) collectDefaultMetrics({ register: registry, prefix: PREFIX })
  const make = makersFor(registry)
  const total = <Label extends string>(name: string, help: string, labels: Label[]): Totals<Label> =>
    new Totals(make.counter(name, help, labels))
  return {
    registry,
    inputMessages: total('input_messages_total', 'Messages received.', ['input']),
    inputBytes: total('input_bytes_total', 'Bytes received.', ['input']),
    inputLost: total('input_lost_messages_total', 'Messages lost before parsing.', ['input', 'reason']),
    parseRecords: total('parse_records_total', 'Records parsed.', ['format']),
    parseUnparsed: total('parse_unparsed_records_total', 'Lines not understood; stored all the same.', [
      'reason',
    ]),
    storeRecords: total('store_records_total', 'Records written to segments or inserted.', ['result']),
    detections: make.counter('detection_events_total', 'Detections.', ['rule', 'mode']),
    verdicts: make.counter('decision_verdicts_total', 'What became of detections.', ['verdict']),
    listRevisions: make.counter('list_revisions_total', 'Revisions of the block list made.', []),
    listRenderSeconds: make.histogram(
      'list_render_seconds',
      'Time to render the list.',
      [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    ),
    listEntries: make.gauge('list_entries', 'Entries of the list served.', []),
    listRefused: make.gauge('list_refused_entries', 'Targets that the last filter left out.', []),
    listRevision: make.gauge('list_revision', 'Revision of the list served.', []),
    listMadeSeconds: make.gauge('list_made_timestamp_seconds', 'When the revision was made, Unix time.', []),
    listFetches: make.counter('list_fetches_total', 'Answers of the list.', ['status']),
    listFetchBytes: make.counter('list_fetch_bytes_total', 'Bytes of the list sent.', []),
    listFetchIncomplete: make.counter(
      'list_fetch_incomplete_total',
      'Fetches that the client broke off.',
      [],
    ),
    listFetchSeconds: make.histogram(
      'list_fetch_seconds',
      'From the request to the last byte taken.',
      [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 30],
    ),
    httpAnswers: make.counter('http_answers_total', 'Answers of the other routes.', ['route', 'status']),
    certificateEndSeconds: make.gauge(
      'certificate_end_timestamp_seconds',
      'End of the certificate, Unix time.',
      [],
    ),
    alarmsRaised: make.counter('alarm_raised_total', 'Alarms raised.', ['severity']),
    alarmsActive: make.gauge('alarm_active', 'Alarms that stand.', ['severity']),
    componentReady: make.gauge('component_ready', '1 when the part does its work.', ['component']),
    segmentsWaiting: make.gauge('store_waiting_segments', 'Segments on disk that wait to be inserted.', []),
    queuedBatches: make.gauge('pipeline_queued_batches', 'Batches that wait to be parsed.', []),
    senders: make.gauge('senders', 'Senders of log lines that are remembered.', ['trust']),
    relayLines: total('relay_lines_total', 'Lines for the other syslog server.', ['result']),
    failures: make.counter('failure_events_total', 'Failures inside that were handled and logged.', ['part']),
  }
}

interface Makers {
  counter<Label extends string>(name: string, help: string, labels: Label[]): Counter<Label>
  gauge<Label extends string>(name: string, help: string, labels: Label[]): Gauge<Label>
  histogram(name: string, help: string, buckets: number[]): Histogram
}

function makersFor(registry: Registry): Makers {
  const registers = [registry]
  return {
    counter: (name, help, labelNames) => new Counter({ name: PREFIX + name, help, labelNames, registers }),
    gauge: (name, help, labelNames) => new Gauge({ name: PREFIX + name, help, labelNames, registers }),
    histogram: (name, help, buckets) => new Histogram({ name: PREFIX + name, help, buckets, registers }),
  }
}

/** The text of /metrics. */
export async function metricsText(metrics: Metrics): Promise<{ contentType: string; text: string }> {
  return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }
}
