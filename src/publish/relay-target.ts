/**
 * Where the relay sends lines: `udp://HOST:PORT`, one datagram a line, or `tcp://HOST:PORT` with octet counting
 * (RFC 6587). A target sends one piece after the other, each some thousand lines in one buffer.
 *
 * UDP: a datagram that the system refuses counts as failed; what is lost on the way nobody knows. TCP: it connects
 * again with growing pauses and sends the piece that was under way once more from its beginning, so the other side may
 * see some lines twice; what lay in the kernel's buffer when the connection broke is lost.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../lib/errors.ts'

export interface RelayAddress {
  readonly protocol: 'udp' | 'tcp'
  readonly host: string
  readonly port: number
}

/** Message `i` is `bytes[start[i], end[i])`. */
export interface RelayPiece {
  readonly bytes: Uint8Array
  readonly start: Uint32Array
  readonly end: Uint32Array
}

/** `connected`: the last lines went out. `failing`: they did not; the reason says why. */
export interface RelayState {
  readonly state: 'connecting' | 'connected' | 'failing'
  readonly reason: string
}

export interface RelayTarget {
  /** Resolves with the number of lines that could not be sent; rejects only when aborted. */
  send(piece: RelayPiece, signal: AbortSignal): Promise<number>
  close(): void
}

/** Pauses before connecting again. */
const RETRY_MS = [500, 1000, 2000, 5000, 10_000, 30_000]
/** A connection on which nothing moves for so long, while there is something to send, is given up. */
const STALLED_MS = 30_000
/** The most that fits an IPv4 datagram; a longer line is cut. */
const DATAGRAM_BYTES = 65_507
/** Datagrams handed to the system before the first of them must be done. */
const DATAGRAMS_AT_ONCE = 128

/** Reads the setting `relay.to`, which its schema has checked. */
export function relayAddress(text: string): RelayAddress {
  const url = new URL(text)
  return {
    protocol: url.protocol === 'udp:' ? 'udp' : 'tcp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port),
  }
}

export function makeTarget(address: RelayAddress, tell: (state: RelayState) => void): RelayTarget {
  return address.protocol === 'udp' ? new UdpTarget(address, tell) : new TcpTarget(address, tell)
}

class UdpTarget implements RelayTarget {
  readonly #address: RelayAddress
  readonly #tell: (state: RelayState) => void
  #socket: UdpSocket | null = null
  #failures = 0

  constructor(address: RelayAddress, tell: (state: RelayState) => void) {
    this.#address = address
    this.#tell = tell
  }

  async send(piece: RelayPiece, signal: AbortSignal): Promise<number> {
    const socket = this.#socket ?? (await this.#open(signal))
    const { start, end } = piece
    let failed = 0
    let reason = ''
    for (let first = 0; first < start.length; first += DATAGRAMS_AT_ONCE) {
      const stop = Math.min(start.length, first + DATAGRAMS_AT_ONCE)
      await new Promise<void>((resolve) => {
        let waiting = stop - first
        for (let i = first; i < stop; i++) {
          const from = start[i] as number
          const length = Math.min((end[i] as number) - from, DATAGRAM_BYTES)
          socket.send(piece.bytes, from, length, (error) => {
            if (error !== null) {
              failed++
              reason = error.message
            }
            if (--waiting === 0) resolve()
          })
        }
      })
      signal.throwIfAborted()
    }
    this.#tell(failed === 0 ? { state: 'connected', reason: '' } : { state: 'failing', reason })
    if (failed > 0) this.#reopenSometimes()
    return failed
  }

  close(): void {
    this.#socket?.close()
    this.#socket = null
  }

  /** The name may mean another address by now. */
  #reopenSometimes(): void {
    this.#failures++
    if (this.#failures % 20 === 0) this.close()
  }

  async #open(signal: AbortSignal): Promise<UdpSocket> {
    for (let tries = 0; ; tries++) {
      try {
        const { address, family } = await lookup(this.#address.host)
        const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
        socket.on('error', () => {}) // an ICMP answer; the next send tells the same
        socket.connect(this.#address.port, address)
        await once(socket, 'connect', { signal })
        socket.setSendBufferSize(1 << 20)
        this.#socket = socket
        return socket
      } catch (error) {
        signal.throwIfAborted()
        this.#tell({ state: 'failing', reason: messageOf(error) })
        await sleep(pauseOf(tries), undefined, { signal })
      }
    }
  }
}

class TcpTarget implements RelayTarget {
  readonly #address: RelayAddress
  readonly #tell: (state: RelayState) => void
  #socket: Socket | null = null
  #tries = 0

  constructor(address: RelayAddress, tell: (state: RelayState) => void) {
    this.#address = address
    this.#tell = tell
  }

  async send(piece: RelayPiece, signal: AbortSignal): Promise<number> {
    const frames = octetCounted(piece)
    for (;;) {
      const socket = this.#socket ?? (await this.#connect(signal))
      const error = await write(socket, frames, signal)
      if (error === null) {
        this.#tries = 0
        this.#tell({ state: 'connected', reason: '' })
        return 0
      }
      signal.throwIfAborted()
      this.close()
      await this.#pause(messageOf(error), signal)
    }
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    for (;;) {
      const socket = connect({
        ...this.#address,
        keepAlive: true,
        keepAliveInitialDelay: 60_000,
        noDelay: true,
      })
      try {
        await once(socket, 'connect', { signal })
      } catch (error) {
        socket.destroy()
        signal.throwIfAborted()
        await this.#pause(messageOf(error), signal)
        continue
      }
      socket.on('error', () => {}) // 'close' follows, and the write under way fails
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = null
      })
      socket.resume() // nothing is expected from there, but its end is
      this.#socket = socket
      return socket
    }
  }

  #pause(reason: string, signal: AbortSignal): Promise<void> {
    this.#tell({ state: 'failing', reason })
    return sleep(pauseOf(this.#tries++), undefined, { signal })
  }
}

function pauseOf(tries: number): number {
  return RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0
}

/** Null once the system has taken all of it; else why not. */
function write(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<Error | null> {
  return new Promise((resolve) => {
    const end = (error: Error | null): void => {
      socket.setTimeout(0)
      socket.off('close', closed)
      socket.off('timeout', stalled)
      signal.removeEventListener('abort', aborted)
      resolve(error)
    }
    const closed = (): void => end(new Error('the connection was closed'))
    const stalled = (): void => {
      socket.destroy()
      end(new Error(`nothing was taken for ${STALLED_MS / 1000} s`))
    }
    const aborted = (): void => end(new Error('stopped'))
    socket.once('close', closed)
    socket.once('timeout', stalled)
    signal.addEventListener('abort', aborted, { once: true })
    socket.setTimeout(STALLED_MS)
    if (socket.destroyed) closed()
    else socket.write(bytes, (error) => end(error ?? null))
  })
}

/** `LENGTH SP MESSAGE` for every line, in one buffer. */
export function octetCounted({ bytes, start, end }: RelayPiece): Buffer {
  let size = 0
  for (let i = 0; i < start.length; i++) size += (end[i] as number) - (start[i] as number) + 8
  const frames = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (let i = 0; i < start.length; i++) {
    const from = start[i] as number
    const to = end[i] as number
    at += frames.write(`${to - from} `, at, 'latin1')
    frames.set(bytes.subarray(from, to), at)
    at += to - from
  }
  return frames.subarray(0, at)
}
