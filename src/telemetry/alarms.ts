/**
 * The findings that stand right now: what is wrong, since when, and the mend. Parts raise and clear them by code;
 * status, /readyz, /metrics and the page show them. Raising a code again renews its text and counts it; its start
 * stays. Bounded: past MAX_ALARMS new codes are counted in `dropped` and not kept, so that no stranger's names can
 * fill the memory.
 */
import type { Clock } from '../lib/clock.ts'

export type AlarmSeverity = 'info' | 'warning' | 'critical'

/** What a part tells. `code` is short and fixed, such as `list-not-rendered`; a subject may follow a colon. */
export interface AlarmInput {
  readonly code: string
  readonly severity: AlarmSeverity
  /** One sentence: what is wrong, with the numbers. */
  readonly message: string
  /** One sentence: what to do about it. */
  readonly mend: string
}

export interface Alarm extends AlarmInput {
  /** When it was first raised since it was last clear, Unix ms. */
  readonly sinceMs: number
  /** When it was last raised, Unix ms. */
  readonly lastMs: number
  /** How often it was raised since then. */
  readonly count: number
}

/** The part of the registry that a stage is given. */
export interface AlarmSink {
  raise(alarm: AlarmInput): void
  clear(code: string): void
}

/** `raised`: new, or of another severity. `renewed`: raised again. */
export type AlarmChange = 'raised' | 'renewed' | 'cleared'

export const MAX_ALARMS = 200
const SEVERITY_ORDER: Readonly<Record<AlarmSeverity, number>> = { critical: 0, warning: 1, info: 2 }

export class Alarms implements AlarmSink {
  readonly #clock: Clock
  readonly #onChange: (change: AlarmChange, alarm: Alarm) => void
  readonly #active = new Map<string, Alarm>()
  #dropped = 0

  constructor(options: { clock: Clock; onChange?: (change: AlarmChange, alarm: Alarm) => void }) {
    this.#clock = options.clock
    this.#onChange = options.onChange ?? (() => {})
  }

  /** Codes that were not kept because MAX_ALARMS others stood. */
  get dropped(): number {
    return this.#dropped
  }

  raise(input: AlarmInput): void {
    const nowMs = this.#clock.nowMs()
    const previous = this.#active.get(input.code)
    if (previous === undefined && this.#active.size >= MAX_ALARMS) {
      this.#dropped++
      return
    }
    const alarm: Alarm = {
      code: input.code,
      severity: input.severity,
      message: input.message,
      mend: input.mend,
      sinceMs: previous?.sinceMs ?? nowMs,
      lastMs: nowMs,
      count: (previous?.count ?? 0) + 1,
    }
    this.#active.set(alarm.code, alarm)
    this.#onChange(previous?.severity === alarm.severity ? 'renewed' : 'raised', alarm)
  }

  /** Does nothing when the code does not stand, so a part may clear after every success. */
  clear(code: string): void {
    const alarm = this.#active.get(code)
    if (alarm === undefined) return
    this.#active.delete(code)
    this.#onChange('cleared', alarm)
  }

  has(code: string): boolean {
    return this.#active.has(code)
  }

  /** The worst first, then the oldest. */
  active(): Alarm[] {
    return [...this.#active.values()].sort(
      (a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] || a.sinceMs - b.sinceMs,
    )
  }

  /** How many stand, by severity. */
  counts(): Record<AlarmSeverity, number> {
    const counts: Record<AlarmSeverity, number> = { info: 0, warning: 0, critical: 0 }
    for (const alarm of this.#active.values()) counts[alarm.severity]++
    return counts
  }
}
