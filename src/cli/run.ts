/**
 * `run`: starts the service and waits for a signal. The first Ctrl-C or SIGTERM stops cleanly within ten seconds, a
 * later one at once; SIGHUP reads the configuration again. The application itself comes in as `startApp`.
 */
import { type Configuration, type ConfigurationInput, loadConfiguration } from '../config/load.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import { type CliIo, sayError, type StopSignal } from './io.ts'
import { type ConfigurationOptions, configurationInput } from './options.ts'

export interface StartOptions {
  /** To read the configuration again: with the kept settings once the state is open, and on reload. */
  readonly input: ConfigurationInput
  /** Read without the kept settings. */
  readonly configuration: Configuration
  readonly demo: boolean
  /** Prints a line for the person who started it: progress, addresses, the setup code. */
  readonly announce: (line: string) => void
}

export interface RunningApp {
  /** Settles when the service ended without being told here: by `stop` of the control API, or rejects by a failure. */
  readonly ended: Promise<void>
  /** Flushes and closes everything. */
  stop(): Promise<void>
  /** Reads the configuration again; rejects with AppError `bad-configuration` and keeps the old one. */
  reload(): Promise<void>
}

export type StartApp = (options: StartOptions) => Promise<RunningApp>

export interface RunOptions extends ConfigurationOptions {
  readonly demo?: boolean
}

const STOP_LIMIT_MS = 10_000
/** Terminal, npm and launcher may each hand on the same Ctrl-C: within this time it is one. */
const SAME_SIGNAL_MS = 1500

export async function run(io: CliIo, options: RunOptions, startApp: StartApp): Promise<number> {
  // What the service makes is for its owner alone, the files of the embedded engine and of SQLite included.
  process.umask(0o077)
  const input = configurationInput(io, options)
  const configuration = loadConfiguration(input)
  const stopRequest = new StopRequest(io)
  try {
    const announce = (line: string): void => void io.stdout.write(`${line}\n`)
    const starting = startApp({ input, configuration, demo: options.demo ?? false, announce })
    const app = await Promise.race([starting, stopRequest.first])
    if (typeof app === 'string') {
      // Stopped while starting: let the start come to its end, then take it back.
      await withinLimit(starting.then((started) => started.stop()))
      return 0
    }
    stopRequest.onReload = () => {
      app.reload().catch((error: unknown) => sayError(io, `active-defense: ${messageOf(error)}`))
    }
    const reason = await Promise.race([app.ended, stopRequest.first])
    if (reason !== undefined) {
      announce(`${reason}: stopping ...`)
      await withinLimit(Promise.race([app.stop(), stopRequest.second]))
    }
    return 0
  } finally {
    stopRequest.end()
  }
}

async function withinLimit(stopping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const text =
      'stopping took longer than 10 s: given up; what was not yet durable is read or received again'
    timer = setTimeout(() => reject(new AppError('failed', text)), STOP_LIMIT_MS)
  })
  try {
    await Promise.race([stopping, limit])
  } finally {
    clearTimeout(timer)
  }
}

class StopRequest {
  /** The first signal that means stop. */
  readonly first: Promise<StopSignal>
  /** Rejects when a person insists. */
  readonly second: Promise<never>
  onReload: (() => void) | null = null
  readonly end: () => void

  constructor(io: CliIo) {
    const first = Promise.withResolvers<StopSignal>()
    const second = Promise.withResolvers<never>()
    second.promise.catch(() => undefined) // nobody may be listening when it comes
    this.first = first.promise
    this.second = second.promise
    let firstAtMs: number | null = null
    this.end = io.onSignal((signal) => {
      // A closed terminal also sends SIGHUP; a service without one is being told to reload.
      if (signal === 'SIGHUP' && !io.isInteractive) {
        this.onReload?.()
        return
      }
      const nowMs = io.clock.monotonicMs()
      if (firstAtMs === null) {
        firstAtMs = nowMs
        first.resolve(signal)
      } else if (nowMs - firstAtMs > SAME_SIGNAL_MS) {
        second.reject(new AppError('failed', 'stopped at once, without a clean end'))
      }
    })
  }
}
