/**
 * Watches for lines from targets that are blocked already: the firewall's deny rule logs them, and each moves the
 * block's `lastSeenAt`. Main mirrors its list here with `add`, `remove` and `replace`; `observe` answers per batch.
 *
 * A target is an address or a network. Targets lie in two open-addressing tables (IPv4, IPv6) keyed by the masked
 * address and the prefix length, and a record is looked up once per prefix length in use (mostly one: single IPv4
 * addresses). Every target that holds the source is told, so a range and an address in it both live on. With each target
 * goes what firewalls did with its lines (`blocked-reports.ts`): the proof that a block bites, or that it leaks.
 */
import { isV4, type Network, parseNetwork } from '../lib/address.ts'
import { FLAG } from '../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch } from '../model/record-batch.ts'
import type { SeenReport } from '../model/seen-report.ts'
import { BlockedReports } from './blocked-reports.ts'
import { FREE, TargetTable } from './target-table.ts'

/** A blocked target that sent lines. */
export interface SeenTarget {
  /** As it was given to `add`. */
  readonly target: string
  /** By arrival when there is one, else by event time; Unix ms. */
  readonly lastSeenAtMs: number
  readonly count: number
  /** What became of its lines, one per firewall, the first REPORTS_KEPT of them; empty unless asked for. */
  readonly reports: readonly SeenReport[]
}

/** Lines that cannot be read for certain must not keep a block alive. */
const NOT_TRUSTED = FLAG.unparsed | FLAG.ambiguous
const SOURCE = ADDRESS_SLOT.sourceAddress
const V4_PREFIX = 96

export class BlockedWatch {
  readonly #seed: number
  readonly #v4: TargetTable
  readonly #v6: TargetTable
  /** Number of each target, from 1; its text, lines in this batch, last time. Numbers of removed targets are reused. */
  readonly #numbers = new Map<string, number>()
  #texts: string[] = ['']
  readonly #freeNumbers: number[] = []
  #lines = new Uint32Array(1024)
  #lastMs = new Float64Array(1024)
  readonly #touched: number[] = []
  readonly #reports: BlockedReports | null

  /** `seed`: as for the Detector. `withReports`: also tell what firewalls did with the lines; replay has no use for it. */
  constructor(seed: number, withReports = false) {
    this.#seed = seed
    this.#reports = withReports ? new BlockedReports() : null
    this.#v4 = new TargetTable(this.#seed, 1)
    this.#v6 = new TargetTable(this.#seed, 4)
  }

  get size(): number {
    return this.#numbers.size
  }

  /**
   * Watches a target (`192.0.2.7`, `2001:db8::/64`). False when the text is no address or network, or one that
   * is watched already.
   */
  add(text: string): boolean {
    const network = parseNetwork(text)
    if (network === null || this.#tableOf(network).has(network)) return false
    const number = this.#freeNumbers.pop() ?? this.#texts.length
    this.#texts[number] = text
    this.#numbers.set(text, number)
    if (number >= this.#lines.length) {
      const lines = new Uint32Array(number * 2)
      lines.set(this.#lines)
      this.#lines = lines
      const lastMs = new Float64Array(number * 2)
      lastMs.set(this.#lastMs)
      this.#lastMs = lastMs
    }
    this.#tableOf(network).set(network, number)
    return true
  }

  /** Forgets a target. False when it was not watched. */
  remove(text: string): boolean {
    const number = this.#numbers.get(text)
    const network = parseNetwork(text)
    if (number === undefined || network === null) return false
    this.#numbers.delete(text)
    this.#texts[number] = ''
    this.#freeNumbers.push(number)
    this.#tableOf(network).delete(network)
    return true
  }

  /** Watches exactly these targets. */
  replace(texts: Iterable<string>): void {
    const wanted = new Set(texts)
    for (const text of this.#numbers.keys()) if (!wanted.has(text)) this.remove(text)
    for (const text of wanted) this.add(text)
  }

  /** The watched targets that sent lines of this batch (of its rows `from` to before `to`); rows with one of `ignoredFlags` tell nothing. */
  observe(batch: RecordBatch, ignoredFlags = 0, from = 0, to = batch.count): SeenTarget[] {
    if (this.#numbers.size === 0) return []
    const { addresses, flags } = batch
    const arrivalMs = batch.raw.receivedAtMs
    const hasArrival = !Number.isNaN(arrivalMs)
    const notTrusted = NOT_TRUSTED | ignoredFlags
    this.#reports?.begin()
    for (let row = from; row < to; row++) {
      const at = row * ADDRESS_STRIDE + SOURCE
      if (((flags[row] as number) & notTrusted) !== 0) continue
      const isV4Source = addresses[at] === 0 && addresses[at + 1] === 0 && addresses[at + 2] === 0xffff
      const table = isV4Source ? this.#v4 : this.#v6
      const lengths = table.lengths
      for (let k = 0; k < lengths.length; k++) {
        const number = table.find(addresses, isV4Source ? at + 3 : at, k)
        if (number === FREE) continue
        const timeMs = hasArrival
          ? arrivalMs
          : (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
        this.#see(number, timeMs)
        this.#reports?.add(number, batch, row)
      }
    }
    return this.#take()
  }

  #see(number: number, timeMs: number): void {
    const lines = this.#lines[number] as number
    if (lines === 0) {
      this.#touched.push(number)
      this.#lastMs[number] = Number.NEGATIVE_INFINITY
    }
    this.#lines[number] = lines + 1
    if (timeMs > (this.#lastMs[number] as number)) this.#lastMs[number] = timeMs
  }

  #take(): SeenTarget[] {
    const seen = this.#touched.map((number) => {
      const count = this.#lines[number] as number
      this.#lines[number] = 0
      return {
        target: this.#texts[number] as string,
        lastSeenAtMs: this.#lastMs[number] as number,
        count,
        reports: this.#reports?.of(number) ?? [],
      }
    })
    this.#touched.length = 0
    return seen.filter((entry) => entry.lastSeenAtMs !== Number.NEGATIVE_INFINITY) // no time at all: says nothing
  }

  #tableOf(network: Network): TargetTable {
    return isV4(network.words) && network.prefixLength >= V4_PREFIX ? this.#v4 : this.#v6
  }
}
