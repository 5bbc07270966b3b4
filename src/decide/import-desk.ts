/**
 * Lists of others: an external block list whose entries are blocked while it names them, an allowlist likewise, and the
 * blocks of an older system that are taken over once. What is protected or allowlisted, lifted by a person a short while
 * ago, held for review or blocked already is left alone, and told. Whatever a list says, the width limits hold.
 *
 * A refresh is written in parts of CHUNK entries, each one transaction with its audit row, so that a long list does not
 * keep detectors waiting. Rejects with AppError `state-unavailable`; what was written before stays, and the next refresh
 * goes on from there.
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, type Network } from '../lib/address.ts'
import type { AllowEntry, Decision, DecisionOrigin } from '../model/decision.ts'
import type { RuleName } from '../model/detection.ts'
import type { Json, StateChange } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { networkKey } from './network-map.ts'
import { instantOf, plural } from './sentences.ts'
import { refuseWidth } from './target.ts'

const CHUNK = 500
/** Targets of one kind of refusal that are named. */
const EXAMPLES = 5
/** Targets that an audit row names. */
const AUDIT_TARGETS = 100

export interface ImportSource {
  readonly name: string
  /** 0 to 100; null: not said. */
  readonly confidence: number | null
  /** How long an entry stays when the list is not read any more. */
  readonly lifetimeMs: number
  /** Networks wider than /24 (IPv4) or /48 (IPv6) are taken. */
  readonly takesWide: boolean
}

export interface Refreshed {
  readonly added: number
  readonly kept: number
  readonly ended: number
  /** What was left out, by reason. */
  readonly leftOut: readonly {
    readonly reason: string
    readonly count: number
    readonly examples: readonly string[]
  }[]
}

export interface AdoptedBlock {
  readonly target: Network
  readonly origin: DecisionOrigin
  readonly rule: RuleName | null
  readonly reason: string
  /** Unix ms. */
  readonly lastSeenAtMs: number
}

/** Who an imported decision or allowlist entry is of. */
export function ownerOf(name: string): string {
  return `list:${name}`
}

export class ImportDesk {
  readonly #keeper: Keeper

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** Blocks that the list is the cause of. O(active). */
  blocksOf(name: string): Decision[] {
    const owner = ownerOf(name)
    return Array.from(this.#keeper.registry.active(), ({ decision }) => decision).filter(
      ({ origin, createdBy }) => origin === 'feed' && createdBy === owner,
    )
  }

