/**
 * Which records count, and why the others do not (DESIGN.md section 6). One reason per record; `explain` shows the
 * same sentence that the counters count by.
 */
import { ATTACKER, CATEGORY, FLAG, OUTCOME, SEVERITY } from '../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch } from '../model/record-batch.ts'
import { AddressKinds, KIND } from './address-kind.ts'
import { Exceptions } from './exceptions.ts'
import { CONTENT_NETWORKS, RESOLVER_NETWORKS } from './guards/reply-networks.ts'
import { LATE_REPLY, lateReplyOf, mayBeLateReply } from './late-reply.ts'
import { Fitted } from './partition.ts'
import { DeviceProfiles } from './profiles.ts'
import { protocolOf, provesSource } from './proof.ts'
import { Rows } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { isVendorScan } from './vendor-scan-record.ts'
import { DestinationWeights, type LearnedWeights } from './weights.ts'
import { Sightings } from './sightings.ts'

/** In the order of their codes; the first five count. */
export const REASONS = [
  ['inbound', 'counts: traffic from a public source to us'],
  ['lateral', 'counts as internal scanning, which is reported and never blocked: neither side is public'],
  ['threat', 'counts: a threat of enough severity whose attacker is the source'],
  ['login', 'counts: a failed login from a public source'],
  ['vendorScan', "counts: the firewall's own scan or flood threat"],
  ['otherType', 'is neither traffic nor a threat nor a failed login'],
  ['unparsed', 'could not be read'],
  ['ambiguous', 'can be read in more than one way (keys twice or out of order)'],
  ['duplicate', 'was seen before (same device, type and sequence number)'],
  ['noAddress', 'lacks an address'],
  ['noPort', 'has no port (ICMP and the like)'],
  ['outbound', 'goes from inside to a public destination'],
  ['notOwn', 'goes to a destination outside networks.own'],
  ['noHost', 'has a broadcast, multicast, loopback or reserved address'],
  ['lateReplyUdp', 'is a late reply of a UDP server (well-known source port, destination port from 1024)'],
  ['lateReplyTcp', 'is a late reply of a TCP server (well-known source port, destination port from 32768)'],
  ['lateReplyEither', 'has the ports of a late reply, and does not say its protocol'],
  [
    'resolverReply',
    'looks like a reply of a public resolver (its source port is a server port, the destination port 1024 or above)',
  ],
  [
    'contentReply',
    'looks like a reply of a content network (its source port is a server port, the destination port 1024 or above)',
  ],
  ['weightZero', 'goes to a destination of weight 0 (detection.destinationWeights)'],
  ['excepted', 'meets an exception for all rules (detection.exceptions)'],
  ['noTime', 'has no event time'],
  ['tooOld', 'is older than detection.maxAgeHours'],
  ['ahead', 'has an event time more than 2 minutes ahead of its arrival'],
  ['insaneClock', 'comes from a device whose clock is more than 15 hours off'],
  ['lowSeverity', 'is a threat below the severity of detection.threat.level'],
  ['attackerNotSource', 'is a threat whose attacker is not the source'],
  ['sourceNotPublic', 'is a threat or a failed login from a source that is not public'],
  ['untrustedSender', 'came from a sender that is not among senders.known, whose lines are only stored'],
] as const

export type ReasonName = (typeof REASONS)[number][0]
const CODE = Object.fromEntries(REASONS.map(([name], code) => [name, code])) as Record<ReasonName, number>
const {
  inbound,
  lateral,
  threat,
  login,
  vendorScan,
  otherType,
  unparsed,
  ambiguous,
  duplicate,
  noAddress,
  noPort,
  outbound,
  notOwn,
  noHost,
  lateReplyUdp,
  lateReplyTcp,
  lateReplyEither,
  resolverReply,
  contentReply,
  weightZero,
  excepted,
  noTime,
  tooOld,
  ahead,
  insaneClock,
  lowSeverity,
  attackerNotSource,
  sourceNotPublic,
  untrustedSender,
} = CODE

/** Codes up to this one count. */
export const LAST_COUNTED = vendorScan

