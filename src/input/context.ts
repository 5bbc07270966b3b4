/**
 * What every input is given and what it tells: where batches come from and go to, the clock, the events it reports
 * and the findings that an operator should mend. Inputs know nothing of log files or metrics; `report` carries
 * one typed event per happening, and repeated ones are thinned out here so that a flood cannot flood the log too.
 */
import type { Clock } from '../lib/clock.ts'
import type { BatchPool } from './pool.ts'
import type { BatchQueue } from './queue.ts'

export interface InputContext {
  /** Empty batches; every input takes from here and nowhere else. */
  readonly pool: BatchPool
  /** Filled batches, for the pipeline. */
  readonly queue: BatchQueue
  readonly clock: Clock
  report(event: InputEvent): void
}

export type InputEventKind =
  | 'kernel-drops'
  | 'messages-shed'
  | 'connection-refused'
  | 'connection-failed'
  | 'framing-error'
  | 'tls-handshake-failed'
  | 'tls-client-refused'
  | 'socket-failed'
  | 'file-found'
  | 'file-rotated'
  | 'file-truncated'
  | 'file-emptied'
  | 'file-refused'
  | 'file-failed'
  | 'file-rest-read'

export interface InputEvent {
  readonly kind: InputEventKind
  /** Which input, for people: `udp 0.0.0.0:5514`, `files`. */
  readonly input: string
  /** One line: what happened and what it means. */
  readonly message: string
  /** How many times it happened since it was last reported. */
  readonly count: number
}

/** Something an operator should mend, shown at start and by `doctor`. */
export interface Finding {
  readonly code: string
  readonly message: string
  /** What to do, as a command where there is one. */
  readonly mend: string
}

/** At most one event per kind and subject in this time; the next one says how many were held back. */
const QUIET_MS = 60_000
/** Subjects remembered; hostile peers must not grow the table. */
const SUBJECTS_LIMIT = 1000

/** Reports events at most once a minute per kind and subject (a peer, a file), and counts the ones between. */
export class RareReporter {
  readonly #context: InputContext
  readonly #last = new Map<string, { atMs: number; held: number }>()

  constructor(context: InputContext) {
    this.#context = context
  }

  report(kind: InputEventKind, input: string, subject: string, message: string, count = 1): void {
    const key = `${kind} ${subject}`
    const nowMs = this.#context.clock.monotonicMs()
    const last = this.#last.get(key)
    if (last !== undefined && nowMs - last.atMs < QUIET_MS) {
      last.held += count
      return
    }
    if (last === undefined && this.#last.size >= SUBJECTS_LIMIT) {
      const oldest = this.#last.keys().next()
      if (!oldest.done) this.#last.delete(oldest.value)
    }
    this.#last.set(key, { atMs: nowMs, held: 0 })
    this.#context.report({ kind, input, message, count: count + (last?.held ?? 0) })
  }
}
