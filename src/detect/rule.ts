/**
 * What every detection rule is to the detector, which takes each counted batch through all of them. A rule keeps its own
 * windows, in bounded memory, and reads no clock. `rules.ts` has the table of them.
 */
import type { Network } from '../lib/address.ts'
import type { RuleName } from '../model/detection.ts'
import type { CountedBatch, Found } from './scan.ts'
import type { DetectionSettings } from './settings.ts'

export interface DetectionRule {
  readonly name: RuleName
  /** Acts from the next record on; what is known stays. */
  configure(settings: DetectionSettings): void
  /** Counts the records of a batch and adds what fired to `found`, in any order of rows. */
  observe(counted: CountedBatch, found: Found[]): void
  /**
   * Plain numbers since the start; `keys` and `bytes` now. `evictedSingle`, `evictedMulti` and `valuesLost` are losses:
   * something still wanted had to go.
   */
  counters(): Readonly<Record<string, number>>
  /**
   * What is counted now for sources in a network, for `explain`: read only, O(keys of the rule), asked by a person and
   * not per record. A count reads as of `nowMs`, by event time. Optional: a rule without it tells nothing.
   */
  inspect?(source: Network, nowMs: number): LiveCount[]
  /**
   * Windows too long to be read back from the log store, as parts to be kept in that order: versioned, checksummed,
   * times absolute, the seed of the hash inside. Bounded as the windows are; some 200 ms for a million keys, with a rest
   * after each few ms (SnapshotPiece).
   */
  save?(): Iterable<SnapshotPiece>
  /**
   * Takes the windows of `save` in the place of its own; to be called before the first batch. False, and nothing is
   * changed, when the parts are damaged or of another version; `snapshotsRefused` of the counters tells how often.
   */
  load?(parts: readonly Uint8Array[]): boolean
}

/**
 * A part of a snapshot, or null: a rest, where the caller may do something else and let records be observed. So parts show
 * different moments, none before `save` began. A rule makes that harmless by two laws: what is kept of a key is whole in
 * one part, and taking in a record that a part knows already changes nothing. Then a snapshot and the records since it
 * was begun, read once more, give the windows as they would have been.
 */
export type SnapshotPiece = Uint8Array | null

/** One counter of a rule for one source. */
export interface LiveCount {
  /** The source as it is counted: an address, for IPv6 its prefix, for subnet-scan the subnet. */
  readonly source: Network
  /** What the counter is about, as a phrase: `ports of 203.0.113.10`, `addresses on port 22`. */
  readonly what: string
  readonly count: number
  readonly threshold: number
  /** `more`: fires above the threshold; `reached`: fires at it. */
  readonly fires: 'more' | 'reached'
  readonly windowSeconds: number
  /** Latest event time of the counter, Unix ms. */
  readonly lastAtMs: number
}
