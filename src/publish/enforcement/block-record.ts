/** What is known of one blocked target: when it was published in which feed, and what became of it at each firewall. */
import type { Network } from '../../lib/address.ts'

export interface Publication {
  readonly feed: string
  readonly revision: number
  /** Null: it was in the list already when the service started, and nobody noted since when. */
  readonly atMs: number | null
}

/** How it is known that a firewall has it: it was read back, or a line names the list. */
export type LoadedBy = 'read-back' | 'log-line'

/** One target at one firewall. Counts run since the start of the service, instants survive it. */
export interface Mark {
  readonly firewall: string
  fetchedAtMs: number | null
  fetchedFeed: string | null
  fetchedRevision: number | null
  loadedAtMs: number | null
  loadedBy: LoadedBy | null
  /** Told to it by address and tag, without waiting for its next fetch. */
  registeredAtMs: number | null
  /** The first packet denied after it had the list, or before where no fetch is known. */
  firstDeniedAtMs: number | null
  lastDeniedAtMs: number | null
  denied: number
  deniedByList: number
  allowed: number
  lastAllowedAtMs: number | null
  /** Ends of sessions that may have begun before the block. */
  ended: number
  lastEndedAtMs: number | null
  /** Of the last line that named one; hostile text. */
  rule: string | null
}

export interface BlockRecord {
  readonly target: Network
  readonly text: string
  readonly decisionId: string
  readonly detectedAtMs: number
  readonly publications: Publication[]
  /** By firewall key. */
  readonly marks: Map<string, Mark>
}

/** Firewalls told apart for one target. */
export const MAX_MARKS = 16

export function newMark(firewall: string): Mark {
  return {
    firewall,
    fetchedAtMs: null,
    fetchedFeed: null,
    fetchedRevision: null,
    loadedAtMs: null,
    loadedBy: null,
    registeredAtMs: null,
    firstDeniedAtMs: null,
    lastDeniedAtMs: null,
    denied: 0,
    deniedByList: 0,
    allowed: 0,
    lastAllowedAtMs: null,
    ended: 0,
    lastEndedAtMs: null,
    rule: null,
  }
}

/** Since when the firewall must be denying it: the earliest of fetch, read-back and registration; null when unknown. */
export function heldSinceMs({ fetchedAtMs, registeredAtMs, loadedAtMs }: Mark): number | null {
  const known = [fetchedAtMs, registeredAtMs, loadedAtMs].filter((ms) => ms !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** Two marks of what turned out to be one firewall. What was denied before it had the list is no proof any more. */
export function mergedMark(firewall: string, a: Mark, b: Mark): Mark {
  const fetched = earlierOf(a, b, ({ fetchedAtMs }) => fetchedAtMs)
  const loaded = earlierOf(a, b, ({ loadedAtMs }) => loadedAtMs)
  const merged: Mark = {
    firewall,
    fetchedAtMs: fetched.fetchedAtMs,
    fetchedFeed: fetched.fetchedFeed,
    fetchedRevision: fetched.fetchedRevision,
    loadedAtMs: loaded.loadedAtMs,
    loadedBy: loaded.loadedBy,
    registeredAtMs: earlierOf(a, b, ({ registeredAtMs }) => registeredAtMs).registeredAtMs,
    firstDeniedAtMs: earlierOf(a, b, ({ firstDeniedAtMs }) => firstDeniedAtMs).firstDeniedAtMs,
    lastDeniedAtMs: later(a.lastDeniedAtMs, b.lastDeniedAtMs),
    denied: a.denied + b.denied,
    deniedByList: a.deniedByList + b.deniedByList,
    allowed: a.allowed + b.allowed,
    lastAllowedAtMs: later(a.lastAllowedAtMs, b.lastAllowedAtMs),
    ended: a.ended + b.ended,
    lastEndedAtMs: later(a.lastEndedAtMs, b.lastEndedAtMs),
    rule: a.rule ?? b.rule,
  }
  const heldMs = heldSinceMs(merged)
  const { firstDeniedAtMs, lastDeniedAtMs } = merged
  if (heldMs !== null && firstDeniedAtMs !== null && firstDeniedAtMs < heldMs)
    merged.firstDeniedAtMs = lastDeniedAtMs !== null && lastDeniedAtMs >= heldMs ? lastDeniedAtMs : null
  return merged
}

function earlierOf(a: Mark, b: Mark, at: (mark: Mark) => number | null): Mark {
  return (at(b) ?? Number.POSITIVE_INFINITY) < (at(a) ?? Number.POSITIVE_INFINITY) ? b : a
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

export function deniedOf(record: BlockRecord): number {
  let denied = 0
  for (const mark of record.marks.values()) denied += mark.denied
  return denied
}
