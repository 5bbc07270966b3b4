/** The words of `firewalls`. */
import type { Command } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

export function addFirewalls(program: Command, context: CommandContext): void {
  const firewalls = program
    .command('firewalls')
    .summary('who enforces the list, and whether blocks bite')
    .description(
      'Firewalls that fetch the list or report to the service: what they fetched and loaded, what they denied, where they ' +
        'leak; and the push to the management API of PAN-OS firewalls.',
    )
  addViews(firewalls, context)
  addEdits(firewalls, context)
  addPush(firewalls, context)
}

function addViews(firewalls: Command, { io, action }: CommandContext): void {
  withService(firewalls.command('list'))
    .description('Lists firewalls, written down or learned.')
    .addHelpText('after', examples('active-defense firewalls list', 'active-defense firewalls list --json'))
    .action(action(async (options) => (await import('./firewalls.ts')).listFirewalls(io, options)))
  withService(firewalls.command('show'))
    .description('Shows a firewall, its push and its leaks.')
    .argument('<firewall>', 'name, address or id')
    .addHelpText('after', examples('active-defense firewalls show edge'))
    .action(action(async (name, options) => (await import('./firewalls.ts')).showFirewall(io, name, options)))
  withService(firewalls.command('leaks'))
    .description('Lists blocked addresses that a firewall lets through although it has the list.')
    .addHelpText('after', examples('active-defense firewalls leaks'))
    .action(action(async (options) => (await import('./firewalls.ts')).listLeaks(io, options)))
  withService(firewalls.command('idle'))
    .description('Lists blocks that firewalls have and that never stopped anything.')
    .addHelpText('after', examples('active-defense firewalls idle --json'))
    .action(action(async (options) => (await import('./firewalls.ts')).listIdle(io, options)))
}

function withFirewall(command: Command): Command {
  return withService(command)
    .option('--address <address...>', 'where it fetches or sends its lines from')
    .option('--device <name...>', 'how its lines name it: name or serial')
    .option('--interval <seconds|learned>', 'how often it fetches')
    .option('--feed <name>', 'the feed that it fetches')
    .option('--api <host>', 'PAN-OS: address of its management API')
    .option('--port <number>', 'port of the management API')
    .option('--key-file <file>', 'file with the API key; - reads it from stdin')
    .option('--ca-file <file>', 'PEM of the authority that signed its certificate')
    .option('--fingerprint <sha256>', 'SHA-256 of its certificate: no other is taken')
    .option('--vsys <name...>', 'virtual systems: vsys1 vsys2')
    .option('--list <name>', 'name of the external dynamic list on the firewall')
    .option('--refresh <on|off>', 'let it fetch at once after a new block')
    .option('--read-back <on|off>', 'ask it every five minutes what it loaded')
    .option('--tag <name|off>', 'tag each blocked address at once (dynamic address group)')
    .option('--tag-timeout <seconds>', 'how long a tag lasts')
    .option('--clear-sessions <on|off>', 'end the sessions of a newly blocked address')
    .option('--reason <text>', 'why; kept in the audit log')
}

function addEdits(firewalls: Command, { io, action }: CommandContext): void {
  withFirewall(firewalls.command('add'))
    .description('Writes a firewall down, so that its fetches and its lines are known to belong together.')
    .argument('<name>', 'what it is called')
    .addHelpText(
      'after',
      examples(
        'active-defense firewalls add edge --address 203.0.113.1 --device LAB-FW-01',
        'active-defense firewalls add edge --address 203.0.113.1 --api 192.0.2.1 --key-file key.txt --ca-file ca.pem --list ActiveDefense-Blacklist',
      ),
    )
    .action(action(async (name, options) => (await import('./firewalls.ts')).addFirewall(io, name, options)))
  withFirewall(firewalls.command('change').alias('edit'))
    .description('Changes what is written down; what is not named stays.')
    .argument('<firewall>', 'name or id')
    .option('--name <name>', 'a new name')
    .option('--without-api', 'takes the push away')
    .addHelpText(
      'after',
      examples('active-defense firewalls change edge --tag ads-blocked --tag-timeout 3600'),
    )
    .action(
      action(async (name, options) => (await import('./firewalls.ts')).changeFirewall(io, name, options)),
    )
  withService(firewalls.command('remove'))
    .description('Forgets a firewall and its API key.')
    .argument('<firewall>', 'name or id')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense firewalls remove edge --reason "replaced"'))
    .action(
      action(async (name, options) => (await import('./firewalls.ts')).removeFirewall(io, name, options)),
    )
}

function addPush(firewalls: Command, { io, action }: CommandContext): void {
  withService(firewalls.command('check'))
    .description(
      'Asks its management API: key, certificate, list and rules. Exit code 1 when something is wrong.',
    )
    .argument('<firewall>', 'name or id')
    .addHelpText('after', examples('active-defense firewalls check edge'))
    .action(
      action(async (name, options) => (await import('./firewalls.ts')).checkFirewall(io, name, options)),
    )
  withService(firewalls.command('refresh'))
    .description('Lets it fetch the list now.')
    .argument('<firewall>', 'name or id')
    .addHelpText('after', examples('active-defense firewalls refresh edge'))
    .action(
      action(async (name, options) => (await import('./firewalls.ts')).refreshFirewall(io, name, options)),
    )
}
