/**
 * Which entries a feed takes: by rule, severity, proof, age, firewall, country, family and width. Pure; asked once per
 * entry before packing. Null in a field means that it does not matter.
 *
 * Unknown does not pass: an entry without severity is not "at least high", one without country is in none of those asked
 * for. `exceptCountries` takes out what is known to be there, so the unknown stays. What a person blocked passes severity
 * and proof all the same, since both speak of evidence and a person's word needs none; leave `manual` out of `rules` to
 * leave it out.
 */
import { isV4 } from '../../lib/address.ts'
import type { DecisionOrigin } from '../../model/decision.ts'
import { ORIGINAL_NAMES, type Proof, RULES, type RuleName } from '../../model/detection.ts'
import { SEVERITY, type Severity } from '../../model/log-record.ts'
import { countryKey } from './countries.ts'
import { type FeedEntry, ruleOrOrigin } from './feed-entry.ts'

/** A rule, or `manual` and `feed` (imported lists) for what no rule convicted. */
export type FilterRule = RuleName | Exclude<DecisionOrigin, 'detector'>

export type Families = 'both' | 'v4' | 'v6'

export interface FeedFilter {
  readonly rules: readonly FilterRule[] | null
  readonly minSeverity: Severity
  readonly proof: Proof | null
  /** Only what was seen within this time. */
  readonly maxAgeMs: number | null
  /** Only what one of these firewalls saw; the firewalls of a site are listed here by whoever knows sites. */
  readonly devices: readonly string[] | null
  /** Only what is in one of these countries: names or ISO 3166 codes. */
  readonly countries: readonly string[] | null
  /** Not what is in one of these. */
  readonly exceptCountries: readonly string[] | null
  readonly families: Families
  /** Single addresses only (/32, /128), for consumers whose sets hold no networks; such a feed is never aggregated. */
  readonly hostsOnly: boolean
}

export const TAKE_ALL: FeedFilter = {
  rules: null,
  minSeverity: null,
  proof: null,
  maxAgeMs: null,
  devices: null,
  countries: null,
  exceptCountries: null,
  families: 'both',
  hostsOnly: false,
}

/** The names that a filter's `rules` may hold. */
export const FILTER_RULES: readonly FilterRule[] = [...RULES, 'manual', 'feed']

/** The rule of a name, ours or the older system's ("Port Scan Attack v1", "User Added"), or null. */
export function filterRuleOf(name: string): FilterRule | null {
  const ours = FILTER_RULES.find((rule) => rule === name)
  if (ours !== undefined) return ours
  const wanted = name.trim().toLowerCase()
  const names: Readonly<Record<string, string | null>> = ORIGINAL_NAMES
  return FILTER_RULES.find((rule) => names[rule]?.toLowerCase() === wanted) ?? null
}

/** The test of a filter, made once and asked for each entry. Cost of a question: a few comparisons. */
export function makeFilter(filter: FeedFilter, nowMs: number): (entry: FeedEntry) => boolean {
  const rules = filter.rules === null ? null : new Set<string>(filter.rules)
  const devices = filter.devices === null ? null : new Set(filter.devices)
  const minSeverity = filter.minSeverity === null ? null : SEVERITY[filter.minSeverity]
  const isWanted = countryTest(filter)
  const oldestMs = filter.maxAgeMs === null ? Number.NEGATIVE_INFINITY : nowMs - filter.maxAgeMs
  return (entry) => {
    const { words, prefixLength } = entry.network
    const isV4Entry = prefixLength >= 96 && isV4(words)
    if (filter.families !== 'both' && isV4Entry !== (filter.families === 'v4')) return false
    if (filter.hostsOnly && prefixLength !== 128) return false
    if (rules !== null && !rules.has(ruleOrOrigin(entry))) return false
    if (entry.lastSeenAtMs < oldestMs) return false
    if (devices !== null && !entry.devices.some((device) => devices.has(device))) return false
    if (isWanted !== null && !isWanted(entry.country)) return false
    if (entry.origin === 'manual') return true
    if (minSeverity !== null && (entry.severity === null || SEVERITY[entry.severity] < minSeverity))
      return false
    return filter.proof === null || entry.proof === filter.proof
  }
}

/** Whether a country passes; null: all do. */
function countryTest({
  countries,
  exceptCountries,
}: FeedFilter): ((country: string | null) => boolean) | null {
  if (countries === null && exceptCountries === null) return null
  const wanted = countries === null ? null : new Set(countries.map(countryKey))
  const unwanted = new Set((exceptCountries ?? []).map(countryKey))
  return (country) => {
    if (country === null) return wanted === null
    const key = countryKey(country)
    return wanted?.has(key) !== false && !unwanted.has(key)
  }
}
