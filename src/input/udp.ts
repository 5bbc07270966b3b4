/**
 * Syslog over UDP (RFC 5426): one datagram is one message. One socket; with an empty host it is dual stack, and
 * IPv4 only where the machine has no IPv6. Line ends and NULs at the end of a datagram are cut, empty ones counted.
 *
 * UDP loses what nobody takes in time, so every loss is counted: `shed` when no batch is free (per sender in a bounded
 * table), and the kernel's own drops when the socket's buffer was full. The kernel's counter is read from
 * /proc/net/udp and udp6. Node does not tell a dgram socket's inode, so our row is found by local address and port;
 * where another process shares both (SO_REUSEPORT), its drops are counted here too.
 *
 * Cost: the message callback copies the datagram and does one table look-up, no allocation of its own.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { systemCodeOf } from '../lib/errors.ts'
import { formatListen, portUnavailable } from '../lib/listen-address.ts'
import { BatchWriter } from './batch-writer.ts'
import { type Finding, type InputContext, RareReporter } from './context.ts'
import { listenSetting } from './listen-setting.ts'
import { kernelHex, readSocketTable } from './proc-net.ts'
import { senderAddress } from './sender-address.ts'

export interface UdpOptions {
  /** `HOST:PORT`, `:PORT` or `[v6]:PORT`. */
  readonly listen: string
  /** Socket buffer asked of the kernel. */
  readonly receiveBufferBytes: number
  /** How often the kernel's drop counter is read, in ms. */
  readonly dropCheckMs?: number
}

export interface UdpStatus {
  readonly address: string
  /** Messages put into batches, and their bytes. */
  readonly received: number
  readonly receivedBytes: number
  readonly empty: number
  /** Messages thrown away because no batch was free. */
  readonly shed: number
  /** The senders that lost most: address and messages shed. */
  readonly shedBySender: readonly { readonly sender: string; readonly shed: number }[]
  /** Datagrams the kernel dropped for this socket. */
  readonly kernelDrops: number
  readonly receiveBufferBytesAsked: number
  readonly receiveBufferBytes: number
  readonly socketErrors: number
}

interface UdpSender {
  readonly name: string
  readonly identity: ''
  batchNumber: number
  index: number
  shed: number
}

/** Senders remembered at once; strangers can forge addresses without end. */
const SENDERS_LIMIT = 4096
const SHED_SHOWN = 20
const DROP_CHECK_MS = 5000

export class UdpInput {
  readonly #options: UdpOptions
  readonly #context: InputContext
  readonly #writer: BatchWriter
  readonly #reporter: RareReporter
  /** By the address as the socket tells it. */
  readonly #senders = new Map<string, UdpSender>()
  #lastRaw = ''
  #lastSender: UdpSender = newUdpSender('')
  #socket: Socket | null = null
  #address = ''
  #port = 0
  #addressHex = ''
  #timer: NodeJS.Timeout | undefined
  #grantedBytes = 0
  #received = 0
  #receivedBytes = 0
  #empty = 0
  #shed = 0
  #shedReported = 0
  /** Shed by senders that the table no longer knows. */
  #shedByOthers = 0
  #kernelDrops = 0
  #socketErrors = 0

  constructor(options: UdpOptions, context: InputContext) {
    this.#options = options
    this.#context = context
    this.#writer = new BatchWriter(context, 'udp', 0)
    this.#reporter = new RareReporter(context)
  }

  /** `host:port` actually bound; empty before start. */
  get address(): string {
    return this.#address
  }

