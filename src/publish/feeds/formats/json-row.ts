/** A row as JSON: what `json` and `json-lines` write. Times are ISO 8601 in UTC; what is not known is null. */
import { formatNetwork } from '../../../lib/address.ts'
import type { FeedRow } from '../feed-rows.ts'
import { asciiJson } from './escape.ts'
import { isoTime, ruleOfRow } from './feed-format.ts'

export function jsonRow(row: FeedRow): string {
  const { network, lead, decisions, createdAtMs, lastSeenAtMs, expiresAtMs } = row
  if (decisions === 0) return asciiJson({ network: formatNetwork(network), sentinel: true })
  return asciiJson({
    network: formatNetwork(network),
    decisions,
    decisionId: lead.decisionId,
    rule: ruleOfRow(row),
    severity: lead.severity,
    proof: lead.proof,
    createdAt: isoTime(createdAtMs),
    lastSeenAt: isoTime(lastSeenAtMs),
    expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
    devices: lead.devices,
    hits: lead.hits,
    offences: lead.offences,
    country: lead.country,
    reason: lead.reason,
  })
}
