/**
 * Which decisions a bouncer asks for: the arguments of CrowdSec's local API, judged by the names that decisions bear there.
 * Unknown arguments are left out, as CrowdSec does. Pure.
 */
import { contains, formatNetwork, type Network, parseNetwork } from '../../lib/address.ts'
import type { Decision, DecisionOrigin } from '../../model/decision.ts'
import type { DecisionBoard, Told } from './decision-board.ts'

/** Names that CrowdSec gives to where a decision comes from; bouncers count by them. */
const ORIGINS: Readonly<Record<DecisionOrigin, string>> = {
  detector: 'crowdsec',
  manual: 'cscli',
  feed: 'lists',
}
/** Words in one argument. */
const WORDS_MOST = 100

/** Whether a decision is asked for. */
export type Wanted = (told: Told) => boolean

export function originOf(decision: Decision): string {
  return ORIGINS[decision.origin]
}

/** `active-defense/port-scan`; what a person or an imported list blocked is named by that. */
export function scenarioOf(decision: Decision): string {
  return `active-defense/${decision.rule ?? (decision.origin === 'manual' ? 'manual' : 'list')}`
}

export function scopeOf(decision: Decision): 'Ip' | 'Range' {
  return decision.target.prefixLength === 128 ? 'Ip' : 'Range'
}

/** The filter of `scopes`, `origins`, `scenarios_containing` and `scenarios_not_containing`. */
export function wantedBy(query: URLSearchParams, hostsOnly: boolean): Wanted {
  const scopes = wordsOf(query, 'scopes') ?? ['ip', 'range']
  const origins = wordsOf(query, 'origins')
  const containing = wordsOf(query, 'scenarios_containing')
  const lacking = wordsOf(query, 'scenarios_not_containing')
  return ({ decision }) => {
    if (hostsOnly && decision.target.prefixLength !== 128) return false
    if (!scopes.includes(scopeOf(decision).toLowerCase())) return false
    if (origins !== null && !origins.includes(originOf(decision)) && !origins.includes(decision.origin))
      return false
    const scenario = scenarioOf(decision)
    if (containing !== null && !containing.some((word) => scenario.includes(word))) return false
    return lacking === null || !lacking.some((word) => scenario.includes(word))
  }
}

/** Null: the argument is not there. */
function wordsOf(query: URLSearchParams, name: string): string[] | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  return text
    .split(',', WORDS_MOST)
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '')
}

export type Search =
  | { readonly ok: true; readonly found: readonly Told[] }
  | { readonly ok: false; readonly message: string }

/** What `GET /v1/decisions` asks for: by `ip` or `range` (what contains it, or with `contains=false` what is in it), by `scope` and `value`, or all. */
export function searchBoard(board: DecisionBoard, query: URLSearchParams, wanted: Wanted): Search {
  const type = query.get('type')
  if (type !== null && type !== '' && type !== 'ban') return { ok: true, found: [] }
  const scope = query.get('scope')?.toLowerCase() ?? ''
  const isWanted: Wanted = (told) =>
    wanted(told) && (scope === '' || scopeOf(told.decision).toLowerCase() === scope)
  const asked = query.get('ip') ?? query.get('range')
  const value = query.get('value')
  const text = asked ?? value
  if (text === null || text === '') return { ok: true, found: [...board.active()].filter(isWanted) }
  const network = parseNetwork(text.trim(), true)
  if (network === null) {
    // A scope that we do not have (a country, a network owner) has no decisions.
    if (asked === null) return { ok: true, found: [] }
    return { ok: false, message: `unable to convert '${text.slice(0, 64)}' to int: invalid address` }
  }
  const found =
    asked === null
      ? board.covering(network).filter((told) => told.value === formatNetwork(network))
      : query.get('contains') === 'false'
        ? [...board.active()].filter(({ decision }) => isInside(decision.target, network))
        : board.covering(network)
  return { ok: true, found: found.filter(isWanted) }
}

function isInside(inner: Network, outer: Network): boolean {
  return inner.prefixLength >= outer.prefixLength && contains(outer, inner.words)
}
