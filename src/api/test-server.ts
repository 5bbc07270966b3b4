/**
 * A running HTTPS server on a free port of 127.0.0.1 with sources that a test may break, and a client for it: for the
 * tests of the server and its routes.
 */
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import { systemClock } from '../lib/clock.ts'
import type { ListFetch } from '../publish/fetch-log.ts'
import { type ListSnapshot, startSnapshot } from '../publish/list-snapshot.ts'
import { certificateNames } from '../publish/machine-names.ts'
import { issueLeaf, makeAuthority } from '../publish/made-certificate.ts'
import { inspectCertificate, type ServedCertificate } from '../publish/own-certificate.ts'
import type { ComponentHealth } from './health.ts'
import { sampleStatus } from './sample-status.ts'
import { HttpsServer, type ServerSources } from './server.ts'

export const LIST = '/files/blacklist.txt'
export const SENTINEL = '192.0.2.255'
export const MADE_AT_MS = Date.UTC(2026, 0, 31, 12, 0, 0, 700)

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly ca?: string
  readonly body?: string | Buffer
}

/** A certificate for localhost under an authority of its own. */
export async function newCertificate(): Promise<{ ca: string; served: ServedCertificate }> {
  const nowMs = systemClock.nowMs()
  const ca = await makeAuthority('test', nowMs)
  const leaf = await issueLeaf(ca, certificateNames(['localhost', '127.0.0.1']), nowMs)
  const inspection = inspectCertificate(leaf.cert, leaf.key, 'made', nowMs)
  if (!inspection.ok) throw new Error(inspection.fault)
  return { ca: ca.cert, served: inspection.certificate }
}

export class TestServer {
  readonly authority: string
  readonly certificate: ServedCertificate
  readonly server: HttpsServer
  sources!: { -readonly [Key in keyof ServerSources]: ServerSources[Key] }
  snapshot!: ListSnapshot
  components!: ComponentHealth[]
  fetches!: ListFetch[]
  failures!: string[]

  static async start(): Promise<TestServer> {
    const { ca, served } = await newCertificate()
    const started = new TestServer(ca, served)
    await started.server.start()
    return started
  }

  constructor(authority: string, certificate: ServedCertificate) {
    this.authority = authority
    this.certificate = certificate
    this.reset()
    this.server = new HttpsServer({
      listen: { host: '127.0.0.1', port: 0 },
      certificate,
      sources: {
        list: () => this.sources.list(),
        components: () => this.sources.components(),
        status: () => this.sources.status(),
        metrics: () => this.sources.metrics(),
        authorityPem: () => this.sources.authorityPem(),
        metricsToken: () => this.sources.metricsToken(),
        lines: {
          token: () => this.sources.lines.token(),
          submit: (peer, lines) => this.sources.lines.submit(peer, lines),
        },
      },
      clock: systemClock,
      sentinel: SENTINEL,
      onFetch: (fetch) => this.fetches.push(fetch),
      onFailure: (what) => this.failures.push(what),
    })
  }

  /** Everything works again. */
  reset(): void {
    const lines = ['198.51.100.1', '203.0.113.0/24', '2001:db8::1']
    this.snapshot = {
      ...startSnapshot(lines.join('\n'), MADE_AT_MS),
      revision: 7,
      entries: lines.length,
      origin: 'decisions',
    }
    this.components = [{ name: 'list', isReady: true, reason: 'served' }]
    this.fetches = []
    this.failures = []
    this.sources = {
      list: () => this.snapshot,
      components: () => this.components,
      status: () => sampleStatus(),
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'active_defense_up 1\n' }),
      authorityPem: () => this.authority,
      metricsToken: () => 'correct-token',
      lines: { token: () => '', submit: () => Promise.resolve('taken') },
    }
  }

  get port(): number {
    return this.server.address?.port ?? 0
  }

  async ask(path: string, options: AskOptions = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const outgoing = httpsRequest(
      {
        host: '127.0.0.1',
        port: this.port,
        path,
        servername: 'localhost',
        ca: options.ca ?? this.authority,
        agent: false,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          }),
        )
        incoming.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(options.body)
    return await promise
  }

  /** Sends bytes as they are and answers all that comes back. */
  async askRaw(text: string): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port: this.port, ca: this.authority, maxVersion: 'TLSv1.2' })
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
}
