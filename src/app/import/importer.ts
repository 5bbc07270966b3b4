/**
 * Reads the lists of others that people have named, each on its own schedule, one at a time, and gives what they name to
 * the decisions. A list that cannot be read, is empty, or has shrunk or grown too much at once changes nothing: the last
 * good one stays, and an alarm says so. A list that was not read for longer than its entries may stay is let go.
 *
 * Limits: MAX_SOURCES lists, `maxEntries` of each. The networks of each list are kept in memory, since what was refused
 * once (blocked already) may have to be taken later. Failures never reach the caller of `tick`.
 */
import { randomUUIDv7 } from 'node:crypto'
import type { Decider } from '../../decide/decider.ts'
import { readList } from '../../decide/import/list-text.ts'
import type { Refreshed } from '../../decide/import-desk.ts'
import { type Network, parseNetwork } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { SecretBox } from '../../lib/secret-box.ts'
import type { ObjectRepository } from '../../model/object.ts'
import type { AuditEntry, Json } from '../../model/state.ts'
import { WebTargets } from '../../publish/notify/web-target.ts'
import type { Alarms } from '../../telemetry/alarms.ts'
import { fetchList, type Fetched, type ListPlace } from './fetch-list.ts'
import { isFilePlace, listPathOf } from './list-folders.ts'
import {
  NEVER_READ,
  type Source,
  SOURCE_KIND,
  type SourceBody,
  sourceOf,
  type SourceState,
  STATE_KIND,
  stateOf,
} from './import-source.ts'
import { type AskAddresses, resolveHosts } from './resolve-hosts.ts'

const MAX_SOURCES = 100
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** A list that fails is tried again after this, and doubly so each time, up to its own schedule. */
const RETRY_MS = 60_000
/** Tries that fail before people are told. */
const FAILURES_TOLD = 3
/** Decisions outlive their list by so much, so that the list's end is what ends them. */
const SLACK_MS = 24 * 3_600_000
/** A list of at least so many entries that halves is held. */
const SHRINK_COUNT = 20
/** A list that more than doubles by more than so many is held. */
const GROWTH_COUNT = 1000

export interface ImporterOptions {
  readonly repository: ObjectRepository
  readonly decider: Decider
  readonly box: SecretBox
  readonly clock: Clock
  readonly alarms: Alarms
  readonly privateTargets: () => readonly string[]
  /** Folders that lists may be read from. */
  readonly folders: () => readonly string[]
  readonly askAddresses: AskAddresses
  readonly fetch?: (place: ListPlace, targets: WebTargets) => Promise<Fetched>
}

/** A source with what is known of it. */
export interface LiveSource {
  source: Source
  state: SourceState
  /** As last read; null: not since the start. */
  networks: readonly Network[] | null
  tag: string | null
  /** When it is read next, by the monotonic clock. */
  dueMs: number
}

interface Content {
  readonly networks: readonly Network[]
  readonly unreadable: number
  readonly problem: string | null
  readonly tag: string | null
  readonly answers: Readonly<Record<string, string[]>>
}

export class Importer {
  readonly #options: ImporterOptions
  readonly #sources = new Map<string, LiveSource>()
  #working: Promise<void> | null = null
  #isStopped = false

  private constructor(options: ImporterOptions) {
    this.#options = options
  }

  /** Rejects with AppError `state-unavailable`. */
  static async open(options: ImporterOptions): Promise<Importer> {
    const opened = new Importer(options)
    const states = new Map<string, SourceState>()
    for (const object of await options.repository.objects(STATE_KIND)) states.set(object.id, stateOf(object))
    for (const object of await options.repository.objects(SOURCE_KIND)) {
      const source = sourceOf(object)
      if (source !== null) opened.#put(source, states.get(source.name) ?? NEVER_READ)
    }
    return opened
  }

  #put(source: Source, state: SourceState): LiveSource {
    const live = { source, state, networks: null, tag: null, dueMs: this.#options.clock.monotonicMs() }
    this.#sources.set(source.name, live)
    return live
  }

