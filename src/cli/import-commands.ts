/** The words of `import` and `compare`. */
import type { Command } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

export function addImports(program: Command, context: CommandContext): void {
  const { io, action } = context
  const imports = program
    .command('import')
    .summary('lists of others: block lists, allowlists, the older system')
    .description('Lists of others that are read on a schedule, and what an older system had blocked.')
  withService(imports.command('list'))
    .description('Lists what is read, when, and what stands in the way.')
    .addHelpText('after', examples('active-defense import list'))
    .action(
      action(async (options) =>
        (await import('./imports.ts')).listImports(io, (direction) => direction !== 'compare', options),
      ),
    )
  addSources(imports, context)
  addChanges(imports, context, 'import')
  withService(
    imports
      .command('original')
      .description(
        "Takes the older system's blacklist over, with its alert names and last-seen times, and its mail recipients: its SQLite database, a dump of its PostgreSQL database, its table as CSV, or blacklist.txt.",
      )
      .argument('<file>')
      .requiredOption('--reason <text>', 'why; kept in the audit log')
      .option('--dry-run', 'show, change nothing')
      .option('--settings', 'set its thresholds, retention and mail server too')
      .option('--no-recipients', 'leave those who were told by mail')
      .option('--time-zone <zone>', 'of times without one', 'UTC'),
  )
    .addHelpText(
      'after',
      examples(
        'active-defense import original db.sqlite3 --reason "moving" --dry-run',
        'active-defense import original blacklist.txt --reason "moving"',
      ),
    )
    .action(action(async (path, options) => (await import('./imports.ts')).importOriginal(io, path, options)))
  addCompare(program, context)
}

function addSources(imports: Command, { io, action }: CommandContext): void {
  withService(withSource(imports.command('block')))
    .description(
      'Blocks what a list names, while it names it. What is protected or allowed is never blocked.',
    )
    .argument('<name>')
    .option('--confidence <number>', 'how sure the list is, 0 to 100')
    .option('--keep <duration>', 'how long entries stay when it cannot be read', '7d')
    .addHelpText(
      'after',
      examples(
        'active-defense import block partner --from https://lists.example.net/bad.txt --every 1h --dry-run',
        'active-defense import block local --from /etc/active-defense/lists/bad.txt --every 5m --confidence 90',
      ),
    )
    .action(
      action(async (name, options) => (await import('./imports.ts')).addImport(io, 'block', name, options)),
    )
  withService(withSource(imports.command('allow')))
    .description(
      'Never blocks what a list names, or the addresses of hosts, which are looked up again and again.',
    )
    .argument('<name>')
    .option('--host <host...>', 'names whose addresses are allowed, instead of --from')
    .addHelpText(
      'after',
      examples(
        'active-defense import allow offices --host vpn.example.net --host office.example.net --every 5m',
        'active-defense import allow resolvers --from /etc/active-defense/lists/public-dns-v4.json',
      ),
    )
    .action(
      action(async (name, options) => (await import('./imports.ts')).addImport(io, 'allow', name, options)),
    )
}

function withSource(command: Command): Command {
  return command
    .option('--from <url>', 'https://..., or the whole path of a file on the server, in import.folders')
    .option('--every <duration>', 'how often it is read', '1h')
    .option('--wide', 'take networks wider than /24 or /48 too')
    .option('--most <number>', 'entries at most', '100000')
    .option('--authorization <text>', 'sent as the header Authorization')
    .option('--pin <sha256>', "fingerprint of the server's certificate, where no authority vouches for it")
    .option('--note <text>', 'what it is')
    .option('--dry-run', 'read it and show what it would do')
}

function addChanges(parent: Command, { io, action }: CommandContext, word: string): void {
  withService(parent.command('change').alias('edit'))
    .description('Changes one; what is not given stays. It is read again within seconds.')
    .argument('<name>')
    .option('--from <url>', 'https://..., or the whole path of a file on the server, in import.folders')
    .option('--host <host...>', 'names of hosts, in place of all that were given')
    .option('--every <duration>', 'how often it is read')
    .option('--keep <duration>', 'how long its entries stay when it cannot be read')
    .option('--confidence <0-100>', 'how sure it is; none')
    .option('--wide', 'take networks wider than /24 or /48 too')
    .option('--no-wide', 'leave them out')
    .option('--most <number>', 'entries at most')
    .option('--authorization <text>', 'sent as the header Authorization; none')
    .option('--pin <sha256>', "fingerprint of the server's certificate; none")
    .option('--note <text>', 'what it is')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText(
      'after',
      examples(`active-defense ${word} change partner --every 15m --note "twice as often"`),
    )
    .action(action(async (name, options) => (await import('./imports.ts')).changeImport(io, name, options)))
  withService(parent.command('show'))
    .description('Shows one with what its last reading came to.')
    .argument('<name>')
    .addHelpText('after', examples(`active-defense ${word} show partner`))
    .action(action(async (name, options) => (await import('./imports.ts')).showImport(io, name, options)))
  withService(parent.command('refresh'))
    .description('Reads it now.')
    .argument('<name>')
    .option('--confirm', 'take it although it shrank or grew much')
    .addHelpText('after', examples(`active-defense ${word} refresh partner`))
    .action(action(async (name, options) => (await import('./imports.ts')).refreshImport(io, name, options)))
  withService(
    parent
      .command('remove')
      .description('Removes it with all that it has blocked or allowed.')
      .argument('<name>')
      .requiredOption('--reason <text>', 'why; kept in the audit log'),
  )
    .addHelpText('after', examples(`active-defense ${word} remove partner --reason "not needed"`))
    .action(action(async (name, options) => (await import('./imports.ts')).removeImport(io, name, options)))
}

function addCompare(program: Command, context: CommandContext): void {
  const { io, action } = context
  const compare = program
    .command('compare')
    .summary("another system's list beside ours")
    .description("Reads another system's list on a schedule and shows who is on one list only, and why.")
  withService(compare.command('list'))
    .description('Lists what is compared.')
    .addHelpText('after', examples('active-defense compare list'))
    .action(
      action(async (options) =>
        (await import('./imports.ts')).listImports(io, (direction) => direction === 'compare', options),
      ),
    )
  withService(withSource(compare.command('add')))
    .description('Reads a list to be compared; nothing of it is blocked.')
    .argument('<name>')
    .addHelpText(
      'after',
      examples('active-defense compare add old --from https://192.0.2.9/files/blacklist.txt --every 5m'),
    )
    .action(
      action(async (name, options) => (await import('./imports.ts')).addImport(io, 'compare', name, options)),
    )
  withService(compare.command('run'))
    .description('Shows who is on one list only, and why.')
    .argument('<name>')
    .addHelpText('after', examples('active-defense compare run old', 'active-defense compare run old --json'))
    .action(action(async (name, options) => (await import('./imports.ts')).compareList(io, name, options)))
  addChanges(compare, context, 'compare')
}
