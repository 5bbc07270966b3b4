/**
 * The mirror in memory of all that is active: blocks, holds and shadow decisions, the allowlist, grace periods and the
 * switches. It changes by the same values as the repository, so the two cannot drift apart. At most one block and one
 * hold per target, one shadow decision per target and rule.
 */
import type { Network } from '../lib/address.ts'
import type { AllowEntry, Decision } from '../model/decision.ts'
import type { RuleName } from '../model/detection.ts'
import type { EngineFlags, Grace, StateChange, StateSnapshot } from '../model/state.ts'
import { NetworkMap } from './network-map.ts'
import { PastBlocks } from './past-blocks.ts'

export interface ActiveDecision {
  decision: Decision
  /** Lines seen from the target since the start of the process. */
  lines: number
  /** Detections kept as evidence since the start of the process. */
  evidence: number
}

const ENGINE_AT_FIRST: EngineFlags = {
  on: true,
  onChangedAtMs: 0,
  onChangedBy: 'system',
  onReason: 'first start',
  frozen: false,
  frozenChangedAtMs: 0,
  frozenChangedBy: 'system',
  frozenReason: 'first start',
}

/** A shadow decision and when it came among all of them. */
interface PlacedShadow {
  active: ActiveDecision
  readonly place: number
}

export class Registry {
  readonly #byId = new Map<string, ActiveDecision>()
  readonly #blocks = new NetworkMap<ActiveDecision>()
  readonly #holds = new NetworkMap<ActiveDecision>()
  /** By target; those of one target in the order in which they came. */
  readonly #shadows = new NetworkMap<PlacedShadow[]>()
  #shadowCount = 0
  #nextPlace = 0
  readonly #allow = new NetworkMap<AllowEntry>()
  readonly #graces = new NetworkMap<Grace>()
  #engine: EngineFlags
  /** Ids whose stamps have moved since they were last written. */
  readonly #moved = new Set<string>()
  readonly #past: PastBlocks

  constructor(snapshot: StateSnapshot) {
    this.#engine = snapshot.engine ?? ENGINE_AT_FIRST
    this.#past = new PastBlocks(snapshot.pastBlocks)
    for (const decision of snapshot.decisions) this.#putDecision(decision)
    for (const entry of snapshot.allow) this.#allow.set(entry.target, entry)
    for (const grace of snapshot.graces) this.#graces.set(grace.target, grace)
  }

  apply(change: StateChange): void {
    switch (change.kind) {
      case 'decision':
        return this.#putDecision(change.decision)
      case 'seen': {
        const active = this.#byId.get(change.id)
        if (active !== undefined) {
          const { lastSeenAtMs, expiresAtMs } = change
          active.decision = { ...active.decision, lastSeenAtMs, expiresAtMs }
        }
        return
      }
      case 'graded': {
        const active = this.#byId.get(change.id)
        if (active !== undefined) {
          const { severity, country } = change
          active.decision = { ...active.decision, severity, country }
        }
        return
      }
      case 'tagged': {
        const active = this.#byId.get(change.id)
        if (active !== undefined) active.decision = { ...active.decision, tags: change.tags }
        return
      }
      case 'allow':
        return this.#allow.set(change.entry.target, change.entry)
      case 'allow-removed':
        if (this.#allow.get(change.entry.target)?.id === change.entry.id)
          this.#allow.delete(change.entry.target)
        return
      case 'grace':
        return this.#graces.set(change.grace.target, change.grace)
      case 'grace-removed':
        this.#graces.delete(change.target)
        return
      case 'engine':
        this.#engine = change.flags
        return
      case 'detection':
      case 'audit':
      case 'setting':
      case 'setting-removed':
        return // not mirrored
    }
  }

  #putDecision(decision: Decision): void {
    const known = this.#byId.get(decision.id)
    if (known !== undefined) this.#unlink(known)
    if (decision.endedAtMs !== null) {
      this.#past.take(decision)
      this.#byId.delete(decision.id)
      this.#moved.delete(decision.id)
      return
    }
    const active = known ?? { decision, lines: 0, evidence: 0 }
    active.decision = decision
    this.#byId.set(decision.id, active)
    if (decision.mode === 'block') this.#blocks.set(decision.target, active)
    else if (decision.mode === 'hold') this.#holds.set(decision.target, active)
    else this.#putShadow(active)
  }

