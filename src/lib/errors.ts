/**
 * Errors with a code. One table says what each code means to the caller: the exit code of the command line
 * (DESIGN.md section 9) and the HTTP status of the API. Expected outcomes are values, not errors; an AppError is
 * for what the outside world did to us, and its message says what was tried and what to do.
 */
const codes = {
  usage: { exitCode: 2, httpStatus: 400 },
  'bad-configuration': { exitCode: 3, httpStatus: 400 },
  'not-reachable': { exitCode: 4, httpStatus: 503 },
  unsafe: { exitCode: 7, httpStatus: 409 },
  'not-found': { exitCode: 1, httpStatus: 404 },
  'port-unavailable': { exitCode: 1, httpStatus: 500 },
  'data-folder-locked': { exitCode: 1, httpStatus: 500 },
  'store-unavailable': { exitCode: 1, httpStatus: 503 },
  'state-unavailable': { exitCode: 1, httpStatus: 503 },
  failed: { exitCode: 1, httpStatus: 500 },
} as const satisfies Record<string, { exitCode: number; httpStatus: number }>

export type ErrorCode = keyof typeof codes

export class AppError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
  }

  get exitCode(): number {
    return codes[this.code].exitCode
  }

  get httpStatus(): number {
    return codes[this.code].httpStatus
  }
}

/** The message of anything thrown, for a log line or a one-line error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The `code` of a Node.js system error (`ENOENT`, `EACCES`, ...), or null. */
export function systemCodeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null
  return typeof thrown.code === 'string' ? thrown.code : null
}