  /** In order of their names. */
  all(): LiveSource[] {
    return [...this.#sources.values()].sort((a, b) => (a.source.name < b.source.name ? -1 : 1))
  }

  /** Throws AppError `not-found`. */
  find(name: string): LiveSource {
    const live = this.#sources.get(name)
    if (live === undefined) throw new AppError('not-found', `there is no list ${name}`)
    return live
  }

  /** To be called about every second. */
  tick(): void {
    if (this.#working !== null || this.#isStopped) return
    const nowMs = this.#options.clock.monotonicMs()
    const due = this.all().find(({ dueMs }) => dueMs <= nowMs)
    if (due === undefined) return
    this.#working = this.#refresh(due, false)
      .catch(() => {}) // told in its state and by the alarm
      .finally(() => {
        this.#working = null
      })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#working
  }

  /** Reads a list now. `isConfirmed`: a person has looked at what was held. Rejects with AppError that says what failed. */
  async refresh(name: string, isConfirmed: boolean, by: string): Promise<LiveSource> {
    const live = this.find(name)
    if (isConfirmed) await this.#audit('import.confirm', by, name, null, { problem: live.state.problem })
    await this.#alone(() => this.#refresh(this.find(name), isConfirmed))
    return live
  }

  /** Does the work when no list is being read, and none is read meanwhile: what is read belongs to the list as it then is. */
  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#working !== null) await this.#working
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#working = promise
    try {
      return await work()
    } finally {
      this.#working = null
      resolve()
    }
  }

  async #refresh(live: LiveSource, isConfirmed: boolean): Promise<void> {
    const { clock } = this.#options
    const { source } = live
    try {
      const content = await this.#read(live)
      const held = isConfirmed ? null : heldReason(live.state.entries, content.networks.length)
      if (held !== null) {
        await this.#note(live, { problem: held, isHeld: true, failures: 0 })
        return
      }
      const refreshed = await this.#take(source, content.networks)
      live.networks = content.networks
      live.tag = content.tag
      await this.#note(live, {
        lastOkAtMs: clock.nowMs(),
        problem: content.problem,
        failures: 0,
        isHeld: false,
        entries: content.networks.length,
        unreadable: content.unreadable,
        added: refreshed.added,
        ended: refreshed.ended,
        leftOut: refreshed.leftOut.map((one) => ({ ...one, examples: [...one.examples] })),
        answers: content.answers,
      })
    } catch (error) {
      await this.#note(live, { problem: messageOf(error), failures: live.state.failures + 1 })
      await this.#letGo(live)
      throw error
    }
  }

  /** What the list names now. Rejects when it cannot be read or names nothing. */
  async #read(live: LiveSource): Promise<Content> {
    const { source, state } = live
    if (source.from === null) {
      const { answers, failed } = await resolveHosts(source.hosts, state.answers, this.#options.askAddresses)
      const networks = Object.values(answers).flatMap((all) =>
        all.flatMap((text) => parseNetwork(text) ?? []),
      )
      if (networks.length === 0) throw new AppError('failed', `no name has an address: ${failed.join(', ')}`)
      const problem = failed.length === 0 ? null : `the last good answer stays for ${failed.join(', ')}`
      return { networks, unreadable: 0, problem, tag: null, answers }
    }
    const fetched = await this.#fetch(source, live.networks === null ? null : live.tag)
    if (!fetched.changed)
      return {
        networks: live.networks ?? [],
        unreadable: state.unreadable,
        problem: null,
        tag: live.tag,
        answers: {},
      }
    return { ...contentOf(source, fetched.text), tag: fetched.tag, answers: {} }
  }

  #fetch(source: Source, tag: string | null): Promise<Fetched> {
    const { box, privateTargets, folders, fetch = fetchList } = this.#options
    const authorization =
      source.authorization === null ? null : box.unseal(source.authorization, purposeOf(source.name))
    const targets = new WebTargets(privateTargets(), 'import.privateTargets')
    const { from, pin } = source
    return fetch({ from: from ?? '', authorization, pin, tag, folders: folders() }, targets)
  }

  /** Rejects with AppError `unsafe` for a file that may not be read, before it is kept. */
  async #checkPlace({ from }: SourceBody): Promise<void> {
    if (from !== null && isFilePlace(from)) await listPathOf(from, this.#options.folders())
  }

  #take(source: Source, networks: readonly Network[]): Promise<Refreshed> {
    const { imports } = this.#options.decider
    const { name, confidence, takesWide, lifetimeMs } = source
    const wanted = { name, confidence, takesWide, lifetimeMs: lifetimeMs + SLACK_MS }
    if (source.direction === 'block') return imports.refreshBlocks(wanted, networks)
    if (source.direction === 'allow') return imports.refreshAllow(wanted, networks)
    return Promise.resolve({ added: 0, kept: networks.length, ended: 0, leftOut: [] })
  }

  /** Blocks of a list that was not read for longer than they may stay. An allowlist stays: that harms nobody. */
  async #letGo({ source, state }: LiveSource): Promise<void> {
    const sinceMs = state.lastOkAtMs
    if (source.direction !== 'block' || sinceMs === null) return
    if (this.#options.clock.nowMs() - sinceMs < source.lifetimeMs) return
    const { imports } = this.#options.decider
    const reason = `the list ${source.name} could not be read since ${new Date(sinceMs).toISOString()}`
    await imports.endBlocks(source.name, imports.blocksOf(source.name), 'system', reason)
  }

  async #note(live: LiveSource, changes: Partial<SourceState>): Promise<void> {
    const { clock, repository } = this.#options
    const state = { ...live.state, ...changes, lastTryAtMs: clock.nowMs() }
    live.state = state
    const { refreshMs } = live.source
    const waitMs =
      state.failures === 0 ? refreshMs : Math.min(refreshMs, RETRY_MS * 2 ** (state.failures - 1))
    live.dueMs = clock.monotonicMs() + waitMs
    this.#raise()
    if (!this.#sources.has(live.source.name)) return // removed while it was read
    const change = {
      kind: STATE_KIND,
      id: live.source.name,
      body: state as Json,
      onVersion: null,
      by: 'system',
    }
    await repository.changeObject(change, null)
  }

  #raise(): void {
    const { alarms } = this.#options
    const failing = this.all().filter(({ state }) => state.failures >= FAILURES_TOLD)
    if (failing.length === 0) alarms.clear('import-failing')
    else
      alarms.raise({
        code: 'import-failing',
        severity: 'warning',
        message: `Lists cannot be read: ${failing.map(({ source, state }) => `${source.name} (${state.problem})`).join('; ')}. What they named last stays for its time.`,
        mend: 'Look at the address, the credentials and the network: active-defense import show NAME.',
      })
    const held = this.all().filter(({ state }) => state.isHeld)
    if (held.length === 0) alarms.clear('import-held')
    else
      alarms.raise({
        code: 'import-held',
        severity: 'warning',
        message: `Lists are held: ${held.map(({ source, state }) => `${source.name} (${state.problem})`).join('; ')}.`,
        mend: 'Look at the list; if it is right, active-defense import refresh NAME --confirm.',
      })
  }

  /** What adding the source would do, without doing it. Rejects with AppError when it cannot be read. */
  async preview(
    name: string,
    body: SourceBody,
  ): Promise<{ entries: number; unreadable: number } & Refreshed> {
    const source = { ...body, name, version: 0 }
    const live = { source, state: NEVER_READ, networks: null, tag: null, dueMs: 0 }
    const { networks, unreadable } = await this.#read(live)
    const { imports } = this.#options.decider
    const told = source.direction === 'block' ? imports.preview(networks, source.takesWide) : null
    const nothing = { added: networks.length, kept: 0, ended: 0, leftOut: [] }
    return { entries: networks.length, unreadable, ...(told ?? nothing) }
  }

  /** Adds a source; it is read at the next tick. `authorization` in the clear, which is sealed here. */
  async add(name: string, body: SourceBody, by: string): Promise<LiveSource> {
    if (!NAME.test(name))
      throw new AppError(
        'usage',
        'a list is named by 1 to 64 letters, digits and . _ -, a letter or digit first',
      )
    if (this.#sources.has(name)) throw new AppError('usage', `there is a list ${name} already`)
    if (this.#sources.size >= MAX_SOURCES)
      throw new AppError('usage', `there are ${MAX_SOURCES} lists already: remove some`)
    await this.#checkPlace(body)
    const entry = this.#auditEntry('import.create', by, name, null, shown(body))
    const version = await this.#change(name, body, 0, entry)
    return this.#put({ ...body, name, version }, NEVER_READ)
  }

  /**
   * Changes a source; it is read again at the next tick, without regard to how much it differs from what it named before.
   * Rejects with AppError `not-found`, `unsafe` for what somebody else changed meanwhile.
   */
  change(
    name: string,
    edit: (body: SourceBody) => SourceBody,
    by: string,
    reason: string | null,
  ): Promise<LiveSource> {
    return this.#alone(() => this.#changeNow(name, edit, by, reason))
  }

  async #changeNow(
    name: string,
    edit: (body: SourceBody) => SourceBody,
    by: string,
    reason: string | null,
  ): Promise<LiveSource> {
    const live = this.find(name)
    const { name: _, version, ...before } = live.source
    const body = edit(before)
    if (body.from !== before.from) await this.#checkPlace(body)
    const details: Json = {
      before: shown(before),
      after: { ...shown(body), isAuthorizationNew: body.authorization !== before.authorization },
    }
    const entry = this.#auditEntry('import.change', by, name, reason, details)
    live.source = { ...body, name, version: await this.#change(name, body, version, entry) }
    live.networks = null
    live.tag = null
    live.state = { ...live.state, entries: null, failures: 0, isHeld: false, problem: null, answers: {} }
    live.dueMs = this.#options.clock.monotonicMs()
    this.#raise()
    return live
  }

  /** Seals what is sent as Authorization for a source. */
  seal(name: string, authorization: string): string {
    return this.#options.box.seal(authorization, purposeOf(name))
  }

  /** Removes a source with all that it has blocked or allowed. */
  remove(name: string, by: string, reason: string): Promise<{ ended: number }> {
    return this.#alone(() => this.#removeNow(name, by, reason))
  }

  async #removeNow(name: string, by: string, reason: string): Promise<{ ended: number }> {
    const { source } = this.find(name)
    const details: Json = { direction: source.direction, from: source.from, hosts: source.hosts }
    await this.#change(name, null, null, this.#auditEntry('import.remove', by, name, reason, details))
    this.#sources.delete(name)
    await this.#options.repository.changeObject(
      { kind: STATE_KIND, id: name, body: null, onVersion: null, by },
      null,
    )
    const { imports } = this.#options.decider
    const blocks = imports.blocksOf(name)
    const allowed = imports.allowedBy(name)
    await imports.endBlocks(name, blocks, by, `the list ${name} was removed: ${reason}`)
    await imports.endAllow(name, allowed, by, `the list ${name} was removed: ${reason}`)
    this.#raise()
    return { ended: blocks.length + allowed.length }
  }

  async #change(
    name: string,
    body: SourceBody | null,
    onVersion: number | null,
    audit: AuditEntry,
  ): Promise<number> {
    const change = { kind: SOURCE_KIND, id: name, body: body as Json, onVersion, by: audit.actor }
    const outcome = await this.#options.repository.changeObject(change, audit)
    if (!outcome.ok) throw new AppError('unsafe', `the list ${name} was changed meanwhile: look at it again`)
    return outcome.version
  }

  /** Of something that changes no object of its own: the state is written with it. */
  async #audit(
    action: string,
    by: string,
    name: string,
    reason: string | null,
    details: Json,
  ): Promise<void> {
    const change = {
      kind: STATE_KIND,
      id: name,
      body: this.find(name).state as Json,
      onVersion: null,
      by,
    }
    await this.#options.repository.changeObject(change, this.#auditEntry(action, by, name, reason, details))
  }

  #auditEntry(action: string, by: string, name: string, reason: string | null, details: Json): AuditEntry {
    const atMs = this.#options.clock.nowMs()
    return { id: randomUUIDv7(), atMs, actor: by, action, subject: name, reason, details }
  }
}

