/** The state of one backtest on the page: asked, running, told. A new question ends the one before it. */
import { useEffect, useRef, useState } from 'react'
import { type BacktestRow, runBacktest } from '../../data/backtest.ts'
import type { Input } from '../../data/api.ts'

export type SourceRow = Extract<BacktestRow, { kind: 'source' }>
export type SummaryRow = Extract<BacktestRow, { kind: 'summary' }>
export type ProgressRow = Extract<BacktestRow, { kind: 'progress' }>

export interface BacktestState {
  readonly phase: 'idle' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly isWaiting: boolean
  readonly progress: ProgressRow | null
  /** The first ones of each group; the summary has the numbers. */
  readonly sources: readonly SourceRow[]
  readonly summary: SummaryRow | null
  readonly error: Error | null
}

/** Rows of sources that are kept for the screen; a person does not read more. */
const MOST_SOURCES = 3000
const IDLE: BacktestState = {
  phase: 'idle',
  isWaiting: false,
  progress: null,
  sources: [],
  summary: null,
  error: null,
}

export interface Backtest {
  readonly state: BacktestState
  readonly run: (question: Input<'backtest'>) => void
  readonly cancel: () => void
  readonly reset: () => void
}

export function useBacktest(): Backtest {
  const [state, setState] = useState(IDLE)
  const running = useRef<AbortController | null>(null)
  const end = () => running.current?.abort()
  useEffect(() => () => running.current?.abort(), [])
  const run = async (question: Input<'backtest'>) => {
    end()
    const controller = new AbortController()
    running.current = controller
    const { signal } = controller
    const show = (change: Partial<BacktestState>) => {
      if (!signal.aborted) setState((before) => ({ ...before, ...change }))
    }
    setState((before) => ({ ...IDLE, phase: 'running', summary: before.summary, sources: before.sources }))
    const sources: SourceRow[] = []
    try {
      for await (const row of runBacktest(question, signal, () => show({ isWaiting: true }))) {
        if (row.kind === 'progress') show({ progress: row, isWaiting: false })
        else if (row.kind === 'summary') show({ phase: 'done', summary: row, sources })
        else if (sources.length < MOST_SOURCES) sources.push(row)
      }
    } catch (error) {
      show({ phase: 'failed', error: error as Error, summary: null, sources: [] })
    }
  }
  return {
    state,
    run: (question) => void run(question),
    cancel: () => {
      end()
      setState({ ...IDLE, phase: 'cancelled' })
    },
    reset: () => {
      end()
      setState(IDLE)
    },
  }
}
