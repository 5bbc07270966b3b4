/**
 * Threat (case 3, "Vulnerability Scan v1"): a threat record of enough severity whose attacker is the source, and whose
 * source is public. One record convicts; the same source fires again only for a record at least 10 minutes of event
 * time later than the one that fired (an attack of thousands of lines is one detection).
 *
 * Sources that fired lie in a table of fixed size, 8 places per set, the longest ago giving way: a source that was
 * pushed out fires once more, which costs nothing but a line.
 */
import { type Detection, TECHNIQUES } from '../model/detection.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { formatAddress, type Network } from '../lib/address.ts'
import { copyMaskedSource } from './address-mask.ts'
import { threatProvesSource } from './proof.ts'
import type { DetectionRule, LiveCount } from './rule.ts'
import { type CountedBatch, type Found, sourceNetwork, sourceOfKey, whoAndWhere } from './scan.ts'
import { SeededHash } from './seeded-hash.ts'
import type { DetectionSettings } from './settings.ts'
import { fits, sourceFilter } from './window-inspect.ts'
import { EVIDENCE_LINE_BYTES } from './witness-lines.ts'

/** A source fires at most once in so long, by event time. */
export const THREAT_QUIET_MS = 600_000
const SETS = 8192
const WAYS = 8
const KEY_WORDS = 4

export class ThreatRule implements DetectionRule {
  readonly name = 'threat'
  #settings: DetectionSettings
  readonly #hash: SeededHash
  // 1.5 MiB, made when the first threat comes.
  #keys: Uint32Array = new Uint32Array(0)
  /** Event time at which each source fired last; -Infinity is a free place. */
  #firedAtMs: Float64Array = new Float64Array(0)
  readonly #key = new Uint32Array(KEY_WORDS)
  #repeats = 0

  constructor(settings: DetectionSettings, seed: number) {
    this.#settings = settings
    this.#hash = new SeededHash(seed, KEY_WORDS)
  }

  configure(settings: DetectionSettings): void {
    this.#settings = settings
  }

  /** `repeats`: records that counted and did not fire again. */
  counters(): Readonly<Record<string, number>> {
    return { repeats: this.#repeats, bytes: this.#keys.byteLength + this.#firedAtMs.byteLength }
  }

  /** Judges the threat rows of a batch and adds what fired to `found`. */
  observe(counted: CountedBatch, found: Found[]): void {
    const { mode, level } = this.#settings.threat
    if (mode === 'off' || level === 0) return
    const { batch, mask, threats } = counted
    for (let i = 0; i < threats.count; i++) {
      const row = threats.rows[i] as number
      const timeMs = (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
      copyMaskedSource(batch.addresses, row, mask, this.#key, 0)
      if (this.#fires(timeMs)) found.push({ row, detection: this.#detection(counted, row, timeMs) })
      else this.#repeats++
    }
  }

  /** Sources that fired lately: one threat convicts, so there is nothing between none and that. */
  inspect(source: Network, nowMs: number): LiveCount[] {
    const found: LiveCount[] = []
    const wanted = sourceFilter(source, false)
    for (let at = 0; at < this.#firedAtMs.length; at++) {
      const lastAtMs = this.#firedAtMs[at] as number
      if (lastAtMs <= nowMs - THREAT_QUIET_MS || wanted === null) continue
      if (!fits(wanted, this.#keys, at * KEY_WORDS)) continue
      found.push({
        source: sourceOfKey(this.#keys.subarray(at * KEY_WORDS), false, this.#settings.ipv6Prefix),
        what: 'threats of enough severity',
        count: 1,
        threshold: 1,
        fires: 'reached',
        windowSeconds: THREAT_QUIET_MS / 1000,
        lastAtMs,
      })
    }
    return found
  }

  #fires(timeMs: number): boolean {
    if (this.#firedAtMs.length === 0) {
      this.#keys = new Uint32Array(SETS * WAYS * KEY_WORDS)
      this.#firedAtMs = new Float64Array(SETS * WAYS).fill(Number.NEGATIVE_INFINITY)
    }
    const key = this.#key
    const first = (this.#hash.of(key, 0, KEY_WORDS) & (SETS - 1)) * WAYS
    let oldest = first
    for (let at = first; at < first + WAYS; at++) {
      const firedAtMs = this.#firedAtMs[at] as number
      const keyAt = at * KEY_WORDS
      const isSame =
        firedAtMs !== Number.NEGATIVE_INFINITY &&
        this.#keys[keyAt] === key[0] &&
        this.#keys[keyAt + 1] === key[1] &&
        this.#keys[keyAt + 2] === key[2] &&
        this.#keys[keyAt + 3] === key[3]
      if (isSame) {
        if (timeMs < firedAtMs + THREAT_QUIET_MS) return false
        this.#firedAtMs[at] = timeMs
        return true
      }
      if (firedAtMs < (this.#firedAtMs[oldest] as number)) oldest = at
    }
    this.#firedAtMs[oldest] = timeMs
    this.#keys.set(key, oldest * KEY_WORDS)
    return true
  }

  #detection(counted: CountedBatch, row: number, timeMs: number): Detection {
    const { batch, mask } = counted
    const source = batch.addressAt(row, ADDRESS_SLOT.sourceAddress) ?? [0, 0, 0, 0]
    const destination = batch.addressAt(row, ADDRESS_SLOT.destinationAddress)
    return {
      rule: 'threat',
      mode: this.#settings.threat.mode,
      source: sourceNetwork(source, mask),
      ...whoAndWhere(batch, row),
      destination: destination === null ? null : formatAddress(destination),
      port: null,
      count: 1,
      threshold: this.#settings.threat.level,
      windowSeconds: null,
      firstSeenAtMs: timeMs,
      detectedAtMs: timeMs,
      ...threatProof(batch, row),
      finding: null,
      settingsVersion: this.#settings.versions.threat,
      technique: TECHNIQUES.threat,
      lateral: false,
      witnesses: [{ value: threatText(batch, row), atMs: timeMs }],
      evidence: [evidenceLine(batch, row)],
    }
  }
}

/** Proof of a threat record and the clause that says why. */
export function threatProof(batch: RecordBatch, row: number): Pick<Detection, 'proof' | 'proofReason'> {
  return threatProvesSource(batch, row)
    ? { proof: 'handshake', proofReason: 'the threat was seen inside a TCP session, so the address is real' }
    : {
        proof: 'spoofable',
        proofReason: 'the threat was seen in single packets or over UDP, so the address could be forged',
      }
}

/** The threat as the firewall names it: `Name(30845)`, or what there is of it. */
export function threatText(batch: RecordBatch, row: number): string {
  const name = batch.textAt(row, TEXT_SLOT.threatName) ?? ''
  const id = batch.threatId[row] as number
  return `${name}${id === 0 ? '' : `(${id})`}` || 'unnamed threat'
}

function evidenceLine(batch: RecordBatch, row: number): string {
  const start = batch.raw.start[row] as number
  const end = Math.min(batch.raw.end[row] as number, start + EVIDENCE_LINE_BYTES)
  return batch.raw.bytes.toString('utf8', start, end)
}
