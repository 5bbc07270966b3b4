/**
 * Syslog over TCP and TLS (RFC 6587, RFC 5425): a server whose connections are split into messages by their framing
 * and share batches. TLS is the same server with a certificate, which can be swapped while it runs.
 *
 * Bounds: connections in all and per address, 64 KiB of message and one chunk held per connection, a time without any
 * message and a time for a message to be finished. With no batch free every socket that has something is paused, so
 * the sender's TCP window closes; nothing is lost. What a peer sent before it reset or fell silent is delivered, the
 * unfinished last message flagged truncated.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { systemCodeOf } from '../lib/errors.ts'
import { formatListen, portUnavailable } from '../lib/listen-address.ts'
import { BatchWriter, newSender, type Sender } from './batch-writer.ts'
import type { ClientAuthorities } from './client-certificate.ts'
import { type Finding, type InputContext, RareReporter } from './context.ts'
import { FrameSplitter, type MessageSink } from './framing.ts'
import { listenSetting } from './listen-setting.ts'
import { senderAddress } from './sender-address.ts'
import { type Certificate, TlsFront } from './tls-front.ts'

export interface TcpOptions {
  /** `HOST:PORT`, `:PORT` or `[v6]:PORT`. */
  readonly listen: string
  readonly maxConnections: number
  readonly maxConnectionsPerAddress?: number
  /** A connection without a complete message for so long is closed. */
  readonly idleSeconds: number
  /** A message begun and not finished for so long closes its connection (slowloris). */
  readonly frameSeconds?: number
  /** Present: the server speaks TLS 1.2 or 1.3 only. */
  readonly tls?: Certificate
  /** Present: clients must show a certificate of one of them. */
  readonly clientAuthorities?: ClientAuthorities
  readonly tlsHandshakeMs?: number
  /** How often connections are looked through for silent ones, in ms. */
  readonly sweepMs?: number
}

export interface TcpStatus {
  readonly address: string
  readonly received: number
  readonly receivedBytes: number
  readonly empty: number
  readonly truncated: number
  readonly connections: number
  readonly connectionsAccepted: number
  /** Turned away because of a cap. */
  readonly connectionsRefused: number
  readonly connectionsIdleClosed: number
  readonly connectionErrors: number
  readonly framingErrors: number
  readonly tlsHandshakeFailures: number
  /** TLS connections turned away because of their client certificate, or for want of one. */
  readonly tlsClientsRefused: number
  /** Connections paused now because no batch is free. */
  readonly paused: number
  /** Bytes of messages dropped because the service stopped while no batch was free. */
  readonly bytesLostAtStop: number
}

interface Connection {
  readonly socket: Socket
  readonly sender: Sender
  readonly splitter: FrameSplitter
  /** What the splitter has not taken yet, from `restAt` on; only while paused. */
  rest: Buffer | null
  restAt: number
  lastMessageMs: number
  frameBegunMs: number
  /** How the stream ended; its rest is still to be delivered. */
  ended: 'no' | 'finished' | 'cut'
  /** Unix ms at which its client certificate ends; Infinity without one. */
  readonly certificateEndsAtMs: number
}

const PER_ADDRESS = 100
const FRAME_SECONDS = 60
const SWEEP_MS = 1000
const TLS_HANDSHAKE_MS = 5000
const KEEP_ALIVE_MS = 60_000
/** At the cap, a connection silent for longer than this makes room for a new one. */
const MAY_BE_REPLACED_MS = 60_000
/** Bytes Node may read ahead of us on a paused socket, beside one chunk. */
const READ_AHEAD_BYTES = 16_384
/** Batches left for UDP, which cannot wait. */
const KEEP_FREE = 2
/** How long stop() waits for batches for what was already received. */
const STOP_WAIT_MS = 2000

