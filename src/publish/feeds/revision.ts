/**
 * Whether a feed's next list is published or held, and what has changed. Held means that the previous list stays in service
 * and a person decides. Pure.
 *
 * Held: a list that would lose more than half of its decisions or all of them, that touches a protected or allowlisted
 * network, that exceeds what the consumer holds. Short lists halve in ordinary life (one address of one is lifted), so
 * loss is judged from LOSS_FROM decisions on. What people lifted themselves does not count as lost.
 */
import { formatNetwork, type Network } from '../../lib/address.ts'
import { type Key, keyOf } from '../target-chunks.ts'
import type { CapacityLimits } from './capacity.ts'

/** A list of fewer decisions is never held for what it loses. */
export const LOSS_FROM = 20
const SHOWN_NETWORKS = 5

/** `pinned`: a person keeps the feed at a revision. */
export type HoldCode = 'would-be-empty' | 'shrinks' | 'protected' | 'over-capacity' | 'too-large' | 'pinned'

export interface Hold {
  readonly code: HoldCode
  /** One sentence. */
  readonly reason: string
}

/** A packed list as a revision is judged by. */
export interface RevisionContents {
  readonly networks: readonly Network[]
  /** Decisions that its rows stand for. */
  readonly decisions: number
}

export interface RevisionQuestion {
  /** Null: nothing was published yet. */
  readonly previous: RevisionContents | null
  readonly next: RevisionContents
  /** Bytes of the largest file of the next list. */
  readonly bytes: number
  /** Rows of the fullest file, where the limit is one of each file; else of all files. */
  readonly entries: number
  readonly limits: CapacityLimits
  /** Decisions that people lifted since the previous list. */
  readonly liftedByPeople: number
  /** Why a network must not be published, or null. */
  readonly refuse: (target: Network) => string | null
}

export type RevisionVerdict =
  | { readonly publish: true }
  | { readonly publish: false; readonly holds: readonly Hold[] }

/** Publish or hold, with every reason. O(rows). */
export function judgeRevision(question: RevisionQuestion): RevisionVerdict {
  const holds = [lossOf(question), protectedIn(question), sizeOf(question), bytesOf(question)].filter(
    (hold) => hold !== null,
  )
  return holds.length === 0 ? { publish: true } : { publish: false, holds }
}

function lossOf({ previous, next, liftedByPeople }: RevisionQuestion): Hold | null {
  if (previous === null || previous.decisions < LOSS_FROM) return null
  const before = previous.decisions
  const expected = before - Math.min(before, Math.max(0, liftedByPeople))
  if (expected === 0) return null
  if (next.decisions === 0)
    return {
      code: 'would-be-empty',
      reason: `The list would be empty; it stands for ${before} decisions now.`,
    }
  if (next.decisions * 2 >= expected) return null
  return {
    code: 'shrinks',
    reason: `The list would shrink from ${before} decisions to ${next.decisions}, by more than half.`,
  }
}

function protectedIn({ next, refuse }: RevisionQuestion): Hold | null {
  const found: string[] = []
  let count = 0
  for (const network of next.networks) {
    const reason = refuse(network)
    if (reason === null) continue
    count++
    if (found.length < SHOWN_NETWORKS) found.push(`${formatNetwork(network)} (${reason})`)
  }
  if (count === 0) return null
  const more = count > found.length ? ` and ${count - found.length} more` : ''
  return {
    code: 'protected',
    reason: `The list would hold what must not be blocked: ${found.join(', ')}${more}.`,
  }
}

function sizeOf({ entries, limits }: RevisionQuestion): Hold | null {
  if (limits.entries === null || entries <= limits.entries) return null
  return {
    code: 'over-capacity',
    reason: `The list would have ${entries} entries; the firewall holds ${limits.entries} and skips the rest.`,
  }
}

function bytesOf({ bytes, limits }: RevisionQuestion): Hold | null {
  if (limits.bytes === null || bytes <= limits.bytes) return null
  return {
    code: 'too-large',
    reason: `The list would have ${bytes} bytes; the firewall reads ${limits.bytes} and cuts the rest.`,
  }
}

export interface RevisionDiff {
  readonly added: readonly Network[]
  readonly removed: readonly Network[]
  readonly unchanged: number
}

/** What one list has and the other has not, each in its own order. By rows: a merge is one added and some removed. O(rows). */
export function diffRevisions(previous: readonly Network[], next: readonly Network[]): RevisionDiff {
  const before = new Set<Key>(previous.map(keyOf))
  const after = new Set<Key>(next.map(keyOf))
  const added = next.filter((network) => !before.has(keyOf(network)))
  return {
    added,
    removed: previous.filter((network) => !after.has(keyOf(network))),
    unchanged: next.length - added.length,
  }
}
