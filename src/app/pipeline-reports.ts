/**
 * What the pipeline thread reports, brought to the parts it concerns: detections to the decider one batch after the
 * other, lines from blocked sources to their decisions, losses and failures to log and alarms.
 */
import type { Settings } from '../config/schema.ts'
import type { Decider } from '../decide/decider.ts'
import type { Judgement } from '../decide/judge.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { SeenMessage } from '../pipeline-messages.ts'
import type { StoreEvent } from '../store/logs/segment-spool.ts'
import type { Parts } from './parts.ts'
import type { NamedFindings } from './pipeline-findings.ts'
import type { PipelineThreadOptions } from './pipeline-thread.ts'

/** Detections that wait for the decider; beyond, the oldest are given up and counted: a flood must not fill memory. */
const WAITING_LIMIT = 20_000

const ALLOWED_ATTACK_MS = 3_600_000

type Handlers = Pick<PipelineThreadOptions, 'onFound' | 'onEvent' | 'onStoreEvent' | 'onDeath'>

export class PipelineReports {
  readonly #parts: Parts
  readonly #decider: Decider
  readonly #settings: () => Settings
  readonly #waiting: Detection[] = []
  #working: Promise<void> | null = null
  /** Detections of the time before the start, looked up one batch after the other. */
  #sifting: Promise<void> = Promise.resolve()
  #givenUp = 0
  /** When an allowed source attacked last; its alarm stands for an hour after. */
  #allowedAttackAtMs = Number.NEGATIVE_INFINITY
  /** Findings that stand as alarms, with their text. */
  #raised = new Map<string, string>()

  constructor(parts: Parts, decider: Decider, settings: () => Settings) {
    this.#parts = parts
    this.#decider = decider
    this.#settings = settings
  }

  handlers(): Handlers {
    const { events, alarms } = this.#parts
    return {
      onFound: (detections, seen, isRestored) => {
        this.#seen(seen)
        if (isRestored) this.#sifting = this.#sifting.then(() => this.#sift(detections))
        else this.#found(detections)
      },
      onEvent: ({ code, part, message, count }) => events.inputReported({ code, part, message, count }),
      onStoreEvent: (event) => this.#storeEvent(event),
      onDeath: (error) => {
        if (error === null) {
          alarms.clear('pipeline-died')
          return
        }
        events.partFailed('pipeline', 'read log lines', error)
        alarms.raise({
          code: 'pipeline-died',
          severity: 'critical',
          message: `The pipeline thread ended (${error.message}) and is started again; the list is served meanwhile.`,
          mend: 'If it stays, restart the service and report the log line before it.',
        })
      },
    }
  }

