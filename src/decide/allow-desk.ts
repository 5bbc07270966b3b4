/**
 * What people do to the allowlist. Allow always wins: adding an entry lifts every block, held block and shadow decision
 * that shares an address with it, in the same transaction. A wide block by hand is lifted as a whole, since a list has
 * no exceptions. Rejects with AppError `state-unavailable` when it could not be written; of many, its message says how
 * many were (parts.ts).
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, type Network } from '../lib/address.ts'
import type { AllowEntry, Decision } from '../model/decision.ts'
import type { StateChange } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { done, type Outcome, refused } from './outcome.ts'
import { inOnePart, inParts, type Planned } from './parts.ts'
import { isOver } from './registry.ts'
import { instantOf } from './sentences.ts'
import { parseTarget, refuseWidth } from './target.ts'

export interface NewAllowEntry {
  /** An address or network as text. */
  readonly target: string
  readonly reason: string
  /** Unix ms; without it the entry stays until it is removed. */
  readonly untilMs?: number | null
  /** Confirms a network wider than /24 (IPv4) or /48 (IPv6). */
  readonly confirmWide?: boolean
}

export interface AddedAllowEntry {
  readonly entry: AllowEntry
  /** What was blocked, held or in shadow until now. */
  readonly lifted: readonly Decision[]
}

export interface AllowCheck {
  readonly target: Network
  /** The allowlist entry that shares an address with it. */
  readonly entry: AllowEntry | null
  /** Why it is never blocked even without an entry. */
  readonly protectedReason: string | null
}

export class AllowDesk {
  readonly #keeper: Keeper

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** Entries that have not run out, newest first. */
  list(): AllowEntry[] {
    const nowMs = this.#keeper.clock.nowMs()
    return [...this.#keeper.registry.allowEntries()]
      .filter((entry) => !isOver(entry.expiresAtMs, nowMs))
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
  }

  check(target: string): Outcome<AllowCheck> {
    const parsed = parseTarget(target)
    if (!parsed.ok) return parsed
    const entry = this.#keeper.registry.allowing(parsed.value, this.#keeper.clock.nowMs()) ?? null
    return done({
      target: parsed.value,
      entry,
      protectedReason: this.#keeper.protection.reasonFor(parsed.value),
    })
  }

  add(request: NewAllowEntry, by: string): Promise<Outcome<AddedAllowEntry>> {
    return inOnePart(this.#keeper, request.target, () => this.#adding(request, by))
  }

  /** The same for many, in parts. */
  addMany(requests: readonly NewAllowEntry[], by: string): Promise<Outcome<AddedAllowEntry>[]> {
    const targets = requests.map(({ target }) => target)
    return inParts(this.#keeper, targets, (_target, index) =>
      this.#adding(requests[index] as NewAllowEntry, by),
    )
  }

  #adding(request: NewAllowEntry, by: string): Outcome<Planned<AddedAllowEntry>> {
    const { registry, clock } = this.#keeper
    const parsed = parseTarget(request.target)
    if (!parsed.ok) return parsed
    const target = parsed.value
    const nowMs = clock.nowMs()
    const untilMs = request.untilMs ?? null
    const reason = request.reason.trim()
    if (reason === '') return refused('reason-required', 'a reason is required: why is it allowed?')
    if (untilMs !== null && untilMs <= nowMs)
      return refused('end-in-past', `the end ${instantOf(untilMs)} has passed`)
    const width = refuseWidth(target, request.confirmWide === true)
    if (width !== null) return width
    const same = registry.allowEntry(target)
    if (same !== undefined && !isOver(same.expiresAtMs, nowMs)) {
      return refused('duplicate', this.#keeper.allowReason(target) ?? 'already allowed')
    }
    const entry: AllowEntry = {
      id: randomUUIDv7(),
      target,
      reason,
      createdAtMs: nowMs,
      createdBy: by,
      expiresAtMs: untilMs,
    }
    const lifted = registry.overlapping(target).map((active) => active.decision)
    const text = formatNetwork(target)
    const details = { id: entry.id, untilMs, lifted: lifted.length }
    return done({
      value: { entry, lifted },
      changes: [
        ...(same === undefined ? [] : [{ kind: 'allow-removed' as const, entry: same }]),
        { kind: 'allow', entry },
        ...lifted.flatMap((decision) =>
          this.#keeper.endChanges(decision, 'block.lift', by, `allowed: ${text} (${reason})`),
        ),
        this.#keeper.auditChange('allow.add', by, text, reason, details),
      ],
      // A wide block is lifted as a whole, so it is no longer there for the next target in it.
      touched: [target, ...lifted.map((decision) => decision.target)],
    })
  }

  /** Takes an entry off, by its network or its id. What it had lifted stays lifted. */
  remove(targetOrId: string, by: string, reason: string): Promise<Outcome<AllowEntry>> {
    return inOnePart(this.#keeper, targetOrId, (target) => this.#removing(target, by, reason))
  }

  /** The same for many, in parts. */
  removeMany(targets: readonly string[], by: string, reason: string): Promise<Outcome<AllowEntry>[]> {
    return inParts(this.#keeper, targets, (target) => this.#removing(target, by, reason))
  }

  #removing(targetOrId: string, by: string, reason: string): Outcome<Planned<AllowEntry>> {
    if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it removed?')
    const found = this.#find(targetOrId)
    if (!found.ok) return found
    const entry = found.value
    const text = formatNetwork(entry.target)
    const changes: StateChange[] = [
      { kind: 'allow-removed', entry },
      this.#keeper.auditChange('allow.remove', by, text, reason, { id: entry.id, was: entry.reason }),
    ]
    return done({ value: entry, changes, touched: [entry.target] })
  }

  #find(targetOrId: string): Outcome<AllowEntry> {
    const { registry, clock } = this.#keeper
    const wanted = targetOrId.trim()
    const parsed = parseTarget(wanted)
    if (!parsed.ok) {
      const byId = [...registry.allowEntries()].find((entry) => entry.id === wanted)
      return byId === undefined ? parsed : done(byId)
    }
    const exact = registry.allowEntry(parsed.value)
    if (exact !== undefined) return done(exact)
    const near = registry.allowing(parsed.value, clock.nowMs())
    const text = formatNetwork(parsed.value)
    const hint = near === undefined ? '' : `; ${formatNetwork(near.target)} is: remove that`
    return refused('not-found', `${text} is not an entry of the allowlist${hint}`)
  }
}
