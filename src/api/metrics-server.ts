/**
 * A second, tiny server: /metrics alone, over plain HTTP, for a bind of its own (metrics.listen) that is reached by
 * the monitoring network only. Nothing else is served there.
 */
import { createServer, type Server } from 'node:http'
import { type ListenAddress, portUnavailable } from '../lib/listen-address.ts'

export interface MetricsServerOptions {
  readonly listen: ListenAddress
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** Told of failures inside; must not throw. */
  readonly onFailure: (what: string, error: unknown) => void
}

export class MetricsServer {
  readonly #options: MetricsServerOptions
  readonly #server: Server

  constructor(options: MetricsServerOptions) {
    this.#options = options
    this.#server = createServer(
      { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 },
      (request, response) => {
        response.setHeader('X-Content-Type-Options', 'nosniff')
        response.setHeader('Cache-Control', 'no-store')
        const path = (request.url ?? '').split('?', 1)[0]
        if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
          response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('not found\n')
          return
        }
        options.metrics().then(
          ({ contentType, text }) => response.writeHead(200, { 'Content-Type': contentType }).end(text),
          (error: unknown) => {
            options.onFailure('the metrics', error)
            response
              .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
              .end('internal server error\n')
          },
        )
      },
    )
    this.#server.maxConnections = 64
    this.#server.timeout = 60_000
  }

  get address(): ListenAddress | null {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return null
    return { host: this.#options.listen.host, port: bound.port }
  }

  /** Rejects with `port-unavailable`. */
  async start(): Promise<void> {
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
      throw await portUnavailable('metrics', 'tcp', listen, 'metrics.listen', error)
    } finally {
      this.#server.off('error', reject)
    }
    this.#server.on('error', (error) => this.#options.onFailure('the metrics listener', error))
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}
