/** What a detection found, in words and numbers, and how instants and spans are written for people. */
import type { Detection } from '../model/detection.ts'

/** Longest name of a threat in a sentence, in characters. */
const THREAT_NAME_LIMIT = 120

/** `reached 11 ports of 203.0.113.10 within 10 minutes (more than 10 allowed)`. */
export function reasonOf(detection: Detection): string {
  const { count, threshold, destination } = detection
  const within = detection.windowSeconds === null ? '' : ` within ${spanOf(detection.windowSeconds * 1000)}`
  if (detection.finding !== null) return detection.finding
  switch (detection.rule) {
    case 'port-scan':
      return `reached ${count} ports of ${destination ?? 'one address'}${within} (more than ${threshold} allowed)`
    case 'host-sweep':
      return `reached port ${detection.port ?? '?'} of ${count} addresses${within} (${threshold} or more convict)`
    case 'threat': {
      const level = threshold === 1 ? 'critical' : 'critical or high'
      const name = detection.witnesses.at(-1)?.value
      const against = destination === null ? '' : ` against ${destination}`
      const what = name === undefined ? '' : `: ${quoted(name, THREAT_NAME_LIMIT)}`
      return `sent a threat of severity ${level}${against}${what}`
    }
    case 'slow-scan':
    case 'subnet-scan':
    case 'random-scan':
    case 'brute-force':
    case 'vendor-scan':
      return `set off ${detection.rule} with ${count} (threshold ${threshold})${within}`
  }
}

/** Text that a stranger may have chosen: control and direction characters out, cut at the limit in characters. */
export function quoted(text: string, limit = 300): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return plain.length > limit ? `${plain.slice(0, limit)}...` : plain
}

/** `2026-11-22 12:33:04 UTC`. */
export function instantOf(ms: number): string {
  if (!Number.isFinite(ms)) return 'an unknown time'
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** A span in the largest unit that divides it: `10 minutes`, `1 hour`, `90 seconds`. */
export function spanOf(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['second', 1000]
  return plural(Math.round(ms / size), unit)
}

/** `1 line`, `2 lines`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
