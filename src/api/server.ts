/**
 * The HTTPS server: block list, health, metrics, the certificate authority and the plain page. It is started before
 * the other parts and takes what it shows as functions, so the list is served while everything else is down.
 *
 * TLS 1.2 and 1.3 with forward secrecy, HTTP/1.1. Errors are one short line of text, never a stack. Connections are
 * capped, in all and per address, and every phase of one has a time limit.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import { formatListen, type ListenAddress, portUnavailable } from '../lib/listen-address.ts'
import type { ListFetch } from '../publish/fetch-log.ts'
import type { ListSnapshot } from '../publish/list-snapshot.ts'
import type { ServedCertificate } from '../publish/own-certificate.ts'
import { type ComponentHealth, readinessOf, type ServiceStatus } from './health.ts'
import {
  addLinesRoute,
  LINES_PATH,
  type LinesRouteOptions,
  type LinesSink,
  mayPostLines,
} from './lines-route.ts'
import { addFeedRoutes, type FeedSource, isFeedRoute } from './feed-routes.ts'
import { addListRoute, LIST_PATH } from './list-route.ts'
import { ICON, STYLE } from './page-style.ts'
import { messagePage, statusPage } from './pages.ts'
import { addWebRoutes, type WebFiles } from './web-routes.ts'

const MAX_CONNECTIONS = 2048
/** One network behind one address may hold hundreds of firewalls; no one may take all places. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024
const HANDSHAKE_MS = 10_000
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
/** Without a byte moved: a client that stops reading does not hold its place. */
const SILENCE_MS = 60_000
const KEEP_ALIVE_MS = 10_000
/** Pages, health and metrics, per address; the list has no limit. */
const REQUESTS_PER_MINUTE = 600
const STATUS_MS = 5000
/** What a stop leaves to answers under way. */
const STOP_MS = 2000
const DAY_SECONDS = 86_400

/** Forward secrecy and authenticated encryption only; AES-128 first, which is enough and the fastest. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** For answers that no hook sees. */
const BARE_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'strict-transport-security': `max-age=${DAY_SECONDS}`,
}

const CONTENT_SECURITY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}

/** What is served. Each may throw: the answer is then a short error, or for the list the last one. */
export interface ServerSources {
  list(): ListSnapshot
  /** All feeds, the list among them; absent: the list alone. */
  readonly feeds?: FeedSource
  components(): readonly ComponentHealth[]
  status(): ServiceStatus | Promise<ServiceStatus>
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** PEM; null with an own certificate. */
  authorityPem(): string | null
  /** Empty: /metrics is refused here. */
  metricsToken(): string
  /** Log lines by POST. */
  lines: LinesSink
}

export interface HttpsServerOptions {
  readonly listen: ListenAddress
  readonly certificate: ServedCertificate
  readonly sources: ServerSources
  readonly clock: Clock
  /** Served when not even the list can be had. */
  readonly sentinel: string
  readonly onFetch: (fetch: ListFetch) => void
  /** Told of failures inside, with the part; must not throw. */
  readonly onFailure: (what: string, error: unknown) => void
  /** Told of every answer but the list's: route pattern and status. */
  readonly onAnswer?: (route: string, status: number) => void
  /** Whether whoever asks may read the plain page; absent: anybody. */
  readonly mayReadStatus?: (request: FastifyRequest) => Promise<boolean>
  /** The built web page; null: the plain page, else at `/plain` alone, stands at `/` too. */
  readonly web?: WebFiles | null
  /** Further routes: the API, feeds, the web page. Called once, before the first request. */
  readonly addRoutes?: (app: FastifyInstance) => void
}

export class HttpsServer {
  readonly #options: HttpsServerOptions
  readonly #app: FastifyInstance<Server>
  readonly #server: Server
  /** All that are open, those in the handshake included. */
  readonly #sockets = new Set<Socket>()
  readonly #perAddress = new Map<string, number>()
  #certificate: ServedCertificate
  #isReady: Promise<void> | null = null
  #refusedConnections = 0

