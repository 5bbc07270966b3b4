/**
 * The time of a PAN-OS log by its values: the high-resolution one, else when it was generated, else when the log plane
 * received it, else the header's, else arrival. Forms: `2025/02/20 11:49:43`, RFC 3339, `Feb 20 2025 11:49:43 GMT`
 * (`$cef-formatted-...`), and Unix time in s, ms, us or ns.
 */
import { isDigit, readDecimal, readFourDigits, skipBlanks } from '../bytes.ts'
import type { Line } from '../line.ts'
import { bsdToUnixMs, isSane, readClock, readMonth } from '../stamp.ts'
import { TimeZone } from '../calendar.ts'
import { TARGET, type Values } from './paloalto-variables.ts'

const UTC = new TimeZone('UTC')

export function timeOf(values: Values, line: Line): number {
  for (const target of [TARGET.highResolutionTime, TARGET.generatedTime, TARGET.receivedTime]) {
    if (!values.isGiven(target)) continue
    const unixMs = readTime(line, values.start[target] as number, values.end[target] as number)
    if (!Number.isNaN(unixMs)) return unixMs
  }
  const header = line.headerMs()
  return Number.isNaN(header) ? line.arrivalMs : header
}

/** Unix ms of a time in any of the forms; NaN when it is none, impossible or not sane. */
export function readTime(line: Line, from: number, to: number): number {
  const { bytes } = line
  if (!isDigit(bytes[from] as number)) return readNamedMonth(line, from, to)
  if (isDigit(bytes[from + 4] as number)) return readUnix(bytes, from, to)
  return line.fieldMs(from, to)
}

function readUnix(bytes: Uint8Array, from: number, to: number): number {
  const digits = to - from
  if (digits !== 10 && digits !== 13 && digits !== 16 && digits !== 19) return Number.NaN
  const seconds = readDecimal(bytes, from, from + 10)
  const fractionMs = digits === 10 ? 0 : readDecimal(bytes, from + 10, from + 13)
  const unixMs = seconds * 1000 + fractionMs
  return isSane(unixMs) ? unixMs : Number.NaN
}

/** `Feb 20 2025 11:49:43`, behind it nothing, `GMT`, `UTC` or `Z`: the device's zone in the first case. */
function readNamedMonth(line: Line, from: number, to: number): number {
  const { bytes } = line
  if (to - from < 19) return Number.NaN
  const month = readMonth(bytes, from)
  let at = skipBlanks(bytes, from + 3, to)
  const day = (bytes[at] as number) - 0x30
  let wholeDay = day
  if (isDigit(bytes[at + 1] as number)) wholeDay = day * 10 + (bytes[++at] as number) - 0x30
  at = skipBlanks(bytes, at + 1, to)
  if (month === 0 || day < 0 || day > 9 || to - at < 13) return Number.NaN
  const year = readFourDigits(bytes, at)
  const clock = readClock(bytes, at + 5)
  if (year < 0 || clock < 0) return Number.NaN
  const zoneAt = skipBlanks(bytes, at + 13, to)
  const isUtc = zoneAt < to && [0x47, 0x55, 0x5a].includes(bytes[zoneAt] as number)
  return bsdToUnixMs(year, month, wholeDay, clock, isUtc ? UTC : line.zone, line.referenceMs)
}
