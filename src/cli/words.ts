/** Words that several commands share: options, examples, and what an action is. */
import { type Command, Option } from 'commander'
import type { CliIo } from './io.ts'
import type { StartApp } from './run.ts'

export interface CommandLineParts {
  readonly version: string
  /** Starts the service; loaded only by `run`. */
  readonly startApp: StartApp
}

/** What an action answers: an exit code, or nothing for 0. */
type ActionResult = Promise<number | void> | number | void

export interface CommandContext {
  readonly io: CliIo
  readonly parts: CommandLineParts
  /** Wraps an action so that its exit code is kept. */
  readonly action: <Args extends unknown[]>(
    work: (...args: Args) => ActionResult,
  ) => (...args: Args) => Promise<void>
}

export const configOption = (): Option => new Option('--config <file>', 'YAML file with settings')
export const dataOption = (): Option =>
  new Option('--data <folder>', 'data folder; short for --set data.dir=FOLDER')
export const setOption = (): Option =>
  new Option('--set <key=value>', 'a setting (docs/config.md); may be given several times')
    .argParser((value: string, previous: string[]) => [...previous, value])
    .default([], 'none')

/** Examples for the end of a help text. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** Options of every command that asks the service. */
export function withService(command: Command): Command {
  return command
    .option('--json', 'print JSON lines')
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(setOption().hideHelp())
}