export class TcpInput implements MessageSink {
  readonly #options: TcpOptions
  readonly #context: InputContext
  readonly #writer: BatchWriter
  readonly #reporter: RareReporter
  readonly #protocol: 'tcp' | 'tls'
  readonly #connections = new Set<Connection>()
  /** Sockets per sender address, those in a TLS handshake too. */
  readonly #perAddress = new Map<string, number>()
  readonly #sockets = new Set<Socket>()
  /** Connections that wait for a free batch, in order. */
  readonly #paused = new Set<Connection>()
  #isWaiting = false
  #isStopping = false
  #server: Server | null = null
  readonly #tls: TlsFront | null
  #address = ''
  #timer: NodeJS.Timeout | undefined
  /** Whose message is being added. */
  #sender: Sender = newSender('')
  #received = 0
  #receivedBytes = 0
  #empty = 0
  #truncated = 0
  #accepted = 0
  #refused = 0
  #idleClosed = 0
  #connectionErrors = 0
  #framingErrors = 0
  #bytesLostAtStop = 0

  /** Throws AppError 'bad-configuration' when the certificate is not usable. */
  constructor(options: TcpOptions, context: InputContext) {
    this.#options = options
    this.#context = context
    this.#protocol = options.tls === undefined ? 'tcp' : 'tls'
    this.#writer = new BatchWriter(context, this.#protocol, KEEP_FREE)
    this.#reporter = new RareReporter(context)
    this.#tls = options.tls === undefined ? null : this.#makeTls(options.tls)
  }

  /** `host:port` actually bound; empty before start. */
  get address(): string {
    return this.#address
  }

  /** Listens; rejects with AppError 'port-unavailable'. */
  async start(): Promise<void> {
    const { host, port } = listenSetting(this.#options.listen)
    try {
      this.#server = await this.#listen(host, port)
    } catch (error) {
      throw await portUnavailable('syslog', 'tcp', { host, port }, `syslog.${this.#protocol}.listen`, error)
    }
    const bound = this.#server.address()
    if (bound !== null && typeof bound === 'object') {
      this.#address = formatListen({ host: bound.address, port: bound.port })
    }
    this.#timer = setInterval(() => this.#closeSilent(), this.#options.sweepMs ?? SWEEP_MS)
    this.#timer.unref()
  }

  /** Closes all connections and delivers what they had sent; waits up to 2 s for free batches if it must. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    this.#isStopping = true
    clearInterval(this.#timer)
    const closed = once(server, 'close')
    server.close()
    const gone = [...this.#sockets].map((socket) => (socket.closed ? null : once(socket, 'close')))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([closed, ...gone])
    for (const connection of this.#connections) this.#end(connection, 'cut')
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_WAIT_MS)
    })
    await Promise.race([tooLong, this.#drainPaused()])
    clearTimeout(timer)
    for (const { rest, restAt, splitter } of this.#paused) {
      this.#bytesLostAtStop += (rest === null ? 0 : rest.length - restAt) + splitter.heldBytes
    }
    this.#paused.clear()
    this.#writer.flush()
  }

  /** Uses another certificate for connections from now on; throws AppError 'bad-configuration', keeping the old one. */
  setCertificate(certificate: Certificate): void {
    if (this.#tls === null) throw new Error('BUG: a plain TCP input has no certificate')
    this.#tls.setCertificate(certificate)
  }

  /** Uses other authorities for connections from now on; those of before stay open until their certificate ends. */
  setClientAuthorities(authorities: ClientAuthorities): void {
    this.#tls?.setAuthorities(authorities)
  }

  status(): TcpStatus {
    return {
      address: this.#address,
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      empty: this.#empty,
      truncated: this.#truncated,
      connections: this.#sockets.size,
      connectionsAccepted: this.#accepted,
      connectionsRefused: this.#refused,
      connectionsIdleClosed: this.#idleClosed,
      connectionErrors: this.#connectionErrors,
      framingErrors: this.#framingErrors,
      tlsHandshakeFailures: this.#tls?.handshakeFailures ?? 0,
      tlsClientsRefused: this.#tls?.clientsRefused ?? 0,
      paused: this.#paused.size,
      bytesLostAtStop: this.#bytesLostAtStop,
    }
  }

  findings(): Finding[] {
    return []
  }

  /** For the frame splitter: a message of the connection whose turn it is. */
  add(source: Uint8Array, from: number, to: number, wasTruncated: boolean): boolean {
    if (!this.#writer.add(source, from, to, this.#sender, wasTruncated)) return false
    this.#received++
    this.#receivedBytes += to - from
    return true
  }

  get #name(): string {
    return `${this.#protocol} ${this.#address}`
  }

  async #listen(host: string | null, port: number): Promise<Server> {
    if (host !== null) return this.#listenOn(host, port)
    try {
      return await this.#listenOn('::', port)
    } catch (error) {
      const code = systemCodeOf(error)
      if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error
      return this.#listenOn('0.0.0.0', port) // a machine without IPv6
    }
  }

  async #listenOn(host: string, port: number): Promise<Server> {
    const server = createServer({
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      highWaterMark: READ_AHEAD_BYTES,
    })
    server.on('connection', (socket) => this.#accept(socket))
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    server.on('error', (error) => {
      // Such as EMFILE while accepting: the server goes on listening.
      this.#connectionErrors++
      this.#reporter.report('socket-failed', this.#name, '', `accepting failed: ${error.message}`)
    })
    return server
  }

  /** Caps come before the handshake: the TLS side is handed the sockets that pass. */
  #makeTls(certificate: Certificate): TlsFront {
    return new TlsFront({
      certificate,
      authorities: this.#options.clientAuthorities,
      handshakeMs: this.#options.tlsHandshakeMs ?? TLS_HANDSHAKE_MS,
      onClient: (socket, identity, endsAtMs) => this.#attach(socket, identity, endsAtMs),
      report: (kind, peer, message) => this.#reporter.report(kind, this.#name, peer, message),
    })
  }

