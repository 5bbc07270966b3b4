/**
 * Log lines that came to the HTTPS server by POST, on their way into batches. The server runs in another thread and
 * hands over one request at a time; a request is taken whole or not at all, so that a client which is told "full" may
 * send the same again without doubling a line.
 */
import { BATCH_BYTES, BATCH_MESSAGES, MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'
import { BatchWriter, newSender } from './batch-writer.ts'
import type { Finding, InputContext } from './context.ts'

/** Lines of one request: message `i` is `bytes[start[i], end[i])`. */
export interface PostedLines {
  /** The peer's address. */
  readonly sender: string
  readonly bytes: Uint8Array
  readonly start: Uint32Array
  readonly end: Uint32Array
}

/** `full`: not enough free batches, nothing was taken. */
export type PostOutcome = 'taken' | 'full' | 'stopped'

export interface HttpStatus {
  readonly received: number
  readonly receivedBytes: number
  readonly truncated: number
  readonly requests: number
  /** Requests sent back because the pipeline was full, and the lines in them. */
  readonly requestsRefused: number
  readonly linesRefused: number
}

/** Batches left for UDP, which cannot wait. */
const KEEP_FREE = 2

export class HttpInput {
  readonly #context: InputContext
  readonly #writer: BatchWriter
  #isOpen = false
  #received = 0
  #receivedBytes = 0
  #truncated = 0
  #requests = 0
  #requestsRefused = 0
  #linesRefused = 0

  constructor(context: InputContext) {
    this.#context = context
    this.#writer = new BatchWriter(context, 'http', KEEP_FREE)
  }

  start(): Promise<void> {
    this.#isOpen = true
    return Promise.resolve()
  }

  /** Delivers what is held; takes nothing more. */
  stop(): Promise<void> {
    this.#isOpen = false
    this.#writer.flush()
    return Promise.resolve()
  }

  /** Copies all lines into batches, or none. A line over 64 KiB is cut and flagged. */
  take({ sender: name, bytes, start, end }: PostedLines): PostOutcome {
    if (!this.#isOpen) return 'stopped'
    const count = start.length
    if (this.#context.pool.freeCount - KEEP_FREE < batchesFor(start, end)) {
      this.#requestsRefused++
      this.#linesRefused += count
      return 'full'
    }
    const sender = newSender(name)
    for (let i = 0; i < count; i++) {
      const from = start[i] as number
      const whole = end[i] as number
      const to = Math.min(whole, from + MESSAGE_LIMIT_BYTES)
      if (!this.#writer.add(bytes, from, to, sender, to < whole))
        throw new Error('BUG: the batches counted as free were not')
      if (to < whole) this.#truncated++
      this.#receivedBytes += to - from
    }
    this.#received += count
    this.#requests++
    return 'taken'
  }

  status(): HttpStatus {
    return {
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      truncated: this.#truncated,
      requests: this.#requests,
      requestsRefused: this.#requestsRefused,
      linesRefused: this.#linesRefused,
    }
  }

  findings(): Finding[] {
    return []
  }
}

/** Batches that the lines fill when they begin a new one: never fewer than they will take. */
function batchesFor(start: Uint32Array, end: Uint32Array): number {
  let batches = 1
  let messages = 0
  let bytes = 0
  for (let i = 0; i < start.length; i++) {
    const size = Math.min((end[i] as number) - (start[i] as number), MESSAGE_LIMIT_BYTES)
    if (messages === BATCH_MESSAGES || bytes + size > BATCH_BYTES) {
      batches++
      messages = 0
      bytes = 0
    }
    messages++
    bytes += size
  }
  return batches
}
