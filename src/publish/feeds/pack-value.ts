/**
 * How much an entry is worth when not all fit, as a whole number so that sums do not depend on the order of adding.
 * 0 to 10,000 by evidence, and 1,000,000 more for what a person blocked, which is left out last:
 *
 *   recency   4000 / (1 + hours since last seen / 24): 4000 now, 2000 after a day, 500 after a week
 *   severity  critical 2000, high 1500, medium 1000, low 500, informational 100, unknown 500
 *   proof     handshake 1500, else 0 (a denied first packet may be forged)
 *   hits      300 for each doubling of the lines seen while blocked, at most 1500 (31 lines)
 *   offences  500 for each time it was blocked before, at most 1000
 *
 * A merged network is worth the sum of its decisions, since it needs one place for all of them.
 */
import type { Severity } from '../../model/log-record.ts'
import type { FeedEntry } from './feed-entry.ts'

const RECENCY = 4000
const RECENCY_HALVED_MS = 24 * 3_600_000
const PROOF = 1500
const HITS_PER_DOUBLING = 300
const HITS_MOST = 1500
const PER_REPEAT = 500
const REPEATS_MOST = 1000
/** A merged network of detectors' blocks needs a hundred of them to be worth as much. */
const BY_A_PERSON = 1_000_000

const SEVERITY_VALUE: Readonly<Record<NonNullable<Severity>, number>> = {
  critical: 2000,
  high: 1500,
  medium: 1000,
  low: 500,
  informational: 100,
}
const UNKNOWN_SEVERITY = 500

export type ValuedEntry = Pick<
  FeedEntry,
  'origin' | 'lastSeenAtMs' | 'severity' | 'proof' | 'hits' | 'offences'
>

/** The worth of an entry at a time, 0 to 1,010,000, whole. */
export function packValue(entry: ValuedEntry, nowMs: number): number {
  const ageMs = Math.max(0, nowMs - entry.lastSeenAtMs)
  const recency = RECENCY / (1 + ageMs / RECENCY_HALVED_MS)
  const severity = entry.severity === null ? UNKNOWN_SEVERITY : SEVERITY_VALUE[entry.severity]
  const proof = entry.proof === 'handshake' ? PROOF : 0
  const hits = Math.min(HITS_MOST, HITS_PER_DOUBLING * Math.log2(1 + (entry.hits ?? 0)))
  const offences = Math.min(REPEATS_MOST, PER_REPEAT * Math.max(0, (entry.offences ?? 1) - 1))
  const person = entry.origin === 'manual' ? BY_A_PERSON : 0
  return Math.round(recency + severity + proof + hits + offences) + person
}
