/**
 * Who acts in the synthetic month: attackers of known kinds, and the innocent who look like them. Sources come from
 * 10.0.0.0/8, which the settings declare public, each with a /24 of its own; those of whole subnets and of the flood from
 * the benchmark range 198.18.0.0/15 (RFC 2544); IPv6 from 2001:db8::/32. Our side is 203.0.113.0/24 and 2001:db8:a::/48. Every
 * number is drawn from one seeded generator.
 */
import { addAttackers } from './attackers.ts'
import type { Events } from './events.ts'
import { addInnocents } from './innocents.ts'
import { type Actor, Maker } from './maker.ts'

export interface Month {
  readonly events: Events
  readonly actors: readonly Actor[]
}

export function makeMonth(random: () => number): Month {
  const maker = new Maker(random)
  addAttackers(maker)
  addInnocents(maker)
  return maker
}
