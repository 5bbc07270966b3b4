/** Decisions and allowlist entries as the API shows them: networks and instants as text. */
import { formatNetwork } from '../lib/address.ts'
import type { AllowEntry, Decision } from '../model/decision.ts'
import type { AllowView, BlockView } from './control-contract.ts'

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

/** A decision as the API shows it. */
export function viewOfDecision(decision: Decision): BlockView {
  const {
    id,
    scope,
    origin,
    rule,
    reason: why,
    proof,
    severity,
    country,
    mode,
    endedBy,
    endReason,
    device,
    createdBy,
    tags,
  } = decision
  return {
    id,
    target: formatNetwork(decision.target),
    scope,
    origin,
    rule,
    reason: why,
    proof,
    severity,
    country,
    mode,
    createdAt: iso(decision.createdAtMs),
    createdBy,
    lastSeenAt: iso(decision.lastSeenAtMs),
    expiresAt: isoOrNull(decision.expiresAtMs),
    endedAt: isoOrNull(decision.endedAtMs),
    endedBy,
    endReason,
    device,
    tags: [...tags],
  }
}

/** An allowlist entry as the API shows it. */
export function viewOfAllowEntry(entry: AllowEntry): AllowView {
  return {
    id: entry.id,
    target: formatNetwork(entry.target),
    reason: entry.reason,
    createdAt: iso(entry.createdAtMs),
    createdBy: entry.createdBy,
    expiresAt: isoOrNull(entry.expiresAtMs),
  }
}
