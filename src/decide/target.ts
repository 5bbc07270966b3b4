/**
 * What a person may name as a target: an address or a network of either family, host bits clear, not too wide.
 * Wider than /8 (v4) or /19 (v6) is refused as unsafe; wider than /24 or /48 needs an explicit confirmation.
 */
import { formatNetwork, type Network, parseNetwork } from '../lib/address.ts'
import { isV4Network } from './network-map.ts'
import { done, type Outcome, type Refusal, refused } from './outcome.ts'

/** In the 128-bit form: /8 and /24 of IPv4 are 104 and 120. */
const LIMITS = {
  v4: { unsafe: 104, unsafeText: '/8', wide: 120, wideText: '/24' },
  v6: { unsafe: 19, unsafeText: '/19', wide: 48, wideText: '/48' },
} as const

export function parseTarget(text: string): Outcome<Network> {
  const trimmed = text.trim()
  const network = parseNetwork(trimmed)
  if (network !== null) return done(network)
  const lenient = parseNetwork(trimmed, true)
  if (lenient !== null) {
    return refused(
      'host-bits',
      `${trimmed} has bits set behind its prefix length: did you mean ${formatNetwork(lenient)}?`,
    )
  }
  const shown = JSON.stringify(trimmed.slice(0, 60))
  return refused(
    'not-an-address',
    `${shown} is not an IP address or network such as 203.0.113.7 or 2001:db8::/64`,
  )
}

/** The refusal of a target that is too wide, or null. */
export function refuseWidth(target: Network, isConfirmed: boolean): Refusal | null {
  const limits = isV4Network(target) ? LIMITS.v4 : LIMITS.v6
  const text = formatNetwork(target)
  if (target.prefixLength < limits.unsafe) {
    return refused('too-wide', `${text} is wider than ${limits.unsafeText}: refused as unsafe`)
  }
  if (target.prefixLength < limits.wide && !isConfirmed) {
    return refused('needs-confirmation', `${text} is wider than ${limits.wideText}: confirm that you mean it`)
  }
  return null
}
