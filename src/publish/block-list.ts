/**
 * The block list that firewalls fetch: a set of targets in, immutable whole revisions out (DESIGN.md section 8).
 *
 * Changes are collected and rendered together: the first after a quiet time within FIRST_RENDER_MS, under a storm one
 * render in MIN_INTERVAL_MS. Nothing is rendered before `replace` has told the whole set once: until then the last good
 * copy is served, and a few early changes cannot wipe it. A render that fails leaves the last revision in place,
 * raises an alarm and is tried again.
 *
 * Limits: exact duplicates collapse, networks inside other networks stay. Cost of a render: O(entries), lines and order are kept between renders.
 */
import { formatNetwork, type Network, parseNetwork } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { SENTINEL } from '../model/decision.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import { checksumOf, etagOf, isV4Network, type ListSnapshot, startSnapshot } from './list-snapshot.ts'

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
  /** Told of every new revision; must not throw (it is reported if it does). */
  readonly onRendered?: (report: RenderReport) => void
  readonly schedule?: Schedule
  readonly minIntervalMs?: number
}

interface Entry {
  /** Orders within a family: a number for IPv4, fixed-width hex text for IPv6. Unique over both. */
  readonly key: number | string
  readonly target: Network
  /** The text with its line end. */
  readonly line: string
  /** What the last filter said. */
  refusal: string | null
}

interface Contents {
  readonly v4: readonly Entry[]
  readonly v6: readonly Entry[]
}

export class BlockList {
  readonly #clock: Clock
  readonly #refuse: (target: Network) => string | null
  readonly #alarms: AlarmSink
  readonly #onRendered: (report: RenderReport) => void
  readonly #schedule: Schedule
  readonly #minIntervalMs: number
  #sentinel: string
  #snapshot: ListSnapshot
  #contents: Contents = { v4: [], v6: [] }
  #members = new Map<number | string, Entry>()
  /** Not yet rendered: the entry to add, or null to remove. */
  #pending = new Map<number | string, Entry | null>()
  #isLoaded = false
  #mustRecheck = false
  #lastRenderMs = Number.NEGATIVE_INFINITY
  #lastRecheckMs = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | null = null
  #isClosed = false

