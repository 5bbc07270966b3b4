/**
 * Records as they come, over server-sent events. What is shown is bounded: MOST_SHOWN rows, and when more come than can be
 * read, an even sample of them, with the number of those left out. While paused new ones wait, up to MOST_WAITING; of more
 * the oldest are counted as left out. Nothing is dropped without being counted.
 */
import { API_PREFIX } from '../../../src/api/http/http-routes.ts'
import type { Reply } from './api.ts'
import type { LogRow } from './records.ts'

type LiveEvent = Reply<'tailRecords'>

export const MOST_SHOWN = 2000
const MOST_WAITING = 2000
/** Rows come into view so often, at most so many at once. */
const FLUSH_MS = 250
const MOST_PER_FLUSH = 50
/** Over how long "1 of 8" is told. */
const RATIO_MS = 10_000
const RETRY_MS = 3000

export interface LiveState {
  readonly phase: 'connecting' | 'open' | 'failed'
  readonly problem: string | null
  /** Newest first. */
  readonly rows: readonly LogRow[]
  /** Wait while paused. */
  readonly waiting: number
  /** Since the start: shown or waiting, and matching ones that were left out. */
  readonly taken: number
  readonly leftOut: number
  /** Records that the service could not even look at. */
  readonly unseen: number
  /** Of so many matching ones one is shown, over the last seconds. */
  readonly oneOf: number
}

const NOTHING: LiveState = {
  phase: 'connecting',
  problem: null,
  rows: [],
  waiting: 0,
  taken: 0,
  leftOut: 0,
  unseen: 0,
  oneOf: 1,
}

export class LiveTail {
  readonly #filter: string
  readonly #onBlocks: () => void
  readonly #listeners = new Set<() => void>()
  #source: EventSource | null = null
  #timer: number | null = null
  #retry: number | null = null
  #state = NOTHING
  #isPaused = false
  #number = 0
  /** Came since the last flush. */
  #fresh: LogRow[] = []
  #waiting: LogRow[] = []
  #recent: { readonly atMs: number; readonly taken: number; readonly missed: number }[] = []
  #missed = 0
  #unseen = 0

  /** `onBlocks`: the list has changed. */
  constructor(filter: string, onBlocks: () => void) {
    this.#filter = filter
    this.#onBlocks = onBlocks
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): LiveState => this.#state

  open(): void {
    this.#connect()
    this.#timer = window.setInterval(() => this.#flush(), FLUSH_MS)
  }

  close(): void {
    this.#source?.close()
    if (this.#timer !== null) window.clearInterval(this.#timer)
    if (this.#retry !== null) window.clearTimeout(this.#retry)
    this.#listeners.clear()
  }

  /** Paused, new rows wait, so that what is being read stays where it is. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return
    this.#isPaused = isPaused
    if (!isPaused) this.#flush()
  }

  #connect(): void {
    const url = `${API_PREFIX}/live?${new URLSearchParams({ filter: this.#filter })}`
    const source = new EventSource(url)
    this.#source = source
    source.addEventListener('open', () => this.#tell({ phase: 'open', problem: null }))
    // A connection that ends is taken up again by the browser, behind the last event; a refusal is not.
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) {
        this.#tell({ phase: 'connecting' })
        return
      }
      void this.#explainRefusal(url)
      this.#retry = window.setTimeout(() => this.#connect(), RETRY_MS)
    })
    const on = (kind: LiveEvent['kind'], take: (event: LiveEvent) => void): void =>
      source.addEventListener(kind, (message: MessageEvent<string>) =>
        take({ ...(JSON.parse(message.data) as LiveEvent), kind } as LiveEvent),
      )
    on('record', (event) => {
      if (event.kind === 'record') this.#take(event.record)
    })
    on('missed', (event) => {
      if (event.kind !== 'missed') return
      this.#missed += event.records
      this.#unseen += event.unseen
    })
    on('blocks', () => this.#onBlocks())
  }

  /** An event source does not tell why it was refused. */
  async #explainRefusal(url: string): Promise<void> {
    const ending = new AbortController()
    try {
      const response = await fetch(url, { signal: ending.signal })
      const answer = response.ok ? null : ((await response.json()) as { detail?: string } | null)
      this.#tell({ phase: response.ok ? 'connecting' : 'failed', problem: answer?.detail ?? null })
    } catch {
      this.#tell({ phase: 'connecting' }) // the service is away: it is tried again
    } finally {
      ending.abort()
    }
  }

  #take(record: LogRow): void {
    this.#fresh.push({ ...record, id: `live-${++this.#number}` })
    if (this.#fresh.length > MOST_WAITING) {
      this.#fresh.shift()
      this.#missed++
    }
  }

  #flush(): void {
    const nowMs = performance.now()
    const came = this.#fresh
    this.#fresh = []
    const kept = sampled(came, MOST_PER_FLUSH)
    const missed = this.#missed + came.length - kept.length
    const unseen = this.#unseen
    this.#missed = 0
    this.#unseen = 0
    this.#recent = [...this.#recent, { atMs: nowMs, taken: kept.length, missed }].filter(
      ({ atMs }) => atMs > nowMs - RATIO_MS,
    )
    const before = this.#waiting.length
    this.#waiting.push(...kept)
    const overflow = Math.max(0, this.#waiting.length - MOST_WAITING)
    this.#waiting.splice(0, overflow)
    const shown = this.#isPaused ? [] : this.#waiting.reverse()
    if (!this.#isPaused) this.#waiting = []
    const oneOf = ratioOf(this.#recent)
    if (kept.length === 0 && missed === 0 && unseen === 0 && before === 0 && oneOf === this.#state.oneOf)
      return
    this.#tell({
      ...(shown.length === 0 ? {} : { rows: [...shown, ...this.#state.rows].slice(0, MOST_SHOWN) }),
      waiting: this.#waiting.length,
      taken: this.#state.taken + kept.length - overflow,
      leftOut: this.#state.leftOut + missed + overflow,
      unseen: this.#state.unseen + unseen,
      oneOf,
    })
  }

  #tell(changes: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...changes }
    for (const listener of this.#listeners) listener()
  }
}

/** At most so many, spread evenly. */
function sampled<Row>(rows: readonly Row[], most: number): Row[] {
  if (rows.length <= most) return [...rows]
  return Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)] as Row)
}

function ratioOf(recent: readonly { readonly taken: number; readonly missed: number }[]): number {
  const taken = recent.reduce((sum, one) => sum + one.taken, 0)
  const missed = recent.reduce((sum, one) => sum + one.missed, 0)
  return taken === 0 ? 1 : Math.max(1, Math.round((taken + missed) / taken))
}
