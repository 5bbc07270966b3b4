/**
 * Known peers: before a detection is judged, the log store is asked whether its source is one with whom sessions were
 * completed in the last 30 days. What follows is decide's matter (judge.ts): on evidence that could be forged, a block
 * of a peer waits for review; on proven evidence it is blocked all the same, and the reason says what it was.
 *
 * A peer is (a) whom we began a session with that carried bytes both ways, or (b) whose own sessions, over TCP, allowed
 * and with bytes both ways, came on at least 3 different days. One session would be worth nothing: an attacker needs a
 * single request to a public web server for it. With (b) he must come back on three days, and (a) he can bring about
 * where something of ours connects to what he names. What he gains is a review instead of a block, and that only while
 * nothing he does is proven; so the guard can be switched off, but buys nobody a free pass. Half-open sessions and UDP,
 * which anybody can forge, make no peer of their source.
 *
 * Bounded: one question per batch of detections, at most MAX_ASKED sources in it and LIMIT_MS for it; answers are kept
 * for 10 minutes. Who could not be asked is judged without, and the reason says so. After an answer that took too long
 * the store is left alone for a minute, so that a slow store delays a block by a second a minute at most.
 */
import type { Clock } from '../lib/clock.ts'
import { type Address, formatAddress, isV4, lastAddress, type Network, parseAddress } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import type { Detection, PeerNote } from '../model/detection.ts'

const LIMIT_MS = 1000
const MAX_ASKED = 200
/** IPv6 sources are prefixes, and each is a question of its own. */
const MAX_ASKED_V6 = 8
const LOOK_BACK_MS = 30 * 86_400_000
const LEAST_DAYS = 3
const KEPT_MS = 600_000
const MAX_KEPT = 20_000
const PAUSE_MS = 60_000

/** The log store, as far as it is needed here; null while it is away. */
export type AskLogs = (
  sql: string,
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<PeerRow[]> | null

export interface PeerRow {
  readonly peer: string
  /** Days on which it came; sessions that we began. */
  readonly days: number | string
  readonly begun: number | string
}

export interface KnownPeersOptions {
  readonly clock: Clock
  readonly ask: AskLogs
  /** Told why the store could not be asked. */
  readonly report: (reason: string) => void
}

export interface PeerCounters {
  asked: number
  peers: number
  notAsked: number
}

interface Kept {
  readonly note: PeerNote
  readonly untilMs: number
}

export class KnownPeers {
  readonly #options: KnownPeersOptions
  readonly #kept = new Map<string, Kept>()
  readonly #counters: PeerCounters = { asked: 0, peers: 0, notAsked: 0 }
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #pauseReason = ''

  constructor(options: KnownPeersOptions) {
    this.#options = options
  }

  get counters(): Readonly<PeerCounters> {
    return this.#counters
  }

  /** The detections, those that `isWanted` picks with what is known of their source as a peer. Never rejects. */
  async mark(
    detections: readonly Detection[],
    isWanted: (detection: Detection) => boolean,
  ): Promise<Detection[]> {
    const keys = detections.map((detection) => (isWanted(detection) ? keyOf(detection.source) : null))
    const wanted = new Map<string, Network>()
    detections.forEach(({ source }, i) => {
      const key = keys[i] ?? null
      if (key !== null && this.#keptNote(key) === null) wanted.set(key, source)
    })
    const failure = wanted.size === 0 ? null : await this.#look(wanted)
    return detections.map((detection, i) => {
      const key = keys[i] ?? null
      if (key === null) return detection
      const peer = this.#keptNote(key) ?? this.#unknown(failure ?? 'the answer was lost')
      return { ...detection, peer }
    })
  }

  /** What is known of one source, asked now if need be; for `explain`. */
  async noteOf(source: Network): Promise<PeerNote> {
    const key = keyOf(source)
    const failure = this.#keptNote(key) === null ? await this.#look(new Map([[key, source]])) : null
    return this.#keptNote(key) ?? this.#unknown(failure ?? 'the answer was lost')
  }

  #unknown(reason: string): PeerNote {
    this.#counters.notAsked++
    return { isPeer: null, why: reason }
  }

  #keptNote(key: string): PeerNote | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    if (kept.untilMs > this.#options.clock.monotonicMs()) return kept.note
    this.#kept.delete(key)
    return null
  }

  /** Asks and keeps the answers; answers why some could not be asked, or null. */
  async #look(wanted: ReadonlyMap<string, Network>): Promise<string | null> {
    const { clock, report } = this.#options
    if (clock.monotonicMs() < this.#pausedUntilMs) return this.#pauseReason
    const all = [...wanted.values()]
    const v4 = all.filter(({ words, prefixLength }) => isV4(words) && prefixLength === 128)
    const others = all.filter((network) => !v4.includes(network))
    const signal = AbortSignal.timeout(LIMIT_MS)
    try {
      if (v4.length > 0 && !(await this.#askV4(v4.slice(0, MAX_ASKED), signal)))
        return 'the log store is away'
      for (const network of others.slice(0, MAX_ASKED_V6))
        if (!(await this.#askRange(network, signal))) return 'the log store is away'
      return v4.length > MAX_ASKED || others.length > MAX_ASKED_V6
        ? 'too many sources were detected at once'
        : null
    } catch (error) {
      this.#pauseReason = signal.aborted
        ? `the log store did not answer within ${LIMIT_MS / 1000} s`
        : 'the log store could not be asked'
      this.#pausedUntilMs = clock.monotonicMs() + PAUSE_MS
      report(`${this.#pauseReason}: ${messageOf(error)}`)
      return this.#pauseReason
    }
  }

  async #askV4(networks: readonly Network[], signal: AbortSignal): Promise<boolean> {
    const addresses = networks.map(({ words }) => mapped(words))
    const rows = await this.#options.ask(
      peersSql('IN {addresses:Array(IPv6)}', true),
      this.#with({ addresses }),
      signal,
    )
    if (rows === null) return false
    const found = new Map(rows.map((row) => [keyOfText(row.peer), row]))
    for (const network of networks) this.#keep(keyOf(network), found.get(keyOf(network)) ?? null)
    return true
  }

  async #askRange(network: Network, signal: AbortSignal): Promise<boolean> {
    const parameters = { first: mapped(network.words), last: mapped(lastAddress(network)) }
    const sql = peersSql('BETWEEN {first:IPv6} AND {last:IPv6}', false)
    const rows = await this.#options.ask(sql, this.#with(parameters), signal)
    if (rows === null) return false
    this.#keep(keyOf(network), rows[0] ?? null)
    return true
  }

  #with(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return { ...parameters, since: Math.floor(this.#options.clock.nowMs() - LOOK_BACK_MS) }
  }

  #keep(key: string, row: PeerRow | null): void {
    const note = noteOf(Number(row?.days ?? 0), Number(row?.begun ?? 0))
    this.#counters.asked++
    if (note.isPeer === true) this.#counters.peers++
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { note, untilMs: this.#options.clock.monotonicMs() + KEPT_MS })
  }
}

