/**
 * What a format of a feed is: rows in, text out, in pieces so that a long list can be written without holding the thread.
 * Deterministic: the same rows and options give the same bytes. Every format writes in the order of the rows.
 *
 * Text of logs and of people (reasons, names of firewalls) is written only by formats that can escape it (JSON, CSV,
 * STIX); all others write addresses, our own words, and ids of which only hex digits are left.
 */
import { isV4, type Network } from '../../../lib/address.ts'
import { type FeedEntry, ruleOrOrigin } from '../feed-entry.ts'
import type { FeedRow } from '../feed-rows.ts'

export interface FormatOptions {
  /** Written as the only rows when there is none: a list is never empty. At least one. */
  readonly sentinels: readonly Network[]
  /** Formats that take comments write one. */
  readonly comments: boolean
  /** Formats that take an end for each entry write it; the bytes then change with the time. */
  readonly timeouts: boolean
  readonly nowMs: number
  /** Name of the table, set or list that a script fills: LIST_NAME. */
  readonly listName: string
}

/** Safe in nft, ipset, RouterOS: a letter, then letters, digits, `_`. ipset's names are 31 bytes with our suffixes. */
export const LIST_NAME = /^[a-z][a-z0-9_]{0,24}$/

export interface FeedFormat {
  /** What users write in a feed's definition. */
  readonly name: string
  readonly title: string
  readonly contentType: string
  /** Of a file's name, without the dot. */
  readonly extension: string
  /** `v4`: the consumer takes no IPv6 in this format. */
  readonly families: 'both' | 'v4'
  readonly takesComments: boolean
  readonly takesTimeouts: boolean
  /** At least one row. */
  readonly pieces: (rows: readonly FeedRow[], options: FormatOptions) => Iterable<string>
}

/** Lines of plain text have one media type. */
export const PLAIN_TEXT = 'text/plain; charset=utf-8'

const NOBODY = '00000000-0000-0000-0000-000000000000'

/** What stands for "nothing is blocked": a row of no decision. */
export function sentinelRow(network: Network): FeedRow {
  const lead: FeedEntry = {
    network,
    decisionId: NOBODY,
    origin: 'manual',
    rule: null,
    severity: null,
    proof: null,
    createdAtMs: 0,
    lastSeenAtMs: 0,
    expiresAtMs: null,
    devices: [],
    hits: null,
    offences: null,
    reason: 'Nothing is blocked: this entry keeps the list from being empty.',
    country: null,
  }
  return { network, lead, decisions: 0, createdAtMs: 0, lastSeenAtMs: 0, expiresAtMs: null, collateral: 0 }
}

/** Our own word for why a row is blocked: a rule, `manual`, `feed` or `sentinel`. */
export function ruleOfRow(row: FeedRow): string {
  return row.decisions === 0 ? 'sentinel' : ruleOrOrigin(row.lead)
}

export function isV4Row(row: FeedRow): boolean {
  return row.network.prefixLength >= 96 && isV4(row.network.words)
}

/** Prefix length as people write it: of 32 for IPv4, of 128 for IPv6. */
export function maskOf(row: FeedRow): number {
  return row.network.prefixLength - (isV4Row(row) ? 96 : 0)
}

/** Whole seconds until a row ends, at least 1; null when it does not. */
export function secondsLeft(row: FeedRow, nowMs: number): number | null {
  return row.expiresAtMs === null ? null : Math.max(1, Math.ceil((row.expiresAtMs - nowMs) / 1000))
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
