/**
 * Our list beside that of another system: who is on one only, and why. For moving from an older system: when nothing
 * unexplained is left, the firewalls may be switched.
 */
import type { Decider } from '../../decide/decider.ts'
import { NetworkMap } from '../../decide/network-map.ts'
import { instantOf } from '../../decide/sentences.ts'
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { StateRepository } from '../../model/state.ts'

/** Rows for which the history is read, which costs a query each. */
const HISTORIES = 500

export interface Difference {
  readonly target: string
  readonly side: 'theirs' | 'ours'
  /** One sentence. */
  readonly why: string
}

/** Those on their list only, then those on ours only. */
export async function* differences(
  decider: Decider,
  state: Pick<StateRepository, 'decisions'>,
  theirs: readonly Network[],
): AsyncGenerator<Difference, void, undefined> {
  const ours = decider.published()
  const oursHolds = mapOf(ours)
  let histories = 0
  for (const target of theirs) {
    if (oursHolds.holder(target) !== undefined) continue
    const known = decider.imports.standing(target)
    const why =
      known ?? (histories++ < HISTORIES ? await historyOf(state, target) : 'its history was not read')
    yield { target: formatNetwork(target), side: 'theirs', why }
  }
  const theirsHolds = mapOf(theirs)
  for (const target of ours) {
    if (theirsHolds.holder(target) !== undefined) continue
    const decision = decider.blockOf(target)?.decision
    const why =
      decision === undefined
        ? 'just lifted'
        : `blocked since ${instantOf(decision.createdAtMs)} by ${decision.createdBy}: ${decision.reason}`
    yield { target: formatNetwork(target), side: 'ours', why }
  }
}

function mapOf(networks: readonly Network[]): NetworkMap<true> {
  const map = new NetworkMap<true>()
  for (const network of networks) map.set(network, true)
  return map
}

async function historyOf(state: Pick<StateRepository, 'decisions'>, target: Network): Promise<string> {
  const [last] = await state.decisions({ state: 'ended', overlapping: target, limit: 1 })
  if (last === undefined || last.endedAtMs === null) return 'no rule has found anything against it'
  return `was blocked until ${instantOf(last.endedAtMs)}: ${last.endReason ?? 'no reason is known'} (${last.endedBy ?? 'system'})`
}
