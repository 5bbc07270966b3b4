/**
 * The push to one PAN-OS firewall: new blocks are tagged and their sessions ended at once, the list is fetched at once, and
 * what the firewall loaded is read back. One request at a time, in the order of use: tags, sessions, refresh, read-back.
 *
 * Failures: no answer is tried again after a growing pause with jitter; a refused key and a wrong certificate stop everything
 * until a person has looked (`check`, or another key); a full platform stops tags alone; what the firewall understands and
 * refuses is not tried again. Each is an alarm. Queues are bounded, and what is given up is counted.
 */
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { AlarmInput, AlarmSink } from '../../telemetry/alarms.ts'
import type { PanOsSettings } from '../enforcement/firewall-object.ts'
import { PanOsError } from './answers.ts'
import { type PanOsClient, TAGS_PER_MESSAGE, type Vsys } from './client.ts'
import { full, noList, noVsys, refused, stopped, unreachable } from './push-alarms.ts'
import { ruleFindings } from './rule-check.ts'

const MOST_WAITING = 10_000
/** A flood of revisions must not keep the management plane busy. */
const REFRESH_GAP_MS = 10_000
const READ_BACK_AFTER_MS = 10_000
const READ_BACK_MS = 300_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 300_000
/** A single failure is no news. */
const FAILURES_TOLD = 3

/** Runs a task after so many ms; the answer cancels it. Tests give their own. */
export type Schedule = (task: () => void, delayMs: number) => () => void

const timerSchedule: Schedule = (task, delayMs) => {
  const timer = setTimeout(task, delayMs)
  return () => clearTimeout(timer)
}

export interface PanOsPushOptions {
  readonly id: string
  readonly name: string
  readonly settings: Omit<PanOsSettings, 'host' | 'port' | 'ca' | 'fingerprint'>
  readonly client: PanOsClient
  readonly clock: Clock
  readonly alarms: AlarmSink
  /** Told of what the firewall said that it loaded; the smallest of its virtual systems. */
  readonly onLoaded: (loaded: { valid: number; ignored: number | null; invalid: number | null }) => void
  /** Told of each address that was tagged. */
  readonly onRegistered: (target: Network) => void
  readonly random?: () => number
  readonly schedule?: Schedule
}

export interface PushStatus {
  readonly state: 'starting' | 'working' | 'retrying' | 'stopped'
  /** Why it does not work; null while it does. */
  readonly problem: string | null
  readonly lastAnswerAtMs: number | null
  readonly waiting: number
  /** Given up for want of room, or because the firewall would not have them. */
  readonly dropped: number
  readonly refreshes: number
  readonly registered: number
  readonly clearedSources: number
  readonly checkedAtMs: number | null
  readonly findings: readonly AlarmInput[]
}

export class PanOsPush {
  readonly #options: PanOsPushOptions
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #toRegister = new Map<string, Network>()
  readonly #toUnregister = new Set<string>()
  readonly #toClear = new Set<string>()
  #wantsRefresh = false
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #readBackAtMs: number
  #stop: 'auth' | 'certificate' | null = null
  #isFull = false
  #isClosed = false
  #failures = 0
  #pauseUntilMs = Number.NEGATIVE_INFINITY
  #problem: string | null = null
  #lastAnswerAtMs: number | null = null
  #dropped = 0
  #refreshes = 0
  #registered = 0
  #cleared = 0
  #checkedAtMs: number | null = null
  #findings: readonly AlarmInput[] = []
  #cancelTimer: (() => void) | null = null
  /** What is asked now; the next one waits for it. */
  #last: Promise<void> = Promise.resolve()
  #isWorking = false

  constructor(options: PanOsPushOptions) {
    this.#options = options
    this.#schedule = options.schedule ?? timerSchedule
    this.#random = options.random ?? Math.random
    this.#readBackAtMs = options.clock.monotonicMs()
    this.#plan()
  }

