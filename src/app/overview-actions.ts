/**
 * The first screen's answers: what is blocked and what changed within a day, who fetches the list, whether more comes than
 * usual, what stands in the way. Kept for a few seconds, so that many open pages cost as much as one.
 */
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import { saidOf } from '../api/contract/sentence.ts'
import { viewOfDecision } from '../api/decision-views.ts'
import type { Settings } from '../config/schema.ts'
import type { Decider } from '../decide/decider.ts'
import { messageOf } from '../lib/errors.ts'
import { parseInstant } from '../lib/time-text.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { surgeOf } from './surge.ts'
import type { Parts } from './parts.ts'
import { searchSettings } from './record-search.ts'

type Overview = Reply<'overview'>

const DAY_MS = 86_400_000
const KEPT_MS = 1000
const SURGE_KEPT_MS = 30_000
const TODAY_SHOWN = 20
/** Ended blocks that are counted. */
const ENDED_MOST = 20_000
const ENDED_KEPT_MS = 30_000
/** A firewall that stays away for so many of its intervals is late. */
const LATE_INTERVALS = 2
const QUARTER_MS = 900_000
/** 4 hours of quarters before the one that is judged. */
const REFERENCE_QUARTERS = 16
/** Questions are so many times as far apart as one takes, and no farther than that. */
const RARELY = 40
const RARELY_MOST_MS = 20_000
/** So many times the time that it is kept, and an answer is not given any more. */
const OLD = 10
const RULE_MODE = /^detection\.\w+\.mode$/
const SURGE_LIMIT_SECONDS = 10
/** Counters of inputs that mean lost messages. */
const LOSSES = ['shed', 'kernelDrops', 'framingErrors']

export function overviewActions(
  parts: Parts,
  decider: () => Decider,
  state: () => StateStore,
  settings: () => Settings,
): Pick<ServiceActions, 'overview'> {
  const desk = new OverviewDesk(parts)
  return { overview: () => desk.overview(decider(), state(), settings()) }
}

class OverviewDesk {
  readonly #parts: Parts
  readonly #overview: Kept<Overview>
  readonly #surge: Kept<Overview['surge']>
  readonly #ended: Kept<number>
  readonly #newest: Kept<Pick<Overview, 'today'> & { added: number }>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#overview = new Kept(parts, KEPT_MS)
    this.#surge = new Kept(parts, SURGE_KEPT_MS)
    this.#ended = new Kept(parts, ENDED_KEPT_MS)
    this.#newest = new Kept(parts, KEPT_MS)
  }

  overview(decider: Decider, state: StateStore, settings: Settings): Promise<Overview> {
    return this.#overview.get(() => this.#make(decider, state, settings))
  }

  async #make(decider: Decider, state: StateStore, settings: Settings): Promise<Overview> {
    const { clock, startedAtMs } = this.#parts
    const nowMs = clock.nowMs()
    const { added, today } = await this.#newest.get(async () =>
      newestOf(decider, nowMs, settings['time.zone']),
    )
    const counters = decider.counters()
    const ended = await this.#ended.get(async () => {
      const limit = ENDED_MOST
      const rows = await state.decisions({
        state: 'ended',
        mode: 'block',
        endedSinceMs: nowMs - DAY_MS,
        limit,
      })
      return rows.length
    })
    const firewalls = this.#parts.enforcement?.book.firewalls.all() ?? []
    return {
      at: iso(nowMs),
      engine: engineOf(decider),
      shadowRules: Object.entries(settings)
        .filter(([key, value]) => RULE_MODE.test(key) && value === 'shadow')
        .map(([key]) => key.split('.')[1] ?? key),
      list: this.#list(),
      blocks: {
        now: counters.blocks,
        held: counters.holds,
        shadow: counters.shadows,
        added,
        ended,
      },
      stopped: {
        since: iso(startedAtMs),
        denied: firewalls.reduce((sum, { denied }) => sum + denied, 0),
        let: firewalls.reduce((sum, { allowed }) => sum + allowed, 0),
      },
      firewalls: firewalls
        .filter(({ origin, fetches, isExpected }) => origin !== 'device' || isExpected || fetches > 0)
        .map(({ key, name, lastFetchMs, intervalMs, leaks, moreLeaks }) => ({
          id: key,
          name,
          state:
            lastFetchMs === null
              ? 'never'
              : nowMs - lastFetchMs > LATE_INTERVALS * intervalMs
                ? 'late'
                : 'fresh',
          lastFetchedAt: lastFetchMs === null ? null : iso(lastFetchMs),
          intervalSeconds: Math.round(intervalMs / 1000),
          leaks: leaks.size + moreLeaks,
        })),
      isStoreReady: this.#parts.logs?.isReady === true,
      input: this.#input(nowMs),
      surge:
        this.#parts.logs?.isReady === true ? await this.#surge.lately(() => this.#askSurge(nowMs)) : null,
      alarms: this.#parts.alarms.active().map(({ code, severity, sinceMs, message, mend }) => ({
        code,
        severity,
        since: iso(sinceMs),
        message,
        mend,
        said: saidOf(message),
        mendSaid: saidOf(mend),
      })),
      today,
    }
  }

  #list(): Overview['list'] {
    const { list, fetches } = this.#parts
    const last = fetches.fetchers()[0]
    return {
      entries: list.snapshot.entries,
      lastFetchedAt: last === undefined ? null : iso(last.lastMs),
      lastFetchedBy: last?.address ?? null,
    }
  }

  #input(nowMs: number): Overview['input'] {
    const { pipeline, rates } = this.#parts
    const inputs = pipeline?.inputs ?? []
    const lastMs = Math.max(...(pipeline?.status?.devices ?? []).map(({ lastSeenAtMs }) => lastSeenAtMs))
    const shed = inputs.reduce(
      (sum, { counters }) => sum + LOSSES.reduce((lost, name) => lost + (counters[name] ?? 0), 0),
      0,
    )
    return {
      linesPerSecond: inputs.reduce((sum, { name }) => sum + rates.perSecond(name), 0),
      lagMs: Number.isFinite(lastMs) ? Math.max(0, nowMs - lastMs) : null,
      lost: shed + (pipeline?.status?.losses ?? []).reduce((sum, { lost }) => sum + lost, 0),
    }
  }

  /** Null when the log store cannot be asked: nothing is said then. */
  async #askSurge(nowMs: number): Promise<Overview['surge']> {
    const { logs, events } = this.#parts
    if (logs === null) return null
    const fromMs = nowMs - (REFERENCE_QUARTERS + 1) * QUARTER_MS
    const counts = Array<number>(REFERENCE_QUARTERS + 1).fill(0)
    try {
      const rows = logs.client.query<{ quarter: string | number; n: string | number }>(
        `SELECT intDiv(toUnixTimestamp64Milli(receivedAt) - {from:Int64}, ${QUARTER_MS}) AS quarter, count() AS n FROM logs
         PREWHERE receivedAt >= fromUnixTimestamp64Milli({from:Int64}) AND receivedAt < fromUnixTimestamp64Milli({to:Int64})
         WHERE disposition != 'allowed' GROUP BY quarter`,
        { from: fromMs, to: nowMs },
        AbortSignal.timeout(SURGE_LIMIT_SECONDS * 1000), // the engine's own limit helps nobody while it is stuck
        searchSettings(SURGE_LIMIT_SECONDS),
      )
      for await (const some of rows) for (const { quarter, n } of some) counts[Number(quarter)] = Number(n)
    } catch (error) {
      events.partFailed('overview', 'ask the log store whether more comes than usual', messageOf(error))
      return null
    }
    return surgeOf(counts.at(-1) ?? 0, counts.slice(0, -1))
  }
}