  constructor(options: HttpsServerOptions) {
    this.#options = options
    this.#certificate = options.certificate
    this.#app = fastify({
      serverFactory: (handler) => createServer(serverOptions(options.certificate), handler),
      bodyLimit: 65_536,
      clientErrorHandler: answerClientError,
      forceCloseConnections: false,
      // A URL that cannot be decoded is answered before any hook.
      frameworkErrors: (error, request, reply) =>
        void this.#answerError(error, request, reply.headers(BARE_HEADERS)),
    })
    this.#server = this.#app.server
    this.#server.timeout = SILENCE_MS
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.on('drop', () => this.#refusedConnections++)
    this.#server.on('connection', (socket: Socket) => this.#admit(socket))
  }

  /** Where it listens; null before `start` and after `stop`. */
  get address(): ListenAddress | null {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return null
    return { host: this.#options.listen.host, port: bound.port }
  }

  status(): { connections: number; refusedConnections: number } {
    return { connections: this.#sockets.size, refusedConnections: this.#refusedConnections }
  }

  /** Rejects with `port-unavailable`, which says who holds the port. May be called again after that. */
  async start(): Promise<void> {
    this.#isReady ??= this.#build()
    await this.#isReady
    const { listen } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(
      { port: listen.port, ...(listen.host === null ? {} : { host: listen.host }) },
      resolve,
    )
    try {
      await promise
    } catch (error) {
      throw await portUnavailable('HTTPS', 'tcp', listen, 'web.listen', error)
    } finally {
      this.#server.off('error', reject)
    }
    this.#server.on('error', (error) => this.#options.onFailure(`HTTPS on ${formatListen(listen)}`, error))
  }

  /** New connections get the new certificate; those that stand go on. */
  setCertificate(certificate: ServedCertificate): void {
    this.#certificate = certificate
    this.#server.setSecureContext(tlsOptions(certificate))
  }

  /**
   * Whether clients are asked for a certificate from now on. Any is taken: what it opens is decided where it is looked at.
   * Not asked by default, since browsers then bother people.
   */
  askForCertificates(isWanted: boolean): void {
    // What tls.Server reads for each connection; there is no method for it.
    Object.assign(this.#server, { requestCert: isWanted, rejectUnauthorized: false })
  }

  /** Takes no more connections; answers under way have STOP_MS to end. */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, STOP_MS)
    await promise
    clearTimeout(timer)
    // Only now: while fastify closes it answers 503, which a firewall should not be told of the list.
    await this.#app.close()
  }

  async #build(): Promise<void> {
    const app = this.#app
    await app.register(fastifyHelmet, {
      contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY },
      crossOriginEmbedderPolicy: false,
      referrerPolicy: { policy: 'no-referrer' },
      frameguard: { action: 'deny' },
      // Set below, since it depends on the certificate.
      strictTransportSecurity: false,
    })
    await app.register(fastifyRateLimit, {
      max: REQUESTS_PER_MINUTE,
      timeWindow: 60_000,
      allowList: (request) =>
        isFeedRoute(request.routeOptions.url) ||
        request.routeOptions.url === '/healthz' ||
        (request.routeOptions.url === LINES_PATH &&
          mayPostLines(request.headers.authorization, this.#linesRoute())),
      addHeaders: {
        'x-ratelimit-limit': false,
        'x-ratelimit-remaining': false,
        'x-ratelimit-reset': false,
      },
      addHeadersOnExceeding: {
        'x-ratelimit-limit': false,
        'x-ratelimit-remaining': false,
        'x-ratelimit-reset': false,
      },
    })
    app.addHook('onRequest', async (_request, reply) => {
      void reply.headers({
        'strict-transport-security': `max-age=${this.#hstsSeconds()}`,
        'cache-control': 'no-store',
      })
    })
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none'
      if (!isFeedRoute(route)) this.#options.onAnswer?.(route, reply.statusCode)
    })
    app.setErrorHandler((error, request, reply) => this.#answerError(error, request, reply))
    app.setNotFoundHandler((_request, reply) => answerText(reply, 404))
    this.#addLists()
    addLinesRoute(app, this.#linesRoute())
    this.#addHealth()
    this.#addPages()
    this.#options.addRoutes?.(app as unknown as FastifyInstance)
    await app.ready()
  }

  #linesRoute(): LinesRouteOptions {
    return { sink: this.#options.sources.lines, isToken: isBearer, answerText }
  }

  #addLists(): void {
    const { sentinel, clock, onFetch, onFailure, sources } = this.#options
    const options = { list: () => sources.list(), sentinel, clock, onFetch, onFailure }
    if (sources.feeds === undefined) addListRoute(this.#app, options)
    else addFeedRoutes(this.#app, { ...options, feeds: sources.feeds, answerText })
  }

  #addHealth(): void {
    const { sources } = this.#options
    this.#app.get('/healthz', (_request, reply) => answerText(reply, 200, 'alive'))
    this.#app.get('/readyz', (_request, reply) => {
      const readiness = readinessOf(sources.components())
      return reply.code(readiness.isReady ? 200 : 503).send(readiness)
    })
    this.#app.get('/metrics', async (request, reply) => {
      const token = sources.metricsToken()
      if (token === '') return answerText(reply, 403, 'metrics.token is not set; set it, or metrics.listen')
      if (!isBearer(request.headers.authorization, token)) {
        return answerText(reply.header('www-authenticate', 'Bearer'), 401)
      }
      const { contentType, text } = await sources.metrics()
      return reply.header('content-type', contentType).send(text)
    })
  }

  #addPages(): void {
    const { sources, onFailure } = this.#options
    const { web } = this.#options
    if (web != null) addWebRoutes(this.#app as unknown as FastifyInstance, web)
    const plain = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      void reply.header('content-type', 'text/html; charset=utf-8')
      if ((await this.#options.mayReadStatus?.(request)) === false) {
        const text =
          web == null
            ? 'The web page is not built, so nobody can sign in here. `active-defense status` tells all; web.plainPage: open in the configuration file shows it here.'
            : 'Sign in on the page of this service, then come back; or send a token as Authorization: Bearer. The setting web.plainPage opens this page to anybody.'
        return reply.code(401).send(messagePage('Not signed in', text))
      }
      try {
        return await reply.send(statusPage(await within(STATUS_MS, sources.status())))
      } catch (error) {
        onFailure('the page', error)
        const text = `The status cannot be told right now; the list is still served at ${LIST_PATH}.`
        return await reply.code(503).send(messagePage('Not available', text))
      }
    }
    this.#app.get('/plain', plain)
    if (web == null) this.#app.get('/', plain)
    this.#app.get('/style.css', (_request, reply) =>
      reply
        .headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=300' })
        .send(STYLE),
    )
    this.#app.get('/icon.svg', (_request, reply) =>
      reply.headers({ 'content-type': 'image/svg+xml', 'cache-control': 'max-age=300' }).send(ICON),
    )
    this.#app.get('/ca.crt', (_request, reply) => {
      const pem = sources.authorityPem()
      if (pem === null) return answerText(reply, 404, 'an own certificate is used; its authority is yours')
      return reply
        .headers({
          'content-type': 'application/x-pem-file',
          'content-disposition': 'attachment; filename="active-defense-ca.crt"',
        })
        .send(pem)
    })
  }

  #answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const status = statusOf(error)
    if (status >= 500) this.#options.onFailure(`${request.method} ${request.routeOptions.url ?? ''}`, error)
    return answerText(reply, status)
  }

  /**
   * Browsers keep this promise for the host on all its ports. With the certificate that we made a reader may have to
   * go back to none, so it is held for a day only; never for subdomains.
   */
  #hstsSeconds(): number {
    return this.#certificate.source === 'own' ? 365 * DAY_SECONDS : DAY_SECONDS
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const count = this.#perAddress.get(address) ?? 0
    if (count >= MAX_CONNECTIONS_PER_ADDRESS) {
      this.#refusedConnections++
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#perAddress.set(address, count + 1)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      const left = (this.#perAddress.get(address) ?? 1) - 1
      if (left > 0) this.#perAddress.set(address, left)
      else this.#perAddress.delete(address)
    })
  }
}

