/**
 * When a recipient may be sent to: at most one message per digest interval and so many an hour, none in quiet hours but
 * what is urgent, and after a failure not before the back-off is over. Pure: time is an argument.
 */
import { formatInstant } from '../../lib/time-text.ts'
import type { QuietHours } from './recipient.ts'

/** What comes within so long of the first goes out with it: a scan rarely comes alone. */
const GATHER_MS = 2000
const HOUR_MS = 3_600_000
/** Back-off after each failure in a row; the last one repeats. */
const BACK_OFF_MS = [30_000, 120_000, 480_000, 1_800_000, 7_200_000] as const
/** What could not be delivered for so long is given up. */
export const GIVE_UP_MS = 24 * HOUR_MS

export interface Pace {
  readonly digestMinutes: number
  /** 0: no limit. */
  readonly perHour: number
  readonly quiet: QuietHours | null
}

export interface Progress {
  /** When the first that waits came; null: nothing waits. */
  readonly firstAtMs: number | null
  /** Something urgent waits. */
  readonly isUrgent: boolean
  /** Messages of the last hour, oldest first. */
  readonly sentAtMs: readonly number[]
  readonly nextTryAtMs: number
}

/** `all`: send what waits. `urgent`: quiet hours, only what is urgent. `wait`: not now. */
export function dueNow(
  pace: Pace,
  progress: Progress,
  nowMs: number,
  timeZone: string,
): 'all' | 'urgent' | 'wait' {
  const { firstAtMs, isUrgent, sentAtMs, nextTryAtMs } = progress
  if (firstAtMs === null || nowMs < nextTryAtMs || nowMs < firstAtMs + GATHER_MS) return 'wait'
  const last = sentAtMs.at(-1)
  if (last !== undefined && nowMs < last + pace.digestMinutes * 60_000) return 'wait'
  if (pace.perHour > 0 && withinHour(sentAtMs, nowMs).length >= pace.perHour) return 'wait'
  if (pace.quiet === null || !isQuiet(pace.quiet, nowMs, timeZone)) return 'all'
  return isUrgent ? 'urgent' : 'wait'
}

export function withinHour(timesMs: readonly number[], nowMs: number): number[] {
  return timesMs.filter((atMs) => atMs > nowMs - HOUR_MS && atMs <= nowMs)
}

/** From 22:00 to 06:00 spans midnight; equal ends are the whole day. */
export function isQuiet({ from, to }: QuietHours, nowMs: number, timeZone: string): boolean {
  const time = formatInstant(nowMs, timeZone).slice(11, 16)
  return from < to ? time >= from && time < to : time >= from || time < to
}

/** Wait after so many failures in a row, 1 for the first. */
export function backOffMs(failures: number): number {
  return BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length) - 1] ?? BACK_OFF_MS[0]
}
