/** What the tests of bouncers share: blocks in force with their board, and objects and a journal in memory. */
import { formatNetwork, type Network, parseNetwork } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import type { Decision } from '../../model/decision.ts'
import type {
  Journal,
  JournalEntry,
  JournalQuery,
  ObjectChange,
  ObjectOutcome,
  ObjectRepository,
  StoredObject,
} from '../../model/object.ts'
import type { AuditEntry } from '../../model/state.ts'
import { DecisionBoard } from './decision-board.ts'

export const NOW_MS = Date.UTC(2026, 10, 22, 12)
export const DAY_MS = 24 * 3_600_000

/** Blocks by value, told to a board as the service does. */
export class Blocks {
  readonly clock: ManualClock
  readonly inForce = new Map<string, Decision>()
  readonly ended: Decision[] = []
  readonly board: DecisionBoard
  #made = 0

  constructor(changesKept = 1000, clock = new ManualClock(NOW_MS)) {
    this.clock = clock
    this.board = new DecisionBoard({
      clock,
      decisionOf: (target) => this.inForce.get(formatNetwork(target)) ?? null,
      changesKept,
    })
  }

  /** The board of a new process over the same blocks. */
  fill(): void {
    this.board.fill(Array.from(this.inForce.values(), ({ target }) => target))
  }

  /** A block where there is none, or another decision in the place of the one that is there. */
  begin(text: string, changes: Partial<Decision> = {}): Decision {
    const known = this.inForce.get(text)
    const decision = this.#decision(networkOf(text), changes)
    if (known !== undefined) this.ended.push({ ...known, endedAtMs: this.clock.nowMs(), endedBy: 'system' })
    this.inForce.set(text, decision)
    if (known === undefined) this.board.apply({ added: [decision.target], removed: [] })
    return decision
  }

  end(text: string): void {
    const decision = this.inForce.get(text)
    if (decision === undefined) return
    this.inForce.delete(text)
    this.ended.push({ ...decision, endedAtMs: this.clock.nowMs(), endedBy: 'anna' })
    this.board.apply({ added: [], removed: [decision.target] })
  }

  endedSince = (sinceMs: number): Promise<Decision[]> =>
    Promise.resolve(this.ended.filter(({ endedAtMs }) => (endedAtMs ?? 0) >= sinceMs).reverse())

  #decision(target: Network, changes: Partial<Decision>): Decision {
    const nowMs = this.clock.nowMs()
    const number = (++this.#made).toString(16).padStart(12, '0')
    return {
      id: `019c9a00-0000-7000-8000-${number}`,
      target,
      scope: target.prefixLength === 128 ? 'address' : 'range',
      origin: 'detector',
      rule: 'port-scan',
      reason: 'more than 10 ports in 10 minutes',
      proof: 'handshake',
      severity: null,
      country: null,
      mode: 'block',
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      expiresAtMs: nowMs + 30 * DAY_MS,
      endedAtMs: null,
      endedBy: null,
      endReason: null,
      device: 'edge-fw-1',
      createdBy: 'system',
      lifetimeMs: null,
      offences: 1,
      tags: [],
      ...changes,
    }
  }
}

export class MemoryObjects implements ObjectRepository, Journal {
  readonly stored = new Map<string, StoredObject>()
  readonly audit: AuditEntry[] = []
  readonly entries: JournalEntry[] = []

  async objects(kind: string): Promise<StoredObject[]> {
    return [...this.stored.values()].filter((object) => object.kind === kind)
  }

  async object(kind: string, id: string): Promise<StoredObject | null> {
    return this.stored.get(`${kind} ${id}`) ?? null
  }

  async changeObject(change: ObjectChange, audit: AuditEntry | null): Promise<ObjectOutcome> {
    const key = `${change.kind} ${change.id}`
    const version = this.stored.get(key)?.version ?? 0
    if (change.onVersion !== null && change.onVersion !== version) return { ok: false, reason: 'changed' }
    if (audit !== null) this.audit.push(audit)
    if (change.body === null) {
      return this.stored.delete(key) ? { ok: true, version } : { ok: false, reason: 'missing' }
    }
    const { kind, id, body, by } = change
    this.stored.set(key, { kind, id, body, version: version + 1, changedAtMs: NOW_MS, changedBy: by })
    return { ok: true, version: version + 1 }
  }

  async appendJournal(entries: readonly JournalEntry[]): Promise<void> {
    this.entries.push(...entries)
  }

  async journal(query: JournalQuery): Promise<JournalEntry[]> {
    return this.entries
      .filter(({ kind, subject }) => kind === query.kind && subject === (query.subject ?? subject))
      .reverse()
      .slice(0, query.limit)
  }

  async pruneJournal(): Promise<number> {
    return 0
  }
}

function networkOf(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(`${text} is not a network`)
  return network
}
