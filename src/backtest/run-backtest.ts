/** A whole backtest: the pass over the range, the judging of both sides, and what is told of them. */
import type { Settings } from '../config/schema.ts'
import { SETTING_KEYS, SECRET_KEYS } from '../config/schema.ts'
import { detectionSettings } from '../detect/settings.ts'
import { RULES, type RuleName } from '../model/detection.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import { compare, judge, openDecider, sideTotals, summarise } from './compare.ts'
import { Curve } from './curve.ts'
import type { BacktestProgress, BacktestResult, BacktestStart } from './messages.ts'
import { countRecords, type Run, runPass } from './pass.ts'
import { addSessions } from './sessions.ts'
import { actingRules, changedRules, onlyRules, rulesBy, Side } from './sides.ts'

export interface BacktestTools {
  readonly store: LogStore
  /** Names its statements; letters, digits and dashes. */
  readonly name: string
  readonly tell: (progress: BacktestProgress) => void
  readonly signal: AbortSignal
}

/** Runs it. Rejects with AppError for what cannot be asked, StoreError when the log store fails. */
export async function runBacktest(start: BacktestStart, tools: BacktestTools): Promise<BacktestResult> {
  const { fromMs, toMs, seed, storeThreads } = start
  const { store, name, signal } = tools
  const startedMs = performance.now()
  const today = new Side()
  const changed = new Side()
  const curve = start.curve === null ? null : new Curve(start.curve, start.changed)
  const records = await countRecords(store, fromMs, toMs, signal)
  let reached = 0
  const tell = (told: number): void => {
    const share = (reached = Math.max(reached, told)) // of the two reads of a chunk each begins anew
    tools.tell({
      kind: 'progress',
      records: Math.round(records * share),
      total: records,
      percent: Math.floor(share * 1000) / 10,
      detections: changed.detections,
    })
  }
  tell(0)
  const { runs, today: todaysRuns, changed: changedRuns, leftOut } = planRuns(start, today, changed)
  const figures = await runPass({
    store,
    runs,
    curve,
    fromMs,
    toMs,
    records,
    storeThreads,
    seed,
    name,
    signal,
    tell,
  })
  const judgedToday = await judge(today, start.today, start.allow)
  const judgedChanged = await judge(changed, start.changed, start.allow)
  const compared = await addSessions(store, compare(judgedToday, judgedChanged), fromMs, toMs, signal)
  const drawn = curve?.finish((await openDecider(start.changed, start.allow)).decider) ?? null
  const seconds = (performance.now() - startedMs) / 1000
  const evictionsOf = (indexes: readonly number[]): number =>
    indexes.reduce((sum, i) => sum + (figures.evictions[i] ?? 0), 0)
  return {
    kind: 'result',
    fromMs,
    toMs,
    records,
    warmUpRecords: figures.warmUpRecords,
    examined: figures.examined,
    seconds,
    recordsPerSecond: Math.round((records + figures.warmUpRecords) / seconds),
    changes: changesOf(start.today, start.changed),
    leftOut,
    today: sideTotals(today, judgedToday, evictionsOf(todaysRuns)),
    changed: sideTotals(changed, judgedChanged, evictionsOf(changedRuns)),
    ...summarise(compared.sources),
    curve: drawn === null ? null : { key: start.curve?.key ?? '', points: drawn.points },
    notes: [...compared.notes, ...(drawn?.note == null ? [] : [drawn.note])],
  }
}

/**
 * Rules that are the same on both sides run once, and not at all where they act on nobody (shadow): then they change no
 * answer. Indexes of the runs that serve each side.
 */
function planRuns(
  start: BacktestStart,
  today: Side,
  changed: Side,
): { runs: Run[]; today: number[]; changed: number[]; leftOut: RuleName[] } {
  const before = detectionSettings(start.today)
  const after = detectionSettings(start.changed)
  const differing = changedRules(before, after)
  const acting = actingRules(before)
  const same = RULES.filter((rule) => !differing.has(rule))
  const run = new Set(same.filter((rule) => start.allRules || acting.has(rule)))
  const runs: Run[] = []
  if (run.size > 0) runs.push({ settings: onlyRules(before, run), sides: [today, changed] })
  if (differing.size > 0) {
    runs.push({ settings: onlyRules(before, differing), sides: [today] })
    runs.push({ settings: onlyRules(after, differing), sides: [changed] })
  }
  const indexes = (side: Side): number[] => runs.flatMap(({ sides }, i) => (sides.includes(side) ? [i] : []))
  const on = rulesBy(before, (mode) => mode !== 'off')
  const leftOut = same.filter((rule) => on.has(rule) && !run.has(rule))
  return { runs, today: indexes(today), changed: indexes(changed), leftOut }
}

function changesOf(today: Settings, changed: Settings): BacktestResult['changes'] {
  return SETTING_KEYS.filter((key) => !SECRET_KEYS.includes(key)).flatMap((key) => {
    const before = JSON.stringify(today[key])
    const after = JSON.stringify(changed[key])
    return before === after ? [] : [{ key, today: before, changed: after }]
  })
}
