/**
 * The bouncers: who a key or certificate belongs to, what each has fetched, and what people do to them. All in memory;
 * people's changes are durable when they resolve, what bouncers do is written every `flush`. After a crash a bouncer's last
 * pull may be told too early, which makes its next answer longer and never wrong.
 *
 * Limits: MAX_BOUNCERS, MAX_USES per bouncer; the use that is longest unheard of is forgotten, and counted.
 */
import { randomUUIDv7 } from 'node:crypto'
import { contains, parseAddress, parseNetwork } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { Journal, ObjectRepository } from '../../model/object.ts'
import type { AuditEntry, Json } from '../../model/state.ts'
import {
  agentOf,
  BOUNCER_KIND,
  BOUNCER_USE_KIND,
  type Bouncer,
  type BouncerBody,
  bouncerOf,
  type BouncerUse,
  digestOf,
  METRICS_KIND,
  newKey,
  useOf,
} from './bouncer.ts'
import type { ComponentMetrics } from './usage-metrics.ts'

const MAX_BOUNCERS = 1000
const MAX_USES = 64
const METRICS_KEPT_MS = 30 * 24 * 3_600_000
const METRICS_KEPT = 20_000
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

export interface NewBouncer {
  readonly name: string
  /** One that the bouncer has already; null makes one. */
  readonly key: string | null
  readonly certificate: string | null
  readonly hostsOnly: boolean
  readonly sources: readonly string[]
  readonly note: string
}

/** What is not given stays. */
export interface BouncerChange {
  /** Null: no certificate any more. */
  readonly certificate?: string | null | undefined
  readonly hostsOnly?: boolean | undefined
  readonly sources?: readonly string[] | undefined
  readonly note?: string | undefined
  /** Makes another key; the old one is refused at once. */
  readonly newKey?: boolean | undefined
}

export interface BouncersOptions {
  readonly repository: ObjectRepository & Journal
  readonly clock: Clock
}

/** A use with the place in the changes up to which it has been told; null: not known, it gets the whole list. */
export interface LiveUse {
  use: BouncerUse
  place: number | null
}

export class Bouncers {
  readonly #options: BouncersOptions
  readonly #byName = new Map<string, Bouncer>()
  readonly #byDigest = new Map<string, Bouncer>()
  readonly #uses = new Map<string, LiveUse>()
  readonly #changed = new Set<string>()
  /** The last metrics of a use. */
  readonly #metrics = new Map<string, { readonly atMs: number; readonly metrics: ComponentMetrics }>()
  #forgotten = 0
  #hasMetrics = false
  /** Told when a bouncer came or went. */
  onChange: () => void = () => {}

  private constructor(options: BouncersOptions) {
    this.#options = options
  }

  /** Rejects with AppError `state-unavailable`. */
  static async open(options: BouncersOptions): Promise<Bouncers> {
    const opened = new Bouncers(options)
    for (const object of await options.repository.objects(BOUNCER_KIND)) {
      const bouncer = bouncerOf(object)
      if (bouncer !== null) opened.#put(bouncer)
    }
    for (const object of await options.repository.objects(BOUNCER_USE_KIND)) {
      const use = useOf(object)
      if (use !== null && opened.#byName.has(use.bouncer)) opened.#uses.set(object.id, { use, place: null })
    }
    return opened
  }

  #put(bouncer: Bouncer): void {
    this.#byName.set(bouncer.name, bouncer)
    if (bouncer.keyDigest !== null) this.#byDigest.set(bouncer.keyDigest, bouncer)
  }

  /** In order of their names. */
  all(): Bouncer[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): Bouncer | null {
    return this.#byName.get(name) ?? null
  }

  /** The last heard first. */
  usesOf(name: string): BouncerUse[] {
    return Array.from(this.#uses.values(), ({ use }) => use)
      .filter((use) => use.bouncer === name)
      .sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
  }

  /** The newest metrics of each use of a bouncer since the start. */
  metricsOf(
    name: string,
  ): { readonly address: string; readonly atMs: number; readonly metrics: ComponentMetrics }[] {
    return [...this.#metrics].flatMap(([id, told]) => {
      const use = this.#uses.get(id)?.use
      return use?.bouncer === name ? [{ address: use.address, ...told }] : []
    })
  }

  /** Uses that were forgotten because a bouncer came from too many addresses. */
  get forgotten(): number {
    return this.#forgotten
  }

