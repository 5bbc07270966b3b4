/**
 * A row as a STIX 2.1 indicator (OASIS STIX 2.1, section 4.7). The id is a UUIDv5 of the network, so the same network is the
 * same object in every revision, process and installation; a change is a later `modified`, an end is `revoked`.
 * `confidence` says how hard the evidence is to forge and is left out where that is not known.
 */
import { createHash } from 'node:crypto'
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { FeedRow } from './feed-rows.ts'
import { isoTime, isV4Row, ruleOfRow } from './formats/feed-format.ts'

/** Random, once and for all: the namespace of our ids. */
const NAMESPACE = Buffer.from('52b728015c6a4e5b84931f83478446b0', 'hex')

const CONFIDENCE = { handshake: 85, spoofable: 40 } as const

export interface StixIndicator {
  readonly type: 'indicator'
  readonly spec_version: '2.1'
  readonly id: string
  readonly created: string
  readonly modified: string
  readonly name: string
  readonly pattern: string
  readonly pattern_type: 'stix'
  readonly valid_from: string
  readonly valid_until?: string
  readonly indicator_types: readonly string[]
  readonly confidence?: number
  readonly labels: readonly string[]
  readonly description?: string
  readonly revoked?: boolean
}

/** A name-based UUID (RFC 9562, version 5) in our namespace. */
export function uuidV5(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest().subarray(0, 16)
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

export function indicatorId(network: Network): string {
  return `indicator--${uuidV5(`indicator:${formatNetwork(network)}`)}`
}

/** When this version of a row's indicator came to be: seen again, or ended. */
export function modifiedAtMs(row: FeedRow, endedAtMs: number | null): number {
  return Math.max(row.createdAtMs, row.lastSeenAtMs, endedAtMs ?? 0)
}

/**
 * The indicator of a row; with `endedAtMs` the one that revokes it. `withReason` adds the reason, which may name your own
 * addresses: not for feeds that leave the house.
 */
export function stixIndicator(row: FeedRow, endedAtMs: number | null, withReason: boolean): StixIndicator {
  const { network, lead, decisions, createdAtMs, expiresAtMs } = row
  const text = formatNetwork(network)
  const rule = ruleOfRow(row)
  const object = isV4Row(row) ? 'ipv4-addr' : 'ipv6-addr'
  const untilMs = endedAtMs === null && expiresAtMs !== null && expiresAtMs > createdAtMs ? expiresAtMs : null
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: indicatorId(network),
    created: isoTime(createdAtMs),
    modified: isoTime(modifiedAtMs(row, endedAtMs)),
    name: decisions === 0 ? `Sentinel: nothing is blocked (${text})` : `${rule}: ${text}`,
    pattern: `[${object}:value = '${text}']`,
    pattern_type: 'stix',
    valid_from: isoTime(createdAtMs),
    ...(untilMs === null ? {} : { valid_until: isoTime(untilMs) }),
    indicator_types: [decisions === 0 ? 'benign' : 'malicious-activity'],
    ...(lead.proof === null ? {} : { confidence: CONFIDENCE[lead.proof] }),
    labels: lead.severity === null ? [rule] : [rule, `severity:${lead.severity}`],
    ...(withReason && decisions > 0 ? { description: lead.reason } : {}),
    ...(endedAtMs === null ? {} : { revoked: true }),
  }
}
