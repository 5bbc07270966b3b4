/**
 * Times as people write and read them: durations (`7d`, `1h30m`) and instants (`2026-11-22T08:30:00Z`,
 * `2026/11/22 08:30`, `now-1h`, `yesterday 14:00`). Parsing is strict: what is not exactly one of the forms, or is no
 * real date, is null and never a guess. Local forms need a time zone and a "now", which are arguments.
 */

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
type Unit = keyof typeof UNIT_MS

/** Forms to name in an error message. */
export const DURATION_FORMS = '90m, 24h, 7d, 2w or 1d12h'
export const INSTANT_FORMS =
  '2026-11-22T08:30:00Z, "2026/11/22 08:30", 2026-11-22, now-1h or "yesterday 14:00"'

/** Milliseconds of a duration such as `90m` or `1d12h` (units s, m, h, d, w, largest first), or null. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,9}w)?(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}s)?$/.test(text) || text === '')
    return null
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+)([wdhms])/g))
    ms += Number(amount) * UNIT_MS[unit as Unit]
  return ms
}

/** The two largest units of a duration: `7 d 3 h`, `4 min 5 s`, `0 s`. Rounds down to whole seconds. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000))
  const parts: string[] = []
  for (const [name, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / seconds)
    rest -= amount * seconds
    if (amount > 0) parts.push(`${amount} ${name}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}

/** Unix ms of an instant in one of INSTANT_FORMS, or null. Forms without a zone are meant in `timeZone` (IANA). */
export function parseInstant(text: string, nowMs: number, timeZone: string): number | null {
  const relative = /^now(?:([+-])(\S+))?$/.exec(text)
  if (relative !== null) {
    if (relative[1] === undefined) return nowMs
    const ms = parseDuration(relative[2] ?? '')
    return ms === null ? null : relative[1] === '+' ? nowMs + ms : nowMs - ms
  }
  const day = /^(yesterday|today|tomorrow)(?: (\d{2}):(\d{2}))?$/.exec(text)
  if (day !== null) {
    const shift = day[1] === 'yesterday' ? -1 : day[1] === 'tomorrow' ? 1 : 0
    const today = wallTimeAt(nowMs, timeZone)
    const date = new Date(Date.UTC(today.year, today.month - 1, today.day + shift))
    return instantOf(
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      Number(day[2] ?? 0),
      Number(day[3] ?? 0),
      0,
      timeZone,
    )
  }
  return parseCalendar(text, timeZone)
}

const CALENDAR =
  /^(\d{4})([-/])(\d{2})\2(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?$/

function parseCalendar(text: string, timeZone: string): number | null {
  const found = CALENDAR.exec(text)
  if (found === null) return null
  const part = (i: number): number => Number(found[i] ?? 0)
  const fractionMs = Math.floor(Number(`0.${found[8] ?? '0'}`) * 1000)
  const offset = found[9]
  const zone = offset === undefined ? timeZone : 'UTC'
  const ms = instantOf(part(1), part(3), part(4), part(5), part(6), part(7), zone)
  if (ms === null) return null
  if (offset === undefined || offset === 'Z' || offset === 'UTC') return ms + fractionMs
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(-2))
  if (hours > 14 || minutes > 59) return null // UTC+14 is the largest offset in use
  return ms + fractionMs - (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** Unix ms of a wall-clock time in a zone, or null when there is no such date or time of day. */
function instantOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  timeZone: string,
): number | null {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second)
  const check = new Date(wall)
  const isReal =
    year >= 1970 &&
    check.getUTCMonth() === month - 1 &&
    check.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!isReal) return null
  if (timeZone === 'UTC') return wall
  // The offset depends on the instant: guess with the offset at `wall` as if it were UTC, then correct once. In the
  // hour that a spring change skips, this gives the instant one hour later, as clocks do.
  const guess = wall - zoneOffsetMs(wall, timeZone)
  return wall - zoneOffsetMs(guess, timeZone)
}

interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const formats = new Map<string, Intl.DateTimeFormat>() // making one costs about 30 microseconds; zones are few

function wallTimeAt(ms: number, timeZone: string): WallTime {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-u-ca-gregory', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timeZone, format)
  }
  const parts = format.formatToParts(ms)
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value ?? 0)
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

function zoneOffsetMs(ms: number, timeZone: string): number {
  const wall = wallTimeAt(ms, timeZone)
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second)
  return asUtc - Math.floor(ms / 1000) * 1000
}

/** `2026-11-22 08:30:00 +01:00`, or `... UTC` where the zone is UTC. */
export function formatInstant(ms: number, timeZone: string): string {
  const offsetMs = timeZone === 'UTC' ? 0 : zoneOffsetMs(ms, timeZone)
  const wall = new Date(ms + offsetMs).toISOString()
  const text = `${wall.slice(0, 10)} ${wall.slice(11, 19)}`
  if (timeZone === 'UTC') return `${text} UTC`
  const minutes = Math.abs(offsetMs) / 60_000
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${text} ${offsetMs < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
