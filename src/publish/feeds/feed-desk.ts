/**
 * What people do with feeds: make, change and remove them, go back to an earlier list, release or refuse a held one, give
 * and take credentials. Each is a change of the kept object with its audit row in one transaction; only then it takes
 * effect. Secrets are answered once, when they are made, and neither kept nor audited.
 *
 * Rejects with AppError: `not-found`, `usage` for what a definition may not be, `unsafe` for what somebody else changed
 * meanwhile, `state-unavailable` (nothing has changed then).
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { ObjectRepository } from '../../model/object.ts'
import type { AuditEntry, Json } from '../../model/state.ts'
import { accessView, fingerprintOf, makeSecret, rotated } from './feed-access.ts'
import { FIRST_FEED, type FeedCredential, type FeedDefinition, feedFault } from './feed-definition.ts'
import { type Draft, holdsOf, judgeDraft, makeDraft } from './feed-draft.ts'
import { bodyOfFeed, FEED_KIND, type FeedPin, type KeptFeed } from './feed-object.ts'
import { type FeedService, MOST_FEEDS } from './feed-service.ts'
import { networksOfTexts } from './known-rows.ts'
import type { ManagedFeed } from './managed-feed.ts'
import { diffRevisions, type Hold, type RevisionDiff } from './revision.ts'

/** Where feeds may lie. */
const PLACES = /^\/(?:files|feeds)\//
/** How long the old credential is valid beside the new, when nothing is said. */
export const DEFAULT_GRACE_MS = 24 * 3_600_000

export interface Who {
  readonly by: string
  readonly reason: string
}

/** A credential to be made. */
export interface NewCredential {
  readonly kind: FeedCredential['kind']
  /** Basic: the user's name; else a name for people. */
  readonly name: string
  /** Of the client certificate; else the secret is made. */
  readonly fingerprint: string | null
}

export interface MadeSecret {
  readonly kind: FeedCredential['kind']
  readonly name: string
  /** Null with a client certificate: the client has its key. */
  readonly secret: string | null
}

export interface FeedPreview {
  readonly draft: Draft
  readonly holds: readonly Hold[]
  readonly diff: RevisionDiff
}

export class FeedDesk {
  readonly #service: FeedService
  readonly #state: ObjectRepository
  readonly #clock: Clock
  readonly #onChange: () => void
  /** One change at a time, so that two cannot pass the same judgement. */
  #last: Promise<unknown> = Promise.resolve()

  /** `onChange` is told after each change of a feed. */
  constructor(options: {
    service: FeedService
    state: ObjectRepository
    clock: Clock
    onChange?: () => void
  }) {
    this.#onChange = options.onChange ?? (() => {})
    this.#service = options.service
    this.#state = options.state
    this.#clock = options.clock
  }

  find(name: string): ManagedFeed {
    const feed = this.#service.get(name)
    if (feed === undefined) throw new AppError('not-found', `there is no feed ${name.slice(0, 64)}`)
    return feed
  }

