/**
 * Backtests asked for over the control API: one at a time, over the settings in force, with the allowlist of now. What
 * the decider protects beside the settings (this machine, administrators) is asked at the end.
 */
import { availableParallelism } from 'node:os'
import type { BacktestRow } from '../api/backtest-contract.ts'
import { backtest } from '../backtest/backtest.ts'
import type { BacktestResult, ComparedSource, SourceOutcome } from '../backtest/messages.ts'
import { checkText } from '../config/coerce.ts'
import { SETTING_KEYS, type Settings } from '../config/schema.ts'
import { unknownSetting } from '../config/sources.ts'
import type { Decider } from '../decide/decider.ts'
import { formatAddress, formatNetwork, lastAddress, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { EVIDENCE_LINES } from '../model/detection.ts'
import { logStoreOptions } from '../store/logs/embedded.ts'
import type { Parts } from './parts.ts'

/** Nothing secret hangs on it: its tables live in a process of its own, for one question. */
const SEED = 1

export interface BacktestQuestion {
  readonly from: string
  readonly to: string
  readonly changes: Readonly<Record<string, string>>
  readonly allRules: boolean
  readonly curve?: { readonly key: string; readonly first: number; readonly last: number } | undefined
}

export class Backtests {
  readonly #parts: Parts
  #isRunning = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The rows of the answer. Leaving the loop ends the work. Throws AppError: `bad-configuration` for a setting that
   * does not fit, `usage` for a range or curve that cannot be, `failed` while another one runs.
   */
  async *rows(
    question: BacktestQuestion,
    today: Settings,
    decider: Decider,
    signal?: AbortSignal,
  ): AsyncGenerator<BacktestRow, void, undefined> {
    const changed = changedSettings(today, question.changes)
    const { fromMs, toMs } = rangeOf(question)
    const curve = question.curve ?? null
    if (curve !== null && curve.last < curve.first)
      throw new AppError('usage', 'the curve ends before it begins')
    if (this.#isRunning)
      throw new AppError('failed', 'a backtest is running already: wait for it, or end it first')
    this.#isRunning = true
    try {
      const start = {
        today,
        changed,
        fromMs,
        toMs,
        curve,
        allRules: question.allRules,
        allow: decider.allow.list().map(({ target, expiresAtMs }) => ({
          target: formatNetwork(target),
          untilMs: expiresAtMs,
        })),
        logs: logStoreOptions(this.#parts.dataFolder, today['logs.url']),
        storeThreads: Math.max(1, Math.floor(availableParallelism() / 2)),
        seed: SEED,
      }
      for await (const update of backtest(start, signal)) {
        if (update.kind === 'progress') yield update
        else yield* resultRows(update, decider)
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** Stored lines of a source in a range of event time, the oldest first; as many as a detection keeps. */
  async lines(source: string, from: string, to: string): Promise<string[]> {
    const network = parseNetwork(source)
    if (network === null) throw new AppError('usage', `${source} is no address or network`)
    const { logs } = this.#parts
    if (logs === null) throw new AppError('store-unavailable', 'the log store is not there yet')
    const records = await logs.client.records(
      `WHERE eventTime >= fromUnixTimestamp64Milli({from:Int64}) AND eventTime < fromUnixTimestamp64Milli({to:Int64})
         AND sourceAddress BETWEEN {first:IPv6} AND {last:IPv6}
       ORDER BY eventTime, segment, position LIMIT ${EVIDENCE_LINES}`,
      {
        from: Date.parse(from),
        to: Date.parse(to),
        first: formatAddress(network.words),
        last: formatAddress(lastAddress(network)),
      },
    )
    return records.map(({ raw }) => raw)
  }
}

function changedSettings(today: Settings, changes: Readonly<Record<string, string>>): Settings {
  const values: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(changes)) {
    const key = SETTING_KEYS.find((known) => known === name)
    if (key === undefined) throw new AppError('bad-configuration', unknownSetting(name, 'backtest'))
    const checked = checkText(key, text)
    if (!checked.ok)
      throw new AppError(
        'bad-configuration',
        `bad value ${JSON.stringify(text)} for ${key}: expected ${checked.expected}`,
      )
    values[key] = checked.value
  }
  return { ...today, ...values } as Settings
}

function rangeOf({ from, to }: BacktestQuestion): { fromMs: number; toMs: number } {
  const fromMs = Date.parse(from)
  const toMs = Date.parse(to)
  if (toMs <= fromMs) throw new AppError('usage', 'the range ends before it begins')
  return { fromMs, toMs }
}

const iso = (ms: number): string => new Date(ms).toISOString()

function* resultRows(result: BacktestResult, decider: Decider): Generator<BacktestRow, void, undefined> {
  const { kind: _, fromMs, toMs, sources, curve, ...rest } = result
  for (const source of sources) yield sourceRow(source, decider)
  yield {
    kind: 'summary',
    from: iso(fromMs),
    to: iso(toMs),
    ...rest,
    changes: [...rest.changes],
    leftOut: [...rest.leftOut],
    today: { ...rest.today, rules: [...rest.today.rules] },
    changed: { ...rest.changed, rules: [...rest.changed.rules] },
    curve: curve === null ? null : { key: curve.key, points: [...curve.points] },
    notes: [...rest.notes],
  }
}

function sourceRow(
  { source, group, today, changed, completedSessions }: ComparedSource,
  decider: Decider,
): BacktestRow {
  const network = parseNetwork(source)
  const refusal = network === null ? null : decider.refuse(network)
  const view = (outcome: SourceOutcome | null): SourceRow['today'] => {
    if (outcome === null) return null
    const { detectedAtMs, ...rest } = outcome
    const isRefused = refusal !== null && outcome.verdict !== 'none'
    return {
      ...rest,
      detectedAt: iso(detectedAtMs),
      ...(isRefused ? { verdict: 'refuse' as const, reason: refusal } : {}),
    }
  }
  return { kind: 'source', source, group, today: view(today), changed: view(changed), completedSessions }
}

type SourceRow = Extract<BacktestRow, { kind: 'source' }>
