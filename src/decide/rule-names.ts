/**
 * Names of what blocks: our rules, `manual`, and the names that users of the older system know. Filters accept both,
 * whatever their case.
 */
import type { Decision } from '../model/decision.ts'
import { ORIGINAL_NAMES, RULES, type RuleName } from '../model/detection.ts'

export type FilterName = RuleName | 'manual'

/** Our name for a rule written in either way (`port-scan`, `Port Scan Attack v1`), or null. */
export function parseRuleName(text: string): FilterName | null {
  const wanted = text.trim().toLowerCase()
  const names: readonly FilterName[] = [...RULES, 'manual']
  return names.find((name) => name === wanted || ORIGINAL_NAMES[name]?.toLowerCase() === wanted) ?? null
}

/** What the older system called it; a feed's decisions had no name there. */
export function originalNameOf(decision: Pick<Decision, 'rule' | 'origin'>): string | null {
  if (decision.rule !== null) return ORIGINAL_NAMES[decision.rule]
  return decision.origin === 'manual' ? ORIGINAL_NAMES.manual : null
}

/** Whether a filter by rule lets the decision through. */
export function matchesRule(decision: Pick<Decision, 'rule' | 'origin'>, name: FilterName): boolean {
  return name === 'manual' ? decision.origin === 'manual' : decision.rule === name
}
