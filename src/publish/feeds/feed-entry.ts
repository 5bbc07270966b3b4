/**
 * What feeds know of one active decision: what is blocked, why, since when, until when, and how much it matters. Made from
 * decisions (`entryOf`); what a decision does not know is null and never guessed. Plain data, immutable.
 */
import type { Network } from '../../lib/address.ts'
import type { Decision, DecisionOrigin } from '../../model/decision.ts'
import type { Proof, RuleName } from '../../model/detection.ts'
import type { Severity } from '../../model/log-record.ts'

export interface FeedEntry {
  readonly network: Network
  /** The decision's id (UUIDv7). */
  readonly decisionId: string
  readonly origin: DecisionOrigin
  /** The rule that convicted; null for what a person or an imported list blocked. */
  readonly rule: RuleName | null
  /** The highest of its evidence; null where no record named one (traffic mostly), and for what a person blocked. */
  readonly severity: Severity
  readonly proof: Proof | null
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  /** Null: until a person removes it. */
  readonly expiresAtMs: number | null
  /** Firewalls that saw it; empty when none is known. */
  readonly devices: readonly string[]
  /** Lines seen from it since it was blocked; null when not counted. */
  readonly hits: number | null
  /** How many times it was blocked, this time included; null when not known. */
  readonly offences: number | null
  /** Holds text of people and of logs: escaped or left out wherever it is written. */
  readonly reason: string
  /** As its firewall named it, else as the operator's database does; text of logs. Null when not known. */
  readonly country: string | null
}

/** What is known of a decision beside the decision itself. */
export type EntryKnowledge = Partial<Pick<FeedEntry, 'devices' | 'hits'>>

/** The entry of a decision. Whoever calls it says what else is known; the rest is null. */
export function entryOf(decision: Decision, known: EntryKnowledge = {}): FeedEntry {
  return {
    network: decision.target,
    decisionId: decision.id,
    origin: decision.origin,
    rule: decision.rule,
    severity: decision.severity,
    proof: decision.proof,
    createdAtMs: decision.createdAtMs,
    lastSeenAtMs: decision.lastSeenAtMs,
    expiresAtMs: decision.expiresAtMs,
    devices: known.devices ?? (decision.device === null ? [] : [decision.device]),
    hits: known.hits ?? null,
    offences: decision.offences,
    reason: decision.reason,
    country: decision.country,
  }
}

/** `port-scan`, `threat`, ..., or for what no rule convicted `manual` or `feed`. One of our own words, never log text. */
export function ruleOrOrigin(entry: Pick<FeedEntry, 'rule' | 'origin'>): RuleName | DecisionOrigin {
  return entry.rule ?? entry.origin
}

/** The end of a decision's id, enough for people to find it: 8 hex digits, of which UUIDv7 has them random. */
export function shortId(decisionId: string): string {
  return decisionId
    .replaceAll(/[^0-9a-fA-F]/g, '')
    .slice(-8)
    .toLowerCase()
}
