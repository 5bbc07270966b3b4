/**
 * CSV by RFC 4180 with a header line, LF at the ends: for people and their spreadsheets. Text is quoted and no cell is a
 * formula (escape.ts). Times are ISO 8601 in UTC; what is not known is empty.
 */
import { formatNetwork } from '../../../lib/address.ts'
import type { FeedRow } from '../feed-rows.ts'
import { csvCell } from './escape.ts'
import { type FeedFormat, isoTime, ruleOfRow } from './feed-format.ts'
import { inPieces } from './text-lines.ts'

const HEADER =
  'network,decisions,rule,severity,proof,created,last_seen,expires,hits,offences,country,devices,decision_id,reason\n'

export const csv: FeedFormat = {
  name: 'csv',
  title: 'CSV',
  contentType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  families: 'both',
  takesComments: false,
  takesTimeouts: false,
  *pieces(rows) {
    yield HEADER
    yield* inPieces(rows, lineOf)
  },
}

function lineOf(row: FeedRow): string {
  const { network, lead, decisions, createdAtMs, lastSeenAtMs, expiresAtMs } = row
  const isSentinel = decisions === 0
  const fields = [
    formatNetwork(network),
    decisions,
    ruleOfRow(row),
    lead.severity ?? '',
    lead.proof ?? '',
    isSentinel ? '' : isoTime(createdAtMs),
    isSentinel ? '' : isoTime(lastSeenAtMs),
    expiresAtMs === null ? '' : isoTime(expiresAtMs),
    lead.hits ?? '',
    lead.offences ?? '',
    lead.country === null ? '' : csvCell(lead.country),
    lead.devices.length === 0 ? '' : csvCell(lead.devices.join(' ')),
    isSentinel ? '' : lead.decisionId,
    csvCell(lead.reason),
  ]
  return fields.join(',')
}
