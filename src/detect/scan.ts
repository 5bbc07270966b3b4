/**
 * What port scan and host sweep share: one sliding window per address family, and making a detection of a firing. The
 * rules themselves say what is key and what is value.
 */
import { type Address, formatAddress, isV4, type Network, networkOf } from '../lib/address.ts'
import {
  type Detection,
  EVIDENCE_LINES,
  type RuleMode,
  type RuleName,
  TECHNIQUES,
  type Witness,
} from '../model/detection.ts'
import { SEVERITIES } from '../model/log-record.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { type AddressKinds, KIND } from './address-kind.ts'
import { type AddressMask, prefixOf } from './address-mask.ts'
import type { WindowCounters } from './key-table.ts'
import { type Sightings } from './sightings.ts'
import type { Firing } from './window-firing.ts'
import { type OnCount, SlidingWindow } from './window.ts'
import type { WitnessLines } from './witness-lines.ts'

/** A detection and the row of the batch that convicted. */
export interface Found {
  readonly row: number
  readonly detection: Detection
}

/** What a rule needs beside its settings. */
export interface ScanOptions {
  readonly maxKeys: number
  readonly seed: number
  readonly lines: WitnessLines
  /** Live, keys are kept by arrival; in `replay` by event time, which is far more often late. */
  readonly live: boolean
  /** Told of the counts of port scan and host sweep (window.ts). */
  readonly onCount?: OnCount | undefined
  /** Whether sources with few pairs are held before the windows; not where every count is wanted (`onCount`). */
  readonly holdsFew: boolean
}

/** A batch as the rules see it: the rows that count, and what is needed to judge them. */
export interface CountedBatch {
  readonly batch: RecordBatch
  readonly v4: Sightings
  readonly v6: Sightings
  /** The arrival clock, Unix ms; never falls. */
  readonly nowMs: number
  readonly kinds: AddressKinds
  readonly mask: AddressMask
  /** Rows of threats of enough severity, of the firewall's own scan and flood threats, and of failed logins. */
  readonly threats: Rows
  readonly vendorScans: Rows
  readonly failedLogins: Rows
}

/** Rows of a batch, ascending; the first `count` of `rows` are valid. */
export class Rows {
  count = 0
  readonly rows = new Uint16Array(BATCH_MESSAGES)

  add(row: number): void {
    this.rows[this.count++] = row
  }
}

export interface ScanShape {
  readonly keyWords: { readonly v4: number; readonly v6: number }
  readonly valueWords: { readonly v4: number; readonly v6: number }
}

const TEN_MINUTES_MS = 600_000
const DAY_MS = 86_400_000
/** Most sources never come into the windows (few-pairs.ts), which takes the memory of the other keys. */
const OPEN_SHARE = 2
/** IPv6 keys are nearly twice as large and rarer; they may be a quarter as many. */
const V6_SHARE = 4
const SLOT_BYTES_PER_KEY = 32

/** How long a key is kept that nothing touches: a late line that comes later than this begins anew. */
export function keepMs(windowMs: number, live: boolean): number {
  return windowMs + (live ? Math.max(windowMs, TEN_MINUTES_MS) : DAY_MS)
}

export function makeWindows(
  shape: ScanShape,
  need: number,
  windowMs: number,
  options: ScanOptions,
): { v4: SlidingWindow; v6: SlidingWindow } {
  const make = (family: 'v4' | 'v6', maxKeys: number): SlidingWindow =>
    new SlidingWindow({
      keyWords: shape.keyWords[family],
      valueWords: shape.valueWords[family],
      need,
      windowMs,
      keepMs: keepMs(windowMs, options.live),
      maxKeys,
      maxSlotBytes: maxKeys * SLOT_BYTES_PER_KEY,
      seed: options.seed,
      lines: options.lines,
      onCount: options.onCount,
    })
  const v4Keys = options.holdsFew ? Math.ceil(options.maxKeys / OPEN_SHARE) : options.maxKeys
  return { v4: make('v4', v4Keys), v6: make('v6', Math.ceil(options.maxKeys / V6_SHARE)) }
}

/** The sum of both families. */
export function sumCounters(a: WindowCounters, b: WindowCounters): WindowCounters {
  return {
    keys: a.keys + b.keys,
    bytes: a.bytes + b.bytes,
    expired: a.expired + b.expired,
    evictedIdle: a.evictedIdle + b.evictedIdle,
    evictedSingle: a.evictedSingle + b.evictedSingle,
    evictedMulti: a.evictedMulti + b.evictedMulti,
    valuesLost: a.valuesLost + b.valuesLost,
  }
}

/** What a rule knows of its own firing. */
export interface ScanFinding {
  readonly rule: RuleName
  /** What was found, as a predicate; null where decide/ has the words. */
  readonly finding: string | null
  readonly settingsVersion: string
  readonly mode: RuleMode
  readonly threshold: number
  readonly windowMs: number
  readonly destination: string | null
  readonly port: number | null
  /** Text of the value of so many words that begins at `at`. */
  readonly valueText: (values: Uint32Array, at: number, valueWords: number) => string
  /** Whether that value is a copy that a weighted destination added (weights.ts). Absent: none is. */
  readonly isCopy?: (values: Uint32Array, at: number, valueWords: number) => boolean
  /** The finding in words where copies made up the count. `distinct`: values that are real. */
  readonly weighted?: (distinct: number, count: number) => string
}

