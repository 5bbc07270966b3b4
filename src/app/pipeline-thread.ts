/**
 * The pipeline thread seen from main: starts it, hears what it found, tells it what changed, and starts it again when
 * it dies, so that a bug in a parser costs two seconds of lines and not the night. The blocked set is mirrored here,
 * so that a new thread begins with the present one.
 */
import { Worker } from 'node:worker_threads'
import type { Settings } from '../config/schema.ts'
import type { PostedLines } from '../input/http.ts'
import type { Network } from '../lib/address.ts'
import { AppError, type ErrorCode, messageOf } from '../lib/errors.ts'
import type { Detection } from '../model/detection.ts'
import type {
  FromPipeline,
  InputStatus,
  Inspection,
  PipelineStart,
  PipelineStatus,
  SeenMessage,
  TlsMaterial,
  ToPipeline,
} from '../pipeline-messages.ts'
import type { LiveListeners, LiveRecords } from '../query/live-sampler.ts'
import type { StoreEvent } from '../store/logs/segment-spool.ts'

export interface PipelineThreadOptions {
  readonly dataFolder: string
  readonly seed: number
  /** When windows were reset last; null never. */
  readonly resetAtMs: number | null
  readonly onFound: (
    detections: readonly Detection[],
    seen: readonly SeenMessage[],
    isRestored: boolean,
  ) => void
  readonly onEvent: (event: { code: string; part: string; message: string; count: number }) => void
  readonly onStoreEvent: (event: StoreEvent) => void
  /** Null error: it runs again. */
  readonly onDeath: (error: Error | null) => void
}

/** What became of posted lines; `away`: the thread does not run, nothing was taken. */
export type PostAnswer = 'taken' | 'full' | 'away'

/** Back-off between restarts; a second one soon after the first waits longer. */
const RESTART_MS = [500, 1000, 2000, 5000, 10_000, 30_000]
/** A thread that lived so long starts the back-off anew. */
const HEALTHY_MS = 60_000
/** Longest wait for the last lines to become durable at a stop. */
const STOP_MS = 8000
/** Longest wait for what detection counts: a table of millions of keys takes a tenth of a second. */
const INSPECT_LIMIT_MS = 3000

export class PipelineThread {
  readonly #options: PipelineThreadOptions
  readonly #blocked = new Set<string>()
  #settings: Settings
  #tls: TlsMaterial
  #worker: Worker | null = null
  #status: PipelineStatus | null = null
  #inputs: readonly InputStatus[] = []
  #isStopping = false
  #isReady = false
  #resetAtMs: number | null
  #restarts = 0
  #inARow = 0
  #restartTimer: NodeJS.Timeout | null = null
  /** Requests with lines that the thread has not answered yet. */
  readonly #posted = new Map<number, (answer: PostAnswer) => void>()
  readonly #inspected = new Map<number, (inspection: Inspection | null) => void>()
  #requests = 0
  #live: LiveListeners = { listeners: [], blocked: [] }
  /** Told of records that somebody watches. */
  onLive: (found: LiveRecords) => void = () => {}