  /** What a definition's list would be now, and how it differs from what its feed serves. Publishes nothing. */
  async preview(definition: FeedDefinition): Promise<FeedPreview> {
    const draft = await makeDraft(definition, this.#service.world)
    const engine = this.#service.get(definition.name)?.engine
    const before = engine?.networks() ?? []
    const previous = engine === undefined || engine.facts.origin === 'start' ? null : engine.facts
    return {
      draft,
      holds: holdsOf(judgeDraft(definition, draft, previous, 0)),
      diff: diffRevisions(
        before,
        draft.rows.map(({ network }) => network),
      ),
    }
  }

  /** Why a definition cannot be kept, as one sentence, or null. `name`: of the feed that is changed; null: a new one. */
  fault(definition: FeedDefinition, name: string | null): string | null {
    const other = this.#service.byPath(definition.path)
    if (!PLACES.test(definition.path)) return 'A path begins with /files/ or /feeds/.'
    if (name === null && this.#service.get(definition.name) !== undefined)
      return `There is a feed ${definition.name} already.`
    if (name === null && this.#service.all().length >= MOST_FEEDS)
      return `There are ${MOST_FEEDS} feeds already, the most.`
    if (other !== undefined && other.definition.name !== name)
      return `The path ${definition.path} is that of the feed ${other.definition.name}.`
    if (name === FIRST_FEED.name && definition.path !== FIRST_FEED.path)
      return `The first feed stays at ${FIRST_FEED.path}: firewalls of the older system fetch it there.`
    return feedFault(definition)
  }

  /** Makes a feed. Answers its secrets, this once. */
  add(
    definition: FeedDefinition,
    credentials: readonly NewCredential[],
    who: Who,
  ): Promise<{ feed: ManagedFeed; secrets: MadeSecret[] }> {
    return this.#serially(async () => {
      const made = credentials.map((credential) => makeCredential(credential))
      const access = { ...definition.access, credentials: made.map(({ credential }) => credential) }
      const complete = { ...definition, access }
      this.#check(complete, null)
      const feed = await this.#keep('feed.add', { definition: complete, pin: null }, null, who)
      return { feed, secrets: made.map(({ secret }) => secret) }
    })
  }

  /** Changes a definition; its name and credentials stay. `onVersion`: what the edit was made on, or null. */
  change(
    name: string,
    edit: (definition: FeedDefinition) => FeedDefinition,
    onVersion: number | null,
    who: Who,
  ): Promise<ManagedFeed> {
    return this.#serially(async () => {
      const feed = this.find(name)
      if (onVersion !== null && onVersion !== feed.version)
        throw new AppError('unsafe', 'somebody else changed the feed meanwhile: look at it again')
      const { credentials } = feed.definition.access
      const edited = edit(feed.definition)
      const definition = { ...edited, name, access: { ...edited.access, credentials } }
      this.#check(definition, name)
      return await this.#keep('feed.change', { definition, pin: feed.pin }, feed, who)
    })
  }

  remove(name: string, who: Who): Promise<void> {
    return this.#serially(async () => {
      const feed = this.find(name)
      if (name === FIRST_FEED.name)
        throw new AppError('unsafe', 'the first feed stays: firewalls that fetch it would lose their list')
      const change = { kind: FEED_KIND, id: name, body: null, onVersion: feed.version || null, by: who.by }
      const before = auditView({ definition: feed.definition, pin: feed.pin })
      const outcome = await this.#state.changeObject(
        change,
        this.#audit('feed.remove', name, who, { before }),
      )
      if (!outcome.ok && outcome.reason === 'changed') throw changedMeanwhile()
      await this.#service.drop(name)
      await this.#service.keepCopy()
      this.#onChange()
    })
  }

  /** A new secret beside the old one, which ends after the grace. */
  rotate(name: string, wanted: NewCredential, graceMs: number, who: Who): Promise<MadeSecret> {
    return this.#serially(async () => {
      const feed = this.find(name)
      const { credential, secret } = makeCredential(wanted)
      const times = { nowMs: this.#clock.nowMs(), graceMs }
      const credentials = rotated(feed.definition.access.credentials, credential, times)
      await this.#keepAccess('feed.rotate', feed, credentials, who)
      return secret
    })
  }

  /** Takes all credentials of a kind and name away, at once. */
  revoke(name: string, kind: FeedCredential['kind'], credentialName: string, who: Who): Promise<void> {
    return this.#serially(async () => {
      const feed = this.find(name)
      const { credentials } = feed.definition.access
      const left = credentials.filter((one) => one.kind !== kind || one.name !== credentialName)
      if (left.length === credentials.length)
        throw new AppError(
          'not-found',
          `the feed ${name} has no ${kind} credential ${credentialName.slice(0, 64)}`,
        )
      await this.#keepAccess('feed.revoke', feed, left, who)
    })
  }

  /** Serves the list of an earlier revision, less what may no longer be blocked, and keeps the feed there. */
  rollback(name: string, revision: number, who: Who): Promise<{ revision: number; refused: number }> {
    return this.#serially(async () => {
      const feed = this.find(name)
      const networks = await this.networksOf(feed, revision)
      const refused = networks.filter((network) => this.#service.world.refuse(network) !== null).length
      await this.#pin(feed, { revision, ...who, atMs: this.#clock.nowMs() }, 'feed.rollback', who)
      const note = `back to revision ${revision}, by ${who.by}: ${who.reason}`
      return { revision: await feed.engine.show(networks, note), refused }
    })
  }

  /** Publishes what is held, and lets a pinned feed follow the decisions again. */
  release(name: string, who: Who): Promise<{ wasPinned: boolean; wasHeld: boolean }> {
    return this.#serially(async () => {
      const feed = this.find(name)
      const wasPinned = feed.pin !== null
      if (!wasPinned && feed.engine.held === null)
        throw new AppError('not-found', `nothing of the feed ${name} is held`)
      await this.#pin(feed, null, 'feed.release', who)
      const wasHeld = await feed.engine.release(`released by ${who.by}: ${who.reason}`)
      return { wasPinned, wasHeld }
    })
  }

  /** Keeps the feed at the list in service, until it is released. */
  refuse(name: string, who: Who): Promise<void> {
    return this.#serially(async () => {
      const feed = this.find(name)
      if (feed.engine.held === null) throw new AppError('not-found', `nothing of the feed ${name} is held`)
      const { revision } = feed.engine.facts
      await this.#pin(feed, { revision, ...who, atMs: this.#clock.nowMs() }, 'feed.refuse', who)
    })
  }

  /** What a revision had and another has not. `to` null: the list that waits, or else the one that would be made now. */
  async diff(name: string, from: number | null, to: number | null): Promise<RevisionDiff> {
    const feed = this.find(name)
    const before = from === null ? feed.engine.networks() : await this.networksOf(feed, from)
    if (to !== null) return diffRevisions(before, await this.networksOf(feed, to))
    if (from !== null) return diffRevisions(before, feed.engine.networks())
    if (feed.engine.held !== null) return diffRevisions(before, feed.engine.heldNetworks())
    const draft = await makeDraft(feed.definition, this.#service.world)
    return diffRevisions(
      before,
      draft.rows.map(({ network }) => network),
    )
  }

  /** Networks of a revision: the one in service, or one on disk. */
  async networksOf(feed: ManagedFeed, revision: number): Promise<readonly Network[]> {
    if (revision === feed.engine.facts.revision) return feed.engine.networks()
    const kept = await feed.store.read(revision)
    if (kept === null) {
      const known = feed.store.notes.map((note) => note.revision)
      const some = known.length === 0 ? 'none is' : `kept are ${known.slice(0, 12).join(', ')}`
      throw new AppError(
        'not-found',
        `revision ${revision} of the feed ${feed.definition.name} is not kept; ${some}`,
      )
    }
    return networksOfTexts(kept.networks)
  }

  #check(definition: FeedDefinition, name: string | null): void {
    const fault = this.fault(definition, name)
    if (fault !== null) throw new AppError('usage', fault)
  }

  async #keepAccess(
    action: string,
    feed: ManagedFeed,
    credentials: readonly FeedCredential[],
    who: Who,
  ): Promise<void> {
    const { definition, pin } = feed
    const changed = { ...definition, access: { ...definition.access, credentials } }
    this.#check(changed, definition.name)
    await this.#keep(action, { definition: changed, pin }, feed, who)
  }

  async #pin(feed: ManagedFeed, pin: FeedPin | null, action: string, who: Who): Promise<void> {
    await this.#keep(action, { definition: feed.definition, pin }, feed, who)
  }

  async #keep(action: string, kept: KeptFeed, before: ManagedFeed | null, who: Who): Promise<ManagedFeed> {
    const { name } = kept.definition
    const details: Json = { before: before === null ? null : auditView(before), after: auditView(kept) }
    const outcome = await this.#state.changeObject(
      { kind: FEED_KIND, id: name, body: bodyOfFeed(kept), onVersion: before?.version ?? 0, by: who.by },
      this.#audit(action, name, who, details),
    )
    if (!outcome.ok) throw changedMeanwhile()
    await this.#service.put(kept, outcome.version)
    await this.#service.keepCopy()
    this.#onChange()
    return this.find(name)
  }

  #audit(action: string, subject: string, { by, reason }: Who, details: Json): AuditEntry {
    return { id: randomUUIDv7(), atMs: this.#clock.nowMs(), actor: by, action, subject, reason, details }
  }

  #serially<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = this.#last.then(work)
    // The caller gets the failure; the next in line must only wait for the end.
    this.#last = run.catch(() => undefined)
    return run
  }
}

