/** Makes detections of what the spread rules found: witnesses `address:port`, the finding in words, lines, proof. */
import { type Address, formatAddress, isV4, type Network, networkOf } from '../lib/address.ts'
import { type Detection, type RuleMode, TECHNIQUES, type Witness } from '../model/detection.ts'
import { SEVERITIES } from '../model/log-record.ts'
import { ADDRESS_SLOT, TEXT_SLOT } from '../model/record-batch.ts'
import { KIND } from './address-kind.ts'
import { prefixOf } from './address-mask.ts'
import { type CountedBatch, evidenceOf, type Found, proofOf } from './scan.ts'
import type { SpreadRule } from './spread.ts'
import type { SeenPair } from './spread-pairs.ts'
import type { WitnessLines } from './witness-lines.ts'

/** One source of which a rule is sure. */
export interface SpreadFinding {
  readonly rule: SpreadRule
  readonly mode: RuleMode
  readonly settingsVersion: string
  /** What was found, in words. */
  readonly finding: string
  /** The row that convicts, and its time. */
  readonly row: number
  readonly detectedAtMs: number
  /** Whether that row is of the source itself. */
  readonly isOwn: boolean
  /** The source's words as its entry has them. */
  readonly source: readonly number[]
  readonly count: number
  readonly threshold: number
  readonly windowSeconds: number
  readonly pairs: readonly SeenPair[]
  readonly isProven: boolean
}

const V4_MARK = 0xffff

export function spreadDetection(given: SpreadFinding, counted: CountedBatch, lines: WitnessLines): Found {
  const { batch, kinds, mask } = counted
  const { row, isOwn } = given
  const source = addressOf(given.source)
  const address = (isOwn ? batch.addressAt(row, ADDRESS_SLOT.sourceAddress) : null) ?? source
  const witnesses = given.pairs.filter(({ copy }) => copy === 0).map(witnessOf)
  const detection: Detection = {
    rule: given.rule,
    mode: given.mode,
    source: networkOf(source, isV4(source) ? 128 : prefixOf(mask)),
    sourceAddress: formatAddress(address),
    receivedAtMs: batch.raw.receivedAtMs,
    device: batch.textAt(row, TEXT_SLOT.device) ?? batch.senderAt(row),
    sourceCountry: isOwn ? batch.textAt(row, TEXT_SLOT.sourceCountry) : null,
    severity: isOwn ? (SEVERITIES[batch.severity[row] as number] ?? null) : null,
    destination: null,
    port: null,
    count: given.count,
    threshold: given.threshold,
    windowSeconds: given.windowSeconds,
    firstSeenAtMs: witnesses[0]?.atMs ?? given.detectedAtMs,
    detectedAtMs: given.detectedAtMs,
    ...proofOf(given.isProven),
    finding: given.finding,
    settingsVersion: given.settingsVersion,
    technique: TECHNIQUES[given.rule],
    lateral: kinds.of(...source) !== KIND.public,
    witnesses,
    evidence: evidenceOf(
      given.pairs.map(({ line }) => line),
      lines,
    ),
  }
  return { row, detection }
}

/** `reached 31 ports on 12 addresses within 6 hours (more than 25 allowed)`. */
export function reachedText(pairs: readonly SeenPair[], windowSeconds: number, allowed: number): string {
  const real = pairs.filter(({ copy }) => copy === 0)
  const hosts = new Set(real.map(({ destination }) => destination.join())).size
  const weighed = real.length === pairs.length ? '' : `, which count as ${pairs.length} for where they lead`
  return `reached ${plural(real.length, 'port')} on ${plural(hosts, 'address', 'addresses')} within ${spanText(windowSeconds)}${weighed} (more than ${allowed} allowed)`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** `6 hours`, `15 minutes`. */
export function spanText(seconds: number): string {
  if (seconds % 3600 === 0) return plural(seconds / 3600, 'hour')
  return seconds % 60 === 0 ? plural(seconds / 60, 'minute') : plural(seconds, 'second')
}

function witnessOf({ destination, port, seconds }: SeenPair): Witness {
  const address = addressOf(destination)
  const text = formatAddress(address)
  return { value: isV4(address) ? `${text}:${port}` : `[${text}]:${port}`, atMs: seconds * 1000 }
}

/** The address of one word (IPv4) or four. */
export function addressOf(words: readonly number[]): Address {
  const [a = 0, b = 0, c = 0, d = 0] = words
  return words.length === 1 ? [0, 0, V4_MARK, a] : [a, b, c, d]
}

/** The /24 or /48 of an entry's words. */
export function prefixNetwork(words: readonly number[]): Network {
  const [a = 0, b = 0] = words
  return words.length === 1 ? networkOf([0, 0, V4_MARK, (a << 8) >>> 0], 120) : networkOf([a, b, 0, 0], 48)
}
