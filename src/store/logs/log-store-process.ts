/**
 * The log store process: the embedded engine behind the part of ClickHouse's HTTP interface that the product uses, on
 * a Unix socket of the data folder (owner only). Started and restarted by embedded.ts; ends with its parent.
 *
 * GET or POST `/?query=...&query_id=...&default_format=...&param_x=...&setting=...`, statement in `query`, in the body,
 * or begun in `query` and its rows in the body (INSERT ... FORMAT). Answers results in any format, streamed where the
 * format allows; errors as ClickHouse does (status, `X-ClickHouse-Exception-Code`, text). `/ping` says `Ok.`. A client
 * that goes away cancels its read.
 *
 * An INSERT with the header `x-segment: <file name>` takes its rows from that file of `segments/`, in place.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import { Engine } from './engine.ts'
import { segmentOfFileName } from './segment-file.ts'
import { bindParameters, completeStatement, insertFromFile, type Statement } from './statement.ts'
import { StoreError } from './store-error.ts'

/** What the parent hands over, as JSON in the first argument. */
export const processOptionsSchema = z.object({
  /** Folder of the engine's tables. */
  engineFolder: z.string(),
  segmentsFolder: z.string(),
  socketPath: z.string(),
  memoryBytes: z.int(),
  readConnections: z.int().min(1),
  readThreads: z.int().min(1),
  maxReadSeconds: z.int().min(1),
})
export type ProcessOptions = z.infer<typeof processOptionsSchema>

/** Longest statement taken. */
const STATEMENT_LIMIT_BYTES = 1024 * 1024
const READ_QUEUE_LIMIT = 64
const FREE_BYTES_PER_THREAD = 64 * 1024 * 1024
/** Address parameters that are no settings. */
const NO_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'role',
  'user',
  'password',
  'wait_end_of_query',
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
])
const BAD_ARGUMENTS = 36
const FILE_DOES_NOT_EXIST = 107
const QUERY_TOO_LARGE = 62

interface Request {
  readonly text: string
  readonly parameters: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  readonly format: string
}

