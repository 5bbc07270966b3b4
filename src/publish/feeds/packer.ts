/**
 * Packs feeds without holding the main thread: entries are read in slices between which other work runs, the packing
 * itself is done in a worker thread, and so few entries that it costs less than a message are packed at once.
 *
 * Bounded: one packing at a time, a few wait, more are refused. A packing that takes too long or a thread that dies
 * ends that packing with an error and nothing else; the next one gets a new thread.
 */
import { Worker } from 'node:worker_threads'
import type { Network } from '../../lib/address.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { FeedEntry } from './feed-entry.ts'
import {
  type EntryColumns,
  type FeedRow,
  firstEntries,
  makeEntryColumns,
  rowAt,
  setEntry,
} from './feed-rows.ts'
import { networkColumnsOf } from './network-columns.ts'
import { type PackInput, type PackOptions, type PackResult, pack } from './pack.ts'
import type { FromPackWorker, ToPackWorker } from './pack-worker.ts'

/** Packed on the spot: about 2 ms. */
const INLINE_ENTRIES = 2000
/** Entries or rows handled between two turns of the event loop: 5 ms at most, (m) 2 µs a row. */
const SLICE = 2500
const MOST_WAITING = 32
/** A million entries take about a second. */
const LIMIT_MS = 60_000

export interface PackRequest {
  /** All active entries; not changed meanwhile. */
  readonly entries: readonly FeedEntry[]
  /** Which of them the feed takes (feed-filter.ts). */
  readonly matches: (entry: FeedEntry) => boolean
  /** Why an entry must not be published, or null; asked for each entry that matches. */
  readonly refuse: (target: Network) => string | null
  /** Allowlisted and protected networks, which no merged row may touch. */
  readonly never: readonly Network[]
  /** Peers with completed sessions, over which nothing is merged with collateral. */
  readonly spared: readonly Network[]
  readonly options: PackOptions
  readonly nowMs: number
}

export interface RefusedEntry {
  readonly entry: FeedEntry
  readonly reason: string
}

export interface PackOutcome {
  /** In the order of the list. */
  readonly rows: readonly FeedRow[]
  /** Indexes into `rows`: where each shard begins, and the end. */
  readonly shardStart: readonly number[]
  /** Entries that matched and were not refused. */
  readonly matched: number
  /** Decisions that no row stands for, since there was no place. */
  readonly leftOutDecisions: number
  /** Rows they would need. */
  readonly leftOutRows: number
  /** The most valuable of these, 100 at most. */
  readonly leftOut: readonly FeedRow[]
  readonly refusedCount: number
  /** 100 of them at most, with the reason. */
  readonly refused: readonly RefusedEntry[]
  /** Addresses (IPv4) or /64s (IPv6) covered beyond the decisions. */
  readonly collateral: number
}

const SHOWN_LEFT_OUT = 100
const SHOWN_REFUSED = 100

export interface PackerOptions {
  readonly inlineEntries?: number
  readonly mostWaiting?: number
  readonly limitMs?: number
  /** For tests: another worker. */
  readonly workerUrl?: URL
}

interface Job {
  readonly id: number
  readonly input: PackInput
  readonly resolve: (result: PackResult) => void
  readonly reject: (error: Error) => void
}

export class Packer {
  readonly #inlineEntries: number
  readonly #mostWaiting: number
  readonly #limitMs: number
  readonly #workerUrl: URL
  #worker: Worker | null = null
  readonly #waiting: Job[] = []
  #running: Job | null = null
  #limit: NodeJS.Timeout | null = null
  /** Requests taken and not yet answered, those that still read their entries included. */
  #taken = 0
  #nextId = 1
  #isClosed = false

  constructor(options: PackerOptions = {}) {
    this.#inlineEntries = options.inlineEntries ?? INLINE_ENTRIES
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING
    this.#limitMs = options.limitMs ?? LIMIT_MS
    this.#workerUrl = options.workerUrl ?? new URL('./pack-worker.ts', import.meta.url)
  }

