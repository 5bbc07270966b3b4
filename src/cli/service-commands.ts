/** The words of the commands that ask a running service through its data folder. */
import { type Command, Option } from 'commander'
import { addAccounts } from './account-commands.ts'
import { addFeeds, addImport } from './feed-commands.ts'
import { addFirewalls } from './firewall-commands.ts'
import { addBouncers } from './bouncer-commands.ts'
import { addImports } from './import-commands.ts'
import { addNotify } from './notify-commands.ts'
import { addSearch } from './search-commands.ts'
import { type CommandContext, configOption, dataOption, examples, setOption, withService } from './words.ts'

const WIDE = 'networks wider than /24 (IPv4) or /48 (IPv6) are meant'
const TARGETS = 'addresses and networks; - reads them from stdin, one a line'

function withChange(command: Command): Command {
  return withService(
    command
      .requiredOption('--reason <text>', 'why; kept in the audit log')
      .option('--dry-run', 'show, change nothing'),
  )
}

function withEnd(command: Command): Command {
  return withChange(
    command
      .addOption(new Option('--until <instant>', 'end: 2026-11-22T08:30:00Z, "2026/11/22 08:30", tomorrow'))
      .addOption(new Option('--for <duration>', 'end after so long: 90m, 24h, 7d, 2w').conflicts('until')),
  )
}

export function addServiceCommands(program: Command, context: CommandContext): void {
  addQuestions(program, context)
  addSearch(program, context)
  addBacktest(program, context)
  addBlocks(program, context)
  addAllow(program, context)
  addSwitches(program, context)
  addSettings(program, context)
  addBouncers(program, context)
  addImports(program, context)
  addFeeds(program, context)
  addFirewalls(program, context)
  addNotify(program, context)
  addAccounts(program, context)
}

function addQuestions(program: Command, { io, action }: CommandContext): void {
  withService(program.command('status'))
    .summary('what the service does')
    .description('One screen: inputs, blocks, list, store, firewalls, and what stands in the way.')
    .addHelpText('after', examples('active-defense status', 'active-defense status --json'))
    .action(action(async (options) => (await import('./status.ts')).status(io, options)))
  withService(program.command('explain'))
    .summary('why an address is blocked or not, and what becomes of a line')
    .description(
      'Says in plain sentences what was seen of an address, which rule or guard decided, and until when; or takes a line or a stored record through all stages.',
    )
    .argument('[address]', 'address or network')
    .option('--line <text>', 'a log line instead; - reads it from stdin')
    .option('--sender <address>', 'who sent the line, where it names no device')
    .option('--record <id>', 'a stored record instead')
    .addHelpText(
      'after',
      examples(
        'active-defense explain 198.51.100.7',
        'active-defense explain 2001:db8::7 --json',
        'tail -n 1 /var/log/Firewall/fw-1.log | active-defense explain --line -',
      ),
    )
    .action(action(async (address, options) => (await import('./explain.ts')).explain(io, address, options)))
}

function addBacktest(program: Command, { io, action }: CommandContext): void {
  program
    .command('backtest')
    .summary('who would have been blocked under other settings')
    .description(
      "Replays the service's stored records under other settings beside today's: who would be blocked under which, since " +
        'when, and how many of them are in honest contact with us. Changes nothing. Ctrl-C ends it.',
    )
    .addOption(
      new Option('--last <duration>', 'the records of so long: 24h, 7d (when nothing is given)').conflicts(
        'from',
      ),
    )
    .option('--from <time>', 'from: 2026-11-22, "2026/11/22 08:30", 48h')
    .option('--to <time>', 'until; now when not given')
    .addOption(setOption())
    .option('--curve <key=first..last>', 'how many sources each value of a setting would convict')
    .option('--all-rules', 'also count what unchanged rules in shadow mode find; slower')
    .option('--lines', 'also the lines of the first sources that differ')
    .option('--json', 'print JSON lines')
    .addOption(dataOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      examples(
        'active-defense backtest --last 7d --set detection.portScan.ports=20',
        'active-defense backtest --last 24h --set detection.slowScan.mode=enforce --lines',
        'active-defense backtest --last 7d --curve detection.portScan.ports=5..50',
      ),
    )
    .action(action(async (options) => (await import('./backtest.ts')).backtest(io, options)))
}

