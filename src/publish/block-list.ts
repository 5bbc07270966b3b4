/**
 * The block list that firewalls fetch: a set of targets in, immutable whole revisions out (DESIGN.md section 8).
 *
 * Changes are collected and rendered together: the first after a quiet time within FIRST_RENDER_MS, under a storm one
 * render in MIN_INTERVAL_MS. Nothing is rendered before `replace` has told the whole set once: until then the last good
 * copy is served, and a few early changes cannot wipe it. A render that fails leaves the last revision in place,
 * raises an alarm and is tried again.
 *
 * A gate may hold a revision: the one in service then stays, less what must no longer be blocked, until the gate lets a
 * later one pass or a person releases it.
 *
 * Limits: exact duplicates collapse, networks inside other networks stay. A render costs little
 * beside copying and hashing the bytes: the lines are kept in chunks (target-chunks.ts).
 */
import { formatNetwork, type Network, parseNetwork } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { SENTINEL } from '../model/decision.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import type { Hold } from './feeds/revision.ts'
import { checksumOf, etagOf, isV4Network, type ListSnapshot, startSnapshot } from './list-snapshot.ts'
import {
  changeContents,
  type Key,
  keyOf,
  NO_CONTENTS,
  recheckContents,
  type Refused,
  renderContents,
} from './target-chunks.ts'

/** Changes of one moment (a batch of detections, a withdraw) become one revision. */
const FIRST_RENDER_MS = 10
const MIN_INTERVAL_MS = 100
const RETRY_MS = 1000
/** With entries this old the filter is asked again about all of them, not about the new ones alone. */
const RECHECK_MS = 1000
/** Most PAN-OS models load 50,000 addresses over all their lists (FIELD.md B.1). */
const COMMON_CAPACITY = 50_000

/** Runs a task after so many ms; the answer cancels it. Tests give their own. */
export type Schedule = (task: () => void, delayMs: number) => () => void

const timerSchedule: Schedule = (task, delayMs) => {
  const timer = setTimeout(task, delayMs)
  return () => clearTimeout(timer)
}

export interface RenderReport {
  readonly snapshot: ListSnapshot
  readonly durationMs: number
}

export interface BlockListOptions {
  readonly clock: Clock
  readonly sentinel: string
  /**
   * The last filter: why a target must never be published (allowlisted, protected), or null. Asked about every new
   * target, and about all of them on `recheck` and in a render a second or more after the last such round.
   */
  readonly refuse: (target: Network) => string | null
  readonly alarms: AlarmSink
  /** The last good copy, served until the first `replace`. */
  readonly initial?: ListSnapshot | null
  /** Why a new revision must wait for a person; nothing when it may be published. Absent: none waits. */
  readonly gate?: (question: GateQuestion) => readonly Hold[]
  /** Told of every new revision; must not throw (it is reported if it does). */
  readonly onRendered?: (report: RenderReport) => void
  readonly schedule?: Schedule
  readonly minIntervalMs?: number
}

export interface GateQuestion {
  readonly next: ListSnapshot
  readonly previous: ListSnapshot
  /** Blocks that people ended since the revision in service was made. */
  readonly liftedByPeople: number
}

export interface HeldRevision {
  readonly snapshot: ListSnapshot
  readonly holds: readonly Hold[]
  readonly sinceMs: number
}

/** While a revision is held the one in service is looked through so often for what must no longer be blocked. */
const HELD_RECHECK_MS = 5000

export class BlockList {
  readonly #clock: Clock
  readonly #refuse: (target: Network) => string | null
  readonly #alarms: AlarmSink
  readonly #gate: (question: GateQuestion) => readonly Hold[]
  readonly #onRendered: (report: RenderReport) => void
  readonly #schedule: Schedule
  readonly #minIntervalMs: number
  #sentinel: string
  #snapshot: ListSnapshot
  #sentinelKey: Key
  #contents = NO_CONTENTS
  /** Not yet rendered: the target to add, or null to remove. */
  #pending = new Map<Key, Network | null>()
  /** The pending targets are the whole set, not a change of it. */
  #isReplacing = false
  #isLoaded = false
  #mustRecheck = false
  #held: HeldRevision | null = null
  #isReleased = false
  #lifted = 0
  #lastRenderMs = Number.NEGATIVE_INFINITY
  #lastRecheckMs = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | null = null
  /** The timer is that of a held revision, which a change need not wait for. */
  #isWaitingHeld = false
  #isClosed = false

  constructor(options: BlockListOptions) {
    this.#clock = options.clock
    this.#refuse = options.refuse
    this.#alarms = options.alarms
    this.#gate = options.gate ?? (() => [])
    this.#onRendered = options.onRendered ?? (() => {})
    this.#schedule = options.schedule ?? timerSchedule
    this.#minIntervalMs = options.minIntervalMs ?? MIN_INTERVAL_MS
    const sentinel = sentinelNetwork(options.sentinel)
    this.#sentinel = formatNetwork(sentinel)
    this.#sentinelKey = keyOf(sentinel)
    this.#snapshot = options.initial ?? startSnapshot(this.#sentinel, options.clock.nowMs())
  }