/** Freezes a firing with its witnesses and lines. */
export function detectionOf(
  finding: ScanFinding,
  counted: CountedBatch,
  sightings: Sightings,
  firing: Firing,
  lines: WitnessLines,
): Found {
  const { batch, kinds, mask } = counted
  const row = sightings.rows[firing.index] as number
  const source = batch.addressAt(row, ADDRESS_SLOT.sourceAddress) ?? [0, 0, 0, 0]
  const count = firing.timesMs.length
  const valueWords = firing.values.length / count
  const witnesses = witnessesOf(finding, firing, valueWords)
  const detection: Detection = {
    rule: finding.rule,
    mode: finding.mode,
    source: sourceNetwork(source, mask),
    ...whoAndWhere(batch, row),
    destination: finding.destination,
    port: finding.port,
    count,
    threshold: finding.threshold,
    windowSeconds: finding.windowMs / 1000,
    firstSeenAtMs: witnesses[0]?.atMs ?? (sightings.timesMs[firing.index] as number),
    detectedAtMs: sightings.timesMs[firing.index] as number,
    ...proofOf(firing.proven),
    finding:
      witnesses.length < count
        ? (finding.weighted?.(witnesses.length, count) ?? finding.finding)
        : finding.finding,
    settingsVersion: finding.settingsVersion,
    technique: TECHNIQUES[finding.rule],
    lateral: kinds.of(...source) !== KIND.public,
    witnesses,
    evidence: evidenceOf(firing.lineRefs, lines),
  }
  return { row, detection }
}

/** The values that are real, oldest first. */
function witnessesOf({ valueText, isCopy }: ScanFinding, firing: Firing, valueWords: number): Witness[] {
  const witnesses: Witness[] = []
  firing.timesMs.forEach((atMs, n) => {
    if (isCopy?.(firing.values, n * valueWords, valueWords) === true) return
    witnesses.push({ value: valueText(firing.values, n * valueWords, valueWords), atMs })
  })
  return witnesses.sort((a, b) => a.atMs - b.atMs)
}

/** Whether the source words of a key, one for IPv4 or four, lie in a network. */
export function isSourceIn(network: Network, words: Uint32Array, at: number, isV4Key: boolean): boolean {
  for (let k = 0; k < 4; k++) {
    const bits = Math.min(32, Math.max(0, network.prefixLength - 32 * k))
    if (bits === 0) return true
    const word = isV4Key
      ? k === 3
        ? (words[at] as number)
        : k === 2
          ? 0xffff
          : 0
      : (words[at + k] as number)
    if (((word ^ (network.words[k] as number)) & (0xffffffff << (32 - bits))) !== 0) return false
  }
  return true
}

/** The network a key's source words stand for. `prefixLength`: of IPv6 sources. */
export function sourceOfKey(key: Uint32Array, isV4Key: boolean, prefixLength: number): Network {
  const [a = 0, b = 0, c = 0, d = 0] = key
  return isV4Key ? networkOf([0, 0, 0xffff, a], 128) : sourceNetworkOf([a, b, c, d], prefixLength)
}

function sourceNetworkOf(words: Address, prefixLength: number): Network {
  return networkOf(words, isV4(words) ? 128 : prefixLength)
}

/** Proof of a scan and the clause that says why. */
export function proofOf(isProven: boolean): Pick<Detection, 'proof' | 'proofReason'> {
  return isProven
    ? { proof: 'handshake', proofReason: 'a session with it was established, so the address is real' }
    : {
        proof: 'spoofable',
        proofReason: 'no session with it was established, so the address could be forged',
      }
}

/** The offender as a target: the address, or for IPv6 its prefix. */
export function sourceNetwork(source: Address, mask: AddressMask): Network {
  return sourceNetworkOf(source, prefixOf(mask))
}

/** The fields that every rule takes from the convicting record. */
export function whoAndWhere(
  batch: RecordBatch,
  row: number,
): Pick<Detection, 'sourceAddress' | 'receivedAtMs' | 'device' | 'sourceCountry' | 'severity'> {
  const source = batch.addressAt(row, ADDRESS_SLOT.sourceAddress)
  return {
    sourceAddress: source === null ? '' : formatAddress(source),
    receivedAtMs: batch.raw.receivedAtMs,
    device: batch.textAt(row, TEXT_SLOT.device) ?? batch.senderAt(row),
    sourceCountry: batch.textAt(row, TEXT_SLOT.sourceCountry),
    severity: SEVERITIES[batch.severity[row] as number] ?? null,
  }
}

/** The last EVIDENCE_LINES of the kept lines, in order of arrival; a line kept twice (start and end) comes once. */
export function evidenceOf(refs: Iterable<number>, lines: WitnessLines): string[] {
  const newestFirst = [...new Set(refs)].sort((a, b) => lines.ageOf(a) - lines.ageOf(b))
  const texts: string[] = []
  for (const ref of newestFirst) {
    const text = lines.textOf(ref)
    if (text !== null) texts.push(text)
    if (texts.length === EVIDENCE_LINES) break
  }
  return texts.reverse()
}
