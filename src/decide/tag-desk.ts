/**
 * The words that people put on blocks, held ones and notes in shadow, to find them by. Who is blocked does not depend on
 * them. Each decision that changed has its audit row. Rejects with AppError `state-unavailable` when it could not be
 * written; of many, its message says how many were (parts.ts).
 */
import { formatNetwork } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { Keeper } from './keeper.ts'
import { done, type Outcome, refused } from './outcome.ts'
import { inParts, type Planned } from './parts.ts'
import { parseTarget } from './target.ts'

/** Words on one decision. */
const MOST_TAGS = 20

export interface TagChange {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

export class TagDesk {
  readonly #keeper: Keeper

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** By targets or ids; answers each with its words. A word is the same whatever its case. `isDryRun` only judges. */
  change(
    targets: readonly string[],
    change: TagChange,
    by: string,
    reason: string,
    isDryRun = false,
  ): Promise<Outcome<Decision>[]> {
    return inParts(this.#keeper, targets, (target) => this.#changing(target, change, by, reason), {
      isDryRun,
    })
  }

  #changing(target: string, change: TagChange, by: string, reason: string): Outcome<Planned<Decision>> {
    const found = this.#find(target)
    if (!found.ok) return found
    const { id, tags: before } = found.value
    const text = formatNetwork(found.value.target)
    const tags = tagsAfter(before, change)
    if (tags.length > MOST_TAGS)
      return refused('too-many-tags', `${text} would have ${tags.length} tags; at most ${MOST_TAGS} are kept`)
    if (tags.join('\n') === before.join('\n'))
      return refused('duplicate', `${text} is so already: ${before.join(', ') || 'no tags'}`)
    const details = { id, before, after: tags }
    const why = reason === '' ? null : reason
    return done({
      value: { ...found.value, tags },
      changes: [{ kind: 'tagged', id, tags }, this.#keeper.auditChange('block.tag', by, text, why, details)],
      touched: [found.value.target],
    })
  }

  /** Every word that stands on something active, with how many times, the most frequent first. O(decisions). */
  inUse(): { readonly tag: string; readonly count: number }[] {
    const counts = new Map<string, { tag: string; count: number }>()
    for (const { decision } of this.#keeper.registry.active())
      for (const tag of decision.tags) {
        const known = counts.get(tag.toLowerCase())
        if (known === undefined) counts.set(tag.toLowerCase(), { tag, count: 1 })
        else known.count++
      }
    return [...counts.values()].sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1))
  }

  #find(targetOrId: string): Outcome<Decision> {
    const { registry } = this.#keeper
    const byId = registry.byId(targetOrId.trim())
    if (byId !== undefined) return done(byId.decision)
    const parsed = parseTarget(targetOrId)
    if (!parsed.ok) return parsed
    const text = formatNetwork(parsed.value)
    const found = (
      registry.block(parsed.value) ??
      registry.hold(parsed.value) ??
      registry.newestShadow(parsed.value)
    )?.decision
    if (found !== undefined) return done(found)
    return refused('not-found', `${text} is neither blocked nor held nor noted`)
  }
}

/** Whether a decision has the word. */
export function hasTag({ tags }: Decision, tag: string): boolean {
  return tags.some((known) => isSame(known, tag))
}

function tagsAfter(before: readonly string[], { add, remove }: TagChange): string[] {
  const left = before.filter((tag) => !remove.some((gone) => isSame(gone, tag)))
  for (const tag of add) if (!left.some((known) => isSame(known, tag))) left.push(tag)
  return left
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