  /** Binds; rejects with AppError 'port-unavailable'. */
  async start(): Promise<void> {
    const { host, port } = listenSetting(this.#options.listen)
    try {
      this.#socket = await this.#open(host, port)
    } catch (error) {
      throw await portUnavailable('syslog', 'udp', { host, port }, 'syslog.udp.listen', error)
    }
    const bound = this.#socket.address()
    this.#address = formatListen({ host: bound.address, port: bound.port })
    this.#port = bound.port
    this.#addressHex = kernelHex(bound.address)
    // Linux doubles the size for its own bookkeeping and reports the double (socket(7), SO_RCVBUF).
    const told = this.#socket.getRecvBufferSize()
    this.#grantedBytes = process.platform === 'linux' ? told / 2 : told
    this.#socket.on('error', (error) => {
      this.#socketErrors++
      this.#reporter.report('socket-failed', this.#name, '', `receiving failed: ${error.message}`)
    })
    const checkMs = this.#options.dropCheckMs ?? DROP_CHECK_MS
    this.#timer = setInterval(() => void this.#reportLosses(), checkMs)
    this.#timer.unref()
  }

  /** Closes the socket and delivers what is held. Datagrams still in the kernel's buffer are lost with it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    const socket = this.#socket
    if (socket === null) return
    this.#socket = null
    await this.checkKernelDrops()
    const closed = once(socket, 'close')
    socket.close()
    await closed
    this.#writer.flush()
  }

  status(): UdpStatus {
    const losers = [...this.#senders.values()]
      .filter((sender) => sender.shed > 0)
      .map((sender) => ({ sender: sender.name, shed: sender.shed }))
      .sort((a, b) => b.shed - a.shed)
      .slice(0, SHED_SHOWN)
    if (this.#shedByOthers > 0) losers.push({ sender: 'others', shed: this.#shedByOthers })
    return {
      address: this.#address,
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      empty: this.#empty,
      shed: this.#shed,
      shedBySender: losers,
      kernelDrops: this.#kernelDrops,
      receiveBufferBytesAsked: this.#options.receiveBufferBytes,
      receiveBufferBytes: this.#grantedBytes,
      socketErrors: this.#socketErrors,
    }
  }

  findings(): Finding[] {
    const asked = this.#options.receiveBufferBytes
    if (this.#grantedBytes === 0 || this.#grantedBytes >= asked) return []
    return [
      {
        code: 'receive-buffer-limited',
        message:
          `${this.#name}: the kernel grants a receive buffer of ${this.#grantedBytes} bytes instead of ${asked}; ` +
          'bursts of syslog may be lost',
        mend:
          `sysctl -w net.core.rmem_max=${asked} && ` +
          `echo net.core.rmem_max=${asked} > /etc/sysctl.d/60-active-defense.conf, then restart the service`,
      },
    ]
  }

  /** Reads the kernel's drop counter of this socket now; where there is none it stays as it was. */
  async checkKernelDrops(): Promise<void> {
    const rows = await readSocketTable(this.#addressHex.length > 8 ? 'udp6' : 'udp')
    const own = rows.filter((row) => row.port === this.#port && row.addressHex === this.#addressHex)
    if (own.length > 0) this.#kernelDrops = own.reduce((sum, row) => sum + row.drops, 0)
  }

  get #name(): string {
    return `udp ${this.#address}`
  }

  async #open(host: string | null, port: number): Promise<Socket> {
    if (host !== null) return this.#bind(host.includes(':') ? 'udp6' : 'udp4', host, port)
    try {
      return await this.#bind('udp6', '::', port)
    } catch (error) {
      const code = systemCodeOf(error)
      // EAFNOSUPPORT: no IPv6 in this kernel; EADDRNOTAVAIL: switched off by sysctl or in this container.
      if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') throw error
      return this.#bind('udp4', '0.0.0.0', port)
    }
  }

  async #bind(type: 'udp4' | 'udp6', host: string, port: number): Promise<Socket> {
    const socket = createSocket({ type, recvBufferSize: this.#options.receiveBufferBytes })
    socket.on('message', (message, peer) => this.#take(message, peer))
    socket.bind({ address: host, port, exclusive: true })
    try {
      await once(socket, 'listening')
      return socket
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #take(message: Buffer, peer: RemoteInfo): void {
    let end = message.length
    while (end > 0 && isLineEnd(message[end - 1] as number)) end--
    if (end === 0) {
      this.#empty++
      return
    }
    const sender = peer.address === this.#lastRaw ? this.#lastSender : this.#senderOf(peer.address)
    if (this.#writer.add(message, 0, end, sender, false)) {
      this.#received++
      this.#receivedBytes += end
    } else {
      sender.shed++
      this.#shed++
    }
  }

  #senderOf(raw: string): UdpSender {
    let sender = this.#senders.get(raw)
    if (sender === undefined) {
      if (this.#senders.size >= SENDERS_LIMIT) this.#forgetOldest()
      sender = newUdpSender(senderAddress(raw))
      this.#senders.set(raw, sender)
    }
    this.#lastRaw = raw
    this.#lastSender = sender
    return sender
  }

  #forgetOldest(): void {
    for (const [raw, sender] of this.#senders) {
      this.#shedByOthers += sender.shed
      this.#senders.delete(raw)
      return
    }
  }

  async #reportLosses(): Promise<void> {
    const before = this.#kernelDrops
    await this.checkKernelDrops()
    const dropped = this.#kernelDrops - before
    if (dropped > 0) {
      const message = `the kernel dropped ${dropped} datagrams because the receive buffer was full`
      this.#context.report({ kind: 'kernel-drops', input: this.#name, message, count: dropped })
    }
    const shed = this.#shed - this.#shedReported
    if (shed > 0) {
      this.#shedReported = this.#shed
      const message = `${shed} messages were thrown away because the pipeline is behind`
      this.#context.report({ kind: 'messages-shed', input: this.#name, message, count: shed })
    }
  }
}

function newUdpSender(name: string): UdpSender {
  return { name, identity: '', batchNumber: -1, index: 0, shed: 0 }
}

function isLineEnd(byte: number): boolean {
  return byte === 10 || byte === 13 || byte === 0
}
