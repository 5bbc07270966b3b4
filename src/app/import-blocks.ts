/**
 * Blocks or lifts what a pasted text holds, or only says for each line what that would do: new, a duplicate, covered by a
 * wider block, refused and why. Each good line is a block with its own audit row; a dry run changes nothing.
 */
import type { Input, Reply } from '../api/control-contract.ts'
import type { ImportRow } from '../api/contract/feeds.ts'
import { type PastedTarget, readPastedTargets } from '../api/pasted-targets.ts'
import type { Decider } from '../decide/decider.ts'
import { errorCodeOf, type RefusalCode } from '../decide/outcome.ts'
import { parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'

/** Lines of one import; more are several. */
const MOST_LINES = 50_000
const SHOWN_ROWS = 10_000
/** Lines judged together. */
const CHUNK = 5000

export async function importBlocks(
  decider: Decider,
  input: Input<'importBlocks'>,
  user: string,
): Promise<Reply<'importBlocks'>> {
  const lines = readPastedTargets(input.text)
  if (lines.length === 0) throw new AppError('usage', 'the text holds no address or network')
  if (lines.length > MOST_LINES)
    throw new AppError('usage', `the text has ${lines.length} lines; at most ${MOST_LINES} are taken at once`)
  const rows = new Map<PastedTarget, ImportRow>()
  const firstLines = new Map<string, number>()
  const wanted: { line: PastedTarget; target: string }[] = []
  for (const line of lines) {
    const { target, text, hint } = line
    if (target === null) {
      const meant = hint === null ? '' : `; did you mean ${hint}?`
      rows.set(line, rowOf(line, text, 'invalid', `no address or network${meant}`))
      continue
    }
    const first = firstLines.get(target)
    if (first !== undefined) rows.set(line, rowOf(line, target, 'duplicate', `the same as line ${first}`))
    else {
      firstLines.set(target, line.line)
      wanted.push({ line, target })
    }
  }
  const judge = input.action === 'add' ? adder(decider, input, user) : lifter(decider, input, user)
  for (let from = 0; from < wanted.length; from += CHUNK) {
    const some = wanted.slice(from, from + CHUNK)
    const results = await judge(some.map(({ target }) => target))
    for (const [i, { line, target }] of some.entries()) {
      const { outcome, message } = results[i] ?? { outcome: 'invalid' as const, message: 'it was not judged' }
      rows.set(line, rowOf(line, target, outcome, message))
    }
  }
  const ordered = lines.map((line) => rows.get(line)).filter((row) => row !== undefined)
  const counts: Record<string, number> = {}
  for (const { outcome } of ordered) counts[outcome] = (counts[outcome] ?? 0) + 1
  return { dryRun: input.dryRun, counts, rows: ordered.slice(0, SHOWN_ROWS) }
}

type Judged = Pick<ImportRow, 'outcome' | 'message'>
type Judge = (targets: readonly string[]) => Promise<Judged[]>

function rowOf(
  { line }: PastedTarget,
  target: string,
  outcome: ImportRow['outcome'],
  message: string,
): ImportRow {
  return { line, target, outcome, message }
}

const REFUSALS: Partial<Record<RefusalCode, ImportRow['outcome']>> = {
  duplicate: 'duplicate',
  covered: 'covered',
  'not-found': 'not-found',
  'not-an-address': 'invalid',
}

function adder(decider: Decider, { reason, until, dryRun }: Input<'importBlocks'>, user: string): Judge {
  const untilMs = until === null ? null : Date.parse(until)
  return async (targets) => {
    const blocks = targets.map((target) => ({ target, reason, untilMs }))
    const outcomes = await decider.blocks.addMany(blocks, user, dryRun)
    return outcomes.map((outcome): Judged => {
      if (outcome.ok)
        return { outcome: 'new', message: outcome.value.note ?? (dryRun ? 'would be blocked' : 'blocked') }
      return { outcome: REFUSALS[outcome.code] ?? 'refused', message: outcome.message }
    })
  }
}

function lifter(decider: Decider, { reason, dryRun }: Input<'importBlocks'>, user: string): Judge {
  return async (targets) => {
    if (dryRun)
      return targets.map((target): Judged => {
        const network = parseNetwork(target)
        const decision = network === null ? null : decider.standing(network, ['block', 'hold'])
        return decision === null
          ? { outcome: 'not-found', message: 'there is no such block' }
          : { outcome: 'lifted', message: `would be lifted: ${decision.reason}` }
      })
    const outcomes = await decider.blocks.liftMany(targets, user, reason)
    return outcomes.map((outcome, i): Judged => {
      if (outcome.ok) return { outcome: 'lifted', message: 'lifted' }
      const told = REFUSALS[outcome.code]
      if (told === undefined)
        throw new AppError(errorCodeOf(outcome.code), `${targets[i] ?? ''}: ${outcome.message}`)
      return { outcome: told, message: outcome.message }
    })
  }
}
