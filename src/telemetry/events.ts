/**
 * What happens in the service, one function per event: it writes the log line and moves the metric together, so that
 * neither can be forgotten. Names are noun and past verb. Events of batches, never of single lines.
 */
import { messageOf } from '../lib/errors.ts'
import type { VerdictWithReason } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import type { Alarm, AlarmChange, AlarmSeverity } from './alarms.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** As the block list reports it. */
interface ListRendered {
  readonly snapshot: {
    readonly revision: number
    readonly entries: number
    readonly refused: number
    readonly madeAtMs: number
    readonly body: { readonly length: number }
  }
  readonly durationMs: number
}

/** As the list's route reports it. */
interface ListFetched {
  readonly address: string
  readonly userAgent: string
  readonly status: number
  readonly revision: number
  readonly bytes: number
  readonly isComplete: boolean
  readonly durationMs: number
}

interface CertificateServed {
  readonly source: 'made' | 'own'
  readonly names: string
  readonly notAfterMs: number
  readonly fingerprint: string
}

const LEVEL_OF: Readonly<Record<AlarmSeverity, 'error' | 'warn' | 'info'>> = {
  critical: 'error',
  warning: 'warn',
  info: 'info',
}

/** Input events that are no trouble. */
const QUIET_CODES = new Set(['file-found', 'file-rotated', 'file-emptied', 'file-rest-read'])

export class Events {
  readonly #log: Log
  readonly #metrics: Metrics

  constructor(log: Log, metrics: Metrics) {
    this.#log = log
    this.#metrics = metrics
  }

  serviceStarted(details: { version: string; data: string; processId: number }): void {
    this.#log.info(details, 'service started')
  }

  serviceStopped(details: { reason: string; durationMs: number }): void {
    this.#log.info(details, 'service stopped')
  }

  /** `what` such as `HTTPS`, `syslog over UDP`. */
  listenerStarted(details: { what: string; address: string }): void {
    this.#log.info(details, 'listening')
  }

  listRendered({ snapshot, durationMs }: ListRendered): void {
    const { revision, entries, refused, madeAtMs, body } = snapshot
    this.#metrics.listRevisions.inc()
    this.#metrics.listRenderSeconds.observe(durationMs / 1000)
    this.listServed(snapshot)
    this.#log.debug(
      { revision, entries, refused, bytes: body.length, madeAtMs, durationMs: Math.round(durationMs) },
      'block list changed',
    )
  }

  /** The gauges alone: for the copy that is served from the file at start. */
  listServed(snapshot: ListRendered['snapshot']): void {
    this.#metrics.listEntries.set(snapshot.entries)
    this.#metrics.listRefused.set(snapshot.refused)
    this.#metrics.listRevision.set(snapshot.revision)
    this.#metrics.listMadeSeconds.set(snapshot.madeAtMs / 1000)
  }

  /** What the list file found at start. */
  listLoaded(details: { revision: number | null; entries: number; findings: readonly string[] }): void {
    const level = details.findings.length === 0 ? 'info' : 'warn'
    this.#log[level](details, details.revision === null ? 'no last block list' : 'last block list loaded')
  }

  listFetched(fetch: ListFetched): void {
    this.#metrics.listFetches.inc({ status: String(fetch.status) })
    this.#metrics.listFetchBytes.inc(fetch.isComplete ? fetch.bytes : 0)
    if (!fetch.isComplete) this.#metrics.listFetchIncomplete.inc()
    this.#metrics.listFetchSeconds.observe(fetch.durationMs / 1000)
    const { address, userAgent, status, revision, bytes, isComplete } = fetch
    this.#log.debug({ address, userAgent, status, revision, bytes, isComplete }, 'block list fetched')
  }

  httpAnswered(route: string, status: number): void {
    this.#metrics.httpAnswers.inc({ route, status: String(status) })
  }

  certificateServed(certificate: CertificateServed): void {
    const { source, names, notAfterMs, fingerprint } = certificate
    this.#metrics.certificateEndSeconds.set(notAfterMs / 1000)
    this.#log.info(
      { source, names, until: new Date(notAfterMs).toISOString(), fingerprint },
      'certificate served',
    )
  }

  detectionDecided(detection: Detection, outcome: VerdictWithReason, target: string): void {
    this.#metrics.detections.inc({ rule: detection.rule, mode: detection.mode })
    this.#metrics.verdicts.inc({ verdict: outcome.verdict })
    const { rule, mode, count, threshold, proof, device } = detection
    this.#log.info(
      {
        rule,
        mode,
        source: target,
        count,
        threshold,
        proof,
        device,
        verdict: outcome.verdict,
        reason: outcome.reason,
      },
      'detection',
    )
  }

  /** For `Alarms`: a renewed one is not logged again. */
  alarmChanged(change: AlarmChange, alarm: Alarm, active: Readonly<Record<AlarmSeverity, number>>): void {
    for (const severity of ['info', 'warning', 'critical'] as const) {
      this.#metrics.alarmsActive.set({ severity }, active[severity])
    }
    const { code, severity, message, mend } = alarm
    switch (change) {
      case 'raised':
        this.#metrics.alarmsRaised.inc({ severity })
        this.#log[LEVEL_OF[severity]]({ code, mend }, message)
        break
      case 'cleared':
        this.#log.info({ code }, `no longer: ${message}`)
        break
      case 'renewed':
        break
    }
  }

  componentsChanged(components: readonly { readonly name: string; readonly isReady: boolean }[]): void {
    for (const { name, isReady } of components) {
      this.#metrics.componentReady.set({ component: name }, Number(isReady))
    }
  }

  /** A failure inside that was handled: the service goes on. `part` from a fixed, short set. */
  partFailed(part: string, what: string, error: unknown): void {
    this.#metrics.failures.inc({ part })
    const stack = error instanceof Error ? error.stack : undefined
    this.#log.error({ part, error: messageOf(error), stack }, `failed: ${what}`)
  }

  engineSwitched(details: { state: 'on' | 'off' | 'frozen' | 'thawed'; by: string; reason: string }): void {
    this.#log.warn(details, `engine ${details.state}`)
  }

  settingChanged(details: { setting: string; by: string }): void {
    this.#log.info(details, 'setting changed')
  }

  logStoreChanged(details: { state: 'started' | 'stopped' | 'restarting'; reason: string }): void {
    this.#log[details.state === 'restarting' ? 'warn' : 'info'](details, `log store ${details.state}`)
  }

  retentionRan(details: { droppedPartitions: number; expiredDecisions: number; durationMs: number }): void {
    this.#log.info(details, 'nightly clean-up done')
  }

  /** What the log store's process wrote to its standard error. */
  logStoreSaid(text: string): void {
    this.#log.warn({ text: text.trimEnd().slice(0, 2000) }, 'log store said')
  }

  segmentRepaired(details: { segment: string; reason: string }): void {
    this.#log.warn(details, 'segment stored anew')
  }

  /** Something happened at an input, thinned out there. */
  inputReported(details: { code: string; part: string; message: string; count: number }): void {
    const { code, part, message, count } = details
    this.#log[QUIET_CODES.has(code) ? 'info' : 'warn']({ code, part, count }, message)
  }
}
