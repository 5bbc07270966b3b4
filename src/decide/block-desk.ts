/**
 * What people do to blocks: add one or many by hand, lift one, withdraw many, release or refuse what is held. Every
 * request carries who and why; it is refused with a sentence or durable when it resolves. Rejects with AppError
 * `state-unavailable` when it could not be written, and then nothing has changed; of many, what its message says (parts.ts).
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, type Network } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { StateChange } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { NetworkMap } from './network-map.ts'
import { done, type Outcome, type Refusal, refused } from './outcome.ts'
import { inOnePart, inParts, type Planned } from './parts.ts'
import type { ActiveDecision } from './registry.ts'
import { instantOf, plural } from './sentences.ts'
import { parseTarget, refuseWidth } from './target.ts'
import { previewWithdraw, type WithdrawCriteria, type Withdrawn, withdraw } from './withdrawal.ts'

/** Entries of one bulk request. */
export const MAX_BULK = 10_000

export interface NewBlock {
  /** An address or network as text. */
  readonly target: string
  readonly reason: string
  /** Unix ms; without it the block stays until it is removed. */
  readonly untilMs?: number | null
  /** Confirms a network wider than /24 (IPv4) or /48 (IPv6). */
  readonly confirmWide?: boolean
}

export interface AddedBlock {
  readonly decision: Decision
  /** What the person should know beside that it was done; null when nothing. */
  readonly note: string | null
}

export interface ExtendedBlock {
  readonly decision: Decision
  /** As it was. */
  readonly before: Decision
}

export interface LiftedBlock {
  readonly decision: Decision
  /** Until when detectors leave the target alone, Unix ms; null without a grace period. */
  readonly graceUntilMs: number | null
}

interface PlannedBlock {
  readonly added: AddedBlock
  readonly changes: readonly StateChange[]
}

export class BlockDesk {
  readonly #keeper: Keeper

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** Blocks a target by hand. A detector's block or a held one of the same target becomes this one. */
  async add(block: NewBlock, by: string): Promise<Outcome<AddedBlock>> {
    const [outcome] = await this.addMany([block], by)
    return outcome ?? refused('not-an-address', 'nothing was given')
  }

