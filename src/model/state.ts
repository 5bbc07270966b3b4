/**
 * The state that outlives the process: decisions, their evidence, the allowlist, grace periods, switches, settings and
 * the audit log. `decide` works on this interface; `store/state` implements it on SQLite, `decide/memory-repository`
 * in memory for `replay` and tests.
 *
 * Every change is a plain value, and a list of changes is one transaction: all of them or none. The audit row of a
 * change travels in the same list, so a change without its row cannot happen by accident.
 */
import type { Network } from '../lib/address.ts'
import type { AllowEntry, Decision, DecisionMode, DecisionOrigin, Verdict } from './decision.ts'
import type { Detection, RuleName } from './detection.ts'
import type { Severity } from './log-record.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A person lifted a block of the target: detectors leave it alone until then. */
export interface Grace {
  readonly target: Network
  readonly untilMs: number
  readonly createdAtMs: number
  readonly by: string
  readonly reason: string
}

/** What the operators have switched. Survives a restart. */
export interface EngineFlags {
  /** Off: lines are received and stored, and no detector blocks. */
  readonly on: boolean
  readonly onChangedAtMs: number
  readonly onChangedBy: string
  readonly onReason: string
  /** Frozen: nothing is added to the list. */
  readonly frozen: boolean
  readonly frozenChangedAtMs: number
  readonly frozenChangedBy: string
  readonly frozenReason: string
}

/** A detection with what became of it: the evidence of a block, a hold, a shadow decision or a refusal. */
export interface StoredDetection {
  /** UUIDv7. */
  readonly id: string
  /** When it was decided, Unix ms. */
  readonly atMs: number
  readonly detection: Detection
  readonly verdict: Verdict
  readonly reason: string
  /** The decision that it is evidence of; null when refused. */
  readonly decisionId: string | null
}

/** One row to be of the audit log. */
export interface AuditEntry {
  /** UUIDv7; written twice it is one row, so a retried transaction cannot double it. */
  readonly id: string
  readonly atMs: number
  /** A user's name, or `system`. */
  readonly actor: string
  /** What was done: `decision.block`, `allow.add`, `engine.freeze`, `setting.change`, ... */
  readonly action: string
  /** What it was done to: a network, a setting's key, ... */
  readonly subject: string
  readonly reason: string | null
  /** Further facts of the action: ids, values before and after. */
  readonly details: Json
}

/** A row of the audit log. `hash` is SHA-256 over `previousHash` and the row's own canonical content, in hex. */
export interface AuditRow extends AuditEntry {
  /** Counts from 1 without gaps. */
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
}

export type AuditCheck =
  | { readonly ok: true; readonly rows: number; readonly headHash: string }
  | { readonly ok: false; readonly atSequence: number; readonly problem: string }

export interface StoredSetting {
  readonly key: string
  readonly value: Json
  readonly by: string
  readonly atMs: number
}

export type StateChange =
  /** A new decision, or the new state of a known one. */
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** A line from a blocked source: moves two stamps and is not audited. */
  | {
      readonly kind: 'seen'
      readonly id: string
      readonly lastSeenAtMs: number
      readonly expiresAtMs: number | null
    }
  /** Further evidence says more of a decision: a higher severity, its country. Not audited. */
  | {
      readonly kind: 'graded'
      readonly id: string
      readonly severity: Severity
      readonly country: string | null
    }
  /** Other words on a decision. */
  | { readonly kind: 'tagged'; readonly id: string; readonly tags: readonly string[] }
  | { readonly kind: 'detection'; readonly stored: StoredDetection }
  | { readonly kind: 'allow'; readonly entry: AllowEntry }
  | { readonly kind: 'allow-removed'; readonly entry: AllowEntry }
  | { readonly kind: 'grace'; readonly grace: Grace }
  | { readonly kind: 'grace-removed'; readonly target: Network }
  | { readonly kind: 'engine'; readonly flags: EngineFlags }
  | { readonly kind: 'setting'; readonly setting: StoredSetting }
  | { readonly kind: 'setting-removed'; readonly key: string }
  | { readonly kind: 'audit'; readonly entry: AuditEntry }

/** All that a decider needs in memory. */
export interface StateSnapshot {
  /** Decisions that have not ended. */
  readonly decisions: readonly Decision[]
  readonly allow: readonly AllowEntry[]
  readonly graces: readonly Grace[]
  /** Null before the first change of a switch. */
  readonly engine: EngineFlags | null
  /** Detector blocks that ran out, as far back as they are kept. */
  readonly pastBlocks: readonly PastBlock[]
}

export interface PastBlock {
  readonly target: Network
  readonly endedAtMs: number
}

export interface DecisionQuery {
  readonly state?: 'active' | 'ended' | 'all'
  readonly mode?: DecisionMode
  readonly origin?: DecisionOrigin
  readonly rule?: RuleName
  readonly device?: string
  /** Decisions whose target shares an address with it. */
  readonly overlapping?: Network
  /** Created at or after. */
  readonly sinceMs?: number
  /** Created before: for paging. */
  readonly beforeMs?: number
  /** Ended at or after; the last ended come first then. */
  readonly endedSinceMs?: number
  /** Rows at most; newest first. */
  readonly limit: number
}

export interface DetectionQuery {
  readonly decisionId?: string
  /** Detections whose source shares an address with it. */
  readonly overlapping?: Network
  readonly rule?: RuleName
  readonly verdict?: Verdict
  readonly sinceMs?: number
  readonly beforeMs?: number
  /** Rows at most; newest first. */
  readonly limit: number
}

export interface AuditQuery {
  readonly action?: string
  readonly actor?: string
  readonly subject?: string
  /** Rows before this sequence number: for paging. */
  readonly beforeSequence?: number
  /** Rows at most; newest first. */
  readonly limit: number
}

export interface PruneLimits {
  /** Ended decisions and detections older than this go; evidence of active decisions stays. */
  readonly beforeMs: number
  /** Detections that are no active decision's evidence, kept at most: the newest. */
  readonly maxDetections: number
}

export interface Pruned {
  readonly decisions: number
  readonly detections: number
}

/** Rejects with AppError `state-unavailable` when the store cannot be reached or written. */
export interface StateRepository {
  load(): Promise<StateSnapshot>
  /** One transaction, durable when it resolves. A list given twice has the effect of once. */
  commit(changes: readonly StateChange[]): Promise<void>
  decisions(query: DecisionQuery): Promise<Decision[]>
  detections(query: DetectionQuery): Promise<StoredDetection[]>
  prune(limits: PruneLimits): Promise<Pruned>
}

export interface SettingChange {
  readonly key: string
  /** Undefined takes the stored value away, so that the default counts again. */
  readonly value: Json | undefined
  /** The audit log tells that it changed and not what it was or is. */
  readonly secret?: boolean
}

export interface SettingsRepository {
  settings(): Promise<StoredSetting[]>
  /** One transaction with an audit row per key that tells the value before and after. */
  changeSettings(
    changes: readonly SettingChange[],
    who: { readonly by: string; readonly atMs: number; readonly reason: string | null },
  ): Promise<void>
}

export interface AuditLog {
  /** Newest first. */
  audit(query: AuditQuery): Promise<AuditRow[]>
  /** The number of the newest row, 0 without any; its details, which may be long, are not read. */
  auditHead(): Promise<number>
  /** Reads the whole chain: finds a changed, a missing and a cut-off row. Cost: one hash a row. */
  verifyAudit(): Promise<AuditCheck>
}
