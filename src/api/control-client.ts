/**
 * Asks a running service over its Unix socket: one typed call per route. A service that cannot be reached is an
 * AppError `not-reachable` that says what to look at; an error of the service comes back with its own code.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { AppError, type ErrorCode, messageOf, systemCodeOf } from '../lib/errors.ts'
import {
  type Input,
  type ObjectRoute,
  type Reply,
  ROUTES,
  type RouteName,
  type RowRoute,
  USER_HEADER,
} from './control-contract.ts'
import { openSocketPath } from './control-socket.ts'

/** No byte for so long: the service hangs. */
const IDLE_TIMEOUT_MS = 60_000
const REPLY_LIMIT_BYTES = 64 << 20

export interface ControlClientOptions {
  /** Absolute path of the data folder. */
  readonly dataFolder: string
  /** Name for the audit log. */
  readonly user: string
}

export class ControlClient {
  readonly #options: ControlClientOptions

  constructor(options: ControlClientOptions) {
    this.#options = options
  }

  /** One object for one question. */
  async call<Name extends ObjectRoute>(name: Name, input: Input<Name>): Promise<Reply<Name>> {
    const response = await this.#send(name, input)
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > REPLY_LIMIT_BYTES) throw new AppError('failed', `the reply to ${name} is too long`)
      chunks.push(chunk)
    }
    const reply = parseReply(Buffer.concat(chunks).toString('utf8'))
    return reply as Reply<Name>
  }

  /** Rows as they come. */
  async *rows<Name extends RowRoute>(
    name: Name,
    input: Input<Name>,
  ): AsyncGenerator<Reply<Name>, void, undefined> {
    const response = await this.#send(name, input)
    response.setEncoding('utf8')
    let rest = ''
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) yield parseReply(line) as Reply<Name>
      }
    } catch (error) {
      if (systemCodeOf(error) !== 'ECONNRESET') throw error
      throw new AppError('not-reachable', 'the service went away before its reply was complete', error)
    }
    if (rest !== '') yield parseReply(rest) as Reply<Name>
  }

  #send(name: RouteName, input: unknown): Promise<IncomingMessage> {
    const { dataFolder, user } = this.#options
    const { method, path } = ROUTES[name]
    const body = method === 'GET' ? '' : JSON.stringify(input)
    return new Promise((resolve, reject) => {
      let socket: ReturnType<typeof openSocketPath>
      try {
        socket = openSocketPath(dataFolder)
      } catch (error) {
        reject(unreachable(error, dataFolder))
        return
      }
      const request = httpRequest({
        socketPath: socket.shortPath,
        agent: false, // one connection per question: none is kept that a restarted service would not know
        method,
        path,
        headers: {
          [USER_HEADER]: encodeURIComponent(user),
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      })
      request.setTimeout(IDLE_TIMEOUT_MS, () => request.destroy(new Error('no answer within 60 s')))
      request.once('close', () => socket.close())
      request.on('error', (error) => reject(unreachable(error, dataFolder))) // later ones reach the response's reader
      request.once('response', resolve)
      request.end(body)
    })
  }
}

function unreachable(error: unknown, dataFolder: string): AppError {
  const code = systemCodeOf(error)
  if (code === 'EACCES' || code === 'EPERM') {
    const text = `no permission for the control socket in ${dataFolder}: run as the user that owns the service, or with sudo`
    return new AppError('not-reachable', text, error)
  }
  const detail = code === 'ENOENT' || code === 'ECONNREFUSED' ? '' : ` (${messageOf(error)})`
  return new AppError(
    'not-reachable',
    `no service answers in the data folder ${dataFolder}${detail}: is the service running on this data folder? (--data names another)`,
    error,
  )
}

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'usage',
  'bad-configuration',
  'not-reachable',
  'unsafe',
  'not-found',
  'port-unavailable',
  'data-folder-locked',
  'store-unavailable',
  'state-unavailable',
  'failed',
])
const isCode = (text: unknown): text is ErrorCode => typeof text === 'string' && CODES.has(text)

/** The parsed value; throws the error that the service sent in its place. */
function parseReply(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new AppError('failed', `the service's reply is no JSON: ${messageOf(error)}`)
  }
  if (typeof value !== 'object' || value === null || !('error' in value)) return value
  const { error } = value
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return value
  throw new AppError(isCode(error.code) ? error.code : 'failed', String(error.message))
}
