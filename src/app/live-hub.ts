/**
 * Live views: records as they come, what goes on and off the list, alarms, and the state, for pages and `tail`. The
 * pipeline thread is told who listens and sends only what fits; with nobody listening it costs nothing.
 *
 * Each view has a ring of its latest events. A reader who is slower than the ring is told how many it missed; one that
 * comes back within RESUME_MS with the id of its last event goes on behind it. Views, rings and text are bounded.
 */
import type { Decider } from '../decide/decider.ts'
import { formatNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import type { LogRecord } from '../model/log-record.ts'
import { asksBlocked } from '../query/compile.ts'
import type { LiveListeners, LiveRecords } from '../query/live-sampler.ts'
import { parseFilter } from '../query/parse-filter.ts'
import { ruleHitOf } from './blocked-table.ts'
import type { Parts } from './parts.ts'

export type LiveEvent =
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** Records that fit and were not shown; `unseen`: records that nobody looked at, fitting or not. */
  | { readonly kind: 'missed'; readonly records: number; readonly unseen: number }
  | { readonly kind: 'blocks'; readonly added: string[]; readonly removed: string[]; readonly more: number }
  | {
      readonly kind: 'alarms'
      readonly active: readonly { code: string; severity: string; message: string; mend: string }[]
    }
  | {
      readonly kind: 'status'
      readonly blocked: number
      readonly held: number
      readonly shadow: number
      readonly records: number
    }

export interface NumberedEvent {
  /** `<view>.<number>`; names the event for `Last-Event-ID`. */
  readonly id: string
  readonly event: LiveEvent
}

export interface LiveQuestion {
  readonly filter: string
  /** Who asks; only they may go on where they were. */
  readonly user: string
  readonly lastId: string | null
}

const MOST_VIEWS = 32
const RING = 1000
const RESUME_MS = 30_000
const STATUS_MS = 2000
const SHOWN_TARGETS = 100

interface View {
  readonly id: number
  readonly user: string
  readonly filter: string
  readonly ring: LiveEvent[]
  /** Number of the ring's first event. */
  first: number
  readers: number
  wake: (() => void)[]
  forget: NodeJS.Timeout | null
}

export class LiveHub {
  readonly #parts: Parts
  readonly #decider: Decider
  readonly #views = new Map<number, View>()
  #nextView = 1
  #timer: NodeJS.Timeout | null = null
  #alarms = ''
  #refresh: NodeJS.Timeout | null = null

  constructor(parts: Parts, decider: Decider) {
    this.#parts = parts
    this.#decider = decider
    decider.onListChange(({ added, removed }) => {
      if (this.#views.size === 0) return
      const shown = (targets: typeof added): string[] => targets.slice(0, SHOWN_TARGETS).map(formatNetwork)
      const more = Math.max(0, added.length - SHOWN_TARGETS) + Math.max(0, removed.length - SHOWN_TARGETS)
      this.#tellAll({ kind: 'blocks', added: shown(added), removed: shown(removed), more })
      if ([...this.#views.values()].some(({ filter }) => asksBlocked(parseFilter(filter)))) this.#listenSoon()
    })
  }

  /** How many views are open or may still be resumed. */
  get views(): number {
    return this.#views.size
  }

  /** Events until the signal ends or the loop is left. The filter has been parsed before. Throws AppError for too many. */
  async *events(question: LiveQuestion, signal: AbortSignal): AsyncGenerator<NumberedEvent, void, undefined> {
    const { view, from } = this.#open(question)
    let next = from
    view.readers++
    try {
      while (!signal.aborted && this.#views.has(view.id)) {
        if (next < view.first) {
          const missed = view.first - next
          next = view.first
          yield { id: `${view.id}.${next - 1}`, event: { kind: 'missed', records: missed, unseen: 0 } }
          continue
        }
        const event = view.ring[next - view.first]
        if (event !== undefined) yield { id: `${view.id}.${next++}`, event }
        else await this.#nextEvent(view, signal)
      }
    } finally {
      view.readers--
      this.#mayForget(view)
    }
  }

  /** Ends all views; their readers' loops end. */
  stop(): void {
    const views = [...this.#views.values()]
    this.#views.clear()
    for (const { forget, wake } of views) {
      if (forget !== null) clearTimeout(forget)
      for (const done of wake) done()
    }
    this.#rest()
  }

  #open({ filter, user, lastId }: LiveQuestion): { view: View; from: number } {
    const [id, number] = (lastId ?? '').split('.').map(Number)
    const known = this.#views.get(id ?? Number.NaN)
    if (
      known !== undefined &&
      known.user === user &&
      known.filter === filter &&
      Number.isSafeInteger(number)
    ) {
      if (known.forget !== null) clearTimeout(known.forget)
      known.forget = null
      return { view: known, from: Math.min((number ?? 0) + 1, known.first + known.ring.length) }
    }
    if (this.#views.size >= MOST_VIEWS)
      throw new AppError('failed', `${MOST_VIEWS} live views are open already: close one first`)
    const view: View = {
      id: this.#nextView++,
      user,
      filter,
      ring: [],
      first: 1,
      readers: 0,
      wake: [],
      forget: null,
    }
    this.#views.set(view.id, view)
    this.#listen()
    this.#timer ??= setInterval(() => this.#tick(), STATUS_MS)
    this.#tell(view, this.#statusEvent())
    this.#tell(view, this.#alarmsEvent())
    return { view, from: 1 }
  }

  #nextEvent(view: View, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      view.wake.push(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #mayForget(view: View): void {
    if (view.readers > 0 || !this.#views.has(view.id)) return
    view.forget = setTimeout(() => {
      this.#views.delete(view.id)
      this.#listen()
      if (this.#views.size === 0) this.#rest()
    }, RESUME_MS)
    view.forget.unref()
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#refresh !== null) clearTimeout(this.#refresh)
    this.#timer = null
    this.#refresh = null
  }

  #listen(): void {
    const { pipeline } = this.#parts
    if (pipeline === null) return
    pipeline.onLive = (found) => this.#take(found)
    const listeners = [...this.#views.values()].map(({ id, filter }) => ({ id, filter }))
    const isAsked = listeners.some(({ filter }) => asksBlocked(parseFilter(filter)))
    const blocked: LiveListeners['blocked'] = isAsked
      ? this.#decider
          .active()
          .filter(({ mode }) => mode === 'block')
          .map((decision) => ({ target: decision.target, rule: ruleHitOf(decision) }))
      : []
    pipeline.listen({ listeners, blocked })
  }

  /** A list that changes every moment is told once a second. */
  #listenSoon(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = null
      this.#listen()
    }, 1000)
  }

  #take({ records, shed, unseen }: LiveRecords): void {
    for (const { record, listeners } of records)
      for (const id of listeners) {
        const view = this.#views.get(id)
        if (view !== undefined) this.#tell(view, { kind: 'record', record })
      }
    if (shed > 0 || unseen > 0) this.#tellAll({ kind: 'missed', records: shed, unseen })
  }

  #tick(): void {
    this.#tellAll(this.#statusEvent())
    const alarms = this.#alarmsEvent()
    const text = JSON.stringify(alarms)
    if (text !== this.#alarms) this.#tellAll(alarms)
    this.#alarms = text
  }

  #statusEvent(): LiveEvent {
    const { blocks, holds, shadows } = this.#decider.counters()
    const records = this.#parts.pipeline?.status?.segments['durableRecords'] ?? 0
    return { kind: 'status', blocked: blocks, held: holds, shadow: shadows, records }
  }

  #alarmsEvent(): LiveEvent {
    const active = this.#parts.alarms
      .active()
      .map(({ code, severity, message, mend }) => ({ code, severity, message, mend }))
    return { kind: 'alarms', active }
  }

  #tellAll(event: LiveEvent): void {
    for (const view of this.#views.values()) this.#tell(view, event)
  }

  #tell(view: View, event: LiveEvent): void {
    view.ring.push(event)
    if (view.ring.length > RING) {
      view.ring.shift()
      view.first++
    }
    const wake = view.wake
    view.wake = []
    for (const done of wake) done()
  }
}