function noteOf(days: number, begun: number): PeerNote {
  const sessions = begun === 1 ? '1 session' : `${begun} sessions`
  if (begun > 0)
    return {
      isPeer: true,
      why: `${sessions} that we began with it carried bytes both ways in the last 30 days`,
    }
  if (days >= LEAST_DAYS)
    return { isPeer: true, why: `its sessions carried bytes both ways on ${days} of the last 30 days` }
  const came =
    days === 0
      ? 'no session with it was completed'
      : `sessions with it were completed on ${days} day${days === 1 ? '' : 's'} only`
  return { isPeer: false, why: `${came} in the last 30 days` }
}

/** What completed sessions show of sources and of those we called; `one`: the addresses wanted, a clause of ours. */
function peersSql(one: string, isPerAddress: boolean): string {
  const sessions = `disposition = 'allowed' AND bytesSent > 0 AND bytesReceived > 0 AND category = 'traffic'
    AND application NOT IN ('incomplete', 'not-applicable') AND receivedAt >= fromUnixTimestamp64Milli({since:Int64})`
  const peer = (column: string): string => (isPerAddress ? column : "'all'")
  return `SELECT toString(peer) AS peer, uniqExactIf(day, isInbound = 1) AS days, countIf(isInbound = 0) AS begun FROM (
    SELECT ${peer('sourceAddress')} AS peer, toDate(receivedAt) AS day, 1 AS isInbound FROM logs
    WHERE sourceAddress ${one} AND ${sessions} AND protocol IN ('tcp', '')
    UNION ALL
    SELECT ${peer('destinationAddress')} AS peer, toDate(receivedAt) AS day, 0 AS isInbound FROM logs
    WHERE destinationAddress ${one} AND ${sessions}
  ) GROUP BY peer`
}

const keyOf = ({ words, prefixLength }: Network): string => `${words.join('.')}/${prefixLength}`

function keyOfText(text: string): string {
  const words = parseAddress(text)
  return words === null ? '' : keyOf({ words, prefixLength: 128 })
}

/** As the store's type IPv6 reads it. */
function mapped(words: Address): string {
  return isV4(words) ? `::ffff:${formatAddress(words)}` : formatAddress(words)
}
