/**
 * The TLS side of syslog over TLS: handshakes on sockets that another server accepted, TLS 1.2 or 1.3 only, with a
 * certificate that can be swapped while it runs, and client certificates where they are asked for. What is refused is
 * counted and told once a minute per peer (RELIABILITY.md N09, N10).
 */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls'
import { AppError, messageOf } from '../lib/errors.ts'
import { authorityOptions, type ClientAuthorities, judgeClient } from './client-certificate.ts'
import type { InputEventKind } from './context.ts'
import { senderAddress } from './sender-address.ts'

export interface Certificate {
  /** PEM texts. */
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

export interface TlsFrontOptions {
  readonly certificate: Certificate
  /** Present: clients must show a certificate of one of them. */
  readonly authorities?: ClientAuthorities | undefined
  readonly handshakeMs: number
  /** A client that passed; `identity` is the name in its certificate, empty without one. */
  readonly onClient: (socket: TLSSocket, identity: string, certificateEndsAtMs: number) => void
  readonly report: (kind: InputEventKind, peer: string, message: string) => void
}

export class TlsFront {
  readonly #options: TlsFrontOptions
  readonly #server: Server
  #certificate: Certificate
  #authorities: ClientAuthorities | undefined
  #handshakeFailures = 0
  #clientsRefused = 0

  /** Throws AppError 'bad-configuration' when the certificate is not usable. */
  constructor(options: TlsFrontOptions) {
    checkCertificate(options.certificate)
    this.#options = options
    this.#certificate = options.certificate
    this.#authorities = options.authorities
    this.#server = createServer({
      ...this.#secureOptions(),
      handshakeTimeout: options.handshakeMs,
      requestCert: options.authorities !== undefined,
      rejectUnauthorized: false, // `#admit` refuses, and says why
    })
    this.#server.on('secureConnection', (socket) => this.#admit(socket))
    this.#server.on('tlsClientError', (error, socket) => {
      this.#handshakeFailures++
      const peer = senderAddress(socket.remoteAddress ?? 'unknown')
      options.report('tls-handshake-failed', peer, `${peer}: ${messageOf(error)}`)
      socket.destroy()
    })
  }

  get handshakeFailures(): number {
    return this.#handshakeFailures
  }

  /** Turned away because of their client certificate, or for want of one. */
  get clientsRefused(): number {
    return this.#clientsRefused
  }

  /** Takes a connected socket through the handshake. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket)
  }

  /** Throws AppError 'bad-configuration', keeping the old one. */
  setCertificate(certificate: Certificate): void {
    checkCertificate(certificate)
    this.#certificate = certificate
    this.#server.setSecureContext(this.#secureOptions())
  }

  setAuthorities(authorities: ClientAuthorities): void {
    if (this.#authorities === undefined) throw new Error('BUG: this input asks for no client certificates')
    this.#authorities = authorities
    this.#server.setSecureContext(this.#secureOptions())
  }

  #secureOptions(): SecureContextOptions {
    const options: SecureContextOptions = { ...this.#certificate, minVersion: 'TLSv1.2' }
    if (this.#authorities === undefined) return options
    // A resumed session would bring back the verdict of an earlier day.
    return { ...options, ...authorityOptions(this.#authorities), secureOptions: constants.SSL_OP_NO_TICKET }
  }

  #admit(socket: TLSSocket): void {
    if (this.#authorities === undefined) {
      this.#options.onClient(socket, '', Number.POSITIVE_INFINITY)
      return
    }
    const verdict = judgeClient(socket)
    if (verdict.isAccepted) {
      this.#options.onClient(socket, verdict.name, verdict.endsAtMs)
      return
    }
    this.#clientsRefused++
    const peer = senderAddress(socket.remoteAddress ?? 'unknown')
    this.#options.report('tls-client-refused', peer, `${peer}: ${verdict.reason}; connection closed`)
    socket.on('error', () => {}) // the peer may reset what is refused
    socket.destroy()
  }
}

function checkCertificate(certificate: Certificate): void {
  try {
    createSecureContext({ ...certificate })
  } catch (error) {
    throw new AppError(
      'bad-configuration',
      `the TLS certificate or key cannot be used: ${messageOf(error)}`,
      error,
    )
  }
}
