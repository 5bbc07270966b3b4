/**
 * The service's own log, on stderr: JSON lines for machines, short lines for a person at a terminal. Secrets are
 * replaced by their key, and control and direction characters are escaped, since much of what is logged (device names,
 * reasons, user agents) was written by strangers.
 */
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type Log = Logger

/** Keys whose values are never written, at the top and one level below. */
const SECRET_KEYS = [
  'password',
  'token',
  'secret',
  'key',
  'authorization',
  'cookie',
  'setupCode',
  'metrics.token',
  'input.http.token',
]

export interface LogOptions {
  readonly level: LogLevel
  /** Where lines go; `isTTY` chooses the form. */
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
  /** Overrules the choice by `isTTY`. */
  readonly form?: 'json' | 'plain'
}

export function createLog(options: LogOptions): Log {
  const { stream } = options
  const isPlain = options.form === undefined ? stream.isTTY === true : options.form === 'plain'
  const destination: DestinationStream = {
    write(line: string) {
      stream.write(isPlain ? plainLine(line) : `${escapeStrange(line.trimEnd())}\n`)
    },
  }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { error: stdSerializers.err },
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`]),
        censor: '[secret]',
      },
    },
    destination,
  )
}

/** `12:05:09 warn  message  key=value key=value`, one line whatever the values hold. */
export function plainLine(json: string): string {
  const fields = JSON.parse(json) as Record<string, unknown>
  const { time, level, msg, ...rest } = fields
  const clock = typeof time === 'string' ? time.slice(11, 19) : ''
  const details = Object.entries(rest).map(([key, value]) => `${key}=${valueText(value)}`)
  const words = [clock, String(level).padEnd(5), typeof msg === 'string' ? msg : '', ...details]
  return `${escapeStrange(words.join(' ').trimEnd())}\n`
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/+-]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message)
  return JSON.stringify(value) ?? 'undefined'
}

/**
 * What a terminal or a reader's eye would obey becomes `\uXXXX`: C0 and C1 controls (ESC, CSI, line ends), direction
 * overrides, zero-width characters. In JSON such characters stand only inside strings, where the escape is the same
 * text.
 */
export function escapeStrange(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- escaping them is the purpose
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
