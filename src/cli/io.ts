/**
 * What a command has of the world: its streams, environment, clock and user. Tests pass their own. Output waits while
 * the reader is slow, and a reader that goes away (`| head`) ends the command without a word, as other tools do.
 */
import { once } from 'node:events'
import { userInfo } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '../lib/clock.ts'
import { systemCodeOf } from '../lib/errors.ts'
import { safeText } from './safe-text.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface CliIo {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** A person can be asked: stdin and stderr are terminals. */
  readonly isInteractive: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly clock: Clock
  /** IANA name, for times without a zone, read and printed. */
  readonly timeZone: string
  /** Name for the audit log: the operating-system user; with sudo the one who typed it. */
  readonly user: string
  /** Calls back for each signal until the returned function is called. */
  onSignal(handler: (signal: StopSignal) => void): () => void
}

/** The process as a command sees it. `environment` is `process.env`, passed in by main. */
export function ioOfProcess(environment: Readonly<Record<string, string | undefined>>): CliIo {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    environment,
    workingDirectory: process.cwd(),
    clock: systemClock,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    user: userName(environment),
    onSignal: (handler) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
      for (const signal of signals) process.on(signal, handler)
      return () => {
        for (const signal of signals) process.off(signal, handler)
      }
    },
  }
}

function userName(environment: Readonly<Record<string, string | undefined>>): string {
  const sudoUser = environment['SUDO_USER']
  const name = operatingSystemUser()
  return sudoUser !== undefined && sudoUser !== '' && sudoUser !== name ? `${sudoUser} (as ${name})` : name
}

function operatingSystemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}` // a user id without an entry in passwd, as in some containers
  }
}

/** The reader of our output has gone. Not an error: the command stops and exits 0. */
export class ReaderGone extends Error {}

/** Lines to a stream. Await what it returns, or output piles up in memory. */
export class LineOutput {
  readonly #stream: Writable
  #pending = ''
  #error: Error | null = null

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', this.#fail)
  }

  readonly #fail = (error: Error): void => {
    this.#error ??= systemCodeOf(error) === 'EPIPE' ? new ReaderGone() : error
  }

  /** Adds a line; writes when 64 KiB are gathered. */
  line(text: string): Promise<void> | undefined {
    this.#pending += `${text}\n`
    return this.#pending.length < 65_536 ? undefined : this.flush()
  }

  /** Writes what is gathered and waits until the stream takes more. Throws ReaderGone, or the stream's error. */
  async flush(): Promise<void> {
    if (this.#error !== null) throw this.#error
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    if (!this.#stream.write(text)) await this.#drained()
    if (this.#error !== null) throw this.#error
  }

  async #drained(): Promise<void> {
    const ending = new AbortController()
    const { signal } = ending
    try {
      await Promise.race([once(this.#stream, 'drain', { signal }), once(this.#stream, 'close', { signal })])
    } catch (error) {
      if (error instanceof Error) this.#fail(error) // `once` rejects on 'error'
    } finally {
      ending.abort()
    }
    if (this.#stream.destroyed) this.#error ??= new ReaderGone()
  }

  /** Flushes and lets go of the stream. */
  async end(): Promise<void> {
    await this.flush()
    // Errors of a pipe come after the write: give a closed reader its turn to be noticed.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#error !== null) throw this.#error
  }
}

/** One line on stderr. */
export function sayError(io: CliIo, text: string): void {
  io.stderr.write(`${safeText(text)}\n`)
}
