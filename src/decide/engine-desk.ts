/**
 * The switches: engine on and off, freeze and unfreeze, reset. Off means that lines are received and stored and no
 * detector blocks; frozen means that nothing is added to the list, while an allowlist entry or a lifted block still
 * takes its target off. Both survive a restart. Rejects with AppError `state-unavailable` when it could not be written.
 */
import type { EngineFlags } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { done, type Outcome, refused } from './outcome.ts'

/** Of a reset in the audit log. */
export const RESET_ACTION = 'engine.reset'

export class EngineDesk {
  readonly #keeper: Keeper
  readonly #resetCounters: () => void
  readonly #resetListeners = new Set<(atMs: number) => void>()

  constructor(keeper: Keeper, resetCounters: () => void) {
    this.#keeper = keeper
    this.#resetCounters = resetCounters
  }

  get flags(): EngineFlags {
    return this.#keeper.registry.engine
  }

  switch(on: boolean, by: string, reason: string): Promise<Outcome<EngineFlags>> {
    return this.#change(on ? 'engine.on' : 'engine.off', by, reason, (flags, atMs) =>
      flags.on === on
        ? null
        : { ...flags, on, onChangedAtMs: atMs, onChangedBy: by, onReason: reason.trim() },
    )
  }

  freeze(by: string, reason: string): Promise<Outcome<EngineFlags>> {
    return this.#setFrozen(true, by, reason)
  }

  unfreeze(by: string, reason: string): Promise<Outcome<EngineFlags>> {
    return this.#setFrozen(false, by, reason)
  }

  #setFrozen(frozen: boolean, by: string, reason: string): Promise<Outcome<EngineFlags>> {
    return this.#change(frozen ? 'engine.freeze' : 'engine.unfreeze', by, reason, (flags, atMs) =>
      flags.frozen === frozen
        ? null
        : {
            ...flags,
            frozen,
            frozenChangedAtMs: atMs,
            frozenChangedBy: by,
            frozenReason: reason.trim(),
          },
    )
  }

  /** Starts counting anew: the brake, the counters and, by the listeners, the detectors' windows. State is kept. */
  reset(by: string, reason: string): Promise<Outcome<EngineFlags>> {
    return this.#keeper.serially(async () => {
      if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it reset?')
      const change = this.#keeper.auditChange(RESET_ACTION, by, 'engine', reason, null)
      await this.#keeper.keepNow([change])
      this.#resetCounters()
      for (const listener of this.#resetListeners) listener(change.entry.atMs)
      return done(this.flags)
    })
  }

  /**
   * Tells that the detectors' windows are to be cleared, and the time of the reset in the audit log; returns the way to
   * stop it. Must not throw.
   */
  onReset(listener: (atMs: number) => void): () => void {
    this.#resetListeners.add(listener)
    return () => this.#resetListeners.delete(listener)
  }

  /** `next` answers null when the switch stands so already: then nothing is written. */
  #change(
    action: string,
    by: string,
    reason: string,
    next: (flags: EngineFlags, atMs: number) => EngineFlags | null,
  ): Promise<Outcome<EngineFlags>> {
    return this.#keeper.serially(async () => {
      if (reason.trim() === '') return refused('reason-required', 'a reason is required: why is it switched?')
      const flags = next(this.flags, this.#keeper.clock.nowMs())
      if (flags === null) return done(this.flags)
      await this.#keeper.keepNow([
        { kind: 'engine', flags },
        this.#keeper.auditChange(action, by, 'engine', reason, null),
      ])
      return done(flags)
    })
  }
}
