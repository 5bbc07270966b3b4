/**
 * Keeps the log store process alive: starts it, restarts it with back-off whenever it ends, counts that, and tells how
 * it stands. A crash, a heavy query or a memory limit there touches nothing here; segments wait on disk meanwhile.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { ProcessOptions } from './log-store-process.ts'

export interface EmbeddedOptions {
  /** The data folder. */
  readonly folder: string
  /** Memory the engine may take, in bytes. */
  readonly memoryBytes: number
  readonly clock: Clock
  /** Told of every end that was not asked for, and of what the process writes to its standard error. */
  readonly report: (event: EmbeddedEvent) => void
  readonly readConnections?: number
  /** Longest run of a read, in seconds, unless it asks for another. */
  readonly maxReadSeconds?: number
}

export type EmbeddedEvent =
  | { kind: 'log-store-ended'; reason: string; restarts: number; retryMs: number }
  | { kind: 'log-store-ready'; startMs: number; restarts: number }
  | { kind: 'log-store-said'; text: string }

export interface EmbeddedStatus {
  readonly state: 'stopped' | 'starting' | 'ready' | 'waiting'
  readonly restarts: number
  readonly pid: number | null
  /** How long the last start took, in ms; null until the first is done. */
  readonly startMs: number | null
  readonly lastEnd: string | null
}

/** Longest path that a Unix socket address holds on Linux. */
const SOCKET_PATH_LIMIT_BYTES = 107
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 10_000
/** A run as long as this was a good one: the next end starts from the shortest wait. */
const GOOD_RUN_MS = 60_000
const STOP_LIMIT_MS = 5000
/** Half the weight of the other processes, as Linux shares cores. */
const NICENESS = 3
/** Its heap holds 20 MiB at most; with V8's own bounds, which go by the machine's memory, it takes 35. */
const V8_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=50']
/**
 * The engine's allocator keeps freed memory for 5 s unless told otherwise, which is more than an insert leaves free between
 * two; (m) 0.2 s keeps 45 MiB less at 100,000 lines/s for the same CPU, 0 s another 20 for half as much CPU again. And it
 * is told not to be ready to profile itself.
 */
const ALLOCATOR_SETTINGS = 'prof:false,dirty_decay_ms:200'
/** Each statement that runs holds a thread of the pool: reads, insert, command, kill, and file work beside them. */
const POOL_THREADS = 16

/** The Unix socket of the log store in a data folder. */
export function socketPathOf(folder: string): string {
  return join(resolve(folder), 'log-store.sock')
}

export class EmbeddedLogStore {
  readonly socketPath: string
  readonly #options: EmbeddedOptions
  readonly #ready = Promise.withResolvers<void>()
  #child: ChildProcess | null = null
  #state: EmbeddedStatus['state'] = 'stopped'
  #restarts = 0
  #startedAtMs = 0
  #startMs: number | null = null
  #lastEnd: string | null = null
  #retryMs = RETRY_FIRST_MS
  #retryTimer: NodeJS.Timeout | null = null
  #isStopping = false

  constructor(options: EmbeddedOptions) {
    this.#options = options
    this.#ready.promise.catch(() => {}) // whoever awaits start() hears of it
    this.socketPath = socketPathOf(options.folder)
    const bytes = Buffer.byteLength(this.socketPath)
    if (bytes > SOCKET_PATH_LIMIT_BYTES)
      throw new AppError(
        'bad-configuration',
        `the path ${this.socketPath} has ${bytes} bytes and a socket's may have ${SOCKET_PATH_LIMIT_BYTES}: set data.dir to a shorter one`,
      )
  }

  /** Starts the process; resolves when it answers for the first time. About 0.3 s. */
  start(): Promise<void> {
    if (this.#state === 'stopped') this.#spawn()
    return this.#ready.promise
  }

  status(): EmbeddedStatus {
    return {
      state: this.#state,
      restarts: this.#restarts,
      pid: this.#child?.pid ?? null,
      startMs: this.#startMs,
      lastEnd: this.#lastEnd,
    }
  }

  #spawn(): void {
    const folder = resolve(this.#options.folder)
    const options: ProcessOptions = {
      engineFolder: join(folder, 'logs'),
      segmentsFolder: join(folder, 'segments'),
      socketPath: this.socketPath,
      memoryBytes: this.#options.memoryBytes,
      readConnections: this.#options.readConnections ?? 4,
      readThreads: availableParallelism(),
      maxReadSeconds: this.#options.maxReadSeconds ?? 60,
    }
    mkdirSync(options.engineFolder, { recursive: true, mode: 0o700 })
    this.#state = 'starting'
    this.#startedAtMs = this.#options.clock.monotonicMs()
    const entry = fileURLToPath(new URL('./log-store-process.ts', import.meta.url))
    const child = fork(entry, [JSON.stringify(options)], {
      env: {
        UV_THREADPOOL_SIZE: String(POOL_THREADS),
        TZ: 'UTC',
        JE_MALLOC_CONF: ALLOCATOR_SETTINGS,
      },
      execArgv: V8_FLAGS,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child = child
    giveWay(child)
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
      this.#options.report({ kind: 'log-store-said', text })
    })
    child.on('message', () => this.#onReady())
    child.on('error', (error) => this.#onEnd(child, error.message))
    child.on('exit', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? ''
      this.#onEnd(
        child,
        signal === null ? `exit code ${code}${last === '' ? '' : `: ${last}`}` : `signal ${signal}`,
      )
    })
  }

  #onReady(): void {
    this.#state = 'ready'
    this.#startMs = Math.round(this.#options.clock.monotonicMs() - this.#startedAtMs)
    this.#options.report({ kind: 'log-store-ready', startMs: this.#startMs, restarts: this.#restarts })
    this.#ready.resolve()
  }

  #onEnd(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return
    this.#child = null
    this.#lastEnd = reason
    if (this.#isStopping) {
      this.#state = 'stopped'
      return
    }
    if (this.#options.clock.monotonicMs() - this.#startedAtMs >= GOOD_RUN_MS) this.#retryMs = RETRY_FIRST_MS
    const retryMs = this.#retryMs
    this.#retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
    this.#restarts++
    this.#state = 'waiting'
    this.#options.report({ kind: 'log-store-ended', reason, restarts: this.#restarts, retryMs })
    this.#retryTimer = setTimeout(() => this.#spawn(), retryMs)
  }

  /** Asks the process to end after the insert in work; kills it after 5 s. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#ready.reject(new AppError('store-unavailable', 'the log store was stopped before it was ready'))
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    const child = this.#child
    this.#state = 'stopped'
    if (child === null) return
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    if (child.connected) child.send('stop')
    else child.kill('SIGKILL')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await ended
    clearTimeout(timer)
  }
}

/**
 * The way of the lines comes first: two searching threads beside it on two cores leave it one core, and segments wait.
 * Threads begin with the priority of the process, so it is set before there are any.
 */
function giveWay({ pid }: ChildProcess): void {
  if (pid === undefined) return // it could not be started, which its `error` tells
  try {
    setPriority(pid, NICENESS)
  } catch {
    // It has ended already, which its `exit` tells, or the machine does not allow it: then all share alike.
  }
}

/** How a client reaches the log store: a server by its URL, or without one the embedded engine of the data folder. */
export function logStoreOptions(folder: string, url: string): { url: string } | { socketPath: string } {
  return url === '' ? { socketPath: socketPathOf(folder) } : { url }
}
