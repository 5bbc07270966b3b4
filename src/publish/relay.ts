/**
 * The raw relay: every line received goes on to another syslog server as it came, before anybody reads it, so that an
 * older system can run beside this one. The lines of a batch are copied once and handed to a thread of its own
 * (relay-worker.ts). What waits there is bounded; beyond, batches are shed and counted: the relay never holds up the
 * pipeline. Switched off it costs one comparison a batch.
 */
import { hostname, networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { RawBatch } from '../model/raw-batch.ts'
import { relayAddress, type RelayAddress } from './relay-target.ts'
import type { FromRelay, ToRelay } from './relay-worker.ts'

export interface RelayOptions {
  /** `udp://HOST:PORT`, `tcp://HOST:PORT`, or empty: off. */
  readonly to: string
  /** Lines of followed files too. */
  readonly files: boolean
}

export interface RelayStatus {
  readonly to: string
  readonly state: 'connecting' | 'connected' | 'failing' | 'refused'
  /** Why it fails or is refused; else empty. */
  readonly reason: string
  readonly sentLines: number
  /** Thrown away because too many waited. */
  readonly shedLines: number
  /** The system or the target would not take them. */
  readonly failedLines: number
  readonly waitingLines: number
  readonly waitingBytes: number
}

/** Text that may wait for the target. */
const WAITING_LIMIT_BYTES = 32 << 20
/** A thread that ended by a bug is started again after this. */
const RESTART_MS = 5000
/** A stopping relay waits so long for the thread, which itself leaves its last lines a second. */
const STOP_MS = 2000

/** Ports that this service listens on for syslog, by protocol. */
export type OwnPorts = Readonly<Record<'udp' | 'tcp', readonly number[]>>

export class Relay {
  readonly #ownPorts: () => OwnPorts
  readonly #limitBytes: number
  #options: RelayOptions = { to: '', files: false }
  #worker: Worker | null = null
  /** Changes of the target come one after the other. */
  #changing: Promise<void> = Promise.resolve()
  #restart: NodeJS.Timeout | undefined
  #state: RelayStatus['state'] = 'connecting'
  #reason = ''
  #sent = 0
  #shed = 0
  #failed = 0
  #waitingLines = 0
  #waitingBytes = 0

  /** `ownPorts`: relaying to one of them would go round in circles, and is refused. */
  constructor(ownPorts: () => OwnPorts, limitBytes = WAITING_LIMIT_BYTES) {
    this.#ownPorts = ownPorts
    this.#limitBytes = limitBytes
  }

  /** Takes over the settings; a changed target ends the thread of the old one and begins anew. */
  configure(options: RelayOptions): Promise<void> {
    const isSame = options.to === this.#options.to
    this.#options = options
    if (isSame) return this.#changing
    this.#changing = this.#changing.then(async () => {
      await this.stop()
      if (options.to !== '') this.#start(relayAddress(options.to))
    })
    return this.#changing
  }

  /** Hands over the lines of a batch that nobody has parsed yet, by copying them. */
  take(raw: RawBatch): void {
    const worker = this.#worker
    if (worker === null || raw.count === 0) return
    if (raw.transport === 'file' && !this.#options.files) return
    const size = raw.used
    if (this.#waitingBytes + size > this.#limitBytes) {
      this.#shed += raw.count
      return
    }
    const bytes = Buffer.allocUnsafeSlow(size)
    raw.bytes.copy(bytes, 0, 0, size)
    const start = raw.start.slice(0, raw.count)
    const end = raw.end.slice(0, raw.count)
    const message: ToRelay = { kind: 'piece', piece: { bytes, start, end } }
    worker.postMessage(message, [bytes.buffer as ArrayBuffer, start.buffer, end.buffer])
    this.#waitingLines += raw.count
    this.#waitingBytes += size
  }

  /** Null while it is switched off. */
  status(): RelayStatus | null {
    if (this.#options.to === '') return null
    return {
      to: this.#options.to,
      state: this.#state,
      reason: this.#reason,
      sentLines: this.#sent,
      shedLines: this.#shed,
      failedLines: this.#failed,
      waitingLines: this.#waitingLines,
      waitingBytes: this.#waitingBytes,
    }
  }

  /** Gives lines that wait a second to go out; the rest counts as failed. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart)
    const worker = this.#worker
    this.#worker = null
    if (worker === null) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const message: ToRelay = { kind: 'stop' }
    worker.postMessage(message)
    const timer = setTimeout(() => void worker.terminate(), STOP_MS)
    await ended
    clearTimeout(timer)
  }

  #start(address: RelayAddress): void {
    if (pointsAtUs(address, this.#ownPorts())) {
      this.#become('refused', 'it is this service itself: every line would go round in circles')
      return
    }
    this.#become('connecting', '')
    const worker = new Worker(new URL('./relay-worker.ts', import.meta.url), { workerData: address })
    this.#worker = worker
    worker.on('message', (message: FromRelay) => this.#hear(message))
    worker.on('error', (error) => this.#become('failing', `its thread ended: ${String(error)}`))
    worker.on('exit', () => {
      this.#failed += this.#waitingLines
      this.#waitingLines = 0
      this.#waitingBytes = 0
      if (this.#worker !== worker) return // it was stopped
      this.#worker = null
      this.#restart = setTimeout(() => this.#start(address), RESTART_MS)
    })
  }

  #hear(message: FromRelay): void {
    if (message.kind === 'state') {
      this.#become(message.state, message.reason)
      return
    }
    this.#waitingLines -= message.lines
    this.#waitingBytes -= message.bytes
    this.#sent += message.lines - message.failed
    this.#failed += message.failed
  }

  #become(state: RelayStatus['state'], reason: string): void {
    this.#state = state
    this.#reason = reason
  }
}

/** Whether an address is one of this machine on which this service listens. Names other than its own are not resolved. */
export function pointsAtUs({ protocol, host, port }: RelayAddress, ownPorts: OwnPorts): boolean {
  if (!ownPorts[protocol].includes(port)) return false
  const isLoopback = /^(?:localhost|127\.[\d.]+|::1|::|0\.0\.0\.0)$/i.test(host)
  if (isLoopback || host.toLowerCase() === hostname().toLowerCase()) return true
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  )
}
