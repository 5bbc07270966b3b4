/**
 * What waits for one recipient. Bounded: past `most` notices are counted by topic instead of kept, but for critical ones,
 * which take the place of the last that is not. Alarms of one code are one notice, the latest.
 */
import { z } from 'zod'
import { type Notice, type Topic, TOPICS } from './notice.ts'

/** How it is stored; the notices themselves are in the journal. */
export const storedLine = z.object({
  waiting: z.array(z.string()),
  more: z.partialRecord(z.enum(TOPICS), z.int()),
  failures: z.int(),
  nextTryAtMs: z.number(),
  sentAtMs: z.array(z.number()),
  lastDeliveredAtMs: z.number().nullable(),
  lastFailure: z.object({ atMs: z.number(), reason: z.string() }).nullable(),
})
export type StoredLine = z.infer<typeof storedLine>

export class WaitingLine {
  readonly #most: number
  #waiting: Notice[] = []
  #more: Partial<Record<Topic, number>> = {}
  /** Taken and not yet settled: still to be told if the process dies now. */
  #onTheWay: readonly Notice[] = []
  failures = 0
  nextTryAtMs = 0
  /** Messages of the last hour. */
  sentAtMs: number[] = []
  lastDeliveredAtMs: number | null = null
  lastFailure: { readonly atMs: number; readonly reason: string } | null = null
  /** Differs from what is stored. */
  isDirty = false

  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#waiting.length
  }

  get more(): Readonly<Partial<Record<Topic, number>>> {
    return this.#more
  }

  get firstAtMs(): number | null {
    return this.#waiting[0]?.atMs ?? null
  }

  get hasUrgent(): boolean {
    return this.#waiting.some(isUrgent)
  }

  /** False: there was no room, it is counted only. */
  add(notice: Notice): boolean {
    this.isDirty = true
    if (notice.topic === 'alarm') {
      this.#waiting = this.#waiting.filter(
        ({ topic, subject }) => topic !== 'alarm' || subject !== notice.subject,
      )
    }
    if (this.#waiting.length >= this.#most) {
      const last = isUrgent(notice) ? this.#waiting.findLastIndex((known) => !isUrgent(known)) : -1
      const [gone] = last === -1 ? [notice] : this.#waiting.splice(last, 1)
      if (gone !== undefined) this.#more[gone.topic] = (this.#more[gone.topic] ?? 0) + 1
      if (last === -1) return false
    }
    this.#waiting.push(notice)
    return true
  }

  /** Takes out what goes with the next message; `settle` or `putBack` is told what became of it. */
  take(which: 'all' | 'urgent', most: number): { notices: Notice[]; more: Partial<Record<Topic, number>> } {
    this.isDirty = true
    const notices = (which === 'all' ? this.#waiting : this.#waiting.filter(isUrgent)).slice(0, most)
    const taken = new Set(notices)
    this.#waiting = this.#waiting.filter((notice) => !taken.has(notice))
    this.#onTheWay = notices
    const more = which === 'all' ? this.#more : {}
    if (which === 'all') this.#more = {}
    return { notices, more }
  }

  /** What was taken needs no further try. */
  settle(): void {
    this.isDirty = true
    this.#onTheWay = []
  }

  /** Puts back what could not be sent, in front. What finds no room is counted. */
  putBack(notices: readonly Notice[], more: Readonly<Partial<Record<Topic, number>>>): void {
    this.isDirty = true
    this.#onTheWay = []
    const later = this.#waiting
    this.#waiting = []
    for (const [topic, count] of Object.entries(more) as [Topic, number][])
      this.#more[topic] = (this.#more[topic] ?? 0) + count
    for (const notice of [...notices, ...later]) this.add(notice)
  }

  /** Takes out what came before the time. */
  dropBefore(atMs: number): Notice[] {
    const old = this.#waiting.filter((notice) => notice.atMs < atMs)
    if (old.length === 0) return []
    this.isDirty = true
    this.#waiting = this.#waiting.filter((notice) => notice.atMs >= atMs)
    return old
  }

  toStored(): StoredLine {
    const { failures, nextTryAtMs, sentAtMs, lastDeliveredAtMs, lastFailure } = this
    const waiting = [...this.#onTheWay, ...this.#waiting].map(({ id }) => id)
    return { waiting, more: this.#more, failures, nextTryAtMs, sentAtMs, lastDeliveredAtMs, lastFailure }
  }

  /** `notices` are those of `stored.waiting` that the journal still has. */
  restore(stored: StoredLine, notices: readonly Notice[]): void {
    this.#waiting = notices.slice(0, this.#most)
    this.#more = { ...stored.more }
    this.failures = stored.failures
    this.nextTryAtMs = stored.nextTryAtMs
    this.sentAtMs = stored.sentAtMs
    this.lastDeliveredAtMs = stored.lastDeliveredAtMs
    this.lastFailure = stored.lastFailure
  }
}

/** Passes quiet hours. */
const isUrgent = ({ severity, topic }: Notice): boolean => severity === 'critical' && topic === 'alarm'
