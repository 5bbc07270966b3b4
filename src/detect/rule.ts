/**
 * What every detection rule is to the detector, which takes each counted batch through all of them. A rule keeps its own
 * windows, in bounded memory, and reads no clock. `rules.ts` has the table of them.
 */
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
}
