/**
 * The log store as main sees it: the embedded engine's process when there is one, and a client for questions. Whether
 * it answers is asked once in a while and remembered, so that pages never wait for it.
 */
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { SEARCHED_TEXTS } from '../query/fields.ts'
import { EmbeddedLogStore, logStoreOptions } from '../store/logs/embedded.ts'
import { LogStore } from '../store/logs/log-store.ts'
import { PeerTable } from '../store/logs/peer-table.ts'
import { TextValues } from '../store/logs/text-values.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import type { Events } from '../telemetry/events.ts'

export interface LogStoreKeeperOptions {
  readonly dataFolder: string
  /** Empty: the embedded engine. */
  readonly url: string
  readonly memoryBytes: number
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly events: Events
}

const CHECK_MS = 10_000
/** Between two looks at what texts were stored since. */
const TEXTS_MS = 60_000
/** Restarts within one run that are worth an alarm. */
const MANY_RESTARTS = 3

export class LogStoreKeeper {
  readonly client: LogStore
  /** With whom sessions were completed, by day. */
  readonly peers: PeerTable
  /** Which texts the records of the last days have, so that searches for a word know where to look. */
  readonly texts: TextValues
  readonly #ended = new AbortController()
  #preparingPeers: Promise<void> | null = null
  #fillingPeers: Promise<void> | null = null
  #readingTexts: Promise<void> | null = null
  #textsReadAtMs = Number.NEGATIVE_INFINITY
  #arePeersPrepared = false
  #arePeersFilled = false
  readonly #embedded: EmbeddedLogStore | null
  readonly #options: LogStoreKeeperOptions
  #timer: NodeJS.Timeout | null = null
  #records: number | null = null
  #answers = false
  #isPrepared = false
  #isStopping = false

  constructor(options: LogStoreKeeperOptions) {
    this.#options = options
    const { dataFolder, url, memoryBytes, clock, events } = options
    this.client = new LogStore(logStoreOptions(dataFolder, url))
    this.peers = new PeerTable(this.client, clock)
    this.texts = new TextValues(this.client, SEARCHED_TEXTS, clock)
    this.#embedded =
      url !== ''
        ? null
        : new EmbeddedLogStore({
            folder: dataFolder,
            memoryBytes,
            clock,
            report: (event) => {
              if (event.kind === 'log-store-ended') {
                this.#answers = false
                events.logStoreChanged({ state: 'restarting', reason: event.reason })
                if (event.restarts >= MANY_RESTARTS) this.#raiseRestarts(event.restarts, event.reason)
              } else if (event.kind === 'log-store-ready') {
                void this.check()
              } else events.logStoreSaid(event.text)
            },
          })
  }

  /** Resolves when the embedded engine answers; a server elsewhere is asked once. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.check(), CHECK_MS)
    await this.#embedded?.start().catch((error: unknown) => {
      if (!this.#isStopping) throw error
    })
    await this.check()
  }

  get isReady(): boolean {
    return this.#answers
  }

  get restarts(): number {
    return this.#embedded?.status().restarts ?? 0
  }

  /** Process of the embedded engine, for benches and tests; null when it is not running. */
  get processId(): number | null {
    return this.#embedded?.status().pid ?? null
  }

  /** Records stored when last asked; null while unknown. */
  get records(): number | null {
    return this.#records
  }

  /** One sentence. */
  get note(): string {
    const where = this.#embedded === null ? 'ClickHouse server' : 'embedded engine'
    if (this.#answers) return `${where} answers`
    const lastEnd = this.#embedded?.status().lastEnd
    return `${where} does not answer${lastEnd == null ? '' : ` (${lastEnd})`}`
  }

  /** Asks the store whether it answers and how much it holds. Never rejects: the answer is in `isReady`. */
  async check(): Promise<void> {
    const { alarms } = this.#options
    if (this.#isStopping) return
    try {
      if (!this.#isPrepared) await this.client.prepare()
      this.#isPrepared = true
      // Checks overlap (that of the start, of the engine's own word, of the clock): a second one would drop what the first made.
      if (!this.#arePeersPrepared) await (this.#preparingPeers ??= this.#preparePeers())
      this.#records = (await this.client.sizes()).records
      this.#answers = true
      alarms.clear('log-store-away')
      if (this.#arePeersPrepared && !this.#arePeersFilled) this.#fillingPeers ??= this.#fillPeers()
      if (this.#options.clock.monotonicMs() - this.#textsReadAtMs >= TEXTS_MS)
        this.#readingTexts ??= this.#readTexts()
    } catch (error) {
      this.#answers = false
      if (this.#isStopping) return
      alarms.raise({
        code: 'log-store-away',
        severity: 'warning',
        message: `The log store does not answer: ${messageOf(error)}. Detection and the list go on; lines wait on disk.`,
        mend:
          this.#embedded === null
            ? 'Look at the server named in logs.url.'
            : 'It is started again by itself; if it stays away, look at the disk and at logs.memory.',
      })
    }
  }

  /** Logs are stored without that table too, so its failure is none of theirs; tried again at the next check. Never rejects. */
  async #preparePeers(): Promise<void> {
    try {
      await this.peers.prepare(this.#ended.signal)
      this.#arePeersPrepared = true
    } catch (error) {
      this.#tellPeers('make the table of peers', error)
    }
    this.#preparingPeers = null
  }

  /** In the background, in short steps; tried again at the next check. Never rejects. */
  async #fillPeers(): Promise<void> {
    try {
      await this.peers.fill(this.#ended.signal)
      this.#arePeersFilled = true
    } catch (error) {
      this.#tellPeers('fill the table of peers', error)
    }
    this.#fillingPeers = null
  }

  /** In the background; searches for words are slow without. Tried again a minute later. Never rejects. */
  async #readTexts(): Promise<void> {
    try {
      await this.texts.refresh(this.#ended.signal)
    } catch (error) {
      if (!this.#isStopping)
        this.#options.events.partFailed('stored-texts', 'read which texts are stored', error)
    }
    this.#textsReadAtMs = this.#options.clock.monotonicMs()
    this.#readingTexts = null
  }

  #tellPeers(what: string, error: unknown): void {
    if (!this.#isStopping) this.#options.events.partFailed('known-peers', what, error)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#ended.abort()
    if (this.#timer !== null) clearInterval(this.#timer)
    await Promise.all([this.#fillingPeers, this.#readingTexts])
    await this.client.close()
    await this.#embedded?.stop()
  }

  #raiseRestarts(restarts: number, reason: string): void {
    this.#options.alarms.raise({
      code: 'log-store-restarts',
      severity: 'warning',
      message: `The log store ended ${restarts} times since the service started; last: ${reason}.`,
      mend: 'If it says out of memory, raise logs.memory or give the machine more; else report it with the log.',
    })
  }
}
