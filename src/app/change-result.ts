/** What became of a person's change of one target, as the API tells it. */
import type { ChangeResult } from '../api/control-contract.ts'
import { errorCodeOf, type Outcome, type RefusalCode } from '../decide/outcome.ts'
import { AppError } from '../lib/errors.ts'

/** Refusals that mean "so already": nothing had to be done. */
const UNCHANGED: readonly RefusalCode[] = ['duplicate', 'covered']
/** Refusals for safety's sake. */
const UNSAFE: readonly RefusalCode[] = ['protected', 'allowlisted', 'too-wide', 'frozen', 'too-many-tags']

/** Throws AppError for what is no answer of one target but a fault of the request. */
export function resultOf<Value>(
  target: string,
  outcome: Outcome<Value>,
  message: (value: Value) => string,
): ChangeResult {
  if (outcome.ok) return { target, outcome: 'done', message: message(outcome.value) }
  if (UNCHANGED.includes(outcome.code)) return { target, outcome: 'unchanged', message: outcome.message }
  if (outcome.code === 'not-found') return { target, outcome: 'not-found', message: outcome.message }
  if (outcome.code === 'needs-confirmation')
    return { target, outcome: 'refused', message: outcome.message, canConfirm: true }
  if (UNSAFE.includes(outcome.code)) return { target, outcome: 'refused', message: outcome.message }
  throw new AppError(errorCodeOf(outcome.code), `${target}: ${outcome.message}`)
}
