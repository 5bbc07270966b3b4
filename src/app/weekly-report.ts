/**
 * The weekly report: what was blocked and lifted, by which rules and from where, who fetched the list most, and blocks that
 * never stopped anything. Counts over bounded reads: where more happened than is read, the report says "at least".
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork } from '../lib/address.ts'
import { formatInstant } from '../lib/time-text.ts'
import { boundedText } from '../lib/visible-text.ts'
import type { Decision } from '../model/decision.ts'
import type { StateRepository } from '../model/state.ts'
import type { Fetcher } from '../publish/fetch-log.ts'
import type { Notice } from '../publish/notify/notice.ts'

export const WEEK_MS = 7 * 86_400_000
const MOST_DECISIONS = 20_000
/** Each carries its evidence, about 5 kB. */
const MOST_DETECTIONS = 1000
const SHOWN = 5
/** A block younger than that has had no time to stop anything. */
const YOUNG_MS = 86_400_000

export interface ReportSources {
  readonly state: Pick<StateRepository, 'decisions' | 'detections'>
  readonly fetchers: () => readonly Fetcher[]
  readonly active: () => readonly Decision[]
  readonly countryOf: (address: string) => string | null
  readonly timeZone: string
  readonly link: string | null
}

export async function weeklyReport(sources: ReportSources, nowMs: number): Promise<Notice> {
  const sinceMs = nowMs - WEEK_MS
  const { state, timeZone } = sources
  const [recent, ended] = await Promise.all([
    state.decisions({ state: 'all', sinceMs, limit: MOST_DECISIONS }),
    state.decisions({ state: 'ended', limit: MOST_DECISIONS }),
  ])
  const blocked = recent.filter(({ mode }) => mode === 'block')
  const held = recent.filter(({ mode }) => mode === 'hold')
  const over = ended.filter(({ endedAtMs, mode }) => mode === 'block' && (endedAtMs ?? 0) >= sinceMs)
  const lifted = over.filter(({ endedBy }) => endedBy !== null && endedBy !== 'system')
  const active = sources.active().filter(({ mode }) => mode === 'block')
  const idle = active
    .filter((decision) => isIdle(decision, nowMs))
    .sort((a, b) => a.createdAtMs - b.createdAtMs)
  const atLeast = recent.length >= MOST_DECISIONS ? 'at least ' : ''
  const facts: [string, string][] = [
    ['New blocks', `${atLeast}${blocked.length}`],
    ['Held for review', `${held.length}`],
    ['Lifted by people', `${lifted.length}`],
    ['Ran out', `${over.length - lifted.length}`],
    ['Blocked now', `${active.length}`],
    ['Top rules', topText(blocked.map(({ rule, origin }) => rule ?? origin))],
    ['Top countries', topText(await countries(sources, sinceMs))],
    ['Fetched the list most', fetchText(sources.fetchers())],
    ['Never seen again once blocked', idleText(idle, timeZone)],
  ]
  const day = (ms: number): string => formatInstant(ms, timeZone).slice(0, 10)
  return {
    id: randomUUIDv7(),
    topic: 'report',
    severity: 'info',
    atMs: nowMs,
    subject: 'weekly-report',
    title: `Weekly report ${day(sinceMs)} to ${day(nowMs)}: ${atLeast}${blocked.length} new blocks`,
    sentences: [],
    facts,
    lines: [],
    link: sources.link,
    block: null,
  }
}

/** No line came from it after it was blocked. */
function isIdle({ lastSeenAtMs, createdAtMs, origin }: Decision, nowMs: number): boolean {
  return origin !== 'feed' && lastSeenAtMs <= createdAtMs && nowMs - createdAtMs > YOUNG_MS
}

async function countries({ state, countryOf }: ReportSources, sinceMs: number): Promise<string[]> {
  const detections = await state.detections({ sinceMs, verdict: 'block', limit: MOST_DETECTIONS })
  return detections.map(
    ({ detection }) => detection.sourceCountry ?? countryOf(detection.sourceAddress) ?? 'unknown',
  )
}

/** `port-scan 12, threat 3, 2 others`; `none`. */
export function topText(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  if (sorted.length === 0) return 'none'
  const shown = sorted.slice(0, SHOWN).map(([name, count]) => `${boundedText(name, 60)} ${count}`)
  const rest = sorted.slice(SHOWN).reduce((sum, [, count]) => sum + count, 0)
  return [...shown, ...(rest === 0 ? [] : [`others ${rest}`])].join(', ')
}

function fetchText(fetchers: readonly Fetcher[]): string {
  const busy = [...fetchers].sort((a, b) => b.fetches - a.fetches).slice(0, SHOWN)
  if (busy.length === 0) return 'nobody since the service started'
  return busy.map(({ address, fetches }) => `${address} ${fetches} times`).join(', ')
}

function idleText(idle: readonly Decision[], timeZone: string): string {
  if (idle.length === 0) return 'none'
  const shown = idle
    .slice(0, SHOWN)
    .map(
      ({ target, createdAtMs }) =>
        `${formatNetwork(target)} (since ${formatInstant(createdAtMs, timeZone).slice(0, 10)})`,
    )
  return `${idle.length}: ${shown.join(', ')}${idle.length > shown.length ? ', ...' : ''}`
}
