/**
 * The embedded ClickHouse engine inside the log store process: connections and the order of their use. One connection
 * runs one statement at a time, so inserts, commands (tables, partitions) and kills have connections of their own, and
 * reads share a small pool.
 *
 * The engine offers no way to stop a call: a read carries its id in the setting `log_comment`, by which another
 * connection kills it (a query id cannot be given). Results are streamed piece by piece; `queryAsync` would hold them
 * whole.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChdbQueryStream, Session } from 'chdb'
import { messageOf } from '../../lib/errors.ts'
import { quoted, type Statement } from './statement.ts'
import { StoreError } from './store-error.ts'

export interface EngineOptions {
  /** Folder of the database. */
  readonly folder: string
  /** Limit of the whole engine. */
  readonly memoryBytes: number
  readonly readConnections: number
  /** Reads that may wait for a connection. */
  readonly readQueueLimit: number
}

/** As many as the sender has segments under way. */
const INSERT_CONNECTIONS = 2
const CACHE_BYTES = 32 * 1024 * 1024
const TOO_MANY_QUERIES = 202
const QUERY_WAS_CANCELLED = 394
/** Between two tries to kill a statement that has only just begun. */
const KILL_AGAIN_MS = 50

interface Inserter {
  readonly session: Session
  /** The insert given last; the next one waits for it. */
  last: Promise<unknown>
}

export class Engine {
  readonly #inserters: readonly Inserter[]
  readonly #commandSession: Session
  readonly #killSession: Session
  readonly #idle: Session[]
  readonly #waiting: { resolve: (session: Session) => void; reject: (error: StoreError) => void }[] = []
  readonly #queueLimit: number
  #inserts = 0
  #commanding: Promise<unknown> = Promise.resolve()
  #killing: Promise<unknown> = Promise.resolve()

  constructor(options: EngineOptions) {
    const open = (): Session => new Session(options.folder, { connectionArgs: engineArguments(options) })
    this.#inserters = Array.from({ length: INSERT_CONNECTIONS }, () => ({
      session: open(),
      last: Promise.resolve(),
    }))
    this.#commandSession = open()
    this.#killSession = open()
    this.#idle = Array.from({ length: options.readConnections }, open)
    this.#queueLimit = options.readQueueLimit
  }

  /** Runs inserts in turn on their own connections. */
  insert(sql: string): Promise<void> {
    const inserter = this.#inserters[this.#inserts++ % INSERT_CONNECTIONS] as Inserter
    const run = inserter.last.then(async () => {
      await whole(inserter.session, sql, 'Null')
    })
    inserter.last = run.catch(() => {}) // the caller hears of it; the next insert goes on
    return run
  }

  /** Runs a statement that is no read and no insert (tables, partitions), one after another. */
  command(sql: string, format: string): Promise<Uint8Array> {
    const run = this.#commanding.then(() => whole(this.#commandSession, sql, format))
    this.#commanding = run.catch(() => {}) // as above
    return run
  }

  /**
   * Runs a read, whose setting `log_comment` is `id`, and yields its result in pieces. When `signal` aborts, the engine is told to stop, and the connection
   * is used again only when it has.
   */
  async *read(statement: Statement, id: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const session = await this.#connection(signal)
    const { sql } = statement
    const work = new AbortController()
    const kill = (): void => {
      // A failure to kill is no failure of anything else: the statement ends by its own time limit.
      this.#kill(id, work.signal).catch(() => {})
    }
    signal.addEventListener('abort', kill, { once: true })
    let stream: ChdbQueryStream | null = null
    let isComplete = false
    try {
      if (signal.aborted) throw new StoreError('Query was cancelled', QUERY_WAS_CANCELLED)
      if (statement.isStreamable) {
        stream = session.queryStream(sql, { format: statement.format })
        for await (const chunk of stream) if (chunk.numBytes > 0) yield chunk.raw()
      } else yield await whole(session, sql, statement.format)
      isComplete = true
    } catch (error) {
      throw asStoreError(error)
    } finally {
      work.abort()
      signal.removeEventListener('abort', kill)
      stream?.cancel()
      if (!isComplete) await settle(session)
      this.#giveBack(session)
    }
  }

  async #kill(id: string, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const run = this.#killing.then(() =>
        whole(this.#killSession, `KILL QUERY WHERE Settings['log_comment'] = ${quoted(id)} ASYNC`, 'Null'),
      )
      this.#killing = run.catch(() => {}) // the next kill does not wait for the mending of this one
      await run
      await sleep(KILL_AGAIN_MS, undefined, { signal: ended }).catch(() => {}) // ended: the loop sees it
    }
  }

  async #connection(signal: AbortSignal): Promise<Session> {
    const session = this.#idle.pop()
    if (session !== undefined) return session
    if (this.#waiting.length >= this.#queueLimit)
      throw new StoreError('Too many simultaneous queries', TOO_MANY_QUERIES)
    const { promise, resolve, reject } = Promise.withResolvers<Session>()
    const waiter = { resolve, reject }
    this.#waiting.push(waiter)
    const leave = (): void => {
      const at = this.#waiting.indexOf(waiter)
      if (at === -1) return
      this.#waiting.splice(at, 1)
      reject(new StoreError('Query was cancelled', QUERY_WAS_CANCELLED))
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #giveBack(session: Session): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(session)
    else next.resolve(session)
  }

  /** Resolves when no insert and no command runs. Reads are left to the end of the process. */
  async whenQuiet(): Promise<void> {
    await Promise.all(this.#inserters.map((inserter) => inserter.last))
    await this.#commanding
  }
}

function engineArguments(options: EngineOptions): string[] {
  // The engine would take 90 % of the machine's memory, not of its container's, and 5 GiB for each cache.
  return [
    `--max_server_memory_usage=${options.memoryBytes}`,
    `--mark_cache_size=${CACHE_BYTES}`,
    `--index_mark_cache_size=${CACHE_BYTES / 4}`,
    `--primary_index_cache_size=${CACHE_BYTES}`,
    '--uncompressed_cache_size=0',
  ]
}

/**
 * A statement that was killed or failed stays in the engine's process list, with what it holds, until its connection
 * runs another one (engine 26.7).
 */
async function settle(session: Session): Promise<void> {
  await whole(session, 'SELECT 1', 'Null').catch(() => {}) // a broken connection shows at its next statement
}

async function whole(session: Session, sql: string, format: string): Promise<Uint8Array> {
  try {
    return (await session.queryAsync(sql, { format })).bytes()
  } catch (error) {
    throw asStoreError(error)
  }
}

/** The engine's error with its ClickHouse code, which streams tell only in the text. */
function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const message = messageOf(error)
  const code = /Code: (\d+)\./.exec(message)?.[1]
  return new StoreError(message, code === undefined ? 0 : Number(code), error)
}