  /** Resolves when every detection so far has been decided. */
  async idle(): Promise<void> {
    await this.#sifting
    while (this.#working !== null) await this.#working
  }

  /** Findings of the pipeline (socket buffers, unreadable files, ...) are alarms while they stand. */
  raiseFindings(inputs: readonly NamedFindings[]): void {
    const now = new Map<string, string>()
    if (this.#parts.clock.monotonicMs() - this.#allowedAttackAtMs > ALLOWED_ATTACK_MS)
      this.#parts.alarms.clear('allowed-attacker')
    for (const { name, findings } of inputs) {
      for (const { code, message, mend } of findings) {
        const key = `${code}:${name}`
        now.set(key, message)
        if (this.#raised.get(key) !== message)
          this.#parts.alarms.raise({ code: key, severity: 'warning', message, mend })
      }
    }
    for (const key of this.#raised.keys()) if (!now.has(key)) this.#parts.alarms.clear(key)
    this.#raised = now
  }

  #seen(seen: readonly SeenMessage[]): void {
    if (seen.length === 0) return
    this.#parts.enforcement?.seen(seen)
    const sources = seen.flatMap(({ target, lastSeenAtMs, count }) => {
      const network = parseNetwork(target)
      return network === null ? [] : [{ target: network, lastSeenAtMs, count }]
    })
    this.#decider.seen(sources)
  }

  async #sift(detections: readonly Detection[]): Promise<void> {
    this.#found(await this.#decider.unjudged(detections))
  }

  #found(detections: readonly Detection[]): void {
    if (detections.length === 0) return
    this.#waiting.push(...detections)
    const over = this.#waiting.length - WAITING_LIMIT
    if (over > 0) this.#giveUp(over)
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    const { events, peers } = this.#parts
    while (this.#waiting.length > 0) {
      const detections = this.#waiting.splice(0)
      const isAsked = this.#settings()['detection.guards.knownPeers']
      const marked = isAsked
        ? await peers.mark(detections, (detection) => this.#mayBeBlocked(detection))
        : detections
      const judgements = await this.#decider.decide(marked)
      for (const judgement of judgements) {
        const { detection, verdict, reason } = judgement
        events.detectionDecided(detection, { verdict, reason }, formatNetwork(detection.source))
        if (verdict === 'refuse') this.#refused(judgement)
      }
    }
    this.#working = null
  }

  /** Whether it matters if the source is a peer: nobody looks up what would not be blocked anyway. */
  #mayBeBlocked({ mode, lateral, source }: Detection): boolean {
    return mode === 'enforce' && !lateral && this.#decider.refuse(source) === null
  }

  /** Somebody who is never blocked attacks: a person must know, since nothing else will happen. */
  #refused({ detection, reason }: Judgement): void {
    const { alarms, clock, signedIn } = this.#parts
    if (signedIn.addresses().has(detection.sourceAddress)) signedIn.spared++
    const check = this.#decider.allow.check(formatNetwork(detection.source))
    if (!check.ok || check.value.entry === null) return
    this.#allowedAttackAtMs = clock.monotonicMs()
    alarms.raise({
      code: 'allowed-attacker',
      severity: 'warning',
      message: `An allowed source set off ${detection.rule} and was not blocked: ${reason}.`,
      mend: 'Look at it with explain; if it is not what the entry was made for, take the entry off the allowlist.',
    })
  }

  #giveUp(count: number): void {
    this.#waiting.splice(0, count)
    this.#givenUp += count
    this.#parts.alarms.raise({
      code: 'detections-given-up',
      severity: 'critical',
      message: `${this.#givenUp} detections were given up because more came than can be decided.`,
      mend: 'A flood of forged sources is likely: look at the held blocks and at the devices that report them.',
    })
  }

  #storeEvent(event: StoreEvent): void {
    const { alarms, events } = this.#parts
    switch (event.kind) {
      case 'segment-quarantined':
        alarms.raise({
          code: 'segment-quarantined',
          severity: 'warning',
          message: `A segment of log lines could not be stored and was put aside: ${event.path} (${event.reason}).`,
          mend: 'Its lines are missing in searches. Keep the file for a report; look for a failing disk.',
        })
        break
      case 'segment-write-failed':
        alarms.raise({
          code: 'segment-write-failed',
          severity: 'critical',
          message: `Log lines cannot be written to disk: ${event.reason} (${event.path}). They wait in memory; then inputs wait.`,
          mend: 'Make room on the disk of the data folder, or give the service the right to write there.',
        })
        break
      case 'segment-write-resumed':
        alarms.clear('segment-write-failed')
        break
      case 'checkpoint-damaged':
        alarms.raise({
          code: 'checkpoint-damaged',
          severity: 'warning',
          message: `The record of how far log files are read was damaged: ${event.reason}.`,
          mend: 'Some lines may be stored twice; look for a full or failing disk.',
        })
        break
      case 'store-unavailable':
        events.logStoreChanged({ state: 'stopped', reason: event.reason })
        break
      case 'store-available':
        events.logStoreChanged({ state: 'started', reason: `${event.waitingSegments} segments wait` })
        break
      case 'segment-repaired':
        events.segmentRepaired(event)
        break
    }
  }
}