  /** The revision to serve now. O(1). */
  get snapshot(): ListSnapshot {
    return this.#snapshot
  }

  /** True once `replace` has told the whole set; before that the last good copy is served. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Changes the set. A target in both lists stays in; adding a member or removing a stranger does nothing. */
  apply(change: {
    readonly added: readonly Network[]
    readonly removed: readonly Network[]
    readonly liftedByPeople?: number
  }): void {
    this.#lifted += Math.min(change.liftedByPeople ?? 0, change.removed.length)
    for (const target of change.removed) this.#pending.set(keyOf(target), null)
    for (const target of change.added) this.#pending.set(keyOf(target), target)
    this.#plan()
  }

  /** Makes the set exactly this one. To be called at start, when the decisions are known. */
  replace(targets: readonly Network[]): void {
    this.#pending.clear()
    for (const target of targets) this.#pending.set(keyOf(target), target)
    this.#isReplacing = true
    this.#isLoaded = true
    this.#plan()
  }

  /** Asks the last filter about every target again; to be called when the allowlist or the protected set changed. */
  recheck(): void {
    this.#mustRecheck = true
    this.#plan()
  }

  /** The revision that the gate holds, or null. */
  get held(): HeldRevision | null {
    return this.#held
  }

  /** The next revisions count on behind this one, which somebody else served at the same path. */
  continueAfter(revision: number): void {
    const next = Math.max(this.#snapshot.revision, revision + 1)
    this.#snapshot = { ...this.#snapshot, revision: next, dateIsUnique: false }
  }

  /** Publishes what is held, whatever the gate says. False when nothing is held. */
  release(): boolean {
    if (this.#held === null) return false
    this.#isReleased = true
    return this.flush()
  }

  /** Puts these targets in service as a new revision, less those that are refused; only a gate can keep them there. */
  showInstead(targets: readonly Network[]): ListSnapshot {
    const previous = this.#snapshot
    this.#snapshot = this.#composeOf(targets)
    if (this.#snapshot.revision !== previous.revision) this.#tell(0)
    return this.#snapshot
  }

  setSentinel(sentinel: string): void {
    const network = sentinelNetwork(sentinel)
    if (formatNetwork(network) === this.#sentinel) return
    this.#sentinel = formatNetwork(network)
    this.#sentinelKey = keyOf(network)
    this.recheck()
  }

  /** Renders what is pending now. False when it failed; the last revision then stays. */
  flush(): boolean {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (!this.#isLoaded) return true
    const startMs = this.#clock.monotonicMs()
    this.#lastRenderMs = startMs
    let isChanged: boolean
    try {
      isChanged = this.#render(startMs)
    } catch (error) {
      // Whatever it was: firewalls keep the last whole list, people learn of it, and it is tried again.
      this.#alarms.raise({
        code: 'list-not-rendered',
        severity: 'critical',
        message: `The block list could not be rendered (${messageOf(error)}); revision ${this.#snapshot.revision} is still served.`,
        mend: 'Look at the log for the cause; the list is rendered again by itself every second.',
      })
      this.#planIn(RETRY_MS)
      return false
    }
    this.#alarms.clear('list-not-rendered')
    if (isChanged) this.#tell(this.#clock.monotonicMs() - startMs)
    return true
  }

  /** Renders what is pending and sets no more timers. */
  close(): void {
    if (this.#pending.size > 0 || this.#isReplacing) this.flush()
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #plan(): void {
    if (!this.#isLoaded || (this.#cancelTimer !== null && !this.#isWaitingHeld)) return
    const sinceLastMs = this.#clock.monotonicMs() - this.#lastRenderMs
    this.#planIn(Math.max(FIRST_RENDER_MS, this.#minIntervalMs - sinceLastMs))
  }

  #planIn(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelTimer?.()
    this.#isWaitingHeld = false
    this.#cancelTimer = this.#schedule(() => {
      this.#cancelTimer = null
      this.flush()
    }, delayMs)
  }

  #planHeldCheck(): void {
    this.#planIn(HELD_RECHECK_MS)
    this.#isWaitingHeld = true
  }

  /** Answers whether a new revision was made. Nothing of `this` changes before everything has succeeded. */
  #render(startMs: number): boolean {
    const refuse = (target: Network): string | null => this.#verdict(target)
    const asksAll = this.#mustRecheck || startMs - this.#lastRecheckMs >= RECHECK_MS
    const base = this.#isReplacing ? NO_CONTENTS : this.#contents
    const changed = changeContents(base, this.#pending, refuse)
    const contents = asksAll && !this.#isReplacing ? recheckContents(changed, refuse) : changed
    const { body, entries, refused } = renderContents(contents)
    const previous = this.#snapshot
    const composed = this.#compose(body, entries, refused.length)
    const next = this.#gated(composed, asksAll)

    this.#contents = contents
    this.#pending.clear()
    this.#isReplacing = false
    this.#mustRecheck = false
    if (asksAll) this.#lastRecheckMs = startMs
    this.#snapshot = next
    this.#report(refused, next)
    if (this.#held !== null) this.#planHeldCheck()
    return next.revision !== previous.revision || next.origin !== previous.origin
  }

  /** The revision to serve: the composed one, or the one in service while the gate holds that back. */
  #gated(composed: ListSnapshot, asksAll: boolean): ListSnapshot {
    const previous = this.#snapshot
    const isSame = composed.revision === previous.revision
    const holds = this.#isReleased
      ? []
      : this.#gate({ next: composed, previous, liftedByPeople: this.#lifted })
    this.#isReleased = false
    if (holds.length === 0 || (isSame && this.#held === null)) {
      this.#held = null
      this.#lifted = 0
      return composed
    }
    this.#held = { snapshot: composed, holds, sinceMs: this.#held?.sinceMs ?? this.#clock.nowMs() }
    const isRefused = (target: Network): boolean => this.#verdict(target) !== null
    const mustLook = asksAll || [...this.#pending.values()].some((target) => target === null)
    if (!mustLook) return previous
    const targets = targetsOf(previous)
    return targets.some(isRefused) ? this.#composeOf(targets) : previous
  }

  #composeOf(targets: readonly Network[]): ListSnapshot {
    const refuse = (target: Network): string | null => this.#verdict(target)
    const all = new Map(targets.map((target) => [keyOf(target), target]))
    const { body, entries, refused } = renderContents(changeContents(NO_CONTENTS, all, refuse))
    return this.#compose(body, entries, refused.length)
  }

  #verdict(target: Network): string | null {
    if (target.prefixLength === 0 || (target.prefixLength === 96 && isV4Network(target))) {
      return 'it would block every address'
    }
    if (keyOf(target) === this.#sentinelKey) return 'it is the sentinel of the empty list'
    return this.#refuse(target)
  }

  #compose(lines: Buffer, entries: number, refused: number): ListSnapshot {
    const body = entries === 0 ? Buffer.from(`${this.#sentinel}\n`, 'latin1') : lines
    const etag = etagOf(checksumOf(body))
    const previous = this.#snapshot
    if (etag === previous.etag && body.equals(previous.body)) {
      // The same content is the same revision, so that every validator handed out stays good.
      return { ...previous, entries, refused, origin: 'decisions' }
    }
    const madeAtMs = Math.max(this.#clock.nowMs(), previous.madeAtMs)
    return {
      body,
      etag,
      revision: previous.revision + 1,
      entries,
      refused,
      madeAtMs,
      dateIsUnique: Math.floor(madeAtMs / 1000) > Math.floor(previous.madeAtMs / 1000),
      origin: 'decisions',
    }
  }

  #report(refused: readonly Refused[], snapshot: ListSnapshot): void {
    const first = refused[0]
    if (first === undefined) this.#alarms.clear('list-entry-refused')
    else {
      this.#alarms.raise({
        code: 'list-entry-refused',
        severity: 'warning',
        message: `${refused.length} blocked target(s) were kept out of the list; the first is ${formatNetwork(first.target)}: ${first.reason}.`,
        mend: 'Lift these blocks, or correct the allowlist or the protected networks.',
      })
    }
    if (snapshot.entries <= COMMON_CAPACITY) this.#alarms.clear('list-over-capacity')
    else {
      this.#alarms.raise({
        code: 'list-over-capacity',
        severity: 'warning',
        message: `The list has ${snapshot.entries} entries; most PAN-OS models load 50,000 over all lists, large ones 150,000, and skip the rest.`,
        mend: 'Shorten retention.inactiveMonths, or block networks instead of single addresses.',
      })
    }
  }

  #tell(durationMs: number): void {
    try {
      this.#onRendered({ snapshot: this.#snapshot, durationMs })
      this.#alarms.clear('list-listener-failed')
    } catch (error) {
      // The list itself is right and served; only those who were told of it (file, metrics) failed.
      this.#alarms.raise({
        code: 'list-listener-failed',
        severity: 'warning',
        message: `Revision ${this.#snapshot.revision} is served, but telling of it failed: ${messageOf(error)}.`,
        mend: 'Look at the log for the cause.',
      })
    }
  }
}

/** What the setting names; the documentation address when it names nothing, which the settings do not allow. */
function sentinelNetwork(sentinel: string): Network {
  return parseNetwork(sentinel) ?? (parseNetwork(SENTINEL) as Network)
}

/** The targets of a body; none when the sentinel stands alone. O(lines). */
export function targetsOf({ body, entries }: Pick<ListSnapshot, 'body' | 'entries'>): Network[] {
  if (entries === 0) return []
  const lines = body.toString('latin1').trimEnd().split('\n')
  return lines.map((line) => parseNetwork(line)).filter((network) => network !== null)
}
