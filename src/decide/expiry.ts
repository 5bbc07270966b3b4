/**
 * The passage of time: blocks, holds and shadow decisions that nobody has seen for their time end, allowlist entries
 * and grace periods run out. A pass that would take many blocks off at once does nothing and raises an alarm, because a
 * wrong clock looks exactly like that; a person confirms, or the clock comes right.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatNetwork } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { StateChange } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { isOver } from './registry.ts'
import { instantOf, plural, spanOf } from './sentences.ts'

/** A pass is held when it would end more than this share of the list and more than this many blocks. */
const MASS_SHARE = 0.05
const MASS_COUNT = 20
/** A stamp further ahead than this came from a clock that was wrong and has been put right. */
const AHEAD_MS = 5 * 60_000
/** Decisions of one transaction: what was made together often ends together, and whoever fetches the list must not wait. */
const ENDED_AT_ONCE = 250

export interface Expired {
  readonly ended: number
  /** Blocks that a person must confirm first; 0 when the pass was carried out. */
  readonly held: number
}

/**
 * Ends what is over. `confirmedBy` carries a held pass out. The guard is off in `replay`, whose clock leaps. Does
 * nothing while the list is frozen. Only within the keeper's turn.
 */
export async function expire(
  keeper: Keeper,
  options: { readonly isGuarded: boolean; readonly confirmedBy?: string },
): Promise<Expired> {
  const { registry, clock, alarms, rules } = keeper
  const nowMs = clock.nowMs()
  pullBack(keeper, nowMs)
  if (registry.engine.frozen) return { ended: 0, held: 0 }
  const over = Array.from(registry.active(), ({ decision }) => decision).filter((decision) =>
    isOver(decision.expiresAtMs, nowMs),
  )
  const blocks = over.filter((decision) => decision.mode === 'block').length
  const isMass = blocks > MASS_COUNT && blocks > registry.blockCount * MASS_SHARE
  if (options.isGuarded && isMass && options.confirmedBy === undefined) {
    alarms.raise({
      code: 'mass-expiry',
      severity: 'critical',
      message: `${plural(blocks, 'block')} of ${registry.blockCount} would expire at once (clock: ${instantOf(nowMs)}): none does until a person confirms.`,
      mend: 'Check the clock of this machine. If it is right, confirm the expiry; if not, set it and the alarm goes away.',
    })
    return { ended: 0, held: blocks }
  }
  alarms.clear('mass-expiry')
  const by = options.confirmedBy ?? 'system'
  let ended = 0
  for (let at = 0; at < over.length; at += ENDED_AT_ONCE) {
    // Who was seen since the parts before stays.
    const part = over
      .slice(at, at + ENDED_AT_ONCE)
      .flatMap(({ id }) => registry.byId(id)?.decision ?? [])
      .filter((decision) => isOver(decision.expiresAtMs, nowMs))
    ended += part.length
    await keeper.keep(
      part.flatMap((decision) =>
        keeper.endChanges(decision, 'decision.expire', by, endReason(decision, rules.inactiveMs)),
      ),
    )
    await nextTurn()
  }
  const permissions = outdatedPermissions(keeper, nowMs)
  if (permissions.length > 0) await keeper.keep(permissions)
  return { ended, held: 0 }
}

function endReason(decision: Decision, inactiveMs: number): string {
  if (decision.origin === 'manual')
    return `its end was set to ${instantOf(decision.expiresAtMs ?? Number.NaN)}`
  const { lifetimeMs } = decision
  if (decision.origin === 'feed' && lifetimeMs !== null)
    return `its list has not named it for ${spanOf(lifetimeMs)}`
  if (lifetimeMs !== null && lifetimeMs < inactiveMs)
    return `its evidence could be forged, so it was short: ${spanOf(lifetimeMs)}`
  return `not seen for ${spanOf(lifetimeMs ?? inactiveMs)}, last on ${instantOf(decision.lastSeenAtMs)}`
}

function outdatedPermissions(keeper: Keeper, nowMs: number): StateChange[] {
  const allow = [...keeper.registry.allowEntries()].filter((entry) => isOver(entry.expiresAtMs, nowMs))
  const graces = [...keeper.registry.graces()].filter((grace) => grace.untilMs <= nowMs)
  return [
    ...allow.flatMap((entry): StateChange[] => [
      { kind: 'allow-removed', entry },
      keeper.auditChange('allow.expire', 'system', formatNetwork(entry.target), 'its end was reached', {
        id: entry.id,
      }),
    ]),
    ...graces.map((grace): StateChange => ({ kind: 'grace-removed', target: grace.target })),
  ]
}

/** A clock that ran ahead has left stamps in the future, with which a block would never end. */
function pullBack(keeper: Keeper, nowMs: number): void {
  const { registry, rules } = keeper
  for (const active of registry.active()) {
    if (active.decision.lastSeenAtMs > nowMs + AHEAD_MS) registry.restamp(active, nowMs, rules.inactiveMs)
  }
}
