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
 * Asked is the table of peers (store/logs/peer-table.ts), by address and day: some ms for 30 days. Bounded: at most MAX_ASKED
 * sources per batch of detections, and LIMIT_MS for them; answers are kept for 10 minutes. Who could not be asked about, or
 * not so far back because the table is still being filled, is judged without, and the reason says so. A store that did
 * not answer is left alone for a minute.
 */
import type { Clock } from '../lib/clock.ts'
import { type Address, formatAddress, isV4, lastAddress, type Network, parseAddress } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import type { Detection, PeerNote } from '../model/detection.ts'
import { PEER_DAYS, PEER_TABLE } from '../store/logs/peer-table.ts'

/** A block is to be on the list within half a second, all told. */
const LIMIT_MS = 200
/** A person who asks for an explanation waits longer. */
const EXPLAIN_LIMIT_MS = 5000
const MAX_ASKED = 200
/** IPv6 sources are prefixes, and each is a question of its own. */
const MAX_ASKED_V6 = 8
const DAY_MS = 86_400_000
const LEAST_DAYS = 3
const KEPT_MS = 600_000
const MAX_KEPT = 20_000
const PAUSE_MS = 60_000
const AWAY = 'the log store is away'

/** The log store, as far as it is needed here; null while it is away. */
export type AskLogs = (
  sql: string,
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<PeerRow[]> | null

export interface PeerRow {
  readonly peer: string
  /** It was called by us, or it called. */
  readonly role: string
  /** Different days on which that was, and when it was last (Unix ms). */
  readonly days: number | string
  readonly lastAtMs: number | string
}

export interface KnownPeersOptions {
  readonly clock: Clock
  readonly ask: AskLogs
  /** From when on the table of peers is complete (Unix ms); null while that is not known. */
  readonly completeSinceMs: () => number | null
  /** Told why the store could not be asked. */
  readonly report: (reason: string) => void
}

export interface PeerCounters {
  asked: number
  peers: number
  notAsked: number
}

/** Of one source: days on which it was called, and on which it called; the last time of each. */
interface Seen {
  called: number
  calledAtMs: number
  caller: number
  callerAtMs: number
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
      const failure = await this.#askAll(networks, signal)
      if (failure === null) continue
      if (failure !== AWAY) {
        this.#pauseReason = failure
        this.#pausedUntilMs = clock.monotonicMs() + PAUSE_MS
        report(failure)
      }
      return failure
    }
    const notYet = this.#notYet()
    if (notYet !== null) return notYet
    const isLeftOut = v4.length > MAX_ASKED || others.length > MAX_ASKED_V6
    return isLeftOut ? 'too many sources were detected at once' : null
  }

  /** Why nobody can be said to be no peer: the table is not filled so far back; null when it is. */
  #notYet(): string | null {
    const { clock, completeSinceMs } = this.#options
    const sinceMs = completeSinceMs()
    if (sinceMs !== null && sinceMs <= this.#firstDayMs()) return null
    const days = sinceMs === null ? 0 : Math.max(0, Math.ceil((clock.nowMs() - sinceMs) / DAY_MS))
    const what =
      days === 0 ? 'no whole day is' : days === 1 ? 'only today is' : `only the last ${days} days are`
    return `${what} in the table of peers so far, without showing it as a peer`
  }

  #firstDayMs(): number {
    return Math.floor(this.#options.clock.nowMs() / DAY_MS) * DAY_MS - (PEER_DAYS - 1) * DAY_MS
  }

  /** Asks and keeps what is sure; answers why it could not be asked, or null. */
  async #askAll(networks: readonly Network[], signal: AbortSignal): Promise<string | null> {
    const [first] = networks
    if (first === undefined) return null
    const isSingle = isV4(first.words) && first.prefixLength === 128
    const since = new Date(this.#firstDayMs()).toISOString().slice(0, 10)
    const parameters = isSingle
      ? { since, addresses: networks.map(({ words }) => mapped(words)) }
      : { since, first: mapped(first.words), last: mapped(lastAddress(first)) }
    const seen = new Map(networks.map((network) => [keyOf(network), noneSeen()]))
    try {
      const rows = await this.#options.ask(isSingle ? SINGLES_SQL : PREFIX_SQL, parameters, signal)
      if (rows === null) return AWAY
      for (const row of rows) {
        const one = seen.get(isSingle ? keyOfText(row.peer) : keyOf(first))
        if (one !== undefined) take(one, row)
      }
    } catch (error) {
      return signal.aborted
        ? 'the log store did not answer in time'
        : `the log store could not be asked (${messageOf(error)})`
    }
    const isComplete = this.#notYet() === null
    for (const [key, one] of seen) if (isComplete || isPeer(one)) this.#keep(key, noteOf(one))
    return null
  }

  #keep(key: string, note: PeerNote): void {
    this.#counters.asked++
    if (note.isPeer === true) this.#counters.peers++
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { note, untilMs: this.#options.clock.monotonicMs() + KEPT_MS })
  }
}

const noneSeen = (): Seen => ({ called: 0, calledAtMs: 0, caller: 0, callerAtMs: 0 })

function take(seen: Seen, { role, days, lastAtMs }: PeerRow): void {
  if (role === 'called') {
    seen.called = Number(days)
    seen.calledAtMs = Number(lastAtMs)
  } else {
    seen.caller = Number(days)
    seen.callerAtMs = Number(lastAtMs)
  }
}

const isPeer = ({ called, caller }: Seen): boolean => called > 0 || caller >= LEAST_DAYS

function noteOf(seen: Seen): PeerNote {
  const { called, calledAtMs, caller, callerAtMs } = seen
  const on = (days: number, lastAtMs: number): string =>
    `on ${days} of the last ${PEER_DAYS} days, last at ${new Date(lastAtMs).toISOString()}`
  if (called > 0)
    return {
      isPeer: true,
      why: `sessions that we began with it carried bytes both ways ${on(called, calledAtMs)}`,
    }
  if (caller >= LEAST_DAYS)
    return { isPeer: true, why: `its sessions carried bytes both ways ${on(caller, callerAtMs)}` }
  const came =
    caller === 0
      ? 'no session with it was completed'
      : `sessions with it were completed on ${caller} day${caller === 1 ? '' : 's'} only`
  return { isPeer: false, why: `${came} in the last ${PEER_DAYS} days` }
}

// p: an alias of the result would be taken for the column of the same name
const [SINGLES_SQL, PREFIX_SQL] = [
  peersSql('toString(p.peer)', 'p.peer IN {addresses:Array(IPv6)}'),
  peersSql("'all'", 'p.peer BETWEEN {first:IPv6} AND {last:IPv6}'),
]

function peersSql(name: string, condition: string): string {
  return `SELECT ${name} AS peer, toString(p.role) AS role, uniqExact(p.day) AS days, toUnixTimestamp64Milli(max(p.lastAt)) AS lastAtMs
    FROM ${PEER_TABLE} AS p WHERE ${condition} AND p.day >= {since:Date} AND p.role IN ('called', 'caller') GROUP BY 1, 2`
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