  constructor(options: PipelineThreadOptions, settings: Settings, tls: TlsMaterial) {
    this.#options = options
    this.#settings = settings
    this.#resetAtMs = options.resetAtMs
    this.#tls = { cert: tls.cert, key: tls.key }
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get restarts(): number {
    return this.#restarts
  }

  /** The last report, at most about a second old; null before the first. */
  get status(): PipelineStatus | null {
    return this.#status
  }

  /** Inputs as bound at start: real addresses when port 0 was asked for. */
  get inputs(): readonly InputStatus[] {
    return this.#status?.inputs ?? this.#inputs
  }

  /** Resolves when every input listens; rejects with the AppError of the one that cannot. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#spawn(resolve, reject)
    })
  }

  changeBlocked(added: readonly string[], removed: readonly string[]): void {
    for (const target of removed) this.#blocked.delete(target)
    for (const target of added) this.#blocked.add(target)
    this.#tell({ kind: 'blocked', added, removed })
  }

  changeSettings(settings: Settings): void {
    this.#settings = settings
    this.#tell({ kind: 'settings', settings })
  }

  changeCertificate({ cert, key }: TlsMaterial): void {
    const tls = { cert, key }
    this.#tls = tls
    this.#tell({ kind: 'certificate', tls })
  }

  /** Hands lines over with their memory, and says whether the thread took them. */
  postLines(lines: PostedLines): Promise<PostAnswer> {
    const worker = this.#worker
    if (worker === null || !this.#isReady || this.#isStopping) return Promise.resolve('away')
    return new Promise((resolve) => {
      const request = ++this.#requests
      this.#posted.set(request, resolve)
      const message: ToPipeline = { kind: 'lines', request, lines }
      const memory = [lines.bytes.buffer, lines.start.buffer, lines.end.buffer] as ArrayBuffer[]
      worker.postMessage(message, memory)
    })
  }

  /** What detection counts now for sources within a network; null when the thread is away or busy for too long. */
  inspect(source: Network): Promise<Inspection | null> {
    if (this.#worker === null || !this.#isReady || this.#isStopping) return Promise.resolve(null)
    return new Promise((resolve) => {
      const request = ++this.#requests
      const timer = setTimeout(() => this.#inspected.get(request)?.(null), INSPECT_LIMIT_MS)
      this.#inspected.set(request, (inspection) => {
        clearTimeout(timer)
        this.#inspected.delete(request)
        resolve(inspection)
      })
      this.#tell({ kind: 'inspect', request, source })
    })
  }

  /** Who watches records from now on. */
  listen(live: LiveListeners): void {
    this.#live = live
    this.#tell({ kind: 'listen', live })
  }

  /** What came before `atMs` counts no more, also after a restart of the thread. */
  resetWindows(atMs: number): void {
    this.#resetAtMs = atMs
    this.#tell({ kind: 'reset', atMs })
  }

  /** Takes in nothing more and resolves when every line is durable, or after STOP_MS. */
  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer)
    const worker = this.#worker
    if (worker === null) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    this.#tell({ kind: 'stop' })
    const timer = setTimeout(() => void worker.terminate(), STOP_MS)
    await ended
    clearTimeout(timer)
  }

  #tell(message: ToPipeline): void {
    this.#worker?.postMessage(message)
  }

  #spawn(resolve: () => void, reject: (error: Error) => void): void {
    const workerData: PipelineStart = {
      settings: this.#settings,
      dataFolder: this.#options.dataFolder,
      seed: this.#options.seed,
      tls: this.#tls,
      blocked: [...this.#blocked],
      resetAtMs: this.#resetAtMs,
    }
    const worker = new Worker(new URL('../pipeline-worker.ts', import.meta.url), { workerData })
    const bornAtMs = performance.now()
    let failure: Error | null = null
    this.#worker = worker
    worker.on('message', (message: FromPipeline) => {
      if (message.kind === 'ready') {
        this.#isReady = true
        this.#inputs = message.inputs
        if (this.#live.listeners.length > 0) this.#tell({ kind: 'listen', live: this.#live })
        resolve()
      } else if (message.kind === 'failed') {
        failure = new AppError(message.code as ErrorCode, message.message)
      } else this.#hear(message)
    })
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(messageOf(error))
    })
    worker.on('exit', () => {
      this.#worker = null
      for (const answer of this.#posted.values()) answer('away')
      this.#posted.clear()
      for (const answer of this.#inspected.values()) answer(null)
      const wasReady = this.#isReady
      this.#isReady = false
      if (this.#isStopping) {
        reject(new AppError('failed', 'the pipeline was stopped while it started'))
        return
      }
      const error = failure ?? new AppError('failed', 'the pipeline thread ended without a reason')
      // A thread that never became ready failed for a reason that a restart does not mend: a port taken, a bad file.
      if (!wasReady && this.#restarts === 0) {
        reject(error)
        return
      }
      this.#options.onDeath(error)
      this.#restartLater(performance.now() - bornAtMs)
    })
  }

  #restartLater(livedMs: number): void {
    this.#inARow = livedMs > HEALTHY_MS ? 0 : this.#inARow + 1
    const waitMs = RESTART_MS[Math.min(this.#inARow, RESTART_MS.length - 1)] ?? 0
    this.#restarts++
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = null
      this.#spawn(
        () => this.#options.onDeath(null),
        () => {}, // its exit is reported and retried like any other death
      )
    }, waitMs)
  }

  #hear(message: Exclude<FromPipeline, { kind: 'ready' | 'failed' }>): void {
    switch (message.kind) {
      case 'found':
        this.#options.onFound(message.detections, message.seen, message.isRestored)
        break
      case 'status':
        this.#status = message.status
        break
      case 'event':
        this.#options.onEvent(message)
        break
      case 'store':
        this.#options.onStoreEvent(message.event)
        break
      case 'lines-taken':
        this.#posted.get(message.request)?.(message.outcome === 'stopped' ? 'away' : message.outcome)
        this.#posted.delete(message.request)
        break
      case 'inspected':
        this.#inspected.get(message.request)?.(message.inspection)
        break
      case 'live':
        this.onLive(message.found)
        break
      case 'stopped':
        break
    }
  }
}
