/**
 * Check Point custom intelligence feed, CSV in Check Point's own form: `UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,
 * COMMENT` (FIELD.md B.12; sk132193, R81 Threat Prevention guide: `IP` is an IPv4 address, `IP Range` two with a hyphen;
 * there is no type for IPv6). What is not known stays empty, for which Check Point has its defaults. The name is made of
 * the address, so it is unique and stays the same.
 */
import { formatAddress, formatNetwork, lastAddress } from '../../../lib/address.ts'
import { shortId } from '../feed-entry.ts'
import type { FeedRow } from '../feed-rows.ts'
import { type FeedFormat, type FormatOptions, ruleOfRow } from './feed-format.ts'
import { inPieces } from './text-lines.ts'

const SEVERITIES = { informational: 'low', low: 'low', medium: 'medium', high: 'high', critical: 'critical' }

export const checkPoint: FeedFormat = {
  name: 'check-point',
  title: 'Check Point custom intelligence feed',
  contentType: 'text/csv; charset=utf-8',
  extension: 'csv',
  families: 'v4',
  takesComments: true,
  takesTimeouts: false,
  *pieces(rows, options) {
    yield '#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n'
    yield* inPieces(rows, (row) => lineOf(row, options))
  },
}

function lineOf(row: FeedRow, { comments }: FormatOptions): string {
  const { network, lead } = row
  const first = formatAddress(network.words)
  const isHost = network.prefixLength === 128
  const fields = [
    `ads-${formatNetwork(network).replaceAll(/[./]/g, '-')}`,
    isHost ? first : `${first}-${formatAddress(lastAddress(network))}`,
    isHost ? 'IP' : 'IP Range',
    lead.proof === null ? '' : lead.proof === 'handshake' ? 'high' : 'medium',
    lead.severity === null ? '' : SEVERITIES[lead.severity],
    'AB',
    comments && row.decisions > 0 ? `${ruleOfRow(row)} ${shortId(lead.decisionId)}` : ruleOfRow(row),
  ]
  return fields.join(',')
}
