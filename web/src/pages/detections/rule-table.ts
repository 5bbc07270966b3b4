/** The rules as sentences: which numbers stand in each, and by which of them the curve is drawn. */
export interface RuleSentence {
  readonly rule:
    | 'portScan'
    | 'hostSweep'
    | 'threat'
    | 'slowScan'
    | 'subnetScan'
    | 'randomScan'
    | 'bruteForce'
    | 'vendorScan'
  /** The field of the threshold; null: no number to draw a curve of. */
  readonly threshold: string | null
  readonly isOriginal: boolean
}

export const RULE_SENTENCES: readonly RuleSentence[] = [
  { rule: 'portScan', threshold: 'ports', isOriginal: true },
  { rule: 'hostSweep', threshold: 'addresses', isOriginal: true },
  { rule: 'threat', threshold: null, isOriginal: true },
  { rule: 'slowScan', threshold: 'perHour', isOriginal: false },
  { rule: 'subnetScan', threshold: 'perHour', isOriginal: false },
  { rule: 'randomScan', threshold: 'pairs', isOriginal: false },
  { rule: 'bruteForce', threshold: 'failures', isOriginal: false },
  { rule: 'vendorScan', threshold: 'records', isOriginal: false },
]

/** Values that the settings of thresholds take at most. */
const MOST = 1000

/** The range of values around one that the curve shows. */
export function curveRange(value: number): { first: number; last: number } {
  const last = Math.max(value * 2, value + 10)
  return { first: Math.max(1, Math.floor(value / 2)), last: value > MOST ? last : Math.min(MOST, last) }
}