  allowedBy(name: string): AllowEntry[] {
    const owner = ownerOf(name)
    return [...this.#keeper.registry.allowEntries()].filter(({ createdBy }) => createdBy === owner)
  }

  /** Makes the blocks of a list those that it names now. */
  async refreshBlocks(source: ImportSource, targets: readonly Network[]): Promise<Refreshed> {
    const wanted = new Set(targets.map(networkKey))
    const known = this.blocksOf(source.name)
    const gone = known.filter(({ target }) => !wanted.has(networkKey(target)))
    await this.endBlocks(source.name, gone, 'system', `no longer on the list ${source.name}`)
    const left = new LeftOut()
    let added = 0
    let kept = 0
    // Wide ones first: what lies in them needs no decision of its own.
    const ordered = targets.toSorted((a, b) => a.prefixLength - b.prefixLength)
    for (let at = 0; at < ordered.length; at += CHUNK) {
      const done = await this.#addBlocks(source, ordered.slice(at, at + CHUNK), left)
      added += done.added
      kept += done.kept
    }
    return { added, kept, ended: gone.length, leftOut: left.told() }
  }

  /** Ends blocks of a list; those that are over already are left out. */
  async endBlocks(name: string, blocks: readonly Decision[], by: string, reason: string): Promise<void> {
    for (let at = 0; at < blocks.length; at += CHUNK) {
      await this.#keeper.serially(async () => {
        const { registry } = this.#keeper
        const active = blocks.slice(at, at + CHUNK).filter(({ id }) => registry.byId(id) !== undefined)
        if (active.length === 0) return
        const endedAtMs = this.#keeper.clock.nowMs()
        const changes = active.map((decision): StateChange => {
          return { kind: 'decision', decision: { ...decision, endedAtMs, endedBy: by, endReason: reason } }
        })
        const audit = this.#audit(
          'import.end',
          by,
          name,
          reason,
          active.map(({ target }) => target),
        )
        await this.#keeper.keepNow([...changes, audit])
      })
    }
  }

  #addBlocks(
    source: ImportSource,
    targets: readonly Network[],
    left: LeftOut,
  ): Promise<{ added: number; kept: number }> {
    return this.#keeper.serially(async () => {
      this.#keeper.refreshSources()
      const owner = ownerOf(source.name)
      const nowMs = this.#keeper.clock.nowMs()
      const changes: StateChange[] = []
      const fresh = new Map<number | string, Network>()
      let kept = 0
      for (const target of targets) {
        const own = this.#keeper.registry.block(target)?.decision
        if (own?.origin === 'feed' && own.createdBy === owner) {
          kept++
          changes.push(...prolonged(own, source.lifetimeMs, nowMs))
          continue
        }
        const reason = this.#reasonAgainst(target, source.takesWide)
        if (reason === null) fresh.set(networkKey(target), target)
        else left.note(reason, target)
      }
      for (const target of fresh.values())
        changes.push({
          kind: 'decision',
          decision: listDecision(source, target, owner, nowMs, this.#keeper.countryOf(target)),
        })
      const added = [...fresh.values()]
      if (added.length > 0)
        changes.push(this.#audit('import.add', 'system', source.name, `on the list ${source.name}`, added))
      if (changes.length > 0) await this.#keeper.keepNow(changes)
      return { added: added.length, kept }
    })
  }

  /** Why a target is not on the list although another list names it, as far as memory knows; one sentence or null. */
  standing(target: Network): string | null {
    const { protection, registry, clock } = this.#keeper
    const nowMs = clock.nowMs()
    const refusal = protection.reasonFor(target) ?? this.#keeper.allowReason(target)
    if (refusal !== null) return refusal
    const hold = registry.hold(target)?.decision
    if (hold !== undefined) return `held for review since ${instantOf(hold.createdAtMs)}: ${hold.reason}`
    const grace = registry.grace(target, nowMs)
    if (grace !== undefined)
      return `lifted by ${grace.by}, in grace until ${instantOf(grace.untilMs)}: ${grace.reason}`
    const active = registry.overlapping(target)
    const shadow = active.find(({ decision }) => decision.mode === 'shadow')?.decision
    if (shadow !== undefined) return `a rule in shadow mode would have blocked it: ${shadow.reason}`
    const inside = active.filter(({ decision }) => decision.mode === 'block')
    if (inside.length > 0)
      return registry.blockHolding(target) === undefined
        ? `only part of it is blocked: ${plural(inside.length, 'block')} inside it`
        : 'blocked, and the list is frozen'
    return null
  }

  /** What a first refresh of a block list would do, without doing it. */
  preview(targets: readonly Network[], takesWide: boolean): Refreshed {
    this.#keeper.refreshSources()
    const left = new LeftOut()
    let added = 0
    for (const target of targets) {
      const reason = this.#reasonAgainst(target, takesWide)
      if (reason === null) added++
      else left.note(reason, target)
    }
    return { added, kept: 0, ended: 0, leftOut: left.told() }
  }

  /** Why a list must not block the target, in a few words that are the same for many, or null. */
  #reasonAgainst(target: Network, takesWide: boolean): string | null {
    const { protection, registry, clock } = this.#keeper
    const nowMs = clock.nowMs()
    if (protection.reasonFor(target) !== null) return 'protected'
    if (registry.allowing(target, nowMs) !== undefined) return 'allowlisted'
    if (refuseWidth(target, takesWide) !== null) return 'too wide'
    if (registry.block(target) !== undefined) return 'blocked already'
    if (registry.blockHolding(target) !== undefined) return 'in a blocked network already'
    if (registry.hold(target) !== undefined) return 'held for review'
    return registry.grace(target, nowMs) === undefined ? null : 'lifted by a person a short while ago'
  }

  /** Makes the allowlist entries of a list those that it names now. Adding one lifts every block that it touches. */
  async refreshAllow(source: ImportSource, targets: readonly Network[]): Promise<Refreshed> {
    const wanted = new Set(targets.map(networkKey))
    const known = this.allowedBy(source.name)
    const gone = known.filter(({ target }) => !wanted.has(networkKey(target)))
    const left = new LeftOut()
    let added = 0
    let kept = 0
    for (let at = 0; at < targets.length; at += CHUNK) {
      const done = await this.#addAllow(source, targets.slice(at, at + CHUNK), left)
      added += done.added
      kept += done.kept
    }
    await this.endAllow(source.name, gone, 'system', `no longer on the list ${source.name}`)
    return { added, kept, ended: gone.length, leftOut: left.told() }
  }

  async endAllow(name: string, entries: readonly AllowEntry[], by: string, reason: string): Promise<void> {
    for (let at = 0; at < entries.length; at += CHUNK) {
      await this.#keeper.serially(async () => {
        const part = entries.slice(at, at + CHUNK)
        const changes = part.map((entry): StateChange => ({ kind: 'allow-removed', entry }))
        const audit = this.#audit(
          'import.end',
          by,
          name,
          reason,
          part.map(({ target }) => target),
        )
        await this.#keeper.keepNow([...changes, audit])
      })
    }
  }

  #addAllow(
    source: ImportSource,
    targets: readonly Network[],
    left: LeftOut,
  ): Promise<{ added: number; kept: number }> {
    return this.#keeper.serially(async () => {
      const { registry, clock } = this.#keeper
      const owner = ownerOf(source.name)
      const nowMs = clock.nowMs()
      const fresh = new Map<number | string, AllowEntry>()
      const lifted = new Map<string, Decision>()
      let kept = 0
      for (const target of targets) {
        const known = registry.allowEntry(target)
        if (known?.createdBy === owner) kept++
        else if (known !== undefined) left.note('allowed already', target)
        else if (refuseWidth(target, source.takesWide) !== null) left.note('too wide', target)
        else {
          fresh.set(networkKey(target), allowEntry(source, target, owner, nowMs))
          for (const { decision } of registry.overlapping(target)) lifted.set(decision.id, decision)
        }
      }
      const entries = [...fresh.values()]
      if (entries.length === 0) return { added: 0, kept }
      const reason = `on the allowlist ${source.name}`
      await this.#keeper.keepNow([
        ...entries.map((entry): StateChange => ({ kind: 'allow', entry })),
        ...lifted
          .values()
          .flatMap((decision) => this.#keeper.endChanges(decision, 'block.lift', 'system', reason)),
        this.#audit(
          'import.allow',
          'system',
          source.name,
          reason,
          entries.map(({ target }) => target),
        ),
      ])
      return { added: entries.length, kept }
    })
  }

  /** Takes blocks of an older system over. Those that are over by now, refused or blocked already are left out and told. */
  async adopt(
    blocks: readonly AdoptedBlock[],
    by: string,
    reason: string,
    isDryRun: boolean,
  ): Promise<Refreshed> {
    const left = new LeftOut()
    let added = 0
    for (let at = 0; at < blocks.length; at += CHUNK) {
      const part = blocks.slice(at, at + CHUNK)
      added += await this.#adoptPart(part, by, reason, isDryRun, left)
    }
    return { added, kept: 0, ended: 0, leftOut: left.told() }
  }

  #adoptPart(
    blocks: readonly AdoptedBlock[],
    by: string,
    reason: string,
    isDryRun: boolean,
    left: LeftOut,
  ): Promise<number> {
    return this.#keeper.serially(async () => {
      this.#keeper.refreshSources()
      const { clock, rules } = this.#keeper
      const nowMs = clock.nowMs()
      const fresh = new Map<number | string, Decision>()
      for (const block of blocks) {
        const country = this.#keeper.countryOf(block.target)
        const decision = adoptedDecision(block, by, nowMs, rules.inactiveMs, country)
        const key = networkKey(block.target)
        if (fresh.has(key)) left.note('twice in it', block.target)
        else if (decision.expiresAtMs !== null && decision.expiresAtMs <= nowMs)
          left.note('not seen for longer than inactive blocks stay', block.target)
        else {
          const against = this.#reasonAgainst(block.target, true)
          if (against === null) fresh.set(key, decision)
          else left.note(against, block.target)
        }
      }
      const decisions = [...fresh.values()]
      if (isDryRun || decisions.length === 0) return decisions.length
      await this.#keeper.keepNow([
        ...decisions.map((decision): StateChange => ({ kind: 'decision', decision })),
        this.#audit(
          'import.adopt',
          by,
          'older system',
          reason,
          decisions.map(({ target }) => target),
        ),
      ])
      return decisions.length
    })
  }

  #audit(action: string, by: string, name: string, reason: string, targets: readonly Network[]): StateChange {
    const details: Json = {
      count: targets.length,
      targets: targets.slice(0, AUDIT_TARGETS).map(formatNetwork),
    }
    return this.#keeper.auditChange(action, by, name, reason, details)
  }
}

