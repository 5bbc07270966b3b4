/**
 * What each rule sees of a batch where the site is fitted (devices, exceptions, weights): the rows of its profile that
 * no exception takes from it, in order, each as often as its destination weighs. Where nothing is set, or nothing of a
 * batch is touched, the rules see the batch itself and this costs nothing.
 */
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import type { DetectionRule } from './rule.ts'
import { type CountedBatch, type Found, Rows } from './scan.ts'
import { portOfCopy } from './weights.ts'
import { Sightings } from './sightings.ts'

/** What is known of the counted rows of a batch, by row. */
export class Fitted {
  readonly profiles = new Uint8Array(BATCH_MESSAGES)
  /** Rules for which the row does not count, as bits. */
  readonly except = new Uint32Array(BATCH_MESSAGES)
  readonly weights = new Uint8Array(BATCH_MESSAGES)
  /** Of all rows together: profiles seen (bits), rules excepted, whether any weight differs from 1. */
  profilesSeen = 0
  exceptAny = 0
  hasWeights = false

  begin(): void {
    this.profilesSeen = 0
    this.exceptAny = 0
    this.hasWeights = false
  }

  set(row: number, profile: number, except: number, weight: number): void {
    this.profiles[row] = profile
    this.except[row] = except
    this.weights[row] = weight
    this.profilesSeen |= 1 << profile
    this.exceptAny |= except
    if (weight !== 1) this.hasWeights = true
  }
}

export class Partition {
  readonly #fitted: Fitted
  readonly #v4 = new Sightings()
  readonly #v6 = new Sightings()
  readonly #threats = new Rows()
  readonly #vendorScans = new Rows()
  readonly #failedLogins = new Rows()

  constructor(fitted: Fitted) {
    this.#fitted = fitted
  }

  /** Takes the batch through a rule of a profile, in as many parts as weights make of it. `bit`: the rule's. */
  observe(rule: DetectionRule, bit: number, profile: number, counted: CountedBatch, found: Found[]): void {
    const { profilesSeen, exceptAny, hasWeights } = this.#fitted
    if ((profilesSeen & (1 << profile)) === 0) return
    if (profilesSeen === 1 << profile && (exceptAny & bit) === 0 && !hasWeights) {
      rule.observe(counted, found)
      return
    }
    this.#pick(counted.threats, this.#threats, bit, profile)
    this.#pick(counted.vendorScans, this.#vendorScans, bit, profile)
    this.#pick(counted.failedLogins, this.#failedLogins, bit, profile)
    let v4From = 0
    let v6From = 0
    do {
      v4From = this.#fill(counted.v4, v4From, this.#v4, bit, profile)
      v6From = this.#fill(counted.v6, v6From, this.#v6, bit, profile)
      const part: CountedBatch = {
        ...counted,
        v4: this.#v4,
        v6: this.#v6,
        threats: this.#threats,
        vendorScans: this.#vendorScans,
        failedLogins: this.#failedLogins,
      }
      rule.observe(part, found)
      this.#threats.count = 0
      this.#vendorScans.count = 0
      this.#failedLogins.count = 0
    } while (v4From < counted.v4.count || v6From < counted.v6.count)
  }

  #pick(from: Rows, into: Rows, bit: number, profile: number): void {
    const { profiles, except } = this.#fitted
    into.count = 0
    for (let i = 0; i < from.count; i++) {
      const row = from.rows[i] as number
      if (profiles[row] === profile && ((except[row] as number) & bit) === 0) into.add(row)
    }
  }

  /** Fills `into` from sighting `start` on and says with which one to go on. */
  #fill(from: Sightings, start: number, into: Sightings, bit: number, profile: number): number {
    const { profiles, except, weights } = this.#fitted
    into.count = 0
    for (let i = start; i < from.count; i++) {
      const row = from.rows[i] as number
      if (profiles[row] !== profile || ((except[row] as number) & bit) !== 0) continue
      const weight = weights[row] as number
      if (into.count + weight > BATCH_MESSAGES) return i
      for (let copy = 0; copy < weight; copy++) {
        const at = into.count
        into.take(from, i)
        into.copies[at] = copy
        into.ports[at] = portOfCopy(from.ports[i] as number, copy)
      }
    }
    return from.count
  }
}