  /**
   * Whose key or certificate it is, or null. The digest is looked up and not compared byte by byte: the time of a
   * look-up tells something of a digest, which helps nobody to find a key.
   */
  admit(key: string | undefined, certificate: string | null, address: string): Bouncer | null {
    const bouncer =
      key === undefined || key === ''
        ? certificate === null
          ? undefined
          : this.all().find((known) => known.certificate === certificate)
        : this.#byDigest.get(digestOf(key))
    if (bouncer === undefined || !mayComeFrom(bouncer, address)) return null
    return bouncer
  }

  /** The use of a bouncer from an address by a program, made at its first request. */
  useOf(bouncer: Bouncer, address: string, agentHeader: string | undefined): LiveUse {
    const { agent, version } = agentOf(agentHeader)
    const id = `${bouncer.name} ${address} ${agent}`
    const nowMs = this.#options.clock.nowMs()
    let live = this.#uses.get(id)
    if (live === undefined) {
      this.#forgetOldest(bouncer.name)
      const use: BouncerUse = {
        bouncer: bouncer.name,
        address,
        agent,
        agentVersion: version,
        firstSeenAtMs: nowMs,
        lastSeenAtMs: nowMs,
        lastPullAtMs: null,
        pulls: 0,
        lastAnswer: null,
      }
      live = { use, place: null }
      this.#uses.set(id, live)
    }
    live.use = { ...live.use, agentVersion: version, lastSeenAtMs: nowMs }
    this.#changed.add(id)
    return live
  }