  /**
   * Packs one feed. Rejects with AppError `failed` when too many wait, the packing failed or took too long, or the
   * packer is closed; whoever asked keeps the list it has.
   */
  async pack(request: PackRequest): Promise<PackOutcome> {
    if (this.#isClosed) throw new AppError('failed', 'the packer is closed')
    if (this.#taken > this.#mostWaiting)
      throw new AppError('failed', `${this.#taken} feeds wait to be packed already`)
    this.#taken++
    try {
      const { columns, taken, refused, refusedCount } = await takeEntries(request)
      const never = networkColumnsOf(request.never)
      const spared = networkColumnsOf(request.spared)
      const input: PackInput = { ...columns, never, spared, options: request.options }
      const result = taken.length <= this.#inlineEntries ? pack(input) : await this.#inThread(input)
      return await outcomeOf(result, taken, refused, refusedCount, request.nowMs)
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('failed', `packing failed: ${messageOf(error)}`, error)
    } finally {
      this.#taken--
    }
  }

  /** Ends the thread; what runs and waits is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end('the packer was closed')
    for (const job of this.#waiting.splice(0)) job.reject(new AppError('failed', 'the packer was closed'))
  }

  #inThread(input: PackInput): Promise<PackResult> {
    if (this.#isClosed) throw new AppError('failed', 'the packer was closed')
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id: this.#nextId++, input, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#running !== null) return
    const job = this.#waiting.shift()
    // An idle thread does not keep the process alive.
    if (job === undefined) {
      this.#worker?.unref()
      return
    }
    this.#running = job
    const worker = this.#worker ?? this.#start()
    worker.ref()
    this.#limit = setTimeout(() => {
      void this.#end(`packing took longer than ${this.#limitMs} ms`)
    }, this.#limitMs)
    const message: ToPackWorker = { id: job.id, input: job.input }
    const { entries, values } = job.input
    worker.postMessage(message, [entries.words.buffer, entries.prefixLengths.buffer, values.buffer])
  }

  #start(): Worker {
    const worker = new Worker(this.#workerUrl)
    this.#worker = worker
    let cause = 'without a reason'
    worker.on('message', (message: FromPackWorker) => {
      const job = this.#running
      if (worker !== this.#worker || job === null || job.id !== message.id) return // of a packing given up
      this.#settle()
      if ('result' in message) job.resolve(message.result)
      else job.reject(new AppError('failed', `packing failed: ${message.failure}`))
      this.#next()
    })
    worker.on('error', (error) => {
      cause = messageOf(error)
    })
    worker.on('exit', () => {
      if (worker !== this.#worker) return // it was ended
      this.#worker = null
      const job = this.#running
      this.#settle()
      job?.reject(new AppError('failed', `the packing thread ended: ${cause}`))
      this.#next()
    })
    return worker
  }

  /** Ends the thread and what runs in it; the next that waits gets a new one. */
  async #end(why: string): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    const job = this.#running
    this.#settle()
    job?.reject(new AppError('failed', why))
    if (!this.#isClosed) this.#next()
    await worker?.terminate()
  }

  #settle(): void {
    this.#running = null
    if (this.#limit !== null) clearTimeout(this.#limit)
    this.#limit = null
  }
}

/** What matches and may be published, as entries and as columns. */
async function takeEntries(request: PackRequest): Promise<{
  columns: EntryColumns
  taken: FeedEntry[]
  refused: RefusedEntry[]
  refusedCount: number
}> {
  const columns = makeEntryColumns(request.entries.length)
  const taken: FeedEntry[] = []
  const refused: RefusedEntry[] = []
  let refusedCount = 0
  await inSlices(request.entries.length, (i) => {
    const entry = request.entries[i] as FeedEntry
    if (!request.matches(entry)) return
    const reason = request.refuse(entry.network)
    if (reason === null) {
      setEntry(columns, taken.length, entry, request.nowMs)
      taken.push(entry)
    } else {
      refusedCount++
      if (refused.length < SHOWN_REFUSED) refused.push({ entry, reason })
    }
  })
  return { columns: firstEntries(columns, taken.length), taken, refused, refusedCount }
}

async function outcomeOf(
  result: PackResult,
  entries: readonly FeedEntry[],
  refused: RefusedEntry[],
  refusedCount: number,
  nowMs: number,
): Promise<PackOutcome> {
  const { rows, leftOut, members } = result
  const shown: FeedRow[] = []
  let collateral = 0
  await inSlices(rows.prefixLengths.length, (i) => {
    shown.push(rowAt(rows, i, members, entries, nowMs))
    collateral += rows.collateral[i] as number
  })
  let leftOutDecisions = 0
  for (let i = 0; i < leftOut.prefixLengths.length; i++)
    leftOutDecisions += (leftOut.memberEnd[i] as number) - (leftOut.memberStart[i] as number)
  for (const i of result.refused.subarray(0, SHOWN_REFUSED - refused.length))
    refused.push({
      entry: entries[i] as FeedEntry,
      reason: 'it touches an allowlisted or protected network, or would block every address',
    })
  return {
    rows: shown,
    shardStart: [...result.shardStart],
    matched: entries.length,
    leftOutDecisions,
    leftOutRows: leftOut.prefixLengths.length,
    leftOut: Array.from(result.nextInLine.subarray(0, SHOWN_LEFT_OUT), (i) =>
      rowAt(leftOut, i, members, entries, nowMs),
    ),
    refusedCount: refusedCount + result.refused.length,
    refused,
    collateral,
  }
}

/** Does a piece of work for each index and lets the event loop turn after every slice. */
async function inSlices(count: number, work: (i: number) => void): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    work(i)
  }
}