  status(): PushStatus {
    const state =
      this.#stop !== null
        ? 'stopped'
        : this.#failures > 0
          ? 'retrying'
          : this.#lastAnswerAtMs === null
            ? 'starting'
            : 'working'
    return {
      state,
      problem: this.#problem,
      lastAnswerAtMs: this.#lastAnswerAtMs,
      waiting: this.#toRegister.size + this.#toUnregister.size + this.#toClear.size,
      dropped: this.#dropped,
      refreshes: this.#refreshes,
      registered: this.#registered,
      clearedSources: this.#cleared,
      checkedAtMs: this.#checkedAtMs,
      findings: this.#findings,
    }
  }

  /** Targets went on and off the list. Networks are left to the list: tags are for addresses. */
  changed(added: readonly Network[], removed: readonly Network[]): void {
    const { register, clearSessions } = this.#options.settings
    for (const target of removed) {
      const text = formatNetwork(target)
      this.#toClear.delete(text)
      const wasWaiting = this.#toRegister.delete(text)
      if (register !== null && !wasWaiting && target.prefixLength === 128)
        this.#put(this.#toUnregister, text, () => this.#toUnregister.add(text))
    }
    for (const target of added) {
      if (target.prefixLength !== 128) continue
      const text = formatNetwork(target)
      this.#toUnregister.delete(text)
      if (register !== null && !this.#isFull)
        this.#put(this.#toRegister, text, () => this.#toRegister.set(text, target))
      if (clearSessions) this.#put(this.#toClear, text, () => this.#toClear.add(text))
    }
    this.#plan()
  }

  /** The feed that the firewall fetches has a new revision. */
  published(): void {
    if (!this.#options.settings.refresh || this.#options.settings.list === null) return
    this.#wantsRefresh = true
    this.#plan()
  }

  /** Lets the firewall fetch now, whatever else waits; rejects with PanOsError. */
  refreshNow(): Promise<void> {
    return this.#oneByOne(() => this.#refresh())
  }

  /** Asks for key, certificate, list and rules. What stopped before is tried again when they are well. */
  async check(): Promise<readonly AlarmInput[]> {
    this.#findings = await this.#oneByOne(() => this.#look())
    this.#checkedAtMs = this.#options.clock.nowMs()
    this.#plan()
    return this.#findings
  }

  /** Asks nothing more; resolves when the request that is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#options.client.close()
    await this.#last
    for (const code of ['auth', 'certificate', 'unreachable', 'full', 'refused'])
      this.#options.alarms.clear(`firewall-${code}:${this.#options.id}`)
  }

  /** Resolves when nothing is being asked. For tests. */
  idle(): Promise<void> {
    return this.#last
  }

  get #systems(): readonly Vsys[] {
    const { vsys } = this.#options.settings
    return vsys.length === 0 ? [null] : vsys
  }

  #put(queue: { readonly size: number; has(text: string): boolean }, text: string, put: () => void): void {
    if (queue.size >= MOST_WAITING && !queue.has(text)) this.#dropped++
    else put()
  }

