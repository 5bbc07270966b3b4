/**
 * A backtest as it runs: the rows of its answer one after the other. One runs at a time in the service, so a question that
 * meets another waits for it a little. Aborting ends the work there too.
 */
import type { BacktestRow } from '../../../src/api/backtest-contract.ts'
import { ApiError, type Input, streamRows } from './api.ts'

export type { BacktestRow } from '../../../src/api/backtest-contract.ts'

const TRIES = 12
const WAIT_MS = 500

export async function* runBacktest(
  question: Input<'backtest'>,
  signal: AbortSignal,
  onWait: () => void,
): AsyncGenerator<BacktestRow, void, undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      yield* streamRows('backtest', question, signal)
      return
    } catch (error) {
      const isBusy = error instanceof ApiError && /running already/.test(error.message)
      if (!isBusy || attempt === TRIES || signal.aborted) throw error
      onWait()
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
    }
  }
}
