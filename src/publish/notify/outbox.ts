/**
 * The outbox: notices in, messages out, per recipient. `offer` queues, `tick` sends what is due and keeps what waits in the
 * state, so that a restart goes on where it was. Delivery is at least once: a crash between sending and noting it sends
 * again. Everything is bounded: the lines, messages at once, the time until something is given up.
 */
import { randomUUIDv7 } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import { boundedText } from '../../lib/visible-text.ts'
import type { Journal, JournalEntry, ObjectRepository } from '../../model/object.ts'
import type { Json } from '../../model/state.ts'
import { reportable } from './abuse-report.ts'
import {
  DELIVERY_KIND,
  type DeliveryBody,
  deliveryOf,
  entryById,
  NOTICE_KIND,
  noticesById,
  pruneDeliveries,
} from './delivery.ts'
import { type Batch, type Notice, type SendResult, SEVERITIES, type Topic } from './notice.ts'
import { countByTopic, countsText } from './notice-text.ts'
import type { Channel, Recipient } from './recipient.ts'
import { backOffMs, dueNow, GIVE_UP_MS, withinHour } from './schedule.ts'
import { storedLine, WaitingLine } from './waiting-line.ts'

const LINE_KIND = 'outbox'
/** Notices that may wait for a recipient, and that go with one message. */
const MOST_WAITING: Readonly<Record<Channel, number>> = {
  mail: 200,
  webhook: 200,
  siem: 5000,
  abuseipdb: 500,
}
const MOST_IN_BATCH: Readonly<Record<Channel, number>> = { mail: 50, webhook: 50, siem: 500, abuseipdb: 1 }
const MOST_AT_ONCE = 4
/** Journal rows that wait for a state that cannot be written; more are counted. */
const MOST_UNWRITTEN = 2000
const SAVE_MS = 2000
const PRUNE_MS = 3_600_000

export interface OutboxOptions {
  readonly clock: Clock
  readonly store: ObjectRepository & Journal
  /** Never rejects. */
  readonly send: (recipient: Recipient, batch: Batch) => Promise<SendResult>
  readonly timeZone: () => string
  /** Told when a recipient begins to fail, with the reason, and with null when it is well again. */
  readonly onHealth: (recipient: Recipient, reason: string | null) => void
  /** A failure of our own that was handled. */
  readonly report: (what: string, error: unknown) => void
}

export interface LineStatus {
  readonly waiting: number
  readonly failures: number
  readonly nextTryAtMs: number | null
  readonly lastDeliveredAtMs: number | null
  readonly lastFailure: { readonly atMs: number; readonly reason: string } | null
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #recipients = new Map<string, Recipient>()
  readonly #lines = new Map<string, WaitingLine>()
  readonly #sending = new Map<string, Promise<void>>()
  /** Lines to be removed from the state. */
  readonly #gone = new Set<string>()
  #unwritten: JournalEntry[] = []
  /** Journal rows given up because the state could not be written. */
  lostRows = 0
  #saving: Promise<void> = Promise.resolve()
  #savedAtMs = Number.NEGATIVE_INFINITY
  #prunedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Takes over who is told now. What waits for a recipient that stays goes on waiting. */
  setRecipients(recipients: readonly Recipient[]): void {
    this.#recipients.clear()
    for (const recipient of recipients) this.#recipients.set(recipient.id, recipient)
    for (const id of this.#lines.keys()) {
      if (this.#recipients.has(id)) continue
      this.#lines.delete(id)
      this.#gone.add(id)
    }
  }

  /** Loads what waited at the last end. Rejects with AppError `state-unavailable`. */
  async load(): Promise<void> {
    for (const { id, body } of await this.#options.store.objects(LINE_KIND)) {
      const recipient = this.#recipients.get(id)
      const read = storedLine.safeParse(body)
      if (recipient === undefined || !read.success) continue
      this.#lineOf(recipient).restore(read.data, await noticesById(this.#options.store, read.data.waiting))
    }
  }

  /** Queues a notice for everyone who wants it. */
  offer(notice: Notice): void {
    let isKept = false
    for (const recipient of this.#recipients.values()) {
      if (!wants(recipient, notice)) continue
      if (this.#lineOf(recipient).add(notice)) isKept = true
    }
    if (isKept)
      this.#write({
        id: notice.id,
        kind: NOTICE_KIND,
        subject: notice.topic,
        atMs: notice.atMs,
        body: notice as Json,
      })
  }

  /** Whether anybody wants the topic: what nobody wants need not be made. */
  wants(topic: Topic): boolean {
    return [...this.#recipients.values()].some(({ enabled, topics }) => enabled && topics.includes(topic))
  }

  /** How many notices of the topic everyone can take who is well; what fails must not hold up the others. */
  roomFor(topic: Topic): number {
    const rooms = [...this.#recipients.values()].flatMap((recipient) => {
      const line = this.#lines.get(recipient.id)
      const isAsked = recipient.enabled && recipient.topics.includes(topic) && line?.failures === 0
      return isAsked ? [MOST_WAITING[recipient.to.channel] - line.length] : []
    })
    return Math.min(Number.MAX_SAFE_INTEGER, ...rooms)
  }

