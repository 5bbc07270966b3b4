/**
 * Between entries and packing: entries become columns, packed rows become what formats write. A row may stand for many
 * decisions; `lead` is the most valuable of them and names the row.
 */
import type { Network } from '../../lib/address.ts'
import type { FeedEntry } from './feed-entry.ts'
import { type NetworkColumns, networkAt } from './network-columns.ts'
import type { PackedRows, PackResult } from './pack.ts'
import { packValue } from './pack-value.ts'

/** One line of a feed. */
export interface FeedRow {
  readonly network: Network
  /** The most valuable decision of the row; of equals the one with the lower id. */
  readonly lead: FeedEntry
  /** How many decisions the row stands for, at least 1. */
  readonly decisions: number
  /** Of the oldest. */
  readonly createdAtMs: number
  /** Of the latest. */
  readonly lastSeenAtMs: number
  /**
   * When the row may no longer block without being fetched again: the latest end of the decisions for exactly this
   * network, or where there is none the earliest end of those it is merged from. Null: never.
   */
  readonly expiresAtMs: number | null
  /** Addresses (IPv4) or /64s (IPv6) that no decision covers. */
  readonly collateral: number
}

export interface EntryColumns {
  readonly entries: NetworkColumns
  readonly values: Float64Array<ArrayBuffer>
}

/** Columns for `count` entries, to be filled by `setEntry`. */
export function makeEntryColumns(count: number): EntryColumns {
  return {
    entries: { words: new Uint32Array(count * 4), prefixLengths: new Uint8Array(count) },
    values: new Float64Array(count),
  }
}

/** The columns of the first `count` entries; the same columns when these are all. */
export function firstEntries(columns: EntryColumns, count: number): EntryColumns {
  if (columns.values.length === count) return columns
  const { words, prefixLengths } = columns.entries
  return {
    entries: { words: words.slice(0, count * 4), prefixLengths: prefixLengths.slice(0, count) },
    values: columns.values.slice(0, count),
  }
}

export function setEntry(
  { entries, values }: EntryColumns,
  i: number,
  entry: FeedEntry,
  nowMs: number,
): void {
  const { words, prefixLength } = entry.network
  const at = i * 4
  entries.words[at] = words[0]
  entries.words[at + 1] = words[1]
  entries.words[at + 2] = words[2]
  entries.words[at + 3] = words[3]
  entries.prefixLengths[i] = prefixLength
  values[i] = packValue(entry, nowMs)
}

/** The columns of all entries at once. O(entries). */
export function entryColumnsOf(entries: readonly FeedEntry[], nowMs: number): EntryColumns {
  const columns = makeEntryColumns(entries.length)
  for (const [i, entry] of entries.entries()) setEntry(columns, i, entry, nowMs)
  return columns
}

/** Row i of packed rows, in full. `entries` and `nowMs` are those that were packed. O(decisions of the row). */
export function rowAt(
  packed: PackedRows,
  i: number,
  members: PackResult['members'],
  entries: readonly FeedEntry[],
  nowMs: number,
): FeedRow {
  const network = networkAt(packed, i)
  const first = packed.memberStart[i] as number
  const end = packed.memberEnd[i] as number
  let lead = entries[members[first] as number] as FeedEntry
  let leadValue = first + 1 < end ? packValue(lead, nowMs) : 0
  let [createdAtMs, lastSeenAtMs] = [lead.createdAtMs, lead.lastSeenAtMs]
  /** Of decisions for exactly this network the latest end, of parts of it the earliest. */
  let wholeUntilMs = Number.NEGATIVE_INFINITY
  let partsUntilMs = Number.POSITIVE_INFINITY
  for (let k = first; k < end; k++) {
    const entry = entries[members[k] as number] as FeedEntry
    if (k > first) {
      const value = packValue(entry, nowMs)
      if (value > leadValue || (value === leadValue && entry.decisionId < lead.decisionId)) {
        lead = entry
        leadValue = value
      }
    }
    createdAtMs = Math.min(createdAtMs, entry.createdAtMs)
    lastSeenAtMs = Math.max(lastSeenAtMs, entry.lastSeenAtMs)
    const untilMs = entry.expiresAtMs ?? Number.POSITIVE_INFINITY
    if (entry.network.prefixLength === network.prefixLength) wholeUntilMs = Math.max(wholeUntilMs, untilMs)
    else partsUntilMs = Math.min(partsUntilMs, untilMs)
  }
  const untilMs = wholeUntilMs === Number.NEGATIVE_INFINITY ? partsUntilMs : wholeUntilMs
  return {
    network,
    lead,
    decisions: end - first,
    createdAtMs,
    lastSeenAtMs,
    expiresAtMs: untilMs === Number.POSITIVE_INFINITY ? null : untilMs,
    collateral: packed.collateral[i] as number,
  }
}

/** All rows of a result in the order of the list. O(decisions). */
export function rowsOf(result: PackResult, entries: readonly FeedEntry[], nowMs: number): FeedRow[] {
  return Array.from({ length: result.rows.prefixLengths.length }, (_, i) =>
    rowAt(result.rows, i, result.members, entries, nowMs),
  )
}

/** The rows of one shard out of all rows of a result. */
export function rowsOfShard(rows: readonly FeedRow[], result: PackResult, shard: number): readonly FeedRow[] {
  return rows.slice(result.shardStart[shard], result.shardStart[shard + 1])
}

/** Up to `limit` rows for which there was no place, the most valuable first; packing tells 1000 at most. */
export function nextInLine(
  result: PackResult,
  entries: readonly FeedEntry[],
  nowMs: number,
  limit: number,
): FeedRow[] {
  return Array.from(result.nextInLine.subarray(0, limit), (i) =>
    rowAt(result.leftOut, i, result.members, entries, nowMs),
  )
}
