/**
 * CrowdSec's local API over plain HTTP on a bind of its own (`crowdsec.listen`), for bouncers on the same machine, which
 * ask `http://127.0.0.1:8080` unless told otherwise. Nothing else is served there.
 */
import { createServer, type Server } from 'node:http'
import { type ListenAddress, portUnavailable } from '../lib/listen-address.ts'
import type { CrowdsecApi } from './crowdsec-routes.ts'

const MAX_CONNECTIONS = 512

export class CrowdsecServer {
  readonly #listen: ListenAddress
  readonly #onFailure: (what: string, error: unknown) => void
  readonly #server: Server

  constructor(listen: ListenAddress, api: CrowdsecApi, onFailure: (what: string, error: unknown) => void) {
    this.#listen = listen
    this.#onFailure = onFailure
    this.#server = createServer(
      { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 30_000, maxHeaderSize: 16_384 },
      (request, response) => void api.handle(request, response),
    )
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.timeout = 60_000
  }

  get address(): ListenAddress | null {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return null
    return { host: this.#listen.host, port: bound.port }
  }

  /** Rejects with `port-unavailable`. */
  async start(): Promise<void> {
    const { host, port } = this.#listen
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ port, ...(host === null ? {} : { host }) }, resolve)
    try {
      await promise
    } catch (error) {
      throw await portUnavailable('CrowdSec bouncers', 'tcp', this.#listen, 'crowdsec.listen', error)
    } finally {
      this.#server.off('error', reject)
    }
    this.#server.on('error', (error) => this.#onFailure('the listener for bouncers', error))
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}
