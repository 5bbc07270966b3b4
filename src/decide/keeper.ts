/**
 * The keeper of the state in memory: the one place where a change is written, mirrored and published, one piece of work
 * at a time. Detectors' changes take effect even when they cannot be written yet; people's only once they are durable.
 */
import { randomUUIDv7 } from 'node:crypto'
import { withOrigin } from '../lib/asked-from.ts'
import { formatNetwork, type Network } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Decision } from '../model/decision.ts'
import type { Grace, Json, StateChange, StateRepository, StateSnapshot } from '../model/state.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import type { DecisionRules } from './decision-rules.ts'
import { countryOf, type CountryLookup } from './country.ts'
import { Protection, type ProtectionSources } from './protected.ts'
import { type ListChange, Published } from './published.ts'
import { Registry } from './registry.ts'
import { instantOf } from './sentences.ts'
import { StateWriter } from './state-writer.ts'

export interface KeeperOptions {
  readonly repository: StateRepository
  readonly snapshot: StateSnapshot
  readonly rules: DecisionRules
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly protectionSources?: ProtectionSources
  /** The operator's database of addresses; absent: none. */
  readonly countryLookup?: CountryLookup
}

export class Keeper {
  readonly repository: StateRepository
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly registry: Registry
  readonly protection: Protection
  readonly published: Published
  readonly writer: StateWriter
  readonly #countryLookup: CountryLookup
  #rules: DecisionRules
  readonly #listeners = new Set<(change: ListChange) => void>()
  /** The last piece of work; the next begins when it has settled. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: KeeperOptions) {
    this.repository = options.repository
    this.clock = options.clock
    this.alarms = options.alarms
    this.#rules = options.rules
    this.#countryLookup = options.countryLookup ?? (() => null)
    this.registry = new Registry(options.snapshot)
    this.protection = new Protection(options.rules.protection, options.protectionSources)
    this.published = new Published({
      isWanted: (target) => this.registry.block(target) !== undefined && this.refuse(target) === null,
      mayAdd: () => !this.registry.engine.frozen,
    })
    this.writer = new StateWriter({
      repository: options.repository,
      clock: options.clock,
      alarms: options.alarms,
      everything: () => this.registry.asChanges(),
    })
    this.published.begin(this.#targetsAtStart())
  }

  /** Frozen over a restart: what was blocked after the freeze began stays off. */
  #targetsAtStart(): Network[] {
    const { frozen, frozenChangedAtMs } = this.registry.engine
    return Array.from(this.registry.blocks(), ({ decision }) => decision)
      .filter((decision) => !frozen || decision.createdAtMs <= frozenChangedAtMs)
      .map((decision) => decision.target)
  }

  get rules(): DecisionRules {
    return this.#rules
  }

  configure(rules: DecisionRules): void {
    const isOtherLife = rules.inactiveMs !== this.#rules.inactiveMs
    this.#rules = rules
    this.protection.configure(rules.protection)
    if (isOtherLife) {
      for (const active of this.registry.active()) {
        this.registry.restamp(active, active.decision.lastSeenAtMs, rules.inactiveMs)
      }
    }
    this.recheck()
  }

  /** The country of a target, or null. `named`: what its firewall said. */
  countryOf(target: Network, named: string | null = null): string | null {
    return countryOf(target, named, this.#countryLookup)
  }

  /** Why the target must not be on the list whatever is decided, or null. Protected goes before allowlisted. */
  refuse(target: Network): string | null {
    return this.protection.reasonFor(target) ?? this.allowReason(target)
  }

  allowReason(target: Network): string | null {
    const entry = this.registry.allowing(target, this.clock.nowMs())
    if (entry === undefined) return null
    const until = entry.expiresAtMs === null ? '' : `, until ${instantOf(entry.expiresAtMs)}`
    const by = `${entry.reason}; by ${entry.createdBy} on ${instantOf(entry.createdAtMs)}${until}`
    return `${formatNetwork(target)} is allowed: the allowlist holds ${formatNetwork(entry.target)} (${by})`
  }

  onListChange(listener: (change: ListChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Runs the work when all work before it has settled. */
  serially<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work)
    // The caller gets the failure; the next in line must only wait for the end.
    this.#last = run.catch(() => undefined)
    return run
  }

  /** In effect at once in memory, on the list after the attempt to write. Never rejects. Only within `serially`. */
  async keep(changes: readonly StateChange[]): Promise<void> {
    this.mirror(changes)
    await this.keepMirrored(changes)
  }

  /** The part of `keep` that is memory only. */
  mirror(changes: readonly StateChange[]): void {
    for (const change of changes) this.registry.apply(change)
  }

  /** The rest of `keep` for changes that were mirrored one by one. */
  async keepMirrored(changes: readonly StateChange[]): Promise<void> {
    await this.writer.write(changes)
    this.#publish(changes)
  }

  /** In effect only when durable; rejects with AppError `state-unavailable`. Only within `serially`. */
  async keepNow(changes: readonly StateChange[]): Promise<void> {
    await this.writer.writeNow(changes)
    this.mirror(changes)
    this.#publish(changes)
  }

  #publish(changes: readonly StateChange[]): void {
    const touched: Network[] = []
    const regraded: Network[] = []
    for (const change of changes) {
      if (change.kind === 'decision') touched.push(change.decision.target)
      if (change.kind === 'graded') {
        const target = this.registry.byId(change.id)?.decision.target
        if (target !== undefined && this.published.has(target)) regraded.push(target)
      }
      if (change.kind === 'allow' || change.kind === 'allow-removed')
        touched.push(...this.#listedOrBlocked(change.entry.target))
      if (change.kind === 'engine') touched.push(...this.#listedOrBlocked(null))
    }
    const lifted = changes.filter(isLiftedByPeople).length
    this.#tell({ ...this.published.refresh(touched), liftedByPeople: lifted, regraded })
  }

  /** Targets on the list, and targets of blocks, that share an address with the network; null means all of them. */
  #listedOrBlocked(network: Network | null): Network[] {
    const blocks = network === null ? this.registry.blocks() : this.registry.blocksOverlapping(network)
    const listed = network === null ? this.published.all() : this.published.overlapping(network)
    return [
      ...Array.from(blocks, ({ decision }) => decision.target),
      ...listed.filter((target) => this.registry.block(target) === undefined),
    ]
  }

  /** Asks the last filter about every block again. O(blocks). */
  recheck(): void {
    this.protection.refreshSources()
    this.#tell(this.published.refresh(this.#listedOrBlocked(null)))
  }

  /** Takes over who is signed in and who sends logs, and asks the last filter about what they touch. */
  refreshSources(): void {
    const changed = this.protection.refreshSources()
    if (changed.length > 0)
      this.#tell(this.published.refresh(changed.flatMap((network) => this.#listedOrBlocked(network))))
  }

  #tell(change: ListChange): void {
    const { added, removed, regraded = [] } = change
    if (added.length === 0 && removed.length === 0 && regraded.length === 0) return
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (thrown) {
        // One listener's fault must not keep the others from the change.
        this.alarms.raise({
          code: 'list-listener-failed',
          severity: 'critical',
          message: `A change of the block list was not taken over: ${messageOf(thrown)}.`,
          mend: 'Look at the log for the cause; restart the service to publish the whole list again.',
        })
      }
    }
  }

  auditChange(
    action: string,
    actor: string,
    subject: string,
    reason: string | null,
    details: Json,
  ): Extract<StateChange, { kind: 'audit' }> {
    const atMs = this.clock.nowMs()
    const facts = withOrigin(actor, details)
    return {
      kind: 'audit',
      entry: { id: randomUUIDv7(), atMs, actor, action, subject, reason, details: facts },
    }
  }

  /** How long detectors leave a target alone that a person has lifted; null where the settings say not at all. */
  graceOf(target: Network, by: string, reason: string): Grace | null {
    const { graceMs } = this.#rules
    if (graceMs === 0) return null
    const createdAtMs = this.clock.nowMs()
    return { target, untilMs: createdAtMs + graceMs, createdAtMs, by, reason }
  }

  /** The end of a decision and its audit row. */
  endChanges(decision: Decision, action: string, by: string, reason: string): StateChange[] {
    const endedAtMs = this.clock.nowMs()
    const ended: Decision = { ...decision, endedAtMs, endedBy: by, endReason: reason }
    const details: Json = {
      id: decision.id,
      mode: decision.mode,
      origin: decision.origin,
      rule: decision.rule,
      device: decision.device,
      createdAtMs: decision.createdAtMs,
    }
    return [
      { kind: 'decision', decision: ended },
      this.auditChange(action, by, formatNetwork(decision.target), reason, details),
    ]
  }
}

function isLiftedByPeople(change: StateChange): boolean {
  if (change.kind !== 'decision') return false
  const { endedAtMs, endedBy } = change.decision
  return endedAtMs !== null && endedBy !== 'system'
}