function addBlocks(program: Command, context: CommandContext): void {
  const { io, action } = context
  const blocks = program
    .command('blocks')
    .summary('list and change blocks')
    .description('The blocks of the service.')
  withService(blocks.command('list'))
    .description('Lists what is blocked.')
    .argument('[target...]', 'only blocks that touch these addresses or networks')
    .option('--rule <name>', 'port-scan, host-sweep, threat, manual, or the names of the older system')
    .option('--device <name>', 'blocked on evidence from this firewall')
    .option('--since <time>', 'blocked since: 24h, 2026-11-22, now-1h')
    .addOption(new Option('--held', 'what waits for review instead').conflicts('shadow'))
    .option('--shadow', 'what rules in shadow mode would have blocked instead')
    .option('--ended', 'ended ones too')
    .option('--tag <word>', 'with this tag')
    .addHelpText(
      'after',
      examples(
        'active-defense blocks list',
        'active-defense blocks list --rule "Port Scan Attack v1" --since 24h',
        'active-defense blocks list 198.51.100.0/24 --json',
      ),
    )
    .action(
      action(async (targets, options) => (await import('./blocks.ts')).listBlocks(io, targets, options)),
    )
  withEnd(blocks.command('add'))
    .description('Blocks addresses or networks; until removed unless an end is given.')
    .argument('<target...>', TARGETS)
    .option('--wide', WIDE)
    .addHelpText(
      'after',
      examples(
        'active-defense blocks add 198.51.100.7 --reason "scans our VPN" --for 7d',
        'active-defense blocks add - --reason "partner list" < bad.txt',
        'active-defense blocks add 203.0.113.0/24 --reason "bulletproof hoster" --dry-run',
      ),
    )
    .action(action(async (targets, options) => (await import('./blocks.ts')).addBlocks(io, targets, options)))
  withEnd(blocks.command('extend'))
    .description('Gives blocks that stand another end; a block of a rule is by hand from then on.')
    .argument('<target...>', TARGETS)
    .option('--permanent', 'until removed')
    .addHelpText(
      'after',
      examples(
        'active-defense blocks extend 198.51.100.7 --reason "came back" --for 30d',
        'active-defense blocks list --rule threat --json | jq -r .target | active-defense blocks extend - --permanent --reason "known bad" --dry-run',
      ),
    )
    .action(
      action(async (targets, options) => (await import('./blocks.ts')).extendBlocks(io, targets, options)),
    )
  addTags(blocks, context)
  const changes = [
    ['remove', 'removeBlocks', 'Lifts blocks; detectors leave the address alone for the grace period.'],
    ['release', 'releaseHeld', 'Puts held blocks on the list.'],
    ['refuse', 'refuseHeld', 'Drops held blocks.'],
  ] as const
  for (const [name, route, text] of changes) {
    withChange(blocks.command(name))
      .description(text)
      .argument('<target...>', TARGETS)
      .addHelpText(
        'after',
        examples(`active-defense blocks ${name} 198.51.100.7 --reason "checked with the owner"`),
      )
      .action(
        action(async (targets, options) =>
          (await import('./blocks.ts')).changeBlocks(io, route, targets, options),
        ),
      )
  }
  addImport(blocks, context)
}

function addTags(blocks: Command, { io, action }: CommandContext): void {
  withService(blocks.command('tag'))
    .description('Puts words on blocks to find them by, or takes them off. Who is blocked does not change.')
    .argument('<target...>', TARGETS)
    .option('--add <word...>', 'words to put on')
    .option('--remove <word...>', 'words to take off')
    .option('--reason <text>', 'why; kept in the audit log')
    .option('--dry-run', 'show, change nothing')
    .addHelpText(
      'after',
      examples(
        'active-defense blocks tag 198.51.100.7 203.0.113.9 --add botnet "ticket 4711"',
        'active-defense blocks list --tag botnet',
      ),
    )
    .action(action(async (targets, options) => (await import('./blocks.ts')).tagBlocks(io, targets, options)))
  withService(blocks.command('tags'))
    .description('Lists the words on blocks, the most frequent first.')
    .addHelpText('after', examples('active-defense blocks tags'))
    .action(action(async (options) => (await import('./blocks.ts')).listTags(io, options)))
}

