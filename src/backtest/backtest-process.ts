/**
 * The backtest process: reads stored records through the rules under two settings and tells its parent how far it is
 * and what came of it. A process of its own at low priority, so that the service's lines, list and pages come first
 * and its memory ends with it. Started by backtest.ts, one per backtest; ends with its parent.
 */
import { randomUUID } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { AppError, type ErrorCode, messageOf } from '../lib/errors.ts'
import { LogStore } from '../store/logs/log-store.ts'
import { StoreError } from '../store/logs/store-error.ts'
import type { BacktestStart, FromBacktest } from './messages.ts'
import { runBacktest } from './run-backtest.ts'

const tell = (message: FromBacktest): void => void process.send?.(message)

/** Until it is on its way: to disconnect before drops what does not fit the pipe at once. */
const tellLast = (message: FromBacktest): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

async function main(start: BacktestStart): Promise<void> {
  const store = new LogStore(start.logs)
  try {
    await tellLast(
      await runBacktest(start, {
        store,
        name: `backtest-${randomUUID()}`,
        tell,
        signal: new AbortController().signal,
      }),
    )
  } catch (error) {
    await tellLast({ kind: 'error', code: codeOf(error), message: messageOf(error) })
  } finally {
    await store.close()
    process.disconnect()
  }
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof AppError) return error.code
  return error instanceof StoreError ? 'store-unavailable' : 'failed'
}

// Without its parent nobody wants the answer.
process.on('disconnect', () => process.exit(0))
// A terminal's Ctrl-C reaches every process of its group; the parent decides.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
try {
  setPriority(constants.priority.PRIORITY_LOW)
} catch {
  // Not allowed here (a container's rule): then it runs as everybody does.
}
process.once('message', (start: BacktestStart) => void main(start))
