/**
 * A backtest as the service runs it: in a child process of low priority, told as a stream of progress that ends with the
 * result. Leaving the loop, or aborting, ends the process and with it its question to the log store.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AppError } from '../lib/errors.ts'
import type { BacktestStart, BacktestUpdate, FromBacktest } from './messages.ts'

/** Memory of its JavaScript objects; tables of numbers lie beside them. */
const HEAP_MEGABYTES = 1024
/** Young objects are few and large here (pieces of the log store's answer): fewer, longer collections cost less. */
const YOUNG_MEGABYTES = 64
const ERROR_TEXT_CHARACTERS = 2000

/**
 * Progress about four times a second, then the result, which is the last. Throws AppError: `usage` for a curve that
 * cannot be, `store-unavailable` when the log store does not answer, `failed` else. Ends without a result when aborted.
 */
export async function* backtest(
  start: BacktestStart,
  signal?: AbortSignal,
): AsyncGenerator<BacktestUpdate, void, undefined> {
  if (signal?.aborted === true) return
  const child = fork(fileURLToPath(new URL('./backtest-process.ts', import.meta.url)), [], {
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`, `--max-semi-space-size=${YOUNG_MEGABYTES}`],
    env: { TZ: 'UTC' },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const told: FromBacktest[] = []
  let isEnded = false
  let said = ''
  let changed = Promise.withResolvers<void>()
  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-ERROR_TEXT_CHARACTERS)
  })
  child.on('message', (message: FromBacktest) => {
    // Progress that nobody has read yet is replaced by newer one.
    if (message.kind === 'progress' && told.at(-1)?.kind === 'progress') told.pop()
    told.push(message)
    wake()
  })
  child.once('error', (error) => {
    said += error.message
  })
  child.once('close', () => {
    isEnded = true
    wake()
  })
  let isAborted = false
  const abort = (): void => {
    isAborted = true
    child.kill('SIGKILL')
  }
  signal?.addEventListener('abort', abort, { once: true })
  child.send(start)
  try {
    for (;;) {
      const waiting = changed.promise
      const message = told.shift()
      if (message === undefined) {
        if (isEnded) break
        await waiting
        continue
      }
      if (message.kind === 'error') throw new AppError(message.code, message.message)
      yield message
      if (message.kind === 'result') return
    }
    if (!isAborted)
      throw new AppError('failed', `the backtest process ended early: ${said.trim() || 'it said nothing'}`)
  } finally {
    signal?.removeEventListener('abort', abort)
    child.kill('SIGKILL')
  }
}
