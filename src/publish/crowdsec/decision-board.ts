/**
 * What bouncers are told: the decisions behind the published list by value, and a bounded memory of what changed, from
 * which each bouncer gets what is new since its last pull. Whether a value is told as blocked or as ended is asked of the
 * set of now and not of the changes, so that a value never ends for a bouncer while another decision for it is in force.
 *
 * Limits: CHANGES_KEPT changes; a bouncer that was away for longer gets the whole list. Cost: a change O(1), an answer
 * O(changes), `review` REVIEWED entries.
 */
import { formatNetwork, isV4, type Network, networkOf } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Decision } from '../../model/decision.ts'
import { toldUntilMs } from './told-until.ts'

/** Changes that are remembered; 50 bytes each beside the decisions. */
const CHANGES_KEPT = 262_144
/** Entries looked at in one `review`. */
const REVIEWED = 10_000
/** Earlier ends of a value that are remembered. */
const LAPSES_KEPT = 4

/** A value as it is told: blocked until then, or ended then. */
export interface Told {
  readonly value: string
  readonly decision: Decision
  /** Unix ms. */
  readonly atMs: number
}

interface Entry {
  readonly value: string
  decision: Decision
  /** When the entry of a bouncer that was told last runs out. */
  toldUntilMs: number
  /** When entries run out that bouncers were told of an earlier decision for the value; the earliest first. */
  lapsesMs: number[]
}

/** A change of a value: what stands there now is asked of the set. */
interface Change {
  readonly value: string
  /** What was ended; null: something began. */
  readonly ended: Told | null
}

export interface BoardOptions {
  readonly clock: Clock
  /** The decision for which a target is published, or null. */
  readonly decisionOf: (target: Network) => Decision | null
  /** Changes that are remembered. */
  readonly changesKept?: number
}

export class DecisionBoard {
  readonly #options: BoardOptions
  readonly #entries = new Map<string, Entry>()
  /** Values by prefix length in the 128-bit form and family, for the question what covers an address. */
  readonly #lengths = { v4: new Uint32Array(129), v6: new Uint32Array(129) }
  #changes: Change[] = []
  /** Place of `#changes[0]`. */
  #firstPlace = 1
  #reviewing: Iterator<Entry> | null = null
  #isFilled = false

  constructor(options: BoardOptions) {
    this.#options = options
  }

  /** False before `fill`: nothing may be answered then, since an empty answer lifts every block. */
  get isFilled(): boolean {
    return this.#isFilled
  }

  get size(): number {
    return this.#entries.size
  }

  /** Where the changes end now: what a bouncer has after an answer that was begun now. */
  get place(): number {
    return this.#firstPlace + this.#changes.length
  }

  /** What is published when the process starts. */
  fill(targets: Iterable<Network>): void {
    for (const target of targets) this.#add(target)
    this.#isFilled = true
  }

  /** Takes over a change of the published list. */
  apply(change: { readonly added: readonly Network[]; readonly removed: readonly Network[] }): void {
    for (const target of change.removed) this.#remove(target)
    for (const target of change.added) this.#add(target)
  }

  /**
   * Decisions that have ended, of which bouncers may still hold entries: where another one stands for the value now, it
   * is told again when those run out.
   */
  noteEnded(decisions: readonly Decision[]): void {
    const nowMs = this.#options.clock.nowMs()
    for (const decision of decisions) {
      const entry = this.#entries.get(formatNetwork(decision.target))
      if (entry === undefined || decision.endedAtMs === null) continue
      const lapseMs = toldUntilMs(decision, decision.endedAtMs)
      if (lapseMs > nowMs) this.#noteLapse(entry, lapseMs)
    }
  }

  /** To be called about every second: tells again what bouncers' entries no longer say. */
  review(): void {
    this.#reviewing ??= this.#entries.values()
    for (let i = 0; i < REVIEWED; i++) {
      const next = this.#reviewing.next()
      if (next.done === true) {
        this.#reviewing = null
        return
      }
      this.#reviewOne(next.value)
    }
  }

