/** Watches for fetchers that came regularly and stay away: an alarm for each feed that has one, cleared when it comes again. */
import type { Clock } from '../../lib/clock.ts'
import type { AlarmInput, AlarmSink } from '../../telemetry/alarms.ts'
import type { FeedFetcher } from './feed-fetchers.ts'
import type { ManagedFeed } from './managed-feed.ts'

export class SilenceWatch {
  readonly #clock: Clock
  readonly #alarms: AlarmSink
  /** Nobody is silent for the time in which the service was down. */
  readonly #startedMs: number
  /** Codes of the alarms that stand. */
  #raised = new Set<string>()

  constructor(clock: Clock, alarms: AlarmSink) {
    this.#clock = clock
    this.#alarms = alarms
    this.#startedMs = clock.nowMs()
  }

  /** Addresses of a feed's fetchers that should have come by now. */
  of({ fetchers }: ManagedFeed): ReadonlySet<string> {
    const silent = fetchers.silent(this.#clock.nowMs(), this.#startedMs)
    return new Set(silent.map(({ fetcher }) => fetcher.address))
  }

  check(feeds: Iterable<ManagedFeed>): void {
    const nowMs = this.#clock.nowMs()
    const raised = new Set<string>()
    for (const { definition, fetchers } of feeds) {
      const alarm = silenceAlarm(definition.name, fetchers.silent(nowMs, this.#startedMs), nowMs)
      if (alarm === null) continue
      raised.add(alarm.code)
      this.#alarms.raise(alarm)
    }
    for (const code of this.#raised) if (!raised.has(code)) this.#alarms.clear(code)
    this.#raised = raised
  }
}

/** The alarm of fetchers that should have come by now, the first of them named; null without any. */
function silenceAlarm(
  feed: string,
  away: readonly { readonly fetcher: FeedFetcher; readonly intervalMs: number }[],
  nowMs: number,
): AlarmInput | null {
  const [first] = away
  if (first === undefined) return null
  const minutes = (ms: number): string => `${Math.max(1, Math.round(ms / 60_000))} min`
  const others = away.length > 1 ? `, and ${away.length - 1} more` : ''
  return {
    code: `firewall-silent:${feed}`,
    severity: 'warning',
    message: `${first.fetcher.address} last fetched the feed ${feed} ${minutes(nowMs - first.fetcher.lastMs)} ago; it came every ${minutes(first.intervalMs)}${others}. It enforces an old list.`,
    mend: `Test the list on that firewall, and the way to it. If it is gone for good: active-defense feeds fetchers ${feed} --forget ${first.fetcher.address}`,
  }
}