/** O(active). */
function newestOf(
  decider: Decider,
  nowMs: number,
  timeZone: string,
): Pick<Overview, 'today'> & { added: number } {
  const midnightMs = parseInstant('today', nowMs, timeZone) ?? nowMs - DAY_MS
  const blocks = decider.active({ mode: 'block' })
  return {
    added: blocks.filter(({ createdAtMs }) => createdAtMs >= nowMs - DAY_MS).length,
    today: blocks
      .slice(0, TODAY_SHOWN)
      .filter(({ createdAtMs }) => createdAtMs >= midnightMs)
      .map(viewOfDecision),
  }
}

function engineOf(decider: Decider): Overview['engine'] {
  const { flags } = decider.engine
  const state = !flags.on ? 'off' : flags.frozen ? 'frozen' : 'on'
  const [atMs, by] = flags.on
    ? [flags.frozenChangedAtMs, flags.frozenChangedBy]
    : [flags.onChangedAtMs, flags.onChangedBy]
  return { state, changedAt: atMs === 0 ? null : iso(atMs), changedBy: by === '' ? null : by }
}

/** An answer that is good for a while; questions meanwhile share it. */
class Kept<Value> {
  readonly #parts: Parts
  readonly #keptMs: number
  #untilMs = Number.NEGATIVE_INFINITY
  #answer: Promise<Value> | null = null
  #last: { readonly value: Value; readonly atMs: number } | null = null

  constructor(parts: Parts, keptMs: number) {
    this.#parts = parts
    this.#keptMs = keptMs
  }

  /** The last answer at once, if it is not old, while the next one is made beside it. */
  lately(make: () => Promise<Value>): Promise<Value> {
    const last = this.#last
    const next = this.get(make)
    if (last === null || this.#parts.clock.monotonicMs() - last.atMs > OLD * this.#keptMs) return next
    next.catch(() => null) // told by whoever makes it; the last answer stands
    return Promise.resolve(last.value)
  }

  get(make: () => Promise<Value>): Promise<Value> {
    const nowMs = this.#parts.clock.monotonicMs()
    if (this.#answer !== null && nowMs < this.#untilMs) return this.#answer
    this.#untilMs = nowMs + this.#keptMs
    const answer = make()
    this.#answer = answer
    // What takes long is asked rarely: at most a fortieth of the time goes into it.
    const finish = (): void => {
      const took = this.#parts.clock.monotonicMs() - nowMs
      this.#untilMs = Math.max(this.#untilMs, nowMs + Math.min(RARELY_MOST_MS, RARELY * took))
    }
    answer.then(finish, finish)
    answer.then(
      (value) => {
        this.#last = { value, atMs: this.#parts.clock.monotonicMs() }
      },
      () => null, // told below
    )
    // A failure is told to whoever asked, and asked again at the next time.
    answer.catch(() => {
      if (this.#answer === answer) this.#answer = null
    })
    return answer
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
