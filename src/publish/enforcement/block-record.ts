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

export function deniedOf(record: BlockRecord): number {
  let denied = 0
  for (const mark of record.marks.values()) denied += mark.denied
  return denied
}
