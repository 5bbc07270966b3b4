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
 * Bounded: at most MAX_ASKED sources per batch of detections, and LIMIT_MS for them; answers are kept for 10 minutes. The
 * table has no index of addresses, so the newest days are asked first, and older ones only about whom those have not shown
 * to be a peer. Who could not be asked, or not far enough back, is judged without, and the reason says so. When not even
 * today can be asked in time, the store is left alone for a minute. LIMIT_MS searches some 2 million records of random
 * sources on two cores (measured): on a busy site the guard knows the peers of the last hours or days, and says so.
 */
import type { Clock } from '../lib/clock.ts'
import { type Address, formatAddress, isV4, lastAddress, type Network, parseAddress } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import type { Detection, PeerNote } from '../model/detection.ts'

/** A block is to be on the list within half a second, all told. */
const LIMIT_MS = 200
/** A person who asks for an explanation waits longer. */
const EXPLAIN_LIMIT_MS = 5000
const MAX_ASKED = 200
/** IPv6 sources are prefixes, and each is a question of its own. */
const MAX_ASKED_V6 = 8
const DAY_MS = 86_400_000
/** Days of arrival that are asked about one after the other, the newest first: today and these many before. */
const STEPS_DAYS = [0, 1, 6, 29]
const LEAST_DAYS = 3
const KEPT_MS = 600_000
const MAX_KEPT = 20_000
const PAUSE_MS = 60_000
const AWAY = 'the log store is away'
const NO_ADDRESS: Address = [0, 0, 0, 0]

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

interface Seen {
  days: number
  begun: number
}

/** How far a question came: all steps, or to which one and why not farther. */
interface Reach {
  readonly daysBack: number
  readonly failure: string | null
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
    const failure = wanted.size === 0 ? null : await this.#look(wanted, LIMIT_MS)
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
    const failure =
      this.#keptNote(key) === null ? await this.#look(new Map([[key, source]]), EXPLAIN_LIMIT_MS) : null
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
  async #look(wanted: ReadonlyMap<string, Network>, limitMs: number): Promise<string | null> {
    const { clock, report } = this.#options
    if (clock.monotonicMs() < this.#pausedUntilMs) return this.#pauseReason
    const all = [...wanted.values()]
    const v4 = all.filter(({ words, prefixLength }) => isV4(words) && prefixLength === 128)
    const others = all.filter((network) => !v4.includes(network))
    const signal = AbortSignal.timeout(limitMs)
    const asked = [
      ...(v4.length === 0 ? [] : [v4.slice(0, MAX_ASKED)]),
      ...others.slice(0, MAX_ASKED_V6).map((network) => [network]),
    ]
    for (const networks of asked) {
      const { daysBack, failure } = await this.#askAll(networks, signal)
      if (failure === null) continue
      if (daysBack >= 0) return `only ${lastDays(daysBack)} could be searched in time, without finding a peer`
      if (failure !== AWAY) {
        this.#pauseReason = failure
        this.#pausedUntilMs = clock.monotonicMs() + PAUSE_MS
        report(failure)
      }
      return failure
    }
    const isLeftOut = v4.length > MAX_ASKED || others.length > MAX_ASKED_V6
    return isLeftOut ? 'too many sources were detected at once' : null
  }

  /** Asks step by step and keeps what is sure; who is not known as a peer by the newer days is asked on. */
  async #askAll(networks: readonly Network[], signal: AbortSignal): Promise<Reach> {
    const seen = new Map(networks.map((network) => [keyOf(network), { days: 0, begun: 0 }]))
    const midnightMs = Math.floor(this.#options.clock.nowMs() / DAY_MS) * DAY_MS
    let left = networks
    let toMs = midnightMs + DAY_MS
    let daysBack = -1
    for (const days of STEPS_DAYS) {
      const sinceMs = midnightMs - days * DAY_MS
      const failure = await this.#askSpan(left, sinceMs, toMs, seen, signal)
      if (failure !== null) return { daysBack, failure }
      for (const network of left) {
        const one = seen.get(keyOf(network))
        if (one !== undefined && (isPeer(one) || days === STEPS_DAYS.at(-1))) this.#keep(keyOf(network), one)
      }
      left = left.filter((network) => this.#keptNote(keyOf(network)) === null)
      if (left.length === 0) break
      daysBack = days
      toMs = sinceMs
    }
    return { daysBack, failure: null }
  }

  /** Adds up what a span of arrival shows; answers why it could not be asked, or null. */
  async #askSpan(
    networks: readonly Network[],
    sinceMs: number,
    toMs: number,
    seen: ReadonlyMap<string, Seen>,
    signal: AbortSignal,
  ): Promise<string | null> {
    const [first] = networks
    const isSingle = first !== undefined && isV4(first.words) && first.prefixLength === 128
    const span = { since: sinceMs, to: toMs }
    const parameters = isSingle
      ? { ...span, addresses: networks.map(({ words }) => mapped(words)) }
      : {
          ...span,
          first: mapped(first?.words ?? NO_ADDRESS),
          last: first === undefined ? '::' : mapped(lastAddress(first)),
        }
    const sql = peersSql(
      isSingle ? 'IN {addresses:Array(IPv6)}' : 'BETWEEN {first:IPv6} AND {last:IPv6}',
      isSingle,
    )
    try {
      const rows = await this.#options.ask(sql, parameters, signal)
      if (rows === null) return AWAY
      for (const row of rows) {
        const one = seen.get(isSingle ? keyOfText(row.peer) : keyOf(first as Network))
        if (one === undefined) continue
        one.days += Number(row.days)
        one.begun += Number(row.begun)
      }
      return null
    } catch (error) {
      return signal.aborted
        ? 'the log store did not answer in time'
        : `the log store could not be asked (${messageOf(error)})`
    }
  }

  #keep(key: string, seen: Seen): void {
    const note = noteOf(seen.days, seen.begun)
    this.#counters.asked++
    if (note.isPeer === true) this.#counters.peers++
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { note, untilMs: this.#options.clock.monotonicMs() + KEPT_MS })
  }
}

/** `daysBack`: beside today. */
const lastDays = (daysBack: number): string => (daysBack === 0 ? 'today' : `the last ${daysBack + 1} days`)

const isPeer = ({ days, begun }: Seen): boolean => begun > 0 || days >= LEAST_DAYS

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
    AND application NOT IN ('incomplete', 'not-applicable') AND receivedAt >= fromUnixTimestamp64Milli({since:Int64}) AND receivedAt < fromUnixTimestamp64Milli({to:Int64})`
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
