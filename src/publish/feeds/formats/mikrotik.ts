/**
 * MikroTik RouterOS 7 script (`/import`): empties the address list and fills it again, each line guarded so that one that
 * RouterOS refuses does not stop the rest (FIELD.md B.12). RouterOS has no atomic swap: while the script runs the list
 * is short. Comments hold our own words and hex digits only.
 */
import { shortId } from '../feed-entry.ts'
import type { FeedRow } from '../feed-rows.ts'
import {
  type FeedFormat,
  type FormatOptions,
  isV4Row,
  PLAIN_TEXT,
  ruleOfRow,
  secondsLeft,
} from './feed-format.ts'
import { cidrText, inPieces } from './text-lines.ts'

const V4 = '/ip/firewall/address-list'
const V6 = '/ipv6/firewall/address-list'

export const mikrotik: FeedFormat = {
  name: 'mikrotik',
  title: 'MikroTik RouterOS script',
  contentType: PLAIN_TEXT,
  extension: 'rsc',
  families: 'both',
  takesComments: true,
  takesTimeouts: true,
  *pieces(rows, options) {
    const { listName } = options
    // A device without the IPv6 package does not know the second path; the guard keeps the first.
    yield `${V4}/remove [find where list="${listName}"]\n`
    yield `:do { ${V6}/remove [find where list="${listName}"] } on-error={}\n`
    yield* inPieces(rows, (row) => lineOf(row, options))
  },
}

function lineOf(row: FeedRow, { listName, comments, timeouts, nowMs }: FormatOptions): string {
  const seconds = timeouts ? secondsLeft(row, nowMs) : null
  const timeout = seconds === null ? '' : ` timeout=${seconds}s`
  const id = row.decisions === 0 ? '' : ` ${shortId(row.lead.decisionId)}`
  const comment = comments ? ` comment="${ruleOfRow(row)}${id}"` : ''
  const path = isV4Row(row) ? V4 : V6
  return `:do { ${path}/add list="${listName}" address=${cidrText(row)}${timeout}${comment} } on-error={}`
}
