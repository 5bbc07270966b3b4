/**
 * Who sends log lines, and whether we know them (RELIABILITY.md T3, N14). A sender is a transport, an address or file,
 * and the name in its client certificate if it showed one. Known is what `senders.known` lists; followed files, which
 * the operator chose, and holders of the token for lines over HTTPS always are. An address alone proves little: UDP
 * senders can be forged by whoever shares their network.
 *
 * Bounded: 1000 senders, the one heard longest ago is forgotten first and unknown ones before known ones, so that a
 * flood of forged addresses cannot push out what is known. Cost
 * (m, on a busy machine): 4 ns a line where a batch has one sender, 10 ns where it has ten, 25 ns where it has 200.
 */
import type { Settings } from '../config/schema.ts'
import { parseAddress, parseNetwork } from '../lib/address.ts'
import { NetworkSet } from '../lib/network-set.ts'
import { FLAG } from '../model/log-record.ts'
import type { RawBatch, Transport } from '../model/raw-batch.ts'
import type { RecordBatch } from '../model/record-batch.ts'

/** Senders remembered. */
export const SENDERS_LIMIT = 1000

export interface SenderSettings {
  readonly networks: NetworkSet
  /** Names in certificates, `*` for any text. */
  readonly names: readonly string[]
  /** Lines of unknown senders count for nothing. */
  readonly storeOnly: boolean
}

export interface SenderStatus {
  /** Its address, or for a file its base name. */
  readonly sender: string
  readonly transport: Transport
  /** The name in its client certificate. */
  readonly identity: string | null
  readonly known: boolean
  /** By arrival, Unix ms. */
  readonly firstSeenAtMs: number
  readonly lastSeenAtMs: number
  readonly lines: number
  readonly unparsed: number
}

export interface SendersStatus {
  readonly known: number
  /** Lines of unknown senders are stored only. */
  readonly storeOnly: boolean
  /** Senders that wait to be known, of those remembered. */
  readonly pending: number
  /** Lines of unknown senders since the start, those of forgotten ones included. */
  readonly pendingLines: number
  /** Times that a sender was forgotten because too many others came; one that comes again counts again. */
  readonly forgotten: number
  /** Arrival of the line that pushed the last one out, Unix ms; null while none was. */
  readonly lastForgottenAtMs: number | null
  /** Unknown ones first, the last heard first. */
  readonly list: readonly SenderStatus[]
}

type Entry = { -readonly [Key in keyof SenderStatus]: SenderStatus[Key] } & {
  /** When it was put at the end of its table. */
  movedAtMs: number
}

/** An entry is moved at most once in this time: moving costs more than finding. */
const ORDER_MS = 1000

/** Derives what the table needs from the settings; their schema lets nothing else pass. */
export function senderSettings(settings: Settings): SenderSettings {
  const known = settings['senders.known']
  return {
    networks: new NetworkSet(known.map((text) => parseNetwork(text)).filter((network) => network !== null)),
    names: known.filter((text) => parseNetwork(text) === null),
    storeOnly: settings['senders.unknown'] === 'store',
  }
}

export class SenderTable {
  readonly #limit: number
  /** By transport, name and identity; the one heard longest ago comes first. */
  readonly #known = new Map<string, Entry>()
  readonly #unknown = new Map<string, Entry>()
  #settings: SenderSettings
  #names: readonly RegExp[] = []
  #pendingLines = 0
  #forgotten = 0
  #lastForgottenAtMs: number | null = null
  /** Per sender of the batch at hand. */
  #lines = new Uint32Array(64)
  #unparsed = new Uint32Array(64)
  #mark = new Uint8Array(64)

  constructor(settings: SenderSettings, limit = SENDERS_LIMIT) {
    this.#limit = limit
    this.#settings = settings
    this.configure(settings)
  }

