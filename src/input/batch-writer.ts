/**
 * Gathers the messages of one network input into batches: takes a batch on the first message, delivers it when it is
 * full or at most 20 ms later. Many senders share a batch; each message carries the index of its sender.
 */
import type { RawBatch, Transport } from '../model/raw-batch.ts'
import type { InputContext } from './context.ts'

/** A batch waits at most this long for more messages: far below the 0.5 s from line to list, enough to fill at load. */
export const FLUSH_MS = 20

/** A sender as one writer knows it; `index` is valid in the batch with the number `batchNumber` only. */
export interface Sender {
  readonly name: string
  /** The name in its client certificate; empty without one. */
  readonly identity: string
  batchNumber: number
  index: number
}

/** A sender that no batch has seen yet. */
export function newSender(name: string, identity = ''): Sender {
  return { name, identity, batchNumber: -1, index: 0 }
}

export class BatchWriter {
  readonly #context: InputContext
  readonly #transport: Transport
  readonly #keepFree: number
  #batch: RawBatch | null = null
  #batchNumber = 0
  #timer: NodeJS.Timeout | undefined

  /** `keepFree`: batches left in the pool for inputs that cannot wait (see BatchPool). */
  constructor(context: InputContext, transport: Transport, keepFree: number) {
    this.#context = context
    this.#transport = transport
    this.#keepFree = keepFree
  }

  /** Copies `source[from, to)` in as one message; false when no batch is free (nothing was taken then). */
  add(source: Uint8Array, from: number, to: number, sender: Sender, wasTruncated: boolean): boolean {
    let batch = this.#batch
    if (batch !== null && !batch.hasRoom(to - from)) {
      this.flush()
      batch = null
    }
    if (batch === null) {
      batch = this.#open()
      if (batch === null) return false
    }
    if (sender.batchNumber !== this.#batchNumber) {
      sender.batchNumber = this.#batchNumber
      sender.index = batch.senders.push(sender.name) - 1
      batch.identities.push(sender.identity)
    }
    batch.add(source, from, to, sender.index, wasTruncated)
    return true
  }

  /** Delivers what is held, if anything. */
  flush(): void {
    clearTimeout(this.#timer)
    const batch = this.#batch
    if (batch === null) return
    this.#batch = null
    this.#context.queue.push(batch)
  }

  #open(): RawBatch | null {
    const batch = this.#context.pool.take(this.#keepFree)
    if (batch === null) return null
    this.#batch = batch
    this.#batchNumber++
    batch.transport = this.#transport
    batch.receivedAtMs = this.#context.clock.nowMs()
    this.#timer = setTimeout(() => this.flush(), FLUSH_MS)
    return batch
  }
}
