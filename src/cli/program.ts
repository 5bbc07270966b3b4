/**
 * The command line `active-defense`: its words, options, help and exit codes. What a command does lies in a file of its
 * own, loaded when it is called, so that `--help` answers at once. Exit codes (DESIGN.md section 9): 0 ok, 1 failed,
 * 2 usage, 3 bad configuration, 4 service not reachable, 7 refused as unsafe. Errors are one line on stderr.
 */
import { Command, CommanderError } from 'commander'
import { AppError, messageOf } from '../lib/errors.ts'
import { type CliIo, ReaderGone, sayError } from './io.ts'
import { addServiceCommands } from './service-commands.ts'
import {
  type CommandContext,
  type CommandLineParts,
  configOption,
  dataOption,
  examples,
  setOption,
} from './words.ts'

/** Runs one command line and answers the exit code. Never rejects. `argv` begins behind the program's name. */
export async function runCommandLine(
  argv: readonly string[],
  io: CliIo,
  parts: CommandLineParts,
): Promise<number> {
  // A reader that goes away (`--help | head -1`, a closed terminal) must not end the process by an unhandled 'error':
  // LineOutput notices it by itself, and a service goes on without its terminal.
  for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {})
  let exitCode = 0
  const context: CommandContext = {
    io,
    parts,
    action:
      (work) =>
      async (...args) => {
        exitCode = (await work(...args)) ?? 0
      },
  }
  try {
    await buildProgram(context).parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return exitCodeOfError(io, error)
  }
}

function exitCodeOfError(io: CliIo, error: unknown): number {
  if (error instanceof ReaderGone) return 0
  // Commander has printed its message already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : new AppError('usage', '').exitCode
  sayError(io, `active-defense: ${messageOf(error).replace(/\s*\n\s*/g, ' ')}`)
  if (error instanceof AppError) return error.exitCode
  // Not expected: the trace helps whoever mends it.
  if (error instanceof Error && error.stack !== undefined) io.stderr.write(`${error.stack}\n`)
  return 1
}

function buildProgram(context: CommandContext): Command {
  const { io, parts } = context
  const program = new Command('active-defense')
  // Children are configured like their parent when they are made, so this comes first.
  program
    .exitOverride()
    .enablePositionalOptions() // `doctor parse --json`: the option is of the last command
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text) => sayError(io, usageError(text)),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  program
    .description(
      "Reads firewalls' syslog, finds who scans or attacks, and serves the block list firewalls fetch.",
    )
    .version(parts.version)
    .addHelpText(
      'after',
      examples(
        'active-defense run --demo',
        'active-defense replay /var/log/Firewall/*.log --set networks.own=192.0.2.0/24',
        'active-defense explain 198.51.100.7',
      ) +
        '\n\nExit codes: 0 ok, 1 failed, 2 usage, 3 bad configuration, 4 service not reachable, 7 refused as unsafe.',
    )
  addOfflineCommands(program, context)
  addServiceCommands(program, context)
  return program
}

/** Commander's message in one line that ends in what to do. */
function usageError(text: string): string {
  const line = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')
  return `active-defense: ${line}; --help shows the usage`
}

function addOfflineCommands(program: Command, { io, parts, action }: CommandContext): void {
  program
    .command('run')
    .summary('run the service')
    .description('Runs the service until Ctrl-C or SIGTERM. SIGHUP reads the configuration again.')
    .option('--demo', 'also play a synthetic firewall with scanners into the service')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples(
        'active-defense run',
        'active-defense run --demo --data /tmp/demo',
        'active-defense run --set web.listen=:443 --set networks.own=192.0.2.0/24',
      ),
    )
    .action(action(async (options) => (await import('./run.ts')).run(io, options, parts.startApp)))
  program
    .command('parse')
    .summary('show lines as records')
    .description(
      'Prints each line as the record the service makes of it, as JSON lines. Needs no running service.',
    )
    .argument('[file...]', 'log files, plain or .gz; - or nothing is stdin')
    .addOption(configOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples(
        'active-defense parse /var/log/Firewall/fw-1.log | head -3',
        'tail -f fw-1.log | active-defense parse -',
        'active-defense parse fw-1.log.2.gz --set time.zone=Europe/Berlin',
      ),
    )
    .action(action(async (files, options) => (await import('./parse.ts')).parse(io, files, options)))
  program
    .command('replay')
    .summary('show what would be detected and decided')
    .description(
      'Runs lines through parse, detect and decide with a fresh state and prints each detection as a JSON line. ' +
        'Several files are merged by event time. Publishes nothing and needs no running service.',
    )
    .argument('[file...]', 'log files, plain or .gz; - or nothing is stdin')
    .addOption(configOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples(
        'active-defense replay /var/log/Firewall/*.log',
        'active-defense replay fw-1.log --set detection.portScan.ports=20 --set detection.threat.level=2',
        'zcat old.gz | active-defense replay - --set networks.own=192.0.2.0/24',
      ),
    )
    .action(action(async (files, options) => (await import('./replay.ts')).replay(io, files, options)))
  addDoctor(program, { io, parts, action })
}

function addDoctor(program: Command, { io, action }: CommandContext): void {
  const doctor = program
    .command('doctor')
    .summary('look for what stands in the way')
    .description(
      'Checks this machine, the configuration and the running service; says how to mend what it finds.',
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(setOption())
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      examples('active-defense doctor', 'active-defense doctor --set syslog.udp.listen=:514'),
    )
    .action(action(async (options) => (await import('./doctor.ts')).doctor(io, options)))
  doctor
    .command('parse')
    .summary('explain lines that are not understood')
    .description(
      'Reads lines and prints, for each shape of line that is not understood, how many there are, the first of them, ' +
        'which format was closest, what failed and what to change on the firewall. Needs no running service.',
    )
    .argument('[file...]', 'log files, plain or .gz; - or nothing is stdin')
    .addOption(configOption())
    .addOption(setOption())
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      examples(
        'active-defense doctor parse /var/log/Firewall/fw-1.log',
        'nc -lu 5514 | active-defense doctor parse -',
      ),
    )
    .action(
      action(async (files, options) => (await import('./doctor-parse.ts')).doctorParse(io, files, options)),
    )
}
