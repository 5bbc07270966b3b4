/**
 * A decision: a target is to be blocked, since when, until when and why (DESIGN.md section 7). It is kept when it ends:
 * `endedAtMs`, `endedBy` and `endReason` say how. Active means not ended and not expired.
 */
import type { Network } from '../lib/address.ts'
import type { Proof, RuleName } from './detection.ts'
import { SEVERITY, type Severity } from './log-record.ts'

export type DecisionScope = 'address' | 'range'
export type DecisionOrigin = 'detector' | 'manual' | 'feed'
/** `block`: on the list. `hold`: waits for a person. `shadow`: would have been blocked; its rule is in shadow mode. */
export type DecisionMode = 'block' | 'hold' | 'shadow'

export interface Decision {
  /** UUIDv7. */
  readonly id: string
  readonly target: Network
  readonly scope: DecisionScope
  readonly origin: DecisionOrigin
  /** The rule that convicted; null for `manual` and `feed`. */
  readonly rule: RuleName | null
  /** One sentence for people: the rule with its numbers, or what the operator wrote. */
  readonly reason: string
  readonly proof: Proof | null
  /** The highest of the records that convicted and of later evidence; null where none names one, and for people's blocks. */
  readonly severity: Severity
  /** Of the target: as its firewall named it, else from the operator's database. Text of logs; null when not known. */
  readonly country: string | null
  readonly mode: DecisionMode
  readonly createdAtMs: number
  /** Last line from the target, by arrival when live, by event time in replay. */
  readonly lastSeenAtMs: number
  /** Null: until removed by a person. */
  readonly expiresAtMs: number | null
  readonly endedAtMs: number | null
  /** A user's name, or `system`. */
  readonly endedBy: string | null
  readonly endReason: string | null
  /** The firewall whose line convicted; null for manual. For `withdraw --device`. */
  readonly device: string | null
  /** Who created it: a user's name, or `system`. */
  readonly createdBy: string
  /**
   * How long it lives unseen; null: as `retention.inactiveMonths` says. A shorter life is that of evidence which can
   * be forged: it ends when it ends, since forged packets must not prolong it.
   */
  readonly lifetimeMs: number | null
  /** How often detectors have blocked the target, this time included. */
  readonly offences: number
  /** Words that people put on it, to find it by. */
  readonly tags: readonly string[]
}

/** What became of a detection. `none`: nothing new to do, or the rule is in shadow. */
export type Verdict = 'block' | 'hold' | 'refuse' | 'none'

export interface VerdictWithReason {
  readonly verdict: Verdict
  /** One sentence: which guard refused, which brake held, or why nothing had to be done. */
  readonly reason: string
}

/** An address or network that is never blocked. */
export interface AllowEntry {
  readonly id: string
  readonly target: Network
  readonly reason: string
  readonly createdAtMs: number
  readonly createdBy: string
  /** Null: until removed. */
  readonly expiresAtMs: number | null
}

/** The higher of two severities; null is below all. */
export function higherSeverity(a: Severity, b: Severity): Severity {
  if (a === null || b === null) return a ?? b
  return SEVERITY[a] >= SEVERITY[b] ? a : b
}

/** Month of the retention settings: 30 days, as in the older system. */
export const MONTH_MS = 30 * 24 * 3_600_000

/** On the list when nothing is blocked, so that it is never empty: a documentation address (RFC 5737). */
export const SENTINEL = '192.0.2.255'