  #forgetOldest(name: string): void {
    const known = this.usesOf(name)
    const oldest = known.length < MAX_USES ? undefined : known.at(-1)
    if (oldest === undefined) return
    const id = idOf(oldest)
    this.#uses.delete(id)
    this.#metrics.delete(id)
    this.#changed.add(id)
    this.#forgotten++
  }

  /** An answer of `decisions/stream` went out whole. */
  pulled(live: LiveUse, place: number, beganMs: number, answer: NonNullable<BouncerUse['lastAnswer']>): void {
    live.place = place
    live.use = { ...live.use, lastPullAtMs: beganMs, pulls: live.use.pulls + 1, lastAnswer: answer }
    this.#changed.add(idOf(live.use))
  }

  /** Keeps what a bouncer says of its work. Rejects with AppError `state-unavailable`. */
  async keepMetrics({ use }: LiveUse, metrics: ComponentMetrics): Promise<void> {
    const atMs = this.#options.clock.nowMs()
    this.#metrics.set(idOf(use), { atMs, metrics })
    this.#hasMetrics = true
    const body = { address: use.address, ...metrics } as unknown as Json
    const entry = { id: randomUUIDv7(), kind: METRICS_KIND, subject: use.bouncer, atMs, body }
    await this.#options.repository.appendJournal([entry])
  }

  /** Writes what bouncers did. Rejects with AppError `state-unavailable`; the rest is written the next time. */
  async flush(): Promise<void> {
    const { repository } = this.#options
    for (const id of Array.from(this.#changed)) {
      this.#changed.delete(id)
      const body = (this.#uses.get(id)?.use ?? null) as Json
      try {
        await repository.changeObject(
          { kind: BOUNCER_USE_KIND, id, body, onVersion: null, by: 'system' },
          null,
        )
      } catch (error) {
        this.#changed.add(id)
        throw error
      }
    }
  }

  /** For the nightly job: metrics past their time. */
  async prune(): Promise<void> {
    if (!this.#hasMetrics) return
    const beforeMs = this.#options.clock.nowMs() - METRICS_KEPT_MS
    await this.#options.repository.pruneJournal(METRICS_KIND, beforeMs, METRICS_KEPT)
  }

  /** Answers the bouncer with its key, which is told this once; null when it came with the request or there is none. Throws AppError. */
  async add(wanted: NewBouncer, by: string): Promise<{ bouncer: Bouncer; key: string | null }> {
    if (!NAME.test(wanted.name))
      throw new AppError(
        'usage',
        'a bouncer is named by 1 to 64 letters, digits and . _ @ -, a letter or digit first',
      )
    if (this.#byName.has(wanted.name))
      throw new AppError('usage', `there is a bouncer ${wanted.name} already`)
    if (this.#byName.size >= MAX_BOUNCERS)
      throw new AppError('usage', `there are ${MAX_BOUNCERS} bouncers already: remove some`)
    const key = wanted.key === null && wanted.certificate === null ? newKey() : null
    const given = key ?? wanted.key
    const keyDigest = given === null ? null : digestOf(given)
    if (keyDigest !== null && this.#byDigest.has(keyDigest))
      throw new AppError('usage', 'another bouncer has that key: each needs its own')
    const body: BouncerBody = {
      keyDigest,
      certificate: wanted.certificate,
      hostsOnly: wanted.hostsOnly,
      sources: [...wanted.sources],
      note: wanted.note,
      createdAtMs: this.#options.clock.nowMs(),
      createdBy: by,
    }
    const version = await this.#change(wanted.name, body, 0, by, 'bouncer.add', null, shown(body))
    const bouncer = { ...body, name: wanted.name, version }
    this.#put(bouncer)
    this.onChange()
    return { bouncer, key }
  }

  /**
   * Changes a bouncer; answers its new key, which is told this once, or null. Where other blocks are told from now on, its next
   * answer is the whole list. Throws AppError `not-found`, `usage`, `unsafe` for what somebody else changed meanwhile.
   */
  async change(
    name: string,
    wanted: BouncerChange,
    by: string,
    reason: string | null,
  ): Promise<{ bouncer: Bouncer; key: string | null }> {
    const before = this.#byName.get(name)
    if (before === undefined) throw new AppError('not-found', `there is no bouncer ${name}`)
    const { name: _, version, ...known } = before
    const key = wanted.newKey === true ? newKey() : null
    const body: BouncerBody = {
      ...known,
      keyDigest: key === null ? known.keyDigest : digestOf(key),
      certificate: wanted.certificate === undefined ? known.certificate : wanted.certificate,
      hostsOnly: wanted.hostsOnly ?? known.hostsOnly,
      sources: [...(wanted.sources ?? known.sources)],
      note: wanted.note ?? known.note,
    }
    if (body.keyDigest === null && body.certificate === null)
      throw new AppError('usage', `${name} would have neither key nor certificate: give it a new key`)
    const details: Json = { before: shown(known), after: { ...shown(body), isKeyNew: key !== null } }
    const next = await this.#change(name, body, version, by, 'bouncer.change', reason, details)
    const bouncer = { ...body, name, version: next }
    if (known.keyDigest !== null) this.#byDigest.delete(known.keyDigest)
    this.#put(bouncer)
    if (body.hostsOnly !== known.hostsOnly)
      for (const live of this.#uses.values()) if (live.use.bouncer === name) live.place = null
    this.onChange()
    return { bouncer, key }
  }

  /** Its key is refused at once. Throws AppError `not-found`. */
  async remove(name: string, by: string, reason: string | null): Promise<void> {
    const bouncer = this.#byName.get(name)
    if (bouncer === undefined) throw new AppError('not-found', `there is no bouncer ${name}`)
    await this.#change(name, null, null, by, 'bouncer.remove', reason, { createdBy: bouncer.createdBy })
    this.#byName.delete(name)
    if (bouncer.keyDigest !== null) this.#byDigest.delete(bouncer.keyDigest)
    for (const [id, { use }] of this.#uses) {
      if (use.bouncer !== name) continue
      this.#uses.delete(id)
      this.#metrics.delete(id)
      this.#changed.add(id)
    }
    this.onChange()
    await this.flush()
  }

  async #change(
    name: string,
    body: BouncerBody | null,
    onVersion: number | null,
    by: string,
    action: string,
    reason: string | null,
    details: Json,
  ): Promise<number> {
    const atMs = this.#options.clock.nowMs()
    const audit: AuditEntry = { id: randomUUIDv7(), atMs, actor: by, action, subject: name, reason, details }
    const change = { kind: BOUNCER_KIND, id: name, body: body as Json, onVersion, by }
    const outcome = await this.#options.repository.changeObject(change, audit)
    if (!outcome.ok)
      throw new AppError('unsafe', `the bouncer ${name} was changed meanwhile: look at it again`)
    return outcome.version
  }
}

/** For the audit log: no digest. */
function shown({ certificate, hostsOnly, sources, note }: BouncerBody): {
  [Key in 'certificate' | 'hostsOnly' | 'sources' | 'note']: Json
} {
  return { certificate, hostsOnly, sources, note }
}

function idOf(use: BouncerUse): string {
  return `${use.bouncer} ${use.address} ${use.agent}`
}

function mayComeFrom({ sources }: Bouncer, address: string): boolean {
  if (sources.length === 0) return true
  const words = parseAddress(address)
  return (
    words !== null &&
    sources.some((text) => {
      const network = parseNetwork(text)
      return network !== null && contains(network, words)
    })
  )
}
