/**
 * Decide: detections in, decisions out, and the set of targets that are to be on the list. `Decider.open` loads what is
 * active; `decide` and `seen` are the pipeline's side, `tick` is time's, `blocks`, `allow` and `engine` are people's.
 * The precedence is DESIGN.md section 7: protected, allowlist, manual block, detector.
 *
 * Limits: one instance per state. What `seen` moves is written every few seconds, so a crash may lose that much of it.
 */
import type { Network } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Decision, DecisionMode } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import type { Pruned, StateRepository, StateSnapshot } from '../model/state.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import { AllowDesk } from './allow-desk.ts'
import { TagDesk } from './tag-desk.ts'
import { BlockDesk } from './block-desk.ts'
import type { CountryLookup } from './country.ts'
import type { DecisionRules } from './decision-rules.ts'
import { EngineDesk } from './engine-desk.ts'
import { type Expired, expire } from './expiry.ts'
import { explainAddress, type Explanation, type SeenLines } from './explain.ts'
import { ImportDesk } from './import-desk.ts'
import { Judge, type JudgeCounters, type Judgement } from './judge.ts'
import { Keeper } from './keeper.ts'
import type { Outcome } from './outcome.ts'
import type { ProtectedEntry, ProtectionSources } from './protected.ts'
import type { ListChange } from './published.ts'
import { type FilterName, matchesRule } from './rule-names.ts'

/** Moved stamps are written so often, so many at a time. */
const WRITE_SEEN_MS = 5000
const WRITE_SEEN_COUNT = 2000
/** For rules without a window of their own, when detections are compared; and how many are looked at. */
const WINDOW_SECONDS = 600
const LOOKED_UP = 100
const EXPIRY_MS = 60_000
/** Detections that are no active decision's evidence, kept at most. About 5 kB each. */
const MAX_DETECTIONS = 50_000

export interface DeciderOptions {
  readonly repository: StateRepository
  readonly rules: DecisionRules
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly protectionSources?: ProtectionSources
  /** The operator's database of addresses, for targets whose country no log line names; absent: none. */
  readonly countryLookup?: CountryLookup
  /** False in `replay`, where time leaps. */
  readonly guardsExpiry?: boolean
}

/** A blocked source that sent lines. */
export interface SeenSource {
  readonly target: Network
  readonly lastSeenAtMs: number
  readonly count: number
}

export interface ActiveFilter {
  readonly mode?: DecisionMode
  readonly rule?: FilterName
  readonly device?: string
}

export interface DeciderCounters extends JudgeCounters {
  readonly blocks: number
  readonly holds: number
  readonly shadows: number
  readonly published: number
  /** Changes that are in effect and not yet durable. */
  readonly waitingWrites: number
  /** Evidence and audit rows given up for want of room. */
  readonly lostWrites: number
}

export class Decider {
  readonly blocks: BlockDesk
  readonly allow: AllowDesk
  readonly tags: TagDesk
  readonly engine: EngineDesk
  /** Lists of others. */
  readonly imports: ImportDesk
  readonly #keeper: Keeper
  readonly #judge: Judge
  readonly #guardsExpiry: boolean
  #seenWrittenMs: number
  #expiredMs = Number.NEGATIVE_INFINITY