const SOURCE = ADDRESS_SLOT.sourceAddress
const DESTINATION = ADDRESS_SLOT.destinationAddress
const NEVER_COUNTS = FLAG.unparsed | FLAG.ambiguous | FLAG.duplicate
/** A live record may be so far ahead of its arrival: clocks are seldom exact. */
export const AHEAD_LIMIT_MS = 120_000
/** The last instant of a JavaScript date; beyond, sums of milliseconds are not exact. */
const LAST_INSTANT_MS = 8.64e15

/** Picks what counts from a batch. `count` fills the columns, which are valid until the next batch. */
export class Counting {
  /** Scan records, both sides IPv4; and those where one side is IPv6. */
  readonly v4 = new Sightings()
  readonly v6 = new Sightings()
  /** Records of the other kinds that count; a scan threat of enough severity is in both of the first two. */
  readonly threats = new Rows()
  readonly vendorScans = new Rows()
  readonly failedLogins = new Rows()
  /** Of the counted rows of the batch: profile, exceptions and weight; filled only where the site is fitted. */
  readonly fitted = new Fitted()
  /** What was learned of destinations that answer nobody; null: nothing. */
  learned: LearnedWeights | null = null
  /** Records per reason code since the start. */
  readonly totals = new Float64Array(REASONS.length)
  readonly #live: boolean
  /** Per row: 1 when the device's clock is insane. */
  readonly #insane: Uint8Array
  readonly #perBatch = new Uint32Array(REASONS.length)
  #settings: DetectionSettings
  #kinds: AddressKinds
  /** By profile: the severity that a threat needs. */
  #severityNeeded: number[] = [0]
  #neverCounts: number = NEVER_COUNTS
  #profiles = new DeviceProfiles([])
  #exceptions = new Exceptions([])
  #weights = new DestinationWeights([])
  #isFitted = false

  constructor(settings: DetectionSettings, live: boolean, insane: Uint8Array) {
    this.#settings = settings
    this.#live = live
    this.#insane = insane
    this.#kinds = new AddressKinds(settings.public)
    this.configure(settings)
  }