/** For the audit log: whether something is sent as Authorization, and not what. */
function shown({ authorization, createdAtMs: _at, createdBy: _by, ...rest }: SourceBody): {
  [key: string]: Json
} {
  return { ...rest, hasAuthorization: authorization !== null }
}

function contentOf(source: Source, text: string): Pick<Content, 'networks' | 'unreadable' | 'problem'> {
  const { networks, unreadable, beyond, examples } = readList(text, source.maxEntries)
  if (networks.length === 0) {
    // Of a file of this machine nothing is told: whoever may name a path is not meant to read what is there.
    const isFile = source.from?.startsWith('/') === true
    const shown = isFile || examples.length === 0 ? '' : `; it begins with ${JSON.stringify(examples[0])}`
    throw new AppError('failed', `it names no address${shown}: the last good one stays`)
  }
  const problem =
    beyond === 0 ? null : `${beyond} entries beyond the limit of ${source.maxEntries} were left out`
  return { networks, unreadable, problem }
}

/** Why so great a change waits for a person, or null. */
function heldReason(before: number | null, now: number): string | null {
  if (before === null) return null
  if (before >= SHRINK_COUNT && now < before / 2)
    return `it shrank from ${before} to ${now} entries: the last good one stays until a person confirms`
  if (now > before * 2 && now - before > GROWTH_COUNT)
    return `it grew from ${before} to ${now} entries: the last good one stays until a person confirms`
  return null
}

function purposeOf(name: string): string {
  return `import-source:${name}`
}
