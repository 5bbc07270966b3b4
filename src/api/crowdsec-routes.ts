/**
 * CrowdSec's local API for bouncers, so that every CrowdSec bouncer can enforce our decisions: `/v1/decisions/stream` for
 * those that poll, `/v1/decisions` for those that ask about one address, `/v1/usage-metrics` for what they tell of their
 * work, and `/health`. One handler of plain requests, on the HTTPS server and on a bind of its own.
 *
 * Who has no key is answered 403 and his body is not read. Answers are never compressed, since that breaks some bouncers.
 * Until the decisions are loaded every answer is 503: an empty one would lift every block.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { formatNetwork } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Decision } from '../model/decision.ts'
import type { Bouncer } from '../publish/crowdsec/bouncer.ts'
import type { Bouncers, LiveUse } from '../publish/crowdsec/bouncers.ts'
import type { DecisionBoard, Told } from '../publish/crowdsec/decision-board.ts'
import { listJson, type StreamCounts, streamJson } from '../publish/crowdsec/decision-json.ts'
import { searchBoard, wantedBy } from '../publish/crowdsec/decision-query.ts'
import { readUsageMetrics } from '../publish/crowdsec/usage-metrics.ts'
import { BadKeys } from './bad-keys.ts'
import { BodyError, readBody } from './request-body.ts'

/** Of a bouncer's body; who has no key has none. */
const BODY_LIMIT_BYTES = 4 << 20
/** CrowdSec takes so much off a bouncer's last pull before it looks for what has ended since. */
const OVERLAP_MS = 2000
/** Ends told to a bouncer whose last pull is not known. */
const FIRST_PULL_ENDS_MS = 7 * 24 * 3_600_000

/** What the API answers from. */
export interface CrowdsecSources {
  readonly board: DecisionBoard
  readonly bouncers: Bouncers
  /** Decisions that ended since then, and those in force that are not published now; bounded. */
  readonly endedSince: (sinceMs: number) => Promise<Decision[]>
}

export interface CrowdsecApiOptions {
  /** Null while the service starts. */
  readonly sources: () => CrowdsecSources | null
  readonly clock: Clock
  /** Where a connection comes from, as plain text. */
  readonly addressOf: (request: IncomingMessage) => string
  /** SHA-256 of the client certificate in hex; null: none was shown. The handshake has proven that its key is held. */
  readonly certificateOf: (request: IncomingMessage) => string | null
  readonly onFailure: (what: string, error: unknown) => void
}

type Handler = (asked: Asked) => Promise<void> | void

interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly sources: CrowdsecSources
  readonly bouncer: Bouncer
  readonly live: LiveUse
}

interface CrowdsecRoute {
  readonly methods: readonly string[]
  readonly handle: Handler
}

export class CrowdsecApi {
  readonly #options: CrowdsecApiOptions
  readonly #badKeys: BadKeys
  readonly #routes: Readonly<Record<string, CrowdsecRoute>>

  constructor(options: CrowdsecApiOptions) {
    this.#options = options
    this.#badKeys = new BadKeys(options.clock)
    this.#routes = {
      '/v1/decisions/stream': { methods: ['GET', 'HEAD'], handle: (asked) => this.#stream(asked) },
      '/v1/decisions': { methods: ['GET', 'HEAD'], handle: (asked) => this.#list(asked) },
      '/v1/usage-metrics': { methods: ['POST'], handle: (asked) => this.#metrics(asked) },
    }
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response)
    } catch (error) {
      if (response.destroyed) return // the bouncer went away; it asks again
      const status = error instanceof BodyError ? error.status : 500
      if (status === 500) this.#options.onFailure(`CrowdSec ${request.url?.split('?', 1)[0] ?? ''}`, error)
      if (response.headersSent)
        response.destroy() // cut off, so that it is not taken for whole
      else sendMessage(response, status, error instanceof BodyError ? messageOf(error) : 'internal error')
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store')
    response.setHeader('x-content-type-options', 'nosniff')
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const method = request.method ?? ''
    if (path === '/health') return this.#health(method, response)
    const route = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined
    if (route === undefined) return sendMessage(response, 404, 'page not found')
    if (!route.methods.includes(method)) {
      response.setHeader('allow', route.methods.join(', '))
      return sendMessage(response, 405, 'method not allowed')
    }
    const sources = this.#options.sources()
    if (sources === null || !sources.board.isFilled) {
      response.setHeader('retry-after', '5')
      return sendMessage(response, 503, 'the decisions are being loaded')
    }
    const address = this.#options.addressOf(request)
    const key = request.headers['x-api-key']
    const certificate = this.#options.certificateOf(request)
    const bouncer = sources.bouncers.admit(Array.isArray(key) ? key[0] : key, certificate, address)
    if (bouncer === null) return this.#refuse(response, address)
    const live = sources.bouncers.useOf(bouncer, address, request.headers['user-agent'])
    const asked = { request, response, query: new URLSearchParams(query), sources, bouncer, live }
    await route.handle(asked)
  }

  #health(method: string, response: ServerResponse): void {
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return sendMessage(response, 405, 'method not allowed')
    }
    sendJson(response, 200, '{"status":"up"}')
  }

  #refuse(response: ServerResponse, address: string): void {
    const waitSeconds = this.#badKeys.note(address)
    if (waitSeconds === 0) return sendMessage(response, 403, 'access forbidden')
    response.setHeader('retry-after', String(waitSeconds))
    sendMessage(response, 429, 'too many requests with a wrong key')
  }

  async #stream({ request, response, query, sources, bouncer, live }: Asked): Promise<void> {
    if (request.method === 'HEAD') return sendHead(response)
    const { board, bouncers } = sources
    const beganMs = this.#options.clock.nowMs()
    const place = board.place
    const wanted = wantedBy(query, bouncer.hostsOnly)
    const isStartup = query.get('startup') === 'true'
    const changes = isStartup || live.place === null ? null : board.since(live.place)
    const counts: StreamCounts = { began: 0, ended: 0 }
    if (changes !== null) {
      const pieces = streamJson(changes.began.filter(wanted), changes.ended.filter(wanted), beganMs, counts)
      await sendPieces(response, pieces)
    } else {
      const sinceMs =
        live.use.lastPullAtMs === null ? beganMs - FIRST_PULL_ENDS_MS : live.use.lastPullAtMs - OVERLAP_MS
      const ended = await sources.endedSince(sinceMs)
      const pieces = streamJson(
        filtered(board.active(), wanted),
        filtered(endsOf(ended, board, beganMs), wanted),
        beganMs,
        counts,
      )
      await sendPieces(response, pieces)
    }
    bouncers.pulled(live, place, beganMs, { isWhole: changes === null, ...counts })
  }

  async #list({ request, response, query, sources, bouncer }: Asked): Promise<void> {
    if (request.method === 'HEAD') return sendHead(response)
    const search = searchBoard(sources.board, query, wantedBy(query, bouncer.hostsOnly))
    if (!search.ok) return sendMessage(response, 400, search.message)
    await sendPieces(response, listJson(search.found, this.#options.clock.nowMs()))
  }

  async #metrics({ request, response, sources, live }: Asked): Promise<void> {
    const body = await readBody(request, BODY_LIMIT_BYTES)
    let given: unknown
    try {
      given = JSON.parse(body.toString('utf8'))
    } catch (error) {
      return sendMessage(response, 400, messageOf(error))
    }
    const read = readUsageMetrics(given)
    if (!read.ok) return sendMessage(response, 422, read.message)
    for (const metrics of read.components) await sources.bouncers.keepMetrics(live, metrics)
    response.writeHead(201, { 'content-length': 0 }).end()
  }
}

/** The routes on the HTTPS server. */
export function addCrowdsecRoutes(app: FastifyInstance, api: CrowdsecApi): void {
  app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null)) // the handler reads it
    for (const url of ['/v1', '/v1/*', '/health']) {
      scope.route({
        method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        url,
        // It has a limit of its own for who has no key; many bouncers may stand behind one address.
        config: { rateLimit: false },
        handler: (request, reply) => {
          reply.hijack()
          void api.handle(request.raw, reply.raw)
        },
      })
    }
    done()
  })
}

function* filtered(all: Iterable<Told>, wanted: (told: Told) => boolean): Generator<Told, void, undefined> {
  for (const told of all) if (wanted(told)) yield told
}

/** Ends of values for which nothing is in force when it is written out; each value once. */
function* endsOf(
  ended: readonly Decision[],
  board: DecisionBoard,
  nowMs: number,
): Generator<Told, void, undefined> {
  const told = new Set<string>()
  for (const decision of ended) {
    const value = formatNetwork(decision.target)
    if (told.has(value) || board.has(value)) continue
    told.add(value)
    yield { value, decision, atMs: decision.endedAtMs ?? nowMs }
  }
}

async function sendPieces(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  await pipeline(Readable.from(paced(pieces)), response)
}

/** Between two pieces all else has its turn: whole lists for many bouncers at once would stop the loop for long. */
async function* paced(pieces: Iterable<string>): AsyncGenerator<string, void, undefined> {
  for (const piece of pieces) {
    yield piece
    await nextTurn()
  }
}

function sendHead(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end()
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}

function sendMessage(response: ServerResponse, status: number, message: string): void {
  // A body that nobody reads must not be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close')
  sendJson(response, status, JSON.stringify({ message }))
}