class LogStoreProcess {
  readonly #options: ProcessOptions
  readonly #engine: Engine
  readonly #server: Server
  readonly #spoolFolder: string

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#spoolFolder = join(options.engineFolder, 'incoming')
    rmSync(this.#spoolFolder, { recursive: true, force: true }) // bodies whose insert was never acknowledged
    mkdirSync(this.#spoolFolder, { recursive: true, mode: 0o700 })
    this.#engine = new Engine({
      folder: options.engineFolder,
      memoryBytes: options.memoryBytes,
      readConnections: options.readConnections,
      readQueueLimit: READ_QUEUE_LIMIT,
    })
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => sendError(response, error))
    })
    this.#server.keepAliveTimeout = 30_000
  }

  listen(): Promise<void> {
    const { socketPath } = this.#options
    rmSync(socketPath, { force: true }) // of a process that was killed; two engines exclude each other by their folder
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(socketPath, () => {
        chmodSync(socketPath, 0o600)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeIdleConnections()
    await this.#engine.whenQuiet()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname === '/ping') {
      request.resume()
      response.end('Ok.\n')
      return
    }
    const id = url.searchParams.get('query_id') ?? randomUUID()
    response.setHeader('X-ClickHouse-Query-Id', id.replaceAll(/[^\w-]/g, '_'))
    if (request.headers['content-encoding'] !== undefined)
      throw new StoreError('compressed bodies are not taken on this socket', BAD_ARGUMENTS)
    const inUrl = url.searchParams.get('query')
    const text = inUrl ?? (await readText(request))
    const parsed = parseRequest(url, text)
    const statement = completeStatement(parsed.text, this.#readSettings(parsed.settings), parsed.format)
    if (statement.kind === 'insert') await this.#insert(request, response, statement, parsed, inUrl !== null)
    else {
      request.resume()
      if (statement.kind === 'read') await this.#read(response, parsed)
      else response.end(await this.#engine.command(statement.sql, statement.format))
    }
  }

  #readSettings(own: ReadonlyMap<string, string>): Map<string, string> {
    const { maxReadSeconds, memoryBytes, readThreads } = this.#options
    return new Map([
      ['max_execution_time', String(maxReadSeconds)],
      ['max_memory_usage', String(Math.floor(memoryBytes / 2))],
      ['max_threads', String(readThreads)],
      // The engine's own default is 1 GiB, which leaves a read one thread under the default of `logs.memory`.
      ['max_threads_min_free_memory_per_thread', String(FREE_BYTES_PER_THREAD)],
      ...own,
    ])
  }

  async #read(response: ServerResponse, parsed: Request): Promise<void> {
    const id = randomUUID()
    const settings = this.#readSettings(parsed.settings).set('log_comment', id)
    const statement = completeStatement(parsed.text, settings, parsed.format)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const tag = id.replaceAll('-', '').slice(0, 16)
    response.setHeader('X-ClickHouse-Format', statement.format)
    response.setHeader('X-ClickHouse-Exception-Tag', tag)
    response.setHeader(
      'Content-Type',
      statement.format.startsWith('JSON') ? 'application/json' : 'application/octet-stream',
    )
    try {
      for await (const piece of this.#engine.read(statement, id, gone.signal)) {
        if (gone.signal.aborted) break
        if (!response.write(piece)) await drained(response, gone.signal)
      }
      response.end()
    } catch (error) {
      if (!response.headersSent) throw error
      breakOff(response, tag, error)
    }
  }

  async #insert(
    request: IncomingMessage,
    response: ServerResponse,
    statement: Statement,
    parsed: Request,
    hasBody: boolean,
  ): Promise<void> {
    const segment = request.headers['x-segment']
    if (segment !== undefined) {
      if (typeof segment !== 'string' || segmentOfFileName(segment) === null)
        throw new StoreError('x-segment is not the name of a segment', FILE_DOES_NOT_EXIST)
      request.resume()
      const path = join(this.#options.segmentsFolder, segment)
      await this.#engine.insert(insertFromFile(statement.sql, path, parsed.settings))
    } else if (hasBody) {
      const path = join(this.#spoolFolder, randomUUID())
      try {
        await pipeline(request, createWriteStream(path, { mode: 0o600 }))
        await this.#engine.insert(insertFromFile(statement.sql, path, parsed.settings))
      } finally {
        await rm(path, { force: true })
      }
    } else await this.#engine.insert(statement.sql)
    response.end()
  }
}

function parseRequest(url: URL, text: string): Request {
  const parameters = new Map<string, string>()
  const settings = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (!NO_SETTINGS.has(name)) settings.set(name, value)
  }
  return {
    text: bindParameters(text, parameters),
    parameters,
    settings,
    format: url.searchParams.get('default_format') ?? 'TabSeparated',
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue
    bytes += piece.length
    if (bytes > STATEMENT_LIMIT_BYTES) throw new StoreError('Max query size exceeded', QUERY_TOO_LARGE)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The text of an error, in ClickHouse's form. */
function errorText(fault: StoreError): string {
  return fault.message.startsWith('Code: ')
    ? fault.message
    : `Code: ${fault.clickhouseCode ?? 0}. DB::Exception: ${fault.message} (LOG_STORE)`
}

function sendError(response: ServerResponse, error: unknown): void {
  const fault = error instanceof StoreError ? error : new StoreError(messageOf(error), 1001, error)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  response.statusCode = statusOf(fault.clickhouseCode ?? 0)
  response.setHeader('X-ClickHouse-Exception-Code', String(fault.clickhouseCode ?? 0))
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.end(`${errorText(fault)}\n`)
}

/** ClickHouse's way to tell of an error when part of the result is out: a marked block, then the connection ends. */
function breakOff(response: ServerResponse, tag: string, error: unknown): void {
  const fault = error instanceof StoreError ? error : new StoreError(messageOf(error), 1001, error)
  const message = `${errorText(fault)}\n`
  const block = `\r\n__exception__\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n__exception__\r\n`
  response.write(block, () => response.destroy())
}

/** Status by error code, as ClickHouse's HTTPHandler has it for the codes that matter here. */
function statusOf(code: number): number {
  if ([60, 81, 46, 115].includes(code)) return 404
  if (code === 202) return 503
  if ([159, 209].includes(code)) return 408
  if ([6, 26, 27, 36, 41, 43, 47, 53, 62, 70, 73, 107, 456].includes(code)) return 400
  return 500
}

async function main(): Promise<void> {
  const options = processOptionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
  // Without its parent nobody feeds or asks it; everything acknowledged is on disk, so it may end at any moment.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // A terminal's Ctrl-C and systemd's stop reach every process; the parent decides when this one ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  const store = new LogStoreProcess(options)
  await store.listen()
  process.on('message', (message) => {
    if (message === 'stop') void store.stop().then(() => process.exit(0))
  })
  process.send?.('ready')
}

await main()