/** What was left out, counted by reason with a few examples. */
class LeftOut {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>()

  note(reason: string, target: Network): void {
    const known = this.#reasons.get(reason) ?? { count: 0, examples: [] }
    this.#reasons.set(reason, known)
    known.count++
    if (known.examples.length < EXAMPLES) known.examples.push(formatNetwork(target))
  }

  told(): Refreshed['leftOut'] {
    return Array.from(this.#reasons, ([reason, known]) => ({ reason, ...known }))
  }
}

/** An entry that is still named lives on; written only when a quarter of its time has gone. */
function prolonged(decision: Decision, lifetimeMs: number, nowMs: number): StateChange[] {
  const { id, lastSeenAtMs, expiresAtMs } = decision
  if (expiresAtMs !== null && expiresAtMs - nowMs > lifetimeMs * 0.75) return []
  return [{ kind: 'seen', id, lastSeenAtMs, expiresAtMs: nowMs + lifetimeMs }]
}

function listDecision(
  source: ImportSource,
  target: Network,
  owner: string,
  nowMs: number,
  country: string | null,
): Decision {
  const sure = source.confidence === null ? '' : `, confidence ${source.confidence} of 100`
  return {
    ...blockOf(target, owner, nowMs, country),
    origin: 'feed',
    reason: `on the list ${source.name}${sure}`,
    expiresAtMs: nowMs + source.lifetimeMs,
    lifetimeMs: source.lifetimeMs,
  }
}

function adoptedDecision(
  block: AdoptedBlock,
  by: string,
  nowMs: number,
  inactiveMs: number,
  country: string | null,
): Decision {
  const lastSeenAtMs = Math.min(block.lastSeenAtMs, nowMs)
  return {
    ...blockOf(block.target, by, nowMs, country),
    origin: block.origin,
    rule: block.rule,
    reason: block.reason,
    lastSeenAtMs,
    expiresAtMs: block.origin === 'manual' ? null : lastSeenAtMs + inactiveMs,
  }
}

function blockOf(target: Network, createdBy: string, nowMs: number, country: string | null): Decision {
  return {
    id: randomUUIDv7(),
    target,
    scope: target.prefixLength === 128 ? 'address' : 'range',
    origin: 'feed',
    rule: null,
    reason: '',
    proof: null,
    severity: null,
    country,
    mode: 'block',
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    expiresAtMs: null,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    device: null,
    createdBy,
    lifetimeMs: null,
    offences: 1,
    tags: [],
  }
}

function allowEntry(source: ImportSource, target: Network, owner: string, nowMs: number): AllowEntry {
  const reason = `on the allowlist ${source.name}`
  return { id: randomUUIDv7(), target, reason, createdAtMs: nowMs, createdBy: owner, expiresAtMs: null }
}
