/** Axes of charts: a round number above the largest, and instants at round times of the viewer's own zone. */

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
]

/** 1, 2 or 5 times a power of ten, at least the value. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  const factor = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10
  return factor * power
}

export interface TimeTick {
  readonly atMs: number
  readonly label: string
}

/** At most `most` ticks; days are named by their date, times within a day by the clock. */
export function timeTicks(fromMs: number, toMs: number, most: number, language: string): TimeTick[] {
  const step = STEPS.find((one) => (toMs - fromMs) / one <= most) ?? (toMs - fromMs) / most
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' })
  const ticks: TimeTick[] = []
  const offsetMs = new Date(fromMs).getTimezoneOffset() * MINUTE
  const margin = (toMs - fromMs) * 0.03
  for (let atMs = Math.ceil((fromMs - offsetMs) / step) * step + offsetMs; atMs <= toMs; atMs += step) {
    if (atMs < fromMs + margin || atMs > toMs - margin) continue
    const at = new Date(atMs)
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0
    ticks.push({ atMs, label: step >= DAY || isMidnight ? day.format(at) : time.format(at) })
  }
  return ticks
}
