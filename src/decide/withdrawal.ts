/**
 * Blocks withdrawn together: those since a time, of a rule, of a device. Lifted newest first, in parts (parts.ts), so
 * that the first leave the list at once and detectors go on; a last audit row tells of the whole.
 */
import type { Decision } from '../model/decision.ts'
import type { Keeper } from './keeper.ts'
import { done, type Outcome, refused } from './outcome.ts'
import { inParts, type Planned } from './parts.ts'
import { type FilterName, matchesRule } from './rule-names.ts'

/** All criteria that are given must hold. `sinceMs` and `device` mean detectors' blocks; `rule: manual` people's. */
export interface WithdrawCriteria {
  readonly sinceMs?: number
  readonly rule?: FilterName
  readonly device?: string
}

export interface Withdrawn {
  readonly decisions: readonly Decision[]
  readonly graceUntilMs: number | null
}

/** What `withdraw` would lift: blocks and held ones, newest first. O(blocks). */
export function previewWithdraw(
  { registry }: Keeper,
  criteria: WithdrawCriteria,
): Outcome<readonly Decision[]> {
  if (criteria.sinceMs === undefined && criteria.rule === undefined && criteria.device === undefined) {
    return refused('criterion-required', 'name a time, a rule or a device whose blocks are to be withdrawn')
  }
  const decisions: Decision[] = []
  for (const active of [registry.blocks(), registry.holds()])
    for (const { decision } of active) if (isWithdrawn(decision, criteria)) decisions.push(decision)
  return done(decisions.sort((a, b) => b.createdAtMs - a.createdAtMs))
}

/** Lifts all that the criteria name; detectors leave each target alone for the grace period. */
export async function withdraw(
  keeper: Keeper,
  criteria: WithdrawCriteria,
  by: string,
  reason: string,
): Promise<Outcome<Withdrawn>> {
  if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it withdrawn?')
  const preview = previewWithdraw(keeper, criteria)
  if (!preview.ok) return preview
  let graceUntilMs: number | null = null
  const plan = (id: string): Outcome<Planned<Decision>> => {
    const decision = keeper.registry.byId(id)?.decision
    // Lifted by somebody else between two parts.
    if (decision === undefined) return refused('not-found', `${id} is not blocked`)
    const grace = keeper.graceOf(decision.target, by, reason)
    graceUntilMs ??= grace?.untilMs ?? null
    return done({
      value: decision,
      changes: [
        ...keeper.endChanges(decision, 'block.withdraw', by, `withdrawn: ${reason}`),
        ...(grace === null ? [] : [{ kind: 'grace' as const, grace }]),
      ],
      touched: [],
    })
  }
  const ids = preview.value.map(({ id }) => id)
  const decisions: Decision[] = []
  for (const outcome of await inParts(keeper, ids, plan)) if (outcome.ok) decisions.push(outcome.value)
  const details = {
    sinceMs: criteria.sinceMs ?? null,
    rule: criteria.rule ?? null,
    device: criteria.device ?? null,
    count: decisions.length,
  }
  await keeper.serially(() => keeper.keepNow([keeper.auditChange('withdraw', by, 'list', reason, details)]))
  return done({ decisions, graceUntilMs })
}

function isWithdrawn(decision: Decision, criteria: WithdrawCriteria): boolean {
  // A person's block goes only when people's blocks are asked for.
  if (decision.origin === 'manual' && criteria.rule !== 'manual') return false
  if (criteria.rule !== undefined && !matchesRule(decision, criteria.rule)) return false
  if (criteria.sinceMs !== undefined && decision.createdAtMs < criteria.sinceMs) return false
  return criteria.device === undefined || decision.device === criteria.device
}
