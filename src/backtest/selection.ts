/**
 * Which stored records a backtest has to look at. The log store is asked to leave out what can never count under any of
 * the settings: what is neither traffic nor threat nor failed login, records flagged as unreadable, without ports or
 * from inside to the public, and traffic of sources that touched too few (destination, port) pairs in the whole range
 * to reach any threshold. Only what provably changes nothing is left out:
 *
 * - A scan rule fires on `need` distinct values of one source (a subnet for subnet-scan), and each of its values is, or
 *   belongs to, a (destination, port) pair of that source. A source with fewer pairs in the whole range, records before
 *   it that fill the windows included, can fire at no moment in it. A destination of weight w counts w times, so need
 *   is divided by the largest weight. Pairs are counted by `uniqUpTo`, exact up to 100 (of 64-bit hashes).
 * - IPv6 sources are counted by prefix, so their pairs are gathered by the widest prefix that is set.
 *
 * Where subnets are counted as one, pairs are gathered by subnet: its sources' pairs mostly agree (our few services).
 *
 * Where destinations that answer nobody are learned (`detection.darkWeight`), all traffic is read: learning needs it.
 */
import type { DetectionSettings } from '../detect/settings.ts'
import { LARGEST_WEIGHT } from '../detect/weights.ts'
import { lastAddress, type Network, overlaps, parseNetwork } from '../lib/address.ts'
import type { TextField } from '../model/log-record.ts'
import { FLAG } from '../model/log-record.ts'
import { type DetectionColumns, EVENT_COLUMNS, TRAFFIC_COLUMNS } from '../store/logs/detection-reader.ts'

/** What `uniqUpTo` can count. */
const LARGEST_NEED = 100
/** Private networks whose outbound traffic is most of many logs. Others stay in: a superset is right too. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(mustParse)
/** First octets of IPv4 destinations that are not public, or in part; and all from here on. */
const MIXED_OCTETS = [0, 10, 100, 127, 169, 172, 192, 198, 203]
const FROM_OCTET = 224

/** What the rules for threats, the firewall's own scan threats, and logins read. */
const THREAT_TEXTS: readonly TextField[] = ['subtype', 'protocol', 'threatName']
const SCAN_TEXTS: readonly TextField[] = ['type', 'sequenceNumber']
const LOGIN_TEXTS: readonly TextField[] = [
  'type',
  'sourceUser',
  'destinationUser',
  'sequenceNumber',
  'protocol',
]

/** A read of a range: its columns, and what follows `FROM logs` but the order. */
export interface Read {
  readonly columns: DetectionColumns
  readonly clause: string
}

export interface Selection {
  readonly traffic: Read | null
  readonly events: Read | null
}

/** The selection that serves all settings. `range` is the condition of the range, with its bound parameters. */
export function selectionOf(all: readonly DetectionSettings[], range: string): Selection {
  const profiles = all.flatMap((settings) => [settings, ...settings.profiles.map((one) => one.settings)])
  const never = FLAG.unparsed | FLAG.ambiguous | FLAG.duplicate
  const ignored = all.reduce<number>((flags, { ignoredFlags }) => flags & ignoredFlags, FLAG.untrusted)
  const readable = `bitAnd(flags, ${never | ignored}) = 0`
  const fitted = fittedTexts(all)
  const traffic = trafficClause(profiles, all, range, readable)
  const { kinds, texts } = eventsOf(profiles)
  return {
    traffic: traffic === null ? null : { columns: withTexts(TRAFFIC_COLUMNS, fitted), clause: traffic },
    events:
      kinds.length === 0
        ? null
        : {
            columns: withTexts({ ...EVENT_COLUMNS, texts }, fitted),
            clause: `PREWHERE ${range} AND ${readable} AND (${kinds.join(' OR ')})`,
          },
  }
}

/** Conditions for records that are no traffic, and the texts that their rules read. */
function eventsOf(profiles: readonly DetectionSettings[]): { kinds: string[]; texts: TextField[] } {
  const severities = new Set<string>()
  for (const { threat } of profiles) {
    if (threat.mode === 'off' || threat.level === 0) continue
    severities.add('critical')
    if (threat.level === 2) severities.add('high')
  }
  const vendor = profiles.some(({ vendorScan }) => vendorScan.mode !== 'off' && vendorScan.windowMs !== 0)
  const logins = profiles.some(({ bruteForce }) => bruteForce.mode !== 'off' && bruteForce.windowMs !== 0)
  const severe = `severity IN (${[...severities].map((name) => `'${name}'`).join(', ')})`
  return {
    kinds: [
      ...(vendor
        ? ["category = 'threat' AND attacker = 'source'"]
        : severities.size > 0
          ? [`category = 'threat' AND attacker = 'source' AND ${severe}`]
          : []),
      ...(logins ? ["category = 'login' AND outcome = 'failure'"] : []),
    ],
    texts: [
      ...(vendor || severities.size > 0 ? THREAT_TEXTS : []),
      ...(vendor ? SCAN_TEXTS : []),
      ...(logins ? LOGIN_TEXTS : []),
    ],
  }
}

