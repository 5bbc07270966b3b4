/**
 * Both sides judged and laid beside each other. The judging is the service's own (DryDecider), over an empty state with
 * the allowlist of today, event time being the clock: so brakes, protection and modes act as they would have.
 */
import { DryDecider } from '../decide/dry-decider.ts'
import { decisionRules } from '../decide/decision-rules.ts'
import { formatNetwork } from '../lib/address.ts'
import type { Settings } from '../config/schema.ts'
import type { Verdict } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import type { BacktestStart, ComparedSource, GroupTotals, SideTotals, SourceOutcome } from './messages.ts'
import type { Side } from './sides.ts'

/** Sources named in the answer, per group. */
const SHOWN_PER_GROUP = 1000

export interface JudgedSide {
  readonly outcomes: ReadonlyMap<string, SourceOutcome>
  readonly verdicts: Readonly<Record<Verdict, number>>
}

/** A decider with an empty state and today's allowlist. */
export async function openDecider(settings: Settings, allow: BacktestStart['allow']): Promise<DryDecider> {
  const dry = await DryDecider.open(decisionRules(settings))
  for (const { target, untilMs } of allow)
    await dry.decider.allow.add({ target, reason: 'allowlist', untilMs }, 'backtest')
  return dry
}

/** What would have become of each source. The verdict of its first detection that acts counts. */
export async function judge(
  side: Side,
  settings: Settings,
  allow: BacktestStart['allow'],
): Promise<JudgedSide> {
  const dry = await openDecider(settings, allow)
  const outcomes = new Map<string, SourceOutcome>()
  for (const detection of side.inOrder()) {
    const { verdict, reason } = await dry.verdictOf(detection)
    const source = formatNetwork(detection.source)
    const known = outcomes.get(source)
    const isActing = acts(detection, verdict)
    if (known !== undefined && (known.verdict !== 'none' || !isActing)) continue
    outcomes.set(source, {
      rule: detection.rule,
      detectedAtMs: detection.detectedAtMs,
      count: detection.count,
      threshold: detection.threshold,
      windowSeconds: detection.windowSeconds,
      proof: detection.proof,
      device: detection.device,
      verdict: isActing ? verdict : 'none',
      reason,
    })
  }
  const verdicts: Record<Verdict, number> = { block: 0, hold: 0, refuse: 0, none: 0 }
  for (const { verdict } of outcomes.values()) verdicts[verdict]++
  return { outcomes, verdicts }
}

/** A shadow rule acts on nobody, be the source on the allowlist or not. */
function acts(detection: Detection, verdict: Verdict): boolean {
  return verdict !== 'none' && detection.mode === 'enforce'
}

export function sideTotals(side: Side, judged: JudgedSide, evictions: number): SideTotals {
  const rules = Array.from(side.totals, ([rule, totals]) => ({ rule, ...totals }))
  return {
    detections: side.detections,
    verdicts: judged.verdicts,
    rules: rules.sort((a, b) => b.sources - a.sources),
    evictions,
    notJudged: side.notKept,
  }
}

export interface Comparison {
  readonly gained: GroupTotals
  readonly lost: GroupTotals
  readonly both: GroupTotals
  readonly sources: ComparedSource[]
}

/** Sources that would have been acted upon (blocked, held or refused) on either side. */
export function compare(today: JudgedSide, changed: JudgedSide): ComparedSource[] {
  const groups: Record<ComparedSource['group'], ComparedSource[]> = { gained: [], lost: [], both: [] }
  for (const source of new Set([...today.outcomes.keys(), ...changed.outcomes.keys()])) {
    const before = today.outcomes.get(source) ?? null
    const after = changed.outcomes.get(source) ?? null
    const acted = before !== null && before.verdict !== 'none'
    const acts = after !== null && after.verdict !== 'none'
    if (!acted && !acts) continue
    const group = acted && acts ? 'both' : acts ? 'gained' : 'lost'
    groups[group].push({ source, group, today: before, changed: after, completedSessions: null })
  }
  return [...groups.gained, ...groups.lost, ...groups.both]
}

/** Totals of the groups, and the sources that are shown: the first of each group by time. */
export function summarise(all: readonly ComparedSource[]): Comparison {
  const of = (group: ComparedSource['group']): ComparedSource[] => all.filter((one) => one.group === group)
  const timeOf = ({ today, changed }: ComparedSource): number => (changed ?? today)?.detectedAtMs ?? 0
  const shown = (group: ComparedSource['group']): ComparedSource[] =>
    of(group)
      .sort((a, b) => timeOf(a) - timeOf(b))
      .slice(0, SHOWN_PER_GROUP)
  return {
    gained: totalsOf(of('gained')),
    lost: totalsOf(of('lost')),
    both: totalsOf(of('both')),
    sources: [...shown('gained'), ...shown('lost'), ...shown('both')],
  }
}

function totalsOf(sources: readonly ComparedSource[]): GroupTotals {
  const count = (wanted: (source: ComparedSource) => boolean): number => sources.filter(wanted).length
  const verdictOf = ({ today, changed }: ComparedSource): Verdict | undefined =>
    changed !== null && changed.verdict !== 'none' ? changed.verdict : today?.verdict
  return {
    sources: sources.length,
    refused: count((source) => verdictOf(source) === 'refuse'),
    held: count((source) => verdictOf(source) === 'hold'),
    withSessions: count(({ completedSessions }) => (completedSessions ?? 0) > 0),
  }
}
