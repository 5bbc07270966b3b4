/**
 * What is to become of one detection, and the changes that make it so. The order of the questions is the precedence:
 * protected, allowlist, what is blocked already, the switches, grace, shadow, forgeable evidence, then the brakes. One
 * code path for the service and for `replay`.
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, type Network } from '../lib/address.ts'
import {
  type Decision,
  type DecisionMode,
  higherSeverity,
  type VerdictWithReason,
} from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import type { StateChange } from '../model/state.ts'
import { MinuteLimit } from './brake.ts'
import type { Keeper } from './keeper.ts'
import { isV4Network } from './network-map.ts'
import type { ActiveDecision } from './registry.ts'
import { instantOf, plural, reasonOf, spanOf } from './sentences.ts'

/** Bounds of memory and disk: what waits for review, what shadow rules would have blocked. */
const MAX_HELD = 20_000
const MAX_SHADOWS = 100_000
/** Detections kept as evidence of one decision. */
const EVIDENCE_PER_DECISION = 20
/** Refused and other detections kept per minute; more are counted only. */
const RECORDS_PER_MINUTE = 600

export interface Judgement extends VerdictWithReason {
  readonly detection: Detection
  /** The decision that it made or that covers it; null when there is none. */
  readonly decision: Decision | null
}

interface Life {
  /** Null: the usual time. */
  readonly lifetimeMs: number | null
  readonly offences: number
  /** Why it is another time than the usual one. */
  readonly words: string | null
}
const USUAL_LIFE: Life = { lifetimeMs: null, offences: 1, words: null }

export interface Judged {
  readonly judgement: Judgement
  readonly changes: readonly StateChange[]
}

/** Counts since the start of the process or the last reset. */
export interface JudgeCounters {
  detections: number
  blocked: number
  held: number
  shadowed: number
  refused: number
  /** Of those held: known peers (detection.guards.knownPeers). */
  peersHeld: number
  /** Detections of what was blocked already. */
  repeated: number
  /** Detections that were not kept because too many came. */
  notKept: number
}

const noCounts = (): JudgeCounters => ({
  detections: 0,
  blocked: 0,
  held: 0,
  shadowed: 0,
  refused: 0,
  peersHeld: 0,
  repeated: 0,
  notKept: 0,
})

export class Judge {
  readonly #keeper: Keeper
  readonly #brake: MinuteLimit
  readonly #records = new MinuteLimit(RECORDS_PER_MINUTE)
  #counters = noCounts()

  constructor(keeper: Keeper) {
    this.#keeper = keeper
    this.#brake = new MinuteLimit(keeper.rules.maxPerMinute)
  }

  get counters(): Readonly<JudgeCounters> {
    return this.#counters
  }

  reset(): void {
    this.#counters = noCounts()
    this.#brake.reset(this.#keeper.rules.maxPerMinute)
    this.#keeper.alarms.clear('brake')
  }

  /** Clears the brakes' alarms once nothing waits for review. */
  settle(): void {
    if (this.#keeper.registry.holdCount > 0) return
    this.#keeper.alarms.clear('brake')
    this.#keeper.alarms.clear('too-many-held')
  }

  /** Takes a changed limit over. */
  configure(): void {
    if (this.#brake.limit !== this.#keeper.rules.maxPerMinute)
      this.#brake.reset(this.#keeper.rules.maxPerMinute)
  }

  /** The verdict, and the changes to be kept before the next detection is judged. */
  judge(detection: Detection): Judged {
    this.#counters.detections++
    return (
      this.#refusal(detection) ??
      this.#known(detection) ??
      this.#switched(detection) ??
      this.#convict(detection)
    )
  }

  #refusal(detection: Detection): Judged | null {
    const source = formatNetwork(detection.source)
    if (detection.lateral) {
      return this.#without(
        detection,
        'none',
        `${source} attacked from inside: internal sources are reported and never blocked`,
      )
    }
    const reason = this.#keeper.refuse(detection.source)
    if (reason === null) return null
    this.#counters.refused++
    return this.#without(detection, 'refuse', reason)
  }