function tlsOptions(certificate: ServedCertificate): SecureContextOptions {
  return {
    cert: certificate.cert,
    key: certificate.key,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
  }
}

function serverOptions(certificate: ServedCertificate): Parameters<typeof createServer>[0] {
  return {
    ...tlsOptions(certificate),
    // An old client that offers HTTP/1.0 alone would else be refused within TLS.
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 2000,
    maxHeaderSize: 16_384,
    noDelay: true,
  }
}

/** One line of text; without one, the words of the status. */
function answerText(reply: FastifyReply, status: number, text?: string): FastifyReply {
  const line = text ?? (STATUS_CODES[status] ?? 'error').toLowerCase()
  return reply.code(status).header('content-type', 'text/plain; charset=utf-8').send(`${line}\n`)
}

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 500
  const status = Number(error.statusCode)
  return status >= 400 && status <= 599 ? status : 500
}

/** What cannot be parsed as HTTP never reaches a route: it is answered on the socket, which then closes. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const words = STATUS_CODES[status] ?? ''
  const body = `${words.toLowerCase()}\n`
  socket.end(
    [
      `HTTP/1.1 ${status} ${words}`,
      'Connection: close',
      `Content-Length: ${body.length}`,
      ...Object.entries(BARE_HEADERS).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  )
}

/** Compares digests, so that the time tells neither the length nor the content of the token. */
export function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token)) && given !== ''
}

/** Rejects when the promise takes longer. */
async function within<Value>(limitMs: number, value: Value | Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}
