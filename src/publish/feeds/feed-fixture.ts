/** Entries and rows for the tests of feeds: documentation addresses, fixed times, text as hostile as logs can be. */
import { type Network, parseNetwork } from '../../lib/address.ts'
import type { FeedEntry } from './feed-entry.ts'
import { entryColumnsOf, type FeedRow, rowsOf } from './feed-rows.ts'
import { networkColumnsOf } from './network-columns.ts'
import { type PackOptions, pack } from './pack.ts'

export const NOW_MS = Date.parse('2026-03-04T05:06:07.000Z')
const HOUR_MS = 3_600_000

const ESCAPE = String.fromCharCode(27)
const RIGHT_TO_LEFT = String.fromCharCode(0x202e)
/** What breaks out of a line, a cell, a string, a comment or a terminal. */
export const HOSTILE = `x"; }\r\n0.0.0.0/0 #${ESCAPE}[2J=cmd|' /C'!A0 $(reboot) \\ ${RIGHT_TO_LEFT}`

export function network(text: string): Network {
  const parsed = parseNetwork(text)
  if (parsed === null) throw new TypeError(`not a network: ${text}`)
  return parsed
}

export function entry(target: string, parts: Partial<FeedEntry> = {}): FeedEntry {
  return {
    network: network(target),
    decisionId: '019c9a00-0000-7000-8000-0000000000aa',
    origin: 'detector',
    rule: 'port-scan',
    severity: null,
    proof: 'spoofable',
    createdAtMs: NOW_MS - 2 * HOUR_MS,
    lastSeenAtMs: NOW_MS - HOUR_MS,
    expiresAtMs: NOW_MS + HOUR_MS,
    devices: ['SYD-FW-01'],
    hits: 3,
    offences: 1,
    reason: 'more than 10 ports in 10 minutes',
    country: null,
    ...parts,
  }
}

const PACKING: PackOptions = {
  aggregate: 'lossless',
  capacity: null,
  capacityScope: 'firewall',
  shards: 1,
}

const NONE = networkColumnsOf([])

export function packed(entries: readonly FeedEntry[], options: Partial<PackOptions> = {}): FeedRow[] {
  const input = { ...entryColumnsOf(entries, NOW_MS), never: NONE, spared: NONE }
  return rowsOf(pack({ ...input, options: { ...PACKING, ...options } }), entries, NOW_MS)
}

/** One row of each kind: a host and a network of each family, with and without an end. */
export const ROWS: readonly FeedRow[] = packed([
  entry('203.0.113.7', { reason: HOSTILE, devices: [HOSTILE], country: HOSTILE }),
  entry('198.51.100.0/25', {
    decisionId: '019c9a00-0000-7000-8000-0000000000bb',
    origin: 'manual',
    rule: null,
    proof: null,
    expiresAtMs: null,
    devices: [],
    hits: null,
    offences: null,
    reason: 'asked for by "Ann"',
  }),
  entry('2001:db8:0:7::/64', {
    decisionId: '019c9a00-0000-7000-8000-0000000000cc',
    rule: 'threat',
    severity: 'critical',
    proof: 'handshake',
  }),
  entry('2001:db8::1', { decisionId: '019c9a00-0000-7000-8000-0000000000dd', origin: 'feed', rule: null }),
])