  #reviewOne(entry: Entry): void {
    const nowMs = this.#options.clock.nowMs()
    const decision = this.#options.decisionOf(entry.decision.target)
    if (decision === null) return // the change of the list is on its way
    const isOther = decision.id !== entry.decision.id
    if (isOther) this.#noteLapse(entry, entry.toldUntilMs)
    entry.decision = decision
    const hasLapsed = (entry.lapsesMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs
    const isOver = entry.toldUntilMs <= nowMs
    if (!isOther && !hasLapsed && !isOver) return
    entry.lapsesMs = entry.lapsesMs.filter((lapseMs) => lapseMs > nowMs)
    const untilMs = toldUntilMs(decision, nowMs)
    if (untilMs <= nowMs) return // it ends with the next pass of expiry
    entry.toldUntilMs = untilMs
    this.#note({ value: entry.value, ended: null })
  }

  #noteLapse(entry: Entry, lapseMs: number): void {
    if (entry.lapsesMs.includes(lapseMs)) return
    entry.lapsesMs = [...entry.lapsesMs, lapseMs].sort((a, b) => a - b).slice(0, LAPSES_KEPT)
  }

  #add(target: Network): void {
    const decision = this.#options.decisionOf(target)
    if (decision === null) return
    const value = formatNetwork(target)
    if (!this.#entries.has(value)) this.#count(target, 1)
    const untilMs = toldUntilMs(decision, this.#options.clock.nowMs())
    this.#entries.set(value, { value, decision, toldUntilMs: untilMs, lapsesMs: [] })
    if (this.#isFilled) this.#note({ value, ended: null })
  }

  #remove(target: Network): void {
    const value = formatNetwork(target)
    const entry = this.#entries.get(value)
    if (entry === undefined) return
    this.#entries.delete(value)
    this.#count(target, -1)
    const ended = { value, decision: entry.decision, atMs: this.#options.clock.nowMs() }
    this.#note({ value, ended })
  }

  #count(target: Network, by: 1 | -1): void {
    const lengths = isV4Target(target) ? this.#lengths.v4 : this.#lengths.v6
    lengths[target.prefixLength] = (lengths[target.prefixLength] ?? 0) + by
  }

  #note(change: Change): void {
    this.#changes.push(change)
    const kept = this.#options.changesKept ?? CHANGES_KEPT
    if (this.#changes.length < 2 * kept) return
    this.#firstPlace += this.#changes.length - kept
    this.#changes = this.#changes.slice(-kept)
  }

  /** All that is blocked, read as it is taken: what comes meanwhile may be in it, what goes is not. */
  *active(): Generator<Told, void, undefined> {
    for (const entry of this.#entries.values()) yield toldOf(entry)
  }

  has(value: string): boolean {
    return this.#entries.has(value)
  }

  /** What began and what ended since a place; null when that is no longer known. */
  since(place: number): { readonly began: Told[]; readonly ended: Told[] } | null {
    if (place < this.#firstPlace || place > this.place) return null
    const latest = new Map<string, Told | null>()
    for (let at = place - this.#firstPlace; at < this.#changes.length; at++) {
      const change = this.#changes[at] as Change
      latest.set(change.value, change.ended)
    }
    const began: Told[] = []
    const ended: Told[] = []
    for (const [value, told] of latest) {
      const entry = this.#entries.get(value)
      if (entry !== undefined) began.push(toldOf(entry))
      else if (told !== null) ended.push(told)
    }
    return { began, ended }
  }

  /** Blocked values that hold all of the network. At most 33 or 129 look-ups. */
  covering(network: Network): Told[] {
    const isV4Asked = isV4Target(network)
    const lengths = isV4Asked ? this.#lengths.v4 : this.#lengths.v6
    const found: Told[] = []
    for (let length = network.prefixLength; length >= (isV4Asked ? 96 : 0); length--) {
      if (lengths[length] === 0) continue
      const entry = this.#entries.get(formatNetwork(networkOf(network.words, length)))
      if (entry !== undefined) found.push(toldOf(entry))
    }
    return found
  }
}

function toldOf(entry: Entry): Told {
  return { value: entry.value, decision: entry.decision, atMs: entry.toldUntilMs }
}

function isV4Target(network: Network): boolean {
  return network.prefixLength >= 96 && isV4(network.words)
}