  #accept(socket: Socket): void {
    const address = senderAddress(socket.remoteAddress ?? '')
    const ofAddress = this.#perAddress.get(address) ?? 0
    socket.on('error', () => {
      // Resets and time-outs of peers; 'close' follows and ends the connection. TLS tells the same once more.
      if (this.#tls === null) this.#connectionErrors++
    })
    const isFull = this.#sockets.size >= this.#options.maxConnections && !this.#closeOldestSilent()
    if (isFull || ofAddress >= (this.#options.maxConnectionsPerAddress ?? PER_ADDRESS) || address === '') {
      this.#refused++
      const which = isFull
        ? 'all connections are taken'
        : `${ofAddress} connections from this address are open`
      this.#reporter.report('connection-refused', this.#name, address, `${address}: ${which}`)
      socket.destroy()
      return
    }
    this.#accepted++
    this.#sockets.add(socket)
    this.#perAddress.set(address, ofAddress + 1)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      const left = (this.#perAddress.get(address) ?? 1) - 1
      if (left === 0) this.#perAddress.delete(address)
      else this.#perAddress.set(address, left)
    })
    if (this.#tls === null) this.#attach(socket)
    else this.#tls.take(socket)
  }

  #attach(socket: Socket, identity = '', certificateEndsAtMs = Number.POSITIVE_INFINITY): void {
    const nowMs = this.#context.clock.monotonicMs()
    const connection: Connection = {
      socket,
      sender: newSender(senderAddress(socket.remoteAddress ?? ''), identity),
      splitter: new FrameSplitter(),
      rest: null,
      restAt: 0,
      lastMessageMs: nowMs,
      frameBegunMs: nowMs,
      ended: 'no',
      certificateEndsAtMs,
    }
    this.#connections.add(connection)
    socket.on('data', (chunk: Buffer) => this.#take(connection, chunk))
    socket.on('end', () => this.#end(connection, 'finished'))
    socket.on('close', () => this.#end(connection, 'cut'))
    if (this.#protocol === 'tls') {
      socket.on('error', () => {
        this.#connectionErrors++
      })
    }
  }

  #take(connection: Connection, chunk: Buffer): void {
    if (connection.rest !== null) {
      // Paused, and yet Node had one more chunk under way.
      connection.rest = Buffer.concat([connection.rest.subarray(connection.restAt), chunk])
      connection.restAt = 0
      return
    }
    this.#feed(connection, chunk, 0)
  }

  /** Splits what came; false when no batch is free: the connection is paused and queued then. */
  #feed(connection: Connection, chunk: Buffer, from: number): boolean {
    const { splitter } = connection
    const { messageCount, emptyCount, truncatedCount, isMidFrame } = splitter
    this.#sender = connection.sender
    const at = splitter.push(chunk, from, this)
    this.#empty += splitter.emptyCount - emptyCount
    this.#truncated += splitter.truncatedCount - truncatedCount
    const nowMs = this.#context.clock.monotonicMs()
    if (splitter.messageCount !== messageCount) connection.lastMessageMs = nowMs
    if (splitter.messageCount !== messageCount || !isMidFrame) connection.frameBegunMs = nowMs
    if (splitter.framingError !== null) {
      this.#framingErrors++
      const who = connection.sender.name
      this.#reporter.report(
        'framing-error',
        this.#name,
        who,
        `${who}: ${splitter.framingError}; connection closed`,
      )
      connection.rest = null
      connection.socket.destroy()
      return true
    }
    if (!splitter.isBlocked) {
      connection.rest = null
      return true
    }
    connection.rest = chunk
    connection.restAt = at
    this.#pause(connection)
    return false
  }

  #pause(connection: Connection): void {
    connection.socket.pause()
    this.#paused.add(connection)
    if (!this.#isWaiting && !this.#isStopping) void this.#drainPaused()
  }

  /** Takes up paused connections again, in order, as batches become free. */
  async #drainPaused(): Promise<void> {
    this.#isWaiting = true
    while (this.#paused.size > 0) {
      await this.#context.pool.whenFree(KEEP_FREE)
      for (const connection of this.#paused) if (!this.#resume(connection)) break
    }
    this.#isWaiting = false
  }

  #resume(connection: Connection): boolean {
    if (connection.rest !== null && !this.#feed(connection, connection.rest, connection.restAt)) return false
    if (connection.ended !== 'no' && !this.#deliverLast(connection)) return false
    this.#paused.delete(connection)
    const nowMs = this.#context.clock.monotonicMs()
    connection.lastMessageMs = nowMs // it was our doing that nothing came
    connection.frameBegunMs = nowMs
    if (connection.ended === 'no') connection.socket.resume()
    return true
  }

  #end(connection: Connection, how: 'finished' | 'cut'): void {
    if (connection.ended !== 'no') return
    connection.ended = how
    this.#connections.delete(connection)
    if (connection.rest !== null || !this.#deliverLast(connection)) this.#pause(connection)
  }

  #deliverLast(connection: Connection): boolean {
    const before = connection.splitter.truncatedCount
    this.#sender = connection.sender
    const isDone = connection.splitter.end(this, connection.ended === 'cut')
    this.#truncated += connection.splitter.truncatedCount - before
    return isDone
  }

  #closeSilent(): void {
    const nowMs = this.#context.clock.monotonicMs()
    const wallMs = this.#context.clock.nowMs()
    const idleMs = this.#options.idleSeconds * 1000
    const frameMs = (this.#options.frameSeconds ?? FRAME_SECONDS) * 1000
    for (const connection of this.#connections) {
      if (wallMs >= connection.certificateEndsAtMs) connection.socket.destroy()
      if (this.#paused.has(connection)) continue
      const isIdle = nowMs - connection.lastMessageMs >= idleMs
      const isStuck = connection.splitter.isMidFrame && nowMs - connection.frameBegunMs >= frameMs
      if (isIdle || isStuck) this.#closeIdle(connection)
    }
  }

  #closeIdle(connection: Connection): void {
    this.#idleClosed++
    connection.socket.destroy()
  }

  #closeOldestSilent(): boolean {
    let oldest: Connection | null = null
    for (const connection of this.#connections) {
      if (this.#paused.has(connection) || connection.socket.destroyed) continue
      if (oldest === null || connection.lastMessageMs < oldest.lastMessageMs) oldest = connection
    }
    const nowMs = this.#context.clock.monotonicMs()
    if (oldest === null || nowMs - oldest.lastMessageMs < MAY_BE_REPLACED_MS) return false
    this.#closeIdle(oldest)
    return true
  }
}
