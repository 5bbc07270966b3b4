/**
 * `POST /api/v1/lines`: log lines over HTTPS, for senders that have no syslog or may not use it (HTTP server profiles of
 * PAN-OS, Strata Logging Service, scripts). A token opens it; without one set there is no such route. The body is read
 * only after the token was right, gzip is unpacked within a limit, and what all requests hold together is bounded.
 *
 * 200 `{accepted, refused}`: the accepted lines lie in the pipeline's memory and are safe on disk about 250 ms later.
 * 429 and 503: nothing of the request was taken, so the same may be sent again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../lib/errors.ts'
import { type Lines, readPostedBody } from './posted-lines.ts'
import { BodyError, readBody } from './request-body.ts'

export const LINES_PATH = '/api/v1/lines'
/** Of one body, packed or unpacked. */
export const BODY_LIMIT_BYTES = 4 << 20
/** Of all bodies that are being read or wait for the pipeline. */
const HELD_LIMIT_BYTES = 32 << 20

/** What became of lines: `full`, `away`: none was taken. */
export type SubmitOutcome = 'taken' | 'full' | 'away'

export interface LinesSink {
  /** Empty: there is no such route. */
  token(): string
  /** `peer`: the address that the socket tells. The memory of the lines is handed over. */
  submit(peer: string, lines: Lines): Promise<SubmitOutcome>
}

export interface LinesRouteOptions {
  readonly sink: LinesSink
  readonly isToken: (header: string | undefined, token: string) => boolean
  readonly answerText: (reply: FastifyReply, status: number, text?: string) => FastifyReply
}

/** Whether a request carries the token as `Bearer`, as `Splunk`, or as the password of `Basic`. */
export function mayPostLines(header: string | undefined, { sink, isToken }: LinesRouteOptions): boolean {
  const token = sink.token()
  if (token === '') return false
  const [scheme = '', value = ''] = (header ?? '').split(/ +/)
  if (/^splunk$/i.test(scheme)) return isToken(`Bearer ${value}`, token)
  if (!/^basic$/i.test(scheme)) return isToken(header, token)
  const password = Buffer.from(value, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '')
  return isToken(`Bearer ${password}`, token)
}

export function addLinesRoute(app: FastifyInstance, options: LinesRouteOptions): void {
  const { sink, answerText } = options
  let heldBytes = 0
  app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null)) // the handler reads it
    // After the limit of requests, which slows down who guesses.
    scope.addHook('preHandler', async (request, reply) => {
      if (sink.token() === '') {
        reply.callNotFound()
        return reply
      }
      if (mayPostLines(request.headers.authorization, options)) return undefined
      // Nobody reads the body of a stranger.
      return answerText(reply.headers({ 'www-authenticate': 'Bearer', connection: 'close' }), 401)
    })
    scope.post(LINES_PATH, async (request, reply) => {
      const size = sizeOf(request)
      if (heldBytes + size > HELD_LIMIT_BYTES) return answerFull(reply.header('connection', 'close'), 429, 0)
      heldBytes += size
      try {
        return await take(request, reply)
      } finally {
        heldBytes -= size
      }
    })
    done()
  })

  async function take(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    let body: Buffer<ArrayBuffer>
    try {
      body = await readBody(request.raw, BODY_LIMIT_BYTES)
    } catch (error) {
      const status = error instanceof BodyError ? error.status : 400
      return answerText(reply.header('connection', 'close'), status, messageOf(error))
    }
    const posted = readPostedBody(body, request.headers['content-type'] ?? '')
    if (!posted.ok) return answerText(reply, posted.status, posted.message)
    const { lines, refused } = posted
    const count = lines.start.length
    const outcome = count === 0 ? 'taken' : await sink.submit(request.ip, lines)
    if (outcome === 'taken') return reply.send({ accepted: count, refused })
    return answerFull(reply, outcome === 'full' ? 429 : 503, count + refused)
  }
}

function answerFull(reply: FastifyReply, status: number, refused: number): FastifyReply {
  return reply.code(status).header('retry-after', '1').send({ accepted: 0, refused })
}

/** What to keep room for: the announced size, or the limit where nothing can be told. */
function sizeOf(request: FastifyRequest): number {
  const announced = Number(request.headers['content-length'])
  const isPlain = (request.headers['content-encoding'] ?? 'identity') === 'identity'
  return isPlain && Number.isInteger(announced) && announced >= 0
    ? Math.min(announced, BODY_LIMIT_BYTES)
    : BODY_LIMIT_BYTES
}
