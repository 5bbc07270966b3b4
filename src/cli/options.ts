/**
 * What several commands share: reading options and targets as people type them, and reaching the service. Faults of
 * typing are AppError `usage` (exit 2) that say what was expected.
 */
import { ControlClient } from '../api/control-client.ts'
import { type ChangeResult, TARGETS_PER_REQUEST } from '../api/control-contract.ts'
import { type ConfigurationInput, dataFolderOf } from '../config/load.ts'
import { type FilterName, parseRuleName } from '../decide/rule-names.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import {
  DURATION_FORMS,
  formatInstant,
  INSTANT_FORMS,
  parseDuration,
  parseInstant,
} from '../lib/time-text.ts'
import { ORIGINAL_NAMES, RULES } from '../model/detection.ts'
import { type CliIo, LineOutput } from './io.ts'
import { jsonLine } from './safe-text.ts'
import { Table } from './table.ts'

/** `--config`, `--data`, `--set`, as commander gives them. */
export interface ConfigurationOptions {
  readonly config?: string
  readonly data?: string
  readonly set?: readonly string[]
}

export interface ServiceOptions extends ConfigurationOptions {
  readonly json?: boolean
}

export function configurationInput(io: CliIo, options: ConfigurationOptions): ConfigurationInput {
  return {
    workingDirectory: io.workingDirectory,
    environment: io.environment,
    configFile: options.config,
    dataDir: options.data,
    sets: options.set,
  }
}

/** The client of the service on the data folder that the options name. Reads no more of the configuration than that. */
export function clientOf(io: CliIo, options: ConfigurationOptions): ControlClient {
  return new ControlClient({ dataFolder: dataFolderOf(configurationInput(io, options)), user: io.user })
}

/** Prints through one output and flushes it whatever happens in between. */
export async function printing(io: CliIo, print: (output: LineOutput) => Promise<void>): Promise<void> {
  const output = new LineOutput(io.stdout)
  await print(output)
  await output.end()
}

/** ISO text of `--since` (or of the option named): an instant, or a duration before now. */
export function sinceOf(io: CliIo, text: string, option = '--since'): string {
  const nowMs = io.clock.nowMs()
  const durationMs = parseDuration(text)
  const ms = durationMs === null ? parseInstant(text, nowMs, io.timeZone) : nowMs - durationMs
  if (ms === null)
    throw new AppError('usage', `${option} ${text}: expected ${DURATION_FORMS}, or ${INSTANT_FORMS}`)
  return new Date(ms).toISOString()
}

/** ISO text of `--until` or `--for`; null when neither is given. */
export function untilOf(
  io: CliIo,
  options: { readonly until?: string; readonly for?: string },
): string | null {
  const nowMs = io.clock.nowMs()
  if (options.until !== undefined && options.for !== undefined) {
    throw new AppError('usage', 'give --until or --for, not both')
  }
  let ms: number | null = null
  if (options.for !== undefined) {
    const durationMs = parseDuration(options.for)
    if (durationMs === null) throw new AppError('usage', `--for ${options.for}: expected ${DURATION_FORMS}`)
    ms = nowMs + durationMs
  } else if (options.until !== undefined) {
    ms = parseInstant(options.until, nowMs, io.timeZone)
    if (ms === null) {
      const span = parseDuration(options.until) === null ? '' : ` (a span from now is --for ${options.until})`
      throw new AppError('usage', `--until ${options.until}: expected ${INSTANT_FORMS}${span}`)
    }
  } else return null
  if (ms <= nowMs) throw new AppError('usage', 'the end lies in the past: give a later one')
  return new Date(ms).toISOString()
}

/** A rule by our name or the original's. */
export function ruleOf(text: string): FilterName {
  const rule = parseRuleName(text)
  if (rule !== null) return rule
  const names = [...RULES, 'manual' as const].map((name) => {
    const original = ORIGINAL_NAMES[name]
    return original === null ? name : `${name} ("${original}")`
  })
  throw new AppError('usage', `--rule ${text}: expected ${names.join(', ')}`)
}

/** Addresses and networks from arguments; `-` reads them from stdin, one a line, `#` begins a comment. */
export async function targetsOf(io: CliIo, args: readonly string[]): Promise<string[]> {
  const texts: string[] = []
  for (const arg of args) {
    if (arg === '-') texts.push(...(await linesOfStdin(io)))
    else texts.push(arg)
  }
  if (texts.length === 0) throw new AppError('usage', 'no address or network given')
  return [...new Set(texts.map(canonicalTarget))]
}

async function linesOfStdin(io: CliIo): Promise<string[]> {
  let text = ''
  for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > 64 << 20) throw new AppError('usage', 'more than 64 MiB of targets on stdin')
  }
  return text
    .split('\n')
    .map((line) => line.replace(/[#\s].*$/s, ''))
    .filter((line) => line !== '')
}

function canonicalTarget(text: string): string {
  const network = parseNetwork(text)
  if (network !== null) return formatNetwork(network)
  const lenient = parseNetwork(text, true)
  const hint = lenient === null ? '' : `; did you mean ${formatNetwork(lenient)}?`
  throw new AppError('usage', `${text} is no address or network such as 198.51.100.7 or 192.0.2.0/24${hint}`)
}

/** Sends many targets in requests of a bounded size and prints what became of each. Answers the exit code. */
export async function changeTargets(
  io: CliIo,
  options: { readonly json?: boolean },
  targets: readonly string[],
  send: (
    targets: string[],
  ) => Promise<{ readonly dryRun: boolean; readonly results: readonly ChangeResult[] }>,
): Promise<number> {
  const counts: Record<ChangeResult['outcome'], number> = {
    done: 0,
    unchanged: 0,
    'not-found': 0,
    refused: 0,
  }
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'OUTCOME', 'WHAT'])
    for (let from = 0; from < targets.length; from += TARGETS_PER_REQUEST) {
      const { dryRun, results } = await send(targets.slice(from, from + TARGETS_PER_REQUEST))
      for (const result of results) {
        counts[result.outcome]++
        if (options.json) await output.line(jsonLine({ ...result, dryRun }))
        else
          await table.row([
            result.target,
            dryRun ? `would be ${result.outcome}` : result.outcome,
            result.message,
          ])
      }
    }
    await table.end()
  })
  if (counts.refused > 0) return new AppError('unsafe', '').exitCode
  return counts['not-found'] > 0 ? new AppError('not-found', '').exitCode : 0
}

/** An instant for people, in their zone; `never` and the like for null. */
export function instantText(io: CliIo, iso: string | null, otherwise: string): string {
  return iso === null ? otherwise : formatInstant(Date.parse(iso), io.timeZone)
}
