/**
 * What people must know of enforcement: leaks, lists that a firewall loaded otherwise than they are, firewalls whose lines
 * never show a denied packet of a blocked source, and named firewalls that do not fetch. A firewall that stops fetching is
 * told of by its feed.
 */
import type { AlarmInput } from '../../telemetry/alarms.ts'
import type { EnforcementBook } from './enforcement-book.ts'
import type { Firewall } from './firewall.ts'

/** Firewalls told of at once; alarms are bounded, and the first ones say enough. */
const MOST_TOLD = 20
/** So many allowed lines of blocked sources and none denied: the rule is missing. */
const NEVER_DENIED_LINES = 10
const NOT_FETCHING_INTERVALS = 3

export function enforcementAlarms(book: EnforcementBook, nowMs: number, upSinceMs: number): AlarmInput[] {
  const alarms: AlarmInput[] = []
  for (const firewall of book.firewalls.all()) {
    if (alarms.length >= MOST_TOLD) break
    if (firewall.leaks.size > 0) alarms.push(leakAlarm(firewall))
    if (neverDenies(firewall)) alarms.push(neverDeniesAlarm(firewall))
    alarms.push(...countAlarms(firewall))
    if (doesNotFetch(firewall, nowMs, upSinceMs)) alarms.push(notFetchingAlarm(firewall))
  }
  return alarms
}

function leakAlarm({ key, name, leaks, moreLeaks, origin, lastFetchMs }: Firewall): AlarmInput {
  const [first] = [...leaks.values()].sort((a, b) => b.lines - a.lines)
  const rule = first?.rule == null ? '' : ` by the rule ${JSON.stringify(first.rule)}`
  const count = leaks.size + moreLeaks
  const what = count === 1 ? 'a blocked address' : `${count} blocked addresses`
  const isFetcher = origin !== 'device' || lastFetchMs !== null
  return {
    code: `enforcement-leak:${key}`,
    // One that fetches nothing may stand where nobody meant it to enforce.
    severity: isFetcher ? 'critical' : 'warning',
    message: isFetcher
      ? `The firewall ${quoted(name)} has the list and still lets ${what} through; ${first?.target ?? ''}${rule}, ${first?.lines ?? 0} lines.`
      : `The firewall ${quoted(name)} lets ${what} through and is not known to fetch the list; ${first?.target ?? ''}${rule}, ${first?.lines ?? 0} lines.`,
    mend: isFetcher
      ? 'Look whether the deny rule stands above the allow rules and covers the zone (firewalls check); firewalls leaks lists the addresses.'
      : 'Set up the list and the deny rule on it; if it fetches from another address, say so: firewalls add NAME --address ADDRESS --device NAME.',
  }
}

/** It has the list, lines of blocked sources come from it, and none of them was denied. */
function neverDenies({ lastFetchMs, denied, firstDeniedAtMs, leaks }: Firewall): boolean {
  if (lastFetchMs === null || denied > 0 || firstDeniedAtMs !== null) return false
  let lines = 0
  for (const leak of leaks.values()) lines += leak.lines
  return lines >= NEVER_DENIED_LINES || leaks.size >= 3
}

function neverDeniesAlarm({ key, name, fetches }: Firewall): AlarmInput {
  return {
    code: `enforcement-none:${key}`,
    severity: 'critical',
    message: `The firewall ${quoted(name)} fetched the list ${fetches} times, and no line of it ever shows a blocked source denied, while blocked sources get through.`,
    mend: 'The deny rule is missing, is disabled, stands below the allow rules, or does not use the list: docs/firewalls, step "The deny rule".',
  }
}

/** A firewall loads a list some time after it has fetched it: what is right at the next look was never wrong. */
function countAlarms({ key, name, loaded, graceMs }: Firewall): AlarmInput[] {
  const wrong = [...loaded.values()].filter(
    ({ wrongSinceMs, atMs }) => wrongSinceMs !== null && atMs - wrongSinceMs >= graceMs,
  )
  const [first] = wrong
  if (first === undefined) return []
  const { feed, valid, expected, ignored, invalid } = first
  const left = [
    ...((ignored ?? 0) > 0 ? [`${ignored} ignored`] : []),
    ...((invalid ?? 0) > 0 ? [`${invalid} invalid`] : []),
  ]
  const rest = left.length === 0 ? '' : ` (${left.join(', ')})`
  return [
    {
      code: `enforcement-count:${key}`,
      severity: 'critical',
      message: `The firewall ${quoted(name)} loaded ${valid} entries of the feed ${feed}${rest}; the list that it fetched has ${expected ?? 'an unknown number of'}.`,
      mend: 'It holds no more entries over all its lists, or its copy is old: look at list-capacities on the firewall, shorten or aggregate the feed, refresh it.',
    },
  ]
}

/** Named by people with an address, and it never came since the start. */
function doesNotFetch(firewall: Firewall, nowMs: number, upSinceMs: number): boolean {
  const { origin, addresses, lastFetchMs, intervalMs } = firewall
  if (origin !== 'named' || addresses.size === 0 || lastFetchMs !== null) return false
  return nowMs - upSinceMs > NOT_FETCHING_INTERVALS * Math.max(intervalMs, 60_000)
}

function notFetchingAlarm({ key, name, addresses }: Firewall): AlarmInput {
  return {
    code: `firewall-not-fetching:${key}`,
    severity: 'warning',
    message: `The firewall ${quoted(name)} has not fetched any list from ${[...addresses].join(', ')} since the start of the service.`,
    mend: 'Look at its external list, its service route and the rules between; if it fetches from another address: firewalls change.',
  }
}

/** Names come from log lines too. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}