  /** Acts at once, for senders seen before too. */
  configure(settings: SenderSettings): void {
    this.#settings = settings
    this.#names = settings.names.map(patternOf)
    const all = [...this.#unknown, ...this.#known]
    this.#unknown.clear()
    this.#known.clear()
    for (const [key, entry] of all.sort(([, a], [, b]) => a.lastSeenAtMs - b.lastSeenAtMs)) {
      entry.known = this.isKnown(entry.transport, entry.sender, entry.identity ?? '')
      this.#tableOf(entry).set(key, entry)
    }
  }

  /** Flags of rows that count for nothing: `untrusted` when lines of unknown senders are stored only, else none. */
  get ignoredFlags(): number {
    return this.#settings.storeOnly ? FLAG.untrusted : 0
  }

  /**
   * Counts the lines of a parsed batch to their senders. Flags those of unknown ones `untrusted`, unless nobody was
   * named as known and their lines count all the same: then everybody is unknown, and the flag would say nothing.
   */
  observe(batch: RecordBatch): void {
    const { raw, flags, count } = batch
    const senders = raw.senders.length
    this.#begin(senders)
    const [lines, unparsed, mark] = [this.#lines, this.#unparsed, this.#mark]
    const senderOf = raw.sender
    if (senders === 1) this.#countOne(batch)
    else {
      for (let row = 0; row < count; row++) {
        const sender = senderOf[row] as number
        lines[sender] = (lines[sender] as number) + 1
        if (((flags[row] as number) & FLAG.unparsed) !== 0)
          unparsed[sender] = (unparsed[sender] as number) + 1
      }
    }
    const tellsApart =
      this.#settings.storeOnly || !this.#settings.networks.isEmpty || this.#settings.names.length > 0
    let hasMarked = false
    for (let sender = 0; sender < senders; sender++) {
      if (lines[sender] === 0) continue
      const entry = this.#entryOf(raw, sender)
      entry.lastSeenAtMs = raw.receivedAtMs
      entry.lines += lines[sender] as number
      entry.unparsed += unparsed[sender] as number
      if (entry.known) continue
      this.#pendingLines += lines[sender] as number
      if (!tellsApart) continue
      mark[sender] = FLAG.untrusted
      hasMarked = true
    }
    if (!hasMarked) return
    for (let row = 0; row < count; row++)
      flags[row] = (flags[row] as number) | (mark[senderOf[row] as number] as number)
  }

  /** Whether the settings know a sender. */
  isKnown(transport: Transport, sender: string, identity: string): boolean {
    if (transport === 'file' || transport === 'http') return true
    if (identity !== '' && this.#names.some((name) => name.test(identity))) return true
    const address = parseAddress(sender)
    return address !== null && this.#settings.networks.has(address)
  }

  status(): SendersStatus {
    const newest = (entries: Map<string, Entry>): SenderStatus[] =>
      Array.from(entries.values(), (entry) => {
        const { sender, transport, identity, known, firstSeenAtMs, lastSeenAtMs, lines, unparsed } = entry
        return { sender, transport, identity, known, firstSeenAtMs, lastSeenAtMs, lines, unparsed }
      }).reverse()
    return {
      known: this.#known.size,
      storeOnly: this.#settings.storeOnly,
      pending: this.#unknown.size,
      pendingLines: this.#pendingLines,
      forgotten: this.#forgotten,
      lastForgottenAtMs: this.#lastForgottenAtMs,
      list: [...newest(this.#unknown), ...newest(this.#known)],
    }
  }

  #countOne({ flags, count }: RecordBatch): void {
    let unparsed = 0
    for (let row = 0; row < count; row++) unparsed += (flags[row] as number) & FLAG.unparsed
    this.#lines[0] = count
    this.#unparsed[0] = unparsed / FLAG.unparsed
  }

  #begin(senders: number): void {
    if (this.#lines.length < senders) {
      const size = 2 ** Math.ceil(Math.log2(senders))
      this.#lines = new Uint32Array(size)
      this.#unparsed = new Uint32Array(size)
      this.#mark = new Uint8Array(size)
      return
    }
    this.#lines.fill(0, 0, senders)
    this.#unparsed.fill(0, 0, senders)
    this.#mark.fill(0, 0, senders)
  }

  /** Moves the entry to the end of its table, where the last heard are; the order is exact to ORDER_MS. */
  #entryOf(raw: RawBatch, index: number): Entry {
    const sender = raw.senders[index] ?? ''
    const identity = raw.identities[index] ?? ''
    const key = `${raw.transport} ${identity}\u0000${sender}`
    const known = this.#known.get(key)
    const entry = known ?? this.#unknown.get(key)
    if (entry !== undefined) {
      if (raw.receivedAtMs - entry.movedAtMs < ORDER_MS) return entry
      entry.movedAtMs = raw.receivedAtMs
      const table = known === undefined ? this.#unknown : this.#known
      table.delete(key)
      table.set(key, entry)
      return entry
    }
    const made: Entry = {
      sender,
      transport: raw.transport,
      identity: identity === '' ? null : identity,
      known: this.isKnown(raw.transport, sender, identity),
      firstSeenAtMs: raw.receivedAtMs,
      lastSeenAtMs: raw.receivedAtMs,
      lines: 0,
      unparsed: 0,
      movedAtMs: raw.receivedAtMs,
    }
    if (this.#known.size + this.#unknown.size >= this.#limit) this.#forgetOne(raw.receivedAtMs)
    this.#tableOf(made).set(key, made)
    return made
  }

  #forgetOne(atMs: number): void {
    const table = this.#unknown.size > 0 ? this.#unknown : this.#known
    const oldest = table.keys().next()
    if (oldest.done !== true) table.delete(oldest.value)
    this.#forgotten++
    this.#lastForgottenAtMs = atMs
  }

  #tableOf(entry: Entry): Map<string, Entry> {
    return entry.known ? this.#known : this.#unknown
  }
}

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i')
}