function trafficClause(
  profiles: readonly DetectionSettings[],
  all: readonly DetectionSettings[],
  range: string,
  readable: string,
): string | null {
  const need = needOf(profiles)
  if (need === null) return null
  const countable = `${range} AND ${readable} AND category = 'traffic' AND sourcePort != 0 AND destinationPort != 0`
  if (all.some(({ darkWeight }) => darkWeight > 0)) return `PREWHERE ${countable}`
  const inbound = outboundCondition(all)
  const limit = Math.min(LARGEST_NEED, need.pairs) - 1
  if (limit === 0) return `PREWHERE ${countable} WHERE ${inbound}`
  const prefix = Math.min(...all.map(({ ipv6Prefix }) => ipv6Prefix))
  const key = need.isBySubnet ? keyOf(8, 128 - Math.min(prefix, 48)) : keyOf(0, 128 - prefix)
  // What is outbound may be among the pairs here: that makes a source busier, and spares the question.
  const busy = `SELECT ${key} AS source FROM logs PREWHERE ${countable} GROUP BY source HAVING uniqUpTo(${limit})(destinationAddress, destinationPort) > ${limit}`
  return `PREWHERE ${countable} AND ${key} IN (${busy}) WHERE ${inbound}`
}

/**
 * The source as it is counted, as a number of 64 bits: IPv4 and IPv6 each without its last bits. Where two sources share
 * a number, both are looked at.
 */
function keyOf(v4Bits: number, v6Bits: number): string {
  const number = 'toUInt128(sourceAddress)'
  return `if(bitShiftRight(${number}, 32) = 65535, bitShiftRight(toUInt64(${number}), ${v4Bits}), toUInt64(bitShiftRight(${number}, ${v6Bits})))`
}

/** Fewest pairs with which a source can fire, and whether subnets are counted as one; null where no rule counts pairs. */
function needOf(profiles: readonly DetectionSettings[]): { pairs: number; isBySubnet: boolean } | null {
  const counts: number[] = []
  let isBySubnet = false
  for (const { portScan, hostSweep, slowScan, subnetScan, randomScan } of profiles) {
    if (portScan.mode !== 'off' && portScan.windowMs !== 0) counts.push(portScan.ports + 1)
    if (hostSweep.mode !== 'off' && hostSweep.windowMs !== 0) counts.push(hostSweep.addresses)
    if (slowScan.mode !== 'off') counts.push(...slowScan.counts.filter((n) => n > 0).map((n) => n + 1))
    if (randomScan.mode !== 'off' && randomScan.windowMs !== 0) counts.push(randomScan.pairs + 1)
    const subnets = subnetScan.mode === 'off' ? [] : subnetScan.counts.filter((n) => n > 0)
    counts.push(...subnets.map((n) => n + 1))
    isBySubnet ||= subnets.length > 0
  }
  if (counts.length === 0) return null
  const weight = profiles.some(({ destinationWeights }) => destinationWeights.length > 0) ? LARGEST_WEIGHT : 1
  return { pairs: Math.max(1, Math.ceil(Math.min(...counts) / weight)), isBySubnet }
}

/** Leaves out what goes from a private address to a public one, as far as no `networks.public` touches either. */
function outboundCondition(all: readonly DetectionSettings[]): string {
  const isTouched = (network: Network): boolean =>
    all.some((settings) => settings.public.networks.some((one) => overlaps(one, network)))
  const inside = PRIVATE.filter((network) => !isTouched(network))
  if (inside.length === 0) return 'true'
  const number = (column: string): string => `toUInt128(${column})`
  const isV4 = (column: string): string => `bitShiftRight(${number(column)}, 32) = 65535`
  const octet = `toUInt8(bitShiftRight(${number('destinationAddress')}, 24))`
  const mixed = MIXED_OCTETS.map((value) => `${octet} = ${value}`).join(' OR ')
  const outbound = [
    isV4('sourceAddress'),
    isV4('destinationAddress'),
    `(${inside.map((network) => within(`toUInt32(${number('sourceAddress')})`, network)).join(' OR ')})`,
    `NOT (${octet} >= ${FROM_OCTET} OR ${mixed})`,
  ]
  return `NOT (${outbound.join(' AND ')})`
}

/** The IPv4 network's bounds as numbers: never text of a log. */
function within(number: string, network: Network): string {
  const first = network.words[3]
  const last = lastAddress(network)[3]
  return `${number} BETWEEN ${first} AND ${last}`
}

/** Texts that exceptions and devices are told by. */
function fittedTexts(all: readonly DetectionSettings[]): { texts: TextField[]; sender: boolean } {
  const texts = new Set<TextField>()
  let sender = false
  for (const { exceptions, profiles } of all) {
    if (profiles.length > 0) texts.add('device')
    for (const exception of exceptions) {
      if (exception.zone !== undefined) texts.add('sourceZone').add('destinationZone')
      if (exception.device !== undefined) texts.add('device')
      if (exception.sourceCountry !== undefined) texts.add('sourceCountry')
      if (exception.firewallRule !== undefined) texts.add('rule')
    }
    sender ||= texts.has('device')
  }
  return { texts: [...texts], sender }
}

function withTexts(
  columns: DetectionColumns,
  { texts, sender }: { texts: readonly TextField[]; sender: boolean },
): DetectionColumns {
  return { ...columns, texts: [...new Set([...columns.texts, ...texts])], sender }
}

function mustParse(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(`${text} is no network`)
  return network
}