function changedMeanwhile(): AppError {
  return new AppError('unsafe', 'somebody else changed the feed meanwhile: look at it again')
}

/** A definition as the audit log shows it: no hashes. */
function auditView({ definition, pin }: KeptFeed): Json {
  const body = bodyOfFeed({
    definition: { ...definition, access: { ...definition.access, credentials: [] } },
    pin,
  })
  return { ...(body as Record<string, Json>), access: { ...accessView(definition.access) } }
}

function makeCredential({ kind, name, fingerprint }: NewCredential): {
  credential: FeedCredential
  secret: MadeSecret
} {
  if (!/^[^\p{C}:]{1,64}$/u.test(name))
    throw new AppError('usage', 'a credential has a name of up to 64 characters without ":"')
  if (kind !== 'client-certificate') {
    const { secret, hash } = makeSecret()
    return { credential: { kind, name, hash, validUntilMs: null }, secret: { kind, name, secret } }
  }
  const hash = fingerprintOf(fingerprint ?? '')
  if (hash === null)
    throw new AppError('usage', 'a client certificate is named by its SHA-256 fingerprint, 64 hex digits')
  return { credential: { kind, name, hash, validUntilMs: null }, secret: { kind, name, secret: null } }
}

/** Text of networks for those who show them. */
export function textsOf(networks: readonly Network[], most: number): string[] {
  return networks.slice(0, most).map(formatNetwork)
}