  #putShadow(active: ActiveDecision): void {
    const { target, rule } = active.decision
    const known = this.#shadows.get(target) ?? []
    const same = known.find((shadow) => shadow.active.decision.rule === rule)
    if (same !== undefined) {
      same.active = active
      return
    }
    this.#shadows.set(target, [...known, { active, place: this.#nextPlace++ }])
    this.#shadowCount++
  }

  #removeShadow(target: Network, rule: RuleName | null): void {
    const known = this.#shadows.get(target) ?? []
    const left = known.filter((shadow) => shadow.active.decision.rule !== rule)
    this.#shadowCount -= known.length - left.length
    if (left.length === 0) this.#shadows.delete(target)
    else this.#shadows.set(target, left)
  }

  #unlink(active: ActiveDecision): void {
    const { target, mode, rule } = active.decision
    if (mode === 'block' && this.#blocks.get(target) === active) this.#blocks.delete(target)
    if (mode === 'hold' && this.#holds.get(target) === active) this.#holds.delete(target)
    if (mode === 'shadow') this.#removeShadow(target, rule)
  }

  /** How often detectors blocked the target since then, blocks that ran out. */
  pastBlocks(target: Network, sinceMs: number): number {
    return this.#past.count(target, sinceMs)
  }

  get engine(): EngineFlags {
    return this.#engine
  }

  get blockCount(): number {
    return this.#blocks.size
  }

  get holdCount(): number {
    return this.#holds.size
  }

  get shadowCount(): number {
    return this.#shadowCount
  }

  byId(id: string): ActiveDecision | undefined {
    return this.#byId.get(id)
  }

  /** The block of exactly this target. */
  block(target: Network): ActiveDecision | undefined {
    return this.#blocks.get(target)
  }

  /** The narrowest block that holds all of the target. */
  blockHolding(target: Network): ActiveDecision | undefined {
    return this.#blocks.holder(target)
  }

  hold(target: Network): ActiveDecision | undefined {
    return this.#holds.get(target)
  }

  shadow(target: Network, rule: RuleName): ActiveDecision | undefined {
    return this.#shadows.get(target)?.find(({ active }) => active.decision.rule === rule)?.active
  }

  /** The shadow decision of exactly this target that came last, of whatever rule. */
  newestShadow(target: Network): ActiveDecision | undefined {
    return this.#shadows.get(target)?.at(-1)?.active
  }

  /**
   * Every active decision, of any mode, that shares an address with the network: blocks, then held ones, then shadow
   * decisions; of each what holds the network, the narrowest first, then what lies in it, the oldest first. A few
   * look-ups for an address, else O(decisions).
   */
  overlapping(network: Network): ActiveDecision[] {
    return [
      ...this.#blocks.overlapping(network),
      ...this.#holds.overlapping(network),
      ...this.#shadowsOverlapping(network),
    ]
  }

  #shadowsOverlapping(network: Network): ActiveDecision[] {
    const found = this.#shadows.overlapping(network)
    if (found.length === 0) return []
    const inside = found.findIndex(([first]) => prefixLengthOf(first) > network.prefixLength)
    // Targets count as old as the oldest of their decisions, which may have ended since.
    const ordered =
      inside === -1
        ? found
        : [
            ...found.slice(0, inside),
            ...found.slice(inside).sort(([a], [b]) => (a?.place ?? 0) - (b?.place ?? 0)),
          ]
    return ordered.flatMap((shadows) => shadows.map(({ active }) => active))
  }

  active(): IterableIterator<ActiveDecision> {
    return this.#byId.values()
  }

  blocks(): IterableIterator<ActiveDecision> {
    return this.#blocks.values()
  }

  holds(): IterableIterator<ActiveDecision> {
    return this.#holds.values()
  }

  blocksOverlapping(network: Network): ActiveDecision[] {
    return this.#blocks.overlapping(network)
  }

  allowEntries(): IterableIterator<AllowEntry> {
    return this.#allow.values()
  }

  /** The entry of exactly this network, whether or not it has run out. */
  allowEntry(target: Network): AllowEntry | undefined {
    return this.#allow.get(target)
  }

  /** An allowlist entry that shares an address with the network and has not run out. */
  allowing(network: Network, nowMs: number): AllowEntry | undefined {
    return this.#allow.overlapping(network).find((entry) => !isOver(entry.expiresAtMs, nowMs))
  }

  graces(): IterableIterator<Grace> {
    return this.#graces.values()
  }

  /** A grace period that touches the network and still runs. */
  grace(network: Network, nowMs: number): Grace | undefined {
    return this.#graces.overlapping(network).find((grace) => grace.untilMs > nowMs)
  }

  /** A line from the source: moves the stamps of what blocks it. Returns whether anything does. */
  see(active: ActiveDecision, lastSeenAtMs: number, lines: number, inactiveMs: number): void {
    active.lines += lines
    const { decision } = active
    if (lastSeenAtMs <= decision.lastSeenAtMs) return
    this.restamp(active, lastSeenAtMs, inactiveMs)
  }

  /** Sets the last seen instant, earlier or later, and the expiry that follows from it. */
  restamp(active: ActiveDecision, lastSeenAtMs: number, inactiveMs: number): void {
    const { decision } = active
    const { origin, lifetimeMs } = decision
    // A person's end is an end, and so is that of forgeable evidence; others live on by being seen.
    const isFixed = origin === 'manual' || (lifetimeMs !== null && lifetimeMs < inactiveMs)
    const expiresAtMs = isFixed ? decision.expiresAtMs : lastSeenAtMs + (lifetimeMs ?? inactiveMs)
    if (decision.lastSeenAtMs === lastSeenAtMs && decision.expiresAtMs === expiresAtMs) return
    active.decision = { ...decision, lastSeenAtMs, expiresAtMs }
    this.#moved.add(decision.id)
  }

  /** Moved stamps as changes to be written, at most so many; they count as written. */
  takeMoved(limit: number): StateChange[] {
    const changes: StateChange[] = []
    for (const id of this.#moved) {
      if (changes.length >= limit) break
      this.#moved.delete(id)
      const active = this.#byId.get(id)
      if (active === undefined) continue
      const { lastSeenAtMs, expiresAtMs } = active.decision
      changes.push({ kind: 'seen', id, lastSeenAtMs, expiresAtMs })
    }
    return changes
  }

  /** All of it as changes, for a repository that has lost it. */
  asChanges(): StateChange[] {
    return [
      ...Array.from(this.#byId.values(), ({ decision }): StateChange => ({ kind: 'decision', decision })),
      ...Array.from(this.#allow.values(), (entry): StateChange => ({ kind: 'allow', entry })),
      ...Array.from(this.#graces.values(), (grace): StateChange => ({ kind: 'grace', grace })),
      { kind: 'engine', flags: this.#engine },
    ]
  }
}

export function isOver(endMs: number | null, nowMs: number): boolean {
  return endMs !== null && endMs <= nowMs
}

function prefixLengthOf(shadow: PlacedShadow | undefined): number {
  return shadow?.active.decision.target.prefixLength ?? 0
}
