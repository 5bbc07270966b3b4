/**
 * The country of a target, for people and for feeds' filters: as its firewall named it, else as the operator's database of
 * addresses does. It never decides whether anything is blocked. Null when nobody knows; a network so wide that it may lie
 * in several countries has none.
 */
import { formatAddress, type Network } from '../lib/address.ts'
import { isV4Network } from './network-map.ts'

const MOST_CHARACTERS = 100
/** Prefix lengths (of 128) from which a network counts as one place: /24 and /48. */
const NARROW_V4 = 120
const NARROW_V6 = 48

/** Country of an address as text, or null. */
export type CountryLookup = (address: string) => string | null

/**
 * The firewall's word, cut, or null where it names no country: PAN-OS writes private and unassigned space as a range of
 * addresses, FortiGate as `Reserved`.
 */
function countryName(text: string | null): string | null {
  const name = text?.trim() ?? ''
  if (name === '' || /\d/.test(name) || /^(?:reserved|unknown|n\/a|-)$/i.test(name)) return null
  return name.slice(0, MOST_CHARACTERS)
}

/** The country of a target. `named`: what its firewall said. One look-up, some microseconds, where it said nothing. */
export function countryOf(target: Network, named: string | null, lookUp: CountryLookup): string | null {
  const known = countryName(named)
  if (known !== null) return known
  if (target.prefixLength < (isV4Network(target) ? NARROW_V4 : NARROW_V6)) return null
  return countryName(lookUp(formatAddress(target.words)))
}