function addAllow(program: Command, { io, action }: CommandContext): void {
  const allow = program
    .command('allow')
    .summary('list and change the allowlist')
    .description('The allowlist of the service: allow always wins over block.')
  withService(allow.command('list'))
    .description('Lists the allowlist.')
    .addHelpText('after', examples('active-defense allow list'))
    .action(action(async (options) => (await import('./allow.ts')).listAllow(io, options)))
  withEnd(allow.command('add'))
    .description('Allows addresses or networks and lifts blocks of them at once.')
    .argument('<target...>', TARGETS)
    .option('--wide', WIDE)
    .addHelpText(
      'after',
      examples('active-defense allow add 192.0.2.0/24 --reason "our scanner" --until 2027-01-01'),
    )
    .action(action(async (targets, options) => (await import('./allow.ts')).addAllow(io, targets, options)))
  withChange(allow.command('remove'))
    .description('Takes entries off the allowlist.')
    .argument('<target...>', TARGETS)
    .addHelpText('after', examples('active-defense allow remove 192.0.2.0/24 --reason "contract ended"'))
    .action(
      action(async (targets, options) => (await import('./allow.ts')).removeAllow(io, targets, options)),
    )
  withService(allow.command('check'))
    .description('Says whether a block of an address would be refused, and by which entry or guard.')
    .argument('<target...>', TARGETS)
    .addHelpText('after', examples('active-defense allow check 8.8.8.8 192.0.2.1'))
    .action(action(async (targets, options) => (await import('./allow.ts')).checkAllow(io, targets, options)))
}

function addSwitches(program: Command, { io, action }: CommandContext): void {
  withService(program.command('withdraw'))
    .summary('lift many blocks in one step')
    .description(
      'Lifts everything blocked since a time, by a rule, or on evidence from a firewall. Shows it and asks.',
    )
    .option('--since <time>', 'blocked since: 24h, 2026-11-22, now-1h')
    .option('--rule <name>', 'by this rule, our name or the older one')
    .option('--device <name>', 'on evidence from this firewall')
    .option('--reason <text>', 'why; kept in the audit log')
    .option('--dry-run', 'show, change nothing')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        'active-defense withdraw --since 1h --dry-run',
        'active-defense withdraw --rule host-sweep --since "2026/11/22 08:30" --yes',
        'active-defense withdraw --device fw-2 --reason "its clock was wrong"',
      ),
    )
    .action(action(async (options) => (await import('./withdraw.ts')).withdraw(io, options)))
  for (const frozen of [true, false]) {
    const name = frozen ? 'freeze' : 'unfreeze'
    withService(program.command(name))
      .summary(frozen ? 'keep the list as it is' : 'let the list move again')
      .description(frozen ? 'Keeps the list as it is: nothing is added.' : 'Lets the list move again.')
      .option('--reason <text>', 'why; kept in the audit log')
      .addHelpText('after', examples(`active-defense ${name} --reason "change window"`))
      .action(action(async (options) => (await import('./switches.ts')).setFreeze(io, frozen, options)))
  }
  const engine = program.command('engine').summary('switch detection').description('The detection engine.')
  const states = [
    ['on', 'Lets detectors block.'],
    ['off', 'Lines are received and stored, and no detector blocks. The state is kept.'],
    ['reset', 'Forgets all counting windows.'],
  ] as const
  for (const [state, text] of states) {
    withService(engine.command(state))
      .description(text)
      .option('--reason <text>', 'why; kept in the audit log')
      .addHelpText('after', examples(`active-defense engine ${state}`))
      .action(action(async (options) => (await import('./switches.ts')).setEngine(io, state, options)))
  }
  withService(program.command('reload'))
    .summary('read the configuration again')
    .description('Reads the configuration again, as SIGHUP does; a bad one changes nothing.')
    .addHelpText('after', examples('active-defense reload'))
    .action(action(async (options) => (await import('./switches.ts')).reload(io, options)))
  withService(program.command('stop'))
    .summary('stop the service')
    .description('Stops the service cleanly.')
    .addHelpText('after', examples('active-defense stop'))
    .action(action(async (options) => (await import('./switches.ts')).stop(io, options)))
}

function addSettings(program: Command, { io, action }: CommandContext): void {
  const settings = program
    .command('settings')
    .summary('list and change settings')
    .description('The settings of the running service. What file, environment or --set give is fixed there.')
  withService(settings.command('list'))
    .description('Lists all settings with where each value comes from.')
    .addHelpText('after', examples('active-defense settings list'))
    .action(action(async (options) => (await import('./settings.ts')).listSettings(io, options)))
  withService(settings.command('get'))
    .description('Prints one value.')
    .argument('<key>')
    .addHelpText('after', examples('active-defense settings get detection.portScan.ports'))
    .action(action(async (key, options) => (await import('./settings.ts')).getSetting(io, key, options)))
  withService(settings.command('set'))
    .description('Keeps values in the state of the service.')
    .argument('<key=value...>')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense settings set detection.portScan.ports=20'))
    .action(
      action(async (values, options) => (await import('./settings.ts')).setSettings(io, values, options)),
    )
  withService(settings.command('reset'))
    .description('Goes back to the default.')
    .argument('<key...>')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense settings reset detection.portScan.ports'))
    .action(action(async (keys, options) => (await import('./settings.ts')).resetSettings(io, keys, options)))
}