  /** When there is something to ask next; null: nothing waits. */
  #dueMs(): number | null {
    const { list, readBack } = this.#options.settings
    const hasTags = this.#toRegister.size + this.#toUnregister.size + this.#toClear.size > 0
    const due = [
      ...(hasTags ? [Number.NEGATIVE_INFINITY] : []),
      ...(this.#wantsRefresh ? [this.#refreshedAtMs + REFRESH_GAP_MS] : []),
      ...(readBack && list !== null ? [this.#readBackAtMs] : []),
    ]
    return due.length === 0 ? null : Math.max(Math.min(...due), this.#pauseUntilMs)
  }

  #plan(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#isClosed || this.#stop !== null || this.#isWorking) return
    const dueMs = this.#dueMs()
    if (dueMs === null) return
    const delayMs = Math.max(0, dueMs - this.#options.clock.monotonicMs())
    this.#cancelTimer = this.#schedule(() => {
      this.#cancelTimer = null
      this.#isWorking = true
      void this.#oneByOne(() => this.#work())
        .catch(() => {}) // noted by `#oneByOne`
        .finally(() => {
          this.#isWorking = false
          this.#plan()
        })
    }, delayMs)
  }

  /** False: nothing was due yet (a timer may be a moment early), so nothing was asked. */
  async #work(): Promise<boolean> {
    const nowMs = this.#options.clock.monotonicMs()
    if (await this.#tag()) return true
    const [source] = this.#toClear
    if (source !== undefined) await this.#clear(source)
    else if (this.#wantsRefresh && nowMs >= this.#refreshedAtMs + REFRESH_GAP_MS) await this.#refresh()
    else if (this.#options.settings.readBack && nowMs >= this.#readBackAtMs) await this.#readBack()
    else return false
    return true
  }

  /** True when there was something to do. */
  async #tag(): Promise<boolean> {
    const { settings, client, onRegistered } = this.#options
    const { register } = settings
    if (register === null) return false
    const gone = [...this.#toUnregister].slice(0, TAGS_PER_MESSAGE)
    if (gone.length > 0) {
      const forget = (): number => {
        for (const text of gone) this.#toUnregister.delete(text)
        return gone.length
      }
      await this.#orGiveUp(async () => {
        for (const vsys of this.#systems) await client.unregister(gone, register.tag, vsys)
        forget()
      }, forget)
      return true
    }
    const come = [...this.#toRegister].slice(0, TAGS_PER_MESSAGE)
    if (come.length === 0) return false
    const forget = (): number => {
      // Lifted and blocked anew while the request was under way: what waits stands.
      for (const [text, target] of come)
        if (this.#toRegister.get(text) === target) this.#toRegister.delete(text)
      return come.length
    }
    const failed = new Set<string>()
    await this.#orGiveUp(async () => {
      for (const vsys of this.#systems) {
        const texts = come.map(([text]) => text)
        const told = await client.register(texts, register.tag, register.timeoutSeconds, vsys)
        for (const one of told) failed.add(one.split(': ', 1)[0] ?? '')
      }
      forget()
    }, forget)
    for (const [text, target] of come) {
      if (failed.has(text)) this.#dropped++
      else {
        this.#registered++
        onRegistered(target)
      }
    }
    return true
  }

  async #clear(source: string): Promise<void> {
    const forget = (): number => Number(this.#toClear.delete(source))
    await this.#orGiveUp(async () => {
      for (const vsys of this.#systems) await this.#options.client.clearSessions(source, vsys)
      forget()
    }, forget)
    this.#cleared++
  }

  async #refresh(): Promise<void> {
    const { settings, client, clock } = this.#options
    if (settings.list === null) throw new PanOsError('refused', 'no list is named for this firewall')
    this.#wantsRefresh = false
    this.#refreshedAtMs = clock.monotonicMs()
    try {
      for (const vsys of this.#systems) await client.refresh(settings.list, vsys)
    } catch (error) {
      this.#wantsRefresh = error instanceof PanOsError && error.fault === 'unreachable'
      throw error
    }
    this.#refreshes++
    this.#readBackAtMs = Math.min(this.#readBackAtMs, clock.monotonicMs() + READ_BACK_AFTER_MS)
  }

  async #readBack(): Promise<void> {
    const { settings, client, clock, onLoaded } = this.#options
    if (settings.list === null) return
    this.#readBackAtMs = clock.monotonicMs() + READ_BACK_MS
    const loaded = []
    for (const vsys of this.#systems) loaded.push(await client.loaded(settings.list, vsys))
    const [least] = loaded.sort((a, b) => a.valid - b.valid)
    if (least !== undefined) onLoaded({ valid: least.valid, ignored: least.ignored, invalid: least.invalid })
  }

  async #look(): Promise<AlarmInput[]> {
    const { settings, client, name } = this.#options
    const { list } = settings
    const facts = await client.info()
    // The key works: what was stopped for its sake goes on.
    this.#resume()
    const findings: AlarmInput[] = []
    if (facts.isMultiVsys === true && settings.vsys.length === 0) findings.push(noVsys(name))
    if (list === null) return [...findings, noList(name)]
    for (const vsys of this.#systems) {
      const where = vsys === null ? `The firewall ${name}` : `The firewall ${name} (${vsys})`
      findings.push(...(await this.#listFindings(list, vsys, where)))
      findings.push(...ruleFindings(await client.rules(vsys), list, where))
    }
    return findings
  }

  async #listFindings(list: string, vsys: Vsys, where: string): Promise<AlarmInput[]> {
    try {
      const { invalid, ignored } = await this.#options.client.loaded(list, vsys)
      const left = (invalid ?? 0) + (ignored ?? 0)
      if (left === 0) return []
      const message = `${where} passed over ${left} entries of the list ${list}: ${ignored ?? 0} ignored, ${invalid ?? 0} invalid.`
      const mend =
        'Ignored entries found no room: look at list-capacities. An invalid one may be the error of a fetch.'
      return [{ code: 'list-entries-left', severity: 'warning', message, mend }]
    } catch (error) {
      if (!(error instanceof PanOsError) || error.fault !== 'refused') throw error
      const message = `${where} does not know the list ${list}: ${error.message}.`
      const mend = 'Make the external dynamic list of type IP with this name, use it in a rule, and commit.'
      return [{ code: 'no-list', severity: 'critical', message, mend }]
    }
  }

  /** One request after the other; what fails is noted. An answer of false: nothing was asked. */
  async #oneByOne<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const before = this.#last
    const done = Promise.withResolvers<void>()
    this.#last = done.promise
    await before
    try {
      const answer = await ask()
      if (answer !== false) this.#answered()
      return answer
    } catch (error) {
      this.#failed(error)
      throw error
    } finally {
      done.resolve()
    }
  }

