/** A world for tests of commands: streams in memory, a clock that stands still, signals by hand. */
import { PassThrough, Readable, Writable } from 'node:stream'
import { ManualClock } from '../lib/clock.ts'
import type { CliIo, StopSignal } from './io.ts'
import { runCommandLine } from './program.ts'
import type { StartApp } from './run.ts'

export const NOW = Date.UTC(2026, 10, 22, 8, 30)

export interface TestWorld {
  readonly io: CliIo
  readonly clock: ManualClock
  /** What was printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly signal: (signal: StopSignal) => void
  readonly run: (...argv: string[]) => Promise<number>
}

export interface WorldOptions {
  readonly workingDirectory?: string
  readonly stdin?: string | Buffer | Readable
  readonly stdout?: Writable
  readonly isInteractive?: boolean
  readonly environment?: Record<string, string>
  readonly startApp?: StartApp
}

class Collector extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

export function testWorld(options: WorldOptions = {}): TestWorld {
  const stdout = new Collector()
  const stderr = new Collector()
  const clock = new ManualClock(NOW)
  const handlers = new Set<(signal: StopSignal) => void>()
  const io: CliIo = {
    stdin: options.stdin instanceof Readable ? options.stdin : new PassThrough().end(options.stdin ?? ''),
    stdout: options.stdout ?? stdout,
    stderr,
    isInteractive: options.isInteractive ?? false,
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? '/nonexistent',
    clock,
    timeZone: 'UTC',
    user: 'ann',
    onSignal: (handler) => {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
  }
  const startApp: StartApp =
    options.startApp ?? (() => Promise.reject(new Error('this test starts no service')))
  return {
    io,
    clock,
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    signal: (signal) => handlers.forEach((handler) => handler(signal)),
    run: (...argv) => runCommandLine(argv, io, { version: '1.2.3', startApp }),
  }
}
