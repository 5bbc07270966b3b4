/**
 * Serves the control API over HTTP on the Unix socket `<data>/control.sock`, which only the owner of the service (and
 * root) may open. Every body is checked against its schema; errors are `{code, message}` with the status of their code.
 * A socket left behind by a crash is replaced; one that answers belongs to another service and is left alone.
 */
import { once } from 'node:events'
import { chmodSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import {
  type Caller,
  CONTRACT,
  type Route,
  ROUTES,
  type RouteName,
  type ServiceActions,
  USER_HEADER,
} from './control-contract.ts'
import { openSocketPath, type SocketPath } from './control-socket.ts'

/** 10,000 targets and a reason are 0.7 MiB. */
const BODY_LIMIT_BYTES = 4 << 20
/** Rows are gathered to writes of about this size. */
const CHUNK_CHARACTERS = 65_536
/** A stopping server waits so long for running requests. */
const STOP_WAIT_MS = 2000

export interface ControlServerOptions {
  /** Absolute path of the data folder; it exists. */
  readonly dataFolder: string
  readonly actions: ServiceActions
  /** Told of errors that are not the caller's fault (everything but AppError). */
  readonly report: (error: unknown, route: RouteName) => void
}

const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[]

export class ControlServer {
  readonly #options: ControlServerOptions
  readonly #server: Server
  #socket: SocketPath | null = null

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => fail(response, error))
    })
  }

  /** Listens. Rejects with AppError `data-folder-locked` when another service answers on the socket. */
  async start(): Promise<void> {
    const socket = openSocketPath(this.#options.dataFolder)
    try {
      await this.#listen(socket)
    } catch (error) {
      if (systemCodeOf(error) !== 'EADDRINUSE' || (await isAnswered(socket.shortPath))) {
        socket.close()
        throw startError(error, socket.path)
      }
      unlinkSync(socket.shortPath) // nobody listens: left behind by a crash
      await this.#listen(socket)
    }
    chmodSync(socket.shortPath, 0o600)
    this.#socket = socket
  }

  /** The socket is created with the mode it shall have: there is no moment in which others could open it. */
  async #listen(socket: SocketPath): Promise<void> {
    const before = process.umask(0o177)
    try {
      this.#server.listen(socket.shortPath) // binds before it returns
    } finally {
      process.umask(before)
    }
    await once(this.#server, 'listening')
  }

  /** Ends running requests after at most two seconds and removes the socket. */
  async stop(): Promise<void> {
    if (this.#socket === null) return
    const closed = once(this.#server, 'close')
    this.#server.close() // also removes the socket file
    this.#server.closeIdleConnections()
    const timer = setTimeout(() => this.#server.closeAllConnections(), STOP_WAIT_MS)
    await closed
    clearTimeout(timer)
    this.#socket.close()
    this.#socket = null
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '').split('?')
    const name = ROUTE_NAMES.find((route) => ROUTES[route].path === path)
    if (name === undefined) throw new AppError('not-found', `there is no ${path} in the control API`)
    const { method } = ROUTES[name]
    if (request.method !== method) throw new AppError('usage', `${path} wants ${method}`)
    const input = checkInput(name, method === 'GET' ? {} : await readBody(request))
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const caller: Caller = { user: callerName(request.headers[USER_HEADER]), signal: gone.signal }
    const report = (error: unknown): void => {
      if (!(error instanceof AppError)) this.#options.report(error, name)
    }
    try {
      const action = this.#options.actions[name] as (input: unknown, caller: Caller) => unknown
      const result = await action.call(this.#options.actions, input, caller)
      const route: Route = ROUTES[name]
      if (route.reply === 'rows') {
        const atLeast = route.live === true ? 1 : CHUNK_CHARACTERS
        await sendRows(response, result as AsyncIterable<unknown>, report, atLeast)
      } else sendJson(response, 200, result)
    } catch (error) {
      report(error)
      fail(response, error)
    }
  }
}

function startError(error: unknown, path: string): AppError {
  if (systemCodeOf(error) === 'EADDRINUSE') {
    return new AppError(
      'data-folder-locked',
      `another service answers on ${path}: stop it first, or use --data`,
      error,
    )
  }
  return new AppError('failed', `cannot open the control socket ${path}: ${messageOf(error)}`, error)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false)) // ECONNREFUSED: a file without a listener
  })
}

function callerName(header: string | string[] | undefined): string {
  const name = decodeURIComponentOr(String(header ?? ''), '')
  return name === '' ? 'unknown' : name.slice(0, 64)
}

function decodeURIComponentOr(text: string, otherwise: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return otherwise // malformed percent signs: not written by our client
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_LIMIT_BYTES)
      throw new AppError('usage', `the request is larger than ${BODY_LIMIT_BYTES} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown)
  } catch (error) {
    throw new AppError('usage', `the request is no JSON: ${messageOf(error)}`)
  }
}

function checkInput(name: RouteName, body: unknown): unknown {
  const result = CONTRACT[name].input.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `
  throw new AppError('usage', `${where}${issue?.message ?? 'bad request'}`)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** One JSON object a line, read as fast as the client takes them; an error in the middle becomes the last line. */
async function sendRows(
  response: ServerResponse,
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  report: (error: unknown) => void,
  atLeastCharacters: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/jsonl' })
  try {
    await pipeline(Readable.from(chunksOf(rows, report, atLeastCharacters)), response)
  } catch (error) {
    if (!response.destroyed) throw error // else the client went away: nothing is left to be told
  }
}

async function* chunksOf(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  report: (error: unknown) => void,
  atLeastCharacters: number,
): AsyncGenerator<string, void, undefined> {
  let pending = ''
  let isGiving = false // an error thrown into `yield` means that the client went away
  try {
    for await (const row of rows) {
      pending += `${JSON.stringify(row)}\n`
      if (pending.length < atLeastCharacters) continue
      isGiving = true
      yield pending
      isGiving = false
      pending = ''
    }
  } catch (error) {
    if (isGiving) return
    report(error)
    pending += `${JSON.stringify(errorBody(error))}\n`
  }
  if (pending !== '') yield pending
}

function errorBody(error: unknown): { error: { code: string; message: string } } {
  const code = error instanceof AppError ? error.code : 'failed'
  return { error: { code, message: messageOf(error) } }
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return
  if (!response.req.complete) response.setHeader('connection', 'close') // a body that nobody will read
  sendJson(response, error instanceof AppError ? error.httpStatus : 500, errorBody(error))
}
