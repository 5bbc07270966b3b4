/**
 * Dates and time zones for log stamps. Local wall time of an IANA zone to Unix ms; the zone's offset comes from Intl and
 * is kept per quarter of an hour of local time, so a busy log asks Intl four times an hour.
 */
import { AppError } from '../lib/errors.ts'

const DAY_MS = 86_400_000
const MONTH_DAYS = Uint8Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

/** Whether the day exists: `2025/02/30` and month 0 do not. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  if (month === 2 && isLeapYear(year)) return day <= 29
  return day <= (MONTH_DAYS[month - 1] as number)
}

/** Unix ms of midnight UTC of an existing day (proleptic Gregorian calendar, years 0 to 9999). */
export function dayMs(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS
}

const SLOT_MS = 900_000
const SLOTS = 256
/** A stamp this close to its arrival says which of the two like hours at the end of summer time is meant. */
const CLOSE_MS = 1_800_000

export class TimeZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat | null
  readonly #slot = new Float64Array(SLOTS).fill(Number.NaN)
  /** Offsets (local minus UTC, ms) of the earlier and the later instant that show the slot's wall time. */
  readonly #earlier = new Float64Array(SLOTS)
  readonly #later = new Float64Array(SLOTS)

  /** Throws an AppError `bad-configuration` for a name that is not an IANA zone. */
  constructor(name: string) {
    this.name = name
    this.#format = name === 'UTC' ? null : formatOf(name)
  }

  /**
   * Unix ms of local wall time given as if it were UTC. In the hour that comes twice at the end of summer time the
   * instant near `arrivalMs` is taken, else the first; a wall time that the start of summer time skips is read with the
   * offset from before it.
   */
  toUnixMs(localMs: number, arrivalMs: number): number {
    if (this.#format === null) return localMs
    const slot = Math.floor(localMs / SLOT_MS)
    const index = slot & (SLOTS - 1)
    if (this.#slot[index] !== slot) this.#learn(slot, index)
    const first = localMs - (this.#earlier[index] as number)
    const second = localMs - (this.#later[index] as number)
    if (first === second) return first
    const nearer = Math.abs(arrivalMs - second) < Math.abs(arrivalMs - first)
    return nearer && Math.abs(arrivalMs - second) < CLOSE_MS ? second : first
  }

  #learn(slot: number, index: number): void {
    const localMs = slot * SLOT_MS
    const before = this.#offsetAt(localMs - DAY_MS)
    const after = this.#offsetAt(localMs + DAY_MS)
    const beforeFits = this.#offsetAt(localMs - before) === before
    const afterFits = this.#offsetAt(localMs - after) === after
    this.#slot[index] = slot
    this.#earlier[index] = beforeFits || !afterFits ? before : after
    this.#later[index] = afterFits || !beforeFits ? after : before
    if (!beforeFits && !afterFits) this.#later[index] = before
  }

  /** Local minus UTC in ms at an instant. */
  #offsetAt(unixMs: number): number {
    if (this.#format === null) return 0
    const wholeMs = Math.floor(unixMs / 1000) * 1000
    const parts = this.#format.formatToParts(wholeMs)
    const part = (type: string): number => Number(parts.find((entry) => entry.type === type)?.value)
    const localMs =
      dayMs(part('year'), part('month'), part('day')) +
      ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1000
    return localMs - wholeMs
  }
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (thrown) {
    throw new AppError(
      'bad-configuration',
      `"${name}" is not an IANA time zone such as Europe/Berlin`,
      thrown,
    )
  }
}
