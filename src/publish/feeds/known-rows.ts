/** Rows of networks that come from a revision on disk or from the plain list, with what is known of them now. */
import { type Network, parseNetwork } from '../../lib/address.ts'
import type { FeedEntry } from './feed-entry.ts'
import type { FeedRow } from './feed-rows.ts'
import { sentinelRow } from './formats/feed-format.ts'
import { networkColumnsOf } from './network-columns.ts'
import { shardOf } from './pack.ts'

/** The row of one network. Without an entry nothing is known of it but that it is blocked. */
export function rowOf(network: Network, entry: FeedEntry | null): FeedRow {
  if (entry === null) {
    const unknown = sentinelRow(network)
    return { ...unknown, decisions: 1, lead: { ...unknown.lead, reason: 'Blocked by an earlier decision.' } }
  }
  const { createdAtMs, lastSeenAtMs, expiresAtMs } = entry
  return { network, lead: entry, decisions: 1, createdAtMs, lastSeenAtMs, expiresAtMs, collateral: 0 }
}

/** Networks of texts; what is none is left out. */
export function networksOfTexts(texts: readonly string[]): readonly Network[] {
  return texts.map((text) => parseNetwork(text)).filter((network) => network !== null)
}

/** Rows in the files in which they are served. O(rows). */
export function rowsByShard(rows: readonly FeedRow[], shards: number): readonly (readonly FeedRow[])[] {
  if (shards === 1) return [rows]
  const result: FeedRow[][] = Array.from({ length: shards }, () => [])
  const columns = networkColumnsOf(rows.map(({ network }) => network))
  for (const [i, row] of rows.entries()) result[shardOf(columns, i, shards)]?.push(row)
  return result
}
