/**
 * `withdraw`: lifts in one step everything blocked since a time, by a rule, or on evidence from a device. It first
 * shows what it would lift and asks; where nobody can be asked it wants `--yes` (exit 7 without).
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Input } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import { type CliIo, sayError } from './io.ts'
import { clientOf, printing, ruleOf, type ServiceOptions, sinceOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'

export interface WithdrawOptions extends ServiceOptions {
  readonly since?: string
  readonly rule?: string
  readonly device?: string
  readonly reason?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** Targets named in the preview. */
const SHOWN_TARGETS = 20

export async function withdraw(io: CliIo, options: WithdrawOptions): Promise<void> {
  if (options.since === undefined && options.rule === undefined && options.device === undefined) {
    throw new AppError('usage', 'say what to withdraw: --since, --rule or --device')
  }
  const what: Input<'withdraw'> = {
    ...(options.since === undefined ? {} : { since: sinceOf(io, options.since) }),
    ...(options.rule === undefined ? {} : { rule: ruleOf(options.rule) }),
    ...(options.device === undefined ? {} : { device: options.device }),
    reason: options.reason ?? 'withdrawn on the command line',
    dryRun: true,
  }
  const client = clientOf(io, options)
  const preview = await client.call('withdraw', what)
  if (options.dryRun || preview.count === 0) {
    await printResult(io, options, preview)
    return
  }
  if (!options.yes) {
    if (!io.isInteractive) {
      const blocks = `${preview.count} ${preview.count === 1 ? 'block' : 'blocks'}`
      throw new AppError('unsafe', `this would lift ${blocks}: look with --dry-run, then give --yes`)
    }
    for (const line of linesOf(preview)) sayError(io, line)
    if (!(await askYes(io, 'Lift them? [y/N] '))) throw new AppError('unsafe', 'nothing was withdrawn')
  }
  await printResult(io, options, await client.call('withdraw', { ...what, dryRun: false }))
}

interface Withdrawn {
  readonly dryRun: boolean
  readonly count: number
  readonly targets: readonly string[]
}

function linesOf({ dryRun, count, targets }: Withdrawn): string[] {
  if (count === 0) return ['nothing to withdraw']
  const head = `${dryRun ? 'would lift' : 'lifted'} ${count} ${count === 1 ? 'block' : 'blocks'}:`
  const shown = targets.slice(0, SHOWN_TARGETS).map((target) => `  ${target}`)
  return [head, ...shown, ...(count > shown.length ? [`  and ${count - shown.length} more`] : [])]
}

async function printResult(io: CliIo, options: WithdrawOptions, result: Withdrawn): Promise<void> {
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(result))
    else for (const line of linesOf(result)) await output.line(safeText(line))
  })
}

async function askYes(io: CliIo, question: string): Promise<boolean> {
  const reader = createInterface({ input: io.stdin, output: io.stderr })
  try {
    reader.setPrompt(question)
    reader.prompt()
    const answer = await Promise.race([once(reader, 'line'), once(reader, 'close')])
    return /^y(?:es)?$/i.test(String(answer[0] ?? '').trim())
  } finally {
    reader.close()
  }
}