  configure(settings: DetectionSettings): void {
    if (settings.public !== this.#settings.public) this.#kinds = new AddressKinds(settings.public)
    this.#settings = settings
    this.#neverCounts = NEVER_COUNTS | settings.ignoredFlags
    this.#severityNeeded = [settings, ...settings.profiles.map((profile) => profile.settings)].map(
      ({ threat: { level } }) =>
        level === 1 ? SEVERITY.critical : level === 2 ? SEVERITY.high : Number.POSITIVE_INFINITY,
    )
    this.#profiles = new DeviceProfiles(settings.profiles.map(({ devices }) => devices))
    if (JSON.stringify(settings.exceptions) !== JSON.stringify(this.#exceptions.given))
      this.#exceptions = new Exceptions(settings.exceptions)
    this.#weights = new DestinationWeights(settings.destinationWeights)
  }

  /** Whether rules must be asked through a Partition: devices, exceptions or weights are set or learned. */
  get isFitted(): boolean {
    return this.#isFitted
  }

  get exceptions(): Exceptions {
    return this.#exceptions
  }

  /** The profile whose thresholds a record is held to (DetectionSettings.profiles, from 1; 0: the default). */
  profileOf(batch: RecordBatch, row: number): number {
    return this.#profiles.isEmpty ? 0 : this.#profiles.of(batch, row)
  }

  /** As how many distinct values a record counts in scan rules. */
  weightOf(batch: RecordBatch, row: number): number {
    if (batch.category[row] !== CATEGORY.traffic) return 1
    const at = row * ADDRESS_STRIDE + DESTINATION
    const set = this.#weights.isEmpty ? null : this.#weights.weightOf(batch.addresses, at)
    return set ?? this.learned?.weightAt(batch, row) ?? 1
  }

  get kinds(): AddressKinds {
    return this.#kinds
  }

  /** Fills `v4`, `v6`, `threats`, `vendorScans` and `failedLogins`. About 20 ns a record. */
  count(batch: RecordBatch): void {
    const perBatch = this.#perBatch.fill(0)
    this.v4.count = 0
    this.v6.count = 0
    this.threats.count = 0
    this.vendorScans.count = 0
    this.failedLogins.count = 0
    this.fitted.begin()
    this.#isFitted =
      !this.#profiles.isEmpty || !this.#exceptions.isEmpty || !this.#weights.isEmpty || this.learned !== null
    const isFitted = this.#isFitted
    const count = batch.count
    for (let row = 0; row < count; row++) {
      let reason = this.#classify(batch, row)
      if (isFitted && reason <= LAST_COUNTED) reason = this.#fit(batch, row, reason)
      perBatch[reason] = (perBatch[reason] as number) + 1
      if (reason > LAST_COUNTED) continue
      if (reason <= lateral) this.#take(batch, row)
      else if (reason === login) this.failedLogins.add(row)
      else {
        if (reason === threat) this.threats.add(row)
        if (reason === vendorScan || isVendorScan(batch, row)) this.vendorScans.add(row)
      }
    }
    for (let reason = 0; reason < perBatch.length; reason++)
      this.totals[reason] = (this.totals[reason] as number) + (perBatch[reason] as number)
  }

  #take(batch: RecordBatch, row: number): void {
    const words = batch.addresses
    const at = row * ADDRESS_STRIDE
    const isV4 = isV4At(words, at + SOURCE) && isV4At(words, at + DESTINATION)
    const into = isV4 ? this.v4 : this.v6
    const i = into.count++
    into.rows[i] = row
    into.timesMs[i] = (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
    if (isV4) {
      into.sources[i] = words[at + SOURCE + 3] as number
      into.destinations[i] = words[at + DESTINATION + 3] as number
      into.ports[i] = batch.destinationPort[row] as number
    }
    into.proven[i] = provesSource(batch, row) ? 1 : 0
  }

  /** Notes how a row that counts is to be seen by the rules, and answers why it does not count after all. */
  #fit(batch: RecordBatch, row: number, reason: number): number {
    const weight = reason <= lateral ? this.weightOf(batch, row) : 1
    if (weight === 0) return weightZero
    const except = this.#exceptions.isEmpty ? 0 : this.#exceptions.rulesExcept(batch, row, true)
    if (Exceptions.isForAll(except)) return excepted
    this.fitted.set(row, this.profileOf(batch, row), except, weight)
    return reason
  }

  /** The reason code of a record: index into REASONS. The device's clock counts only for rows of the batch at hand. */
  classify(batch: RecordBatch, row: number): number {
    const reason = this.#classify(batch, row)
    if (reason > LAST_COUNTED) return reason
    if (reason <= lateral && this.weightOf(batch, row) === 0) return weightZero
    return Exceptions.isForAll(this.#exceptions.rulesExcept(batch, row, false)) ? excepted : reason
  }

  #classify(batch: RecordBatch, row: number): number {
    const flags = batch.flags[row] as number
    if ((flags & this.#neverCounts) !== 0) {
      if ((flags & FLAG.unparsed) !== 0) return unparsed
      if ((flags & FLAG.ambiguous) !== 0) return ambiguous
      return (flags & FLAG.duplicate) !== 0 ? duplicate : untrustedSender
    }
    const category = batch.category[row]
    if (category === CATEGORY.traffic) return this.#classifyTraffic(batch, row)
    if (category === CATEGORY.threat) return this.#classifyThreat(batch, row)
    return category === CATEGORY.login && batch.outcome[row] === OUTCOME.failure
      ? this.#classifyFailedLogin(batch, row)
      : otherType
  }

  #classifyTraffic(batch: RecordBatch, row: number): number {
    const sourcePort = batch.sourcePort[row] as number
    const destinationPort = batch.destinationPort[row] as number
    if (sourcePort === 0 || destinationPort === 0) return noPort
    const words = batch.addresses
    const at = row * ADDRESS_STRIDE
    let source: number
    let destination: number
    if (isV4At(words, at + SOURCE) && isV4At(words, at + DESTINATION)) {
      source = this.#kinds.ofV4(words[at + SOURCE + 3] as number)
      destination = this.#kinds.ofV4(words[at + DESTINATION + 3] as number)
    } else {
      if (isNone(words, at + SOURCE) || isNone(words, at + DESTINATION)) return noAddress
      source = this.#kindAt(words, at + SOURCE)
      destination = this.#kindAt(words, at + DESTINATION)
    }
    if (source === KIND.noHost || destination === KIND.noHost) return noHost
    let reason = inbound
    if (source === KIND.inside) {
      if (destination === KIND.public) return outbound
      reason = lateral
    } else if (!this.#settings.own.isEmpty && !hasAt(this.#settings.own, words, at + DESTINATION))
      return notOwn
    if (mayBeLateReply(sourcePort, destinationPort)) {
      const guarded = this.#replyReason(batch, row, sourcePort, destinationPort)
      if (guarded !== 0) return guarded
    }
    const time = this.#timeReason(batch, row)
    return time === 0 ? reason : time
  }

  /** Of a record from a server's port to one from 1024 on: which guard takes it for a reply, or 0. */
  #replyReason(batch: RecordBatch, row: number, sourcePort: number, destinationPort: number): number {
    const { lateReplyGuard, guards } = this.#settings
    if (lateReplyGuard) {
      const late = lateReplyOf(protocolOf(batch, row), sourcePort, destinationPort)
      if (late === LATE_REPLY.udp) return lateReplyUdp
      if (late === LATE_REPLY.tcp) return lateReplyTcp
      if (late === LATE_REPLY.either) return lateReplyEither
    }
    const at = row * ADDRESS_STRIDE + SOURCE
    if (guards.resolvers && hasAt(RESOLVER_NETWORKS, batch.addresses, at)) return resolverReply
    if (guards.contentNetworks && hasAt(CONTENT_NETWORKS, batch.addresses, at)) return contentReply
    return !guards.networks.isEmpty && hasAt(guards.networks, batch.addresses, at) ? contentReply : 0
  }

  #classifyThreat(batch: RecordBatch, row: number): number {
    const needed = this.#severityNeeded[this.profileOf(batch, row)] as number
    const isSevere = (batch.severity[row] as number) >= needed
    if (!isSevere && !isVendorScan(batch, row)) return lowSeverity
    if (batch.attacker[row] !== ATTACKER.source) return attackerNotSource
    const at = row * ADDRESS_STRIDE + SOURCE
    if (isNone(batch.addresses, at)) return noAddress
    if (this.#kindAt(batch.addresses, at) !== KIND.public) return sourceNotPublic
    const time = this.#timeReason(batch, row)
    if (time !== 0) return time
    return isSevere ? threat : vendorScan
  }

  #classifyFailedLogin(batch: RecordBatch, row: number): number {
    const at = row * ADDRESS_STRIDE + SOURCE
    if (isNone(batch.addresses, at)) return noAddress
    if (this.#kindAt(batch.addresses, at) !== KIND.public) return sourceNotPublic
    const time = this.#timeReason(batch, row)
    return time === 0 ? login : time
  }

  /** 0 when the record's time lets it count. Live, it must lie near its arrival; in `replay` it must only be one. */
  #timeReason(batch: RecordBatch, row: number): number {
    const timeMs = (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
    if (!(Math.abs(timeMs) <= LAST_INSTANT_MS)) return noTime
    if (!this.#live) return 0
    const ageMs = batch.raw.receivedAtMs - timeMs
    if (this.#insane[row] === 1) return insaneClock
    if (ageMs > this.#settings.maxAgeMs) return tooOld
    return ageMs < -AHEAD_LIMIT_MS ? ahead : 0
  }

  #kindAt(words: Uint32Array, at: number): number {
    return this.#kinds.of(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    )
  }
}

function isNone(words: Uint32Array, at: number): boolean {
  return words[at + 3] === 0 && words[at + 2] === 0 && words[at + 1] === 0 && words[at] === 0
}

/** Whether the four words at a place are an IPv4-mapped address. */
export function isV4At(words: Uint32Array, at: number): boolean {
  return words[at + 2] === 0xffff && words[at + 1] === 0 && words[at] === 0
}

function hasAt(set: DetectionSettings['own'], words: Uint32Array, at: number): boolean {
  return set.hasWords(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  )
}
