/** The words of `bouncers`. */
import type { Command } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

export function addBouncers(program: Command, { io, action }: CommandContext): void {
  const bouncers = program
    .command('bouncers')
    .summary('list and change CrowdSec bouncers')
    .description(
      "CrowdSec bouncers that fetch decisions by CrowdSec's local API, on web.listen and on crowdsec.listen.",
    )
  withService(bouncers.command('list'))
    .description('Lists bouncers with who uses their keys and when they last fetched.')
    .addHelpText('after', examples('active-defense bouncers list', 'active-defense bouncers list --json'))
    .action(action(async (options) => (await import('./bouncers.ts')).listBouncers(io, options)))
  withService(bouncers.command('add'))
    .description('Adds a bouncer and prints its key, which cannot be shown again.')
    .argument('<name>', 'what it is called')
    .option(
      '--hosts-only',
      'single addresses only, for sets that hold no networks (nftables without intervals)',
    )
    .option('--from <network...>', 'it may come from these networks only')
    .option('--key <key>', 'a key that it has already')
    .option('--certificate <sha256>', 'fingerprint of its client certificate instead of a key')
    .option('--note <text>', 'what it is for')
    .addHelpText(
      'after',
      examples(
        'active-defense bouncers add web-1 --hosts-only',
        'active-defense bouncers add nginx-dmz --from 192.0.2.0/24 --note "reverse proxy"',
      ),
    )
    .action(action(async (name, options) => (await import('./bouncers.ts')).addBouncer(io, name, options)))
  withService(bouncers.command('change').alias('edit'))
    .description('Changes a bouncer; what is not given stays. A new key is printed, this once.')
    .argument('<name>')
    .option('--hosts-only', 'single addresses only')
    .option('--no-hosts-only', 'networks too')
    .option('--from <network...>', 'it may come from these networks only; any')
    .option('--certificate <sha256>', 'fingerprint of its client certificate; none')
    .option('--note <text>', 'what it is for')
    .option('--new-key', 'makes another key; the old one is refused at once')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText(
      'after',
      examples(
        'active-defense bouncers change web-1 --new-key --reason "yearly change"',
        'active-defense bouncers change nginx-dmz --from any --note "moved"',
      ),
    )
    .action(action(async (name, options) => (await import('./bouncers.ts')).changeBouncer(io, name, options)))
  withService(bouncers.command('remove'))
    .description(
      'Removes a bouncer; its key is refused at once. What it blocks stays until its own timeouts.',
    )
    .argument('<name>')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense bouncers remove web-1 --reason "replaced"'))
    .action(action(async (name, options) => (await import('./bouncers.ts')).removeBouncer(io, name, options)))
  withService(bouncers.command('show'))
    .description('Shows a bouncer with what it told of its work.')
    .argument('<name>')
    .addHelpText('after', examples('active-defense bouncers show web-1'))
    .action(action(async (name, options) => (await import('./bouncers.ts')).showBouncer(io, name, options)))
}
