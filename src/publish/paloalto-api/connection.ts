/**
 * HTTPS to the management API of one firewall: requests one after the other over one kept connection, each within a time
 * and a size. The certificate is held against the pinned fingerprint, else against the authorities, before a byte of ours
 * goes out; the key goes in a header and stands in no URL, message or error. Redirects are not followed.
 */
import { Agent, request } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions } from 'node:tls'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'
import { PanOsError } from './answers.ts'
import type { Command } from './commands.ts'

export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  /** PEM; null: the authorities that Node.js knows. */
  readonly ca: string | null
  /** SHA-256 of the certificate, 64 small hexadecimal digits; no authority is asked then. */
  readonly fingerprint: string | null
  readonly key: string
}

export interface ConnectionLimits {
  /** Of one request, from its start to the last byte of the answer. */
  readonly timeoutMs: number
  readonly answerBytes: number
}

/** Rulebases of thousands of rules have some MiB. */
export const CONNECTION_LIMITS: ConnectionLimits = { timeoutMs: 30_000, answerBytes: 16 << 20 }

export interface RawAnswer {
  readonly status: number
  readonly text: string
  /** The connection that it came by: modes of the firewall hold for a connection. */
  readonly socket: Socket
}

export class PanOsConnection {
  readonly #settings: ConnectionSettings
  readonly #limits: ConnectionLimits
  readonly #agent: CheckedAgent

  constructor(settings: ConnectionSettings, limits: ConnectionLimits = CONNECTION_LIMITS) {
    this.#settings = settings
    this.#limits = limits
    this.#agent = new CheckedAgent(settings)
  }

  /** One request; rejects with PanOsError `certificate`, `unreachable` or `unclear`. */
  ask(command: Command): Promise<RawAnswer> {
    const { host, port, key } = this.#settings
    const { timeoutMs, answerBytes } = this.#limits
    const body = Buffer.from(new URLSearchParams(command).toString())
    const signal = AbortSignal.timeout(timeoutMs)
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(faultOf(error, signal.aborted, timeoutMs))
      const sent = request(
        {
          host,
          port,
          method: 'POST',
          path: '/api/',
          agent: this.#agent,
          signal,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': body.length,
            'x-pan-key': key,
            accept: 'application/xml',
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          const { socket } = response
          let size = 0
          response.on('error', fail)
          response.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > answerBytes)
              response.destroy(new PanOsError('unclear', `the answer is longer than ${answerBytes} bytes`))
            else chunks.push(chunk)
          })
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(chunks).toString('utf8'),
              socket,
            }),
          )
        },
      )
      sent.on('error', fail)
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Hands out a connection only when its certificate has been checked. */
class CheckedAgent extends Agent {
  readonly #settings: ConnectionSettings

  constructor(settings: ConnectionSettings) {
    // No sessions are kept: each handshake shows the certificate.
    super({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 })
    this.#settings = settings
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { fingerprint } = this.#settings
    const socket = connect(tlsOptions(this.#settings))
    const finish = (error: Error | null): void => {
      socket.off('error', finish)
      if (error !== null) socket.destroy()
      callback?.(error, socket)
    }
    socket.once('error', finish)
    socket.once('secureConnect', () => {
      const shown = socket.getPeerCertificate().fingerprint256 ?? ''
      const isPinned = shown.replaceAll(':', '').toLowerCase() === fingerprint
      if (fingerprint === null || isPinned) finish(null)
      else
        finish(
          new PanOsError(
            'certificate',
            `it shows another certificate than the pinned one (SHA-256 ${shown})`,
          ),
        )
    })
    return undefined
  }
}

function tlsOptions({ host, port, ca, fingerprint }: ConnectionSettings): ConnectionOptions {
  return {
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === null ? {} : { ca }),
    // Only with a pin: the fingerprint is then held against the certificate before anything is sent.
    rejectUnauthorized: fingerprint === null,
  }
}

/** Codes of what is wrong with a certificate, from OpenSSL and Node.js. */
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_)/

function faultOf(error: unknown, isLate: boolean, timeoutMs: number): PanOsError {
  if (error instanceof PanOsError) return error
  if (isLate) return new PanOsError('unreachable', `no whole answer within ${timeoutMs / 1000} s`)
  const code = systemCodeOf(error)
  if (code !== null && CERTIFICATE.test(code))
    return new PanOsError('certificate', `its certificate does not verify: ${messageOf(error)}`, error)
  return new PanOsError('unreachable', messageOf(error), error)
}
