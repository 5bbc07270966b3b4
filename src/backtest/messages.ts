/**
 * What the service and its backtest process say to each other, and what a backtest answers. Plain data only: it crosses
 * a process border. Instants are Unix ms here and ISO 8601 at the control API.
 */
import type { Settings } from '../config/schema.ts'
import type { ErrorCode } from '../lib/errors.ts'
import type { Verdict } from '../model/decision.ts'
import type { Proof, RuleName } from '../model/detection.ts'

/** A range of one setting for which the curve is drawn. */
export interface CurveRequest {
  readonly key: string
  readonly first: number
  readonly last: number
}

export interface BacktestStart {
  /** The settings of today, and those to compare with. */
  readonly today: Settings
  readonly changed: Settings
  /** Event times from the first, before the last. */
  readonly fromMs: number
  readonly toMs: number
  readonly curve: CurveRequest | null
  /** Also rules that are the same on both sides and act on nobody, for their counts. */
  readonly allRules: boolean
  readonly allow: readonly { readonly target: string; readonly untilMs: number | null }[]
  /** How the log store is reached. */
  readonly logs: { readonly url: string } | { readonly socketPath: string }
  /** Threads that the log store may use for it. */
  readonly storeThreads: number
  readonly seed: number
}

export interface BacktestProgress {
  readonly kind: 'progress'
  /** Records of the range that are dealt with. */
  readonly records: number
  readonly total: number
  readonly percent: number
  /** What the range was found to hold so far, under the changed settings. */
  readonly detections: number
}

/** What became of a source on one side: its first detection that would have acted, else its first one. */
export interface SourceOutcome {
  readonly rule: RuleName
  /** When the first detection fired, by event time. */
  readonly detectedAtMs: number
  readonly count: number
  readonly threshold: number
  readonly windowSeconds: number | null
  readonly proof: Proof
  readonly device: string | null
  readonly verdict: Verdict
  readonly reason: string
}

export interface ComparedSource {
  readonly source: string
  readonly group: 'gained' | 'lost' | 'both'
  readonly today: SourceOutcome | null
  readonly changed: SourceOutcome | null
  /** Sessions with bytes both ways in the range, either side having opened them; null: not looked up. */
  readonly completedSessions: number | null
}

export interface SideTotals {
  readonly detections: number
  /** Sources by what would have become of them; `none`: shadow rules and internal sources. */
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly rules: readonly {
    readonly rule: RuleName
    readonly detections: number
    readonly sources: number
  }[]
  /** Keys that the tables had to drop while they were still wanted. */
  readonly evictions: number
  /** Detections that were counted but not judged, because there were too many. */
  readonly notJudged: number
}

export interface GroupTotals {
  readonly sources: number
  /** Of these: on the allowlist or protected, so refused. */
  readonly refused: number
  readonly held: number
  /** Of these: with completed sessions with us. */
  readonly withSessions: number
}

export interface CurvePoint {
  readonly value: number
  /** Public sources that would be convicted at this value, and of those the allowlisted and protected ones. */
  readonly sources: number
  readonly refused: number
  /** Internal sources that would be reported. */
  readonly internal: number
}

export interface BacktestResult {
  readonly kind: 'result'
  readonly fromMs: number
  readonly toMs: number
  /** Records of the range. */
  readonly records: number
  /** Records before it that were read to fill the windows. */
  readonly warmUpRecords: number
  /** Records that rules had to look at; the others can count under neither settings, or cannot reach a threshold. */
  readonly examined: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly changes: readonly { readonly key: string; readonly today: string; readonly changed: string }[]
  /** Rules that are on, and were not run: the same on both sides, and in shadow. */
  readonly leftOut: readonly RuleName[]
  readonly today: SideTotals
  readonly changed: SideTotals
  readonly gained: GroupTotals
  readonly lost: GroupTotals
  readonly both: GroupTotals
  /** The first ones of each group, by time. */
  readonly sources: readonly ComparedSource[]
  readonly curve: { readonly key: string; readonly points: readonly CurvePoint[] } | null
  /** What the reader has to know of this result: limits that were met. */
  readonly notes: readonly string[]
}

export type BacktestUpdate = BacktestProgress | BacktestResult

/** From the process. */
export type FromBacktest =
  | BacktestUpdate
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }
