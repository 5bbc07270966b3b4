/**
 * Feeds over HTTPS: GET and HEAD below /files/ and /feeds/, and TAXII 2.1 below /taxii2/. Who gets what is decided at the
 * feeds' counter (feed-counter.ts); here it becomes an answer, or none: a connection that is closed without a word keeps a
 * firewall's last list in force, where an error could end it.
 */
import type { X509Certificate } from 'node:crypto'
import type { Server } from 'node:https'
import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { FeedAnswer, FeedCounter } from '../publish/feeds/feed-counter.ts'
import { FIRST_FEED } from '../publish/feeds/feed-definition.ts'
import type { FeedFile } from '../publish/feeds/feed-engine.ts'
import type { FeedFetch } from '../publish/feeds/feed-events.ts'
import { answerTaxii, collectionAsked } from '../publish/feeds/taxii.ts'
import { cutUserAgent } from '../publish/fetch-log.ts'
import { addressOf, LIST_PATH, lastGoodList, type ListRouteOptions, sendList } from './list-route.ts'

const FEED_URLS = ['/files/*', '/feeds/*'] as const
const TAXII_URL = '/taxii2/*'
const TITLE = 'Active Defense'
/** Files served last to anybody, kept for a failure inside. */
const LAST_FILES = 200

export interface FeedSource {
  readonly counter: FeedCounter
  readonly onFetch: (fetch: FeedFetch) => void
}

export interface FeedRoutesOptions extends ListRouteOptions {
  readonly feeds: FeedSource
  readonly answerText: (reply: FastifyReply, status: number, text?: string) => FastifyReply
}

/** Whether a route is one of lists: they have a limit of their own. */
export function isFeedRoute(url: string | undefined): boolean {
  return url === LIST_PATH || url === TAXII_URL || FEED_URLS.some((pattern) => pattern === url)
}

export function addFeedRoutes(app: FastifyInstance<Server>, options: FeedRoutesOptions): void {
  const desk = new FeedAnswers(options)
  for (const url of FEED_URLS) {
    app.route({ method: ['GET', 'HEAD'], url, handler: (request, reply) => desk.answer(request, reply) })
    app.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url,
      handler: (_request, reply) => options.answerText(reply.header('allow', 'GET, HEAD'), 405),
    })
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: TAXII_URL,
    handler: (request, reply) => desk.answerTaxii(request, reply),
  })
}

class FeedAnswers {
  readonly #options: FeedRoutesOptions
  readonly #list: () => FeedFile
  /** What anybody would get, by path: served again when the counter fails. */
  readonly #lastOpen = new Map<string, { readonly feed: string; readonly file: FeedFile }>()
  #wasListOpen = true

  constructor(options: FeedRoutesOptions) {
    this.#options = options
    const list = lastGoodList(options)
    this.#list = () => ({ ...list(), contentType: 'text/plain; charset=utf-8' })
  }

  answer(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const { feeds, clock, answerText } = this.#options
    const { path, query } = partsOf(request)
    const answer = this.#ask(request, path, query)
    if (answer.kind === 'unknown') return answerText(reply, 404)
    if (answer.kind === 'close') {
      if (answer.feed !== null) this.#tell({ ...refusedFetch(request, clock), feed: answer.feed })
      return closed(request, reply)
    }
    const send = (file: FeedFile): FastifyReply => {
      const { feed, shard, credential } = answer
      return sendList(request, reply, file, clock, (fetch) =>
        this.#tell({ ...fetch, feed, shard, credential }, feeds),
      )
    }
    if (answer.kind === 'file') return send(answer.file)
    if (!(answer.file instanceof Promise))
      return answer.file === null ? closed(request, reply) : send(answer.file)
    return answer.file.then(send, (error: unknown) => {
      this.#options.onFailure('writing a slice of a feed', error)
      return closed(request, reply)
    })
  }

  async answerTaxii(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { feeds, clock, answerText } = this.#options
    const { path, query } = partsOf(request)
    const collections = feeds.counter.collectionsFor(broughtBy(request, null))
    if (collections === null) return closed(request, reply)
    if (collections.length === 0)
      // A TAXII client is no firewall: it is told what is missing.
      return answerText(reply.header('www-authenticate', 'Basic realm="taxii"'), 401)
    const rest = path.slice('/taxii2/'.length)
    const asked = collectionAsked(rest)
    const wanted = collections.find(({ feed }) => feed.shelf.id === asked)
    const revision = wanted?.feed.engine.facts.revision ?? 0
    if (wanted !== undefined) {
      const { shelf, engine } = wanted.feed
      await shelf
        .bring(revision, () => engine.rows(), clock.nowMs())
        // What the shelf held before is better than an error.
        .catch((error: unknown) => this.#options.onFailure('taking a list into its collection', error))
    }
    const { status, headers, body, isLastPage } = answerTaxii(
      {
        title: TITLE,
        baseUrl: `https://${hostOf(request)}/taxii2/`,
        collections: collections.map(({ feed: { shelf, definition } }) =>
          shelf.collection(definition.comments),
        ),
      },
      { method: request.method, path: rest, query, accept: request.headers.accept ?? null },
    )
    const isNarrowed = [...query.keys()].some((name) => name.startsWith('match'))
    if (wanted !== undefined && isLastPage === true && request.method === 'GET' && !isNarrowed) {
      const { feed, credential } = wanted
      const began = {
        ...refusedFetch(request, clock),
        feed: feed.definition.name,
        revision,
        credential,
        status: 200,
      }
      // With the last page the client has the whole list, which is what a fetch of it is.
      reply.raw.once('close', () =>
        this.#tell({ ...began, bytes: Buffer.byteLength(body), isComplete: reply.raw.writableFinished }),
      )
    }
    // As bytes: of text the framework would write the media type in its own words.
    return reply
      .code(status)
      .headers({ ...headers })
      .send(Buffer.from(body))
  }

  /** Never throws: on a failure inside, open lists are answered with the last that was served. */
  #ask(request: FastifyRequest, path: string, query: URLSearchParams): FeedAnswer {
    try {
      const answer = this.#options.feeds.counter.answer({ ...broughtBy(request, null), path, query })
      if (answer.kind === 'file' && answer.file.body.length === 0)
        throw new Error('the list to serve is empty')
      this.#remember(path, answer)
      return answer
    } catch (error) {
      this.#options.onFailure('serving a feed', error)
      const isList = path === LIST_PATH && this.#wasListOpen
      const last = this.#lastOpen.get(path) ?? (isList ? { feed: FIRST_FEED.name, file: this.#list() } : null)
      if (last === null) return { kind: 'close', feed: null }
      return { kind: 'file', ...last, shard: 1, credential: null, isOpen: true }
    }
  }

  #remember(path: string, answer: FeedAnswer): void {
    // A slice is not what anybody would get who asks without arguments.
    if (answer.kind === 'slice') return
    const isOpen = answer.kind === 'file' && answer.isOpen
    if (path === LIST_PATH) this.#wasListOpen = isOpen
    if (!isOpen) this.#lastOpen.delete(path)
    else if (this.#lastOpen.has(path) || this.#lastOpen.size < LAST_FILES)
      this.#lastOpen.set(path, { feed: answer.feed, file: answer.file })
  }

  #tell(fetch: FeedFetch, feeds = this.#options.feeds): void {
    try {
      feeds.onFetch(fetch)
    } catch (error) {
      this.#options.onFailure('recording a fetch of a feed', error)
    }
  }
}

/** The connection ends without an answer: the firewall keeps what it has. */
function closed(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack()
  request.raw.socket.destroy()
  return reply
}

/** A request as the log of fetches has it when nothing was given. */
function refusedFetch(request: FastifyRequest, clock: Clock): Omit<FeedFetch, 'feed'> {
  return {
    address: addressOf(request.raw),
    userAgent: cutUserAgent(request.headers['user-agent']),
    method: request.method,
    status: 0,
    revision: 0,
    etag: '',
    shard: 1,
    bytes: 0,
    isComplete: false,
    credential: null,
    atMs: clock.nowMs(),
    durationMs: 0,
  }
}

function partsOf({ url }: FastifyRequest): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?')
  if (at < 0) return { path: url, query: new URLSearchParams() }
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) }
}

function broughtBy(
  { raw, headers }: FastifyRequest,
  pathToken: string | null,
): Parameters<FeedCounter['collectionsFor']>[0] {
  return {
    address: addressOf(raw),
    authorization: headers.authorization ?? null,
    pathToken,
    ...certificateOf(raw.socket),
  }
}

/** The client's certificate, whose key the handshake has proven, and its SHA-256; null without one. A resumed session has it too. */
function certificateOf(socket: unknown): {
  certificateFingerprint: string | null
  certificate: X509Certificate | null
} {
  const certificate = socket instanceof TLSSocket ? (socket.getPeerX509Certificate() ?? null) : null
  return { certificateFingerprint: certificate?.fingerprint256 ?? null, certificate }
}

/** Only what a host may hold: it becomes part of an answer. */
function hostOf({ headers, raw }: FastifyRequest): string {
  const host = headers.host ?? ''
  if (/^[A-Za-z0-9.:[\]-]{1,255}$/.test(host)) return host
  return `localhost:${raw.socket.localPort ?? 443}`
}