  /** Blocked already: the source is seen again, and the detection is further evidence. */
  #known(detection: Detection): Judged | null {
    const active = this.#keeper.registry.blockHolding(detection.source)
    if (active === undefined) return null
    this.#counters.repeated++
    const { decision } = active
    const by =
      decision.origin === 'manual' ? `by hand (${decision.reason})` : `by ${decision.rule ?? decision.origin}`
    const target = formatNetwork(decision.target)
    return this.#again(
      detection,
      active,
      'none',
      `${target} is already blocked since ${instantOf(decision.createdAtMs)} ${by}`,
    )
  }

  #switched(detection: Detection): Judged | null {
    const { engine } = this.#keeper.registry
    if (!engine.on) {
      const since = `since ${instantOf(engine.onChangedAtMs)} by ${engine.onChangedBy}`
      return this.#without(detection, 'none', `the engine is off ${since}: no detector blocks`)
    }
    if (detection.mode === 'off') {
      return this.#without(detection, 'none', `${detection.rule} is switched off`)
    }
    const grace = this.#keeper.registry.grace(detection.source, this.#keeper.clock.nowMs())
    if (grace !== undefined) {
      this.#counters.refused++
      const lifted = `${grace.by} lifted the block of ${formatNetwork(grace.target)} on ${instantOf(grace.createdAtMs)} (${grace.reason})`
      return this.#without(
        detection,
        'refuse',
        `${lifted}: detectors leave it alone until ${instantOf(grace.untilMs)}`,
      )
    }
    return detection.mode === 'shadow' ? this.#shadow(detection) : null
  }

  #shadow(detection: Detection): Judged {
    const { registry } = this.#keeper
    const reason = `${detection.rule} is in shadow mode and blocks nothing: ${reasonOf(detection)}`
    const known = registry.shadow(detection.source, detection.rule)
    if (known !== undefined) return this.#again(detection, known, 'none', reason)
    if (registry.shadowCount >= MAX_SHADOWS) return this.#without(detection, 'none', reason)
    this.#counters.shadowed++
    return this.#create(detection, 'shadow', { verdict: 'none', reason })
  }

  #convict(detection: Detection): Judged {
    const { registry, clock, alarms } = this.#keeper
    const held = registry.hold(detection.source)
    if (held !== undefined) {
      const since = instantOf(held.decision.createdAtMs)
      return this.#again(
        detection,
        held,
        'hold',
        `already waits for review since ${since}: ${held.decision.reason}`,
      )
    }
    const policy = this.#keeper.rules.spoofable[detection.rule]
    const isForgeable = detection.proof === 'spoofable'
    const brake =
      isForgeable && policy === 'hold'
        ? `${detection.proofReason}, and ${detection.rule} holds such for review`
        : (this.#peerReason(detection) ?? this.#brakeReason(detection.source, clock.monotonicMs()))
    if (brake === null) {
      this.#counters.blocked++
      const life = this.#lifeOf(detection)
      const words = [reasonOf(detection), life.words, peerWords(detection)]
      const reason = words.filter((part) => part !== null).join('; ')
      return this.#create(detection, 'block', { verdict: 'block', reason }, life)
    }
    if (registry.holdCount >= MAX_HELD) {
      this.#counters.refused++
      alarms.raise({
        code: 'too-many-held',
        severity: 'critical',
        message: `${plural(MAX_HELD, 'block')} wait for review; further ones are not even held.`,
        mend: 'Review what waits: release it, refuse it, or withdraw it by rule, device or time.',
      })
      return this.#without(detection, 'refuse', `${plural(MAX_HELD, 'block')} already wait for review`)
    }
    this.#counters.held++
    return this.#create(detection, 'hold', {
      verdict: 'hold',
      reason: `held for review: ${brake}; ${reasonOf(detection)}`,
    })
  }

  /** Why a known peer is held: only forgeable evidence is against it. Null: no peer, or the guard is off. */
  #peerReason({ peer, proof, proofReason }: Detection): string | null {
    if (!this.#keeper.rules.holdsPeers || peer?.isPeer !== true || proof === 'handshake') return null
    this.#counters.peersHeld++
    return `it is a known peer (${peer.why}), and ${proofReason}`
  }

  /** Which brake holds a new block of the target, or null. */
  #brakeReason(target: Network, nowMs: number): string | null {
    const { registry, alarms } = this.#keeper
    const widest = isV4Network(target) ? 128 : 64
    if (target.prefixLength < widest) {
      return `a detector wants ${formatNetwork(target)}, wider than one address (IPv4) or a /64 (IPv6)`
    }
    const { engine } = registry
    if (engine.frozen) {
      return `the list is frozen since ${instantOf(engine.frozenChangedAtMs)} by ${engine.frozenChangedBy}`
    }
    if (this.#brake.take(nowMs)) return null
    const limit = this.#brake.limit
    alarms.raise({
      code: 'brake',
      severity: 'critical',
      message: `Detectors want to block more than ${limit} sources a minute: new blocks are held for review, the list stays as it is.`,
      mend: 'Look at the held blocks and their device. Release them, withdraw what was blocked wrongly, or raise decisions.maxPerMinute.',
    })
    return `more than ${plural(limit, 'new block')} within a minute (decisions.maxPerMinute)`
  }

  /** How long a new block lasts unseen, and why when it is not the usual time. */
  #lifeOf(detection: Detection): Life {
    const { spoofable, briefMs, repeatOffender, inactiveMs } = this.#keeper.rules
    if (detection.proof === 'spoofable' && spoofable[detection.rule] === 'brief' && briefMs < inactiveMs) {
      const words = `blocked for ${spanOf(briefMs)} only: ${detection.proofReason}`
      return { lifetimeMs: briefMs, offences: 1, words }
    }
    const { mode, withinMs, factor, longestMs } = repeatOffender
    if (mode === 'off') return USUAL_LIFE
    const sinceMs = this.#keeper.clock.nowMs() - withinMs
    const offences = this.#keeper.registry.pastBlocks(detection.source, sinceMs) + 1
    // A forged source does not come back by itself: only proven ones are punished for it.
    if (offences === 1 || detection.proof === 'spoofable') return { ...USUAL_LIFE, offences }
    const lifetimeMs = Math.max(inactiveMs, Math.min(longestMs, inactiveMs * factor ** (offences - 1)))
    const times = `blocked ${offences} times within ${spanOf(withinMs)}`
    if (mode === 'shadow') {
      const words = `${times}: would be kept for ${spanOf(lifetimeMs)} (repeat-offender is in shadow mode)`
      return { lifetimeMs: null, offences, words }
    }
    return { lifetimeMs, offences, words: `${times}: kept for ${spanOf(lifetimeMs)}` }
  }

  #create(
    detection: Detection,
    mode: DecisionMode,
    verdict: VerdictWithReason,
    { lifetimeMs, offences }: Life = USUAL_LIFE,
  ): Judged {
    const nowMs = this.#keeper.clock.nowMs()
    const { receivedAtMs, detectedAtMs } = detection
    // Live, arrival counts: a device's clock must not decide how long a block lasts.
    const lastSeenAtMs = Number.isNaN(receivedAtMs) ? detectedAtMs : receivedAtMs
    const decision: Decision = {
      id: randomUUIDv7(),
      target: detection.source,
      scope: detection.source.prefixLength === 128 ? 'address' : 'range',
      origin: 'detector',
      rule: detection.rule,
      reason: mode === 'shadow' ? reasonOf(detection) : verdict.reason,
      proof: detection.proof,
      severity: detection.severity,
      country: this.#keeper.countryOf(detection.source, detection.sourceCountry),
      mode,
      createdAtMs: nowMs,
      lastSeenAtMs,
      expiresAtMs: lastSeenAtMs + (lifetimeMs ?? this.#keeper.rules.inactiveMs),
      endedAtMs: null,
      endedBy: null,
      endReason: null,
      device: detection.device,
      createdBy: 'system',
      lifetimeMs,
      offences,
      tags: [],
    }
    const details = {
      id: decision.id,
      rule: detection.rule,
      device: detection.device,
      count: detection.count,
      threshold: detection.threshold,
    }
    const changes: StateChange[] = [
      { kind: 'decision', decision },
      this.#record(detection, verdict, decision.id),
      this.#keeper.auditChange(
        `decision.${mode}`,
        'system',
        formatNetwork(decision.target),
        verdict.reason,
        details,
      ),
    ]
    return { judgement: { detection, ...verdict, decision }, changes }
  }

  #again(detection: Detection, active: ActiveDecision, verdict: 'none' | 'hold', reason: string): Judged {
    const { receivedAtMs, detectedAtMs } = detection
    const lastSeenAtMs = Number.isNaN(receivedAtMs) ? detectedAtMs : receivedAtMs
    this.#keeper.registry.see(active, lastSeenAtMs, 0, this.#keeper.rules.inactiveMs)
    const { decision } = active
    const judgement: Judgement = { detection, verdict, reason, decision }
    const graded = this.#graded(decision, detection)
    if (active.evidence >= EVIDENCE_PER_DECISION) return { judgement, changes: graded }
    active.evidence++
    return { judgement, changes: [...graded, this.#record(detection, { verdict, reason }, decision.id)] }
  }

  /** What further evidence says of a decision that was not known. A person's block or a list's has no severity. */
  #graded(decision: Decision, detection: Detection): StateChange[] {
    const severity =
      decision.origin === 'detector'
        ? higherSeverity(decision.severity, detection.severity)
        : decision.severity
    const country =
      decision.country ?? this.#keeper.countryOf(decision.target, this.#named(decision, detection))
    if (severity === decision.severity && country === decision.country) return []
    return [{ kind: 'graded', id: decision.id, severity, country }]
  }

  /** A line names the country of its source: of a decision about a wider network that says nothing. */
  #named({ target }: Decision, { source, sourceCountry }: Detection): string | null {
    return target.prefixLength === source.prefixLength ? sourceCountry : null
  }

  #without(detection: Detection, verdict: 'none' | 'refuse', reason: string): Judged {
    const judgement: Judgement = { detection, verdict, reason, decision: null }
    if (!this.#records.take(this.#keeper.clock.monotonicMs())) {
      this.#counters.notKept++
      return { judgement, changes: [] }
    }
    return { judgement, changes: [this.#record(detection, { verdict, reason }, null)] }
  }

  #record(
    detection: Detection,
    { verdict, reason }: VerdictWithReason,
    decisionId: string | null,
  ): StateChange {
    const atMs = this.#keeper.clock.nowMs()
    return {
      kind: 'detection',
      stored: { id: randomUUIDv7(), atMs, detection, verdict, reason, decisionId },
    }
  }
}

/** What a block says of its source as a peer; null when there is nothing to say. */
function peerWords({ peer, proof, proofReason }: Detection): string | null {
  if (peer === undefined || peer.isPeer === false) return null
  if (peer.isPeer === null) return `whether it is a known peer could not be asked: ${peer.why}`
  return proof === 'handshake'
    ? `it is a known peer (${peer.why}) and is blocked all the same: ${proofReason}`
    : `it is a known peer (${peer.why})`
}