  /** Judges every entry by itself, after those before it, and carries the good ones out in parts. `isDryRun` only judges. */
  async addMany(blocks: readonly NewBlock[], by: string, isDryRun = false): Promise<Outcome<AddedBlock>[]> {
    if (blocks.length > MAX_BULK) {
      const refusal = refused(
        'too-many',
        `${plural(blocks.length, 'entry')} at once; at most ${MAX_BULK} are taken`,
      )
      return blocks.map(() => refusal)
    }
    const planned = new NetworkMap<Network>()
    const targets = blocks.map(({ target }) => target)
    const plan = (_target: string, index: number): Outcome<Planned<AddedBlock>> => {
      const plan = this.#plan(blocks[index] as NewBlock, by, planned)
      if (!plan.ok) return plan
      const { added, changes } = plan.value
      planned.set(added.decision.target, added.decision.target)
      // What lies in another of the request was refused above, so none depends on those before it.
      return done({ value: added, changes, touched: [] })
    }
    const begin = (): void => this.#keeper.refreshSources()
    return inParts(this.#keeper, targets, plan, { isDryRun, begin })
  }

  #plan(block: NewBlock, by: string, planned: NetworkMap<Network>): Outcome<PlannedBlock> {
    const parsed = parseTarget(block.target)
    if (!parsed.ok) return parsed
    const target = parsed.value
    const nowMs = this.#keeper.clock.nowMs()
    const untilMs = block.untilMs ?? null
    if (block.reason.trim() === '')
      return refused('reason-required', 'a reason is required: why is it blocked?')
    if (untilMs !== null && untilMs <= nowMs)
      return refused('end-in-past', `the end ${instantOf(untilMs)} has passed`)
    const text = formatNetwork(target)
    if (planned.holder(target) !== undefined)
      return refused('duplicate', `${text} is in this request already`)
    const refusal = this.#refusalOf(target, block.confirmWide === true)
    if (refusal !== null) return refusal
    const replaced = this.#keeper.registry.block(target) ?? this.#keeper.registry.hold(target)
    const decision: Decision = {
      id: randomUUIDv7(),
      target,
      scope: target.prefixLength === 128 ? 'address' : 'range',
      origin: 'manual',
      rule: null,
      reason: block.reason.trim(),
      proof: null,
      severity: null,
      country: replaced?.decision.country ?? this.#keeper.countryOf(target),
      mode: 'block',
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      expiresAtMs: untilMs,
      endedAtMs: null,
      endedBy: null,
      endReason: null,
      device: null,
      createdBy: by,
      lifetimeMs: null,
      offences: 1,
      tags: replaced?.decision.tags ?? [],
    }
    const { frozen, frozenChangedBy } = this.#keeper.registry.engine
    const note = frozen
      ? `the list is frozen by ${frozenChangedBy}: ${text} goes on it when it is unfrozen`
      : null
    return done({ added: { decision, note }, changes: this.#blockChanges(decision, by) })
  }

  #refusalOf(target: Network, isConfirmed: boolean): Refusal | null {
    const { protection, registry } = this.#keeper
    const isProtected = protection.reasonFor(target)
    if (isProtected !== null) return refused('protected', isProtected)
    const allowed = this.#keeper.allowReason(target)
    if (allowed !== null) return refused('allowlisted', allowed)
    const width = refuseWidth(target, isConfirmed)
    if (width !== null) return width
    const text = formatNetwork(target)
    const same = registry.block(target)?.decision
    if (same?.origin === 'manual') {
      const since = `since ${instantOf(same.createdAtMs)} by ${same.createdBy}`
      return refused('duplicate', `${text} is already blocked by hand ${since}: ${same.reason}`)
    }
    if (same !== undefined && registry.engine.frozen) {
      return refused(
        'frozen',
        `${text} is already blocked by a detector, and the list is frozen: unfreeze it first`,
      )
    }
    const wider = registry.blockHolding(target)?.decision
    if (same === undefined && wider !== undefined) {
      return refused(
        'covered',
        `${text} is already covered by the block of ${formatNetwork(wider.target)}: ${wider.reason}`,
      )
    }
    return null
  }

  #blockChanges(decision: Decision, by: string): StateChange[] {
    const { registry } = this.#keeper
    const text = formatNetwork(decision.target)
    const replaced = [registry.block(decision.target), registry.hold(decision.target)]
    return [
      ...replaced.flatMap((active) =>
        active === undefined
          ? []
          : this.#keeper.endChanges(active.decision, 'decision.replace', by, 'replaced by a block by hand'),
      ),
      { kind: 'decision', decision },
      { kind: 'grace-removed', target: decision.target },
      this.#keeper.auditChange('block.add', by, text, decision.reason, {
        id: decision.id,
        untilMs: decision.expiresAtMs,
      }),
    ]
  }

  /**
   * Gives a block another end, by its target or its id; null: until it is removed. A person's block stays the same block;
   * a detector's becomes the person's, since lines that come would move its end again. What is held or noted in shadow is
   * not blocked, and does not become so by the way. `isDryRun` only judges.
   */
  extend(
    targetOrId: string,
    untilMs: number | null,
    by: string,
    reason: string,
    isDryRun = false,
  ): Promise<Outcome<ExtendedBlock>> {
    const plan = (target: string): Outcome<Planned<ExtendedBlock>> =>
      this.#extension(target, untilMs, by, reason)
    return inOnePart(this.#keeper, targetOrId, plan, { isDryRun })
  }

  /** The same for many, in parts. */
  extendMany(
    targets: readonly string[],
    untilMs: number | null,
    by: string,
    reason: string,
    isDryRun = false,
  ): Promise<Outcome<ExtendedBlock>[]> {
    const plan = (target: string): Outcome<Planned<ExtendedBlock>> =>
      this.#extension(target, untilMs, by, reason)
    return inParts(this.#keeper, targets, plan, { isDryRun })
  }

  #extension(
    targetOrId: string,
    untilMs: number | null,
    by: string,
    reason: string,
  ): Outcome<Planned<ExtendedBlock>> {
    if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it prolonged?')
    if (untilMs !== null && untilMs <= this.#keeper.clock.nowMs())
      return refused('end-in-past', `the end ${instantOf(untilMs)} has passed`)
    const found = this.#find(targetOrId)
    if (!found.ok) return found
    const { decision } = found.value
    const touched = [decision.target]
    const target = formatNetwork(decision.target)
    if (decision.mode !== 'block') return refused('not-found', `${target} is not blocked`)
    if (decision.origin !== 'manual') {
      const block = { target, reason, untilMs, confirmWide: true }
      const plan = this.#plan(block, by, new NetworkMap<Network>())
      if (!plan.ok) return plan
      const { added, changes } = plan.value
      return done({ value: { decision: added.decision, before: decision }, changes, touched })
    }
    const extended: Decision = { ...decision, expiresAtMs: untilMs }
    const details = { id: decision.id, before: decision.expiresAtMs, after: untilMs }
    const audit = this.#keeper.auditChange('block.extend', by, target, reason, details)
    const changes: StateChange[] = [{ kind: 'decision', decision: extended }, audit]
    return done({ value: { decision: extended, before: decision }, changes, touched })
  }

  /** Takes a block (or a held one) off, by its target or its id, and keeps detectors away for the grace period. */
  lift(targetOrId: string, by: string, reason: string): Promise<Outcome<LiftedBlock>> {
    return inOnePart(this.#keeper, targetOrId, (target) => this.#lifting(target, by, reason))
  }

  /** The same for many, in parts. */
  liftMany(targets: readonly string[], by: string, reason: string): Promise<Outcome<LiftedBlock>[]> {
    return inParts(this.#keeper, targets, (target) => this.#lifting(target, by, reason))
  }

  #lifting(targetOrId: string, by: string, reason: string): Outcome<Planned<LiftedBlock>> {
    if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it lifted?')
    const found = this.#find(targetOrId)
    if (!found.ok) return found
    const { decision } = found.value
    const grace = this.#keeper.graceOf(decision.target, by, reason)
    return done({
      value: { decision, graceUntilMs: grace?.untilMs ?? null },
      changes: [
        ...this.#keeper.endChanges(decision, 'block.lift', by, reason),
        ...(grace === null ? [] : [{ kind: 'grace' as const, grace }]),
      ],
      touched: [decision.target],
    })
  }

  #find(targetOrId: string): Outcome<ActiveDecision> {
    const { registry } = this.#keeper
    const byId = registry.byId(targetOrId.trim())
    if (byId !== undefined) return done(byId)
    const parsed = parseTarget(targetOrId)
    if (!parsed.ok) return parsed
    const target = parsed.value
    const exact = registry.block(target) ?? registry.hold(target)
    if (exact !== undefined) return done(exact)
    const text = formatNetwork(target)
    const wider = registry.blockHolding(target)?.decision
    if (wider !== undefined) {
      const by = formatNetwork(wider.target)
      return refused(
        'not-found',
        `${text} is blocked as part of ${by}: lift that, or put ${text} on the allowlist`,
      )
    }
    const inside = registry.overlapping(target).filter((active) => active.decision.mode === 'block').length
    const hint =
      inside === 0 ? '' : `, but ${plural(inside, 'block')} inside it ${inside === 1 ? 'is' : 'are'}`
    return refused('not-found', `${text} is not blocked${hint}`)
  }

  /** What `withdraw` would lift: blocks and held ones, newest first. O(blocks). */
  previewWithdraw(criteria: WithdrawCriteria): Outcome<readonly Decision[]> {
    return previewWithdraw(this.#keeper, criteria)
  }

  /** Lifts in parts all that the criteria name; detectors leave each target alone for the grace period. */
  withdraw(criteria: WithdrawCriteria, by: string, reason: string): Promise<Outcome<Withdrawn>> {
    return withdraw(this.#keeper, criteria, by, reason)
  }

  /** Puts a held block on the list, by its target or its id; the guards are asked again. */
  release(targetOrId: string, by: string, reason: string): Promise<Outcome<Decision>> {
    return inOnePart(this.#keeper, targetOrId, (target) => this.#releasing(target, by, reason))
  }

  /** The same for many, in parts. */
  releaseMany(targets: readonly string[], by: string, reason: string): Promise<Outcome<Decision>[]> {
    return inParts(this.#keeper, targets, (target) => this.#releasing(target, by, reason))
  }

  #releasing(targetOrId: string, by: string, reason: string): Outcome<Planned<Decision>> {
    const found = this.#findHold(targetOrId)
    if (!found.ok) return found
    const plan = this.#releasePlan(found.value, by, reason)
    if (!plan.ok) return plan
    const { released, changes } = plan.value
    return done({ value: released, changes, touched: [released.target] })
  }

  /** Puts all that is held on the list in one transaction, and tells those that a guard refuses. */
  releaseAll(by: string, reason: string): Promise<Outcome<Decision>[]> {
    return this.#keeper.serially(async () => {
      const plans = [...this.#keeper.registry.holds()].map((active) =>
        this.#releasePlan(active.decision, by, reason),
      )
      const changes = plans.flatMap((plan) => (plan.ok ? plan.value.changes : []))
      if (changes.length > 0) await this.#keeper.keepNow(changes)
      return plans.map((plan) => (plan.ok ? done(plan.value.released) : plan))
    })
  }

  #releasePlan(
    hold: Decision,
    by: string,
    reason: string,
  ): Outcome<{ released: Decision; changes: StateChange[] }> {
    const { registry, clock } = this.#keeper
    if (registry.engine.frozen) {
      return refused(
        'frozen',
        `the list is frozen: unfreeze it before ${formatNetwork(hold.target)} is released`,
      )
    }
    const refusal = this.#refusalOf(hold.target, true)
    if (refusal !== null) return refusal
    // It is blocked since now: `withdraw --since` and a freeze go by that.
    const released: Decision = { ...hold, mode: 'block', createdAtMs: clock.nowMs() }
    const details = { id: hold.id, heldSinceMs: hold.createdAtMs }
    return done({
      released,
      changes: [
        { kind: 'decision', decision: released },
        this.#keeper.auditChange('hold.release', by, formatNetwork(hold.target), reason, details),
      ],
    })
  }

  /** Ends a held block without blocking; detectors leave the target alone for the grace period. */
  refuseHold(targetOrId: string, by: string, reason: string): Promise<Outcome<Decision>> {
    return inOnePart(this.#keeper, targetOrId, (target) => this.#refusing(target, by, reason))
  }

  /** The same for many, in parts. */
  refuseMany(targets: readonly string[], by: string, reason: string): Promise<Outcome<Decision>[]> {
    return inParts(this.#keeper, targets, (target) => this.#refusing(target, by, reason))
  }

  #refusing(targetOrId: string, by: string, reason: string): Outcome<Planned<Decision>> {
    if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it refused?')
    const found = this.#findHold(targetOrId)
    if (!found.ok) return found
    const grace = this.#keeper.graceOf(found.value.target, by, reason)
    return done({
      value: found.value,
      changes: [
        ...this.#keeper.endChanges(found.value, 'hold.refuse', by, reason),
        ...(grace === null ? [] : [{ kind: 'grace' as const, grace }]),
      ],
      touched: [found.value.target],
    })
  }

  #findHold(targetOrId: string): Outcome<Decision> {
    const byId = this.#keeper.registry.byId(targetOrId.trim())?.decision
    if (byId?.mode === 'hold') return done(byId)
    const parsed = parseTarget(targetOrId)
    if (!parsed.ok) return parsed
    const hold = this.#keeper.registry.hold(parsed.value)?.decision
    if (hold !== undefined) return done(hold)
    return refused('not-found', `${formatNetwork(parsed.value)} is not held for review`)
  }
}