  /** To be called about every second. Starts what is due; does not wait for it. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const recipient of this.#recipients.values()) {
      const line = this.#lines.get(recipient.id)
      if (line === undefined || this.#sending.has(recipient.id)) continue
      const progress = {
        firstAtMs: line.firstAtMs,
        isUrgent: line.hasUrgent,
        sentAtMs: line.sentAtMs,
        nextTryAtMs: line.nextTryAtMs,
      }
      const due = recipient.enabled ? dueNow(recipient, progress, nowMs, this.#options.timeZone()) : 'wait'
      if (due === 'wait') this.#giveUpOld(recipient, line, nowMs)
      else if (this.#sending.size < MOST_AT_ONCE) this.#start(recipient, line, due)
    }
    const isDirty =
      this.#gone.size > 0 ||
      this.#unwritten.length > 0 ||
      [...this.#lines.values()].some((line) => line.isDirty)
    if (isDirty && nowMs - this.#savedAtMs >= SAVE_MS) void this.save()
    if (nowMs - this.#prunedAtMs >= PRUNE_MS) {
      this.#prunedAtMs = nowMs
      void this.#serially('prune the delivery log', () => pruneDeliveries(this.#options.store, nowMs))
    }
  }

  /** Resolves when what is being sent has come to an end and all is written. */
  async idle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending.values())
    await this.save()
  }

  /** Sends one notice to one recipient now, whatever the hour, and says what became of it. */
  async sendNow(id: string, notices: readonly Notice[], cause: 'test' | 'replay'): Promise<DeliveryBody> {
    const recipient = this.#recipients.get(id)
    if (recipient === undefined) throw new AppError('not-found', `there is no recipient ${id}`)
    for (const notice of cause === 'test' ? notices : []) {
      this.#write({
        id: notice.id,
        kind: NOTICE_KIND,
        subject: notice.topic,
        atMs: notice.atMs,
        body: notice as Json,
      })
    }
    const batch = { id: randomUUIDv7(), atMs: this.#options.clock.nowMs(), notices, more: {} }
    const { result, durationMs } = await this.#attempt(recipient, batch)
    const outcome = result.ok ? (result.isSkipped === true ? 'skipped' : 'delivered') : 'given-up'
    const body = this.#log(recipient, batch, { outcome, cause, attempt: 1, durationMs, result })
    if (outcome === 'delivered') {
      const line = this.#lineOf(recipient)
      line.lastDeliveredAtMs = batch.atMs
      // Whoever presses the button has mended it: what waits need not wait for the back-off.
      line.nextTryAtMs = 0
      line.isDirty = true
    }
    await this.save()
    return body
  }

  /** Sends what a delivery held once more. Throws AppError `not-found`. */
  async replay(deliveryId: string): Promise<DeliveryBody> {
    const entry = await entryById(this.#options.store, DELIVERY_KIND, deliveryId)
    const delivery = entry === null ? null : deliveryOf(entry)
    if (delivery === null) throw new AppError('not-found', `there is no delivery ${deliveryId}`)
    const notices = await noticesById(this.#options.store, delivery.notices)
    if (notices.length === 0) throw new AppError('not-found', 'what was told then is no longer kept')
    return this.sendNow(delivery.recipient, notices, 'replay')
  }

  statusOf(id: string): LineStatus {
    const line = this.#lines.get(id)
    const nextTryAtMs = line === undefined || line.failures === 0 ? null : line.nextTryAtMs
    return {
      waiting: line?.length ?? 0,
      failures: line?.failures ?? 0,
      nextTryAtMs,
      lastDeliveredAtMs: line?.lastDeliveredAtMs ?? null,
      lastFailure: line?.lastFailure ?? null,
    }
  }

  /** Writes what is new; never rejects: what cannot be written waits for the next time. */
  save(): Promise<void> {
    return this.#serially('keep what waits to be told', async () => {
      this.#savedAtMs = this.#options.clock.nowMs()
      const { store } = this.#options
      const entries = this.#unwritten
      this.#unwritten = []
      try {
        if (entries.length > 0) await store.appendJournal(entries)
      } catch (error) {
        this.#unwritten = [...entries, ...this.#unwritten]
        this.#bound()
        throw error
      }
      for (const id of this.#gone) {
        await store.changeObject({ kind: LINE_KIND, id, body: null, onVersion: null, by: 'system' }, null)
        this.#gone.delete(id)
      }
      for (const [id, line] of this.#lines) {
        if (!line.isDirty) continue
        line.isDirty = false
        const body: Json = line.toStored()
        try {
          await store.changeObject({ kind: LINE_KIND, id, body, onVersion: null, by: 'system' }, null)
        } catch (error) {
          line.isDirty = true
          throw error
        }
      }
    })
  }

  #serially(what: string, work: () => Promise<void>): Promise<void> {
    this.#saving = this.#saving.then(work).catch((error: unknown) => this.#options.report(what, error))
    return this.#saving
  }

  #lineOf({ id, to }: Recipient): WaitingLine {
    let line = this.#lines.get(id)
    if (line === undefined) {
      line = new WaitingLine(MOST_WAITING[to.channel])
      this.#lines.set(id, line)
    }
    return line
  }

  #start(recipient: Recipient, line: WaitingLine, which: 'all' | 'urgent'): void {
    const { notices, more } = line.take(which, MOST_IN_BATCH[recipient.to.channel])
    const batch: Batch = { id: randomUUIDv7(), atMs: this.#options.clock.nowMs(), notices, more }
    const done = this.#deliver(recipient, line, batch)
      .catch((error: unknown) => this.#options.report(`tell ${recipient.id}`, error))
      .finally(() => this.#sending.delete(recipient.id))
    this.#sending.set(recipient.id, done)
  }

  async #attempt(recipient: Recipient, batch: Batch): Promise<{ result: SendResult; durationMs: number }> {
    const { clock, send } = this.#options
    const beganMs = clock.monotonicMs()
    const result = await send(recipient, batch)
    return { result, durationMs: Math.round(clock.monotonicMs() - beganMs) }
  }

  async #deliver(recipient: Recipient, line: WaitingLine, batch: Batch): Promise<void> {
    const { result, durationMs } = await this.#attempt(recipient, batch)
    const nowMs = this.#options.clock.nowMs()
    const attempt = line.failures + 1
    line.isDirty = true
    if (result.ok) {
      line.settle()
      line.failures = 0
      line.nextTryAtMs = 0
      if (result.isSkipped !== true) {
        line.lastDeliveredAtMs = nowMs
        // Counted from when it was sent, so that a slow server does not stretch the interval.
        if (recipient.perHour > 0 || recipient.digestMinutes > 0)
          line.sentAtMs = [...withinHour(line.sentAtMs, nowMs), batch.atMs].slice(-4000)
      }
      this.#log(recipient, batch, {
        outcome: result.isSkipped === true ? 'skipped' : 'delivered',
        cause: 'notice',
        attempt,
        durationMs,
        result,
      })
      this.#options.onHealth(recipient, null)
      return
    }
    line.lastFailure = { atMs: nowMs, reason: boundedText(result.reason, 400) }
    const log = { cause: 'notice', attempt, durationMs, result } as const
    if (result.isPermanent) {
      line.settle()
      line.failures = 0
      line.sentAtMs = [...withinHour(line.sentAtMs, nowMs), batch.atMs].slice(-4000)
      this.#log(recipient, batch, { outcome: 'given-up', ...log })
      this.#options.onHealth(recipient, result.reason)
      return
    }
    line.failures = attempt
    line.nextTryAtMs = nowMs + Math.max(backOffMs(attempt), result.retryAfterMs ?? 0)
    if (this.#recipients.has(recipient.id)) line.putBack(batch.notices, batch.more)
    this.#log(recipient, batch, { outcome: 'failed', ...log })
    if (attempt > 1) this.#options.onHealth(recipient, result.reason)
  }

  #giveUpOld(recipient: Recipient, line: WaitingLine, nowMs: number): void {
    // Quiet hours and a switched-off recipient are no failure, but nothing waits for ever.
    const notices = line.dropBefore(nowMs - GIVE_UP_MS)
    if (notices.length === 0) return
    const batch = { id: randomUUIDv7(), atMs: nowMs, notices, more: {} }
    const reason = `could not be delivered for ${GIVE_UP_MS / 3_600_000} h`
    const result: SendResult = { ok: false, isPermanent: true, reason }
    this.#log(recipient, batch, { outcome: 'given-up', cause: 'notice', attempt: 0, durationMs: 0, result })
  }

  #log(
    { id, to }: Recipient,
    batch: Batch,
    how: Pick<DeliveryBody, 'outcome' | 'cause' | 'attempt' | 'durationMs'> & { readonly result: SendResult },
  ): DeliveryBody {
    const { result, ...rest } = how
    const reported =
      to.channel === 'abuseipdb' && how.outcome === 'delivered'
        ? batch.notices.flatMap(({ block }) => (block?.sourceAddress == null ? [] : [block.sourceAddress]))
        : []
    const body: DeliveryBody = {
      ...rest,
      channel: to.channel,
      reason: boundedText(result.ok ? result.detail : result.reason, 400),
      what: countsText(countByTopic(batch)),
      notices: batch.notices.map((notice) => notice.id),
      reported,
    }
    this.#write({ id: batch.id, kind: DELIVERY_KIND, subject: id, atMs: batch.atMs, body })
    return body
  }

  #write(entry: JournalEntry): void {
    this.#unwritten.push(entry)
    this.#bound()
  }

  #bound(): void {
    const over = this.#unwritten.length - MOST_UNWRITTEN
    if (over <= 0) return
    this.#unwritten.splice(0, over)
    this.lostRows += over
  }
}

function wants({ enabled, topics, severity, to }: Recipient, notice: Notice): boolean {
  if (!enabled || !topics.includes(notice.topic)) return false
  if (to.channel === 'abuseipdb') return 'address' in reportable(notice, to.proof)
  return notice.topic !== 'alarm' || SEVERITIES.indexOf(notice.severity) >= SEVERITIES.indexOf(severity)
}