  private constructor(options: DeciderOptions, snapshot: StateSnapshot) {
    this.#keeper = new Keeper({ ...options, snapshot })
    this.#judge = new Judge(this.#keeper)
    this.#guardsExpiry = options.guardsExpiry ?? true
    this.blocks = new BlockDesk(this.#keeper)
    this.allow = new AllowDesk(this.#keeper)
    this.tags = new TagDesk(this.#keeper)
    this.engine = new EngineDesk(this.#keeper, () => this.#judge.reset())
    this.imports = new ImportDesk(this.#keeper)
    this.#seenWrittenMs = options.clock.monotonicMs()
  }

  /** Loads what is active. Rejects with AppError `state-unavailable` when the repository cannot be read. */
  static async open(options: DeciderOptions): Promise<Decider> {
    return new Decider(options, await options.repository.load())
  }

  /**
   * Judges detections in their order. When it resolves, what was decided is durable (or waits to be, with an alarm)
   * and on the list. Never rejects for the state's sake.
   */
  decide(detections: readonly Detection[]): Promise<Judgement[]> {
    if (detections.length === 0) return Promise.resolve([])
    return this.#keeper.serially(async () => {
      this.#keeper.refreshSources()
      const judgements: Judgement[] = []
      const written = []
      for (const detection of detections) {
        const { judgement, changes } = this.#judge.judge(detection)
        // The next detection of the batch must find this one's block.
        this.#keeper.mirror(changes)
        written.push(...changes)
        judgements.push(judgement)
      }
      await this.#keeper.keepMirrored(written)
      return judgements
    })
  }

  /**
   * Of detections made from lines that were read once more after a start, those that were not judged before it: a
   * detection and its verdict are written together. So what happened while the engine was off stays undone. Never
   * rejects: what cannot be looked up counts as not judged. One query a detection.
   */
  async unjudged(detections: readonly Detection[]): Promise<Detection[]> {
    const fresh: Detection[] = []
    for (const detection of detections) if (!(await this.#wasJudged(detection))) fresh.push(detection)
    return fresh
  }

  async #wasJudged(detection: Detection): Promise<boolean> {
    const { source, rule, destination, port, detectedAtMs } = detection
    const windowMs = (detection.windowSeconds ?? WINDOW_SECONDS) * 1000
    try {
      const stored = await this.#keeper.repository.detections({ overlapping: source, rule, limit: LOOKED_UP })
      return stored.some(
        ({ detection: known }) =>
          known.destination === destination &&
          known.port === port &&
          // Read once more, the same lines may cross the threshold at another of them.
          Math.abs(known.detectedAtMs - detectedAtMs) <= windowMs,
      )
    } catch (thrown) {
      this.#keeper.alarms.raise({
        code: 'judgements-not-read',
        severity: 'warning',
        message: `What was judged before the start could not be read: ${messageOf(thrown)}. It is judged once more.`,
        mend: 'Look at the disk and the state database, and at blocks of the last minutes.',
      })
      return false
    }
  }

  /** Lines came from blocked sources: they stay blocked longer. Memory only; `tick` writes it. */
  seen(sources: readonly SeenSource[]): void {
    const { registry, rules, clock } = this.#keeper
    for (const { target, lastSeenAtMs, count } of sources) {
      const active = registry.blockHolding(target)
      if (active === undefined) continue
      registry.see(active, Math.min(lastSeenAtMs, clock.nowMs()), count, rules.inactiveMs)
    }
  }

  /** To be called about every second: writes moved stamps, tries failed writes again, ends what is over. */
  tick(): Promise<void> {
    return this.#keeper.serially(async () => {
      const { clock, writer, registry } = this.#keeper
      const nowMs = clock.monotonicMs()
      await writer.retry()
      if (nowMs - this.#seenWrittenMs >= WRITE_SEEN_MS && writer.waiting === 0) {
        this.#seenWrittenMs = nowMs
        await writer.write(registry.takeMoved(WRITE_SEEN_COUNT))
      }
      this.#keeper.refreshSources()
      this.#judge.settle()
      if (nowMs - this.#expiredMs >= EXPIRY_MS) {
        this.#expiredMs = nowMs
        await expire(this.#keeper, { isGuarded: this.#guardsExpiry })
      }
    })
  }

  /** Ends what is over now. A person may carry out a pass that was held. */
  expireNow(confirmedBy?: string): Promise<Expired> {
    return this.#keeper.serially(() =>
      expire(this.#keeper, {
        isGuarded: this.#guardsExpiry,
        ...(confirmedBy === undefined ? {} : { confirmedBy }),
      }),
    )
  }

  /** Writes all moved stamps and what waits; for the end of the process. Never rejects. */
  flush(): Promise<void> {
    return this.#keeper.serially(async () => {
      const { registry, writer } = this.#keeper
      await writer.write(registry.takeMoved(Number.POSITIVE_INFINITY))
    })
  }

  /** Retention of ended decisions and of detections; for the nightly job. Failure is an alarm, and null. */
  prune(): Promise<Pruned | null> {
    const { repository, rules, clock, alarms } = this.#keeper
    return this.#keeper.serially(async () => {
      try {
        const beforeMs = clock.nowMs() - rules.retentionMs
        const pruned = await repository.prune({ beforeMs, maxDetections: MAX_DETECTIONS })
        alarms.clear('state-not-pruned')
        return pruned
      } catch (thrown) {
        alarms.raise({
          code: 'state-not-pruned',
          severity: 'warning',
          message: `Old decisions and detections could not be deleted: ${messageOf(thrown)}.`,
          mend: 'Look at the disk and at the state database; it is tried again at the next nightly job.',
        })
        return null
      }
    })
  }

  configure(rules: DecisionRules): void {
    this.#keeper.configure(rules)
    this.#judge.configure()
  }

  /** This machine's own addresses, resolvers and gateways are never blocked. */
  setMachine(entries: readonly ProtectedEntry[]): void {
    this.#keeper.protection.setMachine(entries)
    this.#keeper.recheck()
  }

  /** Takes over at once that an administrator has signed in or a new sender of logs has come; `tick` does it too. */
  refreshSources(): void {
    this.#keeper.refreshSources()
  }

  /** Asks the last filter about every block again. O(blocks). */
  recheck(): void {
    this.#keeper.recheck()
  }

  /** Why the target must never be on the list, or null: the last filter for whoever publishes. */
  refuse(target: Network): string | null {
    return this.#keeper.refuse(target)
  }

  /** The targets that are on the list now, in no particular order. O(entries). */
  published(): Network[] {
    return this.#keeper.published.all()
  }

  /** The block of exactly this target with the lines seen from it since the start, or null. O(1). */
  blockOf(target: Network): { readonly decision: Decision; readonly lines: number } | null {
    return this.#keeper.registry.block(target) ?? null
  }

  /** The block of exactly this target, else what is held of it, as far as such are asked for; or null. O(1). */
  standing(target: Network, modes: readonly ('block' | 'hold')[]): Decision | null {
    const { registry } = this.#keeper
    const block = modes.includes('block') ? registry.block(target) : undefined
    return (block ?? (modes.includes('hold') ? registry.hold(target) : undefined))?.decision ?? null
  }

  /** A block that shares an address with the target, the target's own first, or null. */
  blockOver(target: Network): Decision | null {
    const { registry } = this.#keeper
    return (registry.block(target) ?? registry.blocksOverlapping(target)[0])?.decision ?? null
  }

  /** Networks over which nothing may be merged: allowlisted and protected. O(entries of both). */
  never(): Network[] {
    const nowMs = this.#keeper.clock.nowMs()
    const allowed = this.allow.list().filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs)
    return [...this.#keeper.protection.networks(), ...allowed.map(({ target }) => target)]
  }

  /** Tells what goes on and off the list; returns the way to stop it. */
  onListChange(listener: (change: ListChange) => void): () => void {
    return this.#keeper.onListChange(listener)
  }

  /** Active decisions that share an address with the network, newest first. A few look-ups for an address, else O(active). */
  overlapping(network: Network): Decision[] {
    return this.#keeper.registry
      .overlapping(network)
      .map(({ decision }) => decision)
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
  }

  /** Active decisions as memory has them, for who orders the few that he takes. */
  *inNoOrder(): Generator<Decision, void, undefined> {
    for (const { decision } of this.#keeper.registry.active()) yield decision
  }

  /** Active decisions, newest first. O(active). */
  active(filter: ActiveFilter = {}): Decision[] {
    return Array.from(this.#keeper.registry.active(), ({ decision }) => decision)
      .filter(
        (decision) =>
          (filter.mode === undefined || decision.mode === filter.mode) &&
          (filter.rule === undefined || matchesRule(decision, filter.rule)) &&
          (filter.device === undefined || decision.device === filter.device),
      )
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
  }

  counters(): DeciderCounters {
    const { registry, published, writer } = this.#keeper
    return {
      ...this.#judge.counters,
      blocks: registry.blockCount,
      holds: registry.holdCount,
      shadows: registry.shadowCount,
      published: published.size,
      waitingWrites: writer.waiting,
      lostWrites: writer.lost,
    }
  }

  /** Why the address is blocked or not, in plain sentences. `lines` is what the logs know of it, if asked. */
  explain(address: string, lines: SeenLines | null = null): Promise<Outcome<Explanation>> {
    return explainAddress(this.#keeper, address, lines)
  }
}