  constructor(options: BlockListOptions) {
    this.#clock = options.clock
    this.#refuse = options.refuse
    this.#alarms = options.alarms
    this.#onRendered = options.onRendered ?? (() => {})
    this.#schedule = options.schedule ?? timerSchedule
    this.#minIntervalMs = options.minIntervalMs ?? MIN_INTERVAL_MS
    this.#sentinel = canonical(options.sentinel)
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
  apply(change: { readonly added: readonly Network[]; readonly removed: readonly Network[] }): void {
    for (const target of change.removed) this.#pending.set(keyOf(target), null)
    for (const target of change.added) this.#add(target)
    this.#plan()
  }

  /** Makes the set exactly this one. To be called at start, when the decisions are known. */
  replace(targets: readonly Network[]): void {
    this.#pending.clear()
    for (const key of this.#members.keys()) this.#pending.set(key, null)
    for (const target of targets) this.#add(target)
    this.#isLoaded = true
    this.#plan()
  }

  /** Asks the last filter about every target again; to be called when the allowlist or the protected set changed. */
  recheck(): void {
    this.#mustRecheck = true
    this.#plan()
  }

  setSentinel(sentinel: string): void {
    if (canonical(sentinel) === this.#sentinel) return
    this.#sentinel = canonical(sentinel)
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
    if (this.#pending.size > 0) this.flush()
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #add(target: Network): void {
    const key = keyOf(target)
    const member = this.#members.get(key)
    this.#pending.set(key, member ?? { key, target, line: `${formatNetwork(target)}\n`, refusal: null })
  }

  #plan(): void {
    if (!this.#isLoaded || this.#cancelTimer !== null) return
    const sinceLastMs = this.#clock.monotonicMs() - this.#lastRenderMs
    this.#planIn(Math.max(FIRST_RENDER_MS, this.#minIntervalMs - sinceLastMs))
  }

  #planIn(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelTimer?.()
    this.#cancelTimer = this.#schedule(() => {
      this.#cancelTimer = null
      this.flush()
    }, delayMs)
  }

  /** Answers whether a new revision was made. Nothing of `this` changes before everything has succeeded. */
  #render(startMs: number): boolean {
    const added: Entry[] = []
    const removed = new Set<Entry>()
    for (const [key, entry] of this.#pending) {
      const member = this.#members.get(key)
      if (entry === null && member !== undefined) removed.add(member)
      if (entry !== null && member === undefined) added.push(entry)
    }
    const contents = merge(this.#contents, added, removed)
    const asksAll = this.#mustRecheck || startMs - this.#lastRecheckMs >= RECHECK_MS
    for (const family of asksAll ? [contents.v4, contents.v6] : [added]) {
      for (const entry of family) entry.refusal = this.#verdict(entry.target)
    }
    const refused = [...contents.v4, ...contents.v6].filter((entry) => entry.refusal !== null)
    const previous = this.#snapshot
    const next = this.#compose(contents, refused.length)

    this.#contents = contents
    for (const entry of removed) this.#members.delete(entry.key)
    for (const entry of added) this.#members.set(entry.key, entry)
    this.#pending.clear()
    this.#mustRecheck = false
    if (asksAll) this.#lastRecheckMs = startMs
    this.#snapshot = next
    this.#report(refused, next)
    return next.revision !== previous.revision || next.origin !== previous.origin
  }

  #verdict(target: Network): string | null {
    if (formatNetwork(target) === this.#sentinel) return 'it is the sentinel of the empty list'
    if (target.prefixLength === 0 || (isV4Network(target) && target.prefixLength === 96)) {
      return 'it would block every address'
    }
    return this.#refuse(target)
  }

  #compose(contents: Contents, refusedCount: number): ListSnapshot {
    const lines: string[] = []
    for (const family of [contents.v4, contents.v6]) {
      for (const entry of family) if (entry.refusal === null) lines.push(entry.line)
    }
    const entries = lines.length
    const body = Buffer.from(entries === 0 ? `${this.#sentinel}\n` : lines.join(''), 'latin1')
    const etag = etagOf(checksumOf(body))
    const previous = this.#snapshot
    if (etag === previous.etag && body.equals(previous.body)) {
      // The same content is the same revision, so that every validator handed out stays good.
      return { ...previous, entries, refused: refusedCount, origin: 'decisions' }
    }
    const madeAtMs = Math.max(this.#clock.nowMs(), previous.madeAtMs)
    return {
      body,
      etag,
      revision: previous.revision + 1,
      entries,
      refused: refusedCount,
      madeAtMs,
      dateIsUnique: Math.floor(madeAtMs / 1000) > Math.floor(previous.madeAtMs / 1000),
      origin: 'decisions',
    }
  }

  #report(refused: readonly Entry[], snapshot: ListSnapshot): void {
    const first = refused[0]
    if (first === undefined) this.#alarms.clear('list-entry-refused')
    else {
      this.#alarms.raise({
        code: 'list-entry-refused',
        severity: 'warning',
        message: `${refused.length} blocked target(s) were kept out of the list; the first is ${first.line.trim()}: ${first.refusal}.`,
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

/** The sentinel as it would be written for a target, so that the two can be compared. */
function canonical(sentinel: string): string {
  const network = parseNetwork(sentinel)
  return network === null ? SENTINEL : formatNetwork(network)
}

/** Numbers for IPv4 (38 bits: word and length), 34 hex digits for IPv6; both sort as DESIGN.md section 8 wants. */
function keyOf(target: Network): number | string {
  if (isV4Network(target)) return target.words[3] * 64 + target.prefixLength - 96
  return (
    target.words.map((word) => word.toString(16).padStart(8, '0')).join('') +
    target.prefixLength.toString(16).padStart(2, '0')
  )
}

function merge(contents: Contents, added: readonly Entry[], removed: ReadonlySet<Entry>): Contents {
  if (added.length === 0 && removed.size === 0) return contents
  const isV4 = (entry: Entry): boolean => typeof entry.key === 'number'
  return {
    v4: mergeFamily(contents.v4, added.filter(isV4), removed),
    v6: mergeFamily(
      contents.v6,
      added.filter((entry) => !isV4(entry)),
      removed,
    ),
  }
}

function mergeFamily(kept: readonly Entry[], added: Entry[], removed: ReadonlySet<Entry>): readonly Entry[] {
  added.sort((a, b) => (a.key < b.key ? -1 : 1))
  const merged: Entry[] = []
  let next = 0
  for (const entry of kept) {
    while (next < added.length && (added[next] as Entry).key < entry.key) merged.push(added[next++] as Entry)
    if (!removed.has(entry)) merged.push(entry)
  }
  while (next < added.length) merged.push(added[next++] as Entry)
  return merged
}