  #answered(): void {
    const { alarms, clock, id } = this.#options
    this.#lastAnswerAtMs = clock.nowMs()
    this.#failures = 0
    this.#pauseUntilMs = Number.NEGATIVE_INFINITY
    if (!this.#isFull) this.#problem = null
    alarms.clear(`firewall-unreachable:${id}`)
    alarms.clear(`firewall-refused:${id}`)
  }

  #resume(): void {
    const { alarms, id } = this.#options
    this.#stop = null
    this.#isFull = false
    for (const code of ['auth', 'certificate', 'full']) alarms.clear(`firewall-${code}:${id}`)
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return
    const { alarms, id, name } = this.#options
    const fault = error instanceof PanOsError ? error.fault : 'unclear'
    this.#problem = messageOf(error)
    if (fault === 'unreachable') {
      this.#pause()
      if (this.#failures >= FAILURES_TOLD) alarms.raise(unreachable(id, name, this.#problem))
      return
    }
    if (fault === 'auth' || fault === 'certificate') {
      this.#stop = fault
      alarms.raise(stopped(fault, id, name, this.#problem))
      return
    }
    if (fault === 'full') {
      this.#isFull = true
      this.#dropped += this.#toRegister.size
      this.#toRegister.clear()
      alarms.raise(full(id, name, this.#problem))
      return
    }
    this.#pause()
    alarms.raise(refused(id, name, this.#problem))
  }

  #pause(): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures++
    this.#pauseUntilMs = this.#options.clock.monotonicMs() + pauseMs * (0.5 + this.#random())
  }

  /** What is refused once would be refused again: it is given up and counted. */
  async #orGiveUp(work: () => Promise<void>, giveUp: () => number): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof PanOsError && (error.fault === 'refused' || error.fault === 'unclear'))
        this.#dropped += giveUp()
      throw error
    }
  }
}
