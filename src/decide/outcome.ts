/**
 * What came of a person's request: done, or refused with a code and a sentence. A refusal is an expected outcome and
 * a value; that the state could not be written is an AppError.
 */
import type { ErrorCode } from '../lib/errors.ts'

const codes = {
  'not-an-address': 'usage',
  'host-bits': 'usage',
  'reason-required': 'usage',
  'end-in-past': 'usage',
  'criterion-required': 'usage',
  'too-many': 'usage',
  'too-many-tags': 'unsafe',
  duplicate: 'failed',
  covered: 'failed',
  frozen: 'failed',
  'not-found': 'not-found',
  protected: 'unsafe',
  allowlisted: 'unsafe',
  'too-wide': 'unsafe',
  'needs-confirmation': 'unsafe',
} as const satisfies Record<string, ErrorCode>

export type RefusalCode = keyof typeof codes

export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  /** One sentence: what was refused, why, and what to do. */
  readonly message: string
}

export type Outcome<Value> = { readonly ok: true; readonly value: Value } | Refusal

export function done<Value>(value: Value): Outcome<Value> {
  return { ok: true, value }
}

export function refused(code: RefusalCode, message: string): Refusal {
  return { ok: false, code, message }
}

/** The error code that gives a refusal its exit code and HTTP status. */
export function errorCodeOf(code: RefusalCode): ErrorCode {
  return codes[code]
}
