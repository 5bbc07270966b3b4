/**
 * The state repository in memory: for `replay`, `backtest` and tests, so that they run the same decider as the service.
 * Keeps what it is given for as long as it lives; with `keepsDetections: false` evidence is not kept, for long replays.
 */
import type { Decision } from '../model/decision.ts'
import type {
  AuditEntry,
  DecisionQuery,
  DetectionQuery,
  Pruned,
  PruneLimits,
  StateChange,
  StateRepository,
  StateSnapshot,
  StoredDetection,
} from '../model/state.ts'
import { shareAddress } from './network-map.ts'
import { Registry } from './registry.ts'

export class MemoryRepository implements StateRepository {
  readonly #keepsDetections: boolean
  readonly #mirror = new Registry({ decisions: [], allow: [], graces: [], engine: null, pastBlocks: [] })
  readonly #decisions = new Map<string, Decision>()
  readonly #detections = new Map<string, StoredDetection>()
  readonly #audit = new Map<string, AuditEntry>()

  constructor(options: { readonly keepsDetections: boolean } = { keepsDetections: true }) {
    this.#keepsDetections = options.keepsDetections
  }

  /** The audit rows that were given, oldest first; not chained. */
  get auditEntries(): AuditEntry[] {
    return [...this.#audit.values()]
  }

  async load(): Promise<StateSnapshot> {
    return {
      decisions: [...this.#decisions.values()].filter((decision) => decision.endedAtMs === null),
      allow: [...this.#mirror.allowEntries()],
      graces: [...this.#mirror.graces()],
      engine: this.#mirror.engine,
      pastBlocks: [...this.#decisions.values()].flatMap(({ target, origin, mode, endedAtMs, endedBy }) =>
        origin === 'detector' && mode === 'block' && endedBy === 'system' && endedAtMs !== null
          ? [{ target, endedAtMs }]
          : [],
      ),
    }
  }

  async commit(changes: readonly StateChange[]): Promise<void> {
    for (const change of changes) {
      this.#mirror.apply(change)
      if (change.kind === 'decision') this.#decisions.set(change.decision.id, change.decision)
      if (change.kind === 'seen') {
        const { kind: _kind, id, ...stamps } = change
        this.#replace(id, stamps)
      }
      if (change.kind === 'graded') {
        const { kind: _kind, id, ...grade } = change
        this.#replace(id, grade)
      }
      if (change.kind === 'tagged') this.#replace(change.id, { tags: change.tags })
      if (change.kind === 'detection' && this.#keepsDetections)
        this.#detections.set(change.stored.id, change.stored)
      if (change.kind === 'audit' && this.#keepsDetections) this.#audit.set(change.entry.id, change.entry)
    }
  }

  #replace(id: string, changed: Partial<Decision>): void {
    const decision = this.#decisions.get(id)
    if (decision !== undefined) this.#decisions.set(id, { ...decision, ...changed })
  }

  async decisions(query: DecisionQuery): Promise<Decision[]> {
    const stampOf = ({ createdAtMs, endedAtMs }: Decision): number =>
      query.endedSinceMs === undefined ? createdAtMs : (endedAtMs ?? 0)
    return [...this.#decisions.values()]
      .filter(
        (decision) =>
          (query.state !== 'active' || decision.endedAtMs === null) &&
          (query.state !== 'ended' || decision.endedAtMs !== null) &&
          (query.mode === undefined || decision.mode === query.mode) &&
          (query.origin === undefined || decision.origin === query.origin) &&
          (query.rule === undefined || decision.rule === query.rule) &&
          (query.device === undefined || decision.device === query.device) &&
          (query.sinceMs === undefined || decision.createdAtMs >= query.sinceMs) &&
          (query.beforeMs === undefined || decision.createdAtMs < query.beforeMs) &&
          (query.endedSinceMs === undefined || (decision.endedAtMs ?? 0) >= query.endedSinceMs) &&
          (query.overlapping === undefined || shareAddress(decision.target, query.overlapping)),
      )
      .sort((a, b) => stampOf(b) - stampOf(a) || (a.id < b.id ? 1 : -1))
      .slice(0, query.limit)
  }

  async detections(query: DetectionQuery): Promise<StoredDetection[]> {
    return [...this.#detections.values()]
      .filter(
        (stored) =>
          (query.decisionId === undefined || stored.decisionId === query.decisionId) &&
          (query.rule === undefined || stored.detection.rule === query.rule) &&
          (query.verdict === undefined || stored.verdict === query.verdict) &&
          (query.sinceMs === undefined || stored.atMs >= query.sinceMs) &&
          (query.beforeMs === undefined || stored.atMs < query.beforeMs) &&
          (query.overlapping === undefined || shareAddress(stored.detection.source, query.overlapping)),
      )
      .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
      .slice(0, query.limit)
  }

  async prune(limits: PruneLimits): Promise<Pruned> {
    const before = { decisions: this.#decisions.size, detections: this.#detections.size }
    const isFree = (stored: StoredDetection): boolean =>
      stored.decisionId === null || this.#decisions.get(stored.decisionId)?.endedAtMs !== null
    const free = [...this.#detections.values()].filter(isFree)
    free
      .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
      .forEach((stored, i) => {
        if (i >= limits.maxDetections || stored.atMs < limits.beforeMs) this.#detections.delete(stored.id)
      })
    for (const decision of this.#decisions.values()) {
      if (decision.endedAtMs !== null && decision.endedAtMs < limits.beforeMs)
        this.#decisions.delete(decision.id)
    }
    return {
      decisions: before.decisions - this.#decisions.size,
      detections: before.detections - this.#detections.size,
    }
  }
}
